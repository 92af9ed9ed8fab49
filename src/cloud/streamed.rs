//! Moments and position–velocity cuts straight from a file, block by block at full resolution: no more of the cube is in memory than
//! one block.

use super::moments::{self, Moments};
use super::position_velocity::{Path, PositionVelocity, finished, line_means};
use super::selection::{Selection, noise};
use super::sky_plane::SkyPlane;
use super::{Cut, Error, Result};
use crate::data::{Header, Image};
use crate::io::{CubeFile, Region};
use crate::job::Context;
use ndarray::{Array2, s};
use std::ops::Range;

/// Voxels of a block: 128 MiB.
const BLOCK: usize = 1 << 25;

/// The moments of a part of a file, as [`super::moments_of`]; `header` is that of the part and `velocity_km_s` has its channels.
///
/// # Errors
/// As [`super::moments_of`]; a grown mask, which needs the whole cube at once; a file that cannot be read; cancellation.
pub fn moments_of_file(
    file: &CubeFile,
    part: Region,
    (header, name): (&Header, &str),
    velocity_km_s: &[f64],
    selection: &Selection,
    ctx: &Context,
) -> Result<Moments> {
    let [depth, rows, columns] = part.size;
    if velocity_km_s.len() != depth {
        return Err(moments::bad_axis(velocity_km_s.len(), depth));
    }
    if selection.grown_to_sigmas.is_some() {
        return Err(Error::input(
            "a mask cannot grow through a cube that is read in blocks",
            "read a part of it at full resolution (clip box), or give a threshold",
        ));
    }
    let sigma = match selection.sigmas {
        Some(_) => noise_of_file(file, part, ctx)?,
        None => None,
    };
    let threshold = selection.limit(sigma)?;
    let plain = Selection { threshold, sigmas: None, ..selection.clone() };
    let step = (BLOCK / (depth * columns).max(1)).clamp(1, rows.max(1));
    let mut whole: Option<Moments> = None;
    for first in (0..rows).step_by(step) {
        ctx.check()?;
        ctx.report("moments from the file", Some(first as f32 / rows as f32));
        let count = step.min(rows - first);
        let [z, y, x] = part.start;
        let block = Region { start: [z, y + first, x], size: [depth, count, columns] };
        let values = file.read(block, 1, ctx)?;
        let maps = moments::moments_of(values.view(), (header, file.unit(), name), velocity_km_s, &plain)?;
        let into = whole.get_or_insert_with(|| blank(&maps, rows, columns));
        for (into, from) in [
            (&mut into.integrated, &maps.integrated),
            (&mut into.velocity, &maps.velocity),
            (&mut into.variance, &maps.variance),
            (&mut into.peak, &maps.peak),
        ] {
            into.values.slice_mut(s![first..first + count, ..]).assign(&from.values);
        }
    }
    whole.ok_or_else(|| Error::input("a cube without rows has no moments", "choose another part"))
}

/// Maps of the whole size with the headers of a block's.
fn blank(block: &Moments, rows: usize, columns: usize) -> Moments {
    let image =
        |image: &Image| Image { values: Array2::from_elem((rows, columns), f32::NAN), ..image.clone() };
    Moments {
        integrated: image(&block.integrated),
        velocity: image(&block.velocity),
        variance: image(&block.variance),
        peak: image(&block.peak),
    }
}

/// The noise of a part of a file as [`noise`] measures it, from channels spread over it.
///
/// # Errors
/// A file that cannot be read; cancellation.
pub fn noise_of_file(file: &CubeFile, part: Region, ctx: &Context) -> Result<Option<f32>> {
    let [depth, rows, columns] = part.size;
    let count = (BLOCK / (rows * columns).max(1)).clamp(1, depth.max(1));
    let mut sample = ndarray::Array3::zeros([count, rows, columns]);
    for index in 0..count {
        ctx.check()?;
        let plane = (2 * index + 1) * depth / (2 * count);
        let start = [part.start[0] + plane, part.start[1], part.start[2]];
        let values = file.read(Region { start, size: [1, rows, columns] }, 1, ctx)?;
        sample.slice_mut(s![index..=index, .., ..]).assign(&values);
    }
    Ok(noise(sample.view()))
}

