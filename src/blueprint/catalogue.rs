//! What kinds of blocks there are: names, families, ports, parameters. The table itself is in `kinds`; a palette, an inspector
//! and the checks are all drawn from it, so that a new kind is one row and one rule.

use super::kinds::KINDS;
use super::model::{Block, Parameter};
use super::plan::PortType;
use super::rules::Rule;

/// The family gives a block's header its colour and icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    Data,
    Convolution,
    Normalisation,
    Activation,
    Shape,
    Attention,
    Kan,
    Physics,
    Output,
}

/// One kind of block.
pub struct Kind {
    /// The word in files: `max-pool`.
    pub name: &'static str,
    /// The words on the screen: `Max pool`.
    pub label: &'static str,
    pub family: Family,
    /// One line.
    pub help: &'static str,
    pub inputs: Inputs,
    pub outputs: Outputs,
    pub parameters: &'static [ParameterSpec],
    pub(super) rule: Rule,
}

/// Which input ports a block has.
pub enum Inputs {
    Fixed(&'static [PortSpec]),
    /// As many as the integer parameter `parameter` says: `in1`, `in2`, …
    Counted {
        parameter: &'static str,
        accepts: &'static [PortType],
        help: &'static str,
    },
    /// One for each `group-input` inside, with its name.
    Inside,
}

/// Which output ports a block has. A block with an output has one, called `out`; only groups have more.
pub enum Outputs {
    None,
    /// Of one of these types.
    One(&'static [PortType]),
    /// Of the type of the first input.
    Same,
    /// One for each `group-output` inside, with its name.
    Inside,
}

pub struct PortSpec {
    pub name: &'static str,
    pub accepts: &'static [PortType],
    pub help: &'static str,
}

/// One parameter of a kind, complete enough to draw a field for it.
pub struct ParameterSpec {
    pub name: &'static str,
    pub label: &'static str,
    /// Empty for a bare number.
    pub unit: &'static str,
    pub values: Values,
    /// Where the value can be inferred: what it then is, in words. The default is then `auto`.
    pub auto: Option<&'static str>,
    pub help: &'static str,
}

/// The values a parameter may take, limits included.
pub enum Values {
    Integer { default: i64, min: i64, max: i64 },
    Float { default: f64, min: f64, max: f64 },
    Flag { default: bool },
    Text { default: &'static str },
    Choice { default: &'static str, choices: &'static [&'static str] },
}

/// A port as it is on one block of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct PortInfo {
    pub name: String,
    /// The types that an input takes. For an output: the one type it has, or all where that depends on what comes in.
    pub types: &'static [PortType],
    pub help: &'static str,
}

/// The word for a parameter that is to be inferred.
pub const AUTO: &str = "auto";
/// The name of the only output port of a block that is not a group.
pub const OUT: &str = "out";
pub(super) const ANY: &[PortType] = &[PortType::Vector, PortType::Map, PortType::Cube, PortType::Sequence];

/// All kinds, in the order of a palette.
pub fn kinds() -> &'static [Kind] {
    KINDS
}

pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The kinds that a wire of this type can go into (any wire where the type is not known yet).
pub fn kinds_accepting(carried: Option<PortType>) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(move |kind| {
        let takes = |accepts: &[PortType]| carried.is_none_or(|carried| accepts.contains(&carried));
        match kind.inputs {
            Inputs::Fixed(ports) => ports.iter().any(|port| takes(port.accepts)),
            Inputs::Counted { accepts, .. } => takes(accepts),
            Inputs::Inside => false,
        }
    })
}

/// The input ports of a block, in port order. None for an unknown kind.
pub fn inputs_of(block: &Block) -> Vec<PortInfo> {
    let Some(kind) = kind(&block.kind) else { return Vec::new() };
    match kind.inputs {
        Inputs::Fixed(ports) => ports
            .iter()
            .map(|port| PortInfo { name: port.name.to_owned(), types: port.accepts, help: port.help })
            .collect(),
        Inputs::Counted { parameter, accepts, help } => {
            let count = kind.parameter(parameter).map_or(0, |spec| spec.count(block));
            (1..=count).map(|i| PortInfo { name: format!("in{i}"), types: accepts, help }).collect()
        }
        Inputs::Inside => ports_inside(block, "group-input"),
    }
}

/// The output ports of a block, in port order. None for an unknown kind.
pub fn outputs_of(block: &Block) -> Vec<PortInfo> {
    let one = |types| vec![PortInfo { name: OUT.to_owned(), types, help: "" }];
    match kind(&block.kind).map(|kind| &kind.outputs) {
        None | Some(Outputs::None) => Vec::new(),
        Some(Outputs::One(types)) => one(types),
        Some(Outputs::Same) => one(ANY),
        Some(Outputs::Inside) => ports_inside(block, "group-output"),
    }
}

fn ports_inside(group: &Block, kind: &str) -> Vec<PortInfo> {
    let inside = group.inside.iter().flat_map(|graph| &graph.blocks);
    inside
        .filter(|block| block.kind == kind)
        .map(|block| PortInfo { name: block.name.clone(), types: ANY, help: "" })
        .collect()
}

impl Kind {
    pub fn parameter(&self, name: &str) -> Option<&'static ParameterSpec> {
        self.parameters.iter().find(|spec| spec.name == name)
    }
}

impl ParameterSpec {
    /// The value of a block that does not say.
    pub fn default(&self) -> Parameter {
        if self.auto.is_some() {
            return AUTO.into();
        }
        match self.values {
            Values::Integer { default, .. } => default.into(),
            Values::Float { default, .. } => default.into(),
            Values::Flag { default } => default.into(),
            Values::Text { default } | Values::Choice { default, .. } => default.into(),
        }
    }

