//! Layout, frames, and blocks that take no part.

use super::{blueprint, small_unet};
use aquila::blueprint::edit::{self, Alignment, Axis, EditError};
use aquila::blueprint::{Activity, Block, BlockId, Blueprint, Graph, Link, Port, analyse, plan};

const SIZE: fn(&Block) -> [f32; 2] = |_| [132.0, 52.0];

fn id(blueprint: &Blueprint, name: &str) -> BlockId {
    blueprint.graph.blocks.iter().find(|block| block.name == name).expect("it is there").id
}

fn at(blueprint: &Blueprint, name: &str) -> [f32; 2] {
    blueprint.graph.block(id(blueprint, name)).expect("it is there").position
}

fn kinds(blueprint: &Blueprint) -> Vec<&'static str> {
    analyse(blueprint).faults.iter().map(|fault| fault.kind).collect()
}

fn assert_nothing_overlaps(graph: &Graph) {
    for (index, a) in graph.blocks.iter().enumerate() {
        for b in &graph.blocks[..index] {
            let apart = (0..2).any(|axis| (a.position[axis] - b.position[axis]).abs() >= SIZE(a)[axis] + 8.0);
            assert!(apart, "{} at {:?} lies on {} at {:?}", a.name, a.position, b.name, b.position);
        }
    }
}

/// Input → A → B → Output, and B's sum with the input beside.
fn diamond() -> Blueprint {
    blueprint(
        &[
            ("input", "Map", &[]),
            ("relu", "A", &[]),
            ("relu", "B", &[]),
            ("concatenate", "Join", &[]),
            ("output", "Density", &[]),
        ],
        &[
            (1, "out", 2, "in"),
            (1, "out", 3, "in"),
            (2, "out", 4, "in1"),
            (3, "out", 4, "in2"),
            (4, "out", 5, "in"),
        ],
    )
}

#[test]
fn an_encoder_decoder_is_laid_out_as_a_u() {
    let mut document = small_unet();
    for block in &mut document.graph.blocks {
        block.position = [0.0, 0.0];
    }
    edit::layout(&mut document.graph, &[], &SIZE).expect("finite");
    assert_nothing_overlaps(&document.graph);
    let y = |name: &str| at(&document, name)[1];
    assert_eq!(y("Encoder 1"), y("Decoder 1"));
    assert_eq!(y("Encoder 2"), y("Decoder 2"));
    assert!(y("Encoder 1") < y("Encoder 2") && y("Encoder 2") < y("Bottleneck"), "no U");
    assert!(at(&document, "Encoder 2")[0] < at(&document, "Bottleneck")[0]);
    assert!(at(&document, "Bottleneck")[0] < at(&document, "Decoder 2")[0]);
}

#[test]
fn columns_go_from_left_to_right_and_stay_apart() {
    let mut document = diamond();
    edit::layout(&mut document.graph, &[], &SIZE).expect("finite");
    assert_nothing_overlaps(&document.graph);
    for link in &document.graph.links {
        let x = |id: BlockId| document.graph.block(id).expect("there").position[0];
        assert!(x(link.from.block) + 132.0 < x(link.to.block), "{link:?} goes back");
    }
    // Twice gives the same: nothing wanders.
    let once = document.clone();
    edit::layout(&mut document.graph, &[], &SIZE).expect("finite");
    assert_eq!(document, once);
}

#[test]
fn a_layout_survives_circles_and_keeps_frames_together() {
    let mut document = diamond();
    let (a, b) = (id(&document, "A"), id(&document, "B"));
    document.graph.links.push(Link::new(b, "out", a, "in"));
    document.graph.links.push(Link::new(a, "out", a, "in"));
    document.graph.links.push(Link::new(id(&document, "Join"), "out", b, "in"));
    for (place, block) in document.graph.blocks.iter_mut().enumerate() {
        block.position = [200.0 * place as f32, 0.0];
    }
    edit::add_frame(&mut document.graph, "Middle", [190.0, -40.0], [400.0, 200.0]).expect("finite");
    edit::layout(&mut document.graph, &[], &SIZE).expect("finite");
    assert_nothing_overlaps(&document.graph);
    assert_eq!(edit::in_frame(&document.graph, 0), Ok(vec![a, b]));
}

