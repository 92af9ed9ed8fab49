//! The Blueprint workspace: the network as connected blocks.

use super::state::AppState;
use super::workspace::View;
use egui::Ui;

#[derive(Default)]
pub struct BlueprintView {}

impl View for BlueprintView {
    fn centre(&mut self, _ui: &mut Ui, _state: &mut AppState) {}

    fn inspector(&mut self, _ui: &mut Ui, _state: &mut AppState) {}
}
