//! `aquila dataset`: a recipe in, a sample set out.

use super::console::Console;
use crate::data::{SampleSet, Split};
use crate::recipe::{self, PatchesRecipe};
use crate::{io, training};
use anyhow::Context as _;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(clap::Args)]
pub struct Args {
    /// The recipe (kind "patches")
    recipe: Option<PathBuf>,
    /// Sample set to write
    #[arg(long, value_name = "FILE.h5", required_unless_present = "write_recipe")]
    out: Option<PathBuf>,
    /// The seed of the patches instead of the recipe's
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
    let out = args.out.context("no file for the sample set: add --out FILE.h5")?;
    let path = args.recipe.context("no recipe: aquila dataset RECIPE.toml --out FILE.h5")?;
    let mut recipe: PatchesRecipe = recipe::read(&path)?;
    if let Some(seed) = args.seed {
        recipe.patches.seed = seed;
    }
    // The recipe as it was carried out goes into the file, with its paths as written: the same recipe gives the same bytes.
    let text = recipe::write(&recipe)?;
    recipe.resolve(path.parent().unwrap_or(Path::new("")));
    let started = Instant::now();
    let file = out.clone();
    let set = console.run_job("sample set", move |ctx| {
        let mut set = training::patches(&recipe, &ctx.part(0.0, 0.9))?;
        set.attributes.insert("recipe".into(), text);
        ctx.report(format!("writing {}", file.display()), Some(0.9));
        io::sample_set::write(&file, &set)?;
        Ok(set)
    })?;
    tell(&set, &out, started.elapsed().as_secs_f64(), console);
    Ok(())
}

fn write_recipe(path: &Path, from: Option<&Path>, console: &Console) -> anyhow::Result<()> {
    let recipe: PatchesRecipe = from.map(recipe::read).transpose()?.unwrap_or_else(PatchesRecipe::example);
    io::atomic::write_bytes(path, recipe::write(&recipe)?.as_bytes())?;
    console.say(format!("wrote {}", path.display()));
    console.answer(&json!({ "recipe": path }));
    Ok(())
}

fn tell(set: &SampleSet, out: &Path, seconds: f64, console: &Console) {
    let [train, validation, test] =
        [Split::Train, Split::Validation, Split::Test].map(|part| set.indices(part).len());
    console.say(format!(
        "{} samples ({train} training, {validation} validation, {test} test) in {seconds:.1} s: {}",
        set.len(),
        out.display()
    ));
    let shapes = |channels: &indexmap::IndexMap<String, crate::data::Channel>| {
        channels
            .iter()
            .map(|(name, c)| (name.clone(), json!({ "shape": c.values.shape(), "unit": c.unit })))
            .collect::<serde_json::Map<_, _>>()
    };
    console.answer(&json!({
        "out": out,
        "samples": set.len(),
        "train": train,
        "validation": validation,
        "test": test,
        "channels": shapes(&set.channels),
        "targets": shapes(&set.targets),
        "seconds": seconds,
    }));
}
