//! Wires drawn, cut and mended by what is done to blocks: dropped into a wire, dissolved, joined in passing, muted and bypassed.

use super::{EditError, can_connect, chosen, connect, get_mut, remove};
use crate::blueprint::catalogue::{inputs_of, outputs_of};
use crate::blueprint::flat::flatten;
use crate::blueprint::model::{Activity, Block, BlockId, Graph, Link, Port};
use crate::blueprint::walk::{around, consumers, order};
use std::collections::HashSet;

/// Puts a block that is there already into a wire: the wire's source feeds its first input that takes it, its first output that fits
/// feeds the wire's target. The wire must be there and end at other blocks.
pub fn insert_into(graph: &mut Graph, link: &Link, block: BlockId) -> Result<(), EditError> {
    let wanted = get(graph, block)?.clone();
    if link.from.block == block || link.to.block == block {
        return Err(EditError::Itself);
    }
    if !graph.links.contains(link) {
        return Err(EditError::NoBlock(link.to.block.0));
    }
    let untouched = graph.links.clone();
    graph.links.retain(|other| other != link);
    let joined = join_through(graph, link, &wanted);
    if joined.is_err() {
        graph.links = untouched;
    }
    joined
}

fn join_through(graph: &mut Graph, link: &Link, block: &Block) -> Result<(), EditError> {
    let inputs =
        inputs_of(block).into_iter().map(|info| (link.from.clone(), Port::new(block.id, &info.name)));
    join_first(graph, inputs.collect())?;
    let outputs =
        outputs_of(block).into_iter().map(|info| (Port::new(block.id, &info.name), link.to.clone()));
    join_first(graph, outputs.collect())
}

/// Draws the first of these wires that can be drawn; inputs without a wire come first. Errors: why the first one cannot.
fn join_first(graph: &mut Graph, mut ends: Vec<(Port, Port)>) -> Result<(), EditError> {
    let wired: HashSet<&Port> = graph.links.iter().map(|link| &link.to).collect();
    ends.sort_by_key(|(_, to)| wired.contains(to));
    let mut refusal = EditError::NoWay;
    for (index, (from, to)) in ends.iter().enumerate() {
        match can_connect(graph, from, to) {
            Ok(()) => return connect(graph, from, to),
            Err(error) if index == 0 => refusal = error,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// Joins the first output of one block to the first input of another that takes it, a free one where there is one.
pub fn connect_blocks(graph: &mut Graph, from: BlockId, to: BlockId) -> Result<(), EditError> {
    if from == to {
        return Err(EditError::Itself);
    }
    let (source, target) = (get(graph, from)?, get(graph, to)?);
    let inputs = inputs_of(target);
    let ends = outputs_of(source).into_iter().flat_map(|output| {
        let output = Port::new(from, &output.name);
        inputs.iter().map(move |input| (output.clone(), Port::new(to, &input.name)))
    });
    let ends = ends.collect();
    join_first(graph, ends)
}

/// Removes blocks and hands on what came into the first wired input of each to whatever it fed, where that fits.
pub fn dissolve(graph: &mut Graph, blocks: &[BlockId]) -> Result<(), EditError> {
    chosen(graph, blocks)?;
    for &id in blocks {
        let Some(block) = graph.block(id) else { continue };
        let source = inputs_of(block).into_iter().find_map(|input| {
            let to = Port::new(id, &input.name);
            graph.links.iter().find(|link| link.to == to).map(|link| link.from.clone())
        });
        let fed: Vec<Port> =
            graph.links.iter().filter(|link| link.from.block == id).map(|link| link.to.clone()).collect();
        remove(graph, &[id])?;
        let Some(source) = source.filter(|source| source.block != id) else { continue };
        for to in fed {
            if can_connect(graph, &source, &to).is_ok() {
                connect(graph, &source, &to)?;
            }
        }
    }
    Ok(())
}

/// Removes these wires; those that are gone already do not matter.
pub fn cut(graph: &mut Graph, links: &[Link]) {
    graph.links.retain(|link| !links.contains(link));
}

/// Mutes, bypasses or activates blocks. Only what has an input and an output can be bypassed.
pub fn set_activity(graph: &mut Graph, blocks: &[BlockId], activity: Activity) -> Result<(), EditError> {
    chosen(graph, blocks)?;
    if activity == Activity::Bypassed {
        for &id in blocks {
            let block = get(graph, id)?;
            if !can_be_bypassed(block) {
                return Err(EditError::NoBypass(block.name.clone()));
            }
        }
    }
    let before: Vec<(BlockId, Activity)> =
        graph.blocks.iter().map(|block| (block.id, block.activity)).collect();
    for &id in blocks {
        get_mut(graph, id)?.activity = activity;
    }
    // A bypassed group hands its first input to every output: a way that was not there before.
    let circle = {
        let nodes = flatten(graph).nodes;
        let (_, cycles) = order(&nodes, &consumers(&nodes));
        cycles.first().map(|cycle| around(&nodes, cycle))
    };
    match circle.filter(|_| activity == Activity::Bypassed) {
        None => Ok(()),
        Some(names) => {
            for (block, (_, activity)) in graph.blocks.iter_mut().zip(before) {
                block.activity = activity;
            }
            Err(EditError::Cycle(names))
        }
    }
}

pub(in crate::blueprint) fn can_be_bypassed(block: &Block) -> bool {
    !inputs_of(block).is_empty() && !outputs_of(block).is_empty() && block.kind != "group-input"
}

fn get(graph: &Graph, block: BlockId) -> Result<&Block, EditError> {
    graph.block(block).ok_or(EditError::NoBlock(block.0))
}
