//! Which part of the file is loaded and how finely, in the inspector; the clip box asks for its part at full resolution.

use super::cube::{Cube, Detail};
use super::inspector::fold;
use crate::app::form::{number_row, row};
use crate::app::state::AppState;
use crate::app::theme::Tokens;
use crate::app::workspace::Workspace;
use crate::volume::Reduce;
use egui::{ComboBox, DragValue, RichText, Ui};
use egui_phosphor::regular as icon;

/// Shape, level, and the buttons that read another part.
pub fn section(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    if !fold::heading(ui, "CUBE") {
        return;
    }
    let size = |[z, y, x]: [usize; 3]| format!("{x} × {y} × {z}");
    number_row(ui, "voxels", size(cube.loaded.file_shape));
    if cube.loaded.is_cropped() {
        number_row(ui, "part", size(cube.loaded.region.size));
    }
    if cube.loaded.factor > 1 {
        let (z, y, x) = cube.loaded.values.dim();
        number_row(ui, "drawn", format!("{}, 1 of {}³", size([z, y, x]), cube.loaded.factor));
    }
    let now = cube.detail();
    let mut wish = now;
    if cube.loaded.file.planes() > 1 {
        row(ui, "plane", "Which plane of the axes beyond three is loaded", |ui| planes(ui, cube, &mut wish));
    }
    if cube.loaded.factor > 1 && !cube.is_first_look() {
        row(ui, "reduced by", "What becomes of the voxels that are made one", |ui| {
            let name = |reduce| if reduce == Reduce::Mean { "mean" } else { "maximum" };
            let list = ComboBox::from_id_salt("reduce").selected_text(name(now.reduce));
            list.width(ui.available_width()).show_ui(ui, |ui| {
                for choice in [Reduce::Mean, Reduce::Maximum] {
                    ui.selectable_value(&mut wish.reduce, choice, name(choice));
                }
            });
        });
    }
    ui.horizontal_wrapped(|ui| {
        if now.region.is_some() && ui.button(format!("{}  Whole cube", icon::ARROWS_OUT)).clicked() {
            wish.region = None;
        }
        let clouds = ui.button(format!("{}  Open in Clouds", icon::CLOUD));
        if clouds.on_hover_text("Channels and moments as maps").clicked() {
            state.request_open_in(&cube.path, Workspace::Clouds);
        }
    });
    if let Some(progress) = &cube.progress {
        let percent = progress.fraction.map(|part| format!(" {:.0} %", part * 100.0)).unwrap_or_default();
        ui.label(RichText::new(format!("{}{percent}", progress.text)).color(tokens.dim));
    }
    if let Some(fault) = &cube.fault {
        ui.add(egui::Label::new(RichText::new(fault).color(tokens.error)).wrap());
    }
    if wish != now {
        cube.wish = Some(wish);
    }
}

/// Planes that fit a list; more are counted.
const MOST_LISTED: usize = 64;

/// One of the planes: by name from a list, by number where there are many.
fn planes(ui: &mut Ui, cube: &Cube, wish: &mut Detail) {
    let file = &cube.loaded.file;
    let count = file.planes();
    if count > MOST_LISTED {
        // Counted from 0, as `--plane` does. Typed numbers count once they are whole, so that none between is read.
        let number = DragValue::new(&mut wish.plane).range(0..=count - 1).update_while_editing(false);
        ui.add(number).on_hover_text(file.plane_words(file.plane()));
        return;
    }
    let list = ComboBox::from_id_salt("plane").selected_text(file.plane_words(file.plane()));
    list.width(ui.available_width()).show_ui(ui, |ui| {
        for plane in 0..count {
            ui.selectable_value(&mut wish.plane, plane, file.plane_words(plane));
        }
    });
}
