//! Blueprints as a user meets them: the sizes of the literature, the faults and their words, files, editing.

mod arranging;
mod commands;
mod editing;
mod faults;
mod files;
mod kinds;
mod mends;
mod templates;

use aquila::blueprint::{
    Block, BlockId, Blueprint, Link, Parameter, UnetOptions, analyse, catalogue, plan, template,
};

fn unet(options: UnetOptions) -> Blueprint {
    template("unet", &options).expect("the options are within their limits")
}

/// A small but complete U-Net, for tests that do much with it.
fn small_unet() -> Blueprint {
    unet(UnetOptions { levels: 2, base_filters: 4, height: 32, width: 32, ..UnetOptions::default() })
}

/// Blocks numbered from 1, as kind, name and parameters.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, i64)]);

/// A blueprint from a table of blocks and of wires as (from, output, to, input).
fn blueprint(blocks: &[Row], links: &[(u32, &str, u32, &str)]) -> Blueprint {
    let mut blueprint = Blueprint::new("test");
    for (id, (kind, name, parameters)) in (1..).zip(blocks) {
        let mut block = Block::new(BlockId(id), kind, name, [0.0, 0.0]);
        for (name, value) in *parameters {
            block.parameters.insert((*name).to_owned(), Parameter::Integer(*value));
        }
        blueprint.graph.blocks.push(block);
    }
    for &(from, output, to, input) in links {
        blueprint.graph.links.push(Link::new(BlockId(from), output, BlockId(to), input));
    }
    blueprint
}

/// A row of the catalogue with a default that it would itself refuse, or a name twice, would be found by a user.
#[test]
fn the_catalogue_is_sound() {
    let mut names = std::collections::HashSet::new();
    for kind in catalogue::kinds() {
        assert!(names.insert(kind.name), "{} is there twice", kind.name);
        for spec in kind.parameters {
            assert_eq!(spec.check(&spec.default()), Ok(()), "{} of {}", spec.name, kind.name);
        }
        if let catalogue::Inputs::Counted { parameter, .. } = kind.inputs {
            assert!(kind.parameter(parameter).is_some(), "{}", kind.name);
        }
    }
}

/// Sizes of the published network, counted by running the original Python.
#[test]
fn unet_has_the_published_sizes() {
    let count = |double, attention| {
        let blueprint = unet(UnetOptions { double, attention, ..UnetOptions::default() });
        let analysis = analyse(&blueprint);
        assert_eq!(analysis.faults, [], "double {double}, attention {attention}");
        analysis.parameters
    };
    assert_eq!(count(false, true), 15_681_005);
    assert_eq!(count(true, true), 31_393_901);
    assert_eq!(count(true, false), 31_042_369);
    assert_eq!(count(false, false), 15_329_473);
}

#[test]
fn unet_sizes_follow_levels_and_filters() {
    let table = [
        (8, [14_835, 61_350, 246_537, 985_548]),
        (32, [232_119, 971_130, 3_923_709, 15_727_104]),
        (80, [1_444_287, 6_056_610, 24_497_253, 98_242_536]),
    ];
    for (base_filters, counts) in table {
        for (levels, count) in (2..).zip(counts) {
            let blueprint = unet(UnetOptions { levels, base_filters, ..UnetOptions::default() });
            assert_eq!(analyse(&blueprint).parameters, count, "{levels} levels of {base_filters}");
        }
    }
}

/// Every extreme the options allow gives a network, or a fault that says why not.
#[test]
fn unet_is_sound_to_the_limits_of_its_options() {
    for (levels, base_filters) in [(1, 1), (1, 256), (8, 1)] {
        let options = UnetOptions { levels, base_filters, height: 256, width: 512, ..UnetOptions::default() };
        assert_eq!(analyse(&unet(options)).faults, [], "{levels} levels of {base_filters}");
    }
    let huge = UnetOptions { height: 65536, width: 65536, ..UnetOptions::default() };
    let kinds: Vec<_> = analyse(&unet(huge)).faults.iter().map(|fault| fault.kind).collect();
    assert_eq!(kinds, ["too-large"]);
}

