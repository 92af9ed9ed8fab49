//! Attribution: which pixels of the input made the output what it is. The method and its settings, the target on the output's map, the map
//! beside or over the input with its definition, and the check with weights drawn anew.

use super::picture::{self, Look, Map, Picture, PixelBox, around_zero, extremes};
use super::share::{Shown, two_columns};
use crate::app::form::{caption, row};
use crate::app::theme::{Tokens, icon_family, number_style};
use crate::figure::{ColourMap, text};
use crate::inspection::{
    Answer, AttributionMap, AttributionSettings, AttributionView, Baseline, Filling, Method, OutputChoice,
    Randomised, Region, View,
};
use crate::job::JobQueue;
use egui::{ComboBox, DragValue, FontId, Label, RichText, Ui, Vec2, vec2};
use egui_phosphor::regular as icon;
use ndarray::Axis;

const METHODS: [Method; 5] =
    [Method::Saliency, Method::SMOOTH_GRAD, Method::INTEGRATED_GRADIENTS, Method::GradCam, Method::OCCLUSION];
/// Most height of one map, in points.
const TALLEST: f32 = 340.0;

/// What is asked, how it is looked at, and the textures.
pub struct Attribution {
    pub settings: AttributionSettings,
    over: bool,
    /// Which input channel.
    channel: usize,
    target: Picture,
    map: Picture,
    input: Picture,
    trained: Picture,
    randomised: Picture,
    /// Of the channel that is drawn.
    look: Look,
}

impl Default for Attribution {
    fn default() -> Self {
        Self {
            settings: AttributionSettings::new(Method::Saliency),
            over: false,
            channel: 0,
            target: Picture::default(),
            map: Picture::default(),
            input: Picture::default(),
            trained: Picture::default(),
            randomised: Picture::default(),
            look: Look { generation: 0, range: (0.0, 1.0), colours: ColourMap::RedBlue },
        }
    }
}

impl Attribution {
    /// The method, its settings and the target. `output` is the network's output for the sample.
    pub fn ask(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        output: Option<(&Answer, bool)>,
        outputs: &[String],
    ) -> Option<String> {
        row(ui, "Method", "", |ui| {
            let method = &mut self.settings.method;
            ComboBox::from_id_salt("method")
                .selected_text(method.title())
                .width(ui.available_width())
                .truncate()
                .show_ui(ui, |ui| {
                    for choice in METHODS {
                        if ui.selectable_label(choice.word() == method.word(), choice.title()).clicked()
                            && choice.word() != method.word()
                        {
                            *method = choice;
                        }
                    }
                });
        });
        method_settings(ui, &mut self.settings.method);
        self.choose_target(ui, queue, output, outputs)
    }

    fn choose_target(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        output: Option<(&Answer, bool)>,
        outputs: &[String],
    ) -> Option<String> {
        let choice = &mut self.settings.output;
        if outputs.len() > 1 {
            row(ui, "Output", "", |ui| {
                ComboBox::from_id_salt("output")
                    .selected_text(outputs.get(choice.output).map_or("", String::as_str))
                    .width(ui.available_width())
                    .truncate()
                    .show_ui(ui, |ui| {
                        for (place, name) in outputs.iter().enumerate() {
                            ui.selectable_value(&mut choice.output, place, name);
                        }
                    });
            });
        }
        let view = output.and_then(|(answer, is_stale)| match &answer.result {
            Ok(View::Features(view)) => Some((answer, is_stale, view)),
            _ => None,
        });
        let (answer, is_stale, view) = view?;
        let (channels, rows, columns) = view.channels.dim();
        if channels > 1 {
            row(ui, "Channel", "Which channel of the output", |ui| {
                let mut number = choice.channel.min(channels - 1) + 1;
                ui.add(DragValue::new(&mut number).range(1..=channels).speed(0.1));
                choice.channel = number - 1;
            });
        }
        choice.channel = choice.channel.min(channels.saturating_sub(1));
        row(ui, "Target", "The mean of the output here is what is attributed", |ui| {
            ui.label(region_words(choice.region));
            if choice.region != Region::Whole {
                let cross = RichText::new(icon::X).font(FontId::new(12.0, icon_family()));
                if ui.button(cross).on_hover_text("The mean of the whole output").clicked() {
                    choice.region = Region::Whole;
                }
            }
        });
        if rows * columns <= 1 {
            return None;
        }
        let values = view.channels.index_axis(Axis(0), choice.channel);
        let name = format!("{} · click or drag a target", answer.block);
        let look = Look { generation: answer.number, range: extremes(values), colours: ColourMap::Viridis };
        let map = Map {
            mark: marked(choice.region),
            choosable: true,
            is_stale,
            ..Map::new(values, look, &name, &view.label)
        };
        let room = vec2(ui.available_width(), 200.0);
        let touched = self.target.show(ui, queue, &map, room);
        if let Some(chosen) = touched.chosen {
            choice.region = region(chosen);
        }
        ui.add_space(4.0);
        touched.hover.map(|hover| picture::readout(&answer.block, hover, ""))
    }

