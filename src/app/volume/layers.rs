//! The column at the left of the picture: the open cubes, what is drawn of the one in front, the ways to look at it.

use super::cube::{Cube, Open};
use super::keys::VolumeAction;
use super::looking;
use super::navigate::{self, Motion};
use crate::app::files::caption;
use crate::app::keymap::KeyMap;
use crate::app::text;
use crate::app::theme::{CONTROL_RADIUS, Tokens};
use crate::volume::Plane;
use crate::volume::stage::CubeId;
use egui::{Align, Layout, RichText, Sense, Ui, UiBuilder, vec2};
use egui_phosphor::regular as icon;

/// The open cubes; a click brings one to the front. Answers which is to be closed.
pub fn cubes(ui: &mut Ui, open: &[Open], front: &mut Option<CubeId>) -> Option<CubeId> {
    let mut closed = None;
    caption(ui, "CUBES");
    for cube in open {
        let selected = *front == Some(cube.id);
        let touched = line(ui, icon::CUBE, &cube.title, selected, Some("Close"));
        if touched.removed {
            closed = Some(cube.id);
        } else if touched.response.on_hover_text(cube.path.display().to_string()).clicked() {
            *front = Some(cube.id);
        }
    }
    closed
}

/// What is drawn: rays, isosurfaces, slices.
pub fn layers(ui: &mut Ui, cube: &mut Cube) {
    ui.add_space(12.0);
    caption(ui, "LAYERS");
    let unit = text::unit(&cube.loaded.unit);
    let kind = if cube.geometry.spectral_axis().is_some() { "Emission" } else { "Volume" };
    if eye(ui, !cube.look.rays_off, kind, None).response.clicked() {
        cube.look.rays_off = !cube.look.rays_off;
    }
    let mut removed = None;
    for (index, surface) in cube.look.scene.surfaces.iter_mut().enumerate() {
        let label = format!("Isosurface {} {unit}", text::number(surface.value));
        let touched = eye(ui, surface.shown, label.trim_end(), Some("Remove"));
        if touched.removed {
            removed = Some(index);
        } else if touched.response.clicked() {
            surface.shown = !surface.shown;
        }
    }
    if let Some(index) = removed {
        cube.look.scene.surfaces.remove(index);
    }
    let labels: Vec<String> =
        cube.look.scene.slices.iter().map(|slice| slice_label(cube, &slice.plane)).collect();
    let mut removed = None;
    for (index, (slice, label)) in cube.look.scene.slices.iter_mut().zip(labels).enumerate() {
        let touched = eye(ui, slice.shown, &label, Some("Remove"));
        if touched.removed {
            removed = Some(index);
        } else if touched.response.clicked() {
            slice.shown = !slice.shown;
        }
    }
    if let Some(index) = removed {
        cube.look.scene.slices.remove(index);
    }
    for (words, shown) in looking::layers(cube) {
        if eye(ui, *shown, &words, None).response.clicked() {
            *shown = !*shown;
        }
    }
    let overlay = &mut cube.look.overlay;
    let tip = KeyMap::of(ui.ctx()).tip(ui.ctx(), VolumeAction::Labels);
    if eye(ui, overlay.visible, "Axes, scale bar, beam", None).response.on_hover_text(tip).clicked() {
        overlay.visible = !overlay.visible;
    }
    if add(ui, "Add isosurface").clicked() {
        cube.look.add_surface();
    }
    if add(ui, "Add slice").clicked() {
        cube.look.add_slice();
    }
}

/// `Slice v = 4.06 km s⁻¹`
fn slice_label(cube: &Cube, plane: &Plane) -> String {
    match *plane {
        Plane::Across { axis, place } => {
            let mut at = [0.5; 3];
            at[axis] = place;
            let voxel = cube.voxel(at);
            let name = match cube.geometry.spectral_axis() {
                Some(spectral) if spectral == axis && cube.geometry.velocities_km_s().is_some() => "v",
                _ => cube.geometry.axes()[axis].name.as_str(),
            };
            format!("Slice {name} = {}", cube.geometry.value_words(axis, voxel))
        }
        Plane::Free { .. } => "Free slice".to_owned(),
    }
}

