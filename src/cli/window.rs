//! `aquila [PATH…]`: the window.

use super::console::Console;
use crate::app;
use anyhow::Context as _;
use std::path::PathBuf;

#[derive(clap::Args, Default, PartialEq)]
pub struct Args {
    /// Files or a project folder to open
    paths: Vec<PathBuf>,
    /// Draw the window to this PNG and leave
    #[arg(long, value_name = "FILE")]
    screenshot: Option<PathBuf>,
    /// The workspace to show: blueprint, volume, clouds or runs
    #[arg(long, value_name = "NAME")]
    workspace: Option<String>,
    /// Size of the window in points
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<[f32; 2]>,
    /// Colour theme, else as the system says
    #[arg(long, value_parser = ["dark", "light"])]
    theme: Option<String>,
    /// Write each frame's own work in milliseconds to this CSV
    #[arg(long, value_name = "FILE")]
    frame_log: Option<PathBuf>,
    /// Press Train as soon as the project is open; with --screenshot, draw when the training is done
    #[arg(long)]
    train: bool,
    /// Select this block (`Encoder 1 / Convolution` for one in a group) or this run
    #[arg(long, value_name = "NAME")]
    select: Option<String>,
}

impl Args {
    /// Nothing is asked of the window.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn size(text: &str) -> Result<[f32; 2], String> {
    let parts: Vec<f32> = text.split(['x', '×']).filter_map(|part| part.trim().parse().ok()).collect();
    match parts[..] {
        [width, height] if width >= 320.0 && height >= 240.0 && width <= 16384.0 && height <= 16384.0 => {
            Ok([width, height])
        }
        _ => Err("give width and height in points, from 320x240 to 16384x16384, like 1440x900".to_owned()),
    }
}

pub fn run(args: Args, _console: &Console) -> anyhow::Result<()> {
    let workspace = args
        .workspace
        .map(|name| {
            app::Workspace::from_name(&name)
                .with_context(|| format!("no workspace {name}: there are blueprint, volume, clouds and runs"))
        })
        .transpose()?;
    // The session keeps them, and opens them again from wherever it is started.
    let paths = args.paths.iter().map(|path| {
        std::path::absolute(path).with_context(|| format!("'{}' is no path of a file", path.display()))
    });
    app::open(app::Options {
        paths: paths.collect::<anyhow::Result<_>>()?,
        workspace,
        screenshot: args.screenshot,
        size: args.size,
        theme: args.theme.as_deref().map(app::theme_named),
        frame_log: args.frame_log,
        train: args.train,
        select: args.select,
        home: None,
    })
}
