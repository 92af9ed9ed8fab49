//! Trainings as users start them: killed and resumed to the byte, stopped, refused, and better than the power law.

use aquila::blueprint::{self, Block, BlockId, Blueprint, Link, Parameter, UnetOptions};
use aquila::job::Context;
use aquila::recipe::{self, CloudSource, TrainingRecipe};
use aquila::training::{self, Live, Parent, Resume, RunFolder, RunState, TrainingError};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn smoke() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recipes/smoke-train.toml")
}

/// Two epochs of seconds on tiny clouds.
fn tiny() -> TrainingRecipe {
    let mut recipe: TrainingRecipe = recipe::read(&smoke()).expect("the smoke recipe");
    recipe.data.clouds = CloudSource::seeds(3);
    recipe.training.epochs = 2;
    recipe.training.batch = 5;
    recipe.training.threads = recipe::Threads::Count(1);
    recipe
}

fn run(recipe: &TrainingRecipe, folder: &Path) -> training::Result<training::Summary> {
    training::run(recipe, folder, Resume::No, &Context::unwatched(), &Live::unwatched())
}

/// What a resumed run must share with an uninterrupted one.
const COMPARED: [&str; 7] = [
    "checkpoints/latest.safetensors",
    "checkpoints/best.safetensors",
    "checkpoints/epoch-0001.safetensors",
    "metrics.csv",
    "weights.csv",
    "recipe.toml",
    "predictions.h5",
];

fn assert_same_bytes(a: &Path, b: &Path, when: &str) {
    for name in COMPARED {
        let (left, right) = (fs::read(a.join(name)).expect(name), fs::read(b.join(name)).expect(name));
        assert!(left == right, "{name} differs {when}");
    }
}

fn train(out: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_aquila"))
        .arg("train")
        .arg(smoke())
        .args(["--resume", "--out"])
        .arg(out)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("aquila starts")
}

#[test]
fn killed_at_any_moment_and_resumed_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    assert!(train(&whole).wait().expect("it ends").success());
    let steps = RunFolder::new(&whole).read_info().expect("run.json").steps;
    // Once while the data is made, then each time after a few more steps, whatever it does then.
    let mut kills = 0;
    for share in [0.0, 0.1, 0.35, 0.6, 0.85] {
        let mut child = train(&killed);
        let deadline = Instant::now() + Duration::from_secs(100);
        let reached = || {
            let rows = fs::read_to_string(killed.join("metrics.csv")).unwrap_or_default();
            let last = rows.lines().last().and_then(|line| line.split(',').nth(1)?.parse::<u64>().ok());
            last.unwrap_or(0) as f64 >= share * steps as f64
        };
        if share == 0.0 {
            std::thread::sleep(Duration::from_millis(400));
        }
        while !reached() && child.try_wait().expect("a child").is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(7));
        }
        if child.try_wait().expect("a child").is_none() {
            child.kill().expect("SIGKILL");
            kills += 1;
        }
        child.wait().expect("it ends");
    }
    assert!(kills >= 3, "only {kills} kills came in time");
    assert!(train(&killed).wait().expect("it ends").success());
    assert_same_bytes(&whole, &killed, "after kills");
}

#[test]
fn stopped_within_an_epoch_and_resumed_ends_with_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (whole, stopped) = (folder.path().join("whole"), folder.path().join("stopped"));
    let recipe = tiny();
    let summary = run(&recipe, &whole).expect("trained");
    let per_epoch = summary.steps / u64::from(summary.epochs);
    assert!(per_epoch >= 3, "an epoch must have an inside");
    let ctx = Context::unwatched();
    // Stops from the live curves, as the window does.
    let live = Live::default();
    let watched = live.clone();
    let stopper = ctx.clone();
    let watcher = std::thread::spawn(move || {
        while watched.curves.latest().is_none_or(|curves| curves.steps.is_empty()) {
            std::thread::sleep(Duration::from_millis(1));
        }
        stopper.cancel();
    });
    let error = training::run(&recipe, &stopped, Resume::No, &ctx, &live).expect_err("stopped");
    watcher.join().expect("watched");
    assert!(matches!(error, TrainingError::Cancelled(_)), "{error}");
    let info = RunFolder::new(&stopped).read_info().expect("run.json");
    assert_eq!(info.state, RunState::Stopped);
    assert!(info.steps > 0 && info.steps < per_epoch, "stopped at step {} of {per_epoch}", info.steps);
    training::run(&recipe, &stopped, Resume::Yes, &Context::unwatched(), &Live::unwatched())
        .expect("resumed");
    assert_same_bytes(&whole, &stopped, "after a stop");
    assert_eq!(RunFolder::new(&stopped).read_info().expect("run.json").state, RunState::Done);
}

