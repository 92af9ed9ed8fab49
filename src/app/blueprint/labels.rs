//! The shapes on the wires, at every zoom: beside or on the wire where blocks can be read; further out small, on the wire, and only
//! where none lies already. The wire under the pointer always has its own.

use super::paint::{Brush, text_size};
use super::scene::{BLOCK_HEIGHT, Wire};
use egui::{FontId, Rect, Vec2, vec2};

/// Labels do not shrink below this, in screen points.
const LEAST_SIZE: f32 = 9.0;
/// Below this zoom there is no room beside the wires.
const ROOMY: f32 = 0.42;
/// From this zoom on blocks have titles, which labels must not cover.
const TITLES: f32 = 0.3;
/// Fractions of a wire where a label may stand, the best first.
const PLACES: [f32; 5] = [0.5, 0.35, 0.65, 0.2, 0.8];
/// More labels than this are not looked for a place: nobody reads as many.
const MOST: usize = 400;

/// Draws the labels of these wires, each with whether it is under the pointer.
pub(super) fn paint<'a>(brush: &Brush, wires: impl Iterator<Item = (&'a Wire, bool)>) {
    if brush.view.zoom() >= ROOMY {
        wires.for_each(|(wire, _)| beside(brush, wire));
        return;
    }
    let mut wires: Vec<(&Wire, bool)> = wires.filter(|(wire, _)| !wire.label.is_empty()).collect();
    // What is pointed at first, then faults, then long wires.
    let rank = |(wire, hot): &(&Wire, bool)| (!hot, !wire.is_faulty, !wire.is_skip);
    wires.sort_by_key(rank);
    let mut taken: Vec<Rect> = Vec::new();
    for (wire, hot) in wires.into_iter().take(MOST) {
        where_free(brush, wire, hot, &mut taken);
    }
}

/// Where no other label is: beside the blocks, on the wire only where these are too small to have titles; nowhere, where there is no
/// place.
fn where_free(brush: &Brush, wire: &Wire, hot: bool, taken: &mut Vec<Rect>) {
    let tokens = brush.tokens;
    let colour = if wire.is_faulty { tokens.error } else { tokens.dim };
    let size = if hot { 10.5 } else { LEAST_SIZE };
    let galley = brush.painter.layout_no_wrap(wire.label.clone(), FontId::monospace(size), colour);
    let room = galley.size() + vec2(6.0, 0.0);
    let on_wire = |t: f32| Rect::from_center_size(brush.view.to_screen(wire.curve.point(t)), room);
    let off = vec2(0.0, 0.5 * (BLOCK_HEIGHT * brush.view.zoom() + room.y) + 3.0);
    let covers_titles = wire.curve.is_straight_across() && brush.view.zoom() > TITLES;
    let has_length = brush.view.zoom() * wire.curve.bounds().width() > room.x + 8.0;
    let beside = [-off, off].into_iter().map(|by| on_wire(0.5).translate(by)).filter(|_| covers_titles);
    let along = PLACES.into_iter().map(on_wire).filter(|_| !covers_titles || has_length);
    let is_free = |rect: &Rect| !taken.iter().any(|other| other.intersects(*rect));
    let found = along.chain(beside).find(is_free).or_else(|| hot.then(|| on_wire(0.5)));
    let Some(rect) = found else { return };
    taken.push(rect.expand2(vec2(4.0, 2.0)));
    brush.painter.rect_filled(rect, 3.0, tokens.window.gamma_multiply(0.86));
    brush.painter.galley(rect.min + vec2(3.0, 0.0), galley, colour);
}

/// Beside an upright wire, above a level one, else on it.
fn beside(brush: &Brush, wire: &Wire) {
    if wire.label.is_empty() {
        return;
    }
    let zoom = brush.view.zoom();
    let size = text_size((10.5 * zoom).max(LEAST_SIZE));
    let colour = if wire.is_faulty { brush.tokens.error } else { brush.tokens.dim };
    let galley = brush.painter.layout_no_wrap(wire.label.clone(), FontId::monospace(size), colour);
    let middle = brush.view.to_screen(wire.curve.point(0.5));
    let [start, .., end] = wire.curve.map(|point| brush.view.to_screen(point)).0;
    let is_upright = (end.y - start.y).abs() > (end.x - start.x).abs();
    let Vec2 { x: width, y: height } = galley.size();
    let corner = if is_upright {
        // Beside the wire, on the side from which it leans away.
        let leans_right = (end.x - start.x) * (end.y - start.y) > 0.0;
        middle + vec2(7.0, if leans_right { -height - 1.0 } else { 1.0 })
    } else if !wire.curve.is_straight_across() {
        middle - vec2(0.5 * width, 0.5 * height)
    } else if (end.x - start.x).abs() > width + 8.0 {
        middle - vec2(0.5 * width, height + 3.0)
    } else {
        // No room between the blocks: above them.
        middle - vec2(0.5 * width, 0.5 * BLOCK_HEIGHT * zoom + height + 3.0)
    };
    if !is_upright && !wire.curve.is_straight_across() {
        let back = Rect::from_min_size(corner, galley.size()).expand2(vec2(3.0, 0.0));
        brush.painter.rect_filled(back, 3.0, brush.tokens.window.gamma_multiply(0.86));
    }
    brush.painter.galley(corner, galley, colour);
}
