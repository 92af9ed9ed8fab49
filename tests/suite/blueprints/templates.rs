//! Templates: the sizes of the literature, the numbers of PyTorch, what can be asked for, how they are drawn.

use aquila::blueprint::{
    Blueprint, Graph, TEMPLATES, TemplateError, TemplateOptions, analyse, plan, template,
};
use aquila::network::{Device, Mode, Network, Tensor, tensors, weights};
use indexmap::IndexMap;
use std::path::PathBuf;

fn asked(name: &str, options: &TemplateOptions) -> Blueprint {
    template(name, options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn parameters(name: &str, options: &TemplateOptions) -> u64 {
    let analysis = analyse(&asked(name, options));
    assert_eq!(analysis.faults, [], "{name} {options:?}");
    analysis.parameters
}

/// By analysis alone: no tensor is made.
#[test]
fn every_template_has_its_published_size() {
    for info in TEMPLATES {
        assert_eq!(parameters(info.name, &TemplateOptions::new()), info.parameters, "{}", info.name);
        let blueprint = asked(info.name, &TemplateOptions::new());
        assert!(!blueprint.name.is_empty() && !blueprint.note.is_empty(), "{}", info.name);
    }
    let new = TemplateOptions::new;
    let table = [
        // Counted by running the original Python.
        ("unet", new(), 15_681_005),
        ("unet", new().with("block", "double"), 31_393_901),
        ("unet", new().with("block", "residual"), 32_789_549),
        ("unet", new().with("block", "double").with("attention", false), 31_042_369),
        ("unet", new().with("attention", false), 15_329_473),
        ("unet", new().with("block", "double").with("levels", 5), 125_788_784),
        ("unet-3d", new(), 90_655_981),
        ("fully-convolutional", new(), 12_196_033),
        ("multinet", new(), 1_257_464),
        ("multinet", new().with("inputs", 2), 1_458_109),
        ("multinet", new().with("inputs", 2).with("attention", true), 1_480_406),
        ("multinet", new().with("spectra", "moments"), 1_458_685),
        // As with two inputs, and the weights of 128 velocity channels with a bias.
        ("multinet", new().with("spectra", "projection"), 1_458_109 + 129),
        ("context-unet", new(), 51_000_301),
        // Without the 129 parameters that the public code has and never uses.
        ("ppv-unet", new(), 125_575_738 - 129),
        // From the logs and the shipped weights.
        ("cluster-age-cnn", new(), 39_390_209),
        ("cluster-age-cnn", new().with("channels", 5), 39_394_817),
        ("cluster-age-cnn-5-bands", new(), 33_365_505),
        ("completeness-physical", new(), 265_217),
        ("completeness-photometric", new(), 266_241),
    ];
    for (name, options, count) in table {
        assert_eq!(parameters(name, &options), count, "{name} {options:?}");
    }
    let small = parameters("cutout-resnet", &new()) as f64 / 39_390_209.0;
    assert!((0.009..0.011).contains(&small), "{small}");
}

#[test]
fn sizes_are_those_that_the_start_page_says() {
    for info in TEMPLATES {
        let blueprint = asked(info.name, &TemplateOptions::new());
        let shapes = plan(&blueprint).expect("sound");
        let said = |indices: &[usize]| {
            let shapes: Vec<_> = indices.iter().map(|&step| shapes.steps[step].shape.to_string()).collect();
            shapes.join(" and ")
        };
        assert_eq!(
            info.sizes,
            format!("{} → {}", said(&shapes.inputs), said(&shapes.outputs)),
            "{}",
            info.name
        );
    }
}

#[test]
fn an_option_that_does_not_apply_is_refused() {
    let new = TemplateOptions::new;
    assert_eq!(
        template("completeness-physical", new().with("levels", 3)),
        Err(TemplateError::NoOption {
            template: "completeness-physical",
            option: "levels".to_owned(),
            known: "inputs, hidden, layers".to_owned()
        })
    );
    for (name, options) in [
        ("unet", new().with("levels", 9)),
        ("unet", new().with("block", "triple")),
        ("unet", new().with("dropout", 1.5)),
        ("unet", new().with("block", "residual").with("dropout", 0.1)),
        ("u-kan", new().with("levels", 2).with("kan-levels", 3)),
        ("unet", new().with("levels", "4")),
    ] {
        assert!(matches!(template(name, &options), Err(TemplateError::Value { .. })), "{name} {options:?}");
    }
    assert!(matches!(template("vgg", new()), Err(TemplateError::Unknown { .. })));
}

/// Blocks of one graph at a distance that leaves room for their cards; names that the weights can have.
#[test]
fn templates_are_drawn_without_overlaps() {
    fn check(graph: &Graph, place: &str) {
        for (index, one) in graph.blocks.iter().enumerate() {
            for other in &graph.blocks[index + 1..] {
                assert_ne!(one.name, other.name, "{place}");
                let [x, y] = [0, 1].map(|axis| (one.position[axis] - other.position[axis]).abs());
                assert!(x >= 128.0 || y >= 88.0, "{place}: {} and {}", one.name, other.name);
            }
            if let Some(inside) = &one.inside {
                check(inside, &format!("{place}/{}", one.name));
            }
        }
    }
    for info in TEMPLATES {
        check(&asked(info.name, &TemplateOptions::new()).graph, info.name);
    }
    for spectra in ["projection", "moments"] {
        let options = TemplateOptions::new().with("spectra", spectra).with("inputs", 3);
        check(&asked("multinet", &options).graph, spectra);
    }
    for levels in 1..=8 {
        let options = TemplateOptions::new().with("levels", levels).with("base", 1);
        for name in ["unet", "symbolic-kan", "context-unet", "multinet"] {
            check(&asked(name, &options).graph, name);
        }
    }
}

/// Numbers from 0 to 1 with 24 bits: SplitMix64 of the name's FNV-1a hash and the place, as in `golden_templates.py`.
fn pattern(name: &str, count: usize) -> Vec<f32> {
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let value = |place: u64| {
        let mut z = seed.wrapping_add((place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    };
    (0..count as u64).map(value).collect()
}

/// As `value` in `golden_templates.py`.
fn weight(name: &str, shape: &[usize]) -> Tensor {
    let unit = pattern(name, shape.iter().product());
    let fan_in: usize = shape.iter().skip(1).product();
    let bound = (6.0 / fan_in as f64).sqrt() as f32;
    let values: Vec<f32> = if name.ends_with("_var") {
        unit.iter().map(|unit| unit + 0.5).collect()
    } else if shape.len() > 1 {
        unit.iter().map(|unit| (2.0 * unit - 1.0) * bound).collect()
    } else if name.ends_with("weight") {
        unit.iter().map(|unit| 0.4 * unit + 0.8).collect()
    } else {
        unit.iter().map(|unit| 0.4 * unit - 0.2).collect()
    };
    tensors::from_slice(&values, shape, Device::Cpu).expect("a tensor")
}

fn sizes(tensor: &Tensor) -> Vec<usize> {
    tensor.size().into_iter().map(|size| size as usize).collect()
}

fn largest_difference(ours: &Tensor, theirs: &Tensor) -> f64 {
    assert_eq!(ours.size(), theirs.size());
    let largest = |tensor: &Tensor| tensor.abs().max().double_value(&[]);
    largest(&(ours - theirs)) / largest(theirs)
}

/// What PyTorch made of the same weights and inputs: evaluation, training with batch statistics, and the gradients' norms.
#[test]
fn templates_compute_what_pytorch_computes() {
    let new = TemplateOptions::new;
    let unet =
        || new().with("levels", 2).with("base", 8).with("dropout", 0.0).with("height", 32).with("width", 32);
    let residual = new().with("levels", 2).with("base", 8).with("height", 32).with("width", 32);
    let cube = new().with("levels", 2).with("base", 8).with("dropout", 0.0);
    let cases = [
        ("unet-single", "unet", unet()),
        ("unet-double", "unet", unet().with("block", "double")),
        ("unet-residual", "unet", residual.with("block", "residual")),
        ("unet-no-attention", "unet", unet().with("attention", false)),
        ("unet-3d", "unet-3d", cube.with("depth", 16).with("height", 16).with("width", 16)),
        ("fully-convolutional", "fully-convolutional", unet()),
        ("k-net", "k-net", unet()),
        ("u-kan", "u-kan", unet().with("kan-levels", 1)),
        ("symbolic-kan", "symbolic-kan", unet()),
        ("symbolic-kan-product", "symbolic-kan", unet().with("combine", "product")),
        ("multinet", "multinet", unet()),
        ("multinet-two", "multinet", unet().with("inputs", 2).with("attention", true)),
        ("multinet-projection", "multinet", unet().with("spectra", "projection").with("depth", 8)),
        ("multinet-moments", "multinet", unet().with("spectra", "moments").with("depth", 8)),
        ("context-unet", "context-unet", unet().with("hidden", 16)),
        ("ppv-unet", "ppv-unet", unet().with("depth", 8)),
        ("cluster-age-cnn", "cluster-age-cnn", new().with("base", 8)),
        ("cluster-age-cnn-5-bands", "cluster-age-cnn-5-bands", new().with("base", 8)),
        ("cutout-resnet", "cutout-resnet", new().with("base", 8)),
        ("completeness-physical", "completeness-physical", new().with("hidden", 64)),
        ("completeness-photometric", "completeness-photometric", new().with("hidden", 64)),
    ];
    let covered = |name| cases.iter().any(|(_, template, _)| *template == name);
    assert!(TEMPLATES.iter().all(|info| covered(info.name)), "a template without reference");
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/templates");
    for (file, name, options) in &cases {
        let golden = weights::read(&folder.join(format!("{file}.safetensors"))).expect("a golden file").0;
        let plan = plan(&asked(name, options)).unwrap_or_else(|faults| panic!("{file}: {faults:?}"));
        let mut network = Network::build(&plan, Device::Cpu, 0).expect("a network");
        let state = network.state().expect("its weights");
        let state: IndexMap<_, _> =
            state.into_iter().map(|(name, old)| (name.clone(), weight(&name, &sizes(&old)))).collect();
        network.load_state(&state).expect("the same names");
        let draw = golden["draw"].int64_value(&[0]);
        let input = |(index, &step): (usize, &usize)| {
            let mut shape = vec![2];
            shape.extend(&plan.steps[step].shape.sizes);
            let values = pattern(&format!("draw {draw} input {index}"), shape.iter().product());
            tensors::from_slice(&values, &shape, Device::Cpu).expect("a tensor")
        };
        let inputs: Vec<Tensor> = plan.inputs.iter().enumerate().map(input).collect();
        let output = network.forward(&inputs, Mode::Evaluate).expect("a pass");
        let difference = largest_difference(&output[0], &golden["evaluation"]);
        assert!(difference < 1e-5, "{file}: evaluation differs by {difference:e}");
        let output = network.forward(&inputs, Mode::Train { seed: 1 }).expect("a pass");
        let difference = largest_difference(&output[0], &golden["training"]);
        // libtorch sums the batch statistics of channels-last maps in single precision: PyTorch itself, in this layout and on one
        // thread, lies 1.2e-5 from its double-precision result for the residual U-Net, and half that on two threads.
        assert!(difference < 2.5e-5, "{file}: training differs by {difference:e}");
        output[0].square().mean(None).backward();
        let gradients = network.layout().split(network.gradient()).expect("by name");
        let mut names: Vec<&String> = gradients.keys().collect();
        names.sort();
        let theirs: Vec<f64> = Vec::try_from(&golden["gradients"]).expect("numbers");
        assert_eq!(names.len(), theirs.len(), "{file}");
        let largest = theirs.iter().copied().fold(0.0, f64::max);
        for (name, theirs) in names.into_iter().zip(theirs) {
            let ours = gradients[name].square().sum(None).double_value(&[]).sqrt();
            assert!((ours - theirs).abs() < 1e-4 * theirs + 1e-6 * largest, "{file}: {name} {ours} {theirs}");
        }
    }
}
