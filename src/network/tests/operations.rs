//! Every operation, forward and backward, against the float64 reference of benches/peers/golden_ops.py.

use super::{assert_close, golden, under};
use crate::blueprint::{Activation, Basis, Fill, Interpolation, MomentForm, Op, Plan, PortType, Shape, Step};
use crate::network::{Mode, Network, Precision, threads};
use indexmap::IndexMap;
use tch::{Device, Kind, Tensor};

fn kind_of(rank: usize) -> PortType {
    match rank {
        2 => PortType::Vector,
        3 => PortType::Sequence,
        4 => PortType::Map,
        _ => PortType::Cube,
    }
}

fn step(name: &str, op: Op, inputs: Vec<usize>, size: &[i64]) -> Step {
    let sizes = size[1..].iter().map(|&size| size as usize).collect();
    Step {
        name: name.to_owned(),
        path: Vec::new(),
        op,
        inputs,
        shape: Shape { kind: kind_of(size.len()), sizes },
    }
}

/// Inputs, the operation alone, and an output.
fn alone(op: Op, inputs: &[Tensor], output: &[i64]) -> Plan {
    let count = inputs.len();
    let mut steps: Vec<Step> = inputs
        .iter()
        .enumerate()
        .map(|(place, x)| {
            step(&format!("In {place}"), Op::Input { name: "In".into() }, Vec::new(), &x.size())
        })
        .collect();
    steps.push(step("Op", op, (0..count).collect(), output));
    steps.push(step("Out", Op::Output { name: "Out".into() }, vec![count], output));
    Plan { steps, inputs: (0..count).collect(), outputs: vec![count + 1] }
}

/// Operations one after the other, each with its number of channels, on a map, cube or vector of this size.
pub(super) fn chain(operations: &[(Op, i64)], input: &[i64]) -> Plan {
    let mut steps = vec![step("In", Op::Input { name: "In".into() }, Vec::new(), input)];
    let mut size = input.to_vec();
    for (place, (op, channels)) in operations.iter().enumerate() {
        size[1] = *channels;
        steps.push(step(&format!("Op {}", place + 1), op.clone(), vec![place], &size));
    }
    steps.push(step("Out", Op::Output { name: "Out".into() }, vec![operations.len()], &size));
    Plan { outputs: vec![steps.len() - 1], inputs: vec![0], steps }
}

fn numbered(content: &IndexMap<String, Tensor>, prefix: &str) -> Vec<Tensor> {
    let found = under(content, prefix);
    (0..found.len()).map(|place| found[&place.to_string()].shallow_clone()).collect()
}

/// One training step and one evaluation of the operation in a case of the file, and nothing in the file left unasked.
fn check(content: &IndexMap<String, Tensor>, name: &str, op: Op) {
    let case = under(content, &format!("{name}/"));
    let inputs = numbered(&case, "inputs/");
    let mut network = Network::build(&alone(op, &inputs, &case["output"].size()), Device::Cpu, 0).unwrap();
    let weights: IndexMap<String, Tensor> =
        under(&case, "weights/").into_iter().map(|(key, value)| (format!("Op.{key}"), value)).collect();
    network.load_state(&weights).unwrap_or_else(|error| panic!("{name}: {error}"));
    let evaluation = case.get("evaluation").unwrap_or(&case["output"]);
    let output = network.forward(&inputs, Mode::Evaluate).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_close(&output[0], evaluation, &format!("{name}: evaluation"));
    let leaves: Vec<Tensor> = inputs.iter().map(|x| x.copy().set_requires_grad(true)).collect();
    let output = network.forward_with_gradients(&leaves, None).unwrap();
    assert_close(&output[0], evaluation, &format!("{name}: evaluation with gradients"));

    let output = network.forward(&leaves, Mode::Train { seed: 1 }).unwrap();
    assert_close(&output[0], &case["output"], &format!("{name}: output"));
    let sum = (&output[0] * &case["probe"]).sum(Kind::Float);
    if sum.requires_grad() {
        sum.backward();
    }
    for (place, leaf) in leaves.iter().enumerate() {
        let gradient = leaf.grad();
        let gradient = if gradient.defined() { gradient } else { leaf.zeros_like() };
        let wanted = &case[&format!("input_gradient/{place}")];
        assert_close(&gradient, wanted, &format!("{name}: gradient of input {place}"));
    }
    let gradients = network.layout().split(network.gradient()).unwrap();
    for (key, gradient) in under(&case, "gradient/") {
        assert_close(&gradients[&format!("Op.{key}")], &gradient, &format!("{name}: gradient of {key}"));
    }
    for (key, statistics) in under(&case, "after/") {
        assert_close(&network.buffers()[&format!("Op.{key}")], &statistics, &format!("{name}: {key}"));
    }
}

