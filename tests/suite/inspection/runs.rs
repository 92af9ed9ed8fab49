//! Runs looked into: a small trained U-Net, its snapshots and history, a training while it goes on, the command line.

use super::{answer, attribution, view};
use crate::commands::{aquila, json};
use aquila::inspection::{
    AttributionSettings, Baseline, CubeSlice, Filling, Method, OutputChoice, Region, Request, Subject, View,
    What, Worker, find_block,
};
use aquila::job::Context;
use aquila::recipe::{self, CloudSource, TrainingRecipe};
use aquila::training::{self, CheckpointChoice, Live, Resume, RunFolder};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

fn recipe(epochs: u32) -> TrainingRecipe {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recipes/smoke-train.toml");
    let mut recipe: TrainingRecipe = recipe::read(&path).expect("the smoke recipe");
    recipe.data.clouds = CloudSource::seeds(3);
    recipe.training.epochs = epochs;
    recipe.training.threads = recipe::Threads::Count(1);
    recipe
}

/// A run that has learnt something, made once for all tests.
fn run() -> PathBuf {
    static RUN: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, folder) = RUN.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("run");
        training::run(&recipe(12), &out, Resume::No, &Context::unwatched(), &Live::unwatched())
            .expect("trained");
        (folder, out)
    });
    folder.clone()
}

fn at(checkpoint: CheckpointChoice) -> Subject {
    Subject::Run { folder: run(), checkpoint }
}

fn block(name: &str) -> aquila::blueprint::PathId {
    let blueprint = RunFolder::new(run()).read_blueprint().expect("a blueprint");
    find_block(&blueprint, name).expect("the block")
}

#[test]
fn integrated_gradients_of_a_trained_unet_are_complete_to_a_hundredth() {
    let regions = [Region::Whole, Region::Pixel { y: 11, x: 20 }, Region::Box { y: (4, 12), x: (16, 30) }];
    for (sample, region) in regions.into_iter().enumerate() {
        for baseline in [Baseline::Zero, Baseline::Blurred { sigma_px: 3.0 }] {
            let settings = AttributionSettings {
                output: OutputChoice { region, ..OutputChoice::default() },
                ..AttributionSettings::new(Method::IntegratedGradients { steps: 32, baseline })
            };
            let found = attribution(at(CheckpointChoice::Best), sample, Vec::new(), settings);
            let change = found.output - found.baseline_output.expect("a baseline");
            let error = found.completeness_error.expect("a baseline");
            assert!((error - (found.sum - change).abs() / change.abs()).abs() < 1e-9);
            assert!(error <= 0.01, "{region:?} {baseline:?}: {error} after {:?} points", found.gradients);
            assert_eq!(found.maps[0].unit, "dex");
        }
    }
}

#[test]
fn attribution_of_a_run_is_in_its_units_and_differs_from_that_of_random_weights() {
    let region = Region::Pixel { y: 16, x: 16 };
    for method in [
        Method::Saliency,
        Method::GradCam,
        Method::Occlusion { window: 8, stride: 4, filling: Filling::NoiseMatched },
    ] {
        let settings = AttributionSettings {
            output: OutputChoice { region, ..OutputChoice::default() },
            randomised: true,
            ..AttributionSettings::new(method)
        };
        let path = if method == Method::GradCam { block("Encoder 1/Convolution") } else { Vec::new() };
        let found = attribution(at(CheckpointChoice::Best), 0, path.clone(), settings.clone());
        let check = found.randomised.as_ref().expect("the check");
        // One pixel's map keeps the shape of its receptive field, whatever the weights: alike, but not the same.
        assert!(check.rank_correlation.abs() < 0.99, "{method:?}: {}", check.rank_correlation);
        assert_ne!(check.maps[0], found.maps[0].values);
        // n_H of molecular clouds, as a logarithm.
        assert!((0.0..8.0).contains(&found.output), "{}", found.output);
        assert!(found.definition.contains("row 16, column 16"), "{}", found.definition);
        assert!(found.output_unit.starts_with("log₁₀"), "{}", found.output_unit);
        // Twice the same: every draw comes from the seed.
        let again = attribution(at(CheckpointChoice::Best), 0, path, settings);
        assert_eq!(again.maps[0].values, found.maps[0].values);
    }
    let saliency = attribution(
        at(CheckpointChoice::Best),
        0,
        Vec::new(),
        AttributionSettings {
            output: OutputChoice { region, ..OutputChoice::default() },
            ..AttributionSettings::new(Method::Saliency)
        },
    );
    assert_eq!(saliency.maps[0].unit, "dex per dex");
    // The map's gradient, in dex per dex, foretells what a small step changes: finite differences through the whole engine
    // would need the engine to be given inputs, so compare occlusion by a window of one pixel with the gradient's sign.
    let (mut agree, mut all) = (0, 0);
    let settings = AttributionSettings {
        output: OutputChoice { region, ..OutputChoice::default() },
        ..AttributionSettings::new(Method::Occlusion {
            window: 1,
            stride: 1,
            filling: Filling::Blurred { sigma_px: 1.0 },
        })
    };
    let occluded = attribution(at(CheckpointChoice::Best), 0, Vec::new(), settings);
    let input = &occluded.maps[0].input;
    for ((y, x), gradient) in saliency.maps[0].values.indexed_iter() {
        if (14..19).contains(&y) && (14..19).contains(&x) {
            // A pixel that is above its surroundings pulls the output the way its gradient says.
            let around =
                (input[[y - 1, x]] + input[[y + 1, x]] + input[[y, x - 1]] + input[[y, x + 1]]) / 4.0;
            let step = input[[y, x]] - around;
            if step.abs() > 0.02 && gradient.abs() > 1e-3 {
                all += 1;
                agree += usize::from((gradient * step > 0.0) == (occluded.maps[0].values[[y, x]] > 0.0));
            }
        }
    }
    assert!(all == 0 || agree * 10 >= all * 8, "{agree} of {all} signs agree");
}

