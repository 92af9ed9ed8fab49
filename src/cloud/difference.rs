//! The difference of two cubes on the grid of the first: a prediction and the truth, two epochs, two lines.

use super::sky_plane::{SkyPlane, separation_deg};
use super::{Error, Result};
use crate::data::Cube;
use crate::io::wcs::Wcs;
use crate::job::Context;
use ndarray::{Array3, Axis, Zip};
use rayon::prelude::*;

/// A difference, and what was done to the second cube for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// First minus second, on the grid and with the header of the first; blank where either is, or the second does not reach.
    pub cube: Cube,
    /// In words; empty where the grids are the same.
    pub how: Vec<String>,
}

/// Grids that differ by less than this share of a pixel are the same.
const SAME: f64 = 0.02;

/// First minus second (velocity, y, x).
///
/// The sky grids must be the same but for a shift by whole pixels, which is undone. Channels at other velocities are interpolated
/// linearly; a channel beside a blank is blank. Cubes without coordinates are taken voxel by voxel.
///
/// # Errors
/// Units that differ; sky grids that do not fit, or only one on the sky; no overlap.
pub fn difference(first: &Cube, second: &Cube, ctx: &Context) -> Result<Difference> {
    let refuse = |what: String, advice: &str| {
        Error::input(format!("{} − {}: {what}", first.name, second.name), advice)
    };
    if !first.unit.is_empty() && !second.unit.is_empty() && first.unit.trim() != second.unit.trim() {
        return Err(refuse(
            format!("the values are in {} and {}", first.unit, second.unit),
            "bring both cubes to one unit",
        ));
    }
    let mut how = Vec::new();
    let shift = sky_shift(first, second).map_err(|(what, advice)| refuse(what, advice))?;
    if shift != [0, 0] {
        how.push(format!(
            "the second cube was moved by {} pixels along x and {} along y",
            shift[0], shift[1]
        ));
    }
    let (channels, rows, columns) = first.values.dim();
    let (their_channels, their_rows, their_columns) = second.values.dim();
    let places = channel_places(first, second, ctx).map_err(|(what, advice)| refuse(what, advice))?;
    if places.iter().enumerate().any(|(index, place)| *place != Some(index as f64)) {
        let beyond = places.iter().filter(|place| place.is_none()).count();
        let outside = if beyond > 0 { format!("; {beyond} channels lie beyond it") } else { String::new() };
        how.push(format!("the second cube was interpolated to the velocities of the first{outside}"));
    }
    if shift == [0, 0] && (rows, columns) != (their_rows, their_columns) {
        how.push(format!("the channels have {columns} × {rows} and {their_columns} × {their_rows} pixels"));
    }
    ctx.report("difference of two cubes", Some(0.0));
    let mut values = Array3::<f32>::from_elem((channels, rows, columns), f32::NAN);
    values
        .axis_iter_mut(Axis(0))
        .into_par_iter()
        .zip(first.values.axis_iter(Axis(0)))
        .zip(&places)
        .try_for_each(|((mut plane, ours), place)| {
            ctx.check()?;
            let Some(place) = place else { return Ok(()) };
            let low = (place.floor() as usize).min(their_channels - 1);
            let part = (place - low as f64) as f32;
            let (below, above) = (
                second.values.index_axis(Axis(0), low),
                second.values.index_axis(Axis(0), (low + 1).min(their_channels - 1)),
            );
            Zip::indexed(&mut plane).and(ours).for_each(|(y, x), to, &ours| {
                let (Some(j), Some(i)) = (y.checked_add_signed(-shift[1]), x.checked_add_signed(-shift[0]))
                else {
                    return;
                };
                let (Some(&a), Some(&b)) = (below.get([j, i]), above.get([j, i])) else { return };
                let theirs = if part == 0.0 { a } else { a + part * (b - a) };
                let value = ours - theirs;
                *to = if value.is_finite() { value } else { f32::NAN };
            });
            Ok::<(), Error>(())
        })?;
    if values.iter().all(|value| value.is_nan()) && first.values.iter().any(|value| value.is_finite()) {
        return Err(refuse(
            "no voxel has a value in both".into(),
            "choose cubes of one region and velocity range",
        ));
    }
    let mut header = first.header.clone();
    header.history(format!("aquila difference: {} minus {}", first.name, second.name));
    how.iter().for_each(|line| header.history(line.clone()));
    let unit = if first.unit.is_empty() { second.unit.clone() } else { first.unit.clone() };
    let name = format!("{} − {}", first.name, second.name);
    Ok(Difference { cube: Cube { name, values, unit, header }, how })
}

