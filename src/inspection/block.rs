//! Blocks by their names, and the steps that a block or group stands for.

use super::error::{InspectionError, Result};
use crate::blueprint::{Blueprint, Op, PathId, Step};

/// The block's name with its groups, `Encoder 1/Convolution`; of the empty path `network`.
pub(super) fn name(steps: &[Step], path: &PathId, blueprint: &Blueprint) -> Result<String> {
    if path.is_empty() {
        return Ok("network".to_owned());
    }
    let gone = || {
        InspectionError::request(
            "this block is not part of the network",
            "it may be muted, lead to no output, or be newer than the run; choose another",
        )
    };
    steps.iter().find(|step| step.path.starts_with(path)).ok_or_else(gone)?;
    let mut graph = &blueprint.graph;
    let mut words = Vec::new();
    for id in path {
        let block = graph.block(*id).ok_or_else(gone)?;
        words.push(block.name.as_str());
        if let Some(inside) = &block.inside {
            graph = inside;
        }
    }
    Ok(words.join("/"))
}

/// Indices of the steps inside a block; of the empty path all.
pub(super) fn inside(steps: &[Step], path: &PathId) -> Vec<usize> {
    (0..steps.len()).filter(|&index| steps[index].path.starts_with(path)).collect()
}

/// The step whose value a block hands on: of a group the last that something outside takes, of the empty path the first output.
pub(super) fn outlet(steps: &[Step], path: &PathId) -> Result<usize> {
    let nothing = || InspectionError::request("the block computes nothing", "choose another");
    if path.is_empty() {
        return steps.iter().position(|step| matches!(step.op, Op::Output { .. })).ok_or_else(nothing);
    }
    let own = inside(steps, path);
    let leaves =
        |index: &&usize| steps.iter().any(|step| step.inputs.contains(index) && !step.path.starts_with(path));
    own.iter().rev().find(leaves).or(own.last()).copied().ok_or_else(nothing)
}
