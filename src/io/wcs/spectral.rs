//! Spectral axes: frequency, wavelength and velocity in their conventions, axes linear in another variable than their own,
//! and velocities in km/s. Formulas: Greisen et al. 2006, A&A 446, 747 ("paper III").

use super::unit::Measure;
use crate::data::Header;
use crate::units::{C_M_S, H_J_S};

/// What a spectral axis counts, in SI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    Frequency,
    Energy,
    Wavenumber,
    Wavelength,
    AirWavelength,
    /// c (1 − ν/ν₀).
    RadioVelocity,
    /// c (λ/λ₀ − 1).
    OpticalVelocity,
    Redshift,
    /// Velocity along the line of sight by the relativistic Doppler formula.
    Velocity,
    Beta,
}

/// In which variable the pixels are evenly spaced.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Spacing {
    Own,
    In(Quantity),
    Logarithmic,
}

/// A spectral axis: what it counts and how its pixels are spaced.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spectral {
    pub quantity: Quantity,
    spacing: Spacing,
    /// Value at the reference pixel, SI.
    reference: f64,
    rest_hz: Option<f64>,
}

/// The quantity that a CTYPE names and its algorithm code (`F2W`, `LOG`, …; empty for a linear axis).
pub(super) fn parse_ctype(ctype: &str) -> Option<(Quantity, &str)> {
    let upper = ctype;
    let name = upper.get(..4).unwrap_or(upper);
    let rest = upper.get(4..).unwrap_or("");
    let algorithm = rest.trim_start_matches('-').trim();
    let quantity = match name {
        "FREQ" => Quantity::Frequency,
        "ENER" => Quantity::Energy,
        "WAVN" => Quantity::Wavenumber,
        "WAVE" => Quantity::Wavelength,
        "AWAV" => Quantity::AirWavelength,
        "VRAD" => Quantity::RadioVelocity,
        "VOPT" => Quantity::OpticalVelocity,
        "ZOPT" => Quantity::Redshift,
        "VELO" => Quantity::Velocity,
        "BETA" => Quantity::Beta,
        // AIPS: optical velocity on an axis that is linear in frequency.
        "FELO" => return Some((Quantity::OpticalVelocity, "F2W")),
        _ => return None,
    };
    match (quantity, algorithm) {
        (_, "") => Some((quantity, "")),
        // AIPS: the frame behind the name. Its VELO is an optical velocity unless VELREF says radio.
        (Quantity::Velocity, "LSR" | "HEL" | "OBS" | "GEO" | "BAR" | "GAL") => {
            Some((Quantity::OpticalVelocity, ""))
        }
        (Quantity::Frequency, "LSR" | "HEL" | "OBS" | "GEO" | "BAR" | "GAL") => Some((quantity, "")),
        // Spelt out, as some writers do.
        (Quantity::Velocity, "CITY") => Some((Quantity::Velocity, "")),
        _ if rest.starts_with('-') && algorithm.len() == 3 => Some((quantity, algorithm)),
        _ => None,
    }
}

/// As `parse_ctype`, with what VELREF says of a velocity without a convention (AIPS memo 27): above 256 it is a radio velocity, else an
/// optical one.
pub(super) fn axis_of(header: &Header, ctype: &str) -> Option<(Quantity, String)> {
    let upper = ctype.to_ascii_uppercase();
    let (quantity, algorithm) = parse_ctype(&upper)?;
    let is_aips = upper.starts_with("VELO") && algorithm.is_empty();
    let quantity = match header.integer("VELREF").filter(|_| is_aips) {
        Some(reference) if reference > 256 => Quantity::RadioVelocity,
        Some(1..) => Quantity::OpticalVelocity,
        _ => quantity,
    };
    Some((quantity, algorithm.to_owned()))
}

impl Quantity {
    /// Whether a value counts from the rest frequency of a line.
    pub(super) fn needs_rest(self) -> bool {
        matches!(
            self,
            Self::RadioVelocity | Self::OpticalVelocity | Self::Redshift | Self::Velocity | Self::Beta
        )
    }

    pub(super) fn measure(self) -> Measure {
        match self {
            Self::Frequency => Measure::Frequency,
            Self::Energy => Measure::Energy,
            Self::Wavenumber => Measure::Wavenumber,
            Self::Wavelength | Self::AirWavelength => Measure::Length,
            Self::RadioVelocity | Self::OpticalVelocity | Self::Velocity => Measure::Speed,
            Self::Redshift | Self::Beta => Measure::None,
        }
    }

