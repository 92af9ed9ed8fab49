//! The network of a subject with its samples, loaded once and renewed when its files or the training's weights have changed.

use super::answer::SampleNote;
use super::attribution::{difference, label};
use super::error::{InspectionError, Result};
use super::grid;
use super::request::{OutputChoice, Subject};
use super::stand_in;
use crate::blueprint::{self, Blueprint, PortType};
use crate::data::Split;
use crate::job::Context;
use crate::network::{Device, DeviceChoice, Network, Tensor, tensors, threads};
use crate::training::{
    CheckpointChoice, Described, Feeds, Live, LiveWeights, Model, RunFolder, Samples, Standard,
    WeightHistory, samples_of,
};
use ndarray::{Array2, Axis, s};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A network ready to be looked into.
pub(super) struct Loaded {
    origin: Origin,
    pub network: Network,
    pub blueprint: Arc<Blueprint>,
    pub epoch: Option<f32>,
    pub step: Option<u64>,
    /// Which publication of a running training's weights it holds; 0 for others.
    pub generation: u64,
    /// Of a run: its folder and how its data comes in.
    pub run: Option<(RunFolder, Described)>,
    samples: Option<(FileState, Samples, Feeds)>,
    /// The synthetic cloud of this seed, kept while blueprints change.
    cloud: Option<(usize, Array2<f32>)>,
}

/// Path, length and time of change of a file.
type FileState = (PathBuf, u64, Option<SystemTime>);

enum Origin {
    Checkpoint(FileState),
    Live(Live),
    Untrained(Arc<Blueprint>, u64),
}

/// One sample as the network takes it.
pub(super) struct Sample {
    /// One tensor [1, …] for each input of the network.
    pub inputs: Vec<Tensor>,
    /// For each input, what it is standardised by; `None` where the network was never trained.
    pub scales: Option<Vec<Scale>>,
    pub note: SampleNote,
}

/// Mean and deviation of the channels of an input, shaped so that they spread over it.
pub(super) struct Scale {
    pub mean: Tensor,
    pub std: Tensor,
}

/// An input channel as a person knows it.
pub(super) struct ShownInput {
    pub name: String,
    /// (y, x) in the space of the training (log₁₀ where the recipe says so); a cube summed along z, a vector as one row.
    pub values: Array2<f32>,
    /// With its unit.
    pub label: String,
    /// Unit of a difference.
    pub unit: String,
}

