//! From position-position-velocity cubes [batch, c, v, y, x] to maps.

use super::{Pass, fault};
use crate::blueprint::{MomentForm, Op};
use crate::network::tensors;
use tch::{Kind, TchError, Tensor};

/// Emission that sums to less than this (in the cube's unit) counts as none.
const NO_EMISSION: f64 = 1e-6;
/// Added to the variance of a line, in squared channel widths: the root has a gradient also where there is no line.
const LEAST_VARIANCE: f64 = 1e-6;

impl Pass<'_> {
    /// Moments along v, `count` for each channel.
    ///
    /// Physical: m₀ = Δv Σ T; with weights w = max(T, 0), since noise below zero would make a mean that lies outside the line,
    /// m₁ = Σ w v / Σ w, m₂ = √(Σ w (v − m₁)² / Σ w), and the third and fourth standardised by m₂. Where there is no emission m₁ is
    /// the middle of the velocity axis. Raw: the mean over v of vⁱ T.
    pub(super) fn spectral_moments(&self, op: &Op, x: &Tensor) -> Result<Tensor, TchError> {
        let &Op::SpectralMoments { velocities, first_km_s, step_km_s, count, form } = op else {
            return Err(fault("no moments"));
        };
        let size = x.size();
        if size.len() != 5 || size[2] != velocities as i64 {
            return Err(fault(&format!(
                "{velocities} velocity channels are expected, the cube is {size:?} (batch, channel, v, y, x)"
            )));
        }
        let x = x.f_to_kind(Kind::Float)?;
        let middle = first_km_s + 0.5 * step_km_s * (velocities as f64 - 1.0);
        let axis = |offset: f64| {
            let values: Vec<f32> =
                (0..velocities).map(|i| (first_km_s + step_km_s * i as f64 - offset) as f32).collect();
            Tensor::f_from_slice(&values)?.f_to_device(x.device())?.f_view([-1, 1, 1])
        };
        let mut maps = Vec::with_capacity(count);
        match form {
            MomentForm::Raw => {
                let velocity = axis(0.0)?;
                let mut weighted = x.shallow_clone();
                for order in 0..count {
                    if order > 0 {
                        weighted = weighted.f_mul(&velocity)?;
                    }
                    maps.push(weighted.f_mean_dim([2].as_slice(), false, Kind::Float)?);
                }
            }
            MomentForm::Physical => {
                let total = |x: &Tensor| x.f_sum_dim_intlist([2].as_slice(), true, Kind::Float);
                maps.push(total(&x)?.f_mul_scalar(step_km_s.abs())?.f_squeeze_dim(2)?);
                if count > 1 {
                    // Velocities from the middle of the axis, so that large ones cost no digits.
                    let velocity = axis(middle)?;
                    let weight = x.f_relu()?;
                    let weight = weight.f_div(&total(&weight)?.f_clamp_min(NO_EMISSION)?)?;
                    let mean = total(&weight.f_mul(&velocity)?)?;
                    maps.push(mean.f_add_scalar(middle)?.f_squeeze_dim(2)?);
                    if count > 2 {
                        let offset = velocity.f_sub(&mean)?;
                        let mut powers = weight.f_mul(&offset.f_square()?)?;
                        let least = LEAST_VARIANCE * step_km_s * step_km_s;
                        let deviation = total(&powers)?.f_add_scalar(least)?.f_sqrt()?;
                        maps.push(deviation.f_squeeze_dim(2)?);
                        let mut scale = deviation.f_square()?;
                        for _ in 3..count {
                            powers = powers.f_mul(&offset)?;
                            scale = scale.f_mul(&deviation)?;
                            maps.push(total(&powers)?.f_div(&scale)?.f_squeeze_dim(2)?);
                        }
                    }
                }
            }
        }
        // Moment after moment for each channel.
        let maps = Tensor::f_stack(&maps, 2)?.f_flatten(1, 2)?;
        tensors::channels_last(&maps.f_to_kind(self.run.kind)?)
    }

    /// A 1×1 convolution over channels and velocities together, as one product of matrices: the cube is not copied.
    pub(super) fn spectral_projection(&self, x: &Tensor, has_bias: bool) -> Result<Tensor, TchError> {
        let size = x.size();
        let weight = self.weight(0)?;
        let (filters, depth) = (weight.size()[0], weight.size()[1]);
        if size.len() != 5 || size[1] * size[2] != depth {
            return Err(fault(&format!(
                "{depth} channels times velocities are expected, the cube is {size:?} (batch, channel, v, y, x)"
            )));
        }
        let lines = x.f_reshape([size[0], depth, size[3] * size[4]])?;
        let mut y = weight.f_reshape([filters, depth])?.f_matmul(&lines)?;
        if let Some(bias) = self.bias(has_bias)? {
            y = y.f_add(&bias.f_view([-1, 1])?)?;
        }
        tensors::channels_last(&y.f_view([size[0], filters, size[3], size[4]])?)
    }
}
