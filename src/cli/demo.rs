//! `aquila demo`: the main job with no display. Synthetic clouds → patches → a U-Net from a blueprint → training → evaluation
//! on held-out clouds → application to a whole map → figures and `report.html`.

use super::console::Console;
use super::report::Report;
use crate::cloud::{Axis, DemoClouds, Quantity, Simulation, project};
use crate::data::Image;
use crate::figure::{ColourMap, Panel, maps_svg, picture_svg, text};
use crate::io;
use crate::job::Context;
use crate::network::DeviceChoice;
use crate::recipe::{self, CloudSource, TrainingRecipe};
use crate::training::{
    self, Applied, ApplySettings, Evaluation, Live, MapQuantity, Metrics, PowerLaw, Resume, Summary,
};
use crate::volume::gpu::{Adapter, Volume};
use crate::volume::{Grid, Histogram, VolumeError, first_look_at};
use anyhow::Context as _;
use ndarray::{Array2, Zip};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;

#[derive(clap::Args)]
pub struct Args {
    /// Folder for clouds, run, maps, figures and report.html
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Seconds of training at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    seconds: Option<u32>,
    /// Every random draw comes from it
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// auto, cpu or cuda:N
    #[arg(long, default_value = "auto")]
    device: String,
}

/// The recipe of the demo's training, without its clouds.
const RECIPE: &str = include_str!("../../assets/recipes/demo-train.toml");

/// What the demo came to.
struct Outcome {
    summary: Summary,
    rows: Vec<training::Row>,
    whole: WholeMap,
    volume: VolumePicture,
    seconds: f64,
}

/// A cloud in three dimensions: the file, or why there is none.
struct VolumePicture {
    cloud: String,
    drawn: Result<DrawnVolume, String>,
}

struct DrawnVolume {
    path: PathBuf,
    png: Vec<u8>,
    adapter: String,
    /// cm⁻³ at the ends of the colours.
    range: (f64, f64),
}

/// A held-out cloud seen as a whole.
struct WholeMap {
    cloud: String,
    column: Image,
    truth: Image,
    applied: Applied,
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let out = std::path::absolute(&args.out)?;
    let folder = out.clone();
    let outcome = console.run_job("demo", move |ctx| work(&args, &folder, ctx))?;
    let report = out.join("report.html");
    say(console, &outcome, &report);
    let evaluation = outcome.summary.evaluation.json();
    console.answer(&json!({
        "out": out, "report": report, "volume": outcome.volume.drawn.as_ref().ok().map(|drawn| &drawn.path), "run": outcome.summary.run.root(), "seconds": outcome.seconds,
        "epochs": outcome.summary.epochs, "steps": outcome.summary.steps,
        "samples_per_second": outcome.summary.samples_per_second, "evaluation": evaluation,
        "apply": { "patches": outcome.whole.applied.patches, "seconds": outcome.whole.applied.seconds,
            "count_nan_in": outcome.whole.applied.count_nan_in, "count_nan_out": outcome.whole.applied.count_nan_out },
    }));
    Ok(())
}

fn work(args: &Args, out: &Path, ctx: &Context) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let run = out.join("run");
    anyhow::ensure!(
        !training::RunFolder::new(&run).holds_run(),
        "{} holds a run already, and nothing is overwritten; name another --out",
        run.display()
    );
    std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;

    let family = DemoClouds::standard(args.seed);
    let places = family.folders(&out.join("clouds"))?;
    let clouds = family.load_or_make(&out.join("clouds"), ctx)?;
    let mut recipe: TrainingRecipe = recipe::parse(RECIPE, "demo-train.toml")?;
    recipe.seed = args.seed;
    recipe.training.device.clone_from(&args.device);
    // The same family, kept in the folder, instead of made again.
    recipe.data.family = None;
    recipe.data.clouds = places
        .into_iter()
        .map(|place| CloudSource { simulation: Some(place), ..CloudSource::default() })
        .collect();
    if let Some(seconds) = args.seconds {
        recipe.training.max_seconds = f64::from(seconds);
    }
    let live = Live::default();
    let summary = training::run(&recipe, &run, Resume::No, ctx, &live)?;
    let rows = live.curves.latest().map(|curves| curves.rows.clone()).unwrap_or_default();
    let device: DeviceChoice = args.device.parse().map_err(anyhow::Error::msg)?;
    let whole = whole_map(&summary, &clouds, device, ctx)?;
    io::fits::write_image(&out.join("column_density.fits"), &whole.column)?;
    io::fits::write_image(&out.join("true_density.fits"), &whole.truth)?;
    io::fits::write_image(&out.join("predicted_density.fits"), &whole.applied.image)?;
    let volume = volume_picture(&clouds, &whole.cloud, &out.join("volume.png"), ctx)?;
    let outcome = Outcome { summary, rows, whole, volume, seconds: started.elapsed().as_secs_f64() };
    write_report(out, &outcome)?;
    Ok(outcome)
}

