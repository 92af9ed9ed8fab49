//! The mouse and the keys on the picture of a cube: they move its camera (`volume::navigate` has the mathematics).

use super::clip;
use super::cube::Cube;
use super::inspector;
use super::keys::VolumeAction;
use crate::app::keymap::KeyMap;
use crate::app::theme::MOTION_S;
use crate::volume::{Lattice, Lens, Preset, Scene, View, crossing};
use egui::{EventFilter, PointerButton, Pos2, Rect, Response, Ui, vec2};
use ndarray::Array3;

/// Degrees that the slow turn takes in a second.
const TURN_DEG_S: f32 = 12.0;
/// The wheel's points to the factor of a zoom, as on maps.
const ZOOM_PER_POINT: f32 = 0.004;
/// Degrees that a held arrow key turns in a second, and the factor that a held key zooms.
const KEY_DEG_S: f32 = 75.0;
const KEY_ZOOM_S: f32 = 2.2;
/// A frame that took longer was a pause: nothing jumps after it.
const LONGEST_FRAME_S: f32 = 0.1;
/// The wheel counts as moving for so long, so that the resolution does not change between its steps.
const WHEEL_REST_S: f64 = 0.15;

/// What the camera is about to do. Not kept over a session.
pub struct Motion {
    /// From, to, and when it began.
    ease: Option<(View, View, f64)>,
    /// Turns by itself.
    pub is_turning: bool,
    drag: Option<Drag>,
    last_wheel: f64,
    /// Width over height of the picture, for views that fill it.
    aspect: f32,
    /// Asked for from elsewhere, done with the next picture.
    pub asked: Option<VolumeAction>,
    /// The two cubes that are compared are to change places.
    pub blinks: bool,
}

/// What a drag that has begun does.
#[derive(Clone, Copy, PartialEq)]
enum Drag {
    Orbit,
    /// The point of the world that the hand holds.
    Pan([f32; 3]),
    Clip(clip::Handle),
    /// The range of the colours as it was.
    Levels((f64, f64)),
}

impl Default for Motion {
    fn default() -> Self {
        Self {
            ease: None,
            is_turning: false,
            drag: None,
            last_wheel: f64::NEG_INFINITY,
            aspect: 1.0,
            asked: None,
            blinks: false,
        }
    }
}

impl Motion {
    /// Goes to a view: at once where motion is reduced.
    pub fn go_to(&mut self, view: &mut View, to: View, now: f64, reduce_motion: bool) {
        self.ease = None;
        if reduce_motion || *view == to {
            *view = to;
        } else {
            self.ease = Some((*view, to, now));
        }
    }

    fn step(&mut self, view: &mut View, now: f64) -> bool {
        let Some((from, to, since)) = self.ease else { return false };
        let part = ((now - since) as f32 / MOTION_S).clamp(0.0, 1.0);
        *view = from.between(&to, part * part * (3.0 - 2.0 * part));
        if part >= 1.0 {
            self.ease = None;
        }
        true
    }
}

