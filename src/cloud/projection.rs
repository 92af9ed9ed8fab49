//! Maps of a simulation as seen along an axis: column density and densities, with units and a linear WCS in pc.

use super::{Axis, Simulation};
use crate::data::{Header, Image};
use crate::units::PC_CM;
use ndarray::{Array2, Zip};
use serde::{Deserialize, Serialize};

/// What a map shows of the gas along each line of sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// N_H = Σ n dz in cm⁻².
    Column,
    /// Σ n² / Σ n in cm⁻³.
    MassWeighted,
    /// Σ n / cells in cm⁻³.
    VolumeWeighted,
    /// The largest n in cm⁻³.
    Max,
}

impl Quantity {
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Column => "column",
            Quantity::MassWeighted => "mass-weighted",
            Quantity::VolumeWeighted => "volume-weighted",
            Quantity::Max => "max",
        }
    }

    /// The unit as FITS writes it.
    pub fn unit(self) -> &'static str {
        match self {
            Quantity::Column => "cm-2",
            _ => "cm-3",
        }
    }

    /// The value of a ray of `cells` cells from its sums.
    fn of(self, ray: &Ray, cells: usize, cell_cm: f64) -> f32 {
        let value = match self {
            Quantity::Column => ray.sum * cell_cm,
            // A ray without gas has no mass to weight with; the density of what is on it is zero.
            Quantity::MassWeighted if ray.sum == 0.0 => 0.0,
            Quantity::MassWeighted => ray.square / ray.sum,
            Quantity::VolumeWeighted => ray.sum / cells as f64,
            Quantity::Max => f64::from(ray.max),
        };
        value as f32
    }
}

/// What is summed up along a line of sight.
#[derive(Clone, Copy, Default)]
struct Ray {
    sum: f64,
    square: f64,
    max: f32,
}

/// The bare map of `project`.
pub(super) fn project_values(simulation: &Simulation, quantity: Quantity, axis: Axis) -> Array2<f32> {
    let cell_cm = simulation.cell_pc * PC_CM;
    let cube = simulation.density_cm3.view();
    // (row of the map, line of sight, column of the map), so that memory is walked in order where it can be.
    let cube = cube.permuted_axes(match axis {
        Axis::Z => [1, 0, 2],
        Axis::Y => [0, 1, 2],
        Axis::X => [0, 2, 1],
    });
    let (rows, cells, columns) = cube.dim();
    let mut map = Array2::zeros((rows, columns));
    Zip::from(map.outer_iter_mut()).and(cube.outer_iter()).par_for_each(|mut row, plane| {
        let mut rays = vec![Ray::default(); columns];
        for across in plane.outer_iter() {
            for (ray, &n) in rays.iter_mut().zip(across) {
                ray.sum += f64::from(n);
                ray.square += f64::from(n) * f64::from(n);
                ray.max = ray.max.max(n);
            }
        }
        row.iter_mut().zip(&rays).for_each(|(value, ray)| *value = quantity.of(ray, cells, cell_cm));
    });
    map
}

/// A map along an axis, rows and columns as in [`Axis`]; the header has a linear WCS in pc from the box's corner.
pub fn project(simulation: &Simulation, quantity: Quantity, axis: Axis) -> Image {
    let values = project_values(simulation, quantity, axis);
    let (row_axis, column_axis) = axis.face();
    let mut header = Header::default();
    header.set_text("BUNIT", quantity.unit(), "");
    simulation.set_linear_axis(&mut header, 1, column_axis);
    simulation.set_linear_axis(&mut header, 2, row_axis);
    header.set_text("OBJECT", simulation.name.clone(), "");
    header.set_text("LOSAXIS", axis.name(), "line of sight");
    header.history(format!("aquila cloud map: {} along {axis} of {}", quantity.name(), simulation.name));
    Image { name: format!("{} along {axis}", quantity.name()), values, unit: quantity.unit().into(), header }
}
