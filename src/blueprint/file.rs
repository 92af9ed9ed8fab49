//! The versioned file of a blueprint. What this version cannot read is reported with its place and left alone; fields, kinds and
//! values it does not know are kept.

use super::flat::{MAX_BLOCKS, MAX_NESTING};
use super::model::{Block, Blueprint, Graph, Link};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

pub(super) const FORMAT: &str = "aquila-blueprint";
pub(super) const VERSION: u32 = 1;
/// A larger file is refused unread.
const MAX_BYTES: u64 = 16 << 20;

/// Brings a document of version n to version n + 1; entry 0 is for version 1. A new version adds the step that leads to it.
type Migration = fn(Value) -> Result<Value, FileError>;
const MIGRATIONS: [Migration; VERSION as usize - 1] = [];

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{0}")]
    Io(#[from] crate::io::Error),
    /// A fault of what is in a file.
    #[error("{}: {fault}", path.display())]
    In { path: PathBuf, fault: Box<FileError> },
    #[error("it is no JSON: {0}")]
    Syntax(serde_json::Error),
    #[error("it is no blueprint: “format” is {0}, not “{FORMAT}”")]
    Format(String),
    #[error(
        "it was written by a newer Aquila (version {0} of the format; this one reads up to {VERSION}); update Aquila to open it"
    )]
    Newer(u64),
    #[error("“version” is {0}, not a whole number from 1 on")]
    Version(String),
    #[error("{place}: {message}")]
    Content { place: String, message: String },
    #[error("it is larger than the {} MiB that a blueprint may have", MAX_BYTES >> 20)]
    TooLarge,
    #[error("{place}: {value} is no position; only finite numbers can be written")]
    NotFinite { place: String, value: f64 },
}

/// Reads a blueprint file. Errors name the file.
pub fn load(path: &Path) -> Result<Blueprint, FileError> {
    let system = |error| crate::io::Error::system(path, "read the blueprint", error);
    let file = std::fs::File::open(path).map_err(system)?;
    let mut text = String::new();
    // One byte more than allowed is enough to know; what the file system says of the length is not trusted.
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(system)?;
    from_json(&text).map_err(|fault| FileError::In { path: path.to_owned(), fault: Box::new(fault) })
}

/// Writes the file whole or not at all.
pub fn save(blueprint: &Blueprint, path: &Path) -> Result<(), FileError> {
    Ok(crate::io::atomic::write_bytes(path, to_json(blueprint)?.as_bytes())?)
}

/// Pretty, in the order of the document, ending with a line break. The same blueprint gives the same bytes.
pub fn to_json(blueprint: &Blueprint) -> Result<String, FileError> {
    let mut open = vec![&blueprint.graph];
    while let Some(graph) = open.pop() {
        for block in &graph.blocks {
            if let Some(&value) = block.position.iter().find(|value| !value.is_finite()) {
                return Err(FileError::NotFinite {
                    place: format!("“{}”", block.name), value: value.into()
                });
            }
            open.extend(&block.inside);
        }
    }
    let mut text = serde_json::to_string_pretty(blueprint).map_err(FileError::Syntax)?;
    text.push('\n');
    Ok(text)
}

/// Reads any version up to this one. Never allocates more than in proportion to the text.
pub fn from_json(text: &str) -> Result<Blueprint, FileError> {
    if text.len() as u64 > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    // The reader's own limit of 128 levels keeps deep nesting off the stack.
    let mut value: Value = serde_json::from_str(text).map_err(FileError::Syntax)?;
    match value.get("format") {
        Some(Value::String(format)) if format == FORMAT => {}
        Some(other) => return Err(FileError::Format(shortened(other))),
        None => return Err(FileError::Format("missing".to_owned())),
    }
    let version = match value.get("version") {
        Some(Value::Number(number)) => number.as_u64().filter(|&version| version > 0),
        _ => None,
    };
    let Some(version) = version else {
        return Err(FileError::Version(value.get("version").map_or_else(|| "missing".to_owned(), shortened)));
    };
    if version > u64::from(VERSION) {
        return Err(FileError::Newer(version));
    }
    for migrate in MIGRATIONS.iter().skip(version as usize - 1) {
        value = migrate(value)?;
    }
    read(value)
}

fn read(value: Value) -> Result<Blueprint, FileError> {
    let Value::Object(mut fields) = value else {
        return Err(content("the document", "is no JSON object"));
    };
    fields.remove("format");
    fields.remove("version");
    let mut text = |name: &str, needed: bool| match fields.remove(name) {
        Some(Value::String(text)) => Ok(text),
        None if !needed => Ok(String::new()),
        Some(_) => Err(content(name, "is no text")),
        None => Err(content(name, "is missing")),
    };
    let (name, note) = (text("name", true)?, text("note", false)?);
    let graph = read_graph(fields, "", 0, &mut 0)?;
    Ok(Blueprint { note, graph, ..Blueprint::new(&name) })
}

/// A graph from its fields; `place` is empty for the outermost and ends with `.` for others. `count` adds up the blocks.
fn read_graph(
    mut fields: Map<String, Value>,
    place: &str,
    depth: usize,
    count: &mut usize,
) -> Result<Graph, FileError> {
    if depth > MAX_NESTING {
        return Err(content(place, &format!("groups lie more than {MAX_NESTING} deep")));
    }
    let mut list = |name: &str| match fields.remove(name) {
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(content(&format!("{place}{name}"), "is no list")),
        None => Err(content(&format!("{place}{name}"), "is missing")),
    };
    let (blocks, links) = (list("blocks")?, list("links")?);
    *count += blocks.len();
    if *count > MAX_BLOCKS {
        return Err(content(place, &format!("there are more than {MAX_BLOCKS} blocks")));
    }
    let mut ids = HashSet::new();
    let mut graph = Graph::default();
    for (index, value) in blocks.into_iter().enumerate() {
        let place = format!("{place}blocks[{index}]");
        let block = read_block(value, &place, depth, count)?;
        if !ids.insert(block.id) {
            return Err(content(&place, &format!("the id {} is taken by an earlier block", block.id.0)));
        }
        graph.blocks.push(block);
    }
    for (index, value) in links.into_iter().enumerate() {
        let link: Link = serde_json::from_value(value)
            .map_err(|error| content(&format!("{place}links[{index}]"), &error.to_string()))?;
        graph.links.push(link);
    }
    graph.other = fields.into_iter().collect();
    Ok(graph)
}

fn read_block(mut value: Value, place: &str, depth: usize, count: &mut usize) -> Result<Block, FileError> {
    let inside = match value.as_object_mut().and_then(|fields| fields.remove("inside")) {
        None | Some(Value::Null) => None,
        Some(Value::Object(fields)) => {
            Some(read_graph(fields, &format!("{place}.inside."), depth + 1, count)?)
        }
        Some(_) => return Err(content(&format!("{place}.inside"), "is no JSON object")),
    };
    let block: Block = serde_json::from_value(value).map_err(|error| content(place, &error.to_string()))?;
    if block.position.iter().any(|value| !value.is_finite()) {
        return Err(content(&format!("{place}.position"), "is no pair of finite numbers"));
    }
    Ok(Block { inside, ..block })
}

fn content(place: &str, message: &str) -> FileError {
    let place = place.trim_end_matches('.');
    FileError::Content {
        place: if place.is_empty() { "the document".to_owned() } else { place.to_owned() },
        message: message.to_owned(),
    }
}

/// A value as it stands in a message.
fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
