//! The box with its axes: which edges and faces are seen, where the ticks of the world coordinates stand on them, and their labels.

use super::labels::{Labels, reading_angle};
use super::{Brush, Cube};
use crate::volume::{AxisKind, Lattice, Lens};
use egui::{Pos2, Rect, Stroke, Vec2};

/// An edge of the box: along an axis, at an end of the other two (in the order after it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    axis: usize,
    ends: [usize; 2],
}

impl Edge {
    fn all() -> impl Iterator<Item = Self> {
        (0..3).flat_map(|axis| (0..4).map(move |end| Self { axis, ends: [end & 1, end >> 1] }))
    }

    fn others(self) -> [usize; 2] {
        [(self.axis + 1) % 3, (self.axis + 2) % 3]
    }

    fn place(self, along: f32) -> [f32; 3] {
        let mut place = [along; 3];
        let [b, c] = self.others();
        (place[b], place[c]) = (self.ends[0] as f32, self.ends[1] as f32);
        place
    }

    /// How many of its two faces look away from the eye.
    fn hidden_faces(self, faces: &Faces) -> usize {
        let [b, c] = self.others();
        usize::from(faces.is_back(b, self.ends[0])) + usize::from(faces.is_back(c, self.ends[1]))
    }
}

/// How each face is seen.
struct Faces {
    /// How much it looks towards the eye: the cosine, at its middle.
    towards: [[f32; 2]; 3],
    /// The end of each axis that lies further into the picture.
    further: [usize; 3],
}

impl Faces {
    fn new(lens: &Lens, lattice: &Lattice) -> Self {
        let towards = |axis: usize, end: usize| {
            let mut place = [0.5; 3];
            place[axis] = end as f32;
            let point = lattice.point(place);
            let sign = point[axis].signum();
            sign * lens.to_eye(point)[axis]
        };
        let [_, _, front] = lens.directions();
        Self {
            towards: std::array::from_fn(|axis| [towards(axis, 0), towards(axis, 1)]),
            further: std::array::from_fn(|axis| usize::from(front[axis] * lattice.signs[axis] > 0.0)),
        }
    }

    fn is_back(&self, axis: usize, end: usize) -> bool {
        self.towards[axis][end] <= EDGE_ON
    }

    /// Whether the eye is in the box.
    fn is_inside(&self) -> bool {
        self.towards.iter().flatten().all(|cosine| *cosine < -EDGE_ON)
    }

    /// The end of an axis whose face lies behind the cube, where it is seen at all.
    fn back(&self, axis: usize) -> Option<usize> {
        let [low, high] = self.towards[axis];
        // Both are behind where the eye lies between them.
        let end = if low < 0.0 && high < 0.0 { self.further[axis] } else { usize::from(high < low) };
        (self.towards[axis][end] < -GRID_FROM).then_some(end)
    }
}

/// A face whose cosine is not above this is not seen.
const EDGE_ON: f32 = 1e-4;
/// Grids on faces that are seen at a lower angle would be a grey smear.
const GRID_FROM: f32 = 0.05;
/// Points an edge must take for its axis to be told.
const SHORTEST: f32 = 40.0;
/// Points between two numbers along an edge: upright ones stand over each other, sexagesimal ones are wide.
const UPRIGHT: f32 = 44.0;
const NARROW: f32 = 60.0;
const WIDE: f32 = 78.0;
const TICK: f32 = 5.0;

/// Paints grid, edges and axes as far as they are shown.
pub fn paint(brush: &Brush<'_>, rect: Rect, cube: &Cube, labels: &mut Labels) {
    let shown = cube.look.overlay;
    let lens = Lens::new(&cube.look.scene.view, rect.width(), rect.height());
    let faces = Faces::new(&lens, &cube.lattice);
    let told: Vec<(Edge, Told)> = (0..3)
        .filter_map(|axis| {
            let edge = labelled(axis, &lens, &cube.lattice, &faces, rect)?;
            Told::new(brush, cube, &lens, edge).map(|told| (edge, told))
        })
        .collect();
    if shown.grid {
        grid(brush, cube, &lens, &faces, rect);
    }
    if shown.frame {
        edges(brush, cube, &lens, &faces);
    }
    if shown.axes {
        // The numbers of all axes come before the names: a name can stand elsewhere on its edge.
        let depth: Vec<f32> = told.iter().map(|(_, told)| told.numbers(brush, labels)).collect();
        for ((_, told), depth) in told.iter().zip(depth) {
            told.name(brush, labels, depth);
        }
    }
}

