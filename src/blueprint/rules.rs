//! One rule for each kind of block, by family in the files below: from its parameters and the shapes that come in to what it computes,
//! what comes out, and the cost. Here: what the rules share. A rule never panics and never overflows: sizes are checked against limits.

pub(super) mod attention;
pub(super) mod convolution;
pub(super) mod ends;
pub(super) mod join;
pub(super) mod kan;
pub(super) mod norm;
pub(super) mod resize;
pub(super) mod spectral;

use super::catalogue::{AUTO, Kind, Values};
use super::model::{Block, Parameter};
use super::plan::{Op, PortType, Shape};

pub(super) type Rule = fn(&Site) -> Result<Meaning, Trouble>;

/// What a rule sees: a block whose parameters are within their limits, and the shapes on its input ports in port order, of types that
/// these ports take.
pub(super) struct Site<'a> {
    pub block: &'a Block,
    pub kind: &'static Kind,
    pub inputs: &'a [(String, Shape)],
}

/// What a block turns out to be. Costs are for one sample.
pub(super) struct Meaning {
    /// `None` where the block only hands its input on.
    pub op: Option<Op>,
    pub shape: Shape,
    pub parameters: u64,
    pub multiply_adds: u64,
    /// Bytes needed while it computes, beyond its inputs, its output and its weights.
    pub working_bytes: u64,
    /// Bytes kept for the backward pass, beyond its inputs and its output.
    pub kept_bytes: u64,
}

impl Meaning {
    /// Of a block that hands its input on.
    pub fn handed_on(shape: Shape) -> Self {
        Self { op: None, shape, parameters: 0, multiply_adds: 0, working_bytes: 0, kept_bytes: 0 }
    }
}

