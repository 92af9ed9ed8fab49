//! Which operations may overwrite their input, and whose output may be overwritten: what the backward pass does not need.

use crate::blueprint::{Activation, Op, Step};

/// Whether an operation may overwrite its first input: its backward pass needs its output, or neither.
pub(in crate::network) fn keeps_no_input(op: &Op) -> bool {
    matches!(
        op,
        Op::Relu
            | Op::Dropout { .. }
            | Op::Noise { .. }
            | Op::Add
            | Op::Activation(
                Activation::Sigmoid
                    | Activation::Tanh
                    | Activation::LeakyRelu { slope: super::activation::DEFAULT_SLOPE }
            )
    )
}

/// Whether what a step makes may be overwritten: it is no view of its input, and its backward pass does not need it.
pub(in crate::network) fn keeps_no_output(step: &Step) -> bool {
    match step.op {
        Op::Convolution { .. }
        | Op::TransposedConvolution { .. }
        | Op::Linear { .. }
        | Op::BatchNorm { .. }
        | Op::GroupNorm { .. }
        | Op::LayerNorm { .. }
        | Op::InstanceNorm { .. }
        | Op::KanConvolution { .. }
        | Op::Film { .. }
        | Op::Upsample { .. }
        | Op::AttentionGate { .. } => true,
        // Of one part it is the part itself.
        Op::Concatenate | Op::Add | Op::Multiply => step.inputs.len() > 1,
        _ => false,
    }
}
