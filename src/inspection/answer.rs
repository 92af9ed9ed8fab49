//! What is answered: plain values, ready to be drawn.

use super::request::Request;
use crate::blueprint::Shape;
use crate::data::Split;
use ndarray::{Array2, Array3, Array4};

/// The answer to a request. A newer one may differ only in the weights (of a running training).
#[derive(Clone, Debug)]
pub struct Answer {
    pub request: Request,
    /// Counts the answers of a worker.
    pub number: u64,
    /// Completed epochs (with the fraction of the running one) and optimiser steps behind the weights; `None` where never trained.
    pub epoch: Option<f32>,
    pub step: Option<u64>,
    /// The block as the user reads it, `Encoder 1/Convolution`.
    pub block: String,
    pub sample: SampleNote,
    /// Time it took to answer, without loading.
    pub seconds: f64,
    /// An error is a sentence for the user.
    pub result: Result<View, String>,
}

/// What was given to the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleNote {
    pub index: usize,
    /// How many there are to choose from; 0 where it is noise.
    pub count: usize,
    pub part: Option<Split>,
    /// Region, simulation or galaxy it comes from.
    pub group: Option<u32>,
    /// `sample 12 of 36, validation, group 2`, or what stands in for a sample.
    pub text: String,
}

#[derive(Clone, Debug)]
pub enum View {
    Weights(WeightsView),
    Features(FeaturesView),
    Attribution(AttributionView),
}

/// Parameters and buffers of a block.
#[derive(Clone, Debug, Default)]
pub struct WeightsView {
    pub parameters: Vec<ParameterView>,
    /// One for each parameter that the run has recorded.
    pub history: Vec<ParameterHistory>,
    /// Of a Kolmogorov–Arnold block: its strongest curves, strongest first.
    pub curves: Vec<KanCurve>,
    /// How many curves the block has.
    pub curve_count: usize,
}

#[derive(Clone, Debug)]
pub struct ParameterView {
    /// `Encoder 1.Convolution.weight`.
    pub name: String,
    pub shape: Vec<usize>,
    /// Whether it is trained; else it is a buffer (running mean or variance).
    pub trained: bool,
    /// Row-major; of a very large parameter only its first values.
    pub values: Vec<f32>,
    /// How many it has.
    pub count: usize,
    pub statistics: Statistics,
    pub histogram: Histogram,
    /// Kernels as images (out, in, y, x): of three-dimensional ones the middle slice, one-dimensional ones have one row.
    /// As far as `values` reaches.
    pub kernels: Option<Array4<f32>>,
}

/// Of the finite values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    pub min: f32,
    pub max: f32,
    pub mean: f64,
    pub std: f64,
    /// Euclidean norm.
    pub norm: f64,
    pub count_not_finite: usize,
}

/// Counts in equal cells from `low` to `high`; the last cell holds `high` itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    pub low: f32,
    pub high: f32,
    pub counts: Vec<u64>,
}

/// A parameter over the optimiser steps of its run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ParameterHistory {
    pub name: String,
    pub steps: Vec<u64>,
    /// Euclidean norms of the weights before the step and of the gradient.
    pub norm: Vec<f64>,
    pub gradient_norm: Vec<f64>,
    /// ‖change‖/‖weights‖ of that step; NaN where the weights were all zero.
    pub update_ratio: Vec<f64>,
}

/// One function of one channel that a Kolmogorov–Arnold block has learnt.
#[derive(Clone, Debug, PartialEq)]
pub struct KanCurve {
    /// Channel in, node out, and the place in the kernel (row-major) of a KAN convolution.
    pub input: usize,
    pub output: usize,
    pub tap: usize,
    /// (x, f(x)) over the inputs' mean ± the grid's range.
    pub points: Vec<(f64, f64)>,
    /// The spline's share of `points`, same x.
    pub spline: Vec<(f64, f64)>,
    /// f(x) with its numbers.
    pub formula: String,
    /// Deviation of f over the points.
    pub strength: f64,
}

/// What a block hands on for the sample.
#[derive(Clone, Debug)]
pub struct FeaturesView {
    /// As computed: maps may be larger than in the blueprint.
    pub shape: Shape,
    /// (channel, y, x): a cube as the slice asked for, a sequence as one row of its length, a vector as single pixels.
    pub channels: Array3<f32>,
    /// Of a cube: the slice shown (`None` for the maximum) and how many there are.
    pub slice: Option<(Option<usize>, usize)>,
    /// For each channel, over all its values (a whole cube).
    pub statistics: Vec<ChannelStatistics>,
    /// Channels with one and the same value everywhere in this sample (of a vector: with the value 0).
    pub dead: usize,
    /// What the values are: empty within the network, the quantity at an input or output of a run (standardised, as the network has it).
    pub label: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChannelStatistics {
    pub min: f32,
    pub max: f32,
    pub mean: f64,
    pub std: f64,
    pub dead: bool,
}

/// Which parts of the input made an output what it is.
#[derive(Clone, Debug)]
pub struct AttributionView {
    /// `Integrated gradients`.
    pub method: String,
    /// To be printed beside the map: the formula, what "output" is, the fillings, units.
    pub definition: String,
    /// One for each input channel; one for all channels of Grad-CAM.
    pub maps: Vec<AttributionMap>,
    /// output(x) and its unit.
    pub output: f64,
    pub output_unit: String,
    /// output(baseline) of integrated gradients.
    pub baseline_output: Option<f64>,
    /// Sum over all maps.
    pub sum: f64,
    /// |sum − (output − baseline_output)| / |output − baseline_output| of integrated gradients.
    pub completeness_error: Option<f64>,
    /// Gradients taken (SmoothGrad's samples, integrated gradients' points).
    pub gradients: Option<u32>,
    /// Masks of occlusion.
    pub masks: Option<usize>,
    pub randomised: Option<Randomised>,
}

#[derive(Clone, Debug)]
pub struct AttributionMap {
    /// The input channel.
    pub name: String,
    /// What the network was given, in the space of the training (log₁₀ where the recipe says so), and its label with unit.
    pub input: Array2<f32>,
    pub input_label: String,
    /// (y, x), signed; of a cube the sum along its first axis, of a vector one row.
    pub values: Array2<f32>,
    /// Unit of `values`, for the colour bar.
    pub unit: String,
    /// How many masks cover each pixel, for occlusion.
    pub covers: Option<Array2<u32>>,
}

/// The check with weights drawn anew: a method that tells of the training must not give the same map.
#[derive(Clone, Debug)]
pub struct Randomised {
    /// One for each of the maps.
    pub maps: Vec<Array2<f32>>,
    /// Spearman's rank correlation of the absolute values, over all maps.
    pub rank_correlation: f64,
    pub definition: String,
}
