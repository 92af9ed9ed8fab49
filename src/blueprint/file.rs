//! The versioned file of a blueprint. What this version cannot read is reported with its place and left alone; fields, kinds and
//! values it does not know are kept.

use super::flat::{MAX_BLOCKS, MAX_LINKS, MAX_NESTING};
use super::model::{Block, Blueprint, Graph, Link};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

pub(super) const FORMAT: &str = "aquila-blueprint";
pub(super) const VERSION: u32 = 1;
/// A larger file is refused unread.
const MAX_BYTES: u64 = 8 << 20;

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
    if text.len() as u64 > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
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
    let read: Result<Blueprint, _> = if version == u64::from(VERSION) {
        // From the text, since a `Value` forgets the order of fields.
        serde_json::from_str(text)
    } else {
        for migrate in MIGRATIONS.iter().skip(version as usize - 1) {
            value = migrate(value)?;
        }
        serde_json::from_value(value.clone())
    };
    match read {
        Ok(blueprint) => check_graph(&blueprint.graph, "", 0, &mut (0, 0)).map(|()| blueprint),
        Err(error) => Err(misread(&value, "").unwrap_or_else(|| content("", &error.to_string()))),
    }
}

/// What the rest of the program relies on. `place` is empty for the outermost graph and ends with `.` for others; `count` adds up
/// blocks and links.
fn check_graph(
    graph: &Graph,
    place: &str,
    depth: usize,
    count: &mut (usize, usize),
) -> Result<(), FileError> {
    if depth > MAX_NESTING {
        return Err(content(place, &format!("groups lie more than {MAX_NESTING} deep")));
    }
    count.0 += graph.blocks.len();
    count.1 += graph.links.len();
    if count.0 > MAX_BLOCKS || count.1 > MAX_LINKS {
        let message = format!("there are more than {MAX_BLOCKS} blocks or {MAX_LINKS} links");
        return Err(content("", &message));
    }
    let mut ids = HashSet::new();
    for (index, block) in graph.blocks.iter().enumerate() {
        let place = format!("{place}blocks[{index}]");
        if !ids.insert(block.id) {
            return Err(content(&place, &format!("the id {} is taken by an earlier block", block.id.0)));
        }
        if block.position.iter().any(|value| !value.is_finite()) {
            return Err(content(&format!("{place}.position"), "is no pair of finite numbers"));
        }
        if let Some(inside) = &block.inside {
            check_graph(inside, &format!("{place}.inside."), depth + 1, count)?;
        }
    }
    Ok(())
}

/// The innermost block or link of a graph that cannot be read, and why.
fn misread(graph: &Value, place: &str) -> Option<FileError> {
    let list = |name: &str| match graph.get(name) {
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(content(&format!("{place}{name}"), "is no list")),
        None => Err(content(&format!("{place}{name}"), "is missing")),
    };
    let (blocks, links) = match (list("blocks"), list("links")) {
        (Ok(blocks), Ok(links)) => (blocks, links),
        (Err(error), _) | (_, Err(error)) => return Some(error),
    };
    let within = |(index, block): (usize, &Value)| {
        let place = format!("{place}blocks[{index}]");
        let inner = block.get("inside").filter(|inside| !inside.is_null());
        inner
            .and_then(|inside| misread(inside, &format!("{place}.inside.")))
            .or_else(|| Block::deserialize(block).err().map(|error| content(&place, &error.to_string())))
    };
    let link = |(index, link): (usize, &Value)| {
        let error = Link::deserialize(link).err()?;
        Some(content(&format!("{place}links[{index}]"), &error.to_string()))
    };
    blocks.iter().enumerate().find_map(within).or_else(|| links.iter().enumerate().find_map(link))
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
