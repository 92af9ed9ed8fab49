//! Weights on their way into and out of a run: what a weights file, a checkpoint or a run folder holds.

use super::checkpoint::Checkpoint;
use super::data::{Described, Standard};
use super::error::{Result, TrainingError};
use super::folder::{Parent, RunFolder};
use crate::blueprint::{self, Blueprint};
use crate::io::atomic;
use crate::network::import::Report;
use crate::network::{self, Device, Network, NetworkError, Tensor, export, weights};
use crate::recipe::Space;
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

/// Weights from a file, by our names.
pub struct Given {
    pub path: PathBuf,
    pub state: IndexMap<String, Tensor>,
    /// How the data was standardised, where the weights come from a run.
    pub described: Option<Described>,
    /// The run that they come from, where they lie in one.
    pub run: Option<Parent>,
}

impl Given {
    /// From a weights file, a checkpoint (the running mean of the weights, where it has one) or a run folder (its best checkpoint).
    ///
    /// # Errors
    /// Nothing there, a damaged file, a run without a checkpoint yet.
    pub fn read(path: &Path) -> Result<Self> {
        let mut path = path.to_owned();
        if path.is_dir() {
            let folder = RunFolder::new(&path);
            folder.read_info()?;
            path = folder.best_path();
            if !path.exists() {
                let what = "no checkpoint yet: not one validation was made".to_owned();
                return Err(TrainingError::NotARun { path: folder.root().to_owned(), what });
            }
        }
        let (state, notes) = weights::read(&path)?;
        if !notes.contains_key("progress") {
            return Ok(Self { path, state, described: None, run: None });
        }
        let checkpoint = Checkpoint::read(&path)?;
        let run = parent(&path, checkpoint.progress.epoch);
        let (state, described) = (checkpoint.state_for_use(), Some(checkpoint.described));
        Ok(Self { path, state, described, run })
    }

    /// An error of taking these weights over, with the file it is about.
    pub fn misfit(&self, error: &NetworkError) -> TrainingError {
        let message = format!("{error}; `aquila blueprint import` renames weights of other programs");
        NetworkError::File { path: self.path.clone(), message }.into()
    }
}

/// What to export, and how.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// A weights file, a checkpoint or a run folder; without one the weights are drawn with seed 0.
    pub weights: Option<PathBuf>,
    pub format: export::Format,
    /// Also a random batch and our answer to it, so that the files can be checked.
    pub with_example: bool,
}

/// Writes the network of `document` into `folder` in a form that other programs read; hands back the paths of the files.
///
/// # Errors
/// A faulty blueprint, weights of another network, a block that the format cannot say, a folder that cannot be written.
pub fn export(document: &Blueprint, settings: &ExportSettings, folder: &Path) -> Result<Vec<PathBuf>> {
    let plan = blueprint::plan(document).map_err(super::run::faults)?;
    let mut network = Network::build(&plan, Device::Cpu, 0)?;
    let (mut origin, mut scales) = ("random, drawn with seed 0".to_owned(), None);
    if let Some(path) = &settings.weights {
        let given = Given::read(path)?;
        network.load_state(&given.state).map_err(|error| given.misfit(&error))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        origin = format!("of {name}, sha256 {}", &network::weights::fingerprint(&given.state)?[..16]);
        scales = given.described.as_ref().map(scales_of);
    }
    let with_example = settings.with_example;
    let export = export::Export { document, plan: &plan, network: &network, origin, scales, with_example };
    Ok(export.write(settings.format, folder)?)
}

/// Brings the weights of another program under the names of `document` and writes them to `out` as a weights file, if all have come
/// or `partial` is given (then the rest stays as drawn with seed 0). The report says what became of every name.
///
/// # Errors
/// A faulty blueprint, a file that cannot be read or wants to execute something, a path that cannot be written.
pub fn import(document: &Blueprint, from: &Path, out: &Path, partial: bool) -> Result<Report> {
    let plan = blueprint::plan(document).map_err(super::run::faults)?;
    let imported = network::import::read(from, &plan)?;
    if imported.report.is_complete() || partial {
        let source = from.file_name().unwrap_or(from.as_os_str()).to_string_lossy().into_owned();
        let notes = weights::Notes::from([("imported_from".to_owned(), source)]);
        atomic::write_bytes(out, &weights::to_bytes(&imported.state, &notes)?)?;
    }
    Ok(imported.report)
}

fn scales_of(described: &Described) -> export::Scales {
    let scale = |standard: &Standard| export::Scale {
        name: standard.name.clone(),
        unit: standard.unit.clone(),
        log10: standard.space == Space::Log10,
        mean: standard.mean,
        std: standard.std,
    };
    export::Scales {
        inputs: described.inputs.iter().map(scale).collect(),
        outputs: described.targets.iter().map(scale).collect(),
    }
}

/// The run whose folder holds this checkpoint.
fn parent(checkpoint: &Path, epoch: u32) -> Option<Parent> {
    let root = checkpoint.canonicalize().ok()?.parent()?.parent()?.to_owned();
    let name = root.file_name()?.to_string_lossy().into_owned();
    RunFolder::new(root).holds_run().then_some(Parent { run: name, epoch })
}

/// The run of `runs` with the same network as `document` (its blocks may stand elsewhere) and a checkpoint that was changed last.
/// What is no run, or of another network, is passed over.
pub fn newest_run(document: &Blueprint, runs: &[PathBuf]) -> Option<PathBuf> {
    let steps = |document: &Blueprint| {
        let plan = blueprint::plan(document).ok()?;
        Some(
            plan.steps
                .into_iter()
                .map(|step| (step.name, step.op, step.inputs, step.shape))
                .collect::<Vec<_>>(),
        )
    };
    let own = steps(document)?;
    let changed = |root: &PathBuf| {
        let folder = RunFolder::new(root);
        let theirs = blueprint::load(&folder.blueprint_path()).ok()?;
        let is_same = folder.best_path().exists() && steps(&theirs)? == own;
        is_same.then_some(folder.read_info().ok()?.updated_unix_s)
    };
    let newest = runs.iter().filter_map(|root| Some((changed(root)?, root))).max();
    newest.map(|(_, root)| root.clone())
}
