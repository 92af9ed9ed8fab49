//! `aquila cloud difference`: a cube against another one on its grid, a prediction and the truth, say; as a cube and in numbers.

use super::console::{Console, Usage};
use crate::cloud::{self, Measure};
use crate::io::CubeFile;
use clap::{Args, ValueEnum};
use serde_json::json;
use std::path::PathBuf;

#[derive(Args)]
pub struct Difference {
    /// The cube a, of whose grid and header the result is
    first: PathBuf,
    /// The cube b: on the same sky pixels but for a shift by whole ones; its velocities may be others
    second: PathBuf,
    /// FITS file to write; only the numbers are printed where not given
    #[arg(long)]
    out: Option<PathBuf>,
    /// What is made of both
    #[arg(long, value_enum, default_value_t = MeasureArg::Difference)]
    measure: MeasureArg,
    /// Of a mask, the value above which a voxel is inside [default: 0.5]
    #[arg(long, allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// HDU with the first cube; the first one that holds a cube where not given
    #[arg(long)]
    hdu: Option<usize>,
    /// HDU with the second cube
    #[arg(long)]
    second_hdu: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MeasureArg {
    /// a − b
    Difference,
    /// a / b
    Ratio,
    /// (a − b) / b
    Relative,
    /// a where the mask b is above the threshold, blank elsewhere
    Inside,
    /// a where it is not
    Outside,
}

const THRESHOLD: f32 = 0.5;

pub fn run(args: Difference, console: &Console) -> anyhow::Result<()> {
    let is_mask = matches!(args.measure, MeasureArg::Inside | MeasureArg::Outside);
    if args.threshold.is_some_and(|threshold| !is_mask || !threshold.is_finite()) {
        let what = "--threshold is a number for the measures inside and outside";
        return Err(Usage(what.to_owned()).into());
    }
    if is_mask && args.out.is_none() {
        return Err(Usage("--out names the FITS file of what the mask leaves".to_owned()).into());
    }
    let threshold = args.threshold.unwrap_or(THRESHOLD);
    let (name, measure) = match args.measure {
        MeasureArg::Difference => ("difference", Measure::Difference),
        MeasureArg::Ratio => ("ratio", Measure::Ratio),
        MeasureArg::Relative => ("relative", Measure::Relative),
        MeasureArg::Inside => ("inside", Measure::Inside(threshold)),
        MeasureArg::Outside => ("outside", Measure::Outside(threshold)),
    };
    let out = args.out.clone();
    let made = console.run_job("two cubes", move |ctx| {
        let first = CubeFile::open(&args.first, args.hdu, None)?;
        let second = CubeFile::open(&args.second, args.second_hdu, None)?;
        [&first, &second].iter().flat_map(|file| file.warnings()).for_each(|warning| ctx.warn(warning));
        Ok(cloud::compare([&first, &second], measure, args.out.as_deref(), ctx)?)
    })?;
    made.how.iter().for_each(|how| console.say(how));
    let mut answer = json!({
        "measure": name, "out": out, "shape": made.shape, "unit": made.unit, "count": made.count, "how": made.how,
    });
    if !is_mask {
        let agreement = made.agreement;
        for (key, value) in [
            ("mean", Some(agreement.mean)),
            ("rms", Some(agreement.rms)),
            ("correlation", agreement.correlation),
            ("bias_dex", agreement.bias_dex),
            ("rms_dex", agreement.rms_dex),
            ("accuracy_0p3dex", agreement.accuracy_0p3dex),
        ] {
            answer[key] = json!(value);
        }
        answer["count_both"] = json!(agreement.count);
        answer["count_positive"] = json!(agreement.count_positive);
        let number = |value: Option<f64>| value.map_or("none".to_owned(), |value| format!("{value:.5}"));
        console.say(format!(
            "{} voxels in both: mean of a − b {:.5e}, rms {:.5e}, correlation {}; {} positive in both: rms {} dex, bias {} dex, within 0.3 dex {}",
            agreement.count,
            agreement.mean,
            agreement.rms,
            number(agreement.correlation),
            agreement.count_positive,
            number(agreement.rms_dex),
            number(agreement.bias_dex),
            number(agreement.accuracy_0p3dex),
        ));
    }
    if let Some(out) = &out {
        console.say(format!("{name} with {} values: {}", made.count, out.display()));
    }
    console.answer(&answer);
    Ok(())
}
