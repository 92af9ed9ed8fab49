//! `aquila train`: a recipe in, a run folder out.

use super::console::Console;
use crate::network::DeviceChoice;
use crate::recipe::{self, TrainingRecipe};
use crate::training::{self, Live, Resume, RunFolder, Summary};
use anyhow::Context as _;
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub struct Args {
    /// The training's recipe; not needed to go on with a run
    recipe: Option<PathBuf>,
    /// The run folder to write
    #[arg(long, required_unless_present = "write_recipe")]
    out: Option<PathBuf>,
    /// Go on from the latest checkpoint of the run folder; begin where there is none
    #[arg(long)]
    resume: bool,
    /// auto, cpu or cuda:N instead of what the recipe says
    #[arg(long, value_parser = device)]
    device: Option<DeviceChoice>,
    /// The seed instead of the recipe's
    #[arg(long)]
    seed: Option<u64>,
    /// Write a recipe with every setting, its default and what it means (of the recipe given, if one is), and do nothing else
    #[arg(long, value_name = "FILE")]
    write_recipe: Option<PathBuf>,
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    if let Some(path) = &args.write_recipe {
        return write_recipe(path, args.recipe.as_deref(), console);
    }
    let out = args.out.context("no run folder: add --out RUN")?;
    let folder = RunFolder::new(&out);
    let mut recipe = match &args.recipe {
        Some(path) => read(path)?,
        None if args.resume && folder.holds_run() => recipe::read(&folder.recipe_path())?,
        None => anyhow::bail!("no recipe: aquila train RECIPE.toml --out {}", out.display()),
    };
    if let Some(device) = args.device {
        recipe.training.device = device.to_string();
    }
    if let Some(seed) = args.seed {
        recipe.seed = seed;
    }
    let resume = if args.resume { Resume::Yes } else { Resume::No };
    let summary = console
        .run_job("training", move |ctx| Ok(training::run(&recipe, &out, resume, ctx, &Live::unwatched())?))?;
    tell(&summary, console);
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<TrainingRecipe> {
    let mut recipe: TrainingRecipe = recipe::read(path)?;
    recipe.resolve(path.parent().unwrap_or(Path::new("")));
    Ok(recipe)
}

fn write_recipe(path: &Path, from: Option<&Path>, console: &Console) -> anyhow::Result<()> {
    let recipe: TrainingRecipe = from.map(recipe::read).transpose()?.unwrap_or_else(TrainingRecipe::example);
    crate::io::atomic::write_bytes(path, recipe::write(&recipe)?.as_bytes())?;
    console.say(format!("wrote {}", path.display()));
    console.answer(&serde_json::json!({ "recipe": path }));
    Ok(())
}

fn tell(summary: &Summary, console: &Console) {
    let speed = format!("{:.1} samples/s", summary.samples_per_second);
    console.say(format!(
        "{} epochs, {} steps in {:.1} s on {} ({speed})",
        summary.epochs, summary.steps, summary.seconds, summary.device
    ));
    if let Some(reason) = &summary.ended {
        console.say(format!("ended early: {reason}"));
    }
    super::evaluate::tell(&summary.evaluation, console);
    console.say(format!("run: {}", summary.run.root().display()));
    let best = summary.best.map(|best| {
        let mut value = serde_json::json!({
            "epoch": best.epoch, "validation_loss": best.validation_loss, "metrics": best.metrics,
            "rms_dex": best.metrics.rms_dex, "accuracy_0p3dex": best.metrics.accuracy_0p3dex,
        });
        value["bias_dex"] = best.metrics.bias_dex.into();
        value["mae_dex"] = best.metrics.mae_dex.into();
        value
    });
    console.answer(&serde_json::json!({
        "run": summary.run.root(),
        "device": summary.device,
        "threads": summary.threads,
        "epochs": summary.epochs,
        "steps": summary.steps,
        "seconds": summary.seconds,
        "samples_per_second": summary.samples_per_second,
        "best": best,
        "ended": summary.ended,
        "evaluation": summary.evaluation.json(),
    }));
}

/// For arguments: a device, or why the text is none.
pub(super) fn device(text: &str) -> Result<DeviceChoice, String> {
    text.parse()
}
