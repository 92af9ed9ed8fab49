//! The demo project of the first start: synthetic clouds, their column-density maps, a U-Net.

use super::{Error, Project, Result};
use crate::blueprint::{self, UnetOptions};
use crate::cloud::{self, Axis, DemoClouds, Quantity};
use crate::data::Image;
use crate::io;
use crate::job::Context;
use std::path::Path;

/// Base filters of the demo's U-Net: small enough to learn something in a minute on two cores.
const BASE_FILTERS: usize = 16;

/// Makes the demo project in `folder`, or completes and opens the one that is there.
pub fn make_demo(folder: &Path, context: &Context) -> Result<Project> {
    let project = Project::create(folder, "Demo clouds")?;
    let network = project.blueprints().join("u-net.blueprint.json");
    if !network.exists() {
        let options = UnetOptions { base_filters: BASE_FILTERS, ..UnetOptions::default() };
        let mut template = blueprint::template("unet", &options).map_err(|error| Error::Damaged {
            path: network.clone(),
            what: error.to_string(),
            advice: "report it",
        })?;
        template.name = "U-Net, 4 levels".to_owned();
        blueprint::save(&template, &network)?;
    }
    let clouds = DemoClouds::standard(0);
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
