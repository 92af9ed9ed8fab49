//! The Runs workspace, and the run in the drawer: curves, and the prediction beside the truth.

use super::state::AppState;
use super::workspace::View;
use egui::Ui;

#[derive(Default)]
pub struct RunsView {}

impl RunsView {
    /// The run in sight, in the drawer under every workspace.
    pub fn drawer(&mut self, _ui: &mut Ui, _state: &mut AppState) {}
}

impl View for RunsView {
    fn centre(&mut self, _ui: &mut Ui, _state: &mut AppState) {}

    fn inspector(&mut self, _ui: &mut Ui, _state: &mut AppState) {}
}
