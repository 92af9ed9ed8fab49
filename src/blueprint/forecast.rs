//! How much memory a network will need, before it is made.

use super::analyse::Examination;
use super::plan::{Activation, Analysis, MomentForm, Op};
use serde::Serialize;

/// Bytes per float32 value.
const VALUE: u64 = 4;

/// A forecast of memory, in bytes. What the libraries themselves take (the program, cuDNN's scratch space) comes on top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// The learned parameters.
    pub parameter_bytes: u64,
    /// What the optimiser keeps beside them.
    pub optimiser_bytes: u64,
    /// The most that values on wires and work within a block take at one time in a forward pass alone.
    pub activation_bytes_forward: u64,
    /// What is kept from the forward to the backward pass.
    pub activation_bytes_training: u64,
    pub total_training: u64,
    pub total_forward: u64,
}

impl Analysis {
    /// Memory for batches of `batch` samples, with an optimiser that keeps `optimiser_copies` values for each parameter (Adam 2, SGD
    /// with momentum 1, plain SGD 0; one more for an exponential moving average). With p parameters, in float32:
    /// training = 4p (parameters) + 4p (gradients) + 4p·copies + batch·(bytes kept for the backward pass),
    /// forward = 4p + batch·(peak of the bytes alive at one time).
    pub fn forecast(&self, batch: u64, optimiser_copies: u64) -> Forecast {
        let parameter_bytes = self.parameters.saturating_mul(VALUE);
        let optimiser_bytes = parameter_bytes.saturating_mul(optimiser_copies);
        let activation_bytes_forward = self.forward_bytes.saturating_mul(batch);
        let activation_bytes_training = self.training_bytes.saturating_mul(batch);
        Forecast {
            parameter_bytes,
            optimiser_bytes,
            activation_bytes_forward,
            activation_bytes_training,
            total_training: parameter_bytes
                .saturating_mul(2)
                .saturating_add(optimiser_bytes)
                .saturating_add(activation_bytes_training),
            total_forward: parameter_bytes.saturating_add(activation_bytes_forward),
        }
    }
}

/// Which values are kept for the backward pass: those that the block that makes them, or one that reads them, needs again.
pub(super) fn kept_values(examination: &Examination) -> Vec<bool> {
    let nodes = &examination.flat.nodes;
    let op = |index: usize| examination.meanings[index].as_ref().and_then(|meaning| meaning.op.as_ref());
    // What feeds a group's port is what the port hands on.
    let mut made_by: Vec<usize> = (0..nodes.len()).collect();
    let mut readers = vec![Vec::new(); nodes.len()];
    for &index in &examination.order {
        let mut sources =
            nodes[index].slots.iter().filter_map(|slot| slot.source).map(|source| made_by[source]);
        match op(index) {
            None => made_by[index] = sources.next().unwrap_or(index),
            Some(_) if examination.used[index] => sources.for_each(|source| readers[source].push(index)),
            Some(_) => {}
        }
    }
    (0..nodes.len())
        .map(|index| {
            let read_again = readers[index].iter().filter_map(|&reader| op(reader)).any(keeps_inputs);
            // A dropout is done in place where it alone reads a ReLU.
            let left_to_dropout =
                matches!(readers[index].as_slice(), &[one] if matches!(op(one), Some(Op::Dropout { .. })));
            let after_relu = || {
                let source =
                    nodes[index].slots.first().and_then(|slot| slot.source).map(|source| made_by[source]);
                source
                    .is_some_and(|source| matches!(op(source), Some(Op::Relu)) && readers[source].len() == 1)
            };
            examination.used[index]
                && match op(index) {
                    Some(Op::Relu) => read_again || !left_to_dropout,
                    Some(Op::Dropout { .. }) => read_again || after_relu(),
                    Some(Op::Activation(Activation::Sigmoid | Activation::Tanh)) => true,
                    _ => read_again,
                }
        })
        .collect()
}

