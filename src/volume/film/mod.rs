//! Moving pictures of a cube: a turn, a slice that flies through, or a path through keyframes, as an animation or a folder of numbered
//! pictures. What is seen at which time, and the frames one after another; who draws them is handed in.

mod between;
mod keyframes;

pub use keyframes::{Keyframe, Keyframes, Pace};

use super::{Mode, Plane, Scene, Slice};
use crate::io;
use crate::job::Context;
use std::path::Path;
use std::time::Duration;

/// What is wrong with a path. Keyframes are counted from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FilmError {
    #[error("a path needs two keyframes at least, there are {0}")]
    TooFew(usize),
    #[error(
        "keyframe {number} is at {time_s} s; times must be numbers that grow from one keyframe to the next"
    )]
    Time { number: usize, time_s: f64 },
    #[error(
        "the camera of keyframe {number} has a place that is no number, or a distance that is not above 0"
    )]
    View { number: usize },
    #[error("keyframe {number} has a range, a clip or a density that cannot be: {what}")]
    Scene { number: usize, what: String },
    #[error("a cube has the axes 0, 1 and 2, not {0}")]
    Axis(usize),
    #[error("a film of {frames} frames in {seconds} s cannot be; give 2 frames or more and a time above 0 s")]
    Length { frames: u32, seconds: f64 },
}

/// How the camera moves.
#[derive(Clone, Debug, PartialEq)]
pub enum Motion {
    /// All round the up axis, evenly, so that the end joins the begin.
    Turn,
    /// The first slice in sight across this axis of the cube (0 is x, 1 is y, 2 is z) from one end to the other and back, evenly; a new
    /// one where there is none.
    Through {
        axis: usize,
    },
    Path(Keyframes),
}

/// A film: how the camera moves, in how many frames, how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Film {
    pub motion: Motion,
    pub frames: u32,
    pub seconds: f64,
    /// Pixels.
    pub size: (u32, u32),
}

impl Film {
    /// Whether it can be shot.
    ///
    /// # Errors
    /// Too few frames or keyframes; no time.
    pub fn check(&self) -> Result<(), FilmError> {
        if self.frames < 2 || !(self.seconds.is_finite() && self.seconds > 0.0) {
            return Err(FilmError::Length { frames: self.frames, seconds: self.seconds });
        }
        match &self.motion {
            Motion::Turn => Ok(()),
            Motion::Through { axis } if *axis < 3 => Ok(()),
            Motion::Through { axis } => Err(FilmError::Axis(*axis)),
            Motion::Path(path) => path.check(),
        }
    }

    /// Whether any of its scenes takes source or opacity from a second cube.
    pub fn needs_second(&self, base: &Scene) -> bool {
        let modes: Vec<Mode> = match &self.motion {
            Motion::Path(path) => path.keyframes.iter().filter_map(|key| key.mode).collect(),
            _ => Vec::new(),
        };
        base.needs_second() || modes.into_iter().any(|mode| Scene { mode, ..base.clone() }.needs_second())
    }

    /// Whether the end joins the begin.
    pub fn is_loop(&self) -> bool {
        !matches!(self.motion, Motion::Path(_))
    }

    /// The scene of a frame, counted from 0.
    pub fn scene(&self, base: &Scene, frame: u32) -> Scene {
        // The frame after the last of a loop is the first again.
        let last = if self.is_loop() { self.frames } else { self.frames.saturating_sub(1) };
        self.at(base, f64::from(frame) / f64::from(last.max(1)))
    }

    /// The scene when this part of the film is over, 0 to 1.
    pub fn at(&self, base: &Scene, part: f64) -> Scene {
        match &self.motion {
            Motion::Turn => {
                let mut scene = base.clone();
                scene.view.azimuth_deg += 360.0 * part as f32;
                scene
            }
            Motion::Through { axis } => through(base, *axis, 1.0 - (2.0 * part as f32 - 1.0).abs()),
            Motion::Path(path) => {
                let (first, last) = path.times();
                path.scene_at(base, first + (last - first) * part)
            }
        }
    }

