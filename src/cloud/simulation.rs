//! A simulated cloud: density, temperature and velocity on one cubic grid, and what its axes mean.

use super::{Error, Result};
use crate::data::Header;
use ndarray::Array3;
use serde::{Deserialize, Serialize};

/// A direction of the cube, and the face one sees along it.
///
/// Cubes are (z, y, x) in NumPy order. The face along an axis keeps the order of the other two, so the map is
/// (y, x) along z, (z, x) along y and (z, y) along x; its velocity along the line of sight is that of the same letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    X,
    Y,
    Z,
}

impl Axis {
    pub const ALL: [Axis; 3] = [Axis::X, Axis::Y, Axis::Z];

    /// The axis of the NumPy array that runs along this direction.
    pub fn array_axis(self) -> usize {
        match self {
            Axis::Z => 0,
            Axis::Y => 1,
            Axis::X => 2,
        }
    }

    /// The index of this direction among x, y, z.
    pub fn component(self) -> usize {
        2 - self.array_axis()
    }

    /// The directions of rows and columns of the face seen along this axis.
    pub fn face(self) -> (Axis, Axis) {
        match self {
            Axis::Z => (Axis::Y, Axis::X),
            Axis::Y => (Axis::Z, Axis::X),
            Axis::X => (Axis::Z, Axis::Y),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Axis::X => "x",
            Axis::Y => "y",
            Axis::Z => "z",
        }
    }
}

impl std::fmt::Display for Axis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A cloud on a cubic grid. All cubes share one shape (z, y, x).
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    pub name: String,
    /// Number density of hydrogen nuclei n_H in cm⁻³.
    pub density_cm3: Array3<f32>,
    /// Gas temperature in K.
    pub temperature_k: Array3<f32>,
    /// Velocity components along x, y, z in km/s.
    pub velocity_km_s: [Array3<f32>; 3],
    /// Edge of a cell in pc.
    pub cell_pc: f64,
    /// Centre of the box in pc.
    pub center_pc: [f64; 3],
}

impl Simulation {
    /// Cells along (z, y, x).
    pub fn shape(&self) -> [usize; 3] {
        let (nz, ny, nx) = self.density_cm3.dim();
        [nz, ny, nx]
    }

    /// Writes the linear WCS of a direction, in pc, as axis `number` of a FITS header.
    pub(super) fn set_linear_axis(&self, header: &mut Header, number: usize, axis: Axis) {
        let cells = self.density_cm3.len_of(ndarray::Axis(axis.array_axis()));
        let center_pc = self.center_pc[axis.component()];
        let first_pc = center_pc - 0.5 * (cells as f64 - 1.0) * self.cell_pc;
        header.set_text(&format!("CTYPE{number}"), axis.name().to_uppercase(), "direction in the box");
        header.set_text(&format!("CUNIT{number}"), "pc", "");
        header.set_float(&format!("CRPIX{number}"), 1.0, "");
        header.set_float(&format!("CRVAL{number}"), first_pc, "centre of the first cell");
        header.set_float(&format!("CDELT{number}"), self.cell_pc, "edge of a cell");
    }

    /// Checks that all cubes share a shape and that the values are physical.
    pub fn check(&self) -> Result<()> {
        let fault = |what: String, advice: &str| {
            Err(Error::Simulation { folder: self.name.clone(), what, advice: advice.into() })
        };
        let shape = self.shape();
        if shape.contains(&0) {
            return fault("the density cube is empty".into(), "give a cube with cells");
        }
        if !(self.cell_pc.is_finite() && self.cell_pc > 0.0) {
            return fault(
                format!("a cell of {} pc", self.cell_pc),
                "give the size of the box in processing_config.json",
            );
        }
        let named = [
            ("temperature", &self.temperature_k),
            ("velocity x", &self.velocity_km_s[0]),
            ("velocity y", &self.velocity_km_s[1]),
            ("velocity z", &self.velocity_km_s[2]),
        ];
        for (name, cube) in named {
            if cube.dim() != self.density_cm3.dim() {
                return fault(
                    format!("the {name} cube is {:?}, the density cube {:?}", cube.dim(), shape),
                    "all cubes must lie on the same grid",
                );
            }
        }
        if self.density_cm3.iter().any(|n| !(n.is_finite() && *n >= 0.0)) {
            return fault(
                "the density cube holds blanks or negative values".into(),
                "fill them before projecting: a ray through a blank has no column density",
            );
        }
        Ok(())
    }
}