const RBF: Basis = Basis::Rbf { count: 4, range: 2.0 };
const SPLINE: Basis = Basis::BSpline { intervals: 5, degree: 3, range: 3.0 };

/// The operations that a sequence, map and cube share, by the name of their case.
fn spatial(dims: usize) -> Vec<(&'static str, Op)> {
    let convolution = |filters, kernel, stride, padding, dilation, groups, bias| Op::Convolution {
        dims,
        in_channels: 4,
        filters,
        kernel,
        stride,
        padding,
        dilation,
        groups,
        bias,
    };
    let pad = |fill| Op::Pad { dims, before: vec![1; dims], after: vec![2; dims], fill };
    let kan = |basis| Op::KanConvolution { dims, in_channels: 2, filters: 2, kernel: 3, basis };
    vec![
        ("convolution", convolution(6, 3, 1, 1, 1, 1, true)),
        ("convolution-strided", convolution(6, 2, 2, 1, 2, 2, true)),
        ("convolution-depthwise", convolution(8, 3, 1, 1, 1, 4, false)),
        (
            "transposed-convolution",
            Op::TransposedConvolution {
                dims,
                in_channels: 4,
                filters: 3,
                kernel: 3,
                stride: 2,
                padding: 1,
                bias: true,
            },
        ),
        ("instance-norm", Op::InstanceNorm { channels: 4, epsilon: 1e-4 }),
        ("max-pool", Op::MaxPool { dims, kernel: 2, stride: 2 }),
        ("average-pool", Op::AveragePool { dims, kernel: 3, stride: 1 }),
        ("global-average", Op::GlobalPool { maximum: false }),
        ("global-maximum", Op::GlobalPool { maximum: true }),
        ("upsample-nearest", Op::Upsample { dims, factor: 2, interpolation: Interpolation::Nearest }),
        ("upsample-linear", Op::Upsample { dims, factor: 3, interpolation: Interpolation::Linear }),
        ("crop", Op::Crop { dims, before: vec![1; dims] }),
        ("crop-like", Op::Crop { dims, before: vec![0; dims] }),
        ("pad-zero", pad(Fill::Zero)),
        ("pad-reflect", pad(Fill::Reflect)),
        ("pad-replicate", pad(Fill::Replicate)),
        ("self-attention", Op::SelfAttention { channels: 6, heads: 2 }),
        ("kan-convolution-rbf", kan(RBF)),
        ("kan-convolution-b-spline", kan(SPLINE)),
    ]
}

/// The operations of any type.
fn of_any() -> Vec<(&'static str, Op)> {
    let kan = |basis| Op::Kan { in_channels: 3, sums: 3, products: 2, basis };
    vec![
        ("batch-norm", Op::BatchNorm { channels: 4, epsilon: 1e-5, momentum: 0.1 }),
        ("group-norm", Op::GroupNorm { channels: 4, groups: 2, epsilon: 1e-5 }),
        ("layer-norm", Op::LayerNorm { channels: 4, epsilon: 1e-6 }),
        ("film", Op::Film { channels: 4, around_one: false }),
        ("film-around-one", Op::Film { channels: 4, around_one: true }),
        ("concatenate", Op::Concatenate),
        ("add", Op::Add),
        ("multiply", Op::Multiply),
        ("select-channels", Op::SelectChannels { start: 1, count: 2 }),
        ("flatten", Op::Flatten),
        ("kan-rbf", kan(RBF)),
        ("kan-b-spline", kan(SPLINE)),
    ]
}

