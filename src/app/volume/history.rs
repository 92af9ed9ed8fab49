//! What was changed in how a cube is looked at, to be taken back and done again. The camera is left out: one turns it all the time, and
//! a slip of the transfer function should not take the view away.

use super::look::{Automatic, Look, SpectralChoice};
use super::overlay;
use crate::volume::Scene;
use std::path::PathBuf;

/// Steps that are kept.
const MOST_STEPS: usize = 200;
/// Changes that follow each other faster are one step: numbers that are typed, wheels.
const ONE_STEP_S: f64 = 0.4;

/// The part of a look that steps change.
#[derive(Clone, Debug, PartialEq)]
struct Kept {
    scene: Scene,
    automatic: Option<Automatic>,
    rays_off: bool,
    velocity_ratio: f64,
    spectral: SpectralChoice,
    distance_pc: Option<f64>,
    overlay: overlay::Shown,
    second: Option<PathBuf>,
}

impl Kept {
    fn of(look: &Look) -> Self {
        Self {
            scene: Scene { view: Default::default(), ..look.scene.clone() },
            automatic: look.automatic.clone(),
            rays_off: look.rays_off,
            velocity_ratio: look.velocity_ratio,
            spectral: look.spectral,
            distance_pc: look.distance_pc,
            overlay: look.overlay,
            second: look.second.clone(),
        }
    }

    fn put(self, look: &mut Look) {
        look.scene = Scene { view: look.scene.view, ..self.scene };
        (look.rays_off, look.velocity_ratio, look.distance_pc) =
            (self.rays_off, self.velocity_ratio, self.distance_pc);
        look.spectral = self.spectral;
        (look.overlay, look.second, look.automatic) = (self.overlay, self.second, self.automatic);
    }
}

/// The steps of one cube since it was opened.
#[derive(Clone, Debug, Default)]
pub struct History {
    now: Option<Kept>,
    before: Vec<Kept>,
    after: Vec<Kept>,
    /// When the last step was taken, in seconds.
    last_s: Option<f64>,
}

impl History {
    /// Takes a change for a step; to be asked when nothing is being dragged or tried on.
    pub fn watch(&mut self, look: &Look, now_s: f64) {
        let present = Kept::of(look);
        let Some(kept) = self.now.as_mut() else {
            self.now = Some(present);
            return;
        };
        if *kept == present {
            return;
        }
        let follows = self.last_s.is_some_and(|last| now_s - last < ONE_STEP_S);
        let kept = std::mem::replace(kept, present);
        if !follows || self.before.is_empty() {
            self.before.push(kept);
            if self.before.len() > MOST_STEPS {
                self.before.remove(0);
            }
        }
        self.after.clear();
        self.last_s = Some(now_s);
    }

    /// Takes the last step back; answers whether there was one.
    pub fn undo(&mut self, look: &mut Look, now_s: f64) -> bool {
        self.watch(look, now_s);
        let Some(to) = self.before.pop() else { return false };
        self.after.extend(self.now.replace(to.clone()));
        self.last_s = None;
        to.put(look);
        true
    }

    /// Does the step again that was taken back last; answers whether there was one.
    pub fn redo(&mut self, look: &mut Look, now_s: f64) -> bool {
        self.watch(look, now_s);
        let Some(to) = self.after.pop() else { return false };
        self.before.extend(self.now.replace(to.clone()));
        self.last_s = None;
        to.put(look);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Lattice;

    #[test]
    fn steps_are_taken_back_and_done_again_and_the_camera_stays() {
        let lattice = Lattice::new([4, 5, 6], [1.0; 3], (-1.0, 3.0)).expect("a lattice");
        let mut look = Look::new(Scene::of(&lattice));
        let mut history = History::default();
        history.watch(&look, 0.0);
        look.scene.transfer.set_range(0.0, 2.0);
        history.watch(&look, 1.0);
        look.show_slices(true);
        history.watch(&look, 2.0);
        // Typed quickly: one step.
        look.velocity_ratio = 1.5;
        history.watch(&look, 3.0);
        look.velocity_ratio = 1.55;
        history.watch(&look, 3.1);
        look.scene.view.azimuth_deg = 77.0;
        assert!(history.undo(&mut look, 4.0) && look.velocity_ratio == 1.0);
        assert!(history.undo(&mut look, 4.1) && look.scene.slices.is_empty());
        assert!(history.undo(&mut look, 4.2) && look.scene.transfer.range == (-1.0, 3.0));
        assert!(!history.undo(&mut look, 4.3));
        assert!((0..3).all(|_| history.redo(&mut look, 5.0)) && !history.redo(&mut look, 5.0));
        assert_eq!((look.velocity_ratio, look.scene.slices.len()), (1.55, 1));
        assert_eq!(look.scene.view.azimuth_deg, 77.0);
        // A step of one's own ends what could be done again.
        history.undo(&mut look, 6.0);
        look.rays_off = true;
        history.watch(&look, 7.0);
        assert!(!history.redo(&mut look, 8.0));
    }
}