    /// The map with what belongs to it.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        view: &AttributionView,
    ) -> Option<String> {
        let tokens = Tokens::of(ui);
        self.channel = self.channel.min(view.maps.len().saturating_sub(1));
        caption(ui, &view.method);
        ui.horizontal_wrapped(|ui| {
            if view.maps.len() > 1 {
                let name = view.maps.get(self.channel).map_or("", |map| map.name.as_str());
                ComboBox::from_id_salt("input channel").selected_text(name).show_ui(ui, |ui| {
                    for (place, map) in view.maps.iter().enumerate() {
                        ui.selectable_value(&mut self.channel, place, &map.name);
                    }
                });
            }
            ui.checkbox(&mut self.over, "over the input")
                .on_hover_text("Draws the map over the input instead of beside it");
            ui.checkbox(&mut self.settings.randomised, "randomised weights").on_hover_text(
                "The same map of the same network with weights drawn anew: a method that tells of the training gives another map",
            );
        });
        let map = view.maps.get(self.channel)?;
        let readout = self.maps(ui, queue, shown, map);
        numbers(ui, view);
        ui.add_space(4.0);
        let definition = RichText::new(&view.definition).small().color(tokens.dim);
        ui.add(Label::new(definition).wrap().selectable(true));
        if let Some(check) = &view.randomised {
            ui.add_space(8.0);
            self.check(ui, queue, shown, view, check);
        }
        readout
    }

    /// The map over the input, or beside it.
    fn maps(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        map: &AttributionMap,
    ) -> Option<String> {
        self.look = Look {
            generation: shown.number.wrapping_mul(256).wrapping_add(self.channel as u64),
            range: around_zero(extremes(&map.values)),
            colours: ColourMap::RedBlue,
        };
        let look = self.look;
        let name = format!("attribution to {}", map.name);
        let signed = Map { is_stale: shown.is_stale, ..Map::new(map.values.view(), look, &name, &map.unit) };
        let input_look = Look { range: extremes(&map.input), colours: ColourMap::Greys, ..look };
        let input = Map {
            is_stale: shown.is_stale,
            ..Map::new(map.input.view(), input_look, &map.name, &map.input_label)
        };
        let is_same_size = map.input.dim() == map.values.dim();
        if self.over && is_same_size {
            let room = vec2(ui.available_width(), TALLEST);
            let over = Map { over: Some((map.input.view(), input_look.range)), ..signed };
            return self
                .map
                .show(ui, queue, &over, room)
                .hover
                .map(|at| picture::readout(&name, at, &map.unit));
        }
        let mut readout = None;
        side_by_side(ui, |ui, place, room| {
            let (picture, map) =
                if place == 0 { (&mut self.map, &signed) } else { (&mut self.input, &input) };
            let touched = picture.show(ui, queue, map, room);
            if let Some(at) = touched.hover {
                readout = Some(picture::readout(map.caption, at, map.unit));
            }
        });
        readout
    }

    /// The map beside that of the network with weights drawn anew, each with its own range.
    fn check(
        &mut self,
        ui: &mut Ui,
        queue: &JobQueue,
        shown: &Shown<'_>,
        view: &AttributionView,
        check: &Randomised,
    ) {
        let tokens = Tokens::of(ui);
        let maps = view.maps.get(self.channel).zip(check.maps.get(self.channel));
        let Some((trained, drawn)) = maps else { return };
        caption(ui, "Randomised weights");
        side_by_side(ui, |ui, place, room| {
            let (picture, values, name) = match place {
                0 => (&mut self.trained, &trained.values, "as trained"),
                _ => (&mut self.randomised, drawn, "weights drawn anew"),
            };
            let look = Look { range: around_zero(extremes(values)), ..self.look };
            let map = Map { is_stale: shown.is_stale, ..Map::new(values.view(), look, name, "") };
            picture.show(ui, queue, &map, room);
        });
        row(ui, "Rank correlation", "Spearman's, of the absolute values", |ui| {
            let number = format!("{:.2}", check.rank_correlation).replace('-', "−");
            ui.label(RichText::new(number).text_style(number_style()));
        });
        let (words, colour) = verdict(check.rank_correlation, tokens);
        ui.add(Label::new(RichText::new(words).color(colour)).wrap());
        ui.add(Label::new(RichText::new(&check.definition).small().color(tokens.dim)).wrap());
    }
}

