//! How wires run: which edge of a block each leaves from, where on the edge, along which curve, and where its label stands.
//! Pure geometry in canvas units.

use egui::epaint::CubicBezierShape;
use egui::{Color32, Pos2, Rect, Stroke, Vec2, pos2, vec2};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    Left,
    Right,
    Top,
    Bottom,
}

impl Side {
    /// The direction away from the block.
    pub fn outward(self) -> Vec2 {
        match self {
            Side::Left => vec2(-1.0, 0.0),
            Side::Right => vec2(1.0, 0.0),
            Side::Top => vec2(0.0, -1.0),
            Side::Bottom => vec2(0.0, 1.0),
        }
    }

    pub fn is_vertical(self) -> bool {
        matches!(self, Side::Top | Side::Bottom)
    }

    /// The point of this edge at the fraction `along` (left to right, top to bottom).
    pub fn point(self, rect: Rect, along: f32) -> Pos2 {
        match self {
            Side::Left => pos2(rect.left(), rect.top() + along * rect.height()),
            Side::Right => pos2(rect.right(), rect.top() + along * rect.height()),
            Side::Top => pos2(rect.left() + along * rect.width(), rect.top()),
            Side::Bottom => pos2(rect.left() + along * rect.width(), rect.bottom()),
        }
    }
}

/// A block whose left edge is at least this far right of the source's right edge is reached from the side.
const SIDEWAYS_GAP: f32 = 32.0;
/// Blocks closer than this in height have no room for a vertical wire.
const UPRIGHT_GAP: f32 = 14.0;

/// The edges a wire takes from `source` to `target`: sideways where the target lies to the right, else down or up,
/// which is what makes a U-Net read as a U.
pub fn sides(source: Rect, target: Rect) -> (Side, Side) {
    let is_right_of = target.left() >= source.right() + SIDEWAYS_GAP;
    if !is_right_of && target.top() >= source.bottom() + UPRIGHT_GAP {
        (Side::Bottom, Side::Top)
    } else if !is_right_of && source.top() >= target.bottom() + UPRIGHT_GAP {
        (Side::Top, Side::Bottom)
    } else {
        (Side::Right, Side::Left)
    }
}

/// One end of a wire: where, and which way it points away from its block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct End {
    pub at: Pos2,
    pub outward: Vec2,
}

/// The curve of a wire, as the four points of a cubic Bézier.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve(pub [Pos2; 4]);

impl Curve {
    pub fn new(from: End, to: End) -> Self {
        let run = to.at - from.at;
        let reach = |outward: Vec2, run: Vec2| {
            let ahead = run.dot(outward);
            let aside = (run - ahead * outward).length();
            if ahead > 0.0 {
                (0.5 * ahead).max(0.25 * aside).max(8.0)
            } else {
                (0.6 * -ahead).clamp(48.0, 240.0)
            }
        };
        let first = from.at + from.outward * reach(from.outward, run);
        let second = to.at + to.outward * reach(to.outward, -run);
        Self([from.at, first, second, to.at])
    }

    /// The same ends on a way around these rectangles, the shortest that is found; itself where there is none, or none in the way.
    pub fn around(self, obstacles: &[Rect]) -> Self {
        const BOWS: [f32; 7] = [48.0, 88.0, 136.0, 200.0, 280.0, 380.0, 520.0];
        if self.is_clear_of(obstacles) {
            return self;
        }
        let [from, .., to] = self.0;
        // Across the way it goes.
        let across =
            if (to.x - from.x).abs() >= (to.y - from.y).abs() { vec2(0.0, 1.0) } else { vec2(1.0, 0.0) };
        let bowed = |by: f32| {
            let [a, b, c, d] = self.0;
            Self([a, b + by * across, c + by * across, d])
        };
        let ways = BOWS.into_iter().flat_map(|by| [-by, by]).map(bowed);
        ways.into_iter().find(|way| way.is_clear_of(obstacles)).unwrap_or(self)
    }

    pub fn is_clear_of(&self, obstacles: &[Rect]) -> bool {
        const PIECES: usize = 24;
        (1..PIECES)
            .map(|piece| self.point(piece as f32 / PIECES as f32))
            .all(|at| obstacles.iter().all(|rect| !rect.expand(3.0).contains(at)))
    }

    /// The point at `t` between 0 and 1.
    pub fn point(&self, t: f32) -> Pos2 {
        let [a, b, c, d] = self.0.map(Pos2::to_vec2);
        let s = 1.0 - t;
        (s * s * s * a + 3.0 * s * s * t * b + 3.0 * s * t * t * c + t * t * t * d).to_pos2()
    }

    /// A rectangle that holds the whole curve.
    pub fn bounds(&self) -> Rect {
        Rect::from_points(&self.0)
    }