#[test]
fn operations_in_one_two_and_three_dimensions_are_those_of_pytorch() {
    let content = golden("operations.safetensors");
    for dims in 1..=3 {
        for (name, op) in spatial(dims) {
            check(&content, &format!("{name}-{dims}"), op);
        }
        if dims > 1 {
            let op = Op::AttentionGate { dims, gate_channels: 4, skip_channels: 3, inner_channels: 2 };
            check(&content, &format!("attention-gate-{dims}"), op);
        }
    }
}

#[test]
fn operations_of_any_type_are_those_of_pytorch() {
    let content = golden("operations.safetensors");
    for dims in 0..=3 {
        for (name, op) in of_any() {
            check(&content, &format!("{name}-{dims}"), op);
        }
        if dims < 2 {
            let op = Op::Linear { in_features: 4, features: 5, bias: true };
            check(&content, &format!("linear-{dims}"), op);
        }
    }
    let raw = (-12.8, 25.6 / 8.0, 3, MomentForm::Raw);
    let physical = (100.0, 0.5, 5, MomentForm::Physical);
    let moments = |(first_km_s, step_km_s, count, form)| Op::SpectralMoments {
        velocities: 9,
        first_km_s,
        step_km_s,
        count,
        form,
    };
    for (name, op) in [
        ("relu", Op::Relu),
        ("gelu", Op::Activation(Activation::Gelu)),
        ("silu", Op::Activation(Activation::Silu)),
        ("sigmoid", Op::Activation(Activation::Sigmoid)),
        ("tanh", Op::Activation(Activation::Tanh)),
        ("softplus", Op::Activation(Activation::Softplus)),
        ("leaky-relu", Op::Activation(Activation::LeakyRelu { slope: 0.01 })),
        ("leaky-relu-steep", Op::Activation(Activation::LeakyRelu { slope: 0.2 })),
        ("reshape", Op::Reshape),
        ("constant", Op::Constant { value: 2.5 }),
        ("spectral-moments-physical", moments(physical)),
        ("spectral-moments-raw", moments(raw)),
        (
            "spectral-projection",
            Op::SpectralProjection { in_channels: 2, velocities: 9, filters: 3, bias: true },
        ),
    ] {
        check(&content, name, op);
    }
}

#[test]
fn every_operation_trains_in_bfloat16_with_float32_weights() {
    let content = golden("operations.safetensors");
    let mut cases: Vec<(String, Op)> = Vec::new();
    for dims in 1..=3 {
        cases.extend(spatial(dims).into_iter().map(|(name, op)| (format!("{name}-{dims}"), op)));
    }
    for dims in 0..=3 {
        cases.extend(of_any().into_iter().map(|(name, op)| (format!("{name}-{dims}"), op)));
    }
    for (name, op) in cases {
        let case = under(&content, &format!("{name}/"));
        let leaves: Vec<Tensor> =
            numbered(&case, "inputs/").iter().map(|x| x.copy().set_requires_grad(true)).collect();
        let plan = alone(op, &leaves, &case["output"].size());
        let mut network = Network::build(&plan, Device::Cpu, 0).unwrap();
        let full = network.forward(&leaves, Mode::Train { seed: 1 }).unwrap();
        network.set_precision(Precision::BFloat16);
        let mixed = network.forward(&leaves, Mode::Train { seed: 1 });
        let mixed = mixed.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(mixed[0].kind(), Kind::Float, "{name}");
        // Eight bits: some rounding steps of 2⁻⁹ of the largest value.
        let difference = (&full[0] - &mixed[0]).abs().max().double_value(&[]);
        let scale = full[0].abs().max().double_value(&[]);
        assert!(difference <= 0.05 * scale, "{name}: {difference} of {scale}");
        mixed[0].square().mean(Kind::Float).backward();
        assert_eq!(network.gradient().kind(), Kind::Float);
        assert!(network.gradient().isfinite().all().int64_value(&[]) == 1, "{name}");
    }
}

