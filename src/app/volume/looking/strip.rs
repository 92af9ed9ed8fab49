//! The strip below the picture: channel maps, moments, position–velocity cuts, and what is drawn on them with the mouse.

use super::draw::{self, Tool};
use super::maps::{Maps, Moment, Placing, colour_bar};
use super::{Desk as Whole, Grid, channels, cut, paint, selection};
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use egui::{Align, Align2, FontId, Label, Layout, Rect, RichText, ScrollArea, Sense, Ui, pos2, vec2};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What the strip shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tab {
    #[default]
    Channels,
    Moments,
    PositionVelocity,
}

impl Tab {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Channels, "Channel maps"),
        (Self::Moments, "Moments"),
        (Self::PositionVelocity, "Position–velocity"),
    ];

    /// Beside the tools in a narrow window.
    fn short(self) -> &'static str {
        match self {
            Self::Channels => "Channels",
            Self::Moments => "Moments",
            Self::PositionVelocity => "PV",
        }
    }
}

/// Points that full names and tools take.
const NARROW: f32 = 500.0;

/// Tabs, tools and the maps of a cube; fills what is available.
pub fn strip(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    let mut desk = std::mem::take(&mut cube.desk);
    let grid = desk.grid(cube);
    header(ui, cube, &grid, &mut desk);
    draw::keys(ui, cube, &mut desk);
    if cube.look.looking.tab != Tab::PositionVelocity {
        desk.pointed = None;
    }
    ui.add_space(4.0);
    match cube.look.looking.tab {
        Tab::Channels => channels::show(ui, cube, &grid, &mut desk, state),
        Tab::Moments => moments(ui, cube, &grid, &mut desk, state),
        Tab::PositionVelocity => cut::show(ui, cube, &grid, &mut desk, state),
    }
    cube.desk = desk;
}

fn header(ui: &mut Ui, cube: &mut Cube, grid: &Grid, desk: &mut Whole) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        let kept = &mut cube.look.looking;
        let is_narrow = ui.available_width() < NARROW;
        for (tab, name) in Tab::ALL {
            let selected = kept.tab == tab;
            let colour = if selected { tokens.accent } else { tokens.dim };
            let words = if is_narrow { tab.short() } else { name };
            let label = ui.add(Label::new(RichText::new(words).color(colour)).sense(Sense::click()));
            label.widget_info(|| {
                egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, selected, name)
            });
            if label.clicked() {
                kept.tab = tab;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for (tool, mark, name, tip) in Tool::ALL.into_iter().rev() {
                let selected = desk.draw.tool == tool;
                let button = ui.selectable_label(selected, mark).on_hover_text(format!("{name}: {tip}"));
                button.widget_info(|| {
                    egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, selected, name)
                });
                if button.clicked() {
                    desk.draw.tool = tool;
                    desk.draw.forget();
                    desk.path.forget();
                }
            }
            ui.add_space(8.0);
            if let (Some(first), Some(last)) = (grid.third.first(), grid.third.last())
                && ui.available_width() > 180.0
            {
                let words = format!("{} … {}", decimal(*first), decimal(*last));
                let words =
                    grid.third_words(if grid.counts_velocity() { format!("v = {words}") } else { words });
                ui.add(Label::new(RichText::new(words).monospace().color(tokens.dim)).truncate());
            }
        });
    });
}

pub fn decimal(value: f64) -> String {
    let words = if value.abs() < 1e4 { format!("{value:.2}") } else { text::number(value) };
    words.replace('-', "−")
}

