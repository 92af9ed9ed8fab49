//! A trained network judged on samples, beside the best power law: numbers, figures and the predictions themselves.

use super::batch::{Feeds, predict};
use super::checkpoint::Checkpoint;
use super::data::{Described, Samples, prepare_with};
use super::error::{Result, TrainingError};
use super::folder::{Row, RunFolder, write_json};
use super::metrics::{Metrics, PowerLaw, Residuals};
use super::model::Model;
use super::source;
use crate::data::{Channel, SampleSet, Split};
use crate::figure::{self, Axis as FigureAxis, ColourMap, Histogram2d, Line, Panel, Stroke};
use crate::io;
use crate::job::Context;
use crate::network::{DeviceChoice, Network};
use crate::recipe::{self, TrainingRecipe};
use indexmap::IndexMap;
use ndarray::{Array2, Array4, Axis, s};
use serde::Serialize;
use std::path::Path;

/// Tolerances of the accuracy curve in dex: 0, 0.05 … 1.
const TOLERANCES: usize = 21;
/// Cells of the histograms of predicted against true values, along each axis.
const CELLS: usize = 80;

/// How good the network and the trivial predictor are on some samples.
#[derive(Clone, Debug)]
pub struct Evaluation {
    pub metrics: Metrics,
    /// The same for the power law fitted to the training pixels; absent where the target is no map.
    pub baseline: Option<Metrics>,
    pub power_law: Option<PowerLaw>,
    /// By group (region, simulation), in ascending order.
    pub groups: Vec<GroupMetrics>,
    /// (tolerance in dex, fraction of pixels within it) of the network and of the power law.
    pub accuracy: Vec<(f64, f64, Option<f64>)>,
    /// The samples that were judged, with `prediction` and `power_law` among the targets; physical values.
    pub predictions: SampleSet,
    names: Names,
}

/// The metrics of one group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GroupMetrics {
    pub group: u32,
    pub samples: usize,
    pub metrics: Metrics,
    pub baseline: Option<Metrics>,
}

#[derive(Clone, Debug)]
struct Names {
    input: String,
    target: String,
    target_unit: String,
    input_unit: String,
}

/// Judges a network on the chosen samples.
pub(super) fn judge(
    network: &Network,
    samples: &Samples,
    chosen: &[usize],
    feeds: &Feeds,
    batch: usize,
) -> Result<Evaluation> {
    let inputs = samples.inputs.select(Axis(0), chosen);
    let truth = samples.targets.select(Axis(0), chosen);
    let answer = predict(network, inputs.view(), feeds, batch)?;
    let described = &samples.described;
    let law = described.baseline;
    let in_dex = |values: &Array4<f32>, standards: &[super::Standard]| {
        let mut dex = values.clone();
        for (mut plane, standard) in dex.axis_iter_mut(Axis(1)).zip(standards) {
            plane.mapv_inplace(|v| standard.dex(v));
        }
        dex
    };
    let truth_dex = in_dex(&truth, &described.targets);
    let answer_dex = in_dex(&answer, &described.targets);
    let law_dex = law
        .map(|law| inputs.slice(s![.., 0..1, .., ..]).mapv(|v| law.predict_dex(described.inputs[0].dex(v))));
    // Of a target with several planes the power law knows the first.
    let residuals = |guess: &Array4<f32>, samples: &mut dyn Iterator<Item = usize>| {
        let mut residuals = Residuals::default();
        for sample in samples {
            let planes = guess.len_of(Axis(1));
            let guess = guess.slice(s![sample, .., .., ..]);
            let truth = truth_dex.slice(s![sample, ..planes, .., ..]);
            residuals.extend(guess.iter().copied(), truth.iter().copied());
        }
        residuals.metrics()
    };
    let nothing = || {
        TrainingError::data(
            "not one pixel has both a prediction and a known truth with a logarithm",
            "train longer, or evaluate on other samples",
        )
    };
    let all = 0..chosen.len();
    let metrics = residuals(&answer_dex, &mut all.clone()).ok_or_else(nothing)?;
    let baseline = law_dex.as_ref().and_then(|dex| residuals(dex, &mut all.clone()));
    let mut groups = Vec::new();
    for (group, members) in samples.by_group(chosen) {
        let places: Vec<usize> = members.iter().filter_map(|m| chosen.iter().position(|c| c == m)).collect();
        if let Some(metrics) = residuals(&answer_dex, &mut places.iter().copied()) {
            let baseline = law_dex.as_ref().and_then(|dex| residuals(dex, &mut places.iter().copied()));
            groups.push(GroupMetrics { group, samples: places.len(), metrics, baseline });
        }
    }
    let within = |guess: &Array4<f32>| fractions_within(guess, &truth_dex);
    let (network_curve, law_curve) = (within(&answer_dex), law_dex.as_ref().map(within));
    let accuracy = (0..TOLERANCES)
        .map(|step| {
            let tolerance = step as f64 / (TOLERANCES - 1) as f64;
            (tolerance, network_curve[step], law_curve.as_ref().map(|curve| curve[step]))
        })
        .collect();
    let predictions = predictions(samples, chosen, &inputs, &truth, &answer, law_dex.as_ref());
    let names = Names {
        input: described.inputs[0].name.clone(),
        input_unit: described.inputs[0].unit.clone(),
        target: described.targets[0].name.clone(),
        target_unit: described.targets[0].unit.clone(),
    };
    Ok(Evaluation { metrics, baseline, power_law: law, groups, accuracy, predictions, names })
}

