//! Functions of single values, and what is random: dropout and noise, drawn in Rust from (seed, step name), so that a step is the
//! same on every device.

use super::{Pass, channel_axis};
use crate::blueprint::Activation;
use crate::network::compile::Reuse;
use crate::network::{seed, tensors};
use rand_chacha::rand_core::RngCore;
use rand_distr::{Distribution, StandardNormal};
use tch::{TchError, Tensor};

/// Of libtorch's leaky ReLU.
pub(super) const DEFAULT_SLOPE: f64 = 0.01;
/// The seed of noise that is the same in every evaluation.
const EVALUATION: u64 = 0;

impl Pass<'_> {
    pub(super) fn relu(&self, x: &mut Tensor) -> Result<Tensor, TchError> {
        match (self.reuse, self.run.training) {
            (Reuse::LeftToDropout, Some(_)) => Ok(x.shallow_clone()),
            (Reuse::Never, _) => x.f_relu(),
            _ => x.f_relu_(),
        }
    }

    pub(super) fn activation(&self, x: &mut Tensor, activation: Activation) -> Result<Tensor, TchError> {
        let in_place = match self.reuse {
            Reuse::Never => false,
            Reuse::InEvaluation => self.run.training.is_none(),
            _ => true,
        };
        match activation {
            Activation::Sigmoid if in_place => x.f_sigmoid_(),
            Activation::Sigmoid => x.f_sigmoid(),
            Activation::Tanh if in_place => x.f_tanh_(),
            Activation::Tanh => x.f_tanh(),
            Activation::Gelu if in_place => x.f_gelu_("none"),
            Activation::Gelu => x.f_gelu("none"),
            Activation::Silu if in_place => x.f_silu_(),
            Activation::Silu => x.f_silu(),
            Activation::Softplus => x.f_softplus(),
            // libtorch's own leaky ReLU is reachable with its default slope only; any other is a PReLU that learns nothing.
            Activation::LeakyRelu { slope: DEFAULT_SLOPE } if in_place => x.f_leaky_relu_(),
            Activation::LeakyRelu { slope: DEFAULT_SLOPE } => x.f_leaky_relu(),
            Activation::LeakyRelu { slope } => {
                x.f_prelu(&Tensor::f_full([1], slope, (x.kind(), x.device()))?)
            }
        }
    }

    pub(super) fn dropout(
        &self,
        x: &mut Tensor,
        probability: f64,
        whole_channels: bool,
    ) -> Result<Tensor, TchError> {
        let Some(seed) = self.run.training else { return Ok(x.shallow_clone()) };
        let step = self.step();
        let relu = self.reuse != Reuse::Never
            && step.inputs.first().is_some_and(|&input| self.network.reuse[input] == Reuse::LeftToDropout);
        let mut y = x.shallow_clone();
        if probability > 0.0 {
            let mut shape: Vec<usize> = x.size().iter().map(|&size| size as usize).collect();
            if whole_channels {
                let channels = channel_axis(x) as usize;
                (1..shape.len()).filter(|&axis| axis != channels).for_each(|axis| shape[axis] = 1);
            }
            let mask = mask(seed, &step.name, probability, shape.iter().product());
            let mask = self.tensor_of(&mask, &shape, x)?;
            y = if self.reuse == Reuse::Never { y.f_mul(&mask)? } else { y.f_mul_(&mask)? };
        }
        if relu { y.f_relu_() } else { Ok(y) }
    }

    pub(super) fn noise(&self, x: &mut Tensor, deviation: f64, always: bool) -> Result<Tensor, TchError> {
        let seed = match self.run.training {
            Some(seed) => seed,
            None if always => EVALUATION,
            None => return Ok(x.shallow_clone()),
        };
        let shape: Vec<usize> = x.size().iter().map(|&size| size as usize).collect();
        let mut generator = seed::stream(seed, &self.step().name);
        let draw = |_| {
            deviation as f32 * <StandardNormal as Distribution<f32>>::sample(&StandardNormal, &mut generator)
        };
        let noise: Vec<f32> = (0..shape.iter().product()).map(draw).collect();
        let noise = self.tensor_of(&noise, &shape, x)?;
        if self.reuse == Reuse::Never { x.f_add(&noise) } else { x.f_add_(&noise) }
    }

    /// Numbers in row-major order as a tensor of this pass, beside `x`.
    fn tensor_of(&self, numbers: &[f32], shape: &[usize], x: &Tensor) -> Result<Tensor, TchError> {
        let tensor = tensors::from_slice(numbers, shape, x.device())
            .map_err(|error| TchError::Shape(error.to_string()))?;
        tensors::channels_last(&tensor.f_to_kind(self.run.kind)?)
    }
}

/// Zero with this probability, else 1/(1 - probability), so that the mean stays.
fn mask(seed: u64, name: &str, probability: f64, count: usize) -> Vec<f32> {
    let mut generator = seed::stream(seed, name);
    let threshold = (probability * f64::from(u32::MAX)) as u32;
    let kept = (1.0 / (1.0 - probability)) as f32;
    (0..count).map(|_| if generator.next_u32() < threshold { 0.0 } else { kept }).collect()
}
