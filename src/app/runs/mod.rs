//! The Runs workspace, and the run in the drawer: curves, and the prediction beside the truth.

mod child;
mod compare;
mod curves;
mod desk;
mod figures;
mod inspector;
mod listing;
mod live;
mod picture;
pub mod settings;
mod smooth;
mod table;
pub mod training;

use super::command::Command;
use super::state::AppState;
use super::task::Task;
use super::theme::Tokens;
use super::workspace::{Find, View, Workspace};
use desk::Desk;
use egui::{Context, Frame, Margin, RichText, ScrollArea, Ui, vec2};
use egui_phosphor::regular as icon;
use figures::Figures;
use listing::{Column, Listing, Run};
use live::Pictures;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often the list looks again while a training runs.
const EVERY: Duration = Duration::from_secs(2);

/// The runs of the project, and what is looked at of them.
pub struct RunsView {
    listing: Listing,
    reading: Option<Task<Listing>>,
    /// The project and the count of ended trainings that the list is of, and when it was read.
    read: Option<(PathBuf, u64, Instant)>,
    sorted: (Column, bool),
    selected: Vec<PathBuf>,
    /// Only runs with all of these tags are listed.
    tags: Vec<String>,
    figures: Figures,
    desk: Desk,
    pictures: Pictures,
    /// Changes whenever the list or the selection does.
    changes: u64,
}

impl Default for RunsView {
    fn default() -> Self {
        Self {
            listing: Listing::default(),
            reading: None,
            read: None,
            sorted: (Column::Date, true),
            selected: Vec::new(),
            tags: Vec::new(),
            figures: Figures::default(),
            desk: Desk::default(),
            pictures: Pictures::default(),
            changes: 0,
        }
    }
}

impl RunsView {
    /// The run in sight, in the drawer under every workspace.
    pub fn drawer(&mut self, ui: &mut Ui, state: &mut AppState) {
        let tokens = Tokens::of(ui);
        match &state.training.current {
            Some(current) => live::show(ui, &state.queue, current, &mut self.pictures),
            None => {
                ui.label(RichText::new("No training yet").color(tokens.dim));
                let text = "Train the blueprint: curves and the prediction beside the truth grow here";
                ui.label(RichText::new(text).small().color(tokens.faint));
            }
        }
    }

    /// Reads the run folders again where there may be something new in them.
    fn look_again(&mut self, context: &Context, state: &AppState) {
        let Some(project) = &state.project else { return };
        let is_running = state.training.is_running();
        let in_sight = state.workspace == Workspace::Runs;
        let stale = match &self.read {
            Some((folder, ended, at)) => {
                *folder != project.folder
                    || *ended != state.training.ended
                    || is_running && in_sight && at.elapsed() > EVERY
            }
            None => true,
        };
        if !stale || self.reading.is_some() {
            return;
        }
        self.read = Some((project.folder.clone(), state.training.ended, Instant::now()));
        let runs = project.runs();
        self.reading = Some(Task::spawn(context, "runs", move || Ok(listing::read(&runs))));
    }

    fn chosen(&self) -> Vec<&Run> {
        let of = |folder: &PathBuf| self.listing.runs.iter().find(|run| run.folder == *folder);
        self.selected.iter().filter_map(of).collect()
    }

    /// All tags of the listed runs as buttons; the pressed ones narrow the list.
    fn tag_filter(&mut self, ui: &mut Ui) {
        let mut tags: Vec<&String> = self.listing.runs.iter().flat_map(|run| &run.info.tags).collect();
        tags.sort();
        tags.dedup();
        if tags.is_empty() {
            self.tags.clear();
            return;
        }
        self.tags.retain(|tag| tags.contains(&tag));
        ui.horizontal_wrapped(|ui| {
            for tag in tags {
                let at = self.tags.iter().position(|chosen| chosen == tag);
                let text = format!("{}  {tag}", icon::TAG);
                if ui.selectable_label(at.is_some(), text).on_hover_text("Only runs with this tag").clicked()
                {
                    match at {
                        Some(at) => _ = self.tags.remove(at),
                        None => self.tags.push(tag.clone()),
                    }
                }
            }
        });
        ui.add_space(4.0);
    }

