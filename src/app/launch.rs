//! Opens the window: options, graphics that fall back step by step, the log.

use super::notice::{NoticeLayer, Notices};
use super::window::Aquila;
use super::workspace::Workspace;
use super::{icon, offscreen, recovery};
use crate::io::{atomic, png};
use anyhow::{Context as _, bail};
use eframe::egui_wgpu::{WgpuSetup, WgpuSetupCreateNew, wgpu};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

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
    /// Start a training as soon as the project is open.
    pub train: bool,
    /// Select the block or the run of this name once all else is done.
    pub select: Option<String>,
    /// Where Aquila's own files lie; the usual place where it is not said.
    pub home: Option<PathBuf>,
}

const SIZE: [f32; 2] = [1440.0, 900.0];

/// The ways to draw, best first. Each is tried when the one before found no adapter.
const LADDER: [(&str, Graphics); 4] = [
    (
        "Vulkan",
        Graphics::Wgpu(
            wgpu::Backends::VULKAN.union(wgpu::Backends::METAL).union(wgpu::Backends::DX12),
            false,
        ),
    ),
    ("OpenGL by wgpu", Graphics::Wgpu(wgpu::Backends::GL, false)),
    ("software", Graphics::Wgpu(wgpu::Backends::all(), true)),
    ("plain OpenGL", Graphics::Glow),
];

#[derive(Clone, Copy)]
enum Graphics {
    /// These backends; whether only a software adapter will do.
    Wgpu(wgpu::Backends, bool),
    Glow,
}

/// Opens the window and returns when it is closed; with `screenshot`, draws it to a picture instead.
pub fn open(options: Options) -> anyhow::Result<()> {
    let notices = Notices::default();
    // Where a subscriber is set already (tests), the log panel shows only the window's own messages.
    tracing_subscriber::registry().with(NoticeLayer { notices: notices.clone() }).try_init().ok();
    if let Some(path) = options.screenshot.clone() {
        return screenshot(&path, options, notices);
    }
    if !has_display() {
        bail!(
            "no display found (DISPLAY and WAYLAND_DISPLAY are empty); `make demo` runs the main job without a window"
        );
    }
    recovery::install();
    let mut refusals = Vec::new();
    for (name, graphics) in LADDER {
        let opened = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&opened);
        let (options, notices) = (options.clone(), notices.clone());
        let size = options.size.unwrap_or(SIZE);
        if !refusals.is_empty() {
            notices.warn(format!("Graphics: {name}, since {}", refusals.join("; ")));
        }
        let answer = eframe::run_native(
            "aquila",
            native_options(graphics, size),
            Box::new(move |creation| {
                seen.store(true, Ordering::Relaxed);
                let context = creation.egui_ctx.clone();
                Ok(Box::new(Aquila::new(&context, options, notices)?))
            }),
        );
        match answer {
            Ok(()) => return Ok(()),
            // The window was open: what failed afterwards is not the adapter's absence.
            Err(error) if opened.load(Ordering::Relaxed) => bail!("the window failed: {error}"),
            Err(error) => refusals.push(format!("{name}: {error}")),
        }
    }
    bail!(
        "no way to draw a window ({}); `make demo` runs the main job without one, `aquila doctor` says what is missing",
        refusals.join("; ")
    )
}

fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || set("DISPLAY")
        || set("WAYLAND_DISPLAY")
        || set("WAYLAND_SOCKET")
}

fn native_options(graphics: Graphics, size: [f32; 2]) -> eframe::NativeOptions {
    let mut native = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Aquila")
            .with_app_id("aquila")
            .with_icon(icon::window_icon())
            .with_inner_size(size)
            .with_min_inner_size([960.0, 600.0]),
        ..Default::default()
    };
    match graphics {
        Graphics::Glow => native.renderer = eframe::Renderer::Glow,
        Graphics::Wgpu(backends, software) => {
            native.renderer = eframe::Renderer::Wgpu;
            let mut setup = WgpuSetupCreateNew::without_display_handle();
            setup.instance_descriptor.backends = backends;
            if software {
                setup.native_adapter_selector = Some(Arc::new(|adapters, _surface| {
                    adapters
                        .iter()
                        .find(|adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu)
                        .cloned()
                        .ok_or_else(|| "no software adapter".to_owned())
                }));
            }
            native.wgpu_options.wgpu_setup = WgpuSetup::CreateNew(setup);
        }
    }
    native
}

fn screenshot(path: &Path, options: Options, notices: Notices) -> anyhow::Result<()> {
    let context = egui::Context::default();
    let size = options.size.unwrap_or(SIZE);
    let mut app = Aquila::new(&context, options, notices)?;
    let image = offscreen::picture(&context, &mut app, size.into());
    app.end_jobs();
    write_png(path, &image?)
}

/// Writes a picture of the window.
pub fn write_png(path: &Path, image: &egui::ColorImage) -> anyhow::Result<()> {
    let rgba: Vec<u8> = image.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
    let bytes = png::encode_rgba(&rgba, image.size[0], image.size[1]).context("the picture is empty")?;
    Ok(atomic::write_bytes(path, &bytes)?)
}