#[test]
fn one_optimiser_step_for_each_mini_batch_and_accumulation_is_a_larger_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut recipe = tiny();
    recipe.training.epochs = 1;
    recipe.network.dropout = 0.0;
    recipe.network.levels = 1;
    let summary = run(&recipe, &folder.path().join("plain")).expect("trained");
    let info = summary.run.read_info().expect("run.json");
    let samples = info.data.samples[0] as u64;
    assert_ne!(samples % 5, 0, "the last mini-batch must be a partial one");
    assert_eq!(summary.steps, samples.div_ceil(5));
    recipe.training.accumulation = 3;
    let summary = run(&recipe, &folder.path().join("accumulated")).expect("trained");
    assert_eq!(summary.steps, samples.div_ceil(5).div_ceil(3));
}

#[test]
fn a_loss_that_is_no_number_stops_at_the_last_good_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    let mut recipe = tiny();
    recipe.training.epochs = 6;
    recipe.training.optimiser = recipe::OptimiserKind::Sgd;
    recipe.training.schedule = recipe::ScheduleKind::Constant;
    recipe.training.ema = 0.0;
    recipe.training.checkpoint_steps = 1;
    recipe.training.learning_rate = 1e30;
    let error = run(&recipe, &out).expect_err("it must not go on");
    assert!(matches!(error, TrainingError::LossNotFinite { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("last good checkpoint") && message.contains("learning_rate"), "{message}");
    assert_eq!(RunFolder::new(&out).read_info().expect("run.json").state, RunState::Failed);
}

#[test]
fn a_run_is_neither_overwritten_nor_mixed_with_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("run");
    let mut recipe = tiny();
    recipe.training.epochs = 1;
    run(&recipe, &out).expect("trained");
    assert!(matches!(run(&recipe, &out), Err(TrainingError::RunExists(_))));
    recipe.training.learning_rate = 2e-3;
    let other = training::run(&recipe, &out, Resume::Yes, &Context::unwatched(), &Live::unwatched());
    let message = other.expect_err("another recipe").to_string();
    assert!(message.contains("another recipe"), "{message}");
}

/// Inputs and outputs that no map can feed or be compared with are told in a sentence, before anything is written.
#[test]
fn networks_that_fit_no_map_are_refused_with_their_block() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = |blocks: &[(&str, &str)], wires: &[(u32, &str, u32, &str)]| {
        let mut document = Blueprint::new("odd");
        for (id, (kind, settings)) in (1..).zip(blocks) {
            let block = Block::new(BlockId(id), kind, &format!("{kind} {id}"), [0.0, 0.0]);
            let block = settings.split_whitespace().fold(block, |block, pair| {
                let (name, value) = pair.split_once('=').expect("name=value");
                let number = value.parse::<i64>().map_or_else(|_| Parameter::from(value), Parameter::from);
                block.with(name, number)
            });
            document.graph.blocks.push(block);
        }
        let link = |&(a, out, b, into): &(u32, &str, u32, &str)| Link::new(BlockId(a), out, BlockId(b), into);
        document.graph.links.extend(wires.iter().map(link));
        let path = folder.path().join("odd.blueprint.json");
        blueprint::save(&document, &path).expect("written");
        let mut recipe = tiny();
        recipe.network.blueprint = Some(path);
        let out = folder.path().join("run");
        let message = run(&recipe, &out).expect_err("it does not fit").to_string();
        assert!(!out.join("run.json").exists() && !out.join("blueprint.json").exists(), "{message}");
        message
    };
    let map = ("input", "height=32 width=32");
    let chain = [(1, "out", 2, "in"), (2, "out", 3, "in")];
    let message = refused(&[map, ("global-pool", ""), ("output", "")], &chain);
    assert!(
        message.contains("`output 3` is a vector 1, but the target") && message.contains("is a map"),
        "{message}"
    );
    let message = refused(&[map, ("reshape", "to=cube sizes=1×1×32×32"), ("output", "")], &chain);
    assert!(message.contains("`output 3` is a cube 1×1×32×32"), "{message}");
    let message = refused(&[("sequence-input", ""), ("relu", ""), ("output", "")], &chain);
    assert!(message.contains("input `sequence-input 1` is a sequence 128×1"), "{message}");
    let message = refused(&[("vector-input", ""), ("reshape", "to=map sizes=1×1×1"), ("output", "")], &chain);
    assert!(message.contains("list of numbers"), "{message}");
    let two = [(1, "out", 2, "in"), (1, "out", 3, "in")];
    let message = refused(&[map, ("output", ""), ("output", "")], &two);
    assert!(message.contains("2 outputs (output 2, output 3)"), "{message}");
}

