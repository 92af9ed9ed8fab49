//! Weights over time: norms of every parameter, its gradient and its update, at log-spaced steps first and then at a fixed cadence.

/// One record: all parameters at one optimiser step.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightRecord {
    /// The step that was made, from 1.
    pub step: u64,
    /// For each parameter: ‖weights before the step‖, ‖gradient‖ and ‖change‖, Euclidean.
    pub norms: Vec<[f64; 3]>,
}

/// The records of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightHistory {
    /// `Encoder 1.Convolution.weight`, in the network's order.
    pub parameters: Vec<String>,
    pub records: Vec<WeightRecord>,
}
