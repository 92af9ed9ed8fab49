//! Which part of the file is loaded and how finely, in the inspector; the clip box asks for its part at full resolution.

use super::cube::Cube;
use crate::app::form::{caption, number_row, row};
use crate::app::state::AppState;
use crate::app::theme::Tokens;
use crate::app::workspace::Workspace;
use crate::io::Region;
use crate::volume::Reduce;
use egui::{ComboBox, RichText, Ui};
use egui_phosphor::regular as icon;

/// Shape, level, and the buttons that read another part.
pub fn section(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    caption(ui, "CUBE");
    let size = |[z, y, x]: [usize; 3]| format!("{x} × {y} × {z}");
    number_row(ui, "voxels", size(cube.loaded.file_shape));
    if cube.loaded.is_cropped() {
        number_row(ui, "part", size(cube.loaded.region.size));
    }
    if cube.loaded.factor > 1 {
        let (z, y, x) = cube.loaded.values.dim();
        number_row(ui, "drawn", format!("{}, 1 of {}³", size([z, y, x]), cube.loaded.factor));
    }
    let mut wish: Option<(Option<Region>, Reduce)> = None;
    let region = cube.loaded.is_cropped().then_some(cube.loaded.region);
    if cube.loaded.factor > 1 {
        row(ui, "reduced by", "What becomes of the voxels that are made one", |ui| {
            let mut reduce = cube.loaded.reduce;
            let name = |reduce| if reduce == Reduce::Mean { "mean" } else { "maximum" };
            let list =
                ComboBox::from_id_salt("reduce").selected_text(name(reduce)).width(ui.available_width());
            list.show_ui(ui, |ui| {
                for choice in [Reduce::Mean, Reduce::Maximum] {
                    ui.selectable_value(&mut reduce, choice, name(choice));
                }
            });
            if reduce != cube.loaded.reduce {
                wish = Some((region, reduce));
            }
        });
    }
    ui.horizontal_wrapped(|ui| {
        if region.is_some() && ui.button(format!("{}  Whole cube", icon::ARROWS_OUT)).clicked() {
            wish = Some((None, cube.loaded.reduce));
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
    if wish.is_some() {
        cube.wish = wish;
    }
}