/// The position–velocity map of channels of a file, as [`super::position_velocity`]: only the pixels around the cut are read.
/// `header` is the file's, of these channels.
///
/// # Errors
/// As [`super::position_velocity`]; channels that the file does not have; a file that cannot be read.
pub fn position_velocity_of_file(
    file: &CubeFile,
    channels: Range<usize>,
    header: &Header,
    cut: &Cut,
    ctx: &Context,
) -> Result<PositionVelocity> {
    let plane = SkyPlane::of(header);
    let path = Path::of(&plane, cut)?;
    let [_, rows, columns] = file.shape();
    let depth = channels.len();
    let mut samples = path.samples(rows, columns);
    let touched = samples.iter().flatten().flat_map(super::position_velocity::Stencil::pixels);
    let (mut low, mut high) = ([usize::MAX; 2], [0; 2]);
    for at in touched {
        for axis in 0..2 {
            (low[axis], high[axis]) = (low[axis].min(at[axis]), high[axis].max(at[axis]));
        }
    }
    let mut values = Array2::from_elem((depth, samples.len()), f32::NAN);
    if low[0] > high[0] {
        return Ok(finished(values, header, file.unit(), cut, &plane, path));
    }
    samples.iter_mut().flatten().for_each(|stencil| stencil.shift(low));
    let size = [high[0] - low[0] + 1, high[1] - low[1] + 1];
    let step = (BLOCK / (size[0] * size[1])).clamp(1, depth.max(1));
    for first in (0..depth).step_by(step) {
        ctx.check()?;
        ctx.report("position–velocity cut of the file", Some(first as f32 / depth as f32));
        let count = step.min(depth - first);
        let block =
            Region { start: [channels.start + first, low[0], low[1]], size: [count, size[0], size[1]] };
        let block = file.read(block, 1, ctx)?;
        line_means(block.view(), &samples, values.slice_mut(s![first..first + count, ..]), ctx)?;
    }
    Ok(finished(values, header, file.unit(), cut, &plane, path))
}

#[cfg(test)]
mod tests {
    use super::super::{moments_of, position_velocity};
    use super::*;
    use crate::data::Cube;
    use ndarray::Array3;

    /// Block by block the file gives the numbers that the whole array gives.
    #[test]
    fn a_file_gives_what_the_array_gives() {
        let values = Array3::from_shape_fn((7, 9, 11), |(z, y, x)| {
            if (x + y) % 7 == 0 { f32::NAN } else { ((z * 31 + y * 7 + x * 3) % 17) as f32 - 4.0 }
        });
        let mut header = Header::default();
        for (axis, ctype, step) in [(1, "RA---TAN", -0.01), (2, "DEC--TAN", 0.01), (3, "VRAD", 200.0)] {
            header.set_text(&format!("CTYPE{axis}"), ctype, "");
            header.set_float(&format!("CRPIX{axis}"), 4.0, "");
            header.set_float(&format!("CRVAL{axis}"), 30.0, "");
            header.set_float(&format!("CDELT{axis}"), step, "");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cube.fits");
        let cube = Cube { name: "cube".into(), values, unit: "K".into(), header };
        crate::io::fits::write_cube(&path, &cube).expect("written");
        let file = CubeFile::open(&path, None, None).expect("a cube");
        let ctx = Context::unwatched();
        let velocity: Vec<f64> = (0..7).map(|z| 0.2 * f64::from(z)).collect();
        let selection = Selection { sigmas: Some(0.5), channels: Some([1, 5]), ..Selection::default() };
        let about = (&cube.header, "K", "cube");
        let from_array = moments_of(cube.values.view(), about, &velocity, &selection).expect("moments");
        let part = Region::whole([7, 9, 11]);
        let about = (&cube.header, "cube");
        let maps = moments_of_file(&file, part, about, &velocity, &selection, &ctx).expect("moments");
        let same = |a: &Image, b: &Image| {
            a.values.iter().zip(&b.values).all(|(a, b)| a == b || a.is_nan() && b.is_nan())
        };
        assert!(same(&maps.integrated, &from_array.integrated) && same(&maps.variance, &from_array.variance));
        assert!(same(&maps.velocity, &from_array.velocity) && same(&maps.peak, &from_array.peak));
        let cut = Cut { points: vec![[-2.0, 1.0], [4.5, 3.2], [3.0, 8.0]], width: 80.0 };
        let from_array = position_velocity(cube.values.view(), &cube.header, "K", &cut, &ctx).expect("a map");
        let map = position_velocity_of_file(&file, 0..7, &cube.header, &cut, &ctx).expect("a map");
        assert!(same(&map.image, &from_array.image) && map.places == from_array.places);
    }
}
