//! What is seen of a cube: modes, surfaces, slices, steps, clip box. A plain value that a session keeps.

use super::grid::Lattice;
use super::transfer::Transfer;
use super::view::{Rays, View};
use serde::{Deserialize, Serialize};

/// What a ray makes of the values along it. Lengths are in units of the box's longest side, unless parsecs are named.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case")]
pub enum Mode {
    /// No rays through the cube: surfaces and slices alone.
    Nothing,
    /// Colours add up, nothing is hidden: an optically thin line. Linear in the density, which counts by the longest side here.
    Emission,
    /// Near gas hides far gas: Σ T·colour·(1 − e^(−κ·Δs)), κ by the opacity of the transfer function.
    Absorption,
    /// The greatest value, in its colour.
    Maximum,
    /// The mean value, in its colour.
    Average,
    /// The integral of the values over the path, in units of value times longest side.
    Integral,
    /// The radiative transfer equation in physical units: the intensity I = I₀·e^(−τ) + Σ T·S·(1 − e^(−κ·Δs)), in its colour.
    Transfer(Radiation),
    /// The rule and constants of POLARIS's viewer, for its published pictures alone: of v = ln(x + 1)/max, 200 steps from the far end,
    /// I ← I·e^(−v²Δs) + 5·(1 − e^(−v²Δs)), in its blue.
    Polaris,
}

/// What shines and what dims in the radiative transfer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Radiation {
    pub source: Source,
    pub opacity: Opacity,
    /// Intensity that comes in from behind, in the unit of the source function.
    pub background: f64,
    /// Length of the box's longest side, in parsecs.
    pub longest_pc: f64,
}

impl Default for Radiation {
    fn default() -> Self {
        Self { source: Source::Cube, opacity: Opacity::Constant(1.0), background: 0.0, longest_pc: 1.0 }
    }
}

/// The source function S.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The cube's own values, in its unit.
    Cube,
    /// One value everywhere (an excitation temperature in kelvin, say).
    Constant(f64),
    /// The values of the second cube.
    Second,
}

/// The opacity κ for each parsec. Negative values of a cube dim nothing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opacity {
    Constant(f64),
    /// So much for each unit of the cube's own values.
    Cube(f64),
    /// So much for each unit of the second cube's values.
    Second(f64),
}

/// A surface of one value, shaded.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Surface {
    /// Physical.
    pub value: f64,
    /// Red, green, blue as on screen; by its value where not given, see [`Surface::rgb`].
    pub colour: Option<[f32; 3]>,
    /// From 0 to 1: so much of what lies behind it is hidden.
    #[serde(default = "opaque")]
    pub opacity: f32,
    pub shown: bool,
}

impl Surface {
    /// Opaque, in the colour of its value.
    pub fn of(value: f64) -> Self {
        Self { value, colour: None, opacity: 1.0, shown: true }
    }

    /// Its own colour, or that of its value in the upper part of the colours: the lowest are often those of the background.
    pub fn rgb(&self, transfer: &Transfer) -> [f32; 3] {
        let place = transfer.place_from_value(self.value);
        self.colour.unwrap_or_else(|| {
            transfer.rgb_at(DARKEST + (1.0 - DARKEST) * place).map(|part| f32::from(part) / 255.0)
        })
    }
}

/// Surfaces have colours from this place of the transfer function on.
const DARKEST: f32 = 0.35;

fn opaque() -> f32 {
    1.0
}

/// A plane through the cube in the colours of the transfer function, where there are values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    pub plane: Plane,
    /// The mean is taken over so many of the shortest voxel sides across the plane; 0 for the plane alone.
    pub thickness: f32,
    /// From 0 to 1: so much of what lies behind it is hidden.
    #[serde(default = "opaque")]
    pub opacity: f32,
    pub shown: bool,
}

