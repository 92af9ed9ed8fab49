//! The file: same bytes, nothing lost, and no text that makes it panic, hang or allocate.

use super::{small_unet, unet};
use aquila::blueprint::{
    BlockId, Blueprint, Link, PRESETS, Parameter, TemplateOptions, UnetOptions, analyse, catalogue, edit,
    from_json, load, plan, save, template, to_json,
};
use proptest::prelude::*;
use std::sync::LazyLock;

fn refused(text: &str) -> String {
    from_json(text).expect_err("it must be refused").to_string()
}

fn with_graph(blocks: &str, links: &str) -> String {
    format!(r#"{{"format":"aquila-blueprint","version":1,"name":"n","blocks":[{blocks}],"links":[{links}]}}"#)
}

#[test]
fn what_is_written_is_read_back() {
    let mut document = unet(UnetOptions::default());
    document.graph.blocks[0].position = [0.1, -1.0e-7];
    document.graph.blocks[1].position = [f32::MAX, 16_777_217.0];
    let text = to_json(&document).expect("finite");
    let again = from_json(&text).expect("our own file");
    assert_eq!(again, document);
    assert_eq!(to_json(&again).expect("finite"), text);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("u.blueprint.json");
    save(&document, &path).expect("a writable folder");
    assert_eq!(load(&path).expect("just written"), document);
}

#[test]
fn what_this_version_does_not_know_is_kept_and_told() {
    let text = with_graph(
        r#"{"id":1,"kind":"input","name":"a","position":[0,0],"parameters":{"channels":1,"taps":[1,{"x":2}]},"colour":"red"},
           {"id":2,"kind":"hologram","name":"b","position":[1,2]}"#,
        r#"{"from":{"block":1,"port":"out"},"to":{"block":2,"port":"beam"}}"#,
    )
    .replacen('{', r#"{"theme":{"deep":[1,2]},"#, 1);
    let document = from_json(&text).expect("unknown things are kept");
    let kinds: Vec<_> = analyse(&document).faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, ["no-output", "unknown-kind", "unknown-field", "unknown-field", "unknown-parameter"]);
    let written: serde_json::Value =
        serde_json::from_str(&to_json(&document).expect("finite")).expect("JSON");
    assert_eq!(written["theme"]["deep"][1], 2);
    assert_eq!(written["blocks"][0]["colour"], "red");
    assert_eq!(written["blocks"][0]["parameters"]["taps"][1]["x"], 2);
    assert_eq!(written["blocks"][1]["kind"], "hologram");
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    assert_eq!(refused("{"), "it is no JSON: EOF while parsing an object at line 1 column 1");
    assert_eq!(refused("[]"), "it is no blueprint: “format” is missing, not “aquila-blueprint”");
    assert_eq!(
        refused(r#"{"format":"png"}"#),
        "it is no blueprint: “format” is \"png\", not “aquila-blueprint”"
    );
    assert_eq!(
        refused(r#"{"format":"aquila-blueprint","version":7}"#),
        "it was written by a newer Aquila (version 7 of the format; this one reads up to 1); update Aquila to open it"
    );
    assert_eq!(
        refused(r#"{"format":"aquila-blueprint","version":-1}"#),
        "“version” is -1, not a whole number from 1 on"
    );
    assert_eq!(refused(&with_graph(r#"{"id":1}"#, "")), "blocks[0]: missing field `kind`");
    let block = r#"{"id":1,"kind":"relu","name":"a","position":[0,0]}"#;
    assert_eq!(
        refused(&with_graph(&format!("{block},{block}"), "")),
        "blocks[1]: the id 1 is taken by an earlier block"
    );
    let group = format!(
        r#"{{"id":1,"kind":"group","name":"g","position":[0,0],"inside":{{"blocks":[{block}],"links":[3]}}}}"#
    );
    assert!(refused(&with_graph(&group, "")).starts_with("blocks[0].inside.links[0]: "));
    assert_eq!(
        refused(&with_graph(&block.replace("[0,0]", "[0,1e39]"), "")),
        "blocks[0].position: is no pair of finite numbers"
    );
}

#[test]
fn depth_and_length_are_limited() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert!(refused(&deep).contains("recursion limit"));
    assert!(refused(&with_graph(&deep, "")).contains("recursion limit"));
    let mut inner = r#"{"blocks":[],"links":[]}"#.to_owned();
    for _ in 0..30 {
        inner = format!(
            r#"{{"blocks":[{{"id":1,"kind":"group","name":"g","position":[0,0],"inside":{inner}}}],"links":[]}}"#
        );
    }
    let text = inner.replacen('{', r#"{"format":"aquila-blueprint","version":1,"name":"n","#, 1);
    assert!(refused(&text).ends_with("groups lie more than 24 deep"));
    let many = vec![r#"{"id":1,"kind":"relu","name":"a","position":[0,0]}"#; 10_001].join(",");
    assert_eq!(
        refused(&with_graph(&many, "")),
        "the document: there are more than 10000 blocks or 40000 links"
    );
    assert_eq!(refused(&" ".repeat(9 << 20)), "it is larger than the 8 MiB that a blueprint may have");
}

/// A document as bad as its limits allow is analysed in a moment, and its answer is bounded.
#[test]
fn a_hostile_document_is_answered_in_time() {
    let started = std::time::Instant::now();
    let mut document = Blueprint::new("hostile");
    let block = |id: u32, kind: &str| {
        aquila::blueprint::Block::new(
            aquila::blueprint::BlockId(id),
            kind,
            &format!("block {id}"),
            [0.0, 0.0],
        )
    };
    document.graph.blocks.push(block(0, "input"));
    for id in 1..10_000_u32 {
        // A long chain of changing shapes, and at its end a crowd of blocks that cannot work.
        let (kind, from) = if id < 5_000 { ("convolution", id - 1) } else { ("max-pool", 4_999) };
        let new = block(id, kind).with(
            if id < 5_000 { "filters" } else { "kernel" },
            if id < 5_000 { i64::from(1 + id % 2) } else { 3 },
        );
        document.graph.blocks.push(new);
        let (from, to) = (aquila::blueprint::BlockId(from), aquila::blueprint::BlockId(id));
        document.graph.links.push(aquila::blueprint::Link::new(from, "out", to, "in"));
    }
    let analysis = analyse(&document);
    assert!(analysis.errors().filter(|fault| fault.kind == "size-not-divisible").count() == 5_000);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// Long names are cut in what is told, however many faults tell them.
#[test]
fn long_names_are_not_repeated_without_end() {
    let mut inner = String::new();
    for id in 0..5_000 {
        inner += &format!(r#"{{"id":{id},"kind":"hologram","name":"{id}","position":[0,0]}},"#);
    }
    let group = format!(
        r#"{{"id":1,"kind":"group","name":"{}","position":[0,0],"inside":{{"blocks":[{}],"links":[]}}}}"#,
        "n".repeat(4 << 20),
        inner.trim_end_matches(',')
    );
    let faults = analyse(&from_json(&with_graph(&group, "")).expect("within the limits")).faults;
    assert!(faults.len() > 5_000);
    assert!(faults.iter().all(|fault| fault.block.len() < 200 && fault.message.len() < 400));
}

/// One change somewhere in a JSON document.
fn damage(value: &mut serde_json::Value, mut place: usize, with: &serde_json::Value) -> usize {
    use serde_json::Value;
    if place == 0 {
        *value = with.clone();
        return usize::MAX;
    }
    place -= 1;
    let children: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(list) => Box::new(list.iter_mut()),
        Value::Object(fields) => Box::new(fields.values_mut()),
        _ => return place,
    };
    for child in children {
        place = damage(child, place, with);
        if place == usize::MAX {
            break;
        }
    }
    place
}

fn values_in(value: &serde_json::Value) -> usize {
    use serde_json::Value;
    1 + match value {
        Value::Array(list) => list.iter().map(values_in).sum::<usize>(),
        Value::Object(fields) => fields.values().map(values_in).sum(),
        _ => 0,
    }
}

/// A U-Net, a drawing with every kind and every ready-made group in it, and small ones of other templates.
static DOCUMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut everything = small_unet();
    let graph = &mut everything.graph;
    let groups = PRESETS.iter().map(|preset| edit::add_preset(graph, preset.name, [0.0, 0.0]));
    let groups: Vec<BlockId> = groups.collect::<Result<_, _>>().expect("ready-made groups");
    let kinds = catalogue::kinds().iter().map(|kind| edit::add_block(graph, kind.name, [0.0, 0.0]));
    let kinds: Vec<BlockId> = kinds.collect::<Result<_, _>>().expect("known kinds");
    for (place, &id) in groups.iter().chain(&kinds).enumerate() {
        for port in catalogue::inputs_of(graph.block(id).expect("just added")) {
            graph.links.push(Link::new(BlockId(place as u32 % 7 + 1), "out", id, &port.name));
        }
    }
    let templates = ["k-net", "completeness-physical", "cutout-resnet"]
        .iter()
        .map(|name| template(name, TemplateOptions::default()).expect("its own defaults"));
    [small_unet(), everything].into_iter().chain(templates).map(|it| to_json(&it).expect("finite")).collect()
});

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::json;
    prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        (0_i64..40).prop_map(|value| json!(value)),
        any::<u64>().prop_map(|value| json!(value)),
        any::<f64>().prop_map(|value| json!(value)),
        prop_oneof![
            Just("auto"),
            Just("out"),
            Just("in"),
            Just("skip"),
            Just("group"),
            Just("group-output"),
            Just("concatenate"),
            Just("max-pool"),
            Just("drop"),
            Just("multiple"),
            Just("b-spline"),
            Just("99999999999×99999999999×99999999999"),
            Just("")
        ]
        .prop_map(|value| json!(value)),
        Just(json!([])),
        Just(json!({})),
        Just(json!({"blocks": [], "links": []})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever value stands wherever: an error or a document, and then the same document again.
    #[test]
    fn changed_values_never_panic(
        document in 0..DOCUMENTS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..6),
    ) {
        let mut value = serde_json::from_str(&DOCUMENTS[document]).expect("JSON");
        for (place, with) in &changes {
            let length = values_in(&value);
            damage(&mut value, place.index(length), with);
        }
        if let Ok(document) = from_json(&value.to_string()) {
            let analysis = analyse(&document);
            prop_assert_eq!(plan(&document).is_ok(), analysis.is_valid());
            let again = from_json(&to_json(&document).expect("what was read can be written")).expect("and read");
            prop_assert_eq!(again, document);
        }
    }

    /// Whatever bytes are changed, cut or doubled.
    #[test]
    fn changed_bytes_never_panic(
        document in 0..DOCUMENTS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
        double in any::<bool>(),
    ) {
        let mut bytes = DOCUMENTS[document].clone().into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let cut = cut.index(bytes.len());
        let half = bytes[cut..].to_vec();
        if double { bytes.extend(half) } else if cut % 3 == 0 { bytes.truncate(cut) }
        if let Ok(document) = from_json(&String::from_utf8_lossy(&bytes)) {
            analyse(&document);
        }
    }
}

#[test]
fn a_value_that_is_no_number_is_not_written() {
    let mut document = small_unet();
    document.graph.blocks[0].position = [f32::NAN, 0.0];
    assert!(to_json(&document).expect_err("not finite").to_string().contains("“Column density”"));
    let block = document.graph.blocks[0].clone().with("channels", Parameter::Float(f64::NAN));
    document.graph.blocks[0] = block;
    assert!(analyse(&document).faults.iter().any(|fault| fault.kind == "bad-parameter"));
}
