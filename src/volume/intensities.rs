//! What the radiative transfer gives of a cube, estimated in plain Rust along a few lines: for the range of its colours.

use super::load::Loaded;
use super::scene::{Opacity, Radiation, Source};
use ndarray::Array3;

/// Lines along x and along y.
const LINES: usize = 32;

/// I = I₀·e^(−τ) + Σ T·S·(1 − e^(−κ·Δs)) along evenly spread lines that run along z through all of the cube, from its near side on; each
/// voxel counts as a whole, blanks and negative opacities dim nothing. (1, y, x); a second cube is stretched over the box of the first.
/// `None` where a second cube is needed and is not there.
pub(super) fn intensities(
    radiation: &Radiation,
    own: &Loaded,
    second: Option<&Loaded>,
) -> Option<Array3<f32>> {
    let values = &own.values;
    let (depth, height, width) = values.dim();
    let lines = |count: usize| count.clamp(1, LINES);
    let at = |line: usize, count: usize| (2 * line + 1) * count / (2 * lines(count));
    let needs_second = radiation.source == Source::Second || matches!(radiation.opacity, Opacity::Second(_));
    if values.is_empty() || (needs_second && second.is_none()) {
        return None;
    }
    let voxel_pc = radiation.longest_pc * f64::from(own.lattice.sides[2]) / depth as f64;
    let is_near_first = own.lattice.signs[2] < 0.0;
    let along = |y: usize, x: usize| {
        let (mut sum, mut transparency) = (0.0, 1.0);
        for step in 0..depth {
            let z = if is_near_first { step } else { depth - 1 - step };
            let value = f64::from(values[[z, y, x]]);
            let other = second.map_or(f64::NAN, |second| {
                let (deep, tall, wide) = second.values.dim();
                f64::from(second.values[[z * deep / depth, y * tall / height, x * wide / width]])
            });
            let kappa = match radiation.opacity {
                Opacity::Constant(kappa) => kappa,
                Opacity::Cube(kappa) => kappa * value,
                Opacity::Second(kappa) => kappa * other,
            };
            let source = match radiation.source {
                Source::Constant(source) => source,
                Source::Cube => value,
                Source::Second => other,
            };
            if !value.is_finite() || !source.is_finite() || kappa.is_nan() || kappa <= 0.0 {
                continue;
            }
            let left = (-kappa * voxel_pc).exp();
            sum += transparency * source * (1.0 - left);
            transparency *= left;
        }
        (sum + transparency * radiation.background) as f32
    };
    Some(Array3::from_shape_fn((1, lines(height), lines(width)), |(_, y, x)| {
        along(at(y, height), at(x, width))
    }))
}
