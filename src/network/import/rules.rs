//! The rules by which names of a file find names of ours. Each rule answers for the whole file; the one that brings most is taken.

use super::names::{Layer, Owner, Source, in_order, layers};
use crate::blueprint::{Op, Plan};
use crate::network::export::{attributes, exported};
use indexmap::IndexMap;
use std::collections::HashMap;

/// Our name to the file's.
pub type Pairs = HashMap<String, String>;

/// What PyTorch's wrappers put before all names.
const WRAPPERS: [&str; 3] = ["module.", "_orig_mod.", "model."];

/// The first rule that brings every weight with its shape; else the one that brings most.
pub fn best(plan: &Plan, owners: &[Owner], sources: &[Source], is_ordered: bool) -> (&'static str, Pairs) {
    let wanted: usize = owners.iter().map(|owner| owner.shapes.len()).sum();
    let layers = layers(sources);
    let rules: [(&'static str, &dyn Fn() -> Pairs); 5] = [
        ("our names, without what a wrapper put before them", &|| own_names(owners, sources)),
        ("names of an exported model.py", &|| exported_names(plan, owners, sources)),
        ("POLARIScore's names", &|| polariscore(plan, owners, &layers)),
        ("numbered layers, in the order of their numbers", &|| numbered(owners, &layers)),
        ("by order: the same shapes, one after the other", &|| {
            if is_ordered { by_order(owners, layers.iter().collect()) } else { Pairs::new() }
        }),
    ];
    let shapes: HashMap<&str, &[usize]> =
        sources.iter().map(|source| (source.name.as_str(), source.shape.as_slice())).collect();
    let fitting = |pairs: &Pairs| {
        let ours = owners.iter().flat_map(|owner| {
            owner.shapes.iter().map(|(last, shape)| (format!("{}.{last}", owner.name), shape.as_slice()))
        });
        ours.filter(|(name, shape)| pairs.get(name).and_then(|from| shapes.get(from.as_str())) == Some(shape))
            .count()
    };
    let mut best = (rules[0].0, Pairs::new(), 0);
    for (rule, pairs) in rules {
        let pairs = pairs();
        let count = fitting(&pairs);
        if count > best.2 || (best.1.is_empty() && !pairs.is_empty()) {
            best = (rule, pairs, count);
        }
        if count == wanted {
            break;
        }
    }
    (best.0, best.1)
}

fn own_names(owners: &[Owner], sources: &[Source]) -> Pairs {
    let by_name: HashMap<&str, &Source> =
        sources.iter().map(|source| (unwrapped(&source.name), source)).collect();
    let exact: HashMap<&str, &Source> = sources.iter().map(|source| (source.name.as_str(), source)).collect();
    names(owners)
        .filter_map(|name| {
            let source = exact.get(name.as_str()).or_else(|| by_name.get(name.as_str()))?;
            Some((name, source.name.clone()))
        })
        .collect()
}

fn exported_names(plan: &Plan, owners: &[Owner], sources: &[Source]) -> Pairs {
    let attributes = attributes(&plan.steps);
    let by_name: HashMap<&str, &Source> =
        sources.iter().map(|source| (unwrapped(&source.name), source)).collect();
    names(owners)
        .filter_map(|name| {
            let source = by_name.get(exported(&plan.steps, &attributes, &name)?.as_str())?;
            Some((name, source.name.clone()))
        })
        .collect()
}

fn names(owners: &[Owner]) -> impl Iterator<Item = String> {
    owners.iter().flat_map(|owner| owner.shapes.keys().map(|last| format!("{}.{last}", owner.name)))
}

fn unwrapped(mut name: &str) -> &str {
    while let Some(rest) = WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)) {
        name = rest;
    }
    name
}

/// `net.0`, `net.2`, `net.4`: the numbered layers of one `nn.Sequential` are our layers in the order of the steps.
fn numbered(owners: &[Owner], layers: &[Layer]) -> Pairs {
    let prefix = |layer: &Layer| {
        let (prefix, number) = layer.name.rsplit_once('.').unwrap_or(("", layer.name));
        number.parse::<u64>().is_ok().then(|| prefix.to_owned())
    };
    let mut prefixes = layers.iter().map(prefix);
    let Some(Some(first)) = prefixes.next() else { return Pairs::new() };
    if prefixes.any(|prefix| prefix.as_ref() != Some(&first)) {
        return Pairs::new();
    }
    let mut sorted: Vec<&Layer> = layers.iter().collect();
    sorted.sort_by_key(|layer| in_order(layer.name));
    by_order(owners, sorted)
}

