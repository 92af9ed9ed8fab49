//! Cubes that are made of two, in a job: difference, ratio, what a mask leaves; and how well both agree, in numbers.

use super::super::cube::Cube;
use super::super::inspector::fields;
use super::super::look::Look;
use super::Compare;
use crate::app::files;
use crate::app::form::number_row;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::cloud::{self, Agreement, Measure};
use crate::figure::ColourMap;
use crate::job::{Handle, JobQueue, Lane};
use crate::volume::{Loaded, Scene, Stretch, Transfer};
use egui::{Button, RichText, Ui};
use egui_phosphor::regular as icon;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be made of two cubes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    #[default]
    Difference,
    Relative,
    Ratio,
    Inside,
    Outside,
}

impl Choice {
    const ALL: [Self; 5] = [Self::Difference, Self::Relative, Self::Ratio, Self::Inside, Self::Outside];

    /// In words, with a for the cube in front and b for the other.
    fn words(self) -> &'static str {
        match self {
            Self::Difference => "a − b",
            Self::Relative => "(a − b) / b",
            Self::Ratio => "a / b",
            Self::Inside => "a inside mask b",
            Self::Outside => "a outside mask b",
        }
    }

    fn measure(self, threshold: f32) -> Measure {
        match self {
            Self::Difference => Measure::Difference,
            Self::Relative => Measure::Relative,
            Self::Ratio => Measure::Ratio,
            Self::Inside => Measure::Inside(threshold),
            Self::Outside => Measure::Outside(threshold),
        }
    }

    fn is_mask(self) -> bool {
        matches!(self, Self::Inside | Self::Outside)
    }

    /// The name of what is made of files with these names.
    fn name(self, a: &str, b: &str) -> String {
        match self {
            Self::Difference => format!("{a} − {b}"),
            Self::Relative => format!("({a} − {b}) ÷ {b}"),
            Self::Ratio => format!("{a} ÷ {b}"),
            Self::Inside => format!("{a} inside {b}"),
            Self::Outside => format!("{a} outside {b}"),
        }
    }
}

/// How a cube that was made is first seen: as the one in front was, in colours of its own where it has other values.
pub struct Seen {
    scene: Scene,
    choice: Choice,
}

impl Seen {
    pub fn dress(&self, look: &mut Look, loaded: &Loaded) {
        let scene = &mut look.scene;
        if self.choice.is_mask() {
            *scene = self.scene.clone();
        } else {
            let at = |percent| loaded.histogram.percentile(percent).unwrap_or_default();
            let middle = if self.choice == Choice::Ratio { 1.0 } else { 0.0 };
            scene.transfer = diverging(middle, (at(0.5), at(99.5)), loaded.lattice.range);
            scene.view = self.scene.view;
        }
        look.is_fitted = true;
    }
}

/// What was found.
pub(super) struct Made {
    title: String,
    agreement: Agreement,
    unit: String,
}

pub(super) struct Making {
    handle: Handle<Made>,
    /// Where a cube comes of it.
    cube: Option<(PathBuf, Scene, Choice)>,
}

type Answer = Result<(Made, Option<(PathBuf, Seen)>), String>;

impl Making {
    pub fn try_take(&self) -> Option<Answer> {
        let seen = || {
            let (path, scene, choice) = self.cube.clone()?;
            Some((path, Seen { scene, choice }))
        };
        Some(self.handle.try_take()?.map(|made| (made, seen())))
    }
}

