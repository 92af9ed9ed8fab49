//! Losses between a network's output and the truth, in a declared space of the target.

use crate::network::NetworkError;
use serde::{Deserialize, Serialize};
use tch::{Kind, TchError, Tensor};

/// The space in which the network's output lives and is compared: densities span decades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetSpace {
    #[default]
    Log10,
    Ln,
    Linear,
}

impl TargetSpace {
    /// A physical value in this space. A value without a logarithm (zero, negative) becomes NaN, which losses leave out.
    pub fn from_physical(self, value: f32) -> f32 {
        match self {
            Self::Linear => value,
            _ if value <= 0.0 => f32::NAN,
            Self::Log10 => value.log10(),
            Self::Ln => value.ln(),
        }
    }

    pub fn to_physical(self, value: f32) -> f32 {
        match self {
            Self::Linear => value,
            Self::Log10 => 10f32.powf(value),
            Self::Ln => value.exp(),
        }
    }

    /// What to multiply a difference in this space by to have it in dex; `None` for the linear space.
    pub fn dex_per_unit(self) -> Option<f64> {
        match self {
            Self::Log10 => Some(1.0),
            Self::Ln => Some(std::f64::consts::LOG10_E),
            Self::Linear => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// Mean squared error.
    #[default]
    Mse,
    /// Mean absolute error.
    Mae,
    /// Quadratic below `delta`, linear above (Huber 1964), as `torch.nn.HuberLoss`.
    Huber {
        #[serde(default = "default_delta")]
        delta: f64,
    },
}

fn default_delta() -> f64 {
    1.0
}

impl Loss {
    /// The mean over all pixels whose target is a number, as a float32 scalar that can be differentiated.
    /// Both tensors have one shape and are in the target space. Without a single such pixel the loss is NaN.
    pub fn between(self, output: &Tensor, target: &Tensor) -> Result<Tensor, NetworkError> {
        if output.size() != target.size() {
            return Err(NetworkError::Torch(TchError::Shape(format!(
                "the network gives {:?} but the target is {:?}",
                output.size(),
                target.size()
            ))));
        }
        let known = target.f_isnan()?.f_logical_not()?;
        let all_known = known.f_all()?.f_int64_value(&[])? != 0;
        let output = output.f_to_kind(Kind::Float)?;
        if all_known {
            return Ok(self.mean(&output, target)?);
        }
        // Chosen before the difference: a NaN that is only multiplied by zero afterwards would poison the gradient.
        Ok(self.mean(&output.f_masked_select(&known)?, &target.f_masked_select(&known)?)?)
    }

    fn mean(self, output: &Tensor, target: &Tensor) -> Result<Tensor, TchError> {
        match self {
            Self::Mse => output.f_mse_loss(target, tch::Reduction::Mean),
            Self::Mae => output.f_l1_loss(target, tch::Reduction::Mean),
            Self::Huber { delta } => output.f_huber_loss(target, tch::Reduction::Mean, delta),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_targets_count_neither_in_the_loss_nor_in_the_gradient() {
        let output = Tensor::from_slice(&[1f32, 2.0, 3.0, 9.0]).set_requires_grad(true);
        let target = Tensor::from_slice(&[0f32, f32::NAN, 1.0, 4.0]);
        let values = [(Loss::Mse, 10.0), (Loss::Mae, 8.0 / 3.0), (Loss::Huber { delta: 2.0 }, 10.5 / 3.0)];
        for (loss, expected) in values {
            let value = loss.between(&output, &target).unwrap();
            assert!((value.double_value(&[]) - expected).abs() < 1e-6, "{loss:?}");
        }
        Loss::Mse.between(&output, &target).unwrap().backward();
        let gradient: Vec<f32> = output.grad().try_into().unwrap();
        for (value, expected) in gradient.into_iter().zip([2.0 / 3.0, 0.0, 4.0 / 3.0, 10.0 / 3.0]) {
            assert!((value - expected).abs() < 1e-6);
        }
        let nothing = Tensor::from_slice(&[f32::NAN; 4]);
        assert!(Loss::Mse.between(&output, &nothing).unwrap().double_value(&[]).is_nan());
    }

    #[test]
    fn spaces_invert_and_refuse_what_has_no_logarithm() {
        for space in [TargetSpace::Log10, TargetSpace::Ln, TargetSpace::Linear] {
            let value = space.to_physical(space.from_physical(123.0));
            assert!((value / 123.0 - 1.0).abs() < 1e-5);
        }
        assert!(TargetSpace::Log10.from_physical(0.0).is_nan());
        assert!(TargetSpace::Ln.from_physical(-1.0).is_nan());
        assert_eq!(TargetSpace::Linear.from_physical(-1.0), -1.0);
    }
}
