//! Moments of an emission cube along its velocity axis.

use super::selection::Selection;
use super::{Error, Result};
use crate::data::{Cube, Header, Image};
use crate::io::header::keep_axes;
use crate::io::wcs::{Wcs, celestial_header};
use crate::job::Context;
use ndarray::{Array2, ArrayView1, ArrayView3, Axis, Zip, s};

/// Moment maps of a cube, all (y, x). Blank where a line of sight has no value that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Σ I Δv, in the cube's unit times km/s.
    pub integrated: Image,
    /// Σ I v / Σ I in km/s.
    pub velocity: Image,
    /// Σ I (v − moment 1)² / Σ I in km²/s², the variance of the line.
    pub variance: Image,
    /// The largest I.
    pub peak: Image,
}

/// Moments 0, 1, 2 and peak of a cube (velocity, y, x).
///
/// `velocity_km_s` has the centre of each channel. Values that are blank, or not above `threshold` where one is given, do not
/// count. A pixel without any value that counts is blank in every map; moments 1 and 2 are also blank where Σ I = 0, and moment
/// 2 where noise makes it negative is kept as it is.
///
/// # Errors
/// A velocity axis that does not fit the cube.
pub fn moments(cube: &Cube, velocity_km_s: &[f64], threshold: Option<f32>) -> Result<Moments> {
    let about = (&cube.header, cube.unit.as_str(), cube.name.as_str());
    let selection = Selection { threshold, ..Selection::default() };
    moments_of(cube.values.view(), about, velocity_km_s, &selection)
}

/// As [`moments`], of values whose header, unit and name lie elsewhere, and of those that are selected.
///
/// # Errors
/// As [`moments`]; channels that the cube does not have; a threshold in σ of a cube without noise.
pub fn moments_of(
    values: ArrayView3<'_, f32>,
    (header, unit, name): (&Header, &str, &str),
    velocity_km_s: &[f64],
    selection: &Selection,
) -> Result<Moments> {
    let (channels, rows, columns) = values.dim();
    if velocity_km_s.len() != channels || velocity_km_s.iter().any(|v| !v.is_finite()) {
        return Err(bad_axis(velocity_km_s.len(), channels));
    }
    let widths = channel_widths(velocity_km_s);
    let [first, last] = selection.channels_of(channels)?;
    let (velocity_km_s, widths) = (&velocity_km_s[first..=last], &widths[first..=last]);
    // The noise is that of all channels: those without a line measure it best.
    let counting = selection.counting(values)?;
    let (threshold, mask) = (counting.threshold, counting.mask);
    let values = values.slice_move(s![first..=last, .., ..]);
    let mut maps = [0; 4].map(|_| Array2::from_elem((rows, columns), f32::NAN));
    let [integrated, velocity, variance, peak] = &mut maps;
    let pixels = Zip::indexed(integrated).and(velocity).and(variance).and(peak).and(values.lanes(Axis(0)));
    pixels.par_for_each(|(y, x), m0, m1, m2, peak, line| {
        let mask = mask.as_ref().map(|mask| mask.slice(s![first..=last, y, x]));
        let Some(found) = along(line, (velocity_km_s, widths), threshold, mask) else { return };
        *m0 = found.integrated as f32;
        *m1 = found.velocity_km_s.map_or(f32::NAN, |mean| mean as f32);
        *m2 = found.variance_km2_s2.map_or(f32::NAN, |second| second as f32);
        *peak = found.peak as f32;
    });
    let [integrated, velocity, variance, peak] = maps;
    let base = if unit.is_empty() { String::new() } else { format!("{unit} ") };
    let image = |kind: &str, values, unit: String| {
        let mut header = map_header(header);
        if unit.is_empty() {
            header.remove("BUNIT");
        } else {
            header.set_text("BUNIT", unit.clone(), "");
        }
        header.history(format!("aquila cloud moments: {kind} of {name}{}", selection.words(threshold)));
        Image { name: kind.to_owned(), values, unit, header }
    };
    Ok(Moments {
        integrated: image("moment 0", integrated, format!("{base}km s-1")),
        velocity: image("moment 1", velocity, "km s-1".into()),
        variance: image("moment 2", variance, "km2 s-2".into()),
        peak: image("peak", peak, unit.to_owned()),
    })
}

/// Moments of one spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LineMoments {
    /// Σ I Δv, in the spectrum's unit times km/s.
    pub integrated: f64,
    /// Σ I v / Σ I; `None` where Σ I = 0.
    pub velocity_km_s: Option<f64>,
    /// Σ I (v − moment 1)² / Σ I; `None` where Σ I = 0. Noise can make it negative.
    pub variance_km2_s2: Option<f64>,
    pub peak: f64,
    /// Channels that count.
    pub channels: usize,
}

/// The moments of one spectrum, by the rules of [`moments`]; `None` where no channel counts.
///
/// # Errors
/// Velocities that do not fit the spectrum.
pub fn line_moments(
    spectrum: &[f32],
    velocity_km_s: &[f64],
    threshold: Option<f32>,
) -> Result<Option<LineMoments>> {
    if velocity_km_s.len() != spectrum.len() || velocity_km_s.iter().any(|v| !v.is_finite()) {
        return Err(bad_axis(velocity_km_s.len(), spectrum.len()));
    }
    let widths = channel_widths(velocity_km_s);
    Ok(along(ArrayView1::from(spectrum), (velocity_km_s, &widths), threshold, None))
}

