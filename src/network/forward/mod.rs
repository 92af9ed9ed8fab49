//! The forward pass: the plan's steps one by one, values dropped as soon as nobody needs them. Here the walk over the steps, the check
//! of what comes in, and what every operation may look at; the operations themselves are in one file per family.

mod activation;
mod attention;
mod convolution;
mod kan;
mod norm;
mod resample;
mod reuse;
mod shape;
mod spectral;

use super::compile::{Mode, Network, Precision, Reuse};
use super::{NetworkError, tensors};
use crate::blueprint::{Op, PortType, Step};
use tch::{Kind, TchError, Tensor};

pub(super) use reuse::{keeps_no_input, keeps_no_output};

/// Called with the index of a step and its value.
pub type Observer<'a> = &'a mut dyn FnMut(usize, &Tensor);

/// How one pass runs.
#[derive(Clone, Copy)]
struct Run {
    /// The seed of a training pass.
    training: Option<u64>,
    /// The kind of the activations.
    kind: Kind,
    /// Whether values may be overwritten once nobody needs them.
    in_place: bool,
}

impl Network {
    /// Runs the network on one batch: one float32 tensor per input, in the plan's order, gives one per output. Maps may be larger or
    /// smaller than the plan's, as far as the blocks allow.
    ///
    /// Values on wires, of any input, output or step: a vector is [batch, channel], a map [batch, channel, y, x], a cube
    /// [batch, channel, z, y, x], and a sequence [batch, length, channel]. In memory the channels lie side by side in all of them.
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

    /// Evaluation (running statistics, no dropout, float32) that keeps the graph, for attribution: an input that requires gradients
    /// gets them, and every value that the observer sees is the step's own, overwritten by nobody. Ask for gradients with
    /// `Tensor::f_run_backward`, which leaves those of the parameters alone; `backward` would add to `gradient`.
    ///
    /// # Errors
    /// As `forward`.
    pub fn forward_with_gradients(
        &self,
        inputs: &[Tensor],
        observer: Option<Observer>,
    ) -> Result<Vec<Tensor>, NetworkError> {
        self.check_inputs(inputs)?;
        let run = Run { training: None, kind: Kind::Float, in_place: false };
        tch::with_grad(|| self.pass(inputs, run, observer))
    }

    fn run(
        &self,
        inputs: &[Tensor],
        mode: Mode,
        observer: Option<Observer>,
    ) -> Result<Vec<Tensor>, NetworkError> {
        self.check_inputs(inputs)?;
        // An observer must see each step's own value, so nothing is overwritten while one watches.
        let in_place = observer.is_none();
        match mode {
            Mode::Train { seed } => {
                let kind = match self.precision {
                    Precision::BFloat16 => Kind::BFloat16,
                    Precision::Float32 => Kind::Float,
                };
                let run = Run { training: Some(seed), kind, in_place };
                tch::with_grad(|| self.pass(inputs, run, observer))
            }
            Mode::Evaluate => {
                let run = Run { training: None, kind: Kind::Float, in_place };
                tch::no_grad(|| self.pass(inputs, run, observer))
            }
        }
    }

