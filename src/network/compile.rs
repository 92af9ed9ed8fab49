//! From a plan to a network: names and places of the weights, their first values, and what may be computed in place.

use super::declare::declare;
use super::forward::{keeps_no_input, keeps_no_output};
use super::layout::{Layout, check_names};
use super::{NetworkError, device, initial, tensors};
use crate::blueprint::{Activation, Op, Plan, Step};
use indexmap::IndexMap;
use tch::{Device, Kind, Tensor};

/// How a forward pass is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Batch statistics (which also move the running ones), dropout drawn from `seed`, gradients kept.
    /// Give each optimiser step its own seed, derived from its place in the run: see `seed::derive`.
    Train { seed: u64 },
    /// Running statistics, no dropout, no gradients, float32. Changes nothing in the network.
    Evaluate,
}

/// The number type of a training pass. Weights, statistics, gradients and evaluation are float32 in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    #[default]
    Float32,
    /// Activations and convolutions in bfloat16, master weights in float32.
    BFloat16,
}

/// A network ready to run. Owned by one thread (see the room's notes).
pub struct Network {
    pub(super) steps: Vec<Step>,
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
    /// For each step, the values that nobody needs any more after it.
    pub(super) spent: Vec<Vec<usize>>,
    pub(super) reuse: Vec<Reuse>,
    /// For each step, where its first parameter and its first buffer stand in the maps below.
    pub(super) owned: Vec<(usize, usize)>,
    layout: Layout,
    flat: Tensor,
    gradient: Tensor,
    pub(super) parameters: IndexMap<String, Tensor>,
    pub(super) buffers: IndexMap<String, Tensor>,
    pub(super) precision: Precision,
    device: Device,
}

/// Whether a step may overwrite its input, which saves memory traffic and page faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reuse {
    Never,
    /// Nobody else reads the input, and its maker does not need it for the backward pass.
    Overwrite,
    /// Nobody else reads the input, but the backward pass of this step needs it: only where there will be none.
    InEvaluation,
    /// A ReLU whose only reader is a dropout: in training the dropout applies it, after its mask. The order does not
    /// matter (a mask is never negative), and so both run in place.
    LeftToDropout,
}

