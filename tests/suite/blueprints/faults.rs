//! What is wrong, where, in which words.

use super::{blueprint, small_unet, unet};
use aquila::blueprint::edit;
use aquila::blueprint::{BlockId, Blueprint, Fault, Graph, Link, Severity, UnetOptions, analyse, plan};

/// The faults as a user reads them.
fn told(blueprint: &Blueprint) -> Vec<String> {
    let word = |fault: &Fault| if fault.severity == Severity::Error { "error" } else { "warning" };
    let fix = |fault: &Fault| fault.fix.as_deref().unwrap_or("-").to_owned();
    analyse(blueprint)
        .faults
        .iter()
        .map(|fault| format!("{} {} | {fault} | {}", word(fault), fault.kind, fix(fault)))
        .collect()
}

#[test]
fn a_size_that_does_not_halve_often_enough_names_the_block() {
    let blueprint = unet(UnetOptions { height: 130, width: 130, ..UnetOptions::default() });
    assert_eq!(
        told(&blueprint),
        [
            "error size-not-divisible | Encoder 2/Pool · in: Expects a height and width divisible by 2, but got 65 × 65 px \
          along Column density (1×130²) → Encoder 1/Convolution (64×130²) → Encoder 1/Pool (64×65²) → Encoder 2/Convolution (128×65²) \
          | Give “Column density” a height and width divisible by 16, such as 128 or 144"
        ]
    );
    let faults = plan(&blueprint).expect_err("it cannot be computed");
    assert_eq!(faults[0].path.len(), 2, "the pool within its group");
    assert!(!faults[0].along.is_empty());
}

#[test]
fn maps_of_different_size_do_not_meet() {
    let blueprint = blueprint(
        &[
            ("input", "Map", &[("height", 32), ("width", 32)]),
            ("max-pool", "Pool", &[]),
            ("concatenate", "Concatenate", &[]),
            ("output", "Density", &[]),
        ],
        &[(1, "out", 2, "in"), (1, "out", 3, "in1"), (2, "out", 3, "in2"), (3, "out", 4, "in")],
    );
    assert_eq!(
        told(&blueprint),
        [
            "error shape-mismatch | Concatenate · in2: Expects a map of 32 × 32 px as on in1, but got one of 16 × 16 px \
          along Map (1×32²) → Pool (1×16²) | Insert an upsample by 2 at in2"
        ]
    );
}

#[test]
fn every_other_fault_has_its_words() {
    let chain = |kind, parameters| {
        blueprint(
            &[("input", "Map", &[("channels", 3)]), (kind, "Block", parameters), ("output", "Density", &[])],
            &[(1, "out", 2, "in"), (2, "out", 3, "in")],
        )
    };
    assert_eq!(
        told(&chain("convolution", &[("groups", 2)])),
        [
            "error channel-mismatch | Block · in: Expects a multiple of 2 channels, one part for each of its groups, but got \
          3 channels along Map (3×128²) | Set groups to 1"
        ]
    );
    assert_eq!(
        told(&chain("convolution", &[("groups", 3)])),
        [
            "error bad-parameter | Block: Expects filters to be a multiple of its 3 groups, but got 64 filters | Set filters to 66"
        ]
    );
    assert_eq!(
        told(&chain("convolution", &[("kernel", -3)])),
        [
            "error bad-parameter | Block: Expects a whole number from 1 to 63 as kernel, but got -3 | Set kernel to 1"
        ]
    );
    assert_eq!(
        told(&chain("convolution", &[("filters", i64::MAX)])),
        [
            "error bad-parameter | Block: Expects a whole number from 1 to 65536 as filters, but got 9223372036854775807 \
          | Set filters to 65536"
        ]
    );
    assert_eq!(
        told(&chain("transposed-convolution", &[("stride", 64), ("filters", 65536)])),
        ["error too-large | Block: Expects at most 17179869184 values in the result, but got 4331726438400 \
          | Take fewer filters or a smaller input"]
    );
    assert_eq!(
        told(&chain("hologram", &[])),
        [
            "error unknown-kind | Block: This version of Aquila knows no block of kind “hologram”; it is kept as it is \
          | Replace the block, or open the file with a newer Aquila"
        ]
    );
    assert_eq!(
        told(&chain("relu", &[("slope", 1)])),
        [
            "warning unknown-parameter | Block: What this version does not know is kept, and has no effect: slope | -"
        ]
    );
}

