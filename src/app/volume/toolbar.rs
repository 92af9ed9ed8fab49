//! What stands above the picture: the cube's title and shape, and a button for every mode.

use super::cube::Cube;
use crate::app::text;
use crate::app::theme::{Tokens, title_style};
use crate::volume::{Geometry, Mode, Radiation};
use egui::{Align, Button, Label, Layout, Rect, RichText, Ui, UiBuilder, vec2};
use egui_phosphor::regular as icon;

/// The modes, of which one is on: name, tooltip, and the mode as it begins.
fn modes() -> [(&'static str, &'static str, Mode); 6] {
    [
        (
            "Transfer",
            "Radiative transfer with source function and opacity, in physical units",
            Mode::Transfer(Radiation::default()),
        ),
        ("Emission", "Colours add up and nothing is hidden: an optically thin line", Mode::Emission),
        ("Absorption", "Near gas hides far gas", Mode::Absorption),
        ("Maximum", "The greatest value along the ray", Mode::Maximum),
        ("Average", "The mean value along the ray", Mode::Average),
        ("Integral", "The integral of the values along the ray", Mode::Integral),
    ]
}

/// Title, shape, how the cube was reduced and stretched.
pub fn headline(ui: &mut Ui, cube: &Cube) {
    let tokens = Tokens::of(ui);
    let size = vec2((ui.available_width() - PANELS.x - 8.0).max(0.0), PANELS.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let title = RichText::new(&cube.title).text_style(title_style()).color(tokens.text);
        ui.add(Label::new(title).truncate());
        ui.add_space(4.0);
        ui.add(Label::new(RichText::new(facts(cube)).monospace().color(tokens.dim)).truncate());
    });
}

fn facts(cube: &Cube) -> String {
    let [depth, height, width] = cube.loaded.file_shape;
    let mut facts = vec![format!("{width} × {height} × {depth}")];
    if cube.loaded.is_cropped() {
        let [z, y, x] = cube.loaded.region.size;
        facts.push(format!("the part of {x} × {y} × {z}"));
    }
    facts.push(cube.loaded.reduced_words().unwrap_or_else(|| "full resolution".to_owned()));
    if cube.loaded.lacks_digits {
        facts.push("half floats".to_owned());
    }
    let ratio = cube.look.velocity_ratio;
    if cube.geometry.has_own_third_axis() && ratio != Geometry::USUAL_RATIO {
        let axis = cube.geometry.axes()[2].name.clone();
        let axis = if cube.geometry.spectral_axis() == Some(2) { "v".to_owned() } else { axis };
        facts.push(format!("{axis} stretched {}×", text::number(ratio)));
    }
    facts.join(" · ")
}

/// What the buttons of the panels take at the right of the title.
const PANELS: egui::Vec2 = vec2(60.0, 24.0);

/// Shows or hides what stands at the left of the picture and below it.
pub fn panels(ui: &mut Ui, top: Rect, column: &mut bool, strip: &mut bool) {
    let at = Rect::from_min_size(top.right_top() - vec2(PANELS.x, 0.0), PANELS);
    ui.scope_builder(UiBuilder::new().max_rect(at).layout(Layout::right_to_left(Align::Center)), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (shown, icon, text) in [
            (strip, icon::SQUARE_SPLIT_VERTICAL, "Maps below"),
            (column, icon::SIDEBAR_SIMPLE, "Layers at the left"),
        ] {
            let tokens = Tokens::of(ui);
            let ink = if *shown { tokens.text } else { tokens.dim };
            let response =
                ui.add(Button::new(RichText::new(icon).size(15.0).color(ink)).min_size(vec2(24.0, 24.0)));
            response.widget_info(|| {
                egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, *shown, text)
            });
            if response.on_hover_text(text).clicked() {
                *shown = !*shown;
            }
        }
    });
}

/// A button for every mode, of which one is on, then what can be added to any.
pub fn mode_buttons(ui: &mut Ui, cube: &mut Cube) {
    let look = &mut cube.look;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(6.0, 6.0);
        for (name, tip, mode) in modes() {
            let is_same = std::mem::discriminant(&look.scene.mode) == std::mem::discriminant(&mode);
            let selected = is_same && !look.rays_off;
            if toggle(ui, name, selected).on_hover_text(tip).clicked() {
                look.rays_off = false;
                if !is_same {
                    look.scene.mode = mode;
                }
            }
        }
        ui.add_space(6.0);
        let (surfaces, slices) = (look.has_surfaces(), look.has_slices());
        if toggle(ui, "Isosurface", surfaces).on_hover_text("Surfaces of one value, with any mode").clicked()
        {
            look.show_surfaces(!surfaces);
        }
        if toggle(ui, "Slices", slices).on_hover_text("Planes through the cube, with any mode").clicked() {
            look.show_slices(!slices);
        }
    });
}

/// A button on the picture that is on or off.
fn toggle(ui: &mut Ui, text: &str, on: bool) -> egui::Response {
    let tokens = Tokens::of(ui);
    let (ink, fill) = if on { (tokens.text, tokens.hover) } else { (tokens.dim, tokens.field) };
    let response = ui.add(Button::new(RichText::new(text).color(ink)).fill(fill));
    response.widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, on, text));
    response
}
