//! The network as a document: blocks, ports, links, groups, shape inference, errors with mends, templates, undo, the versioned file.
//! Plain serialisable values; no tensors, no window.

mod model;
mod plan;

pub use model::{Block, BlockId, Blueprint, Graph, Link, Parameter, Port};
pub use plan::{Analysis, BlockReport, Fault, Op, PathId, Plan, PortType, Shape, Step};
