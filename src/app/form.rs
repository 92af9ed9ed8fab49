//! The rows of an inspector: captions, labels in a column, fields, numbers.

use super::theme::{Tokens, caption_style, number_style};
use egui::{RichText, Ui, vec2};

/// Width of the labels at the usual text size, so that the fields stand in one column.
const LABEL_WIDTH: f32 = 108.0;

/// How much larger than usual the text is.
fn text_scale(ui: &Ui) -> f32 {
    egui::TextStyle::Body.resolve(ui.style()).size / 13.0
}

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
    let scale = text_scale(ui);
    let height = height * scale;
    // Not `horizontal`, which is never lower than a button.
    let size = vec2(ui.available_width(), height);
    // Large text in a narrow panel leaves half of it to the fields.
    let width = (LABEL_WIDTH * scale).min(0.47 * size.x);
    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.set_min_height(height);
        let (rect, response) = ui.allocate_exact_size(vec2(width, height), egui::Sense::hover());
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
    let size = 12.0 * text_scale(ui);
    line(ui, label, "", 18.0, |ui| {
        ui.spacing_mut().interact_size.y = 18.0;
        let number = RichText::new(number.into()).text_style(number_style()).size(size).color(tokens.text);
        ui.add(egui::Label::new(number).truncate());
    });
}
