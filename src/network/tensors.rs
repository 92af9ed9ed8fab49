//! Between tensors and plain numbers, and the memory format of maps.

use super::NetworkError;
use tch::{Device, Kind, Tensor};

/// A float32 tensor from numbers in row-major order.
pub fn from_slice(values: &[f32], shape: &[usize], device: Device) -> Result<Tensor, NetworkError> {
    let bytes: &[u8] = bytes_of(values);
    let shape: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
    let tensor = Tensor::f_from_data_size(bytes, &shape, Kind::Float)?;
    Ok(tensor.f_to_device(device)?)
}

/// The numbers of a tensor of any float kind, on any device and in any memory format, in row-major order.
pub fn to_vec(tensor: &Tensor) -> Result<Vec<f32>, NetworkError> {
    let plain = tensor.f_detach()?.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?.f_contiguous()?;
    let mut values = vec![0f32; plain.numel()];
    let count = values.len();
    plain.f_copy_data(&mut values, count)?;
    Ok(values)
}

/// The same values with the channels of each pixel side by side in memory, which is what CPU and tensor-core kernels
/// of convolutions want: for [batch, channel, y, x] and [batch, channel, z, y, x]; of others the last axis is the innermost.
/// A tensor that lies so already is handed back.
pub fn channels_last(tensor: &Tensor) -> Result<Tensor, tch::TchError> {
    match tensor.dim() {
        4 => tensor.f_permute([0, 2, 3, 1])?.f_contiguous()?.f_permute([0, 3, 1, 2]),
        5 => tensor.f_permute([0, 2, 3, 4, 1])?.f_contiguous()?.f_permute([0, 4, 1, 2, 3]),
        _ => tensor.f_contiguous(),
    }
}

/// The same values in memory of their own.
pub fn copy(tensor: &Tensor) -> Result<Tensor, tch::TchError> {
    let mut own = tensor.f_empty_like()?;
    tch::no_grad(|| own.f_copy_(tensor))?;
    Ok(own)
}

pub(super) fn bytes_of(values: &[f32]) -> &[u8] {
    // SAFETY: every f32 is four initialised bytes, and u8 has no alignment.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), std::mem::size_of_val(values)) }
}
