//! Adam, AdamW and SGD over a network's flat parameter tensor, with a state that can be saved: `tch`'s own cannot.
//! Formulas and their order are those of `torch.optim` 2.11.

use crate::network::{Layout, NetworkError, tensors};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use tch::{Kind, TchError, Tensor};

/// Numbers worked on at once: all operands of a block stay in the cache of a CPU core.
const BLOCK: i64 = 1 << 17;

/// Which rule, with its constants. The learning rate comes from the schedule at each step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Rule {
    /// Kingma & Ba 2015; `weight_decay` adds to the gradient (L2).
    Adam {
        #[serde(default = "default_betas")]
        betas: [f64; 2],
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        #[serde(default)]
        weight_decay: f64,
    },
    /// Loshchilov & Hutter 2019: the decay acts on the weights themselves.
    Adamw {
        #[serde(default = "default_betas")]
        betas: [f64; 2],
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        #[serde(default = "default_decay")]
        weight_decay: f64,
    },
    Sgd {
        #[serde(default)]
        momentum: f64,
        #[serde(default)]
        nesterov: bool,
        #[serde(default)]
        weight_decay: f64,
    },
}

fn default_betas() -> [f64; 2] {
    [0.9, 0.999]
}

fn default_epsilon() -> f64 {
    1e-8
}

fn default_decay() -> f64 {
    0.01
}

impl Default for Rule {
    fn default() -> Self {
        Self::Adam { betas: default_betas(), epsilon: default_epsilon(), weight_decay: 0.0 }
    }
}

/// A rule and what it remembers between steps.
pub struct Optimiser {
    rule: Rule,
    steps: u64,
    /// Momentum, or the mean of the gradient. Empty for plain SGD.
    first: Option<Tensor>,
    /// The mean of the squared gradient, for the Adams.
    second: Option<Tensor>,
}

impl Optimiser {
    /// For parameters like `flat` (`Network::flat`).
    pub fn new(rule: Rule, flat: &Tensor) -> Result<Self, NetworkError> {
        let zeros = || tch::no_grad(|| flat.f_zeros_like());
        let (first, second) = match rule {
            Rule::Adam { .. } | Rule::Adamw { .. } => (Some(zeros()?), Some(zeros()?)),
            Rule::Sgd { momentum, .. } => ((momentum != 0.0).then(zeros).transpose()?, None),
        };
        Ok(Self { rule, steps: 0, first, second })
    }

    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One step: changes `parameters` by what `gradient` says (`Network::flat` and `Network::gradient`).
    pub fn step(
        &mut self,
        parameters: &Tensor,
        gradient: &Tensor,
        learning_rate: f64,
    ) -> Result<(), NetworkError> {
        self.steps += 1;
        let length = parameters.numel() as i64;
        let block = if parameters.device().is_cuda() { length.max(1) } else { BLOCK };
        tch::no_grad(|| {
            let mut start = 0;
            while start < length {
                let count = block.min(length - start);
                let part = |tensor: &Tensor| tensor.f_narrow(0, start, count);
                let first = self.first.as_ref().map(part).transpose()?;
                let second = self.second.as_ref().map(part).transpose()?;
                self.step_block(part(parameters)?, part(gradient)?, first, second, learning_rate)?;
                start += count;
            }
            Ok::<(), TchError>(())
        })?;
        Ok(())
    }

