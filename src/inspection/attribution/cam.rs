//! Grad-CAM.

use super::{Case, leaves};
use crate::blueprint::PortType;
use crate::inspection::error::{InspectionError, Result};
use crate::inspection::grid;
use crate::network::Tensor;
use ndarray::{Array2, Array4, Axis};

/// ReLU(Σ_k α_k A_k) with α_k the mean over all pixels of ∂output/∂A_k at the step (Selvaraju et al. 2017, equations 1 and 2),
/// interpolated to the pixels of the first input that is a map or cube.
pub(super) fn grad_cam(case: &Case, inputs: &[Tensor], step: usize) -> Result<Array2<f32>> {
    let inputs = leaves(inputs)?;
    let mut seen = None;
    let outputs = case.network.forward_with_gradients(
        &inputs,
        Some(&mut |index, value: &Tensor| {
            if index == step {
                seen = Some(value.shallow_clone());
            }
        }),
    )?;
    let own = &case.network.steps()[step];
    let kind = own.shape.kind;
    let size =
        inputs.iter().zip(&case.kinds).find_map(|(input, kind)| match (kind, input.size().as_slice()) {
            (PortType::Map, &[_, _, y, x]) | (PortType::Cube, &[_, _, _, y, x]) => {
                Some((y as usize, x as usize))
            }
            (PortType::Sequence, &[_, length, _]) => Some((1, length as usize)),
            _ => None,
        });
    let (Some(value), Some(size), false) = (seen, size, kind == PortType::Vector) else {
        return Err(InspectionError::request(
            format!("Grad-CAM has no pixels at `{}`", own.name),
            "choose a block that hands on a map, such as a convolution, of a network that takes one",
        ));
    };
    let numbers = case.number(&outputs)?;
    let gradient = match case.backward(&numbers, std::slice::from_ref(&value)) {
        Ok(gradients) => gradients,
        // libtorch refuses what the output does not depend on.
        Err(_) => {
            return Err(InspectionError::request(
                format!("the output does not depend on `{}`", own.name),
                "choose a block on the way to it",
            ));
        }
    };
    let gradient = grid::single(kind, &gradient[0])?;
    Ok(bilinear(&combine(&grid::single(kind, &value)?, &gradient), size))
}

/// The weighted sum over channels, its negative parts cut, averaged along z.
pub(super) fn combine(values: &Array4<f32>, gradient: &Array4<f32>) -> Array2<f32> {
    let (channels, depth, rows, columns) = values.dim();
    let pixels = (depth * rows * columns).max(1) as f64;
    let mut sum = ndarray::Array3::<f64>::zeros((depth, rows, columns));
    for channel in 0..channels {
        let own = gradient.index_axis(Axis(0), channel);
        let weight = own.iter().map(|&value| f64::from(value)).sum::<f64>() / pixels;
        sum.zip_mut_with(&values.index_axis(Axis(0), channel), |sum, &value| {
            *sum += weight * f64::from(value)
        });
    }
    let cut = sum.mapv(|value| value.max(0.0));
    (cut.sum_axis(Axis(0)) / depth.max(1) as f64).mapv(|value| value as f32)
}

/// Bilinear interpolation that keeps pixel centres (`align_corners` false), borders replicated.
fn bilinear(map: &Array2<f32>, (rows, columns): (usize, usize)) -> Array2<f32> {
    let place = |at: usize, to: usize, from: usize| {
        let place = ((at as f64 + 0.5) * from as f64 / to as f64 - 0.5).clamp(0.0, (from - 1) as f64);
        let low = place.floor() as usize;
        (low, (low + 1).min(from - 1), (place - place.floor()) as f32)
    };
    Array2::from_shape_fn((rows, columns), |(y, x)| {
        let (top, bottom, down) = place(y, rows, map.nrows());
        let (left, right, across) = place(x, columns, map.ncols());
        let row = |y: usize| map[[y, left]] * (1.0 - across) + map[[y, right]] * across;
        row(top) * (1.0 - down) + row(bottom) * down
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interpolation_keeps_centres_like_pytorch() {
        // torch.nn.functional.interpolate(torch.tensor([[[[0., 1.], [2., 3.]]]]), size=(4, 4), mode="bilinear")
        let map = ndarray::arr2(&[[0.0, 1.0], [2.0, 3.0]]);
        let wanted = ndarray::arr2(&[
            [0.0, 0.25, 0.75, 1.0],
            [0.5, 0.75, 1.25, 1.5],
            [1.5, 1.75, 2.25, 2.5],
            [2.0, 2.25, 2.75, 3.0],
        ]);
        assert_eq!(bilinear(&map, (4, 4)), wanted);
    }
}
