//! What differs between two networks, for a reader: blocks by their names, parameters, wires. Places on the canvas do not count.

use super::model::{Activity, Block, Blueprint, Graph, Link};
use indexmap::IndexMap;

/// One thing that is not the same in both. A side that does not have it is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// `Encoder 1 / Convolution` for a block, `… · filters` for its parameter, `A.out → B.in` for a wire.
    pub place: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What it takes to make `after` of `before`, in the order of the blocks of both.
pub fn differences(before: &Blueprint, after: &Blueprint) -> Vec<Difference> {
    let mut found = Vec::new();
    graphs(Some(&before.graph), Some(&after.graph), "", &mut found);
    found
}

fn graphs(before: Option<&Graph>, after: Option<&Graph>, prefix: &str, found: &mut Vec<Difference>) {
    let by_name = |graph: Option<&Graph>| -> IndexMap<String, Block> {
        let blocks = graph.map(|graph| graph.blocks.as_slice()).unwrap_or_default();
        blocks.iter().map(|block| (block.name.clone(), block.clone())).collect()
    };
    let (old, new) = (by_name(before), by_name(after));
    for (name, block) in &old {
        let place = format!("{prefix}{name}");
        match new.get(name) {
            Some(other) => blocks(block, other, &place, found),
            None => found.push(Difference { place, before: Some(block.kind.clone()), after: None }),
        }
    }
    for (name, block) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        let place = format!("{prefix}{name}");
        found.push(Difference { place, before: None, after: Some(block.kind.clone()) });
    }
    let wires = |graph: Option<&Graph>| -> Vec<String> {
        graph.map(|graph| graph.links.iter().map(|link| wire(graph, link)).collect()).unwrap_or_default()
    };
    let (old_wires, new_wires) = (wires(before), wires(after));
    // A wire that went with its block is not told again.
    let stays = |wire: &&String, blocks: &IndexMap<String, Block>| {
        let ends = wire.split(" → ").filter_map(|end| end.rsplit_once('.'));
        ends.into_iter().all(|(block, _)| blocks.contains_key(block))
    };
    let word = Some("wired".to_owned());
    for wire in old_wires.iter().filter(|wire| !new_wires.contains(wire) && stays(wire, &new)) {
        found.push(Difference { place: format!("{prefix}{wire}"), before: word.clone(), after: None });
    }
    for wire in new_wires.iter().filter(|wire| !old_wires.contains(wire) && stays(wire, &old)) {
        found.push(Difference { place: format!("{prefix}{wire}"), before: None, after: word.clone() });
    }
}

fn blocks(before: &Block, after: &Block, place: &str, found: &mut Vec<Difference>) {
    let mut tell = |what: &str, before: Option<String>, after: Option<String>| {
        if before != after {
            found.push(Difference { place: format!("{place} · {what}"), before, after });
        }
    };
    tell("kind", Some(before.kind.clone()), Some(after.kind.clone()));
    tell("activity", Some(activity(before)), Some(activity(after)));
    let names = before.parameters.keys().chain(after.parameters.keys());
    let names: indexmap::IndexSet<&String> = names.collect();
    for name in names {
        let value = |block: &Block| block.parameters.get(name).map(ToString::to_string);
        tell(name, value(before), value(after));
    }
    if before.inside != after.inside {
        graphs(before.inside.as_ref(), after.inside.as_ref(), &format!("{place} / "), found);
    }
}

fn activity(block: &Block) -> String {
    match block.activity {
        Activity::Active => "active",
        Activity::Muted => "muted",
        Activity::Bypassed => "bypassed",
    }
    .to_owned()
}

fn wire(graph: &Graph, link: &Link) -> String {
    let name = |id| graph.block(id).map_or_else(|| "?".to_owned(), |block| block.name.clone());
    format!("{}.{} → {}.{}", name(link.from.block), link.from.port, name(link.to.block), link.to.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{UnetOptions, edit, template};

    #[test]
    fn what_was_added_removed_and_changed_is_told_once_and_places_are_not() {
        let before =
            template("unet", &UnetOptions { levels: 2, ..UnetOptions::default() }).expect("a template");
        let mut after = before.clone();
        assert_eq!(differences(&before, &after), []);
        let find = |blueprint: &Blueprint, name: &str| {
            blueprint.graph.blocks.iter().find(|block| block.name == name).expect("a block").id
        };
        let encoder = find(&after, "Encoder 1");
        edit::move_by(&mut after.graph, &[encoder], [40.0, 0.0]).expect("moved");
        assert_eq!(differences(&before, &after), [], "a moved block is no difference");
        let bottleneck = find(&after, "Bottleneck");
        edit::remove(&mut after.graph, &[bottleneck]).expect("removed");
        edit::add_block(&mut after.graph, "relu", [0.0, 0.0]).expect("added");
        let inside = after.graph.blocks.iter_mut().find(|block| block.id == encoder).expect("it");
        let inside = inside.inside.as_mut().expect("a group");
        let convolution = inside.blocks.iter().find(|block| block.kind == "convolution").expect("one").id;
        edit::set_parameter(inside, convolution, "kernel", 5_i64.into()).expect("set");
        let told = differences(&before, &after);
        let places: Vec<(&str, bool, bool)> =
            told.iter().map(|d| (d.place.as_str(), d.before.is_some(), d.after.is_some())).collect();
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(places.contains(&("Bottleneck", true, false)));
        assert!(places.contains(&("ReLU", false, true)));
        let changed = told.iter().find(|d| d.place.ends_with("· kernel")).expect("the kernel");
        assert!(changed.place.starts_with("Encoder 1 / "), "{}", changed.place);
        assert_eq!(changed.after.as_deref(), Some("5"));
    }
}
