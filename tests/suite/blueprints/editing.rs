//! Editing: what is refused and why, and that no sequence of actions breaks a document or its history.

use super::{blueprint, small_unet};
use aquila::blueprint::edit::{self, EditError};
use aquila::blueprint::{
    Activity, BlockId, Blueprint, Graph, History, Link, Parameter, Port, analyse, catalogue, from_json,
    to_json,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn chain() -> Blueprint {
    blueprint(
        &[("input", "Map", &[]), ("relu", "A", &[]), ("relu", "B", &[]), ("output", "Density", &[])],
        &[(1, "out", 2, "in"), (2, "out", 3, "in"), (3, "out", 4, "in")],
    )
}

#[test]
fn a_wire_that_cannot_work_is_refused_with_the_reason() {
    let mut graph = chain().graph;
    let before = graph.clone();
    let (a, b) = (BlockId(2), BlockId(3));
    let mut refused =
        |from: Port, to: Port| edit::connect(&mut graph, &from, &to).expect_err("refused").to_string();
    assert_eq!(refused(Port::new(a, "out"), Port::new(a, "in")), "a block cannot feed itself");
    assert_eq!(refused(Port::new(b, "out"), Port::new(a, "in")), "this would make a circle: A → B → A");
    assert_eq!(refused(Port::new(a, "out"), Port::new(b, "in")), "this wire is there already");
    assert_eq!(refused(Port::new(a, "out"), Port::new(b, "skip")), "“B” has no input called “skip”");
    assert_eq!(
        refused(Port::new(BlockId(9), "out"), Port::new(b, "in")),
        "there is no block 9 here any more"
    );
    assert_eq!(graph, before);
}

#[test]
fn a_new_wire_takes_the_place_of_the_old_one() {
    let mut graph = chain().graph;
    edit::connect(&mut graph, &Port::new(BlockId(1), "out"), &Port::new(BlockId(3), "in")).expect("it fits");
    assert!(graph.links.contains(&Link::new(BlockId(1), "out", BlockId(3), "in")));
    assert_eq!(graph.links.iter().filter(|link| link.to == Port::new(BlockId(3), "in")).count(), 1);
}

#[test]
fn names_and_values_are_checked() {
    let mut graph = chain().graph;
    assert_eq!(edit::rename(&mut graph, BlockId(2), "B"), Err(EditError::NameTaken("B".to_owned())));
    assert!(edit::rename(&mut graph, BlockId(2), " ").is_err());
    edit::rename(&mut graph, BlockId(2), " A′ ").expect("a good name");
    assert_eq!(graph.blocks[1].name, "A′");
    let mut set = |name: &str, value: Parameter| {
        edit::set_parameter(&mut graph, BlockId(1), name, value).map_err(|error| error.to_string())
    };
    assert_eq!(set("height", 64.into()), Ok(()));
    assert_eq!(set("height", 0.into()), Err("height takes a whole number from 1 to 65536, not 0".to_owned()));
    assert_eq!(set("scale", "sqrt".into()), Err("scale takes one of linear, log10, not sqrt".to_owned()));
    assert_eq!(set("depth", 1.into()), Err("“Map” has no parameter “depth”".to_owned()));
    let first = edit::add_block(&mut graph, "convolution", [0.0, 0.0]).expect("a known kind");
    let second = edit::add_block(&mut graph, "convolution", [0.0, 0.0]).expect("a known kind");
    let name = |id| graph.block(id).map(|block| block.name.as_str());
    assert_eq!((name(first), name(second)), (Some("Convolution"), Some("Convolution 2")));
}

/// Packing and unpacking leave the network as it is; so does unpacking every group of the template.
#[test]
fn a_group_computes_what_its_blocks_did() {
    let mut document = small_unet();
    let parameters = analyse(&document).parameters;
    let some: Vec<BlockId> = document.graph.blocks[1..4].iter().map(|block| block.id).collect();
    let group = edit::group(&mut document.graph, &some, "Middle").expect("it can be grouped");
    let analysis = analyse(&document);
    assert_eq!((analysis.faults.as_slice(), analysis.parameters), (&[][..], parameters));
    edit::ungroup(&mut document.graph, group).expect("a group");
    let analysis = analyse(&document);
    assert_eq!((analysis.faults.as_slice(), analysis.parameters), (&[][..], parameters));
}

/// A wire inside a group can close a circle through the outside, which the group's graph does not show.
#[test]
fn a_circle_through_the_outside_of_a_group_is_refused() {
    let mut document = blueprint(
        &[("input", "Map", &[]), ("relu", "A", &[]), ("relu", "B", &[]), ("relu", "C", &[])],
        &[(1, "out", 2, "in"), (2, "out", 3, "in"), (3, "out", 4, "in")],
    );
    let group = edit::group(&mut document.graph, &[BlockId(2), BlockId(4)], "G").expect("it can be grouped");
    let before = document.clone();
    let inside = document.graph_at(&[group]).expect("a group");
    let entry = inside
        .links
        .iter()
        .find(|link| link.to.block == BlockId(4))
        .expect("C is fed from outside")
        .from
        .clone();
    let refused = edit::inside(&mut document, &[group], |graph| {
        edit::connect(graph, &entry, &Port::new(BlockId(2), "in"))
    });
    assert_eq!(refused.expect_err("a circle").to_string(), "this would make a circle: G/A → B → G/A");
    assert_eq!(document, before);
}

/// Wires outside follow when a group's port is renamed, and go when it is removed.
#[test]
fn wires_outside_follow_the_ports_of_a_group() {
    let mut document = small_unet();
    let encoder = document.graph.blocks[1].id;
    let port = |document: &Blueprint, name: &str| {
        let inside = document.graph_at(&[encoder]).expect("a group");
        inside.blocks.iter().find(|block| block.name == name).expect("its port").id
    };
    let skip = port(&document, "skip");
    edit::inside(&mut document, &[encoder], |graph| edit::rename(graph, skip, "across"))
        .expect("a good name");
    assert_eq!(analyse(&document).faults, []);
    edit::inside(&mut document, &[encoder], |graph| edit::remove(graph, &[skip])).expect("it is there");
    let kinds: Vec<_> = analyse(&document).faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, ["missing-input"]);
}

