//! Methods of the gradient: SmoothGrad and integrated gradients.

use super::{Case, leaves};
use crate::inspection::error::{InspectionError, Result};
use crate::job::Context;
use crate::network::{Tensor, seed, tensors};
use rand_distr::{Distribution, StandardNormal};
use tch::Kind;

/// The sum of attributions must agree with the difference of outputs within this share.
const WANTED: f64 = 0.01;
/// Points on the path beyond which no more are tried.
const MOST_POINTS: u32 = 512;

/// |sum − difference|/|difference|; 0 where both are 0.
pub(super) fn incompleteness(sum: f64, difference: f64) -> f64 {
    let error = (sum - difference).abs();
    if error == 0.0 { 0.0 } else { error / difference.abs() }
}

/// The mean gradient at `count` noisy inputs: normal noise of `sigma` times the range (largest − smallest) of each input.
pub(super) fn smooth(
    case: &Case,
    inputs: &[Tensor],
    count: u32,
    sigma: f64,
    seed: u64,
    ctx: &Context,
) -> Result<Vec<Tensor>> {
    if count == 0 || !(sigma >= 0.0 && sigma.is_finite()) {
        return Err(InspectionError::request(
            format!("SmoothGrad with {count} samples and a deviation of {sigma}"),
            "give at least 1 sample and a deviation of 0 or more",
        ));
    }
    let batch = case.batch_size(inputs) as u32;
    let mut sum = Sum::new(inputs)?;
    for first in (0..count).step_by(batch as usize) {
        ctx.check()?;
        let numbers = first..(first + batch).min(count);
        let noisy = inputs
            .iter()
            .enumerate()
            .map(|(place, input)| {
                let range =
                    (input.f_max()?.f_double_value(&[])? - input.f_min()?.f_double_value(&[])?) * sigma;
                let mut noise = Vec::with_capacity(numbers.len() * input.numel());
                for number in numbers.clone() {
                    let mut generator = seed::stream(seed, &format!("smoothgrad {place} {number}"));
                    noise.extend((0..input.numel()).map(|_| {
                        let drawn: f64 = StandardNormal.sample(&mut generator);
                        (drawn * range) as f32
                    }));
                }
                let mut shape: Vec<usize> = input.size().iter().map(|&size| size as usize).collect();
                shape[0] = numbers.len();
                Ok(tensors::from_slice(&noise, &shape, input.device())?.f_add(input)?)
            })
            .collect::<Result<Vec<_>>>()?;
        let (_, gradients) = case.gradients(&noisy)?;
        let weights = vec![1.0 / f64::from(count); numbers.len()];
        sum.add(&gradients, &weights)?;
        ctx.report(format!("{} of {count} gradients", numbers.end), Some(numbers.end as f32 / count as f32));
    }
    sum.finish()
}

/// The outcome of integrated gradients.
pub(super) struct Path {
    /// For each input.
    pub attributions: Vec<Tensor>,
    pub baseline_output: f64,
    pub points: u32,
}

/// (x − baseline)·∫₀¹ ∂output/∂input(baseline + α(x − baseline)) dα by Gauss–Legendre points, twice as many until the sum agrees with
/// output(x) − output(baseline) within 1 %.
pub(super) fn integrate(
    case: &Case,
    inputs: &[Tensor],
    baseline: &[Tensor],
    points: u32,
    ctx: &Context,
) -> Result<Path> {
    if points == 0 {
        return Err(InspectionError::request("integrated gradients of no points", "give at least 1"));
    }
    let one = |inputs: &[Tensor]| -> Result<f64> {
        Ok(case.evaluate(inputs)?.first().copied().unwrap_or(f64::NAN))
    };
    let (output, baseline_output) = (one(inputs)?, one(baseline)?);
    let changes = inputs
        .iter()
        .zip(baseline)
        .map(|(input, start)| input.f_sub(start))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let mut points = points.min(MOST_POINTS);
    loop {
        let attributions = along(case, baseline, &changes, points, ctx)?;
        let mut sum = 0.0;
        for attribution in &attributions {
            sum += attribution.f_sum(Kind::Double)?.f_double_value(&[])?;
        }
        let error = incompleteness(sum, output - baseline_output);
        if error <= WANTED || points >= MOST_POINTS || !error.is_finite() {
            return Ok(Path { attributions, baseline_output, points });
        }
        points = (2 * points).min(MOST_POINTS);
    }
}

