//! What each kind makes of what comes in: shapes and sizes as PyTorch's, limits, and what no network may do to the program.

use aquila::blueprint::{
    Block, BlockId, Blueprint, Forecast, Link, Parameter, PortType, analyse, catalogue, edit, from_json,
    plan, to_json,
};
use proptest::prelude::*;

/// `filters=4 bias=no fill=reflect`.
fn settings(text: &str) -> Vec<(String, Parameter)> {
    let value = |text: &str| match (text, text.parse::<i64>(), text.parse::<f64>()) {
        ("yes", ..) => true.into(),
        ("no", ..) => false.into(),
        (_, Ok(integer), _) => integer.into(),
        (_, _, Ok(float)) => float.into(),
        _ => Parameter::from(text),
    };
    let pair = |text: &str| text.split_once('=').map(|(name, word)| (name.to_owned(), value(word)));
    text.split_whitespace().map(|text| pair(text).expect("name=value")).collect()
}

fn block(id: u32, kind: &str, name: &str, parameters: &str) -> Block {
    let mut block = Block::new(BlockId(id), kind, name, [0.0, 0.0]);
    block.parameters.extend(settings(parameters));
    block
}

/// An input from `map 6x20x17`.
fn input(id: u32, text: &str) -> Block {
    let (kind, sizes) = text.split_once(' ').expect("type and sizes");
    let (kind, names): (_, &[&str]) = match kind {
        "vector" => ("vector-input", &["values"]),
        "sequence" => ("sequence-input", &["length", "channels"]),
        "map" => ("input", &["channels", "height", "width"]),
        _ => ("cube-input", &["channels", "depth", "height", "width"]),
    };
    let sizes = names.iter().zip(sizes.split('x')).map(|(name, size)| format!("{name}={size}"));
    block(id, kind, &format!("Input {id}"), &sizes.collect::<Vec<_>>().join(" "))
}

/// Inputs, separated by commas, into one block, and that into an output.
pub(super) fn through(inputs: &str, kind: &str, parameters: &str) -> Blueprint {
    let mut document = Blueprint::new("one block");
    let graph = &mut document.graph;
    graph.blocks = (1..).zip(inputs.split(", ")).map(|(id, text)| input(id, text)).collect();
    let id = graph.blocks.len() as u32 + 1;
    let block = block(id, kind, "Block", parameters);
    for (from, port) in (1..id).zip(catalogue::inputs_of(&block)) {
        graph.links.push(Link::new(BlockId(from), "out", BlockId(id), &port.name));
    }
    graph.blocks.push(block);
    graph.blocks.push(Block::new(BlockId(id + 1), "output", "Output", [0.0, 0.0]));
    graph.links.push(Link::new(BlockId(id), "out", BlockId(id + 1), "in"));
    document
}

