//! What an axis of a cube is called, its unit, and the ticks of plain numbers along it.

use super::EdgeTick;
use crate::data::Header;
use crate::figure::{self, Coordinate};
use crate::io::wcs::{Quantity, SkyFrame};
use serde::{Deserialize, Serialize};

/// What is counted along the spectral axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpectralUnit {
    /// Velocities of the file's own convention; radio for frequencies, optical for wavelengths; the file's axis without a rest frequency.
    #[default]
    File,
    /// c (1 − ν/ν₀), km/s.
    RadioVelocity,
    /// c (ν₀/ν − 1), km/s.
    OpticalVelocity,
    Frequency,
    /// In vacuum.
    Wavelength,
    /// Counted from 1 as FITS does.
    Channel,
}

impl SpectralUnit {
    pub const ALL: [Self; 6] = [
        Self::File,
        Self::RadioVelocity,
        Self::OpticalVelocity,
        Self::Frequency,
        Self::Wavelength,
        Self::Channel,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::File => "as the file",
            Self::RadioVelocity => "velocity, radio",
            Self::OpticalVelocity => "velocity, optical",
            Self::Frequency => "frequency",
            Self::Wavelength => "wavelength",
            Self::Channel => "channel",
        }
    }

    /// The quantity to which the file's is converted; `None` for the file's own and for channels.
    pub(super) fn quantity(self) -> Option<Quantity> {
        match self {
            Self::File | Self::Channel => None,
            Self::RadioVelocity => Some(Quantity::RadioVelocity),
            Self::OpticalVelocity => Some(Quantity::OpticalVelocity),
            Self::Frequency => Some(Quantity::Frequency),
            Self::Wavelength => Some(Quantity::Wavelength),
        }
    }
}

/// What an axis of a cube counts, in the unit in which it is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AxisKind {
    Sky(Coordinate),
    /// km/s.
    Velocity,
    /// A spectral axis that cannot be made a velocity: hertz or metres over the unit shown.
    Spectral(Quantity),
    /// A coordinate with a name of its own.
    Other,
    /// Voxels, counted from 1 as FITS does.
    Voxel,
}

/// An axis of a cube.
#[derive(Clone, Debug, PartialEq)]
pub struct CubeAxis {
    pub kind: AxisKind,
    /// As a figure prints it: `RA (J2000)`, `LSR velocity`.
    pub name: String,
    /// As a figure prints it; empty for the sky, whose numbers carry their units, and for voxels.
    pub unit: String,
    /// From degrees or SI to the unit shown.
    pub(super) scale: f64,
}

impl CubeAxis {
    /// Name and unit: `LSR velocity, km s⁻¹`.
    pub fn title(&self) -> String {
        if self.unit.is_empty() { self.name.clone() } else { format!("{}, {}", self.name, self.unit) }
    }

    pub(super) fn voxels(name: &str) -> Self {
        Self { kind: AxisKind::Voxel, name: name.to_owned(), unit: String::new(), scale: 1.0 }
    }
}

/// Points of an edge at which a coordinate is asked for: between two of them it is taken as linear.
const SAMPLES: usize = 64;

/// Ticks of a plain number along an edge, all with as many decimals as their distance needs.
pub(super) fn plain_ticks(most: usize, value_at: impl Fn(f64) -> f64) -> Vec<EdgeTick> {
    let values: Vec<f64> = (0..=SAMPLES).map(|index| value_at(index as f64 / SAMPLES as f64)).collect();
    let (low, high) = values
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
    if !(low < high && low.is_finite() && high.is_finite()) {
        return Vec::new();
    }
    let raw = (high - low) / most.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|part| part * power).into_iter().find(|step| *step >= raw * 0.999);
    let step = step.unwrap_or(10.0 * power);
    let decimals = (-step.log10()).ceil().clamp(0.0, 9.0) as usize;
    let large = low.abs().max(high.abs());
    let mut ticks = Vec::new();
    for (index, pair) in values.windows(2).enumerate() {
        let (from, to) = (pair[0], pair[1]);
        let (first, last) = ((from.min(to) / step).floor() as i64 + 1, (from.max(to) / step).floor() as i64);
        for number in (first..=last).take(most + 1) {
            let value = number as f64 * step;
            let place = (index as f64 + (value - from) / (to - from)) / SAMPLES as f64;
            let label = if large >= 1e6 || step < 1e-9 {
                figure::label(value)
            } else if number == 0 {
                "0".to_owned()
            } else {
                format!("{value:.decimals$}").replace('-', "−")
            };
            ticks.push((place as f32, label));
        }
    }
    ticks.truncate(2 * most);
    ticks
}

pub(super) fn sky_name(header: &Header, frame: SkyFrame, coordinate: Coordinate) -> String {
    let name = match (frame, coordinate) {
        (SkyFrame::Equatorial(system), Coordinate::Longitude) => {
            let equinox = header.float("EQUINOX").or_else(|| header.float("EPOCH"));
            let system = match equinox.filter(|equinox| *equinox > 1800.0) {
                Some(equinox) if system == "FK5" => format!("J{equinox}"),
                Some(equinox) if system == "FK4" => format!("B{equinox}"),
                _ if system == "FK5" => "J2000".to_owned(),
                _ if system == "FK4" => "B1950".to_owned(),
                _ => system.to_owned(),
            };
            return format!("RA ({system})");
        }
        (SkyFrame::Equatorial(_), Coordinate::Latitude) => "Dec",
        (SkyFrame::Galactic, Coordinate::Longitude) => "l (Galactic)",
        (SkyFrame::Galactic, Coordinate::Latitude) => "b",
        (SkyFrame::Ecliptic, Coordinate::Longitude) => "λ (ecliptic)",
        (SkyFrame::Ecliptic, Coordinate::Latitude) => "β",
    };
    name.to_owned()
}

/// A spectral axis that is no velocity, in the unit in which such numbers are read: the file's own, else by their size.
pub(super) fn spectral_axis(quantity: Quantity, typical: f64, file_unit: &str) -> CubeAxis {
    let file_unit = file_unit.to_ascii_lowercase();
    let (name, unit, scale) = match quantity {
        Quantity::Wavelength | Quantity::AirWavelength => {
            let name = if quantity == Quantity::AirWavelength { "λ (air)" } else { "λ" };
            let (unit, scale) = match file_unit.as_str() {
                "angstrom" | "angstroms" | "ang" | "a" => ("Å", 1e10),
                "nm" => ("nm", 1e9),
                "um" | "micron" | "microns" => ("μm", 1e6),
                _ if typical.abs() < 1e-6 => ("Å", 1e10),
                _ if typical.abs() < 3e-4 => ("μm", 1e6),
                _ if typical.abs() < 0.01 => ("mm", 1e3),
                _ => ("m", 1.0),
            };
            (name, unit, scale)
        }
        Quantity::Frequency => match typical.abs() {
            hz if hz >= 1e9 => ("ν", "GHz", 1e-9),
            hz if hz >= 1e6 => ("ν", "MHz", 1e-6),
            _ => ("ν", "Hz", 1.0),
        },
        Quantity::Energy => ("E", "keV", 1.0 / 1.602_176_634e-16),
        Quantity::Wavenumber => ("1/λ", "cm⁻¹", 1e-2),
        Quantity::Redshift => ("z", "", 1.0),
        Quantity::Beta => ("v/c", "", 1.0),
        Quantity::RadioVelocity | Quantity::OpticalVelocity | Quantity::Velocity => ("v", "km s⁻¹", 1e-3),
    };
    CubeAxis { kind: AxisKind::Spectral(quantity), name: name.to_owned(), unit: unit.to_owned(), scale }
}