/// Where the camera can be put, each with its key.
pub fn views(ui: &mut Ui, cube: &mut Cube, motion: &mut Motion, reduce_motion: bool) {
    ui.add_space(12.0);
    caption(ui, "VIEW");
    let keys = KeyMap::of(ui.ctx());
    let mut rows =
        vec![VolumeAction::Projection, VolumeAction::Sky, VolumeAction::AlongY, VolumeAction::AlongX];
    rows.extend([VolumeAction::Frame, VolumeAction::Reset, VolumeAction::Turn, VolumeAction::ClipBox]);
    for action in rows {
        let own = view_label(cube, action);
        let (text, on) = match action {
            VolumeAction::Projection if cube.look.scene.view.orthographic => ("Orthographic", false),
            VolumeAction::Turn => (action.text(), motion.is_turning),
            VolumeAction::ClipBox => (action.text(), cube.look.overlay.clip_handles),
            _ => (own.as_deref().unwrap_or(action.text()), false),
        };
        let key = keys.text(ui.ctx(), action);
        if key_line(ui, text, &key, on).on_hover_text(action.tooltip()).clicked() {
            let now = ui.input(|input| input.time);
            navigate::act(action, cube, motion, now, reduce_motion);
        }
    }
    if key_line(ui, "Reset appearance", "", false).clicked() {
        cube.reset_appearance();
    }
}

/// What a view of a cube is called that has no velocity, or another sky: by the axes across and up.
fn view_label(cube: &Cube, action: VolumeAction) -> Option<String> {
    let axes = cube.geometry.axes();
    // RA (J2000) is RA here.
    let short = |axis: usize| axes[axis].name.split(" (").next().unwrap_or_default();
    if cube.geometry.spectral_axis() == Some(2) {
        let first = if action == VolumeAction::AlongY { short(0) } else { short(1) };
        let is_cut = matches!(action, VolumeAction::AlongY | VolumeAction::AlongX);
        return is_cut.then(|| format!("Position–velocity {first}"));
    }
    match action {
        VolumeAction::Sky => Some(format!("Face on: {} and {}", short(0), short(1))),
        VolumeAction::AlongY => Some(format!("From above: {} and {}", short(0), short(2))),
        VolumeAction::AlongX => Some(format!("From the side: {} and {}", short(2), short(1))),
        _ => None,
    }
}

/// What the mouse did to a line.
struct Touched {
    response: egui::Response,
    removed: bool,
}

/// A layer with its eye, filled where it is drawn.
fn eye(ui: &mut Ui, shown: bool, text: &str, remove: Option<&str>) -> Touched {
    line(ui, if shown { icon::EYE } else { icon::EYE_SLASH }, text, false, remove)
}

fn add(ui: &mut Ui, text: &str) -> egui::Response {
    let tokens = Tokens::of(ui);
    let label = RichText::new(format!("{}  {text}", icon::PLUS)).color(tokens.dim);
    ui.add(egui::Button::new(label).frame(false))
}

/// A line with a mark, and at its end a cross while the mouse is over it.
fn line(ui: &mut Ui, mark: &str, text: &str, selected: bool, remove: Option<&str>) -> Touched {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::click());
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, selected, text));
    let is_over = ui.rect_contains_pointer(rect) || response.has_focus();
    if selected || is_over {
        let fill = if selected { tokens.hover } else { tokens.field };
        ui.painter().rect_filled(rect, CONTROL_RADIUS, fill);
    }
    let inner = rect.shrink2(vec2(6.0, 0.0));
    let mut removed = false;
    let child = UiBuilder::new().max_rect(inner).layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(child, |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if let Some(tip) = remove
            && is_over
        {
            let cross = RichText::new(icon::X).size(12.0).color(tokens.dim);
            let cross = ui.add(egui::Button::new(cross).frame(false)).on_hover_text(tip);
            cross.widget_info(|| {
                egui::WidgetInfo::labeled(egui::WidgetType::Button, true, format!("{tip} {text}"))
            });
            removed = cross.clicked();
        }
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let dim = if mark == icon::EYE_SLASH { tokens.faint } else { tokens.dim };
            let font = egui::FontId::new(15.0, crate::app::theme::icon_family());
            ui.label(RichText::new(mark).font(font).color(dim));
            let ink = if mark == icon::EYE_SLASH { tokens.dim } else { tokens.text };
            ui.add(egui::Label::new(RichText::new(text).color(ink)).truncate());
        });
    });
    Touched { response, removed }
}

/// A line with its key at the right.
pub(super) fn key_line(ui: &mut Ui, text: &str, key: &str, on: bool) -> egui::Response {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, text));
    if on || response.hovered() || response.has_focus() {
        let fill = if on { tokens.hover } else { tokens.field };
        ui.painter().rect_filled(rect, CONTROL_RADIUS, fill);
    }
    let inner = rect.shrink2(vec2(6.0, 0.0));
    let font = egui::TextStyle::Body.resolve(ui.style());
    let painter = ui.painter_at(inner);
    painter.text(inner.left_center(), egui::Align2::LEFT_CENTER, text, font, tokens.text);
    let font = egui::TextStyle::Small.resolve(ui.style());
    painter.text(inner.right_center(), egui::Align2::RIGHT_CENTER, key, font, tokens.faint);
    response
}
