//! What a user does to a blueprint, as functions on the graph that is open. Each either does it all or refuses with the reason and
//! leaves the graph as it was. [`inside`] opens a graph within groups, and keeps the wires outside of it true.

mod arrange;
mod clip;
mod frames;
mod groups;
mod layout;
mod wiring;

use super::catalogue::{self, Inputs, Outputs, PortInfo};
use super::flat::{Flat, MAX_BLOCKS, MAX_LINKS, MAX_NESTING, check_name, flatten};
use super::model::{Block, BlockId, Blueprint, Graph, Link, Parameter, Port};
use super::plan::{Mend, PortType};
use super::walk::circle;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

pub use super::presets::add_preset;
pub use arrange::{Alignment, Axis, Size, align, distribute, place};
pub use clip::{Clip, copy, duplicate, paste};
pub use frames::{add_frame, in_frame, move_frame, remove_frame, rename_frame, resize_frame};
pub use groups::{group, ungroup};
pub use layout::layout;
pub(super) use wiring::can_be_bypassed;
pub use wiring::{connect_blocks, cut, dissolve, insert_into, set_activity};

/// Why something cannot be done, for the user.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EditError {
    #[error("there is no block {0} here any more")]
    NoBlock(u32),
    #[error("“{block}” has no {side} called “{port}”")]
    NoPort { block: String, side: &'static str, port: String },
    #[error("there is no kind of block called “{0}”")]
    NoKind(String),
    #[error("“{to}” takes {expected}, but “{from}” gives {came}")]
    Type { from: String, to: String, expected: String, came: String },
    #[error("a block cannot feed itself")]
    Itself,
    #[error("this would make a circle: {0}")]
    Cycle(String),
    #[error("this wire is there already")]
    Exists,
    #[error("{0}")]
    Name(String),
    #[error("another block here is called “{0}” already")]
    NameTaken(String),
    #[error("“{block}” has no parameter “{parameter}”")]
    NoParameter { block: String, parameter: String },
    #[error("{parameter} takes {expected}, not {came}")]
    Value { parameter: String, expected: String, came: String },
    #[error("there is no such frame here any more")]
    NoFrame,
    #[error("the one has no output, or the other no input, that a wire could join")]
    NoWay,
    #[error("“{0}” cannot be bypassed: it has no input to hand on, or no output")]
    NoBypass(String),
    #[error("“{0}” is bypassed: make it active before it is unpacked")]
    Bypassed(String),
    #[error("“{0}” is no group")]
    NoGroup(String),
    #[error("a group's ports cannot be moved into another group")]
    Ports,
    #[error("a position must be a finite number")]
    Position,
    #[error("a blueprint has at most {MAX_BLOCKS} blocks and {MAX_LINKS} wires")]
    TooMany,
    #[error("groups lie at most {MAX_NESTING} deep")]
    TooDeep,
}

/// Does something to the graph inside the groups named by `scope` (outermost first; empty for the whole network). Where that renames
/// or removes ports of the group, the wires outside follow. A circle that a wire would close through the outside is refused here:
/// the graph alone cannot see it.
pub fn inside<T>(
    blueprint: &mut Blueprint,
    scope: &[BlockId],
    action: impl FnOnce(&mut Graph) -> Result<T, EditError>,
) -> Result<T, EditError> {
    let missing = || EditError::NoBlock(scope.last().map_or(0, |id| id.0));
    let had_circle = !scope.is_empty() && circle(blueprint).is_some();
    let graph = blueprint.graph_at_mut(scope).ok_or_else(missing)?;
    let untouched = (!scope.is_empty()).then(|| graph.clone());
    let before = ports_of(graph);
    let answer = action(graph)?;
    if let Some(untouched) = untouched
        && !had_circle
        && let Some(names) = circle(blueprint)
    {
        *blueprint.graph_at_mut(scope).ok_or_else(missing)? = untouched;
        return Err(EditError::Cycle(names));
    }
    let graph = blueprint.graph_at(scope).ok_or_else(missing)?;
    let after = ports_of(graph);
    if let Some((group, outer)) = scope.split_last()
        && before != after
    {
        let outer = blueprint.graph_at_mut(outer).ok_or_else(missing)?;
        let renamed: HashMap<(&str, bool), Option<&String>> = before
            .iter()
            .map(|(id, (name, entry))| ((name.as_str(), *entry), after.get(id).map(|(name, _)| name)))
            .collect();
        let follow = |end: &mut Port, entry: bool| {
            if end.block != *group {
                return true;
            }
            match renamed.get(&(end.port.as_str(), entry)) {
                Some(Some(name)) => end.port.clone_from(name),
                Some(None) => return false,
                None => {}
            }
            true
        };
        outer.links.retain_mut(|link| follow(&mut link.to, true) && follow(&mut link.from, false));
    }
    Ok(answer)
}

