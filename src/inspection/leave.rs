//! An answer as files: figures to print, numbers to go on with (FITS, NPY, CSV), the definition as text.

use super::answer::{Answer, AttributionView, FeaturesView, View, WeightsView};
use super::error::{InspectionError, Result};
use crate::data::{Column, ColumnValues, Cube, Header, Table, Values};
use crate::figure::{self, Axis as FigureAxis, ColourMap, Line, Panel, Stroke};
use crate::io;
use ndarray::{Array2, Array3, ArrayD, ArrayView2, Axis, IxDyn, s};
use std::path::{Path, PathBuf};

/// Channels and kernels drawn in one gallery; the numbers are written of all.
const DRAWN: usize = 144;

/// Writes an answer into a folder, which is made; file names begin with what was asked. Gives the files.
///
/// # Errors
/// An answer that is an error; a folder that cannot be written.
pub fn leave(answer: &Answer, folder: &Path) -> Result<Vec<PathBuf>> {
    let view = answer.result.as_ref().map_err(|text| InspectionError::request(text.clone(), "ask again"))?;
    std::fs::create_dir_all(folder)
        .map_err(|source| io::Error::system(folder, "create the folder", source))?;
    let mut left = Left { folder, files: Vec::new() };
    match view {
        View::Weights(view) => left.weights(answer, view)?,
        View::Features(view) => left.features(answer, view)?,
        View::Attribution(view) => left.attribution(answer, view)?,
    }
    Ok(left.files)
}

/// One of the numbers of a history.
type Numbers = fn(&super::ParameterHistory) -> &Vec<f64>;

struct Left<'a> {
    folder: &'a Path,
    files: Vec<PathBuf>,
}

