//! Automatic layout. An encoder–decoder with nested skips is drawn as a U; anything else in columns from left to right by longest path,
//! with few crossings (barycentres, Sugiyama et al. 1981). What a frame holds stays in it. Circles and any size are survived.

mod columns;
mod ladder;

use super::arrange::{Size, place};
use super::{EditError, chosen};
use crate::blueprint::model::{BlockId, Graph};
use std::collections::HashMap;

/// Room between blocks, in canvas units: wires and their shapes stand in it.
const GAP: [f32; 2] = [56.0, 52.0];
/// Room between a frame and its blocks, and for its title above them.
const FRAME_PAD: f32 = 24.0;
const FRAME_TITLE: f32 = 24.0;

/// A block, or a frame with all that it holds, as one piece.
struct Piece {
    blocks: Vec<BlockId>,
    /// The frames in it, the outermost first.
    frames: Vec<usize>,
    corner: [f32; 2],
    size: [f32; 2],
}

/// What is laid out: sizes of the pieces, wires between them without repetition.
struct Net {
    sizes: Vec<[f32; 2]>,
    links: Vec<(usize, usize)>,
}

/// Lays these blocks out, or all where none are named; the top left corner of all of them stays where it is.
pub fn layout(graph: &mut Graph, blocks: &[BlockId], size: Size) -> Result<(), EditError> {
    let wanted = chosen(graph, blocks)?;
    let ids: Vec<BlockId> = graph.blocks.iter().map(|block| block.id).collect();
    let ids: Vec<BlockId> = ids.into_iter().filter(|id| wanted.is_empty() || wanted.contains(id)).collect();
    let positions: HashMap<BlockId, [f32; 2]> =
        graph.blocks.iter().map(|block| (block.id, block.position)).collect();
    // Only frames whose blocks are all laid out are pieces.
    let frames: Vec<usize> = (0..graph.frames.len())
        .filter(|&frame| {
            let mut held =
                graph.blocks.iter().filter(|block| graph.frames[frame].holds(block.position)).peekable();
            held.peek().is_some() && held.all(|block| wanted.is_empty() || wanted.contains(&block.id))
        })
        .collect();
    let corner = |graph: &Graph| {
        let least = |axis: usize| {
            let places = graph.blocks.iter().filter(|block| wanted.is_empty() || wanted.contains(&block.id));
            places.map(|block| block.position[axis]).fold(f32::INFINITY, f32::min)
        };
        [least(0), least(1)]
    };
    let before = corner(graph);
    if !before.iter().all(|value| value.is_finite()) {
        return Ok(());
    }
    let mut sketch = Sketch { graph, size, positions, frames: HashMap::new() };
    sketch.arrange(&ids, &frames);
    let Sketch { positions, frames, .. } = sketch;
    let least = |axis: usize| ids.iter().map(|id| positions[id][axis]).fold(f32::INFINITY, f32::min);
    let by = [before[0] - least(0), before[1] - least(1)];
    let moved = |[x, y]: [f32; 2]| [(x + by[0]).round(), (y + by[1]).round()];
    let places: Vec<_> = ids.iter().map(|id| (*id, moved(positions[id]))).collect();
    place(graph, &places)?;
    for (frame, (position, size)) in frames {
        let frame = &mut graph.frames[frame];
        (frame.position, frame.size) = (moved(position), size);
    }
    Ok(())
}

/// Places as they come to be, before the document hears of them.
struct Sketch<'a> {
    graph: &'a Graph,
    size: Size<'a>,
    positions: HashMap<BlockId, [f32; 2]>,
    frames: HashMap<usize, ([f32; 2], [f32; 2])>,
}