impl Network {
    /// Compiles a checked plan. The weights are drawn from (seed, parameter name): the same on every device.
    ///
    /// # Errors
    /// Two blocks with the same weight names; no memory on the device.
    pub fn build(plan: &Plan, device: Device, seed: u64) -> Result<Self, NetworkError> {
        device::prepare();
        let mut layout = Layout::default();
        let mut buffers = IndexMap::new();
        let mut owned = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            owned.push((layout.slots.len(), buffers.len()));
            declare(step, &mut layout, &mut buffers, device)?;
        }
        let flat = tensors::from_slice(&initial::draw(&layout, seed), &[layout.length], device)?;
        let gradient = Tensor::f_zeros([layout.length as i64], (Kind::Float, device))?;
        let mut network = Self {
            steps: plan.steps.clone(),
            inputs: plan.inputs.clone(),
            outputs: plan.outputs.clone(),
            spent: spent_values(plan),
            reuse: reusable_inputs(plan),
            owned,
            parameters: IndexMap::with_capacity(layout.slots.len()),
            layout,
            flat,
            gradient,
            buffers,
            precision: Precision::default(),
            device,
        };
        network.tie_parameters()?;
        Ok(network)
    }

    /// Makes each parameter a leaf that looks into `flat`, and its gradient a view into `gradient`: the backward pass
    /// then adds up right there, and the optimiser sees one tensor.
    fn tie_parameters(&mut self) -> Result<(), NetworkError> {
        for (name, slot) in &self.layout.slots {
            let leaf = self.layout.view(&self.flat, slot)?.f_detach()?.f_set_requires_grad(true)?;
            self.parameters.insert(name.clone(), leaf);
        }
        for ((_, slot), leaf) in self.layout.slots.iter().zip(self.parameters.values()) {
            // libtorch makes a gradient tensor only in a backward pass; this one makes it, to be redirected.
            leaf.f_sum(Kind::Float)?.f_backward()?;
            leaf.f_grad()?.f_set_data(&self.layout.view(&self.gradient, slot)?)?;
        }
        self.zero_gradient()
    }

    pub fn device(&self) -> Device {
        self.device
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub fn precision(&self) -> Precision {
        self.precision
    }

    pub fn set_precision(&mut self, precision: Precision) {
        self.precision = precision;
    }

    /// The trainable weights by name: the step's name with `.` for `/`, then `weight`, `bias` and so on.
    pub fn parameters(&self) -> &IndexMap<String, Tensor> {
        &self.parameters
    }

    /// What training moves without gradients: the running means and variances of batch norms.
    pub fn buffers(&self) -> &IndexMap<String, Tensor> {
        &self.buffers
    }

    pub fn parameter_count(&self) -> usize {
        self.layout.length
    }

    /// Names and places of the parameters within `flat` and `gradient`.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All parameters as one tensor [parameters]; the named ones are views into it. Change it under `tch::no_grad`.
    pub fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// All gradients as one tensor [parameters]; backward passes add to it until `zero_gradient`.
    pub fn gradient(&self) -> &Tensor {
        &self.gradient
    }

    pub fn zero_gradient(&self) -> Result<(), NetworkError> {
        let _same = self.gradient.shallow_clone().f_zero_()?;
        Ok(())
    }

    /// Parameters and buffers by name, as copies in row-major order on the CPU.
    pub fn state(&self) -> Result<IndexMap<String, Tensor>, NetworkError> {
        let mut state = self.layout.split(&self.flat)?;
        for (name, buffer) in &self.buffers {
            state.insert(name.clone(), tensors::copy(&buffer.f_to_device(Device::Cpu)?)?);
        }
        Ok(state)
    }

    /// Takes over parameters and buffers.
    ///
    /// # Errors
    /// `OtherNetwork` lists missing, unknown and misshapen names; then nothing was changed.
    pub fn load_state(&mut self, state: &IndexMap<String, Tensor>) -> Result<(), NetworkError> {
        let shape = |tensor: &Tensor| tensor.size().iter().map(|&size| size as usize).collect::<Vec<_>>();
        let parameters = self.layout.slots.iter().map(|(name, slot)| (name.as_str(), slot.shape.clone()));
        let buffers = self.buffers.iter().map(|(name, buffer)| (name.as_str(), shape(buffer)));
        check_names(parameters.chain(buffers), state)?;
        tch::no_grad(|| {
            for (name, slot) in &self.layout.slots {
                self.layout.view(&self.flat, slot)?.f_copy_(&state[name.as_str()])?;
            }
            for (name, buffer) in &mut self.buffers {
                buffer.f_copy_(&state[name.as_str()])?;
            }
            Ok(())
        })
    }

    /// Runs `work` with other parameters (for example an average over the training) in place of the network's own.
    pub fn with_parameters<T>(
        &mut self,
        flat: &Tensor,
        work: impl FnOnce(&mut Self) -> Result<T, NetworkError>,
    ) -> Result<T, NetworkError> {
        let own = tch::no_grad(|| {
            let own = tensors::copy(&self.flat)?;
            self.flat.f_copy_(flat)?;
            Ok::<_, NetworkError>(own)
        })?;
        let answer = work(self);
        tch::no_grad(|| self.flat.f_copy_(&own))?;
        answer
    }
}

fn spent_values(plan: &Plan) -> Vec<Vec<usize>> {
    let mut last: Vec<usize> = (0..plan.steps.len()).collect();
    for (index, step) in plan.steps.iter().enumerate() {
        step.inputs.iter().for_each(|&input| last[input] = index);
    }
    plan.outputs.iter().for_each(|&output| last[output] = usize::MAX);
    let mut spent = vec![Vec::new(); plan.steps.len()];
    for (value, &step) in last.iter().enumerate() {
        if step < spent.len() {
            spent[step].push(value);
        }
    }
    spent
}

fn reusable_inputs(plan: &Plan) -> Vec<Reuse> {
    let mut readers = vec![Vec::new(); plan.steps.len()];
    for (index, step) in plan.steps.iter().enumerate() {
        step.inputs.iter().for_each(|&input| readers[input].push(index));
    }
    let only_reader_is_dropout = |index: usize| match readers[index].as_slice() {
        &[reader] => matches!(plan.steps[reader].op, Op::Dropout { .. }),
        _ => false,
    };
    let mut reuse = vec![Reuse::Never; plan.steps.len()];
    for (index, step) in plan.steps.iter().enumerate() {
        let Some(&input) = step.inputs.first() else { continue };
        let free = readers[input].len() == 1 && keeps_no_output(&plan.steps[input]);
        reuse[index] = match &step.op {
            Op::Relu if free && only_reader_is_dropout(index) => Reuse::LeftToDropout,
            op if free && keeps_no_input(op) => Reuse::Overwrite,
            Op::Activation(Activation::Gelu | Activation::Silu) if free => Reuse::InEvaluation,
            Op::Dropout { .. } if reuse[input] == Reuse::LeftToDropout => Reuse::Overwrite,
            _ => Reuse::Never,
        };
    }
    reuse
}
