//! The demo project of the first start: synthetic clouds, their column-density maps, a U-Net.

use super::{Error, Project, Result};
use crate::blueprint::{self, UnetOptions};
use crate::cloud::{self, Axis, DemoClouds, Quantity};
use crate::data::Image;
use crate::io;
use crate::job::Context;
use crate::recipe::{self, CloudSource, TrainingRecipe};
use std::path::{Path, PathBuf};

/// Base filters of the demo's U-Net: small enough to learn something in a minute on two cores.
const BASE_FILTERS: usize = 16;
/// Edge of the patches that the demo's recipe cuts.
const PATCH_PIXELS: usize = 64;
/// The recipe of `aquila demo` too.
const RECIPE: &str = include_str!("../../assets/recipes/demo-train.toml");

/// Makes the demo project in `folder`, or completes and opens the one that is there.
pub fn make_demo(folder: &Path, context: &Context) -> Result<Project> {
    let project = Project::create(folder, "Demo clouds")?;
    let network = project.blueprints().join("u-net.blueprint.json");
    if !network.exists() {
        let options = UnetOptions {
            base_filters: BASE_FILTERS,
            height: PATCH_PIXELS,
            width: PATCH_PIXELS,
            ..UnetOptions::default()
        };
        let mut template = blueprint::template("unet", &options).map_err(|error| Error::Damaged {
            path: network.clone(),
            what: error.to_string(),
            advice: "report it",
        })?;
        template.name = "U-Net, 4 levels".to_owned();
        blueprint::save(&template, &network)?;
    }
    let clouds = DemoClouds::standard(0);
    let recipe = project.folder.join("train.toml");
    if !recipe.exists() {
        let places = clouds.folders(&project.clouds())?;
        io::atomic::write_bytes(&recipe, training_recipe(&places, folder)?.as_bytes())?;
    }
    for (index, cloud) in clouds.load_or_make(&project.clouds(), context)?.iter().enumerate() {
        for (quantity, word) in [(Quantity::Column, "column density"), (Quantity::MassWeighted, "density")] {
            context.check()?;
            let path = project.maps().join(format!("cloud {} {word}.fits", index + 1));
            if !path.exists() {
                let map: Image = cloud::project(cloud, quantity, Axis::Z);
                io::fits::write_image(&path, &map)?;
            }
        }
    }
    Ok(project)
}

/// The demo's recipe on the project's own clouds, with paths inside the project so that it can be moved.
fn training_recipe(clouds: &[PathBuf], folder: &Path) -> Result<String> {
    let mut recipe: TrainingRecipe = recipe::parse(RECIPE, "demo-train.toml")?;
    recipe.data.family = None;
    recipe.data.clouds = clouds
        .iter()
        .map(|place| place.strip_prefix(folder).unwrap_or(place).to_owned())
        .map(|place| CloudSource { simulation: Some(place), ..CloudSource::default() })
        .collect();
    Ok(recipe::write(&recipe)?)
}
