//! Parts of datasets: where the numbers of a plain one lie in the file, and boxes of any other through the library.

use super::super::fits::Source;
use super::super::flat::{Flat, Stored};
use super::super::{Error, Result};
use super::{Kind, broken, check_size, dataset, kind, place};
use crate::data::Number;
use hdf5_metno::{Dataset, Datatype, H5Type, Hyperslab, SliceOrIndex};
use std::path::Path;
use std::sync::Arc;

/// How the numbers of a dataset are laid out.
pub(in crate::io) enum Layout {
    /// One after the other in the file.
    Flat(Flat),
    /// In any other way: lengths of the pieces that are best read whole.
    Chunks(Vec<usize>),
}

/// How a dataset of real numbers is laid out.
///
/// # Errors
/// No such dataset; one that claims more than the file holds; values that are no real numbers.
pub(in crate::io) fn layout(path: &Path, name: &str) -> Result<Layout> {
    let dataset = dataset(path, name)?;
    let library = |error: hdf5_metno::Error| broken(path, name, &error);
    check_size(path, name, &dataset)?;
    let stored = real(path, name, &dataset)?;
    // The machine's own types can be read past the library; others it converts.
    let own = native(stored).map_err(library)?;
    if let (Some(start), Some(own)) = (dataset.offset(), own)
        && dataset.dtype().map_err(library)? == own
    {
        let source = Arc::new(Source::plain(path)?);
        return Ok(Layout::Flat(Flat::new(source, start, stored, cfg!(target_endian = "big"))));
    }
    let shape = dataset.get_shape().map_err(library)?;
    // Without chunks, planes of the slowest axis lie together.
    let planes =
        || shape.iter().enumerate().map(|(axis, &length)| if axis == 0 { 1 } else { length }).collect();
    Ok(Layout::Chunks(dataset.chunk().unwrap_or_else(planes)))
}

/// The values of a box of a dataset in C order: `size` of them from `start` along each axis.
pub(in crate::io) fn read_box(path: &Path, name: &str, start: &[usize], size: &[usize]) -> Result<Vec<f32>> {
    let dataset = dataset(path, name)?;
    let library = |error: hdf5_metno::Error| broken(path, name, &error);
    let part: Vec<SliceOrIndex> = start
        .iter()
        .zip(size)
        .map(|(&start, &count)| SliceOrIndex::SliceCount { start, step: 1, count, block: 1 })
        .collect();
    match real(path, name, &dataset)? {
        Stored::F16 | Stored::F32 => values::<f32>(&dataset, part),
        Stored::F64 => singles::<f64>(&dataset, part),
        Stored::Bool => {
            values::<bool>(&dataset, part).map(|v| v.into_iter().map(|b| f32::from(u8::from(b))).collect())
        }
        Stored::U8 | Stored::U16 | Stored::U32 | Stored::U64 => singles::<u64>(&dataset, part),
        Stored::I8 | Stored::I16 | Stored::I32 | Stored::I64 => singles::<i64>(&dataset, part),
    }
    .map_err(library)
}

fn singles<T: H5Type + Number>(dataset: &Dataset, part: Vec<SliceOrIndex>) -> hdf5_metno::Result<Vec<f32>> {
    Ok(values::<T>(dataset, part)?.into_iter().map(Number::to_f32).collect())
}

fn values<T: H5Type>(dataset: &Dataset, part: Vec<SliceOrIndex>) -> hdf5_metno::Result<Vec<T>> {
    // The library's arrays are of another version of ndarray, whose names are not at hand: the first argument says which is meant.
    fn alike<A>(_: impl FnOnce() -> A, array: A) -> A {
        array
    }
    let array = alike(|| dataset.read_dyn::<T>(), dataset.read_slice(Hyperslab::from(part)))?;
    Ok(array.into_raw_vec_and_offset().0)
}

fn real(path: &Path, name: &str, dataset: &Dataset) -> Result<Stored> {
    let stored = match kind(dataset).map_err(|error| broken(path, name, &error))? {
        Kind::Numbers(dtype) => Stored::of_name(dtype),
        _ => None,
    };
    stored.ok_or_else(|| {
        let advice = "save the real part, or the absolute values, as a dataset of its own";
        Error::unsupported(path, place(name), "holds no real numbers", advice)
    })
}

/// The library's type of this machine's own numbers; `None` where Rust has none.
fn native(stored: Stored) -> hdf5_metno::Result<Option<Datatype>> {
    Ok(Some(match stored {
        Stored::I8 => Datatype::from_type::<i8>()?,
        Stored::I16 => Datatype::from_type::<i16>()?,
        Stored::I32 => Datatype::from_type::<i32>()?,
        Stored::I64 => Datatype::from_type::<i64>()?,
        Stored::U8 => Datatype::from_type::<u8>()?,
        Stored::U16 => Datatype::from_type::<u16>()?,
        Stored::U32 => Datatype::from_type::<u32>()?,
        Stored::U64 => Datatype::from_type::<u64>()?,
        Stored::F32 => Datatype::from_type::<f32>()?,
        Stored::F64 => Datatype::from_type::<f64>()?,
        Stored::Bool | Stored::F16 => return Ok(None),
    }))
}