/// The ports that a graph gives its group: name, and whether it is an entry.
fn ports_of(graph: &Graph) -> HashMap<BlockId, (String, bool)> {
    let port = |block: &&Block| matches!(block.kind.as_str(), "group-input" | "group-output");
    let named = |block: &Block| (block.id, (block.name.clone(), block.kind == "group-input"));
    graph.blocks.iter().filter(port).map(named).collect()
}

/// Adds a block with its kind's label as name (numbered where taken) and default parameters. A new group is empty.
pub fn add_block(graph: &mut Graph, kind: &str, position: [f32; 2]) -> Result<BlockId, EditError> {
    let kind = catalogue::kind(kind).ok_or_else(|| EditError::NoKind(kind.to_owned()))?;
    check_position(position)?;
    let name = unique_name(graph, kind.label);
    let mut block = Block::new(graph.free_id(), kind.name, &name, position);
    for spec in kind.parameters {
        block.parameters.insert(spec.name.to_owned(), spec.default());
    }
    if matches!(kind.inputs, Inputs::Inside) {
        block.inside = Some(Graph::default());
    }
    let id = block.id;
    graph.blocks.push(block);
    Ok(id)
}

/// Removes blocks and the wires at them.
pub fn remove(graph: &mut Graph, blocks: &[BlockId]) -> Result<(), EditError> {
    let gone = chosen(graph, blocks)?;
    graph.blocks.retain(|block| !gone.contains(&block.id));
    graph.links.retain(|link| !gone.contains(&link.from.block) && !gone.contains(&link.to.block));
    Ok(())
}

/// Draws a wire; one that ended at the same input goes.
pub fn connect(graph: &mut Graph, from: &Port, to: &Port) -> Result<(), EditError> {
    can_connect(graph, from, to)?;
    graph.links.retain(|link| link.to != *to);
    graph.links.push(Link { from: from.clone(), to: to.clone() });
    Ok(())
}

/// Whether a wire can be drawn. To ask for many inputs, make one [`Wire`].
pub fn can_connect(graph: &Graph, from: &Port, to: &Port) -> Result<(), EditError> {
    Wire::new(graph, from)?.can_end_at(to)
}

/// A wire that has been drawn out of an output and not let go yet.
pub struct Wire<'a> {
    graph: &'a Graph,
    flat: Flat<'a>,
    from: Port,
    carries: Option<PortType>,
    /// The nodes that the output depends on, itself included, each with the next one on the way to it.
    before: HashMap<usize, usize>,
}

impl<'a> Wire<'a> {
    pub fn new(graph: &'a Graph, from: &Port) -> Result<Self, EditError> {
        port_info(graph, from, "output")?;
        let flat = flatten(graph);
        let mut before = HashMap::new();
        let mut open: Vec<(usize, usize)> = flat.source(from).map(|node| (node, node)).into_iter().collect();
        while let Some((node, next)) = open.pop() {
            if let Entry::Vacant(place) = before.entry(node) {
                place.insert(next);
                let sources = flat.nodes[node].slots.iter().filter_map(|slot| slot.source);
                open.extend(sources.map(|source| (source, node)));
            }
        }
        Ok(Self { graph, carries: type_of(graph, from), from: from.clone(), flat, before })
    }

    /// Whether it may end at this input; else why not.
    pub fn can_end_at(&self, to: &Port) -> Result<(), EditError> {
        let Self { graph, from, .. } = self;
        let target = port_info(graph, to, "input")?;
        if from.block == to.block {
            return Err(EditError::Itself);
        }
        if graph.links.iter().any(|link| link.from == *from && link.to == *to) {
            return Err(EditError::Exists);
        }
        let name = |port: &Port| match graph.block(port.block) {
            Some(block) => format!("{} · {}", block.name, port.port),
            None => port.port.clone(),
        };
        if let Some(came) = self.carries.filter(|came| !target.types.contains(came)) {
            return Err(EditError::Type {
                from: name(from),
                to: name(to),
                expected: target.types.iter().map(|kind| kind.phrase()).collect::<Vec<_>>().join(" or "),
                came: came.phrase().to_owned(),
            });
        }
        match self.flat.target(to).filter(|target| self.before.contains_key(target)) {
            Some(target) => Err(EditError::Cycle(self.circle(target))),
            None => Ok(()),
        }
    }

    /// The names of this graph's blocks from `target` to the output and back again.
    fn circle(&self, target: usize) -> String {
        let mut names: Vec<&str> = Vec::new();
        let mut at = target;
        loop {
            let outermost = self.flat.nodes[at].path.first().and_then(|&id| self.graph.block(id));
            if let Some(block) = outermost.filter(|block| names.last() != Some(&block.name.as_str())) {
                names.push(&block.name);
            }
            match self.before.get(&at) {
                Some(&next) if next != at => at = next,
                _ => break,
            }
        }
        names.extend(names.first().copied());
        names.join(" → ")
    }
}

