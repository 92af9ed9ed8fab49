//! The drawer at the bottom: the run in sight, the jobs, the log.

use super::notice::{self};
use super::state::{AppState, DrawerTab};
use super::theme::Tokens;
use crate::job::State;
use egui::{Align, Layout, RichText, ScrollArea, Ui};

pub fn show(ui: &mut Ui, state: &mut AppState, run: impl FnOnce(&mut Ui, &mut AppState)) {
    let tokens = Tokens::of(ui);
    let running = state
        .queue
        .statuses()
        .iter()
        .filter(|job| matches!(job.state, State::Running | State::Queued))
        .count();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        let run_title =
            state.training.current.as_ref().map_or("Run".to_owned(), |run| format!("Run · {}", run.name));
        let jobs = if running > 0 { format!("Jobs {running}") } else { "Jobs".to_owned() };
        for (tab, text) in
            [(DrawerTab::Run, run_title.as_str()), (DrawerTab::Jobs, &jobs), (DrawerTab::Log, "Log")]
        {
            let selected = state.panels.tab == tab;
            let colour = if selected { tokens.accent } else { tokens.dim };
            let label = egui::Label::new(RichText::new(text).color(colour)).sense(egui::Sense::click());
            if ui.add(label).clicked() {
                state.panels.tab = tab;
            }
        }
        if state.panels.tab == DrawerTab::Run {
            let headline = RichText::new(state.training.headline()).color(tokens.dim);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(headline));
        }
    });
    ui.add_space(4.0);
    match state.panels.tab {
        DrawerTab::Run => run(ui, state),
        DrawerTab::Jobs => jobs(ui, state),
        DrawerTab::Log => log(ui, state),
    }
}

fn jobs(ui: &mut Ui, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        for job in state.queue.statuses().iter().rev() {
            ui.horizontal(|ui| {
                ui.label(&job.title);
                ui.label(RichText::new(&job.progress.text).color(tokens.dim));
            });
        }
    });
}

fn log(ui: &mut Ui, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ScrollArea::vertical().auto_shrink([false, false]).stick_to_bottom(true).show(ui, |ui| {
        for entry in state.notices.all() {
            let (icon, colour) = notice::mark(entry.level, tokens);
            ui.with_layout(Layout::left_to_right(Align::Min), |ui| {
                ui.label(RichText::new(icon).color(colour));
                ui.add(egui::Label::new(&entry.text).wrap());
            });
        }
    });
}
