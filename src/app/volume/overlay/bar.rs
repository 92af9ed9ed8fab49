//! The colour bar at the right of the picture: colours of the transfer function, values at round places, the unit.

use super::labels::Labels;
use super::{Brush, Cube};
use crate::app::text;
use crate::figure::{label, linear_ticks, log_ticks};
use crate::volume::{Stretch, Transfer};
use egui::epaint::Mesh;
use egui::{Align2, Color32, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

const WIDTH: f32 = 10.0;
const HEIGHT: f32 = 168.0;
/// Points between two numbers, at least.
const APART: f32 = 26.0;

pub fn paint(brush: &Brush<'_>, rect: Rect, cube: &Cube, labels: &mut Labels) {
    let height = HEIGHT.min(rect.height() * 0.35);
    let transfer = &cube.look.scene.transfer;
    if cube.look.rays_off && !cube.look.has_slices() || height < 3.0 * APART {
        return;
    }
    let unit = text::unit(&cube.loaded.unit);
    let ticks = ticks(transfer, height);
    let widest =
        ticks.iter().map(|(_, label)| brush.size(label).x).fold(brush.size(&unit).x - 24.0, f32::max);
    let right = rect.right() - 20.0 - widest.max(16.0) - 8.0;
    let top = rect.top() + 108.0;
    let bar = Rect::from_min_max(pos2(right - WIDTH, top), pos2(right, top + height));
    let table = transfer.table();
    let mut mesh = Mesh::default();
    const STEPS: usize = 64;
    for step in 0..=STEPS {
        let place = step as f32 / STEPS as f32;
        let [r, g, b, _] = table[((table.len() - 1) as f32 * place) as usize];
        let byte = |part: f32| (part.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        let colour = Color32::from_rgb(byte(r), byte(g), byte(b));
        let y = bar.bottom() - place * bar.height();
        mesh.colored_vertex(pos2(bar.left(), y), colour);
        mesh.colored_vertex(pos2(bar.right(), y), colour);
        if step > 0 {
            let first = 2 * step as u32 - 2;
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    brush.painter.add(Shape::mesh(mesh));
    let line = Stroke::new(1.0, brush.tokens.faint.gamma_multiply(0.6));
    brush.painter.rect_stroke(bar, 0, line, StrokeKind::Outside);
    let mut taken = bar;
    for (place, label) in &ticks {
        let at = pos2(bar.right(), bar.bottom() - place * bar.height());
        brush.painter.line_segment([at, at + vec2(4.0, 0.0)], Stroke::new(1.0, brush.tokens.dim));
        taken = taken.union(brush.text(at + vec2(8.0, 0.0), Align2::LEFT_CENTER, label, brush.tokens.dim));
    }
    let unit_at = pos2(bar.left(), bar.top() - 8.0);
    taken = taken.union(brush.text(unit_at, Align2::LEFT_BOTTOM, &unit, brush.tokens.text));
    labels.reserve(taken.expand(4.0));
}

/// Places from 0 to 1 along the bar with their numbers.
fn ticks(transfer: &Transfer, height: f32) -> Vec<(f32, String)> {
    let (low, high) = transfer.range;
    let ticks = match transfer.stretch {
        Stretch::Log if low > 0.0 && high / low > 3.0 => log_ticks(low, high),
        _ => linear_ticks(low, high, 5),
    };
    let mut shown: Vec<(f32, String)> = Vec::new();
    for tick in ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let part = ((tick.value - low) / (high - low)) as f32;
        if !(-0.001..=1.001).contains(&part) {
            continue;
        }
        let place = transfer.stretch.apply(part);
        if shown.iter().all(|(other, _)| (other - place).abs() * height > APART) {
            shown.push((place, tick.label.clone()));
        }
    }
    if shown.is_empty() {
        shown = vec![(0.0, label(low)), (1.0, label(high))];
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::ColourMap;

    #[test]
    fn numbers_stand_where_the_stretch_puts_them() {
        let transfer = Transfer::rising((0.0, 4.0), Stretch::Sqrt, ColourMap::default());
        let found = ticks(&transfer, 400.0);
        let one = found.iter().find(|(_, label)| label == "1").expect("a round value");
        assert!((one.0 - 0.5).abs() < 1e-6, "{found:?}");
        let narrow = ticks(&Transfer::rising((1.0, 1.0), Stretch::Linear, ColourMap::default()), 100.0);
        assert!(narrow.iter().all(|(place, _)| place.is_finite()), "{narrow:?}");
    }
}
