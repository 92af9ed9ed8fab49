//! Networks against PyTorch, and what a training relies on: the same bytes for the same seeds.

mod kan;
mod operations;

use super::{Mode, Network, NetworkError, Precision, tensors, threads, weights};
use crate::blueprint::{Plan, UnetOptions, plan, template};
use indexmap::IndexMap;
use std::path::PathBuf;
use tch::{Device, Kind, Tensor};

fn unet(options: &UnetOptions) -> Plan {
    plan(&template("unet", options).unwrap()).unwrap()
}

fn tiny(double: bool, dropout: f64) -> UnetOptions {
    UnetOptions {
        levels: 2,
        base_filters: 4,
        double,
        dropout: Some(dropout),
        height: 16,
        width: 16,
        ..UnetOptions::default()
    }
}

fn golden(name: &str) -> IndexMap<String, Tensor> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    weights::read(&path).unwrap().0
}

/// The entries under `prefix/`, without it.
fn under(content: &IndexMap<String, Tensor>, prefix: &str) -> IndexMap<String, Tensor> {
    content
        .iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix(prefix)?.to_owned(), tensor.shallow_clone())))
        .collect()
}

fn assert_close(ours: &Tensor, theirs: &Tensor, what: &str) {
    assert_eq!(ours.size(), theirs.size(), "{what}");
    let difference = (ours - theirs).abs().max().double_value(&[]);
    let scale = theirs.abs().max().double_value(&[]).max(1.0);
    assert!(difference <= 1e-5 * scale, "{what}: differs by {difference:e}");
}

/// Batches of a fixed pattern, without any generator.
fn batch(samples: i64, side: i64) -> Tensor {
    (Tensor::arange(samples * side * side, (Kind::Float, Device::Cpu)) * 0.7)
        .sin()
        .view([samples, 1, side, side])
}

fn train_steps(network: &mut Network, steps: u64) {
    let (x, y) = (batch(2, 16), batch(2, 16).flip([3]));
    for seed in 0..steps {
        let output = network.forward(&[x.shallow_clone()], Mode::Train { seed }).unwrap();
        output[0].mse_loss(&y, tch::Reduction::Mean).backward();
        tch::no_grad(|| {
            let mut flat = network.flat().shallow_clone();
            flat -= network.gradient() * 0.1;
        });
        network.zero_gradient().unwrap();
    }
}

fn fingerprint(network: &Network) -> String {
    weights::fingerprint(&network.state().unwrap()).unwrap()
}

#[test]
fn a_training_step_is_the_same_as_in_pytorch() {
    for (file, double) in [("unet_single.safetensors", false), ("unet_double.safetensors", true)] {
        let content = golden(file);
        let mut network = Network::build(&unet(&tiny(double, 0.0)), Device::Cpu, 0).unwrap();
        network.load_state(&under(&content, "weights/")).unwrap();
        let x = [content["input"].shallow_clone()];
        let output = network.forward(&x, Mode::Train { seed: 1 }).unwrap();
        assert_close(&output[0], &content["output"], "training output");
        output[0].mse_loss(&content["target"], tch::Reduction::Mean).backward();
        let gradients = network.layout().split(network.gradient()).unwrap();
        for (name, gradient) in under(&content, "gradient/") {
            assert_close(&gradients[&name], &gradient, &format!("{file}: gradient of {name}"));
        }
        for (name, statistics) in under(&content, "after/") {
            assert_close(&network.buffers()[&name], &statistics, &name);
        }
        let output = network.forward(&x, Mode::Evaluate).unwrap();
        assert_close(&output[0], &content["evaluation"], "evaluation");
    }
}

#[test]
fn parameter_counts_are_those_of_the_literature() {
    for (double, count) in [(false, 15_681_005), (true, 31_393_901)] {
        let plan = unet(&UnetOptions { double, ..UnetOptions::default() });
        assert_eq!(Network::build(&plan, Device::Cpu, 0).unwrap().parameter_count(), count);
    }
}

#[test]
fn first_weights_depend_on_the_seed_alone_and_fill_their_range() {
    let plan = unet(&tiny(false, 0.0));
    let build = |seed| Network::build(&plan, Device::Cpu, seed).unwrap();
    threads::set(1);
    let one = fingerprint(&build(3));
    threads::set(2);
    assert_eq!(one, fingerprint(&build(3)));
    assert_ne!(one, fingerprint(&build(4)));
    let network = build(3);
    let kernel = tensors::to_vec(&network.parameters()["Encoder 2.Convolution.weight"]).unwrap();
    let bound = (6.0f32 / 36.0).sqrt();
    let largest = kernel.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
    assert!(largest <= bound && largest > 0.95 * bound);
    assert_eq!(network.parameters()["Encoder 2.Batch norm.weight"].sum(Kind::Float).double_value(&[]), 8.0);
    assert_eq!(network.parameters()["Head.bias"].double_value(&[0]), 0.0);
}

