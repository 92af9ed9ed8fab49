//! Weights: kernels as images with zero in the middle, their distribution, how they changed over the steps, and the curves that a
//! Kolmogorov–Arnold block has learnt, with their formula.

use super::gallery::{Gallery, Grid, Thumbnail, range_words};
use super::picture::{self, Look, Map, Picture, around_zero, extremes};
use super::share::{Shown, two_columns};
use crate::app::plot::{self, Curve, Figure, line_colour};
use crate::app::theme::Tokens;
use crate::figure::{Axis, ColourMap, Line, Stroke, text};
use crate::inspection::{Histogram, KanCurve, ParameterHistory, ParameterView, WeightsView};
use crate::job::JobQueue;
use egui::{ComboBox, DragValue, Label, RichText, Ui, vec2};
use ndarray::{Array4, ArrayView2, s};

/// Zero has the middle colour, and the sign is seen.
const COLOURS: ColourMap = ColourMap::RedBlue;
const TALLEST: f32 = 300.0;
const PLOT_HEIGHT: f32 = 170.0;

/// The textures, and which parameter, filter and curve is looked at.
#[derive(Default)]
pub struct Weights {
    gallery: Gallery,
    picture: Picture,
    /// Name of the chosen parameter; another block's has none of it and begins with its first.
    parameter: String,
    filter: usize,
    channel: usize,
    curve: usize,
    log_steps: bool,
}

