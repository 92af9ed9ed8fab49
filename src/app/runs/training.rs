//! The window's training: the project's recipe, the run under way, and what Train, pause and stop do. No painting here.

use crate::app::document::Document;
use crate::app::notice::Notices;
use crate::app::state::{AppState, DrawerTab};
use crate::app::text;
use crate::blueprint::{self, Blueprint};
use crate::io::atomic;
use crate::job::{Handle, JobQueue, Lane};
use crate::project::{EntryKind, Project};
use crate::recipe::{self, CloudSource, Recipe, TrainingRecipe};
use crate::training::{self, Live, Resume, RunFolder, Summary};
use std::path::{Path, PathBuf};

/// The project's recipe for trainings, beside `aquila.toml`.
const RECIPE_FILE: &str = "train.toml";

/// A training that runs, or the one that ran last.
pub struct Current {
    pub name: String,
    pub folder: PathBuf,
    pub live: Live,
    pub outcome: Option<Result<Summary, String>>,
    handle: Handle<Summary>,
}

impl Current {
    pub fn is_running(&self) -> bool {
        self.outcome.is_none()
    }

    pub fn is_paused(&self) -> bool {
        self.is_running() && self.handle.context.is_paused()
    }

    /// What it does now, in words.
    pub fn progress(&self) -> String {
        self.handle.context.progress().text
    }
}

/// The recipe and the run of the window.
#[derive(Default)]
pub struct Training {
    pub recipe: TrainingRecipe,
    pub current: Option<Current>,
    /// The project that the recipe belongs to.
    project: Option<PathBuf>,
    saved: Option<TrainingRecipe>,
    /// Counts trainings that ended, so that lists of runs look again.
    pub ended: u64,
}

impl Training {
    pub fn is_running(&self) -> bool {
        self.current.as_ref().is_some_and(Current::is_running)
    }

    pub fn is_paused(&self) -> bool {
        self.current.as_ref().is_some_and(Current::is_paused)
    }

    /// Takes the recipe of a project that was opened, and the answer of a training that ended.
    pub fn update(&mut self, project: Option<&Project>, notices: &Notices) {
        if let Some(project) = project.filter(|project| self.project.as_deref() != Some(&project.folder)) {
            self.project = Some(project.folder.clone());
            self.recipe = read_recipe(project, notices);
            self.saved = Some(self.recipe.clone());
        }
        if let Some(current) = &mut self.current
            && current.outcome.is_none()
            && let Some(outcome) = current.handle.try_take()
        {
            current.outcome = Some(outcome);
            self.ended += 1;
        }
    }

    /// Trains the open blueprint into a new run of the project. The error is a sentence for the user.
    fn start(&mut self, queue: &JobQueue, project: &Project, document: &Document) -> Result<(), String> {
        let blueprint = document.current().ok_or("open a blueprint first: there is nothing to train")?;
        self.begin(queue, project, blueprint, self.recipe.clone())?;
        self.save_recipe(project)
    }

    /// Trains a network as a recipe says into a new run of the project, which keeps its own copy of the blueprint.
    pub fn begin(
        &mut self,
        queue: &JobQueue,
        project: &Project,
        blueprint: &Blueprint,
        mut recipe: TrainingRecipe,
    ) -> Result<(), String> {
        if let Err(faults) = blueprint::plan(blueprint) {
            let first = faults.first().map_or_else(String::new, ToString::to_string);
            return Err(format!("the blueprint has faults; mend them first: {first}"));
        }
        recipe.validate()?;
        let runs = project.runs();
        let name = free_name(&runs);
        let folder = runs.join(&name);
        let kept = RunFolder::new(&folder).blueprint_path();
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        blueprint::save(blueprint, &kept).map_err(|error| error.to_string())?;
        recipe.network.blueprint = Some(kept);
        self.spawn(queue, name, folder, recipe, Resume::No);
        Ok(())
    }

    /// Goes on with a run that was stopped.
    pub fn resume(&mut self, queue: &JobQueue, folder: &Path) -> Result<(), String> {
        let path = RunFolder::new(folder).recipe_path();
        let recipe: TrainingRecipe = recipe::read(&path).map_err(|error| error.to_string())?;
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        self.spawn(queue, name, folder.to_owned(), recipe, Resume::Yes);
        Ok(())
    }

    fn spawn(
        &mut self,
        queue: &JobQueue,
        name: String,
        folder: PathBuf,
        recipe: TrainingRecipe,
        resume: Resume,
    ) {
        let live = Live::default();
        let (root, slots) = (folder.clone(), live.clone());
        let product = folder.clone();
        let handle = queue.spawn_with_product(
            Lane::Heavy,
            format!("Train {name}"),
            move |_| Some(product),
            move |context| Ok(training::run(&recipe, &root, resume, context, &slots)?),
        );
        self.current = Some(Current { name, folder, live, outcome: None, handle });
    }

