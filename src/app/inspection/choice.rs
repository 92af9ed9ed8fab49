//! Whose network and which sample is looked into: the lists, the slider over the epochs, next and previous. Nothing is asked here.

use super::picture::{self, Look, Texture, extremes};
use super::sources::{Fitting, Sources};
use crate::app::form::row;
use crate::app::state::AppState;
use crate::app::theme::{Tokens, icon_family};
use crate::blueprint::Blueprint;
use crate::figure::ColourMap;
use crate::inspection::{Answer, Subject, View};
use crate::training::CheckpointChoice;
use egui::{
    Align, Button, ComboBox, DragValue, FontId, Label, Layout, Rect, RichText, Sense, Slider, Stroke,
    StrokeKind, Ui,
};
use egui::{pos2, vec2};
use egui_phosphor::regular as icon;
use ndarray::Axis;
use std::path::PathBuf;
use std::sync::Arc;

/// Which network the user wants to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Source {
    /// The run under way, else the newest run of this network, else the network as it begins.
    #[default]
    Newest,
    Run(PathBuf),
    Untrained,
}

/// At which of its epochs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Epoch {
    /// As it is now while it trains, else the best.
    #[default]
    Now,
    Latest,
    Kept(u32),
}

/// The weights of a network that was never trained are drawn from this.
const SEED: u64 = 0;
/// Side of the sample's picture, in points.
const SIDE: f32 = 44.0;

/// What is chosen, and the sample's picture.
#[derive(Default)]
pub struct Choice {
    pub source: Source,
    pub epoch: Epoch,
    pub sample: usize,
    /// The open document as the worker takes it, and of which state of it.
    kept: Option<((u64, u64), Arc<Blueprint>)>,
    texture: Texture,
}

/// A source that can be looked into.
pub struct Resolved {
    pub subject: Subject,
    run: Option<Fitting>,
    is_running: bool,
}

impl Choice {
    /// The network that is meant; `None` where no blueprint is open.
    pub fn resolve(&mut self, state: &AppState, sources: &Sources) -> Option<Resolved> {
        let chosen = match &self.source {
            Source::Run(folder) => sources.of(folder),
            Source::Newest | Source::Untrained => None,
        };
        // The list may be from before the end of the last training.
        let done = state.training.current.as_ref().filter(|current| matches!(current.outcome, Some(Ok(_))));
        let is_done = |run: &Fitting| done.is_some_and(|done| done.folder == run.folder);
        let current = state.training.current.as_ref().filter(|current| current.is_running());
        let live = current.and_then(|current| Some((current, sources.of(&current.folder)?)));
        let run = match self.source {
            Source::Untrained => None,
            _ => chosen
                .or(live.map(|(_, run)| run))
                .or_else(|| sources.fitting.iter().find(|run| run.has_checkpoint || is_done(run))),
        };
        let Some(run) = run else {
            let subject = Subject::Untrained { blueprint: self.document(state)?, seed: SEED };
            return Some(Resolved { subject, run: None, is_running: false });
        };
        let running = live.filter(|(current, _)| current.folder == run.folder);
        let of_run = |checkpoint| Subject::Run { folder: run.folder.clone(), checkpoint };
        let subject = match (self.epoch, running) {
            (Epoch::Kept(epoch), _) if run.snapshots.contains(&epoch) => {
                of_run(CheckpointChoice::Snapshot(epoch))
            }
            (_, Some((current, _))) => Subject::Live(current.live.clone()),
            (Epoch::Latest, None) => of_run(CheckpointChoice::Latest),
            (_, None) => of_run(CheckpointChoice::Best),
        };
        Some(Resolved { subject, run: Some(run.clone()), is_running: running.is_some() })
    }

    fn document(&mut self, state: &AppState) -> Option<Arc<Blueprint>> {
        let key = (state.document.opened(), state.document.generation());
        let document = state.document.current()?;
        if self.kept.as_ref().is_none_or(|(kept, _)| *kept != key) {
            // A block that moved is no other network: the worker compares, and would build it anew.
            let same = self.kept.take().filter(|(_, kept)| is_alike(kept, document));
            let kept = same.map_or_else(|| Arc::new(document.clone()), |(_, kept)| kept);
            self.kept = Some((key, kept));
        }
        self.kept.as_ref().map(|(_, kept)| Arc::clone(kept))
    }