#[test]
fn the_same_seeds_give_the_same_bytes_and_other_dropout_does_not() {
    let plan = unet(&tiny(true, 0.3));
    let run = |first_seed: u64| {
        let mut network = Network::build(&plan, Device::Cpu, 1).unwrap();
        threads::set(1);
        if first_seed > 0 {
            let _other = network.forward(&[batch(2, 16)], Mode::Train { seed: 99 }).unwrap();
        }
        train_steps(&mut network, 3);
        fingerprint(&network)
    };
    assert_eq!(run(0), run(0));
    assert_ne!(run(0), run(1));
}

#[test]
fn evaluation_changes_nothing_and_watching_changes_no_value() {
    let mut network = Network::build(&unet(&tiny(true, 0.3)), Device::Cpu, 1).unwrap();
    train_steps(&mut network, 2);
    let before = fingerprint(&network);
    let x = [batch(3, 32)];
    let plain = network.forward(&x, Mode::Evaluate).unwrap();
    let mut seen = Vec::new();
    let watched = network
        .forward_observed(&x, Mode::Evaluate, &mut |index, value| {
            seen.push((index, tensors::copy(value).unwrap()))
        })
        .unwrap();
    assert_eq!(plain[0], watched[0]);
    assert_eq!(seen.len(), network.steps().len());
    assert!(!plain[0].requires_grad());
    assert_eq!(before, fingerprint(&network));
    // The same training pass with and without an observer: what runs in place gives the same numbers.
    let plain = network.forward(&x, Mode::Train { seed: 5 }).unwrap();
    let watched = network.forward_observed(&x, Mode::Train { seed: 5 }, &mut |_, _| {}).unwrap();
    assert_eq!(plain[0], watched[0]);
}

#[test]
fn an_evaluation_keeps_the_graph_where_it_is_asked_to() {
    let mut network = Network::build(&unet(&tiny(false, 0.3)), Device::Cpu, 1).unwrap();
    train_steps(&mut network, 2);
    let before = fingerprint(&network);
    let x = batch(1, 16).set_requires_grad(true);
    let mut seen = Vec::new();
    let mut watch = |_: usize, value: &Tensor| seen.push((value.shallow_clone(), value.detach().copy()));
    let output = network.forward_with_gradients(&[x.shallow_clone()], Some(&mut watch)).unwrap();
    assert_eq!(output[0], network.forward(&[x.detach()], Mode::Evaluate).unwrap()[0]);
    assert!(seen.iter().all(|(value, then)| value == then), "a value was overwritten");
    let sum = output[0].sum(Kind::Float);
    let middle = &seen[seen.len() / 2].0;
    let gradients = Tensor::f_run_backward(&[&sum], &[&x, middle], true, false).unwrap();
    assert_eq!(gradients[1].size(), middle.size());
    // Along one direction, against the difference quotient, with a step so small that hardly a ReLU changes its side.
    let direction = (batch(1, 16) * 3.0).cos() * 1e-4;
    let at = |sign: f64| {
        let x = x.detach() + &direction * sign;
        network.forward(&[x], Mode::Evaluate).unwrap()[0].sum(Kind::Double).double_value(&[])
    };
    let (slope, quotient) =
        ((&gradients[0] * &direction).sum(Kind::Double).double_value(&[]), 0.5 * (at(1.0) - at(-1.0)));
    assert!((slope / quotient - 1.0).abs() < 0.02, "{slope} {quotient}");
    assert_eq!(network.gradient().abs().max().double_value(&[]), 0.0);
    assert_eq!(before, fingerprint(&network));
}

#[test]
fn dropout_keeps_the_mean_and_drops_whole_channels() {
    let network = Network::build(&unet(&tiny(false, 0.25)), Device::Cpu, 1).unwrap();
    let dropout = network.steps().iter().position(|step| step.name == "Encoder 1/Dropout").unwrap();
    let relu = network.steps()[dropout].inputs[0];
    let (mut dropped, mut channels) = (0, 0);
    for seed in 0..200 {
        let mut kept = None;
        let mut watch = |index: usize, value: &Tensor| {
            if index == relu {
                kept = Some(value.shallow_clone());
            } else if index == dropout {
                let before = kept.as_ref().unwrap().sum_dim_intlist([2, 3].as_slice(), false, Kind::Float);
                let after = value.sum_dim_intlist([2, 3].as_slice(), false, Kind::Float);
                let ratio = Vec::<f32>::try_from((after / before).flatten(0, 1)).unwrap();
                for ratio in ratio {
                    assert!(ratio == 0.0 || (ratio - 4.0 / 3.0).abs() < 1e-4, "{ratio}");
                    dropped += i32::from(ratio == 0.0);
                    channels += 1;
                }
            }
        };
        network.forward_observed(&[batch(2, 16)], Mode::Train { seed }, &mut watch).unwrap();
    }
    let share = f64::from(dropped) / f64::from(channels);
    assert!((share - 0.25).abs() < 0.05, "{share}");
}