fn moments(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    if grid.velocity_km_s.is_none() {
        let words =
            "Moments need a velocity axis, or a spectral axis and a rest frequency, along the slowest axis";
        ui.label(RichText::new(words).color(tokens.dim));
        return;
    }
    let known = desk.maps.moments(ui.ctx(), cube, grid, state);
    ui.horizontal_top(|ui| {
        let height = ui.available_height();
        ScrollArea::vertical().id_salt("selection").show(ui, |ui| {
            ui.vertical(|ui| {
                ui.set_width(190.0);
                selection::show(ui, cube, grid);
                desk.maps.moments.provenance(ui, &cube.look.looking.selection, cube.loaded.factor);
            });
        });
        match known {
            None => drop(ui.label(RichText::new("Working out the moments …").color(tokens.dim))),
            Some(Err(error)) => drop(ui.add(Label::new(RichText::new(error).color(tokens.error)).wrap())),
            Some(Ok(maps)) => {
                ui.style_mut().always_scroll_the_only_direction = true;
                ScrollArea::horizontal().auto_shrink([false, false]).id_salt("moments").show(ui, |ui| {
                    ui.horizontal_top(|ui| {
                        for moment in Moment::ALL {
                            moment_map(ui, height, moment, &maps, cube, grid, desk, state);
                        }
                    });
                });
            }
        }
    });
}

#[expect(
    clippy::too_many_arguments,
    reason = "a map needs what it shows, what is drawn on it and where the numbers go"
)]
pub fn moment_map(
    ui: &mut Ui,
    height: f32,
    moment: Moment,
    maps: &Arc<Maps>,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
    state: &mut AppState,
) {
    let tokens = Tokens::of(ui);
    let inner = (height - 26.0).max(24.0);
    let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(3.0 * inner, inner));
    let mut placing = Placing::within(area, &cube.lattice);
    let (rect, response) =
        ui.allocate_exact_size(placing.rect.size() + vec2(66.0, 18.0), Sense::click_and_drag());
    placing.rect = placing.rect.translate(rect.min.to_vec2() + vec2(0.0, 18.0));
    let image = moment.image(&maps.moments);
    let title = format!("{}, {}", moment.title(), text::unit(&image.unit));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, moment.title()));
    ui.painter().text(
        rect.left_top(),
        Align2::LEFT_TOP,
        title.trim_end_matches(", "),
        FontId::proportional(11.0),
        tokens.dim,
    );
    let drawn = desk.maps.drawn(ui.ctx(), moment, maps, cube);
    channels::picture(ui, placing.rect, drawn.texture.id());
    let bar =
        Rect::from_min_size(placing.rect.right_top() + vec2(6.0, 0.0), vec2(56.0, placing.rect.height()));
    colour_bar(ui.painter(), bar, &drawn.colours, "", tokens);
    paint::beam(ui.painter(), placing.rect, cube, grid, tokens);
    paint::on_map(ui.painter(), &placing, cube, grid, desk, tokens);
    let at = response.hover_pos().and_then(|at| placing.index(at));
    if let Some([x, y]) = at {
        let pixel = response.hover_pos().map(|at| grid.of_file(placing.pixel(at)));
        let value = pixel.and_then(|pixel| maps.value(moment, pixel)).unwrap_or(f32::NAN);
        let value = text::quantity(f64::from(value), &image.unit);
        let words = cube.geometry.words(grid.file_voxel([x, y, 0]).map(|place| place as f64));
        state.readout = format!("{value} · {}", words.split(" · ").next().unwrap_or_default());
    }
    if draw::draw(ui, &response, &placing, cube, grid, desk) && response.clicked() {
        pick(cube, grid, at);
    }
}

/// Picks the line of sight through a loaded pixel, at its brightest voxel.
fn pick(cube: &mut Cube, grid: &Grid, at: Option<[usize; 2]>) {
    let Some([x, y]) = at else { return };
    let line = cube.loaded.values.slice(ndarray::s![.., y, x]);
    let bright =
        line.iter().enumerate().filter(|(_, value)| value.is_finite()).max_by(|a, b| a.1.total_cmp(b.1));
    let channel = bright.map_or(0, |(channel, _)| channel);
    cube.look.looking.picked = Some(grid.file_voxel([x, y, channel]));
}
