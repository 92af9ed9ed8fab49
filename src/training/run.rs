//! A training from recipe to run folder: what is new, what is gone on with, what is left behind at the end.

use super::batch::{Feeds, predict};
use super::checkpoint::{Checkpoint, Origin, Progress};
use super::data::{Samples, prepare};
use super::error::{Result, TrainingError};
use super::evaluate::{self, Evaluation};
use super::exchange::Given;
use super::folder::{Best, Parent, RUN_VERSION, RunFolder, RunInfo, RunState, sha256, unix_s};
use super::history::WeightHistory;
use super::live::{Live, Setup};
use super::loss::Loss;
use super::optimiser::{MovingAverage, Optimiser, Rule};
use super::schedule::{Schedule, Scheduler};
use super::session::Session;
use super::show::Watch;
use super::steps::StepCurve;
use super::{random, source, threads};
use crate::blueprint::{self, Blueprint, PortType, UnetOptions};
use crate::io;
use crate::job::Context;
use crate::network::{self, Device, DeviceChoice, Network};
use crate::recipe::{
    self, LearningSettings, LossKind, NetworkSettings, OptimiserKind, Precision, Recipe, ScheduleKind,
    TrainingRecipe,
};
use ndarray::s;
use std::path::Path;

/// What to do with a run folder that holds a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// Refuse: a run is never overwritten.
    No,
    /// Go on from its latest checkpoint; begin where there is none.
    Yes,
}

/// What a training has come to.
#[derive(Clone, Debug)]
pub struct Summary {
    pub run: RunFolder,
    pub device: String,
    pub threads: u32,
    pub epochs: u32,
    pub steps: u64,
    /// Wall time of training and validation over all sessions.
    pub seconds: f64,
    pub samples_per_second: f64,
    pub best: Option<Best>,
    /// Why it ended before its last epoch, if it did.
    pub ended: Option<String>,
    /// The best checkpoint on the test samples (validation samples where there is no test part).
    pub evaluation: Evaluation,
}

/// Trains as the recipe says into the run folder `root`. Paths of the recipe must be absolute or relative to the working
/// directory ([`TrainingRecipe::resolve`]). Pause and stop come through `ctx`; a stop leaves a checkpoint to go on from.
///
/// # Errors
/// A recipe, data or blueprint that cannot be used; a folder with another run; a loss that is no number; `Cancelled`.
pub fn run(
    recipe: &TrainingRecipe,
    root: &Path,
    resume: Resume,
    ctx: &Context,
    live: &Live,
) -> Result<Summary> {
    let setting = |message| recipe::RecipeError::Setting { name: "training".to_owned(), message };
    recipe.validate().map_err(setting)?;
    let folder = RunFolder::new(root);
    if folder.holds_run() && resume == Resume::No {
        return Err(TrainingError::RunExists(root.to_owned()));
    }
    let earlier = folder.holds_run().then(|| folder.read_info()).transpose()?;
    let choice: DeviceChoice = recipe.training.device.parse().map_err(setting)?;
    let device = choice.resolve()?;
    let recipe_sha256 = identity(recipe, earlier.as_ref())?;
    if let Some(info) = &earlier {
        same(&folder, "recipe", &info.recipe_sha256, &recipe_sha256)?;
    }

    let set = read_or_make_samples(recipe, &folder, earlier.is_some(), ctx)?;
    ctx.report("preparing the samples", None);
    let data_sha256 = source::fingerprint(&set);
    let samples = prepare(&set, &recipe.data)?;
    let document = match &recipe.network.blueprint {
        // The file may have been moved since, with the run folder itself perhaps.
        Some(path) if earlier.is_some() && !path.exists() => folder.read_blueprint()?,
        _ => document(&recipe.network, &samples)?,
    };
    let blueprint_text = blueprint::to_json(&document).map_err(blueprint_error)?;
    let origin = Origin {
        seed: recipe.seed,
        recipe_sha256,
        blueprint_sha256: sha256(blueprint_text.as_bytes()),
        data_sha256,
    };
    if let Some(info) = &earlier {
        same(&folder, "blueprint", &info.blueprint_sha256, &origin.blueprint_sha256)?;
        same(&folder, "sample set", &info.data_sha256, &origin.data_sha256)?;
    }
    let plan = blueprint::plan(&document).map_err(faults)?;
    let mut network = Network::build(&plan, device, random::weights(recipe.seed))?;
    if recipe.training.precision == Precision::Bfloat16 {
        network.set_precision(network::Precision::BFloat16);
    }
    let (initial_weights_sha256, parent) = match &recipe.network.weights {
        Some(path) if !folder.latest_path().exists() => {
            let (fingerprint, parent) = begin_with(path, &mut network)?;
            (Some(fingerprint), parent)
        }
        _ => (None, None),
    };
    if let (Some(now), Some(RunInfo { initial_weights_sha256: Some(then), .. })) =
        (&initial_weights_sha256, &earlier)
    {
        same(&folder, "file of first weights", then, now)?;
    }
    let feeds = Feeds::new(&network, &samples.planes)?;
    try_out(&network, &samples, &feeds)?;
    ctx.report("choosing the number of threads", None);
    let threads = threads::choose(
        earlier.as_ref().map(|info| info.threads),
        recipe,
        &origin.blueprint_sha256,
        &network,
        &samples,
        &feeds,
    )?;

    folder.create()?;
    let info = match earlier {
        Some(info) => RunInfo { device: network::device::name(device), ..info },
        None => {
            io::atomic::write_bytes(&folder.recipe_path(), recipe::write(recipe)?.as_bytes())?;
            io::atomic::write_bytes(&folder.blueprint_path(), blueprint_text.as_bytes())?;
            if recipe.data.sample_set.is_none() {
                io::sample_set::write(&folder.samples_path(), &set)?;
            }
            let info = fresh_info(recipe, &origin, device, threads, &network, &samples);
            RunInfo { initial_weights_sha256, parent, ..info }
        }
    };
    drop(set);
    let mut session = begin(recipe, &samples, &folder, ctx, live, network, feeds, origin, info)?;
    session.log.line(&format!(
        "{} on {} with {threads} threads: {} parameters; {} training, {} validation, {} test samples",
        if session.progress.steps == 0 { "training" } else { "going on" },
        session.info.device,
        session.info.parameters,
        samples.train.len(),
        samples.validation.len(),
        samples.test.len()
    ))?;
    // Rows after the checkpoint belong to steps that are made again.
    folder.write_metrics(&session.progress.rows)?;
    session.history.write(&folder.weights_path())?;
    session.write_info(RunState::Running)?;
    live.setup.publish(setup(&session));
    session.train()?;
    finish(session)
}

