//! Two cubes against each other on the grid of the first: a prediction and the truth, two epochs, two lines, a cube and its mask. Read
//! and written some channels at a time, so that neither needs to fit into memory.

use super::agreement::{Agreement, Sums};
use super::common_grid::CommonGrid;
use super::{Error, Result};
use crate::io::{CubeFile, Region, fits};
use crate::job::Context;
use ndarray::{Array2, Array3, ArrayView2, Axis, Zip, s};
use rayon::prelude::*;
use std::ops::Range;
use std::path::Path;

/// What is made of the value a of the first cube and b of the second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Measure {
    /// a − b
    #[default]
    Difference,
    /// a / b
    Ratio,
    /// (a − b) / b
    Relative,
    /// a where b is above a threshold: b is a mask, labels of a segmentation or a probability; a blank is outside.
    Inside(f32),
    /// a where it is not.
    Outside(f32),
}

impl Measure {
    /// What it gives in a file's name and history.
    pub fn words(self) -> &'static str {
        match self {
            Self::Difference => "minus",
            Self::Ratio => "over",
            Self::Relative => "relative to",
            Self::Inside(_) => "inside",
            Self::Outside(_) => "outside",
        }
    }

    fn is_mask(self) -> bool {
        matches!(self, Self::Inside(_) | Self::Outside(_))
    }

    /// NaN where there is no number.
    fn of(self, a: f32, b: f32) -> f32 {
        let is_inside = |threshold: f32| b > threshold;
        let (first, second) = (f64::from(a), f64::from(b));
        let value = match self {
            Self::Difference => (first - second) as f32,
            Self::Ratio => (first / second) as f32,
            Self::Relative => ((first - second) / second) as f32,
            Self::Inside(threshold) => {
                if is_inside(threshold) {
                    a
                } else {
                    f32::NAN
                }
            }
            Self::Outside(threshold) => {
                if is_inside(threshold) {
                    f32::NAN
                } else {
                    a
                }
            }
        };
        if value.is_finite() { value } else { f32::NAN }
    }

    /// The unit of what comes out, of the units of both.
    ///
    /// # Errors
    /// Values of two units that cannot be subtracted, in words.
    fn unit(self, first: &str, second: &str) -> std::result::Result<String, String> {
        let (first, second) = (first.trim(), second.trim());
        let is_same = first.is_empty() || second.is_empty() || first == second;
        match self {
            Self::Inside(_) | Self::Outside(_) => Ok(first.to_owned()),
            Self::Ratio if is_same => Ok(String::new()),
            Self::Ratio => Ok(format!("({first})/({second})")),
            _ if !is_same => Err(format!("the values are in {first} and {second}")),
            Self::Relative => Ok(String::new()),
            Self::Difference => Ok(if first.is_empty() { second } else { first }.to_owned()),
        }
    }
}

/// What came of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Channels, rows, columns: those of the first cube.
    pub shape: [usize; 3],
    /// Of the values that were written.
    pub unit: String,
    /// Of the cubes themselves, whatever was made of them.
    pub agreement: Agreement,
    /// Voxels of the result with a value.
    pub count: u64,
    /// What was done to the second cube, and what is blank for which reason, in words.
    pub how: Vec<String>,
}

/// Voxels that are read at once, of each of the cubes.
const AT_ONCE: usize = 1 << 22;

