//! Shapes, costs and faults of a whole document, and the plan that a network is compiled from. Total: a faulty document gives as
//! much as can be said, and one fault where the mistake is, not one at every block behind it.

mod report;

use super::catalogue::{self, Inputs};
use super::flat::{Flat, Node, Part, flatten};
use super::forecast::{kept_values, peak_bytes};
use super::model::{BlockId, Blueprint, Port};
use super::plan::{Analysis, BlockReport, Fault, Mend, Op, PathId, Plan, Severity, Shape, Step};
use super::rules::{self, MAX_PARAMETERS, Meaning, Site};
use super::walk::{around, consumers, is_output, is_port, order, used};
use std::collections::HashMap;

/// Everything that can be said of a blueprint without running it.
pub fn analyse(blueprint: &Blueprint) -> Analysis {
    Examination::of(blueprint).analysis
}

/// The flat, ordered network, with all blocks that lead to an output. Errors: the faults that forbid it, in document order.
pub fn plan(blueprint: &Blueprint) -> Result<Plan, Vec<Fault>> {
    let examination = Examination::of(blueprint);
    if examination.analysis.is_valid() {
        Ok(examination.into_plan())
    } else {
        Err(examination.analysis.errors().cloned().collect())
    }
}

pub(super) struct Examination<'a> {
    blueprint: &'a Blueprint,
    pub(super) flat: Flat<'a>,
    /// An order in which the nodes can be computed; without those on a cycle.
    pub(super) order: Vec<usize>,
    consumers: Vec<Vec<usize>>,
    /// By how much the pools from each node on make it smaller.
    pools_ahead: Vec<usize>,
    /// Whether a node leads to an output. All do where there is no output yet.
    pub(super) used: Vec<bool>,
    pub(super) meanings: Vec<Option<Meaning>>,
    analysis: Analysis,
}

impl<'a> Examination<'a> {
    fn of(blueprint: &'a Blueprint) -> Self {
        let mut flat = flatten(&blueprint.graph);
        flat.honour_activity();
        let count = flat.nodes.len();
        let consumers = consumers(&flat.nodes);
        let (order, cycles) = order(&flat.nodes, &consumers);
        let mut this = Self {
            blueprint,
            pools_ahead: report::pools_ahead(&flat.nodes, &order, &consumers),
            used: used(&flat.nodes),
            meanings: std::iter::repeat_with(|| None).take(count).collect(),
            flat,
            order,
            consumers,
            analysis: Analysis::default(),
        };
        for cycle in &cycles {
            this.report_cycle(cycle);
        }
        for place in 0..this.order.len() {
            this.evaluate(this.order[place]);
        }
        this.report_whole();
        this.sum_up();
        this.analysis.forward_bytes = peak_bytes(&this);
        let mut faults = std::mem::take(&mut this.flat.faults);
        let places: HashMap<&PathId, usize> =
            this.flat.nodes.iter().enumerate().map(|(index, node)| (&node.path, index + 1)).collect();
        faults.sort_by_key(|fault| (fault.severity, places.get(&fault.path).copied().unwrap_or(0)));
        this.analysis.faults = faults;
        this
    }

    fn evaluate(&mut self, index: usize) {
        let node = &self.flat.nodes[index];
        let (Some(kind), block) = (node.kind, node.block) else { return };
        if block.kind == "group" || node.part == Part::Absent {
            return;
        }
        if node.part == Part::Bypassed {
            if !self.report_missing(index) {
                let source = self.flat.nodes[index].slots.first().and_then(|slot| slot.source);
                let shape = source
                    .and_then(|source| self.meanings[source].as_ref())
                    .map(|meaning| meaning.shape.clone());
                self.meanings[index] = shape.map(Meaning::handed_on);
            }
            return;
        }
        let mut faulty = false;
        for trouble in rules::check_parameters(block, kind) {
            faulty = true;
            self.report(index, trouble);
        }
        faulty |= self.report_missing(index);
        if faulty {
            return;
        }
        let node = &self.flat.nodes[index];
        let mut inputs = Vec::new();
        for slot in &node.slots {
            let Some(meaning) = slot.source.and_then(|source| self.meanings[source].as_ref()) else { return };
            inputs.push((slot.port.clone(), meaning.shape.clone()));
        }
        for (position, (port, shape)) in inputs.iter().enumerate() {
            let accepts = match kind.inputs {
                Inputs::Fixed(ports) => ports.get(position).map_or(catalogue::ANY, |port| port.accepts),
                Inputs::Counted { accepts, .. } => accepts,
                Inputs::Inside => catalogue::ANY,
            };
            if !accepts.contains(&shape.kind) {
                let trouble = rules::wrong_type(kind, port, accepts, shape);
                return self.report(index, trouble);
            }
        }
        match (kind.rule)(&Site { block, kind, inputs: &inputs }) {
            Ok(meaning) => self.meanings[index] = Some(meaning),
            Err(trouble) => self.report(index, trouble),
        }
    }

