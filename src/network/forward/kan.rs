//! Kolmogorov–Arnold layers: learned functions of one variable on a basis that follows the data.
//!
//! Each input channel is standardised by its own statistics (a batch norm without weights), so that the basis, which covers some
//! standard deviations around zero, lies where the values are whatever their unit.

use super::convolution::{Shifts, convolve};
use super::{Pass, channels_first, fault, pixels_first};
use crate::blueprint::Basis;
use tch::{Kind, TchError, Tensor};

/// Of the standardisation, as of a batch norm.
const EPSILON: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

impl Pass<'_> {
    /// conv_spline(φ(z)) + conv_base(SiLU(x)) (FastKAN, Li 2024).
    pub(super) fn kan_convolution(
        &self,
        x: &Tensor,
        dims: usize,
        kernel: usize,
        basis: Basis,
    ) -> Result<Tensor, TchError> {
        let functions = channels_first(&self.basis(x, basis)?, x.dim())?;
        let shifts = Shifts::same(kernel);
        let mut spline = convolve(&functions, dims, &self.weight(0)?, Some(&self.weight(1)?), &shifts)?;
        let base = convolve(&x.f_silu()?, dims, &self.weight(2)?, Some(&self.weight(3)?), &shifts)?;
        spline.f_add_(&base)
    }

    /// Sums over the functions of all channels at each pixel, and products of pairs of them (Liu et al. 2024, KAN 2.0).
    pub(super) fn kan(
        &self,
        x: &Tensor,
        sums: usize,
        products: usize,
        basis: Basis,
    ) -> Result<Tensor, TchError> {
        let functions = self.basis(x, basis)?;
        let active = pixels_first(&x.f_silu()?)?;
        let mut nodes = functions.f_linear(&self.weight(0)?, Some(&self.weight(2)?))?;
        let nodes = nodes.f_add_(&active.f_linear(&self.weight(1)?, None::<&Tensor>)?)?;
        let y = if products == 0 {
            nodes
        } else {
            let last = nodes.dim() as i64 - 1;
            let pairs = nodes.f_narrow(last, sums as i64, 2 * products as i64)?;
            let pairs = pairs.f_unflatten(last, [products as i64, 2])?;
            let product = pairs.f_select(-1, 0)?.f_mul(&pairs.f_select(-1, 1)?)?;
            Tensor::f_cat(&[nodes.f_narrow(last, 0, sums as i64)?, product], last)?
        };
        channels_first(&y, x.dim())
    }

    /// The basis on the standardised input, channels last: [batch, …, functions · channels], function-major.
    fn basis(&self, x: &Tensor, basis: Basis) -> Result<Tensor, TchError> {
        let x = x.f_to_kind(Kind::Float)?;
        let z = pixels_first(&self.batch_statistics(&x, None, 0, EPSILON, MOMENTUM)?)?.f_unsqueeze(-2)?;
        let wants_gradient = z.requires_grad();
        let (mut value, slope) = tch::no_grad(|| values_and_slopes(&z, basis, wants_gradient))?;
        if let Some(slope) = slope {
            // φ + φ′ · (z − z): the value of φ, and its derivative to the backward pass. Only φ′ is kept beside φ itself.
            value = value.f_addcmul_(&slope, &z.f_sub(&z.f_detach()?)?)?;
        }
        value.f_flatten(-2, -1)?.f_to_kind(self.run.kind)
    }
}

/// φ_b(z) for z [..., 1, c]: [..., b, c], and φ_b′(z) if asked for. Overwrites nothing of `z`; to be called without gradients.
fn values_and_slopes(z: &Tensor, basis: Basis, slope: bool) -> Result<(Tensor, Option<Tensor>), TchError> {
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
