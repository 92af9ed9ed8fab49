//! The document with its groups opened: one node for each block, wires resolved through the groups' ports, and the faults of structure.

use super::catalogue::{self, Kind};
use super::model::{Activity, Block, BlockId, Graph, Link, Port};
use super::plan::{Fault, Mend, PathId, Severity};
use std::collections::{HashMap, HashSet};

/// Groups within groups, at most. Deeper documents are reported, not entered.
pub const MAX_NESTING: usize = 24;
/// Blocks in a document, at most, counted with the insides of its groups.
pub const MAX_BLOCKS: usize = 10_000;
/// Wires in a document, at most, counted likewise.
pub const MAX_LINKS: usize = 40_000;

pub(super) struct Flat<'a> {
    pub nodes: Vec<Node<'a>>,
    pub faults: Vec<Fault>,
    /// Not all blocks became nodes.
    full: bool,
    pub(super) scopes: Vec<Scope<'a>>,
    /// The scope inside a group's node.
    pub(super) inside: HashMap<usize, usize>,
}

pub(super) struct Node<'a> {
    pub block: &'a Block,
    pub path: PathId,
    /// The names from the outermost group down, joined by `/`.
    pub name: String,
    pub kind: Option<&'static Kind>,
    /// The node of the enclosing group.
    pub group: Option<usize>,
    /// Input ports in port order. A `group-input` has one: the port of its group, seen from inside. A `group-output` of a bypassed
    /// group has a second one without a name, for what the group hands on.
    pub slots: Vec<Slot>,
    pub part: Part,
}

/// What part a node has in the network, its groups considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Active,
    /// Hands its first input on.
    Bypassed,
    /// As if it were not there.
    Absent,
}

pub(super) struct Slot {
    pub port: String,
    /// The node whose output feeds it. Never a group: wires are followed to what computes.
    pub source: Option<usize>,
    /// The node that would feed it, were it not muted.
    pub muted: Option<usize>,
}

impl Slot {
    pub(super) fn new(port: &str) -> Self {
        Self { port: port.to_owned(), source: None, muted: None }
    }
}

/// The nodes of one graph, for finding the ends of its links.
pub(super) struct Scope<'a> {
    graph: &'a Graph,
    path: PathId,
    name: String,
    nodes: HashMap<BlockId, usize>,
    /// Nodes of this graph that are its group's ports, by name.
    pub(super) entries: HashMap<&'a str, usize>,
    pub(super) exits: HashMap<&'a str, usize>,
}

/// Opens all groups. Never recurses deeper than [`MAX_NESTING`].
pub(super) fn flatten(graph: &Graph) -> Flat<'_> {
    let mut flat = Flat {
        nodes: Vec::new(),
        faults: Vec::new(),
        full: false,
        scopes: Vec::new(),
        inside: HashMap::new(),
    };
    flat.enter(graph, &[], "", None);
    let scopes = std::mem::take(&mut flat.scopes);
    for scope in &scopes {
        flat.wire(scope, &scopes);
    }
    flat.scopes = scopes;
    flat.lead_past_bypassed_groups();
    flat
}

