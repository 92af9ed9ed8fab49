//! `aquila apply`: a run's network on an observed map.

use super::console::Console;
use crate::io;
use crate::network::DeviceChoice;
use crate::training::{self, ApplySettings, MapQuantity};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The run folder
    run: PathBuf,
    /// The map: FITS, NPY or any other file Aquila opens
    map: PathBuf,
    /// What the map holds: N_H in cm^-2, its logarithm, or N(H2) in cm^-2
    #[arg(long, value_enum)]
    quantity: Quantity,
    /// Distance of the cloud, to bring the map to the pixel scale of the training
    #[arg(long, value_name = "PC")]
    distance_pc: Option<f64>,
    /// The density map to write (FITS)
    #[arg(long, value_name = "FITS")]
    out: PathBuf,
    /// The HDU of the map, counted from 0; without it the first that holds a map
    #[arg(long, value_name = "N")]
    hdu: Option<usize>,
    /// Take the map pixel by pixel even where its scale differs from the training's
    #[arg(long)]
    keep_pixels: bool,
    /// Share of a patch that overlaps the next
    #[arg(long, default_value_t = 0.5)]
    overlap: f64,
    /// Patches given to the network at once
    #[arg(long, default_value_t = 8)]
    batch: usize,
    /// auto, cpu or cuda:N
    #[arg(long, default_value = "auto", value_parser = super::train::device)]
    device: DeviceChoice,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Quantity {
    Column,
    LogColumn,
    ColumnH2,
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    if let Some(distance) = args.distance_pc
        && !(distance > 0.0 && distance.is_finite())
    {
        anyhow::bail!("--distance-pc must be above 0, not {distance}");
    }
    let quantity = match args.quantity {
        Quantity::Column => MapQuantity::Column,
        Quantity::LogColumn => MapQuantity::LogColumn,
        Quantity::ColumnH2 => MapQuantity::ColumnH2,
    };
    let settings = ApplySettings {
        distance_pc: args.distance_pc,
        resample: !args.keep_pixels,
        overlap: args.overlap,
        batch: args.batch,
        ..ApplySettings::new(quantity)
    };
    let out = args.out.clone();
    let applied = console.run_job("applying", move |ctx| {
        ctx.report(format!("reading {}", args.map.display()), None);
        let mut map = io::read_image_watched(&args.map, args.hdu, ctx)?;
        if map.name.is_empty() {
            map.name =
                args.map.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        }
        let applied = training::apply(&args.run, &map, &settings, args.device, ctx)?;
        io::fits::write_image(&args.out, &applied.image)?;
        Ok(applied)
    })?;
    console.say(format!(
        "{} patches in {:.1} s; {} of {} pixels are blank; wrote {}",
        applied.patches,
        applied.seconds,
        applied.count_nan_out,
        applied.image.values.len(),
        out.display()
    ));
    console.answer(&serde_json::json!({
        "out": out,
        "patches": applied.patches,
        "seconds": applied.seconds,
        "count_nan_in": applied.count_nan_in,
        "count_nan_out": applied.count_nan_out,
        "unit": applied.image.unit,
        "scale": applied.scale,
        "resampled": applied.resampled,
        "below_training": applied.outside[0],
        "above_training": applied.outside[1],
    }));
    Ok(())
}