/// Brings the network onto the whole face of the first cloud that it was not trained on.
fn whole_map(
    summary: &Summary,
    clouds: &[Simulation],
    device: DeviceChoice,
    ctx: &Context,
) -> anyhow::Result<WholeMap> {
    let held_out = summary.evaluation.groups.first().map_or(0, |group| group.group);
    let cloud = usize::try_from(held_out)
        .ok()
        .and_then(|index| clouds.get(index))
        .context("the split held no cloud out")?;
    let column = project(cloud, Quantity::Column, Axis::Z);
    let truth = project(cloud, Quantity::MassWeighted, Axis::Z);
    let settings = ApplySettings::new(MapQuantity::Column);
    let applied = training::apply(summary.run.root(), &column, &settings, device, ctx)?;
    Ok(WholeMap { cloud: cloud.name.clone(), column, truth, applied })
}

/// Pixels of the picture of a cloud.
const SIZE: (u32, u32) = (960, 720);

/// Draws the cloud of this name as the window first shows a cube. A machine that cannot draw is told of, and is no reason to fail.
fn volume_picture(
    clouds: &[Simulation],
    name: &str,
    path: &Path,
    ctx: &Context,
) -> anyhow::Result<VolumePicture> {
    ctx.report("drawing a cloud in three dimensions", None);
    let cloud =
        clouds.iter().find(|cloud| cloud.name == name).context("the cloud is not among those made")?;
    let density = cloud.density_cm3.view();
    let grid = Grid::new(density, [1.0; 3])?;
    let mut scene = first_look_at(&grid.lattice, &Histogram::of(density), density);
    scene.view = scene.view.fitted(&grid.lattice, SIZE.0 as f32 / SIZE.1 as f32);
    let draw = || {
        let adapter = Adapter::open(false)?;
        let picture = Volume::of(&adapter, &grid)?.picture(&scene, SIZE.0, SIZE.1)?;
        Ok((adapter.name.clone(), picture.to_rgba8()))
    };
    let drawn = match draw() {
        Ok((adapter, pixels)) => {
            let png = io::png::encode_rgba(&pixels, SIZE.0 as usize, SIZE.1 as usize);
            let png = png.context("the picture of the cloud cannot be packed as PNG")?;
            io::atomic::write(path, |file| file.write_all(&png))?;
            Ok(DrawnVolume { path: path.to_owned(), png, adapter, range: scene.transfer.range })
        }
        Err(error) => {
            let error: VolumeError = error;
            ctx.warn(format!("no picture of a cloud in three dimensions: {error}"));
            Err(error.to_string())
        }
    };
    Ok(VolumePicture { cloud: cloud.name.clone(), drawn })
}

fn say(console: &Console, outcome: &Outcome, report: &Path) {
    let evaluation = &outcome.summary.evaluation;
    console.say(format!("{:<12} {:>8} {:>8} {:>8} {:>12}", "", "rms dex", "mae dex", "bias", "within 0.3"));
    for (name, metrics) in [("U-Net", Some(&evaluation.metrics)), ("power law", evaluation.baseline.as_ref())]
    {
        if let Some(m) = metrics {
            console.say(format!(
                "{name:<12} {:>8.3} {:>8.3} {:>+8.3} {:>10.1} %",
                m.rms_dex,
                m.mae_dex,
                m.bias_dex,
                100.0 * m.accuracy_0p3dex
            ));
        }
    }
    console.say(format!("{:.0} s in all; see {}", outcome.seconds, report.display()));
}

