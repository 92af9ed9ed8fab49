//! The curves of the chosen runs: which axes, how smooth, and the plots, drawn anew only when something of it changed.

use super::curves::{self, Axes, By, Series, TimeUnit};
use super::listing::Run;
use crate::app::plot::{self, Curve, Figure};
use crate::app::theme::Tokens;
use crate::job::JobQueue;
use egui::{DragValue, RichText, ScrollArea, Ui, vec2};
use serde_json::{Value, json};

/// A figure: its name, the label of its y axis, its curves.
type Drawn = (&'static str, &'static str, Vec<Curve>);

#[derive(Default)]
pub struct Figures {
    axes: Axes,
    drawn: Vec<Drawn>,
    /// What `drawn` shows: the state of the list, the axes, the theme.
    of: Option<(u64, Axes, bool)>,
}

impl Figures {
    /// The figures of these runs; `state` changes whenever they do.
    pub fn show(&mut self, ui: &mut Ui, queue: &JobQueue, chosen: &[&Run], state: u64) {
        let tokens = Tokens::of(ui);
        self.toolbar(ui, chosen);
        ui.add_space(4.0);
        if chosen.iter().all(|run| run.rows.is_empty() && run.steps.is_empty()) {
            let text = if chosen.is_empty() { "Choose a run above" } else { "Not one step made yet" };
            ui.label(RichText::new(text).color(tokens.dim));
            return;
        }
        self.draw(ui, chosen, state);
        if self.axes.by == By::Time && chosen.iter().any(|run| run.steps.is_empty()) {
            let text = "Runs of older versions did not record the time and are left out";
            ui.label(RichText::new(text).small().color(tokens.warning));
        }
        let axes = self.axes;
        let across = if ui.available_width() > 1000.0 { 2.0 } else { 1.0 };
        let width = (ui.available_width() - 16.0 * across) / across;
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = vec2(16.0, 16.0);
                for (id, label, curves) in self.drawn.iter().filter(|(.., curves)| !curves.is_empty()) {
                    // A fraction near one has no use for a logarithm.
                    let log_y = axes.log_y && *id != "accuracy";
                    let y = Axes { log_y, ..axes }.y(label);
                    let figure = Figure { id, title: label, x: &axes.x(), y: &y, curves };
                    plot::show(ui, queue, &figure, vec2(width, 250.0));
                }
            });
        });
    }

    fn toolbar(&mut self, ui: &mut Ui, chosen: &[&Run]) {
        let tokens = Tokens::of(ui);
        let longest = chosen.iter().map(|run| run.info.seconds).fold(0.0, f64::max);
        self.axes.time_unit = TimeUnit::for_seconds(longest);
        ui.horizontal(|ui| {
            ui.label(RichText::new("by").color(tokens.dim));
            for by in By::ALL {
                ui.selectable_value(&mut self.axes.by, by, by.name());
            }
            ui.add_space(12.0);
            ui.checkbox(&mut self.axes.log_x, "log x");
            ui.checkbox(&mut self.axes.log_y, "log y");
            ui.add_space(12.0);
            ui.label(RichText::new("mean over").color(tokens.dim));
            let unit = self.axes.unit();
            let window = self.axes.window();
            let speed = (0.02 * *window).max(if unit == "steps" { 1.0 } else { 0.1 });
            let field = DragValue::new(window).range(0.0..=1e9).speed(speed).max_decimals(2);
            let tip = "Width of the window on the x axis; 0 shows every point.\n\
                       The raw line stays, faint, and the band is the least and greatest in the window";
            let response = ui.add(field).on_hover_text(tip);
            response
                .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::DragValue, true, "Mean over"));
            ui.label(RichText::new(unit).color(tokens.dim));
        });
    }

    fn draw(&mut self, ui: &Ui, chosen: &[&Run], state: u64) {
        let of = Some((state, self.axes, ui.visuals().dark_mode));
        if self.of == of {
            return;
        }
        self.of = of;
        let (tokens, axes) = (Tokens::of(ui), self.axes);
        let series = |run: &&Run| -> bool { !run.rows.is_empty() || !run.steps.is_empty() };
        let series: Vec<Series<'_>> = chosen
            .iter()
            .filter(|run| series(run))
            .map(|run| Series {
                name: &run.name,
                rows: &run.rows,
                steps: &run.steps,
                baseline: run.baseline.map(|judged| (judged.rms_dex, judged.accuracy_0p3dex)),
            })
            .collect();
        self.drawn = vec![
            ("loss", "loss", curves::loss(&series, axes, tokens)),
            ("rms", "rms of the residuals (dex)", curves::rms(&series, axes, tokens)),
            ("accuracy", "fraction within 0.3 dex", curves::accuracy(&series, axes, tokens)),
            ("steps", "training loss of the steps", curves::steps(&series, axes, tokens)),
        ];
    }

    pub fn remember(&self) -> Value {
        let axes = self.axes;
        json!({ "by": axes.by.name(), "log_x": axes.log_x, "log_y": axes.log_y, "windows": axes.windows })
    }

    pub fn recall(&mut self, record: &Value) {
        let flag = |name: &str, default| record[name].as_bool().unwrap_or(default);
        let by = By::ALL.into_iter().find(|by| record["by"] == by.name());
        let windows: Option<[f64; 3]> = serde_json::from_value(record["windows"].clone()).ok();
        let is_usable = |windows: &[f64; 3]| windows.iter().all(|width| width.is_finite() && *width >= 0.0);
        self.axes = Axes {
            by: by.unwrap_or_default(),
            log_x: flag("log_x", false),
            log_y: flag("log_y", true),
            windows: windows.filter(is_usable).unwrap_or_default(),
            ..Axes::default()
        };
    }
}
