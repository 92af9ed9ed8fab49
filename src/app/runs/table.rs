//! The table of runs: sorted by any column, one or several selected.

use super::listing::{Column, Listing, Run};
use crate::app::text;
use crate::app::theme::Tokens;
use egui::{Align, Color32, Label, Layout, RichText, Sense, Ui};
use egui_extras::{Column as Width, TableBuilder};
use egui_phosphor::regular as icon;
use std::path::PathBuf;

const ROW: f32 = 26.0;

/// Draws the table; clicks change `selected` and the sorting.
pub fn show(
    ui: &mut Ui,
    listing: &mut Listing,
    sorted: &mut (Column, bool),
    tags: &[String],
    selected: &mut Vec<PathBuf>,
) {
    let tokens = Tokens::of(ui);
    let mut resort = false;
    let table = TableBuilder::new(ui)
        .id_salt("runs")
        .sense(Sense::click())
        .cell_layout(Layout::left_to_right(Align::Center))
        // Together they have room beside both panels in the smallest window.
        .column(Width::remainder().at_least(120.0).clip(true))
        .column(Width::initial(64.0))
        .columns(Width::initial(96.0), 2)
        .column(Width::initial(60.0))
        .column(Width::initial(64.0).clip(true))
        .column(Width::initial(124.0));
    let table = table.header(ROW, |mut header| {
        for column in Column::ALL {
            header.col(|ui| {
                let is_sorted = sorted.0 == column;
                let arrow = match (is_sorted, sorted.1) {
                    (false, _) => "",
                    (true, true) => "↓",
                    (true, false) => "↑",
                };
                let colour = if is_sorted { tokens.text } else { tokens.faint };
                let title = RichText::new(format!("{} {arrow}", column.title())).small().color(colour);
                if ui.add(Label::new(title).sense(Sense::click())).clicked() {
                    *sorted = (column, is_sorted && !sorted.1);
                    resort = true;
                }
            });
        }
    });
    let mut clicked = None;
    table.body(|body| {
        let has_tags = |run: &&Run| tags.iter().all(|tag| run.info.tags.contains(tag));
        let runs: Vec<&Run> = listing.runs.iter().filter(has_tags).collect();
        body.rows(ROW, runs.len(), |mut row| {
            let run = runs[row.index()];
            row.set_selected(selected.contains(&run.folder));
            let number = |ui: &mut Ui, value: f64, digits: usize| {
                let value = if value.is_nan() { "–".to_owned() } else { format!("{value:.digits$}") };
                ui.label(RichText::new(value).monospace().color(tokens.text));
            };
            row.col(|ui| name(ui, run, tokens));
            row.col(|ui| {
                _ = ui.label(RichText::new(run.state_word()).color(state_colour(run.state_word(), tokens)))
            });
            row.col(|ui| number(ui, run.best_rms_dex(), 4));
            row.col(|ui| number(ui, run.best_accuracy(), 4));
            row.col(|ui| {
                _ = ui.label(
                    RichText::new(text::count(u64::from(run.info.epochs))).monospace().color(tokens.text),
                )
            });
            row.col(|ui| _ = ui.label(RichText::new(&run.info.device).color(tokens.dim)));
            row.col(|ui| _ = ui.label(RichText::new(run.date()).monospace().color(tokens.dim)));
            if row.response().clicked() {
                clicked = Some(run.folder.clone());
            }
        });
    });
    if let Some(folder) = clicked {
        let several = ui.input(|input| input.modifiers.command || input.modifiers.shift);
        select(selected, folder, several);
    }
    if resort {
        sorted.0.sort(&mut listing.runs, sorted.1);
    }
}

/// The name under that of its parent, with where it began and its tags.
fn name(ui: &mut Ui, run: &Run, tokens: &Tokens) {
    ui.spacing_mut().item_spacing.x = 6.0;
    if run.depth > 0 {
        ui.add_space(16.0 * (run.depth - 1) as f32);
        ui.label(RichText::new(icon::ARROW_ELBOW_DOWN_RIGHT).color(tokens.faint));
    }
    ui.label(RichText::new(&run.name).color(tokens.text));
    if let Some(parent) = &run.info.parent {
        let text = format!("from epoch {} of {}", parent.epoch, parent.run);
        ui.label(RichText::new(text).small().color(tokens.faint));
    }
    for tag in &run.info.tags {
        ui.label(RichText::new(format!("{} {tag}", icon::TAG)).small().color(tokens.dim));
    }
}

/// A click selects one run; with Ctrl or Shift it adds a run or takes it away.
fn select(selected: &mut Vec<PathBuf>, folder: PathBuf, several: bool) {
    if !several {
        *selected = vec![folder];
    } else if let Some(place) = selected.iter().position(|other| *other == folder) {
        selected.remove(place);
    } else {
        selected.push(folder);
    }
}

pub fn state_colour(word: &str, tokens: &Tokens) -> Color32 {
    match word {
        "running" => tokens.accent,
        "done" => tokens.ok,
        "stopped" => tokens.warning,
        _ => tokens.error,
    }
}