/// Shapes and numbers of parameters as PyTorch 2.11 has them, by `benches/peers/golden_kinds.py`. What has no such
/// module (crops, reshapes, KAN nodes, spectral blocks) is counted by hand.
#[test]
fn shapes_and_parameters_are_those_of_pytorch() {
    let table = [
        (
            "sequence 50x6",
            "convolution",
            "filters=4 kernel=5 stride=2 padding=1 dilation=2 groups=2",
            "22x4",
            64,
        ),
        (
            "map 6x20x17",
            "convolution",
            "filters=8 stride=2 padding=0 dilation=2 groups=2 bias=no",
            "8x8x7",
            216,
        ),
        ("map 6x20x17", "convolution", "filters=8 kernel=4", "8x19x16", 776),
        ("cube 3x9x8x7", "convolution", "filters=5", "5x9x8x7", 410),
        ("map 6x20x17", "depthwise-convolution", "multiplier=3 kernel=5 stride=2", "18x10x9", 468),
        ("cube 4x9x8x7", "depthwise-convolution", "", "4x9x8x7", 112),
        ("sequence 50x6", "transposed-convolution", "kernel=3 padding=1", "99x3", 57),
        ("map 6x20x17", "transposed-convolution", "filters=8 kernel=4 stride=3 padding=1", "8x59x50", 776),
        ("cube 3x9x8x7", "transposed-convolution", "filters=2", "2x18x16x14", 50),
        ("vector 12", "linear", "features=7", "7", 91),
        ("sequence 50x6", "linear", "features=7 bias=no", "50x7", 42),
        ("map 6x20x17", "group-norm", "groups=3", "6x20x17", 12),
        ("sequence 50x6", "layer-norm", "", "50x6", 12),
        ("cube 4x9x8x7", "instance-norm", "", "4x9x8x7", 8),
        ("vector 12", "batch-norm", "", "12", 24),
        ("map 6x20x17", "max-pool", "kernel=3 stride=2 remainder=drop", "6x9x8", 0),
        ("sequence 50x6", "average-pool", "kernel=4 remainder=drop", "12x6", 0),
        ("cube 3x9x8x7", "max-pool", "remainder=drop", "3x4x4x3", 0),
        ("cube 3x9x8x7", "global-pool", "", "3", 0),
        ("sequence 50x6", "global-pool", "statistic=maximum", "6", 0),
        ("cube 3x9x8x7", "upsample", "factor=3 interpolation=linear", "3x27x24x21", 0),
        ("map 6x20x17", "pad", "amount=2 fill=reflect", "6x24x21", 0),
        ("map 6x20x17", "pad", "to=multiple multiple=16", "6x32x32", 0),
        ("map 6x20x17", "crop", "amount=3", "6x14x11", 0),
        ("map 6x20x17, map 2x7x8", "crop-like", "", "6x7x8", 0),
        ("cube 3x9x8x7", "flatten", "", "1512", 0),
        ("vector 24", "reshape", "to=cube sizes=1×4x3×2", "1x4x3x2", 0),
        ("sequence 8x9", "reshape", "to=map sizes=2×6×6", "2x6x6", 0),
        ("map 6x20x17", "select-channels", "start=2 count=4", "4x20x17", 0),
        ("sequence 5x2, sequence 5x3, sequence 5x4", "concatenate", "inputs=3", "5x9", 0),
        ("vector 6, map 1x4x5, map 6x4x5", "add", "inputs=3", "6x4x5", 0),
        ("map 1x4x5, map 6x4x5", "multiply", "", "6x4x5", 0),
        ("sequence 50x8", "self-attention", "heads=4", "50x8", 288),
        ("cube 5x3x4x5, cube 4x3x4x5", "attention-gate", "", "4x3x4x5", 35),
        ("sequence 50x8, vector 16", "film", "", "50x8", 0),
        ("map 6x20x17", "kan-convolution", "filters=4", "4x20x17", 1088 + 4),
        ("sequence 50x6", "kan-convolution", "filters=4 kernel=5 basis=b-spline functions=5", "50x4", 1088),
        ("vector 3", "kan", "sums=2 products=2", "4", 6 * 3 * (8 + 1) + 6),
        ("cube 2x32x5x4", "spectral-moments", "moments=4", "8x5x4", 0),
        ("cube 2x32x5x4", "spectral-projection", "filters=3", "3x5x4", 3 * 2 * 32 + 3),
        ("map 6x20x17", "noise", "", "6x20x17", 0),
        ("vector 4", "constant", "", "4", 0),
    ];
    for (inputs, kind, parameters, shape, count) in table {
        let document = through(inputs, kind, parameters);
        let analysis = analyse(&document);
        let place = format!("{kind} {parameters} on {inputs}");
        assert_eq!(analysis.errors().collect::<Vec<_>>(), [] as [&_; 0], "{place}");
        let sizes: Vec<String> = analysis.outputs[0].1.sizes.iter().map(ToString::to_string).collect();
        assert_eq!((sizes.join("x").as_str(), analysis.parameters), (shape, count), "{place}");
    }
}

/// Counted by hand: 4nc² + 2n²c for attention of n pixels, every function of a KAN's basis as a channel, moments and projections once
/// for each value of the cube. What attention keeps for the backward pass is that of PyTorch (`benches/peers/golden_kinds.py`, without
/// its input, which is another block's); a KAN keeps functions, slopes and the SiLU.
#[test]
fn large_costs_are_counted() {
    let cost = |inputs, kind, parameters| {
        let document = through(inputs, kind, parameters);
        let block = document.graph.blocks.iter().find(|block| block.name == "Block").expect("it is there").id;
        analyse(&document).blocks[&vec![block]].clone()
    };
    let attention = cost("sequence 1024x32", "self-attention", "heads=4");
    assert_eq!(attention.multiply_adds, 4 * 1024 * 32 * 32 + 2 * 1024 * 1024 * 32);
    assert_eq!(attention.training_bytes, 671_744 - 4 * 1024 * 32);
    let kan = cost("map 6x20x17", "kan-convolution", "filters=4");
    assert_eq!(kan.multiply_adds, 4 * 6 * 9 * 5 * 340);
    assert_eq!(kan.training_bytes, 4 * (2 * 4 + 1) * 6 * 340);
    assert_eq!(cost("cube 2x32x5x4", "spectral-moments", "").multiply_adds, 3 * 2 * 32 * 20);
    assert_eq!(cost("cube 2x32x5x4", "spectral-projection", "filters=3").multiply_adds, 3 * 2 * 32 * 20);
    assert_eq!(cost("sequence 50x6", "linear", "features=7").multiply_adds, 50 * 42);
    assert_eq!(cost("cube 4x9x8x7", "depthwise-convolution", "").multiply_adds, 4 * 27 * 504);
}

