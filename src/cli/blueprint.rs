//! `aquila blueprint`: networks as documents, made and checked without a window.

use super::console::{Console, Usage};
use super::exchange;
use crate::blueprint::{self, Analysis, Fault, FileError, TEMPLATES, TemplateOptions};
use crate::figure::{numbers, text};
use anyhow::Context as _;
use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub enum Command {
    /// A network from a template
    New(Box<NewArgs>),
    /// Shapes, sizes and faults of a network; exit status 1 where it cannot be trained
    Check(CheckArgs),
    /// A network for other programs: a PyTorch module with its weights, or an ONNX file
    Export(exchange::ExportArgs),
    /// Weights of another program for a blueprint: safetensors or a PyTorch state dict; nothing in the file is executed
    Import(exchange::ImportArgs),
}

#[derive(clap::Args)]
pub struct NewArgs {
    #[arg(value_parser = templates())]
    template: String,
    /// The file to write, NAME.blueprint.json
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    options: OptionArgs,
}

/// What a template can be asked for. Which of these one has, and with which values, says the template.
#[derive(clap::Args)]
struct OptionArgs {
    /// How often the map is halved
    #[arg(long)]
    levels: Option<i64>,
    /// Filters of the first level
    #[arg(long)]
    base: Option<i64>,
    /// What each block is made of: single, double or residual
    #[arg(long)]
    block: Option<String>,
    /// The same as --block double
    #[arg(long, conflicts_with = "block")]
    double: bool,
    /// The same as --block residual
    #[arg(long, conflicts_with_all = ["block", "double"])]
    residual: bool,
    /// Attention gates on the skips
    #[arg(long, conflicts_with = "no_attention")]
    attention: bool,
    /// No attention gates on the skips
    #[arg(long)]
    no_attention: bool,
    /// Probability of dropping a channel
    #[arg(long)]
    dropout: Option<f64>,
    /// Channels of the input
    #[arg(long, alias = "in-channels")]
    channels: Option<i64>,
    /// Pixels of the input along y
    #[arg(long)]
    height: Option<i64>,
    /// Pixels of the input along x
    #[arg(long)]
    width: Option<i64>,
    /// Pixels, or velocity channels, of the input cube
    #[arg(long)]
    depth: Option<i64>,
    /// Input maps, or numbers that enter
    #[arg(long)]
    inputs: Option<i64>,
    /// How many of the deepest levels have KAN convolutions
    #[arg(long)]
    kan_levels: Option<i64>,
    /// How two parts make the prediction: sum or product
    #[arg(long)]
    combine: Option<String>,
    /// A further input of spectra: none, projection or moments
    #[arg(long)]
    spectra: Option<String>,
    /// Stages of residual blocks
    #[arg(long)]
    stages: Option<i64>,
    /// Values of a hidden layer
    #[arg(long)]
    hidden: Option<i64>,
    /// Hidden layers
    #[arg(long)]
    layers: Option<i64>,
}

impl OptionArgs {
    fn options(self) -> TemplateOptions {
        let integers = [
            ("levels", self.levels),
            ("base", self.base),
            ("channels", self.channels),
            ("height", self.height),
            ("width", self.width),
            ("depth", self.depth),
            ("inputs", self.inputs),
            ("kan-levels", self.kan_levels),
            ("stages", self.stages),
            ("hidden", self.hidden),
            ("layers", self.layers),
        ];
        let block = match (self.double, self.residual) {
            (true, _) => Some("double".to_owned()),
            (_, true) => Some("residual".to_owned()),
            _ => self.block,
        };
        let words = [("block", block), ("combine", self.combine), ("spectra", self.spectra)];
        let attention = (self.attention || self.no_attention).then_some(self.attention);
        let mut options = TemplateOptions::new();
        for (name, value) in integers {
            options.set_some(name, value);
        }
        for (name, value) in words {
            options.set_some(name, value.as_deref());
        }
        options.set_some("attention", attention);
        options.set_some("dropout", self.dropout);
        options
    }
}

#[derive(clap::Args)]
pub struct CheckArgs {
    file: PathBuf,
}

