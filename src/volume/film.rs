//! Moving pictures of a cube: a turn, or a path through keyframes, as an animation or a folder of numbered pictures. Where the camera is
//! at which time, and the frames one after another; who draws them is handed in.

use super::{Scene, View};
use crate::io;
use crate::job::Context;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

/// Where the camera stands at a time, and what else changes on the way. What is not given stays as the scene has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyframe {
    /// Seconds.
    pub time_s: f64,
    pub view: View,
    /// What is drawn, from 0 to 1 along x, y and z of the cube.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip: Option<[[f32; 2]; 3]>,
    /// Physical values at the ends of the colours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
    /// Optical depth of full opacity over the shortest side of a voxel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density: Option<f32>,
}

/// A path of the camera, as `aquila render --keyframes` reads it and the window writes it: JSON,
/// `{"keyframes": [{"time_s": 0, "view": {"azimuth_deg": 0, "elevation_deg": 20, "distance": 2}}, …]}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyframes {
    pub keyframes: Vec<Keyframe>,
}

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
    #[error("a film of {frames} frames in {seconds} s cannot be; give 2 frames or more and a time above 0 s")]
    Length { frames: u32, seconds: f64 },
}

/// How the camera moves.
#[derive(Clone, Debug, PartialEq)]
pub enum Motion {
    /// All round the up axis, evenly, so that the end joins the begin.
    Turn,
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

/// More is no file of keyframes.
const MOST_BYTES: u64 = 16 << 20;

impl Keyframes {
    /// Reads a file of keyframes.
    ///
    /// # Errors
    /// A file that cannot be read, is no such JSON, or holds a path that cannot be.
    pub fn read(path: &Path) -> io::Result<Self> {
        let bytes =
            std::fs::metadata(path).map_err(|source| io::Error::system(path, "open the file", source))?.len();
        let damaged =
            |what: String| io::Error::damaged(path, "", what, "see aquila render --help for the format");
        if bytes > MOST_BYTES {
            return Err(damaged(format!("{bytes} bytes are more than keyframes can be")));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|source| io::Error::system(path, "read the file", source))?;
        let read: Self = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
        read.check().map_err(|error| damaged(error.to_string()))?;
        Ok(read)
    }

    /// Writes them as `read` reads them.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| io::Error::system(path, "write the file", error.into()))?;
        io::atomic::write_bytes(path, text.as_bytes())
    }

    /// Whether a camera can follow them.
    ///
    /// # Errors
    /// Fewer than two; times that do not grow; places that are no numbers.
    pub fn check(&self) -> Result<(), FilmError> {
        if self.keyframes.len() < 2 {
            return Err(FilmError::TooFew(self.keyframes.len()));
        }
        let mut last = f64::NEG_INFINITY;
        for (index, key) in self.keyframes.iter().enumerate() {
            let number = index + 1;
            if !key.time_s.is_finite() || key.time_s <= last {
                return Err(FilmError::Time { number, time_s: key.time_s });
            }
            last = key.time_s;
            let View { azimuth_deg, elevation_deg, distance, target: [x, y, z], .. } = key.view;
            let all_finite =
                [azimuth_deg, elevation_deg, distance, x, y, z].iter().all(|part| part.is_finite());
            if !all_finite || distance <= 0.0 {
                return Err(FilmError::View { number });
            }
            let wrong = |what: String| Err(FilmError::Scene { number, what });
            if let Some((low, high)) =
                key.range.filter(|(low, high)| !(low.is_finite() && high.is_finite() && low < high))
            {
                return wrong(format!("range {low} to {high}"));
            }
            if let Some(clip) = key
                .clip
                .filter(|clip| !clip.iter().all(|[low, high]| 0.0 <= *low && low <= high && *high <= 1.0))
            {
                return wrong(format!("clip {clip:?}"));
            }
            if let Some(density) = key.density.filter(|density| !(density.is_finite() && *density > 0.0)) {
                return wrong(format!("density {density}"));
            }
        }
        Ok(())
    }

    /// First and last time in seconds; both 0 where there are none.
    pub fn times(&self) -> (f64, f64) {
        let time = |key: Option<&Keyframe>| key.map_or(0.0, |key| key.time_s);
        (time(self.keyframes.first()), time(self.keyframes.last()))
    }

