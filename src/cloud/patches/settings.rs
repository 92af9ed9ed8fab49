//! What a recipe may say about patches and their split.

use crate::cloud::{Axis, Error, Result};
use serde::{Deserialize, Serialize};

/// Which patches are taken from a cloud.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PatchSettings {
    /// Seed of every random draw.
    pub seed: u64,
    /// Edge of a patch in pixels.
    pub pixels: usize,
    /// Smallest and largest edge of a patch in pc, drawn anew for each patch; 0 means one pixel per cell. A patch larger than
    /// its pixels is averaged over area; a patch has at least one cell per pixel.
    pub size_pc: [f64; 2],
    /// The faces looked at, by their line of sight.
    pub faces: Vec<Axis>,
    /// Patches asked of each simulation.
    pub count: usize,
    /// Whether patches with little structure are mostly turned away.
    pub score_filter: bool,
    /// Steepness A of the filter f(s) = 1 / (1 + exp(−A (s − B))).
    pub score_a: f64,
    /// Score B at which half of the patches are kept.
    pub score_b: f64,
    /// Patches of one face lie at least this many patch sizes apart, centre to centre.
    pub nearest_distance: f64,
    /// Whether each patch is turned by a random multiple of 90°.
    pub rotate: bool,
    /// Edge of the context window in pc; 0 for no context channel. At least two patch sizes are used.
    pub context_pc: f64,
}

impl Default for PatchSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            pixels: 64,
            size_pc: [0.0, 0.0],
            faces: Axis::ALL.to_vec(),
            count: 24,
            score_filter: true,
            score_a: 2.0,
            score_b: 1.0,
            nearest_distance: 0.5,
            rotate: true,
            context_pc: 0.0,
        }
    }
}

impl PatchSettings {
    pub fn check(&self) -> Result<()> {
        if !(8..=1024).contains(&self.pixels) {
            return Err(Error::setting("pixels", self.pixels, "give 8 to 1024"));
        }
        if !(1..=100_000).contains(&self.count) {
            return Err(Error::setting("count", self.count, "give 1 to 100000 patches per simulation"));
        }
        if self.faces.is_empty() || (1..self.faces.len()).any(|i| self.faces[..i].contains(&self.faces[i])) {
            return Err(Error::setting(
                "faces",
                format!("{:?}", self.faces),
                "name each of x, y, z at most once, and at least one",
            ));
        }
        let [low, high] = self.size_pc;
        if !(low.is_finite() && high.is_finite() && 0.0 <= low && low <= high) {
            return Err(Error::setting(
                "size_pc",
                format!("{:?}", self.size_pc),
                "give the smallest and the largest edge in pc",
            ));
        }
        let ranges = [
            ("score_a", self.score_a, 0.0, 1e3),
            ("score_b", self.score_b, -1e3, 1e3),
            ("nearest_distance", self.nearest_distance, 0.0, 10.0),
            ("context_pc", self.context_pc, 0.0, 1e5),
        ];
        for (name, value, low, high) in ranges {
            if !(low..=high).contains(&value) {
                return Err(Error::setting(name, value, format!("give a number from {low} to {high}")));
            }
        }
        Ok(())
    }
}

/// What keeps the parts of a split apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitBy {
    /// By simulation where there are enough of them, else by a cut.
    Auto,
    /// Each simulation belongs to one part.
    Simulation,
    /// Each simulation is cut into slabs.
    Cut,
}

/// How samples are shared out between training, validation and test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitSettings {
    pub by: SplitBy,
    /// Share of the simulations, or of the cube, for validation.
    pub validation: f64,
    /// Share for the final test.
    pub test: f64,
    /// The axis a cube is cut along. A face with this line of sight sees all parts at once and is left out.
    pub cut_axis: Axis,
    /// Width of the band between two parts of a cut cube that no patch may touch, in pc.
    pub guard_pc: f64,
}

impl Default for SplitSettings {
    fn default() -> Self {
        Self { by: SplitBy::Auto, validation: 0.2, test: 0.2, cut_axis: Axis::Z, guard_pc: 0.25 }
    }
}

impl SplitSettings {
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("validation", self.validation), ("test", self.test)] {
            if !(0.0..=0.9).contains(&value) {
                return Err(Error::setting(name, value, "give a share from 0 to 0.9"));
            }
        }
        if self.validation + self.test > 0.9 {
            return Err(Error::setting(
                "validation + test",
                self.validation + self.test,
                "leave at least a tenth for training",
            ));
        }
        if !(0.0..=1e4).contains(&self.guard_pc) {
            return Err(Error::setting("guard_pc", self.guard_pc, "give a width in pc, 0 or more"));
        }
        Ok(())
    }
}
