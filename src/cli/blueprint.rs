//! `aquila blueprint`: networks as documents, made and checked without a window.

use super::console::Console;
use crate::blueprint::{self, Analysis, Fault, FileError, TEMPLATES, UnetOptions};
use anyhow::Context as _;
use clap::builder::{PossibleValue, PossibleValuesParser};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub enum Command {
    /// A network from a template
    New(NewArgs),
    /// Shapes, sizes and faults of a network; exit status 1 where it cannot be trained
    Check(CheckArgs),
}

#[derive(clap::Args)]
pub struct NewArgs {
    #[arg(value_parser = templates())]
    template: String,
    /// The file to write, NAME.blueprint.json
    #[arg(long)]
    out: PathBuf,
    /// How often the map is halved
    #[arg(long, default_value_t = UnetOptions::default().levels)]
    levels: usize,
    /// Filters of the first level; they double with each level
    #[arg(long, default_value_t = UnetOptions::default().base_filters)]
    base: usize,
    /// Two convolutions in each block
    #[arg(long)]
    double: bool,
    /// No attention gates on the skips
    #[arg(long)]
    no_attention: bool,
    /// Probability of dropping a channel [default: 0.01, or 0.05 with --double]
    #[arg(long)]
    dropout: Option<f64>,
    /// Channels of the input map
    #[arg(long, default_value_t = UnetOptions::default().in_channels)]
    in_channels: usize,
    /// Pixels of the input map along y
    #[arg(long, default_value_t = UnetOptions::default().height)]
    height: usize,
    /// Pixels of the input map along x
    #[arg(long, default_value_t = UnetOptions::default().width)]
    width: usize,
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
        Command::New(args) => new(args, console),
        Command::Check(args) => check(args, console),
    }
}

fn new(args: NewArgs, console: &Console) -> anyhow::Result<()> {
    let options = UnetOptions {
        levels: args.levels,
        base_filters: args.base,
        double: args.double,
        attention: !args.no_attention,
        dropout: args.dropout,
        in_channels: args.in_channels,
        height: args.height,
        width: args.width,
    };
    let document = blueprint::template(&args.template, &options)?;
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
        "{name}: {} parameters, {:.3} G multiply-adds and {:.0} MiB to train for each sample",
        grouped(analysis.parameters),
        analysis.multiply_adds as f64 / 1e9,
        analysis.training_bytes as f64 / f64::from(1 << 20)
    )
}

/// `15 681 005`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
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
