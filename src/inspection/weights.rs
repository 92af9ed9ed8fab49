//! Weights of a block: values, distribution, kernels as images, and their history.

use super::answer::{Histogram, ParameterHistory, ParameterView, Statistics, WeightsView};
use super::block;
use super::error::Result;
use super::kan;
use super::subject::Loaded;
use crate::blueprint::{Op, PathId};
use crate::network::{Tensor, tensors};
use ndarray::Array4;

/// Values handed out of one parameter; the statistics are of all.
const MOST_VALUES: usize = 1 << 20;
/// Cells of a histogram.
const CELLS: usize = 64;

/// Parameters and buffers of all steps inside a block.
pub(super) fn weights(loaded: &Loaded, path: &PathId) -> Result<WeightsView> {
    let network = &loaded.network;
    let mut view = WeightsView::default();
    let inside = block::inside(network.steps(), path);
    for &index in &inside {
        let step = &network.steps()[index];
        let base = format!("{}.", step.name.replace('/', "."));
        let transposed = matches!(step.op, Op::TransposedConvolution { .. });
        for (name, slot) in network.layout().slots.iter().filter(|(name, _)| name.starts_with(&base)) {
            let values = network.layout().view(network.flat(), slot)?;
            view.parameters.push(parameter(name, &values, true, transposed)?);
        }
        for (name, buffer) in network.buffers().iter().filter(|(name, _)| name.starts_with(&base)) {
            view.parameters.push(parameter(name, buffer, false, false)?);
        }
    }
    if let [only] = inside.as_slice() {
        (view.curves, view.curve_count) = kan::curves(network, *only)?;
    }
    let history = loaded.history()?;
    for (place, name) in history.parameters.iter().enumerate() {
        if view.parameters.iter().any(|parameter| parameter.name == *name) {
            let number =
                |which: usize| history.records.iter().map(|record| record.norms[place][which]).collect();
            view.history.push(ParameterHistory {
                name: name.clone(),
                steps: history.records.iter().map(|record| record.step).collect(),
                norm: number(0),
                gradient_norm: number(1),
                update_ratio: number(2),
            });
        }
    }
    Ok(view)
}

fn parameter(name: &str, tensor: &Tensor, trained: bool, transposed: bool) -> Result<ParameterView> {
    let shape: Vec<usize> = tensor.size().iter().map(|&size| size as usize).collect();
    let mut values = tensors::to_vec(tensor)?;
    let statistics = statistics(&values);
    let (count, histogram) = (values.len(), histogram(&values, &statistics));
    values.truncate(MOST_VALUES);
    values.shrink_to_fit();
    Ok(ParameterView {
        name: name.to_owned(),
        trained,
        kernels: kernels(&shape, &values, transposed),
        shape,
        values,
        count,
        statistics,
        histogram,
    })
}

fn statistics(values: &[f32]) -> Statistics {
    let finite = || values.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value));
    let count = finite().count();
    if count == 0 {
        return Statistics { count_not_finite: values.len(), ..Statistics::default() };
    }
    let (min, max) =
        finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let mean = finite().sum::<f64>() / count as f64;
    Statistics {
        min: min as f32,
        max: max as f32,
        mean,
        std: (finite().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count as f64).sqrt(),
        norm: finite().map(|v| v * v).sum::<f64>().sqrt(),
        count_not_finite: values.len() - count,
    }
}

fn histogram(values: &[f32], statistics: &Statistics) -> Histogram {
    let (low, high) = (statistics.min, statistics.max);
    let mut counts = vec![0; CELLS];
    let scale = if high > low { CELLS as f64 / (f64::from(high) - f64::from(low)) } else { 0.0 };
    for &value in values.iter().filter(|value| value.is_finite()) {
        let cell = (f64::from(value) - f64::from(low)) * scale;
        counts[(cell as usize).min(CELLS - 1)] += 1;
    }
    Histogram { low, high, counts }
}

/// (out, in, y, x) of a kernel [out, in, …] ([in, out, …] where transposed); kernels of one pixel and matrices are one image (out, in).
fn kernels(shape: &[usize], values: &[f32], transposed: bool) -> Option<Array4<f32>> {
    let (&[first, second], sizes) = shape.split_first_chunk::<2>()?;
    let (rows, columns) = match *sizes {
        [] => (1, 1),
        [x] => (1, x),
        [y, x] | [_, y, x] => (y, x),
        _ => return None,
    };
    let depth = if sizes.len() == 3 { sizes[0] } else { 1 };
    // Where not all values are at hand, as many whole kernels of the first axis as are.
    let whole = values.len() / (second * depth * rows * columns).max(1);
    let first = first.min(whole);
    if first == 0 || second == 0 {
        return None;
    }
    let value = |a: usize, b: usize, y: usize, x: usize| {
        values[(((a * second + b) * depth + depth / 2) * rows + y) * columns + x]
    };
    let (out, inner) = if transposed { (second, first) } else { (first, second) };
    let kernel = |o: usize, i: usize, y, x| if transposed { value(i, o, y, x) } else { value(o, i, y, x) };
    Some(if rows * columns * depth == 1 {
        Array4::from_shape_fn((1, 1, out, inner), |(_, _, o, i)| kernel(o, i, 0, 0))
    } else {
        Array4::from_shape_fn((out, inner, rows, columns), |(o, i, y, x)| kernel(o, i, y, x))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_are_out_in_y_x() {
        let values: Vec<f32> = (0..24).map(|value| value as f32).collect();
        let plain = kernels(&[2, 3, 2, 2], &values, false).expect("kernels");
        assert_eq!((plain.dim(), plain[[1, 2, 1, 0]]), ((2, 3, 2, 2), 22.0));
        let transposed = kernels(&[2, 3, 2, 2], &values, true).expect("kernels");
        assert_eq!((transposed.dim(), transposed[[2, 1, 1, 0]]), ((3, 2, 2, 2), 22.0));
        // A linear layer and a convolution of one pixel are matrices; of a cube's kernel the middle is shown.
        assert_eq!(kernels(&[4, 6], &values, false).expect("a matrix").dim(), (1, 1, 4, 6));
        assert_eq!(kernels(&[4, 6, 1, 1], &values, false).expect("a matrix").dim(), (1, 1, 4, 6));
        let cube = kernels(&[1, 2, 3, 2, 2], &values, false).expect("kernels");
        assert_eq!((cube.dim(), cube[[0, 1, 0, 0]]), ((1, 2, 2, 2), 16.0));
        assert!(kernels(&[7], &values, false).is_none());
        // Cut short, only whole kernels are shown.
        assert_eq!(kernels(&[2, 3, 2, 2], &values[..20], false).expect("kernels").dim(), (1, 3, 2, 2));
    }

    #[test]
    fn statistics_leave_out_what_is_no_number() {
        let found = statistics(&[3.0, -4.0, f32::NAN, f32::INFINITY]);
        assert_eq!(
            (found.min, found.max, found.mean, found.norm, found.count_not_finite),
            (-4.0, 3.0, -0.5, 5.0, 2)
        );
        assert_eq!(histogram(&[3.0, -4.0, f32::NAN], &found).counts.iter().sum::<u64>(), 2);
    }
}