    fn save_recipe(&mut self, project: &Project) -> Result<(), String> {
        if self.saved.as_ref() == Some(&self.recipe) {
            return Ok(());
        }
        let text = recipe::write(&self.recipe).map_err(|error| error.to_string())?;
        let path = project.folder.join(RECIPE_FILE);
        atomic::write_bytes(&path, text.as_bytes()).map_err(|error| error.to_string())?;
        self.saved = Some(self.recipe.clone());
        Ok(())
    }

    fn toggle_pause(&self) {
        if let Some(current) = self.current.as_ref().filter(|current| current.is_running()) {
            current.handle.context.set_paused(!current.handle.context.is_paused());
        }
    }

    fn stop(&self, queue: &JobQueue) {
        if let Some(current) = self.current.as_ref().filter(|current| current.is_running()) {
            queue.cancel(current.handle.id);
        }
    }

    /// `epoch 37 of 200 · 412 samples/s · 3 min left`; empty where nothing runs or ran.
    pub fn headline(&self) -> String {
        let Some(current) = &self.current else { return String::new() };
        let Some(curves) = current.live.curves.latest().filter(|curves| curves.epochs > 0) else {
            return if current.is_running() { current.progress() } else { String::new() };
        };
        let epoch = curves.epoch.saturating_add(u32::from(curves.within_epoch > 0.0)).min(curves.epochs);
        let mut parts = vec![format!("epoch {epoch} of {}", curves.epochs)];
        if curves.samples_per_second > 0.0 {
            parts.push(format!("{:.0} samples/s", curves.samples_per_second));
        }
        match &current.outcome {
            None if current.is_paused() => parts.push("paused".to_owned()),
            None => {
                parts.extend(curves.seconds_left.map(|seconds| format!("{} left", text::duration(seconds))))
            }
            Some(Ok(_)) => parts.push("done".to_owned()),
            Some(Err(_)) => parts.push("stopped".to_owned()),
        }
        parts.join(" · ")
    }
}

/// `Train`: starts, and shows the run in the drawer.
pub fn train(state: &mut AppState) {
    if state.training.is_running() {
        state.notices.warn("a training runs already; stop it first, or let it end");
        return;
    }
    let Some(project) = &state.project else {
        state.notices.error("open a project first: a run needs a folder to live in");
        return;
    };
    match state.training.start(&state.queue, project, &state.document) {
        Ok(()) => {
            state.show_drawer(DrawerTab::Run);
        }
        Err(reason) => state.notices.error(reason),
    }
}

pub fn pause(state: &AppState) {
    state.training.toggle_pause();
}

pub fn stop(state: &AppState) {
    state.training.stop(&state.queue);
}

/// The project's own recipe; else the default on the project's simulations, or on synthetic clouds where it has none.
fn read_recipe(project: &Project, notices: &Notices) -> TrainingRecipe {
    let path = project.folder.join(RECIPE_FILE);
    if path.is_file() {
        match recipe::read::<TrainingRecipe>(&path) {
            Ok(mut recipe) => {
                recipe.resolve(&project.folder);
                return recipe;
            }
            Err(error) => notices.warn(format!("{error}; the default recipe is used")),
        }
    }
    let mut recipe = TrainingRecipe::default();
    recipe.data.clouds = simulations(project);
    if recipe.data.clouds.is_empty() {
        recipe.data.clouds =
            (1..=4).map(|seed| CloudSource { seed: Some(seed), ..CloudSource::default() }).collect();
    }
    recipe
}

/// The simulation folders of the project.
fn simulations(project: &Project) -> Vec<CloudSource> {
    let mut open = project.tree();
    let mut found = Vec::new();
    while let Some(entry) = open.pop() {
        match entry.kind {
            EntryKind::Folder(entries) => open.extend(entries),
            EntryKind::Simulation => {
                found.push(CloudSource { simulation: Some(entry.path), ..CloudSource::default() });
            }
            _ => {}
        }
    }
    found.sort_by(|a, b| a.simulation.cmp(&b.simulation));
    found
}

const QUALITIES: [&str; 12] = [
    "brave", "calm", "bright", "quiet", "swift", "amber", "northern", "clear", "early", "gentle", "bold",
    "silver",
];
const CLOUDS: [&str; 12] = [
    "cirrus",
    "taurus",
    "perseus",
    "orion",
    "lupus",
    "serpens",
    "aquila",
    "cepheus",
    "musca",
    "vela",
    "ophiuchus",
    "chamaeleon",
];

/// The next name of the list that no run has: `brave-cirrus`, `calm-taurus`, …
fn free_name(runs: &Path) -> String {
    let names = (0..QUALITIES.len() * CLOUDS.len()).map(|index| {
        let shift = index / CLOUDS.len();
        format!("{}-{}", QUALITIES[(index + shift) % QUALITIES.len()], CLOUDS[index % CLOUDS.len()])
    });
    let numbered = (2_u32..).map(|number| format!("run-{number}"));
    names.chain(numbered).find(|name| !runs.join(name).exists()).unwrap_or_else(|| "run".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_names_are_not_given_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut seen = std::collections::HashSet::new();
        for _ in 0..200 {
            let name = free_name(folder.path());
            std::fs::create_dir(folder.path().join(&name)).expect("made");
            assert!(seen.insert(name));
        }
    }
}
