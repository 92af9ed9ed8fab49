//! Orders and circles of the opened document.

use super::flat::{Node, Part, flatten};
use super::model::Blueprint;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// The blocks around the first circle that the wires make, `A → B → A`, seen through all groups.
pub(super) fn circle(blueprint: &Blueprint) -> Option<String> {
    let nodes = flatten(&blueprint.graph).nodes;
    let (_, cycles) = order(&nodes, &consumers(&nodes));
    cycles.first().map(|cycle| around(&nodes, cycle))
}

pub(super) fn around(nodes: &[Node], cycle: &[usize]) -> String {
    let mut names: Vec<&str> = cycle
        .iter()
        .map(|&index| &nodes[index])
        .filter(|node| !is_port(node))
        .map(|node| node.name.as_str())
        .collect();
    // Groups may hand a wire round through nothing but their ports.
    if names.is_empty() {
        names = cycle.iter().map(|&index| nodes[index].name.as_str()).collect();
    }
    names.extend(names.first().copied());
    names.join(" → ")
}

/// The nodes that each node feeds, once for each wire.
pub(super) fn consumers(nodes: &[Node]) -> Vec<Vec<usize>> {
    let mut consumers = vec![Vec::new(); nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for source in node.slots.iter().filter_map(|slot| slot.source) {
            consumers[source].push(index);
        }
    }
    consumers
}

pub(super) fn is_port(node: &Node) -> bool {
    matches!(node.block.kind.as_str(), "group-input" | "group-output")
}

/// Whether it is an output of the network that takes part in it.
pub(super) fn is_output(node: &Node) -> bool {
    node.block.kind == "output" && node.part != Part::Absent
}

/// Backwards from the outputs; everything where there are none.
pub(super) fn used(nodes: &[Node]) -> Vec<bool> {
    let mut open: Vec<usize> = (0..nodes.len()).filter(|&index| is_output(&nodes[index])).collect();
    let mut used = vec![open.is_empty(); nodes.len()];
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut used[index], true) {
            open.extend(nodes[index].slots.iter().filter_map(|slot| slot.source));
        }
    }
    used
}

/// Nodes in an order in which they can be computed, early ones of the document first; and the cycles, whose nodes are left out.
pub(super) fn order(nodes: &[Node], consumers: &[Vec<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut waiting: Vec<usize> =
        nodes.iter().map(|node| node.slots.iter().filter(|slot| slot.source.is_some()).count()).collect();
    let mut ready: BinaryHeap<_> =
        (0..nodes.len()).filter(|&index| waiting[index] == 0).map(Reverse).collect();
    let mut done = vec![false; nodes.len()];
    let (mut order, mut cycles) = (Vec::new(), Vec::new());
    let mut first_open = 0;
    loop {
        while let Some(Reverse(index)) = ready.pop() {
            if std::mem::replace(&mut done[index], true) {
                continue;
            }
            order.push(index);
            for &next in &consumers[index] {
                waiting[next] -= 1;
                if waiting[next] == 0 {
                    ready.push(Reverse(next));
                }
            }
        }
        while first_open < nodes.len() && done[first_open] {
            first_open += 1;
        }
        if first_open == nodes.len() {
            return (order, cycles);
        }
        let cycle = cycle_behind(first_open, nodes, &done);
        for &index in &cycle {
            done[index] = true;
        }
        for &index in &cycle {
            for &next in &consumers[index] {
                waiting[next] -= 1;
                if waiting[next] == 0 && !done[next] {
                    ready.push(Reverse(next));
                }
            }
        }
        cycles.push(cycle);
    }
}

/// Every open node waits for an open one, so walking back from any must come round.
fn cycle_behind(start: usize, nodes: &[Node], done: &[bool]) -> Vec<usize> {
    let mut seen_at = HashMap::new();
    let mut walk = vec![start];
    loop {
        let here = walk[walk.len() - 1];
        if let Some(first) = seen_at.insert(here, walk.len() - 1) {
            walk.pop();
            let mut cycle = walk.split_off(first);
            cycle.reverse();
            return cycle;
        }
        match nodes[here].slots.iter().filter_map(|slot| slot.source).find(|&source| !done[source]) {
            Some(source) => walk.push(source),
            None => return vec![here],
        }
    }
}
