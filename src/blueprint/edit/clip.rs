//! Copy, paste, duplicate: blocks with the wires between them, and those that came in from outside.

use super::frames::check_frame;
use super::{EditError, check_position, chosen, free_name};
use crate::blueprint::catalogue;
use crate::blueprint::model::{Block, BlockId, Frame, Graph, Link};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// What was copied. As JSON it travels through the system's clipboard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    blocks: Vec<Block>,
    links: Vec<Link>,
    /// Wires from blocks that were not copied, with the names of those blocks.
    outside: Vec<(String, Link)>,
    /// Frames of which all blocks were copied.
    #[serde(default)]
    frames: Vec<Frame>,
}

impl Clip {
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Top left corner of all that was copied.
    pub fn corner(&self) -> [f32; 2] {
        let places = || {
            let blocks = self.blocks.iter().map(|block| block.position);
            blocks.chain(self.frames.iter().map(|frame| frame.position))
        };
        let least = |axis: usize| places().map(|place| place[axis]).fold(f32::INFINITY, f32::min);
        if self.is_empty() { [0.0, 0.0] } else { [least(0), least(1)] }
    }
}

/// Copies blocks, and the frames that hold these blocks and no others.
pub fn copy(graph: &Graph, blocks: &[BlockId]) -> Result<Clip, EditError> {
    let taken = chosen(graph, blocks)?;
    let into = |link: &&Link| taken.contains(&link.to.block);
    let (links, outside): (Vec<Link>, Vec<Link>) =
        graph.links.iter().filter(into).cloned().partition(|link| taken.contains(&link.from.block));
    let named = |link: Link| Some((graph.block(link.from.block)?.name.clone(), link));
    let outside = outside.into_iter().filter_map(named).collect();
    let blocks = graph.blocks.iter().filter(|block| taken.contains(&block.id)).cloned().collect();
    let is_taken = |frame: &&Frame| {
        let mut held = graph.blocks.iter().filter(|block| frame.holds(block.position)).peekable();
        held.peek().is_some() && held.all(|block| taken.contains(&block.id))
    };
    let frames = graph.frames.iter().filter(is_taken).cloned().collect();
    Ok(Clip { blocks, links, outside, frames })
}

/// Puts the copied blocks so that their common top left corner is `at`, under new ids and, where taken, new names. With
/// `keep_outside`, wires from blocks that were not copied come along where those blocks are still there. Gives the new ids.
pub fn paste(
    graph: &mut Graph,
    clip: &Clip,
    at: [f32; 2],
    keep_outside: bool,
) -> Result<Vec<BlockId>, EditError> {
    let corner = clip.corner();
    let moved = |position: [f32; 2]| [position[0] - corner[0] + at[0], position[1] - corner[1] + at[1]];
    for block in &clip.blocks {
        check_position(moved(block.position))?;
    }
    for frame in &clip.frames {
        check_frame(moved(frame.position), frame.size)?;
    }
    let mut ids = HashMap::new();
    let mut names: HashSet<String> = graph.blocks.iter().map(|block| block.name.clone()).collect();
    let mut pasted = Vec::new();
    for block in &clip.blocks {
        let id = graph.free_id();
        let name = free_name(&block.name, |name| names.contains(name));
        names.insert(name.clone());
        ids.insert(block.id, id);
        graph.blocks.push(Block { id, name, position: moved(block.position), ..block.clone() });
        pasted.push(id);
    }
    let frames = clip.frames.iter();
    graph.frames.extend(frames.map(|frame| Frame { position: moved(frame.position), ..frame.clone() }));
    for link in &clip.links {
        if let (Some(&from), Some(&to)) = (ids.get(&link.from.block), ids.get(&link.to.block)) {
            graph.links.push(Link::new(from, &link.from.port, to, &link.to.port));
        }
    }
    if keep_outside {
        for (name, link) in &clip.outside {
            // In another graph the number may be another block's.
            let source = graph.block(link.from.block).filter(|block| block.name == *name);
            let gives = source.is_some_and(|block| {
                catalogue::outputs_of(block).iter().any(|output| output.name == link.from.port)
            });
            if let Some(&to) = ids.get(&link.to.block)
                && gives
            {
                graph.links.push(Link::new(link.from.block, &link.from.port, to, &link.to.port));
            }
        }
    }
    Ok(pasted)
}

/// A copy beside the original, fed by the same wires.
pub fn duplicate(graph: &mut Graph, blocks: &[BlockId], by: [f32; 2]) -> Result<Vec<BlockId>, EditError> {
    let clip = copy(graph, blocks)?;
    let [x, y] = clip.corner();
    paste(graph, &clip, [x + by[0], y + by[1]], true)
}