#[test]
fn plan_is_in_an_order_that_can_be_computed() {
    let plan = plan(&unet(UnetOptions::default())).expect("the template is sound");
    for (index, step) in plan.steps.iter().enumerate() {
        assert!(step.inputs.iter().all(|&input| input < index), "{}", step.name);
    }
    assert_eq!(plan.inputs.len(), 1);
    assert_eq!(plan.outputs.len(), 1);
    let output = &plan.steps[plan.outputs[0]];
    assert_eq!((output.name.as_str(), output.shape.to_string().as_str()), ("Density", "1×128²"));
    let gate = plan.steps.iter().find(|step| step.name == "Decoder 4/Gate").expect("a gate on each skip");
    let fed_by: Vec<_> = gate.inputs.iter().map(|&step| plan.steps[step].name.as_str()).collect();
    assert_eq!(fed_by, ["Decoder 4/Up", "Encoder 4/Dropout"]);
}

/// Counted by hand. Convolution 1→4, 3×3 on 8×8: 4·1·9 weights + 4; ×64 pixels. Up 4→2, 2×2, stride 2 on the pooled 4×4:
/// 4·2·4 + 2 and ×16. Gate of 2 and 4 channels with 3 inside: (2+4)·3 + 3 weights, 6·3 + 3 of biases and norms; 21×64. Head 6→1: 6 + 1.
#[test]
fn costs_are_as_counted_by_hand() {
    let blueprint = blueprint(
        &[
            ("input", "Map", &[("height", 8), ("width", 8)]),
            ("convolution", "Convolution", &[("filters", 4)]),
            ("batch-norm", "Batch norm", &[]),
            ("max-pool", "Pool", &[]),
            ("transposed-convolution", "Up", &[]),
            ("attention-gate", "Gate", &[("filters", 3)]),
            ("concatenate", "Concatenate", &[]),
            ("convolution", "Head", &[("filters", 1), ("kernel", 1)]),
            ("output", "Density", &[]),
        ],
        &[
            (1, "out", 2, "in"),
            (2, "out", 3, "in"),
            (3, "out", 4, "in"),
            (4, "out", 5, "in"),
            (5, "out", 6, "gate"),
            (3, "out", 6, "skip"),
            (5, "out", 7, "in1"),
            (6, "out", 7, "in2"),
            (7, "out", 8, "in"),
            (8, "out", 9, "in"),
        ],
    );
    let analysis = analyse(&blueprint);
    assert_eq!(analysis.faults, []);
    let of = |id| {
        let report = &analysis.blocks[&vec![BlockId(id)]];
        (report.parameters, report.multiply_adds, report.output_bytes)
    };
    assert_eq!(of(2), (40, 36 * 64, 4 * 64 * 4));
    assert_eq!(of(3), (8, 0, 4 * 64 * 4));
    assert_eq!(of(4), (0, 0, 4 * 16 * 4));
    assert_eq!(of(5), (34, 32 * 16, 2 * 64 * 4));
    assert_eq!(of(6), (21 + 21, 21 * 64, 4 * 64 * 4));
    assert_eq!(of(7), (0, 0, 6 * 64 * 4));
    assert_eq!(of(8), (7, 6 * 64, 64 * 4));
    assert_eq!(analysis.parameters, 40 + 8 + 34 + 42 + 7);
    assert_eq!(analysis.multiply_adds, 2304 + 512 + 1344 + 384);
}

/// A group costs what is inside it, and computes the same as its inside laid open.
#[test]
fn groups_are_dissolved() {
    let grouped = unet(UnetOptions { levels: 2, base_filters: 8, ..UnetOptions::default() });
    let analysis = analyse(&grouped);
    let top: u64 = grouped.graph.blocks.iter().map(|b| analysis.blocks[&vec![b.id]].parameters).sum();
    assert_eq!(top, analysis.parameters);
    let mut open = grouped.clone();
    for block in grouped.graph.blocks.iter().filter(|block| block.kind == "group") {
        aquila::blueprint::edit::ungroup(&mut open.graph, block.id).expect("it is a group");
    }
    assert!(open.graph.blocks.iter().all(|block| block.kind != "group"));
    let ops = |blueprint| {
        let mut ops: Vec<_> = plan(blueprint)
            .expect("sound")
            .steps
            .into_iter()
            .map(|step| format!("{:?} {} {}", step.op, step.shape, step.inputs.len()))
            .collect();
        ops.sort();
        ops
    };
    assert_eq!(ops(&open), ops(&grouped));
}
