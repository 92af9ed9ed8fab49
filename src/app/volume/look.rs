//! How a cube is looked at: everything that a session keeps of it. Plain values; nothing is painted or read here.

use super::{export, looking};
use crate::io::Region;
use crate::volume::{Mode, Plane, Reduce, Scene, Slice, Surface};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How a cube is looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// With the mode that is chosen, also while the rays are off.
    pub scene: Scene,
    /// The rays through the cube are off: surfaces and slices alone.
    #[serde(default)]
    pub rays_off: bool,
    /// The part of the file that is loaded, where it is not the whole.
    #[serde(default)]
    pub region: Option<Region>,
    /// How a cube that does not fit is made smaller.
    #[serde(default)]
    pub reduce: Reduce,
    /// The camera was put where all of the cube is seen, or where the user wants it.
    #[serde(default = "yes")]
    pub is_fitted: bool,
    /// Length of a velocity axis compared with the longer side of the sky.
    #[serde(default = "equal")]
    pub velocity_ratio: f64,
    /// For lengths in parsecs, which a header of the sky does not give.
    #[serde(default)]
    pub distance_pc: Option<f64>,
    /// What is painted over the picture.
    #[serde(default)]
    pub overlay: super::overlay::Shown,
    /// The file of a second cube, of source or opacity.
    #[serde(default)]
    pub second: Option<PathBuf>,
    /// Size and kind of exports, keyframes.
    #[serde(default)]
    pub export: export::Kept,
    /// Line of sight, cut, regions, catalogue.
    #[serde(default)]
    pub looking: looking::Kept,
}

fn equal() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

/// A little darker than the frame around it, in both themes: the data are the only bright thing.
pub const BACKGROUND: [f32; 3] = [0.031, 0.037, 0.047];

impl Look {
    /// A first look at a cube, whose camera has yet to be put where all of it is seen.
    pub fn new(scene: Scene) -> Self {
        Self {
            scene: Scene { background: BACKGROUND, ..scene },
            rays_off: false,
            region: None,
            reduce: Reduce::default(),
            is_fitted: false,
            velocity_ratio: equal(),
            distance_pc: None,
            overlay: Default::default(),
            second: None,
            export: export::Kept::default(),
            looking: looking::Kept::default(),
        }
    }

    /// The scene as it is drawn.
    pub fn drawn(&self) -> Scene {
        let mut scene = self.scene.clone();
        if self.rays_off {
            scene.mode = Mode::Nothing;
        }
        scene
    }

    pub fn has_surfaces(&self) -> bool {
        self.scene.surfaces.iter().any(|surface| surface.shown)
    }

    /// Shows or hides all isosurfaces; the first one is made at the middle of the range.
    pub fn show_surfaces(&mut self, shown: bool) {
        if shown && self.scene.surfaces.is_empty() {
            self.add_surface();
        }
        self.scene.surfaces.iter_mut().for_each(|surface| surface.shown = shown);
    }

    /// Another isosurface, at the middle of what is left of the range above the highest.
    pub fn add_surface(&mut self) {
        let (low, high) = self.scene.transfer.range;
        let from = self.scene.surfaces.iter().map(|surface| surface.value).fold(low, f64::max).min(high);
        self.scene.surfaces.push(Surface { value: 0.5 * (from + high), colour: None, shown: true });
    }

    pub fn has_slices(&self) -> bool {
        self.scene.slices.iter().any(|slice| slice.shown)
    }

    /// Shows or hides all slices; the first one is made across the slowest axis.
    pub fn show_slices(&mut self, shown: bool) {
        if shown && self.scene.slices.is_empty() {
            self.add_slice();
        }
        self.scene.slices.iter_mut().for_each(|slice| slice.shown = shown);
    }

    /// Another slice: across the first axis from the slowest that has none, then a free one.
    pub fn add_slice(&mut self) {
        let has = |axis: usize| {
            let across =
                |slice: &Slice| matches!(slice.plane, Plane::Across { axis: own, .. } if own == axis);
            self.scene.slices.iter().any(across)
        };
        let plane = match [2, 1, 0].into_iter().find(|&axis| !has(axis)) {
            Some(axis) => Plane::Across { axis, place: 0.5 },
            None => Plane::Free { point: [0.5; 3], normal: [0.6, 0.5, 0.62] },
        };
        self.scene.slices.push(Slice { plane, thickness: 0.0, shown: true });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Lattice;

    fn look() -> Look {
        Look::new(Scene::of(&Lattice::new([4, 5, 6], [1.0; 3], (-1.0, 3.0)).expect("a lattice")))
    }

    #[test]
    fn isosurfaces_are_made_once_and_hidden_afterwards() {
        let mut look = look();
        look.show_surfaces(true);
        assert!(look.has_surfaces() && look.scene.surfaces[0].value == 1.0);
        look.show_surfaces(false);
        assert!(!look.has_surfaces() && look.scene.surfaces.len() == 1);
        look.show_surfaces(true);
        look.add_surface();
        let values: Vec<f64> = look.scene.surfaces.iter().map(|surface| surface.value).collect();
        assert_eq!(values, [1.0, 2.0]);
    }

    #[test]
    fn slices_go_through_the_axes_and_then_freely() {
        let mut look = look();
        (0..4).for_each(|_| look.add_slice());
        let axes = look.scene.slices.iter().map(|slice| match slice.plane {
            Plane::Across { axis, .. } => Some(axis),
            Plane::Free { .. } => None,
        });
        assert_eq!(axes.collect::<Vec<_>>(), [Some(2), Some(1), Some(0), None]);
    }

    #[test]
    fn a_look_survives_the_session_and_one_without_the_newer_parts_is_read() {
        let mut look = look();
        look.show_slices(true);
        look.rays_off = true;
        let text = serde_json::to_value(&look).expect("written");
        assert_eq!(serde_json::from_value::<Look>(text).expect("read"), look);
        let scene = serde_json::to_value(&look.scene).expect("written");
        let old: Look = serde_json::from_value(serde_json::json!({ "scene": scene })).expect("read");
        assert_eq!((old.velocity_ratio, old.rays_off), (1.0, false));
        assert_eq!(look.drawn().mode, Mode::Nothing);
    }
}