/// What PyTorch keeps of the same U-Nets for the backward pass (`benches/peers/golden_kinds.py`).
#[test]
fn training_keeps_what_pytorch_keeps() {
    for (double, bytes) in [(false, 18_556_928), (true, 26_552_320)] {
        let document =
            super::unet(aquila::blueprint::UnetOptions { base_filters: 16, double, ..Default::default() });
        assert_eq!(analyse(&document).training_bytes, bytes, "double {double}");
    }
}

/// Two convolutions of 4 and 2 channels on 1×8×8 (256 bytes a channel): at most 4 and 2 channels live at once, while training keeps
/// the input and the 4.
#[test]
fn memory_is_forecast() {
    let mut document = through("map 1x8x8", "convolution", "filters=4");
    edit::insert_before(
        &mut document.graph,
        &aquila::blueprint::Port::new(BlockId(3), "in"),
        "convolution",
        &settings("filters=2"),
    )
    .expect("a wire");
    let analysis = analyse(&document);
    assert_eq!(analysis.forward_bytes, (4 + 2) * 256);
    let parameter_bytes = 4 * (4 * 9 + 4 + 2 * 4 * 9 + 2);
    assert_eq!(
        analysis.forecast(10, 2),
        Forecast {
            parameter_bytes,
            optimiser_bytes: 2 * parameter_bytes,
            activation_bytes_forward: 10 * 6 * 256,
            activation_bytes_training: 10 * 5 * 256,
            total_training: 4 * parameter_bytes + 10 * 5 * 256,
            total_forward: parameter_bytes + 10 * 6 * 256,
        }
    );
    assert_eq!(analysis.forecast(u64::MAX, u64::MAX).total_training, u64::MAX);
}

#[test]
fn ready_made_groups_are_sound() {
    // A 3×3 convolution from 3 and from 64 channels, a batch norm, the 1×1 convolution of the shortcut.
    let (first, second, norm, shortcut) = (27 * 64 + 64, 576 * 64 + 64, 128, 3 * 64 + 64);
    let counts = [
        ("single", first + norm),
        ("double", first + second + 2 * norm),
        ("residual", first + second + 2 * norm + shortcut),
    ];
    for (name, count) in counts {
        let mut document = through("map 3x16x16", "relu", "");
        let id = edit::add_preset(&mut document.graph, name, [0.0, 0.0]).expect("a known preset");
        document.graph.links.retain(|link| link.to.block != BlockId(3));
        document.graph.links.push(Link::new(BlockId(2), "out", id, "in"));
        document.graph.links.push(Link::new(id, "out", BlockId(3), "in"));
        let analysis = analyse(&document);
        assert_eq!(analysis.faults, [], "{name}");
        assert_eq!(analysis.outputs[0].1.sizes, [64, 16, 16]);
        assert_eq!(analysis.parameters, count, "{name}");
    }
    let nothing = edit::add_preset(&mut Blueprint::new("x").graph, "triple", [0.0, 0.0]);
    assert!(nothing.expect_err("there is none").to_string().contains("triple"));
}

/// Every kind at the limits of its parameters, on the largest and the smallest of what can come in: an answer, and no overflow.
#[test]
fn extremes_are_answered() {
    let limits = |spec: &catalogue::ParameterSpec| -> Vec<Parameter> {
        match spec.values {
            catalogue::Values::Integer { min, max, .. } => vec![min.into(), max.into()],
            catalogue::Values::Float { min, max, .. } => vec![min.into(), max.into()],
            catalogue::Values::Flag { .. } => vec![true.into()],
            catalogue::Values::Text { .. } => {
                vec!["".into(), "4294967295×4294967295×4294967295".into(), "0×0×0".into(), "××".into()]
            }
            catalogue::Values::Choice { choices, .. } => choices.iter().map(|&word| word.into()).collect(),
        }
    };
    let inputs = [
        "map 4096x65536x65536",
        "cube 4096x65536x65536x65536",
        "map 4096x2048x2048",
        "map 1x1x1",
        "cube 1x1x1x1",
        "vector 65536",
        "vector 1",
        "sequence 65536x4096",
        "sequence 1x1",
    ];
    for kind in catalogue::kinds() {
        for input in inputs {
            let both = format!("{input}, {input}");
            for which in [0, 1, 2, 3] {
                let mut document = through(&both, kind.name, "");
                for spec in kind.parameters {
                    let values = limits(spec);
                    let value = values[which % values.len()].clone();
                    document.graph.blocks[2].parameters.insert(spec.name.to_owned(), value);
                }
                let analysis = analyse(&document);
                assert_eq!(plan(&document).is_ok(), analysis.is_valid(), "{} on {input}", kind.name);
            }
        }
    }
}