#[test]
fn snapshots_and_history_tell_the_way_of_the_weights() {
    let folder = RunFolder::new(run());
    assert_eq!(folder.snapshots(), [1, 2, 3, 4, 5, 6, 8, 10, 12]);
    let convolution = block("Encoder 1/Convolution");
    let weights = |checkpoint| match view(at(checkpoint), 0, convolution.clone(), What::Weights) {
        View::Weights(view) => view,
        other => panic!("{other:?}"),
    };
    let (first, last) = (weights(CheckpointChoice::Snapshot(1)), weights(CheckpointChoice::Snapshot(12)));
    let names: Vec<&str> = first.parameters.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names[0], "Encoder 1.Convolution.weight");
    assert_ne!(first.parameters[0].values, last.parameters[0].values);
    // The last snapshot holds what the latest checkpoint would be used with.
    assert_eq!(last.parameters[0].values, weights(CheckpointChoice::Latest).parameters[0].values);
    let kernels = last.parameters[0].kernels.as_ref().expect("kernels");
    assert_eq!(kernels.shape()[2..], [3, 3]);
    let history = &last.history[0];
    let steps = folder.read_info().expect("run.json").steps;
    let wanted: Vec<u64> = [1, 2, 3, 5, 8, 13, 21, 34].into_iter().filter(|&step| step <= steps).collect();
    assert_eq!(history.steps[..wanted.len()], wanted);
    assert!(history.norm.iter().chain(&history.gradient_norm).all(|value| value.is_finite() && *value > 0.0));
    assert!(
        history.update_ratio.iter().all(|value| (1e-7..1.0).contains(value)),
        "{:?}",
        history.update_ratio
    );
    // The norm on record before step 1 is that of the first draw; after many small steps it is still of its size.
    let norm = last.parameters[0].statistics.norm;
    assert!((0.5..2.0).contains(&(history.norm[0] / norm)), "{} and {norm}", history.norm[0]);
    let missing = answer(at(CheckpointChoice::Snapshot(7)), 0, Vec::new(), What::Weights);
    assert!(missing.result.expect_err("no epoch 7").contains("epoch 7"));
}

#[test]
fn features_of_blocks_groups_and_the_ends_of_the_network() {
    let features = |name: &str, sample| {
        let path = if name.is_empty() { Vec::new() } else { block(name) };
        match view(at(CheckpointChoice::Best), sample, path, What::Features(CubeSlice::Middle)) {
            View::Features(view) => view,
            other => panic!("{other:?}"),
        }
    };
    let blueprint = RunFolder::new(run()).read_blueprint().expect("a blueprint");
    let group = features("Encoder 1", 4);
    // What a group hands on is what one of its blocks does; its own inputs and outputs are no steps.
    let inside: Vec<_> = aquila::inspection::blocks(&blueprint)
        .into_iter()
        .filter(|(name, _)| name.starts_with("Encoder 1/"))
        .collect();
    let hands_on = |path: &aquila::blueprint::PathId| {
        let what = What::Features(CubeSlice::Middle);
        matches!(answer(at(CheckpointChoice::Best), 4, path.clone(), what).result, Ok(View::Features(view)) if view.channels == group.channels)
    };
    assert!(inside.iter().any(|(_, path)| hands_on(path)), "{inside:?}");
    // The output, back in physical values, is the prediction.
    let set = aquila::io::sample_set::read(&RunFolder::new(run()).predictions_path()).expect("predictions");
    assert!(!set.is_empty());
    let output = features("", 4);
    assert_eq!(output.channels.dim(), (1, 32, 32));
    let refused = answer(at(CheckpointChoice::Best), 10_000, Vec::new(), What::Features(CubeSlice::Middle));
    assert!(refused.result.expect_err("no such sample").contains("0 to"));
}

