//! Coordinates of a cube as they are printed: words of a voxel, ticks along an edge.

use super::{AxisKind, EdgeTick, Geometry, axis};
use crate::figure::{Coordinate, sky_ticks, sky_words, text};
use crate::io::wcs::SkyFrame;

impl Geometry {
    /// The coordinates of a voxel in words: `RA 03ʰ25ᵐ38.3ˢ Dec +30°44′05″ · v 4.06 km s⁻¹`.
    pub fn words(&self, voxel: [f64; 3]) -> String {
        let world = self.world(voxel);
        let mut parts = Vec::new();
        if let Some((longitude, latitude)) = self.sky(voxel) {
            parts.push(sky_words(self.frame, longitude, latitude));
        }
        for (index, (axis, value)) in self.axes.iter().zip(world).enumerate() {
            if matches!(axis.kind, AxisKind::Sky(_)) || !value.is_finite() {
                continue;
            }
            let value = match axis.kind {
                AxisKind::Spectral(_) => self.spectral_number(index, voxel, value),
                AxisKind::Velocity => format!("{value:.2}").replace('-', "−"),
                AxisKind::Voxel => format!("{value:.0}").replace('-', "−"),
                _ => text::number(value),
            };
            let name = if axis.kind == AxisKind::Velocity { "v" } else { &axis.name };
            parts.push(format!("{name} {value} {}", axis.unit).trim_end().to_owned());
        }
        parts.join(" · ")
    }

    /// A frequency or wavelength with the digits that tell channels apart: `110.20135`.
    fn spectral_number(&self, axis: usize, voxel: [f64; 3], value: f64) -> String {
        let mut next = voxel;
        next[axis] += 1.0;
        let step = (self.world(next)[axis] - value).abs();
        if !(step.is_finite() && step > 0.0) || value.abs() >= 1e6 {
            return text::number(value);
        }
        let decimals = (1.0 - step.log10()).ceil().clamp(0.0, 9.0) as usize;
        format!("{value:.decimals$}").replace('-', "−")
    }

    /// A coordinate along an axis in words, without its name: `4.06 km s⁻¹`, `03ʰ25ᵐ38.3ˢ`.
    pub fn value_words(&self, axis: usize, voxel: [f64; 3]) -> String {
        let value = self.world(voxel)[axis];
        let own = &self.axes[axis];
        match (own.kind, self.frame) {
            _ if !value.is_finite() => "off the sky".to_owned(),
            (AxisKind::Sky(Coordinate::Longitude), SkyFrame::Equatorial(_)) => text::right_ascension(value),
            (AxisKind::Sky(Coordinate::Latitude), SkyFrame::Equatorial(_)) => text::declination(value),
            (AxisKind::Sky(_), _) => format!("{value:.4}°").replace('-', "−"),
            (AxisKind::Velocity, _) => format!("{value:.2} {}", own.unit).replace('-', "−"),
            (AxisKind::Voxel, _) => format!("{value:.1}"),
            (AxisKind::Spectral(_), _) => {
                let number = self.spectral_number(axis, voxel, value);
                format!("{number} {}", own.unit).trim_end().to_owned()
            }
            // What is zero but for rounding is zero.
            _ => {
                let step = self.steps[axis].abs() * own.scale.abs();
                text::quantity(if value.abs() < 1e-9 * step { 0.0 } else { value }, &own.unit)
            }
        }
    }

    /// About `most` ticks of an axis' coordinate along an edge on which `voxel_at(0..=1)` lies. They stand where the coordinate
    /// itself is round, not where a straight line between the corners would be.
    pub fn ticks(&self, axis: usize, most: usize, voxel_at: impl Fn(f64) -> [f64; 3]) -> Vec<EdgeTick> {
        match self.axes[axis].kind {
            AxisKind::Sky(coordinate) => {
                sky_ticks(self.frame, coordinate, most, |place| self.sky(voxel_at(f64::from(place))))
            }
            _ => axis::plain_ticks(most, |place| self.world(voxel_at(place))[axis]),
        }
    }
}
