//! Dense cores: where gas is dense already, spheroids that are the denser the smaller they are.

use super::SynthSettings;
use crate::cloud::Result;
use crate::job::Context;
use ndarray::{Array3, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// A core's wings end at this many radii of its flat part.
const REACH: f64 = 8.0;
/// Central density falls with radius as n ∝ r^−1.1 (Larson 1981, MNRAS 194, 809).
const LARSON_DENSITY_INDEX: f64 = -1.1;
/// Scatter of log10 of the central density about that relation.
const DENSITY_SCATTER_DEX: f64 = 0.2;
/// Scatter of ln of each axis of a core.
const AXIS_SCATTER: f64 = 0.25;

struct Core {
    /// Centre (z, y, x) in cells.
    center: [f64; 3],
    /// Radius of the flat part along (z, y, x) in cells.
    radius: [f64; 3],
    density: f64,
}

/// Core density of mean 1, on a periodic grid.
pub(super) fn cores(
    settings: &SynthSettings,
    seed: u64,
    density: &Array3<f32>,
    ctx: &Context,
) -> Result<Array3<f32>> {
    let cores = draw(settings, seed, density);
    let mut field = Array3::<f32>::zeros(density.raw_dim());
    ctx.check()?;
    // By planes, each with the cores in their order: the sums do not depend on the threads.
    field.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(z, mut plane)| {
        if !ctx.is_cancelled() {
            cores.iter().for_each(|core| add_to_plane(core, z, &mut plane));
        }
    });
    ctx.check()?;
    super::scale_to_mean(&mut field, 1.0);
    Ok(field)
}

/// Draws the cores; their places with probability ∝ density^1.5.
fn draw(settings: &SynthSettings, seed: u64, density: &Array3<f32>) -> Vec<Core> {
    let n = settings.size;
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    let weight = |n: f32| f64::from(n).max(0.0).powf(1.5);
    let rows: Vec<f64> = density
        .axis_iter(Axis(0))
        .into_par_iter()
        .flat_map_iter(|plane| {
            plane.outer_iter().map(|row| row.iter().map(|&n| weight(n)).sum()).collect::<Vec<f64>>()
        })
        .collect();
    let cumulative: Vec<f64> = rows
        .iter()
        .scan(0.0, |sum, row| {
            *sum += row;
            Some(*sum)
        })
        .collect();
    let total = cumulative.last().copied().unwrap_or(0.0);
    // A core below a cell across cannot be shown.
    let [smallest, largest] = settings.core_radius.map(|r| (r * n as f64).max(0.8));
    (0..settings.core_count)
        .map(|_| {
            let target = generator.random::<f64>() * total;
            let row = cumulative.partition_point(|&sum| sum <= target).min(n * n - 1);
            let mut left = target - if row > 0 { cumulative[row - 1] } else { 0.0 };
            let (z, y) = (row / n, row % n);
            let mut x = 0;
            while x + 1 < n && left > weight(density[[z, y, x]]) {
                left -= weight(density[[z, y, x]]);
                x += 1;
            }
            let center = [z, y, x].map(|i| i as f64 + generator.random::<f64>() - 0.5);
            let radius =
                power_law(generator.random(), smallest, largest.max(smallest), settings.core_radius_index);
            let mut normal = || -> f64 { StandardNormal.sample(&mut generator) };
            let scatter = 10f64.powf(DENSITY_SCATTER_DEX * normal());
            let axes = [normal(), normal(), normal()].map(|g| radius * (AXIS_SCATTER * g).exp());
            Core {
                center,
                radius: axes.map(|r| r.min(n as f64 / (2.0 * REACH))),
                density: (radius / smallest).powf(LARSON_DENSITY_INDEX) * scatter,
            }
        })
        .collect()
}

/// The value at fraction `u` of a distribution dN/dr ∝ r^−(index + 1) between two radii.
fn power_law(u: f64, smallest: f64, largest: f64, index: f64) -> f64 {
    if index.abs() < 1e-6 {
        return smallest * (largest / smallest).powf(u);
    }
    let (low, high) = (smallest.powf(-index), largest.powf(-index));
    (low + u * (high - low)).powf(-1.0 / index)
}

/// Adds n / (1 + q²) with a smooth end at q = REACH, q the distance in units of the local radius.
fn add_to_plane(core: &Core, z: usize, plane: &mut ndarray::ArrayViewMut2<f32>) {
    let n = plane.dim().0;
    let offset = |index: usize, axis: usize| {
        let half = n as f64 / 2.0;
        ((index as f64 - core.center[axis] + half).rem_euclid(n as f64) - half) / core.radius[axis]
    };
    let dz = offset(z, 0).powi(2);
    let reach = REACH * REACH;
    if dz >= reach {
        return;
    }
    let near = |axis: usize| -> Vec<(usize, f64)> {
        let extent = REACH * core.radius[axis];
        let first = (core.center[axis] - extent).ceil() as i64;
        let last = (core.center[axis] + extent).floor() as i64;
        (first..=last.min(first + n as i64 - 1))
            .map(|i| i.rem_euclid(n as i64) as usize)
            .map(|i| (i, offset(i, axis).powi(2)))
            .collect()
    };
    let columns = near(2);
    for (y, dy) in near(1) {
        for &(x, dx) in &columns {
            let q_squared = dz + dy + dx;
            if q_squared < reach {
                let end = 1.0 - q_squared / reach;
                plane[[y, x]] += (core.density / (1.0 + q_squared) * end * end) as f32;
            }
        }
    }
}