fn wait<T>(what: &str, found: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        if let Some(value) = found() {
            return value;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn the_latest_request_wins_and_a_long_one_is_given_up() {
    let worker = Worker::start(|| {}).expect("a thread");
    let request = |what| Request {
        subject: at(CheckpointChoice::Best),
        sample: 0,
        block: block("Encoder 1/Convolution"),
        what,
    };
    // Nine hundred masks one by one.
    let long = What::Attribution(AttributionSettings {
        output: OutputChoice { region: Region::Pixel { y: 3, x: 3 }, ..OutputChoice::default() },
        ..AttributionSettings::new(Method::Occlusion { window: 2, stride: 1, filling: Filling::LocalSky })
    });
    worker.ask(request(long));
    wait("progress of the masks", || worker.progress().filter(|progress| progress.text.contains("masks")));
    worker.ask(request(What::Features(CubeSlice::Middle)));
    let answer = wait("the newer answer", || worker.latest());
    assert!(matches!(answer.request.what, What::Features(_)), "the old one must not come first");
    assert_eq!(answer.number, 1);
    // The same again is no new request.
    worker.ask(request(What::Features(CubeSlice::Middle)));
    assert!(!worker.is_busy());
    worker.refresh();
    wait("the refreshed answer", || worker.latest().filter(|answer| answer.number == 2));
}

#[test]
fn a_training_is_watched_while_it_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    let (live, ctx) = (Live::default(), Context::unwatched());
    let (own_live, own_ctx, own_out) = (live.clone(), ctx.clone(), out.clone());
    let trained = std::thread::spawn(move || {
        training::run(&recipe(400), &own_out, Resume::No, &own_ctx, &own_live).map(|summary| summary.steps)
    });
    let worker = Worker::start(|| {}).expect("a thread");
    worker.ask(Request {
        subject: Subject::Live(live.clone()),
        sample: 0,
        block: Vec::new(),
        what: What::Weights,
    });
    let first = wait("weights while training", || worker.latest().filter(|answer| answer.result.is_ok()));
    // The standing request is answered anew as the weights move.
    let second = wait("newer weights", || worker.latest().filter(|answer| answer.step > first.step));
    let values = |answer: &aquila::inspection::Answer| match &answer.result {
        Ok(View::Weights(view)) => (view.parameters[0].values.clone(), view.history.len()),
        other => panic!("{other:?}"),
    };
    assert_ne!(values(&first).0, values(&second).0);
    assert!(values(&second).1 > 0, "the history is there too");
    worker.ask(Request {
        subject: Subject::Live(live),
        sample: 2,
        block: Vec::new(),
        what: What::Features(CubeSlice::Middle),
    });
    let seen = wait("feature maps while training", || {
        worker.latest().filter(|answer| matches!(&answer.result, Ok(View::Features(_))))
    });
    assert!(seen.sample.text.starts_with("sample 2 of"), "{}", seen.sample.text);
    assert!(!trained.is_finished(), "it must have been seen while it trained");
    ctx.cancel();
    assert!(trained.join().expect("no panic").is_err());
}

#[test]
fn inspect_writes_figures_numbers_and_the_definition() {
    let home = tempfile::tempdir().expect("a folder");
    let run = run();
    let run = run.to_str().expect("a path");
    let out = home.path().join("seen");
    let out = out.to_str().expect("a path");
    let inspect = |arguments: &[&str]| {
        let all: Vec<&str> =
            ["inspect", run, "--json", "--out", out].iter().chain(arguments).copied().collect();
        aquila(home.path(), &all)
    };
    let told = json(&inspect(&["--what", "features", "--block", "Encoder 1/Convolution", "--sample", "3"]));
    assert_eq!(told["block"], "Encoder 1/Convolution");
    assert_eq!(told["channels"], told["shape"][0]);
    for file in ["features.svg", "features.fits", "features.npy", "features.csv"] {
        assert!(Path::new(out).join(file).exists(), "{file}");
    }
    let told =
        json(&inspect(&["--what", "occlusion", "--pixel", "10", "12", "--window", "8", "--randomised"]));
    assert_eq!(told["masks"], 49);
    assert!(told["rank_correlation"].is_number());
    let text = std::fs::read_to_string(Path::new(out).join("definition.txt")).expect("the definition");
    assert!(
        text.contains("output(x) − output(x with a window filled)") && text.contains("row 10, column 12")
    );
    let svg = std::fs::read_to_string(Path::new(out).join("occlusion.svg")).expect("a figure");
    assert!(svg.contains("dex") && svg.contains("Weights drawn anew"));
    let fits = aquila::io::read_image(&Path::new(out).join("occlusion.fits"), None);
    assert!(fits.is_ok() || Path::new(out).join("occlusion.npy").exists());
    let told = json(&inspect(&["--what", "integrated-gradients"]));
    assert!(told["completeness_error"].as_f64().expect("a number") <= 0.01, "{told}");
    assert!(json(&inspect(&["--what", "weights"]))["parameters"].as_array().expect("parameters").len() > 10);
    let wrong = inspect(&["--what", "features", "--block", "Encodr 1/Convolution"]);
    assert_eq!(wrong.status.code(), Some(1));
    let text = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(text.contains("`Encoder 1/Convolution`"), "{text}");
    let wrong = inspect(&["--what", "features", "--epoch", "7"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("epoch 7"));
}
