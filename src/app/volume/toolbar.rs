//! What stands above the picture: the cube's title and shape, and a button for every mode.

use super::cube::Cube;
use crate::app::theme::{Tokens, title_style};
use crate::volume::{Mode, Radiation};
use egui::{Button, RichText, Ui};

/// The modes, of which one is on: name, tooltip, and the mode as it begins.
fn modes() -> [(&'static str, &'static str, Mode); 6] {
    [
        (
            "Transfer",
            "Radiative transfer with source function and opacity, in physical units",
            Mode::Transfer(Radiation::default()),
        ),
        ("Emission", "Colours add up, nothing is hidden: an optically thin line", Mode::Emission),
        ("Absorption", "Near gas hides far gas", Mode::Absorption),
        ("Maximum", "The greatest value along the ray", Mode::Maximum),
        ("Average", "The mean value along the ray", Mode::Average),
        ("Integral", "The integral of the values along the ray", Mode::Integral),
    ]
}

/// Title, shape, how the cube was reduced and stretched.
pub fn headline(ui: &mut Ui, title: &str, cube: &Cube) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).text_style(title_style()));
        ui.add_space(4.0);
        let [depth, height, width] = cube.loaded.file_shape;
        let facts = format!("{width} × {height} × {depth} · full resolution");
        ui.label(RichText::new(facts).monospace().color(tokens.dim));
    });
}

/// A button for every mode.
pub fn mode_buttons(ui: &mut Ui, cube: &mut Cube) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (name, tip, mode) in modes() {
            let now = &mut cube.look.scene.mode;
            let selected = std::mem::discriminant(now) == std::mem::discriminant(&mode);
            if toggle(ui, name, selected).on_hover_text(tip).clicked() && !selected {
                *now = mode;
            }
        }
    });
}

/// A button that is on or off.
pub fn toggle(ui: &mut Ui, text: &str, on: bool) -> egui::Response {
    let tokens = Tokens::of(ui);
    let (ink, fill) = if on { (tokens.text, tokens.hover) } else { (tokens.dim, tokens.field) };
    let response = ui.add(Button::new(RichText::new(text).color(ink)).fill(fill));
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, on, text));
    response
}