fn edges(brush: &Brush<'_>, cube: &Cube, lens: &Lens, faces: &Faces) {
    for edge in Edge::all() {
        let [from, to] = [0.0, 1.0].map(|along| cube.lattice.point(edge.place(along)));
        let Some(ends) = lens.segment(from, to) else { continue };
        // The outline carries the box; what crosses the data is fainter, most of all behind it.
        let strength = match edge.hidden_faces(faces) {
            1 => 0.75,
            0 => 0.38,
            _ => 0.22,
        };
        let ink = brush.tokens.dim.gamma_multiply(strength);
        brush.painter.line_segment(ends.map(|end| brush.screen(end)), Stroke::new(1.0, ink));
    }
}

/// The edge on which an axis is told: on the outline, the lowest one, or the one at the left where it stands upright.
fn labelled(axis: usize, lens: &Lens, lattice: &Lattice, faces: &Faces, rect: Rect) -> Option<Edge> {
    let mut best: Option<(f32, Edge)> = None;
    for edge in Edge::all().filter(|edge| edge.axis == axis) {
        // Inside of the cube there is no outline.
        if edge.hidden_faces(faces) != 1 && !faces.is_inside() {
            continue;
        }
        let [from, to] = [0.0, 1.0].map(|along| lattice.point(edge.place(along)));
        let Some(ends) = lens.segment(from, to) else { continue };
        let [a, b] = ends.map(|[x, y]| egui::vec2(x, y));
        let way = b - a;
        if way.length() < SHORTEST {
            continue;
        }
        let middle = (a + b) * 0.5;
        // An edge out of the picture tells nothing: those that cross it come first.
        let seen =
            rect.translate(-rect.min.to_vec2()).intersects(Rect::from_two_pos(a.to_pos2(), b.to_pos2()));
        let score = if is_upright(way) { -middle.x } else { middle.y } + if seen { 1e6 } else { 0.0 };
        if best.is_none_or(|(most, _)| score > most) {
            best = Some((score, edge));
        }
    }
    best.map(|(_, edge)| edge)
}

fn is_upright(way: Vec2) -> bool {
    way.y.abs() > 1.6 * way.x.abs()
}

/// How many numbers an edge has room for.
fn most_ticks(cube: &Cube, axis: usize, way: Vec2) -> usize {
    let is_sky = matches!(cube.geometry.axes()[axis].kind, AxisKind::Sky(_));
    let spacing = if is_upright(way) {
        UPRIGHT
    } else if is_sky {
        WIDE
    } else {
        NARROW
    };
    ((way.length() / spacing) as usize).clamp(2, 12)
}

/// An axis as it is told on an edge.
struct Told {
    from: Pos2,
    to: Pos2,
    /// Away from the box, of length one.
    outward: Vec2,
    ticks: Vec<(Pos2, String)>,
    title: String,
}

impl Told {
    fn new(brush: &Brush<'_>, cube: &Cube, lens: &Lens, edge: Edge) -> Option<Self> {
        let screen = |along: f32| {
            let (at, _) = lens.project(cube.lattice.point(edge.place(along)))?;
            Some(brush.screen(at))
        };
        let ends = lens.segment(cube.lattice.point(edge.place(0.0)), cube.lattice.point(edge.place(1.0)))?;
        let [from, to] = ends.map(|end| brush.screen(end));
        let way = to - from;
        let mut outward = way.normalized().rot90();
        let centre = lens.project([0.0; 3]).map(|(at, _)| brush.screen(at));
        if let Some(centre) = centre
            && outward.dot(from + way * 0.5 - centre) < 0.0
        {
            outward = -outward;
        }
        let geometry = &cube.geometry;
        let ticks = geometry
            .ticks(edge.axis, most_ticks(cube, edge.axis, way), |along| cube.voxel(edge.place(along as f32)))
            .into_iter()
            .filter_map(|(along, label)| Some((screen(along)?, label)))
            .collect();
        Some(Self { from, to, outward, ticks, title: geometry.axes()[edge.axis].title() })
    }

    /// Ticks with their numbers. Answers how far the numbers reach from the edge.
    fn numbers(&self, brush: &Brush<'_>, labels: &mut Labels) -> f32 {
        let stroke = Stroke::new(1.0, brush.tokens.dim.gamma_multiply(0.75));
        let mut depth = TICK;
        for (at, label) in &self.ticks {
            brush.painter.line_segment([*at, *at + self.outward * TICK], stroke);
            let beside = *at + self.outward * (TICK + 4.0);
            if labels.write(brush, beside, self.outward, 0.0, label, brush.tokens.dim) {
                let size = brush.size(label);
                let reach = self.outward.x.abs() * size.x + self.outward.y.abs() * size.y;
                depth = depth.max(TICK + 4.0 + reach);
            }
        }
        depth
    }

    /// The axis' name along its edge, outside of the numbers, where there is room for it.
    fn name(&self, brush: &Brush<'_>, labels: &mut Labels, depth: f32) {
        let way = self.to - self.from;
        let angle = reading_angle(way);
        for further in [6.0, 22.0] {
            for along in [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8] {
                let at = self.from + way * along + self.outward * (depth + further);
                if labels.write(brush, at, self.outward, angle, &self.title, brush.tokens.text) {
                    return;
                }
            }
        }
    }
}

