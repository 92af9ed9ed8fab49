//! Where blocks stand: moved one by one, aligned, distributed. Sizes come from whoever draws the blocks, in canvas units.

use super::{EditError, check_position, chosen};
use crate::blueprint::model::{Block, BlockId, Graph};
use std::collections::HashMap;

/// Width and height of a block as it is drawn.
pub type Size<'a> = &'a dyn Fn(&Block) -> [f32; 2];

/// What aligned blocks have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    Left,
    Right,
    Top,
    Bottom,
    /// The middles lie below each other.
    CentreX,
    /// The middles lie beside each other.
    CentreY,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    X,
    Y,
}

/// Puts blocks at places of their own; all of them or none.
pub fn place(graph: &mut Graph, places: &[(BlockId, [f32; 2])]) -> Result<(), EditError> {
    chosen(graph, &places.iter().map(|(id, _)| *id).collect::<Vec<_>>())?;
    places.iter().try_for_each(|(_, position)| check_position(*position))?;
    let places: HashMap<BlockId, [f32; 2]> = places.iter().copied().collect();
    for block in &mut graph.blocks {
        if let Some(place) = places.get(&block.id) {
            block.position = *place;
        }
    }
    Ok(())
}

/// Brings edges or middles of the blocks onto one line: the outermost edge, or the middle between the outermost edges.
pub fn align(graph: &mut Graph, blocks: &[BlockId], to: Alignment, size: Size) -> Result<(), EditError> {
    let moving = chosen(graph, blocks)?;
    let axis = usize::from(!matches!(to, Alignment::Left | Alignment::Right | Alignment::CentreX));
    let span = |block: &Block| (block.position[axis], block.position[axis] + size(block)[axis]);
    let spans = || graph.blocks.iter().filter(|block| moving.contains(&block.id)).map(&span);
    let low = spans().map(|span| span.0).fold(f32::INFINITY, f32::min);
    let high = spans().map(|span| span.1).fold(f32::NEG_INFINITY, f32::max);
    let place = |block: &Block| {
        let length = size(block)[axis];
        match to {
            Alignment::Left | Alignment::Top => low,
            Alignment::Right | Alignment::Bottom => high - length,
            Alignment::CentreX | Alignment::CentreY => (0.5 * (low + high - length)).round(),
        }
    };
    let places: Vec<f32> = graph.blocks.iter().map(place).collect();
    for (block, place) in graph.blocks.iter_mut().zip(places) {
        if moving.contains(&block.id) {
            block.position[axis] = place;
        }
    }
    Ok(())
}

/// Makes the gaps between the blocks along an axis equal; the outermost stay.
pub fn distribute(graph: &mut Graph, blocks: &[BlockId], along: Axis, size: Size) -> Result<(), EditError> {
    let moving = chosen(graph, blocks)?;
    let axis = usize::from(along == Axis::Y);
    let mut row: Vec<(f32, f32, BlockId)> = graph
        .blocks
        .iter()
        .filter(|block| moving.contains(&block.id))
        .map(|block| (block.position[axis], size(block)[axis], block.id))
        .collect();
    row.sort_by(|a, b| (a.0 + 0.5 * a.1).total_cmp(&(b.0 + 0.5 * b.1)));
    let (Some(first), Some(last)) = (row.first(), row.last()) else { return Ok(()) };
    if row.len() < 3 {
        return Ok(());
    }
    let free = last.0 + last.1 - first.0 - row.iter().map(|(_, length, _)| length).sum::<f32>();
    let gap = free / (row.len() - 1) as f32;
    let mut at = first.0;
    for (index, (old, length, id)) in row.iter().enumerate() {
        if index > 0
            && index + 1 < row.len()
            && let Some(block) = graph.block_mut(*id)
        {
            block.position[axis] = at.round();
        }
        // The outermost keep their places to the last bit.
        at = if index == 0 { old + length + gap } else { at + length + gap };
    }
    Ok(())
}