/// For each tolerance, the fraction of pixels with a known truth whose guess lies within it.
fn fractions_within(guess: &Array4<f32>, truth: &Array4<f32>) -> Vec<f64> {
    let mut counts = vec![0_u64; TOLERANCES];
    let mut known = 0_u64;
    let truth = truth.slice(s![.., ..guess.len_of(Axis(1)), .., ..]);
    for (guess, truth) in guess.iter().zip(truth.iter()).filter(|(_, truth)| truth.is_finite()) {
        known += 1;
        let residual = f64::from((guess - truth).abs());
        for (step, count) in counts.iter_mut().enumerate() {
            *count += u64::from(residual <= step as f64 / (TOLERANCES - 1) as f64);
        }
    }
    counts.into_iter().map(|count| count as f64 / known.max(1) as f64).collect()
}

/// Inputs, truth and predictions as physical values.
fn predictions(
    samples: &Samples,
    chosen: &[usize],
    inputs: &Array4<f32>,
    truth: &Array4<f32>,
    answer: &Array4<f32>,
    law_dex: Option<&Array4<f32>>,
) -> SampleSet {
    let described = &samples.described;
    let physical = |values: &Array4<f32>, standards: &[super::Standard]| {
        let mut values = values.clone();
        for (mut plane, standard) in values.axis_iter_mut(Axis(1)).zip(standards) {
            plane.mapv_inplace(|v| standard.physical(v));
        }
        values.into_dyn()
    };
    let (input_unit, unit) = (described.inputs[0].unit.clone(), described.targets[0].unit.clone());
    let channels = IndexMap::from([(
        "input".to_owned(),
        Channel { unit: input_unit, values: physical(inputs, &described.inputs) },
    )]);
    let target = |values| Channel { unit: unit.clone(), values };
    let mut targets = IndexMap::from([
        ("truth".to_owned(), target(physical(truth, &described.targets))),
        ("prediction".to_owned(), target(physical(answer, &described.targets))),
    ]);
    if let Some(dex) = law_dex {
        targets.insert("power_law".to_owned(), target(dex.mapv(|v| 10_f32.powf(v)).into_dyn()));
    }
    let part = |sample: &usize| {
        [(&samples.train, Split::Train), (&samples.validation, Split::Validation)]
            .into_iter()
            .find(|(members, _)| members.contains(sample))
            .map_or(Split::Test, |(_, part)| part)
    };
    SampleSet {
        channels,
        targets,
        split: chosen.iter().map(part).collect(),
        group: chosen.iter().map(|&sample| samples.group.get(sample).copied().unwrap_or(0)).collect(),
        attributes: IndexMap::from([
            (
                "inputs".to_owned(),
                described.inputs.iter().map(|i| i.name.as_str()).collect::<Vec<_>>().join(", "),
            ),
            ("target".to_owned(), described.targets[0].name.clone()),
        ]),
    }
}

impl Evaluation {
    /// The answer of `aquila evaluate --json`.
    pub fn json(&self) -> serde_json::Value {
        let numbers = |m: &Metrics| {
            serde_json::json!({
                "rms_dex": m.rms_dex, "mae_dex": m.mae_dex, "bias_dex": m.bias_dex,
                "accuracy_0p3dex": m.accuracy_0p3dex, "pixels": m.pixels, "pixels_without_log": m.pixels_without_log,
            })
        };
        let mut answer = numbers(&self.metrics);
        let baseline = self.baseline.as_ref().map_or(serde_json::Value::Null, |metrics| {
            let mut baseline = numbers(metrics);
            if let Some(law) = self.power_law {
                baseline["slope"] = law.slope.into();
                baseline["intercept_dex"] = law.intercept_dex.into();
            }
            baseline
        });
        answer["baseline"] = baseline;
        answer["samples"] = self.predictions.len().into();
        answer["groups"] = self
            .groups
            .iter()
            .map(|group| {
                let mut entry = numbers(&group.metrics);
                entry["group"] = group.group.into();
                entry["samples"] = group.samples.into();
                entry["baseline"] = group.baseline.as_ref().map_or(serde_json::Value::Null, numbers);
                entry
            })
            .collect::<Vec<_>>()
            .into();
        answer
    }