/// Adebayo et al. 2018: a map that stays the same without the training says nothing about it.
fn verdict(rank_correlation: f64, tokens: &Tokens) -> (&'static str, egui::Color32) {
    if rank_correlation.is_nan() {
        ("a map without any contrast has no ranks", tokens.warning)
    } else if rank_correlation.abs() > 0.5 {
        ("alike: this map tells more of the input than of the training", tokens.warning)
    } else {
        ("different: this map depends on the training", tokens.dim)
    }
}

/// Two pictures of equal width in one line.
fn side_by_side(ui: &mut Ui, mut show: impl FnMut(&mut Ui, usize, Vec2)) {
    let gap = 12.0;
    let width = (ui.available_width() - gap) * 0.5;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        for place in 0..2 {
            ui.push_id(place, |ui| show(ui, place, vec2(width, TALLEST)));
        }
    });
}

/// The output, and the sum of the map beside what it should be.
fn numbers(ui: &mut Ui, view: &AttributionView) {
    let tokens = Tokens::of(ui);
    let mut shown = vec![("output", view.output), ("sum", view.sum)];
    if let Some(baseline) = view.baseline_output {
        shown.extend([("at baseline", baseline), ("difference", view.output - baseline)]);
    }
    two_columns(ui, "attribution-numbers", &shown);
    if let Some(error) = view.completeness_error {
        // The definition of the issue: attributions sum to the output's difference within 1 %.
        let (words, colour) =
            if error <= 0.01 { ("complete", tokens.ok) } else { ("not complete", tokens.warning) };
        let text = format!("{words}: the sum is off the difference by {}", percent(error));
        ui.add(Label::new(RichText::new(text).color(colour)).wrap());
    }
    let mut made = Vec::new();
    let counted =
        |count: u64, one: &str| format!("{} {one}{}", text::count(count), if count == 1 { "" } else { "s" });
    made.extend(view.gradients.map(|count| counted(count.into(), "gradient")));
    made.extend(view.masks.map(|count| counted(count as u64, "mask")));
    if !view.output_unit.is_empty() {
        made.push(format!("output in {}", view.output_unit));
    }
    if !made.is_empty() {
        ui.label(RichText::new(made.join(" · ")).small().color(tokens.faint));
    }
}

fn percent(fraction: f64) -> String {
    if fraction < 1e-4 { "less than 0.01 %".to_owned() } else { format!("{:.2} %", fraction * 100.0) }
}

fn region_words(region: Region) -> String {
    match region {
        Region::Whole => "whole output".to_owned(),
        Region::Pixel { y, x } => format!("x {}, y {}", x + 1, y + 1),
        Region::Box { y, x } => format!("x {}–{}, y {}–{}", x.0 + 1, x.1, y.0 + 1, y.1),
    }
}

/// Pixels that were chosen, both ends included, as a region, whose ends are not.
fn region(chosen: PixelBox) -> Region {
    let PixelBox { columns, rows } = chosen;
    if columns.0 == columns.1 && rows.0 == rows.1 {
        Region::Pixel { y: rows.0, x: columns.0 }
    } else {
        Region::Box { y: (rows.0, rows.1 + 1), x: (columns.0, columns.1 + 1) }
    }
}

fn marked(region: Region) -> Option<PixelBox> {
    match region {
        Region::Whole => None,
        Region::Pixel { y, x } => Some(PixelBox { columns: (x, x), rows: (y, y) }),
        Region::Box { y, x } => {
            Some(PixelBox { columns: (x.0, x.1.saturating_sub(1)), rows: (y.0, y.1.saturating_sub(1)) })
        }
    }
}