fn along(
    case: &Case,
    start: &[Tensor],
    changes: &[Tensor],
    points: u32,
    ctx: &Context,
) -> Result<Vec<Tensor>> {
    let nodes = gauss_legendre(points);
    let mut sum = Sum::new(start)?;
    let mut done = 0;
    for part in nodes.chunks(case.batch_size(start)) {
        ctx.check()?;
        let places: Vec<f32> = part.iter().map(|node| node.0 as f32).collect();
        let stops = start
            .iter()
            .zip(changes)
            .map(|(start, change)| {
                let mut shape = vec![1_usize; start.dim()];
                shape[0] = places.len();
                let places = tensors::from_slice(&places, &shape, start.device())?;
                Ok(start.f_add(&change.f_mul(&places)?)?)
            })
            .collect::<Result<Vec<_>>>()?;
        let (_, gradients) = case.gradients(&stops)?;
        let weights: Vec<f64> = part.iter().map(|node| node.1).collect();
        sum.add(&gradients, &weights)?;
        done += part.len();
        ctx.report(format!("{done} of {points} gradients"), Some(done as f32 / points as f32));
    }
    let mean = sum.finish()?;
    Ok(mean
        .iter()
        .zip(changes)
        .map(|(mean, change)| mean.f_mul(change))
        .collect::<std::result::Result<_, _>>()?)
}

/// A weighted sum of gradients over the samples of batches, in float64.
struct Sum(Vec<Tensor>);

impl Sum {
    fn new(inputs: &[Tensor]) -> Result<Self> {
        let zeros = leaves(inputs)?
            .iter()
            .map(|leaf| leaf.f_detach()?.f_zeros_like()?.f_to_kind(Kind::Double))
            .collect::<std::result::Result<_, _>>()?;
        Ok(Self(zeros))
    }

    fn add(&mut self, gradients: &[Tensor], weights: &[f64]) -> Result<()> {
        for (sum, gradient) in self.0.iter_mut().zip(gradients) {
            let mut shape = vec![1_i64; gradient.dim()];
            shape[0] = weights.len() as i64;
            let weights =
                Tensor::f_from_slice(weights)?.f_to_device(gradient.device())?.f_view(shape.as_slice())?;
            let weighed = gradient.f_to_kind(Kind::Double)?.f_mul(&weights)?.f_sum_dim_intlist(
                0,
                true,
                Kind::Double,
            )?;
            *sum = sum.f_add(&weighed)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<Tensor>> {
        Ok(self.0.iter().map(|sum| sum.f_to_kind(Kind::Float)).collect::<std::result::Result<_, _>>()?)
    }
}

/// Points and weights of Gauss–Legendre quadrature on 0 … 1: the roots of the Legendre polynomial by Newton's method
/// (Press et al., Numerical Recipes, 4.6).
fn gauss_legendre(count: u32) -> Vec<(f64, f64)> {
    let n = f64::from(count);
    (0..count)
        .map(|place| {
            let mut root = (std::f64::consts::PI * (f64::from(place) + 0.75) / (n + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut value, mut before) = (1.0, 0.0);
                for degree in 1..=count {
                    let j = f64::from(degree);
                    (value, before) = (((2.0 * j - 1.0) * root * value - (j - 1.0) * before) / j, value);
                }
                slope = n * (root * value - before) / (root * root - 1.0);
                let step = value / slope;
                root -= step;
                if step.abs() < 1e-15 {
                    break;
                }
            }
            (0.5 * (1.0 - root), 1.0 / ((1.0 - root * root) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::gauss_legendre;

    #[test]
    fn the_quadrature_is_exact_for_polynomials_of_its_degree() {
        for count in [1, 2, 5, 32, 512] {
            let nodes = gauss_legendre(count);
            for power in [0, 1, 3, 7].into_iter().filter(|&power| power < 2 * count as i32) {
                let integral: f64 = nodes.iter().map(|(x, w)| w * x.powi(power)).sum();
                assert!((integral - 1.0 / f64::from(power + 1)).abs() < 1e-12, "{count} points, x^{power}");
            }
        }
    }
}
