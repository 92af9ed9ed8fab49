//! Other sizes: pools, upsampling, crops and pads.

use super::{along, as_before, as_map, fault};
use crate::blueprint::{Fill, Interpolation};
use tch::{Kind, TchError, Tensor};

pub(super) fn max_pool(x: &Tensor, dims: usize, kernel: usize, stride: usize) -> Result<Tensor, TchError> {
    let (kernel, stride) = (along(dims, kernel, 1), along(dims, stride, 1));
    let (none, one) = (along(dims, 0, 0), along(dims, 1, 1));
    let map = as_map(x)?;
    let y = match dims {
        3 => map.f_max_pool3d(kernel, stride, none, one, false)?,
        _ => map.f_max_pool2d(kernel, stride, none, one, false)?,
    };
    as_before(y, x.dim())
}

pub(super) fn average_pool(
    x: &Tensor,
    dims: usize,
    kernel: usize,
    stride: usize,
) -> Result<Tensor, TchError> {
    let (kernel, stride, none) = (along(dims, kernel, 1), along(dims, stride, 1), along(dims, 0, 0));
    let map = as_map(x)?;
    let y = match dims {
        // libtorch has no such pool of cubes in bfloat16 on the CPU.
        3 => {
            let map = map.f_to_kind(Kind::Float)?;
            map.f_avg_pool3d(kernel, stride, none, false, true, None)?.f_to_kind(x.kind())?
        }
        _ => map.f_avg_pool2d(kernel, stride, none, false, true, None)?,
    };
    as_before(y, x.dim())
}

/// Mean or maximum over all pixels: a vector. Where several pixels share the maximum they share its gradient.
pub(super) fn global_pool(x: &Tensor, maximum: bool) -> Result<Tensor, TchError> {
    let axes: Vec<i64> = match x.dim() {
        3 => vec![1],
        rank => (2..rank as i64).collect(),
    };
    if maximum { x.f_amax(axes, false) } else { x.f_mean_dim(axes.as_slice(), false, None::<Kind>) }
}

pub(super) fn upsample(x: &Tensor, factor: usize, interpolation: Interpolation) -> Result<Tensor, TchError> {
    let map = as_map(x)?;
    let mut size: Vec<i64> = map.size()[2..].iter().map(|size| size * factor as i64).collect();
    if x.dim() == 3 {
        size[0] = 1;
    }
    let y = match (interpolation, x.dim()) {
        (Interpolation::Nearest, 5) => map.f_upsample_nearest3d(size, None, None, None)?,
        (Interpolation::Nearest, _) => map.f_upsample_nearest2d(size, None, None)?,
        (Interpolation::Linear, 5) => map.f_upsample_trilinear3d(size, false, None, None, None)?,
        (Interpolation::Linear, _) => map.f_upsample_bilinear2d(size, false, None, None)?,
    };
    as_before(y, x.dim())
}

/// Cuts `before` pixels before, and the rest of `dropped` after, along each spatial axis.
pub(super) fn crop(x: &Tensor, before: &[usize], dropped: &[usize]) -> Result<Tensor, TchError> {
    let mut y = x.shallow_clone();
    for (place, (&before, &dropped)) in before.iter().zip(dropped).enumerate() {
        let axis = spatial_axis(x) + place as i64;
        let size = x.size().get(axis as usize).copied().unwrap_or(0);
        let left = size - dropped as i64;
        if left < 1 {
            return Err(fault(&format!("{dropped} of {size} pixels cannot be cut off; give it larger maps")));
        }
        y = y.f_narrow(axis, before as i64, left)?;
    }
    Ok(y)
}

/// Cuts to the size of `like`; of an odd number of pixels one more goes after.
pub(super) fn crop_like(x: &Tensor, like: &Tensor) -> Result<Tensor, TchError> {
    let sizes = |x: &Tensor| match x.dim() {
        3 => x.size()[1..2].to_vec(),
        _ => x.size()[2..].to_vec(),
    };
    let (own, wanted) = (sizes(x), sizes(like));
    if own.len() != wanted.len() || own.iter().zip(&wanted).any(|(own, wanted)| own < wanted) {
        return Err(super::different_sizes("in", x, "like", like));
    }
    let dropped: Vec<usize> = own.iter().zip(&wanted).map(|(own, wanted)| (own - wanted) as usize).collect();
    let before: Vec<usize> = dropped.iter().map(|dropped| dropped / 2).collect();
    crop(x, &before, &dropped)
}

pub(super) fn pad(x: &Tensor, before: &[usize], after: &[usize], fill: Fill) -> Result<Tensor, TchError> {
    let map = as_map(x)?;
    // libtorch wants pairs from the last axis on.
    let pairs: Vec<i64> =
        before.iter().zip(after).rev().flat_map(|(&before, &after)| [before as i64, after as i64]).collect();
    let y = match fill {
        Fill::Zero => map.f_constant_pad_nd(pairs)?,
        // A sequence is one row here, which cannot be mirrored: its pairs end before that axis.
        Fill::Reflect | Fill::Replicate => {
            let mode = if fill == Fill::Reflect { "reflect" } else { "replicate" };
            if x.dim() == 3 {
                let y = x.f_transpose(1, 2)?.f_pad(pairs, mode, None)?;
                return y.f_transpose(1, 2)?.f_contiguous();
            }
            map.f_pad(pairs, mode, None)?
        }
    };
    as_before(y, x.dim())
}

fn spatial_axis(x: &Tensor) -> i64 {
    if x.dim() == 3 { 1 } else { 2 }
}
