//! The Clouds workspace: maps and cubes as the sky is seen.

use super::state::AppState;
use super::workspace::View;
use egui::Ui;

#[derive(Default)]
pub struct CloudsView {}

impl View for CloudsView {
    fn centre(&mut self, ui: &mut Ui, _state: &mut AppState) {
        ui.centered_and_justified(|ui| ui.label("Drop a FITS map or cube here"));
    }

    fn inspector(&mut self, _ui: &mut Ui, _state: &mut AppState) {}
}
