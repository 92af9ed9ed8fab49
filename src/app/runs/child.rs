//! Going on with a run under changed settings: a child run, which begins with its parent's weights.

use super::listing::Run;
use super::settings;
use crate::app::form::{caption, row};
use crate::app::state::{AppState, DrawerTab};
use crate::app::theme::Tokens;
use crate::recipe::{self, TrainingRecipe};
use crate::training::{CheckpointChoice, RunFolder};
use egui::{RichText, Ui};
use egui_phosphor::regular as icon;
use std::path::PathBuf;

/// A child run that is being described.
pub struct Child {
    pub parent: PathBuf,
    name: String,
    recipe: TrainingRecipe,
    start: CheckpointChoice,
}

impl Child {
    /// With the recipe of its parent, to begin with.
    pub fn of(parent: &Run) -> Result<Self, String> {
        let path = RunFolder::new(&parent.folder).recipe_path();
        let mut recipe: TrainingRecipe = recipe::read(&path).map_err(|error| error.to_string())?;
        recipe.resolve(&parent.folder);
        Ok(Self {
            parent: parent.folder.clone(),
            name: parent.name.clone(),
            recipe,
            start: CheckpointChoice::Best,
        })
    }

    /// The form; answers whether it is done with.
    pub fn show(&mut self, ui: &mut Ui, state: &mut AppState) -> bool {
        let tokens = Tokens::of(ui);
        let mut is_done = false;
        caption(ui, "Child run");
        ui.label(RichText::new(format!("of {}, with its network and its data", self.name)).color(tokens.dim));
        row(ui, "Begin with", "Which weights of the parent", |ui| {
            ui.selectable_value(&mut self.start, CheckpointChoice::Best, "best");
            ui.selectable_value(&mut self.start, CheckpointChoice::Latest, "latest");
        });
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let can = !state.training.is_running();
            let train = egui::Button::new(format!("{}  Train the child", icon::GIT_BRANCH));
            let tip = if can { "Into a new run of this project" } else { "Another training is running" };
            if ui.add_enabled(can, train).on_hover_text(tip).on_disabled_hover_text(tip).clicked() {
                match self.train(state) {
                    Ok(()) => is_done = true,
                    Err(reason) => state.notices.error(reason),
                }
            }
            is_done |= ui.button("Cancel").clicked();
        });
        ui.add_space(8.0);
        settings::fields(ui, &mut self.recipe);
        is_done
    }

    fn train(&self, state: &mut AppState) -> Result<(), String> {
        let project =
            state.project.as_ref().ok_or("open a project first: a run needs a folder to live in")?;
        let parent = RunFolder::new(&self.parent);
        let mut recipe = self.recipe.clone();
        recipe.network.weights = Some(parent.checkpoint_path(self.start));
        let blueprint = parent.read_blueprint().map_err(|error| error.to_string())?;
        state.training.begin(&state.queue, project, &blueprint, recipe)?;
        state.show_drawer(DrawerTab::Run);
        Ok(())
    }
}