impl Compare {
    /// What can be made of the cube in front and the other one, and the numbers of the last time.
    pub(super) fn making_section(
        &mut self,
        ui: &mut Ui,
        both: Option<(&Cube, &Cube)>,
        (queue, folder): (&JobQueue, Option<&Path>),
    ) {
        let tokens = Tokens::of(ui);
        ui.add_space(6.0);
        let options = Choice::ALL.map(|choice| (choice, choice.words()));
        let width = ui.available_width() - 8.0;
        fields::choice(ui, "Made of both", &mut self.kept.measure, width, &options);
        if self.kept.measure.is_mask() {
            ui.horizontal(|ui| {
                ui.label(RichText::new("inside is b >").color(tokens.dim));
                let mut threshold = f64::from(self.kept.threshold);
                fields::number(ui, "Threshold of the mask", &mut threshold, 0.01, (-1e30, 1e30));
                self.kept.threshold = threshold as f32;
            });
        }
        let choice = self.kept.measure;
        let is_free = self.making.is_none();
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let tip = "From the files at full resolution, as a cube in the project's folder “differences”; a is the cube in front";
            let make = Button::new("Make cube");
            let asked = ui.add_enabled(is_free && both.is_some() && folder.is_some(), make);
            if asked.on_hover_text(tip).clicked()
                && let (Some(both), Some(folder)) = (both, folder)
            {
                let name = choice.name(&stem(&both.0.path), &stem(&both.1.path));
                let path = folder.join("differences").join(format!("{name}.fits"));
                self.begin(both, choice, Some((path, name)), queue);
            }
            let tip = "How well a and b agree: mean and rms of a − b, correlation; where both are positive the rms of their logarithms and the \
                       share within 0.3 dex; of the files at full resolution";
            let numbers = ui.add_enabled(is_free && both.is_some(), Button::new("Numbers"));
            if numbers.on_hover_text(tip).clicked()
                && let Some(both) = both
            {
                self.begin(both, Choice::Difference, None, queue);
            }
        });
        if let Some(making) = &self.making {
            let progress = making.handle.context.progress();
            let percent = progress.fraction.map(|part| format!(" {:.0} %", 100.0 * part)).unwrap_or_default();
            ui.horizontal(|ui| {
                ui.label(RichText::new(format!("{}{percent}", progress.text)).color(tokens.dim));
                if fields::icon_button(ui, icon::X, "Stop").clicked() {
                    making.handle.context.cancel();
                }
            });
        }
        if let Some(fault) = &self.fault {
            ui.add(egui::Label::new(RichText::new(fault).color(tokens.error)).wrap());
        }
        if let Some(made) = &self.made {
            made.show(ui);
        }
    }

    fn begin(
        &mut self,
        (first, second): (&Cube, &Cube),
        choice: Choice,
        cube: Option<(PathBuf, String)>,
        queue: &JobQueue,
    ) {
        (self.fault, self.made) = (None, None);
        let sources = [first, second].map(|cube| Arc::clone(&cube.loaded.file));
        let [a, b] = [first, second].map(|cube| files::title(&cube.path));
        let title = format!("a {a}, b {b}");
        let (measure, unit) = (choice.measure(self.kept.threshold), first.loaded.unit.clone());
        let (path, name) = cube.unzip();
        let out = path.clone();
        let job = name.unwrap_or_else(|| format!("Agreement of {title}"));
        let handle = queue.spawn(Lane::Light, job, move |context| {
            let made = cloud::compare([&sources[0], &sources[1]], measure, out.as_deref(), context)?;
            made.how.iter().for_each(|how| context.warn(how));
            Ok(Made { title, agreement: made.agreement, unit })
        });
        let cube = path.map(|path| (path, first.look.scene.clone(), choice));
        self.making = Some(Making { handle, cube });
    }
}

impl Made {
    fn show(&self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        ui.add_space(4.0);
        ui.add(egui::Label::new(RichText::new(&self.title).small().color(tokens.dim)).wrap());
        let unit = text::unit(&self.unit);
        let Agreement { mean, rms, correlation, rms_dex, accuracy_0p3dex, .. } = self.agreement;
        let digits = |value: Option<f64>, factor: f64, decimals: usize, unit: &str| {
            value.map_or("none".to_owned(), |value| {
                format!("{:.decimals$}{unit}", factor * value).replace('-', "−")
            })
        };
        number_row(ui, "mean a − b", text::quantity(mean, &unit));
        number_row(ui, "rms", text::quantity(rms, &unit));
        number_row(ui, "correlation", digits(correlation, 1.0, 4, ""));
        number_row(ui, "rms of logs", digits(rms_dex, 1.0, 3, " dex"));
        number_row(ui, "≤ 0.3 dex", digits(accuracy_0p3dex, 100.0, 1, " %"));
    }
}

/// How a file is called in the name of another.
fn stem(path: &Path) -> String {
    let title = files::title(path);
    title.trim_end_matches(".gz").trim_end_matches(".fits").to_owned()
}

/// Colours about a middle: blue below, red above, nothing between.
fn diverging(middle: f64, percentiles: (f64, f64), range: (f64, f64)) -> Transfer {
    let reach = |(low, high): (f64, f64)| (low - middle).abs().max((high - middle).abs());
    let most = [reach(percentiles), reach(range), 1.0].into_iter().find(|most| *most > 0.0).unwrap_or(1.0);
    Transfer {
        opacity: vec![[0.0, 1.0], [0.42, 0.02], [0.5, 0.0], [0.58, 0.02], [1.0, 1.0]],
        ..Transfer::rising((middle - most, middle + most), Stretch::Linear, ColourMap::IceFire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_of_a_difference_are_centred_on_zero_and_of_a_ratio_on_one() {
        let transfer = diverging(0.0, (-0.5, 2.0), (-3.0, 4.0));
        assert_eq!(transfer.range, (-2.0, 2.0));
        assert_eq!(transfer.opacity_at(0.5), 0.0);
        assert_eq!(diverging(1.0, (0.5, 2.0), (0.1, 9.0)).range, (0.0, 2.0));
        // Two equal cubes: nothing but zero.
        assert_eq!(diverging(0.0, (0.0, 0.0), (0.0, 0.0)).range, (-1.0, 1.0));
    }
}
