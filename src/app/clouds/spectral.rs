//! The third axis of a cube as the spectrum shows it.

use crate::data::Header;

/// The values of the spectral axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectral {
    /// One value a channel, in `unit`.
    pub values: Vec<f64>,
    pub unit: String,
    /// Name with unit for the axis of a plot.
    pub label: String,
    /// Velocities, where the axis is one or can be made one.
    pub velocity_km_s: Option<Vec<f64>>,
}

/// Reads the third axis of a cube with `channels` channels; `None` where it is not spectral.
pub fn spectral(_header: &Header, _channels: usize) -> Option<Spectral> {
    None
}
