//! `aquila blueprint export` and `import`: networks and weights between Aquila, PyTorch and ONNX.

use super::console::Console;
use crate::blueprint;
use crate::network::export::Format;
use crate::network::import::Report;
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

#[derive(clap::Args)]
pub struct ImportArgs {
    /// A safetensors file or a PyTorch state dict (.pt, .pth)
    weights: PathBuf,
    /// The blueprint whose weights they are to be
    #[arg(long)]
    blueprint: PathBuf,
    /// The weights file to write, for `export --weights` and for `network.weights` of a training recipe
    #[arg(long, value_name = "FILE.safetensors")]
    out: PathBuf,
    /// Write also when weights are missing or of another shape: those stay as drawn with seed 0
    #[arg(long)]
    partial: bool,
}

pub fn import(args: ImportArgs, console: &Console) -> anyhow::Result<()> {
    let document = blueprint::load(&args.blueprint).context("the blueprint cannot be read")?;
    let (from, out, partial) = (args.weights.clone(), args.out.clone(), args.partial);
    let report =
        console.run_job("importing", move |_| Ok(training::import(&document, &from, &out, partial)?))?;
    tell(&report, console);
    let is_written = report.is_complete() || args.partial;
    let mut answer = serde_json::to_value(&report)?;
    answer["path"] = json!(is_written.then_some(&args.out));
    console.answer(&answer);
    anyhow::ensure!(
        is_written,
        "{}: {} weights of the network are missing and {} have another shape, so nothing was written; --partial draws those with seed 0",
        args.weights.display(),
        report.missing.len(),
        report.misshapen.len()
    );
    console.say(format!("wrote {}", args.out.display()));
    Ok(())
}

/// How many lines of a list are shown; `--json` has all.
const SHOWN: usize = 12;

fn tell(report: &Report, console: &Console) {
    console.say(format!("{} names matched as they are", report.matched.len()));
    let list = |title: &str, lines: Vec<String>| {
        if lines.is_empty() {
            return;
        }
        console.say(format!("{} {title}", lines.len()));
        lines.iter().take(SHOWN).for_each(|line| console.say(format!("  {line}")));
        if lines.len() > SHOWN {
            console.say(format!("  and {} more; --json lists all", lines.len() - SHOWN));
        }
    };
    let rule = report.renamed.first().map_or("", |renamed| renamed.rule);
    let renamed = report.renamed.iter().map(|renamed| format!("{} → {}", renamed.from, renamed.to));
    list(&format!("renamed ({rule})"), renamed.collect());
    list("missing", report.missing.clone());
    list("unknown here", report.unexpected.clone());
    let misshapen = report.misshapen.iter().map(|one| {
        format!("{} → {}: {:?}, but the network has {:?}", one.from, one.to, one.found, one.expected)
    });
    list("of another shape", misshapen.collect());
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
