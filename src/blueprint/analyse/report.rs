//! From what a rule found to what the user reads: along which path it came, and what would mend it.

use super::Examination;
use crate::blueprint::catalogue;
use crate::blueprint::flat::Node;
use crate::blueprint::model::{Block, Parameter, Port};
use crate::blueprint::plan::{Fault, Mend, Op, PathId, PortType};
use crate::blueprint::rules::{Remedy, Trouble};

/// Only so many faults tell along which path a shape came: a path is as long as the document, and a hostile one has as many faults.
const TRACED_FAULTS: usize = 50;

impl Examination<'_> {
    pub(super) fn report(&mut self, index: usize, trouble: Trouble) {
        let node = &self.flat.nodes[index];
        let source = trouble
            .port
            .as_ref()
            .and_then(|port| node.slots.iter().find(|slot| slot.port == *port).and_then(|slot| slot.source));
        let trace = match source {
            Some(source) if self.flat.faults.len() < TRACED_FAULTS => self.trace(source),
            _ => Vec::new(),
        };
        let mut message = format!("Expects {}, but got {}", trouble.expected, trouble.came);
        if !trace.is_empty() {
            message.push_str(" along ");
            message.push_str(&self.describe(&trace));
        }
        let (fix, mend) = match (trouble.remedy, &trouble.port) {
            (None, Some(port)) if trouble.kind == "size-not-divisible" => {
                self.better_size(index, &trace).unwrap_or_else(|| self.padded(index, port))
            }
            (Some(Remedy::Set(values)), _) => {
                let label = |name: &str| {
                    let spec = node.kind.and_then(|kind| kind.parameter(name));
                    spec.map_or_else(|| name.to_owned(), |spec| spec.label.to_lowercase())
                };
                let words: Vec<_> =
                    values.iter().map(|(name, value)| format!("{} to {value}", label(name))).collect();
                (format!("Set {}", words.join(" and ")), Some(set(&node.path, values)))
            }
            (Some(Remedy::Say(fix)), _) => (fix.to_owned(), None),
            (Some(Remedy::Insert { words, port, kind, values, wires }), _) => {
                let mend = self.insert(index, &port, kind, values, &wires);
                (words, mend)
            }
            (None, _) => (String::new(), None),
        };
        let node = &self.flat.nodes[index];
        self.flat.faults.push(Fault {
            path: node.path.clone(),
            block: node.name.clone(),
            port: trouble.port,
            expected: Some(trouble.expected),
            came: Some(trouble.came),
            along: trace.iter().map(|&index| self.flat.nodes[index].path.clone()).collect(),
            fix: Some(fix).filter(|fix| !fix.is_empty()),
            mend,
            ..Fault::new(trouble.kind, message)
        });
    }

    /// A block in the wire to this port. `wires` names its further inputs, and the ports of the node whose sources feed them.
    fn insert(
        &self,
        index: usize,
        port: &str,
        kind: &str,
        values: Vec<(&'static str, Parameter)>,
        wires: &[(&'static str, String)],
    ) -> Option<Mend> {
        let (&id, scope) = self.flat.nodes[index].path.split_last()?;
        let graph = self.blueprint.graph_at(scope)?;
        let wires: Option<Vec<(String, Port)>> = wires
            .iter()
            .map(|(input, port)| {
                let link = graph.links.iter().find(|link| link.to.block == id && link.to.port == *port)?;
                Some(((*input).to_owned(), link.from.clone()))
            })
            .collect();
        Some(Mend::InsertBlock {
            scope: scope.to_vec(),
            to: Port::new(id, port),
            kind: kind.to_owned(),
            values: owned(values),
            wires: wires?,
        })
    }

    /// The nodes along which a shape came, from the network's input to `source`, without groups' ports. First inputs are followed.
    fn trace(&self, source: usize) -> Vec<usize> {
        let mut trace = Vec::new();
        let mut next = Some(source);
        while let Some(index) = next {
            let node = &self.flat.nodes[index];
            if self.meanings[index].as_ref().is_some_and(|meaning| meaning.op.is_some()) {
                trace.push(index);
            }
            next = node.slots.first().and_then(|slot| slot.source);
        }
        trace.reverse();
        trace
    }

    /// `Map (1×130²) → Encoder 1/Pool (64×65²)`: the blocks of a trace that changed the shape, the middle of a long one left out.
    fn describe(&self, trace: &[usize]) -> String {
        const SHOWN: usize = 4;
        let mut last = None;
        let mut words: Vec<String> = Vec::new();
        for &index in trace {
            let shape = self.meanings[index].as_ref().map(|meaning| &meaning.shape);
            if shape != last {
                let shape_text = shape.map_or_else(String::new, |shape| format!(" ({shape})"));
                words.push(format!("{}{shape_text}", self.flat.nodes[index].name));
                last = shape;
            }
        }
        if words.len() > SHOWN {
            words.splice(1..words.len() - (SHOWN - 1), ["…".to_owned()]);
        }
        words.join(" → ")
    }

    /// Which sizes of the network's input would divide, where only pools stand between it and the block: in words, and as the nearest
    /// sizes to set there.
    fn better_size(&self, index: usize, trace: &[usize]) -> Option<(String, Option<Mend>)> {
        let (&input, between) = trace.split_first()?;
        let shape = &self.meanings[input].as_ref()?.shape;
        let sizes = shape.extent();
        let (mut factor, mut reached) = (1_usize, sizes.to_vec());
        for &node in between {
            let meaning = self.meanings[node].as_ref()?;
            if let Some(Op::MaxPool { kernel, stride, .. } | Op::AveragePool { kernel, stride, .. }) =
                meaning.op
            {
                if kernel != stride {
                    return None;
                }
                factor = factor.saturating_mul(stride);
                reached.iter_mut().for_each(|size| *size /= stride);
            }
            if meaning.shape.extent() != reached {
                return None;
            }
        }
        let (kernel, stride) = cells(self.flat.nodes[index].block);
        let node = &self.flat.nodes[input];
        if kernel != stride
            || !node.kind.is_some_and(|kind| kind.family == catalogue::Family::Data && node.slots.is_empty())
        {
            return None;
        }
        let factor = factor.saturating_mul(self.pools_ahead[index]);
        let (below, above) = (
            |size: usize| size / factor * factor,
            |size: usize| size.div_ceil(factor).saturating_mul(factor),
        );
        let names: &[&str] = match shape.kind {
            PortType::Vector => return None,
            PortType::Sequence => &["length"],
            PortType::Map => &["height", "width"],
            PortType::Cube => &["depth", "height", "width"],
        };
        let mut values = Vec::new();
        for (&name, &size) in names.iter().zip(sizes) {
            let (below, above) = (below(size), above(size));
            let near = if below > 0 && size - below < above - size { below } else { above };
            let value = Parameter::Integer(i64::try_from(near).ok()?);
            node.kind?.parameter(name)?.check(&value).ok()?;
            values.push((name, value));
        }
        let words = |size: usize| match (below(size), above(size)) {
            (0, above) => above.to_string(),
            (below, above) if below == above => size.to_string(),
            (below, above) => format!("{below} or {above}"),
        };
        let such = if sizes.iter().all(|size| *size == sizes[0]) {
            words(sizes[0])
        } else {
            let each: Vec<_> =
                names.iter().zip(sizes).map(|(name, &size)| format!("{name} {}", words(size))).collect();
            listed(&each)
        };
        let axes = listed(names);
        let fix = format!("Give “{}” a {axes} divisible by {factor}, such as {such}", node.name);
        Some((fix, Some(set(&node.path, values))))
    }

    /// The mend of a size that does not divide and that is not the user's to choose: pixels added before the pool, enough for all pools
    /// that follow; where cells overlap, the rest dropped.
    fn padded(&self, index: usize, port: &str) -> (String, Option<Mend>) {
        let node = &self.flat.nodes[index];
        let (kernel, stride) = cells(node.block);
        let factor = self.pools_ahead[index];
        if kernel == stride && factor <= 4096 {
            let values = vec![("to", Parameter::from("multiple")), ("multiple", (factor as i64).into())];
            let mend = self.insert(index, port, "pad", values, &[]);
            return (format!("Insert a pad to a multiple of {factor} (or drop the remainder)"), mend);
        }
        let drop = vec![("remainder", "drop".into())];
        ("Drop the remainder".to_owned(), Some(set(&node.path, drop)))
    }
}

/// By how much the pools from each node on make it smaller, at most, until something enlarges it again.
pub(super) fn pools_ahead(nodes: &[Node], order: &[usize], consumers: &[Vec<usize>]) -> Vec<usize> {
    let mut factors = vec![1_usize; nodes.len()];
    for &node in order.iter().rev() {
        let block = nodes[node].block;
        let ahead = consumers[node].iter().map(|&next| factors[next]).max().unwrap_or(1);
        factors[node] = match block.kind.as_str() {
            "transposed-convolution" | "upsample" => 1,
            "max-pool" | "average-pool" => ahead.saturating_mul(cells(block).1),
            _ => ahead,
        };
    }
    factors
}

fn set(path: &PathId, values: Vec<(&'static str, Parameter)>) -> Mend {
    Mend::SetParameters { path: path.clone(), values: owned(values) }
}

fn owned(values: Vec<(&'static str, Parameter)>) -> Vec<(String, Parameter)> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// `height and width`.
fn listed<T: AsRef<str>>(words: &[T]) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}

/// Kernel and stride of a pool.
fn cells(block: &Block) -> (usize, usize) {
    let given = |name: &str| match block.parameters.get(name) {
        Some(Parameter::Integer(value)) => usize::try_from(*value).ok().filter(|&value| value > 0),
        _ => None,
    };
    let kernel = given("kernel").unwrap_or(2);
    (kernel, given("stride").unwrap_or(kernel))
}
