//! The frame: top bar with the menu, the workspaces and the one filled button; status bar with device, memory, progress, cursor.

use super::command::{Command, Menu};
use super::keymap::KeyMap;
use super::machine::{Device, Memory};
use super::state::{AppState, DrawerTab};
use super::theme::{BLOCK_RADIUS, CONTROL_RADIUS, Tokens, strong_family};
use super::workspace::Workspace;
use crate::job::State;
use egui::{Align, Button, FontId, Layout, RichText, Ui, Vec2};
use egui_phosphor::regular as icon;

pub const TOP_BAR_HEIGHT: f32 = 40.0;
pub const STATUS_BAR_HEIGHT: f32 = 26.0;

fn ask(state: &mut AppState, command: Command, response: egui::Response) -> egui::Response {
    let response = response.on_hover_ui(|ui| _ = ui.label(KeyMap::of(ui.ctx()).tip(ui.ctx(), command)));
    if response.clicked() {
        state.request(command);
    }
    response
}

pub fn top_bar(ui: &mut Ui, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        main_menu(ui, state, tokens);
        ui.add_space(12.0);
        for workspace in Workspace::ALL {
            let selected = state.workspace == workspace;
            let colour = if selected { tokens.text } else { tokens.dim };
            let button = Button::new(RichText::new(workspace.name()).color(colour))
                .fill(if selected { tokens.hover } else { tokens.panel })
                .min_size(Vec2::new(0.0, 28.0));
            ui.scope(|ui| {
                ui.spacing_mut().button_padding.x = 12.0;
                let response = ui.add(button);
                ask(state, workspace.command(), response);
            });
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            training_buttons(ui, state, tokens);
            let theme = Button::new(RichText::new(Command::ToggleTheme.icon()).size(15.0));
            let response = ui.add(theme.min_size(Vec2::splat(28.0)));
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::WidgetType::Button, true, Command::ToggleTheme.text())
            });
            ask(state, Command::ToggleTheme, response);
            let key = KeyMap::of(ui.ctx()).text(ui.ctx(), Command::Palette);
            let text = format!("{}  {key}", Command::Palette.icon());
            let response =
                ui.add(Button::new(RichText::new(text).color(tokens.dim)).min_size(Vec2::new(0.0, 28.0)));
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::WidgetType::Button, true, Command::Palette.text())
            });
            ask(state, Command::Palette, response);
        });
    });
}

fn main_menu(ui: &mut Ui, state: &mut AppState, tokens: &Tokens) {
    let keys = KeyMap::of(ui.ctx());
    let title = RichText::new(format!("{}  Aquila", icon::STAR_FOUR))
        .font(FontId::new(ui.text_style_height(&egui::TextStyle::Body).max(15.0), strong_family()))
        .color(tokens.text);
    egui::containers::menu::MenuButton::from_button(Button::new(title).fill(tokens.panel)).ui(ui, |ui| {
        for menu in Menu::ALL {
            ui.menu_button(menu.text(), |ui| {
                for &command in Command::ALL.iter().filter(|command| command.menu() == menu) {
                    let text = format!("{}   {}", command.icon(), command.text());
                    let button = Button::new(text).shortcut_text(keys.text(ui.ctx(), command));
                    if ui.add(button).on_hover_text(command.tooltip()).clicked() {
                        state.request(command);
                        ui.close();
                    }
                }
            });
        }
    });
}

/// Train, or pause and stop while a training runs: the only filled button of the window.
fn training_buttons(ui: &mut Ui, state: &mut AppState, tokens: &Tokens) {
    let (is_running, is_paused) = (state.training.is_running(), state.training.is_paused());
    let mut button = |command: Command, icon: &str, text: &str, is_main: bool| {
        let (ink, fill) =
            if is_main { (tokens.on_accent, tokens.accent) } else { (tokens.text, tokens.field) };
        let button = Button::new(RichText::new(format!("{icon}  {text}")).color(ink))
            .fill(fill)
            .corner_radius(CONTROL_RADIUS)
            .min_size(Vec2::new(72.0, 28.0));
        let response = ui.add(button);
        ask(state, command, response);
    };
    // From the right edge inward.
    match (is_running, is_paused) {
        (false, _) => button(Command::Train, Command::Train.icon(), Command::Train.text(), true),
        (true, is_paused) => {
            button(Command::StopTraining, Command::StopTraining.icon(), "Stop", false);
            let (icon, text) = if is_paused { (icon::PLAY, "Go on") } else { (icon::PAUSE, "Pause") };
            button(Command::PauseTraining, icon, text, is_paused);
        }
    }
}