    /// Fraction of pixels within each tolerance.
    pub fn accuracy_svg(&self) -> String {
        let network = self.accuracy.iter().map(|&(tolerance, network, _)| (tolerance, network)).collect();
        let law = self.accuracy.iter().filter_map(|&(tolerance, _, law)| Some((tolerance, law?))).collect();
        figure::lines_svg(
            "Pixels within a tolerance, held-out samples",
            &FigureAxis::linear("Tolerance (dex)").with_range(0.0, 1.0),
            &FigureAxis::linear("Fraction of pixels").with_range(0.0, 1.0),
            &[line("network", network, Stroke::Solid), line("power law", law, Stroke::Dashed)],
        )
    }

    /// Predicted against true values; `of` is `prediction` or `power_law`. `None` where there is no such prediction.
    pub fn correlation_svg(&self, of: &str) -> Option<String> {
        let truth = &self.predictions.targets.get("truth")?.values;
        let guess = &self.predictions.targets.get(of)?.values;
        let (low, high) = log_range(truth.iter().copied())?;
        let pairs = truth.iter().zip(guess).map(|(&t, &g)| (f64::from(t.log10()), f64::from(g.log10())));
        let histogram = Histogram2d::new(pairs, (low, high), (low, high), CELLS);
        let (name, unit) = (&self.names.target, &self.names.target_unit);
        let axis = |word: &str| {
            FigureAxis::linear(format!("log₁₀ {word} {} ({})", spoken(name), figure::text::unit(unit)))
        };
        let title = if of == "prediction" { "Network" } else { "Power law" };
        Some(figure::histogram_svg(title, &axis("true"), &axis("predicted"), &histogram, true))
    }

    /// Input, truth, prediction and residual of one judged sample. `None` where the target is no map.
    pub fn example_svg(&self, sample: usize) -> Option<String> {
        let plane = |channel: &Channel| -> Option<Array2<f32>> {
            let values = channel.values.view().into_dimensionality::<ndarray::Ix4>().ok()?;
            (sample < values.dim().0 && values.dim().2 > 1)
                .then(|| values.slice(s![sample, 0, .., ..]).mapv(f32::log10))
        };
        let input = plane(self.predictions.channels.get("input")?)?;
        let truth = plane(self.predictions.targets.get("truth")?)?;
        let guess = plane(self.predictions.targets.get("prediction")?)?;
        let residual = &guess - &truth;
        let (low, high) = log_range(truth.iter().map(|v| 10_f32.powf(*v)))?;
        let (input_low, input_high) = log_range(input.iter().map(|v| 10_f32.powf(*v)))?;
        let panel = |title: &str, values: &'_ Array2<f32>, label: String, range: (f64, f64), colours| {
            (title.to_owned(), values.clone(), label, (range.0 as f32, range.1 as f32), colours)
        };
        let names = &self.names;
        let target = format!("log₁₀ {} ({})", spoken(&names.target), figure::text::unit(&names.target_unit));
        let drawn = [
            panel(
                "Input",
                &input,
                format!("log₁₀ {} ({})", spoken(&names.input), figure::text::unit(&names.input_unit)),
                (input_low, input_high),
                ColourMap::Viridis,
            ),
            panel("Truth", &truth, target.clone(), (low, high), ColourMap::Inferno),
            panel("Prediction", &guess, target, (low, high), ColourMap::Inferno),
            panel("Prediction − truth", &residual, "dex".to_owned(), (-1.0, 1.0), ColourMap::RedBlue),
        ];
        let panels: Vec<Panel> = drawn
            .iter()
            .map(|(title, values, label, range, colours)| Panel {
                title: title.clone(),
                values: values.view(),
                label: label.clone(),
                range: *range,
                colours: *colours,
            })
            .collect();
        Some(figure::maps_svg(&panels, "One held-out sample"))
    }
}

