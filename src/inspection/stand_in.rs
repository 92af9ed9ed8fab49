//! What a network that was never trained is shown in place of a sample: a synthetic cloud where it takes one map, else noise.

use super::error::Result;
use crate::blueprint::{PortType, Step};
use crate::cloud::{Axis, Quantity, SynthSettings, bilinear, project, synthesise};
use crate::job::Context;
use crate::network::seed;
use ndarray::Array2;
use rand_distr::{Distribution, StandardNormal};

/// Cells along the edge of the cloud: a tenth of a second of work.
const CELLS: usize = 64;

/// log₁₀ column density of a synthetic cloud, of mean 0 and deviation 1, as a training would show it.
pub(super) fn cloud(seed: u64, ctx: &Context) -> Result<Array2<f32>> {
    let settings = SynthSettings { size: CELLS, seed, ..SynthSettings::default() };
    let made = synthesise(&settings, ctx).map_err(crate::training::TrainingError::from)?;
    let mut map = project(&made, Quantity::Column, Axis::Z).values.mapv(f32::log10);
    let mean = map.mean().unwrap_or(0.0);
    let deviation = map.std(0.0).max(f32::MIN_POSITIVE);
    map.mapv_inplace(|value| (value - mean) / deviation);
    Ok(map)
}

/// Whether a step is an input of one map, large enough to show a cloud.
pub(super) fn takes_cloud(step: &Step) -> bool {
    step.shape.kind == PortType::Map
        && matches!(*step.shape.sizes.as_slice(), [1, rows, columns] if rows.min(columns) >= 8)
}

/// The values of an input in row-major order: the cloud on its pixels, or standard normal noise.
pub(super) fn values(step: &Step, cloud: Option<&Array2<f32>>, seed: u64) -> Vec<f32> {
    if let (Some(cloud), &[1, rows, columns]) = (cloud, step.shape.sizes.as_slice()) {
        return bilinear(cloud.view(), (rows, columns)).iter().copied().collect();
    }
    let mut generator = seed::stream(seed, &step.name);
    StandardNormal.sample_iter(&mut generator).take(step.shape.sizes.iter().product()).collect()
}
