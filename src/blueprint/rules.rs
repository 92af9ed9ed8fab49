//! One rule for each kind of block: from its parameters and the shapes that come in to what it computes, what comes out, and the cost.
//! A rule never panics and never overflows: sizes are checked against the limits below.

use super::catalogue::{AUTO, Kind, Values};
use super::model::{Block, Parameter};
use super::plan::{Op, PortType, Shape};

pub(super) type Rule = fn(&Site) -> Result<Meaning, Trouble>;

/// What a rule sees: a block whose parameters are within their limits, and the shapes on its input ports in port order.
pub(super) struct Site<'a> {
    pub block: &'a Block,
    pub kind: &'static Kind,
    pub inputs: &'a [(String, Shape)],
}

/// What a block turns out to be.
pub(super) struct Meaning {
    /// `None` where the block only hands its input on.
    pub op: Option<Op>,
    pub shape: Shape,
    pub parameters: u64,
    pub multiply_adds: u64,
    /// Values kept for the backward pass, in bytes.
    pub training_bytes: u64,
}

impl Meaning {
    /// Of a block that hands its input on.
    pub fn handed_on(shape: Shape) -> Self {
        Self { op: None, shape, parameters: 0, multiply_adds: 0, training_bytes: 0 }
    }
}

/// What does not fit at a port (or at the block, where no port is named).
#[derive(Debug)]
pub(super) struct Trouble {
    pub kind: &'static str,
    pub port: Option<String>,
    pub expected: String,
    pub came: String,
    pub remedy: Option<Remedy>,
}

