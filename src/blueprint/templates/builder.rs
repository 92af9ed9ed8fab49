//! Builds a template's graph block by block. The layout is the templates' own: a reader sees what flows where without tidying up.

use crate::blueprint::catalogue::{self, OUT};
use crate::blueprint::model::{Block, BlockId, Graph, Link, Parameter};

/// Distances between the top left corners of neighbouring blocks, and the width of one, in canvas units.
pub(super) const STEP_X: f32 = 184.0;
pub(super) const STEP_Y: f32 = 104.0;
pub(super) const WIDTH: f32 = 128.0;

/// An output port, where a wire starts.
pub(super) type Source = (BlockId, &'static str);
pub(super) type Set<'a> = &'a [(&'a str, Parameter)];

/// Blocks are numbered from 1 in the order in which they are added.
#[derive(Default)]
pub(in crate::blueprint) struct Builder(pub Graph);

impl Builder {
    /// A block with all parameters of its kind, the given ones set.
    pub fn add(&mut self, of: &str, name: &str, position: [f32; 2], set: Set) -> BlockId {
        let id = BlockId(self.0.blocks.len() as u32 + 1);
        let mut block = Block::new(id, of, name, position);
        for spec in catalogue::kind(of).map_or(&[][..], |kind| kind.parameters) {
            block.parameters.insert(spec.name.to_owned(), spec.default());
        }
        for (name, value) in set {
            block.parameters.insert((*name).to_owned(), value.clone());
        }
        self.0.blocks.push(block);
        id
    }

    /// A block to the right of all so far, fed by `from`.
    pub fn after(&mut self, from: Source, of: &str, name: &str, set: Set) -> Source {
        let id = self.next(of, name, set);
        self.link(from, (id, "in"));
        (id, OUT)
    }

    /// A block at a place, fed by `from`.
    pub fn after_at(&mut self, from: Source, of: &str, name: &str, position: [f32; 2], set: Set) -> Source {
        let id = self.add(of, name, position, set);
        self.link(from, (id, "in"));
        (id, OUT)
    }

    /// What joins several inputs (`in1`, `in2`, …), to the right of all so far.
    pub fn join(&mut self, of: &str, name: &str, sources: &[Source]) -> Source {
        let [x, y] = [self.right(), 0.0];
        self.join_at(of, name, [x, y], sources)
    }

    pub fn join_at(&mut self, of: &str, name: &str, position: [f32; 2], sources: &[Source]) -> Source {
        let id = self.add(of, name, position, &[("inputs", (sources.len() as i64).into())]);
        for (number, &source) in (1..).zip(sources) {
            self.link(source, (id, &format!("in{number}")));
        }
        (id, OUT)
    }

    /// A block to the right of all so far.
    pub fn next(&mut self, of: &str, name: &str, set: Set) -> BlockId {
        self.add(of, name, [self.right(), 0.0], set)
    }

    /// A block under another one.
    pub fn below(&mut self, of: &str, name: &str, above: BlockId) -> BlockId {
        let [x, y] = self.place(above);
        self.add(of, name, [x, y + STEP_Y], &[])
    }

    pub fn group(&mut self, name: &str, position: [f32; 2], inside: Builder) -> BlockId {
        let id = self.add("group", name, position, &[]);
        if let Some(block) = self.0.block_mut(id) {
            block.inside = Some(inside.0);
        }
        id
    }

    pub fn link(&mut self, from: Source, to: (BlockId, &str)) {
        self.0.links.push(Link::new(from.0, from.1, to.0, to.1));
    }

    pub fn place(&self, id: BlockId) -> [f32; 2] {
        self.0.block(id).map_or([0.0, 0.0], |block| block.position)
    }

    /// Where a block stands free on the right of all so far.
    fn right(&self) -> f32 {
        self.0.blocks.iter().map(|block| block.position[0] + STEP_X).fold(0.0, f32::max)
    }
}

/// A count as a parameter. Options are checked against limits far below 2⁶³.
pub(super) fn count(value: usize) -> Parameter {
    Parameter::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}
