//! The window: frame, docks, palette, theme, one folder per workspace. The only room that names egui, eframe and rfd.
//! It starts jobs and reads their messages; no science is done here and no job is waited for.

mod blueprint;
mod clouds;
mod command;
mod conduct;
mod dialogs;
mod document;
mod drawer;
mod exchange;
mod files;
mod form;
mod frame;
pub mod graphics;
mod icon;
mod inspection;
mod key_page;
mod keymap;
mod launch;
mod machine;
mod notice;
mod offscreen;
mod opening;
mod palette;
mod plot;
mod recovery;
mod runs;
mod session;
mod start;
mod state;
mod task;
use crate::figure::text;
mod theme;
mod thumbnails;
mod volume;
mod wastebasket;
mod window;
mod workspace;

pub use command::Command;
pub use launch::{Options, open};
pub use notice::Notices;
pub use state::AppState;
pub use window::Aquila;
pub use workspace::Workspace;

/// The theme of this name; anything but `light` is dark.
pub fn theme_named(name: &str) -> egui::Theme {
    if name == "light" { egui::Theme::Light } else { egui::Theme::Dark }
}