/// Whether the derivative of an operation asks for what came in.
fn keeps_inputs(op: &Op) -> bool {
    match op {
        Op::Input { .. }
        | Op::Output { .. }
        | Op::Relu
        | Op::Activation(Activation::Sigmoid | Activation::Tanh)
        | Op::Dropout { .. }
        | Op::GlobalPool { maximum: false }
        | Op::Upsample { .. }
        | Op::Flatten
        | Op::Reshape
        | Op::Concatenate
        | Op::Add
        | Op::SelectChannels { .. }
        | Op::Crop { .. }
        | Op::Pad { .. }
        | Op::Constant { .. }
        | Op::Noise { .. }
        | Op::SpectralMoments { form: MomentForm::Raw, .. } => false,
        Op::Convolution { .. }
        | Op::TransposedConvolution { .. }
        | Op::Linear { .. }
        | Op::BatchNorm { .. }
        | Op::GroupNorm { .. }
        | Op::LayerNorm { .. }
        | Op::InstanceNorm { .. }
        | Op::Activation(_)
        | Op::MaxPool { .. }
        | Op::AveragePool { .. }
        | Op::GlobalPool { maximum: true }
        | Op::Multiply
        | Op::AttentionGate { .. }
        | Op::SelfAttention { .. }
        | Op::Film { .. }
        | Op::KanConvolution { .. }
        | Op::Kan { .. }
        | Op::SpectralMoments { .. }
        | Op::SpectralProjection { .. } => true,
    }
}

/// The most bytes that one sample needs at one time in a forward pass in the plan's order: a value lives from the block that makes it
/// to the last that reads it, an output to the end.
pub(super) fn peak_bytes(examination: &Examination) -> u64 {
    let nodes = &examination.flat.nodes;
    let meanings = &examination.meanings;
    // A group's port hands on the value of the block before it.
    let mut made_by: Vec<usize> = (0..nodes.len()).collect();
    let mut last_read = vec![0; nodes.len()];
    for (place, &index) in examination.order.iter().enumerate() {
        let Some(meaning) = meanings[index].as_ref().filter(|_| examination.used[index]) else { continue };
        let sources = nodes[index].slots.iter().filter_map(|slot| slot.source);
        if (meaning.op.is_none() || nodes[index].block.kind == "output")
            && let Some(source) = sources.clone().next()
        {
            made_by[index] = made_by[source];
        }
        let until = if nodes[index].block.kind == "output" { usize::MAX } else { place };
        for source in sources {
            let maker = made_by[source];
            last_read[maker] = last_read[maker].max(until);
        }
    }
    let (mut alive, mut peak) = (0_u64, 0_u64);
    for (place, &index) in examination.order.iter().enumerate() {
        let Some(meaning) = meanings[index].as_ref().filter(|_| examination.used[index]) else { continue };
        if made_by[index] != index {
            // Only a name for another's value; it may be the last one.
            alive = alive.saturating_sub(freed(examination, &made_by, &last_read, index, place));
            continue;
        }
        alive = alive.saturating_add(meaning.shape.values().saturating_mul(VALUE));
        peak = peak.max(alive.saturating_add(meaning.working_bytes));
        alive = alive.saturating_sub(freed(examination, &made_by, &last_read, index, place));
    }
    peak
}

/// The bytes of the values that nobody reads after this node.
fn freed(
    examination: &Examination,
    made_by: &[usize],
    last_read: &[usize],
    index: usize,
    place: usize,
) -> u64 {
    let sources = examination.flat.nodes[index].slots.iter().filter_map(|slot| slot.source);
    let mut makers: Vec<usize> = sources.map(|source| made_by[source]).collect();
    makers.sort_unstable();
    makers.dedup();
    makers
        .into_iter()
        .filter(|&maker| last_read[maker] == place)
        .filter_map(|maker| examination.meanings[maker].as_ref())
        .map(|meaning| meaning.shape.values().saturating_mul(VALUE))
        .fold(0, u64::saturating_add)
}
