//! The frame: top bar with the menu, the workspaces and the one filled button; status bar with device, memory, progress, cursor.

use super::command::{Command, Menu};
use super::state::AppState;
use super::theme::{CONTROL_RADIUS, Tokens, strong_family};
use super::workspace::Workspace;
use egui::{Align, Button, FontId, Layout, RichText, Ui, Vec2};
use egui_phosphor::regular as icon;

pub const TOP_BAR_HEIGHT: f32 = 40.0;
pub const STATUS_BAR_HEIGHT: f32 = 26.0;

/// What the status bar tells of the machine.
pub struct Machine {
    pub device: String,
    pub memory_used_gib: f64,
    pub memory_total_gib: f64,
    pub frame_ms: f32,
}

/// A command as a button with its icon; tooltip and key from the command.
pub fn command_button(ui: &mut Ui, state: &mut AppState, command: Command) -> egui::Response {
    let response = ui.add(Button::new(format!("{} {}", command.icon(), command.text())));
    ask(ui, state, command, response)
}

fn ask(ui: &Ui, state: &mut AppState, command: Command, response: egui::Response) -> egui::Response {
    let mut tip = command.tooltip().to_owned();
    if let Some(key) = command.shortcut() {
        tip = format!("{tip}  ({})", ui.ctx().format_shortcut(&key));
    }
    let response = response.on_hover_text(tip);
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
                ask(ui, state, workspace.command(), response);
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
            ask(ui, state, Command::ToggleTheme, response);
            let key = Command::Palette.shortcut().map(|key| ui.ctx().format_shortcut(&key));
            let text = format!("{}  {}", Command::Palette.icon(), key.unwrap_or_default());
            let response =
                ui.add(Button::new(RichText::new(text).color(tokens.dim)).min_size(Vec2::new(0.0, 28.0)));
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::WidgetType::Button, true, Command::Palette.text())
            });
            ask(ui, state, Command::Palette, response);
        });
    });
}

fn main_menu(ui: &mut Ui, state: &mut AppState, tokens: &Tokens) {
    let title = RichText::new(format!("{}  Aquila", icon::STAR_FOUR))
        .font(FontId::new(ui.text_style_height(&egui::TextStyle::Body).max(15.0), strong_family()))
        .color(tokens.text);
    egui::containers::menu::MenuButton::from_button(Button::new(title).fill(tokens.panel)).ui(ui, |ui| {
        for menu in Menu::ALL {
            ui.menu_button(menu.text(), |ui| {
                for &command in Command::ALL.iter().filter(|command| command.menu() == menu) {
                    let key = command.shortcut().map(|key| ui.ctx().format_shortcut(&key));
                    let text = format!("{}   {}", command.icon(), command.text());
                    let button = Button::new(text).shortcut_text(key.unwrap_or_default());
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
    let filled = |command: Command, text: &str| {
        Button::new(RichText::new(format!("{}  {text}", command.icon())).color(tokens.on_accent))
            .fill(tokens.accent)
            .corner_radius(CONTROL_RADIUS)
            .min_size(Vec2::new(72.0, 28.0))
    };
    let response = ui.add(filled(Command::Train, Command::Train.text()));
    ask(ui, state, Command::Train, response);
}

pub fn status_bar(ui: &mut Ui, state: &AppState, machine: &Machine) {
    let tokens = Tokens::of(ui);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        ui.label(RichText::new(format!("{}  {}", icon::CIRCLE, machine.device)).small().color(tokens.ok));
        let memory = format!("{:.1} of {:.0} GiB", machine.memory_used_gib, machine.memory_total_gib);
        ui.label(RichText::new(memory).small().color(tokens.dim));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(format!("{:4.1} ms", machine.frame_ms)).monospace().color(tokens.faint));
            ui.label(RichText::new(&state.readout).monospace().color(tokens.dim));
        });
    });
}