pub fn status_bar(ui: &mut Ui, state: &mut AppState, device: &Device, memory: Memory, frame_ms: f32) {
    let tokens = Tokens::of(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let (colour, text, tip) = match device.text() {
                Ok(text) => (tokens.ok, text, "What a training uses".to_owned()),
                Err(reason) => (tokens.error, "no such device".to_owned(), reason),
            };
            dot(ui, colour);
            ui.label(RichText::new(text).small().color(colour)).on_hover_text(tip);
        });
        if memory.total_gib > 0.0 {
            let text = format!("{:.1} of {:.0} GiB", memory.used_gib, memory.total_gib);
            ui.label(RichText::new(text).small().color(tokens.dim))
                .on_hover_text("Memory of this program, of the machine's");
        }
        if !state.drawn_by.is_empty() {
            ui.label(RichText::new(&state.drawn_by).small().color(tokens.dim))
                .on_hover_text("What draws the cube, passes so far, time of one");
        }
        job_progress(ui, state, tokens);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(format!("{frame_ms:5.1} ms")).monospace().color(tokens.faint))
                .on_hover_text("The window's own work for a frame");
            ui.label(RichText::new(&state.readout).monospace().color(tokens.dim));
        });
    });
}

/// A filled circle in a state's colour.
pub fn dot(ui: &mut Ui, colour: egui::Color32) {
    let (rect, _) = ui.allocate_exact_size(Vec2::splat(8.0), egui::Sense::hover());
    ui.painter().circle_filled(rect.center(), 3.5, colour);
}

/// The job that runs, in words and as a bar; a click shows all jobs.
fn job_progress(ui: &mut Ui, state: &mut AppState, tokens: &Tokens) {
    let running: Vec<_> =
        state.queue.statuses().into_iter().filter(|job| job.state == State::Running).collect();
    let Some(job) = running.last() else {
        ui.label(RichText::new("idle").small().color(tokens.faint));
        return;
    };
    let mut text = job.title.clone();
    if let Some(fraction) = job.progress.fraction {
        text = format!("{text} {:.0} %", fraction * 100.0);
    }
    let label = egui::Label::new(RichText::new(text).small().color(tokens.dim)).sense(egui::Sense::click());
    if ui.add(label).on_hover_text(&job.progress.text).clicked() {
        state.show_drawer(DrawerTab::Jobs);
    }
    if let Some(fraction) = job.progress.fraction {
        let (rect, _) = ui.allocate_exact_size(Vec2::new(96.0, 4.0), egui::Sense::hover());
        ui.painter().rect_filled(rect, 2, tokens.field);
        let mut done = rect;
        done.set_width(rect.width() * fraction);
        ui.painter().rect_filled(done, 2, tokens.accent);
    }
}

/// Says what a drop will do while files hang over the window.
pub fn drop_hint(context: &egui::Context) {
    let hovering = context.input(|input| input.raw.hovered_files.len());
    if hovering == 0 {
        return;
    }
    let tokens = Tokens::for_theme(context.theme());
    let layer = egui::LayerId::new(egui::Order::Foreground, egui::Id::new("drop"));
    let painter = context.layer_painter(layer);
    let rect = context.content_rect();
    painter.rect_filled(rect, 0, tokens.window.gamma_multiply(0.8));
    painter.rect_stroke(
        rect.shrink(16.0),
        BLOCK_RADIUS,
        egui::Stroke::new(2.0, tokens.accent),
        egui::StrokeKind::Inside,
    );
    let text = if hovering == 1 {
        "Drop to open the file".to_owned()
    } else {
        format!("Drop to open {hovering} files")
    };
    let font = FontId::new(20.0, strong_family());
    painter.text(rect.center(), egui::Align2::CENTER_CENTER, text, font, tokens.text);
}