fn templates() -> PossibleValuesParser {
    PossibleValuesParser::new(TEMPLATES.iter().map(|info| PossibleValue::new(info.name).help(info.help)))
}

pub fn run(command: Command, console: &Console) -> anyhow::Result<()> {
    match command {
        Command::New(args) => new(*args, console),
        Command::Check(args) => check(args, console),
        Command::Export(args) => exchange::export(args, console),
        Command::Import(args) => exchange::import(args, console),
    }
}

fn new(args: NewArgs, console: &Console) -> anyhow::Result<()> {
    let document = match blueprint::template(&args.template, args.options.options()) {
        Ok(document) => document,
        // As clap has it for an argument that does not fit.
        Err(error) => return Err(Usage(error.to_string()).into()),
    };
    blueprint::save(&document, &args.out)?;
    let analysis = blueprint::analyse(&document);
    console.say(format!("{}: {}", args.out.display(), summary(&document.name, &analysis)));
    say_faults(&analysis, console);
    let mut answer = answer(&analysis);
    answer["path"] = json!(args.out);
    console.answer(&answer);
    Ok(())
}

fn check(args: CheckArgs, console: &Console) -> anyhow::Result<()> {
    let document = match blueprint::load(&args.file) {
        Ok(document) => document,
        Err(error) => {
            // A file that is there but is no blueprint is an answer, too.
            if !matches!(error, FileError::Io(_)) {
                console.answer(&unreadable(&error));
            }
            return Err(error).context("the blueprint cannot be read");
        }
    };
    let analysis = blueprint::analyse(&document);
    console.say(summary(&document.name, &analysis));
    say_faults(&analysis, console);
    console.answer(&answer(&analysis));
    let errors = analysis.errors().count();
    anyhow::ensure!(
        errors == 0,
        "{}: {errors} fault{} must be mended first",
        args.file.display(),
        if errors == 1 { "" } else { "s" }
    );
    Ok(())
}

fn say_faults(analysis: &Analysis, console: &Console) {
    for (word, fault) in analysis
        .errors()
        .map(|fault| ("fault", fault))
        .chain(analysis.warnings().map(|fault| ("warning", fault)))
    {
        console.say(format!("{word}: {fault}"));
        if let Some(fix) = &fault.fix {
            console.say(format!("  mend: {fix}"));
        }
    }
}

fn summary(name: &str, analysis: &Analysis) -> String {
    format!(
        "{name}: {} parameters, {} multiply-adds and {} to train for each sample",
        text::count(analysis.parameters),
        numbers::scaled(analysis.multiply_adds),
        numbers::bytes(analysis.training_bytes)
    )
}

fn answer(analysis: &Analysis) -> Value {
    let faults = |faults: &mut dyn Iterator<Item = &Fault>| faults.map(fault).collect::<Vec<_>>();
    let outputs: Vec<_> =
        analysis.outputs.iter().map(|(name, shape)| json!({"name": name, "shape": shape.sizes})).collect();
    json!({
        "valid": analysis.is_valid(),
        "parameters": analysis.parameters,
        "multiply_adds": analysis.multiply_adds,
        "training_bytes": analysis.training_bytes,
        "forward_bytes": analysis.forward_bytes,
        "errors": faults(&mut analysis.errors()),
        "warnings": faults(&mut analysis.warnings()),
        "outputs": outputs,
    })
}

fn fault(fault: &Fault) -> Value {
    json!({
        "block": (!fault.block.is_empty()).then_some(&fault.block),
        "port": fault.port,
        "kind": fault.kind,
        "message": fault.message,
        "expected": fault.expected,
        "came": fault.came,
        "fix": fault.fix,
    })
}

fn unreadable(error: &FileError) -> Value {
    let fault = json!({
        "block": null,
        "port": null,
        "kind": "unreadable",
        "message": error.to_string(),
        "fix": null,
    });
    json!({
        "valid": false,
        "parameters": 0,
        "multiply_adds": 0,
        "errors": [fault],
        "warnings": [],
        "outputs": [],
    })
}
