//! What may be asked: of which network, on which sample, at which block, and what.

use crate::blueprint::{Blueprint, PathId};
use crate::training::{CheckpointChoice, Live};
use std::path::PathBuf;
use std::sync::Arc;

/// Whose network is looked into.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A run folder, at one of its checkpoints.
    Run { folder: PathBuf, checkpoint: CheckpointChoice },
    /// A running training; answers follow its weights until another request comes.
    Live(Live),
    /// A blueprint with weights drawn from a seed.
    Untrained { blueprint: Arc<Blueprint>, seed: u64 },
}

impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Run { folder: a, checkpoint: c }, Self::Run { folder: b, checkpoint: d }) => {
                a == b && c == d
            }
            (Self::Live(a), Self::Live(b)) => a.is_same(b),
            (Self::Untrained { blueprint: a, seed: s }, Self::Untrained { blueprint: b, seed: t }) => {
                s == t && (Arc::ptr_eq(a, b) || a == b)
            }
            _ => false,
        }
    }
}

/// One question.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub subject: Subject,
    /// Which sample of the run's sample set (whatever its part of the split), counted from 0. Of a network that was never trained, it is the
    /// seed of the synthetic cloud or noise that takes the place of a sample.
    pub sample: usize,
    /// The block; a group stands for all its blocks (weights), or for what it hands on (features, Grad-CAM). Empty: the whole network.
    pub block: PathId,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Weights,
    /// The values the block hands on for the sample.
    Features(CubeSlice),
    Attribution(AttributionSettings),
}

/// How a cube is shown as a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CubeSlice {
    #[default]
    Middle,
    /// Along the first of its three axes (velocity); beyond the last it is the last.
    Index(usize),
    /// The largest value along the first of its three axes.
    Maximum,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AttributionSettings {
    pub method: Method,
    pub output: OutputChoice,
    /// Also the same map of a network whose weights are drawn anew, and how alike both are (Adebayo et al. 2018).
    pub randomised: bool,
    /// For every random draw: SmoothGrad's noise, noise-matched fillings, weights drawn anew.
    pub seed: u64,
}

impl AttributionSettings {
    /// Of the mean of the whole first output.
    pub fn new(method: Method) -> Self {
        Self { method, output: OutputChoice::default(), randomised: false, seed: 0 }
    }
}

/// The number that is attributed: the mean over a region of one channel of one output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputChoice {
    /// Which output of the network, in document order.
    pub output: usize,
    pub channel: usize,
    pub region: Region,
}

/// Pixels of an output, counted from 0. Where the output is no map, all of it is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Region {
    #[default]
    Whole,
    Pixel {
        y: usize,
        x: usize,
    },
    /// Rows `y.0..y.1` and columns `x.0..x.1`.
    Box {
        y: (usize, usize),
        x: (usize, usize),
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// ∂output/∂input (Simonyan et al. 2014), with its sign.
    Saliency,
    /// The mean of the gradients at `samples` inputs with normal noise of deviation `sigma` times the input's range (Smilkov et al. 2017).
    SmoothGrad { samples: u32, sigma: f64 },
    /// (x − baseline)·∫∂output/∂input along the straight path (Sundararajan et al. 2017), from `steps` Gauss–Legendre points on; more are
    /// taken until the sum agrees with the difference of outputs within 1 %.
    IntegratedGradients { steps: u32, baseline: Baseline },
    /// ReLU(Σ_k mean(∂output/∂A_k)·A_k) at the block (Selvaraju et al. 2017), brought to the input's pixels.
    GradCam,
    /// output(x) − output(x with a window filled), averaged over the windows that cover a pixel (Zeiler & Fergus 2014).
    Occlusion {
        /// Side of the square window and the step between windows, in pixels.
        window: usize,
        stride: usize,
        filling: Filling,
    },
}

impl Method {
    pub const SMOOTH_GRAD: Self = Self::SmoothGrad { samples: 32, sigma: 0.1 };
    pub const INTEGRATED_GRADIENTS: Self = Self::IntegratedGradients { steps: 32, baseline: Baseline::Zero };
    pub const OCCLUSION: Self = Self::Occlusion { window: 8, stride: 4, filling: Filling::LocalSky };

    /// As on the command line: `integrated-gradients`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Saliency => "saliency",
            Self::SmoothGrad { .. } => "smoothgrad",
            Self::IntegratedGradients { .. } => "integrated-gradients",
            Self::GradCam => "grad-cam",
            Self::Occlusion { .. } => "occlusion",
        }
    }

    /// As people write it.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Saliency => "Saliency",
            Self::SmoothGrad { .. } => "SmoothGrad",
            Self::IntegratedGradients { .. } => "Integrated gradients",
            Self::GradCam => "Grad-CAM",
            Self::Occlusion { .. } => "Occlusion",
        }
    }
}

/// Where the path of integrated gradients starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Baseline {
    /// 0 as the network sees it: the training mean of each channel.
    Zero,
    /// The sample blurred with a Gaussian of this deviation.
    Blurred {
        sigma_px: f64,
    },
    OtherSample(usize),
}

/// What an occluded window holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Filling {
    /// 0 as the network sees it: the training mean of each channel.
    Zero,
    /// The median of a border around the window, for each channel.
    LocalSky,
    /// The sample blurred with a Gaussian of this deviation.
    Blurred { sigma_px: f64 },
    /// Normal noise of the mean and deviation of a border around the window, for each channel.
    NoiseMatched,
    /// The same pixels of another sample.
    OtherSample(usize),
}
