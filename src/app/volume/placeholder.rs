//! What stands where a picture is not, not yet, or not as it should be: the empty workspace, a file that is being read or was not, a
//! fault of the adapter.

use super::VolumeView;
use super::cube::State;
use crate::app::command::Command;
use crate::app::state::AppState;
use crate::app::theme::{CONTROL_RADIUS, Tokens, title_style};
use crate::job::Progress;
use crate::volume::stage::Stage;
use egui::{Button, Rect, RichText, Ui, UiBuilder, vec2};
use egui_phosphor::regular as icon;

impl VolumeView {
    /// Nothing is open: what belongs here, and the likeliest ways to it.
    pub(super) fn empty_state(&mut self, ui: &mut Ui, state: &mut AppState) {
        let tokens = Tokens::of(ui);
        let rect = ui.available_rect_before_wrap();
        let inner = Rect::from_center_size(rect.center(), vec2(360.0, 192.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
            ui.vertical_centered(|ui| {
                ui.label(RichText::new(icon::CUBE).size(40.0).color(tokens.faint));
                ui.label(RichText::new("Cubes belong here").text_style(title_style()));
                ui.label(RichText::new("Drop a FITS, NPY or HDF5 cube, or").color(tokens.dim));
                ui.add_space(8.0);
                let fly = Command::OpenExample;
                let text = format!("{}  {}", fly.icon(), fly.text());
                if ui.button(text).on_hover_text(fly.tooltip()).clicked() {
                    state.request(fly);
                }
                ui.add_space(4.0);
                ui.horizontal(|ui| {
                    ui.add_space(52.0);
                    if ui.button(format!("{}  Open the demo cloud", icon::SPARKLE)).clicked() {
                        match self.first.clone() {
                            Some(path) => self.open(path, None),
                            None => state.request(Command::OpenDemo),
                        }
                    }
                    if ui.button(format!("{}  Open file…", icon::FOLDER_OPEN)).clicked() {
                        state.request(Command::OpenFile);
                    }
                });
            });
        });
    }

    /// A file that could not be read: what is wrong, and what can be done.
    pub(super) fn failed(&mut self, ui: &mut Ui, index: usize, error: &str) {
        let tokens = Tokens::of(ui);
        let rect = ui.available_rect_before_wrap();
        let inner = Rect::from_center_size(rect.center(), vec2(rect.width().min(520.0), 200.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
            ui.vertical_centered(|ui| {
                ui.label(RichText::new(icon::WARNING).size(32.0).color(tokens.error));
                let title = format!("{} was not opened", self.open[index].title);
                ui.label(RichText::new(title).text_style(title_style()));
                ui.add(egui::Label::new(RichText::new(error).color(tokens.dim)).wrap().selectable(true));
                ui.add_space(8.0);
                if ui.button(format!("{}  Try again", icon::ARROW_CLOCKWISE)).clicked() {
                    self.open[index].state = State::Waiting;
                }
            });
        });
    }
}

/// What is being done, in place of the picture.
pub fn loading(ui: &mut Ui, title: &str, now: &Progress) {
    ui.label(RichText::new(title).text_style(title_style()).color(Tokens::of(ui).text));
    progress(ui, now);
}

/// What is being done.
pub fn progress(ui: &mut Ui, now: &Progress) {
    let percent = now.fraction.map(|part| format!(" {:.0} %", part * 100.0)).unwrap_or_default();
    ui.label(RichText::new(format!("{}{percent}", now.text)).color(Tokens::of(ui).dim));
}

/// What keeps the picture from being drawn as it should, at its foot; with a button where trying again may help.
pub fn fault_line(ui: &mut Ui, rect: Rect, fault: &str, stage: &Stage) {
    let tokens = Tokens::of(ui);
    let can_retry = stage.can_retry();
    let font = egui::TextStyle::Body.resolve(ui.style());
    let text = format!("{}  {fault}", icon::WARNING);
    let button = if can_retry { 116.0 } else { 0.0 };
    let galley = ui.painter().layout(text, font, tokens.warning, rect.width() - 16.0 - button);
    let size = vec2(galley.size().x + 16.0 + button, galley.size().y.max(24.0 * f32::from(can_retry)) + 8.0);
    let frame = Rect::from_min_size(rect.left_bottom() - vec2(0.0, size.y), size);
    ui.painter().rect_filled(frame, CONTROL_RADIUS, tokens.panel);
    let at = egui::pos2(frame.left() + 8.0, frame.center().y - 0.5 * galley.size().y);
    ui.painter().galley(at, galley, tokens.warning);
    let place = Rect::from_min_size(frame.right_top() + vec2(-button, 4.0), vec2(button - 4.0, 24.0));
    if can_retry && ui.put(place, Button::new(format!("{}  Try again", icon::ARROW_CLOCKWISE))).clicked() {
        stage.retry();
    }
}
