//! The inspector's part: the spectrum of the line of sight that was picked, its moments, its Gaussian components.

use super::{Desk as Whole, Grid, catalogue, regions};
use crate::app::files::caption;
use crate::app::plot::{self, Curve, Figure, line_colour};
use crate::app::state::AppState;
use crate::app::task::Task;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::app::volume::inspector::fold;
use crate::cloud::{Gaussian, LineFit, LineMoments, MOST_COMPONENTS, fit_lines, line_moments};
use crate::figure::{self, Axis};
use egui::{Align, Button, Color32, Label, Layout, RichText, ScrollArea, Ui, vec2};
use egui_phosphor::regular as icon;
use std::sync::Arc;

#[derive(Default)]
pub struct Desk {
    asked: Option<(Key, Task<Answer>)>,
    answer: Option<(Key, Result<Arc<Answer>, String>)>,
}

/// Where, and with how many components.
type Key = ([usize; 2], usize);

struct Answer {
    /// Coordinates along the spectrum, as they are shown.
    x: Vec<f64>,
    /// The velocities there, where there are some.
    velocity_km_s: Option<Vec<f64>>,
    values: Vec<f32>,
    moments: Option<LineMoments>,
    /// `None` where no component was asked for.
    fit: Option<Result<LineFit, String>>,
}

impl Desk {
    pub fn is_settled(&self) -> bool {
        self.asked.is_none()
    }

    /// The latest answer, once there is one; asks where the key is another.
    fn answer(
        &mut self,
        ui: &Ui,
        cube: &Cube,
        grid: &Arc<Grid>,
        key: Key,
    ) -> Option<&Result<Arc<Answer>, String>> {
        if let Some((asked, task)) = &self.asked
            && let Some(answer) = task.take()
        {
            self.answer = Some((*asked, answer.map(Arc::new)));
            self.asked = None;
        }
        let is_known = |known: Option<Key>| known == Some(key);
        if !is_known(self.answer.as_ref().map(|known| known.0))
            && !is_known(self.asked.as_ref().map(|asked| asked.0))
        {
            let source = Source::of(cube, grid, key.0);
            let task = Task::spawn(ui.ctx(), "line of sight", move || source.answer(key.1));
            self.asked = Some((key, task));
        }
        self.answer.as_ref().filter(|known| known.0.0 == key.0).map(|known| &known.1)
    }
}

/// Where a spectrum comes from: what is loaded, or the file where that was reduced.
struct Source {
    x: Vec<f64>,
    velocity_km_s: Option<Vec<f64>>,
    values: Values,
}

enum Values {
    Loaded(Vec<f32>),
    File(Arc<crate::io::CubeFile>, [usize; 2]),
}

impl Source {
    fn of(cube: &Cube, grid: &Grid, [x, y]: [usize; 2]) -> Self {
        let loaded = &cube.loaded;
        if loaded.factor == 1
            && let Some([i, j, _]) = grid.voxel([x, y, grid.part.first[2]])
        {
            let values = loaded.values.slice(ndarray::s![.., j, i]).to_vec();
            let (x, velocity_km_s) = (grid.third.clone(), grid.velocity_km_s.clone());
            return Self { x, velocity_km_s, values: Values::Loaded(values) };
        }
        let planes = 0..loaded.file_shape[0];
        let world = |z: usize| cube.geometry.world([x as f64, y as f64, z as f64])[2];
        let velocity_km_s = planes.clone().map(|z| cube.geometry.velocity_km_s(z as f64)).collect();
        Self {
            x: planes.map(world).collect(),
            velocity_km_s: grid.velocity_km_s.as_ref().and(velocity_km_s),
            values: Values::File(Arc::clone(&loaded.file), [x, y]),
        }
    }

    fn answer(self, components: usize) -> anyhow::Result<Answer> {
        let Self { x, velocity_km_s, values } = self;
        let values = match values {
            Values::Loaded(values) => values,
            Values::File(file, [column, row]) => file.spectrum(column, row)?,
        };
        let moments = match &velocity_km_s {
            Some(velocity_km_s) => line_moments(&values, velocity_km_s, None)?,
            None => None,
        };
        let fit = velocity_km_s
            .as_ref()
            .filter(|_| components > 0)
            .map(|velocity| fit_lines(velocity, &values, components).map_err(|error| error.to_string()));
        Ok(Answer { x, velocity_km_s, values, moments, fit })
    }
}

/// Whether there is a spectrum to be shown.
pub fn has_line(cube: &Cube) -> bool {
    let looking = &cube.look.looking;
    looking.picked.is_some() || (looking.regions_shown && !looking.regions.is_empty())
}

