//! Physical constants and conversions, each with its source. No arithmetic of any science room lives here.

pub mod lines;

/// Parsec in centimetres (IAU 2015 resolution B2: 648000/π au, au = 149 597 870 700 m).
pub const PC_CM: f64 = 3.085_677_581_491_367e18;

/// Speed of light in m s⁻¹ (exact, SI 2019).
pub const C_M_S: f64 = 299_792_458.0;

/// Boltzmann constant in J K⁻¹ (exact, SI 2019).
pub const K_B_J_K: f64 = 1.380_649e-23;

/// Planck constant in J s (exact, SI 2019).
pub const H_J_S: f64 = 6.626_070_15e-34;

/// Mass of a hydrogen atom in grams (CODATA 2018: 1.007 825 032 u).
pub const M_H_G: f64 = 1.673_532_8e-24;

/// Degrees of one arcsecond.
pub const ARCSEC_DEG: f64 = 1.0 / 3600.0;

/// Natural logarithm to dex.
pub const DEX_PER_LN: f64 = std::f64::consts::LOG10_E;
