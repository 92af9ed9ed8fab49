//! Keyframes: what is seen at which time, and what lies between. JSON in and out; no drawing here.

use super::{FilmError, between};
use crate::io;
use crate::volume::{Mode, Scene, Slice, Surface, Transfer, View};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Where the camera stands at a time, and what else changes on the way. What is not given stays as the scene has it; what two keyframes
/// both give goes smoothly from one to the other where there is a between, and changes at the later one where there is none (a mode, a
/// colour map, the number of slices).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// Colours and opacity; `range` goes before its range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surfaces: Option<Vec<Surface>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<Vec<Slice>>,
}

/// How the path is walked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// On curves, from rest to rest.
    #[default]
    Smooth,
    /// Straight from keyframe to keyframe, each stretch evenly.
    Even,
}

impl Pace {
    fn is_smooth(&self) -> bool {
        *self == Self::Smooth
    }
}

/// A path of the camera, as `aquila render --keyframes` reads it and the window writes it: JSON,
/// `{"keyframes": [{"time_s": 0, "view": {"azimuth_deg": 0, "elevation_deg": 20, "distance": 2}}, …]}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyframes {
    #[serde(default, skip_serializing_if = "Pace::is_smooth")]
    pub pace: Pace,
    pub keyframes: Vec<Keyframe>,
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

    /// The scene at a time; before the first keyframe and after the last it stays. At a smooth pace the camera passes through every
    /// keyframe on cubic Hermite curves whose slopes are those of Catmull and Rom (1974) for uneven times; it starts and ends at rest.
    /// Azimuths go the shorter way round, distances in proportion; all else goes straight, and at a smooth pace from rest to rest.
    pub fn scene_at(&self, base: &Scene, time_s: f64) -> Scene {
        let keys = &self.keyframes;
        let mut scene = base.clone();
        let (Some(first), Some(last)) = (keys.first(), keys.last()) else { return scene };
        let time_s = time_s.clamp(first.time_s, last.time_s);
        let begun = keys.partition_point(|key| key.time_s <= time_s).saturating_sub(1);
        scene.view = self.view_at(begun, time_s);
        let at = (begun, self.eased(begun, time_s));
        if let Some(mode) = self.between(at, |key| key.mode.as_ref(), |a, _, _| *a) {
            scene.mode = mode;
        }
        if let Some(transfer) = self.between(at, |key| key.transfer.as_ref(), between::transfers) {
            scene.transfer = transfer;
        }
        if let Some(range) = self.between(at, |key| key.range.as_ref(), between::ranges) {
            scene.transfer.range = range;
        }
        if let Some(density) =
            self.between(at, |key| key.density.as_ref(), |a, b, part| between::straight(*a, *b, part))
        {
            scene.density = density;
        }
        if let Some(clip) = self.between(at, |key| key.clip.as_ref(), between::clips) {
            scene.clip = clip;
        }
        if let Some(surfaces) = self.between(
            at,
            |key| key.surfaces.as_ref(),
            |a, b, part| between::lists(a, b, part, between::surface),
        ) {
            scene.surfaces = surfaces;
        }
        if let Some(slices) = self.between(
            at,
            |key| key.slices.as_ref(),
            |a, b, part| between::lists(a, b, part, between::slice),
        ) {
            scene.slices = slices;
        }
        scene
    }

    /// The time that counts for what goes straight: at a smooth pace the first stretch begins at rest and the last ends there, with the
    /// speed of all others where they meet them.
    fn eased(&self, begun: usize, time_s: f64) -> f64 {
        let keys = &self.keyframes;
        let (Some(from), Some(to)) = (keys.get(begun), keys.get(begun + 1)) else { return time_s };
        if self.pace == Pace::Even {
            return time_s;
        }
        let length = to.time_s - from.time_s;
        let part = (time_s - from.time_s) / length;
        let (starts, ends) = (begun == 0, begun + 2 == keys.len());
        let part = match (starts, ends) {
            (true, true) => part * part * (3.0 - 2.0 * part),
            (true, false) => part * part * (2.0 - part),
            (false, true) => 1.0 - (1.0 - part) * (1.0 - part) * (1.0 + part),
            (false, false) => part,
        };
        from.time_s + length * part
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
        let is_smooth = self.pace == Pace::Smooth;
        let (p, q) = (part, 1.0 - part);
        let place: [f64; 6] = std::array::from_fn(|i| {
            if !is_smooth {
                return q * places[at].1[i] + p * places[at + 1].1[i];
            }
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

    /// What the neighbours in time that have it make of it; `at` is the keyframe that was passed last, and the time.
    fn between<'a, T: Clone + 'a>(
        &'a self,
        (begun, time_s): (usize, f64),
        of: impl Fn(&'a Keyframe) -> Option<&'a T>,
        mix: impl Fn(&T, &T, f64) -> T,
    ) -> Option<T> {
        let (past, future) = self.keyframes.split_at(begun + 1);
        let with = |key: &'a Keyframe| of(key).map(|value| (key.time_s, value));
        match (past.iter().rev().find_map(with), future.iter().find_map(with)) {
            (Some((t0, a)), Some((t1, b))) => Some(mix(a, b, (time_s - t0) / (t1 - t0))),
            (Some((_, only)), None) | (None, Some((_, only))) => Some(only.clone()),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::ColourMap;
    use crate::volume::{Lattice, Plane, Stretch};

    fn scene() -> Scene {
        Scene::of(&Lattice::new([4, 4, 4], [1.0; 3], (0.0, 1.0)).expect("a lattice"))
    }

    fn key(time_s: f64, azimuth_deg: f32, distance: f32) -> Keyframe {
        let view = View { azimuth_deg, distance, target: [0.1 * azimuth_deg, 0.0, 0.0], ..View::default() };
        Keyframe { time_s, view, ..Keyframe::default() }
    }

    fn path() -> Keyframes {
        let keyframes =
            vec![key(0.0, 340.0, 2.0), key(1.0, 20.0, 1.0), key(4.0, 90.0, 3.0), key(4.5, 80.0, 3.0)];
        Keyframes { keyframes, ..Keyframes::default() }
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
    fn colours_surfaces_and_slices_go_along_and_modes_change_at_their_keyframe() {
        let base = scene();
        let mut path = path();
        path.pace = Pace::Even;
        let slice = |place| Slice::of(Plane::Across { axis: 2, place });
        let transfer = |high, place| Transfer {
            opacity: vec![[0.0, 0.0], [place, 0.5], [1.0, 1.0]],
            ..Transfer::rising((0.0, high), Stretch::Linear, ColourMap::Magma)
        };
        for (index, mode, high, place) in [(1, Mode::Maximum, 2.0, 0.2), (2, Mode::Emission, 4.0, 0.8)] {
            let key = &mut path.keyframes[index];
            key.mode = Some(mode);
            key.transfer = Some(transfer(high, place));
            key.surfaces = Some(vec![Surface::of(high)]);
            key.slices = Some(vec![slice(place)]);
        }
        // Half way from 1 s to 4 s.
        let half = path.scene_at(&base, 2.5);
        assert_eq!(half.mode, Mode::Maximum);
        assert_eq!(half.transfer, transfer(3.0, 0.5));
        assert_eq!((half.surfaces[0].value, half.slices.as_slice()), (3.0, [slice(0.5)].as_slice()));
        assert_eq!(path.scene_at(&base, 4.0).mode, Mode::Emission);
        // Another number of slices: no between.
        path.keyframes[2].slices = Some(Vec::new());
        assert_eq!(path.scene_at(&base, 3.9).slices, [slice(0.2)]);
        assert!(path.scene_at(&base, 4.0).slices.is_empty());
    }

    #[test]
    fn an_even_pace_goes_straight_and_a_smooth_one_rests_at_the_ends() {
        let base = scene();
        let mut path = path();
        path.keyframes.truncate(2);
        (path.keyframes[0].density, path.keyframes[1].density) = (Some(1.0), Some(2.0));
        let at = |path: &Keyframes, time| {
            let scene = path.scene_at(&base, time);
            (scene.density, scene.view.azimuth_deg)
        };
        let smooth = at(&path, 0.1);
        path.pace = Pace::Even;
        let even = at(&path, 0.1);
        assert!((even.0 - 1.1).abs() < 1e-6 && (even.1 - 344.0).abs() < 1e-3, "{even:?}");
        assert!((smooth.0 - 1.028).abs() < 1e-6 && (smooth.1 - 341.12).abs() < 1e-3, "{smooth:?}");
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
