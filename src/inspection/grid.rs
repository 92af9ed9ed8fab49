//! Between the tensors of the four wire types and one array (batch, channel, z, y, x): a map has one z, a sequence one row of its length,
//! a vector one pixel.

use super::error::{InspectionError, Result};
use crate::blueprint::PortType;
use crate::network::{Device, Tensor, tensors};
use ndarray::{Array2, Array4, Array5, Axis, s};

/// The values of a batch.
pub(super) fn batch(kind: PortType, tensor: &Tensor) -> Result<Array5<f32>> {
    let size: Vec<usize> = tensor.size().iter().map(|&size| size as usize).collect();
    let strange =
        || InspectionError::request(format!("a value has the strange shape {size:?}"), "please report it");
    let ordered = if kind == PortType::Sequence { tensor.f_transpose(1, 2)? } else { tensor.shallow_clone() };
    let shape = match (kind, size.as_slice()) {
        (PortType::Vector, &[n, c]) => (n, c, 1, 1, 1),
        (PortType::Map, &[n, c, y, x]) => (n, c, 1, y, x),
        (PortType::Cube, &[n, c, z, y, x]) => (n, c, z, y, x),
        (PortType::Sequence, &[n, length, c]) => (n, c, 1, 1, length),
        _ => return Err(strange()),
    };
    Array5::from_shape_vec(shape, tensors::to_vec(&ordered)?).map_err(|_| strange())
}

/// The values of the first (mostly only) sample of a batch.
pub(super) fn single(kind: PortType, tensor: &Tensor) -> Result<Array4<f32>> {
    Ok(batch(kind, tensor)?.index_axis_move(Axis(0), 0))
}

/// The other way round.
pub(super) fn tensor(kind: PortType, values: &Array5<f32>, device: Device) -> Result<Tensor> {
    let (n, c, z, y, x) = values.dim();
    let plain: Vec<f32> = values.iter().copied().collect();
    let shape = match kind {
        PortType::Vector => vec![n, c],
        PortType::Map => vec![n, c, y, x],
        PortType::Cube => vec![n, c, z, y, x],
        PortType::Sequence => vec![n, c, x],
    };
    let tensor = tensors::from_slice(&plain, &shape, device)?;
    Ok(if kind == PortType::Sequence { tensor.f_transpose(1, 2)?.f_contiguous()? } else { tensor })
}

/// One map (y, x) for each channel, summed along z; a vector is one map of one row.
pub(super) fn maps(kind: PortType, values: &Array4<f32>) -> Vec<Array2<f32>> {
    if kind == PortType::Vector {
        let row = values.slice(s![.., 0, 0, 0]).to_owned();
        return vec![row.insert_axis(Axis(0))];
    }
    values.axis_iter(Axis(0)).map(|channel| channel.sum_axis(Axis(0))).collect()
}