/// A value for a parameter: mostly one that is allowed, sometimes not.
fn any_value() -> impl Strategy<Value = (u8, i64, f64)> {
    (any::<u8>(), prop_oneof![1_i64..9, 1_i64..70_000, any::<i64>()], prop_oneof![0.0..3.0, any::<f64>()])
}

/// Blocks of all kinds, each fed by some of the earlier ones (and now and then by a later one).
fn any_graph() -> impl Strategy<Value = Blueprint> {
    let kinds = catalogue::kinds().len();
    let one = (0..kinds, prop::collection::vec(any_value(), 8), prop::collection::vec(any::<u16>(), 4));
    prop::collection::vec(one, 1..24).prop_map(|rows| {
        let mut document = Blueprint::new("random");
        let graph = &mut document.graph;
        for (place, input) in ["input", "cube-input", "vector-input", "sequence-input"].iter().enumerate() {
            let small = "height=16 width=16 depth=8 channels=4 length=32 values=8";
            let mut block = block(place as u32 + 1, input, input, small);
            let known = catalogue::kind(input).expect("a kind");
            block.parameters.retain(|name, _| known.parameter(name).is_some());
            graph.blocks.push(block);
        }
        for (kind, values, wires) in rows {
            let kind = &catalogue::kinds()[kind];
            let id = edit::add_block(graph, kind.name, [0.0, 0.0]).expect("a known kind");
            let count = graph.blocks.len() as u32;
            let block = graph.block_mut(id).expect("just added");
            for (spec, (form, integer, float)) in kind.parameters.iter().zip(values) {
                let value = match (&spec.values, form % 4) {
                    (_, 0 | 1) => continue,
                    (catalogue::Values::Integer { .. }, 2) => integer.into(),
                    (catalogue::Values::Float { .. }, _) => float.into(),
                    (catalogue::Values::Choice { choices, .. }, _) => {
                        choices[usize::from(form) % choices.len()].into()
                    }
                    (catalogue::Values::Flag { .. }, _) => (form % 2 == 0).into(),
                    (catalogue::Values::Text { .. }, _) => {
                        format!("{}×{integer}×2", form % 9).as_str().into()
                    }
                    _ => (integer % 9).into(),
                };
                block.parameters.insert(spec.name.to_owned(), value);
            }
            for (port, wire) in catalogue::inputs_of(&graph.blocks[graph.blocks.len() - 1]).iter().zip(wires)
            {
                let from = 1 + u32::from(wire) % (count + u32::from(wire % 50 == 0));
                graph.links.push(Link::new(BlockId(from), "out", id, &port.name));
            }
        }
        document
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is drawn: an analysis soon and of bounded size, a plan only of what is valid, mends that can be done.
    #[test]
    fn any_drawing_is_answered(document in any_graph()) {
        let started = std::time::Instant::now();
        let analysis = analyse(&document);
        prop_assert!(started.elapsed().as_secs() < 5);
        prop_assert!(analysis.faults.len() < 200);
        match plan(&document) {
            Err(faults) => prop_assert!(!analysis.is_valid() && !faults.is_empty()),
            Ok(plan) => {
                prop_assert!(analysis.is_valid());
                for (index, step) in plan.steps.iter().enumerate() {
                    prop_assert!(step.inputs.iter().all(|&input| input < index));
                    prop_assert!(step.shape.values() > 0 && step.shape.values() <= 1 << 34);
                    let axes = if step.shape.kind == PortType::Vector { 1 } else { step.shape.kind.dims() + 1 };
                    prop_assert_eq!(step.shape.sizes.len(), axes);
                }
            }
        }
        for fault in analysis.faults.iter().filter(|fault| fault.mend.is_some()) {
            let mut mended = document.clone();
            let mend = fault.mend.as_ref().expect("filtered");
            prop_assert_eq!(edit::mend(&mut mended, mend), Ok(()), "{}", fault);
            let same = |other: &&aquila::blueprint::Fault| {
                (&other.path, &other.port, other.kind, &other.message) == (&fault.path, &fault.port, fault.kind, &fault.message)
            };
            let repeated = analysis.faults.iter().filter(same).count();
            let left = analyse(&mended).faults.iter().filter(same).count();
            prop_assert!(left < repeated, "{} | {:?} | {:?}", fault, fault.fix, fault.mend);
        }
        let text = to_json(&document).expect("finite");
        prop_assert_eq!(from_json(&text).expect("our own file"), document);
    }
}
