//! What the document means: shapes on every port, costs, faults, and the flat list of steps that a network is compiled from.

use super::model::{BlockId, Link, Parameter, Port};
use std::collections::HashMap;

/// What a wire carries. Wires take the colour of their type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortType {
    Vector,
    Map,
    Cube,
    Sequence,
}

/// The shape of one sample on a wire, without the batch axis: vector [c], map [c, y, x], cube [c, z, y, x], sequence [length, c].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    pub kind: PortType,
    pub sizes: Vec<usize>,
}

/// A block's place in the document: the ids from the outermost group down to the block.
pub type PathId = Vec<BlockId>;

/// What a step computes, with checked parameters. `dims` is 1 for a sequence, 2 for a map, 3 for a cube; kernels, strides and paddings
/// are the same along every axis. Each variant names its weights, in the order in which they are stored: `c` channels in, `f` filters,
/// `k…` the kernel once for each of `dims`. Where no weights are named there are none.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The network's input `name`.
    Input {
        name: String,
    },
    /// The network's output `name`: hands its input on.
    Output {
        name: String,
    },
    /// `weight` [f, c/groups, k…], `bias` [f]. A depthwise convolution has as many groups as channels.
    Convolution {
        dims: usize,
        in_channels: usize,
        filters: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        dilation: usize,
        groups: usize,
        bias: bool,
    },
    /// `weight` [c, f, k…], `bias` [f].
    TransposedConvolution {
        dims: usize,
        in_channels: usize,
        filters: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        bias: bool,
    },
    /// `weight` [features, c], `bias` [features]; on the channels of a vector, or of each step of a sequence.
    Linear {
        in_features: usize,
        features: usize,
        bias: bool,
    },
    /// `weight`, `bias` [c]; buffers `running_mean`, `running_var` [c].
    BatchNorm {
        channels: usize,
        epsilon: f64,
        momentum: f64,
    },
    /// `weight`, `bias` [c]. Statistics of each sample over `groups` parts of the channels and all pixels.
    GroupNorm {
        channels: usize,
        groups: usize,
        epsilon: f64,
    },
    /// `weight`, `bias` [c]. Statistics of each pixel (or vector) over its channels.
    LayerNorm {
        channels: usize,
        epsilon: f64,
    },
    /// `weight`, `bias` [c]. Statistics of each sample and channel over all pixels.
    InstanceNorm {
        channels: usize,
        epsilon: f64,
    },
    Relu,
    Activation(Activation),
    /// Drops whole channels with this probability while training (Dropout2d), or single elements.
    Dropout {
        probability: f64,
        whole_channels: bool,
    },
    /// What does not fill a cell is dropped (the rule refuses it before, unless it was asked for).
    MaxPool {
        dims: usize,
        kernel: usize,
        stride: usize,
    },
    AveragePool {
        dims: usize,
        kernel: usize,
        stride: usize,
    },
    /// Over all pixels: a vector [c].
    GlobalPool {
        maximum: bool,
    },
    /// By a whole factor along every axis; pixel centres are kept (`align_corners` false).
    Upsample {
        dims: usize,
        factor: usize,
        interpolation: Interpolation,
    },
    /// A vector, channels slowest, as PyTorch flattens.
    Flatten,
    /// Other sizes for the same values in the same order; the step's shape has them. A sequence counts as [length, c].
    Reshape,
    /// Along the channel axis, in port order.
    Concatenate,
    /// Of any number of inputs, in port order. A vector [c], or a single channel, spreads over what has more.
    Add,
    Multiply,
    /// Channels `start..start + count` of the input.
    SelectChannels {
        start: usize,
        count: usize,
    },
    /// Cuts to the step's shape; `before` of the dropped pixels lie before, along each axis.
    Crop {
        dims: usize,
        before: Vec<usize>,
    },
    /// Adds pixels before and after, along each axis.
    Pad {
        dims: usize,
        before: Vec<usize>,
        after: Vec<usize>,
        fill: Fill,
    },
    /// Additive attention gate on a skip: inputs `gate`, `skip`; psi = sigmoid(BN(conv1(relu(BN(conv1 g) + BN(conv1 x))))), output skip·psi.
    /// For each part of `gate` [i, g, 1…], `skip` [i, s, 1…], `psi` [1, i, 1…]: `part.weight`, `part.bias`, and a batch norm `part_norm`.
    AttentionGate {
        dims: usize,
        gate_channels: usize,
        skip_channels: usize,
        inner_channels: usize,
    },
    /// Multi-head self-attention between all pixels of a sequence, map or cube (Vaswani et al. 2017), scale 1/√(c/heads), no norm and no
    /// residual of its own: `qkv.weight` [3c, c], `qkv.bias` [3c] (queries, keys, values one after the other, each split into heads),
    /// `projection.weight` [c, c], `projection.bias` [c].
    SelfAttention {
        channels: usize,
        heads: usize,
    },
    /// Feature-wise linear modulation (Perez et al. 2018): inputs `in` (c channels) and `condition`, a vector [2c] of γ then β;
    /// γ·x + β, or (1 + γ)·x + β.
    Film {
        channels: usize,
        around_one: bool,
    },
    /// Kolmogorov–Arnold convolution (FastKAN, Li 2024): conv_spline(φ(z)) + conv_base(SiLU(x)), z the input standardised channel by
    /// channel with buffers `input_mean`, `input_var` [c] (batch statistics in training, as a batch norm without weights, so that the
    /// grid follows the data), φ the basis with b functions, stacked basis-major: b·c channels.
    /// `spline.weight` [f, b·c, k…], `spline.bias` [f], `base.weight` [f, c, k…], `base.bias` [f]. Stride 1, size kept.
    KanConvolution {
        dims: usize,
        in_channels: usize,
        filters: usize,
        kernel: usize,
        basis: Basis,
    },
    /// A Kolmogorov–Arnold layer on the channels of each pixel alone (or of a vector): `sums` + 2·`products` inner nodes
    /// h_j = Σ_i (w_ji SiLU(x_i) + Σ_b c_jib φ_b(z_i)) + bias_j, z as in a KAN convolution; out: the sums, then the products of pairs.
    /// `spline.weight` [nodes, b·c], `base.weight` [nodes, c], `bias` [nodes]; buffers `input_mean`, `input_var` [c].
    Kan {
        in_channels: usize,
        sums: usize,
        products: usize,
        basis: Basis,
    },
    /// Moments of a position-position-velocity cube [c, v, y, x] along v, from the velocities of `v` channels in km/s: a map of
    /// c·`count` channels, moment after moment for each channel.
    SpectralMoments {
        velocities: usize,
        first_km_s: f64,
        step_km_s: f64,
        count: usize,
        form: MomentForm,
    },
    /// A learned weighing of the velocity channels, the same at each pixel: `weight` [f, c·v, 1, 1] (v fastest), `bias` [f]; a map [f, y, x].
    SpectralProjection {
        in_channels: usize,
        velocities: usize,
        filters: usize,
        bias: bool,
    },
    /// The step's shape filled with one value.
    Constant {
        value: f64,
    },
    /// Adds normal noise of this deviation, drawn anew each step while training; when evaluating, only where `always`, and then
    /// always the same.
    Noise {
        deviation: f64,
        always: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    LeakyRelu {
        slope: f64,
    },
    /// Exact, with the error function.
    Gelu,
    Silu,
    Sigmoid,
    Tanh,
    Softplus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    Nearest,
    /// Linear, bilinear or trilinear.
    Linear,
}