    /// Reports the ports without a wire; a group's where the user sees them, on the group.
    fn report_missing(&mut self, index: usize) -> bool {
        let node = &self.flat.nodes[index];
        let (site, group) = match node.group {
            Some(group) if node.block.kind == "group-input" => (&self.flat.nodes[group], true),
            None if is_port(node) => return true,
            _ => (node, false),
        };
        let severity = if self.used[index] { Severity::Error } else { Severity::Warning };
        let missing: Vec<Fault> = node
            .slots
            .iter()
            .filter(|slot| slot.source.is_none())
            .map(|slot| Fault {
                severity,
                path: site.path.clone(),
                block: site.name.clone(),
                port: Some(slot.port.clone()),
                expected: (!group).then(|| accepted(node, &slot.port)),
                came: Some("nothing".to_owned()),
                fix: Some(format!("Connect an output to “{}”", slot.port)),
                ..Fault::new(
                    "missing-input",
                    missing(&slot.port, slot.muted.map(|muted| &*self.flat.nodes[muted].name)),
                )
            })
            .collect();
        let any = !missing.is_empty();
        // A port that the group's inside does not use needs no wire.
        if !(group && self.consumers[index].is_empty()) {
            self.flat.faults.extend(missing);
        }
        any
    }

    fn report_cycle(&mut self, cycle: &[usize]) {
        let Some(&first) = cycle.first() else { return };
        let node = &self.flat.nodes[first];
        self.flat.faults.push(Fault {
            path: node.path.clone(),
            block: node.name.clone(),
            along: cycle.iter().map(|&index| self.flat.nodes[index].path.clone()).collect(),
            fix: Some("Remove one of these wires".to_owned()),
            ..Fault::new(
                "cycle",
                format!("The wires go round in a circle: {}", around(&self.flat.nodes, cycle)),
            )
        });
    }

    /// Faults that are nobody's in particular, and blocks that lead nowhere.
    fn report_whole(&mut self) {
        if !self.flat.nodes.iter().any(is_output) {
            self.flat.faults.push(Fault {
                fix: Some("Add an output and connect the last block to it".to_owned()),
                ..Fault::new(
                    "no-output",
                    "The blueprint has no output, so there is nothing to train".to_owned(),
                )
            });
        }
        let nodes = &self.flat.nodes;
        // A group is used when something in it is; it feeds on when one of its outputs does.
        let mut used = self.used.clone();
        let mut feeds: Vec<bool> = (0..nodes.len())
            .map(|index| {
                self.consumers[index]
                    .iter()
                    .any(|&next| !is_port(&nodes[next]) || !self.consumers[next].is_empty())
            })
            .collect();
        for (index, node) in nodes.iter().enumerate().rev() {
            if let Some(group) = node.group {
                used[group] |= used[index];
                feeds[group] |= node.block.kind == "group-output" && feeds[index];
            }
        }
        for (index, node) in nodes.iter().enumerate() {
            let silent = node.part == Part::Absent
                || used[index]
                || feeds[index]
                || is_port(node)
                || node.group.is_some_and(|group| !used[group]);
            if !silent {
                self.flat.faults.push(Fault {
                    severity: Severity::Warning,
                    path: node.path.clone(),
                    block: node.name.clone(),
                    fix: Some("Connect it, or remove it".to_owned()),
                    mend: Some(Mend::RemoveBlock(node.path.clone())),
                    ..Fault::new("unused", "Leads to no output, so it is left out of the network".to_owned())
                });
            }
        }
    }