/// A hash of the recipe as far as it decides what comes out: where it runs does not, and the files it names have hashes of their own.
/// A run that was begun when the hash still held the files' paths keeps that one.
fn identity(recipe: &TrainingRecipe, earlier: Option<&RunInfo>) -> Result<String> {
    let mut recipe = recipe.clone();
    recipe.training.device = LearningSettings::default().device;
    recipe.training.snapshots = LearningSettings::default().snapshots;
    let with_paths = sha256(recipe::write(&recipe)?.as_bytes());
    if earlier.is_some_and(|info| info.recipe_sha256 == with_paths) {
        return Ok(with_paths);
    }
    (recipe.network.blueprint, recipe.network.weights) = (None, None);
    Ok(sha256(recipe::write(&recipe)?.as_bytes()))
}

fn same(folder: &RunFolder, what: &str, earlier: &str, now: &str) -> Result<()> {
    if earlier == now {
        return Ok(());
    }
    Err(TrainingError::OtherRun { path: folder.root().to_owned(), what: what.to_owned() })
}

fn read_or_make_samples(
    recipe: &TrainingRecipe,
    folder: &RunFolder,
    resumed: bool,
    ctx: &Context,
) -> Result<crate::data::SampleSet> {
    let kept = folder.samples_path();
    if resumed && recipe.data.sample_set.is_none() && kept.exists() {
        ctx.report("reading the samples", None);
        return Ok(io::sample_set::read(&kept)?);
    }
    source::samples(&recipe.data, ctx)
}

/// The network's document: the file the recipe names, or its template for samples of this shape.
fn document(settings: &NetworkSettings, samples: &Samples) -> Result<Blueprint> {
    if let Some(path) = &settings.blueprint {
        return blueprint::load(path).map_err(blueprint_error);
    }
    let [height, width] = samples.described.shape;
    let options = UnetOptions {
        levels: settings.levels as usize,
        base_filters: settings.base_filters as usize,
        double: settings.convolutions == 2,
        attention: settings.attention,
        dropout: Some(settings.dropout),
        in_channels: samples.described.inputs.len(),
        height,
        width,
    };
    blueprint::template(&settings.template, &options)
        .map_err(|error| TrainingError::Blueprint(format!("[network]: {error}")))
}

fn blueprint_error(error: blueprint::FileError) -> TrainingError {
    TrainingError::Blueprint(error.to_string())
}

