//! Position–velocity maps: a cube along a line on the sky, averaged over the line's width.

use super::sky_plane::SkyPlane;
use super::{Error, Result};
use crate::data::{Header, Image};
use crate::io::header::keep_axes;
use crate::job::Context;
use ndarray::{Array2, ArrayView2, ArrayView3, ArrayViewMut2, Axis};
use rayon::prelude::*;

/// A line on the plane of the sky, with a width.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Two or more pixels (x, y), counted from 0.
    pub points: Vec<[f64; 2]>,
    /// Full width across the line: in arcseconds where the cube has sky coordinates, else in pixels. 0 for the line alone.
    pub width: f64,
}

/// A position–velocity map, with what lies under it.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionVelocity {
    /// (velocity, offset); blank where every pixel across the width is.
    pub image: Image,
    /// Offset from one column to the next, in `offset_unit`.
    pub step: f64,
    /// `arcsec`, or `pixel` without sky coordinates.
    pub offset_unit: &'static str,
    /// The pixels (x, y) of the middle of each column.
    pub places: Vec<[f64; 2]>,
    /// The offset of each corner of the cut, the first at 0.
    pub corners: Vec<f64>,
}

/// Columns and samples across that a cut may have: a mistaken width must not take all memory.
const MOST_SAMPLES: usize = 4_000_000;

/// The position–velocity map of a cube (velocity, y, x) along a cut.
///
/// Columns are one pixel apart (the shorter side of a pixel in the middle of the cut). Each is the mean over samples at most half a
/// pixel apart across the width, each interpolated bilinearly from the pixels that have a value; a sample of which these weigh less
/// than half does not count. Lengths along the cut are those in the plane of the image, with the pixel sides in the middle of the cut.
///
/// # Errors
/// A cut without length, a width that is not a number, a cut that is far too wide; cancellation.
pub fn position_velocity(
    cube: ArrayView3<'_, f32>,
    header: &Header,
    unit: &str,
    cut: &Cut,
    ctx: &Context,
) -> Result<PositionVelocity> {
    let plane = SkyPlane::of(header);
    let path = Path::of(&plane, cut)?;
    let (channels, rows, columns) = cube.dim();
    let samples = path.samples(rows, columns);
    let mut values = Array2::<f32>::from_elem((channels, samples.len()), f32::NAN);
    ctx.report("position–velocity cut", Some(0.0));
    line_means(cube, &samples, values.view_mut(), ctx)?;
    Ok(finished(values, header, unit, cut, &plane, path))
}

/// The mean of each column's samples, channel by channel.
pub(super) fn line_means(
    cube: ArrayView3<'_, f32>,
    samples: &[Vec<Stencil>],
    mut into: ArrayViewMut2<'_, f32>,
    ctx: &Context,
) -> Result<()> {
    into.axis_iter_mut(Axis(0)).into_par_iter().zip(cube.axis_iter(Axis(0))).try_for_each(
        |(mut line, channel)| {
            ctx.check()?;
            for (to, across) in line.iter_mut().zip(samples) {
                *to = mean(channel, across);
            }
            Ok(())
        },
    )
}

/// The map of the values with its header.
pub(super) fn finished(
    values: Array2<f32>,
    header: &Header,
    unit: &str,
    cut: &Cut,
    plane: &SkyPlane,
    path: Path,
) -> PositionVelocity {
    let offset_unit = if plane.has_sky() { "arcsec" } else { "pixel" };
    let mut map = map_header(header, path.step, offset_unit);
    map.history(format!(
        "aquila position-velocity cut, {:.3} {offset_unit} wide, through {}",
        cut.width,
        cut.points.iter().map(|point| place_text(plane, *point)).collect::<Vec<_>>().join(", ")
    ));
    PositionVelocity {
        image: Image { name: "position–velocity".into(), values, unit: unit.to_owned(), header: map },
        step: path.step,
        offset_unit,
        places: path.places.into_iter().map(|(at, _)| at).collect(),
        corners: path.corners,
    }
}

fn place_text(plane: &SkyPlane, point: [f64; 2]) -> String {
    match plane.sky(point) {
        Some([longitude, latitude]) => format!("{longitude:.6} {latitude:+.6} deg"),
        None => format!("pixel {:.2} {:.2}", point[0] + 1.0, point[1] + 1.0),
    }
}

/// The columns of a cut.
pub(super) struct Path {
    /// Pixel, and the step in pixels across the cut from one sample to the next.
    places: Vec<([f64; 2], [f64; 2])>,
    samples_across: usize,
    step: f64,
    corners: Vec<f64>,
}