fn write_report(out: &Path, outcome: &Outcome) -> anyhow::Result<()> {
    let evaluation = &outcome.summary.evaluation;
    let mut report = Report::new("Aquila demo: volume density from column density");
    report.paragraph(
        "Synthetic molecular clouds were made, seen along three axes and cut into patches. A U-Net drawn as a blueprint was trained to \
         read the mass-weighted density along each line of sight from the column density alone. It is judged here on clouds of which \
         it saw nothing in training, beside the best power law n = a N^b fitted to the training pixels.",
    );
    report.heading("How good it is on held-out clouds");
    report.table(
        &["", "rms (dex)", "mean |residual| (dex)", "bias (dex)", "within 0.3 dex"],
        &metric_rows(evaluation),
    );
    if let Some(baseline) = &evaluation.baseline {
        report.paragraph(&verdict(&evaluation.metrics, baseline, evaluation.power_law.as_ref()));
    }
    let mut figures = vec![
        (
            "accuracy",
            evaluation.accuracy_svg(),
            "Fraction of held-out pixels whose density is right within a tolerance.",
        ),
        ("curves", training::curves_svg(&outcome.rows), "Loss and rms of the residuals while training."),
    ];
    for (of, name, caption) in [
        (
            "prediction",
            "correlation-network",
            "Predicted against true density of every held-out pixel: the network.",
        ),
        ("power_law", "correlation-power-law", "The same for the power law."),
    ] {
        figures.extend(evaluation.correlation_svg(of).map(|svg| (name, svg, caption)));
    }
    figures.extend(evaluation.example_svg(0).map(|svg| ("example", svg, "One held-out patch.")));
    figures.push((
        "whole-map",
        whole_svg(&outcome.whole, evaluation.power_law.as_ref()),
        "A whole held-out cloud: overlapping patches, blended.",
    ));
    let folder = out.join("figures");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (name, svg, caption) in &figures {
        io::atomic::write(&folder.join(format!("{name}.svg")), |file| file.write_all(svg.as_bytes()))?;
        report.figure(svg, caption);
    }
    report.heading("A cloud in three dimensions");
    let VolumePicture { cloud, drawn } = &outcome.volume;
    match drawn {
        Ok(drawn) => report.figure(
            &picture_svg(&drawn.png, SIZE.0, SIZE.1),
            &format!(
                "The density of {cloud}, near gas before far gas; colours and opacity rise from {} to {} cm⁻³. Drawn on {}.",
                text::number(drawn.range.0), text::number(drawn.range.1), drawn.adapter
            ),
        ),
        Err(reason) => report.paragraph(&format!("There is no picture: {reason}.")),
    }
    report.heading("By cloud");
    let rows: Vec<Vec<String>> = evaluation
        .groups
        .iter()
        .map(|group| {
            let baseline = group.baseline.as_ref().map_or("–".to_owned(), |m| format!("{:.3}", m.rms_dex));
            vec![
                format!("cloud {}", group.group + 1),
                group.samples.to_string(),
                format!("{:.3}", group.metrics.rms_dex),
                baseline,
            ]
        })
        .collect();
    report.table(&["", "patches", "U-Net rms (dex)", "power law rms (dex)"], &rows);
    report.heading("How it was made");
    report.table(&["", ""], &facts(outcome));
    report.paragraph(
        "Beside this page: clouds/ (simulation folders), run/ (recipe, blueprint, weights, metrics, predictions), column_density.fits, \
         true_density.fits and predicted_density.fits of one held-out cloud, volume.png (its density in three dimensions), figures/ (the \
         figures as SVG).",
    );
    let page = report.finish();
    io::atomic::write(&out.join("report.html"), |file| file.write_all(page.as_bytes()))?;
    Ok(())
}

fn metric_rows(evaluation: &Evaluation) -> Vec<Vec<String>> {
    let row = |name: &str, m: &Metrics| {
        vec![
            name.to_owned(),
            format!("{:.3}", m.rms_dex),
            format!("{:.3}", m.mae_dex),
            format!("{:+.3}", m.bias_dex).replace('-', "−"),
            format!("{:.1} %", 100.0 * m.accuracy_0p3dex),
        ]
    };
    let mut rows = vec![row("U-Net", &evaluation.metrics)];
    rows.extend(evaluation.baseline.as_ref().map(|m| row("best power law", m)));
    rows
}

fn verdict(network: &Metrics, baseline: &Metrics, law: Option<&PowerLaw>) -> String {
    let law = law.map_or(String::new(), |law| format!(" (n ∝ N^{:.2})", law.slope));
    let change = 100.0 * (1.0 - network.rms_dex / baseline.rms_dex);
    if change > 0.0 {
        format!("The network's rms is {change:.0} % below that of the power law{law}.")
    } else {
        format!(
            "The network does not beat the power law{law}: its rms is {:.0} % higher. Train longer.",
            -change
        )
    }
}

