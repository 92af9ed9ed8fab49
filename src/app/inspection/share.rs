//! What the three views share: whose answer is shown, numbers in two columns, the choice of colours.

use super::picture::short;
use crate::app::theme::{Tokens, number_style};
use crate::figure::ColourMap;
use crate::inspection::Answer;
use egui::{ComboBox, RichText, Ui};

/// An answer while it is drawn.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    pub answer: &'a Answer,
    /// Counts the answers: equal numbers are equal values.
    pub number: u64,
    /// The block, as the user reads it.
    pub name: &'a str,
    /// A newer answer is on the way.
    pub is_stale: bool,
}

impl<'a> Shown<'a> {
    pub fn new(answer: &'a Answer, is_stale: bool) -> Self {
        Self { answer, number: answer.number, name: &answer.block, is_stale }
    }

    /// `epoch 37`, or `untrained`.
    pub fn epoch_words(&self) -> Option<String> {
        Some(match self.answer.epoch {
            Some(epoch) if epoch.fract() == 0.0 => format!("epoch {epoch:.0}"),
            Some(epoch) => format!("epoch {epoch:.1}"),
            None => "untrained".to_owned(),
        })
    }
}

/// Labels and numbers in two columns that stay where they are when a number grows.
pub fn two_columns(ui: &mut Ui, id: &str, numbers: &[(&str, f64)]) {
    let tokens = Tokens::of(ui);
    let width = (ui.available_width() * 0.5 - 8.0).max(40.0);
    egui::Grid::new(id).num_columns(2).min_col_width(width).show(ui, |ui| {
        for line in numbers.chunks(2) {
            for (label, value) in line {
                ui.horizontal(|ui| {
                    ui.label(RichText::new(*label).color(tokens.dim));
                    ui.label(RichText::new(short(*value)).text_style(number_style()).color(tokens.text));
                });
            }
            ui.end_row();
        }
    });
}

pub fn choice_of_colours(ui: &mut Ui, colours: &mut ColourMap) {
    ComboBox::from_id_salt("colours").selected_text(colours.name()).show_ui(ui, |ui| {
        for choice in ColourMap::ALL {
            ui.selectable_value(colours, choice, choice.name());
        }
    });
}