pub(super) fn faults(faults: Vec<blueprint::Fault>) -> TrainingError {
    let count = faults.len();
    match faults.into_iter().next() {
        None => TrainingError::Blueprint("the blueprint cannot be compiled".to_owned()),
        Some(first) if count == 1 => first.into(),
        Some(first) => TrainingError::Blueprint(format!(
            "{} ({} more faults; `aquila blueprint check` lists all)",
            TrainingError::from(first),
            count - 1
        )),
    }
}

/// Puts the weights of a file in place of the drawn ones; hands back their fingerprint, and the run that they come from.
fn begin_with(path: &Path, network: &mut Network) -> Result<(String, Option<Parent>)> {
    let given = Given::read(path)?;
    network.load_state(&given.state).map_err(|error| given.misfit(&error))?;
    Ok((network::weights::fingerprint(&given.state)?, given.run))
}

/// One sample through the network before anything is written: an answer of a wrong shape is found now, not in the first epoch.
fn try_out(network: &Network, samples: &Samples, feeds: &Feeds) -> Result<()> {
    let target = &samples.described.targets[0].name;
    let outputs: Vec<_> =
        network.steps().iter().filter(|step| matches!(step.op, blueprint::Op::Output { .. })).collect();
    if let [_, _, ..] = outputs.as_slice() {
        let names = outputs.iter().map(|step| step.name.as_str()).collect::<Vec<_>>().join(", ");
        return Err(TrainingError::Blueprint(format!(
            "the network has {} outputs ({names}), but a training has one target, `{target}`; mute or remove the others",
            outputs.len()
        )));
    }
    let wanted = if samples.target_is_map { PortType::Map } else { PortType::Vector };
    if let Some(output) = outputs.first().filter(|output| output.shape.kind != wanted) {
        return Err(TrainingError::Blueprint(format!(
            "the network's output `{}` is {} {}, but the target `{target}` is {}; mend its last blocks or data.target",
            output.name,
            output.shape.kind.phrase(),
            output.shape,
            wanted.phrase()
        )));
    }
    let first = samples.train[0];
    let answer = predict(network, samples.inputs.slice(s![first..=first, .., .., ..]), feeds, 1)?;
    let (given, wanted) = (&answer.shape()[1..], &samples.targets.shape()[1..]);
    if given == wanted {
        return Ok(());
    }
    Err(TrainingError::Blueprint(format!(
        "the network answers {given:?} (channel, y, x), but the target `{target}` is {wanted:?}; mend its last blocks or data.target"
    )))
}

fn fresh_info(
    recipe: &TrainingRecipe,
    origin: &Origin,
    device: Device,
    threads: u32,
    network: &Network,
    samples: &Samples,
) -> RunInfo {
    let fixed: usize = network.steps().iter().map(|step| step.op.fixed_parameters()).sum();
    RunInfo {
        format: "aquila-run".to_owned(),
        version: RUN_VERSION,
        aquila: env!("CARGO_PKG_VERSION").to_owned(),
        libtorch: network::device::facts().torch_version.to_owned(),
        state: RunState::Running,
        message: String::new(),
        device: network::device::name(device),
        threads,
        seed: recipe.seed,
        recipe_sha256: origin.recipe_sha256.clone(),
        blueprint_sha256: origin.blueprint_sha256.clone(),
        data_sha256: origin.data_sha256.clone(),
        initial_weights_sha256: None,
        parent: None,
        tags: Vec::new(),
        parameters: (network.parameter_count() + fixed) as u64,
        epochs: 0,
        steps: 0,
        best: None,
        seconds: 0.0,
        samples_per_second: 0.0,
        updated_unix_s: unix_s(),
        data: samples.described.clone(),
    }
}

