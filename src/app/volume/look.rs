//! How a cube is looked at: everything that a session keeps of it. Plain values; nothing is painted or read here.

use super::{export, looking};
use crate::data::Header;
use crate::io::{Region, wcs};
use crate::volume::{FirstColours, Geometry, Mode, Plane, Reduce, Scene, Slice, SpectralUnit, Surface};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How a cube is looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// With the mode that is chosen, also while the rays are off.
    pub scene: Scene,
    /// The colours that were chosen for the mode; `None` where a session does not say.
    #[serde(default)]
    pub automatic: Option<Automatic>,
    /// The rays through the cube are off: surfaces and slices alone.
    #[serde(default)]
    pub rays_off: bool,
    /// The part of the file that is loaded, where it is not the whole.
    #[serde(default)]
    pub region: Option<Region>,
    /// How a cube that does not fit is made smaller.
    #[serde(default)]
    pub reduce: Reduce,
    /// Of an array with more than three axes, the plane that is seen.
    #[serde(default)]
    pub plane: usize,
    /// The camera was put where all of the cube is seen, or where the user wants it.
    #[serde(default = "yes")]
    pub is_fitted: bool,
    /// Length of a velocity axis compared with the longer side of the sky.
    #[serde(default = "equal")]
    pub velocity_ratio: f64,
    /// The line of the spectral axis, and what is counted along it.
    #[serde(default)]
    pub spectral: SpectralChoice,
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

/// Colours that were chosen for a mode, not by the user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Automatic {
    pub mode: Mode,
    /// The second cube that had a say.
    pub second: Option<PathBuf>,
    pub colours: FirstColours,
}

/// How a spectral axis is read; the file stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpectralChoice {
    /// In Hz, in place of the header's.
    pub rest_hz: Option<f64>,
    pub unit: SpectralUnit,
}

impl SpectralChoice {
    /// The coordinates of a cube of `shape` voxels (z, y, x) as they are read so. What cannot be had is said in the warnings.
    pub fn geometry(self, header: &Header, shape: [usize; 3]) -> Geometry {
        let another = self.rest_hz.map(|rest_hz| wcs::with_rest_frequency(header, rest_hz));
        match another {
            None => Geometry::in_unit(header, shape, self.unit),
            Some(Ok(header)) => Geometry::in_unit(&header, shape, self.unit),
            Some(Err(refused)) => {
                let mut geometry = Geometry::in_unit(header, shape, self.unit);
                geometry.warnings.push(refused.to_string());
                geometry
            }
        }
    }
}

fn equal() -> f64 {
    Geometry::USUAL_RATIO
}

fn yes() -> bool {
    true
}

/// A little darker than the frame around it, in both themes: the data are the only bright thing.
pub const BACKGROUND: [f32; 3] = [0.031, 0.037, 0.047];

impl Look {
    /// A first look at a cube, whose camera has yet to be put where all of it is seen.
    pub fn new(scene: Scene) -> Self {
        let colours = FirstColours { range: scene.transfer.range, stretch: scene.transfer.stretch };
        Self {
            automatic: Some(Automatic { mode: scene.mode, second: None, colours }),
            scene: Scene { background: BACKGROUND, ..scene },
            rays_off: false,
            region: None,
            reduce: Reduce::default(),
            plane: 0,
            is_fitted: false,
            velocity_ratio: equal(),
            spectral: SpectralChoice::default(),
            distance_pc: None,
            overlay: Default::default(),
            second: None,
            export: export::Kept::default(),
            looking: looking::Kept::default(),
        }
    }

    /// A look as it may come from a file that was written by hand or by halves, without what cannot be drawn.
    pub fn mended(mut self) -> Self {
        let is_plane = |slice: &Slice| !matches!(slice.plane, Plane::Across { axis, .. } if axis > 2);
        self.scene.slices.retain(is_plane);
        for [low, high] in &mut self.scene.clip {
            *low = low.clamp(0.0, 1.0);
            *high = high.clamp(*low, 1.0);
        }
        if !(self.velocity_ratio.is_finite() && self.velocity_ratio > 0.0) {
            self.velocity_ratio = equal();
        }
        self
    }

    /// The scene as it is drawn.
    pub fn drawn(&self) -> Scene {
        let mut scene = self.scene.clone();
        if self.rays_off {
            scene.mode = Mode::Nothing;
        }
        scene
    }

    /// Takes the colours that suit the mode, unless the user has chosen others than the ones before.
    pub fn take_colours(&mut self, now: Automatic) {
        let Some(before) = &mut self.automatic else { return };
        let before = std::mem::replace(before, now.clone());
        let transfer = &mut self.scene.transfer;
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
        let (old, own) = (before.colours.range, transfer.range);
        if near(old.0, own.0) && near(old.1, own.1) {
            transfer.range = now.colours.range;
            if transfer.stretch == before.colours.stretch {
                transfer.stretch = now.colours.stretch;
            }
        }
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
        self.scene.surfaces.push(Surface::of(0.5 * (from + high)));
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
        self.scene.slices.push(Slice::of(plane));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::{Lattice, Radiation, Source, Stretch};

    fn look() -> Look {
        Look::new(Scene::of(&Lattice::new([4, 5, 6], [1.0; 3], (-1.0, 3.0)).expect("a lattice")))
    }

    #[test]
    fn another_mode_brings_its_colours_unless_the_user_chose_some() {
        let for_mode = |mode, range| Automatic {
            mode,
            second: None,
            colours: FirstColours { range, stretch: Stretch::Linear },
        };
        let transfer = Mode::Transfer(Radiation { source: Source::Constant(10.0), ..Radiation::default() });
        let mut look = look();
        look.take_colours(for_mode(transfer, (0.0, 10.0)));
        assert_eq!(look.scene.transfer.range, (0.0, 10.0));
        look.scene.transfer.range = (2.0, 3.0);
        look.take_colours(for_mode(Mode::Emission, (-1.0, 3.0)));
        assert_eq!(look.scene.transfer.range, (2.0, 3.0));
        // A session of before did not say: its colours may be the user's.
        look.automatic = None;
        look.take_colours(for_mode(Mode::Emission, (-1.0, 3.0)));
        assert_eq!((look.scene.transfer.range, look.automatic), ((2.0, 3.0), None));
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
    fn what_cannot_be_drawn_is_left_out() {
        let mut look = look();
        look.show_slices(true);
        let mut bad = look.clone();
        bad.scene.slices.push(Slice {
            plane: Plane::Across { axis: 3, place: 0.5 },
            thickness: 0.0,
            ..look.scene.slices[0]
        });
        bad.scene.clip[1] = [1.5, -2.0];
        bad.velocity_ratio = 0.0;
        look.scene.clip[1] = [1.0, 1.0];
        assert_eq!(bad.mended(), look);
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