#[test]
fn a_weights_file_gives_the_network_back_and_refuses_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let mut network = Network::build(&unet(&tiny(false, 0.1)), Device::Cpu, 1).unwrap();
    train_steps(&mut network, 2);
    let notes =
        weights::Notes::from([("a".into(), "1".into()), ("b".into(), "2".into()), ("c".into(), "3".into())]);
    let bytes = weights::to_bytes(&network.state().unwrap(), &notes).unwrap();
    assert_eq!(bytes, weights::to_bytes(&network.state().unwrap(), &notes).unwrap());
    std::fs::write(&path, &bytes).unwrap();
    let (state, read_notes) = weights::read(&path).unwrap();
    assert_eq!(notes, read_notes);
    let mut other = Network::build(&unet(&tiny(false, 0.1)), Device::Cpu, 2).unwrap();
    other.load_state(&state).unwrap();
    assert_eq!(fingerprint(&network), fingerprint(&other));

    let mut double = Network::build(&unet(&tiny(true, 0.1)), Device::Cpu, 2).unwrap();
    let before = fingerprint(&double);
    let error = double.load_state(&state).unwrap_err();
    assert!(
        matches!(&error, NetworkError::OtherNetwork(text) if text.contains("`Encoder 1.Convolution 1.weight`"))
    );
    assert_eq!(before, fingerprint(&double));

    for cut in [0, 7, 8, 100, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        assert!(matches!(weights::read(&path), Err(NetworkError::File { .. })));
    }
}

#[test]
fn what_does_not_fit_is_refused_with_the_place() {
    let network = Network::build(&unet(&tiny(false, 0.0)), Device::Cpu, 1).unwrap();
    let error = network.forward(&[], Mode::Evaluate).unwrap_err();
    assert_eq!(error.to_string(), "the network takes 1 inputs, 0 were given");
    let error = network.forward(&[batch(1, 16).expand([1, 2, 16, 16], true)], Mode::Evaluate).unwrap_err();
    assert!(matches!(error, NetworkError::InputShape { .. }), "{error}");
    let error = network.forward(&[batch(1, 18)], Mode::Evaluate).unwrap_err();
    assert!(error.to_string().contains("divisible"), "{error}");
}

#[test]
fn other_weights_can_stand_in_for_a_while() {
    let mut network = Network::build(&unet(&tiny(false, 0.0)), Device::Cpu, 1).unwrap();
    let before = fingerprint(&network);
    let zeros = network.flat().zeros_like();
    let x = [batch(1, 16)];
    let output = network.with_parameters(&zeros, |network| network.forward(&x, Mode::Evaluate)).unwrap();
    assert_eq!(output[0].abs().max().double_value(&[]), 0.0);
    assert_eq!(before, fingerprint(&network));
}

#[test]
fn bfloat16_trains_close_to_float32_and_keeps_float32_weights() {
    let mut network = Network::build(&unet(&tiny(false, 0.0)), Device::Cpu, 1).unwrap();
    let x = [batch(4, 32)];
    let full = network.forward(&x, Mode::Train { seed: 0 }).unwrap();
    network.set_precision(Precision::BFloat16);
    let mixed = network.forward(&x, Mode::Train { seed: 0 }).unwrap();
    assert_eq!(mixed[0].kind(), Kind::Float);
    let scale = full[0].std(true).double_value(&[]);
    let difference = (&full[0] - &mixed[0]).square().mean(Kind::Float).sqrt().double_value(&[]);
    assert!(difference < 0.05 * scale && difference > 0.0, "{difference} of {scale}");
    mixed[0].square().mean(Kind::Float).backward();
    assert_eq!(network.gradient().kind(), Kind::Float);
    assert!(network.gradient().abs().max().double_value(&[]) > 0.0);
}

#[test]
fn the_thread_trial_leaves_the_network_as_it_was() {
    let network = Network::build(&unet(&tiny(false, 0.3)), Device::Cpu, 1).unwrap();
    let before = fingerprint(&network);
    let count = threads::fastest(&network, &[batch(2, 16)]).unwrap();
    assert_eq!(count, threads::current());
    assert_eq!(before, fingerprint(&network));
    assert_eq!(network.gradient().abs().max().double_value(&[]), 0.0);
}
