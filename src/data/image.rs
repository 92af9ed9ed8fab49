//! Images and cubes as the science rooms and the window pass them: single-precision values, unit, header with WCS cards.

use super::Header;
use ndarray::{Array2, Array3};

/// A map: values in NumPy order (y, x), NaN where blank. `header` carries the WCS cards.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    pub name: String,
    pub values: Array2<f32>,
    /// Unit as the file says, empty where it says none.
    pub unit: String,
    pub header: Header,
}

/// A cube: values in NumPy order (axis 3, axis 2, axis 1), for an emission cube (velocity, y, x); NaN where blank.
#[derive(Clone, Debug, PartialEq)]
pub struct Cube {
    pub name: String,
    pub values: Array3<f32>,
    pub unit: String,
    pub header: Header,
}