#[test]
fn blocks_align_and_stand_at_equal_distances() {
    let mut document = diamond();
    for (place, block) in document.graph.blocks.iter_mut().enumerate() {
        block.position = [[0.0, 150.0, 500.0, 700.0, 1000.0][place], 10.0 * place as f32];
    }
    let all: Vec<BlockId> = document.graph.blocks.iter().map(|block| block.id).collect();
    edit::align(&mut document.graph, &all, Alignment::Top, &SIZE).expect("there");
    assert!(document.graph.blocks.iter().all(|block| block.position[1] == 0.0));
    edit::distribute(&mut document.graph, &all, Axis::X, &SIZE).expect("there");
    let x: Vec<f32> = document.graph.blocks.iter().map(|block| block.position[0]).collect();
    assert_eq!(x, [0.0, 250.0, 500.0, 750.0, 1000.0]);
    edit::align(&mut document.graph, &all, Alignment::Right, &SIZE).expect("there");
    assert!(document.graph.blocks.iter().all(|block| block.position[0] == 1000.0));
}

#[test]
fn a_frame_moves_and_travels_with_its_blocks() {
    let mut document = diamond();
    for (place, block) in document.graph.blocks.iter_mut().enumerate() {
        block.position = [200.0 * place as f32, 0.0];
    }
    let graph = &mut document.graph;
    let frame = edit::add_frame(graph, " Both ", [190.0, -40.0], [400.0, 200.0]).expect("finite");
    let held = edit::in_frame(graph, frame).expect("there");
    assert_eq!(held, [BlockId(2), BlockId(3)]);
    edit::move_frame(graph, frame, [5.0, 7.0]).expect("finite");
    assert_eq!(graph.block(BlockId(2)).expect("there").position, [205.0, 7.0]);
    assert_eq!((graph.frames[0].title.as_str(), graph.frames[0].position), ("Both", [195.0, -33.0]));
    edit::duplicate(graph, &held, [0.0, 300.0]).expect("there");
    assert_eq!(graph.frames[1].position, [195.0, 267.0]);
    assert_eq!(edit::in_frame(graph, 1).expect("there").len(), 2);
    edit::remove_frame(graph, 0).expect("there");
    assert_eq!(edit::remove_frame(graph, 9), Err(EditError::NoFrame));
    assert_eq!(graph.blocks.len(), 7);
}

#[test]
fn a_bypassed_block_hands_its_input_on() {
    let mut document = small_unet();
    let parameters = analyse(&document).parameters;
    let bottleneck = id(&document, "Bottleneck");
    let inside: Vec<BlockId> =
        document.graph_at(&[bottleneck]).expect("a group").blocks.iter().map(|block| block.id).collect();
    let relu = inside
        .into_iter()
        .find(|id| document.block_at(&[bottleneck, *id]).is_some_and(|block| block.kind == "relu"));
    edit::inside(&mut document, &[bottleneck], |graph| {
        edit::set_activity(graph, &[relu.expect("there")], Activity::Bypassed)
    })
    .expect("it has an input");
    let steps = plan(&document).expect("no faults").steps;
    assert_eq!(analyse(&document).parameters, parameters);
    assert!(steps.iter().all(|step| !step.name.starts_with("Bottleneck/ReLU")), "the block is still there");
    let input = id(&document, "Column density");
    let refused = edit::set_activity(&mut document.graph, &[input], Activity::Bypassed);
    assert_eq!(refused, Err(EditError::NoBypass("Column density".to_owned())));
}

#[test]
fn a_bypassed_group_hands_its_first_input_to_its_outputs() {
    let mut document = diamond();
    let group = edit::group(&mut document.graph, &[BlockId(2), BlockId(3)], "G").expect("it can be grouped");
    edit::set_activity(&mut document.graph, &[group], Activity::Bypassed).expect("it has an input");
    let steps = plan(&document).expect("no faults").steps;
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["Map", "Join", "Density"]);
    assert_eq!(steps[1].inputs, [0, 0]);
    assert!(matches!(edit::ungroup(&mut document.graph, group), Err(EditError::Bypassed(_))));
}

