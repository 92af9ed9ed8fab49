//! One open file in its tab: headline, map, and what stands there while it loads or when it could not be read.

use super::content::{self, Content, CubeMode};
use super::sheet::{Sheet, State};
use super::{map, table};
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::{Tokens, title_style};
use egui::{Button, RichText, Ui, UiBuilder};
use egui_phosphor::regular as icon;

/// One file; answers whether it was touched.
pub fn show(ui: &mut Ui, sheet: &mut Sheet, state: &mut AppState) -> bool {
    let tokens = Tokens::of(ui);
    match &sheet.state {
        State::Loading(handle) => {
            let progress = handle.context.progress().text;
            ui.centered_and_justified(|ui| {
                ui.label(RichText::new(format!("{} · {progress}", sheet.title)).color(tokens.dim))
            });
            return false;
        }
        State::Failed(error) => {
            let error = error.clone();
            return failed(ui, sheet, state, &error);
        }
        State::Ready(Content::Table(table)) => {
            let table = std::sync::Arc::clone(table);
            table::show(ui, &sheet.title, &table);
            return false;
        }
        State::Ready(_) => {}
    }
    egui::Frame::new().inner_margin(egui::Margin { left: 16, right: 16, top: 12, bottom: 0 }).show(
        ui,
        |ui| {
            headline(ui, sheet);
        },
    );
    let Some(plane) = sheet.plane() else { return false };
    let Some(picture) = sheet.picture().cloned() else { return false };
    let mark = sheet.glance.mark.filter(|_| matches!(sheet.content(), Some(Content::Cube(_))));
    let touched = map::show(ui, &mut sheet.glance.view, &plane, &picture, mark);
    if let Some(hover) = touched.hover {
        let velocity = match &plane {
            content::Plane::Channel(cube, channel) => {
                cube.spectral.as_ref().map(|s| s.words(*channel)).unwrap_or_default()
            }
            _ => String::new(),
        };
        state.readout = map::readout(&plane, hover, &velocity);
    }
    if let Some(pixel) = touched.click {
        sheet.glance.mark = Some(pixel);
    }
    touched.taken
}

/// Title, shape and unit; for a cube the ways to look at it.
fn headline(ui: &mut Ui, sheet: &mut Sheet) {
    let tokens = Tokens::of(ui);
    let (shape, unit, cube) = match sheet.content() {
        Some(Content::Map(map)) => {
            let (rows, columns) = map.image.values.dim();
            (format!("{columns} × {rows}"), map.image.unit.clone(), None)
        }
        Some(Content::Cube(cube)) => {
            let (channels, rows, columns) = cube.cube.values.dim();
            (
                format!("{columns} × {rows} × {channels}"),
                cube.cube.unit.clone(),
                Some(std::sync::Arc::clone(cube)),
            )
        }
        _ => return,
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(&sheet.title).text_style(title_style()));
        ui.add_space(4.0);
        let facts = [shape, text::unit(&unit)]
            .into_iter()
            .filter(|fact| !fact.is_empty())
            .collect::<Vec<_>>()
            .join(" · ");
        ui.label(RichText::new(facts).monospace().color(tokens.dim));
    });
    let Some(cube) = cube else { return };
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let can_integrate = cube.moments.is_some();
        for mode in CubeMode::ALL {
            let selected = sheet.glance.mode == mode || (!can_integrate && mode == CubeMode::Channel);
            let enabled = can_integrate || mode == CubeMode::Channel;
            let colour = if selected { tokens.text } else { tokens.dim };
            let fill = if selected { tokens.hover } else { tokens.field };
            let button = Button::new(RichText::new(mode.name()).color(colour)).fill(fill);
            let response = ui
                .add_enabled(enabled, button)
                .on_disabled_hover_text("The third axis of this cube is no velocity");
            if response.clicked() {
                sheet.glance.mode = mode;
            }
        }
        if sheet.glance.mode == CubeMode::Channel || !can_integrate {
            let last = cube.cube.values.dim().0.saturating_sub(1);
            ui.add_space(8.0);
            ui.spacing_mut().slider_width = 200.0;
            ui.add(egui::Slider::new(&mut sheet.glance.channel, 0..=last).show_value(false));
            let words = cube
                .spectral
                .as_ref()
                .map(|spectral| spectral.words(sheet.glance.channel))
                .unwrap_or_default();
            let text = format!("{:>3} of {}   {words}", sheet.glance.channel + 1, last + 1);
            ui.label(RichText::new(text).monospace().color(tokens.dim));
        }
    });
}

/// A file that could not be read: what is wrong, and what can be done.
fn failed(ui: &mut Ui, sheet: &mut Sheet, state: &mut AppState, error: &str) -> bool {
    let tokens = Tokens::of(ui);
    let rect = ui.available_rect_before_wrap();
    let inner = egui::Rect::from_center_size(rect.center(), egui::vec2(rect.width().min(520.0), 200.0));
    let mut touched = false;
    ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
        ui.vertical_centered(|ui| {
            ui.label(RichText::new(icon::WARNING).size(32.0).color(tokens.error));
            ui.label(RichText::new(format!("{} was not opened", sheet.title)).text_style(title_style()));
            ui.add(egui::Label::new(RichText::new(error).color(tokens.dim)).wrap().selectable(true));
            ui.add_space(8.0);
            if ui.button(format!("{}  Try again", icon::ARROW_CLOCKWISE)).clicked() {
                touched = true;
                let glance = sheet.glance.clone();
                *sheet = Sheet::open(&state.queue, sheet.id, sheet.path.clone(), sheet.hdu, glance);
            }
        });
    });
    touched
}
