//! The forward pass: the plan's steps one by one, values dropped as soon as nobody needs them.

use super::compile::{Mode, Network, Precision, Reuse};
use super::{NetworkError, seed, tensors};
use crate::blueprint::Op;
use rand_chacha::rand_core::RngCore;
use tch::{Kind, TchError, Tensor};

/// Called with the index of a step and its value.
pub type Observer<'a> = &'a mut dyn FnMut(usize, &Tensor);

impl Network {
    /// Runs the network on one batch: one float32 tensor [batch, channel, y, x] per input, in the plan's order, gives one
    /// per output. Maps may be larger or smaller than the plan's, as far as the blocks allow.
    ///
    /// # Errors
    /// Inputs that do not fit; a block that cannot be computed, by its name.
    pub fn forward(&self, inputs: &[Tensor], mode: Mode) -> Result<Vec<Tensor>, NetworkError> {
        self.run(inputs, mode, None)
    }

    /// As `forward`, and shows the value of every step as it is made: for feature maps.
    pub fn forward_observed(
        &self,
        inputs: &[Tensor],
        mode: Mode,
        observer: Observer,
    ) -> Result<Vec<Tensor>, NetworkError> {
        self.run(inputs, mode, Some(observer))
    }

    fn run(
        &self,
        inputs: &[Tensor],
        mode: Mode,
        observer: Option<Observer>,
    ) -> Result<Vec<Tensor>, NetworkError> {
        self.check_inputs(inputs)?;
        match mode {
            Mode::Train { .. } => tch::with_grad(|| self.pass(inputs, mode, observer)),
            Mode::Evaluate => tch::no_grad(|| self.pass(inputs, mode, observer)),
        }
    }

    fn check_inputs(&self, inputs: &[Tensor]) -> Result<(), NetworkError> {
        if inputs.len() != self.inputs.len() {
            return Err(NetworkError::InputCount { expected: self.inputs.len(), given: inputs.len() });
        }
        for (&index, tensor) in self.inputs.iter().zip(inputs) {
            let step = &self.steps[index];
            let given = tensor.size();
            let fits = given.len() == step.shape.sizes.len() + 1
                && given.get(1).is_some_and(|&channels| channels as usize == step.shape.sizes[0])
                && !given.contains(&0);
            if !fits {
                return Err(NetworkError::InputShape {
                    name: step.name.clone(),
                    expected: step.shape.to_string(),
                    given,
                });
            }
        }
        Ok(())
    }

    fn pass(
        &self,
        inputs: &[Tensor],
        mode: Mode,
        mut observer: Option<Observer>,
    ) -> Result<Vec<Tensor>, NetworkError> {
        let kind = match (mode, self.precision) {
            (Mode::Train { .. }, Precision::BFloat16) => Kind::BFloat16,
            _ => Kind::Float,
        };
        let mut values: Vec<Option<Tensor>> = Vec::with_capacity(self.steps.len());
        for (index, step) in self.steps.iter().enumerate() {
            let mut arguments: Vec<Tensor> = Vec::with_capacity(step.inputs.len());
            for &input in &step.inputs {
                arguments.extend(values[input].as_ref().map(Tensor::shallow_clone));
            }
            if let Some(place) = self.inputs.iter().position(|&input| input == index) {
                arguments.push(inputs[place].shallow_clone());
            }
            // An observer must see each step's own value, so nothing is overwritten while one watches.
            let reuse = if observer.is_some() { Reuse::Never } else { self.reuse[index] };
            let value = Pass { network: self, index, mode, kind, reuse }
                .compute(&step.op, &mut arguments)
                .map_err(|error| NetworkError::at(&step.name, &error))?;
            if let Some(observer) = observer.as_mut() {
                observer(index, &value);
            }
            values.push(Some(value));
            self.spent[index].iter().for_each(|&spent| values[spent] = None);
        }
        Ok(self
            .outputs
            .iter()
            .filter_map(|&output| values[output].as_ref().map(Tensor::shallow_clone))
            .collect())
    }
}

/// One step of a pass and what it may look at.
struct Pass<'a> {
    network: &'a Network,
    index: usize,
    mode: Mode,
    kind: Kind,
    reuse: Reuse,
}

