//! The Clouds workspace: maps and cubes as the sky is seen.

mod picture;

use super::state::AppState;
use super::workspace::View;
use crate::project::{Project, Session};
use egui::Ui;
use std::path::PathBuf;

#[derive(Default)]
pub struct CloudsView {}

impl CloudsView {
    /// Opens a map or a cube in the background.
    pub fn open(&mut self, _state: &mut AppState, _path: PathBuf, _hdu: Option<usize>) {}

    /// Opens what the session had open.
    pub fn reopen(&mut self, _state: &mut AppState, _project: &Project, _session: &Session) {}

    /// Writes into the session what is open and how.
    pub fn record(&self, _session: &mut Session) {}
}

impl View for CloudsView {
    fn centre(&mut self, ui: &mut Ui, _state: &mut AppState) {
        ui.centered_and_justified(|ui| ui.label("Drop a FITS map or cube here"));
    }

    fn inspector(&mut self, _ui: &mut Ui, _state: &mut AppState) {}
}