#[test]
fn few_pixels_under_many_filters_are_convolved_as_by_libtorch() {
    for (dims, size) in [(1, vec![1, 3, 5]), (2, vec![1, 5, 3, 2]), (3, vec![1, 5, 2, 3, 1])] {
        for (kernel, padding) in [(3, 1), (2, 1), (1, 0)] {
            let x = (Tensor::arange(size.iter().product::<i64>(), (Kind::Float, Device::Cpu)) * 0.71).sin();
            let x = x.view(size.as_slice()).set_requires_grad(true);
            let op = Op::Convolution {
                dims,
                in_channels: 5,
                filters: 80,
                kernel,
                stride: 1,
                padding,
                dilation: 1,
                groups: 1,
                bias: true,
            };
            let network = Network::build(&alone(op, &[x.shallow_clone()], &[1, 80]), Device::Cpu, 4).unwrap();
            let output = network.forward(&[x.shallow_clone()], Mode::Train { seed: 0 }).unwrap().remove(0);
            let first = if dims == 1 { x.transpose(1, 2) } else { x.shallow_clone() };
            let (one, none) = (vec![1; dims], vec![0; dims]);
            let own = &network.parameters()["Op.weight"];
            let weight = own.detach().contiguous().set_requires_grad(true);
            let wanted = first.convolution(
                &weight,
                None::<&Tensor>,
                one.as_slice(),
                vec![padding as i64; dims],
                one.as_slice(),
                false,
                none,
                1,
            );
            let wanted = if dims == 1 { wanted.transpose(1, 2) } else { wanted };
            assert_close(&output, &wanted, "output");
            let probe = (output.detach() * 3.0).cos();
            let ours = Tensor::run_backward(&[(&output * &probe).sum(Kind::Float)], &[&x, own], false, false);
            let theirs =
                Tensor::run_backward(&[(&wanted * &probe).sum(Kind::Float)], &[&x, &weight], false, false);
            for (ours, theirs) in ours.iter().zip(&theirs) {
                assert_close(ours, theirs, "gradient");
            }
        }
    }
}

#[test]
fn operations_give_the_same_bytes_again() {
    let content = golden("operations.safetensors");
    for (name, op) in spatial(2).into_iter().chain(of_any()) {
        let name = format!("{name}-2");
        let case = under(&content, &format!("{name}/"));
        let leaves: Vec<Tensor> =
            numbered(&case, "inputs/").iter().map(|x| x.copy().set_requires_grad(true)).collect();
        let train = |threads| {
            threads::set(threads);
            let plan = alone(op.clone(), &leaves, &case["output"].size());
            let network = Network::build(&plan, Device::Cpu, 5).unwrap();
            let output = network.forward(&leaves, Mode::Train { seed: 1 }).unwrap();
            output[0].square().mean(Kind::Float).backward();
            (output[0].copy(), network.gradient().copy(), network.state().unwrap())
        };
        let (one, again) = (train(1), train(1));
        assert!(one.0 == again.0 && one.1 == again.1, "{name}");
        for (key, value) in &one.2 {
            assert_eq!(value, &again.2[key], "{name}: {key}");
        }
        // First weights do not depend on the threads.
        let two = train(2);
        for (key, value) in one.2.iter().filter(|(key, _)| !key.contains("_mean") && !key.contains("_var")) {
            assert_eq!(value, &two.2[key], "{name}: {key}");
        }
    }
}