impl Sketch<'_> {
    /// Lays out blocks among which these frames are; answers the rectangle they take.
    fn arrange(&mut self, ids: &[BlockId], frames: &[usize]) -> ([f32; 2], [f32; 2]) {
        let mut pieces = self.pieces(ids, frames);
        let mut piece_of = HashMap::new();
        for (index, piece) in pieces.iter().enumerate() {
            piece_of.extend(piece.blocks.iter().map(|id| (*id, index)));
        }
        let ends = |port: BlockId| piece_of.get(&port).copied();
        let mut links: Vec<(usize, usize)> = self
            .graph
            .links
            .iter()
            .filter_map(|link| Some((ends(link.from.block)?, ends(link.to.block)?)))
            .filter(|(from, to)| from != to)
            .collect();
        links.sort_unstable();
        links.dedup();
        let net = Net { sizes: pieces.iter().map(|piece| piece.size).collect(), links };
        let places = ladder::places(&net).unwrap_or_else(|| columns::places(&net));
        for (piece, to) in pieces.iter_mut().zip(&places) {
            let by = [to[0] - piece.corner[0], to[1] - piece.corner[1]];
            let moved = |at: &mut [f32; 2]| *at = [at[0] + by[0], at[1] + by[1]];
            for id in &piece.blocks {
                if let Some(position) = self.positions.get_mut(id) {
                    moved(position);
                }
            }
            for frame in &piece.frames {
                if let Some((position, _)) = self.frames.get_mut(frame) {
                    moved(position);
                }
            }
        }
        let edge = |axis: usize, far: bool| {
            let all = places.iter().zip(&net.sizes);
            let edges = all.map(move |(at, size)| at[axis] + if far { size[axis] } else { 0.0 });
            edges.reduce(if far { f32::max } else { f32::min }).unwrap_or(0.0)
        };
        let corner = [edge(0, false), edge(1, false)];
        (corner, [edge(0, true) - corner[0], edge(1, true) - corner[1]])
    }

    /// The outermost frames with what they hold, each laid out by itself, and the blocks outside of all frames.
    fn pieces(&mut self, ids: &[BlockId], frames: &[usize]) -> Vec<Piece> {
        let area = |frame: &usize| self.graph.frames[*frame].size.iter().product::<f32>();
        let mut left: Vec<usize> = frames.to_vec();
        left.sort_by(|a, b| area(b).total_cmp(&area(a)).then(a.cmp(b)));
        let mut free: Vec<BlockId> = ids.to_vec();
        let mut pieces = Vec::new();
        while !left.is_empty() {
            let outer = left.remove(0);
            let frame = &self.graph.frames[outer];
            let original = |id: &BlockId| self.graph.block(*id).map(|block| block.position);
            let held: Vec<BlockId> =
                free.extract_if(.., |id| original(id).is_some_and(|at| frame.holds(at))).collect();
            let inner: Vec<usize> =
                left.extract_if(.., |other| frame.holds(self.graph.frames[*other].position)).collect();
            if held.is_empty() {
                continue;
            }
            let (corner, size) = self.arrange(&held, &inner);
            let corner = [corner[0] - FRAME_PAD, corner[1] - FRAME_PAD - FRAME_TITLE];
            let size = [size[0] + 2.0 * FRAME_PAD, size[1] + 2.0 * FRAME_PAD + FRAME_TITLE];
            self.frames.insert(outer, (corner, size));
            pieces.push(Piece { blocks: held, frames: [vec![outer], inner].concat(), corner, size });
        }
        pieces.extend(free.into_iter().filter_map(|id| {
            let block = self.graph.block(id)?;
            let corner = self.positions.get(&id).copied()?;
            Some(Piece { blocks: vec![id], frames: Vec::new(), corner, size: (self.size)(block) })
        }));
        // In document order, which the layout keeps where nothing speaks against it.
        let place = |id: &BlockId| self.graph.blocks.iter().position(|block| block.id == *id);
        pieces.sort_by_cached_key(|piece| piece.blocks.first().and_then(place));
        pieces
    }
}

impl Net {
    /// Neighbours behind (what feeds a piece) and ahead, without the wires that close circles.
    fn neighbours(&self) -> (Vec<Vec<usize>>, Vec<Vec<usize>>) {
        let count = self.sizes.len();
        let mut ahead = vec![Vec::new(); count];
        for &(from, to) in &self.links {
            ahead[from].push(to);
        }
        // Depth first without recursion: a wire back to what is still open closes a circle.
        let (mut state, mut back) = (vec![0_u8; count], std::collections::HashSet::new());
        let mut fed = vec![false; count];
        self.links.iter().for_each(|&(_, to)| fed[to] = true);
        let starts = (0..count).filter(|&piece| !fed[piece]).chain(0..count);
        for start in starts.collect::<Vec<_>>() {
            let mut walk = vec![(start, 0)];
            if state[start] != 0 {
                continue;
            }
            state[start] = 1;
            while let Some((piece, next)) = walk.last_mut() {
                let piece = *piece;
                let Some(&to) = ahead[piece].get(*next) else {
                    state[piece] = 2;
                    walk.pop();
                    continue;
                };
                *next += 1;
                match state[to] {
                    0 => {
                        state[to] = 1;
                        walk.push((to, 0));
                    }
                    1 => _ = back.insert((piece, to)),
                    _ => {}
                }
            }
        }
        let mut behind = vec![Vec::new(); count];
        for (from, targets) in ahead.iter_mut().enumerate() {
            targets.retain(|to| !back.contains(&(from, *to)));
            targets.iter().for_each(|&to| behind[to].push(from));
        }
        (behind, ahead)
    }
}

/// The layer of each piece: how many lie before it on the longest way. What nothing feeds stands right before what it feeds.
fn layers(behind: &[Vec<usize>], ahead: &[Vec<usize>]) -> (Vec<usize>, Vec<usize>) {
    let mut waiting: Vec<usize> = behind.iter().map(Vec::len).collect();
    let mut order: Vec<usize> = (0..behind.len()).filter(|&piece| waiting[piece] == 0).collect();
    let mut layer = vec![0_usize; behind.len()];
    let mut at = 0;
    while let Some(&piece) = order.get(at) {
        at += 1;
        for &to in &ahead[piece] {
            layer[to] = layer[to].max(layer[piece] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                order.push(to);
            }
        }
    }
    for &piece in order.iter().filter(|&&piece| behind[piece].is_empty()) {
        if let Some(first) = ahead[piece].iter().map(|&to| layer[to]).min() {
            layer[piece] = first.saturating_sub(1);
        }
    }
    (layer, order)
}