    fn step_block(
        &self,
        mut weights: Tensor,
        mut gradient: Tensor,
        first: Option<Tensor>,
        second: Option<Tensor>,
        learning_rate: f64,
    ) -> Result<(), TchError> {
        match (self.rule, first, second) {
            (Rule::Adam { betas, epsilon, weight_decay }, Some(first), Some(second)) => {
                if weight_decay != 0.0 {
                    gradient = gradient.f_add(&weights.f_mul_scalar(weight_decay)?)?;
                }
                self.adam(weights, &gradient, first, second, betas, epsilon, learning_rate)
            }
            (Rule::Adamw { betas, epsilon, weight_decay }, Some(first), Some(second)) => {
                if weight_decay != 0.0 {
                    let _same = weights.f_mul_scalar_(1.0 - learning_rate * weight_decay)?;
                }
                self.adam(weights, &gradient, first, second, betas, epsilon, learning_rate)
            }
            (Rule::Sgd { momentum, nesterov, weight_decay }, first, _) => {
                if weight_decay != 0.0 {
                    gradient = gradient.f_add(&weights.f_mul_scalar(weight_decay)?)?;
                }
                if let Some(mut mean) = first {
                    // The first buffer is the gradient itself, which zeros give here as well.
                    let mean = mean.f_mul_scalar_(momentum)?.f_add_(&gradient)?;
                    gradient = if nesterov { gradient.f_add(&mean.f_mul_scalar(momentum)?)? } else { mean };
                }
                let _same = weights.f_sub_(&gradient.f_mul_scalar(learning_rate)?)?;
                Ok(())
            }
            _ => Err(TchError::Shape("the optimiser lost its state".to_owned())),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn adam(
        &self,
        mut weights: Tensor,
        gradient: &Tensor,
        mut first: Tensor,
        mut second: Tensor,
        betas: [f64; 2],
        epsilon: f64,
        learning_rate: f64,
    ) -> Result<(), TchError> {
        let steps = self.steps as f64;
        let step_size = learning_rate / (1.0 - betas[0].powf(steps));
        let correction = (1.0 - betas[1].powf(steps)).sqrt();
        let mean = first.f_lerp_(gradient, 1.0 - betas[0])?;
        let square = second.f_lerp_(&gradient.f_square()?, 1.0 - betas[1])?;
        // -step_size · mean / (sqrt(square) / correction + epsilon), with the factor in the denominator: one pass fewer.
        let mut divisor = square.f_sqrt()?;
        let divisor =
            divisor.f_mul_scalar_(-1.0 / (correction * step_size))?.f_add_scalar_(-epsilon / step_size)?;
        let _same = weights.f_addcdiv_(&mean, &divisor)?;
        Ok(())
    }

    /// What a checkpoint needs: `first/<parameter>`, `second/<parameter>` and the step count.
    pub fn state(&self, layout: &Layout) -> Result<IndexMap<String, Tensor>, NetworkError> {
        let mut state = IndexMap::new();
        for (kind, flat) in [("first", &self.first), ("second", &self.second)] {
            if let Some(flat) = flat {
                let parts = layout.split(flat)?;
                state.extend(parts.into_iter().map(|(name, part)| (format!("{kind}/{name}"), part)));
            }
        }
        let steps = i64::try_from(self.steps).unwrap_or(i64::MAX);
        state.insert("steps".to_owned(), Tensor::f_from_slice(&[steps])?);
        Ok(state)
    }

    /// Takes a state back that `state` gave.
    ///
    /// # Errors
    /// Names or shapes that belong to another network or rule; then the optimiser must not be used further.
    pub fn load_state(
        &mut self,
        state: &IndexMap<String, Tensor>,
        layout: &Layout,
    ) -> Result<(), NetworkError> {
        let steps = state
            .get("steps")
            .ok_or_else(|| NetworkError::OtherNetwork("the optimiser's `steps` is missing".to_owned()))?;
        self.steps = u64::try_from(steps.f_int64_value(&[0])?).unwrap_or(0);
        for (kind, flat) in [("first/", &self.first), ("second/", &self.second)] {
            let parts: IndexMap<String, Tensor> = state
                .iter()
                .filter_map(|(name, part)| Some((name.strip_prefix(kind)?.to_owned(), part.shallow_clone())))
                .collect();
            match flat {
                Some(flat) => layout.join(&parts, flat)?,
                None if parts.is_empty() => {}
                None => {
                    return Err(NetworkError::OtherNetwork(format!(
                        "the state holds `{kind}…`, which {:?} does not keep",
                        self.rule
                    )));
                }
            }
        }
        Ok(())
    }
}

/// Scales the gradient down to at most this Euclidean norm, and returns the norm it had.
/// As `torch.nn.utils.clip_grad_norm_`; a norm that is not finite is returned and nothing is scaled.
pub fn clip_gradient(gradient: &Tensor, limit: f64) -> Result<f64, NetworkError> {
    tch::no_grad(|| {
        let norm = gradient.f_norm()?.f_double_value(&[])?;
        let factor = limit / (norm + 1e-6);
        if norm.is_finite() && factor < 1.0 {
            let _same = gradient.shallow_clone().f_mul_scalar_(factor)?;
        }
        Ok(norm)
    })
}

/// The exponential moving average of the weights: e ← decay·e + (1 - decay)·w after each step.
pub struct MovingAverage {
    decay: f64,
    flat: Tensor,
}

impl MovingAverage {
    /// Starts at the weights themselves.
    pub fn new(decay: f64, parameters: &Tensor) -> Result<Self, NetworkError> {
        Ok(Self { decay, flat: tensors::copy(parameters)? })
    }

    pub fn update(&mut self, parameters: &Tensor) -> Result<(), NetworkError> {
        let _same = tch::no_grad(|| self.flat.f_lerp_(parameters, 1.0 - self.decay))?;
        Ok(())
    }

    /// The averaged weights, for `Network::with_parameters`.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    pub fn state(&self, layout: &Layout) -> Result<IndexMap<String, Tensor>, NetworkError> {
        layout.split(&self.flat)
    }

    pub fn load_state(
        &mut self,
        state: &IndexMap<String, Tensor>,
        layout: &Layout,
    ) -> Result<(), NetworkError> {
        layout.join(state, &self.flat)
    }
}

/// True when every number is finite.
pub fn is_finite(tensor: &Tensor) -> Result<bool, NetworkError> {
    Ok(tch::no_grad(|| tensor.f_sum(Kind::Double)?.f_double_value(&[]))?.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::weights;
    use crate::training::schedule::{Schedule, Scheduler};
    use std::path::Path;
    use tch::Device;

    fn golden() -> IndexMap<String, Tensor> {
        weights::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/optimisers.safetensors"))
            .unwrap()
            .0
    }

    fn largest_difference(one: &Tensor, other: &Tensor) -> f64 {
        (one - other).abs().max().double_value(&[])
    }

    #[test]
    fn ten_steps_are_those_of_pytorch() {
        let content = golden();
        let rules = [
            ("adam", Rule::default()),
            ("adam_decay", Rule::Adam { betas: [0.8, 0.95], epsilon: 1e-6, weight_decay: 0.1 }),
            ("adamw", Rule::Adamw { betas: [0.9, 0.999], epsilon: 1e-8, weight_decay: 0.1 }),
            ("sgd", Rule::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.1 }),
            ("sgd_momentum", Rule::Sgd { momentum: 0.9, nesterov: false, weight_decay: 0.0 }),
            ("sgd_nesterov", Rule::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.1 }),
        ];
        for (name, rule) in rules {
            let parameters = tensors::copy(&content["start"]).unwrap();
            let mut optimiser = Optimiser::new(rule, &parameters).unwrap();
            for step in 0..10 {
                optimiser.step(&parameters, &content["gradients"].get(step), 0.01).unwrap();
            }
            let difference = largest_difference(&parameters, &content[name]);
            assert!(difference < 1e-6, "{name}: {difference:e}");
        }
    }