impl Left<'_> {
    fn path(&mut self, name: &str) -> PathBuf {
        let path = self.folder.join(name);
        self.files.push(path.clone());
        path
    }

    fn text(&mut self, name: &str, text: &str) -> Result<()> {
        Ok(io::atomic::write_bytes(&self.path(name), text.as_bytes())?)
    }

    fn table(&mut self, name: &str, columns: Vec<(&str, ColumnValues)>) -> Result<()> {
        let rows = columns.first().map_or(0, |(_, values)| match values {
            ColumnValues::Integer(values) => values.len(),
            ColumnValues::Float(values) => values.len(),
            ColumnValues::Logical(values) => values.len(),
            ColumnValues::Text(values) => values.len(),
        });
        let columns = columns
            .into_iter()
            .map(|(name, values)| Column { name: name.to_owned(), unit: String::new(), width: 1, values })
            .collect();
        Ok(io::tables::write_csv(&self.path(name), &Table { rows, columns })?)
    }

    /// A stack of maps as FITS (with what it is as HISTORY) and NPY.
    fn stack(&mut self, name: &str, maps: &Array3<f32>, unit: &str, history: &[String]) -> Result<()> {
        let mut header = Header::default();
        header.set_text("CTYPE3", "CHANNEL", "maps one after the other");
        history.iter().for_each(|line| header.history(line.clone()));
        let ascii: String = unit.chars().filter(char::is_ascii).collect();
        let cube = Cube { name: name.to_owned(), values: maps.clone(), unit: ascii, header };
        io::fits::write_cube(&self.path(&format!("{name}.fits")), &cube)?;
        Ok(io::npy::write(&self.path(&format!("{name}.npy")), &Values::F32(maps.clone().into_dyn()))?)
    }

    fn features(&mut self, answer: &Answer, view: &FeaturesView) -> Result<()> {
        let about = about(answer);
        self.stack("features", &view.channels, "", &[about.clone(), format!("shape {}", view.shape)])?;
        let number = |of: fn(&super::ChannelStatistics) -> f64| {
            ColumnValues::Float(view.statistics.iter().map(of).collect())
        };
        let columns = vec![
            ("channel", ColumnValues::Integer((0..view.statistics.len() as i64).collect())),
            ("min", number(|channel| f64::from(channel.min))),
            ("max", number(|channel| f64::from(channel.max))),
            ("mean", number(|channel| channel.mean)),
            ("std", number(|channel| channel.std)),
            ("dead", ColumnValues::Logical(view.statistics.iter().map(|channel| channel.dead).collect())),
        ];
        self.table("features.csv", columns)?;
        let maps: Vec<(String, ArrayView2<f32>)> = view
            .channels
            .axis_iter(Axis(0))
            .zip(&view.statistics)
            .enumerate()
            .take(DRAWN)
            .map(|(number, (map, channel))| {
                (format!("{number}{}", if channel.dead { ", dead" } else { "" }), map)
            })
            .collect();
        let of = view.channels.len_of(Axis(0));
        let caption = format!(
            "{about}. {} of {of} channels; {} dead (one value everywhere in this sample). One colour scale for all.",
            maps.len(),
            view.dead
        );
        let label = if view.label.is_empty() { "value within the network" } else { &view.label };
        let title = format!("{} · {}", answer.block, view.shape);
        let svg = gallery(&title, &maps, label, range(view.channels.iter()), ColourMap::Viridis, &caption);
        self.text("features.svg", &svg)
    }

    fn attribution(&mut self, answer: &Answer, view: &AttributionView) -> Result<()> {
        let word = match &answer.request.what {
            super::What::Attribution(settings) => settings.method.word(),
            _ => "attribution",
        };
        let about = about(answer);
        let mut history = vec![about.clone(), view.definition.clone()];
        history.push(format!("output(x) = {} {}", figure::text::number(view.output), view.output_unit));
        for (name, stack) in [
            (word.to_owned(), stacked(view.maps.iter().map(|map| &map.values))),
            ("input".to_owned(), stacked(view.maps.iter().map(|map| &map.input))),
        ]
        .into_iter()
        .chain(view.randomised.iter().map(|check| (format!("{word}-randomised"), stacked(check.maps.iter()))))
        {
            if let Some(stack) = stack {
                let unit = view.maps.first().map_or("", |map| if name == "input" { "" } else { &map.unit });
                self.stack(&name, &stack, unit, &history)?;
            }
        }
        self.text("definition.txt", &format!("{}\n{}\n", history.join("\n"), numbers(view)))?;
        let mut panels = Vec::new();
        for (number, map) in view.maps.iter().enumerate() {
            let signed = word != "grad-cam";
            let limit =
                map.values.iter().fold(0.0_f32, |most, value| most.max(value.abs())).max(f32::MIN_POSITIVE);
            let (range_of, colours) = if signed {
                ((-limit, limit), ColourMap::RedBlue)
            } else {
                ((0.0, limit), ColourMap::Inferno)
            };
            panels.push(Panel {
                title: format!("Input: {}", map.name),
                values: map.input.view(),
                label: map.input_label.clone(),
                range: range(map.input.iter()),
                colours: ColourMap::Viridis,
            });
            panels.push(Panel {
                title: view.method.clone(),
                values: map.values.view(),
                label: map.unit.clone(),
                range: range_of,
                colours,
            });
            if let Some(other) = view.randomised.as_ref().and_then(|check| check.maps.get(number)) {
                let limit =
                    other.iter().fold(0.0_f32, |most, value| most.max(value.abs())).max(f32::MIN_POSITIVE);
                panels.push(Panel {
                    title: "Weights drawn anew".to_owned(),
                    values: other.view(),
                    label: map.unit.clone(),
                    range: if signed { (-limit, limit) } else { (0.0, limit) },
                    colours,
                });
            }
        }
        let caption = format!("{about}. {} {}", view.definition, numbers(view));
        self.text(&format!("{word}.svg"), &figure::maps_svg(&panels, &caption))
    }

    fn weights(&mut self, answer: &Answer, view: &WeightsView) -> Result<()> {
        let float = |of: &dyn Fn(&super::ParameterView) -> f64| {
            ColumnValues::Float(view.parameters.iter().map(of).collect())
        };
        let text = |of: &dyn Fn(&super::ParameterView) -> String| {
            ColumnValues::Text(view.parameters.iter().map(of).collect())
        };
        let columns = vec![
            ("name", text(&|own| own.name.clone())),
            ("shape", text(&|own| own.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x"))),
            ("min", float(&|own| f64::from(own.statistics.min))),
            ("max", float(&|own| f64::from(own.statistics.max))),
            ("mean", float(&|own| own.statistics.mean)),
            ("std", float(&|own| own.statistics.std)),
            ("norm", float(&|own| own.statistics.norm)),
        ];
        self.table("weights.csv", columns)?;
        for parameter in &view.parameters {
            let name = parameter.name.replace(['/', '\\'], "_");
            // Of a parameter too large to be handed out whole there is a figure, but no file that would look complete.
            if parameter.values.len() == parameter.count
                && let Ok(values) = ArrayD::from_shape_vec(IxDyn(&parameter.shape), parameter.values.clone())
            {
                io::npy::write(&self.path(&format!("{name}.npy")), &Values::F32(values))?;
            }
            let Some(kernels) = &parameter.kernels else { continue };
            let inner = kernels.len_of(Axis(1));
            let maps: Vec<(String, ArrayView2<f32>)> = (0..kernels.len_of(Axis(0)))
                .flat_map(|out| (0..inner).map(move |from| (out, from)))
                .take(DRAWN)
                .map(|(out, from)| (format!("{out} ← {from}"), kernels.slice(s![out, from, .., ..])))
                .collect();
            let caption = format!(
                "{}. {} of {} kernels, out ← in. One colour scale for all, symmetric around 0.",
                about(answer),
                maps.len(),
                kernels.len_of(Axis(0)) * inner
            );
            let limit =
                parameter.statistics.min.abs().max(parameter.statistics.max.abs()).max(f32::MIN_POSITIVE);
            let svg =
                gallery(&parameter.name, &maps, "weight", (-limit, limit), ColourMap::RedBlue, &caption);
            self.text(&format!("{name}.svg"), &svg)?;
        }
        self.history(view)?;
        if !view.curves.is_empty() {
            let line = |place: usize, curve: &super::KanCurve| Line {
                label: format!("{place}: {} ← {}", curve.output, curve.input),
                points: curve.points.clone(),
                stroke: Stroke::Solid,
            };
            let lines: Vec<Line> =
                view.curves.iter().take(7).enumerate().map(|(place, own)| line(place, own)).collect();
            let svg = figure::lines_svg(
                "Strongest curves",
                &FigureAxis::linear("input x"),
                &FigureAxis::linear("f(x)"),
                &lines,
            );
            self.text("curves.svg", &svg)?;
            let formulas: Vec<String> = view
                .curves
                .iter()
                .map(|own| format!("{} <- {} (tap {}): {}", own.output, own.input, own.tap, own.formula))
                .collect();
            self.text("curves.txt", &(formulas.join("\n") + "\n"))?;
        }
        Ok(())
    }

    fn history(&mut self, view: &WeightsView) -> Result<()> {
        if view.history.iter().all(|own| own.steps.is_empty()) {
            return Ok(());
        }
        let panels: [(&str, &str, Numbers); 3] = [
            ("norm", "norm of the weights", |own| &own.norm),
            ("gradient_norm", "norm of the gradient", |own| &own.gradient_norm),
            ("update_ratio", "update / weights", |own| &own.update_ratio),
        ];
        for (name, label, of) in panels {
            let lines: Vec<Line> = view
                .history
                .iter()
                .take(12)
                .map(|own| Line {
                    label: own.name.clone(),
                    points: own.steps.iter().map(|&step| step as f64).zip(of(own).iter().copied()).collect(),
                    stroke: Stroke::Solid,
                })
                .collect();
            let svg = figure::lines_svg(
                "Weights over time",
                &FigureAxis::log("Optimiser step"),
                &FigureAxis::log(label),
                &lines,
            );
            self.text(&format!("{name}.svg"), &svg)?;
        }
        Ok(())
    }
}

fn gallery(
    title: &str,
    maps: &[(String, ArrayView2<f32>)],
    label: &str,
    range: (f32, f32),
    colours: ColourMap,
    caption: &str,
) -> String {
    let nothing = Array2::zeros((0, 0));
    let bar =
        Panel { title: title.to_owned(), values: nothing.view(), label: label.to_owned(), range, colours };
    figure::gallery_svg(maps, &bar, caption)
}

/// Block, epoch and sample in a line.
fn about(answer: &Answer) -> String {
    let mut text = answer.block.clone();
    if let Some(epoch) = answer.epoch {
        text += &format!(", after epoch {epoch}");
    }
    if !answer.sample.text.is_empty() {
        text += &format!(", {}", answer.sample.text);
    }
    text
}

/// The numbers beside the maps.
fn numbers(view: &AttributionView) -> String {
    let number = figure::text::number;
    let mut text = format!("output(x) = {}, sum of the map {}", number(view.output), number(view.sum));
    if let (Some(baseline), Some(error)) = (view.baseline_output, view.completeness_error) {
        text += &format!(
            ", output(x) − output(baseline) = {}, completeness error {:.2} %",
            number(view.output - baseline),
            100.0 * error
        );
    }
    if let Some(masks) = view.masks {
        text += &format!(", {masks} masks");
    }
    if let Some(check) = &view.randomised {
        text += &format!(
            "; with weights drawn anew: rank correlation {}. {}",
            number(check.rank_correlation),
            check.definition
        );
    }
    text
}

/// Maps of one size as a stack; `None` where they differ.
fn stacked<'a>(maps: impl Iterator<Item = &'a Array2<f32>>) -> Option<Array3<f32>> {
    let views: Vec<ArrayView2<f32>> = maps.map(Array2::view).collect();
    ndarray::stack(Axis(0), &views).ok()
}

fn range<'a>(values: impl Iterator<Item = &'a f32>) -> (f32, f32) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    if low < high {
        (low, high)
    } else if low == high {
        (low - 0.5, high + 0.5)
    } else {
        (0.0, 1.0)
    }
}
