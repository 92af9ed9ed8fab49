//! Titled frames around blocks. A block belongs to a frame where its top left corner lies in it.

use super::{EditError, check_position, move_by};
use crate::blueprint::model::{BlockId, Frame, Graph};
use indexmap::IndexMap;

/// Least width and height of a frame, in canvas units.
const LEAST: [f32; 2] = [96.0, 56.0];

impl Frame {
    pub fn new(title: &str, position: [f32; 2], size: [f32; 2]) -> Self {
        Self { title: title.to_owned(), note: String::new(), position, size, other: IndexMap::new() }
    }

    /// Whether a point, such as a block's top left corner, lies in it.
    pub fn holds(&self, point: [f32; 2]) -> bool {
        (0..2).all(|axis| {
            let from = self.position[axis];
            (from..=from + self.size[axis]).contains(&point[axis])
        })
    }

    fn is_around(&self, other: &Self) -> bool {
        let far = [other.position[0] + other.size[0], other.position[1] + other.size[1]];
        self.holds(other.position) && self.holds(far)
    }
}

/// Adds a frame; gives its place among the frames.
pub fn add_frame(
    graph: &mut Graph,
    title: &str,
    position: [f32; 2],
    size: [f32; 2],
) -> Result<usize, EditError> {
    check_frame(position, size)?;
    graph.frames.push(Frame::new(title.trim(), position, at_least(size)));
    Ok(graph.frames.len() - 1)
}

/// Moves a frame, and with it what is in it: blocks and frames.
pub fn move_frame(graph: &mut Graph, frame: usize, by: [f32; 2]) -> Result<(), EditError> {
    let moving = get(graph, frame)?.clone();
    let blocks = in_frame(graph, frame)?;
    let inner: Vec<usize> = (0..graph.frames.len())
        .filter(|&other| other != frame && moving.is_around(&graph.frames[other]))
        .chain([frame])
        .collect();
    let moved = |position: [f32; 2]| [position[0] + by[0], position[1] + by[1]];
    inner.iter().try_for_each(|&other| check_position(moved(graph.frames[other].position)))?;
    move_by(graph, &blocks, by)?;
    for other in inner {
        let frame = &mut graph.frames[other];
        frame.position = moved(frame.position);
    }
    Ok(())
}

pub fn resize_frame(
    graph: &mut Graph,
    frame: usize,
    position: [f32; 2],
    size: [f32; 2],
) -> Result<(), EditError> {
    check_frame(position, size)?;
    let frame = get_mut(graph, frame)?;
    (frame.position, frame.size) = (position, at_least(size));
    Ok(())
}

pub fn rename_frame(graph: &mut Graph, frame: usize, title: &str) -> Result<(), EditError> {
    const MAX_TITLE_BYTES: usize = 200;
    let title = title.trim();
    if title.len() > MAX_TITLE_BYTES {
        return Err(EditError::Name(format!("The title is longer than {MAX_TITLE_BYTES} bytes")));
    }
    get_mut(graph, frame)?.title = title.to_owned();
    Ok(())
}

/// Removes the frame alone; what was in it stays.
pub fn remove_frame(graph: &mut Graph, frame: usize) -> Result<(), EditError> {
    get(graph, frame)?;
    graph.frames.remove(frame);
    Ok(())
}

/// The blocks in a frame.
pub fn in_frame(graph: &Graph, frame: usize) -> Result<Vec<BlockId>, EditError> {
    let frame = get(graph, frame)?;
    Ok(graph.blocks.iter().filter(|block| frame.holds(block.position)).map(|block| block.id).collect())
}

fn get(graph: &Graph, frame: usize) -> Result<&Frame, EditError> {
    graph.frames.get(frame).ok_or(EditError::NoFrame)
}

fn get_mut(graph: &mut Graph, frame: usize) -> Result<&mut Frame, EditError> {
    graph.frames.get_mut(frame).ok_or(EditError::NoFrame)
}

fn at_least(size: [f32; 2]) -> [f32; 2] {
    [size[0].max(LEAST[0]), size[1].max(LEAST[1])]
}

pub(super) fn check_frame(position: [f32; 2], size: [f32; 2]) -> Result<(), EditError> {
    check_position(position)?;
    check_position([position[0] + size[0], position[1] + size[1]])
}