impl Pass<'_> {
    fn compute(&self, op: &Op, arguments: &mut [Tensor]) -> Result<Tensor, TchError> {
        match (op, &mut *arguments) {
            (Op::Concatenate, parts) => self.concatenate(parts),
            (Op::AttentionGate { .. }, [gate, skip]) => self.attention(gate, skip),
            (Op::Input { .. }, [x]) => tensors::channels_last(&x.f_to_kind(self.kind)?),
            (Op::Output { .. }, [x]) => x.f_to_kind(Kind::Float),
            (Op::Convolution { stride, padding, dilation, groups, bias, .. }, [x]) => x.f_conv2d(
                &self.weight(0)?,
                self.bias(*bias)?.as_ref(),
                [*stride as i64; 2],
                [*padding as i64; 2],
                [*dilation as i64; 2],
                *groups as i64,
            ),
            (Op::TransposedConvolution { stride, padding, bias, .. }, [x]) => {
                let (stride, padding) = ([*stride as i64; 2], [*padding as i64; 2]);
                let no_bias = None::<&Tensor>;
                let mut y =
                    x.f_conv_transpose2d(&self.weight(0)?, no_bias, stride, padding, [0; 2], 1, [1; 2])?;
                // Added here: oneDNN sums the gradient of this bias with its plain reference loop.
                match self.bias(*bias)? {
                    Some(bias) => y.f_add_(&bias.f_view([1, -1, 1, 1])?),
                    None => Ok(y),
                }
            }
            (Op::BatchNorm { epsilon, momentum, .. }, [x]) => self.norm(x, 0, 0, *epsilon, *momentum),
            (Op::Relu, [x]) => match (self.reuse, self.mode) {
                (Reuse::LeftToDropout, Mode::Train { .. }) => Ok(x.shallow_clone()),
                (Reuse::Never, _) => x.f_relu(),
                _ => x.f_relu_(),
            },
            (Op::Dropout { probability, whole_channels }, [x]) => {
                self.dropout(x, *probability, *whole_channels)
            }
            (Op::MaxPool { kernel, stride, .. }, [x]) => {
                x.f_max_pool2d([*kernel as i64; 2], [*stride as i64; 2], [0; 2], [1; 2], false)
            }
            _ => Err(TchError::Shape("a value is missing or too many came".to_owned())),
        }
    }

    /// The step's parameter number `place`, in the kind of the pass.
    fn weight(&self, place: usize) -> Result<Tensor, TchError> {
        self.network.parameters[self.network.owned[self.index].0 + place].f_to_kind(self.kind)
    }

    fn bias(&self, has_bias: bool) -> Result<Option<Tensor>, TchError> {
        has_bias.then(|| self.weight(1)).transpose()
    }

    /// Batch norm with the step's parameters from `parameter` on and buffers from `buffer` on, statistics in float32.
    fn norm(
        &self,
        x: &Tensor,
        parameter: usize,
        buffer: usize,
        epsilon: f64,
        momentum: f64,
    ) -> Result<Tensor, TchError> {
        let training = matches!(self.mode, Mode::Train { .. });
        let size = x.size();
        if training && size[0] * size[2..].iter().product::<i64>() < 2 {
            return Err(TchError::Shape(
                "batch statistics want more than one value per channel; take a larger batch or larger maps"
                    .into(),
            ));
        }
        let (first_parameter, first_buffer) = self.network.owned[self.index];
        let parameters = &self.network.parameters;
        let buffers = &self.network.buffers;
        x.f_batch_norm(
            Some(&parameters[first_parameter + parameter]),
            Some(&parameters[first_parameter + parameter + 1]),
            Some(&buffers[first_buffer + buffer]),
            Some(&buffers[first_buffer + buffer + 1]),
            training,
            momentum,
            epsilon,
            true,
        )
    }

    /// Additive attention (Oktay et al. 2018, without their resampling): skip · sigmoid(N(psi(relu(N(W g) + N(W x))))).
    fn attention(&self, gate: &Tensor, skip: &Tensor) -> Result<Tensor, TchError> {
        if gate.size()[2..] != skip.size()[2..] {
            return Err(different_sizes("gate", gate, "skip", skip));
        }
        // Each part owns a weight, a bias, a norm weight and a norm bias, and two buffers.
        let branch = |x: &Tensor, part: usize| {
            let y =
                x.f_conv2d(&self.weight(4 * part)?, Some(&self.weight(4 * part + 1)?), [1], [0], [1], 1)?;
            self.norm(&y, 4 * part + 2, 2 * part, 1e-5, 0.1)
        };
        let mut sum = branch(gate, 0)?;
        let sum = sum.f_add_(&branch(skip, 1)?)?.f_relu_()?;
        let psi = branch(&sum, 2)?.f_sigmoid_()?;
        skip.f_mul(&psi)
    }

    fn concatenate(&self, parts: &[Tensor]) -> Result<Tensor, TchError> {
        let first = parts.first().ok_or_else(|| TchError::Shape("nothing to join".to_owned()))?;
        if let Some((place, other)) =
            parts.iter().enumerate().find(|(_, part)| part.size()[2..] != first.size()[2..])
        {
            return Err(different_sizes("part 1", first, &format!("part {}", place + 1), other));
        }
        Tensor::f_cat(parts, 1)
    }

    fn dropout(&self, x: &mut Tensor, probability: f64, whole_channels: bool) -> Result<Tensor, TchError> {
        let Mode::Train { seed } = self.mode else { return Ok(x.shallow_clone()) };
        let step = &self.network.steps[self.index];
        let relu = self.reuse != Reuse::Never
            && step.inputs.first().is_some_and(|&input| self.network.reuse[input] == Reuse::LeftToDropout);
        let mut y = x.shallow_clone();
        if probability > 0.0 {
            let mut shape: Vec<usize> = x.size().iter().map(|&size| size as usize).collect();
            if whole_channels {
                shape[2..].fill(1);
            }
            let mask = mask(seed, &step.name, probability, shape.iter().product());
            let mask = tensors::from_slice(&mask, &shape, x.device())
                .map_err(|error| TchError::Shape(error.to_string()))?
                .f_to_kind(self.kind)?;
            let mask = tensors::channels_last(&mask)?;
            y = if self.reuse == Reuse::Never { y.f_mul(&mask)? } else { y.f_mul_(&mask)? };
        }
        if relu { y.f_relu_() } else { Ok(y) }
    }
}

fn different_sizes(one: &str, a: &Tensor, other: &str, b: &Tensor) -> TchError {
    TchError::Shape(format!(
        "{one} is {:?} and {other} is {:?} (batch, channel, y, x); their maps must have one size: \
         give the network maps whose sides are divisible by all its poolings",
        a.size(),
        b.size()
    ))
}

/// Zero with this probability, else 1/(1 - probability), so that the mean stays.
fn mask(seed: u64, name: &str, probability: f64, count: usize) -> Vec<f32> {
    let mut generator = seed::stream(seed, name);
    let threshold = (probability * f64::from(u32::MAX)) as u32;
    let kept = (1.0 / (1.0 - probability)) as f32;
    (0..count).map(|_| if generator.next_u32() < threshold { 0.0 } else { kept }).collect()
}
