//! The clip box: handles on its six faces that are dragged in the picture, its outline, and its numbers.

use super::cube::Cube;
use super::keys::VolumeAction;
use super::overlay;
use crate::app::keymap::KeyMap;
use crate::app::theme::Tokens;
use crate::io::Region;
use crate::volume::{Lattice, Lens};
use egui::{Color32, DragValue, Painter, Pos2, Rect, RichText, Stroke, Ui, WidgetInfo, WidgetType, pos2};

/// A face of the clip box that can be taken hold of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    axis: usize,
    upper: bool,
}

impl Handle {
    const ALL: [Self; 6] = [
        Self { axis: 0, upper: false },
        Self { axis: 0, upper: true },
        Self { axis: 1, upper: false },
        Self { axis: 1, upper: true },
        Self { axis: 2, upper: false },
        Self { axis: 2, upper: true },
    ];

    /// The middle of the face, in the cube.
    fn place(self, clip: [[f32; 2]; 3]) -> [f32; 3] {
        let mut place = clip.map(|[low, high]| 0.5 * (low + high));
        place[self.axis] = clip[self.axis][usize::from(self.upper)];
        place
    }
}

/// How near the pointer must be to a handle, in points.
const REACH: f32 = 12.0;
const RADIUS: f32 = 5.0;

/// The handle under the pointer, nearest to the eye first; none while there are no handles.
pub fn handle_at(cube: &Cube, rect: Rect, pointer: Pos2) -> Option<Handle> {
    if !cube.look.overlay.clip_handles {
        return None;
    }
    let lens = Lens::new(&cube.look.scene.view, rect.width(), rect.height());
    let near = handles(&lens, &cube.lattice, cube.look.scene.clip, rect)
        .filter(|(_, at, _)| at.distance(pointer) < REACH);
    near.min_by(|a, b| a.2.total_cmp(&b.2)).map(|(handle, ..)| handle)
}

/// Each handle with its place on the screen and its depth.
fn handles<'a>(
    lens: &'a Lens,
    lattice: &'a Lattice,
    clip: [[f32; 2]; 3],
    rect: Rect,
) -> impl Iterator<Item = (Handle, Pos2, f32)> + 'a {
    Handle::ALL.into_iter().filter_map(move |handle| {
        let ([x, y], depth) = lens.project(lattice.point(handle.place(clip)))?;
        Some((handle, pos2(rect.left() + x, rect.top() + y), depth))
    })
}

/// Moves a face so that its handle is as near to the pointer as its axis lets it, by whole voxels.
pub fn drag(cube: &mut Cube, rect: Rect, handle: Handle, pointer: Pos2) {
    let scene = &mut cube.look.scene;
    let lens = Lens::new(&scene.view, rect.width(), rect.height());
    let ray = lens.ray([pointer.x - rect.left(), pointer.y - rect.top()]);
    if let Some(place) = along(&cube.lattice, handle.axis, handle.place(scene.clip), ray) {
        scene.clip = moved(scene.clip, handle, place, cube.lattice.shape[handle.axis]);
    }
}

