//! The values of the isosurfaces as marks on the histogram, to be dragged; a double click makes another.

use super::{Subject, range};
use crate::app::text;
use crate::app::theme::{CONTROL_RADIUS, Tokens};
use crate::volume::{Surface, Transfer};
use egui::{
    Color32, EventFilter, FontId, Id, Key, Modifiers, Rect, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2,
    vec2,
};

const HEIGHT: f32 = 56.0;
/// How much an arrow key moves a mark along the strip; with Shift ten times as much.
const NUDGE: f32 = 0.005;

pub fn strip(ui: &mut Ui, surfaces: &mut Vec<Surface>, transfer: &Transfer, subject: &Subject<'_>) {
    let tokens = Tokens::of(ui);
    let (rect, back) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
    back.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, "Histogram with isosurfaces"));
    let back = back.on_hover_cursor(egui::CursorIcon::Crosshair);
    let painter = ui.painter_at(rect.expand(1.0));
    painter.rect_filled(rect, CONTROL_RADIUS, tokens.window);
    let inner = rect.shrink2(vec2(6.0, 0.0));
    let count = ((inner.width() / 4.0) as usize).clamp(1, 256);
    let edges = (0..=count).map(|i| transfer.value_from_place(i as f32 / count as f32));
    let bars = inner.with_min_y(rect.top() + 14.0);
    range::bars(&painter, bars, subject.histogram.ordered(), edges, tokens.line);
    let place_at = |x: f32| ((x - inner.left()) / inner.width().max(1.0)).clamp(0.0, 1.0);

    let mut told = None;
    for (index, surface) in surfaces.iter_mut().enumerate() {
        let place = transfer.place_from_value(surface.value);
        let x = inner.left() + place * inner.width();
        let id: Id = back.id.with(("level", index));
        let reach = Rect::from_x_y_ranges(x - 6.0..=x + 6.0, rect.y_range());
        let response = ui.interact(reach, id, Sense::click_and_drag());
        let name = format!("Level of isosurface {}", index + 1);
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, &name));
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        if response.dragged()
            && let Some(at) = response.interact_pointer_pos()
        {
            surface.value = transfer.value_from_place(place_at(at.x));
        }
        if response.has_focus() {
            let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
            let step = nudge(ui);
            if step != 0.0 {
                surface.value = transfer.value_from_place((place + step).clamp(0.0, 1.0));
            }
        }
        if response.dragged() || response.hovered() {
            told = Some(surface.value);
        }
        response.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
        let [r, g, b] = surface.rgb(transfer).map(|part| (part * 255.0) as u8);
        let ink = if surface.shown { tokens.text } else { tokens.faint };
        painter.vline(x, rect.top() + 9.0..=rect.bottom(), Stroke::new(1.0, ink));
        painter.circle(pos2(x, rect.top() + 8.0), 4.5, Color32::from_rgb(r, g, b), Stroke::new(1.0, ink));
    }
    if back.double_clicked()
        && let Some(at) = back.interact_pointer_pos()
    {
        surfaces.push(Surface::of(transfer.value_from_place(place_at(at.x))));
    }
    let hovered = back.hover_pos().filter(|_| back.hovered() && told.is_none());
    let value = told.or(hovered.map(|at| transfer.value_from_place(place_at(at.x))));
    if let Some(value) = value {
        let mut words = text::quantity(value, subject.unit);
        if told.is_none() {
            words += " · double-click adds";
        }
        let galley = painter.layout_no_wrap(words, FontId::monospace(11.0), tokens.dim);
        let at = pos2(rect.left() + 8.0, rect.bottom() - galley.size().y - 3.0);
        painter.rect_filled(
            Rect::from_min_size(at, galley.size()).expand(2.0),
            3,
            tokens.window.gamma_multiply(0.8),
        );
        painter.galley(at, galley, tokens.dim);
    }
}

/// What the arrow keys ask for.
fn nudge(ui: &Ui) -> f32 {
    ui.input_mut(|input| {
        let mut pressed = |key| {
            let coarse = input.count_and_consume_key(Modifiers::SHIFT, key);
            (10 * coarse + input.count_and_consume_key(Modifiers::NONE, key)) as f32 * NUDGE
        };
        pressed(Key::ArrowRight) - pressed(Key::ArrowLeft)
    })
}
