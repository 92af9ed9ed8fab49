//! `aquila evaluate`: how good a run's network is on held-out samples, beside the best power law.

use super::console::Console;
use crate::network::DeviceChoice;
use crate::training::{self, Evaluation};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct Args {
    /// The run folder
    run: PathBuf,
    /// A sample set (*.h5) instead of the run's own test samples
    #[arg(long, value_name = "FILE")]
    on: Option<PathBuf>,
    /// auto, cpu or cuda:N
    #[arg(long, default_value = "auto", value_parser = super::train::device)]
    device: DeviceChoice,
}

pub fn run(args: Args, console: &Console) -> anyhow::Result<()> {
    let evaluation = console.run_job("evaluating", move |ctx| {
        Ok(training::evaluate(&args.run, args.on.as_deref(), args.device, ctx)?)
    })?;
    tell(&evaluation, console);
    console.answer(&evaluation.json());
    Ok(())
}

/// The metrics as a small table.
pub(super) fn tell(evaluation: &Evaluation, console: &Console) {
    let network = &evaluation.metrics;
    console.say(format!("{} held-out samples, {} pixels", evaluation.predictions.len(), network.pixels));
    console.say("                     network   power law");
    let baseline = evaluation.baseline.as_ref();
    for (name, value, law) in [
        ("rms (dex)", network.rms_dex, baseline.map(|b| b.rms_dex)),
        ("mean error (dex)", network.mae_dex, baseline.map(|b| b.mae_dex)),
        ("bias (dex)", network.bias_dex, baseline.map(|b| b.bias_dex)),
        ("within 0.3 dex", network.accuracy_0p3dex, baseline.map(|b| b.accuracy_0p3dex)),
    ] {
        let law = law.map_or_else(|| "–".to_owned(), |law| format!("{law:.4}"));
        console.say(format!("{name:<18}  {value:>8.4}  {law:>10}"));
    }
}