    /// The scene at a time; before the first keyframe and after the last it stays. The camera passes through every keyframe on cubic
    /// Hermite curves whose slopes are those of Catmull and Rom (1974) for uneven times; it starts and ends at rest. Azimuths go the
    /// shorter way round, distances in proportion; clip, range and density go straight.
    pub fn scene_at(&self, base: &Scene, time_s: f64) -> Scene {
        let keys = &self.keyframes;
        let mut scene = base.clone();
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return scene };
        let time_s = time_s.clamp(first.time_s, last.time_s);
        let begun = keys.partition_point(|key| key.time_s <= time_s).saturating_sub(1);
        scene.view = self.view_at(begun, time_s);
        let straight = |from: f64, to: f64, part: f64| from + (to - from) * part;
        if let Some(range) = self.between(
            begun,
            time_s,
            |key| key.range,
            |a, b, part| (straight(a.0, b.0, part), straight(a.1, b.1, part)),
        ) {
            scene.transfer.range = range;
        }
        let straight = |from: f32, to: f32, part: f64| from + (to - from) * part as f32;
        if let Some(density) = self.between(begun, time_s, |key| key.density, straight) {
            scene.density = density;
        }
        let mix = |a: [[f32; 2]; 3], b: [[f32; 2]; 3], part| {
            std::array::from_fn(|axis| std::array::from_fn(|end| straight(a[axis][end], b[axis][end], part)))
        };
        if let Some(clip) = self.between(begun, time_s, |key| key.clip, mix) {
            scene.clip = clip;
        }
        scene
    }

    fn view_at(&self, begun: usize, time_s: f64) -> View {
        let keys = &self.keyframes;
        let from = keys[begun].view;
        if begun + 1 == keys.len() || time_s <= keys[begun].time_s {
            return from;
        }
        // From the keyframe before to the one after the next, azimuths without jumps.
        let around = begun.saturating_sub(1)..(begun + 3).min(keys.len());
        let mut places: Vec<(f64, [f64; 6])> = Vec::with_capacity(4);
        for key in &keys[around] {
            let View { azimuth_deg, elevation_deg, distance, target: [x, y, z], .. } = key.view;
            let mut place = [azimuth_deg, elevation_deg, distance.ln(), x, y, z].map(f64::from);
            if let Some((_, before)) = places.last() {
                place[0] -= 360.0 * ((place[0] - before[0]) / 360.0).round();
            }
            places.push((key.time_s, place));
        }
        let at = usize::from(begun > 0);
        let (t0, t1) = (places[at].0, places[at + 1].0);
        let (length, part) = (t1 - t0, (time_s - t0) / (t1 - t0));
        let slope =
            |of: usize, i: usize| match (of.checked_sub(1).and_then(|b| places.get(b)), places.get(of + 1)) {
                (Some((t_before, before)), Some((t_after, after))) => {
                    (after[i] - before[i]) / (t_after - t_before)
                }
                _ => 0.0,
            };
        let (p, q) = (part, 1.0 - part);
        let place: [f64; 6] = std::array::from_fn(|i| {
            let ends =
                (1.0 + 2.0 * p) * q * q * places[at].1[i] + p * p * (3.0 - 2.0 * p) * places[at + 1].1[i];
            ends + length * (p * q * q * slope(at, i) - p * p * q * slope(at + 1, i))
        });
        let [azimuth, elevation, log_distance, x, y, z] = place.map(|value| value as f32);
        View {
            azimuth_deg: azimuth,
            elevation_deg: elevation,
            distance: log_distance.exp(),
            target: [x, y, z],
            ..from
        }
    }

    /// What the neighbours in time that have it make of it.
    fn between<T: Copy>(
        &self,
        begun: usize,
        time_s: f64,
        of: impl Fn(&Keyframe) -> Option<T>,
        mix: impl Fn(T, T, f64) -> T,
    ) -> Option<T> {
        let (past, future) = self.keyframes.split_at(begun + 1);
        let with = |key: &Keyframe| of(key).map(|value| (key.time_s, value));
        match (past.iter().rev().find_map(with), future.iter().find_map(with)) {
            (Some((t0, a)), Some((t1, b))) => Some(mix(a, b, (time_s - t0) / (t1 - t0))),
            (Some((_, only)), None) | (None, Some((_, only))) => Some(only),
            (None, None) => None,
        }
    }
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
            Motion::Path(path) => path.check(),
        }
    }

    /// The scene of a frame, counted from 0.
    pub fn scene(&self, base: &Scene, frame: u32) -> Scene {
        match &self.motion {
            Motion::Turn => {
                let mut scene = base.clone();
                scene.view.azimuth_deg += 360.0 * frame as f32 / self.frames.max(1) as f32;
                scene
            }
            Motion::Path(path) => {
                let (first, last) = path.times();
                let part = f64::from(frame) / f64::from(self.frames.max(2) - 1);
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
            let delay = Duration::from_secs_f64(self.seconds / f64::from(self.frames));
            return io::gif::write(to, self.size, delay, self.frames, &mut frame);
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

    fn key(time_s: f64, azimuth_deg: f32, distance: f32) -> Keyframe {
        let view = View { azimuth_deg, distance, target: [0.1 * azimuth_deg, 0.0, 0.0], ..View::default() };
        Keyframe { time_s, view, clip: None, range: None, density: None }
    }

    fn path() -> Keyframes {
        let keyframes =
            vec![key(0.0, 340.0, 2.0), key(1.0, 20.0, 1.0), key(4.0, 90.0, 3.0), key(4.5, 80.0, 3.0)];
        Keyframes { keyframes }
    }

    fn film(motion: Motion, frames: u32) -> Film {
        Film { motion, frames, seconds: 0.5, size: (3, 2) }
    }

    #[test]
    fn the_camera_passes_through_its_keyframes_and_azimuths_go_the_shorter_way() {
        let (path, base) = (path(), scene());
        for key in &path.keyframes {
            let view = path.scene_at(&base, key.time_s).view;
            let off = (view.azimuth_deg - key.view.azimuth_deg).rem_euclid(360.0);
            assert!(off.min(360.0 - off) < 1e-3, "{view:?} for {key:?}");
            assert!(
                (view.distance - key.view.distance).abs() < 1e-5
                    && (view.target[0] - key.view.target[0]).abs() < 1e-4
            );
        }
        // From 340° to 20° it is 40° forward, not 320° back.
        let steps: Vec<f32> =
            (0..=100).map(|i| path.scene_at(&base, f64::from(i) * 0.01).view.azimuth_deg).collect();
        let turned = |pair: &[f32]| (pair[1] - pair[0] + 180.0).rem_euclid(360.0) - 180.0;
        let (all, most) = steps
            .windows(2)
            .map(turned)
            .fold((0.0, 0.0_f32), |(sum, most), step| (sum + step, most.max(step.abs())));
        assert!((all - 40.0).abs() < 0.1 && most < 1.5, "{all}° in steps of up to {most}°");
        // No jump of the speed at a keyframe in between.
        let speed = |t: f64| {
            (
                path.scene_at(&base, t + 1e-3).view.elevation_deg,
                path.scene_at(&base, t + 1e-3).view.distance.ln()
                    - path.scene_at(&base, t).view.distance.ln(),
            )
        };
        assert!((speed(0.999).1 - speed(1.001).1).abs() < 2e-5);
    }

    #[test]
    fn what_only_some_keyframes_give_is_kept_or_goes_straight_between_them() {
        let (mut path, base) = (path(), scene());
        path.keyframes[0].range = Some((0.0, 1.0));
        path.keyframes[2].range = Some((4.0, 9.0));
        assert_eq!(path.scene_at(&base, 2.0).transfer.range, (2.0, 5.0));
        assert_eq!(path.scene_at(&base, 4.2).transfer.range, (4.0, 9.0));
        assert_eq!(path.scene_at(&base, 2.0).clip, base.clip);
    }

    #[test]
    fn a_turn_is_even_and_its_end_joins_its_begin() {
        let film = film(Motion::Turn, 8);
        let azimuth = |frame| film.scene(&scene(), frame).view.azimuth_deg;
        assert!((0..8).all(|frame| (azimuth(frame) - 45.0 * frame as f32).abs() < 1e-4));
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

    #[test]
    fn a_path_survives_its_file_and_a_bad_one_says_which_keyframe() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("path.json");
        path().write(&file).expect("written");
        assert_eq!(Keyframes::read(&file).expect("read"), path());
        let mut bad = path();
        bad.keyframes[2].time_s = 0.5;
        bad.write(&file).expect("written");
        let error = Keyframes::read(&file).expect_err("times go back").to_string();
        assert!(error.contains("keyframe 3") && error.contains("path.json"), "{error}");
    }
}