impl Weights {
    /// Draws everything; answers what is under the cursor, for the status bar.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        view: &WeightsView,
    ) -> Option<String> {
        let tokens = Tokens::of(ui);
        let Some(parameter) = self.choose(ui, shown, view) else {
            ui.label(RichText::new("This block has no weights").color(tokens.dim));
            return None;
        };
        headline(ui, shown, parameter);
        let mut readout = self.images(ui, queue, shown, parameter);
        let numbers = &parameter.statistics;
        two_columns(
            ui,
            "weight-statistics",
            &[
                ("min", f64::from(numbers.min)),
                ("mean", numbers.mean),
                ("max", f64::from(numbers.max)),
                ("σ", numbers.std),
                ("norm", numbers.norm),
            ],
        );
        if numbers.count_not_finite > 0 {
            let text =
                format!("{} values are not finite: the training has diverged", numbers.count_not_finite);
            ui.add(Label::new(RichText::new(text).color(tokens.error)).wrap());
        }
        ui.add_space(8.0);
        distribution(ui, queue, &parameter.name, &parameter.histogram);
        if let Some(history) = view.history.iter().find(|history| history.name == parameter.name) {
            self.history(ui, queue, history);
        } else if parameter.trained && shown.answer.epoch.is_some() {
            let text = "This run has not recorded how its weights changed";
            ui.add(Label::new(RichText::new(text).small().color(tokens.faint)).wrap());
        }
        if !view.curves.is_empty() {
            ui.add_space(8.0);
            readout = self.curves(ui, queue, view).or(readout);
        }
        readout
    }

    /// Which parameter; the first with kernels where none was chosen.
    fn choose<'a>(
        &mut self,
        ui: &mut Ui,
        shown: &Shown<'_>,
        view: &'a WeightsView,
    ) -> Option<&'a ParameterView> {
        let found = view.parameters.iter().position(|parameter| parameter.name == self.parameter);
        let first = view.parameters.iter().position(|parameter| parameter.shape.len() > 1);
        let mut index = found.or(first).unwrap_or(0);
        if view.parameters.len() > 1 {
            let name = |index: usize| {
                view.parameters.get(index).map_or("", |parameter| short_name(&parameter.name, shown.name))
            };
            ComboBox::from_id_salt("parameter")
                .selected_text(name(index))
                .width(ui.available_width())
                .truncate()
                .show_ui(ui, |ui| {
                    for place in 0..view.parameters.len() {
                        ui.selectable_value(&mut index, place, name(place));
                    }
                });
        }
        let chosen = view.parameters.get(index)?;
        if chosen.name != self.parameter {
            self.parameter.clone_from(&chosen.name);
            (self.filter, self.channel, self.curve) = (0, 0, 0);
        }
        Some(chosen)
    }

    fn images(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        parameter: &ParameterView,
    ) -> Option<String> {
        let range = around_zero(extremes(&[parameter.statistics.min, parameter.statistics.max]));
        match &parameter.kernels {
            Some(kernels) if kernels.dim().2 * kernels.dim().3 > 1 => {
                self.kernels(ui, queue, shown, kernels, range)
            }
            _ => {
                let (matrix, caption) = matrix(parameter)?;
                let look = Look { generation: shown.number, range, colours: COLOURS };
                let map = Map { is_stale: shown.is_stale, ..Map::new(matrix, look, caption, "") };
                let touched = self.picture.show(ui, queue, &map, vec2(ui.available_width(), TALLEST));
                touched.hover.map(|(column, row, value)| {
                    format!("in {} · out {} · {}", column + 1, row + 1, text::number(f64::from(value)))
                })
            }
        }
    }

    /// The kernels of one filter as a gallery, one for each input channel, and one of them large.
    fn kernels(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        kernels: &Array4<f32>,
        range: (f32, f32),
    ) -> Option<String> {
        let (filters, channels, ..) = kernels.dim();
        // With one channel in (or depthwise) the filters are the gallery.
        let by_filter = channels == 1;
        self.filter = self.filter.min(filters.saturating_sub(1));
        self.channel = self.channel.min(channels.saturating_sub(1));
        if !by_filter {
            ui.horizontal(|ui| {
                ui.label("Filter");
                let mut number = self.filter + 1;
                ui.add(DragValue::new(&mut number).range(1..=filters).speed(0.1));
                self.filter = number - 1;
                ui.label(RichText::new(format!("of {filters}")).color(Tokens::of(ui).dim));
            });
        }
        let filter = self.filter;
        let plane = |filter: usize, channel: usize| kernels.slice(s![filter, channel, .., ..]);
        // The filter is part of what a texture is made from.
        let look = |generation: usize| Look {
            generation: shown.number.wrapping_mul(1 << 20).wrapping_add(generation as u64),
            range,
            colours: COLOURS,
        };
        let count = if by_filter { filters } else { channels };
        if count > 1 {
            let places: Vec<usize> = (0..count).collect();
            let selected = if by_filter { filter } else { self.channel };
            let grid = Grid { places: &places, selected, is_stale: shown.is_stale };
            let clicked = self.gallery.show(ui, grid, |place| {
                let (filter, channel) = if by_filter { (place, 0) } else { (filter, place) };
                let values = plane(filter, channel);
                let (low, high) = extremes(values);
                let words =
                    format!("filter {}, channel {}, {}", filter + 1, channel + 1, range_words((low, high)));
                Thumbnail { values, look: look(filter), words }
            });
            match clicked {
                Some(place) if by_filter => self.filter = place,
                Some(place) => self.channel = place,
                None => {}
            }
            ui.add_space(4.0);
        }
        let caption = format!("{} · filter {}, channel {}", shown.name, self.filter + 1, self.channel + 1);
        let place = self.filter * channels + self.channel;
        let values = plane(self.filter, self.channel);
        let map = Map { is_stale: shown.is_stale, ..Map::new(values, look(place), &caption, "") };
        let room = vec2(ui.available_width(), 190.0);
        let touched = self.picture.show(ui, queue, &map, room);
        touched.hover.map(|hover| picture::readout(&caption, hover, ""))
    }

    /// Norm and gradient norm, and below them the ratio of the update to the weights.
    fn history(&mut self, ui: &mut Ui, queue: &JobQueue, history: &ParameterHistory) {
        let tokens = Tokens::of(ui);
        ui.add_space(8.0);
        ui.checkbox(&mut self.log_steps, "log steps");
        let x = if self.log_steps { Axis::log("optimiser step") } else { Axis::linear("optimiser step") };
        let curve = |label: &str, values: &[f64], colour: usize| {
            let points = history.steps.iter().map(|&step| step as f64).zip(values.iter().copied()).collect();
            let line = Line { label: label.to_owned(), points, stroke: Stroke::Solid };
            Curve::new(line, line_colour(tokens, colour))
        };
        let norms = [curve("weights", &history.norm, 0), curve("gradient", &history.gradient_norm, 1)];
        let ratio = [curve("update / weights", &history.update_ratio, 2)];
        let shown: [(&str, &str, &[Curve]); 2] =
            [("weight-norms", "norm", &norms), ("update-ratio", "‖update‖ / ‖weights‖", &ratio)];
        for (id, label, curves) in shown {
            let (title, y) = (format!("{} {label}", history.name), Axis::log(label));
            let figure = Figure { id, title: &title, x: &x, y: &y, curves };
            plot::show(ui, queue, &figure, vec2(ui.available_width(), PLOT_HEIGHT));
            ui.add_space(4.0);
        }
    }

    /// One learnt function, with the spline's share of it and its formula.
    fn curves(&mut self, ui: &mut Ui, queue: &JobQueue, view: &WeightsView) -> Option<String> {
        let tokens = Tokens::of(ui);
        self.curve = self.curve.min(view.curves.len() - 1);
        ui.horizontal_wrapped(|ui| {
            ui.label("Curve");
            let mut number = self.curve + 1;
            ui.add(DragValue::new(&mut number).range(1..=view.curves.len()).speed(0.05));
            self.curve = number - 1;
            let text = format!(
                "of the {} strongest among {}",
                view.curves.len(),
                text::count(view.curve_count as u64)
            );
            ui.label(RichText::new(text).color(tokens.dim));
        });
        let curve = view.curves.get(self.curve)?;
        let line = |label: &str, points: &[(f64, f64)], stroke| Line {
            label: label.to_owned(),
            points: points.to_vec(),
            stroke,
        };
        let curves = [
            Curve::new(line("f", &curve.points, Stroke::Solid), line_colour(tokens, 0)),
            Curve::new(line("spline", &curve.spline, Stroke::Dashed), line_colour(tokens, 1)),
        ];
        let title = curve_name(curve);
        let (x, y) = (Axis::linear(format!("channel {}", curve.input + 1)), Axis::linear("f"));
        let figure = Figure { id: "kan-curve", title: &title, x: &x, y: &y, curves: &curves };
        plot::show(ui, queue, &figure, vec2(ui.available_width(), PLOT_HEIGHT));
        ui.label(RichText::new(&title).small().color(tokens.dim));
        let formula = RichText::new(&curve.formula).monospace().color(tokens.text);
        ui.add(Label::new(formula).wrap().selectable(true));
        None
    }
}