/// What would mend it.
#[derive(Debug)]
pub(super) enum Remedy {
    /// Another value of the block's own parameter.
    Set(&'static str, Parameter),
    /// An instruction.
    Say(&'static str),
}

/// More values than this on one wire are refused: 64 GiB in float32.
const MAX_VALUES: u128 = 1 << 34;
/// More learned parameters than this are refused: 64 GiB in float32.
pub(super) const MAX_PARAMETERS: u128 = 1 << 34;
const FLOAT32_BYTES: u64 = 4;

impl Site<'_> {
    /// The value of an integer parameter; `None` for `auto`.
    fn integer_or_auto(&self, name: &str) -> Result<Option<usize>, Trouble> {
        match self.value(name)? {
            Parameter::Text(text) if text == AUTO => Ok(None),
            Parameter::Integer(value) => {
                usize::try_from(value).map(Some).map_err(|_| self.bad(name, &value.into()))
            }
            other => Err(self.bad(name, &other)),
        }
    }

    fn integer(&self, name: &str) -> Result<usize, Trouble> {
        self.integer_or_auto(name)?.ok_or_else(|| self.bad(name, &AUTO.into()))
    }

    fn float(&self, name: &str) -> Result<f64, Trouble> {
        match self.value(name)? {
            Parameter::Float(value) => Ok(value),
            Parameter::Integer(value) => Ok(value as f64),
            other => Err(self.bad(name, &other)),
        }
    }

    fn flag(&self, name: &str) -> Result<bool, Trouble> {
        match self.value(name)? {
            Parameter::Flag(value) => Ok(value),
            other => Err(self.bad(name, &other)),
        }
    }

    fn is(&self, name: &str, choice: &str) -> Result<bool, Trouble> {
        Ok(matches!(self.value(name)?, Parameter::Text(text) if text == choice))
    }

    /// The block's value, or the default.
    fn value(&self, name: &str) -> Result<Parameter, Trouble> {
        match (self.block.parameters.get(name), self.kind.parameter(name)) {
            (Some(value), Some(_)) => Ok(value.clone()),
            (None, Some(spec)) => Ok(spec.default()),
            (_, None) => Err(self.bad(name, &Parameter::from("a parameter this kind does not have"))),
        }
    }

    fn bad(&self, name: &str, came: &Parameter) -> Trouble {
        let expected =
            self.kind.parameter(name).map_or_else(|| "a known parameter".to_owned(), |s| s.expected());
        Trouble {
            kind: "bad-parameter",
            port: None,
            expected: format!("{expected} as {name}"),
            came: came.to_string(),
            remedy: None,
        }
    }

    fn input(&self, index: usize) -> Result<&(String, Shape), Trouble> {
        self.inputs.get(index).ok_or_else(|| Trouble {
            kind: "missing-input",
            port: None,
            expected: format!("an input number {}", index + 1),
            came: "none".to_owned(),
            remedy: None,
        })
    }

    /// Port, channels, height and width of the map on this input.
    fn map(&self, index: usize) -> Result<(&str, [usize; 3]), Trouble> {
        let (port, shape) = self.input(index)?;
        match (shape.kind, shape.sizes.as_slice()) {
            (PortType::Map, &[c, y, x]) => Ok((port, [c, y, x])),
            _ => Err(Trouble {
                kind: "type-mismatch",
                port: Some(port.clone()),
                expected: "a map".to_owned(),
                came: format!("{} {shape}", shape.kind.phrase()),
                remedy: None,
            }),
        }
    }

    /// A block with the input's shape.
    fn unchanged(&self, op: Option<Op>, parameters: u128) -> Result<Meaning, Trouble> {
        let (_, shape) = self.input(0)?;
        meaning(op, shape.clone(), parameters, 0, 0)
    }
}

pub(super) fn pass(site: &Site) -> Result<Meaning, Trouble> {
    Ok(Meaning { training_bytes: 0, ..site.unchanged(None, 0)? })
}

pub(super) fn input(site: &Site) -> Result<Meaning, Trouble> {
    let sizes = vec![site.integer("channels")?, site.integer("height")?, site.integer("width")?];
    let op = Op::Input { name: site.block.name.clone() };
    meaning(Some(op), Shape { kind: PortType::Map, sizes }, 0, 0, 0)
}

pub(super) fn output(site: &Site) -> Result<Meaning, Trouble> {
    let op = Op::Output { name: site.block.name.clone() };
    Ok(Meaning { training_bytes: 0, ..site.unchanged(Some(op), 0)? })
}

pub(super) fn convolution(site: &Site) -> Result<Meaning, Trouble> {
    let (port, [in_channels, y, x]) = site.map(0)?;
    let (filters, kernel) = (site.integer("filters")?, site.integer("kernel")?);
    let (stride, dilation) = (site.integer("stride")?, site.integer("dilation")?);
    let (groups, bias) = (site.integer("groups")?, site.flag("bias")?);
    let reach = dilation * (kernel - 1) + 1;
    let padding = site.integer_or_auto("padding")?.unwrap_or((reach - 1) / 2);
    if in_channels % groups != 0 {
        return Err(Trouble {
            kind: "channel-mismatch",
            port: Some(port.to_owned()),
            expected: format!("a multiple of {groups} channels, one part for each of its groups"),
            came: format!("{in_channels} channels"),
            remedy: Some(set("groups", common_divisor(groups, common_divisor(in_channels, filters)))),
        });
    }
    if filters % groups != 0 {
        return Err(Trouble {
            kind: "bad-parameter",
            port: None,
            expected: format!("filters to be a multiple of its {groups} groups"),
            came: format!("{filters} filters"),
            remedy: Some(set("filters", filters.next_multiple_of(groups))),
        });
    }
    let size = |size: usize| Some((size + 2 * padding).checked_sub(reach)? / stride + 1);
    let (Some(out_y), Some(out_x)) = (size(y), size(x)) else {
        return Err(too_small(port, reach.saturating_sub(2 * padding), site));
    };
    let weights = product(&[filters, in_channels / groups, kernel, kernel]);
    let multiply_adds = weights * product(&[out_y, out_x]);
    let op =
        Op::Convolution { dims: 2, in_channels, filters, kernel, stride, padding, dilation, groups, bias };
    let parameters = weights + if bias { filters as u128 } else { 0 };
    meaning(Some(op), map([filters, out_y, out_x]), parameters, multiply_adds, 0)
}

pub(super) fn transposed_convolution(site: &Site) -> Result<Meaning, Trouble> {
    let (port, [in_channels, y, x]) = site.map(0)?;
    let filters = site.integer_or_auto("filters")?.unwrap_or((in_channels / 2).max(1));
    let (kernel, stride) = (site.integer("kernel")?, site.integer("stride")?);
    let (padding, bias) = (site.integer("padding")?, site.flag("bias")?);
    let size = |size: usize| ((size - 1) * stride + kernel).checked_sub(2 * padding).filter(|&size| size > 0);
    let (Some(out_y), Some(out_x)) = (size(y), size(x)) else {
        return Err(Trouble {
            kind: "bad-parameter",
            port: None,
            expected: "padding that leaves a part of the result".to_owned(),
            came: format!("{padding} px cut off each side of a map made from {y} × {x} px at {port}"),
            remedy: Some(set("padding", 0)),
        });
    };
    let weights = product(&[in_channels, filters, kernel, kernel]);
    let op = Op::TransposedConvolution { dims: 2, in_channels, filters, kernel, stride, padding, bias };
    let parameters = weights + if bias { filters as u128 } else { 0 };
    meaning(Some(op), map([filters, out_y, out_x]), parameters, weights * product(&[y, x]), 0)
}

pub(super) fn batch_norm(site: &Site) -> Result<Meaning, Trouble> {
    let (_, [channels, ..]) = site.map(0)?;
    let op = Op::BatchNorm { channels, epsilon: site.float("epsilon")?, momentum: site.float("momentum")? };
    site.unchanged(Some(op), 2 * channels as u128)
}

pub(super) fn relu(site: &Site) -> Result<Meaning, Trouble> {
    site.unchanged(Some(Op::Relu), 0)
}

pub(super) fn dropout(site: &Site) -> Result<Meaning, Trouble> {
    let op =
        Op::Dropout { probability: site.float("probability")?, whole_channels: site.flag("whole_channels")? };
    site.unchanged(Some(op), 0)
}

pub(super) fn max_pool(site: &Site) -> Result<Meaning, Trouble> {
    let (port, [channels, y, x]) = site.map(0)?;
    let kernel = site.integer("kernel")?;
    let stride = site.integer_or_auto("stride")?.unwrap_or(kernel);
    if kernel > y || kernel > x {
        return Err(too_small(port, kernel, site));
    }
    let rest = |size: usize| (size - kernel) % stride;
    if !site.is("remainder", "drop")? && (rest(y) != 0 || rest(x) != 0) {
        return Err(Trouble {
            kind: "size-not-divisible",
            port: Some(port.to_owned()),
            expected: if kernel == stride {
                format!("a height and width divisible by {kernel}")
            } else {
                format!("a height and width of {kernel} px plus a multiple of {stride}")
            },
            came: format!("{y} × {x} px"),
            remedy: None,
        });
    }
    let size = |size: usize| (size - kernel) / stride + 1;
    let shape = map([channels, size(y), size(x)]);
    // The backward pass wants to know which pixel won: an index of 8 bytes for each value.
    let indices = product(&shape.sizes) * 8;
    meaning(Some(Op::MaxPool { dims: 2, kernel, stride }), shape, 0, 0, indices)
}

pub(super) fn concatenate(site: &Site) -> Result<Meaning, Trouble> {
    let (first_port, [mut channels, y, x]) = site.map(0)?;
    for index in 1..site.inputs.len() {
        let (port, [more, other_y, other_x]) = site.map(index)?;
        if (other_y, other_x) != (y, x) {
            return Err(Trouble {
                kind: "shape-mismatch",
                port: Some(port.to_owned()),
                expected: format!("a map of {y} × {x} px as on {first_port}"),
                came: format!("one of {other_y} × {other_x} px"),
                remedy: Some(Remedy::Say("Bring both maps to one size before they meet")),
            });
        }
        channels += more;
    }
    meaning(Some(Op::Concatenate), map([channels, y, x]), 0, 0, 0)
}

/// The gate's three 1×1 convolutions and three batch norms: see [`Op::AttentionGate`].
pub(super) fn attention_gate(site: &Site) -> Result<Meaning, Trouble> {
    let (gate_port, [gate_channels, y, x]) = site.map(0)?;
    let (port, [skip_channels, skip_y, skip_x]) = site.map(1)?;
    if (skip_y, skip_x) != (y, x) {
        return Err(Trouble {
            kind: "shape-mismatch",
            port: Some(port.to_owned()),
            expected: format!("a map of {y} × {x} px as on {gate_port}"),
            came: format!("one of {skip_y} × {skip_x} px"),
            remedy: Some(Remedy::Say("Bring both maps to one size before the gate")),
        });
    }
    let inner_channels = site.integer_or_auto("filters")?.unwrap_or((skip_channels / 2).max(1));
    let weights = product(&[gate_channels + skip_channels, inner_channels]) + inner_channels as u128;
    let parameters = weights + 6 * inner_channels as u128 + 3;
    let pixels = product(&[y, x]);
    // Kept inside: both convolutions and both norms, their rectified sum, and three maps of one channel.
    let inner = (5 * inner_channels as u128 + 3) * pixels * u128::from(FLOAT32_BYTES);
    let op = Op::AttentionGate { dims: 2, gate_channels, skip_channels, inner_channels };
    meaning(Some(op), map([skip_channels, y, x]), parameters, weights * pixels, inner)
}

fn map(sizes: [usize; 3]) -> Shape {
    Shape { kind: PortType::Map, sizes: sizes.to_vec() }
}

fn set(name: &'static str, value: usize) -> Remedy {
    // Parameters are below 2¹⁶; what cannot be an integer of the file cannot be one of them either.
    Remedy::Set(name, i64::try_from(value).unwrap_or(i64::MAX).into())
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

fn too_small(port: &str, least: usize, site: &Site) -> Trouble {
    let came = site.map(0).map_or_else(|_| "less".to_owned(), |(_, [_, y, x])| format!("{y} × {x} px"));
    Trouble {
        kind: "size-too-small",
        port: Some(port.to_owned()),
        expected: format!("a map of at least {least} × {least} px"),
        came,
        remedy: Some(Remedy::Say("Take a smaller kernel, or pool less before it")),
    }
}

/// Cannot overflow: every size is below 2³⁵ by [`MAX_VALUES`] or a parameter's limit, and at most three are that large at once.
fn product(sizes: &[usize]) -> u128 {
    sizes.iter().fold(1, |product, &size| product.saturating_mul(size as u128))
}

/// Checks the result against the limits.
fn meaning(
    op: Option<Op>,
    shape: Shape,
    parameters: u128,
    multiply_adds: u128,
    extra_training_bytes: u128,
) -> Result<Meaning, Trouble> {
    let values = product(&shape.sizes);
    let too_large = |what: &str, limit: u128, came: u128| Trouble {
        kind: "too-large",
        port: None,
        expected: format!("at most {limit} {what}"),
        came: came.to_string(),
        remedy: Some(Remedy::Say("Take fewer filters or a smaller input")),
    };
    if values > MAX_VALUES {
        return Err(too_large("values in the result", MAX_VALUES, values));
    }
    if parameters > MAX_PARAMETERS {
        return Err(too_large("learned parameters", MAX_PARAMETERS, parameters));
    }
    let multiply_adds = u64::try_from(multiply_adds)
        .map_err(|_| too_large("multiply-adds", u128::from(u64::MAX), multiply_adds))?;
    let extra = u64::try_from(extra_training_bytes)
        .map_err(|_| too_large("bytes in training", u128::from(u64::MAX), extra_training_bytes))?;
    let training_bytes = (values as u64 * FLOAT32_BYTES).saturating_add(extra);
    Ok(Meaning { op, shape, parameters: parameters as u64, multiply_adds, training_bytes })
}

/// What a value of a kind looks like that a block's parameters may hold, for the check before any rule is asked.
pub(super) fn check_parameters(block: &Block, kind: &'static Kind) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for spec in kind.parameters {
        let Some(value) = block.parameters.get(spec.name) else { continue };
        if let Err(expected) = spec.check(value) {
            let good = match (&spec.values, value) {
                (Values::Integer { min, max, .. }, Parameter::Integer(value)) => {
                    (*value.clamp(min, max)).into()
                }
                _ => spec.default(),
            };
            troubles.push(Trouble {
                kind: "bad-parameter",
                port: None,
                expected: format!("{expected} as {}", spec.name),
                came: value.to_string(),
                remedy: Some(Remedy::Set(spec.name, good)),
            });
        }
    }
    troubles
}
