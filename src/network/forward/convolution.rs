//! Convolutions in one, two and three dimensions. A sequence is convolved as a map of one row, which costs no copy.

use super::{Pass, along, as_before, as_map, channels_first, fault, pixels_first};
use crate::blueprint::Op;
use crate::network::tensors;
use tch::{Device, Kind, TchError, Tensor};

impl Pass<'_> {
    pub(super) fn convolution(&self, op: &Op, x: &Tensor) -> Result<Tensor, TchError> {
        let &Op::Convolution { dims, stride, padding, dilation, groups, bias, .. } = op else {
            return Err(fault("no convolution"));
        };
        let shifts = Shifts { stride, padding, dilation, groups };
        convolve(x, dims, &self.weight(0)?, self.bias(bias)?.as_ref(), &shifts)
    }

    pub(super) fn transposed_convolution(&self, op: &Op, x: &Tensor) -> Result<Tensor, TchError> {
        let &Op::TransposedConvolution { dims, stride, padding, bias, .. } = op else {
            return Err(fault("no transposed convolution"));
        };
        let (stride, padding) = (along(dims, stride, 1), along(dims, padding, 0));
        let (none, one) = (along(dims, 0, 0), along(dims, 1, 1));
        let weight = as_kernel(&self.weight(0)?, dims)?;
        let mut y =
            as_map(x)?.f_convolution(&weight, None::<&Tensor>, stride, padding, one, true, none, 1)?;
        // Added here: oneDNN sums the gradient of this bias with its plain reference loop.
        if let Some(bias) = self.bias(bias)? {
            let mut spread = vec![1; y.dim()];
            spread[1] = -1;
            y = y.f_add_(&bias.f_view(spread.as_slice())?)?;
        }
        as_before(y, x.dim())
    }
}

/// How a kernel moves, the same along every axis.
pub(super) struct Shifts {
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
    pub groups: usize,
}

impl Shifts {
    /// One pixel at a time, with the size kept for odd kernels.
    pub fn same(kernel: usize) -> Self {
        Self { stride: 1, padding: (kernel - 1) / 2, dilation: 1, groups: 1 }
    }
}

/// `x` a sequence, map or cube; `weight` [f, c/groups, k…] with one k for each of `dims`.
pub(super) fn convolve(
    x: &Tensor,
    dims: usize,
    weight: &Tensor,
    bias: Option<&Tensor>,
    shifts: &Shifts,
) -> Result<Tensor, TchError> {
    let (mut map, weight) = (as_map(x)?, as_kernel(weight, dims)?);
    let (mut stride, mut padding) = (along(dims, shifts.stride, 1), along(dims, shifts.padding, 0));
    if shifts.stride > 1 && weight.size()[2..].iter().all(|&size| size == 1) {
        map = only_strided(&map, &stride, &padding)?;
        (stride, padding) = (along(dims, 1, 1), along(dims, 0, 0));
    }
    let plain = stride.iter().all(|&step| step == 1) && shifts.dilation == 1 && shifts.groups == 1;
    let y = if plain && is_faster_by_columns(&map, &weight, &padding) {
        convolve_by_columns(&map, &weight, bias, &padding)?
    } else {
        map.f_convolution(
            &weight,
            bias,
            stride,
            padding,
            along(dims, shifts.dilation, 1),
            false,
            along(dims, 0, 0),
            shifts.groups as i64,
        )?
    };
    as_before(y, x.dim())
}

/// On the CPU oneDNN brings the whole kernel into its own order at each pass, which costs more than the convolution itself where
/// there are fewer pixels than half the filters; and for a kernel of one pixel a convolution is a product of matrices anyway. In
/// bfloat16 the products are the slower ones: a step of the demo's U-Net takes a seventh longer with them.
fn is_faster_by_columns(map: &Tensor, weight: &Tensor, padding: &[i64]) -> bool {
    let (size, kernel) = (map.size(), weight.size());
    let out = output_size(&size, &kernel, padding);
    if map.device() != Device::Cpu || map.kind() != Kind::Float || out.iter().any(|&size| size < 1) {
        return false;
    }
    let one_pixel = kernel[2..].iter().all(|&size| size == 1);
    one_pixel || 2 * size[0] * out.iter().product::<i64>() <= kernel[0]
}

fn output_size(size: &[i64], kernel: &[i64], padding: &[i64]) -> Vec<i64> {
    size[2..]
        .iter()
        .zip(&kernel[2..])
        .zip(padding)
        .map(|((size, k), padding)| size + 2 * padding - k + 1)
        .collect()
}

/// A product of matrices: all values under the kernel in one row for each pixel, times the kernel as it lies in memory.
fn convolve_by_columns(
    map: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    padding: &[i64],
) -> Result<Tensor, TchError> {
    let kernel = weight.size();
    let out = output_size(&map.size(), &kernel, padding);
    let mut padded = pixels_first(map)?;
    if padding.iter().any(|&padding| padding > 0) {
        // In pairs from the last axis on; the channels get none.
        let pairs: Vec<i64> = [0, 0].into_iter().chain(padding.iter().rev().flat_map(|&p| [p, p])).collect();
        padded = padded.f_constant_pad_nd(pairs)?;
    }
    // Each axis cuts all windows so far at each of its places: in the end the last axis runs fastest, as in the kernel.
    let mut windows = vec![padded];
    for (axis, (&k, &size)) in kernel[2..].iter().zip(&out).enumerate() {
        let mut cut = Vec::with_capacity(windows.len() * k as usize);
        for window in &windows {
            for place in 0..k {
                cut.push(window.f_narrow(axis as i64 + 1, place, size)?);
            }
        }
        windows = cut;
    }
    let columns = match windows.as_slice() {
        [one] => one.shallow_clone(),
        all => Tensor::f_cat(all, -1)?,
    };
    let matrix = pixels_first(weight)?.f_reshape([kernel[0], -1])?;
    channels_first(&columns.f_linear(&matrix, bias)?, map.dim())
}

/// The pixels that a kernel of one pixel meets. Taken out here: in oneDNN (libtorch 2.11, AVX-512, channels last) the weight gradient of
/// such a convolution with a stride corrupts memory where there are 8 channels; PyTorch crashes on it as well.
fn only_strided(x: &Tensor, stride: &[i64], padding: &[i64]) -> Result<Tensor, TchError> {
    let mut map = x.shallow_clone();
    if padding.iter().any(|&pixels| pixels > 0) {
        let both: Vec<i64> = padding.iter().rev().flat_map(|&pixels| [pixels, pixels]).collect();
        map = map.f_constant_pad_nd(both)?;
    }
    for (axis, &step) in (2..).zip(stride) {
        map = map.f_slice(axis, None, None, step)?;
    }
    tensors::channels_last(&map)
}

/// A kernel for a sequence as that for a map of one row.
fn as_kernel(weight: &Tensor, dims: usize) -> Result<Tensor, TchError> {
    if dims == 1 { weight.f_unsqueeze(2) } else { Ok(weight.shallow_clone()) }
}