/// The line of sight that was picked, and the spectra of regions.
pub fn line(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    let mut desk = std::mem::take(&mut cube.desk);
    let grid = desk.grid(cube);
    ui.horizontal(|ui| {
        caption(ui, "LINE OF SIGHT");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let close = Button::new(RichText::new(icon::X).size(12.0)).frame(false);
            if cube.look.looking.picked.is_some() {
                let words = "Let go of the line of sight";
                let close = ui.add(close).on_hover_text(words);
                close.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, words));
                if close.clicked() {
                    cube.look.looking.picked = None;
                }
            }
        });
    });
    line_of_sight(ui, cube, &grid, &mut desk, state);
    cube.desk = desk;
}

/// Regions and catalogue in the inspector.
pub fn section(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    let mut desk = std::mem::take(&mut cube.desk);
    let grid = desk.grid(cube);
    if !has_line(cube) {
        if fold::heading(ui, "LINE OF SIGHT") {
            ui.label(RichText::new("Click the cube to see a spectrum").color(Tokens::of(ui).dim));
        }
        ui.add_space(12.0);
    }
    if fold::heading(ui, "REGIONS") {
        regions::section(ui, cube, &grid, (&mut desk.regions, &mut desk.edit), state);
    }
    ui.add_space(12.0);
    if fold::heading(ui, "CATALOGUE") {
        catalogue::section(ui, cube, &mut desk.catalogue, state);
    }
    cube.desk = desk;
}

fn line_of_sight(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    let shape = cube.geometry.shape();
    let picked = cube.look.looking.picked.filter(|voxel| (0..3).all(|axis| voxel[axis] < shape[axis]));
    let regions = desk.regions.spectra(cube, grid);
    let unit = cube.loaded.unit.clone();
    let mut curves: Vec<Curve> = Vec::new();
    let mut found = None;
    if let Some([x, y, z]) = picked {
        let key = ([x, y], cube.look.looking.components);
        match desk.line.answer(ui, cube, grid, key) {
            None => drop(ui.label(RichText::new("Reading the spectrum …").color(tokens.dim))),
            Some(Err(error)) => drop(ui.add(Label::new(RichText::new(error).color(tokens.error)).wrap())),
            Some(Ok(answer)) => {
                found = Some(Arc::clone(answer));
                spectrum_curves(&mut curves, answer, tokens);
                if let Some(&at) = answer.x.get(z).or_else(|| grid.third.first()) {
                    let values = answer.values.iter().copied().filter(|value| value.is_finite());
                    let (low, high) =
                        values.fold((0.0_f32, 0.0_f32), |(low, high), v| (low.min(v), high.max(v)));
                    let ends = vec![(at, f64::from(low)), (at, f64::from(high))];
                    curves.push(curve("voxel", ends, figure::Stroke::Dashed, tokens.warning));
                }
            }
        }
    }
    for (index, name, values) in &regions {
        let points = steps(&grid.third, values);
        let Some(region) = cube.look.looking.regions.get(*index) else { continue };
        curves.push(curve(name, points, figure::Stroke::Solid, regions::colour(tokens, *index, region)));
    }
    if !curves.is_empty() {
        let title = match picked {
            Some([x, y, _]) => format!("{} x {} y {}", cube.title, x + 1, y + 1),
            None => format!("{} regions", cube.title),
        };
        let figure = Figure {
            id: &format!("line of sight {}", cube.id.0),
            title: &title,
            x: &Axis::linear(&grid.third_title),
            y: &Axis::linear(intensity_label(&unit)),
            curves: &curves,
        };
        let width = ui.available_width();
        plot::show(ui, &state.queue, &figure, vec2(width, 170.0));
    }
    let (Some(voxel), Some(answer)) = (picked, found) else { return };
    facts(ui, cube, voxel, &answer, &unit);
    if grid.velocity_km_s.is_some() {
        components(ui, &mut cube.look.looking.components);
        if let Some(fit) = &answer.fit {
            table(ui, fit, &unit);
        }
    }
}

/// `T, K`: brightness temperatures have a name, other units speak for themselves.
pub fn intensity_label(unit: &str) -> String {
    match text::unit(unit) {
        unit if unit == "K" => "T, K".to_owned(),
        unit if unit.is_empty() => "value".to_owned(),
        unit => unit,
    }
}

