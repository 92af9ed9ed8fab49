//! The functions that Kolmogorov–Arnold layers are made of, with their slopes.

use crate::blueprint::Basis;
use tch::{TchError, Tensor};

/// Added to the variance of an input channel before it is standardised, as in a batch norm.
pub(super) const EPSILON: f64 = 1e-5;

/// φ_b(z) for z [..., 1, c]: [..., b, c], and φ_b′(z) if asked for. Overwrites nothing of `z`; to be called without gradients.
pub(super) fn values_and_slopes(
    z: &Tensor,
    basis: Basis,
    slope: bool,
) -> Result<(Tensor, Option<Tensor>), TchError> {
    match basis {
        Basis::Rbf { count, range } => {
            let width = spacing(count, range);
            let centres = (0..count).map(|place| (place as f64 * width - range) / width);
            let offset = from_centres(z, width, centres)?;
            let value = offset.f_square()?.f_neg_()?.f_exp_()?;
            let slope = slope
                .then(|| offset.shallow_clone().f_mul_(&value)?.f_mul_scalar_(-2.0 / width))
                .transpose()?;
            Ok((value, slope))
        }
        Basis::BSpline { intervals, degree, range } => {
            if degree == 0 {
                return Err(fault("a B-spline of degree 0 has no slope; take a degree of 1 or more"));
            }
            let width = 2.0 * range / intervals as f64;
            let half = 0.5 * (degree as f64 + 1.0);
            // On a grid of equal intervals all functions are one, shifted: the first ends one interval after the grid begins.
            let centres = (0..intervals + degree).map(|place| place as f64 + 1.0 - half - range / width);
            cardinal_spline(from_centres(z, width, centres)?, degree, width, slope)
        }
    }
}

/// Distance of neighbouring radial functions, which is also their width.
fn spacing(count: usize, range: f64) -> f64 {
    2.0 * range / (count.max(2) - 1) as f64
}

/// z/width − centre for each centre.
fn from_centres(z: &Tensor, width: f64, centres: impl Iterator<Item = f64>) -> Result<Tensor, TchError> {
    let centres: Vec<f32> = centres.map(|centre| centre as f32).collect();
    let centres = Tensor::f_from_slice(&centres)?.f_to_device(z.device())?.f_view([-1, 1])?;
    z.f_mul_scalar(1.0 / width)?.f_sub(&centres)
}

/// The centred cardinal B-spline of degree k at `u`, and its slope: with t = (k + 1)/2 − |u|,
/// B = 1/k! Σ_j (−1)^j C(k + 1, j) max(t − j, 0)^k (Schoenberg 1946). Since t is at most (k + 1)/2 the sum ends there, and
/// digits are not lost as they are in the sum over truncated powers of u itself.
fn cardinal_spline(
    u: Tensor,
    degree: usize,
    width: f64,
    slope: bool,
) -> Result<(Tensor, Option<Tensor>), TchError> {
    let sign = slope.then(|| u.f_sign()).transpose()?;
    let mut t = { u }.f_abs_()?.f_neg_()?.f_add_scalar_(0.5 * (degree as f64 + 1.0))?.f_relu_()?;
    let mut coefficient = 1.0 / (1..=degree).map(|factor| factor as f64).product::<f64>();
    let mut sums: Option<(Tensor, Option<Tensor>)> = None;
    for j in 0..=degree / 2 {
        if j > 0 {
            t = t.f_sub_scalar(1.0)?.f_relu_()?;
            coefficient *= -((degree + 2 - j) as f64) / j as f64;
        }
        // The power before the last; of degree 1 the step where the function begins.
        let lower = if degree == 1 { t.f_sign()? } else { t.f_pow_tensor_scalar(degree as i64 - 1)? };
        let value = lower.f_mul(&t)?.f_mul_scalar_(coefficient)?;
        let slope = sign
            .as_ref()
            .map(|_| lower.shallow_clone().f_mul_scalar_(coefficient * degree as f64))
            .transpose()?;
        sums = Some(match sums {
            None => (value, slope),
            Some((mut sum, None)) => (sum.f_add_(&value)?, None),
            Some((mut sum, Some(mut slopes))) => {
                let slope = slope.ok_or_else(|| fault("no slope"))?;
                (sum.f_add_(&value)?, Some(slopes.f_add_(&slope)?))
            }
        });
    }
    let (value, slope) = sums.ok_or_else(|| fault("no spline"))?;
    // dt/dz is the negative sign of u over the width.
    let slope = match (slope, sign) {
        (Some(mut slope), Some(sign)) => Some(slope.f_mul_(&sign)?.f_mul_scalar_(-1.0 / width)?),
        _ => None,
    };
    Ok((value, slope))
}

fn fault(text: &str) -> TchError {
    TchError::Shape(text.to_owned())
}