    /// The two lines above the tabs' content. `input` is the sample's picture.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        resolved: &Resolved,
        sources: &Sources,
        input: Option<(&Answer, bool)>,
    ) {
        let tokens = Tokens::of(ui);
        row(ui, "Network", "Whose weights are looked into", |ui| self.list(ui, resolved, sources));
        match &resolved.run {
            Some(run) => self.epochs(ui, resolved, run),
            None => {
                let text = if sources.fitting.is_empty() {
                    "No run of this network yet: weights as they are drawn at the start"
                } else {
                    "Weights as they are drawn at the start"
                };
                ui.add(Label::new(RichText::new(text).small().color(tokens.warning)).wrap());
            }
        }
        self.samples(ui, input);
    }

    fn list(&mut self, ui: &mut Ui, resolved: &Resolved, sources: &Sources) {
        let name = match &resolved.run {
            Some(run) if resolved.is_running => format!("{}, training", run.name),
            Some(run) => run.name.clone(),
            None => "untrained".to_owned(),
        };
        let before = self.source.clone();
        ComboBox::from_id_salt("source").selected_text(name).width(ui.available_width()).truncate().show_ui(
            ui,
            |ui| {
                ui.selectable_value(&mut self.source, Source::Newest, "newest run, live while it trains");
                for run in &sources.fitting {
                    let plural = if run.epochs == 1 { "" } else { "s" };
                    let words = format!("{}  ·  {} epoch{plural}", run.name, run.epochs);
                    ui.selectable_value(&mut self.source, Source::Run(run.folder.clone()), words);
                }
                ui.selectable_value(&mut self.source, Source::Untrained, "untrained network");
            },
        );
        if self.source != before {
            self.epoch = Epoch::Now;
        }
    }

    /// The slider over the snapshots, with the state of now (or the best) at its right end.
    fn epochs(&mut self, ui: &mut Ui, resolved: &Resolved, run: &Fitting) {
        row(ui, "Epoch", "Weights that the run kept; at the right end those of now, or the best", |ui| {
            let mut stops: Vec<Epoch> = run.snapshots.iter().map(|&epoch| Epoch::Kept(epoch)).collect();
            if !resolved.is_running {
                stops.push(Epoch::Latest);
            }
            stops.push(Epoch::Now);
            let mut place = stops.iter().position(|stop| *stop == self.epoch).unwrap_or(stops.len() - 1);
            let words = |stop: Epoch| match stop {
                Epoch::Now if resolved.is_running => "live".to_owned(),
                Epoch::Now => "best".to_owned(),
                Epoch::Latest => "latest".to_owned(),
                Epoch::Kept(epoch) => epoch.to_string(),
            };
            let label_width = 48.0;
            ui.spacing_mut().slider_width = (ui.available_width() - label_width).max(40.0);
            if stops.len() > 1 {
                let last = stops.len() - 1;
                let slider = Slider::new(&mut place, 0..=last).show_value(false);
                if ui.add(slider).changed() {
                    self.epoch = stops[place.min(last)];
                }
            }
            ui.label(RichText::new(words(stops[place])).monospace());
        });
    }

    /// Picture, number, next and previous.
    fn samples(&mut self, ui: &mut Ui, input: Option<(&Answer, bool)>) {
        let tokens = Tokens::of(ui);
        let note = input.map(|(answer, _)| &answer.sample).filter(|note| note.index == self.sample);
        let count = note.map_or(usize::MAX, |note| if note.count == 0 { usize::MAX } else { note.count });
        ui.horizontal(|ui| {
            self.thumbnail(ui, input);
            ui.vertical(|ui| {
                ui.horizontal(|ui| {
                    ui.label(RichText::new("Sample").color(tokens.dim));
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        let step = |ui: &mut Ui, icon: &str, tip: &str, enabled: bool| {
                            let text = RichText::new(icon).font(FontId::new(13.0, icon_family()));
                            let response = ui.add_enabled(enabled, Button::new(text)).on_hover_text(tip);
                            response.widget_info(|| {
                                egui::WidgetInfo::labeled(egui::WidgetType::Button, enabled, tip)
                            });
                            response.clicked()
                        };
                        if step(ui, icon::CARET_RIGHT, "Next sample", self.sample + 1 < count) {
                            self.sample += 1;
                        }
                        ui.add(
                            DragValue::new(&mut self.sample).range(0..=count.saturating_sub(1)).speed(0.1),
                        );
                        if step(ui, icon::CARET_LEFT, "Previous sample", self.sample > 0) {
                            self.sample -= 1;
                        }
                    });
                });
                let words = note.map_or("", |note| note.text.as_str());
                ui.add(Label::new(RichText::new(words).small().color(tokens.dim)).wrap());
            });
        });
    }

    fn thumbnail(&mut self, ui: &mut Ui, input: Option<(&Answer, bool)>) {
        let tokens = Tokens::of(ui);
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::hover());
        ui.painter().rect_filled(rect, 4, tokens.field);
        ui.painter().rect_stroke(rect, 4, Stroke::new(1.0, tokens.line), StrokeKind::Outside);
        let Some((answer, is_stale)) = input else { return };
        let Ok(View::Features(view)) = &answer.result else { return };
        if view.channels.is_empty() {
            return;
        }
        let values = view.channels.index_axis(Axis(0), 0);
        let look = Look { generation: answer.number, range: extremes(values), colours: ColourMap::Magma };
        let texture = self.texture.of(ui.ctx(), look, values, 512);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let ink = if is_stale { picture::STALE } else { egui::Color32::WHITE };
        ui.painter().image(texture, rect, whole, ink);
        response.on_hover_ui(|ui| {
            let aspect = values.nrows() as f32 / values.ncols().max(1) as f32;
            ui.add(egui::Image::new((texture, vec2(256.0, 256.0 * aspect.clamp(0.1, 2.0)))));
            ui.label(format!("{}, {}", answer.block, view.label));
        });
    }
}

/// Whether the two differ in nothing but the places of blocks and frames.
fn is_alike(a: &Blueprint, b: &Blueprint) -> bool {
    fn still(graph: &mut crate::blueprint::Graph) {
        graph.frames.clear();
        for block in &mut graph.blocks {
            block.position = [0.0; 2];
            if let Some(inside) = &mut block.inside {
                still(inside);
            }
        }
    }
    let still = |blueprint: &Blueprint| {
        let mut blueprint = blueprint.clone();
        still(&mut blueprint.graph);
        blueprint
    };
    still(a) == still(b)
}
