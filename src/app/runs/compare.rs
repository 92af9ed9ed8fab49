//! Two runs side by side: what differs between their recipes and their networks, read away from the window's thread.

use super::listing::Run;
use crate::app::form::caption;
use crate::app::task::Task;
use crate::app::theme::Tokens;
use crate::blueprint;
use crate::recipe::{self, TrainingRecipe};
use crate::training::RunFolder;
use egui::{Grid, Label, RichText, Ui};
use std::path::{Path, PathBuf};

/// A line of the table: what, and its value in either run.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub what: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What differs between two runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    pub recipe: Vec<Line>,
    pub network: Vec<Line>,
}

/// The pair that is compared, and what came of it.
#[derive(Default)]
pub struct Comparison {
    of: Option<(PathBuf, PathBuf)>,
    reading: Option<Task<Differences>>,
    found: Option<Result<Differences, String>>,
}

impl Comparison {
    pub fn is_settled(&self) -> bool {
        self.reading.is_none()
    }

    /// Takes what was read; called every frame.
    pub fn update(&mut self) {
        if let Some(found) = self.reading.as_ref().and_then(Task::take) {
            (self.reading, self.found) = (None, Some(found));
        }
    }

    pub fn show(&mut self, ui: &mut Ui, before: &Run, after: &Run) {
        let tokens = Tokens::of(ui);
        let of = Some((before.folder.clone(), after.folder.clone()));
        if self.of != of {
            let (a, b) = (before.folder.clone(), after.folder.clone());
            *self = Self { of, found: None, reading: None };
            self.reading = Some(Task::spawn(ui.ctx(), "difference", move || read(&a, &b)));
        }
        match &self.found {
            None => _ = ui.label(RichText::new("Reading both…").color(tokens.dim)),
            Some(Err(fault)) => _ = ui.add(Label::new(RichText::new(fault).color(tokens.error)).wrap()),
            Some(Ok(found)) => {
                table(ui, "Recipe", &found.recipe, (before, after), "The same settings");
                ui.add_space(8.0);
                table(ui, "Network", &found.network, (before, after), "The same network");
            }
        }
    }
}

fn table(ui: &mut Ui, title: &str, lines: &[Line], runs: (&Run, &Run), none: &str) {
    let tokens = Tokens::of(ui);
    caption(ui, &format!("{title}: what differs"));
    if lines.is_empty() {
        ui.label(RichText::new(none).color(tokens.dim));
        return;
    }
    let width = ((ui.available_width() - 24.0) / 3.0).max(60.0);
    let cell = |ui: &mut Ui, text: RichText, full: &str| {
        ui.scope(|ui| {
            ui.set_width(width);
            ui.add(Label::new(text.small()).truncate()).on_hover_text(full);
        });
    };
    Grid::new(title).num_columns(3).spacing([12.0, 4.0]).show(ui, |ui| {
        ui.label("");
        for run in [runs.0, runs.1] {
            cell(ui, RichText::new(&run.name).color(tokens.faint), &run.name);
        }
        ui.end_row();
        for line in lines {
            cell(ui, RichText::new(&line.what).color(tokens.dim), &line.what);
            for side in [&line.before, &line.after] {
                let text = side.as_deref().unwrap_or("–");
                cell(ui, RichText::new(text).monospace().color(tokens.text), text);
            }
            ui.end_row();
        }
    });
}

/// Settings that say where files lie are no difference: what lies in them is compared.
const PATHS: [&str; 2] = ["network.blueprint", "training.device"];

fn read(before: &Path, after: &Path) -> anyhow::Result<Differences> {
    let (old, new) = (RunFolder::new(before), RunFolder::new(after));
    let recipe = |folder: &RunFolder| recipe::read::<TrainingRecipe>(&folder.recipe_path());
    let settings = recipe::differences(&recipe(&old)?, &recipe(&new)?)?;
    let network = blueprint::differences(&old.read_blueprint()?, &new.read_blueprint()?);
    let setting = |d: recipe::SettingDifference| Line { what: d.path, before: d.before, after: d.after };
    let block = |d: blueprint::Difference| Line { what: d.place, before: d.before, after: d.after };
    Ok(Differences {
        recipe: settings.into_iter().filter(|d| !PATHS.contains(&d.path.as_str())).map(setting).collect(),
        network: network.into_iter().map(block).collect(),
    })
}
