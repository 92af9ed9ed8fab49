//! The Files panel: the project's tree and the recent files.

use super::state::AppState;
use super::theme::{Tokens, caption_style};
use egui::{RichText, Ui};

pub fn show(ui: &mut Ui, _state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new("PROJECT").text_style(caption_style()).color(tokens.faint));
}