#[test]
fn faults_of_structure_have_their_words() {
    let mut document = blueprint(
        &[
            ("input", "Map", &[]),
            ("concatenate", "Join", &[]),
            ("relu", "Join", &[]),
            ("output", "Density", &[]),
            ("relu", "a/b", &[]),
            ("group-output", "out", &[]),
        ],
        &[
            (1, "out", 2, "in1"),
            (3, "out", 2, "in2"),
            (2, "out", 3, "in"),
            (3, "out", 4, "in"),
            (3, "out", 4, "in"),
            (1, "out", 4, "in"),
            (1, "other", 2, "in1"),
            (1, "out", 9, "in"),
        ],
    );
    assert_eq!(
        told(&document),
        [
            "error unknown-block | A wire from “Map” · out to block 9 · in hangs in the air: there is no block 9 | Remove the wire",
            "error unknown-port | Map · other: A wire goes to its output “other”, but its outputs are: out | Remove the wire",
            "error duplicate-name | Join: Another block of this graph is called “Join” too; names name the weights | Rename one of them",
            "error cycle | Join: The wires go round in a circle: Join → Join → Join | Remove one of these wires",
            "error duplicate-link | Density · in: The wire from “Join” · out is there twice | Remove one of the two",
            "error several-wires | Density · in: Two wires end here; the one from “Map” · out has no effect | Remove one of the two",
            "error bad-name | a/b: The name “a/b” holds '/', which names of weights cannot hold | -",
            "error misplaced | out: A group's port stands outside of any group | Use an input or an output here",
            "warning missing-input | a/b · in: No wire comes to “in” | Connect an output to “in”",
            "warning unused | a/b: Leads to no output, so it is left out of the network | Connect it, or remove it",
        ]
    );
    document.graph = Graph::default();
    assert_eq!(
        told(&document),
        [
            "error no-output | The blueprint has no output, so there is nothing to train | Add an output and connect the last block to it"
        ]
    );
}

/// Doing what the faults propose, one after the other, leaves a network without faults.
#[test]
fn faults_can_be_mended_at_a_touch() {
    let mut document = unet(UnetOptions { height: 130, width: 200, ..UnetOptions::default() });
    let graph = &mut document.graph;
    let head = graph.blocks.iter().position(|block| block.name == "Head").expect("a head");
    graph.blocks[head].parameters.insert("kernel".to_owned(), 0.into());
    graph.blocks[head].parameters.insert("bias".to_owned(), "perhaps".into());
    graph.blocks[2].name = graph.blocks[1].name.clone();
    let (first, input) = (graph.links[0].clone(), graph.blocks[0].id);
    graph.links.push(first.clone());
    graph.links.push(Link::new(BlockId(99), "out", head_id(graph, head), "in"));
    graph.links.push(Link::new(input, "below", head_id(graph, head), "in"));
    graph.links.push(Link::new(input, "out", head_id(graph, head), "in"));
    edit::add_block(graph, "relu", [0.0, 0.0]).expect("a known kind");
    let mut mended = 0;
    while let Some(mend) = analyse(&document).faults.iter().find_map(|fault| fault.mend.clone()) {
        edit::mend(&mut document, &mend).expect("what is proposed can be done");
        mended += 1;
        assert!(mended < 20);
    }
    assert_eq!(told(&document), [] as [&str; 0]);
    let size = |name: &str| document.graph.blocks[0].parameters[name].clone();
    assert_eq!((size("height"), size("width")), (128.into(), 208.into()));
    assert_eq!(mended, 9);
}

fn head_id(graph: &Graph, place: usize) -> BlockId {
    graph.blocks[place].id
}

/// One cut wire is one fault, at the block where it is missing; nothing behind it is blamed.
#[test]
fn a_missing_wire_is_told_where_the_user_sees_it() {
    let mut document = small_unet();
    let decoder = document.graph.blocks.iter().find(|block| block.name == "Decoder 2").expect("a decoder").id;
    document.graph.links.retain(|link| !(link.to.block == decoder && link.to.port == "skip"));
    assert_eq!(
        told(&document),
        ["error missing-input | Decoder 2 · skip: No wire comes to “skip” | Connect an output to “skip”"]
    );
    let fault = &analyse(&document).faults[0];
    assert_eq!((fault.path.as_slice(), fault.port.as_deref()), (&[decoder][..], Some("skip")));
}

/// Shapes are known up to the fault, also when the network as a whole cannot be made.
#[test]
fn a_faulty_document_still_has_shapes() {
    let document = unet(UnetOptions { height: 130, width: 130, ..UnetOptions::default() });
    let analysis = analyse(&document);
    let shapes: Vec<_> = ["Encoder 1", "Encoder 2"]
        .map(|name| {
            let id = document.graph.blocks.iter().find(|block| block.name == name).expect("an encoder").id;
            let port = aquila::blueprint::Port::new(id, "skip");
            analysis.shape(&[], &port).map(ToString::to_string)
        })
        .into();
    assert_eq!(shapes, [Some("64×130²".to_owned()), Some("128×65²".to_owned())]);
}

/// A wire that goes out of a group and into it again is no circle where its inside is none.
#[test]
fn a_circle_is_one_of_blocks_not_of_groups() {
    let mut document = blueprint(
        &[
            ("input", "Map", &[]),
            ("relu", "A", &[]),
            ("relu", "B", &[]),
            ("relu", "C", &[]),
            ("output", "Density", &[]),
        ],
        &[(1, "out", 2, "in"), (2, "out", 3, "in"), (3, "out", 4, "in"), (4, "out", 5, "in")],
    );
    let group =
        edit::group(&mut document.graph, &[BlockId(2), BlockId(4)], "Around").expect("it can be grouped");
    assert_eq!(told(&document), [] as [&str; 0]);
    let back =
        document.graph.links.iter().filter(|link| link.from.block == group || link.to.block == group).count();
    assert_eq!(back, 4);
    document.graph.links.push(Link::new(BlockId(3), "out", BlockId(3), "in"));
    assert!(analyse(&document).faults.iter().any(|fault| fault.kind == "several-wires"));
}