#[test]
fn the_unet_of_the_demo_beats_the_power_law_on_held_out_clouds() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recipes/demo-train.toml");
    let mut recipe: TrainingRecipe = recipe::read(&path).expect("the demo's recipe");
    // Fewer clouds and epochs than the demo: a third of its time.
    recipe.data.family = Some(recipe::CloudFamily { count: 5, size: 96, seed: 3 });
    recipe.training.epochs = 5;
    recipe.training.device = "cpu".into();
    let summary = run(&recipe, &folder.path().join("run")).expect("trained");
    let (network, law) = (summary.evaluation.metrics, summary.evaluation.baseline.expect("a power law"));
    let told = format!("{network:?} against {law:?}");
    assert!(network.rms_dex < 0.9 * law.rms_dex, "{told}");
    assert!(network.accuracy_0p3dex > law.accuracy_0p3dex + 0.02, "{told}");
    // Held out means held out: no group of the judged samples was trained on.
    let set = aquila::io::sample_set::read(&summary.run.samples_path()).expect("the samples");
    let trained: Vec<u32> =
        set.indices(aquila::data::Split::Train).into_iter().map(|index| set.group[index]).collect();
    assert!(summary.evaluation.groups.iter().all(|group| !trained.contains(&group.group)));
}

#[test]
fn a_run_that_begins_with_anothers_weights_is_its_child_and_both_can_be_renamed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (parent, child) = (folder.path().join("first"), folder.path().join("second"));
    let kept = folder.path().join("network.blueprint.json");
    let options = UnetOptions { base_filters: 4, levels: 2, height: 32, width: 32, ..UnetOptions::default() };
    blueprint::save(&blueprint::template("unet", &options).expect("the template"), &kept).expect("saved");
    let mut recipe = tiny();
    recipe.network.blueprint = Some(kept.clone());
    run(&recipe, &parent).expect("trained");
    recipe.network.weights = Some(RunFolder::new(&parent).latest_path());
    recipe.training.learning_rate *= 0.1;
    run(&recipe, &child).expect("trained");
    let info = RunFolder::new(&child).read_info().expect("run.json");
    assert_eq!(info.parent, Some(Parent { run: "first".to_owned(), epoch: 2 }));
    // The child goes on where its parent was: better than the parent began.
    let first_loss = |run: &Path| RunFolder::new(run).read_steps().expect("steps").ranges()[0].mean;
    assert!(first_loss(&child) < first_loss(&parent), "{} {}", first_loss(&child), first_loss(&parent));

    for name in ["second", "a/b", "..", ".hidden", ""] {
        assert!(RunFolder::new(&parent).rename(name).is_err(), "{name:?} is no new name");
    }
    let renamed = RunFolder::new(&parent).rename("Perseus, 13CO").expect("renamed");
    renamed.set_tags(vec!["13CO".to_owned()]).expect("tagged");
    assert_eq!(renamed.read_info().expect("run.json").tags, ["13CO"]);
    let told = RunFolder::new(&child).read_info().expect("run.json").parent.expect("a parent");
    assert_eq!(told.run, "Perseus, 13CO");
    // Neither its own new place nor that of the blueprint's file keeps a run from being gone on with.
    fs::remove_file(&kept).expect("removed");
    let mut again: TrainingRecipe = recipe::read(&renamed.recipe_path()).expect("its recipe");
    again.resolve(renamed.root());
    training::run(&again, renamed.root(), Resume::Yes, &Context::unwatched(), &Live::unwatched())
        .expect("resumed");
}

#[test]
fn a_stopped_run_keeps_one_clock_over_its_sessions() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("run");
    let live = Live::default();
    let (watched, ctx) = (live.clone(), Context::unwatched());
    let stopper = ctx.clone();
    let watcher = std::thread::spawn(move || {
        while watched.curves.latest().is_none_or(|curves| curves.steps.is_empty()) {
            std::thread::sleep(Duration::from_millis(1));
        }
        stopper.cancel();
    });
    training::run(&tiny(), &root, Resume::No, &ctx, &live).expect_err("stopped");
    watcher.join().expect("watched");
    let summary = training::run(&tiny(), &root, Resume::Yes, &Context::unwatched(), &Live::unwatched())
        .expect("resumed");
    let curve = RunFolder::new(&root).read_steps().expect("steps");
    let steps: Vec<u64> = curve.ranges().iter().map(|range| range.last).collect();
    assert_eq!(steps, (1..=summary.steps).collect::<Vec<_>>(), "every step once");
    let seconds: Vec<f64> = curve.ranges().iter().map(|range| range.seconds).collect();
    assert!(seconds.windows(2).all(|pair| pair[0] < pair[1]), "{seconds:?}");
    assert!(*seconds.last().expect("steps") <= summary.seconds);
}