/// Makes a cube of two on the grid and with the header of the first, as FITS at `out` where one is given; blank where either is, or the
/// second does not reach.
///
/// The sky grids must be the same but for a shift by whole pixels, which is undone. Channels at other velocities are interpolated
/// linearly, those of a mask taken from the nearest; a channel beside a blank is blank. Cubes without coordinates are taken voxel by
/// voxel.
///
/// # Errors
/// Units that differ; grids that do not fit or overlap; no voxel with a value in both; files that cannot be read or written; cancelled.
pub fn compare(
    [first, second]: [&CubeFile; 2],
    measure: Measure,
    out: Option<&Path>,
    ctx: &Context,
) -> Result<Compared> {
    let names = [first, second].map(|file| {
        file.path().file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    });
    let title = format!("{} {} {}", names[0], measure.words(), names[1]);
    let unit = measure.unit(first.unit(), second.unit()).map_err(|what| {
        Error::input(format!("{title}: {what}"), "bring both cubes to one unit, or take their ratio")
    })?;
    let grid = CommonGrid::of(first, second, ctx)?;
    let mut how = grid.how.clone();
    let mut header = first.header().clone();
    header.history(format!("aquila: {title}"));
    if let Measure::Inside(threshold) | Measure::Outside(threshold) = measure {
        header.history(format!("inside is where the second is above {threshold}"));
    }
    how.iter().for_each(|line| header.history(line.clone()));
    let shape = first.shape();
    let mut pair =
        Pair { files: [first, second], grid: &grid, measure, sums: Sums::default(), count: 0, zeros: 0 };
    match out {
        None => pair.walk(ctx, &mut |_| Ok(()))?,
        Some(out) => fits::write_cube_in_parts(out, shape, &unit, &header, |sink| {
            pair.walk(ctx, &mut |values| Ok(sink(values)?))?;
            pair.check(&title)
        })?,
    }
    pair.check(&title)?;
    if pair.zeros > 0 {
        how.push(format!("{} voxels are blank because the second cube is zero there", pair.zeros));
    }
    Ok(Compared { shape, unit, agreement: pair.sums.agreement(), count: pair.count, how })
}

struct Pair<'a> {
    files: [&'a CubeFile; 2],
    grid: &'a CommonGrid,
    measure: Measure,
    sums: Sums,
    /// Voxels with a result.
    count: u64,
    /// Voxels without one because b is 0.
    zeros: u64,
}

impl Pair<'_> {
    fn check(&self, title: &str) -> Result<()> {
        if self.count == 0 {
            let advice = if self.measure.is_mask() {
                "choose another threshold, or the other side of the mask"
            } else {
                "choose cubes of one region and velocity range"
            };
            return Err(Error::input(format!("{title}: no voxel would have a value"), advice));
        }
        Ok(())
    }

    /// Goes through the first cube some channels at a time and hands on what comes of them.
    fn walk(&mut self, ctx: &Context, sink: &mut dyn FnMut(&[f32]) -> Result<()>) -> Result<()> {
        let [first, second] = self.files;
        let [channels, rows, columns] = first.shape();
        let [_, their_rows, their_columns] = second.shape();
        let [x, y] = self.grid.overlap((columns, rows), (their_columns, their_rows));
        let start =
            |from: &Range<usize>, axis: usize| from.start.saturating_add_signed(-self.grid.shift[axis]);
        let (left, top) = (start(&x, 0), start(&y, 1));
        let mut from = 0;
        while from < channels {
            ctx.check()?;
            ctx.report("comparing two cubes", Some(from as f32 / channels as f32));
            let mut count = (AT_ONCE / (rows * columns).max(1)).clamp(1, channels - from);
            // Channels of the second that are needed for these: more than these where it is finer.
            let reach = |count: usize| {
                let places = self.grid.channels[from..from + count].iter().flatten();
                let low = places.clone().map(|place| place.floor() as usize).min()?;
                let high = places.map(|place| place.ceil() as usize).max()?;
                Some(low..high + 1)
            };
            while count > 1
                && reach(count).is_some_and(|theirs| theirs.len() * x.len() * y.len() > 2 * AT_ONCE)
            {
                count = count.div_ceil(2);
            }
            let ours = Region { start: [from, 0, 0], size: [count, rows, columns] };
            let mut values = first.read(ours, 1, ctx)?;
            let theirs = match reach(count) {
                None => None,
                Some(reach) => {
                    let size = [reach.len(), y.len(), x.len()];
                    let region = Region { start: [reach.start, top, left], size };
                    Some((reach.start, second.read(region, 1, ctx)?))
                }
            };
            let made: Vec<(Sums, u64, u64)> = values
                .axis_iter_mut(Axis(0))
                .into_par_iter()
                .zip(&self.grid.channels[from..from + count])
                .map(|(mut plane, place)| {
                    let mut other = Array2::from_elem((rows, columns), f32::NAN);
                    if let (Some(place), Some((low, theirs))) = (place, &theirs) {
                        let at = channel(theirs, place - *low as f64, self.measure.is_mask());
                        other.slice_mut(s![y.clone(), x.clone()]).assign(&at);
                    }
                    let pairs = plane.iter().copied().zip(other.iter().copied());
                    let sums = Sums::of(pairs);
                    let (mut count, mut zeros) = (0, 0);
                    Zip::from(&mut plane).and(&other).for_each(|a, &b| {
                        let had_both = a.is_finite() && b.is_finite();
                        *a = self.measure.of(*a, b);
                        count += u64::from(a.is_finite());
                        zeros += u64::from(had_both && b == 0.0 && !a.is_finite());
                    });
                    (sums, count, zeros)
                })
                .collect();
            // In the order of the channels: the same numbers whatever the threads did.
            for (sums, count, zeros) in made {
                self.sums = self.sums.with(sums);
                self.count += count;
                self.zeros += if self.measure.is_mask() { 0 } else { zeros };
            }
            match values.as_slice() {
                Some(values) => sink(values)?,
                None => sink(values.as_standard_layout().as_slice().unwrap_or_default())?,
            }
            from += count;
        }
        Ok(())
    }
}