    fn check_inputs(&self, inputs: &[Tensor]) -> Result<(), NetworkError> {
        if inputs.len() != self.inputs.len() {
            return Err(NetworkError::InputCount { expected: self.inputs.len(), given: inputs.len() });
        }
        for (&index, tensor) in self.inputs.iter().zip(inputs) {
            let step = &self.steps[index];
            let given = tensor.size();
            let (axis, channels) = match (step.shape.kind, step.shape.sizes.as_slice()) {
                (PortType::Sequence, &[_, channels]) => (2, channels),
                (_, sizes) => (1, sizes.first().copied().unwrap_or(0)),
            };
            let fits = given.len() == step.shape.sizes.len() + 1
                && given.get(axis) == Some(&(channels as i64))
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
        run: Run,
        mut observer: Option<Observer>,
    ) -> Result<Vec<Tensor>, NetworkError> {
        let mut values: Vec<Option<Tensor>> = Vec::with_capacity(self.steps.len());
        for (index, step) in self.steps.iter().enumerate() {
            let mut arguments: Vec<Tensor> = Vec::with_capacity(step.inputs.len());
            for &input in &step.inputs {
                arguments.extend(values[input].as_ref().map(Tensor::shallow_clone));
            }
            if let Some(place) = self.inputs.iter().position(|&input| input == index) {
                arguments.push(inputs[place].shallow_clone());
            }
            let reuse = if run.in_place { self.reuse[index] } else { Reuse::Never };
            let value = Pass { network: self, index, run, reuse }
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
    run: Run,
    reuse: Reuse,
}

impl Pass<'_> {
    fn compute(&self, op: &Op, arguments: &mut [Tensor]) -> Result<Tensor, TchError> {
        match (op, &mut *arguments) {
            (Op::Concatenate, parts) => shape::concatenate(parts),
            (Op::Add, parts) => shape::add(parts, self.reuse == Reuse::Overwrite),
            (Op::Multiply, parts) => shape::multiply(parts),
            (Op::Crop { .. }, [x, like]) => resample::crop_like(x, like),
            (Op::AttentionGate { .. }, [gate, skip]) => self.attention_gate(gate, skip),
            (Op::Film { channels, around_one }, [x, condition]) => {
                attention::film(x, condition, *channels, *around_one)
            }
            (_, [x]) => self.compute_one(op, x),
            _ => Err(fault("a value is missing or too many came")),
        }
    }

    fn compute_one(&self, op: &Op, x: &mut Tensor) -> Result<Tensor, TchError> {
        match op {
            Op::Input { .. } => tensors::channels_last(&x.f_to_kind(self.run.kind)?),
            Op::Output { .. } => x.f_to_kind(Kind::Float),
            Op::Convolution { .. } => self.convolution(op, x),
            Op::TransposedConvolution { .. } => self.transposed_convolution(op, x),
            Op::Linear { bias, .. } => x.f_linear(&self.weight(0)?, self.bias(*bias)?.as_ref()),
            Op::BatchNorm { epsilon, momentum, .. } => self.batch_norm(x, 0, 0, *epsilon, *momentum),
            Op::GroupNorm { groups, epsilon, .. } => self.group_norm(x, *groups, *epsilon),
            Op::LayerNorm { channels, epsilon } => self.layer_norm(x, *channels, *epsilon),
            Op::InstanceNorm { channels, epsilon } => self.instance_norm(x, *channels, *epsilon),
            Op::Relu => self.relu(x),
            Op::Activation(activation) => self.activation(x, *activation),
            Op::Dropout { probability, whole_channels } => self.dropout(x, *probability, *whole_channels),
            Op::Noise { deviation, always } => self.noise(x, *deviation, *always),
            Op::Constant { value } => x.f_full_like(*value),
            Op::MaxPool { dims, kernel, stride } => resample::max_pool(x, *dims, *kernel, *stride),
            Op::AveragePool { dims, kernel, stride } => resample::average_pool(x, *dims, *kernel, *stride),
            Op::GlobalPool { maximum } => resample::global_pool(x, *maximum),
            Op::Upsample { factor, interpolation, .. } => resample::upsample(x, *factor, *interpolation),
            Op::Crop { before, .. } => resample::crop(x, before, &self.dropped()?),
            Op::Pad { before, after, fill, .. } => resample::pad(x, before, after, *fill),
            Op::Flatten => x.f_flatten(1, -1),
            Op::Reshape => shape::reshape(x, &self.step().shape),
            Op::SelectChannels { start, count } => x.f_narrow(channel_axis(x), *start as i64, *count as i64),
            Op::SelfAttention { channels, heads } => self.self_attention(x, *channels, *heads),
            Op::KanConvolution { dims, kernel, basis, .. } => self.kan_convolution(x, *dims, *kernel, *basis),
            Op::Kan { sums, products, basis, .. } => self.kan(x, *sums, *products, *basis),
            Op::SpectralMoments { .. } => self.spectral_moments(op, x),
            Op::SpectralProjection { bias, .. } => self.spectral_projection(x, *bias),
            Op::Concatenate | Op::Add | Op::Multiply | Op::AttentionGate { .. } | Op::Film { .. } => {
                Err(fault("a value is missing"))
            }
        }
    }

    fn step(&self) -> &Step {
        &self.network.steps[self.index]
    }

    /// What this step drops along each spatial axis, on both sides together, by the plan.
    fn dropped(&self) -> Result<Vec<usize>, TchError> {
        let step = self.step();
        let from = step.inputs.first().ok_or_else(|| fault("a value is missing"))?;
        let sizes = |step: &Step| match step.shape.kind {
            PortType::Sequence => step.shape.sizes[..1].to_vec(),
            _ => step.shape.sizes[1..].to_vec(),
        };
        let (before, after) = (sizes(&self.network.steps[*from]), sizes(step));
        Ok(before.iter().zip(&after).map(|(before, after)| before.saturating_sub(*after)).collect())
    }

    /// The step's parameter number `place`, in the kind of the pass.
    fn weight(&self, place: usize) -> Result<Tensor, TchError> {
        self.parameter(place).f_to_kind(self.run.kind)
    }

    /// The same in float32.
    fn parameter(&self, place: usize) -> &Tensor {
        &self.network.parameters[self.network.owned[self.index].0 + place]
    }

    fn buffer(&self, place: usize) -> &Tensor {
        &self.network.buffers[self.network.owned[self.index].1 + place]
    }

    fn bias(&self, has_bias: bool) -> Result<Option<Tensor>, TchError> {
        has_bias.then(|| self.weight(1)).transpose()
    }
}

fn fault(text: &str) -> TchError {
    TchError::Shape(text.to_owned())
}

/// Where a value of this rank has its channels: last in a sequence, else behind the batch.
fn channel_axis(x: &Tensor) -> i64 {
    if x.dim() == 3 { 2 } else { 1 }
}

/// A sequence [batch, length, channel] as a map [batch, channel, 1, length] in the same memory, channels last; all else as it is.
fn as_map(x: &Tensor) -> Result<Tensor, TchError> {
    if x.dim() == 3 { x.f_unsqueeze(1)?.f_permute([0, 3, 1, 2]) } else { Ok(x.shallow_clone()) }
}

/// Back from `as_map`: `y`, made from an `x` of this rank.
fn as_before(y: Tensor, rank: usize) -> Result<Tensor, TchError> {
    if rank == 3 { y.f_permute([0, 2, 3, 1])?.f_squeeze_dim(1) } else { Ok(y) }
}

/// The same value with the channels last, as they lie in memory: [batch, …, channel].
fn pixels_first(x: &Tensor) -> Result<Tensor, TchError> {
    match x.dim() {
        4 => x.f_permute([0, 2, 3, 1]),
        5 => x.f_permute([0, 2, 3, 4, 1]),
        _ => Ok(x.shallow_clone()),
    }
}

/// Back from `pixels_first`.
fn channels_first(x: &Tensor, rank: usize) -> Result<Tensor, TchError> {
    match rank {
        4 => x.f_permute([0, 3, 1, 2]),
        5 => x.f_permute([0, 4, 1, 2, 3]),
        _ => Ok(x.shallow_clone()),
    }
}

/// A number for each spatial axis; a sequence is a map of one row, along which nothing changes (`neutral`).
fn along(dims: usize, value: usize, neutral: usize) -> Vec<i64> {
    match dims {
        1 => vec![neutral as i64, value as i64],
        dims => vec![value as i64; dims],
    }
}

fn different_sizes(one: &str, a: &Tensor, other: &str, b: &Tensor) -> TchError {
    let axes = match a.dim() {
        2 => "batch, channel",
        3 => "batch, length, channel",
        4 => "batch, channel, y, x",
        _ => "batch, channel, z, y, x",
    };
    TchError::Shape(format!(
        "{one} is {:?} and {other} is {:?} ({axes}); they must have one size: \
         give the network inputs whose sides are divisible by all its poolings",
        a.size(),
        b.size()
    ))
}