impl Path {
    pub fn of(plane: &SkyPlane, cut: &Cut) -> Result<Self> {
        let fault =
            |what: &str, advice: &str| Err(Error::input(format!("position–velocity cut: {what}"), advice));
        if cut.points.iter().flatten().any(|part| !part.is_finite())
            || !cut.width.is_finite()
            || cut.width < 0.0
        {
            return fault(
                "its points or width are no numbers",
                "give two or more points and a width of 0 or more",
            );
        }
        let (Some(first), Some(last)) = (cut.points.first(), cut.points.last()) else {
            return fault("it has no points", "give two or more points");
        };
        let sides = plane.pixel_sides([0.5 * (first[0] + last[0]), 0.5 * (first[1] + last[1])]);
        let step = sides[0].min(sides[1]);
        let mut lengths = Vec::new();
        for pair in cut.points.windows(2) {
            let along = [(pair[1][0] - pair[0][0]) * sides[0], (pair[1][1] - pair[0][1]) * sides[1]];
            lengths.push((pair[0], along, along[0].hypot(along[1])));
        }
        let total: f64 = lengths.iter().map(|part| part.2).sum();
        if total <= 0.0 {
            return fault("it has no length", "give two points that differ");
        }
        let samples_across = ((2.0 * cut.width / step).ceil().min(1e9) as usize).max(1);
        let columns = (total / step).min(1e9) as usize + 1;
        if columns.saturating_mul(samples_across) > MOST_SAMPLES {
            return fault(
                &format!("{columns} offsets of {samples_across} samples are too many"),
                "draw a shorter or narrower one",
            );
        }
        let mut places = Vec::with_capacity(columns);
        for column in 0..columns {
            let mut left = column as f64 * step;
            let mut chosen = None;
            for (start, along, length) in lengths.iter().filter(|part| part.2 > 0.0) {
                chosen = Some((start, along, *length, left.min(*length)));
                if left <= *length {
                    break;
                }
                left -= length;
            }
            let Some((start, along, length, left)) = chosen else { continue };
            let unit = [along[0] / length, along[1] / length];
            let at = [start[0] + left * unit[0] / sides[0], start[1] + left * unit[1] / sides[1]];
            let across = cut.width / samples_across as f64;
            places.push((at, [-unit[1] * across / sides[0], unit[0] * across / sides[1]]));
        }
        let mut corners = vec![0.0];
        for (_, _, length) in &lengths {
            corners.push(corners.last().unwrap_or(&0.0) + length);
        }
        Ok(Self { places, samples_across, step, corners })
    }

    /// The samples of each column.
    pub fn samples(&self, rows: usize, columns: usize) -> Vec<Vec<Stencil>> {
        self.places.iter().map(|(at, across)| self.stencils(*at, *across, rows, columns)).collect()
    }

    fn stencils(&self, at: [f64; 2], across: [f64; 2], rows: usize, columns: usize) -> Vec<Stencil> {
        (0..self.samples_across)
            .filter_map(|sample| {
                let away = sample as f64 + 0.5 - 0.5 * self.samples_across as f64;
                Stencil::of([at[0] + away * across[0], at[1] + away * across[1]], rows, columns)
            })
            .collect()
    }
}

/// The four pixels (y, x) around a place and their weights.
pub(super) struct Stencil([([usize; 2], f64); 4]);

impl Stencil {
    pub fn pixels(&self) -> impl Iterator<Item = [usize; 2]> + '_ {
        self.0.iter().map(|(at, _)| *at)
    }

    /// Counts the pixels from another first one, which is none of the later ones.
    pub fn shift(&mut self, first: [usize; 2]) {
        for (at, _) in &mut self.0 {
            *at = std::array::from_fn(|axis| at[axis].saturating_sub(first[axis]));
        }
    }

    /// `None` beyond the outer edges of the outermost pixels.
    fn of(at: [f64; 2], rows: usize, columns: usize) -> Option<Self> {
        let within = |part: f64, count: usize| part >= -0.5 && part <= count as f64 - 0.5;
        if !(within(at[0], columns) && within(at[1], rows)) {
            return None;
        }
        let along = |part: f64, count: usize| {
            let part = part.clamp(0.0, count as f64 - 1.0);
            let low = part as usize;
            (low, (low + 1).min(count - 1), part - low as f64)
        };
        let ((x0, x1, tx), (y0, y1, ty)) = (along(at[0], columns), along(at[1], rows));
        Some(Self([
            ([y0, x0], (1.0 - ty) * (1.0 - tx)),
            ([y0, x1], (1.0 - ty) * tx),
            ([y1, x0], ty * (1.0 - tx)),
            ([y1, x1], ty * tx),
        ]))
    }

    fn value(&self, channel: ArrayView2<'_, f32>) -> Option<f64> {
        let (mut sum, mut weight) = (0.0, 0.0);
        for &(at, share) in &self.0 {
            let value = channel[at];
            if value.is_finite() {
                sum += share * f64::from(value);
                weight += share;
            }
        }
        (weight >= 0.5).then(|| sum / weight)
    }
}