/// What new pixels hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    Zero,
    Reflect,
    Replicate,
}

/// The functions of a Kolmogorov–Arnold layer, on inputs of zero mean and unit variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Basis {
    /// exp(−((z − c)/h)²) with `count` centres c from −`range` to `range` and h their distance.
    Rbf { count: usize, range: f64 },
    /// B-splines of this degree over `intervals` equal intervals from −`range` to `range`, the grid carried on beyond both ends.
    BSpline { intervals: usize, degree: usize, range: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MomentForm {
    /// Integral ∫T dv (K km/s), mean velocity and dispersion (km/s); third and fourth as skewness and kurtosis.
    Physical,
    /// Mean over v of vⁱ·T, as POLARIScore has it.
    Raw,
}

impl Basis {
    /// How many functions.
    pub fn count(self) -> usize {
        match self {
            Self::Rbf { count, .. } => count,
            Self::BSpline { intervals, degree, .. } => intervals + degree,
        }
    }
}

impl Op {
    /// Numbers that count as parameters, as in PyTorch's count of the public networks, though no training changes them: the centres of
    /// radial functions.
    pub fn fixed_parameters(&self) -> usize {
        match self {
            Self::KanConvolution { basis: Basis::Rbf { count, .. }, .. }
            | Self::Kan { basis: Basis::Rbf { count, .. }, .. } => *count,
            _ => 0,
        }
    }
}

/// One computation of the flat network.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The names from the outermost group down to the block, joined by `/`: names the weights.
    pub name: String,
    pub path: PathId,
    pub op: Op,
    /// Indices of the steps whose outputs feed this one, in port order.
    pub inputs: Vec<usize>,
    pub shape: Shape,
}

