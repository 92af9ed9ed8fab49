//! The choice of a colour map: gradients under their groups; the one under the mouse is tried on at once.

use crate::app::theme::{CONTROL_RADIUS, Tokens, caption_style};
use crate::figure::{ColourGroup, ColourMap};
use egui::epaint::Mesh;
use egui::{
    Align2, Color32, Id, Popup, PopupCloseBehavior, Rect, RichText, ScrollArea, Sense, Shape, Stroke,
};
use egui::{StrokeKind, Ui, WidgetInfo, WidgetType, pos2, vec2};
use egui_phosphor::regular as icon;

/// Colours from left to right.
pub fn gradient(painter: &egui::Painter, bar: Rect, colour: impl Fn(f32) -> [u8; 3]) {
    const STEPS: u32 = 96;
    let mut mesh = Mesh::default();
    for step in 0..=STEPS {
        let place = step as f32 / STEPS as f32;
        let [r, g, b] = colour(place);
        let x = bar.left() + place * bar.width();
        mesh.colored_vertex(pos2(x, bar.top()), Color32::from_rgb(r, g, b));
        mesh.colored_vertex(pos2(x, bar.bottom()), Color32::from_rgb(r, g, b));
        if step > 0 {
            let first = 2 * step - 2;
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    painter.add(Shape::mesh(mesh));
}

fn swatch(ui: &Ui, rect: Rect, map: ColourMap, reversed: bool) {
    gradient(ui.painter(), rect, |place| map.rgb(if reversed { 1.0 - place } else { place }));
    let line = Stroke::new(1.0, Tokens::of(ui).line);
    ui.painter().rect_stroke(rect, 2, line, StrokeKind::Outside);
}

/// A button with the map's colours and name; its list stays open until one is taken or the mouse clicks elsewhere.
pub fn choice(ui: &mut Ui, colours: &mut ColourMap, reversed: bool) {
    let tokens = Tokens::of(ui);
    let size = vec2(ui.available_width().max(96.0), 24.0);
    let (rect, button) = ui.allocate_exact_size(size, Sense::click());
    let name = colours.name();
    button.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, format!("Colour map {name}")));
    let fill = if button.hovered() || button.has_focus() { tokens.hover } else { tokens.field };
    ui.painter().rect_filled(rect, CONTROL_RADIUS, fill);
    let strip = Rect::from_min_size(rect.min + vec2(8.0, 7.0), vec2(36.0, 10.0));
    swatch(ui, strip, *colours, reversed);
    let font = egui::TextStyle::Button.resolve(ui.style());
    let words = ui.painter().with_clip_rect(rect.with_max_x(rect.right() - 22.0));
    words.text(pos2(strip.right() + 8.0, rect.center().y), Align2::LEFT_CENTER, name, font, tokens.text);
    let mark = egui::FontId::new(11.0, crate::app::theme::icon_family());
    let at = pos2(rect.right() - 8.0, rect.center().y);
    ui.painter().text(at, Align2::RIGHT_CENTER, icon::CARET_DOWN, mark, tokens.dim);

    // The map from before the list opened, while others are tried on.
    let before = Id::new("colour map before").with(button.id);
    let popup = Popup::menu(&button).width(232.0).close_behavior(PopupCloseBehavior::CloseOnClick);
    let answer = popup.show(|ui| {
        let chosen = ui.data_mut(|data| *data.get_temp_mut_or_insert_with(before, || *colours));
        list(ui, chosen, reversed)
    });
    match answer.map(|answer| answer.inner) {
        Some(Touched { taken: Some(map), .. }) => {
            *colours = map;
            ui.data_mut(|data| data.remove::<ColourMap>(before));
        }
        Some(Touched { hovered, .. }) => {
            let kept = ui.data(|data| data.get_temp::<ColourMap>(before));
            *colours = hovered.or(kept).unwrap_or(*colours);
        }
        // Closed with nothing taken.
        None => {
            if let Some(kept) = ui.data_mut(|data| data.remove_temp::<ColourMap>(before)) {
                *colours = kept;
            }
        }
    }
}

struct Touched {
    hovered: Option<ColourMap>,
    taken: Option<ColourMap>,
}

fn list(ui: &mut Ui, chosen: ColourMap, reversed: bool) -> Touched {
    let tokens = Tokens::of(ui);
    let mut touched = Touched { hovered: None, taken: None };
    ui.spacing_mut().item_spacing.y = 1.0;
    ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
        for group in ColourGroup::ALL {
            ui.add_space(4.0);
            ui.label(RichText::new(group.name()).text_style(caption_style()).color(tokens.faint));
            for map in group.maps() {
                let (rect, response) = ui.allocate_exact_size(vec2(220.0, 22.0), Sense::click());
                let is_chosen = map == chosen;
                response.widget_info(|| {
                    WidgetInfo::selected(WidgetType::SelectableLabel, true, is_chosen, map.name())
                });
                if response.hovered() || response.has_focus() {
                    ui.painter().rect_filled(rect, CONTROL_RADIUS, tokens.hover);
                    touched.hovered = Some(map);
                }
                let strip = Rect::from_min_size(rect.min + vec2(6.0, 5.0), vec2(72.0, 12.0));
                swatch(ui, strip, map, reversed);
                let ink = if is_chosen { tokens.accent } else { tokens.text };
                let at = pos2(strip.right() + 10.0, rect.center().y);
                let font = egui::TextStyle::Body.resolve(ui.style());
                ui.painter().text(at, Align2::LEFT_CENTER, map.name(), font, ink);
                if response.clicked() {
                    touched.taken = Some(map);
                }
            }
        }
    });
    touched
}