impl Loaded {
    /// The subject's network, taken from `kept` where that is still it.
    pub fn renew<'a>(kept: &'a mut Option<Self>, subject: &Subject, ctx: &Context) -> Result<&'a mut Self> {
        let mut earlier = kept.take();
        let cloud = earlier.as_mut().and_then(|loaded| loaded.cloud.take());
        let mut loaded = match subject {
            Subject::Run { folder, checkpoint } => of_run(earlier, folder, *checkpoint, ctx)?,
            Subject::Live(live) => {
                // A training has the other cores.
                threads::set(1);
                of_live(earlier, live)?
            }
            Subject::Untrained { blueprint, seed } => untrained(earlier, blueprint, *seed)?,
        };
        loaded.cloud = cloud;
        Ok(kept.insert(loaded))
    }

    /// The sample of this number; noise where the network was never trained.
    pub fn sample(&mut self, index: usize, ctx: &Context) -> Result<Sample> {
        let Some((folder, described)) = &self.run else { return self.stand_in(index, ctx) };
        let state = file_state(&folder.samples_path());
        if self.samples.as_ref().is_none_or(|(kept, ..)| *kept != state) {
            let samples = samples_of(folder, described, None, None, ctx)?;
            let feeds = Feeds::new(&self.network, &samples.planes)?;
            self.samples = Some((state, samples, feeds));
        }
        let Some((_, samples, feeds)) = &self.samples else { return self.stand_in(index, ctx) };
        let count = samples.inputs.len_of(Axis(0));
        if index >= count {
            return Err(InspectionError::request(
                format!("there is no sample {index}"),
                format!("this run's samples are 0 to {}", count.saturating_sub(1)),
            ));
        }
        let values = samples.inputs.slice(s![index..=index, .., .., ..]).to_owned();
        let stacked = from_values(values.as_slice().unwrap_or(&[]), values.shape(), self.network.device())?;
        let part = [
            (&samples.train, Split::Train, "training"),
            (&samples.validation, Split::Validation, "validation"),
            (&samples.test, Split::Test, "test"),
        ]
        .into_iter()
        .find(|(members, ..)| members.contains(&index));
        let group = samples.group.get(index).copied();
        let mut text = format!("sample {index} of {count}");
        if let Some((.., word)) = part {
            text += &format!(", {word}");
        }
        if let Some(group) = group {
            text += &format!(", group {group}");
        }
        let part = part.map(|(_, part, _)| part);
        let note = SampleNote { index, count, part, group, text };
        let numbers = |of: fn(&Standard) -> f64| -> Result<Vec<Tensor>> {
            let values: Vec<f32> =
                samples.described.inputs.iter().map(|standard| of(standard) as f32).collect();
            Ok(feeds.deal(&from_values(&values, &[1, values.len(), 1, 1], self.network.device())?)?)
        };
        let pairs = numbers(|standard| standard.mean)?.into_iter().zip(numbers(|standard| standard.std)?);
        let scales = pairs.map(|(mean, std)| Scale { mean, std }).collect();
        Ok(Sample { inputs: feeds.deal(&stacked)?, scales: Some(scales), note })
    }

    /// The quantity of an output's channel, where a training knows it: a training has one output.
    pub fn target(&self, choice: OutputChoice) -> Option<&Standard> {
        let (_, described) = self.run.as_ref()?;
        if choice.output == 0 { described.targets.get(choice.channel) } else { None }
    }

    /// What the values of a step are: the quantity at an input or output of a run, else nothing.
    pub fn quantity(&self, index: usize) -> String {
        let Some((_, described)) = &self.run else { return String::new() };
        let standards = match self.network.steps()[index].op {
            blueprint::Op::Input { .. } if described.inputs.len() == 1 => &described.inputs,
            blueprint::Op::Output { .. } if described.targets.len() == 1 => &described.targets,
            _ => return String::new(),
        };
        standards.first().map(|standard| format!("{}, standardised", label(standard))).unwrap_or_default()
    }

    /// Norms over the steps of the subject's run; none where it was never trained.
    pub fn history(&self) -> Result<Arc<WeightHistory>> {
        match (&self.origin, &self.run) {
            (Origin::Live(live), _) => Ok(live.history.latest().unwrap_or_default()),
            (_, Some((folder, _))) => Ok(Arc::new(WeightHistory::read(&folder.weights_path())?)),
            _ => Ok(Arc::default()),
        }
    }

    /// The same network with weights of another draw.
    pub fn drawn_anew(&self, seed: u64) -> Result<Network> {
        build(&self.blueprint, seed)
    }

    /// The channels of all inputs (the whole of an input that is a vector), as a person knows them.
    pub fn shown_inputs(&self, sample: &Sample) -> Result<Vec<ShownInput>> {
        let steps = self.network.steps().iter().filter(|step| matches!(step.op, blueprint::Op::Input { .. }));
        let mut standards = self.run.as_ref().map(|(_, described)| described.inputs.iter());
        let mut shown = Vec::new();
        for (place, (step, input)) in steps.zip(&sample.inputs).enumerate() {
            let kind = step.shape.kind;
            let values = match sample.scales.as_ref().and_then(|scales| scales.get(place)) {
                Some(scale) => input.f_mul(&scale.std)?.f_add(&scale.mean)?,
                None => input.shallow_clone(),
            };
            let maps = grid::maps(kind, &grid::single(kind, &values)?);
            let planes = match (kind, step.shape.sizes.as_slice()) {
                (PortType::Cube, &[_, depth, ..]) => depth,
                (PortType::Vector, &[values]) => values,
                _ => 1,
            };
            let count = maps.len();
            for (channel, values) in maps.into_iter().enumerate() {
                let standard = standards.as_mut().and_then(|standards| {
                    let first = standards.next();
                    standards.by_ref().take(planes - 1).for_each(drop);
                    first
                });
                let own =
                    if count == 1 { step.name.clone() } else { format!("{}, channel {channel}", step.name) };
                shown.push(match standard {
                    // The planes of a cube or list share a name with a number.
                    Some(standard) => ShownInput {
                        name: if planes > 1 { own } else { standard.name.replace('_', " ") },
                        values,
                        label: if planes > 1 { difference(standard) } else { label(standard) },
                        unit: difference(standard),
                    },
                    None => ShownInput { name: own, values, label: String::new(), unit: String::new() },
                });
            }
        }
        Ok(shown)
    }

    /// What stands in for a sample where the network was never trained.
    fn stand_in(&mut self, index: usize, ctx: &Context) -> Result<Sample> {
        let inputs =
            || self.network.steps().iter().filter(|step| matches!(step.op, blueprint::Op::Input { .. }));
        let cloudy = inputs().any(stand_in::takes_cloud);
        if cloudy && self.cloud.as_ref().is_none_or(|(made, _)| *made != index) {
            self.cloud = Some((index, stand_in::cloud(index as u64, ctx)?));
        }
        let cloud = self.cloud.as_ref().map(|(_, cloud)| cloud);
        let mut tensors = Vec::new();
        for step in inputs() {
            let shape: Vec<usize> = std::iter::once(1).chain(step.shape.sizes.iter().copied()).collect();
            let values = stand_in::values(step, cloud.filter(|_| stand_in::takes_cloud(step)), index as u64);
            tensors.push(from_values(&values, &shape, self.network.device())?);
        }
        let text = match (cloudy, tensors.len()) {
            (true, 1) => {
                format!("a synthetic cloud of seed {index}, not a sample: the network was never trained")
            }
            (true, _) => format!(
                "a synthetic cloud and normal noise of seed {index}, not a sample: the network was never trained"
            ),
            (false, _) => {
                format!("normal noise of seed {index}, not a sample: the network was never trained")
            }
        };
        Ok(Sample {
            inputs: tensors,
            scales: None,
            note: SampleNote { index, text, ..SampleNote::default() },
        })
    }

    fn take_weights(&mut self, weights: &LiveWeights) -> Result<()> {
        let device = self.network.device();
        if weights.flat.len() != self.network.parameter_count() {
            return Err(InspectionError::request(
                "the training's weights are those of another blueprint",
                "please report it",
            ));
        }
        let flat = from_values(&weights.flat, &[weights.flat.len()], device)?;
        tch::no_grad(|| -> Result<()> {
            self.network.flat().shallow_clone().f_copy_(&flat)?;
            for (name, values) in &weights.buffers {
                if let Some(buffer) = self.network.buffers().get(name) {
                    let shape: Vec<usize> = buffer.size().iter().map(|&size| size as usize).collect();
                    buffer.shallow_clone().f_copy_(&from_values(values, &shape, device)?)?;
                }
            }
            Ok(())
        })?;
        (self.epoch, self.step) = (Some(weights.epoch), Some(weights.step));
        Ok(())
    }
}

