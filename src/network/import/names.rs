//! The names on both sides, cut into layers: what a layer owns has one name before the last dot.

use crate::blueprint::{Op, Plan};
use indexmap::IndexMap;

/// A tensor of the file.
#[derive(Clone, Debug)]
pub struct Source {
    pub name: String,
    pub shape: Vec<usize>,
}

/// A layer of the file: `encoders.0.conv.1` with its tensors by their last names.
#[derive(Clone, Debug)]
pub struct Layer<'a> {
    pub name: &'a str,
    pub tensors: IndexMap<&'a str, &'a Source>,
}

/// A layer of ours: a step, or a part of one that has several (the three of an attention gate, with their norms).
#[derive(Clone, Debug)]
pub struct Owner {
    /// The names of its weights up to the last dot.
    pub name: String,
    /// The index of the step.
    pub step: usize,
    /// Shapes by last name.
    pub shapes: IndexMap<String, Vec<usize>>,
}

impl Owner {
    /// The layers of a network in the order of its steps, from the names and shapes of its weights.
    pub fn all<'a>(plan: &Plan, weights: impl Iterator<Item = (&'a str, Vec<usize>)>) -> Vec<Self> {
        let steps: Vec<(String, bool)> = plan
            .steps
            .iter()
            .map(|step| {
                (
                    format!("{}.", step.name.replace('/', ".")),
                    !matches!(step.op, Op::Input { .. } | Op::Output { .. }),
                )
            })
            .collect();
        let step_of = |name: &str| {
            let own =
                steps.iter().enumerate().filter(|(_, (step, owns))| *owns && name.starts_with(step.as_str()));
            own.max_by_key(|(_, (step, _))| step.len()).map_or(usize::MAX, |(index, _)| index)
        };
        let mut owners: IndexMap<String, Self> = IndexMap::new();
        for (weight, shape) in weights {
            let (layer, last) = split(weight);
            let owner = owners.entry(layer.to_owned()).or_insert_with(|| Self {
                name: layer.to_owned(),
                step: step_of(weight),
                shapes: IndexMap::new(),
            });
            owner.shapes.insert(last.to_owned(), shape);
        }
        let mut owners: Vec<Self> = owners.into_values().collect();
        // Stable: the parts of a step stay in the order of its parameters.
        owners.sort_by_key(|owner| owner.step);
        owners
    }

    /// Whether a layer of the file has the same tensors, of the same shapes.
    pub fn takes(&self, layer: &Layer) -> bool {
        self.shapes.len() == layer.tensors.len()
            && self.shapes.iter().all(|(name, shape)| {
                layer.tensors.get(name.as_str()).is_some_and(|source| source.shape == *shape)
            })
    }
}

/// The layers of a file, in its order.
pub fn layers(sources: &[Source]) -> Vec<Layer<'_>> {
    let mut layers: IndexMap<&str, Layer> = IndexMap::new();
    for source in sources {
        let (name, last) = split(&source.name);
        let layer = layers.entry(name).or_insert_with(|| Layer { name, tensors: IndexMap::new() });
        layer.tensors.insert(last, source);
    }
    layers.into_values().collect()
}

/// A name before and after its last dot.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// As people count: `net.2` before `net.10`.
pub fn in_order(name: &str) -> Vec<(u64, &str)> {
    name.split('.').map(|part| part.parse().map_or((u64::MAX, part), |number| (number, ""))).collect()
}