impl Slice {
    /// The plane alone, opaque.
    pub fn of(plane: Plane) -> Self {
        Self { plane, thickness: 0.0, opacity: 1.0, shown: true }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plane {
    /// Across an axis of the cube (0 is x, 1 is y, 2 is z), at a place from 0 to 1 along it.
    Across { axis: usize, place: f32 },
    /// Through a point of the cube (0 to 1 along x, y, z), across a direction of the space in which the camera stands.
    Free { point: [f32; 3], normal: [f32; 3] },
}

/// Everything but the cube.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    pub mode: Mode,
    pub view: View,
    pub transfer: Transfer,
    /// Optical depth of full opacity over the shortest side of a voxel; in the emission mode over a fiftieth of the longest side.
    pub density: f32,
    /// Samples for each shortest side of a voxel.
    pub samples_per_voxel: f32,
    /// What is drawn, from 0 to 1 along x, y and z of the cube (z the slowest axis of the file).
    pub clip: [[f32; 2]; 3],
    /// Red, green, blue as on screen.
    pub background: [f32; 3],
    /// Colour of blank voxels, as a thin fog; transparent where not given.
    pub blank: Option<[f32; 3]>,
    /// A ray goes from one surface or slice to the next until an opaque one ends it; what the mode gives between two is laid over the
    /// farther one, a value's colour by the opacity of the transfer function. The adapter draws 32 of each at once.
    pub surfaces: Vec<Surface>,
    pub slices: Vec<Slice>,
    /// Where the clip box cuts a surface open, the cut is filled with the colour of the innermost surface there. A surface holds what lies
    /// above its value, and one below zero what lies below.
    #[serde(default = "closed")]
    pub close_cuts: bool,
}

fn closed() -> bool {
    true
}

/// The longest side over the part of it at whose full opacity an emission of the density 1 reaches the full colour.
const EMISSION_DEPTH: f32 = 50.0;

impl Scene {
    /// A first look at a cube: what lies above the typical value, near hides far.
    pub fn of(lattice: &Lattice) -> Self {
        let transfer =
            Transfer::rising(lattice.range, super::Stretch::Linear, crate::figure::ColourMap::default());
        Self {
            mode: Mode::Absorption,
            view: View::default(),
            transfer,
            density: 0.2,
            samples_per_voxel: 1.0,
            clip: [[0.0, 1.0]; 3],
            background: [0.0; 3],
            blank: None,
            surfaces: Vec::new(),
            slices: Vec::new(),
            close_cuts: true,
        }
    }

    /// Whether source or opacity come from a second cube.
    pub fn needs_second(&self) -> bool {
        let Mode::Transfer(radiation) = self.mode else { return false };
        radiation.source == Source::Second || matches!(radiation.opacity, Opacity::Second(_))
    }

    /// Length of a step in longest sides.
    pub(super) fn step(&self, lattice: &Lattice) -> f32 {
        lattice.finest() / self.samples_per_voxel.clamp(0.05, 64.0)
    }

    /// Optical depth of full opacity over the box's longest side. In the emission mode colours add up without end, so there it does not
    /// depend on the number of voxels: with the usual density a tenth of the longest side at full opacity reaches the full colour.
    pub(super) fn depth_for_longest_side(&self, lattice: &Lattice) -> f32 {
        match self.mode {
            Mode::Emission => self.density * EMISSION_DEPTH,
            _ => self.density / lattice.finest(),
        }
    }

    /// The axis of the cube along which all rays run, in the maximum mode: there samples lie on the centres of the voxels of the column
    /// that a pixel's centre lies in, so that what is shown is the maximum of the values themselves and of nothing between them.
    pub(super) fn centred_axis(&self, lattice: &Lattice) -> Option<usize> {
        if !(self.view.orthographic && matches!(self.mode, Mode::Maximum)) {
            return None;
        }
        let forward = Rays::new(&self.view, 1, 1).forward;
        let along: [f32; 3] = std::array::from_fn(|axis| (forward[axis] / lattice.sides[axis]).abs());
        let axis = (0..3).max_by(|&a, &b| along[a].total_cmp(&along[b]))?;
        // Over the whole box the ray stays within a thousandth of a voxel's side.
        let strays = |other: usize| along[other] / along[axis] * lattice.shape[other] as f32 > 1e-3;
        (!(0..3).any(|other| other != axis && strays(other))).then_some(axis)
    }
}
