//! Which runs of the project have the network that is open, found out beside the window.

use crate::app::state::AppState;
use crate::app::task::Task;
use crate::blueprint::{self, Blueprint, Plan};
use crate::training::RunFolder;
use egui::Context;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A document that is being edited is not compared more often than this.
const EVERY: Duration = Duration::from_millis(500);
/// A running training adds snapshots; the list is not read more often than this for them.
const EVERY_EPOCH: Duration = Duration::from_secs(3);

/// A run whose network is the open one.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitting {
    pub folder: PathBuf,
    pub name: String,
    /// Completed epochs at the latest checkpoint.
    pub epochs: u32,
    /// The epochs after which weights were kept, ascending.
    pub snapshots: Vec<u32>,
    /// Whether there is a best and a latest checkpoint.
    pub has_checkpoint: bool,
    updated_unix_s: u64,
}

/// What the list was read for.
#[derive(Clone, Debug, PartialEq)]
struct Moment {
    project: PathBuf,
    document: (u64, u64),
    /// How many have ended, and the one that runs.
    trainings: (u64, Option<PathBuf>),
    /// Completed epochs of the one that runs.
    epoch: u32,
}

/// The runs that fit, newest first.
#[derive(Default)]
pub struct Sources {
    pub fitting: Vec<Fitting>,
    read: Option<(Moment, Instant)>,
    reading: Option<Task<Vec<Fitting>>>,
    is_known: bool,
}

impl Sources {
    /// Takes the list when it has come, and asks for a new one where it may have changed.
    pub fn update(&mut self, context: &Context, state: &AppState) {
        if let Some(answer) = self.reading.as_ref().and_then(Task::take) {
            self.reading = None;
            // What cannot be read is told in Runs; here it is just not offered.
            self.fitting = answer.unwrap_or_default();
            self.is_known = true;
        }
        let Some(project) = &state.project else {
            self.is_known = true;
            return;
        };
        let Some(document) = state.document.current() else { return };
        let current = state.training.current.as_ref().filter(|current| current.is_running());
        let moment = Moment {
            project: project.folder.clone(),
            document: (state.document.opened(), state.document.generation()),
            trainings: (state.training.ended, current.map(|current| current.folder.clone())),
            epoch: current.and_then(|current| current.live.curves.latest()).map_or(0, |curves| curves.epoch),
        };
        let (since, every) = match &self.read {
            Some((read, _)) if *read == moment => return,
            Some((read, at)) => {
                let only_epoch = Moment { epoch: moment.epoch, ..read.clone() } == moment;
                (at.elapsed(), if only_epoch { EVERY_EPOCH } else { EVERY })
            }
            None => (EVERY, EVERY),
        };
        if self.reading.is_some() || since < every {
            context.request_repaint_after(every.saturating_sub(since));
            return;
        }
        let running = moment.trainings.1.clone();
        self.read = Some((moment, Instant::now()));
        let (runs, document) = (project.runs(), document.clone());
        self.reading = Some(Task::spawn(context, "runs of this network", move || {
            Ok(fitting(&runs, &document, running.as_deref()))
        }));
    }

    /// Whether no list is being read.
    pub fn is_settled(&self) -> bool {
        self.reading.is_none()
    }

    /// Whether there has ever been a list; a window without a project has none to read.
    pub fn is_known(&self) -> bool {
        self.is_known
    }

    pub fn of(&self, folder: &Path) -> Option<&Fitting> {
        self.fitting.iter().find(|run| run.folder == folder)
    }
}

/// The runs below `runs` with the network of `document`, newest first.
fn fitting(runs: &Path, document: &Blueprint, running: Option<&Path>) -> Vec<Fitting> {
    let Ok(wanted) = blueprint::plan(document) else { return Vec::new() };
    let folders = std::fs::read_dir(runs).into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<Fitting> =
        folders.filter_map(|folder| read(&folder.path(), &wanted, running)).collect();
    found.sort_by(|a, b| (b.updated_unix_s, &b.name).cmp(&(a.updated_unix_s, &a.name)));
    found
}

fn read(folder: &Path, wanted: &Plan, running: Option<&Path>) -> Option<Fitting> {
    let files = RunFolder::new(folder);
    let info = files.read_info().ok();
    // A training that has just been started has a blueprint, but no `run.json` yet.
    if info.is_none() && running != Some(folder) {
        return None;
    }
    let plan = blueprint::plan(&files.read_blueprint().ok()?).ok()?;
    is_same_network(&plan, wanted).then(|| Fitting {
        folder: folder.to_owned(),
        name: folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned(),
        epochs: info.as_ref().map_or(0, |info| info.epochs),
        snapshots: files.snapshots(),
        has_checkpoint: files.best_path().exists(),
        updated_unix_s: info.map_or(u64::MAX, |info| info.updated_unix_s),
    })
}

/// The same steps in the same order under the same names; where the blocks stand on the canvas is no matter.
fn is_same_network(a: &Plan, b: &Plan) -> bool {
    a.steps.len() == b.steps.len()
        && a.steps
            .iter()
            .zip(&b.steps)
            .all(|(a, b)| (&a.name, &a.op, &a.inputs, &a.shape) == (&b.name, &b.op, &b.inputs, &b.shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{Parameter, UnetOptions, plan, template};

    #[test]
    fn a_network_is_the_same_wherever_its_blocks_stand() {
        let document =
            template("unet", &UnetOptions { base_filters: 8, ..UnetOptions::default() }).expect("a U-Net");
        let mut moved = document.clone();
        moved.graph.blocks[1].position = [1.0, 2.0];
        let same = |other: &Blueprint| {
            is_same_network(&plan(&document).expect("valid"), &plan(other).expect("valid"))
        };
        assert!(same(&moved));
        let mut changed = document.clone();
        let head = changed.graph.blocks.iter_mut().find(|block| block.kind == "convolution").expect("a head");
        head.parameters.insert("bias".to_owned(), Parameter::Flag(false));
        assert!(!same(&changed));
    }
}
