//! The drawer at the bottom: the run in sight, the jobs, the log.

use super::notice;
use super::state::{AppState, DrawerTab};
use super::text;
use super::theme::Tokens;
use crate::job::{State, Status};
use egui::{Align, Button, Label, Layout, RichText, ScrollArea, Sense, Ui, vec2};
use egui_phosphor::regular as icon;
use std::time::{Duration, UNIX_EPOCH};

pub fn show(ui: &mut Ui, state: &mut AppState, run_ui: impl FnOnce(&mut Ui, &mut AppState)) {
    let tokens = Tokens::of(ui);
    let statuses = state.queue.statuses();
    let running = statuses.iter().filter(|job| matches!(job.state, State::Running | State::Queued)).count();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        let run =
            state.training.current.as_ref().map_or("Run".to_owned(), |run| format!("Run · {}", run.name));
        let jobs = if running > 0 { format!("Jobs {running}") } else { "Jobs".to_owned() };
        for (tab, words) in
            [(DrawerTab::Run, run.as_str()), (DrawerTab::Jobs, &jobs), (DrawerTab::Log, "Log")]
        {
            let selected = state.panels.tab == tab;
            let colour = if selected { tokens.accent } else { tokens.dim };
            let label = Label::new(RichText::new(words).color(colour)).sense(Sense::click());
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
        DrawerTab::Run => run_ui(ui, state),
        DrawerTab::Jobs => jobs(ui, state, &statuses),
        DrawerTab::Log => log(ui, state),
    }
}

fn jobs(ui: &mut Ui, state: &mut AppState, statuses: &[Status]) {
    let tokens = Tokens::of(ui);
    if statuses.is_empty() {
        ui.label(
            RichText::new("Jobs in the background are listed here: opening files, trainings, maps")
                .color(tokens.dim),
        );
        return;
    }
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        statuses.iter().rev().for_each(|job| show_job(ui, state, job));
    });
}

/// One job: what, how far, how long still; pause and stop while it runs, a link to its product when done.
fn show_job(ui: &mut Ui, state: &mut AppState, job: &Status) {
    let tokens = Tokens::of(ui);
    let (mark, colour) = match &job.state {
        State::Queued => (icon::HOURGLASS, tokens.dim),
        State::Running if job.paused => (icon::PAUSE, tokens.warning),
        State::Running => (icon::PLAY, tokens.accent),
        State::Done => (icon::CHECK, tokens.ok),
        State::Cancelled => (icon::STOP, tokens.dim),
        State::Failed(_) => (icon::X, tokens.error),
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(mark).color(colour));
        ui.add_sized([240.0, 20.0], Label::new(&job.title).truncate().halign(Align::Min));
        let active = matches!(job.state, State::Running | State::Queued);
        if job.state == State::Running {
            let (rect, _) = ui.allocate_exact_size(vec2(160.0, 4.0), Sense::hover());
            ui.painter().rect_filled(rect, 2, tokens.field);
            if let Some(fraction) = job.progress.fraction {
                let mut done = rect;
                done.set_width(rect.width() * fraction);
                ui.painter().rect_filled(done, 2, tokens.accent);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if active {
                if ui
                    .button(format!("{}  Stop", icon::STOP))
                    .on_hover_text("Stop at the next safe point")
                    .clicked()
                {
                    state.queue.cancel(job.id);
                }
                let (mark, word) = if job.paused { (icon::PLAY, "Go on") } else { (icon::PAUSE, "Pause") };
                if ui.button(format!("{mark}  {word}")).clicked() {
                    state.queue.set_paused(job.id, !job.paused);
                }
            }
            if let Some(product) = &job.product {
                let name = product.file_name().unwrap_or(product.as_os_str()).to_string_lossy();
                let link = ui.add(Button::new(format!("{}  {name}", icon::ARROW_SQUARE_OUT)).frame(false));
                if link.on_hover_text(product.display().to_string()).clicked() {
                    state.request_open(product);
                }
            }
            ui.label(RichText::new(time_words(job)).monospace().color(tokens.faint));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let words = match &job.state {
                    State::Failed(error) => RichText::new(error).color(tokens.error),
                    State::Cancelled => RichText::new("stopped").color(tokens.dim),
                    State::Queued => RichText::new("waits for the job before it").color(tokens.dim),
                    _ if active => RichText::new(&job.progress.text).color(tokens.dim),
                    _ => RichText::new(""),
                };
                ui.add(Label::new(words).truncate());
            });
        });
    });
}

/// How long it took or takes still.
fn time_words(job: &Status) -> String {
    let seconds = job.elapsed.as_secs_f64();
    match job.progress.fraction {
        Some(fraction) if job.state == State::Running && fraction > 0.02 && !job.paused => {
            format!("{} left", text::duration(seconds * f64::from(1.0 - fraction) / f64::from(fraction)))
        }
        _ => text::duration(seconds),
    }
}

fn log(ui: &mut Ui, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    let entries = state.notices.all();
    let height = ui.text_style_height(&egui::TextStyle::Body);
    ScrollArea::vertical().auto_shrink([false, false]).stick_to_bottom(true).show_rows(
        ui,
        height,
        entries.len(),
        |ui, rows| {
            for entry in &entries[rows.start.min(entries.len())..rows.end.min(entries.len())] {
                let (mark, colour) = notice::mark(entry.level, tokens);
                ui.horizontal(|ui| {
                    let since = entry.time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
                    let clock = format!("{:02}:{:02}:{:02}", since / 3600 % 24, since / 60 % 60, since % 60);
                    ui.label(RichText::new(clock).monospace().color(tokens.faint))
                        .on_hover_text("Universal time");
                    ui.label(RichText::new(mark).color(colour));
                    ui.add(Label::new(&entry.text).truncate().selectable(true));
                });
            }
        },
    );
}
