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
    /// The inside of a `group` block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Graph>,
}

/// One end of a link: a block's port by name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Port {
    pub block: BlockId,
    pub port: String,
}

/// A wire from an output port to an input port. An input port takes one wire, an output port any number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link {
    pub from: Port,
    pub to: Port,
}

/// Blocks and the wires between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    pub blocks: Vec<Block>,
    pub links: Vec<Link>,
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

impl Graph {
    pub fn block(&self, id: BlockId) -> Option<&Block> {
        self.blocks.iter().find(|block| block.id == id)
    }

    pub fn block_mut(&mut self, id: BlockId) -> Option<&mut Block> {
        self.blocks.iter_mut().find(|block| block.id == id)
    }
}