impl<'a> Flat<'a> {
    /// Makes the nodes of a graph and of its groups.
    fn enter(&mut self, graph: &'a Graph, path: &[BlockId], name: &str, group: Option<usize>) {
        let place = self.scopes.len();
        self.scopes.push(Scope {
            graph,
            path: path.to_vec(),
            name: name.to_owned(),
            nodes: HashMap::new(),
            entries: HashMap::new(),
            exits: HashMap::new(),
        });
        let mut names = HashSet::new();
        for block in &graph.blocks {
            if self.nodes.len() >= MAX_BLOCKS {
                if !std::mem::replace(&mut self.full, true) {
                    let message =
                        format!("The blueprint has more than {MAX_BLOCKS} blocks; the rest is not looked at");
                    self.faults.push(Fault {
                        fix: Some("Split it into several blueprints".to_owned()),
                        ..Fault::new("too-large", message)
                    });
                }
                return;
            }
            let node = self.nodes.len();
            let path: PathId = path.iter().copied().chain([block.id]).collect();
            let own = shortened(&block.name);
            let name = if name.is_empty() { own.to_owned() } else { format!("{name}/{own}") };
            let kind = catalogue::kind(&block.kind);
            let entry = group.is_some() && block.kind == "group-input";
            let slots = match block.kind.as_str() {
                "group-input" => vec![Slot::new(&block.name)],
                "group" => Vec::new(),
                _ => catalogue::inputs_of(block).iter().map(|port| Slot::new(&port.name)).collect(),
            };
            let part = match (group.map_or(Part::Active, |group| self.nodes[group].part), block.activity) {
                (Part::Active, Activity::Active) => Part::Active,
                (Part::Active, Activity::Bypassed) => Part::Bypassed,
                // A bypassed group keeps its ports: the first one in leads to all of them out.
                (Part::Bypassed, Activity::Active) if block.kind.starts_with("group-") => Part::Active,
                _ => Part::Absent,
            };
            self.nodes.push(Node { block, path: path.clone(), name: name.clone(), kind, group, slots, part });
            self.check_block(node, &mut names);
            let scope = &mut self.scopes[place];
            if entry {
                scope.entries.insert(&block.name, node);
            } else if block.kind == "group-output" {
                scope.exits.insert(&block.name, node);
            }
            if scope.nodes.insert(block.id, node).is_some() {
                let message = format!("Another block of this graph has the number {} too", block.id.0);
                self.report(node, "duplicate-id", message);
            }
            if block.kind == "group" {
                if path.len() > MAX_NESTING {
                    let message =
                        format!("Groups lie more than {MAX_NESTING} deep; this one is not looked at");
                    self.report(node, "too-deep", message);
                } else if let Some(graph) = &block.inside {
                    self.inside.insert(node, self.scopes.len());
                    self.enter(graph, &path, &name, Some(node));
                }
            }
        }
    }

    /// What can be said of a block by itself, but for its parameters.
    fn check_block(&mut self, node: usize, names: &mut HashSet<&'a str>) {
        let block = self.nodes[node].block;
        if let Err(message) = check_name(&block.name) {
            self.report(node, "bad-name", message);
        }
        if !names.insert(&block.name) {
            let message =
                format!("Another block of this graph is called “{}” too; names name the weights", block.name);
            let fault = self.report(node, "duplicate-name", message);
            fault.fix = Some("Rename one of them".to_owned());
            fault.mend = Some(Mend::Renumber(fault.path.clone()));
        }
        if self.nodes[node].kind.is_none() {
            let message = format!(
                "This version of Aquila knows no block of kind “{}”; it is kept as it is",
                block.kind
            );
            let fault = self.report(node, "unknown-kind", message);
            fault.fix = Some("Replace the block, or open the file with a newer Aquila".to_owned());
        }
        let inside = self.nodes[node].group.is_some();
        match (block.kind.as_str(), &block.inside) {
            ("group", None) => {
                self.report(node, "bad-group", "This group has no inside".to_owned());
            }
            (kind, Some(_)) if kind != "group" && catalogue::kind(kind).is_some() => {
                let message = "Only a group has an inside; it is kept, and has no effect".to_owned();
                self.report(node, "bad-group", message).severity = Severity::Warning;
            }
            ("group-input" | "group-output", _) if !inside => {
                let fault =
                    self.report(node, "misplaced", "A group's port stands outside of any group".to_owned());
                fault.fix = Some("Use an input or an output here".to_owned());
            }
            ("input" | "cube-input" | "vector-input" | "sequence-input" | "output", _) if inside => {
                let side = if block.kind == "output" { "output" } else { "input" };
                let message = format!("An {side} of the network stands inside a group");
                let fault = self.report(node, "misplaced", message);
                fault.fix = Some(format!("Use a group {side} here"));
            }
            _ => {}
        }
        let fields: Vec<&String> = block.other.keys().collect();
        self.meaningless(node, "unknown-field", &fields);
        if let Some(kind) = self.nodes[node].kind {
            let unknown = |name: &&String| kind.parameter(name).is_none();
            let parameters: Vec<&String> = block.parameters.keys().filter(unknown).collect();
            self.meaningless(node, "unknown-parameter", &parameters);
        }
    }

