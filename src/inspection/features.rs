//! Feature maps: what a block hands on for a sample.

use super::answer::{ChannelStatistics, FeaturesView};
use super::block;
use super::error::{InspectionError, Result};
use super::grid;
use super::request::CubeSlice;
use super::subject::{Loaded, Sample};
use crate::blueprint::{PathId, PortType, Shape};
use crate::network::Mode;
use ndarray::{Array3, ArrayView4, Axis};

/// The value of `path` for a sample.
pub(super) fn features(
    loaded: &Loaded,
    path: &PathId,
    sample: &Sample,
    slice: CubeSlice,
) -> Result<FeaturesView> {
    let steps = loaded.network.steps();
    let wanted = block::outlet(steps, path)?;
    let mut seen = None;
    loaded.network.forward_observed(&sample.inputs, Mode::Evaluate, &mut |index, value| {
        if index == wanted {
            seen = Some(value.shallow_clone());
        }
    })?;
    let value =
        seen.ok_or_else(|| InspectionError::request("the block computed nothing", "choose another"))?;
    let kind = steps[wanted].shape.kind;
    let shape = Shape { kind, sizes: value.size().iter().skip(1).map(|&size| size as usize).collect() };
    let cube = grid::single(kind, &value)?;
    let z = cube.dim().1;
    let statistics: Vec<ChannelStatistics> =
        cube.axis_iter(Axis(0)).map(|channel| of(channel.iter())).collect();
    Ok(FeaturesView {
        dead: statistics.iter().filter(|channel| channel.dead).count(),
        slice: (shape.kind == PortType::Cube).then(|| match slice {
            CubeSlice::Middle => (Some(z / 2), z),
            CubeSlice::Index(index) => (Some(index.min(z - 1)), z),
            CubeSlice::Maximum => (None, z),
        }),
        channels: as_maps(cube.view(), slice),
        shape,
        statistics,
        label: loaded.quantity(wanted),
    })
}

fn as_maps(cube: ArrayView4<f32>, slice: CubeSlice) -> Array3<f32> {
    let depth = cube.len_of(Axis(1));
    match slice {
        _ if depth == 1 => cube.index_axis(Axis(1), 0).to_owned(),
        CubeSlice::Middle => cube.index_axis(Axis(1), depth / 2).to_owned(),
        CubeSlice::Index(index) => cube.index_axis(Axis(1), index.min(depth - 1)).to_owned(),
        CubeSlice::Maximum => cube.fold_axis(Axis(1), f32::NEG_INFINITY, |&a, &b| a.max(b)),
    }
}

fn of<'a>(values: impl ExactSizeIterator<Item = &'a f32> + Clone) -> ChannelStatistics {
    let count = values.len().max(1) as f64;
    let (min, max) =
        values.clone().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let mean = values.clone().map(|&v| f64::from(v)).sum::<f64>() / count;
    let square = values.clone().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
    let dead = if values.len() == 1 { max == 0.0 } else { min == max };
    ChannelStatistics { min, max, mean, std: square.sqrt(), dead }
}
