//! `aquila blueprint export` and `import`: networks and weights between Aquila, PyTorch and ONNX.

use super::console::Console;
use crate::blueprint;
use crate::network::export::Format;
use crate::training::{self, ExportSettings};
use anyhow::Context as _;
use serde_json::json;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct ExportArgs {
    /// The blueprint
    file: PathBuf,
    /// What to write
    #[arg(long, value_enum)]
    format: FormatWord,
    /// The folder to write into
    #[arg(long)]
    out: PathBuf,
    /// A run folder (its best checkpoint) or a weights file; without it the weights are random, of seed 0
    #[arg(long, value_name = "RUN|FILE.safetensors")]
    weights: Option<PathBuf>,
    /// Also write example.safetensors: a random batch and the network's outputs, to check the export with
    #[arg(long)]
    with_example: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum FormatWord {
    /// model.py, weights.safetensors and load.py
    Pytorch,
    /// model.onnx, opset 17
    Onnx,
}

pub fn export(args: ExportArgs, console: &Console) -> anyhow::Result<()> {
    let document = blueprint::load(&args.file).context("the blueprint cannot be read")?;
    let format = match args.format {
        FormatWord::Pytorch => Format::PyTorch,
        FormatWord::Onnx => Format::Onnx,
    };
    let has_weights = args.weights.is_some();
    let settings = ExportSettings { weights: args.weights, format, with_example: args.with_example };
    let files =
        console.run_job("exporting", move |_| Ok(training::export(&document, &settings, &args.out)?))?;
    for file in &files {
        console.say(format!("wrote {}", file.display()));
    }
    if !has_weights {
        console.say("the weights are random, drawn with seed 0: add --weights RUN for trained ones");
    }
    console.answer(&json!({ "files": files, "weights": if has_weights { "given" } else { "random" } }));
    Ok(())
}