/// Lets mouse and keys move the camera of the cube whose picture fills `rect`. Answers whether it is moving, so that pictures are
/// drawn at a resolution that keeps up.
pub fn interact(
    ui: &Ui,
    response: &Response,
    rect: Rect,
    cube: &mut Cube,
    motion: &mut Motion,
    reduce_motion: bool,
) -> bool {
    let now = ui.input(|input| input.time);
    motion.aspect = rect.width() / rect.height().max(1.0);
    let mut is_moving = motion.step(&mut cube.look.scene.view, now);
    is_moving |= drag(ui, response, rect, cube, motion);
    is_moving |= wheel(ui, response, rect, cube, motion, now);
    if response.double_clicked_by(PointerButton::Primary)
        && let Some(at) = response.interact_pointer_pos()
    {
        let to = cube.look.scene.view.centred(brightest(cube, at, rect));
        motion.go_to(&mut cube.look.scene.view, to, now, reduce_motion);
    }
    if let Some(action) = motion.asked.take() {
        act(action, cube, motion, now, reduce_motion);
    }
    let focused = ui.memory(|memory| memory.focused());
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }
    let ours = response.has_focus() || (focused.is_none() && response.contains_pointer());
    if ours && !ui.ctx().text_edit_focused() {
        let keys = KeyMap::of(ui.ctx());
        for action in keys.take_volume_actions(ui.ctx()) {
            act(action, cube, motion, now, reduce_motion);
        }
        is_moving |= turn(ui, &keys, cube, motion) | fly(ui, &keys, cube, motion);
    }
    if motion.is_turning {
        let seconds = ui.input(|input| input.stable_dt).min(LONGEST_FRAME_S);
        let view = &mut cube.look.scene.view;
        view.azimuth_deg = (view.azimuth_deg + TURN_DEG_S * seconds + 180.0).rem_euclid(360.0) - 180.0;
        is_moving = true;
    }
    if is_moving || motion.ease.is_some() {
        ui.ctx().request_repaint();
        return true;
    }
    let since = now - motion.last_wheel;
    if since < WHEEL_REST_S {
        ui.ctx().request_repaint_after_secs((WHEEL_REST_S - since) as f32 + 0.01);
    }
    since < WHEEL_REST_S || motion.drag.is_some()
}

/// Does what a key or a row of the view list asks for; flying is by keys that are held.
pub fn act(action: VolumeAction, cube: &mut Cube, motion: &mut Motion, now: f64, reduce_motion: bool) {
    let preset = match action {
        VolumeAction::Sky => Preset::Sky,
        VolumeAction::AlongY => Preset::AlongY,
        VolumeAction::AlongX => Preset::AlongX,
        VolumeAction::Reset => Preset::Corner,
        VolumeAction::Projection => {
            motion.ease = None;
            cube.look.scene.view.orthographic ^= true;
            return;
        }
        VolumeAction::Turn => {
            motion.is_turning ^= true;
            motion.ease = None;
            return;
        }
        VolumeAction::Blink => {
            motion.blinks = true;
            return;
        }
        VolumeAction::ClipBox => {
            cube.look.overlay.clip_handles ^= true;
            return;
        }
        VolumeAction::Labels => {
            cube.look.overlay.visible ^= true;
            return;
        }
        VolumeAction::Frame => {
            let Some(part) = seen(&cube.look.scene, &cube.loaded.values) else { return };
            motion.is_turning = false;
            let to = cube.look.scene.view.fitted_to(&cube.lattice, part, motion.aspect);
            motion.go_to(&mut cube.look.scene.view, to, now, reduce_motion);
            return;
        }
        _ => return,
    };
    motion.is_turning = false;
    let to = preset.view(&cube.lattice, cube.look.scene.view.orthographic, motion.aspect);
    motion.go_to(&mut cube.look.scene.view, to, now, reduce_motion);
}

fn drag(ui: &Ui, response: &Response, rect: Rect, cube: &mut Cube, motion: &mut Motion) -> bool {
    let Some(pointer) = response.interact_pointer_pos() else {
        motion.drag = None;
        return false;
    };
    let at = [pointer.x - rect.left(), pointer.y - rect.top()];
    let (width, height) = (rect.width(), rect.height());
    if response.drag_started() {
        let view = cube.look.scene.view;
        // Where the button went down, not where egui saw a drag in it.
        let press = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
        let from = [press.x - rect.left(), press.y - rect.top()];
        let pans = response.dragged_by(PointerButton::Secondary)
            || response.dragged_by(PointerButton::Middle)
            || ui.input(|input| input.modifiers.shift);
        motion.ease = None;
        motion.drag = Some(match clip::handle_at(cube, rect, press) {
            Some(handle) if !pans => Drag::Clip(handle),
            _ if ui.input(|input| input.modifiers.command) => Drag::Levels(cube.look.scene.transfer.range),
            _ if pans => Drag::Pan(view.held(&cube.lattice, from, width, height)),
            _ => Drag::Orbit,
        });
    }
    let moved = response.drag_delta();
    match motion.drag {
        Some(Drag::Orbit) if moved != egui::Vec2::ZERO => {
            motion.is_turning = false;
            let view = &mut cube.look.scene.view;
            *view = view.orbited(moved.x, moved.y, height);
        }
        Some(Drag::Pan(held)) if moved != egui::Vec2::ZERO => {
            let view = &mut cube.look.scene.view;
            *view = view.panned(held, at, width, height);
        }
        Some(Drag::Clip(handle)) if moved != egui::Vec2::ZERO => clip::drag(cube, rect, handle, pointer),
        Some(Drag::Levels(before)) if moved != egui::Vec2::ZERO => {
            let from = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
            let way = (pointer - from) / rect.size().max(vec2(1.0, 1.0));
            let (low, high) = inspector::levelled(before, way.x, -way.y);
            cube.look.scene.transfer.set_range(low, high);
        }
        _ => return motion.drag.is_some() && response.dragged(),
    }
    true
}