    #[test]
    fn blocks_do_not_show_in_the_result() {
        let length = 2 * BLOCK + 17;
        // Small whole numbers: every sum is exact, whatever the vector instructions fuse at a block's end.
        let gradient = Tensor::arange(length, (Kind::Float, Device::Cpu)).remainder(1000.0);
        let parameters = gradient.zeros_like();
        let rule = Rule::Sgd { momentum: 0.5, nesterov: false, weight_decay: 0.0 };
        let mut optimiser = Optimiser::new(rule, &parameters).unwrap();
        for _ in 0..2 {
            optimiser.step(&parameters, &gradient, 1.0).unwrap();
        }
        assert_eq!(parameters, gradient * -2.5);
    }

    #[test]
    fn clipping_and_the_plateau_are_those_of_pytorch() {
        let content = golden();
        let gradient = tensors::copy(&content["gradients"].get(0)).unwrap();
        let norm = clip_gradient(&gradient, 1.0).unwrap();
        assert!((norm / content["gradients"].get(0).norm().double_value(&[]) - 1.0).abs() < 1e-6);
        assert!(largest_difference(&gradient, &content["clipped"]) < 1e-7);

        let plateau = Schedule::ReduceOnPlateau {
            factor: 0.3,
            patience: 2,
            threshold: 1e-4,
            cooldown: 1,
            minimum: 2e-4,
        };
        let mut scheduler = Scheduler::new(plateau, 0.01, 0);
        let losses = Vec::<f64>::try_from(&content["plateau_losses"]).unwrap();
        let rates = Vec::<f64>::try_from(&content["plateau_rates"]).unwrap();
        for (loss, rate) in losses.into_iter().zip(rates) {
            scheduler.validated(loss);
            assert!((scheduler.learning_rate(0) / rate - 1.0).abs() < 1e-12, "after {loss}");
        }
    }

    #[test]
    fn a_saved_state_goes_on_to_the_same_bytes() {
        use crate::blueprint::{UnetOptions, plan, template};
        use crate::network::Network;
        let options =
            UnetOptions { levels: 1, base_filters: 2, height: 4, width: 4, ..UnetOptions::default() };
        let network =
            Network::build(&plan(&template("unet", &options).unwrap()).unwrap(), Device::Cpu, 1).unwrap();
        let gradient = |step: i64| (network.flat() + step).sin();
        let layout = network.layout();
        for rule in [Rule::default(), Rule::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.0 }] {
            let whole = tensors::copy(network.flat()).unwrap();
            let mut first = Optimiser::new(rule, &whole).unwrap();
            let mut average = MovingAverage::new(0.9, &whole).unwrap();
            for step in 0..2 {
                first.step(&whole, &gradient(step), 0.1).unwrap();
                average.update(&whole).unwrap();
            }
            let resumed = tensors::copy(&whole).unwrap();
            let mut second = Optimiser::new(rule, &resumed).unwrap();
            second.load_state(&first.state(layout).unwrap(), layout).unwrap();
            let mut other_average = MovingAverage::new(0.9, &resumed).unwrap();
            other_average.load_state(&average.state(layout).unwrap(), layout).unwrap();
            for step in 2..4 {
                first.step(&whole, &gradient(step), 0.1).unwrap();
                second.step(&resumed, &gradient(step), 0.1).unwrap();
                average.update(&whole).unwrap();
                other_average.update(&resumed).unwrap();
            }
            assert_eq!(whole, resumed);
            assert_eq!(average.flat(), other_average.flat());
            assert_eq!(second.steps(), 4);
        }
        let mut plain =
            Optimiser::new(Rule::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 }, network.flat())
                .unwrap();
        let adam = Optimiser::new(Rule::default(), network.flat()).unwrap();
        assert!(plain.load_state(&adam.state(layout).unwrap(), layout).is_err());
    }
}
