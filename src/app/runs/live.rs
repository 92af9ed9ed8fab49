//! The run in the drawer: curves on the left, then input, truth and prediction of one fixed validation sample.

use super::curves::{self, Axes, By, Series};
use super::picture::{BELOW, Picture, dex, range};
use super::training::Current;
use crate::app::plot::{self, Figure, line_colour};
use crate::app::text;
use crate::app::theme::Tokens;
use crate::figure::ColourMap;
use crate::job::{Cancelled, JobQueue};
use crate::training::{Curves, Preview};
use egui::{RichText, ScrollArea, Ui, vec2};
use std::path::PathBuf;

/// The pictures of the latest preview, and of which one.
#[derive(Default)]
pub struct Pictures {
    of: Option<(PathBuf, u64, bool)>,
    maps: Vec<Picture>,
}

/// Draws the run into the drawer.
pub fn show(ui: &mut Ui, queue: &JobQueue, current: &Current, pictures: &mut Pictures) {
    let tokens = Tokens::of(ui);
    // That it was stopped stands in the headline already.
    if let Some(Err(reason)) = &current.outcome
        && *reason != Cancelled.to_string()
    {
        ui.add(egui::Label::new(RichText::new(reason).color(tokens.warning)).wrap());
    }
    let height = ui.available_height();
    let Some(curves) = current.live.curves.latest() else {
        ui.horizontal(|ui| {
            if current.is_running() {
                ui.spinner();
            }
            ui.label(RichText::new(current.progress()).color(tokens.dim));
        });
        return;
    };
    pictures.refresh(ui, current);
    ScrollArea::horizontal().auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            let side = (height - BELOW - 4.0).max(64.0);
            let maps = pictures.maps.len() as f32 * (side + 12.0);
            let width = (ui.available_width() - maps - 12.0).clamp(300.0, 620.0);
            let baseline = current.live.setup.latest().and_then(|setup| setup.baseline);
            let baseline = baseline.map(|(_, metrics)| (metrics.rms_dex, metrics.accuracy_0p3dex));
            plot_curves(ui, queue, &current.name, &curves, baseline, vec2(width, height));
            ui.spacing_mut().item_spacing.x = 12.0;
            for picture in &pictures.maps {
                picture.show(ui, side);
            }
        });
    });
}

/// Validated once: rms in dex against the trivial predictor. Before that, the loss of the steps, which comes first.
fn plot_curves(
    ui: &mut Ui,
    queue: &JobQueue,
    name: &str,
    curves: &Curves,
    baseline: Option<(f64, f64)>,
    size: egui::Vec2,
) {
    let tokens = Tokens::of(ui);
    let axes = Axes::default();
    let series = [Series { name, rows: &curves.rows, steps: &curves.steps, baseline }];
    let (shown, x, y, title) = if curves.rows.is_empty() {
        let axes = Axes { by: By::Step, ..axes };
        (curves::steps(&series, axes, tokens), axes.x(), axes.y("loss"), "loss")
    } else {
        let mut shown = curves::loss(&series, axes, tokens);
        for curve in &mut shown {
            curve.line.label = format!("loss, {}", curve.line.label);
        }
        for mut curve in curves::rms(&series, axes, tokens) {
            let is_law = curve.line.label == "power law";
            curve.line.label =
                if is_law { "rms, power law".to_owned() } else { "rms, validation".to_owned() };
            curve.colour = line_colour(tokens, if is_law { 5 } else { 2 });
            shown.push(curve);
        }
        (shown, axes.x(), axes.y("loss, rms (dex)"), "training")
    };
    let title = format!("{name} {title}");
    let figure = Figure { id: "live-curves", title: &title, x: &x, y: &y, curves: &shown };
    plot::show(ui, queue, &figure, size);
}

impl Pictures {
    fn refresh(&mut self, ui: &Ui, current: &Current) {
        let is_dark = ui.visuals().dark_mode;
        let now = Some((current.folder.clone(), current.live.preview.generation(), is_dark));
        if self.of == now {
            return;
        }
        self.of = now;
        self.maps = current.live.preview.latest().map_or_else(Vec::new, |preview| draw(ui, &preview));
    }
}

/// Both densities share one colour bar, so that equal colours are equal densities.
fn draw(ui: &Ui, preview: &Preview) -> Vec<Picture> {
    let (input, truth, prediction) = (dex(&preview.input), dex(&preview.truth), dex(&preview.prediction));
    let unit = |unit: &str| format!("log₁₀ {}", text::unit(unit));
    let shared = range(&[&truth]);
    vec![
        Picture::new(
            ui,
            "preview-input",
            &input,
            range(&[&input]),
            ColourMap::Magma,
            preview.input_name.replace('_', " "),
            unit(&preview.input_unit),
        ),
        Picture::new(
            ui,
            "preview-truth",
            &truth,
            shared,
            ColourMap::Viridis,
            "truth".to_owned(),
            unit(&preview.target_unit),
        ),
        Picture::new(
            ui,
            "preview-prediction",
            &prediction,
            shared,
            ColourMap::Viridis,
            "prediction".to_owned(),
            unit(&preview.target_unit),
        ),
    ]
}