/// What joins several inputs joins the others; what needs its input says that the block before is muted.
#[test]
fn a_muted_block_counts_as_absent() {
    let mut document = diamond();
    edit::set_activity(&mut document.graph, &[BlockId(3)], Activity::Muted).expect("there");
    let steps = plan(&document).expect("no faults").steps;
    let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["Map", "A", "Join", "Density"]);
    edit::set_activity(&mut document.graph, &[BlockId(2)], Activity::Muted).expect("there");
    let faults = analyse(&document).faults;
    assert_eq!(faults[0].kind, "missing-input");
    assert!(faults[0].message.contains("“A” before it is muted"), "{}", faults[0].message);
    edit::set_activity(&mut document.graph, &[BlockId(2), BlockId(3)], Activity::Active).expect("there");
    edit::set_activity(&mut document.graph, &[BlockId(5)], Activity::Muted).expect("there");
    assert!(kinds(&document).contains(&"no-output"), "{:?}", kinds(&document));
}

/// Through the ports of groups, too.
#[test]
fn a_muted_skip_of_a_group_is_told_where_it_is_missed() {
    let mut document = diamond();
    let group = edit::group(&mut document.graph, &[BlockId(2)], "G").expect("it can be grouped");
    edit::inside(&mut document, &[group], |graph| edit::set_activity(graph, &[BlockId(2)], Activity::Muted))
        .expect("there");
    let steps = plan(&document).expect("the sum takes what is left").steps;
    assert_eq!(
        steps.iter().map(|step| step.name.as_str()).collect::<Vec<_>>(),
        ["Map", "B", "Join", "Density"]
    );
}

#[test]
fn a_block_is_dropped_into_a_wire_and_dissolved_again() {
    let mut document = diamond();
    let before = document.clone();
    let link = Link::new(BlockId(4), "out", BlockId(5), "in");
    let new = edit::add_block(&mut document.graph, "relu", [0.0, 0.0]).expect("a known kind");
    edit::insert_into(&mut document.graph, &link, new).expect("it fits");
    assert!(document.graph.links.contains(&Link::new(BlockId(4), "out", new, "in")));
    assert!(document.graph.links.contains(&Link::new(new, "out", BlockId(5), "in")));
    edit::dissolve(&mut document.graph, &[new]).expect("there");
    assert_eq!(document, before);
    // An output has nothing to hand on: refused, and nothing changed.
    let output = edit::add_block(&mut document.graph, "output", [0.0, 0.0]).expect("a known kind");
    let before = document.clone();
    assert!(edit::insert_into(&mut document.graph, &link, output).is_err());
    assert_eq!(document, before);
}

#[test]
fn blocks_are_joined_in_passing_at_a_free_input() {
    let mut document = diamond();
    edit::cut(&mut document.graph, &[Link::new(BlockId(3), "out", BlockId(4), "in2")]);
    edit::connect_blocks(&mut document.graph, BlockId(2), BlockId(4)).expect("in2 is free");
    let into = |port: &str| document.graph.links.iter().any(|link| link.to == Port::new(BlockId(4), port));
    assert!(into("in1") && into("in2"));
    let refused = edit::connect_blocks(&mut document.graph, BlockId(5), BlockId(2));
    assert_eq!(refused, Err(EditError::NoWay));
}

/// A hundred levels of a U, a thousand blocks in a row, all joined to all: quick, and apart.
#[test]
fn large_layouts_take_no_time() {
    let mut graph = Graph::default();
    for number in 0..1000 {
        graph.blocks.push(Block::new(BlockId(number), "add", &format!("{number}"), [0.0, 0.0]));
        for step in [1, 7, 100] {
            if number >= step {
                graph.links.push(Link::new(BlockId(number - step), "out", BlockId(number), "in1"));
            }
        }
    }
    let begun = std::time::Instant::now();
    edit::layout(&mut graph, &[], &SIZE).expect("finite");
    assert!(begun.elapsed().as_secs_f64() < 5.0, "{:?}", begun.elapsed());
    assert_nothing_overlaps(&graph);
}