/// The place along an axis, on the line through `from`, that a ray passes nearest; `None` where it looks along the axis.
fn along(
    lattice: &Lattice,
    axis: usize,
    from: [f32; 3],
    (origin, direction): ([f32; 3], [f32; 3]),
) -> Option<f32> {
    let point = lattice.point(from);
    let off: [f32; 3] = std::array::from_fn(|i| point[i] - origin[i]);
    let dot = |a: [f32; 3], b: [f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    // The axis is a unit vector of the world: both lines' feet of their common perpendicular.
    let cosine = direction[axis];
    let across = 1.0 - cosine * cosine;
    if across < 1e-3 {
        return None;
    }
    let shift = (cosine * dot(off, direction) - off[axis]) / across;
    let mut found = point;
    found[axis] += shift;
    Some(lattice.place(found)[axis])
}

/// The clip box with a face at another place, on the border of a voxel, one voxel thick at least.
fn moved(mut clip: [[f32; 2]; 3], handle: Handle, place: f32, voxels: usize) -> [[f32; 2]; 3] {
    let count = voxels.max(1) as f32;
    let [low, high] = clip[handle.axis].map(|place| (place * count).round());
    let wanted = (place * count).round();
    clip[handle.axis] = if handle.upper {
        [low / count, wanted.clamp(low + 1.0, count.max(low + 1.0)).min(count) / count]
    } else {
        [wanted.clamp(0.0, (high - 1.0).max(0.0)) / count, high / count]
    };
    clip
}

pub fn is_whole(clip: [[f32; 2]; 3]) -> bool {
    clip == [[0.0, 1.0]; 3]
}

/// The outline of what is left, where something is cut away, and the handles while they are shown.
pub fn paint(painter: &Painter, rect: Rect, cube: &Cube) {
    let (clip, shown) = (cube.look.scene.clip, cube.look.overlay.clip_handles);
    if is_whole(clip) && !shown {
        return;
    }
    let tokens = overlay::tokens_on(cube.look.scene.background);
    let painter = &painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let lens = Lens::new(&cube.look.scene.view, rect.width(), rect.height());
    let screen = |[x, y]: [f32; 2]| pos2(rect.left() + x, rect.top() + y);
    let strength = if is_whole(clip) { 0.3 } else { 0.7 };
    let ink = if shown { tokens.accent } else { tokens.dim }.gamma_multiply(strength);
    for axis in 0..3 {
        let (b, c) = ((axis + 1) % 3, (axis + 2) % 3);
        for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let end = |k: usize| {
                let mut place = [0.0; 3];
                (place[axis], place[b], place[c]) = (clip[axis][k], clip[b][i], clip[c][j]);
                cube.lattice.point(place)
            };
            if let Some(ends) = lens.segment(end(0), end(1)) {
                painter.line_segment(ends.map(screen), Stroke::new(1.0, ink));
            }
        }
    }
    if !shown {
        return;
    }
    let pointer = painter.ctx().pointer_hover_pos();
    let under = pointer.and_then(|pointer| handle_at(cube, rect, pointer));
    let mut all: Vec<_> = handles(&lens, &cube.lattice, clip, rect).collect();
    all.sort_by(|a, b| b.2.total_cmp(&a.2));
    for (handle, at, _) in all {
        let radius = if under == Some(handle) { RADIUS + 1.5 } else { RADIUS };
        painter.circle(at, radius + 2.0, Color32::from_black_alpha(120), Stroke::NONE);
        painter.circle(at, radius, tokens.accent, Stroke::new(1.5, tokens.on_accent));
    }
}

/// The numbers of the clip box, for the inspector.
pub fn section(ui: &mut Ui, cube: &mut Cube) {
    let tokens = Tokens::of(ui);
    let part = cube.part();
    let mut clip = cube.look.scene.clip;
    for axis in 0..3 {
        let count = cube.lattice.shape[axis];
        let whole = count as f32;
        let [mut low, mut high] = clip[axis].map(|place| (place * whole).round() as usize);
        let axis_name = cube.geometry.axes()[axis].name.clone();
        ui.horizontal(|ui| {
            ui.label(RichText::new(&axis_name).color(tokens.dim));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                // Voxels of the file, counted from 1, the first and the last that are drawn.
                let file = |index: usize| part.first[axis] + index * part.factor;
                let mut last = file(high);
                let mut first = file(low) + 1;
                let most = file(count);
                let from = part.first[axis] + 1;
                let speed = 0.2 * part.factor as f64;
                let named = |response: egui::Response, which: &str| {
                    let words = format!("{which} voxel along {}", ["x", "y", "z"][axis]);
                    response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, &words));
                };
                named(ui.add(DragValue::new(&mut last).range(first..=most).speed(speed)), "Last");
                ui.label("–");
                named(ui.add(DragValue::new(&mut first).range(from..=last).speed(speed)), "First");
                low = (first - from) / part.factor;
                high = (last + part.factor - from) / part.factor;
            });
        });
        let high = high.clamp(1, count.max(1));
        clip[axis] = [low.min(high - 1) as f32 / whole, high as f32 / whole];
        // The outer borders of the outermost voxels: what is left reaches from there to there.
        let words = |place: f32| {
            let mut at = clip.map(|[low, high]| 0.5 * (low + high));
            at[axis] = place;
            cube.geometry.value_words(axis, part.voxel(at))
        };
        let range = format!("{} … {}", words(clip[axis][0]), words(clip[axis][1]));
        ui.label(RichText::new(range).monospace().color(tokens.faint));
    }
    cube.look.scene.clip = clip;
    ui.horizontal(|ui| {
        let tip = KeyMap::of(ui.ctx()).tip(ui.ctx(), VolumeAction::ClipBox);
        ui.checkbox(&mut cube.look.overlay.clip_handles, "Handles").on_hover_text(tip);
        if ui.add_enabled(!is_whole(clip), egui::Button::new("Show all")).clicked() {
            cube.look.scene.clip = [[0.0, 1.0]; 3];
        }
    });
    if part.factor > 1 && !is_whole(clip) {
        let tip = "Read this part of the file again, with as many of its voxels as fit";
        if ui.button("Reload this part at full resolution").on_hover_text(tip).clicked() {
            cube.reload = Some(region(cube));
        }
    }
}

