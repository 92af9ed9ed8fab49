//! The layers of an exported module: what `__init__` makes for each step, and which helpers must stand above it.

use crate::blueprint::{Basis, Op, PortType, Step};

/// A helper of the exported file, written once and only where it is used.
pub struct Helper {
    pub source: &'static str,
    pub uses: fn(&Step) -> bool,
}

macro_rules! helper {
    ($file:literal, $uses:expr) => {
        Helper { source: include_str!(concat!("python/", $file, ".py")), uses: $uses }
    };
}

/// In the order of writing.
pub const HELPERS: &[Helper] = &[
    helper!("attention_gate", |step| matches!(step.op, Op::AttentionGate { .. })),
    helper!("self_attention", |step| matches!(step.op, Op::SelfAttention { .. })),
    helper!("channel_norm", |step| matches!(step.op, Op::LayerNorm { .. }) && !is_flat(step)),
    helper!("noise", |step| matches!(step.op, Op::Noise { .. })),
    helper!("radial_basis", |step| matches!(basis_of(&step.op), Some(Basis::Rbf { .. }))),
    helper!("spline_basis", |step| matches!(basis_of(&step.op), Some(Basis::BSpline { .. }))),
    helper!("kan_convolution", |step| matches!(step.op, Op::KanConvolution { .. })),
    helper!("kan", |step| matches!(step.op, Op::Kan { .. })),
    helper!("film", |step| matches!(step.op, Op::Film { .. })),
    helper!("spectral_moments", |step| is_moments(&step.op, crate::blueprint::MomentForm::Physical)),
    helper!("raw_moments", |step| is_moments(&step.op, crate::blueprint::MomentForm::Raw)),
];

fn is_moments(op: &Op, wanted: crate::blueprint::MomentForm) -> bool {
    matches!(op, Op::SpectralMoments { form, .. } if *form == wanted)
}

fn basis_of(op: &Op) -> Option<Basis> {
    match op {
        Op::KanConvolution { basis, .. } | Op::Kan { basis, .. } => Some(*basis),
        _ => None,
    }
}

/// Whether the channels are the last axis, so that linear layers and layer norms take the value as it is.
pub fn is_flat(step: &Step) -> bool {
    matches!(step.shape.kind, PortType::Vector | PortType::Sequence)
}

/// Number of axes beside batch and channels, as the names of PyTorch's layers count them: `BatchNorm2d`. One for a vector, too.
fn axes(step: &Step) -> usize {
    match step.shape.kind {
        PortType::Vector | PortType::Sequence => 1,
        PortType::Map => 2,
        PortType::Cube => 3,
    }
}

