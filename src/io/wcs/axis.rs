//! What each axis of an array counts: kind, unit, reference value.

use super::linear::Linear;
use super::{spectral, unit};
use crate::data::Header;

/// What an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AxisKind {
    Longitude,
    Latitude,
    Spectral,
    Stokes,
    Other,
}

/// One axis of an array.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// CTYPE as in the file.
    pub ctype: String,
    pub kind: AxisKind,
    /// Unit after conversion to degrees or SI; the file's own where no conversion is made, empty where it says none.
    pub unit: String,
    /// CRVAL in the file's unit.
    pub(super) reference: f64,
    /// From the file's unit to degrees or SI.
    pub(super) factor: f64,
    /// No coordinate can be given.
    pub(super) broken: bool,
    pub(super) unknown_unit: Option<String>,
    /// A velocity without a unit that only makes sense in km/s.
    pub(super) assumed_km_s: bool,
}

/// How many axes the header describes.
pub(super) fn count(header: &Header) -> usize {
    let claimed = |key: &str| header.integer(key).and_then(|count| usize::try_from(count).ok());
    let named = (1..=9)
        .rev()
        .find(|axis| {
            ["CTYPE", "CRVAL", "CRPIX", "CDELT"]
                .iter()
                .any(|stem| header.get(&format!("{stem}{axis}")).is_some())
        })
        .unwrap_or(0);
    let count = claimed("NAXIS").unwrap_or(0).max(claimed("WCSAXES").unwrap_or(0)).max(named);
    // No array of ours has more; the matrix grows with the square.
    count.min(32)
}

impl Axis {
    /// The axis of this 0-based number.
    pub(super) fn of(header: &Header, axis: usize) -> Self {
        let text = |stem: &str| header.text(&format!("{stem}{}", axis + 1)).unwrap_or("").to_owned();
        let ctype = text("CTYPE");
        let kind = kind_of(&ctype);
        let file_unit = text("CUNIT");
        let mut factor = 1.0;
        let mut unit_name = file_unit.clone();
        let mut unknown_unit = None;
        let measure = match kind {
            AxisKind::Longitude | AxisKind::Latitude => Some(unit::Measure::Angle),
            AxisKind::Spectral => {
                spectral::parse_ctype(&ctype.to_ascii_uppercase()).map(|(quantity, _)| quantity.measure())
            }
            AxisKind::Stokes | AxisKind::Other => None,
        };
        if let Some(measure) = measure {
            match unit::parse(&file_unit) {
                Some((unit::Measure::None, _)) => unit_name = measure.name().to_owned(),
                Some((found, found_factor)) if found == measure => {
                    factor = found_factor;
                    unit_name = measure.name().to_owned();
                }
                _ => unknown_unit = Some(file_unit),
            }
        }
        let reference = header.float(&format!("CRVAL{}", axis + 1)).unwrap_or(0.0);
        Self {
            ctype,
            kind,
            unit: unit_name,
            reference,
            factor,
            broken: false,
            unknown_unit,
            assumed_km_s: false,
        }
    }

    /// The three-letter code of a sky axis.
    pub(super) fn projection(&self) -> Option<&str> {
        if !matches!(self.kind, AxisKind::Longitude | AxisKind::Latitude) {
            return None;
        }
        self.ctype.get(5..8).filter(|_| self.ctype.as_bytes().get(4) == Some(&b'-'))
    }
}

fn kind_of(ctype: &str) -> AxisKind {
    let upper = ctype.to_ascii_uppercase();
    let name = upper.split('-').next().unwrap_or("");
    // RA, GLON, ELON, or xyLN for other bodies.
    let longitude = name == "RA" || (name.len() == 4 && (name.ends_with("LON") || name.ends_with("LN")));
    let latitude = name == "DEC" || (name.len() == 4 && (name.ends_with("LAT") || name.ends_with("LT")));
    match name {
        _ if longitude => AxisKind::Longitude,
        _ if latitude => AxisKind::Latitude,
        "STOKES" => AxisKind::Stokes,
        _ if spectral::parse_ctype(&upper).is_some() => AxisKind::Spectral,
        _ => AxisKind::Other,
    }
}

/// A velocity axis may leave out its unit (the standard says m/s, many surveys mean km/s) or misname it. Says so where the
/// numbers make m/s absurd: all of them below 1 km/s at less than 10 m/s a channel is no spectrum of the sky.
pub(super) fn judge_velocity_unit(
    axis: &mut Axis,
    header: &Header,
    linear: &Linear,
    index: usize,
    warnings: &mut Vec<String>,
) {
    let quantity = spectral::parse_ctype(&axis.ctype.to_ascii_uppercase()).map(|(quantity, _)| quantity);
    if quantity.map(spectral::Quantity::measure) != Some(unit::Measure::Speed) || axis.factor != 1.0 {
        return;
    }
    let channels = header.integer(&format!("NAXIS{}", index + 1)).unwrap_or(1).max(1) as f64;
    let step = linear.element(index, index);
    let ends = [1.0, channels].map(|pixel| axis.reference + step * (pixel - linear.reference(index)));
    let absurd = ends.iter().all(|value| value.abs() < 1000.0) && step.abs() < 10.0;
    let named = header.text(&format!("CUNIT{}", index + 1)).is_some_and(|unit| !unit.is_empty());
    let range = format!("{:.6} to {:.6} in steps of {step:.6}", ends[0], ends[1]);
    match (named, absurd) {
        (false, true) => {
            axis.unit.clear();
            axis.assumed_km_s = true;
            warnings.push(format!(
                "the velocity axis {} has no unit (CUNIT{}); its numbers, {range}, are kept as they are and taken as km/s \
                 where velocities are needed",
                axis.ctype,
                index + 1
            ));
        }
        (false, false) => warnings.push(format!(
            "the velocity axis {} has no unit (CUNIT{}); m/s is taken, as FITS says",
            axis.ctype,
            index + 1
        )),
        (true, true) => warnings.push(format!(
            "the velocity axis {} says m/s, but {range} looks like km/s: check CUNIT{}",
            axis.ctype,
            index + 1
        )),
        (true, false) => {}
    }
}