    /// Draws the frames one after another and writes them as they come: an animation where the path ends with .gif, otherwise a folder
    /// with frame-0001.png, frame-0002.png, … A stopped or failed film leaves nothing. `draw` gives RGBA rows from
    /// the top, and may tell its context how far the frame is.
    ///
    /// # Errors
    /// A film that cannot be; those of `draw`; a stop on request; a place that cannot be written, or a folder with files in it.
    pub fn shoot(
        &self,
        base: &Scene,
        to: &Path,
        ctx: &Context,
        draw: &mut dyn FnMut(&Scene, &Context) -> anyhow::Result<Vec<u8>>,
    ) -> anyhow::Result<()> {
        self.check()?;
        let mut frame = |number: u32| -> anyhow::Result<Vec<u8>> {
            ctx.check()?;
            let share = |frame: u32| frame as f32 / self.frames as f32;
            let ctx = ctx.part(share(number), share(number + 1));
            ctx.report(format!("frame {} of {}", number + 1, self.frames), Some(0.0));
            draw(&self.scene(base, number), &ctx)
        };
        if is_animation(to) {
            let length = Duration::from_secs_f64(self.seconds);
            return io::gif::write(to, self.size, length, self.frames, &mut frame);
        }
        io::atomic::write_folder(to, |folder| {
            for number in 0..self.frames {
                let path = folder.join(format!("frame-{:04}.png", number + 1));
                io::png::write_rgba(&path, &frame(number)?, self.size.0 as usize, self.size.1 as usize)?;
            }
            Ok(())
        })
    }
}

/// The scene with a slice at a place across an axis.
fn through(base: &Scene, axis: usize, place: f32) -> Scene {
    let mut scene = base.clone();
    let plane = Plane::Across { axis, place };
    let across = |slice: &&mut Slice| {
        slice.shown && matches!(slice.plane, Plane::Across { axis: own, .. } if own == axis)
    };
    match scene.slices.iter_mut().find(across) {
        Some(slice) => slice.plane = plane,
        // What lies behind it stays in sight.
        None => scene.slices.push(Slice { opacity: 0.7, ..Slice::of(plane) }),
    }
    scene
}

/// Whether a film goes into one file, and not into a folder of pictures.
pub fn is_animation(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("gif"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::Lattice;

    fn scene() -> Scene {
        Scene::of(&Lattice::new([4, 4, 4], [1.0; 3], (0.0, 1.0)).expect("a lattice"))
    }

    fn film(motion: Motion, frames: u32) -> Film {
        Film { motion, frames, seconds: 0.5, size: (3, 2) }
    }

    #[test]
    fn a_turn_is_even_and_its_end_joins_its_begin() {
        let film = film(Motion::Turn, 8);
        let azimuth = |frame| film.scene(&scene(), frame).view.azimuth_deg;
        assert!((0..8).all(|frame| (azimuth(frame) - 45.0 * frame as f32).abs() < 1e-4));
    }

    #[test]
    fn a_slice_flies_there_and_back_and_the_others_stay() {
        let film = film(Motion::Through { axis: 2 }, 8);
        let mut base = scene();
        let places = |base: &Scene| -> Vec<f32> {
            let place = |frame| match film.scene(base, frame).slices.last().expect("a slice").plane {
                Plane::Across { axis: 2, place } => place,
                other => panic!("{other:?}"),
            };
            (0..8).map(place).collect()
        };
        let expected = [0.0, 0.25, 0.5, 0.75, 1.0, 0.75, 0.5, 0.25];
        assert_eq!(places(&base), expected);
        let slice = |axis, place| Slice { thickness: 3.0, ..Slice::of(Plane::Across { axis, place }) };
        base.slices = vec![slice(1, 0.2), slice(2, 0.9)];
        assert_eq!(places(&base), expected);
        let moved = film.scene(&base, 2);
        assert_eq!(moved.slices, [slice(1, 0.2), slice(2, 0.5)]);
        assert!(Film { motion: Motion::Through { axis: 3 }, ..film }.check().is_err());
    }

    #[test]
    fn frames_are_all_there_and_a_stopped_film_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let (gif, pictures) = (folder.path().join("turn.gif"), folder.path().join("turn"));
        let ctx = Context::unwatched();
        let film = film(Motion::Turn, 7);
        let mut draw = |scene: &Scene, _: &Context| Ok([scene.view.azimuth_deg as u8, 0, 0, 255].repeat(6));
        film.shoot(&scene(), &gif, &ctx, &mut draw).expect("shot");
        let bytes = std::fs::read(&gif).expect("there");
        // One graphic control extension before each frame.
        assert_eq!(bytes.windows(3).filter(|part| *part == [0x21, 0xf9, 4]).count(), 7);
        film.shoot(&scene(), &pictures, &ctx, &mut draw).expect("shot");
        assert_eq!(std::fs::read_dir(&pictures).expect("a folder").count(), 7);
        assert!(pictures.join("frame-0007.png").exists());
        let full = film.shoot(&scene(), &pictures, &ctx, &mut draw).expect_err("files are in it");
        assert!(full.to_string().contains("new or empty"), "{full}");

        let stopped = Context::unwatched();
        let mut draw = |_: &Scene, _: &Context| {
            stopped.cancel();
            Ok([0, 0, 0, 255].repeat(6))
        };
        for name in ["stopped.gif", "stopped"] {
            let error =
                film.shoot(&scene(), &folder.path().join(name), &stopped, &mut draw).expect_err("stopped");
            assert!(error.is::<crate::job::Cancelled>(), "{error}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }
}
