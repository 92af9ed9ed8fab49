//! The figures of one or several runs: losses, rms and accuracy by epoch, step or time, smoothed over a stated window where asked.

use super::smooth::smoothed;
use crate::app::plot::{Curve, line_colour};
use crate::app::theme::Tokens;
use crate::figure::{Axis, Line, Stroke};
use crate::training::{Row, StepCurve};

/// What the x axis counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    #[default]
    Epoch,
    Step,
    Time,
}

impl By {
    pub const ALL: [Self; 3] = [Self::Epoch, Self::Step, Self::Time];

    /// The word on the button, and in the session.
    pub fn name(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Step => "step",
            Self::Time => "time",
        }
    }
}

/// The unit of the time axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeUnit {
    #[default]
    Second,
    Minute,
    Hour,
}

impl TimeUnit {
    /// The one in which the longest run is a readable number.
    pub fn for_seconds(longest: f64) -> Self {
        match longest {
            s if s < 300.0 => Self::Second,
            s if s < 18_000.0 => Self::Minute,
            _ => Self::Hour,
        }
    }

    fn seconds(self) -> f64 {
        match self {
            Self::Second => 1.0,
            Self::Minute => 60.0,
            Self::Hour => 3600.0,
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "min",
            Self::Hour => "h",
        }
    }
}

/// How the axes are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes {
    pub by: By,
    pub log_x: bool,
    pub log_y: bool,
    pub time_unit: TimeUnit,
    /// Width of the smoothing window on the x axis, for epochs, steps and time; 0 is none.
    pub windows: [f64; 3],
}

impl Default for Axes {
    fn default() -> Self {
        let time_unit = TimeUnit::default();
        Self { by: By::Epoch, log_x: false, log_y: true, time_unit, windows: [0.0; 3] }
    }
}

impl Axes {
    pub fn x(self) -> Axis {
        let label = match self.by {
            By::Epoch => "epoch".to_owned(),
            By::Step => "optimiser step".to_owned(),
            By::Time => format!("wall time ({})", self.time_unit.symbol()),
        };
        let axis = if self.log_x { Axis::log(label) } else { Axis::linear(label) };
        // There is no half epoch and no half step.
        if self.by == By::Time { axis } else { axis.of_whole_numbers() }
    }

    pub fn y(self, label: &str) -> Axis {
        if self.log_y { Axis::log(label) } else { Axis::linear(label) }
    }

    pub fn window(&mut self) -> &mut f64 {
        &mut self.windows[self.by as usize]
    }

    /// `epochs`, `steps`, or the unit of time.
    pub fn unit(self) -> &'static str {
        match self.by {
            By::Epoch => "epochs",
            By::Step => "steps",
            By::Time => self.time_unit.symbol(),
        }
    }
}

/// One run's numbers under the name that the legend gives them.
pub struct Series<'a> {
    pub name: &'a str,
    pub rows: &'a [Row],
    pub steps: &'a StepCurve,
    /// The trivial predictor: rms in dex and accuracy.
    pub baseline: Option<(f64, f64)>,
}

impl Series<'_> {
    /// Where a step lies on the x axis; `None` where its time was not recorded.
    fn place(&self, axes: Axes, step: u64) -> Option<f64> {
        match axes.by {
            By::Step => Some(step as f64),
            By::Time => Some(self.steps.seconds_at(step)? / axes.time_unit.seconds()),
            By::Epoch => {
                let row = self.rows.last().filter(|row| row.epoch > 0)?;
                Some(step as f64 * f64::from(row.epoch) / row.step as f64)
            }
        }
    }

    fn points(&self, axes: Axes, value: fn(&Row) -> f64) -> Vec<[f64; 4]> {
        let point = |row: &Row| {
            let x = if axes.by == By::Epoch { f64::from(row.epoch) } else { self.place(axes, row.step)? };
            let y = value(row);
            Some([x, y, y, y])
        };
        self.rows.iter().filter_map(point).collect()
    }
}

