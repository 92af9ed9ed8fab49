//! The range among all values: a strip with both its ends to drag, and the ends by percentiles or from the noise.

use super::{Subject, fields};
use crate::app::text;
use crate::app::theme::{CONTROL_RADIUS, Tokens};
use crate::volume::Transfer;
use egui::{Color32, FontId, Painter, Rect, Sense, Stroke, Ui, WidgetInfo, WidgetType, pos2, vec2};

const HEIGHT: f32 = 34.0;

/// An axis on which noise is spread linearly and what lies above by its logarithm: asinh(value / knee).
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    knee: f64,
    ends: (f64, f64),
}

impl Axis {
    pub fn new(range: (f64, f64), noise: Option<f64>) -> Self {
        let is_range = range.0.is_finite() && (range.1 - range.0).is_finite() && range.1 > range.0;
        let range = if is_range { range } else { (0.0, 1.0) };
        let span = range.1 - range.0;
        let knee = noise.map_or(span / 50.0, |noise| 2.0 * noise).max(1e-6 * span);
        let ends = ((range.0 / knee).asinh(), (range.1 / knee).asinh());
        Self { knee, ends }
    }

    pub fn place(&self, value: f64) -> f32 {
        (((value / self.knee).asinh() - self.ends.0) / (self.ends.1 - self.ends.0)).clamp(0.0, 1.0) as f32
    }

    pub fn value(&self, place: f32) -> f64 {
        let (low, high) = self.ends;
        self.knee * (low + (high - low) * f64::from(place.clamp(0.0, 1.0))).sinh()
    }
}

/// Brightness and contrast by a drag: the range moves to higher values to the right and narrows upwards, by parts of the frame.
pub fn levelled((low, high): (f64, f64), right: f32, up: f32) -> (f64, f64) {
    let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
    let middle = middle + 2.0 * half * f64::from(right);
    let half = half * f64::from(-2.0 * up).exp();
    (middle - half, middle + half)
}

/// Bars as high as the logarithms of the counts between `edges` (ascending), of values in ascending order.
pub(super) fn bars(
    painter: &Painter,
    rect: Rect,
    ordered: &[f32],
    edges: impl Iterator<Item = f64>,
    colour: Color32,
) {
    let below: Vec<usize> =
        edges.map(|edge| ordered.partition_point(|&value| f64::from(value) < edge)).collect();
    let counts: Vec<f32> = below.windows(2).map(|pair| ((pair[1] - pair[0]) as f32).ln_1p()).collect();
    let most = counts.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        return;
    }
    let width = rect.width() / counts.len() as f32;
    for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
        let left = rect.left() + index as f32 * width;
        let top = rect.bottom() - count / most * rect.height() * 0.92;
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + (width - 1.0).max(1.0), rect.bottom()));
        painter.rect_filled(bar, 0, colour);
    }
}

/// All values, with the range on them.
pub fn strip(ui: &mut Ui, transfer: &mut Transfer, subject: &Subject<'_>) {
    let tokens = Tokens::of(ui);
    let (outer, back) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let painter = ui.painter_at(outer);
    painter.rect_filled(outer, CONTROL_RADIUS, tokens.window);
    let rect = outer.shrink2(vec2(6.0, 0.0)).with_max_y(outer.bottom() - 1.0);
    let axis = Axis::new(subject.range, subject.noise());
    let x = |value: f64| rect.left() + axis.place(value) * rect.width();
    let (low, high) = transfer.range;
    let chosen = Rect::from_x_y_ranges(x(low)..=x(high), outer.y_range());
    painter.rect_filled(chosen, 0, tokens.accent.gamma_multiply(0.14));
    const BARS: usize = 64;
    let edges = (0..=BARS).map(|i| {
        let place = i as f32 / BARS as f32;
        if i == BARS { f64::INFINITY } else { axis.value(place) }
    });
    bars(&painter, rect.with_min_y(rect.top() + 8.0), subject.histogram.ordered(), edges, tokens.line);
    let ends = [("Low end of the range", low), ("High end of the range", high)];
    for (index, (name, value)) in ends.into_iter().enumerate() {
        let grip = Rect::from_center_size(pos2(x(value), outer.center().y), vec2(12.0, HEIGHT));
        let response = ui.interact(grip, back.id.with(name), Sense::drag());
        let words = text::quantity(value, subject.unit);
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, format!("{name}: {words}")));
        let response = response.on_hover_cursor(egui::CursorIcon::ResizeHorizontal);
        if response.dragged()
            && let Some(at) = response.interact_pointer_pos()
        {
            let value = axis.value((at.x - rect.left()) / rect.width().max(1.0));
            let (low, high) = transfer.range;
            let _kept_in_order =
                if index == 0 { transfer.set_range(value, high) } else { transfer.set_range(low, value) };
        }
        let is_touched = response.dragged() || response.hovered();
        let stroke = Stroke::new(if is_touched { 2.0 } else { 1.0 }, tokens.accent);
        painter.vline(x(value), outer.y_range().shrink(2.0), stroke);
        let mark = Rect::from_center_size(pos2(x(value), outer.center().y), vec2(4.0, 12.0));
        painter.rect(mark, 2, tokens.window, stroke, egui::StrokeKind::Inside);
        if response.dragged() {
            let align = if index == 0 { egui::Align2::LEFT_TOP } else { egui::Align2::RIGHT_TOP };
            let at = pos2(if index == 0 { rect.left() } else { rect.right() }, outer.top() + 2.0);
            painter.text(at, align, words, FontId::monospace(10.0), tokens.dim);
        }
    }
}

