//! Feature maps: all channels of a block as a gallery, one of them large with its colour bar, and what each channel holds in numbers.

use super::gallery::{Gallery, Grid, Thumbnail, range_words};
use super::picture::{self, Look, Map, Picture, extremes};
use super::share::{Shown, choice_of_colours, two_columns};
use crate::app::plot::{self, Curve, Figure, line_colour};
use crate::app::theme::Tokens;
use crate::blueprint::PortType;
use crate::figure::{Axis, ColourMap, Line, Stroke, text};
use crate::inspection::{ChannelStatistics, CubeSlice, FeaturesView};
use crate::job::JobQueue;
use egui::{RichText, Slider, Ui, vec2};
use ndarray::{ArrayView2, Axis as Dimension, s};
use serde::{Deserialize, Serialize};

/// Most height that the large map takes, in points.
const TALLEST: f32 = 380.0;

/// How the user looks at feature maps; kept from block to block and in the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Taste {
    pub colours: ColourMap,
    /// All channels share the ends of the colours, so that equal colours are equal values.
    pub shared_range: bool,
    pub hide_dead: bool,
}

impl Default for Taste {
    fn default() -> Self {
        Self { colours: ColourMap::Magma, shared_range: false, hide_dead: false }
    }
}

/// The textures, which channel is large, and which slice of a cube is asked for.
#[derive(Default)]
pub struct FeatureMaps {
    pub slice: CubeSlice,
    gallery: Gallery,
    picture: Picture,
    channel: usize,
}

impl FeatureMaps {
    /// Draws everything; answers what is under the cursor, for the status bar.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        view: &FeaturesView,
        taste: &mut Taste,
    ) -> Option<String> {
        headline(ui, shown, view);
        match view.shape.kind {
            PortType::Vector => {
                vector(ui, queue, shown, view);
                None
            }
            PortType::Sequence => self.sequence(ui, queue, shown, view, taste),
            PortType::Map | PortType::Cube => self.maps(ui, queue, shown, view, taste),
        }
    }

    fn maps(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        view: &FeaturesView,
        taste: &mut Taste,
    ) -> Option<String> {
        let count = view.channels.dim().0;
        controls(ui, taste, count > 1);
        if let Some((slice, of)) = view.slice {
            self.choose_slice(ui, slice, of);
        }
        let is_dead = |channel: usize| view.statistics.get(channel).is_some_and(|channel| channel.dead);
        let places: Vec<usize> =
            (0..count).filter(|&channel| !(taste.hide_dead && is_dead(channel))).collect();
        let Some(&first) = places.first() else {
            let tokens = Tokens::of(ui);
            ui.label(RichText::new("Every channel is dead for this sample").color(tokens.warning));
            return None;
        };
        if !places.contains(&self.channel) {
            self.channel = first;
        }
        let shared = shared_range(&view.statistics);
        let (colours, one_range) = (taste.colours, taste.shared_range);
        let look = |channel: usize| Look {
            generation: shown.number,
            range: if one_range { shared } else { own_range(view.statistics.get(channel)) },
            colours,
        };
        if count > 1 {
            let grid = Grid { places: &places, selected: self.channel, is_stale: shown.is_stale };
            let clicked = self.gallery.show(ui, grid, |channel| Thumbnail {
                values: view.channels.index_axis(Dimension(0), channel),
                look: look(channel),
                words: words(view.statistics.get(channel), channel),
            });
            self.channel = clicked.unwrap_or(self.channel);
            ui.add_space(4.0);
        }
        let caption = if count > 1 {
            format!("{} · channel {}", shown.name, self.channel + 1)
        } else {
            shown.name.to_owned()
        };
        let map = Map {
            is_stale: shown.is_stale,
            ..Map::new(
                view.channels.index_axis(Dimension(0), self.channel),
                look(self.channel),
                &caption,
                &view.label,
            )
        };
        let touched = self.picture.show(ui, queue, &map, vec2(ui.available_width(), TALLEST));
        if let Some(numbers) = view.statistics.get(self.channel) {
            statistics(ui, numbers);
        }
        touched.hover.map(|hover| picture::readout(&caption, hover, ""))
    }

    /// Which slice of a cube is looked at; another one is asked of the worker.
    fn choose_slice(&mut self, ui: &mut Ui, slice: Option<usize>, of: usize) {
        ui.horizontal(|ui| {
            let is_maximum = self.slice == CubeSlice::Maximum;
            if ui
                .selectable_label(is_maximum, "maximum")
                .on_hover_text("The largest value along the first axis of the cube")
                .clicked()
            {
                self.slice = if is_maximum { CubeSlice::Middle } else { CubeSlice::Maximum };
            }
            let mut index = match self.slice {
                CubeSlice::Index(index) => index,
                _ => slice.unwrap_or(of / 2),
            };
            ui.spacing_mut().slider_width = (ui.available_width() - 64.0).max(40.0);
            let slider = Slider::new(&mut index, 0..=of.saturating_sub(1))
                .custom_formatter(|index, _| format!("{:.0} of {of}", index + 1.0))
                .custom_parser(|text| text.trim().parse::<f64>().ok().map(|number| number - 1.0));
            if ui.add_enabled(!is_maximum, slider).changed() {
                self.slice = CubeSlice::Index(index);
            }
        });
    }

    /// Steps to the right, channels upward, all at once.
    fn sequence(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        view: &FeaturesView,
        taste: &mut Taste,
    ) -> Option<String> {
        controls(ui, taste, false);
        let look =
            Look { generation: shown.number, range: shared_range(&view.statistics), colours: taste.colours };
        let caption = format!("{}: steps across, channels up", shown.name);
        let values: ArrayView2<'_, f32> = view.channels.slice(s![.., 0, ..]);
        let map = Map { is_stale: shown.is_stale, ..Map::new(values, look, &caption, &view.label) };
        let touched = self.picture.show(ui, queue, &map, vec2(ui.available_width(), TALLEST));
        touched.hover.map(|(step, channel, value)| {
            format!("channel {} · step {} · {}", channel + 1, step + 1, text::number(f64::from(value)))
        })
    }
}