fn method_settings(ui: &mut Ui, method: &mut Method) {
    match method {
        Method::Saliency => {}
        Method::GradCam => {
            let tokens = Tokens::of(ui);
            ui.label(RichText::new("at this block").small().color(tokens.dim));
        }
        Method::SmoothGrad { samples, sigma } => {
            row(ui, "Noisy copies", "", |ui| _ = ui.add(DragValue::new(samples).range(2..=512)));
            row(ui, "Noise", "Deviation, as a share of the input's range", |ui| {
                ui.add(DragValue::new(sigma).range(0.001..=1.0).speed(0.002));
            });
        }
        Method::IntegratedGradients { steps, baseline } => {
            row(ui, "Steps", "More are taken until the sum is right within 1 %", |ui| {
                ui.add(DragValue::new(steps).range(4..=512));
            });
            row(ui, "Baseline", "Where the path to the sample begins", |ui| choose_baseline(ui, baseline));
        }
        Method::Occlusion { window, stride, filling } => {
            row(ui, "Window", "Side of the square that is filled", |ui| {
                ui.add(DragValue::new(window).range(1..=256).suffix(" px"));
            });
            row(ui, "Stride", "From one window to the next", |ui| {
                ui.add(DragValue::new(stride).range(1..=256).suffix(" px"));
            });
            row(ui, "Filling", "What the window holds instead", |ui| choose_filling(ui, filling));
        }
    }
}

/// The deviation of the blur, and the other sample, that a choice begins with.
const BLUR_PX: f64 = 4.0;

fn choose_baseline(ui: &mut Ui, baseline: &mut Baseline) {
    let choices = [
        ("training mean", Baseline::Zero),
        ("blurred", Baseline::Blurred { sigma_px: BLUR_PX }),
        ("other sample", Baseline::OtherSample(0)),
    ];
    choose(ui, "baseline", baseline, &choices);
    match baseline {
        Baseline::Zero => {}
        Baseline::Blurred { sigma_px } => blur(ui, sigma_px),
        Baseline::OtherSample(sample) => other_sample(ui, sample),
    }
}

fn choose_filling(ui: &mut Ui, filling: &mut Filling) {
    let choices = [
        ("local sky", Filling::LocalSky),
        ("training mean", Filling::Zero),
        ("blurred", Filling::Blurred { sigma_px: BLUR_PX }),
        ("matched noise", Filling::NoiseMatched),
        ("other sample", Filling::OtherSample(0)),
    ];
    choose(ui, "filling", filling, &choices);
    match filling {
        Filling::Blurred { sigma_px } => blur(ui, sigma_px),
        Filling::OtherSample(sample) => other_sample(ui, sample),
        Filling::Zero | Filling::LocalSky | Filling::NoiseMatched => {}
    }
}

/// A list of kinds; the numbers of the kind that is chosen already stay.
fn choose<T: Copy>(ui: &mut Ui, id: &str, now: &mut T, choices: &[(&str, T)]) {
    let is = |choice: &T, now: &T| std::mem::discriminant(choice) == std::mem::discriminant(now);
    let words = choices.iter().find(|(_, choice)| is(choice, now)).map_or("", |(words, _)| words);
    ComboBox::from_id_salt(id).selected_text(words).show_ui(ui, |ui| {
        for (words, choice) in choices {
            if ui.selectable_label(is(choice, now), *words).clicked() && !is(choice, now) {
                *now = *choice;
            }
        }
    });
}

fn blur(ui: &mut Ui, sigma_px: &mut f64) {
    ui.add(DragValue::new(sigma_px).range(0.5..=64.0).speed(0.05).prefix("σ ").suffix(" px"));
}

/// Counted from zero, as the sample chooser and the command line count.
fn other_sample(ui: &mut Ui, sample: &mut usize) {
    ui.add(DragValue::new(sample).speed(0.1));
}

/// What may be attributed: nothing where the network has no outputs yet.
pub fn clamp(choice: &mut OutputChoice, outputs: usize) {
    if choice.output >= outputs {
        *choice = OutputChoice::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_box_is_the_region_that_is_marked() {
        for chosen in [
            PixelBox { columns: (3, 3), rows: (7, 7) },
            PixelBox { columns: (3, 9), rows: (0, 4) },
            PixelBox { columns: (3, 4), rows: (2, 2) },
        ] {
            assert_eq!(marked(region(chosen)), Some(chosen));
        }
        assert_eq!(region_words(region(PixelBox { columns: (2, 8), rows: (0, 4) })), "x 3–9, y 1–5");
    }
}
