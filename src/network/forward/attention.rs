//! Attention and modulation: values that weigh other values.

use super::convolution::{Shifts, convolve};
use super::{Pass, channels_first, different_sizes, fault, pixels_first, shape};
use tch::{TchError, Tensor};

impl Pass<'_> {
    /// Additive attention (Oktay et al. 2018, without their resampling): skip · sigmoid(N(psi(relu(N(W g) + N(W x))))).
    pub(super) fn attention_gate(&self, gate: &Tensor, skip: &Tensor) -> Result<Tensor, TchError> {
        if gate.dim() != skip.dim() || gate.size()[2..] != skip.size()[2..] {
            return Err(different_sizes("gate", gate, "skip", skip));
        }
        // Each part owns a weight, a bias, a norm weight and a norm bias, and two buffers.
        let branch = |x: &Tensor, part: usize| {
            let (weight, bias) = (self.weight(4 * part)?, self.weight(4 * part + 1)?);
            let y = convolve(x, x.dim() - 2, &weight, Some(&bias), &Shifts::same(1))?;
            self.batch_norm(&y, 4 * part + 2, 2 * part, 1e-5, 0.1)
        };
        let mut sum = branch(gate, 0)?;
        let sum = sum.f_add_(&branch(skip, 1)?)?.f_relu_()?;
        let psi = branch(&sum, 2)?.f_sigmoid_()?;
        skip.f_mul(&psi)
    }

    /// softmax(q kᵀ / √(c/heads)) v between all pixels, for each head (Vaswani et al. 2017, equation 1).
    pub(super) fn self_attention(
        &self,
        x: &Tensor,
        channels: usize,
        heads: usize,
    ) -> Result<Tensor, TchError> {
        let (channels, heads) = (channels as i64, heads as i64);
        let pixels = pixels_first(x)?;
        let batch = x.size()[0];
        let tokens = pixels.f_reshape([batch, -1, channels])?;
        let [qkv, qkv_bias, projection, bias] =
            [self.weight(0)?, self.weight(1)?, self.weight(2)?, self.weight(3)?];
        let parts = tokens
            .f_linear(&qkv, Some(&qkv_bias))?
            .f_view([batch, -1, 3, heads, channels / heads])?
            .f_permute([2, 0, 3, 1, 4])?
            .f_unbind(0)?;
        let [q, k, v] = parts.as_slice() else { return Err(fault("no queries, keys and values")) };
        let mixed =
            Tensor::f_scaled_dot_product_attention(q, k, v, None::<&Tensor>, 0.0, false, None, false)?;
        let mixed = mixed.f_transpose(1, 2)?.f_reshape([batch, -1, channels])?;
        let y = mixed.f_linear(&projection, Some(&bias))?.f_view(pixels.size().as_slice())?;
        channels_first(&y, x.dim())
    }
}

/// γ·x + β, or (1 + γ)·x + β, for a condition [batch, γ then β].
pub(super) fn film(
    x: &Tensor,
    condition: &Tensor,
    channels: usize,
    around_one: bool,
) -> Result<Tensor, TchError> {
    let channels = channels as i64;
    let mut gamma = shape::spread(&condition.f_narrow(1, 0, channels)?, x)?;
    let beta = shape::spread(&condition.f_narrow(1, channels, channels)?, x)?;
    if around_one {
        gamma = gamma.f_add_scalar(1.0)?;
    }
    beta.f_addcmul(x, &gamma)
}