/// A checked network in an order in which it can be computed. Groups are dissolved; every step has one output.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub steps: Vec<Step>,
    /// Indices of the `Input` steps, in document order.
    pub inputs: Vec<usize>,
    /// Indices of the `Output` steps, in document order.
    pub outputs: Vec<usize>,
}

/// Whether a network can be made in spite of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but the document says something that has no effect or may not be meant.
    Warning,
}

/// What is wrong, at which block and port, what was expected and what came, and how to mend it.
/// Displayed as `Encoder 2/Pool · in: message`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub severity: Severity,
    /// The block; empty for a fault of the whole document.
    pub path: PathId,
    /// The block's name with its groups, as the user reads it: `Encoder 1/Convolution`.
    pub block: String,
    pub port: Option<String>,
    /// A stable word for scripts: `missing-input`, `shape-mismatch`, `cycle`, `unknown-kind`, `bad-parameter`, …
    pub kind: &'static str,
    pub message: String,
    /// What the port or parameter takes, where that can be said.
    pub expected: Option<String>,
    /// What it got.
    pub came: Option<String>,
    /// The blocks along which it came, from the network's input on.
    pub along: Vec<PathId>,
    /// What would mend it, as an instruction.
    pub fix: Option<String>,
    /// The same as a change that can be done at once, where there is one: see `edit::mend`.
    pub mend: Option<Mend>,
}

/// A change that mends a fault.
#[derive(Clone, Debug, PartialEq)]
pub enum Mend {
    SetParameters {
        path: PathId,
        values: Vec<(String, Parameter)>,
    },
    /// The last wire like this in the graph inside `scope`.
    RemoveWire {
        scope: PathId,
        link: Link,
    },
    RemoveBlock(PathId),
    /// Give the block the next free name.
    Renumber(PathId),
    /// Put a new block of this kind into the wire that ends at `to`, in the graph inside `scope`. `wires` feed its further inputs: the
    /// input's name, and the output it is fed from.
    InsertBlock {
        scope: PathId,
        to: Port,
        kind: String,
        values: Vec<(String, Parameter)>,
        wires: Vec<(String, Port)>,
    },
}

/// Cost of one block (a group sums its inside). Multiply-adds and memory are for one sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockReport {
    /// The learned ones, and those of [`Op::fixed_parameters`].
    pub parameters: u64,
    pub multiply_adds: u64,
    /// Bytes of the outputs, float32.
    pub output_bytes: u64,
    /// Bytes of the output and of what is needed while it is computed; of a group, those of the block inside that needs most.
    pub forward_bytes: u64,
    /// Bytes kept from the forward to the backward pass, an estimate.
    pub training_bytes: u64,
}