/// Removes the wire that ends at this input. True where there was one.
pub fn disconnect(graph: &mut Graph, to: &Port) -> bool {
    let before = graph.links.len();
    graph.links.retain(|link| link.to != *to);
    graph.links.len() != before
}

/// Moves blocks by this much.
pub fn move_by(graph: &mut Graph, blocks: &[BlockId], by: [f32; 2]) -> Result<(), EditError> {
    let moving = chosen(graph, blocks)?;
    let moved = |position: [f32; 2]| [position[0] + by[0], position[1] + by[1]];
    for block in graph.blocks.iter().filter(|block| moving.contains(&block.id)) {
        check_position(moved(block.position))?;
    }
    for block in graph.blocks.iter_mut().filter(|block| moving.contains(&block.id)) {
        block.position = moved(block.position);
    }
    Ok(())
}

/// Puts one block's top left corner there.
pub fn move_to(graph: &mut Graph, block: BlockId, position: [f32; 2]) -> Result<(), EditError> {
    check_position(position)?;
    get_mut(graph, block)?.position = position;
    Ok(())
}

/// Renames a block; a taken name is refused.
pub fn rename(graph: &mut Graph, block: BlockId, name: &str) -> Result<(), EditError> {
    let name = name.trim();
    check_name(name).map_err(EditError::Name)?;
    if graph.blocks.iter().any(|other| other.id != block && other.name == name) {
        return Err(EditError::NameTaken(name.to_owned()));
    }
    get_mut(graph, block)?.name = name.to_owned();
    Ok(())
}

/// Sets a parameter to a value that the catalogue allows. Wires at ports that go with it go, too.
pub fn set_parameter(
    graph: &mut Graph,
    block: BlockId,
    parameter: &str,
    value: Parameter,
) -> Result<(), EditError> {
    let block = get_mut(graph, block)?;
    let kind = catalogue::kind(&block.kind).ok_or_else(|| EditError::NoKind(block.kind.clone()))?;
    let spec = kind.parameter(parameter).ok_or_else(|| EditError::NoParameter {
        block: block.name.clone(),
        parameter: parameter.to_owned(),
    })?;
    spec.check(&value).map_err(|expected| EditError::Value {
        parameter: spec.label.to_lowercase(),
        expected,
        came: value.to_string(),
    })?;
    block.parameters.insert(parameter.to_owned(), value);
    if matches!(kind.inputs, Inputs::Counted { parameter: counted, .. } if counted == parameter) {
        let id = block.id;
        let ports: HashSet<String> = catalogue::inputs_of(block).into_iter().map(|port| port.name).collect();
        graph.links.retain(|link| link.to.block != id || ports.contains(&link.to.port));
    }
    Ok(())
}

/// Does what mends a fault.
pub fn mend(blueprint: &mut Blueprint, mend: &Mend) -> Result<(), EditError> {
    let at = |path: &'_ [BlockId]| match path.split_last() {
        Some((&id, scope)) => Ok((id, scope.to_vec())),
        None => Err(EditError::NoBlock(0)),
    };
    match mend {
        Mend::SetParameters { path, values } => {
            let (id, scope) = at(path)?;
            inside(blueprint, &scope, |graph| {
                values.iter().try_for_each(|(name, value)| set_parameter(graph, id, name, value.clone()))
            })
        }
        Mend::RemoveWire { scope, link } => inside(blueprint, scope, |graph| {
            if let Some(place) = graph.links.iter().rposition(|other| other == link) {
                graph.links.remove(place);
            }
            Ok(())
        }),
        Mend::RemoveBlock(path) => {
            let (id, scope) = at(path)?;
            inside(blueprint, &scope, |graph| remove(graph, &[id]))
        }
        Mend::Renumber(path) => {
            let (id, scope) = at(path)?;
            inside(blueprint, &scope, |graph| {
                let name = graph.block(id).ok_or(EditError::NoBlock(id.0))?.name.clone();
                let free = unique_name(graph, &name);
                get_mut(graph, id)?.name = free;
                Ok(())
            })
        }
        Mend::InsertBlock { scope, to, kind, values, wires } => inside(blueprint, scope, |graph| {
            let id = insert_before(graph, to, kind, values)?;
            wires.iter().try_for_each(|(port, from)| connect(graph, from, &Port::new(id, port)))
        }),
    }
}