    /// Whether a value may stand here; else what is expected, as the rest of a sentence: `a whole number from 1 to 31`.
    pub fn check(&self, value: &Parameter) -> Result<(), String> {
        let good = match (&self.values, value) {
            (_, Parameter::Text(text)) if text == AUTO && self.auto.is_some() => true,
            (Values::Integer { min, max, .. }, Parameter::Integer(value)) => (min..=max).contains(&value),
            (Values::Float { min, max, .. }, Parameter::Float(value)) => (min..=max).contains(&value),
            (Values::Float { min, max, .. }, Parameter::Integer(value)) => {
                (*min..=*max).contains(&(*value as f64))
            }
            (Values::Flag { .. }, Parameter::Flag(_)) => true,
            (Values::Text { .. }, Parameter::Text(text)) => text.len() <= MAX_TEXT,
            (Values::Choice { choices, .. }, Parameter::Text(text)) => choices.contains(&text.as_str()),
            _ => false,
        };
        if good { Ok(()) } else { Err(self.expected()) }
    }

    /// What may stand here, in words.
    pub fn expected(&self) -> String {
        let values = match self.values {
            Values::Integer { min, max, .. } => format!("a whole number from {min} to {max}"),
            Values::Float { min, max, .. } => format!("a number from {min} to {max}"),
            Values::Flag { .. } => "yes or no".to_owned(),
            Values::Text { .. } => format!("a text of at most {MAX_TEXT} bytes"),
            Values::Choice { choices, .. } => format!("one of {}", choices.join(", ")),
        };
        if self.auto.is_some() { format!("{values}, or {AUTO}") } else { values }
    }

    /// The number of ports that this parameter of the block asks for: its default where the value is not a good one.
    fn count(&self, block: &Block) -> usize {
        let given = block.parameters.get(self.name).filter(|value| self.check(value).is_ok());
        match (given, &self.values) {
            (Some(Parameter::Integer(count)), _) | (_, Values::Integer { default: count, .. }) => {
                usize::try_from(*count).unwrap_or(0)
            }
            _ => 0,
        }
    }
}

const MAX_TEXT: usize = 1000;
