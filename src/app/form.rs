//! The rows of an inspector: captions, labels in a column, fields, numbers.

use super::theme::{Tokens, caption_style, number_style};
use egui::{RichText, Ui, vec2};

/// Width of the labels, so that the fields stand in one column.
const LABEL_WIDTH: f32 = 108.0;

pub fn caption(ui: &mut Ui, text: &str) {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new(text.to_uppercase()).text_style(caption_style()).color(tokens.faint));
}

/// One line: a label in its column, and what belongs to it.
pub fn row(ui: &mut Ui, label: &str, help: &str, content: impl FnOnce(&mut Ui)) {
    line(ui, label, help, 26.0, content);
}

fn line(ui: &mut Ui, label: &str, help: &str, height: f32, content: impl FnOnce(&mut Ui)) {
    let tokens = Tokens::of(ui);
    // Not `horizontal`, which is never lower than a button.
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_height(height);
        let (rect, response) = ui.allocate_exact_size(vec2(LABEL_WIDTH, height), egui::Sense::hover());
        let font = egui::TextStyle::Body.resolve(ui.style());
        ui.painter().with_clip_rect(rect).text(
            rect.left_center(),
            egui::Align2::LEFT_CENTER,
            label,
            font,
            tokens.dim,
        );
        if !help.is_empty() {
            response.on_hover_text(help);
        }
        content(ui);
    });
}

/// A number that is read, not changed.
pub fn number_row(ui: &mut Ui, label: &str, number: impl Into<String>) {
    let tokens = Tokens::of(ui);
    line(ui, label, "", 18.0, |ui| {
        ui.spacing_mut().interact_size.y = 18.0;
        ui.label(RichText::new(number.into()).text_style(number_style()).size(12.0).color(tokens.text));
    });
}
