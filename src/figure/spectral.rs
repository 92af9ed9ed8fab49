//! The third axis of a cube as a spectrum shows it: values, unit, name.

use super::text;
use crate::data::Header;
use crate::io::wcs::Wcs;

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

impl Spectral {
    /// Where a channel lies, in words.
    pub fn words(&self, channel: usize) -> String {
        self.values
            .get(channel)
            .map(|value| format!("{} {}", text::number(*value), self.unit))
            .unwrap_or_default()
    }
}

/// Reads the spectral axis of a cube with `channels` channels; `None` where it has none. What had to be assumed goes to `warn`.
pub fn spectral(header: &Header, channels: usize, warn: impl Fn(String)) -> Option<Spectral> {
    let wcs = Wcs::from_header(header).ok()?;
    wcs.warnings.iter().for_each(|warning| warn(warning.clone()));
    let index = wcs.spectral?;
    match wcs.velocities_km_s(channels) {
        Ok(velocities) if velocities.iter().all(|velocity| velocity.is_finite()) => {
            let name = velocity_name(header, &wcs.axes[index].ctype);
            return Some(Spectral {
                values: velocities.clone(),
                unit: "km s⁻¹".to_owned(),
                label: format!("{name}, km s⁻¹"),
                velocity_km_s: Some(velocities),
            });
        }
        Ok(_) => {}
        Err(error) => warn(error.to_string()),
    }
    // No velocity: the axis as the file has it.
    let axis = wcs.axes.get(index)?;
    let mut pixel = vec![1.0; wcs.axes.len()];
    let values: Vec<f64> = (1..=channels)
        .filter_map(|channel| {
            pixel[index] = channel as f64;
            wcs.world(&pixel).get(index).copied().filter(|value| value.is_finite())
        })
        .collect();
    let unit = text::unit(&axis.unit);
    let label = format!("{}, {unit}", axis.ctype);
    (values.len() == channels).then_some(Spectral { values, unit, label, velocity_km_s: None })
}

/// The name of a velocity with its frame: `LSR velocity`. By SPECSYS, else by what AIPS writes behind the CTYPE.
pub fn velocity_name(header: &Header, ctype: &str) -> String {
    let frame = header.text("SPECSYS").filter(|frame| !frame.is_empty());
    let name = match frame.or_else(|| ctype.split('-').next_back().filter(|end| ctype.len() > end.len())) {
        Some("LSRK" | "LSRD" | "LSR") => "LSR velocity",
        Some("BARYCENT" | "BAR") => "barycentric velocity",
        Some("HELIOCEN" | "HEL") => "heliocentric velocity",
        Some("TOPOCENT" | "OBS") => "topocentric velocity",
        _ => match frame {
            Some(other) => return format!("velocity ({other})"),
            None => "velocity",
        },
    };
    name.to_owned()
}
