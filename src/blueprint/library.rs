//! Blueprints saved as blocks and used again: a network becomes a group and a group a network, and the user's folder of them.
//! A saved block is an ordinary blueprint file; nothing of the window.

use super::analyse::analyse;
use super::catalogue::OUT;
use super::edit::unique_name;
use super::file::{self, FileError};
use super::flat::check_name;
use super::model::{Block, BlockId, Blueprint, Graph, Parameter, Port};
use super::plan::{PortType, Shape};
use std::path::{Path, PathBuf};

/// The folder of saved blocks within Aquila's own folder of the user.
pub const FOLDER: &str = "blocks";
const ENDING: &str = ".blueprint.json";

#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    #[error("“{0}” has no output, so a group of it would compute nothing; add one")]
    NoOutput(String),
    #[error("there is no group here any more")]
    NoGroup,
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Io(#[from] crate::io::Error),
}

/// A file of the library.
#[derive(Debug)]
pub struct Entry {
    pub path: PathBuf,
    /// The file's name without its ending.
    pub file_name: String,
    /// What is in it, or why it cannot be read: one bad file does not hide the others.
    pub content: Result<Summary, FileError>,
}

/// A saved block as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub name: String,
    pub note: String,
    pub parameters: u64,
    /// Name and shape of what goes in, as it was when saved; elsewhere it takes other sizes too.
    pub inputs: Vec<(String, Shape)>,
    pub outputs: Vec<(String, Shape)>,
    /// Whether it has no errors as it stands.
    pub valid: bool,
}

/// The network as one block, to be put into another: inputs become ports, outputs too, under their names. The block has the id 0:
/// [`insert`] gives it one of its own.
pub fn as_group(blueprint: &Blueprint) -> Result<Block, LibraryError> {
    let mut inside = blueprint.graph.clone();
    let mut outputs = 0;
    for block in &mut inside.blocks {
        if input_type(&block.kind).is_some() {
            turn(block, "group-input");
        } else if block.kind == "output" {
            turn(block, "group-output");
        }
        outputs += usize::from(block.kind == "group-output");
    }
    if outputs == 0 {
        return Err(LibraryError::NoOutput(blueprint.name.clone()));
    }
    let mut group = Block::new(BlockId(0), "group", &block_name(&blueprint.name), [0.0, 0.0]);
    group.inside = Some(inside);
    Ok(group)
}

/// The group at this path as a network of its own: ports become inputs, with the shapes that come in, and outputs. A port whose shape is
/// not known stays a port: the network then says at that block what is missing.
pub fn from_group(blueprint: &Blueprint, group: &[BlockId]) -> Result<Blueprint, LibraryError> {
    let block = blueprint.block_at(group).filter(|block| block.kind == "group");
    let block = block.ok_or(LibraryError::NoGroup)?;
    let mut graph = block.inside.clone().ok_or(LibraryError::NoGroup)?;
    let analysis = analyse(blueprint);
    for block in &mut graph.blocks {
        match block.kind.as_str() {
            "group-input" => {
                let port = Port::new(block.id, OUT);
                if let Some(shape) = analysis.shapes.get(&(group.to_vec(), port)) {
                    turn(block, input_kind(shape.kind));
                    for (name, &size) in size_names(shape.kind).iter().zip(&shape.sizes) {
                        let size = i64::try_from(size).unwrap_or(i64::MAX);
                        block.parameters.insert((*name).to_owned(), Parameter::Integer(size));
                    }
                }
            }
            "group-output" => turn(block, "output"),
            _ => {}
        }
    }
    let mut network = Blueprint::new(&block.name);
    network.note = format!("The group “{}” of “{}”.", block.name, blueprint.name);
    network.graph = graph;
    Ok(network)
}

/// Puts a network into a graph as one block, with the next free id and name.
pub fn insert(graph: &mut Graph, network: &Blueprint, at: [f32; 2]) -> Result<BlockId, LibraryError> {
    let mut block = as_group(network)?;
    block.id = graph.free_id();
    block.name = unique_name(graph, &block.name);
    block.position = at;
    let id = block.id;
    graph.blocks.push(block);
    Ok(id)
}

/// The blocks in `folder` by file name; none where there is no such folder yet.
pub fn list(folder: &Path) -> Result<Vec<Entry>, LibraryError> {
    let system = |error| crate::io::Error::system(folder, "read the folder", error);
    let found = match std::fs::read_dir(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(system(error).into()),
    };
    let mut paths = Vec::new();
    for file in found {
        let path = file.map_err(system)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(stem) = name.strip_suffix(ENDING).filter(|stem| !stem.starts_with('.')) {
            paths.push((stem.to_owned(), path));
        }
    }
    paths.sort();
    let entry = |(file_name, path): (String, PathBuf)| {
        let content = file::load(&path).map(|blueprint| summary(&blueprint));
        Entry { path, file_name, content }
    };
    Ok(paths.into_iter().map(entry).collect())
}

/// Writes the network to a new file of `folder`, named after it and numbered where that name is taken: nothing is ever overwritten.
/// Gives the file's path.
pub fn save(folder: &Path, network: &Blueprint) -> Result<PathBuf, LibraryError> {
    let stem = file_stem(&network.name);
    let mut path = folder.join(format!("{stem}{ENDING}"));
    let mut number = 1_u64;
    while path.exists() {
        number += 1;
        path = folder.join(format!("{stem} {number}{ENDING}"));
    }
    file::save(network, &path)?;
    Ok(path)
}

