//! Three arms at the lower right of the picture that turn with the cube: north and east on the sky, the third axis as it grows. A click
//! on an end looks at the cube from that side.

use super::cube::Cube;
use super::navigate::Motion;
use super::overlay;
use crate::app::theme::Tokens;
use crate::io::wcs::Quantity;
use crate::volume::{AxisKind, Lens, View};
use egui::{Align2, FontId, Painter, Pos2, Rect, Sense, Stroke, Ui, Vec2, WidgetInfo, WidgetType, vec2};

/// Length of an arm in points.
const ARM: f32 = 32.0;
/// Of the ends of arms: the growing ones carry a letter.
const NAMED: f32 = 8.5;
const PLAIN: f32 = 4.0;
/// From the lower right corner of the picture to where the arms meet.
const PLACE: Vec2 = vec2(-58.0, -58.0);
/// A smaller picture has no room for it.
const LEAST: Vec2 = vec2(300.0, 240.0);

/// What the arms take of the picture; nothing where they are not shown.
pub fn taken(rect: Rect, cube: &Cube) -> Option<Rect> {
    let shown = cube.look.overlay.visible && cube.look.overlay.axes;
    let has_room = rect.width() >= LEAST.x && rect.height() >= LEAST.y;
    let centre = rect.right_bottom() + PLACE;
    (shown && has_room).then(|| Rect::from_center_size(centre, Vec2::splat(2.0 * (ARM + NAMED))))
}

/// One end of an arm.
struct End {
    axis: usize,
    /// The coordinate grows towards it.
    grows: bool,
    name: String,
    /// In the world, of length one.
    way: [f32; 3],
}

/// The ends of the three arms. On the sky they lie as north and east do, also where the cube's sides do not.
fn ends(cube: &Cube) -> Vec<End> {
    let (signs, axes) = (cube.lattice.signs, cube.geometry.axes());
    let shape = cube.geometry.shape();
    let mut ends = Vec::new();
    for axis in 0..3 {
        let mut way = [0.0; 3];
        let is_sky = matches!(axes[axis].kind, AxisKind::Sky(_));
        let name = match (axis, is_sky.then(|| cube.geometry.compass()).flatten()) {
            (0 | 1, Some((north, east))) => {
                // The cube's side that lies nearer to north is told by it.
                let is_north = (axis == 1) == (north[1].abs() >= north[0].abs());
                let towards = if is_north { north } else { east };
                (way[0], way[1]) = (towards[0] as f32 * signs[0], towards[1] as f32 * signs[1]);
                if is_north { "N" } else { "E" }.to_owned()
            }
            _ => {
                let mut far = [0.0; 3];
                far[axis] = shape[axis].saturating_sub(1).max(1) as f64;
                let growth = cube.geometry.world(far)[axis] - cube.geometry.world([0.0; 3])[axis];
                way[axis] = if growth < 0.0 { -signs[axis] } else { signs[axis] };
                match axes[axis].kind {
                    AxisKind::Velocity => "v".to_owned(),
                    AxisKind::Spectral(Quantity::Frequency) => "ν".to_owned(),
                    AxisKind::Spectral(Quantity::Wavelength | Quantity::AirWavelength) => "λ".to_owned(),
                    _ => axes[axis].name.chars().next().map(String::from).unwrap_or_default(),
                }
            }
        };
        ends.push(End { axis, grows: true, name, way });
        ends.push(End { axis, grows: false, name: String::new(), way: way.map(|part| -part) });
    }
    ends
}

/// The side of the box that an end lies on.
fn view_from(end: &End, view: View) -> View {
    let towards = end.way[end.axis];
    let (azimuth_deg, elevation_deg) = match (end.axis, towards > 0.0) {
        (0, true) => (90.0, 0.0),
        (0, false) => (-90.0, 0.0),
        (1, true) => (0.0, 90.0),
        (1, false) => (0.0, -90.0),
        (_, true) => (0.0, 0.0),
        (_, false) => (180.0, 0.0),
    };
    View { azimuth_deg, elevation_deg, ..view }
}

/// Paints the arms and takes clicks on their ends.
pub fn show(ui: &Ui, rect: Rect, cube: &mut Cube, motion: &mut Motion, reduce_motion: bool) {
    let Some(place) = taken(rect, cube) else { return };
    let tokens = overlay::tokens_on(cube.look.scene.background);
    let lens = Lens::new(&cube.look.scene.view, 1.0, 1.0);
    let [right, up, front] = lens.directions();
    let dot = |a: [f32; 3], b: [f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    let mut ends: Vec<(End, Pos2, f32)> = ends(cube)
        .into_iter()
        .map(|end| {
            let at = place.center() + vec2(dot(end.way, right), -dot(end.way, up)) * ARM;
            let depth = dot(end.way, front);
            (end, at, depth)
        })
        .collect();
    // The far ones first: near ones lie over them, under the pointer as well.
    ends.sort_by(|a, b| b.2.total_cmp(&a.2));
    for (end, at, depth) in ends {
        let side = if end.grows { "growing" } else { "falling" };
        let name = &cube.geometry.axes()[end.axis].name;
        let words = format!("Look from the side of {side} {name}");
        let reach = Rect::from_center_size(at, Vec2::splat(2.0 * NAMED));
        let id = ui.id().with(("side", end.axis, end.grows));
        let response = ui.interact(reach, id, Sense::click());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, &words));
        paint(ui.painter(), place.center(), at, (&end, depth), response.hovered(), tokens);
        if response.on_hover_text(words).clicked() {
            let to = view_from(&end, cube.look.scene.view).fitted(&cube.lattice, rect.aspect_ratio());
            motion.is_turning = false;
            let now = ui.input(|input| input.time);
            motion.go_to(&mut cube.look.scene.view, to, now, reduce_motion);
        }
    }
}

fn paint(
    painter: &Painter,
    from: Pos2,
    at: Pos2,
    (end, depth): (&End, f32),
    is_hovered: bool,
    tokens: &Tokens,
) {
    // What points away is fainter.
    let strength = 0.75 - 0.25 * depth;
    let ink = if is_hovered { tokens.accent } else { tokens.dim.gamma_multiply(strength) };
    if end.grows {
        painter.line_segment([from, at], Stroke::new(1.5, ink));
        painter.circle(at, NAMED, tokens.field, Stroke::new(1.0, ink));
        let text = if is_hovered { tokens.accent } else { tokens.text.gamma_multiply(strength) };
        painter.text(at, Align2::CENTER_CENTER, &end.name, FontId::monospace(11.0), text);
    } else {
        painter.circle(at, PLAIN, tokens.field, Stroke::new(1.0, ink));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_looked_at_from_its_own_side() {
        for axis in 0..3 {
            for sign in [-1.0, 1.0] {
                let mut way = [0.0; 3];
                way[axis] = sign;
                let end = End { axis, grows: true, name: String::new(), way };
                let view = view_from(&end, View { azimuth_deg: 32.0, ..View::default() });
                let [_, _, front] = Lens::new(&view, 1.0, 1.0).directions();
                assert!((front[axis] + sign).abs() < 1e-5, "axis {axis}, {sign}: {front:?}");
            }
        }
    }
}