/// The plane of a cube at a place between two of its channels; at the nearer one for a mask.
fn channel(cube: &Array3<f32>, place: f64, is_mask: bool) -> Array2<f32> {
    let last = cube.dim().0 - 1;
    let plane = |at: usize| -> ArrayView2<'_, f32> { cube.index_axis(Axis(0), at.min(last)) };
    if is_mask {
        return plane(place.round() as usize).to_owned();
    }
    let low = place.floor() as usize;
    let part = (place - low as f64) as f32;
    if part == 0.0 {
        return plane(low).to_owned();
    }
    let mut between = plane(low).to_owned();
    between.zip_mut_with(&plane(low + 1), |below, &above| *below += part * (above - *below));
    between
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Cube, Header};

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

    /// Files of cubes, in a folder that lasts as long as they.
    struct Files(tempfile::TempDir);

    impl Files {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn file(&self, cube: &Cube) -> CubeFile {
            let path = self.0.path().join(format!("{}.fits", cube.name));
            fits::write_cube(&path, cube).expect("written");
            CubeFile::open(&path, None, None).expect("a cube")
        }

        fn compare(&self, a: &Cube, b: &Cube, measure: Measure) -> Result<(Array3<f32>, Compared)> {
            let (a, b) = (self.file(a), self.file(b));
            let out = self.0.path().join("out.fits");
            let compared = compare([&a, &b], measure, Some(&out), &Context::unwatched())?;
            let made = CubeFile::open(&out, None, None).expect("a cube");
            assert_eq!((made.unit(), made.shape()), (compared.unit.as_str(), compared.shape));
            let values = made.read(Region::whole(made.shape()), 1, &Context::unwatched()).expect("values");
            assert_eq!(values.iter().filter(|value| value.is_finite()).count() as u64, compared.count);
            Ok((values, compared))
        }
    }

    #[test]
    fn shifts_and_other_velocities_are_undone() {
        let files = Files::new();
        let a = cube("a", (9, 20, 20), [0.0, 0.0], 2.0, 0.5);
        let again = Cube { name: "again".into(), ..a.clone() };
        let (values, same) = files.compare(&a, &again, Measure::Difference).expect("a difference");
        assert!(same.how.is_empty() && values.iter().all(|value| *value == 0.0));
        assert_eq!((same.unit.as_str(), same.agreement.rms), ("K", 0.0));
        assert!((same.agreement.correlation.expect("it varies") - 1.0).abs() < 1e-12);
        let mut b = cube("b", (12, 20, 16), [3.0, -2.0], 1.9, 0.4);
        b.values += 1.5;
        b.values[[4, 5, 5]] = f32::NAN;
        let (values, other) = files.compare(&a, &b, Measure::Difference).expect("a difference");
        assert_eq!(other.how.len(), 2, "{:?}", other.how);
        for ((k, j, i), value) in values.indexed_iter() {
            let inside = (3..19).contains(&i) && j < 18;
            // b's blank lies at 3.5 km/s, x = 8, y = 3 of a: its channel 3, and no other leans on it.
            let blank = (j, i) == (3, 8) && k == 3;
            assert_eq!(value.is_finite(), inside && !blank, "{k} {j} {i}");
            assert!(!value.is_finite() || (value + 1.5).abs() < 1e-4, "{value} at {k} {j} {i}");
        }
        assert!((other.agreement.mean + 1.5).abs() < 1e-5 && (other.agreement.rms - 1.5).abs() < 1e-5);
    }

    #[test]
    fn ratios_masks_and_what_is_blank_in_them() {
        let files = Files::new();
        let a =
            Cube { values: Array3::from_elem((3, 4, 5), 6.0), ..cube("a", (3, 4, 5), [0.0; 2], 2.0, 0.5) };
        let mut b = Cube { name: "b".into(), values: Array3::from_elem((3, 4, 5), 4.0), ..a.clone() };
        b.values[[0, 0, 0]] = 0.0;
        b.values[[1, 1, 1]] = f32::NAN;
        let (ratio, told) = files.compare(&a, &b, Measure::Ratio).expect("a ratio");
        assert_eq!((ratio[[2, 2, 2]], told.count, told.unit.as_str()), (1.5, 58, ""));
        assert!(told.how[0].starts_with("1 voxels are blank"), "{:?}", told.how);
        // 59 voxels have both, of which 58 are positive: log10(6/4) each.
        let dex = told.agreement.rms_dex.expect("positive");
        assert!((dex - 1.5_f64.log10()).abs() < 1e-12 && told.agreement.count_positive == 58, "{dex}");
        assert_eq!(files.compare(&a, &b, Measure::Relative).expect("relative").0[[2, 2, 2]], 0.5);
        b.unit = "Jy/beam".into();
        assert_eq!(files.compare(&a, &b, Measure::Ratio).expect("a ratio").1.unit, "(K)/(Jy/beam)");
        // A mask needs no unit; a blank of it is outside.
        let (inside, _) = files.compare(&a, &b, Measure::Inside(0.5)).expect("a part");
        assert!(inside[[0, 0, 0]].is_nan() && inside[[1, 1, 1]].is_nan() && inside[[2, 2, 2]] == 6.0);
        let (outside, told) = files.compare(&a, &b, Measure::Outside(0.5)).expect("a part");
        assert!(outside[[0, 0, 0]] == 6.0 && outside[[1, 1, 1]] == 6.0 && told.count == 2);
        let none = files.compare(&a, &b, Measure::Inside(9.0)).expect_err("refused").to_string();
        assert!(none.contains("another threshold") && !files.0.path().join("none.fits").exists(), "{none}");
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_reason() {
        let files = Files::new();
        let a = cube("a", (5, 20, 20), [0.0, 0.0], 2.0, 0.5);
        let why = |b: &Cube| files.compare(&a, b, Measure::Difference).expect_err("refused").to_string();
        assert!(why(&cube("b", (5, 20, 20), [0.5, 0.0], 2.0, 0.5)).contains("0.50 pixels"));
        assert!(why(&cube("b", (5, 20, 20), [0.0, 0.0], 50.0, 0.5)).contains("do not overlap"));
        assert!(why(&cube("b", (5, 20, 20), [400.0, 0.0], 2.0, 0.5)).contains("do not overlap"));
        let mut b = Cube { name: "b".into(), ..a.clone() };
        b.unit = "Jy/beam".into();
        assert!(why(&b).contains("K and Jy/beam"));
        let bare = Cube { header: Header::default(), values: Array3::zeros((5, 4, 4)), ..b.clone() };
        assert!(why(&Cube { unit: "K".into(), ..bare }).contains("no sky coordinates"));
        // Without coordinates on one side, cubes of one shape are taken voxel by voxel.
        let plain = Cube { name: "plain".into(), header: Header::default(), ..a.clone() };
        let (values, _) = files.compare(&a, &plain, Measure::Difference).expect("a difference");
        assert!(values.iter().all(|value| *value == 0.0));
    }
}