fn curve(label: &str, points: Vec<(f64, f64)>, stroke: figure::Stroke, colour: Color32) -> Curve {
    Curve::new(figure::Line { label: label.to_owned(), points, stroke }, colour)
}

fn spectrum_curves(curves: &mut Vec<Curve>, answer: &Answer, tokens: &Tokens) {
    curves.push(curve("spectrum", steps(&answer.x, &answer.values), figure::Stroke::Solid, tokens.dim));
    let Some(Ok(fit)) = &answer.fit else { return };
    let Some(velocity) = answer.velocity_km_s.as_ref().filter(|all| all.len() == answer.x.len()) else {
        return;
    };
    // Between channels both are taken as linear: the lines are drawn over whatever is counted.
    let between = |all: &[f64], channel: f64| {
        let low = (channel as usize).min(all.len().saturating_sub(2));
        let pair = [all[low], all[(low + 1).min(all.len() - 1)]];
        pair[0] + (pair[1] - pair[0]) * (channel - low as f64)
    };
    let fine = |value: &dyn Fn(f64) -> f64| {
        let channels = answer.x.len().saturating_sub(1) as f64;
        let at = (0..=400).map(|index| channels * f64::from(index) / 400.0);
        at.map(|at| (between(&answer.x, at), value(between(velocity, at)))).collect::<Vec<_>>()
    };
    if velocity.is_empty() {
        return;
    }
    if fit.components.len() > 1 {
        for (index, component) in fit.components.iter().enumerate() {
            let points = fine(&|v| component.line.at(v));
            let label = format!("line {}", index + 1);
            curves.push(curve(&label, points, figure::Stroke::Dashed, line_colour(tokens, index + 2)));
        }
    }
    curves.push(curve("fit", fine(&|v| fit.at(v)), figure::Stroke::Solid, tokens.accent));
}

/// A spectrum as it is measured: level over each channel; over blank ones the line goes on straight.
pub fn steps(x: &[f64], values: &[f32]) -> Vec<(f64, f64)> {
    let edge = |index: usize| {
        if index == 0 {
            x[0] - 0.5 * (x[1] - x[0])
        } else if index == x.len() {
            x[index - 1] + 0.5 * (x[index - 1] - x[index - 2])
        } else {
            0.5 * (x[index - 1] + x[index])
        }
    };
    if x.len() < 2 || x.len() != values.len() {
        return x.iter().zip(values).map(|(&x, &y)| (x, f64::from(y))).collect();
    }
    values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_finite())
        .flat_map(|(index, &value)| [(edge(index), f64::from(value)), (edge(index + 1), f64::from(value))])
        .collect()
}

fn facts(ui: &mut Ui, cube: &Cube, voxel: [usize; 3], answer: &Answer, unit: &str) {
    let tokens = Tokens::of(ui);
    let line = |ui: &mut Ui, words: String| {
        ui.add(Label::new(RichText::new(words).monospace().color(tokens.dim)).wrap().selectable(true));
    };
    if let Some(moments) = answer.moments {
        line(ui, moment_words(&moments, unit));
    }
    let [x, y, _] = voxel;
    let place = cube.geometry.words(voxel.map(|place| place as f64));
    let place = place.split(" · ").next().unwrap_or_default().to_owned();
    line(ui, format!("x {} y {} · {place}", x + 1, y + 1));
    if cube.loaded.factor > 1 {
        line(ui, "at the full resolution of the file".to_owned());
    }
}

/// `∫T dv 4.31 K km s⁻¹ · ⟨v⟩ 4.09 · σ_v 0.44 km s⁻¹`
fn moment_words(moments: &LineMoments, unit: &str) -> String {
    let symbol = if text::unit(unit) == "K" { "T" } else { "I" };
    let area = text::quantity(moments.integrated, format!("{unit} km s-1").trim());
    let mut words = format!("∫{symbol} dv {area}");
    if let Some(mean) = moments.velocity_km_s {
        let mean = format!("{mean:.2}").replace('-', "−");
        words = match moments.variance_km2_s2 {
            Some(variance) if variance >= 0.0 => {
                format!("{words} · ⟨v⟩ {mean} · σ_v {:.2} km s⁻¹", variance.sqrt())
            }
            // Noise on both sides of zero may leave less than nothing.
            _ => format!("{words} · ⟨v⟩ {mean} km s⁻¹ · σ_v² below 0"),
        };
    }
    words
}

