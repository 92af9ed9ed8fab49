//! Opens the window: options, graphics that fall back step by step, the log.

use super::window::Aquila;
use super::workspace::Workspace;
use std::path::PathBuf;

/// How the window is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Files or project folders to open.
    pub paths: Vec<PathBuf>,
    pub workspace: Option<Workspace>,
    /// Draw the window to this PNG and leave.
    pub screenshot: Option<PathBuf>,
    /// Inner size of the window in points.
    pub size: Option<[f32; 2]>,
    pub theme: Option<egui::Theme>,
    /// Write each frame's own work in milliseconds to this CSV.
    pub frame_log: Option<PathBuf>,
}

/// Opens the window and returns when it is closed.
pub fn open(options: Options) -> anyhow::Result<()> {
    let size = options.size.unwrap_or([1440.0, 900.0]);
    let native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Aquila")
            .with_app_id("aquila")
            .with_inner_size(size)
            .with_min_inner_size([1024.0, 640.0]),
        ..Default::default()
    };
    eframe::run_native(
        "aquila",
        native,
        Box::new(move |creation| Ok(Box::new(Aquila::new(&creation.egui_ctx, options)))),
    )
    .map_err(|error| anyhow::anyhow!("{error}"))
}
