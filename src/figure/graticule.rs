//! The sky in figures: where ticks of its coordinates lie along an edge and what they say, positions in words, scale bars.

use super::text;
use crate::io::wcs::SkyFrame;

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

/// At most about `most` ticks of a coordinate along an edge, whose longitude and latitude in degrees `sky_at(0..=1)` tells. They
/// stand where the coordinate itself is round, however the sky is curved along the edge.
pub fn sky_ticks(
    frame: SkyFrame,
    coordinate: Coordinate,
    most: usize,
    sky_at: impl Fn(f32) -> Option<(f64, f64)>,
) -> Vec<(f32, String)> {
    let in_time = coordinate == Coordinate::Longitude && matches!(frame, SkyFrame::Equatorial(_));
    let unit_deg = if in_time { 15.0 / 3600.0 } else { 1.0 / 3600.0 };
    let values = along(coordinate, unit_deg, sky_at);
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
    coordinate: Coordinate,
    unit_deg: f64,
    sky_at: impl Fn(f32) -> Option<(f64, f64)>,
) -> Vec<Option<f64>> {
    let mut last: Option<f64> = None;
    let value = |index: usize| {
        let (longitude, latitude) = sky_at(index as f32 / SAMPLES as f32)?;
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

/// A position in words: `RA 03ʰ25ᵐ38.3ˢ Dec +30°44′05″`.
pub fn sky_words(frame: SkyFrame, longitude: f64, latitude: f64) -> String {
    match frame {
        SkyFrame::Galactic => format!("l {longitude:.4}° b {latitude:+.4}°").replace('-', "−"),
        SkyFrame::Ecliptic => format!("λ {longitude:.4}° β {latitude:+.4}°").replace('-', "−"),
        SkyFrame::Equatorial(_) => {
            format!("RA {} Dec {}", text::right_ascension(longitude), text::declination(latitude))
        }
    }
}

/// A length of a pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PixelSize {
    Degrees(f64),
    /// For maps of simulations.
    Parsec(f64),
}

/// A scale bar: its length in pixels of the map and its label, no longer than `most_px`.
pub fn scale_bar(pixel: PixelSize, most_px: f64) -> Option<(f64, String)> {
    let (size, steps, per): (f64, &[f64], f64) = match pixel {
        PixelSize::Degrees(degrees) => (
            degrees * 3600.0,
            &[
                0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0,
                3600.0, 7200.0, 18000.0, 36000.0, 108_000.0,
            ],
            1.0 / 3600.0,
        ),
        PixelSize::Parsec(parsec) => (
            parsec,
            &[0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0],
            1.0,
        ),
    };
    let length = steps.iter().rev().find(|&&step| step / size <= most_px)?;
    let label = match pixel {
        PixelSize::Degrees(_) => text::angle(length * per),
        PixelSize::Parsec(_) => format!("{} pc", text::number(*length)),
    };
    Some((length / size, label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Header;
    use crate::io::wcs::Wcs;

    fn wcs(ctype: [&str; 2], centre: [f64; 2], step_deg: f64) -> Wcs {
        let mut header = Header::default();
        for (axis, name) in ctype.iter().enumerate() {
            let axis = axis + 1;
            header.set_text(&format!("CTYPE{axis}"), *name, "");
            header.set_float(&format!("CRVAL{axis}"), centre[axis - 1], "");
            header.set_float(&format!("CRPIX{axis}"), 50.5, "");
            header.set_float(&format!("CDELT{axis}"), if axis == 1 { -step_deg } else { step_deg }, "");
        }
        Wcs::from_header(&header).expect("a description")
    }

    #[test]
    fn ticks_stand_where_the_coordinate_is_round() {
        let wcs = wcs(["RA---TAN", "DEC--TAN"], [0.05, -30.0], 1.0 / 60.0);
        let sky = |x: f32, y: f32| {
            let world = wcs.world(&[f64::from(x) + 1.0, f64::from(y) + 1.0]);
            Some((world[0], world[1]))
        };
        let frame = SkyFrame::Equatorial("ICRS");
        let found = sky_ticks(frame, Coordinate::Longitude, 6, |t| sky(t * 99.0, 0.0));
        assert!((2..=8).contains(&found.len()), "{found:?}");
        for (place, label) in &found {
            let (longitude, _) = sky(place * 99.0, 0.0).expect("on the sky");
            let minutes = longitude * 4.0;
            assert!((minutes - minutes.round()).abs() < 0.01, "{label} stands at {minutes} minutes");
        }
        assert!(
            found.iter().any(|(_, label)| label == "0ʰ00ᵐ"),
            "over the zero of right ascension: {found:?}"
        );
        let side = sky_ticks(frame, Coordinate::Latitude, 6, |t| sky(0.0, t * 99.0));
        assert!(side.iter().any(|(_, label)| label == "−30°00′"), "{side:?}");
    }

    #[test]
    fn galactic_longitudes_are_degrees_and_no_sky_has_no_ticks() {
        let wcs = wcs(["GLON-CAR", "GLAT-CAR"], [30.0, 0.0], 0.1);
        let found = sky_ticks(SkyFrame::Galactic, Coordinate::Longitude, 6, |t| {
            let world = wcs.world(&[f64::from(t) * 99.0 + 1.0, 51.0]);
            Some((world[0], world[1]))
        });
        assert!(found.iter().any(|(_, label)| label == "30°"), "{found:?}");
        assert!(sky_ticks(SkyFrame::Galactic, Coordinate::Latitude, 6, |_| None).is_empty());
    }

    #[test]
    fn labels_never_show_sixty() {
        assert_eq!(label(59.999_999, 0.1, true, Coordinate::Longitude), "0ʰ01ᵐ00.0ˢ");
        assert_eq!(label(-1800.0, 1800.0, false, Coordinate::Latitude), "−0°30′");
        assert_eq!(label(0.0, 3600.0, false, Coordinate::Latitude), "+0°");
    }

    #[test]
    fn scale_bars_are_round() {
        let (length, label) = scale_bar(PixelSize::Degrees(14.0 / 3600.0), 60.0).expect("a bar");
        assert_eq!(label, "10′");
        assert!((length - 600.0 / 14.0).abs() < 1e-9);
        assert_eq!(scale_bar(PixelSize::Parsec(0.078), 30.0).expect("a bar").1, "2 pc");
    }
}