pub fn load(path: &Path) -> Result<Blueprint, LibraryError> {
    Ok(file::load(path)?)
}

pub fn summary(blueprint: &Blueprint) -> Summary {
    let analysis = analyse(blueprint);
    let blocks = &blueprint.graph.blocks;
    let input = |block: &Block| {
        let shape = analysis.shapes.get(&(Vec::new(), Port::new(block.id, OUT)))?;
        input_type(&block.kind).map(|_| (block.name.clone(), shape.clone()))
    };
    Summary {
        name: blueprint.name.clone(),
        note: blueprint.note.clone(),
        parameters: analysis.parameters,
        inputs: blocks.iter().filter_map(input).collect(),
        valid: analysis.is_valid(),
        outputs: analysis.outputs,
    }
}

/// Another kind for a block that stays where it is, under its name.
fn turn(block: &mut Block, kind: &str) {
    kind.clone_into(&mut block.kind);
    block.parameters.clear();
}

fn input_type(kind: &str) -> Option<PortType> {
    [PortType::Vector, PortType::Map, PortType::Cube, PortType::Sequence]
        .into_iter()
        .find(|&carried| input_kind(carried) == kind)
}

fn input_kind(carried: PortType) -> &'static str {
    match carried {
        PortType::Vector => "vector-input",
        PortType::Map => "input",
        PortType::Cube => "cube-input",
        PortType::Sequence => "sequence-input",
    }
}

/// The parameters that say an input's shape, in the order of its sizes.
fn size_names(carried: PortType) -> &'static [&'static str] {
    match carried {
        PortType::Vector => &["values"],
        PortType::Map => &["channels", "height", "width"],
        PortType::Cube => &["channels", "depth", "height", "width"],
        PortType::Sequence => &["length", "channels"],
    }
}

/// A name that a block may have: names of weights are made of it.
fn block_name(name: &str) -> String {
    let name: String =
        name.chars().map(|c| if matches!(c, '/' | '.') || c.is_control() { ' ' } else { c }).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if check_name(&name).is_ok() { name } else { "Group".to_owned() }
}

/// A name that a file may have on every system.
fn file_stem(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '+' | '(' | ')');
    let name: String = name.chars().map(|c| if plain(c) { c } else { ' ' }).take(80).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { "block".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{UnetOptions, plan, template};

    fn unet() -> Blueprint {
        let options =
            UnetOptions { levels: 2, base_filters: 4, height: 16, width: 16, ..UnetOptions::default() };
        template("unet", &options).expect("a U-Net")
    }

    #[test]
    fn a_network_becomes_a_block_and_a_network_again() {
        let network = unet();
        let mut outer = Blueprint::new("outer");
        let input = network.graph.blocks[0].clone();
        let output = network.graph.blocks.last().expect("an output").clone();
        let (from, to) = (input.id, output.id);
        outer.graph.blocks = vec![input, output];
        let id = insert(&mut outer.graph, &network, [200.0, 0.0]).expect("a group");
        assert_eq!(outer.graph.block(id).expect("there").name, "U-Net, 2 levels");
        outer.graph.links.push(crate::blueprint::Link::new(from, OUT, id, "Column density"));
        outer.graph.links.push(crate::blueprint::Link::new(id, "Density", to, "in"));
        let (flat, nested) = (plan(&network).expect("sound"), plan(&outer).expect("sound"));
        assert_eq!(flat.steps.len(), nested.steps.len());
        assert_eq!(analyse(&network).parameters, analyse(&outer).parameters);

        let mut again = from_group(&outer, &[id]).expect("a network");
        assert_eq!(analyse(&again).faults, []);
        let ops = |blueprint: &Blueprint| {
            plan(blueprint)
                .expect("sound")
                .steps
                .into_iter()
                .map(|step| (step.name, step.op, step.shape))
                .collect::<Vec<_>>()
        };
        assert_eq!(ops(&again), ops(&network));
        // Without a wire nothing says the shape: the port stays, and the network says so.
        outer.graph.links.clear();
        again = from_group(&outer, &[id]).expect("a network");
        assert!(analyse(&again).errors().any(|fault| fault.block == "Column density"));
    }

    #[test]
    fn nothing_is_overwritten_and_a_bad_file_hides_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let blocks = folder.path().join(FOLDER);
        assert!(list(&blocks).expect("empty").is_empty());
        let mut network = unet();
        let first = save(&blocks, &network).expect("written");
        network.name = "U-Net, 2 levels".to_owned();
        network.note = "another".to_owned();
        let second = save(&blocks, &network).expect("written");
        assert_ne!(first, second);
        std::fs::write(blocks.join("bad.blueprint.json"), "{}").expect("written");
        let found = list(&blocks).expect("a list");
        let names: Vec<_> = found.iter().map(|entry| entry.file_name.as_str()).collect();
        assert_eq!(names, ["U-Net 2 levels", "U-Net 2 levels 2", "bad"]);
        assert!(found[2].content.is_err());
        let summary = found[1].content.as_ref().expect("read");
        assert_eq!((summary.note.as_str(), summary.inputs.len(), summary.valid), ("another", 1, true));
        assert_eq!(load(&second).expect("read"), network);
    }
}