/// Everything that can be said of a blueprint without running it, also of a faulty one: shapes as far as they are known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Analysis {
    /// Shape on each output port, by the path of the enclosing groups and the port.
    pub shapes: HashMap<(PathId, Port), Shape>,
    pub blocks: HashMap<PathId, BlockReport>,
    /// Name and shape of the outputs, in document order, as far as they are known.
    pub outputs: Vec<(String, Shape)>,
    /// The sums of all blocks that lead to an output.
    pub parameters: u64,
    pub multiply_adds: u64,
    /// Estimate of the bytes one sample needs in training: activations kept for the backward pass.
    pub training_bytes: u64,
    /// The most bytes one sample needs at one time in a forward pass alone. See [`Analysis::forecast`].
    pub forward_bytes: u64,
    /// Errors before warnings, each in document order.
    pub faults: Vec<Fault>,
}

impl Analysis {
    pub fn errors(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.severity == Severity::Error)
    }

    pub fn warnings(&self) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(|fault| fault.severity == Severity::Warning)
    }

    /// True when a network can be made of it.
    pub fn is_valid(&self) -> bool {
        self.errors().next().is_none()
    }
}

impl Fault {
    /// An error of the whole document; the caller fills in what else is known.
    pub(super) fn new(kind: &'static str, message: String) -> Self {
        Self {
            severity: Severity::Error,
            path: PathId::new(),
            block: String::new(),
            port: None,
            kind,
            message,
            expected: None,
            came: None,
            along: Vec::new(),
            fix: None,
            mend: None,
        }
    }
}

impl Shape {
    /// A type with so many channels and pixels along each axis (none for a vector, the length for a sequence).
    pub fn new(kind: PortType, channels: usize, extent: &[usize]) -> Self {
        let mut sizes = extent.to_vec();
        sizes.insert(if kind == PortType::Sequence { sizes.len() } else { 0 }, channels);
        Self { kind, sizes }
    }

    pub fn channels(&self) -> usize {
        let channels = if self.kind == PortType::Sequence { self.sizes.last() } else { self.sizes.first() };
        channels.copied().unwrap_or(0)
    }

    /// Pixels along each axis, without the channels: y, x of a map; nothing for a vector.
    pub fn extent(&self) -> &[usize] {
        let sizes = match self.kind {
            PortType::Sequence => self.sizes.split_last().map(|(_, sizes)| sizes),
            _ => self.sizes.split_first().map(|(_, sizes)| sizes),
        };
        sizes.unwrap_or(&[])
    }

    /// How many values it holds. Saturates.
    pub fn values(&self) -> u64 {
        self.sizes.iter().fold(1, |product, &size| product.saturating_mul(size as u64))
    }
}

impl PortType {
    /// The axes that pixels lie along: 0 for a vector, 1 for a sequence, 2 for a map, 3 for a cube.
    pub fn dims(self) -> usize {
        match self {
            Self::Vector => 0,
            Self::Sequence => 1,
            Self::Map => 2,
            Self::Cube => 3,
        }
    }

    /// With its article, as it stands in a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Vector => "a vector",
            Self::Map => "a map",
            Self::Cube => "a cube",
            Self::Sequence => "a sequence",
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.block.is_empty() {
            f.write_str(&self.block)?;
            if let Some(port) = &self.port {
                write!(f, " · {port}")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::fmt::Display for Shape {
    /// `64×32²` where the map is square, else `64×32×48`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.sizes.as_slice() {
            [c, y, x] if y == x => write!(f, "{c}×{x}²"),
            [c, z, y, x] if z == y && y == x => write!(f, "{c}×{x}³"),
            sizes => f.write_str(&sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×")),
        }
    }
}