type Refusal = (String, &'static str);

/// The pixel (x, y) of the first at which pixel (0, 0) of the second lies.
fn sky_shift(first: &Cube, second: &Cube) -> std::result::Result<[isize; 2], Refusal> {
    let (a, b) = (SkyPlane::of(&first.header), SkyPlane::of(&second.header));
    let sizes = |cube: &Cube| (cube.values.dim().2, cube.values.dim().1);
    if !(a.has_sky() && b.has_sky()) {
        if a.has_sky() != b.has_sky() {
            let which = if a.has_sky() { "second" } else { "first" };
            if sizes(first) != sizes(second) {
                let advice = "give it the header of the other, or cubes of one shape";
                return Err((
                    format!("the {which} cube has no sky coordinates, and the shapes differ"),
                    advice,
                ));
            }
        } else if sizes(first) != sizes(second) {
            let ((w, h), (v, g)) = (sizes(first), sizes(second));
            let advice = "without coordinates only cubes of one shape can be subtracted";
            return Err((format!("the channels have {w} × {h} and {v} × {g} pixels"), advice));
        }
        return Ok([0, 0]);
    }
    let (width, height) = sizes(second);
    let corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]
        .map(|[x, y]| [x * (width.max(2) - 1) as f64, y * (height.max(2) - 1) as f64]);
    let advice = "regrid one cube onto the other's sky grid first (reproject, CASA imregrid)";
    let mut shift = None;
    for corner in corners {
        let there = b.sky(corner).and_then(|sky| {
            let sky = a.from_frame(b.frame(), sky).ok()?;
            Some((sky, a.pixel(sky)?))
        });
        let Some((sky, pixel)) = there else {
            return Err(("the second cube's sky cannot be found in the first's coordinates".into(), advice));
        };
        let offset = [pixel[0] - corner[0], pixel[1] - corner[1]];
        let whole = shift.get_or_insert(offset.map(f64::round));
        let off = (offset[0] - whole[0]).hypot(offset[1] - whole[1]);
        if off.is_nan() || off > SAME {
            let target = a.sky([whole[0] + corner[0], whole[1] + corner[1]]);
            let distance = target.map_or(f64::NAN, |target| separation_deg(target, sky) * 3600.0);
            let what = format!(
                "the sky grids differ by {off:.2} pixels ({distance:.1}″) beside a shift by whole pixels"
            );
            return Err((what, advice));
        }
    }
    let shift = shift.unwrap_or([0.0; 2]);
    Ok(shift.map(|part| part as isize))
}

/// Where the first's channels lie in the second: channels counted from 0, between two where the velocities are; `None` beyond.
fn channel_places(
    first: &Cube,
    second: &Cube,
    ctx: &Context,
) -> std::result::Result<Vec<Option<f64>>, Refusal> {
    let axis = |cube: &Cube| {
        let wcs = Wcs::from_header(&cube.header).ok().filter(|wcs| wcs.spectral == Some(2))?;
        wcs.velocities_km_s(cube.values.dim().0).ok()
    };
    let (ours, theirs) = (first.values.dim().0, second.values.dim().0);
    let (Some(a), Some(b)) = (axis(first), axis(second)) else {
        if ours != theirs {
            let advice = "cubes with other channels need a velocity axis each";
            return Err((
                format!("there are {ours} and {theirs} channels, and not both have velocities"),
                advice,
            ));
        }
        ctx.warn("not both cubes have velocities; channels are taken one by one");
        return Ok((0..ours).map(|channel| Some(channel as f64)).collect());
    };
    Ok(a.iter()
        .enumerate()
        .map(|(index, velocity)| {
            let place = place_along(&b, *velocity)?;
            // The same grid to within rounding of its header is taken as it is.
            let nearest = place.round();
            Some(if (place - nearest).abs() < 1e-3 { nearest } else { place }).filter(|_| index < ours)
        })
        .collect())
}