    /// Frequency in Hz of a value in SI; velocities need the rest frequency.
    pub(super) fn hz(self, value: f64, rest_hz: Option<f64>) -> Option<f64> {
        Some(match self {
            Self::Frequency => value,
            Self::Energy => value / H_J_S,
            Self::Wavenumber => value * C_M_S,
            Self::Wavelength => C_M_S / value,
            Self::AirWavelength => C_M_S / (value * refraction(value)),
            Self::RadioVelocity => rest_hz? * (1.0 - value / C_M_S),
            Self::OpticalVelocity => rest_hz? / (1.0 + value / C_M_S),
            Self::Redshift => rest_hz? / (1.0 + value),
            Self::Velocity => doppler(rest_hz?, value / C_M_S),
            Self::Beta => doppler(rest_hz?, value),
        })
    }

    pub(super) fn at_hz(self, hz: f64, rest_hz: Option<f64>) -> Option<f64> {
        Some(match self {
            Self::Frequency => hz,
            Self::Energy => hz * H_J_S,
            Self::Wavenumber => hz / C_M_S,
            Self::Wavelength => C_M_S / hz,
            Self::AirWavelength => air_wavelength(C_M_S / hz),
            Self::RadioVelocity => C_M_S * (1.0 - hz / rest_hz?),
            Self::OpticalVelocity => C_M_S * (rest_hz? / hz - 1.0),
            Self::Redshift => rest_hz? / hz - 1.0,
            Self::Velocity => C_M_S * beta(hz, rest_hz?),
            Self::Beta => beta(hz, rest_hz?),
        })
    }

    /// Derivative of `hz` at a value.
    pub(super) fn hz_per_unit(self, value: f64, rest_hz: Option<f64>) -> Option<f64> {
        let relativistic = |beta: f64| -1.0 / ((1.0 + beta) * (1.0 - beta * beta).sqrt());
        Some(match self {
            Self::Frequency => 1.0,
            Self::Energy => 1.0 / H_J_S,
            Self::Wavenumber => C_M_S,
            Self::Wavelength => -C_M_S / (value * value),
            Self::AirWavelength => {
                let (n, inverse_um2) = (refraction(value), (1e-6 / value).powi(2));
                let wavelength_times_slope =
                    -1e-6 * inverse_um2 * (2.0 * 1.62887 + 4.0 * inverse_um2 * 0.01360);
                -C_M_S / (value * n).powi(2) * (n + wavelength_times_slope)
            }
            Self::RadioVelocity => -rest_hz? / C_M_S,
            Self::OpticalVelocity => -rest_hz? / C_M_S / (1.0 + value / C_M_S).powi(2),
            Self::Redshift => -rest_hz? / (1.0 + value).powi(2),
            Self::Velocity => rest_hz? / C_M_S * relativistic(value / C_M_S),
            Self::Beta => rest_hz? * relativistic(value),
        })
    }

    /// Velocity in km/s: of velocity axes as they are, of frequencies in the radio convention, of wavelengths in the
    /// optical one, both of which need the rest frequency.
    pub(super) fn velocity_km_s(self, value: f64, rest_hz: Option<f64>) -> Option<f64> {
        let velocity = match self {
            Self::RadioVelocity | Self::OpticalVelocity | Self::Velocity => value,
            Self::Redshift | Self::Beta => value * C_M_S,
            Self::Frequency | Self::Energy | Self::Wavenumber => {
                Self::RadioVelocity.at_hz(self.hz(value, rest_hz)?, rest_hz)?
            }
            Self::Wavelength | Self::AirWavelength => {
                Self::OpticalVelocity.at_hz(self.hz(value, rest_hz)?, rest_hz)?
            }
        };
        Some(velocity / 1e3)
    }
}

fn doppler(rest_hz: f64, beta: f64) -> f64 {
    rest_hz * ((1.0 - beta) / (1.0 + beta)).sqrt()
}

fn beta(hz: f64, rest_hz: f64) -> f64 {
    let squared = (hz / rest_hz).powi(2);
    (1.0 - squared) / (1.0 + squared)
}

/// Refractive index of dry air at a wavelength in metres (paper III, equation 65).
fn refraction(wavelength_m: f64) -> f64 {
    let inverse_um2 = (1e-6 / wavelength_m).powi(2);
    1.0 + 1e-6 * (287.6155 + inverse_um2 * (1.62887 + inverse_um2 * 0.01360))
}

fn air_wavelength(vacuum_m: f64) -> f64 {
    // The index hardly changes with wavelength: a few rounds settle to the last digit.
    (0..4).fold(vacuum_m, |air, _| vacuum_m / refraction(air))
}