fn components(ui: &mut Ui, count: &mut usize) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Gaussians").color(Tokens::of(ui).dim));
        for number in 0..=MOST_COMPONENTS {
            let label = if number == 0 { "none".to_owned() } else { number.to_string() };
            let button = ui.selectable_label(*count == number, label);
            let name = format!("{number} Gaussian components");
            button.widget_info(|| {
                egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, *count == number, &name)
            });
            if button.clicked() {
                *count = number;
            }
        }
    });
}

fn table(ui: &mut Ui, fit: &Result<LineFit, String>, unit: &str) {
    let tokens = Tokens::of(ui);
    let fit = match fit {
        Ok(fit) => fit,
        Err(why) => {
            ui.add(Label::new(RichText::new(why).color(tokens.warning)).wrap());
            return;
        }
    };
    let unit_words = text::unit(unit);
    let peak = if unit_words.is_empty() { "peak".to_owned() } else { format!("peak, {unit_words}") };
    type Part = fn(&Gaussian) -> f64;
    let rows: [(&str, Part); 3] = [
        (&peak, |line| line.amplitude),
        ("v, km s⁻¹", |line| line.centre_km_s),
        ("σ_v, km s⁻¹", |line| line.sigma_km_s),
    ];
    // Three components are wider than the panel.
    ScrollArea::horizontal().id_salt("components").show(ui, |ui| {
        egui::Grid::new("components").spacing(vec2(12.0, 2.0)).show(ui, |ui| {
            for (title, part) in rows {
                ui.label(RichText::new(title).small().color(tokens.faint));
                for component in &fit.components {
                    let words = with_error(part(&component.line), part(&component.error));
                    ui.add(Label::new(RichText::new(words).monospace()).selectable(true));
                }
                ui.end_row();
            }
        });
    });
    let noise = text::quantity(significant(fit.noise, 3), unit);
    let mut words = match fit.chi2_reduced {
        Some(_) if fit.is_noise_from_residuals => {
            format!("noise {noise} from the residuals: too few channels are free of lines")
        }
        Some(chi2) => format!("noise {noise} from {} line-free channels · χ²/ν {chi2:.2}", fit.free_channels),
        None => "no noise: errors are not known".to_owned(),
    };
    if fit.components.len() > 1 {
        let total: f64 = fit.components.iter().map(|component| component.line.integral()).sum();
        words =
            format!("{words} · ∫ {}", text::quantity(significant(total, 3), format!("{unit} km s-1").trim()));
    }
    ui.add(Label::new(RichText::new(words).monospace().color(tokens.dim)).wrap().selectable(true));
}

fn significant(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10_f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    if scale.is_finite() && scale > 0.0 { (value * scale).round() / scale } else { value }
}

/// A value and its error with as many digits as the error has two of: `4.061 ± 0.012`.
fn with_error(value: f64, error: f64) -> String {
    if !(error.is_finite() && error > 0.0) {
        return text::number(value);
    }
    let decimals = 1 - error.log10().floor() as i32;
    let words = if (0..=9).contains(&decimals) {
        let decimals = decimals as usize;
        format!("{value:.decimals$} ± {error:.decimals$}")
    } else if (-3..0).contains(&decimals) {
        format!("{value:.0} ± {error:.0}")
    } else if (1e-3..1e6).contains(&value.abs()) {
        format!("{value:.4} ± {error:.0e}")
    } else {
        format!("{value:.3e} ± {error:.1e}")
    };
    words.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_two_digits() {
        assert_eq!(with_error(4.06123, 0.0123), "4.061 ± 0.012");
        assert_eq!(with_error(-4.0, 0.96), "−4.00 ± 0.96");
        assert_eq!(with_error(1234.5, 21.0), "1234 ± 21");
        assert_eq!(with_error(0.5554, 4.1e-10), "0.5554 ± 4e−10");
        assert_eq!(with_error(3.2e-7, 4.1e-9), "3.200e−7 ± 4.1e−9");
    }

    #[test]
    fn a_spectrum_is_level_over_each_channel() {
        let points = steps(&[1.0, 2.0, 3.0], &[5.0, f32::NAN, 7.0]);
        assert_eq!(points, [(0.5, 5.0), (1.5, 5.0), (2.5, 7.0), (3.5, 7.0)]);
    }

    #[test]
    fn moments_are_told_with_their_units() {
        let moments = LineMoments {
            integrated: 4.31,
            velocity_km_s: Some(-4.09),
            variance_km2_s2: Some(0.1936),
            peak: 4.0,
            channels: 53,
        };
        assert_eq!(moment_words(&moments, "K"), "∫T dv 4.31 K km s⁻¹ · ⟨v⟩ −4.09 · σ_v 0.44 km s⁻¹");
    }
}
