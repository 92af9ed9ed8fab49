//! Kolmogorov–Arnold layers: learned functions of one variable on a basis that follows the data.
//!
//! Each input channel is standardised by its own statistics (a batch norm without weights), so that the basis, which covers some
//! standard deviations around zero, lies where the values are whatever their unit.

use super::convolution::{Shifts, convolve};
use super::{Pass, channels_first, pixels_first};
use crate::blueprint::Basis;
use crate::network::basis::{EPSILON, values_and_slopes};
use tch::{Kind, TchError, Tensor};

/// Weight of a new batch in the running statistics of the standardisation.
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