impl Spectral {
    pub fn new(
        quantity: Quantity,
        algorithm: &str,
        reference: f64,
        rest_hz: Option<f64>,
    ) -> Result<Self, String> {
        let spacing = match algorithm.as_bytes() {
            [] => Spacing::Own,
            b"LOG" => Spacing::Logarithmic,
            [_, b'2', _] => match algorithm.as_bytes()[0] {
                b'F' => Spacing::In(Quantity::Frequency),
                b'W' => Spacing::In(Quantity::Wavelength),
                b'A' => Spacing::In(Quantity::AirWavelength),
                b'V' => Spacing::In(Quantity::Velocity),
                _ => return Err(format!("the spectral algorithm {algorithm} is not known")),
            },
            _ => return Err(format!("the spectral algorithm {algorithm} is not supported")),
        };
        let spectral = Self { quantity, spacing, reference, rest_hz };
        if spectral.value(0.0).is_none() {
            return Err("the spectral axis needs RESTFRQ or RESTWAV".into());
        }
        Ok(spectral)
    }

    /// Value in SI at this intermediate coordinate (SI).
    pub fn value(&self, intermediate: f64) -> Option<f64> {
        match self.spacing {
            Spacing::Own => Some(self.reference + intermediate),
            Spacing::Logarithmic => Some(self.reference * (intermediate / self.reference).exp()),
            Spacing::In(x) => {
                let at = self.even(x, self.reference)?;
                let moved = at + intermediate * self.slope(x)?;
                self.quantity.at_hz(x.hz(moved, self.rest_hz)?, self.rest_hz)
            }
        }
    }

    /// The intermediate coordinate of a value, both in SI.
    pub fn intermediate(&self, value: f64) -> Option<f64> {
        match self.spacing {
            Spacing::Own => Some(value - self.reference),
            Spacing::Logarithmic => Some(self.reference * (value / self.reference).ln()),
            Spacing::In(x) => Some((self.even(x, value)? - self.even(x, self.reference)?) / self.slope(x)?),
        }
    }

    /// The value in the variable in which pixels are even.
    fn even(&self, x: Quantity, value: f64) -> Option<f64> {
        x.at_hz(self.quantity.hz(value, self.rest_hz)?, self.rest_hz)
    }

    /// dX/dS at the reference: CDELT counts in the axis's own variable there (paper III, equation 5).
    fn slope(&self, x: Quantity) -> Option<f64> {
        let own = self.quantity.hz_per_unit(self.reference, self.rest_hz)?;
        let even = x.hz_per_unit(self.even(x, self.reference)?, self.rest_hz)?;
        Some(own / even)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CO_HZ: f64 = 115.271_202e9;

    #[test]
    fn conventions_by_their_definitions() {
        let hz = CO_HZ * (1.0 - 1e4 / C_M_S);
        let radio = Quantity::Frequency.velocity_km_s(hz, Some(CO_HZ)).expect("rest frequency given");
        assert!((radio - 10.0).abs() < 1e-9);
        assert_eq!(Quantity::Frequency.velocity_km_s(hz, None), None);
        assert_eq!(Quantity::OpticalVelocity.velocity_km_s(4500.0, None), Some(4.5));
        let optical = Quantity::Wavelength.velocity_km_s(1.001e-3, Some(C_M_S / 1e-3)).expect("given");
        assert!((optical - C_M_S * 1e-6).abs() < 1e-6);
    }

    #[test]
    fn air_and_vacuum_lead_back() {
        let hz = Quantity::AirWavelength.hz(656.28e-9, None).expect("no rest needed");
        let back = Quantity::AirWavelength.at_hz(hz, None).expect("no rest needed");
        assert!((back / 656.28e-9 - 1.0).abs() < 1e-14);
        // 1 + 10⁻⁶ (287.6155 + 1.62887/0.65628² + 0.01360/0.65628⁴) = 1.000291471
        assert!((C_M_S / hz / 656.28e-9 - 1.000_291_471).abs() < 1e-9);
    }

    /// An optical velocity on an axis linear in frequency, against the closed form of paper III.
    #[test]
    fn uneven_axes_follow_their_variable() {
        let axis = Spectral::new(Quantity::OpticalVelocity, "F2W", 1e6, Some(CO_HZ)).expect("consistent");
        let reference_hz = CO_HZ / (1.0 + 1e6 / C_M_S);
        let slope = -reference_hz * reference_hz / (CO_HZ * C_M_S);
        for intermediate in [-2e6, 0.0, 3e5] {
            let hz = reference_hz + slope * intermediate;
            let expected = C_M_S * (CO_HZ / hz - 1.0);
            let value = axis.value(intermediate).expect("rest frequency given");
            assert!((value - expected).abs() < 1e-4, "{value} {expected}");
            let back = axis.intermediate(value).expect("rest frequency given");
            assert!((back - intermediate).abs() < 1e-4, "{back}");
        }
        assert!(Spectral::new(Quantity::OpticalVelocity, "F2W", 1e6, None).is_err());
        assert!(Spectral::new(Quantity::Wavelength, "GRI", 1e-6, None).is_err());
    }
}
