//! The document itself. Everything here is a plain value: cloned for undo, compared in tests, written as JSON.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Identifies a block within its own graph (a group has a graph, and ids, of its own).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlockId(pub u32);

/// The value of a block's parameter. Which parameters a block has, their types and limits, says the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameter {
    Flag(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    /// A value of a form that this version does not know (a list, an object), kept as it is.
    Other(serde_json::Value),
}

/// Whether a block takes part in the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    #[default]
    Active,
    /// As if it and its wires were not there: what joins several inputs joins the others.
    Muted,
    /// Its first input passes through it unchanged.
    Bypassed,
}

/// A titled frame drawn around blocks, for the reader; it computes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Top left corner and size, in canvas units.
    pub position: [f32; 2],
    pub size: [f32; 2],
    /// Fields that this version does not know, kept as they are.
    #[serde(flatten)]
    pub other: IndexMap<String, serde_json::Value>,
}

/// One block. `kind` names an entry of the catalogue; an unknown kind is kept as it is and reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub id: BlockId,
    pub kind: String,
    /// The user's name for it, unique within its graph: it names the weights.
    pub name: String,
    /// Top left corner on the canvas, in canvas units (pixels at 100 %).
    pub position: [f32; 2],
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub parameters: IndexMap<String, Parameter>,
    #[serde(default, skip_serializing_if = "Activity::is_active")]
    pub activity: Activity,
    /// The inside of a `group` block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Graph>,
    /// Fields that this version does not know, kept as they are.
    #[serde(flatten)]
    pub other: IndexMap<String, serde_json::Value>,
}

/// One end of a link: a block's port by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    pub block: BlockId,
    pub port: String,
}

/// A wire from an output port to an input port. An input port takes one wire, an output port any number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub from: Port,
    pub to: Port,
}

/// Blocks and the wires between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub blocks: Vec<Block>,
    pub links: Vec<Link>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
    /// Fields that this version does not know, kept as they are.
    #[serde(flatten)]
    pub other: IndexMap<String, serde_json::Value>,
}

/// A whole network as a document, the content of `*.blueprint.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blueprint {
    /// Always `aquila-blueprint`.
    pub format: String,
    pub version: u32,
    pub name: String,
    /// What it is and where it comes from, for the reader.
    #[serde(default)]
    pub note: String,
    #[serde(flatten)]
    pub graph: Graph,
}

impl Activity {
    pub fn is_active(&self) -> bool {
        *self == Self::Active
    }
}

impl Block {
    pub fn new(id: BlockId, kind: &str, name: &str, position: [f32; 2]) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            name: name.to_owned(),
            position,
            parameters: IndexMap::new(),
            activity: Activity::default(),
            inside: None,
            other: IndexMap::new(),
        }
    }

    /// The same block with a parameter set.
    pub fn with(mut self, parameter: &str, value: impl Into<Parameter>) -> Self {
        self.parameters.insert(parameter.to_owned(), value.into());
        self
    }
}

impl Link {
    pub fn new(from: BlockId, output: &str, to: BlockId, input: &str) -> Self {
        Self { from: Port::new(from, output), to: Port::new(to, input) }
    }
}

impl Port {
    pub fn new(block: BlockId, port: &str) -> Self {
        Self { block, port: port.to_owned() }
    }
}

impl Graph {
    pub fn block(&self, id: BlockId) -> Option<&Block> {
        self.blocks.iter().find(|block| block.id == id)
    }

    pub fn block_mut(&mut self, id: BlockId) -> Option<&mut Block> {
        self.blocks.iter_mut().find(|block| block.id == id)
    }

    /// An id that no block here has.
    pub fn free_id(&self) -> BlockId {
        let highest = self.blocks.iter().map(|block| block.id.0).max();
        match highest.map_or(Some(0), |id| id.checked_add(1)) {
            Some(id) => BlockId(id),
            // The highest id is taken: some lower one is free, since there are fewer blocks than ids.
            None => {
                let taken: std::collections::HashSet<u32> = self.blocks.iter().map(|b| b.id.0).collect();
                BlockId((0..u32::MAX).find(|id| !taken.contains(id)).unwrap_or(u32::MAX))
            }
        }
    }
}

impl Blueprint {
    pub fn new(name: &str) -> Self {
        Self {
            format: super::file::FORMAT.to_owned(),
            version: super::file::VERSION,
            name: name.to_owned(),
            note: String::new(),
            graph: Graph::default(),
        }
    }

    /// The graph inside the groups named by `scope`, outermost first; the whole network's for an empty scope.
    pub fn graph_at(&self, scope: &[BlockId]) -> Option<&Graph> {
        scope.iter().try_fold(&self.graph, |graph, &id| graph.block(id)?.inside.as_ref())
    }

    /// As [`Blueprint::graph_at`], to be changed.
    pub fn graph_at_mut(&mut self, scope: &[BlockId]) -> Option<&mut Graph> {
        scope.iter().try_fold(&mut self.graph, |graph, &id| graph.block_mut(id)?.inside.as_mut())
    }

    /// The block at this path.
    pub fn block_at(&self, path: &[BlockId]) -> Option<&Block> {
        let (id, scope) = path.split_last()?;
        self.graph_at(scope)?.block(*id)
    }
}

impl From<i64> for Parameter {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Parameter {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for Parameter {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<&str> for Parameter {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl std::fmt::Display for Parameter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag(value) => write!(f, "{}", if *value { "yes" } else { "no" }),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Other(value) => write!(f, "{value}"),
        }
    }
}
