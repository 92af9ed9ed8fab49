//! The colour bar at the right of the picture: colours of the transfer function, values at round places, the unit.

use super::labels::Labels;
use super::{Brush, Cube};
use crate::app::text;
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
    let ticks = transfer.ticks(APART / height);
    let widest = ticks.iter().map(|(_, label)| brush.size(label).x).fold(16.0, f32::max);
    let right = rect.right() - 20.0 - widest - 8.0;
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
        brush.painter.line_segment(
            [at, at + vec2(if label.is_empty() { 2.0 } else { 4.0 }, 0.0)],
            Stroke::new(1.0, brush.tokens.dim),
        );
        taken = taken.union(brush.text(at + vec2(8.0, 0.0), Align2::LEFT_CENTER, label, brush.tokens.dim));
    }
    // A long unit reaches to the left of the bar, not out of the picture.
    let beyond = bar.left() + brush.size(&unit).x > rect.right() - 12.0;
    let (x, anchor) =
        if beyond { (rect.right() - 12.0, Align2::RIGHT_BOTTOM) } else { (bar.left(), Align2::LEFT_BOTTOM) };
    taken = taken.union(brush.text(pos2(x, bar.top() - 8.0), anchor, &unit, brush.tokens.text));
    labels.reserve(taken.expand(4.0));
}
