//! Ticks of the world coordinates on the frame of a map: longitudes below it, latitudes at its left. Where they lie and what they
//! say; the painting is in `map`.

use super::sky::{Sky, SkyFrame};
use egui::Pos2;

/// A tick: its place along the edge from 0 to 1, and its label.
pub type Tick = (f32, String);

/// Which coordinate an edge tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coordinate {
    Longitude,
    Latitude,
}

/// Points of an edge at which the coordinate is asked for: between two of them it is taken as linear.
const SAMPLES: usize = 64;
/// Distances between ticks, in arcseconds.
const STEPS_ARCSEC: [f64; 22] = [
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0,
    7200.0, 18_000.0, 36_000.0, 54_000.0, 108_000.0, 162_000.0,
];
/// The same in seconds of time, for right ascensions.
const STEPS_TIME_S: [f64; 18] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0,
    3600.0,
];

/// At most `most` ticks of a coordinate along the edge on which `pixel_at(0..=1)` lies. None where the edge is not on the sky.
pub fn ticks(sky: &Sky, coordinate: Coordinate, most: usize, pixel_at: impl Fn(f32) -> Pos2) -> Vec<Tick> {
    let Some(frame) = sky.frame() else { return Vec::new() };
    let in_time = coordinate == Coordinate::Longitude && matches!(frame, SkyFrame::Equatorial(_));
    let unit_deg = if in_time { 15.0 / 3600.0 } else { 1.0 / 3600.0 };
    let values = along(sky, coordinate, unit_deg, pixel_at);
    let known = || values.iter().flatten().copied();
    let (low, high) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let steps: &[f64] = if in_time { &STEPS_TIME_S } else { &STEPS_ARCSEC };
    let wanted = (high - low) / most.max(1) as f64;
    let Some(&step) = steps.iter().find(|&&step| step >= wanted).filter(|_| high > low) else {
        return Vec::new();
    };
    let mut ticks = Vec::new();
    for (index, pair) in values.windows(2).enumerate() {
        let &[Some(from), Some(to)] = pair else { continue };
        // The multiples of the step in (from, to], so that none is met twice.
        let (first, last) = ((from.min(to) / step).floor() as i64 + 1, (from.max(to) / step).floor() as i64);
        for number in (first..=last).take(most + 1) {
            let value = number as f64 * step;
            let within = ((value - from) / (to - from)) as f32;
            ticks.push(((index as f32 + within) / SAMPLES as f32, label(value, step, in_time, coordinate)));
        }
    }
    ticks.truncate(2 * most);
    ticks
}

/// The coordinate along the edge in `unit_deg`, longitudes without jumps at 360°.
fn along(
    sky: &Sky,
    coordinate: Coordinate,
    unit_deg: f64,
    pixel_at: impl Fn(f32) -> Pos2,
) -> Vec<Option<f64>> {
    let mut last: Option<f64> = None;
    let value = |index: usize| {
        let (longitude, latitude) = sky.world(pixel_at(index as f32 / SAMPLES as f32))?;
        let mut degrees = if coordinate == Coordinate::Latitude { latitude } else { longitude };
        if let Some(last) = last.filter(|_| coordinate == Coordinate::Longitude) {
            degrees += 360.0 * ((last - degrees) / 360.0).round();
        }
        last = Some(degrees);
        Some(degrees / unit_deg)
    };
    (0..=SAMPLES).map(value).collect()
}

/// As many parts (h m s, ° ′ ″) as the step asks for.
fn label(value: f64, step: f64, in_time: bool, coordinate: Coordinate) -> String {
    let marks = if in_time { ["ʰ", "ᵐ", "ˢ"] } else { ["°", "′", "″"] };
    let turn = if in_time { 86_400.0 } else { 1_296_000.0 };
    let value = if coordinate == Coordinate::Longitude { value.rem_euclid(turn) } else { value };
    let decimals = (-step.log10()).ceil().max(0.0) as usize;
    // Rounded to the last decimal first, so that no 60 appears.
    let scale = 10_f64.powi(decimals as i32);
    let parts = (value.abs() * scale).round();
    let (whole, rest) = ((parts / scale).floor() as u64, parts % (60.0 * scale) / scale);
    let sign = match coordinate {
        Coordinate::Latitude if value < 0.0 && parts > 0.0 => "−",
        Coordinate::Latitude => "+",
        Coordinate::Longitude => "",
    };
    let mut text = format!("{sign}{}{}", whole / 3600, marks[0]);
    if step < 3600.0 {
        text += &format!("{:02}{}", whole / 60 % 60, marks[1]);
    }
    if step < 60.0 {
        let width = if decimals > 0 { decimals + 3 } else { 2 };
        text += &format!("{rest:0width$.decimals$}{}", marks[2]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Header;
    use egui::pos2;

    fn sky(ctype: [&str; 2], centre: [f64; 2], step_deg: f64) -> Sky {
        let mut header = Header::default();
        for (axis, name) in ctype.iter().enumerate() {
            let axis = axis + 1;
            header.set_text(&format!("CTYPE{axis}"), *name, "");
            header.set_float(&format!("CRVAL{axis}"), centre[axis - 1], "");
            header.set_float(&format!("CRPIX{axis}"), 50.5, "");
            header.set_float(&format!("CDELT{axis}"), if axis == 1 { -step_deg } else { step_deg }, "");
        }
        Sky::new(&header, 100, 100)
    }

    #[test]
    fn ticks_stand_where_the_coordinate_is_round() {
        let sky = sky(["RA---TAN", "DEC--TAN"], [0.05, -30.0], 1.0 / 60.0);
        let edge = |t: f32| pos2(t * 99.0, 0.0);
        let found = ticks(&sky, Coordinate::Longitude, 6, edge);
        assert!((2..=8).contains(&found.len()), "{found:?}");
        for (place, label) in &found {
            let (longitude, _) = sky.world(edge(*place)).expect("on the sky");
            let minutes = longitude * 4.0;
            assert!((minutes - minutes.round()).abs() < 0.01, "{label} stands at {minutes} minutes");
        }
        assert!(
            found.iter().any(|(_, label)| label == "0ʰ00ᵐ"),
            "over the zero of right ascension: {found:?}"
        );
        let side = ticks(&sky, Coordinate::Latitude, 6, |t| pos2(0.0, t * 99.0));
        assert!(side.iter().any(|(_, label)| label == "−30°00′"), "{side:?}");
    }

    #[test]
    fn galactic_longitudes_are_degrees_and_plain_maps_have_no_ticks() {
        let galactic = sky(["GLON-CAR", "GLAT-CAR"], [30.0, 0.0], 0.1);
        let found = ticks(&galactic, Coordinate::Longitude, 6, |t| pos2(t * 99.0, 50.0));
        assert!(found.iter().any(|(_, label)| label == "30°"), "{found:?}");
        let plain = Sky::new(&Header::default(), 100, 100);
        assert!(ticks(&plain, Coordinate::Latitude, 6, |t| pos2(t, 0.0)).is_empty());
    }

    #[test]
    fn labels_never_show_sixty() {
        assert_eq!(label(59.999_999, 0.1, true, Coordinate::Longitude), "0ʰ01ᵐ00.0ˢ");
        assert_eq!(label(-1800.0, 1800.0, false, Coordinate::Latitude), "−0°30′");
        assert_eq!(label(0.0, 3600.0, false, Coordinate::Latitude), "+0°");
    }
}