/// Lines of round coordinates on the three faces behind the cube. Curved where the sky is.
fn grid(brush: &Brush<'_>, cube: &Cube, lens: &Lens, faces: &Faces, rect: Rect) {
    const POINTS: usize = 8;
    let stroke = Stroke::new(1.0, brush.tokens.dim.gamma_multiply(0.2));
    for face in 0..3 {
        let Some(end) = faces.back(face) else { continue };
        for (told, run) in [((face + 1) % 3, (face + 2) % 3), ((face + 2) % 3, (face + 1) % 3)] {
            let at = |told_place: f32, run_place: f32| {
                let mut place = [0.0; 3];
                (place[face], place[told], place[run]) = (end as f32, told_place, run_place);
                place
            };
            // As many as on the edge that tells this axis.
            let Some(edge) = labelled(told, lens, &cube.lattice, faces, rect) else { continue };
            let ends = [0.0, 1.0].map(|along| cube.lattice.point(edge.place(along)));
            let Some([a, b]) = lens.segment(ends[0], ends[1]) else { continue };
            let way = egui::vec2(b[0] - a[0], b[1] - a[1]);
            let most = most_ticks(cube, told, way);
            let lines: Vec<_> = (0..=POINTS)
                .map(|point| {
                    let run_place = point as f32 / POINTS as f32;
                    cube.geometry.ticks(told, most, |along| cube.voxel(at(along as f32, run_place)))
                })
                .collect();
            for (point, pair) in lines.windows(2).enumerate() {
                for (place, label) in &pair[0] {
                    // The same coordinate a little further on.
                    let Some((next, _)) = pair[1].iter().find(|(_, other)| other == label) else { continue };
                    let ends = [(*place, point), (*next, point + 1)]
                        .map(|(place, point)| cube.lattice.point(at(place, point as f32 / POINTS as f32)));
                    if let Some(ends) = lens.segment(ends[0], ends[1]) {
                        brush.painter.line_segment(ends.map(|end| brush.screen(end)), stroke);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::volume::fixture::lattice;
    use crate::volume::View;

    fn rect() -> Rect {
        Rect::from_min_size(Pos2::ZERO, egui::vec2(900.0, 600.0))
    }

    /// From any side of a box that is seen from outside: three faces at most look at the eye, and an axis is told on the outline.
    #[test]
    fn axes_are_told_on_the_outline() {
        let lattice = lattice();
        for orthographic in [false, true] {
            for azimuth in (-170..180).step_by(20) {
                for elevation in [-80, -45, -10, 5, 30, 75] {
                    let view = View {
                        azimuth_deg: azimuth as f32,
                        elevation_deg: elevation as f32,
                        distance: 2.2,
                        orthographic,
                        ..View::default()
                    };
                    let lens = Lens::new(&view, 900.0, 600.0);
                    let faces = Faces::new(&lens, &lattice);
                    let seen = faces.towards.iter().flatten().filter(|cosine| **cosine > EDGE_ON).count();
                    assert!((1..=3).contains(&seen), "{seen} faces from {azimuth}, {elevation}");
                    for axis in 0..3 {
                        if let Some(edge) = labelled(axis, &lens, &lattice, &faces, rect()) {
                            assert_eq!(edge.hidden_faces(&faces), 1, "{edge:?} from {azimuth}, {elevation}");
                            assert_eq!(edge.axis, axis);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn face_on_the_third_axis_is_not_told() {
        let lattice = lattice();
        let view = View { orthographic: true, ..View::default() };
        let lens = Lens::new(&view, 900.0, 600.0);
        let faces = Faces::new(&lens, &lattice);
        assert_eq!(labelled(2, &lens, &lattice, &faces, rect()), None);
        let [x, y] = [0, 1].map(|axis| labelled(axis, &lens, &lattice, &faces, rect()).expect("in sight"));
        // Below, and at the left: x runs to the left here.
        assert_eq!((x.place(0.5)[1], y.place(0.5)[0]), (0.0, 1.0));
        assert_eq!(faces.back(0), None);
        assert_eq!(faces.back(2), Some(1), "the far end of the velocity");
    }

    #[test]
    fn inside_the_cube_all_faces_are_behind() {
        let lattice = lattice();
        let view = View { distance: 0.05, ..View::default() };
        let lens = Lens::new(&view, 900.0, 600.0);
        let faces = Faces::new(&lens, &lattice);
        assert!(faces.is_inside());
        assert!(labelled(0, &lens, &lattice, &faces, rect()).is_some());
        assert_eq!(faces.back(2), Some(1));
    }
}