/// Puts a new block into the wire that ends at this input, half-way between its ends. Gives the new block.
pub fn insert_before(
    graph: &mut Graph,
    to: &Port,
    kind: &str,
    values: &[(String, Parameter)],
) -> Result<BlockId, EditError> {
    let missing = |id: BlockId| EditError::NoBlock(id.0);
    let link = graph.links.iter().find(|link| link.to == *to).cloned();
    let from = link.ok_or_else(|| missing(to.block))?.from;
    let position = |id| graph.block(id).map(|block| block.position).ok_or_else(|| missing(id));
    let ([x0, y0], [x1, y1]) = (position(from.block)?, position(to.block)?);
    let id = add_block(graph, kind, [0.5 * (x0 + x1), 0.5 * (y0 + y1)])?;
    values.iter().try_for_each(|(name, value)| set_parameter(graph, id, name, value.clone()))?;
    let entry = graph.block(id).map(catalogue::inputs_of).unwrap_or_default();
    let entry = entry.first().map(|port| Port::new(id, &port.name)).ok_or_else(|| missing(id))?;
    connect(graph, &from, &entry)?;
    connect(graph, &Port::new(id, catalogue::OUT), to)?;
    Ok(id)
}

/// A name that no block of the graph has: the wanted one, or that with the next free number.
pub fn unique_name(graph: &Graph, wanted: &str) -> String {
    let taken: HashSet<&str> = graph.blocks.iter().map(|block| block.name.as_str()).collect();
    free_name(wanted, |name| taken.contains(name))
}

fn free_name(wanted: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(wanted) {
        return wanted.to_owned();
    }
    // `Convolution 2` goes on as `Convolution 3`, not as `Convolution 2 2`.
    let (stem, first) = match wanted.rsplit_once(' ').map(|(stem, number)| (stem, number.parse::<u32>())) {
        Some((stem, Ok(number))) if !stem.is_empty() && number < u32::MAX => (stem, number + 1),
        _ => (wanted, 2),
    };
    (u64::from(first)..)
        .map(|number| format!("{stem} {number}"))
        .find(|name| !taken(name))
        .unwrap_or_default()
}

/// Refuses documents that could be written, but not read again.
pub(super) fn check_size(blueprint: &Blueprint) -> Result<(), EditError> {
    let mut open = vec![(&blueprint.graph, 0)];
    let (mut blocks, mut links, mut frames) = (0, 0, 0);
    while let Some((graph, depth)) = open.pop() {
        if depth > MAX_NESTING {
            return Err(EditError::TooDeep);
        }
        blocks += graph.blocks.len();
        links += graph.links.len();
        frames += graph.frames.len();
        if blocks > MAX_BLOCKS || links > MAX_LINKS || frames > MAX_BLOCKS {
            return Err(EditError::TooMany);
        }
        open.extend(graph.blocks.iter().filter_map(|block| Some((block.inside.as_ref()?, depth + 1))));
    }
    Ok(())
}

fn check_position(position: [f32; 2]) -> Result<(), EditError> {
    if position.iter().all(|value| value.is_finite()) { Ok(()) } else { Err(EditError::Position) }
}

fn get_mut(graph: &mut Graph, block: BlockId) -> Result<&mut Block, EditError> {
    graph.block_mut(block).ok_or(EditError::NoBlock(block.0))
}

/// The selection as a set; an error where one of it is not there.
fn chosen(graph: &Graph, blocks: &[BlockId]) -> Result<HashSet<BlockId>, EditError> {
    let known: HashSet<BlockId> = graph.blocks.iter().map(|block| block.id).collect();
    match blocks.iter().find(|id| !known.contains(id)) {
        Some(id) => Err(EditError::NoBlock(id.0)),
        None => Ok(blocks.iter().copied().collect()),
    }
}

fn port_info(graph: &Graph, port: &Port, side: &'static str) -> Result<PortInfo, EditError> {
    let block = graph.block(port.block).ok_or(EditError::NoBlock(port.block.0))?;
    let mut ports =
        if side == "input" { catalogue::inputs_of(block) } else { catalogue::outputs_of(block) }.into_iter();
    let missing = || EditError::NoPort { block: block.name.clone(), side, port: port.port.clone() };
    ports.find(|info| info.name == port.port).ok_or_else(missing)
}

/// What this output carries, as far as the kinds of the blocks before it say.
pub fn type_of(graph: &Graph, from: &Port) -> Option<PortType> {
    let mut at = from.clone();
    // A chain is no longer than there are blocks; more steps are a circle.
    for _ in 0..=graph.blocks.len() {
        let block = graph.block(at.block)?;
        match &catalogue::kind(&block.kind)?.outputs {
            Outputs::One([only]) => return Some(*only),
            Outputs::Same => {
                let first = catalogue::inputs_of(block).into_iter().next()?.name;
                let into = Port { block: at.block, port: first };
                at = graph.links.iter().find(|link| link.to == into)?.from.clone();
            }
            _ => return None,
        }
    }
    None
}