fn of_run(earlier: Option<Loaded>, root: &Path, choice: CheckpointChoice, ctx: &Context) -> Result<Loaded> {
    let folder = RunFolder::new(root);
    let state = file_state(&folder.checkpoint_path(choice));
    match earlier {
        Some(loaded) if matches!(&loaded.origin, Origin::Checkpoint(kept) if *kept == state) => Ok(loaded),
        earlier => {
            ctx.report("loading the weights", None);
            let model = Model::load_checkpoint(root, choice, DeviceChoice::Auto)?;
            // Another epoch of the same run has the same samples.
            let same = |loaded: &Loaded| {
                loaded.run.as_ref().is_some_and(|(own, own_described)| {
                    own.root() == root && *own_described == model.described
                })
            };
            Ok(Loaded {
                origin: Origin::Checkpoint(state),
                samples: earlier.filter(same).and_then(|loaded| loaded.samples),
                cloud: None,
                blueprint: Arc::new(folder.read_blueprint()?),
                epoch: Some(model.epoch as f32),
                step: Some(model.steps),
                generation: 0,
                run: Some((folder, model.described)),
                network: model.network,
            })
        }
    }
}

fn of_live(earlier: Option<Loaded>, live: &Live) -> Result<Loaded> {
    let generation = live.weights.generation();
    let (Some(setup), Some(weights)) = (live.setup.latest(), live.weights.latest()) else {
        live.watch();
        return Err(InspectionError::request("the training has not begun yet", "wait for its first steps"));
    };
    let mut loaded = match earlier {
        Some(loaded) if matches!(&loaded.origin, Origin::Live(own) if own.is_same(live)) => loaded,
        _ => {
            let folder = RunFolder::new(&setup.folder);
            let blueprint = Arc::new(folder.read_blueprint()?);
            Loaded {
                origin: Origin::Live(live.clone()),
                network: build(&blueprint, 0)?,
                blueprint,
                epoch: None,
                step: None,
                generation: 0,
                run: Some((folder.clone(), folder.read_info()?.data)),
                samples: None,
                cloud: None,
            }
        }
    };
    if loaded.generation != generation {
        loaded.take_weights(&weights)?;
        loaded.generation = generation;
    }
    Ok(loaded)
}

fn untrained(earlier: Option<Loaded>, blueprint: &Arc<Blueprint>, seed: u64) -> Result<Loaded> {
    let same = |loaded: &Loaded| match &loaded.origin {
        Origin::Untrained(own, own_seed) => {
            *own_seed == seed && (Arc::ptr_eq(own, blueprint) || own == blueprint)
        }
        _ => false,
    };
    if let Some(loaded) = earlier.filter(same) {
        return Ok(loaded);
    }
    Ok(Loaded {
        origin: Origin::Untrained(Arc::clone(blueprint), seed),
        network: build(blueprint, seed)?,
        blueprint: Arc::clone(blueprint),
        epoch: None,
        step: None,
        generation: 0,
        run: None,
        samples: None,
        cloud: None,
    })
}

fn build(blueprint: &Blueprint, seed: u64) -> Result<Network> {
    let plan = blueprint::plan(blueprint).map_err(|faults| match faults.into_iter().next() {
        Some(fault) => InspectionError::Blueprint(Box::new(fault)),
        None => InspectionError::request("the blueprint cannot be computed", "see its faults on the canvas"),
    })?;
    Ok(Network::build(&plan, DeviceChoice::Auto.resolve()?, seed)?)
}

fn file_state(path: &Path) -> FileState {
    let facts = std::fs::metadata(path).ok();
    let length = facts.as_ref().map_or(0, std::fs::Metadata::len);
    (path.to_owned(), length, facts.and_then(|facts| facts.modified().ok()))
}

fn from_values(values: &[f32], shape: &[usize], device: Device) -> Result<Tensor> {
    Ok(tensors::from_slice(values, shape, device)?)
}
