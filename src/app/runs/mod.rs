//! The Runs workspace, and the run in the drawer: curves, and the prediction beside the truth.

mod curves;
mod inspector;
mod listing;
mod live;
mod picture;
pub mod settings;
mod table;
pub mod training;

use super::command::Command;
use super::plot::{self, Figure};
use super::state::AppState;
use super::task::Task;
use super::theme::Tokens;
use super::workspace::{Find, View, Workspace};
use curves::{Axes, By, Series};
use egui::{Context, Frame, Margin, RichText, ScrollArea, Ui, vec2};
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
    axes: Axes,
    pictures: Pictures,
}

impl Default for RunsView {
    fn default() -> Self {
        Self {
            listing: Listing::default(),
            reading: None,
            read: None,
            sorted: (Column::Date, true),
            selected: Vec::new(),
            axes: Axes::default(),
            pictures: Pictures::default(),
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

    fn figures(&mut self, ui: &mut Ui, state: &AppState) {
        let tokens = Tokens::of(ui);
        ui.horizontal(|ui| {
            ui.label(RichText::new("by").color(tokens.dim));
            ui.selectable_value(&mut self.axes.by, By::Epoch, "epoch");
            ui.selectable_value(&mut self.axes.by, By::Step, "step");
            ui.add_space(12.0);
            ui.checkbox(&mut self.axes.log_x, "log x");
            ui.checkbox(&mut self.axes.log_y, "log y");
        });
        ui.add_space(4.0);
        let chosen = self.chosen();
        let series: Vec<Series<'_>> = chosen
            .iter()
            .map(|run| Series {
                name: &run.name,
                rows: &run.rows,
                baseline: run.baseline.map(|judged| (judged.rms_dex, judged.accuracy_0p3dex)),
            })
            .collect();
        if series.iter().all(|series| series.rows.is_empty()) {
            let text = if series.is_empty() { "Choose a run above" } else { "Not validated yet" };
            ui.label(RichText::new(text).color(tokens.dim));
            return;
        }
        let axes = self.axes;
        let shown = [
            ("loss", "loss", curves::loss(&series, axes, tokens)),
            ("rms", "rms of the residuals (dex)", curves::rms(&series, axes, tokens)),
            ("accuracy", "fraction within 0.3 dex", curves::accuracy(&series, axes, tokens)),
        ];
        let across = if ui.available_width() > 1000.0 { 2.0 } else { 1.0 };
        let width = (ui.available_width() - 16.0 * across) / across;
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(16.0, 16.0);
                for (id, label, curves) in &shown {
                    // A fraction near one has no use for a logarithm.
                    let y = if *id == "accuracy" {
                        Axes { log_y: false, ..axes }.y(label)
                    } else {
                        axes.y(label)
                    };
                    let figure = Figure { id, title: label, x: &axes.x(), y: &y, curves };
                    plot::show(ui, &state.queue, &figure, vec2(width, 250.0));
                }
            });
        });
    }
}

impl View for RunsView {
    fn update(&mut self, context: &Context, state: &mut AppState) {
        if let Some(listing) = self.reading.as_ref().and_then(Task::take) {
            self.reading = None;
            if let Ok(listing) = listing {
                self.listing = listing;
                self.sorted.0.sort(&mut self.listing.runs, self.sorted.1);
                if self.selected.is_empty() {
                    self.selected.extend(self.listing.runs.first().map(|run| run.folder.clone()));
                }
            }
        }
        state.training.update(state.project.as_ref(), &state.notices);
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
            let rows = (self.listing.runs.len() as f32 + 1.5) * 30.0;
            let height = rows.min(0.4 * ui.available_height());
            ui.allocate_ui(vec2(ui.available_width(), height), |ui| {
                ui.set_min_height(height);
                table::show(ui, &mut self.listing, &mut self.sorted, &mut self.selected);
            });
            ui.add_space(8.0);
            self.figures(ui, state);
        });
    }

    fn inspector(&mut self, ui: &mut Ui, state: &mut AppState) {
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let chosen: Vec<Run> = self.chosen().into_iter().cloned().collect();
            inspector::show(ui, state, &chosen);
        });
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
    }

    fn remember(&self, _state: &AppState) -> Value {
        let names: Vec<_> = self.selected.iter().filter_map(|folder| folder.file_name()?.to_str()).collect();
        json!({
            "selected": names, "by_step": self.axes.by == By::Step,
            "log_x": self.axes.log_x, "log_y": self.axes.log_y,
        })
    }

    fn recall(&mut self, record: &Value, state: &mut AppState) {
        let flag = |name: &str, default| record[name].as_bool().unwrap_or(default);
        self.axes = Axes {
            by: if flag("by_step", false) { By::Step } else { By::Epoch },
            log_x: flag("log_x", false),
            log_y: flag("log_y", true),
        };
        let names = record["selected"].as_array().into_iter().flatten().filter_map(Value::as_str);
        if let Some(project) = &state.project {
            self.selected = names.map(|name| project.runs().join(name)).collect();
        }
    }

    fn is_settled(&self) -> bool {
        self.reading.is_none()
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