fn wheel(ui: &Ui, response: &Response, rect: Rect, cube: &mut Cube, motion: &mut Motion, now: f64) -> bool {
    let Some(cursor) = response.hover_pos() else { return false };
    let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
    let factor = (scroll * ZOOM_PER_POINT).exp() * pinch;
    if factor == 1.0 {
        return false;
    }
    motion.ease = None;
    motion.last_wheel = now;
    let view = &mut cube.look.scene.view;
    let at = [cursor.x - rect.left(), cursor.y - rect.top()];
    let lattice = &cube.lattice;
    let held = view.held(lattice, at, rect.width(), rect.height());
    *view = view.zoomed(held, factor);
    true
}

/// Turns and zooms by the keys that are held.
fn turn(ui: &Ui, keys: &KeyMap, cube: &mut Cube, motion: &mut Motion) -> bool {
    let held = |action| f32::from(u8::from(keys.is_held(ui.ctx(), action)));
    let right = held(VolumeAction::TurnRight) - held(VolumeAction::TurnLeft);
    let up = held(VolumeAction::TurnUp) - held(VolumeAction::TurnDown);
    let nearer = held(VolumeAction::Nearer) - held(VolumeAction::Farther);
    if [right, up, nearer] == [0.0; 3] {
        return false;
    }
    motion.ease = None;
    motion.is_turning &= right == 0.0 && up == 0.0;
    let seconds = ui.input(|input| input.stable_dt).min(LONGEST_FRAME_S);
    let view = &mut cube.look.scene.view;
    *view = view.turned(right * KEY_DEG_S * seconds, up * KEY_DEG_S * seconds);
    *view = view.zoomed(view.target, KEY_ZOOM_S.powf(nearer * seconds));
    true
}

/// Voxels looked at for where a cube shows something.
const MOST_LOOKED_AT: usize = 1 << 17;
/// What part of all that is seen may lie outside at each end of an axis: noise here and there.
const BEYOND: f64 = 0.02;

/// The part of the clip box (0 to 1 along x, y, z) that holds what the transfer function shows; `None` where it shows nothing.
fn seen(scene: &Scene, values: &Array3<f32>) -> Option<[[f32; 2]; 3]> {
    let (depth, height, width) = values.dim();
    let shape = [width, height, depth];
    let step = ((values.len() as f64 / MOST_LOOKED_AT as f64).cbrt().ceil() as usize).max(1);
    let mut sums = shape.map(|count| vec![0.0_f64; count]);
    for z in (0..depth).step_by(step) {
        for y in (0..height).step_by(step) {
            for x in (0..width).step_by(step) {
                let at = [x, y, z];
                let is_within = (0..3).all(|axis| {
                    let place = (at[axis] as f32 + 0.5) / shape[axis] as f32;
                    (scene.clip[axis][0]..=scene.clip[axis][1]).contains(&place)
                });
                let value = f64::from(values[[z, y, x]]);
                if !is_within || !value.is_finite() {
                    continue;
                }
                let transfer = &scene.transfer;
                let opacity = f64::from(transfer.opacity_at(transfer.place_from_value(value)));
                // Many faint voxels of noise count for less than few bright ones.
                (0..3).for_each(|axis| sums[axis][at[axis]] += opacity * opacity);
            }
        }
    }
    let mut part = [[0.0, 1.0]; 3];
    for (bounds, sums) in part.iter_mut().zip(&sums) {
        let all: f64 = sums.iter().sum();
        if all <= 0.0 {
            return None;
        }
        let reach = |along: &mut dyn Iterator<Item = &f64>| {
            let mut sum = 0.0;
            let beyond = along.take_while(|part| {
                sum += **part;
                sum <= BEYOND * all
            });
            beyond.count() as f32 / sums.len() as f32
        };
        *bounds = [reach(&mut sums.iter()), 1.0 - reach(&mut sums.iter().rev())];
    }
    Some(part)
}