#[test]
fn a_paste_is_one_step_and_keeps_the_wires_asked_for() {
    let mut document = chain();
    let mut history = History::default();
    let clip = edit::copy(&document.graph, &[BlockId(2), BlockId(3)]).expect("they are there");
    let before = to_json(&document).expect("finite");
    let pasted = history
        .act(&mut document, "paste", |document| edit::paste(&mut document.graph, &clip, [50.0, 60.0], true))
        .expect("it fits");
    assert_eq!(pasted.len(), 2);
    let first = document.graph.block(pasted[0]).expect("pasted");
    assert_eq!((first.name.as_str(), first.position), ("A 2", [50.0, 60.0]));
    assert!(document.graph.links.contains(&Link::new(BlockId(1), "out", pasted[0], "in")));
    assert!(document.graph.links.contains(&Link::new(pasted[0], "out", pasted[1], "in")));
    assert_eq!(history.undo_label(), Some("paste"));
    assert!(history.undo(&mut document));
    assert_eq!(to_json(&document).expect("finite"), before);
    assert!(!history.undo(&mut document));
    assert!(history.redo(&mut document));
    assert_eq!(document.graph.blocks.len(), 6);
}

#[test]
fn a_drag_is_one_step() {
    let mut document = chain();
    let before = document.clone();
    let mut history = History::default();
    let mut drag = |document: &mut Blueprint, by| {
        history
            .act_on(document, "move", "drag 2", |document| {
                edit::move_by(&mut document.graph, &[BlockId(2)], [by, 0.0])
            })
            .expect("a finite way");
    };
    drag(&mut document, 0.0);
    for _ in 0..10 {
        drag(&mut document, 1.5);
    }
    assert_eq!(document.graph.blocks[1].position, [15.0, 0.0]);
    assert!(history.undo(&mut document));
    assert_eq!(document, before);
    assert!(!history.undo(&mut document));
}

