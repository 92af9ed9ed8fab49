//! The figures of one or several runs: loss, rms and accuracy by epoch or step.

use crate::app::plot::{Curve, line_colour};
use crate::app::theme::Tokens;
use crate::figure::{Axis, Line, Stroke};
use crate::training::Row;

/// What the x axis counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    #[default]
    Epoch,
    Step,
}

impl By {
    fn of(self, row: &Row) -> f64 {
        match self {
            Self::Epoch => f64::from(row.epoch),
            Self::Step => row.step as f64,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Step => "optimiser step",
        }
    }
}

/// How the axes are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axes {
    pub by: By,
    pub log_x: bool,
    pub log_y: bool,
}

impl Default for Axes {
    fn default() -> Self {
        Self { by: By::Epoch, log_x: false, log_y: true }
    }
}

impl Axes {
    pub fn x(self) -> Axis {
        if self.log_x { Axis::log(self.by.label()) } else { Axis::linear(self.by.label()) }
    }

    pub fn y(self, label: &str) -> Axis {
        if self.log_y { Axis::log(label) } else { Axis::linear(label) }
    }
}

/// One run's rows under the name that the legend gives them.
pub struct Series<'a> {
    pub name: &'a str,
    pub rows: &'a [Row],
    /// The trivial predictor: rms in dex and accuracy.
    pub baseline: Option<(f64, f64)>,
}

fn curve(label: String, points: Vec<(f64, f64)>, stroke: Stroke, tokens: &Tokens, colour: usize) -> Curve {
    Curve { line: Line { label, points, stroke }, colour: line_colour(tokens, colour) }
}

/// `name, what` where several runs share the legend, else `what` alone.
fn label(several: bool, name: &str, what: &str) -> String {
    match (several, what) {
        (true, "") => name.to_owned(),
        (true, what) => format!("{name}, {what}"),
        (false, "") => name.to_owned(),
        (false, what) => what.to_owned(),
    }
}

/// Training and validation loss of each run.
pub fn loss(series: &[Series<'_>], axes: Axes, tokens: &Tokens) -> Vec<Curve> {
    let several = series.len() > 1;
    let mut curves = Vec::new();
    for (index, run) in series.iter().enumerate() {
        let points =
            |value: fn(&Row) -> f64| run.rows.iter().map(|row| (axes.by.of(row), value(row))).collect();
        // One run: training and validation differ by colour; several: runs by colour, validation dashed.
        let (train, validation) = if several { (index, index) } else { (0, 1) };
        let stroke = if several { Stroke::Dashed } else { Stroke::Solid };
        curves.push(curve(
            label(several, run.name, "training"),
            points(|row| row.train_loss),
            Stroke::Solid,
            tokens,
            train,
        ));
        curves.push(curve(
            label(several, run.name, "validation"),
            points(|row| row.validation_loss),
            stroke,
            tokens,
            validation,
        ));
    }
    curves
}

/// A metric of the validation samples of each run, with the trivial predictor as a dashed line.
fn metric(
    series: &[Series<'_>],
    axes: Axes,
    tokens: &Tokens,
    value: fn(&Row) -> f64,
    trivial: fn((f64, f64)) -> f64,
) -> Vec<Curve> {
    let several = series.len() > 1;
    let mut curves = Vec::new();
    for (index, run) in series.iter().enumerate() {
        let colour = if several { index } else { 1 };
        let points: Vec<(f64, f64)> = run.rows.iter().map(|row| (axes.by.of(row), value(row))).collect();
        let ends = points.first().zip(points.last()).map(|(first, last)| (first.0, last.0));
        let name = if several { "" } else { "validation" };
        curves.push(curve(label(several, run.name, name), points, Stroke::Solid, tokens, colour));
        if let (Some((first, last)), Some(baseline)) = (ends, run.baseline) {
            let level = trivial(baseline);
            let points = vec![(first, level), (last, level)];
            let colour = if several { index } else { 5 };
            curves.push(curve(label(several, run.name, "power law"), points, Stroke::Dashed, tokens, colour));
        }
    }
    curves
}

/// The rms of the residuals in dex.
pub fn rms(series: &[Series<'_>], axes: Axes, tokens: &Tokens) -> Vec<Curve> {
    metric(series, axes, tokens, |row| row.metrics.rms_dex, |baseline| baseline.0)
}

/// The share of pixels within 0.3 dex.
pub fn accuracy(series: &[Series<'_>], axes: Axes, tokens: &Tokens) -> Vec<Curve> {
    metric(series, axes, tokens, |row| row.metrics.accuracy_0p3dex, |baseline| baseline.1)
}
