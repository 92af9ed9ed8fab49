//! What is done to run folders from the window: another name, tags, the wastebasket and back. Small and quick, on the window's thread.

use super::child::Child;
use super::compare::Comparison;
use super::listing::Run;
use crate::app::form::row;
use crate::app::state::AppState;
use crate::app::theme::Tokens;
use crate::app::wastebasket::{self, Discarded};
use crate::training::{RunFolder, RunState};
use egui::{Response, RichText, TextEdit, Ui};
use egui_phosphor::regular as icon;
use std::path::PathBuf;

/// Name and tags while they are typed.
struct Typing {
    folder: PathBuf,
    name: String,
    tags: String,
}

/// Everything of the Runs workspace that waits for the user.
#[derive(Default)]
pub struct Desk {
    typing: Option<Typing>,
    pub child: Option<Child>,
    pub comparison: Comparison,
    /// What was thrown away last can be put back first.
    discarded: Vec<Discarded>,
    /// The folders are not what they were: the list is to be read again.
    pub is_stale: bool,
    /// A run that is to be selected instead of another: (before, now).
    pub moved: Option<(PathBuf, PathBuf)>,
}

impl Desk {
    /// Fields for name and tags of a run. They are read-only while it trains.
    pub fn name_and_tags(&mut self, ui: &mut Ui, state: &mut AppState, run: &Run) {
        if self.typing.as_ref().is_none_or(|typing| typing.folder != run.folder) {
            let tags = run.info.tags.join(", ");
            self.typing = Some(Typing { folder: run.folder.clone(), name: run.name.clone(), tags });
        }
        let Some(typing) = &mut self.typing else { return };
        let can = run.info.state != RunState::Running;
        let why = "Once the training has ended";
        let field = |ui: &mut Ui, label: &str, help: &str, text: &mut String, hint: &str| -> bool {
            let mut is_done = false;
            row(ui, label, help, |ui| {
                let width = ui.available_width() - 8.0;
                let edit = TextEdit::singleline(text).desired_width(width).hint_text(hint).id_salt(label);
                let response: Response = ui.add_enabled(can, edit).on_disabled_hover_text(why);
                response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::TextEdit, can, label));
                is_done = response.lost_focus();
            });
            is_done
        };
        let is_named = field(ui, "name", "The name of the run's folder", &mut typing.name, "");
        let help = "Words to find the run by, separated by commas";
        let is_tagged = field(ui, "tags", help, &mut typing.tags, "13CO, first try");
        let folder = RunFolder::new(&run.folder);
        if is_named && typing.name.trim() != run.name {
            match folder.rename(typing.name.trim()) {
                Ok(renamed) => self.moved = Some((run.folder.clone(), renamed.root().to_owned())),
                Err(error) => state.notices.error(error.to_string()),
            }
            (self.typing, self.is_stale) = (None, true);
        } else if is_tagged && typing.tags != run.info.tags.join(", ") {
            let tags = typing.tags.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty());
            if let Err(error) = folder.set_tags(tags.collect()) {
                state.notices.error(error.to_string());
            }
            (self.typing, self.is_stale) = (None, true);
        }
    }

    pub fn discard(&mut self, state: &mut AppState, runs: &[&Run]) {
        for run in runs {
            match wastebasket::discard(&run.folder) {
                Ok(discarded) => self.discarded.push(discarded),
                Err(error) => state.notices.error(error.to_string()),
            }
        }
        self.is_stale = true;
    }

    /// Puts back what was thrown away last; answers whether there was anything.
    pub fn restore(&mut self, state: &mut AppState) -> bool {
        let Some(discarded) = self.discarded.pop() else { return false };
        if let Err(error) = discarded.restore() {
            state.notices.error(error.to_string());
        }
        self.is_stale = true;
        true
    }

    /// A line that offers to put back what was thrown away.
    pub fn offer_back(&mut self, ui: &mut Ui, state: &mut AppState) {
        let Some(last) = self.discarded.last() else { return };
        let tokens = Tokens::of(ui);
        let name = last.from.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ui.horizontal(|ui| {
            let text = format!("{}  {name} is in the wastebasket", icon::TRASH);
            ui.label(RichText::new(text).color(tokens.dim));
            if ui.button("Put it back").clicked() {
                self.restore(state);
            }
        });
        ui.add_space(4.0);
    }
}
