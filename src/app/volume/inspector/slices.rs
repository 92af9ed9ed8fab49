//! Slices: axis and position in voxels and coordinates, thickness, eye; free planes by the camera.

use super::{fields, surfaces};
use crate::app::form::row;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::app::volume::export::own_slices;
use crate::volume::{Lens, Plane, Slice};
use egui::{RichText, Slider, Ui};
use egui_phosphor::regular as icon;

/// Across x, y, z of the cube, or freely.
const FREE: usize = 3;

pub fn show(ui: &mut Ui, cube: &mut Cube) {
    // A film's slice has no rows of its own: they would push the film's buttons away from under the mouse.
    let own = own_slices(cube);
    let mut slices = std::mem::take(&mut cube.look.scene.slices);
    let mut removed = None;
    for (index, slice) in slices.iter_mut().take(own).enumerate() {
        let what = format!("slice {}", index + 1);
        ui.push_id(("slice", index), |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                fields::eye(ui, &mut slice.shown, &what);
                across(ui, cube, slice, &what);
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if fields::icon_button(ui, icon::X, &format!("Remove {what}")).clicked() {
                        removed = Some(index);
                    }
                });
            });
            position(ui, cube, slice, &what);
            row(
                ui,
                "thickness",
                "The mean over so many voxels across the plane; 0 for the plane alone",
                |ui| {
                    let mut thickness = f64::from(slice.thickness);
                    let before = thickness;
                    let name = format!("Thickness of {what}");
                    fields::suffixed(ui, &name, &mut thickness, 0.1, (0.0, 1e4), "voxels");
                    if thickness != before {
                        slice.thickness = thickness as f32;
                    }
                },
            );
            surfaces::opacity(ui, &mut slice.opacity, &what);
        });
    }
    if let Some(index) = removed {
        slices.remove(index);
    }
    cube.look.scene.slices = slices;
    ui.horizontal(|ui| {
        if ui.button(format!("{}  Add", icon::PLUS)).clicked() {
            cube.look.add_slice();
        }
        let tip = "A plane through the middle across the line of sight of the camera";
        if ui.button("Facing me").on_hover_text(tip).clicked() {
            let plane = Plane::Free { point: middle(cube), normal: towards_camera(cube) };
            cube.look.scene.slices.push(Slice::of(plane));
        }
    });
}

/// The middle of what the clip box leaves.
fn middle(cube: &Cube) -> [f32; 3] {
    cube.look.scene.clip.map(|[low, high]| 0.5 * (low + high))
}

fn towards_camera(cube: &Cube) -> [f32; 3] {
    let [_, _, into] = Lens::new(&cube.look.scene.view, 1.0, 1.0).directions();
    into.map(|part| -part)
}

/// The choice of the axis.
fn across(ui: &mut Ui, cube: &Cube, slice: &mut Slice, what: &str) {
    let mut axis = match slice.plane {
        Plane::Across { axis, .. } => axis,
        Plane::Free { .. } => FREE,
    };
    let names = cube.geometry.axes().clone().map(|axis| format!("across {}", axis.name));
    let mut options: Vec<(usize, &str)> =
        names.iter().enumerate().map(|(axis, name)| (axis, name.as_str())).collect();
    options.push((FREE, "free plane"));
    if fields::choice(ui, &format!("Axis of {what}"), &mut axis, 128.0, &options) {
        slice.plane = if axis == FREE {
            Plane::Free { point: middle(cube), normal: towards_camera(cube) }
        } else {
            Plane::Across { axis, place: 0.5 }
        };
    }
}

fn position(ui: &mut Ui, cube: &Cube, slice: &mut Slice, what: &str) {
    let tokens = Tokens::of(ui);
    match &mut slice.plane {
        Plane::Across { axis, place } => {
            let axis = *axis;
            let words = {
                let mut at = middle(cube);
                at[axis] = *place;
                cube.geometry.value_words(axis, cube.voxel(at))
            };
            row(ui, "voxel", &format!("Counted from 1, as FITS does; {words}"), |ui| {
                let mut at = [0.5; 3];
                at[axis] = *place;
                let mut voxel = cube.voxel(at)[axis] + 1.0;
                let before = voxel;
                let shape = cube.geometry.shape();
                let most = shape.get(axis).copied().unwrap_or(1) as f64;
                fields::number(ui, &format!("Voxel of {what}"), &mut voxel, 0.2, (1.0, most));
                if voxel != before {
                    let mut file = cube.voxel([0.5; 3]);
                    file[axis] = voxel - 1.0;
                    *place = cube.part().place(file)[axis].clamp(0.0, 1.0);
                }
                ui.label(RichText::new(words.as_str()).monospace().color(tokens.dim));
            });
            velocity(ui, cube, axis, place, what);
            fields::slider(ui, &format!("Position of {what}"), along(place), 4.0);
        }
        Plane::Free { point, normal } => {
            for (axis, place) in point.iter_mut().enumerate() {
                let name = &cube.geometry.axes()[axis].name;
                row(ui, name, "Where the plane goes through", |ui| {
                    fields::slider(ui, &format!("{name} of {what}"), along(place), 4.0);
                });
            }
            if ui.button("Turn to face me").clicked() {
                *normal = towards_camera(cube);
            }
        }
    }
}

/// Across the spectral axis the position is given as a velocity, too.
fn velocity(ui: &mut Ui, cube: &Cube, axis: usize, place: &mut f32, what: &str) {
    if cube.geometry.spectral_axis() != Some(axis) {
        return;
    }
    let mut at = [0.5; 3];
    at[axis] = *place;
    let Some(velocity) = cube.geometry.velocity_km_s(cube.voxel(at)[axis]) else { return };
    row(ui, "velocity", "Where the plane lies along the spectral axis", |ui| {
        let mut typed = velocity;
        let next = cube.geometry.velocity_km_s(cube.voxel(at)[axis] + 1.0).unwrap_or(velocity + 1.0);
        let speed = (0.2 * (next - velocity)).abs();
        let any = (f64::NEG_INFINITY, f64::INFINITY);
        fields::suffixed(ui, &format!("Velocity of {what}"), &mut typed, speed, any, "km s⁻¹");
        if typed != velocity
            && let Some(channel) = cube.geometry.channel(typed)
        {
            let mut file = cube.voxel([0.5; 3]);
            file[axis] = channel;
            *place = cube.part().place(file)[axis].clamp(0.0, 1.0);
        }
    });
}

fn along(place: &mut f32) -> Slider<'_> {
    Slider::new(place, 0.0..=1.0).show_value(false)
}
