//! A run's network on the open map: asks what the map holds and how far it is, then opens the result beside it.

use super::sheet::{Glance, Sheet};
use crate::app::state::AppState;
use egui::Ui;
use std::path::PathBuf;

/// The form in the inspector, and the job it started.
#[derive(Default)]
pub struct Form {
    is_open: bool,
}

impl Form {
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// The map that was made, once, and how it should be looked at.
    pub fn take(&mut self, _state: &mut AppState) -> Option<(PathBuf, Glance)> {
        None
    }

    pub fn show(&mut self, _ui: &mut Ui, _sheet: &Sheet, _state: &mut AppState) {}
}