/// `name, what` where several runs share the legend, else `what` alone.
fn label(several: bool, name: &str, what: &str) -> String {
    match (several, what) {
        (_, "") => name.to_owned(),
        (true, what) => format!("{name}, {what}"),
        (false, what) => what.to_owned(),
    }
}

/// A curve of points (x, y, least, greatest): as it is, or its running mean with the raw line faint and the envelope behind it.
fn add(
    curves: &mut Vec<Curve>,
    mut axes: Axes,
    points: &[[f64; 4]],
    label: String,
    look: (Stroke, egui::Color32),
) {
    let (stroke, colour) = look;
    let line = |label: String, points: &[[f64; 4]]| Line {
        label,
        points: points.iter().map(|point| (point[0], point[1])).collect(),
        stroke,
    };
    let band = |points: &[[f64; 4]]| points.iter().map(|&[x, _, low, high]| [x, low, high]).collect();
    let window = *axes.window();
    if window > 0.0 {
        let mean = smoothed(points, window);
        curves.push(Curve::new(line(label.clone(), points), colour).faint());
        let label = format!("{label}, mean over {window} {}", axes.unit());
        curves.push(Curve::new(line(label, &mean), colour).with_band(band(&mean)));
    } else {
        let has_band = points.iter().any(|point| point[2] < point[3]);
        let curve = Curve::new(line(label, points), colour);
        curves.push(if has_band { curve.with_band(band(points)) } else { curve });
    }
}

/// Training and validation loss of each run.
pub fn loss(series: &[Series<'_>], axes: Axes, tokens: &Tokens) -> Vec<Curve> {
    let several = series.len() > 1;
    let mut curves = Vec::new();
    for (index, run) in series.iter().enumerate() {
        // One run: training and validation differ by colour; several: runs by colour, validation dashed.
        let (train, validation) = if several { (index, index) } else { (0, 1) };
        let stroke = if several { Stroke::Dashed } else { Stroke::Solid };
        for (what, value, stroke, colour) in [
            ("training", (|row| row.train_loss) as fn(&Row) -> f64, Stroke::Solid, train),
            ("validation", |row| row.validation_loss, stroke, validation),
        ] {
            let look = (stroke, line_colour(tokens, colour));
            add(&mut curves, axes, &run.points(axes, value), label(several, run.name, what), look);
        }
    }
    curves
}

/// The training loss of every step of each run: mean, least and greatest of runs of steps.
pub fn steps(series: &[Series<'_>], axes: Axes, tokens: &Tokens) -> Vec<Curve> {
    let several = series.len() > 1;
    let mut curves = Vec::new();
    for (index, run) in series.iter().enumerate() {
        let point = |range: &crate::training::StepRange| {
            let x = run.place(axes, (range.first + range.last).div_ceil(2))?;
            Some([x, range.mean, range.low, range.high])
        };
        let points: Vec<[f64; 4]> = run.steps.ranges().iter().filter_map(point).collect();
        let look = (Stroke::Solid, line_colour(tokens, index));
        add(
            &mut curves,
            axes,
            &points,
            label(several, run.name, if several { "" } else { "training" }),
            look,
        );
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
        let colour = line_colour(tokens, if several { index } else { 1 });
        let points = run.points(axes, value);
        let ends = points.first().zip(points.last()).map(|(first, last)| (first[0], last[0]));
        let what = if several { "" } else { "validation" };
        add(&mut curves, axes, &points, label(several, run.name, what), (Stroke::Solid, colour));
        if let (Some((first, last)), Some(baseline)) = (ends, run.baseline) {
            let level = trivial(baseline);
            let line = Line {
                label: label(several, run.name, "power law"),
                points: vec![(first, level), (last, level)],
                stroke: Stroke::Dashed,
            };
            curves.push(Curve::new(line, line_colour(tokens, if several { index } else { 5 })));
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