    /// Takes up what was done to the folders.
    fn follow_desk(&mut self) {
        if let Some((before, now)) = self.desk.moved.take() {
            for folder in self.selected.iter_mut().filter(|folder| **folder == before) {
                folder.clone_from(&now);
            }
        }
        if std::mem::take(&mut self.desk.is_stale) {
            self.read = None;
        }
    }
}

impl View for RunsView {
    fn update(&mut self, context: &Context, state: &mut AppState) {
        if let Some(listing) = self.reading.as_ref().and_then(Task::take) {
            self.reading = None;
            if let Ok(listing) = listing {
                self.listing = listing;
                self.sorted.0.sort(&mut self.listing.runs, self.sorted.1);
                self.changes += 1;
                self.selected.retain(|folder| self.listing.runs.iter().any(|run| run.folder == *folder));
                if self.selected.is_empty() {
                    self.selected.extend(self.listing.runs.first().map(|run| run.folder.clone()));
                }
            }
        }
        state.training.update(state.project.as_ref(), &state.notices);
        self.desk.comparison.update();
        self.follow_desk();
        self.look_again(context, state);
    }

    fn centre(&mut self, ui: &mut Ui, state: &mut AppState) {
        let tokens = Tokens::of(ui);
        if self.listing.runs.is_empty() && self.listing.faults.is_empty() {
            empty(ui, state);
            return;
        }
        Frame::new().inner_margin(Margin::same(16)).show(ui, |ui| {
            for fault in &self.listing.faults {
                ui.add(egui::Label::new(RichText::new(fault).small().color(tokens.error)).wrap());
            }
            self.desk.offer_back(ui, state);
            self.tag_filter(ui);
            let rows = (self.listing.runs.len() as f32 + 1.5) * 30.0;
            let height = rows.min(0.4 * ui.available_height());
            ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
                ui.set_min_height(height);
                let before = self.selected.clone();
                table::show(ui, &mut self.listing, &mut self.sorted, &self.tags, &mut self.selected);
                self.changes += u64::from(self.selected != before);
            });
            ui.add_space(8.0);
            let of = |folder: &PathBuf| self.listing.runs.iter().find(|run| run.folder == *folder);
            let chosen: Vec<&Run> = self.selected.iter().filter_map(of).collect();
            self.figures.show(ui, &state.queue, &chosen, self.changes);
        });
    }

    fn inspector(&mut self, ui: &mut Ui, state: &mut AppState) {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let chosen: Vec<Run> = self.chosen().into_iter().cloned().collect();
            inspector::show(ui, state, &chosen, &mut self.desk);
        });
    }

    fn command(&mut self, command: Command, state: &mut AppState) -> bool {
        command == Command::Undo && self.desk.restore(state)
    }

    fn finds(&self, _state: &AppState) -> Vec<Find> {
        let find = |run: &Run| Find {
            text: run.name.clone(),
            kind: "run",
            target: run.folder.to_string_lossy().into_owned(),
        };
        self.listing.runs.iter().map(find).collect()
    }

    fn go_to(&mut self, target: &str, _state: &mut AppState) {
        self.selected = vec![PathBuf::from(target)];
        self.changes += 1;
    }

    fn remember(&self, _state: &AppState) -> Value {
        let names: Vec<_> = self.selected.iter().filter_map(|folder| folder.file_name()?.to_str()).collect();
        json!({ "selected": names, "axes": self.figures.remember() })
    }

    fn recall(&mut self, record: &Value, state: &mut AppState) {
        self.figures.recall(&record["axes"]);
        self.changes += 1;
        let names = record["selected"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(project) = &state.project {
            self.selected = names.map(|name| project.runs().join(name)).collect();
        }
    }

    fn is_settled(&self) -> bool {
        self.reading.is_none() && self.desk.comparison.is_settled()
    }
}

/// No run yet: what belongs here and how it comes.
fn empty(ui: &mut Ui, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ui.vertical_centered(|ui| {
        ui.add_space(0.4 * ui.available_height());
        ui.label(
            RichText::new("Every training of this project is kept here, to compare and to go on with")
                .color(tokens.dim),
        );
        ui.add_space(8.0);
        for command in [Command::Train, Command::ShowBlueprint] {
            let text = format!("{}  {}", command.icon(), command.text());
            if ui.button(text).on_hover_text(command.tooltip()).clicked() {
                state.request(command);
            }
        }
    });
}