/// Losses and accuracy over the epochs.
pub fn curves_svg(rows: &[Row]) -> String {
    let points = |value: fn(&Row) -> f64| rows.iter().map(|row| (f64::from(row.epoch), value(row))).collect();
    figure::lines_svg(
        "Training",
        &FigureAxis::linear("Epoch"),
        &FigureAxis::log("Loss (standardised), rms (dex)"),
        &[
            line("training loss", points(|row| row.train_loss), Stroke::Solid),
            line("validation loss", points(|row| row.validation_loss), Stroke::Solid),
            line("validation rms (dex)", points(|row| row.metrics.rms_dex), Stroke::Dashed),
        ],
    )
}

fn line(label: &str, points: Vec<(f64, f64)>, stroke: Stroke) -> Line {
    Line { label: label.to_owned(), points, stroke }
}

/// `mass_weighted_density` as people write it.
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}

/// Range of the logarithms of the positive values.
fn log_range(values: impl Iterator<Item = f32>) -> Option<(f64, f64)> {
    let logs = values.filter(|v| v.is_finite() && *v > 0.0).map(|v| f64::from(v.log10()));
    let (low, high) = logs.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    (low <= high).then_some(if low < high { (low, high + 1e-6) } else { (low - 0.5, high + 0.5) })
}

/// Leaves predictions, numbers and figures in the run folder.
pub(super) fn leave(evaluation: &Evaluation, folder: &RunFolder, rows: &[Row]) -> Result<()> {
    io::sample_set::write(&folder.predictions_path(), &evaluation.predictions)?;
    let figures = folder.figures_path();
    write_json(&figures.join("evaluation.json"), &evaluation.json())?;
    let mut drawn = vec![
        ("training.svg", Some(curves_svg(rows))),
        ("accuracy.svg", Some(evaluation.accuracy_svg())),
        ("correlation.svg", evaluation.correlation_svg("prediction")),
        ("correlation_power_law.svg", evaluation.correlation_svg("power_law")),
        ("example.svg", evaluation.example_svg(0)),
    ];
    for (name, svg) in drawn.drain(..) {
        if let Some(svg) = svg {
            io::atomic::write_bytes(&figures.join(name), svg.as_bytes())?;
        }
    }
    Ok(())
}

/// The samples of a run, standardised as its network wants them: of the file `on`, else its own, which are refused where they are
/// not those of this fingerprint.
///
/// # Errors
/// No run, samples that do not fit the network or are others, or `Cancelled`.
pub fn samples_of(
    folder: &RunFolder,
    described: &Described,
    on: Option<&Path>,
    data_sha256: Option<&str>,
    ctx: &Context,
) -> Result<Samples> {
    let recipe: TrainingRecipe = recipe::read(&folder.recipe_path())?;
    ctx.report("reading the samples", None);
    let kept = folder.samples_path();
    let set = match on {
        Some(path) => io::sample_set::read(path)?,
        None if recipe.data.sample_set.is_none() && kept.exists() => io::sample_set::read(&kept)?,
        None => source::samples(&recipe.data, ctx)?,
    };
    ctx.check()?;
    if data_sha256.is_some_and(|wanted| source::fingerprint(&set) != wanted) {
        return Err(TrainingError::OtherRun {
            path: folder.root().to_owned(),
            what: "sample set".to_owned(),
        });
    }
    prepare_with(&set, &recipe.data, described)
}

/// Judges a run's best checkpoint on a sample set file, or on the run's own test samples (validation samples where it has none),
/// and leaves predictions and figures in the run folder.
///
/// # Errors
/// No run, a damaged one, samples that do not fit the network, or `Cancelled`.
pub fn evaluate(root: &Path, on: Option<&Path>, device: DeviceChoice, ctx: &Context) -> Result<Evaluation> {
    let folder = RunFolder::new(root);
    let model = Model::load(root, device)?;
    let recipe: TrainingRecipe = recipe::read(&folder.recipe_path())?;
    let data_sha256 = on.is_none().then_some(model.origin().data_sha256.as_str());
    let samples = samples_of(&folder, &model.described, on, data_sha256, ctx)?;
    let chosen: Vec<usize> = match (on, samples.test.is_empty(), samples.validation.is_empty()) {
        (_, false, _) => samples.test.clone(),
        (None, true, _) | (_, _, false) => samples.validation.clone(),
        // A set without held-out parts was made to be judged on as a whole.
        (Some(_), true, true) => (0..samples.inputs.len_of(Axis(0))).collect(),
    };
    ctx.report(format!("{} samples", chosen.len()), Some(0.2));
    let batch = recipe.training.batch as usize;
    let evaluation = judge(&model.network, &samples, &chosen, &model.feeds, batch)?;
    let rows = Checkpoint::read(&folder.latest_path())?.progress.rows;
    leave(&evaluation, &folder, &rows)?;
    Ok(evaluation)
}
