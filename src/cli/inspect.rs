//! `aquila inspect`: weights, feature maps and attribution of a block of a run, as figures and numbers.

use super::console::Console;
use crate::inspection::{
    self, AttributionSettings, Baseline, CubeSlice, Engine, Filling, Method, OutputChoice, Region, Request,
    Subject, View, What,
};
use crate::training::{CheckpointChoice, RunFolder};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The run folder
    run: PathBuf,
    /// Which sample of the run's sample set, from 0
    #[arg(long, default_value_t = 0, value_name = "I")]
    sample: usize,
    /// The block as it is read on the canvas: `Encoder 1/Convolution`, or a group; without it the whole network
    #[arg(long, value_name = "NAME")]
    block: Option<String>,
    /// What to look at
    #[arg(long, value_enum)]
    what: Wanted,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// best, latest, or the epoch of a snapshot
    #[arg(long, default_value = "best", value_parser = checkpoint)]
    epoch: CheckpointChoice,
    /// Attribute this pixel of the output instead of its mean
    #[arg(long, num_args = 2, value_names = ["Y", "X"], conflicts_with = "region")]
    pixel: Option<Vec<usize>>,
    /// Attribute the mean over these rows and columns of the output: the last of each is not included
    #[arg(long, num_args = 4, value_names = ["Y0", "Y1", "X0", "X1"])]
    region: Option<Vec<usize>>,
    /// Channel of the output
    #[arg(long, default_value_t = 0)]
    channel: usize,
    /// Side of the occluded window in pixels
    #[arg(long, default_value_t = 8)]
    window: usize,
    /// Pixels from one window to the next; half a window without it
    #[arg(long)]
    stride: Option<usize>,
    /// What an occluded window holds
    #[arg(long, value_enum, default_value_t = Fill::LocalSky)]
    filling: Fill,
    /// Where the path of integrated gradients starts
    #[arg(long, value_enum, default_value_t = Start::Zero)]
    baseline: Start,
    /// Deviation of the blur of filling or baseline in pixels
    #[arg(long, default_value_t = 4.0, value_name = "PX")]
    blur: f64,
    /// The sample that fills windows or starts the path
    #[arg(long, value_name = "I")]
    other_sample: Option<usize>,
    /// Points of integrated gradients to begin with
    #[arg(long, default_value_t = 32)]
    steps: u32,
    /// Noisy samples of SmoothGrad
    #[arg(long, default_value_t = 32)]
    samples: u32,
    /// Noise of SmoothGrad as a share of the input's range
    #[arg(long, default_value_t = 0.1)]
    sigma: f64,
    /// Also with weights drawn anew: a map that stays the same tells nothing of the training
    #[arg(long)]
    randomised: bool,
    /// For every random draw
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Wanted {
    Weights,
    Features,
    Saliency,
    Smoothgrad,
    IntegratedGradients,
    GradCam,
    Occlusion,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Fill {
    Zero,
    LocalSky,
    Blurred,
    NoiseMatched,
    OtherSample,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Start {
    Zero,
    Blurred,
    OtherSample,
}

fn checkpoint(text: &str) -> Result<CheckpointChoice, String> {
    match text {
        "best" => Ok(CheckpointChoice::Best),
        "latest" => Ok(CheckpointChoice::Latest),
        _ => text
            .parse()
            .map(CheckpointChoice::Snapshot)
            .map_err(|_| format!("no checkpoint `{text}`: write best, latest or a number of epochs")),
    }
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let folder = RunFolder::new(&args.run);
    folder.read_info()?;
    if let CheckpointChoice::Snapshot(epoch) = args.epoch {
        let kept = folder.snapshots();
        anyhow::ensure!(
            kept.contains(&epoch),
            "no weights were kept after epoch {epoch}; --epoch takes best, latest or one of {kept:?}"
        );
    }
    let what = what(&args)?;
    let block = match &args.block {
        Some(name) => inspection::find_block(&folder.read_blueprint()?, name)?,
        None if args.what == Wanted::GradCam => anyhow::bail!("Grad-CAM looks at a block: add --block NAME"),
        None => Vec::new(),
    };
    let subject = Subject::Run { folder: args.run.clone(), checkpoint: args.epoch };
    let request = Request { subject, sample: args.sample, block, what };
    let out = args.out.clone();
    let (answer, files) = console.run_job("inspecting", move |ctx| {
        let answer = Engine::new().answer(&request, ctx);
        ctx.check()?;
        if let Err(text) = &answer.result {
            anyhow::bail!("{text}");
        }
        let files = inspection::leave(&answer, &out)?;
        Ok((answer, files))
    })?;
    let view = answer.result.as_ref().map_err(|text| anyhow::anyhow!(text.clone()))?;
    let mut told = numbers(view);
    console.say(format!("{}: {}", answer.block, in_words(view)));
    console.say(format!("wrote {} files into {}", files.len(), args.out.display()));
    told["block"] = json!(answer.block);
    told["epoch"] = json!(answer.epoch);
    told["step"] = json!(answer.step);
    told["sample"] = json!(answer.sample.text);
    told["seconds"] = json!(answer.seconds);
    told["files"] = json!(files);
    console.answer(&told);
    Ok(())
}

fn what(args: &Args) -> anyhow::Result<What> {
    let other = || args.other_sample.context("which sample? add --other-sample I");
    let method = match args.what {
        Wanted::Weights => return Ok(What::Weights),
        Wanted::Features => return Ok(What::Features(CubeSlice::Middle)),
        Wanted::Saliency => Method::Saliency,
        Wanted::Smoothgrad => Method::SmoothGrad { samples: args.samples, sigma: args.sigma },
        Wanted::IntegratedGradients => Method::IntegratedGradients {
            steps: args.steps,
            baseline: match args.baseline {
                Start::Zero => Baseline::Zero,
                Start::Blurred => Baseline::Blurred { sigma_px: args.blur },
                Start::OtherSample => Baseline::OtherSample(other()?),
            },
        },
        Wanted::GradCam => Method::GradCam,
        Wanted::Occlusion => Method::Occlusion {
            window: args.window,
            stride: args.stride.unwrap_or((args.window / 2).max(1)),
            filling: match args.filling {
                Fill::Zero => Filling::Zero,
                Fill::LocalSky => Filling::LocalSky,
                Fill::Blurred => Filling::Blurred { sigma_px: args.blur },
                Fill::NoiseMatched => Filling::NoiseMatched,
                Fill::OtherSample => Filling::OtherSample(other()?),
            },
        },
    };
    let region = match (args.pixel.as_deref(), args.region.as_deref()) {
        (Some(&[y, x]), _) => Region::Pixel { y, x },
        (_, Some(&[y0, y1, x0, x1])) => Region::Box { y: (y0, y1), x: (x0, x1) },
        _ => Region::Whole,
    };
    Ok(What::Attribution(AttributionSettings {
        method,
        output: OutputChoice { output: 0, channel: args.channel, region },
        randomised: args.randomised,
        seed: args.seed,
    }))
}

/// The numbers of an answer for scripts.
fn numbers(view: &View) -> Value {
    match view {
        View::Weights(view) => json!({
            "parameters": view.parameters.iter().map(|own| json!({
                "name": own.name, "shape": own.shape, "trained": own.trained, "count": own.count,
                "min": own.statistics.min, "max": own.statistics.max, "mean": own.statistics.mean,
                "std": own.statistics.std, "norm": own.statistics.norm,
                "count_not_finite": own.statistics.count_not_finite,
            })).collect::<Vec<_>>(),
            "recorded_steps": view.history.first().map_or(0, |own| own.steps.len()),
            "curves": view.curve_count,
        }),
        View::Features(view) => json!({
            "shape": view.shape.sizes,
            "channels": view.statistics.len(),
            "dead": view.dead,
        }),
        View::Attribution(view) => json!({
            "method": view.method,
            "definition": view.definition,
            "output": view.output,
            "output_unit": view.output_unit,
            "baseline_output": view.baseline_output,
            "sum": view.sum,
            "completeness_error": view.completeness_error,
            "gradients": view.gradients,
            "masks": view.masks,
            "unit": view.maps.first().map(|map| map.unit.clone()),
            "rank_correlation": view.randomised.as_ref().map(|check| check.rank_correlation),
        }),
    }
}

fn in_words(view: &View) -> String {
    match view {
        View::Weights(view) => format!("{} parameters and buffers", view.parameters.len()),
        View::Features(view) => {
            format!("{} channels, {} dead in this sample", view.statistics.len(), view.dead)
        }
        View::Attribution(view) => view.definition.clone(),
    }
}