/// What makes the step's layer, or nothing where a function does it.
pub fn layer(step: &Step) -> Option<String> {
    Some(match &step.op {
        Op::Convolution { dims, in_channels, filters, kernel, stride, padding, dilation, groups, bias } => {
            call(&format!("nn.Conv{dims}d"), &[in_channels, filters, kernel])
                .number("stride", *stride, 1)
                .number("padding", *padding, 0)
                .number("dilation", *dilation, 1)
                .number("groups", *groups, 1)
                .off("bias", *bias)
                .end()
        }
        Op::TransposedConvolution { dims, in_channels, filters, kernel, stride, padding, bias } => {
            call(&format!("nn.ConvTranspose{dims}d"), &[in_channels, filters, kernel])
                .number("stride", *stride, 1)
                .number("padding", *padding, 0)
                .off("bias", *bias)
                .end()
        }
        Op::Linear { in_features, features, bias } => {
            call("nn.Linear", &[in_features, features]).off("bias", *bias).end()
        }
        Op::BatchNorm { channels, epsilon, momentum } => {
            call(&format!("nn.BatchNorm{}d", axes(step)), &[channels])
                .float("eps", *epsilon, 1e-5)
                .float("momentum", *momentum, 0.1)
                .end()
        }
        Op::GroupNorm { channels, groups, epsilon } => {
            call("nn.GroupNorm", &[groups, channels]).float("eps", *epsilon, 1e-5).end()
        }
        Op::LayerNorm { channels, epsilon } => {
            let class = if is_flat(step) { "nn.LayerNorm" } else { "ChannelNorm" };
            call(class, &[channels]).float("eps", *epsilon, 1e-5).end()
        }
        Op::InstanceNorm { channels, epsilon } => {
            call(&format!("nn.InstanceNorm{}d", axes(step)), &[channels])
                .float("eps", *epsilon, 1e-5)
                .word("affine=True")
                .end()
        }
        Op::Dropout { probability, whole_channels } => {
            let whole = *whole_channels && step.shape.kind != PortType::Vector;
            let class = if whole { format!("nn.Dropout{}d", axes(step)) } else { "nn.Dropout".to_owned() };
            call(&class, &[]).word(&number(*probability)).end()
        }
        Op::AttentionGate { dims, gate_channels, skip_channels, inner_channels } => {
            call("AttentionGate", &[dims, gate_channels, skip_channels, inner_channels]).end()
        }
        Op::SelfAttention { channels, heads } => call("SelfAttention", &[channels, heads]).end(),
        Op::KanConvolution { dims, in_channels, filters, kernel, basis: functions } => {
            call("KanConvolution", &[dims, in_channels, filters, kernel]).word(&basis(functions)).end()
        }
        Op::Kan { in_channels, sums, products, basis: functions } => {
            call("Kan", &[in_channels, sums, products]).word(&basis(functions)).end()
        }
        Op::SpectralProjection { in_channels, velocities, filters, bias } => {
            call("nn.Conv2d", &[&(in_channels * velocities), filters, &1]).off("bias", *bias).end()
        }
        Op::Noise { deviation, always } => {
            let call = call("Noise", &[]).word(&number(*deviation));
            if *always { call.word("always=True").end() } else { call.end() }
        }
        Op::Input { .. }
        | Op::Output { .. }
        | Op::Relu
        | Op::Activation(_)
        | Op::MaxPool { .. }
        | Op::AveragePool { .. }
        | Op::GlobalPool { .. }
        | Op::Upsample { .. }
        | Op::Flatten
        | Op::Reshape
        | Op::Concatenate
        | Op::Add
        | Op::Multiply
        | Op::SelectChannels { .. }
        | Op::Crop { .. }
        | Op::Pad { .. }
        | Op::Film { .. }
        | Op::SpectralMoments { .. }
        | Op::Constant { .. } => return None,
    })
}

fn basis(basis: &Basis) -> String {
    match basis {
        Basis::Rbf { count, range } => format!("RadialBasis({count}, {})", number(*range)),
        Basis::BSpline { intervals, degree, range } => {
            format!("SplineBasis({intervals}, {degree}, {})", number(*range))
        }
    }
}

/// A number as Python reads it back exactly.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        "math.nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "math.inf" } else { "-math.inf" }.to_owned()
    } else {
        format!("{value:?}")
    }
}

/// A call in the making.
struct Call {
    text: String,
    is_first: bool,
}

fn call(class: &str, positional: &[&usize]) -> Call {
    positional
        .iter()
        .fold(Call { text: format!("{class}("), is_first: true }, |call, value| call.word(&value.to_string()))
}

impl Call {
    fn word(mut self, text: &str) -> Self {
        if !self.is_first {
            self.text.push_str(", ");
        }
        self.is_first = false;
        self.text.push_str(text);
        self
    }

    fn number(self, name: &str, value: usize, default: usize) -> Self {
        if value == default { self } else { self.word(&format!("{name}={value}")) }
    }

    fn float(self, name: &str, value: f64, default: f64) -> Self {
        if value == default { self } else { self.word(&format!("{name}={}", number(value))) }
    }

    fn off(self, name: &str, value: bool) -> Self {
        if value { self } else { self.word(&format!("{name}=False")) }
    }

    fn end(mut self) -> String {
        self.text.push(')');
        self.text
    }
}