/// The ends by percentiles.
pub fn percentiles(ui: &mut Ui, transfer: &mut Transfer, subject: &Subject<'_>) {
    let (low, high) = transfer.range;
    let histogram = subject.histogram;
    let mut ranks = [low, high].map(|value| 100.0 * histogram.rank(value));
    let before = ranks;
    ui.spacing_mut().item_spacing.x = 4.0;
    let names = ["Percentile of the low end", "Percentile of the high end"];
    for (index, name) in names.into_iter().enumerate() {
        let field = egui::DragValue::new(&mut ranks[index]).speed(0.05).range(0.0..=100.0).suffix(" %");
        let response = ui.add(field.fixed_decimals(1)).on_hover_text(name);
        response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, name));
        if response.changed()
            && ranks[index] != before[index]
            && let Some(value) = histogram.percentile(ranks[index])
        {
            let (low, high) = transfer.range;
            let _kept_in_order =
                if index == 0 { transfer.set_range(value, high) } else { transfer.set_range(low, value) };
        }
        if index == 0 {
            ui.label("–");
        }
    }
}

/// Buttons for ends that are often wanted: from the noise, all values.
pub fn buttons(ui: &mut Ui, transfer: &mut Transfer, subject: &Subject<'_>) {
    if let Some(sigma) = subject.noise() {
        let tip = format!("Low end at 3σ of the noise, {}", text::quantity(3.0 * sigma, subject.unit));
        let button = ui.button("3σ").on_hover_text(tip);
        button.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, "Low end at 3σ"));
        if button.clicked() && !transfer.set_range(3.0 * sigma, transfer.range.1) {
            transfer.set_range(3.0 * sigma, subject.range.1);
        }
    }
    let tip = "From the least to the greatest value";
    if fields::icon_button(ui, egui_phosphor::regular::ARROWS_OUT_LINE_HORIZONTAL, tip).clicked() {
        transfer.set_range(subject.range.0, subject.range.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_back_with_the_hand() {
        let there = levelled((1.0, 5.0), 0.25, 0.5);
        assert!((there.0 + there.1 - 8.0).abs() < 1e-9 && there.1 - there.0 < 4.0, "{there:?}");
        assert_eq!(levelled((1.0, 5.0), 0.0, 0.0), (1.0, 5.0));
    }

    #[test]
    fn places_on_the_strip_come_back_as_values() {
        let axis = Axis::new((-1.0, 40.0), Some(0.2));
        for value in [-1.0, -0.1, 0.0, 0.3, 7.0, 40.0] {
            assert!((axis.value(axis.place(value)) - value).abs() < 1e-4 * (1.0 + value.abs()));
        }
        for range in [(0.0, 0.0), (3.0, 3.0), (0.0, f64::INFINITY), (1e-40, 2e-40)] {
            let axis = Axis::new(range, None);
            assert!(axis.place(range.0).is_finite() && axis.value(0.5).is_finite(), "{range:?}");
        }
    }
}