/// A set of numbers and of small cubes, and networks that begin with a list or a cube: both learn a law that is exact.
#[test]
fn lists_of_numbers_and_velocity_cubes_are_learned_from() {
    use aquila::data::{Channel, SampleSet, Split};
    use ndarray::ArrayD;
    let home = tempfile::tempdir().expect("a folder");
    let (samples, velocities) = (48, 4);
    let unit = |i: usize, k: usize| ((i * 37 + k * 11) % 101) as f32 / 100.0;
    let list = ArrayD::from_shape_fn(vec![samples, 3], |at| unit(at[0], at[1]));
    let cube = ArrayD::from_shape_fn(vec![samples, 1, 4, 4, velocities], |at| {
        unit(at[0], at[2] * 4 + at[3] + at[4])
    });
    let sum = |i: usize| (0..3).map(|k| unit(i, k)).sum::<f32>();
    let age = ArrayD::from_shape_fn(vec![samples, 1], |at| 7.0 + sum(at[0]));
    let map = ArrayD::from_shape_fn(vec![samples, 1, 4, 4], |at| {
        (0..velocities).map(|v| cube[[at[0], 0, at[2], at[3], v]]).sum::<f32>()
    });
    let channel = |unit: &str, values: &ArrayD<f32>| Channel { unit: unit.into(), values: values.clone() };
    let set = SampleSet {
        channels: [("list".into(), channel("", &list)), ("ppv".into(), channel("K", &cube))].into(),
        targets: [("age".into(), channel("dex(yr)", &age)), ("sum".into(), channel("dex", &map))].into(),
        split: (0..samples).map(|i| if i % 4 == 3 { Split::Validation } else { Split::Train }).collect(),
        group: (0..samples as u32).collect(),
        attributes: Default::default(),
    };
    let file = home.path().join("set.h5");
    aquila::io::sample_set::write(&file, &set).expect("written");
    let sizes = [("depth", 4), ("height", 4), ("width", 4)];
    let cases = [
        ("list", "age", "vector-input", "linear", &[("values", 3)][..]),
        ("ppv", "sum", "cube-input", "spectral-projection", &sizes),
    ];
    for (input, target, kind, layer, sizes) in cases {
        let mut blueprint = Blueprint::new(input);
        let graph = &mut blueprint.graph;
        let parameters =
            sizes.iter().map(|&(name, size)| (name.to_owned(), Parameter::Integer(size))).collect();
        graph.blocks.push(Block { parameters, ..Block::new(BlockId(1), kind, "In", [0.0, 0.0]) });
        let size = if layer == "linear" { "features" } else { "filters" };
        graph.blocks.push(Block::new(BlockId(2), layer, "Layer", [200.0, 0.0]).with(size, 1));
        graph.blocks.push(Block::new(BlockId(3), "output", "Out", [400.0, 0.0]));
        graph.links.push(Link::new(BlockId(1), "out", BlockId(2), "in"));
        graph.links.push(Link::new(BlockId(2), "out", BlockId(3), "in"));
        let path = home.path().join(format!("{input}.blueprint.json"));
        blueprint::save(&blueprint, &path).expect("saved");
        let mut recipe = tiny();
        recipe.data = recipe::DataSettings {
            sample_set: Some(file.clone()),
            inputs: vec![input.into()],
            target: target.into(),
            input_space: recipe::Space::Linear,
            target_space: recipe::Space::Linear,
            ..recipe::DataSettings::default()
        };
        recipe.network.blueprint = Some(path);
        recipe.training.augmentation = recipe::Augmentation::None;
        (recipe.training.epochs, recipe.training.learning_rate) = (60, 0.05);
        let summary =
            run(&recipe, &home.path().join(input)).unwrap_or_else(|error| panic!("{input}: {error}"));
        let rms = summary.evaluation.metrics.rms_dex;
        assert!(rms < 0.02, "{input}: {rms} dex of a law that is linear in the inputs");
    }
}