/// The part of the file that the clip box leaves.
fn region(cube: &Cube) -> Region {
    let (part, clip) = (cube.part(), cube.look.scene.clip);
    let (whole, count) = (cube.geometry.shape(), cube.lattice.shape);
    // The region counts z, y, x.
    let bounds = |axis: usize| {
        let voxel =
            |place: f32| part.first[axis] + (place * count[axis] as f32).round() as usize * part.factor;
        let [low, high] = clip[axis].map(|place| voxel(place).min(whole[axis]));
        (low, high.saturating_sub(low).max(1))
    };
    let [x, y, z] = std::array::from_fn(bounds);
    Region { start: [z.0, y.0, x.0], size: [z.1, y.1, x.1] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::volume::fixture::lattice;
    use crate::volume::View;

    #[test]
    fn a_handle_follows_the_pointer_along_its_axis() {
        let (lattice, clip) = (lattice(), [[0.1, 0.9], [0.0, 1.0], [0.25, 0.75]]);
        for orthographic in [false, true] {
            let view = View { azimuth_deg: 40.0, elevation_deg: 25.0, orthographic, ..View::default() };
            let lens = Lens::new(&view, 800.0, 600.0);
            for handle in Handle::ALL {
                let from = handle.place(clip);
                let mut to = from;
                to[handle.axis] = 0.4;
                let (at, _) = lens.project(lattice.point(to)).expect("in sight");
                let found = along(&lattice, handle.axis, from, lens.ray(at)).expect("not edge-on");
                assert!((found - 0.4).abs() < 1e-4, "{handle:?}: {found}");
            }
        }
        let face_on = Lens::new(&View { orthographic: true, ..View::default() }, 800.0, 600.0);
        assert_eq!(along(&lattice, 2, [0.5; 3], face_on.ray([400.0, 300.0])), None);
    }

    #[test]
    fn a_voxel_is_always_left() {
        let clip = [[0.0, 1.0], [0.2, 0.5], [0.0, 1.0]];
        let lower = Handle { axis: 1, upper: false };
        assert_eq!(moved(clip, lower, 0.7, 10)[1], [0.4, 0.5]);
        assert_eq!(moved(clip, lower, -3.0, 10)[1], [0.0, 0.5]);
        let upper = Handle { axis: 1, upper: true };
        assert_eq!(moved(clip, upper, 0.0, 10)[1], [0.2, 0.3]);
        assert_eq!(moved(clip, upper, 7.0, 10)[1], [0.2, 1.0]);
        assert_eq!(moved([[0.0, 1.0]; 3], upper, 0.0, 1)[1], [0.0, 1.0], "an axis of one voxel");
    }
}