    /// Shapes on the ports, costs of blocks and groups, totals.
    fn sum_up(&mut self) {
        let kept = kept_values(self);
        let analysis = &mut self.analysis;
        let nodes = &self.flat.nodes;
        for (index, node) in nodes.iter().enumerate() {
            let Some(meaning) = &self.meanings[index] else { continue };
            let output = match (node.block.kind.as_str(), node.group) {
                ("output", _) => {
                    analysis.outputs.push((node.name.clone(), meaning.shape.clone()));
                    None
                }
                // Seen from outside: the port of the group.
                ("group-output", Some(group)) => Some((&nodes[group], node.block.name.as_str())),
                _ => Some((node, catalogue::OUT)),
            };
            if let Some((at, port)) = output {
                let scope = at.path[..at.path.len() - 1].to_vec();
                analysis.shapes.insert((scope, Port::new(at.block.id, port)), meaning.shape.clone());
            }
            let output_bytes = meaning.shape.values().saturating_mul(4);
            let own = if meaning.op.is_some() { output_bytes } else { 0 };
            let report = BlockReport {
                parameters: meaning.parameters,
                multiply_adds: meaning.multiply_adds,
                output_bytes,
                forward_bytes: own.saturating_add(meaning.working_bytes),
                training_bytes: meaning.kept_bytes.saturating_add(if kept[index] { own } else { 0 }),
            };
            if self.used[index] {
                analysis.parameters = analysis.parameters.saturating_add(report.parameters);
                analysis.multiply_adds = analysis.multiply_adds.saturating_add(report.multiply_adds);
                analysis.training_bytes = analysis.training_bytes.saturating_add(report.training_bytes);
            }
            let mut group = node.group;
            while let Some(index) = group {
                let sum = analysis.blocks.entry(nodes[index].path.clone()).or_default();
                sum.parameters = sum.parameters.saturating_add(report.parameters);
                sum.multiply_adds = sum.multiply_adds.saturating_add(report.multiply_adds);
                sum.forward_bytes = sum.forward_bytes.max(report.forward_bytes);
                sum.training_bytes = sum.training_bytes.saturating_add(report.training_bytes);
                if node.block.kind == "group-output" && node.group == Some(index) {
                    sum.output_bytes = sum.output_bytes.saturating_add(report.output_bytes);
                }
                group = nodes[index].group;
            }
            analysis.blocks.insert(node.path.clone(), report);
        }
        if u128::from(analysis.parameters) > MAX_PARAMETERS {
            self.flat.faults.push(Fault {
                fix: Some("Take fewer filters or levels".to_owned()),
                ..Fault::new(
                    "too-large",
                    format!(
                        "{} learned parameters are more than the {MAX_PARAMETERS} that are allowed",
                        analysis.parameters
                    ),
                )
            });
        }
    }

    fn into_plan(self) -> Plan {
        let mut steps: Vec<Step> = Vec::new();
        // Which step a node's value is: a group's port has that of what feeds it.
        let mut step_of: Vec<Option<usize>> = vec![None; self.flat.nodes.len()];
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let mut meanings = self.meanings;
        for index in self.order {
            let Some(meaning) = meanings[index].take().filter(|_| self.used[index]) else { continue };
            let node = &self.flat.nodes[index];
            let sources: Vec<usize> = node.slots.iter().filter_map(|slot| step_of[slot.source?]).collect();
            let Some(op) = meaning.op else {
                step_of[index] = sources.first().copied();
                continue;
            };
            match op {
                Op::Input { .. } => inputs.push((index, steps.len())),
                Op::Output { .. } => outputs.push((index, steps.len())),
                _ => {}
            }
            step_of[index] = Some(steps.len());
            let (name, path) = (node.name.clone(), node.path.clone());
            steps.push(Step { name, path, op, inputs: sources, shape: meaning.shape });
        }
        let in_document_order = |mut ends: Vec<(usize, usize)>| {
            ends.sort_unstable();
            ends.into_iter().map(|(_, step)| step).collect()
        };
        Plan { steps, inputs: in_document_order(inputs), outputs: in_document_order(outputs) }
    }
}

fn missing(port: &str, muted: Option<&str>) -> String {
    match muted {
        None => format!("No wire comes to “{port}”"),
        Some(muted) => format!("Nothing comes to “{port}”: “{muted}” before it is muted"),
    }
}

fn accepted(node: &Node, port: &str) -> String {
    let ports = catalogue::inputs_of(node.block);
    let types = ports.iter().find(|info| info.name == port).map_or(catalogue::ANY, |info| info.types);
    types.iter().map(|kind| kind.phrase()).collect::<Vec<_>>().join(" or ")
}

impl Analysis {
    /// The shape on the wires that start at this port, in the graph inside `scope`.
    pub fn shape(&self, scope: &[BlockId], port: &Port) -> Option<&Shape> {
        self.shapes.get(&(scope.to_vec(), port.clone()))
    }
}