/// Layer by layer, and only if there are as many, with the same tensors of the same shapes.
fn by_order(owners: &[Owner], layers: Vec<&Layer>) -> Pairs {
    if owners.len() != layers.len() || !owners.iter().zip(&layers).all(|(owner, layer)| owner.takes(layer)) {
        return Pairs::new();
    }
    owners.iter().zip(layers).flat_map(|(owner, layer)| pairs(owner, layer)).collect()
}

fn pairs(owner: &Owner, layer: &Layer) -> Vec<(String, String)> {
    let pair = |last: &String| {
        let source = layer.tensors.get(last.as_str())?;
        Some((format!("{}.{last}", owner.name), source.name.clone()))
    };
    owner.shapes.keys().filter_map(pair).collect()
}

/// What a layer does in a group of the U-Net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Role {
    Body,
    Up,
    Gate,
    Skip,
    Psi,
}

/// The names of POLARIScore's U-Net onto the groups of our template: `encoders.i` is `Encoder i+1`, `decoders.j.i`, `upconvs.j.i` and
/// `attentions.j.i` are `Decoder` from the deepest up, `bottleneck` and `final_conv.j` are themselves. Within a group, layers of the
/// same kind and shape in their order; the number of `conv.N` must be the layer's place among our steps, since the code's earlier
/// versions had ReLU and norm the other way round. Only the first output (j = 0): our template has one.
fn polariscore(plan: &Plan, owners: &[Owner], layers: &[Layer]) -> Pairs {
    let mut ours: IndexMap<(String, Role), Vec<&Owner>> = IndexMap::new();
    for owner in owners {
        let Some(step) = plan.steps.get(owner.step) else { continue };
        let group = step.name.split('/').next().unwrap_or_default().to_owned();
        let role = match (&step.op, owner.name.rsplit('.').next().unwrap_or_default()) {
            (Op::TransposedConvolution { .. }, _) => Role::Up,
            (Op::AttentionGate { .. }, "gate" | "gate_norm") => Role::Gate,
            (Op::AttentionGate { .. }, "skip" | "skip_norm") => Role::Skip,
            (Op::AttentionGate { .. }, _) => Role::Psi,
            _ => Role::Body,
        };
        ours.entry((group, role)).or_default().push(owner);
    }
    let levels = levels(layers);
    let mut theirs: IndexMap<(String, Role), Vec<&Layer>> = IndexMap::new();
    for layer in layers {
        if let Some(place) = place(unwrapped(layer.name), levels) {
            theirs.entry(place).or_default().push(layer);
        }
    }
    let mut found = Pairs::new();
    for (place, mut layers) in theirs {
        let mut left = ours.shift_remove(&place).unwrap_or_default();
        let first = left.iter().map(|owner| owner.step).min().unwrap_or(0);
        layers.sort_by_key(|layer| in_order(layer.name));
        for layer in layers {
            if let Some(at) = left.iter().position(|owner| {
                let number = number_in_block(layer.name);
                owner.takes(layer) && number.is_none_or(|number| number == owner.step - first)
            }) {
                found.extend(pairs(left.remove(at), layer));
            }
        }
    }
    found
}

/// N of `….conv.N`.
fn number_in_block(name: &str) -> Option<usize> {
    let (block, number) = name.rsplit_once('.')?;
    block.ends_with(".conv").then(|| number.parse().ok()).flatten()
}

fn levels(layers: &[Layer]) -> u64 {
    let level = |layer: &Layer| {
        let mut parts = unwrapped(layer.name).split('.');
        (parts.next() == Some("encoders")).then(|| parts.next()?.parse::<u64>().ok()).flatten()
    };
    layers.iter().filter_map(level).max().map_or(0, |deepest| deepest.saturating_add(1))
}

fn place(name: &str, levels: u64) -> Option<(String, Role)> {
    let parts: Vec<&str> = name.split('.').collect();
    let decoder = |level: &str| {
        let level = levels.checked_sub(level.parse().ok()?)?;
        Some(format!("Decoder {level}"))
    };
    Some(match parts.as_slice() {
        ["encoders", level, ..] => {
            (format!("Encoder {}", level.parse::<u64>().ok()?.checked_add(1)?), Role::Body)
        }
        ["bottleneck", ..] => ("Bottleneck".to_owned(), Role::Body),
        ["upconvs", "0", level, ..] => (decoder(level)?, Role::Up),
        ["attentions", "0", level, "W_g", ..] => (decoder(level)?, Role::Gate),
        ["attentions", "0", level, "W_x", ..] => (decoder(level)?, Role::Skip),
        ["attentions", "0", level, "psi", ..] => (decoder(level)?, Role::Psi),
        ["decoders", "0", level, ..] => (decoder(level)?, Role::Body),
        ["final_conv", "0", ..] => ("Head".to_owned(), Role::Body),
        _ => return None,
    })
}