fn facts(outcome: &Outcome) -> Vec<Vec<String>> {
    let summary = &outcome.summary;
    [
        ("device", summary.device.clone()),
        ("threads", summary.threads.to_string()),
        ("epochs", summary.epochs.to_string()),
        ("optimiser steps", summary.steps.to_string()),
        ("training", format!("{:.0} s, {:.0} samples/s", summary.seconds, summary.samples_per_second)),
        ("everything", format!("{:.0} s", outcome.seconds)),
    ]
    .map(|(key, value)| vec![key.to_owned(), value])
    .to_vec()
}

/// Column density, truth, prediction, and both residuals of the whole face.
fn whole_svg(whole: &WholeMap, law: Option<&PowerLaw>) -> String {
    let column = whole.column.values.mapv(f32::log10);
    let truth = whole.truth.values.mapv(f32::log10);
    let prediction = whole.applied.image.values.mapv(f32::log10);
    let range = span(&truth);
    let residual = &prediction - &truth;
    let density = "log₁₀ ⟨n⟩ (cm⁻³)";
    let panel =
        |title: &str, label: &str, range, colours| (title.to_owned(), label.to_owned(), range, colours);
    let mut described = vec![
        (panel("Column density", "log₁₀ N_H (cm⁻²)", span(&column), ColourMap::Magma), column.clone()),
        (panel("Truth", density, range, ColourMap::Viridis), truth.clone()),
        (panel("U-Net", density, range, ColourMap::Viridis), prediction),
        (panel("U-Net − truth", "dex", (-1.0, 1.0), ColourMap::RedBlue), residual),
    ];
    if let Some(law) = law {
        let mut residual = Array2::zeros(truth.dim());
        Zip::from(&mut residual).and(&column).and(&truth).for_each(|r, &n, &t| *r = law.predict_dex(n) - t);
        described.push((panel("Power law − truth", "dex", (-1.0, 1.0), ColourMap::RedBlue), residual));
    }
    let panels: Vec<Panel<'_>> = described
        .iter()
        .map(|((title, label, range, colours), values)| Panel {
            title: title.clone(),
            values: values.view(),
            label: label.clone(),
            range: *range,
            colours: *colours,
        })
        .collect();
    maps_svg(&panels, &format!("{}, seen along z", whole.cloud))
}

/// The range of the finite values.
fn span(values: &Array2<f32>) -> (f32, f32) {
    let finite = values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = finite.fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)));
    if low < high { (low, high) } else { (0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{SynthSettings, synthesise};

    #[test]
    fn the_picture_of_the_cloud_shows_it_in_the_middle_on_black() {
        let ctx = Context::unwatched();
        let settings = SynthSettings { size: 16, seed: 3, ..SynthSettings::default() };
        let cloud = synthesise(&settings, &ctx).expect("a cloud");
        let (folder, name) = (tempfile::tempdir().expect("a folder"), cloud.name.clone());
        let path = folder.path().join("volume.png");
        let made = volume_picture(&[cloud], &name, &path, &ctx).expect("no fault");
        let drawn = made.drawn.expect("tests run where at least a software adapter is");
        assert!(drawn.range.0 > 0.0 && drawn.range.0 < drawn.range.1, "densities {:?}", drawn.range);
        let picture = io::open(&path).expect("a PNG").values(0, &ctx).expect("pixels");
        let pixels = picture.to_f64().expect("real numbers");
        assert_eq!(pixels.shape()[..2], [SIZE.1 as usize, SIZE.0 as usize]);
        // Mean brightness of a ninth of the picture.
        let brightness = |row: usize, column: usize| {
            let (height, width) = (SIZE.1 as usize / 3, SIZE.0 as usize / 3);
            let rows = row * height..(row + 1) * height;
            let sum: f64 = rows
                .flat_map(|y| (column * width..(column + 1) * width).map(move |x| (y, x)))
                .map(|(y, x)| pixels[[y, x, 0]] + pixels[[y, x, 1]] + pixels[[y, x, 2]])
                .sum();
            sum / (height * width) as f64
        };
        let middle = brightness(1, 1);
        let corners = [[0, 0], [0, 2], [2, 0], [2, 2]].map(|[row, column]| brightness(row, column));
        assert!(middle > 30.0 && corners.iter().all(|corner| *corner < 0.3 * middle), "{middle} {corners:?}");
        assert_eq!(pixels[[0, 0, 0]], 0.0);
    }
}