#[test]
fn what_runs_in_place_gives_the_gradients_of_what_does_not() {
    // Watched passes overwrite nothing. Each kind of maker before each kind of operation that may overwrite.
    let convolution = Op::Convolution {
        dims: 2,
        in_channels: 4,
        filters: 4,
        kernel: 3,
        stride: 1,
        padding: 1,
        dilation: 1,
        groups: 1,
        bias: true,
    };
    let makers = [
        convolution,
        Op::BatchNorm { channels: 4, epsilon: 1e-5, momentum: 0.1 },
        Op::GroupNorm { channels: 4, groups: 2, epsilon: 1e-5 },
        Op::LayerNorm { channels: 4, epsilon: 1e-5 },
        Op::InstanceNorm { channels: 4, epsilon: 1e-5 },
        Op::KanConvolution { dims: 2, in_channels: 4, filters: 4, kernel: 3, basis: RBF },
        Op::Upsample { dims: 2, factor: 2, interpolation: Interpolation::Linear },
        Op::MaxPool { dims: 2, kernel: 2, stride: 2 },
        Op::SelectChannels { start: 0, count: 4 },
    ];
    let users = [
        Op::Relu,
        Op::Dropout { probability: 0.3, whole_channels: false },
        Op::Noise { deviation: 0.1, always: true },
        Op::Activation(Activation::Sigmoid),
        Op::Activation(Activation::Tanh),
        Op::Activation(Activation::Gelu),
        Op::Activation(Activation::Silu),
        Op::Activation(Activation::Softplus),
        Op::Activation(Activation::LeakyRelu { slope: 0.01 }),
    ];
    let x = (Tensor::arange(2 * 4 * 64, (Kind::Float, Device::Cpu)) * 0.71).sin().view([2, 4, 8, 8]);
    for maker in &makers {
        for user in &users {
            let norm = Op::LayerNorm { channels: 4, epsilon: 1e-5 };
            let plan = chain(&[(norm, 4), (maker.clone(), 4), (user.clone(), 4)], &[2, 4, 8, 8]);
            let pass = |watched: bool| {
                let network = Network::build(&plan, Device::Cpu, 2).unwrap();
                let (x, mode) = ([x.copy().set_requires_grad(true)], Mode::Train { seed: 3 });
                let mut watch = |_: usize, _: &Tensor| {};
                let output = if watched {
                    network.forward_observed(&x, mode, &mut watch).unwrap()
                } else {
                    network.forward(&x, mode).unwrap()
                };
                (&output[0] * output[0].detach().cos()).sum(Kind::Float).backward();
                let evaluation = if watched {
                    network.forward_observed(&x, Mode::Evaluate, &mut watch).unwrap()
                } else {
                    network.forward(&x, Mode::Evaluate).unwrap()
                };
                (output[0].copy(), x[0].grad().copy(), network.gradient().copy(), evaluation[0].copy())
            };
            assert_eq!(pass(true), pass(false), "{maker:?} then {user:?}");
        }
    }
}

#[test]
fn noise_is_drawn_anew_in_training_and_always_the_same_in_evaluation() {
    let x = [Tensor::zeros([2, 3, 16, 16], (Kind::Float, Device::Cpu))];
    let network = |always| {
        let plan = alone(Op::Noise { deviation: 0.2, always }, &x, &[2, 3, 16, 16]);
        Network::build(&plan, Device::Cpu, 0).unwrap()
    };
    let (sometimes, always) = (network(false), network(true));
    let of = |network: &Network, mode| network.forward(&x, mode).unwrap().remove(0);
    assert_eq!(of(&sometimes, Mode::Evaluate), x[0]);
    assert_eq!(of(&always, Mode::Evaluate), of(&always, Mode::Evaluate));
    let (one, other) = (Mode::Train { seed: 1 }, Mode::Train { seed: 2 });
    assert_eq!(of(&sometimes, one), of(&sometimes, one));
    assert_ne!(of(&sometimes, one), of(&sometimes, other));
    // 1536 values: the deviation is known to 1.8 %, this allows four of its own.
    let deviation = of(&sometimes, one).std(true).double_value(&[]);
    assert!((deviation / 0.2 - 1.0).abs() < 0.073, "{deviation}");
}
