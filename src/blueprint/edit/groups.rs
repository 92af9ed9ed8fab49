//! Packing blocks into a group and unpacking it again: the network computes the same before and after.

use super::{EditError, check_name, chosen, free_name, unique_name};
use crate::blueprint::catalogue::OUT;
use crate::blueprint::model::{Activity, Block, BlockId, Frame, Graph, Link, Port};
use std::collections::{HashMap, HashSet};

/// Room between the blocks of a group and its ports.
const MARGIN: f32 = 184.0;
const STEP_Y: f32 = 104.0;

/// Packs blocks into a new group in their place. Each wire that crosses its border gets a port; wires from one output share one.
pub fn group(graph: &mut Graph, blocks: &[BlockId], name: &str) -> Result<BlockId, EditError> {
    let name = name.trim();
    check_name(name).map_err(EditError::Name)?;
    let packed = chosen(graph, blocks)?;
    let is_port = |block: &Block| matches!(block.kind.as_str(), "group-input" | "group-output");
    if graph.blocks.iter().any(|block| packed.contains(&block.id) && is_port(block)) {
        return Err(EditError::Ports);
    }
    let id = graph.free_id();
    let (moved, kept): (Vec<Block>, Vec<Block>) =
        std::mem::take(&mut graph.blocks).into_iter().partition(|block| packed.contains(&block.id));
    let edge = |axis: usize, pick: fn(f32, f32) -> f32, start: f32| {
        let edge = moved.iter().map(|block| block.position[axis]).fold(start, pick);
        if edge.is_finite() { edge } else { 0.0 }
    };
    let (left, top) = (edge(0, f32::min, f32::INFINITY), edge(1, f32::min, f32::INFINITY));
    let right = edge(0, f32::max, f32::NEG_INFINITY);
    let mut inside = Graph { blocks: moved, ..Graph::default() };
    // A frame goes along with its blocks, where none of them stays.
    let goes = |frame: &mut Frame| {
        inside.blocks.iter().any(|block| frame.holds(block.position))
            && !kept.iter().any(|block| frame.holds(block.position))
    };
    inside.frames = graph.frames.extract_if(.., goes).collect();
    // The ports made so far, by the output that feeds them.
    let (mut entries, mut exits) =
        (HashMap::<Port, (BlockId, String)>::new(), HashMap::<Port, String>::new());
    let mut outer = Vec::new();
    for link in std::mem::take(&mut graph.links) {
        match (packed.contains(&link.from.block), packed.contains(&link.to.block)) {
            (true, true) => inside.links.push(link),
            (false, false) => outer.push(link),
            (false, true) => {
                let (entry, _) = entries.entry(link.from.clone()).or_insert_with(|| {
                    let (entry, port) = port(&mut inside, "group-input", "in", left - MARGIN, top);
                    outer.push(Link { from: link.from.clone(), to: Port::new(id, &port) });
                    (entry, port)
                });
                inside.links.push(Link { from: Port::new(*entry, OUT), to: link.to });
            }
            (true, false) => {
                let port = exits.entry(link.from.clone()).or_insert_with(|| {
                    let (exit, port) = port(&mut inside, "group-output", "out", right + MARGIN, top);
                    inside.links.push(Link { from: link.from.clone(), to: Port::new(exit, "in") });
                    port
                });
                outer.push(Link { from: Port::new(id, port), to: link.to });
            }
        }
    }
    graph.blocks = kept;
    graph.links = outer;
    let name = unique_name(graph, name);
    let mut block = Block::new(id, "group", &name, [left, top]);
    block.inside = Some(inside);
    graph.blocks.push(block);
    Ok(id)
}

/// Adds a port block under those of its kind.
fn port(inside: &mut Graph, kind: &str, name: &str, x: f32, top: f32) -> (BlockId, String) {
    let above = inside.blocks.iter().filter(|block| block.kind == kind).count();
    let (id, name) = (inside.free_id(), unique_name(inside, name));
    inside.blocks.push(Block::new(id, kind, &name, [x, top + STEP_Y * above as f32]));
    (id, name)
}