/// What a rule says a block costs.
#[derive(Default)]
struct Cost {
    parameters: u128,
    multiply_adds: u128,
    /// Bytes while it computes, and bytes kept for the backward pass, each beyond inputs and output.
    working: u128,
    kept: u128,
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
    /// Other values of the block's own parameters.
    Set(Vec<(&'static str, Parameter)>),
    /// A new block in the wire that ends at this input. `wires` feed its further inputs from what feeds the named inputs of this block.
    Insert {
        words: String,
        port: String,
        kind: &'static str,
        values: Vec<(&'static str, Parameter)>,
        wires: Vec<(&'static str, String)>,
    },
    /// An instruction.
    Say(&'static str),
}

/// More values than this on one wire are refused: 64 GiB in float32.
const MAX_VALUES: u128 = 1 << 34;
/// More learned parameters than this are refused: 64 GiB in float32.
pub(super) const MAX_PARAMETERS: u128 = 1 << 34;
const FLOAT32_BYTES: u128 = 4;

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

    /// The value of a number; `None` for `auto`.
    fn float_or_auto(&self, name: &str) -> Result<Option<f64>, Trouble> {
        match self.value(name)? {
            Parameter::Text(text) if text == AUTO => Ok(None),
            Parameter::Float(value) => Ok(Some(value)),
            Parameter::Integer(value) => Ok(Some(value as f64)),
            other => Err(self.bad(name, &other)),
        }
    }

    fn float(&self, name: &str) -> Result<f64, Trouble> {
        self.float_or_auto(name)?.ok_or_else(|| self.bad(name, &AUTO.into()))
    }

    fn flag(&self, name: &str) -> Result<bool, Trouble> {
        match self.value(name)? {
            Parameter::Flag(value) => Ok(value),
            other => Err(self.bad(name, &other)),
        }
    }

    fn text(&self, name: &str) -> Result<String, Trouble> {
        match self.value(name)? {
            Parameter::Text(value) => Ok(value),
            other => Err(self.bad(name, &other)),
        }
    }

    fn is(&self, name: &str, choice: &str) -> Result<bool, Trouble> {
        Ok(self.text(name)? == choice)
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
        let expected = match self.kind.parameter(name) {
            Some(spec) => format!("{} as {}", spec.expected(), spec.label.to_lowercase()),
            None => "a known parameter".to_owned(),
        };
        Trouble::parameter(expected, came.to_string())
    }

    /// Port and shape of this input.
    fn input(&self, index: usize) -> Result<(&str, &Shape), Trouble> {
        match self.inputs.get(index) {
            Some((port, shape)) => Ok((port, shape)),
            None => Err(Trouble {
                kind: "missing-input",
                port: None,
                expected: format!("an input number {}", index + 1),
                came: "none".to_owned(),
                remedy: None,
            }),
        }
    }

    /// A block with the first input's shape.
    fn unchanged(&self, op: Op, cost: Cost) -> Result<Meaning, Trouble> {
        let (_, shape) = self.input(0)?;
        meaning(op, shape.clone(), cost)
    }
}

impl Trouble {
    fn at(port: &str, kind: &'static str, expected: String, came: String) -> Self {
        Self { kind, port: Some(port.to_owned()), expected, came, remedy: None }
    }

    fn parameter(expected: String, came: String) -> Self {
        Self { kind: "bad-parameter", port: None, expected, came, remedy: None }
    }

    fn set(mut self, name: &'static str, value: impl Into<Parameter>) -> Self {
        let change = (name, value.into());
        match &mut self.remedy {
            Some(Remedy::Set(changes)) => changes.push(change),
            _ => self.remedy = Some(Remedy::Set(vec![change])),
        }
        self
    }

    fn say(self, words: &'static str) -> Self {
        Self { remedy: Some(Remedy::Say(words)), ..self }
    }

    /// Mended by a block in the wire to `port`.
    fn insert(
        self,
        words: impl Into<String>,
        port: &str,
        kind: &'static str,
        values: Vec<(&'static str, Parameter)>,
    ) -> Self {
        let remedy =
            Remedy::Insert { words: words.into(), port: port.to_owned(), kind, values, wires: Vec::new() };
        Self { remedy: Some(remedy), ..self }
    }
}

/// What comes in is not of a type that the port takes.
pub(super) fn wrong_type(kind: &Kind, port: &str, accepts: &[PortType], shape: &Shape) -> Trouble {
    let expected: Vec<_> = accepts.iter().map(|kind| kind.phrase()).collect();
    let came = format!("{} {shape}", shape.kind.phrase());
    let trouble = Trouble::at(port, "type-mismatch", expected.join(" or "), came);
    let reshape = |to: &str, sizes: &[usize]| {
        vec![("to", Parameter::from(to)), ("sizes", written(sizes).as_str().into())]
    };
    match (accepts, shape.kind, shape.sizes.as_slice()) {
        ([PortType::Vector], ..) if kind.name == "film" => trouble.insert(
            "Insert a global pool: one value for each channel",
            port,
            "global-pool",
            Vec::new(),
        ),
        (_, PortType::Map | PortType::Cube, _) if accepts.contains(&PortType::Vector) => trouble.insert(
            "Insert a flatten (or a global pool, which keeps one value for each channel)",
            port,
            "flatten",
            Vec::new(),
        ),
        ([PortType::Cube], PortType::Map, &[v, y, x]) => trouble.insert(
            "Insert a reshape that takes the map's channels for the cube's velocities",
            port,
            "reshape",
            reshape("cube", &[1, v, y, x]),
        ),
        (_, PortType::Vector, &[length]) if accepts.contains(&PortType::Sequence) => trouble.insert(
            format!("Insert a reshape to a sequence of {length} steps"),
            port,
            "reshape",
            reshape("sequence", &[length, 1]),
        ),
        (_, PortType::Vector, &[channels]) if accepts.contains(&PortType::Map) => trouble.insert(
            "Insert a reshape to a map of one pixel",
            port,
            "reshape",
            reshape("map", &[channels, 1, 1]),
        ),
        (_, PortType::Sequence, &[length, channels]) if accepts.contains(&PortType::Map) => trouble.insert(
            "Insert a reshape to a map of one channel",
            port,
            "reshape",
            reshape("map", &[1, length, channels]),
        ),
        _ => trouble,
    }
}

/// `64×8×8`, as a reshape's sizes are written.
fn written(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("×")
}

/// Pixels along each axis as they stand in a sentence: `65 × 65 px`, or `65 steps` of a sequence.
fn pixels(extent: &[usize]) -> String {
    let sizes = extent.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
    if extent.len() == 1 { format!("{sizes} steps") } else { format!("{sizes} px") }
}

/// What the axes of a sequence, map or cube are called.
fn axes(dims: usize) -> &'static str {
    match dims {
        1 => "a length",
        2 => "a height and width",
        _ => "a depth, height and width",
    }
}

fn whole(value: usize) -> Parameter {
    // What cannot be an integer of the file is far beyond a parameter's limit.
    i64::try_from(value).unwrap_or(i64::MAX).into()
}

fn common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

fn too_small(port: &str, least: usize, shape: &Shape) -> Trouble {
    let dims = shape.kind.dims();
    let least = pixels(&vec![least; dims]);
    let expected = format!("{} of at least {least}", shape.kind.phrase());
    Trouble::at(port, "size-too-small", expected, pixels(shape.extent()))
        .say("Take a smaller kernel, or pool less before it")
}

fn product(sizes: &[usize]) -> u128 {
    sizes.iter().fold(1, |product, &size| product.saturating_mul(size as u128))
}

fn product_of(factors: &[u128]) -> u128 {
    factors.iter().fold(1, |product, &factor| product.saturating_mul(factor))
}

/// Checks the result against the limits.
fn meaning(op: impl Into<Option<Op>>, shape: Shape, cost: Cost) -> Result<Meaning, Trouble> {
    let values = product(&shape.sizes);
    let limited = |what: &str, limit: u128, came: u128| match u64::try_from(came) {
        Ok(value) if came <= limit => Ok(value),
        _ => Err(Trouble {
            kind: "too-large",
            port: None,
            expected: format!("at most {limit} {what}"),
            came: came.to_string(),
            remedy: Some(Remedy::Say("Take fewer filters or a smaller input")),
        }),
    };
    limited("values in the result", MAX_VALUES, values)?;
    let bytes = |what, extra: u128| limited(what, u128::from(u64::MAX), extra);
    Ok(Meaning {
        op: op.into(),
        shape,
        parameters: limited("learned parameters", MAX_PARAMETERS, cost.parameters)?,
        multiply_adds: limited("multiply-adds", u128::from(u64::MAX), cost.multiply_adds)?,
        working_bytes: bytes("bytes while it computes", cost.working)?,
        kept_bytes: bytes("bytes in training", cost.kept)?,
    })
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
            let expected = format!("{expected} as {}", spec.label.to_lowercase());
            let trouble = Trouble::parameter(expected, value.to_string());
            troubles.push(trouble.set(spec.name, good));
        }
    }
    troubles
}