fn curve_name(curve: &KanCurve) -> String {
    format!("channel {} to node {}, tap {}", curve.input + 1, curve.output + 1, curve.tap + 1)
}

/// Without the name of the block that is selected.
fn short_name<'a>(name: &'a str, block: &str) -> &'a str {
    let block = block.replace('/', ".");
    name.strip_prefix(block.as_str()).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name)
}

/// `64 × 32 × 3 × 3 · 18 432 weights · epoch 37`.
fn headline(ui: &mut Ui, shown: &Shown<'_>, parameter: &ParameterView) {
    let sizes = parameter.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
    let what = if parameter.trained { "weights" } else { "values, not trained" };
    let mut parts = vec![sizes, format!("{} {what}", text::count(parameter.count as u64))];
    parts.extend(shown.epoch_words());
    ui.add(Label::new(RichText::new(parts.join(" · ")).color(Tokens::of(ui).dim)).wrap());
    if parameter.values.len() < parameter.count {
        let text = format!("the pictures hold the first {}", text::count(parameter.values.len() as u64));
        ui.label(RichText::new(text).small().color(Tokens::of(ui).faint));
    }
}

/// A matrix of weights (out, in), or a vector as one row.
fn matrix(parameter: &ParameterView) -> Option<(ArrayView2<'_, f32>, &'static str)> {
    let rows = match parameter.shape.as_slice() {
        [] => 1,
        [_] => 1,
        [out, ..] => (*out).max(1),
    };
    let columns = (parameter.count / rows).max(1);
    let rows = (parameter.values.len() / columns).min(rows);
    let values = parameter.values.get(..rows * columns).filter(|values| !values.is_empty())?;
    let caption = if parameter.shape.len() > 1 { "channels in across, out up" } else { "channels" };
    Some((ArrayView2::from_shape((rows, columns), values).ok()?, caption))
}