/// A session at the run's latest checkpoint, or at its start.
#[allow(clippy::too_many_arguments)]
fn begin<'a>(
    recipe: &'a TrainingRecipe,
    samples: &'a Samples,
    folder: &'a RunFolder,
    ctx: &'a Context,
    live: &'a Live,
    mut network: Network,
    feeds: Feeds,
    origin: Origin,
    info: RunInfo,
) -> Result<Session<'a>> {
    let settings = &recipe.training;
    let mut optimiser = Optimiser::new(rule(settings), network.flat())?;
    let mut average = match settings.ema {
        0.0 => None,
        decay => Some(MovingAverage::new(decay, network.flat())?),
    };
    let batches = samples.train.len().div_ceil(settings.batch as usize);
    let steps = batches.div_ceil(settings.accumulation as usize) as u64;
    let mut progress = Progress::new(Scheduler::new(
        schedule(settings, steps),
        settings.learning_rate,
        steps * u64::from(settings.epochs),
    ));
    let mut history = WeightHistory::new(network.layout());
    let latest = folder.latest_path();
    if latest.exists() {
        let checkpoint = Checkpoint::read(&latest)?;
        if checkpoint.origin != origin {
            return Err(TrainingError::OtherRun { path: latest, what: "recipe or sample set".to_owned() });
        }
        network.load_state(&checkpoint.network)?;
        optimiser.load_state(&checkpoint.optimiser, network.layout())?;
        if let (Some(average), Some(state)) = (&mut average, &checkpoint.ema) {
            average.load_state(state, network.layout())?;
        }
        progress = checkpoint.progress;
        history.take_numbers(&checkpoint.history);
    }
    let watch = Watch::new(samples, &progress, settings.epochs, StepCurve::read(&folder.steps_path())?);
    let loss = match settings.loss {
        LossKind::Mse => Loss::Mse,
        LossKind::Mae => Loss::Mae,
        LossKind::Huber => Loss::Huber { delta: settings.huber_delta },
    };
    let log = folder.open_log()?;
    Ok(Session {
        recipe,
        samples,
        folder,
        ctx,
        live,
        network,
        feeds,
        loss,
        optimiser,
        average,
        progress,
        history,
        origin,
        info,
        log,
        watch,
    })
}

fn rule(settings: &LearningSettings) -> Rule {
    let (betas, epsilon, weight_decay) = ([0.9, 0.999], 1e-8, settings.weight_decay);
    match settings.optimiser {
        OptimiserKind::Adam => Rule::Adam { betas, epsilon, weight_decay },
        OptimiserKind::AdamW => Rule::Adamw { betas, epsilon, weight_decay },
        OptimiserKind::Sgd => Rule::Sgd { momentum: settings.momentum, nesterov: false, weight_decay },
    }
}

fn schedule(settings: &LearningSettings, steps_per_epoch: u64) -> Schedule {
    match settings.schedule {
        ScheduleKind::Constant => Schedule::Constant,
        ScheduleKind::Cosine => Schedule::Cosine {
            warm_up_steps: (settings.warmup_epochs * steps_per_epoch as f64).round() as u64,
            final_fraction: settings.final_fraction,
        },
        ScheduleKind::Plateau => Schedule::ReduceOnPlateau {
            factor: settings.plateau_factor,
            patience: u64::from(settings.plateau_patience),
            threshold: 1e-4,
            cooldown: 0,
            minimum: settings.learning_rate * settings.final_fraction,
        },
    }
}

fn setup(session: &Session) -> Setup {
    let samples = session.samples;
    Setup {
        folder: session.folder.root().to_owned(),
        device: session.info.device.clone(),
        threads: session.info.threads,
        parameters: session.info.parameters,
        train_samples: samples.train.len(),
        validation_samples: samples.validation.len(),
        test_samples: samples.test.len(),
        epochs: session.recipe.training.epochs,
        steps_per_epoch: session.steps_per_epoch(),
        baseline: samples.described.baseline.zip(samples.baseline_metrics(&samples.validation)),
    }
}

/// Judges the best checkpoint, draws the figures and closes the run.
fn finish(mut session: Session) -> Result<Summary> {
    session.ctx.report("evaluating the best checkpoint", Some(1.0));
    let best = Checkpoint::read(&session.folder.best_path())?;
    best.load_for_use(&mut session.network)?;
    let samples = session.samples;
    let chosen = if samples.test.is_empty() { &samples.validation } else { &samples.test };
    let batch = session.recipe.training.batch as usize;
    let evaluation = evaluate::judge(&session.network, samples, chosen, &session.feeds, batch)?;
    evaluate::leave(&evaluation, session.folder, &session.progress.rows)?;
    session.write_info(RunState::Done)?;
    let (steps, seconds) = (session.progress.steps, session.info.seconds);
    let how = session.progress.ended.clone().unwrap_or_else(|| "all epochs are trained".to_owned());
    session.log.line(&format!("done: {how}; {steps} steps in {seconds:.1} s"))?;
    Ok(Summary {
        run: session.folder.clone(),
        device: session.info.device.clone(),
        threads: session.info.threads,
        epochs: session.progress.epoch,
        steps,
        seconds,
        samples_per_second: session.info.samples_per_second,
        best: session.progress.best,
        ended: session.progress.ended.clone(),
        evaluation,
    })
}
