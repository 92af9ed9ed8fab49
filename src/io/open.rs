//! Maps and cubes from any supported file, by content and not by name.

use super::cube_file::{CubeFile, Region};
use super::header::keep_axes;
use super::opened::{Part, PartKind, open};
use super::{Error, Result};
use crate::data::{Cube, Image};
use crate::job::Context;
use ndarray::{Axis, Ix2};
use std::path::Path;

/// A map: the part (HDU, array, dataset) named, else the first that holds two dimensions. Axes of length one are dropped.
pub fn read_image(path: &Path, hdu: Option<usize>) -> Result<Image> {
    read_image_watched(path, hdu, &Context::unwatched())
}

/// As `read_image`, with progress and cancel.
pub fn read_image_watched(path: &Path, hdu: Option<usize>, context: &Context) -> Result<Image> {
    let file = open(path)?;
    for warning in &file.warnings {
        context.warn(format!("{}: {warning}", path.display()));
    }
    let fits = |part: &Part| {
        matches!(part.kind, PartKind::Image | PartKind::Cube | PartKind::Array)
            && map_axes(&part.shape).is_some()
    };
    let index = match hdu {
        Some(index) => index,
        None => file.parts.iter().position(fits).ok_or_else(|| {
            let advice = "`aquila info` lists what it holds";
            Error::absent(path, "", "no part of this file holds a map", advice)
        })?,
    };
    let part = file.part(index)?;
    let Some(kept) = map_axes(&part.shape) else {
        let advice = "`aquila info` lists what the file holds";
        let problem = format!("shape {:?} is not that of a map", part.shape);
        return Err(Error::absent(path, file.place(index), problem, advice));
    };
    let mut values = file.singles(index, context)?;
    let count = part.shape.len();
    for axis in (0..count).rev().filter(|axis| !kept.contains(axis)) {
        values = values.index_axis_move(Axis(axis), 0);
    }
    let values = values.into_dimensionality::<Ix2>().map_err(|error| {
        Error::damaged(path, file.place(index), error.to_string(), "choose another part of the file")
    })?;
    // NumPy's first axis is FITS's last.
    let fits_axes: Vec<usize> = kept.iter().rev().map(|axis| count - axis).collect();
    let header = keep_axes(&part.header, &fits_axes);
    Ok(Image { name: part_name(path, index), values, unit: part.unit.clone(), header })
}

/// A cube in the order (spectral axis, y, x) where the file has a spectral axis, else in the file's own order: the part
/// named, else the first that holds three dimensions. Axes of length one (Stokes) are dropped.
///
/// # Errors
/// As [`CubeFile::open`]; an array of more axes, of which a plane would have to be chosen.
pub fn read_cube(path: &Path, hdu: Option<usize>) -> Result<Cube> {
    read_cube_watched(path, hdu, &Context::unwatched())
}

/// As `read_cube`, with progress and cancel.
pub fn read_cube_watched(path: &Path, hdu: Option<usize>, context: &Context) -> Result<Cube> {
    let file = CubeFile::open(path, hdu, None)?;
    if file.planes() > 1 {
        let what = format!("more than three axes, {} planes: not that of a cube", file.planes());
        return Err(Error::absent(path, file.place(), what, "save the plane you want as a cube of its own"));
    }
    file.warnings().iter().for_each(|warning| context.warn(warning));
    let values = file.read(Region::whole(file.shape()), 1, context)?;
    let (unit, header) = (file.unit().to_owned(), file.header().clone());
    Ok(Cube { name: part_name(path, file.part()), values, unit, header })
}

/// The file's name, with the number of any but its first part.
fn part_name(path: &Path, part: usize) -> String {
    let stem = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if part == 0 { stem } else { format!("{stem}[{part}]") }
}

/// The axes (NumPy order) that stay when surplus axes of length one are dropped, the slowest first.
fn map_axes(shape: &[usize]) -> Option<[usize; 2]> {
    let mut kept: Vec<usize> = (0..shape.len()).collect();
    while let Some(at) = kept.iter().position(|&axis| shape[axis] == 1).filter(|_| kept.len() > 2) {
        kept.remove(at);
    }
    kept.try_into().ok()
}