fn place_along(axis: &[f64], velocity: f64) -> Option<f64> {
    if let [only] = axis {
        return (only == &velocity).then_some(0.0);
    }
    let step = (axis.last()? - axis.first()?).abs() / (axis.len() - 1) as f64;
    // The ends of both axes may differ by rounding.
    let near = |end: f64| (end - velocity).abs() < 1e-3 * step;
    if near(axis[0]) {
        return Some(0.0);
    }
    if near(axis[axis.len() - 1]) {
        return Some((axis.len() - 1) as f64);
    }
    let low = axis.windows(2).position(|pair| (pair[0] - velocity) * (pair[1] - velocity) <= 0.0)?;
    Some(low as f64 + (velocity - axis[low]) / (axis[low + 1] - axis[low]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Header;

    fn cube(name: &str, shape: (usize, usize, usize), corner: [f64; 2], v0: f64, dv: f64) -> Cube {
        let mut header = Header::default();
        for (axis, ctype, pixel, value, step) in [
            (1, "RA---TAN", 11.0 - corner[0], 51.0, -0.01),
            (2, "DEC--TAN", 11.0 - corner[1], 30.0, 0.01),
            (3, "VRAD", 1.0, v0 * 1e3, dv * 1e3),
        ] {
            header.set_text(&format!("CTYPE{axis}"), ctype, "");
            header.set_float(&format!("CRPIX{axis}"), pixel, "");
            header.set_float(&format!("CRVAL{axis}"), value, "");
            header.set_float(&format!("CDELT{axis}"), step, "");
        }
        header.set_text("CUNIT3", "m/s", "");
        // Linear in velocity and in the place on the sky: interpolation is exact.
        let values = Array3::from_shape_fn(shape, |(k, j, i)| {
            (3.0 * (v0 + dv * k as f64) + 10.0 * (j as f64 + corner[1]) + 0.1 * (i as f64 + corner[0])) as f32
        });
        Cube { name: name.into(), values, unit: "K".into(), header }
    }

    #[test]
    fn shifts_and_other_velocities_are_undone() {
        let ctx = Context::unwatched();
        let a = cube("a", (9, 20, 20), [0.0, 0.0], 2.0, 0.5);
        let same = difference(&a, &a, &ctx).expect("a difference");
        assert!(same.how.is_empty() && same.cube.values.iter().all(|value| *value == 0.0));
        assert_eq!(same.cube.unit, "K");
        let mut b = cube("b", (12, 20, 16), [3.0, -2.0], 1.9, 0.4);
        b.values += 1.5;
        b.values[[4, 5, 5]] = f32::NAN;
        let other = difference(&a, &b, &ctx).expect("a difference");
        assert_eq!(other.how.len(), 2, "{:?}", other.how);
        for ((k, j, i), value) in other.cube.values.indexed_iter() {
            let inside = (3..19).contains(&i) && j < 18;
            // b's blank lies at 3.5 km/s, x = 8, y = 3 of a: its channel 3, and no other leans on it.
            let blank = (j, i) == (3, 8) && k == 3;
            assert_eq!(value.is_finite(), inside && !blank, "{k} {j} {i}");
            assert!(!value.is_finite() || (value + 1.5).abs() < 1e-4, "{value} at {k} {j} {i}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_reason() {
        let ctx = Context::unwatched();
        let a = cube("a", (5, 20, 20), [0.0, 0.0], 2.0, 0.5);
        let why = |b: &Cube| difference(&a, b, &ctx).expect_err("refused").to_string();
        assert!(why(&cube("b", (5, 20, 20), [0.5, 0.0], 2.0, 0.5)).contains("0.50 pixels"));
        assert!(why(&cube("b", (5, 20, 20), [0.0, 0.0], 50.0, 0.5)).contains("no voxel"));
        let mut b = a.clone();
        b.unit = "Jy/beam".into();
        assert!(why(&b).contains("K and Jy/beam"));
        let bare = Cube { header: Header::default(), values: Array3::zeros((5, 4, 4)), ..a.clone() };
        assert!(why(&bare).contains("no sky coordinates"));
        // Without coordinates on one side, cubes of one shape are taken voxel by voxel.
        let plain = Cube { header: Header::default(), ..a.clone() };
        assert!(
            difference(&a, &plain, &ctx).expect("a difference").cube.values.iter().all(|value| *value == 0.0)
        );
    }
}
