//! Maps and cubes from any supported file, by content and not by name.

use super::header::keep_axes;
use super::opened::{Part as FilePart, PartKind, open};
use super::{Error, Result};
use crate::data::{Cube, Header, Image};
use crate::job::Context;
use ndarray::{ArrayD, Axis, Ix2, Ix3};
use std::path::Path;

/// A map: the part (HDU, array, dataset) named, else the first that holds two dimensions. Axes of length one are dropped.
pub fn read_image(path: &Path, hdu: Option<usize>) -> Result<Image> {
    read_image_watched(path, hdu, &Context::unwatched())
}

/// As `read_image`, with progress and cancel.
pub fn read_image_watched(path: &Path, hdu: Option<usize>, context: &Context) -> Result<Image> {
    let part = read_part(path, hdu, 2, "a map", context)?;
    let values = part.values.into_dimensionality::<Ix2>().map_err(|error| shape_error(path, &error))?;
    Ok(Image { name: part.name, values, unit: part.unit, header: part.header })
}

/// A cube in the order (spectral axis, y, x) where the file has a spectral axis, else in the file's own order: the part
/// named, else the first that holds three dimensions. Axes of length one (Stokes) are dropped.
pub fn read_cube(path: &Path, hdu: Option<usize>) -> Result<Cube> {
    read_cube_watched(path, hdu, &Context::unwatched())
}

/// As `read_cube`, with progress and cancel.
pub fn read_cube_watched(path: &Path, hdu: Option<usize>, context: &Context) -> Result<Cube> {
    let part = read_part(path, hdu, 3, "a cube", context)?;
    let values = part.values.into_dimensionality::<Ix3>().map_err(|error| shape_error(path, &error))?;
    Ok(Cube { name: part.name, values, unit: part.unit, header: part.header })
}

fn shape_error(path: &Path, error: &ndarray::ShapeError) -> Error {
    Error::damaged(path, "", error.to_string(), "choose another HDU")
}

struct Part {
    name: String,
    values: ArrayD<f32>,
    unit: String,
    header: Header,
}

fn read_part(
    path: &Path,
    hdu: Option<usize>,
    dimensions: usize,
    what: &str,
    context: &Context,
) -> Result<Part> {
    let file = open(path)?;
    for warning in &file.warnings {
        context.warn(format!("{}: {warning}", path.display()));
    }
    let fits = |part: &FilePart| {
        matches!(part.kind, PartKind::Image | PartKind::Cube | PartKind::Array)
            && kept_axes(&part.shape, dimensions).is_some()
    };
    let index = match hdu {
        Some(index) => index,
        None => file.parts.iter().position(fits).ok_or_else(|| {
            let advice = "`aquila info` lists what it holds";
            Error::absent(path, "", format!("no part of this file holds {what}"), advice)
        })?,
    };
    let hdu = file.part(index)?;
    let Some(mut kept) = kept_axes(&hdu.shape, dimensions) else {
        let advice = "`aquila info` lists what the file holds";
        let problem = format!("shape {:?} is not that of {what}", hdu.shape);
        return Err(Error::absent(path, file.place(index), problem, advice));
    };
    let mut values = file.singles(index, context)?;
    let count = hdu.shape.len();
    // NumPy's first axis is FITS's last.
    for axis in (0..count).rev() {
        if !kept.contains(&axis) {
            values = values.index_axis_move(Axis(axis), 0);
        }
    }
    let mut fits_axes: Vec<usize> = kept.drain(..).rev().map(|axis| count - axis).collect();
    if dimensions == 3
        && let Some(order) = super::wcs::sky_order(&hdu.header, &fits_axes)
    {
        // `order` lists FITS axes; NumPy's order is the other way round.
        let numpy: Vec<usize> = order
            .iter()
            .rev()
            .map(|axis| fits_axes.len() - 1 - fits_axes.iter().position(|kept| kept == axis).unwrap_or(0))
            .collect();
        values = values.permuted_axes(numpy).as_standard_layout().into_owned();
        fits_axes = order;
    }
    let stem = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = if index == 0 { stem } else { format!("{stem}[{index}]") };
    Ok(Part { name, values, unit: hdu.unit.clone(), header: keep_axes(&hdu.header, &fits_axes) })
}

/// The axes (NumPy order) that stay when surplus axes of length one are dropped, the slowest first.
fn kept_axes(shape: &[usize], dimensions: usize) -> Option<Vec<usize>> {
    let mut kept: Vec<usize> = (0..shape.len()).collect();
    let mut at = 0;
    while kept.len() > dimensions && at < kept.len() {
        if shape[kept[at]] == 1 {
            kept.remove(at);
        } else {
            at += 1;
        }
    }
    (kept.len() == dimensions).then_some(kept)
}
