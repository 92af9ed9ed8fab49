//! Values brought together or into another shape.

use super::{channel_axis, different_sizes, fault};
use crate::blueprint::Shape;
use crate::network::tensors;
use tch::{TchError, Tensor};

pub(super) fn concatenate(parts: &[Tensor]) -> Result<Tensor, TchError> {
    let first = parts.first().ok_or_else(|| fault("nothing to join"))?;
    let axis = channel_axis(first);
    for (place, part) in parts.iter().enumerate() {
        let (mut one, mut other) = (first.size(), part.size());
        if one.len() != other.len() {
            return Err(different_sizes("part 1", first, &format!("part {}", place + 1), part));
        }
        (one[axis as usize], other[axis as usize]) = (0, 0);
        if one != other {
            return Err(different_sizes("part 1", first, &format!("part {}", place + 1), part));
        }
    }
    Tensor::f_cat(parts, axis)
}

/// The sum; `in_place` in the memory of the first part, where that has the size of the sum.
pub(super) fn add(parts: &[Tensor], in_place: bool) -> Result<Tensor, TchError> {
    combine(parts, |mut sum, part, own| {
        if (own || in_place) && sum.size() == whole_size(&sum, part) {
            sum.f_add_(part)
        } else {
            sum.f_add(part)
        }
    })
}

pub(super) fn multiply(parts: &[Tensor]) -> Result<Tensor, TchError> {
    combine(parts, |product, part, _| product.f_mul(part))
}

/// Joins the parts one by one; `join` is told whether the first of its two is an intermediate result.
fn combine(
    parts: &[Tensor],
    join: impl Fn(Tensor, &Tensor, bool) -> Result<Tensor, TchError>,
) -> Result<Tensor, TchError> {
    let largest =
        parts.iter().max_by_key(|part| (part.dim(), part.numel())).ok_or_else(|| fault("nothing to join"))?;
    let mut whole: Option<Tensor> = None;
    for (place, part) in parts.iter().enumerate() {
        let part = spread(part, largest)?;
        let fits =
            part.size().iter().zip(largest.size()).all(|(&own, size)| own == size || own == 1 || size == 1);
        if part.dim() != largest.dim() || !fits {
            return Err(different_sizes("the largest part", largest, &format!("part {}", place + 1), &part));
        }
        whole = Some(match whole {
            None => part,
            Some(whole) => join(whole, &part, place > 1)?,
        });
    }
    whole.ok_or_else(|| fault("nothing to join"))
}

/// The size that two values of one rank spread to.
fn whole_size(a: &Tensor, b: &Tensor) -> Vec<i64> {
    a.size().into_iter().zip(b.size()).map(|(a, b)| a.max(b)).collect()
}

/// A vector [batch, channel] with axes of one pixel, so that it spreads over a value like `over`; all else as it is.
pub(super) fn spread(x: &Tensor, over: &Tensor) -> Result<Tensor, TchError> {
    if x.dim() != 2 || over.dim() == 2 {
        return Ok(x.shallow_clone());
    }
    let mut size = vec![1; over.dim()];
    size[0] = x.size()[0];
    size[channel_axis(over) as usize] = x.size()[1];
    x.f_reshape(size.as_slice())
}

pub(super) fn reshape(x: &Tensor, shape: &Shape) -> Result<Tensor, TchError> {
    let size = x.size();
    let count: usize = shape.sizes.iter().product();
    let given = size[1..].iter().product::<i64>();
    if given != count as i64 {
        return Err(fault(&format!(
            "{given} values came for a shape of {shape}; give the network inputs of the size it was drawn for"
        )));
    }
    let sizes: Vec<i64> =
        size[..1].iter().copied().chain(shape.sizes.iter().map(|&size| size as i64)).collect();
    tensors::channels_last(&x.f_reshape(sizes.as_slice())?)
}