fn fly(ui: &Ui, keys: &KeyMap, cube: &mut Cube, motion: &mut Motion) -> bool {
    let held = |action| f32::from(u8::from(keys.is_held(ui.ctx(), action)));
    let along = |ahead, back| held(ahead) - held(back);
    let way = [
        along(VolumeAction::FlyForward, VolumeAction::FlyBack),
        along(VolumeAction::FlyRight, VolumeAction::FlyLeft),
        along(VolumeAction::FlyUp, VolumeAction::FlyDown),
    ];
    if way == [0.0; 3] {
        return false;
    }
    motion.ease = None;
    let seconds = ui.input(|input| input.stable_dt).min(LONGEST_FRAME_S);
    let view = &mut cube.look.scene.view;
    let step = view.flight_speed() * seconds;
    *view = view.flown(way.map(|part| part * step));
    true
}

/// The brightest point of the clip box behind a place of the picture; without any value there, the middle.
fn brightest(cube: &Cube, at: Pos2, rect: Rect) -> [f32; 3] {
    let (lattice, scene) = (&cube.lattice, &cube.look.scene);
    let at = [at.x - rect.left(), at.y - rect.top()];
    let (width, height) = (rect.width(), rect.height());
    let (origin, direction) = Lens::new(&scene.view, width, height).ray(at);
    let found = crossing(lattice, scene.clip, origin, direction)
        .and_then(|way| brightest_along(lattice, &cube.loaded.values, origin, direction, way));
    found.unwrap_or_else(|| scene.view.held(lattice, at, width, height))
}

fn brightest_along(
    lattice: &Lattice,
    values: &Array3<f32>,
    origin: [f32; 3],
    direction: [f32; 3],
    [enter, leave]: [f32; 2],
) -> Option<[f32; 3]> {
    let steps = ((leave - enter) / lattice.finest()).ceil().clamp(1.0, 8192.0);
    let mut best: Option<(f32, [f32; 3])> = None;
    for step in 0..steps as usize {
        let depth = enter + (leave - enter) * (step as f32 + 0.5) / steps;
        let point: [f32; 3] = std::array::from_fn(|axis| origin[axis] + depth * direction[axis]);
        let place = lattice.place(point);
        let [x, y, z] = std::array::from_fn(|axis| {
            let count = lattice.shape[axis];
            ((place[axis] * count as f32) as usize).min(count.saturating_sub(1))
        });
        let Some(value) = values.get([z, y, x]).copied().filter(|value| value.is_finite()) else { continue };
        if best.is_none_or(|(most, _)| value > most) {
            best = Some((value, point));
        }
    }
    best.map(|(_, point)| point)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_is_found_among_noise() {
        let mut values =
            Array3::from_shape_fn((40, 30, 20), |(z, y, x)| ((x * 7 + y * 13 + z * 29) % 11) as f32 * 0.005);
        values.slice_mut(ndarray::s![8..20, 15..24, 4..8]).fill(5.0);
        let lattice = Lattice::new([20, 30, 40], [1.0; 3], (0.0, 5.0)).expect("a lattice");
        let mut scene = Scene::of(&lattice);
        let part = seen(&scene, &values).expect("something");
        for (found, expected) in part.as_flattened().iter().zip([0.2, 0.4, 0.5, 0.8, 0.2, 0.5]) {
            assert!((found - expected).abs() < 1e-6, "{part:?}");
        }
        scene.transfer.set_range(6.0, 7.0);
        assert_eq!(seen(&scene, &values), None);
    }
}