/// Puts a group's blocks in its place, with new ids and, where taken, new names. Gives the new ids.
pub fn ungroup(graph: &mut Graph, group: BlockId) -> Result<Vec<BlockId>, EditError> {
    let place = graph.blocks.iter().position(|block| block.id == group).ok_or(EditError::NoBlock(group.0))?;
    let Some(mut inside) = graph.blocks[place].inside.clone().filter(|_| graph.blocks[place].kind == "group")
    else {
        return Err(EditError::NoGroup(graph.blocks[place].name.clone()));
    };
    if graph.blocks[place].activity == Activity::Bypassed {
        return Err(EditError::Bypassed(graph.blocks[place].name.clone()));
    }
    let Block { position: [group_x, group_y], activity: of_group, .. } = graph.blocks.remove(place);
    let is_port = |block: &&Block| matches!(block.kind.as_str(), "group-input" | "group-output");
    let ports: HashMap<BlockId, &Block> =
        inside.blocks.iter().filter(is_port).map(|block| (block.id, block)).collect();

    // The blocks come to where the group was, as they lay to each other.
    let least = |axis: usize| {
        let inner = inside.blocks.iter().filter(|block| !is_port(block));
        let least = inner.map(|block| block.position[axis]).fold(f32::INFINITY, f32::min);
        if least.is_finite() { least } else { 0.0 }
    };
    let (left, top) = (least(0), least(1));
    let mut names: HashSet<String> = graph.blocks.iter().map(|block| block.name.clone()).collect();
    let mut ids = HashMap::new();
    let mut unpacked = Vec::new();
    for block in inside.blocks.iter().filter(|block| !is_port(block)) {
        let id = graph.free_id();
        let name = free_name(&block.name, |name| names.contains(name));
        names.insert(name.clone());
        ids.insert(block.id, id);
        let position = [block.position[0] - left + group_x, block.position[1] - top + group_y];
        // What was muted as a whole stays muted.
        let activity = if of_group.is_active() { block.activity } else { of_group };
        graph.blocks.push(Block { id, name, position, activity, ..block.clone() });
        unpacked.push(id);
    }
    let frames = std::mem::take(&mut inside.frames).into_iter();
    graph.frames.extend(frames.map(|frame| Frame {
        position: [frame.position[0] - left + group_x, frame.position[1] - top + group_y],
        ..frame
    }));

    let outer = std::mem::take(&mut graph.links);
    // What feeds a port of the group from outside, and what feeds a source inside, in the numbers of the outer graph.
    let feeding: HashMap<&str, &Port> = outer
        .iter()
        .filter(|link| link.to.block == group)
        .map(|link| (link.to.port.as_str(), &link.from))
        .collect();
    let source = |from: &Port| -> Option<Port> {
        match ports.get(&from.block) {
            Some(entry) if entry.kind == "group-input" => {
                feeding.get(entry.name.as_str()).map(|&port| port.clone())
            }
            Some(_) => None,
            None => Some(Port { block: *ids.get(&from.block)?, port: from.port.clone() }),
        }
    };
    let mut leaving: HashMap<&str, Port> = HashMap::new();
    let mut links = Vec::new();
    for link in &inside.links {
        let Some(from) = source(&link.from) else { continue };
        match ports.get(&link.to.block) {
            Some(exit) => {
                leaving.entry(exit.name.as_str()).or_insert(from);
            }
            None => {
                if let Some(&to) = ids.get(&link.to.block) {
                    links.push(Link { from, to: Port { block: to, port: link.to.port.clone() } });
                }
            }
        }
    }
    for link in &outer {
        if link.to.block == group {
            continue;
        }
        if link.from.block != group {
            links.push(link.clone());
        } else if let Some(from) = leaving.get(link.from.port.as_str()) {
            links.push(Link { from: from.clone(), to: link.to.clone() });
        }
    }
    graph.links = links;
    Ok(unpacked)
}