    fn meaningless(&mut self, node: usize, kind: &'static str, names: &[&String]) {
        if !names.is_empty() {
            self.report(node, kind, kept(names)).severity = Severity::Warning;
        }
    }

    /// Puts the links of one graph onto the nodes' slots.
    fn wire(&mut self, scope: &Scope<'a>, scopes: &[Scope<'a>]) {
        if !scope.graph.other.is_empty() {
            let message = kept(&scope.graph.other.keys().collect::<Vec<_>>());
            self.faults.push(Fault {
                severity: Severity::Warning,
                path: scope.path.clone(),
                block: scope.name.clone(),
                ..Fault::new("unknown-field", message)
            });
        }
        let mut seen = HashSet::new();
        for link in &scope.graph.links {
            let ends = (scope.nodes.get(&link.from.block), scope.nodes.get(&link.to.block));
            let (Some(&from), Some(&to)) = ends else {
                if !self.full {
                    let end = if ends.0.is_none() { &link.from } else { &link.to };
                    let message = format!(
                        "A wire from {} to {} hangs in the air: there is no block {}",
                        self.end(scope, &link.from),
                        self.end(scope, &link.to),
                        end.block.0
                    );
                    let fault = Fault {
                        path: scope.path.clone(),
                        block: scope.name.clone(),
                        ..Fault::new("unknown-block", message)
                    };
                    let mend = Some(Mend::RemoveWire { scope: scope.path.clone(), link: link.clone() });
                    self.faults.push(Fault { fix: Some("Remove the wire".to_owned()), mend, ..fault });
                }
                continue;
            };
            if !seen.insert(link) {
                let message = format!("The wire from {} is there twice", self.end(scope, &link.from));
                let fault = self.report(to, "duplicate-link", message);
                fault.port = Some(link.to.port.clone());
                fault.fix = Some("Remove one of the two".to_owned());
                fault.mend = Some(Mend::RemoveWire { scope: scope.path.clone(), link: link.clone() });
                continue;
            }
            let Some(source) = self.exit(from, &link.from.port, scopes) else {
                self.no_port(scope, link, from, "output");
                continue;
            };
            let Some((target, slot)) = self.entry(to, &link.to.port, scopes) else {
                self.no_port(scope, link, to, "input");
                continue;
            };
            let place = &mut self.nodes[target].slots[slot].source;
            if place.is_none() {
                *place = Some(source);
            } else {
                let message =
                    format!("Two wires end here; the one from {} has no effect", self.end(scope, &link.from));
                let fault = self.report(to, "several-wires", message);
                fault.port = Some(link.to.port.clone());
                fault.fix = Some("Remove one of the two".to_owned());
                fault.mend = Some(Mend::RemoveWire { scope: scope.path.clone(), link: link.clone() });
            }
        }
    }

    /// The node behind an output port: for a group, the `group-output` inside.
    fn exit(&self, node: usize, port: &str, scopes: &[Scope<'a>]) -> Option<usize> {
        if let Some(&scope) = self.inside.get(&node) {
            return scopes[scope].exits.get(port).copied();
        }
        let known = self.nodes[node].kind.is_none_or(|kind| {
            port == catalogue::OUT
                && matches!(kind.outputs, catalogue::Outputs::One(_) | catalogue::Outputs::Same)
        });
        known.then_some(node)
    }

    /// The node and slot behind an input port: for a group, the `group-input` inside.
    fn entry(&mut self, node: usize, port: &str, scopes: &[Scope<'a>]) -> Option<(usize, usize)> {
        if let Some(&scope) = self.inside.get(&node) {
            return scopes[scope].entries.get(port).map(|&node| (node, 0));
        }
        let target = &mut self.nodes[node];
        if target.block.kind == "group-input" {
            return None;
        }
        if target.kind.is_some() {
            return target.slots.iter().position(|slot| slot.port == port).map(|slot| (node, slot));
        }
        // The ports of an unknown kind are the ones that wires go to.
        target.slots.push(Slot::new(port));
        Some((node, target.slots.len() - 1))
    }

    /// The node whose value an output port of the outermost graph has.
    pub fn source(&self, port: &Port) -> Option<usize> {
        let &node = self.scopes.first()?.nodes.get(&port.block)?;
        self.exit(node, &port.port, &self.scopes)
    }

    /// The node that an input port of the outermost graph feeds.
    pub fn target(&self, port: &Port) -> Option<usize> {
        let &node = self.scopes.first()?.nodes.get(&port.block)?;
        match self.inside.get(&node) {
            Some(&scope) => self.scopes[scope].entries.get(port.port.as_str()).copied(),
            None => Some(node),
        }
    }

    fn no_port(&mut self, scope: &Scope, link: &Link, node: usize, side: &str) {
        let block = self.nodes[node].block;
        let (port, ports) = match side {
            "input" => (&link.to.port, catalogue::inputs_of(block)),
            _ => (&link.from.port, catalogue::outputs_of(block)),
        };
        let names: Vec<String> = ports.into_iter().map(|port| port.name).collect();
        let known = listed(&names.iter().collect::<Vec<_>>());
        let message = if known.is_empty() {
            format!("A wire goes to its {side} “{port}”, but it has no {side}s")
        } else {
            format!("A wire goes to its {side} “{port}”, but its {side}s are: {known}")
        };
        let fault = self.report(node, "unknown-port", message);
        fault.port = Some(port.clone());
        fault.fix = Some("Remove the wire".to_owned());
        fault.mend = Some(Mend::RemoveWire { scope: scope.path.clone(), link: link.clone() });
    }

    fn end(&self, scope: &Scope<'a>, port: &Port) -> String {
        match scope.nodes.get(&port.block) {
            Some(&node) => {
                format!("“{}” · {}", shortened(&self.nodes[node].block.name), shortened(&port.port))
            }
            None => format!("block {} · {}", port.block.0, shortened(&port.port)),
        }
    }

    /// Adds an error at a block.
    pub(super) fn report(&mut self, node: usize, kind: &'static str, message: String) -> &mut Fault {
        let Node { path, name, .. } = &self.nodes[node];
        self.faults.push(Fault { path: path.clone(), block: name.clone(), ..Fault::new(kind, message) });
        let last = self.faults.len() - 1;
        &mut self.faults[last]
    }
}

/// Longer names are refused, and cut in messages: a file may hold one of megabytes, and many faults that tell it.
const MAX_NAME_BYTES: usize = 120;

fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(MAX_NAME_BYTES)]
}

fn listed(names: &[&String]) -> String {
    const SHOWN: usize = 8;
    let mut text = names.iter().take(SHOWN).map(|name| shortened(name)).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

fn kept(names: &[&String]) -> String {
    format!("What this version does not know is kept, and has no effect: {}", listed(names))
}

/// Whether a block may be called so; else why not. Names name the weights, where `/` and `.` part the levels.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    if name.trim().is_empty() {
        Err("A block needs a name".to_owned())
    } else if name.len() > MAX_NAME_BYTES {
        Err(format!("The name is longer than {MAX_NAME_BYTES} bytes"))
    } else if let Some(bad) = name.chars().find(|&c| c == '/' || c == '.' || c.is_control()) {
        Err(format!("The name “{}” holds {bad:?}, which names of weights cannot hold", name.escape_debug()))
    } else {
        Ok(())
    }
}