    pub fn is_straight_across(&self) -> bool {
        let y = self.0[0].y;
        self.0.iter().all(|point| (point.y - y).abs() < 1.0) && self.0[3].x > self.0[0].x
    }

    /// How far `point` is from the curve.
    pub fn distance(&self, point: Pos2) -> f32 {
        const PIECES: usize = 24;
        let mut nearest = f32::INFINITY;
        let mut start = self.0[0];
        for piece in 1..=PIECES {
            let end = self.point(piece as f32 / PIECES as f32);
            let along = end - start;
            let t = ((point - start).dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
            nearest = nearest.min((start + t * along - point).length());
            start = end;
        }
        nearest
    }

    /// Whether a way through these points crosses it.
    pub fn crosses(&self, way: &[Pos2]) -> bool {
        const PIECES: usize = 24;
        let points: Vec<Pos2> = (0..=PIECES).map(|piece| self.point(piece as f32 / PIECES as f32)).collect();
        let bounds = self.bounds().expand(1.0);
        way.windows(2).any(|leg| {
            Rect::from_two_pos(leg[0], leg[1]).intersects(bounds)
                && points.windows(2).any(|piece| cross(leg[0], leg[1], piece[0], piece[1]))
        })
    }

    pub fn map(&self, transform: impl Fn(Pos2) -> Pos2) -> Self {
        Self(self.0.map(transform))
    }

    pub fn shape(&self, stroke: Stroke) -> egui::Shape {
        if self.is_straight_across() {
            return egui::Shape::line_segment([self.0[0], self.0[3]], stroke);
        }
        CubicBezierShape::from_points_stroke(self.0, false, Color32::TRANSPARENT, stroke).into()
    }
}

/// Whether the segments `a b` and `c d` have a point in common, ends on one line left aside.
fn cross(a: Pos2, b: Pos2, c: Pos2, d: Pos2) -> bool {
    let side = |from: Pos2, to: Pos2, of: Pos2| (to - from).rot90().dot(of - from);
    side(a, b, c) * side(a, b, d) <= 0.0
        && side(c, d, a) * side(c, d, b) <= 0.0
        && (side(a, b, c) != 0.0 || side(a, b, d) != 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(x: f32, y: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(136.0, 52.0))
    }

    #[test]
    fn a_wire_goes_down_the_encoder_across_the_skip_and_up_the_decoder() {
        assert_eq!(sides(block(0.0, 0.0), block(40.0, 110.0)), (Side::Bottom, Side::Top));
        assert_eq!(sides(block(400.0, 110.0), block(440.0, 0.0)), (Side::Top, Side::Bottom));
        assert_eq!(sides(block(0.0, 0.0), block(440.0, 0.0)), (Side::Right, Side::Left));
        assert_eq!(sides(block(0.0, 0.0), block(20.0, 30.0)), (Side::Right, Side::Left));
    }

    #[test]
    fn a_wire_goes_around_a_block_in_its_way() {
        let from = End { at: pos2(132.0, 26.0), outward: Side::Right.outward() };
        let to = End { at: pos2(368.0, 26.0), outward: Side::Left.outward() };
        let between = block(184.0, 0.0);
        let straight = Curve::new(from, to);
        assert!(!straight.is_clear_of(&[between]));
        let way = straight.around(&[between]);
        assert!(way.is_clear_of(&[between]));
        assert_eq!((way.0[0], way.0[3]), (from.at, to.at));
    }

    #[test]
    fn a_cut_crosses_what_it_crosses() {
        let from = End { at: pos2(0.0, 0.0), outward: Side::Right.outward() };
        let to = End { at: pos2(200.0, 0.0), outward: Side::Left.outward() };
        let curve = Curve::new(from, to);
        assert!(curve.crosses(&[pos2(100.0, -20.0), pos2(90.0, 30.0)]));
        assert!(!curve.crosses(&[pos2(100.0, -20.0), pos2(90.0, -1.0)]));
        assert!(!curve.crosses(&[pos2(210.0, -20.0), pos2(210.0, 20.0)]));
        assert!(!curve.crosses(&[pos2(100.0, 0.0)]));
    }

    #[test]
    fn a_curve_starts_and_ends_at_its_ports_and_knows_its_distance() {
        let from = End { at: pos2(0.0, 0.0), outward: Side::Right.outward() };
        let to = End { at: pos2(200.0, 80.0), outward: Side::Left.outward() };
        let curve = Curve::new(from, to);
        assert_eq!((curve.point(0.0), curve.point(1.0)), (from.at, to.at));
        assert!(curve.distance(curve.point(0.37)) < 0.5);
        assert!(curve.distance(pos2(100.0, 140.0)) > 60.0);
        assert!(curve.bounds().expand(0.01).contains(curve.point(0.8)));
    }
}