/// What a random user does next; numbers are folded onto what there is.
#[derive(Clone, Debug)]
enum Action {
    Add(usize),
    Remove(usize, usize),
    Connect(usize, usize),
    Disconnect(usize),
    Move(usize, i8),
    Rename(usize, usize),
    Set(usize, usize, i64),
    Duplicate(usize, usize),
    CopyElsewhere(usize, usize),
    Group(usize, usize),
    Ungroup(usize),
    Align(usize, usize),
    Distribute(usize),
    Layout(usize),
    Frame(usize, usize),
    Activity(usize, usize),
    InsertInto(usize, usize),
    Lazy(usize, usize),
    Dissolve(usize, usize),
    Cut(usize, usize),
    InsertBefore(usize, usize),
    Undo,
    Redo,
}

fn any_action() -> impl Strategy<Value = Action> {
    let n = || 0_usize..64;
    prop_oneof![
        3 => n().prop_map(Action::Add),
        1 => (n(), n()).prop_map(|(a, b)| Action::Remove(a, b)),
        6 => (n(), n()).prop_map(|(a, b)| Action::Connect(a, b)),
        1 => n().prop_map(Action::Disconnect),
        2 => (n(), any::<i8>()).prop_map(|(a, b)| Action::Move(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Action::Rename(a, b)),
        3 => (n(), n(), prop_oneof![0_i64..9, any::<i64>()]).prop_map(|(a, b, c)| Action::Set(a, b, c)),
        1 => (n(), n()).prop_map(|(a, b)| Action::Duplicate(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Action::CopyElsewhere(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Action::Group(a, b)),
        1 => n().prop_map(Action::Ungroup),
        1 => (n(), n()).prop_map(|(a, b)| Action::Align(a, b)),
        1 => n().prop_map(Action::Distribute),
        1 => n().prop_map(Action::Layout),
        2 => (n(), n()).prop_map(|(a, b)| Action::Frame(a, b)),
        3 => (n(), n()).prop_map(|(a, b)| Action::Activity(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Action::InsertInto(a, b)),
        2 => (n(), n()).prop_map(|(a, b)| Action::Lazy(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Action::Dissolve(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Action::Cut(a, b)),
        1 => (n(), n()).prop_map(|(a, b)| Action::InsertBefore(a, b)),
        3 => Just(Action::Undo),
        2 => Just(Action::Redo),
    ]
}

/// Two neighbouring blocks of the graph, for actions on a selection.
fn two(graph: &Graph, at: usize, more: usize) -> Vec<BlockId> {
    let ids: Vec<BlockId> = graph.blocks.iter().map(|block| block.id).collect();
    let mut chosen = vec![at, at + 1 + more % 3];
    chosen.retain(|_| !ids.is_empty());
    let mut chosen: Vec<_> = chosen.into_iter().map(|index| ids[index % ids.len()]).collect();
    chosen.dedup();
    chosen
}

fn ports(graph: &Graph, of: impl Fn(&aquila::blueprint::Block) -> Vec<catalogue::PortInfo>) -> Vec<Port> {
    let of = &of;
    graph
        .blocks
        .iter()
        .flat_map(|block| of(block).into_iter().map(move |port| Port::new(block.id, &port.name)))
        .collect()
}

fn act(graph: &mut Graph, action: &Action, clip: &edit::Clip) -> Result<(), EditError> {
    let pick =
        |graph: &Graph, at: usize| graph.blocks.get(at % graph.blocks.len().max(1)).map(|block| block.id);
    match *action {
        Action::Add(kind) => {
            let kinds = catalogue::kinds();
            edit::add_block(graph, kinds[kind % kinds.len()].name, [1.0, 2.0]).map(drop)
        }
        Action::Remove(at, more) => edit::remove(graph, &two(graph, at, more)),
        Action::Connect(from, to) => {
            let (outputs, inputs) = (ports(graph, catalogue::outputs_of), ports(graph, catalogue::inputs_of));
            if outputs.is_empty() || inputs.is_empty() {
                return Ok(());
            }
            edit::connect(graph, &outputs[from % outputs.len()], &inputs[to % inputs.len()])
        }
        Action::Disconnect(at) => {
            let inputs = ports(graph, catalogue::inputs_of);
            if let Some(input) = inputs.get(at % inputs.len().max(1)) {
                edit::disconnect(graph, input);
            }
            Ok(())
        }
        Action::Move(at, by) => edit::move_by(graph, &two(graph, at, 0), [f32::from(by), 0.1]),
        Action::Rename(at, name) => match pick(graph, at) {
            Some(id) => edit::rename(graph, id, &format!("name {}", name % 8)),
            None => Ok(()),
        },
        Action::Set(at, which, value) => {
            let Some(block) = graph.blocks.get(at % graph.blocks.len().max(1)) else { return Ok(()) };
            let parameters = catalogue::kind(&block.kind).map_or(&[][..], |kind| kind.parameters);
            let Some(spec) = parameters.get(which % parameters.len().max(1)) else { return Ok(()) };
            let id = block.id;
            edit::set_parameter(graph, id, spec.name, value.into())
        }
        Action::Duplicate(at, more) => edit::duplicate(graph, &two(graph, at, more), [8.0, 8.0]).map(drop),
        Action::CopyElsewhere(..) => edit::paste(graph, clip, [4.0, 4.0], true).map(drop),
        Action::Group(at, more) => edit::group(graph, &two(graph, at, more), "Pack").map(drop),
        Action::Ungroup(at) => match pick(graph, at) {
            Some(id) => edit::ungroup(graph, id).map(drop),
            None => Ok(()),
        },
        Action::Align(at, how) => {
            use edit::Alignment::{Bottom, CentreX, CentreY, Left, Right, Top};
            let how = [Left, Right, Top, Bottom, CentreX, CentreY][how % 6];
            edit::align(graph, &two(graph, at, how as usize), how, &SIZE)
        }
        Action::Distribute(at) => {
            let all: Vec<BlockId> = graph.blocks.iter().map(|block| block.id).collect();
            edit::distribute(graph, &all, [edit::Axis::X, edit::Axis::Y][at % 2], &SIZE)
        }
        Action::Layout(at) => {
            let some = if at % 3 == 0 { two(graph, at, 1) } else { Vec::new() };
            edit::layout(graph, &some, &SIZE)
        }
        Action::Frame(at, what) => {
            let frame = at % graph.frames.len().max(1);
            let place = [at as f32, what as f32];
            match what % 5 {
                0 => edit::add_frame(graph, "A frame", place, [200.0, 100.0]).map(drop),
                1 => edit::move_frame(graph, frame, place),
                2 => edit::resize_frame(graph, frame, place, [300.0, 10.0]),
                3 => edit::rename_frame(graph, frame, &format!("Frame {at}")),
                _ => edit::remove_frame(graph, frame),
            }
        }
        Action::Activity(at, what) => {
            let activity = [Activity::Active, Activity::Muted, Activity::Bypassed][what % 3];
            edit::set_activity(graph, &two(graph, at, what), activity)
        }
        Action::InsertInto(at, link) => {
            match (pick(graph, at), graph.links.get(link % graph.links.len().max(1))) {
                (Some(block), Some(link)) => edit::insert_into(graph, &link.clone(), block),
                _ => Ok(()),
            }
        }
        Action::Lazy(from, to) => match (pick(graph, from), pick(graph, to)) {
            (Some(from), Some(to)) => edit::connect_blocks(graph, from, to),
            _ => Ok(()),
        },
        Action::Dissolve(at, more) => edit::dissolve(graph, &two(graph, at, more)),
        Action::Cut(at, more) => {
            let links: Vec<Link> = graph.links.iter().skip(at % 4).step_by(1 + more % 3).cloned().collect();
            edit::cut(graph, &links);
            Ok(())
        }
        Action::InsertBefore(at, kind) => {
            let kinds = catalogue::kinds();
            match graph.links.get(at % graph.links.len().max(1)).map(|link| link.to.clone()) {
                Some(to) => edit::insert_before(graph, &to, kinds[kind % kinds.len()].name, &[]).map(drop),
                None => Ok(()),
            }
        }
        Action::Undo | Action::Redo => Ok(()),
    }
}

const SIZE: fn(&aquila::blueprint::Block) -> [f32; 2] = |_| [132.0, 52.0];

/// What must hold of any document that only edits have touched: wires end at ports that exist, an input has one, names are good and
/// unique, and there is no circle. What is merely unfinished (an input without a wire, a size that does not fit) may be.
fn assert_sound(document: &Blueprint) {
    const NEVER: &[&str] = &[
        "cycle",
        "duplicate-id",
        "duplicate-link",
        "duplicate-name",
        "several-wires",
        "unknown-block",
        "unknown-kind",
        "unknown-port",
        "unknown-field",
        "bad-name",
        "bad-group",
        "too-deep",
    ];
    let faults = analyse(document).faults;
    let broken: Vec<_> = faults.iter().filter(|fault| NEVER.contains(&fault.kind)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    // A parameter beyond its limits cannot be set; only a combination of good ones may be at fault.
    assert!(
        faults.iter().all(|fault| fault.kind != "bad-parameter" || !fault.message.contains("a whole number"))
    );
}

/// 10 000 random sequences of edits, undos and redos, in the network and in its groups.
#[test]
fn no_sequence_of_edits_breaks_a_document_or_its_history() {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let start = blueprint(
        &[("input", "Map", &[]), ("relu", "A", &[]), ("output", "Density", &[])],
        &[(1, "out", 2, "in"), (2, "out", 3, "in")],
    );
    let actions = prop::collection::vec((any_action(), any::<bool>()), 1..20);
    runner
        .run(&actions, |actions| {
            let (mut document, mut history) = (start.clone(), History::default());
            // What the document was after each step, as far as it can be gone back and forth.
            let mut states = vec![document.clone()];
            let mut now = 0_usize;
            let mut clip = edit::Clip::default();
            for (action, deep) in &actions {
                match action {
                    Action::Undo => {
                        assert_eq!(history.undo(&mut document), now > 0);
                        now = now.saturating_sub(1);
                    }
                    Action::Redo => {
                        assert_eq!(history.redo(&mut document), now + 1 < states.len());
                        now = (now + 1).min(states.len() - 1);
                    }
                    action => {
                        // Half of the actions go into the first group, where there is one.
                        let group = document
                            .graph
                            .blocks
                            .iter()
                            .find(|block| block.kind == "group")
                            .filter(|_| *deep);
                        let scope: Vec<BlockId> = group.map(|block| block.id).into_iter().collect();
                        if let (Action::CopyElsewhere(at, more), Some(graph)) =
                            (action, document.graph_at(&[]))
                        {
                            clip = edit::copy(graph, &two(graph, *at, *more)).unwrap_or_default();
                        }
                        let before = document.clone();
                        let done = history.act(&mut document, "edit", |document| {
                            edit::inside(document, &scope, |graph| act(graph, action, &clip))
                        });
                        if done.is_err() {
                            assert_eq!(document, before);
                        }
                        if document != before {
                            now += 1;
                            states.truncate(now);
                            states.push(document.clone());
                        }
                    }
                }
                assert_eq!(document, states[now]);
            }
            assert_sound(&document);
            // All the way back gives the bytes it began with, and what was made can be written and read.
            let text = to_json(&document).expect("finite");
            assert_eq!(from_json(&text).expect("our own"), document);
            while history.undo(&mut document) {}
            assert_eq!(to_json(&document).expect("finite"), to_json(&start).expect("finite"));
            Ok(())
        })
        .expect("no counterexample");
}
