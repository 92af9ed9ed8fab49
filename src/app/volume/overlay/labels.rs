//! Labels that never overlap: each takes its place only where nothing else is, and is dropped otherwise.

use super::Brush;
use egui::epaint::TextShape;
use egui::{Color32, Pos2, Rect, Vec2, vec2};
use std::f32::consts::PI;

/// What is taken of the picture.
pub struct Labels {
    rect: Rect,
    taken: Vec<Tile>,
}

/// A rectangle that may be turned.
#[derive(Clone, Copy, Debug)]
struct Tile {
    centre: Pos2,
    half: Vec2,
    /// Clockwise, radians.
    angle: f32,
}

/// Text that falls more steeply than this rises instead.
const STEEP: f32 = 75.0 / 180.0 * PI;
/// Kept free around a label, in points.
const GAP: f32 = 3.0;

impl Tile {
    fn upright(rect: Rect) -> Self {
        Self { centre: rect.center(), half: rect.size() * 0.5, angle: 0.0 }
    }

    fn axes(&self) -> [Vec2; 2] {
        let (sin, cos) = self.angle.sin_cos();
        [vec2(cos, sin), vec2(-sin, cos)]
    }

    /// Half of its extent along a direction.
    fn reach(&self, direction: Vec2) -> f32 {
        let [along, across] = self.axes();
        self.half.x * along.dot(direction).abs() + self.half.y * across.dot(direction).abs()
    }

    /// By the separating axes of two rectangles.
    fn overlaps(&self, other: &Self) -> bool {
        let between = other.centre - self.centre;
        let separates = |axis: &Vec2| between.dot(*axis).abs() > self.reach(*axis) + other.reach(*axis) + GAP;
        !self.axes().iter().chain(&other.axes()).any(separates)
    }

    fn is_within(&self, rect: Rect) -> bool {
        let reach = vec2(self.reach(vec2(1.0, 0.0)), self.reach(vec2(0.0, 1.0)));
        rect.contains(self.centre - reach) && rect.contains(self.centre + reach)
    }
}

/// The angle at which text along a direction of the screen reads: never upside down, and up where it is nearly vertical.
pub fn reading_angle(direction: Vec2) -> f32 {
    let angle = direction.angle();
    if angle > STEEP {
        angle - PI
    } else if angle <= STEEP - PI {
        angle + PI
    } else {
        angle
    }
}

impl Labels {
    pub fn new(rect: Rect) -> Self {
        Self { rect, taken: Vec::new() }
    }

    /// Keeps labels away from a part of the picture.
    pub fn reserve(&mut self, rect: Rect) {
        self.taken.push(Tile::upright(rect));
    }

    fn take(&mut self, tile: Tile) -> bool {
        let free = tile.is_within(self.rect) && !self.taken.iter().any(|other| other.overlaps(&tile));
        if free {
            self.taken.push(tile);
        }
        free
    }

    /// Writes a label beside a point, on the side of `outward` (of length one), turned by `angle`, where there is room for it.
    pub fn write(
        &mut self,
        brush: &Brush<'_>,
        point: Pos2,
        outward: Vec2,
        angle: f32,
        text: &str,
        ink: Color32,
    ) -> bool {
        let half = brush.size(text) * 0.5;
        let mut tile = Tile { centre: point, half, angle };
        tile.centre += outward * tile.reach(outward);
        if !self.take(tile) {
            return false;
        }
        let [along, across] = tile.axes();
        let corner = tile.centre - along * half.x - across * half.y;
        for off in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
            shape(brush, corner + off, angle, text, brush.halo);
        }
        shape(brush, corner, angle, text, ink);
        true
    }
}

fn shape(brush: &Brush<'_>, at: Pos2, angle: f32, text: &str, ink: Color32) {
    let galley = brush.painter.layout_no_wrap(text.to_owned(), brush.font.clone(), ink);
    brush.painter.add(TextShape::new(at, galley, ink).with_angle(angle));
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn text_is_never_upside_down() {
        for degrees in -36..=36 {
            let angle = f32::to_radians(degrees as f32 * 5.0);
            let reading = reading_angle(vec2(angle.cos(), angle.sin()));
            assert!(reading.cos() > -0.27, "{degrees} reads at {reading}");
            let turned = (reading - angle).rem_euclid(PI);
            assert!(turned.min(PI - turned) < 1e-3, "along the edge: {degrees}");
        }
        for down in [vec2(0.0, 1.0), vec2(0.0, -1.0), vec2(0.1, 1.0), vec2(-0.1, 1.0)] {
            assert!(reading_angle(down).sin() < -0.9, "{down:?} reads upwards");
        }
    }

    #[test]
    fn what_overlaps_is_dropped() {
        let rect = Rect::from_min_size(pos2(0.0, 0.0), vec2(200.0, 100.0));
        let mut labels = Labels::new(rect);
        let tile = |x: f32, y: f32, angle: f32| Tile { centre: pos2(x, y), half: vec2(20.0, 5.0), angle };
        assert!(labels.take(tile(50.0, 50.0, 0.0)));
        assert!(!labels.take(tile(70.0, 52.0, 0.0)));
        assert!(labels.take(tile(50.0, 65.0, 0.0)));
        // Two slanted ones beside each other overlap as upright boxes only.
        assert!(labels.take(tile(120.0, 50.0, 0.8)));
        assert!(labels.take(tile(140.0, 45.0, 0.8)));
        assert!(!labels.take(tile(190.0, 50.0, 0.0)), "beyond the border");
    }
}