/// `128 channels · 64 × 64 · 3 dead`.
fn headline(ui: &mut Ui, shown: &Shown<'_>, view: &FeaturesView) {
    let tokens = Tokens::of(ui);
    let (count, rows, columns) = view.channels.dim();
    let mut parts = vec![format!("{count} channel{}", if count == 1 { "" } else { "s" })];
    match view.shape.kind {
        PortType::Vector => {}
        PortType::Sequence => parts.push(format!("{columns} steps")),
        PortType::Map => parts.push(format!("{rows} × {columns}")),
        PortType::Cube => parts.push(format!("{} × {rows} × {columns}", view.slice.map_or(1, |(_, of)| of))),
    }
    parts.extend(shown.epoch_words());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.label(RichText::new(parts.join(" · ")).color(tokens.dim));
        if view.dead > 0 {
            ui.label(RichText::new(format!(" · {} dead", view.dead)).color(tokens.warning))
                .on_hover_text("Channels with one and the same value everywhere in this sample");
        }
    });
}

/// Colour map, range and filter, on one line where there is room.
fn controls(ui: &mut Ui, taste: &mut Taste, is_gallery: bool) {
    ui.horizontal_wrapped(|ui| {
        choice_of_colours(ui, &mut taste.colours);
        if is_gallery {
            ui.checkbox(&mut taste.shared_range, "one range")
                .on_hover_text("All channels share the ends of the colours: equal colours are equal values");
            ui.checkbox(&mut taste.hide_dead, "hide dead")
                .on_hover_text("Leaves out the channels that are the same everywhere in this sample");
        }
    });
}

fn own_range(numbers: Option<&ChannelStatistics>) -> (f32, f32) {
    numbers.map_or((0.0, 1.0), |numbers| extremes(&[numbers.min, numbers.max]))
}

fn shared_range(numbers: &[ChannelStatistics]) -> (f32, f32) {
    let ends: Vec<f32> = numbers.iter().flat_map(|numbers| [numbers.min, numbers.max]).collect();
    extremes(&ends)
}

fn words(numbers: Option<&ChannelStatistics>, channel: usize) -> String {
    match numbers {
        Some(numbers) if numbers.dead => format!("channel {}, dead", channel + 1),
        Some(numbers) => format!("channel {}, {}", channel + 1, range_words((numbers.min, numbers.max))),
        None => format!("channel {}", channel + 1),
    }
}

fn statistics(ui: &mut Ui, numbers: &ChannelStatistics) {
    let tokens = Tokens::of(ui);
    two_columns(
        ui,
        "channel-statistics",
        &[
            ("min", f64::from(numbers.min)),
            ("mean", numbers.mean),
            ("max", f64::from(numbers.max)),
            ("σ", numbers.std),
        ],
    );
    if numbers.dead {
        ui.label(
            RichText::new("dead: the same value everywhere in this sample").small().color(tokens.warning),
        );
    }
}

/// The values of a vector against their place in it.
fn vector(ui: &mut Ui, queue: &JobQueue, shown: &Shown<'_>, view: &FeaturesView) {
    let values = view.channels.slice(s![.., 0, 0]);
    let points = values.iter().enumerate().map(|(place, &value)| (place as f64 + 1.0, f64::from(value)));
    let line = Line { label: shown.name.to_owned(), points: points.collect(), stroke: Stroke::Points };
    let colour = line_colour(Tokens::of(ui), 0);
    let colour = if shown.is_stale { colour.gamma_multiply(0.5) } else { colour };
    let label = if view.label.is_empty() { "value" } else { view.label.as_str() };
    let (x, y) = (Axis::linear("channel"), Axis::linear(label));
    let title = format!("{} values", shown.name);
    let curves = [Curve::new(line, colour)];
    let figure = Figure { id: "feature-vector", title: &title, x: &x, y: &y, curves: &curves };
    plot::show(ui, queue, &figure, vec2(ui.available_width(), 200.0));
}