fn mean(channel: ArrayView2<'_, f32>, across: &[Stencil]) -> f32 {
    let (mut sum, mut count) = (0.0, 0_u32);
    for value in across.iter().filter_map(|stencil| stencil.value(channel)) {
        sum += value;
        count += 1;
    }
    if count > 0 { (sum / f64::from(count)) as f32 } else { f32::NAN }
}

/// The cube's third axis as the second one of the map, under an axis of offsets from the first point.
fn map_header(header: &Header, step: f64, unit: &str) -> Header {
    let mut map = keep_axes(header, &[1, 3]);
    let has_cd = map.get("CD2_2").is_some();
    for key in ["PC1_1", "PC1_2", "PC2_1", "CD1_1", "CD1_2", "CD2_1", "CROTA1", "CROTA2"] {
        map.remove(key);
    }
    for key in ["PC001001", "PC001002", "PC002001", "CD001001", "CD001002", "CD002001", "LONPOLE", "LATPOLE"]
    {
        map.remove(key);
    }
    map.cards.retain(|card| !(card.key.starts_with("PV1_") || card.key.starts_with("PS1_")));
    // Files of before the standard have capitals here, which readers that keep to it refuse.
    for plain in ["m/s", "km/s", "Hz"] {
        if map.text("CUNIT2").is_some_and(|unit| unit.trim().eq_ignore_ascii_case(plain)) {
            map.set_text("CUNIT2", plain, "");
        }
    }
    map.set_text("CTYPE1", "OFFSET", "from the first point of the cut");
    map.set_text("CUNIT1", unit, "");
    map.set_float("CRPIX1", 1.0, "");
    map.set_float("CRVAL1", 0.0, "");
    map.set_float("CDELT1", step, "");
    if has_cd {
        map.remove("CDELT1");
        map.set_float("CD1_1", step, "");
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    fn header(step_deg: f64) -> Header {
        let mut header = Header::default();
        for (axis, ctype, centre, value, step) in [
            (1, "RA---TAN", 21.0, 51.0, -step_deg),
            (2, "DEC--TAN", 21.0, 30.0, step_deg),
            (3, "VRAD", 16.0, 4000.0, 200.0),
        ] {
            header.set_text(&format!("CTYPE{axis}"), ctype, "");
            header.set_float(&format!("CRPIX{axis}"), centre, "");
            header.set_float(&format!("CRVAL{axis}"), value, "");
            header.set_float(&format!("CDELT{axis}"), step, "");
        }
        header.set_text("CUNIT3", "m/s", "");
        header.set_float("PC1_2", 0.0, "");
        header
    }

    /// v(x, y) = v₀ + g·(x cos φ + y sin φ): along φ the ridge has the slope g, across it none.
    #[test]
    fn a_rotating_cube_has_its_gradient_along_the_cut() {
        let phi = 0.6_f64;
        let (g, sigma) = (0.12, 0.5);
        let velocity = |k: usize| 4.0 + 0.2 * (k as f64 - 15.0);
        let cube = Array3::from_shape_fn((31, 41, 41), |(k, j, i)| {
            let along = (i as f64 - 20.0) * phi.cos() + (j as f64 - 20.0) * phi.sin();
            (-(velocity(k) - 4.0 - g * along).powi(2) / (2.0 * sigma * sigma)).exp() as f32
        });
        let ctx = Context::unwatched();
        for (turn, slope) in [(0.0, g), (std::f64::consts::FRAC_PI_2, 0.0), (std::f64::consts::PI, -g)] {
            let (sin, cos) = (phi + turn).sin_cos();
            let point = |along: f64| [20.0 + along * cos, 20.0 + along * sin];
            // 10″ pixels, a cut 50″ wide.
            let cut = Cut { points: vec![point(-15.0), point(2.5), point(15.0)], width: 50.0 };
            let map = position_velocity(cube.view(), &header(10.0 / 3600.0), "K", &cut, &ctx).expect("a map");
            assert!(
                (map.step / 10.0 - 1.0).abs() < 1e-6 && map.image.values.dim() == (31, 31),
                "{}",
                map.step
            );
            for column in 0..31 {
                let line = map.image.values.column(column);
                let total: f64 = line.iter().map(|&v| f64::from(v)).sum();
                let mean =
                    line.iter().enumerate().map(|(k, &v)| velocity(k) * f64::from(v)).sum::<f64>() / total;
                let truth = 4.0 + slope * (column as f64 - 15.0);
                assert!((mean - truth).abs() < 0.02, "{mean} for {truth} at {column}, turned by {turn}");
            }
            assert_eq!(map.image.header.text("CTYPE1"), Some("OFFSET"));
            assert_eq!(map.image.header.text("CTYPE2"), Some("VRAD"));
            assert_eq!(map.image.header.float("CDELT2"), Some(200.0));
            assert_eq!(map.image.header.float("CRPIX2"), Some(16.0));
            assert!(map.image.header.get("PC1_2").is_none() && map.image.header.get("CTYPE3").is_none());
        }
    }

    #[test]
    fn blanks_do_not_enter_and_beyond_the_edge_there_is_nothing() {
        let mut cube = Array3::<f32>::from_elem((2, 9, 9), 5.0);
        cube[[0, 4, 4]] = f32::NAN;
        cube.slice_mut(ndarray::s![1, .., 6..]).fill(f32::NAN);
        let cut = Cut { points: vec![[1.2, 4.2], [12.2, 4.2]], width: 0.0 };
        let map = position_velocity(cube.view(), &Header::default(), "K", &cut, &Context::unwatched());
        let map = map.expect("a map");
        assert_eq!(map.offset_unit, "pixel");
        let known = |channel: usize| -> Vec<bool> {
            map.image.values.row(channel).iter().map(|value| *value == 5.0).collect()
        };
        // Columns at x = 1.2, 2.2, …: that at 4.2 leans on the blank with 64 %, that at 3.2 with 16 %.
        let first = [true, true, true, false, true, true, true, true, false, false, false, false];
        assert_eq!(known(0), first);
        assert_eq!(known(1)[..5], [true; 5]);
        assert_eq!(known(1)[5..], [false; 7]);
        assert!(map.image.values.iter().all(|value| value.is_nan() || *value == 5.0));
    }

    /// scipy 1.17.1: the mean of `map_coordinates(order=1)` at six samples across, along a path that bends at 7.69 pixels.
    #[test]
    fn a_bent_and_wide_cut_is_that_of_scipy() {
        let cube = Array3::from_shape_fn((4, 16, 14), |(z, y, x)| {
            ((z * 37 + y * y * 5 + x * 11 + x * y * 3) % 23) as f32 - 7.0
        });
        let cut = Cut { points: vec![[2.3, 3.1], [9.7, 5.2], [6.4, 12.8]], width: 3.0 };
        let map = position_velocity(cube.view(), &Header::default(), "K", &cut, &Context::unwatched());
        let map = map.expect("a map");
        let first = [
            3.750731, 5.292828, 5.886521, 0.208944, -0.407977, 3.039225, 6.692683, 4.165166, 5.587762,
            4.739443, 3.662948, 1.687004, 5.02139, -0.180732, 7.410736, 7.04436,
        ];
        let last = [
            3.609762, 3.266726, 1.913673, 2.396112, -0.836831, 1.264068, 2.692683, 0.165166, 1.587762,
            0.739443, 4.118332, 6.942829, 3.052231, 1.949065, 3.410736, 4.852811,
        ];
        for (channel, expected) in [(0, first), (3, last)] {
            for (got, wanted) in map.image.values.row(channel).iter().zip(expected) {
                assert!((f64::from(*got) - wanted).abs() < 2e-6, "{got} for {wanted}");
            }
        }
        assert_eq!(map.image.values.dim(), (4, 16));
        for (got, wanted) in map.corners.iter().zip([0.0, 7.692204, 15.977733]) {
            assert!((got - wanted).abs() < 1e-6, "{:?}", map.corners);
        }
    }

    #[test]
    fn cuts_without_length_or_of_absurd_width_are_refused() {
        let cube = Array3::<f32>::zeros((2, 9, 9));
        for (points, width) in [
            (vec![], 0.0),
            (vec![[1.0, 1.0]], 0.0),
            (vec![[1.0, 1.0], [1.0, 1.0]], 0.0),
            (vec![[1.0, 1.0], [5.0, 1.0]], f64::NAN),
            (vec![[1.0, 1.0], [5.0, 1.0]], 1e12),
        ] {
            let cut = Cut { points, width };
            assert!(
                position_velocity(cube.view(), &Header::default(), "", &cut, &Context::unwatched()).is_err()
            );
        }
    }
}
