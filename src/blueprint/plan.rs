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

/// What a step computes, with checked parameters. Two-dimensional unless said otherwise.
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
    Convolution {
        in_channels: usize,
        filters: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        dilation: usize,
        groups: usize,
        bias: bool,
    },
    TransposedConvolution {
        in_channels: usize,
        filters: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
        bias: bool,
    },
    BatchNorm {
        channels: usize,
        epsilon: f64,
        momentum: f64,
    },
    Relu,
    /// Drops whole channels with this probability while training (Dropout2d), or single elements.
    Dropout {
        probability: f64,
        whole_channels: bool,
    },
    MaxPool {
        kernel: usize,
        stride: usize,
    },
    /// Along the channel axis, in port order.
    Concatenate,
    /// Additive attention gate on a skip: inputs `gate`, `skip`; psi = sigmoid(BN(conv1(relu(BN(conv1 g) + BN(conv1 x))))), output skip·psi.
    AttentionGate {
        gate_channels: usize,
        skip_channels: usize,
        inner_channels: usize,
    },
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
}

/// Cost of one block (a group sums its inside). Multiply-adds and memory are for one sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BlockReport {
    pub parameters: u64,
    pub multiply_adds: u64,
    /// Bytes of the outputs, float32.
    pub output_bytes: u64,
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

impl PortType {
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