pub(super) fn bad_axis(velocities: usize, channels: usize) -> Error {
    Error::input(
        format!("{velocities} velocities for {channels} channels"),
        "the velocity axis must have one finite value a channel",
    )
}

fn along(
    line: ArrayView1<'_, f32>,
    (velocity_km_s, widths): (&[f64], &[f64]),
    threshold: Option<f32>,
    mask: Option<ArrayView1<'_, bool>>,
) -> Option<LineMoments> {
    let counts = |channel: usize, value: f32| {
        value.is_finite()
            && threshold.is_none_or(|limit| value > limit)
            && mask.is_none_or(|mask| mask[channel])
    };
    let valid = || {
        let channels = line.iter().zip(velocity_km_s).zip(widths).enumerate();
        channels.filter(|(channel, ((value, _), _))| counts(*channel, **value)).map(|(_, channel)| channel)
    };
    let (mut area, mut sum, mut first, mut peak, mut channels) = (0.0, 0.0, 0.0, f64::NEG_INFINITY, 0);
    for ((&value, v), width) in valid() {
        let value = f64::from(value);
        area += value * width;
        sum += value;
        first += value * v;
        peak = peak.max(value);
        channels += 1;
    }
    let mean = (sum != 0.0).then(|| first / sum);
    let second = mean
        .map(|mean| valid().map(|((&value, v), _)| f64::from(value) * (v - mean).powi(2)).sum::<f64>() / sum);
    (channels > 0).then_some(LineMoments {
        integrated: area,
        velocity_km_s: mean,
        variance_km2_s2: second,
        peak,
        channels,
    })
}

/// Width of each channel: half the distance between its neighbours, at the ends the distance to the only one.
fn channel_widths(velocity_km_s: &[f64]) -> Vec<f64> {
    let last = velocity_km_s.len().saturating_sub(1);
    (0..velocity_km_s.len())
        .map(|i| {
            let (low, high) = (i.saturating_sub(1), (i + 1).min(last));
            let steps = (high - low).max(1) as f64;
            (velocity_km_s[high] - velocity_km_s[low]).abs() / steps
        })
        .collect()
}

/// The header of a cube's map; without sky axes, that of its last two array axes.
fn map_header(header: &Header) -> Header {
    let mut map = celestial_header(header).unwrap_or_else(|| keep_axes(header, &[1, 2]));
    map.remove("BUNIT");
    map
}

/// The velocity of each channel of a cube (velocity, y, x) in km/s, by the spectral axis of its header. What had to be assumed is
/// told by `ctx`.
///
/// # Errors
/// No spectral axis, one that is not the cube's first array axis, or one that needs a rest frequency that the header lacks.
pub fn velocity_axis_km_s(cube: &Cube, ctx: &Context) -> Result<Vec<f64>> {
    let advice = "moments need a cube with a velocity axis, or a spectral axis and a rest frequency";
    let fault = |what: String| Error::input(format!("{}: {what}", cube.name), advice);
    let wcs = Wcs::from_header(&cube.header).map_err(|error| fault(error.to_string()))?;
    if wcs.spectral != Some(2) {
        return Err(fault("its first array axis (FITS axis 3) is not spectral".into()));
    }
    wcs.warnings.iter().for_each(|warning| ctx.warn(format!("{}: {warning}", cube.name)));
    wcs.velocities_km_s(cube.values.dim().0).map_err(|error| fault(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn cube(values: Array3<f32>) -> Cube {
        let mut header = Header::default();
        for (key, value) in [("CTYPE1", "RA---TAN"), ("CTYPE3", "VRAD"), ("BUNIT", "K")] {
            header.set_text(key, value, "");
        }
        header.set_float("PC3_1", 0.0, "");
        header.set_float("PC1_2", 0.0, "");
        Cube { name: "cube".into(), values, unit: "K".into(), header }
    }

    #[test]
    fn a_gaussian_line_gives_its_area_mean_and_variance_and_blanks_do_not_count() {
        let velocity: Vec<f64> = (0..200).map(|i| 10.0 - 0.1 * f64::from(i)).collect();
        let line = |v: f64| 3.0 * (-(v - 2.3).powi(2) / (2.0 * 0.8f64.powi(2))).exp();
        let mut values = Array3::from_shape_fn((200, 2, 2), |(c, _, _)| line(velocity[c]) as f32);
        values.slice_mut(ndarray::s![.., 0, 0]).fill(f32::NAN);
        values[[0, 1, 1]] = f32::NAN;
        let maps = moments(&cube(values), &velocity, None).expect("moments");
        let area = 3.0 * 0.8 * (2.0 * std::f64::consts::PI).sqrt();
        for at in [[0, 1], [1, 0], [1, 1]] {
            assert!((f64::from(maps.integrated.values[at]) / area - 1.0).abs() < 1e-5);
            assert!((maps.velocity.values[at] - 2.3).abs() < 1e-5);
            assert!((maps.variance.values[at] - 0.64).abs() < 1e-5);
        }
        for map in [&maps.integrated, &maps.velocity, &maps.variance, &maps.peak] {
            assert!(map.values[[0, 0]].is_nan());
            assert!(map.header.get("CTYPE3").is_none() && map.header.get("PC3_1").is_none());
            assert!(map.header.get("CTYPE1").is_some() && map.header.get("PC1_2").is_some());
        }
        assert_eq!(maps.integrated.unit, "K km s-1");
        assert_eq!(maps.integrated.header.text("BUNIT"), Some("K km s-1"));
    }
}
