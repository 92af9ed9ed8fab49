//! Blocks by their names, and the steps that a block or group stands for.

use super::error::{InspectionError, Result};
use crate::blueprint::{Blueprint, Graph, Op, PathId, Step};

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

/// Every block of a blueprint by the name the user reads, groups among them, in document order.
pub fn blocks(blueprint: &Blueprint) -> Vec<(String, PathId)> {
    fn walk(graph: &Graph, before: &str, path: &PathId, found: &mut Vec<(String, PathId)>) {
        for block in &graph.blocks {
            let name = format!("{before}{}", block.name);
            let own: PathId = path.iter().copied().chain([block.id]).collect();
            found.push((name.clone(), own.clone()));
            if let Some(inside) = &block.inside {
                walk(inside, &format!("{name}/"), &own, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(&blueprint.graph, "", &PathId::new(), &mut found);
    found
}

/// The block of this name, as the user reads it; case does not matter where only one fits.
///
/// # Errors
/// No such block: the message lists near ones.
pub fn find_block(blueprint: &Blueprint, name: &str) -> Result<PathId> {
    let known = blocks(blueprint);
    if let Some((_, path)) = known.iter().find(|(own, _)| own == name) {
        return Ok(path.clone());
    }
    let small = name.to_lowercase();
    let mut alike = known.iter().filter(|(own, _)| own.to_lowercase() == small);
    if let (Some((_, path)), None) = (alike.next(), alike.next()) {
        return Ok(path.clone());
    }
    let distance = |own: &str| {
        let own = own.to_lowercase();
        // A part of a name is near it, however long the rest.
        if own.contains(&small) { 0 } else { edit_distance(&own, &small) }
    };
    let mut near: Vec<(usize, &str)> = known.iter().map(|(own, _)| (distance(own), own.as_str())).collect();
    near.sort_by_key(|&(distance, _)| distance);
    let near: Vec<String> = near.iter().take(6).map(|(_, own)| format!("`{own}`")).collect();
    Err(InspectionError::request(
        format!("there is no block `{name}`"),
        format!("near ones are {}", near.join(", ")),
    ))
}

/// Letters to insert, delete or replace (Levenshtein).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