/// How many weights have which value; the axis of counts is logarithmic, so that the rare large ones show.
fn distribution(ui: &mut Ui, queue: &JobQueue, name: &str, histogram: &Histogram) {
    if histogram.counts.is_empty() {
        return;
    }
    let curve = Curve::new(steps(histogram), line_colour(Tokens::of(ui), 0));
    let (x, mut y) = (Axis::linear("value"), Axis::log("number"));
    let most = histogram.counts.iter().copied().max().unwrap_or(1);
    y.range = Some((NONE, most as f64 * 1.5));
    let title = format!("{name} distribution");
    let curves = [curve];
    let figure = Figure { id: "weight-distribution", title: &title, x: &x, y: &y, curves: &curves };
    plot::show(ui, queue, &figure, vec2(ui.available_width(), PLOT_HEIGHT));
}

/// Where an empty cell is drawn on the logarithmic axis: at its lower end, below a count of one.
const NONE: f64 = 0.5;

/// The outline of the cells.
fn steps(histogram: &Histogram) -> Line {
    let (low, high) = (f64::from(histogram.low), f64::from(histogram.high));
    let cells = histogram.counts.len() as f64;
    let edge = |index: usize| low + (high - low) * index as f64 / cells;
    let points = histogram.counts.iter().enumerate().flat_map(|(index, &count)| {
        let height = if count == 0 { NONE } else { count as f64 };
        [(edge(index), height), (edge(index + 1), height)]
    });
    Line { label: "weights".to_owned(), points: points.collect(), stroke: Stroke::Solid }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_called_by_what_the_block_does_not_say() {
        assert_eq!(short_name("Encoder 1.Convolution.weight", "Encoder 1/Convolution"), "weight");
        assert_eq!(short_name("Encoder 1.Convolution.weight", "Encoder 1"), "Convolution.weight");
        assert_eq!(short_name("Head.weight", "Encoder 1"), "Head.weight");
    }

    #[test]
    fn the_outline_of_a_histogram_has_two_points_for_each_cell() {
        let line = steps(&Histogram { low: -1.0, high: 1.0, counts: vec![4, 0] });
        assert_eq!(line.points, [(-1.0, 4.0), (0.0, 4.0), (0.0, NONE), (1.0, NONE)]);
    }

    #[test]
    fn one_by_one_kernels_and_biases_are_matrices() {
        let parameter = |shape: &[usize], held: usize| ParameterView {
            name: String::new(),
            shape: shape.to_vec(),
            trained: true,
            values: vec![0.0; held],
            count: shape.iter().product(),
            statistics: Default::default(),
            histogram: Histogram::default(),
            kernels: None,
        };
        let size = |shape: &[usize], held| matrix(&parameter(shape, held)).map(|(matrix, _)| matrix.dim());
        assert_eq!(size(&[8, 4, 1, 1], 32), Some((8, 4)));
        assert_eq!(size(&[8], 8), Some((1, 8)));
        assert_eq!(size(&[8, 4], 13), Some((3, 4)), "only whole rows of what is held");
        assert_eq!(size(&[8], 0), None);
    }
}
