//! Seeing inside: weights, feature maps and attribution of the selected block, asked of a worker and drawn from its latest answers.
//! No tensors here, and nothing is waited for.

mod attribution;
mod choice;
mod desk;
mod features;
mod gallery;
mod picture;
mod port;
mod share;
mod sources;
mod take_out;
mod weights;

use super::form;
use super::state::AppState;
use super::theme::{Tokens, caption_style};
use crate::blueprint::{Block, Graph, PathId};
use crate::inspection::{Answer, CubeSlice, Request, View, What};
use attribution::Attribution;
use choice::{Choice, Resolved};
use desk::{Desk, Wishes};
use egui::{Button, Context, Label, ProgressBar, RichText, Ui};
use egui_phosphor::regular as icon;
use features::{FeatureMaps, Taste};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use share::Shown;
use sources::Sources;
use std::sync::Arc;
use weights::Weights;

/// What is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Tab {
    #[default]
    Features,
    Weights,
    Attribution,
}

impl Tab {
    fn words(self) -> &'static str {
        match self {
            Self::Features => "Feature maps",
            Self::Weights => "Weights",
            Self::Attribution => "Attribution",
        }
    }
}

/// The lower part of the inspector of a block.
#[derive(Default)]
pub struct Inspection {
    desk: Desk,
    sources: Sources,
    choice: Choice,
    tab: Tab,
    taste: Taste,
    features: FeatureMaps,
    weights: Weights,
    attribution: Attribution,
    /// Which output of which block, where it has several.
    port: Option<(PathId, String)>,
    /// A feature map was asked for on the canvas and has not been scrolled to.
    peeked: bool,
    /// Whether the last frame showed it.
    is_in_sight: bool,
}

/// The block that is looked into.
pub struct Of<'a> {
    pub path: &'a PathId,
    pub has_weights: bool,
    /// Whether the network can be computed at all.
    pub is_sound: bool,
}

impl Inspection {
    /// Takes what has come and asks for what is missing. Called once before every frame.
    pub fn update(&mut self, context: &Context, state: &AppState) {
        if std::mem::take(&mut self.is_in_sight) {
            self.sources.update(context, state);
        }
        self.desk.update();
    }

    /// Shows the feature maps of this output; its block is selected.
    pub fn peek(&mut self, block: PathId, port: String) {
        self.tab = Tab::Features;
        self.port = Some((block, port));
        self.peeked = true;
    }

    /// Whether everything that is in sight has come.
    pub fn is_settled(&self) -> bool {
        self.sources.is_settled() && !self.desk.is_waiting()
    }

    pub fn show(&mut self, ui: &mut Ui, state: &mut AppState, of: &Of<'_>) {
        let tokens = Tokens::of(ui);
        ui.add_space(12.0);
        let top = ui.cursor().top();
        self.tabs(ui, of.has_weights);
        if std::mem::take(&mut self.peeked) {
            let line = egui::Rect::from_x_y_ranges(ui.max_rect().x_range(), top..=top + 1.0);
            ui.scroll_to_rect(line, Some(egui::Align::Min));
        }
        if !of.is_sound {
            let text = "The network has faults; mend them to see inside";
            ui.add(Label::new(RichText::new(text).color(tokens.dim)).wrap());
            return;
        }
        self.is_in_sight = true;
        if !self.sources.is_known() {
            ui.label(RichText::new("looking for runs of this network…").small().color(tokens.dim));
            ui.ctx().request_repaint();
            return;
        }
        let Some(resolved) = self.choice.resolve(state, &self.sources) else { return };
        let graph = state.document.current().map(|blueprint| &blueprint.graph);
        let outputs = graph.map(outputs).unwrap_or_default();
        let input = graph.and_then(first_input);
        let block = self.block(ui, state, of.path);
        self.want(ui.ctx(), &resolved, &block, input, &outputs);
        let input = self.desk.input();
        self.choice.show(
            ui,
            &resolved,
            &self.sources,
            input.as_ref().map(|(answer, is_old)| (&**answer, *is_old)),
        );
        ui.add_space(4.0);
        let mut readout = None;
        if self.tab == Tab::Attribution {
            let output = self.desk.output();
            let names: Vec<String> = outputs.iter().map(|(name, _)| name.clone()).collect();
            let output = output.as_ref().map(|(answer, is_old)| (&**answer, *is_old));
            readout = self.attribution.ask(ui, &state.queue, output, &names);
        }
        let shown = self.desk.main();
        self.waiting(ui, shown.as_ref().is_none_or(|(_, is_stale)| *is_stale));
        if let Some((answer, is_stale)) = shown {
            readout = self.answer(ui, state, &answer, is_stale).or(readout);
        }
        if let Some(readout) = readout {
            state.readout = readout;
        }
    }

    fn tabs(&mut self, ui: &mut Ui, has_weights: bool) {
        let tokens = Tokens::of(ui);
        if self.tab == Tab::Weights && !has_weights {
            self.tab = Tab::Features;
        }
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            for tab in [Tab::Features, Tab::Weights, Tab::Attribution] {
                if tab == Tab::Weights && !has_weights {
                    continue;
                }
                let colour = if self.tab == tab { tokens.accent } else { tokens.dim };
                let text =
                    RichText::new(tab.words().to_uppercase()).text_style(caption_style()).color(colour);
                let response = ui.add(Button::new(text).frame(false).min_size(egui::Vec2::ZERO));
                response.widget_info(|| {
                    egui::WidgetInfo::selected(
                        egui::WidgetType::SelectableLabel,
                        true,
                        self.tab == tab,
                        tab.words(),
                    )
                });
                if response.clicked() {
                    self.tab = tab;
                }
            }
        });
        ui.add_space(4.0);
    }

    /// The block whose values are meant: of a group that behind the chosen output.
    fn block(&mut self, ui: &mut Ui, state: &AppState, path: &PathId) -> PathId {
        let document = state.document.current();
        let Some((document, block)) = document.and_then(|all| Some((all, all.block_at(path)?))) else {
            return path.clone();
        };
        let ports = port::names(block);
        let chosen = self.port.as_ref().filter(|(of, port)| of == path && ports.contains(port));
        let mut name =
            chosen.map(|(_, port)| port.clone()).or_else(|| ports.last().cloned()).unwrap_or_default();
        if self.tab != Tab::Features {
            return path.clone();
        }
        if ports.len() > 1 {
            form::row(ui, "Port", "Which output of the block", |ui| {
                for port in &ports {
                    ui.selectable_value(&mut name, port.clone(), port);
                }
            });
            self.port = Some((path.clone(), name.clone()));
        }
        port::behind(document, path, &name).unwrap_or_else(|| path.clone())
    }

    /// Says what this frame shows.
    fn want(
        &mut self,
        context: &Context,
        resolved: &Resolved,
        block: &PathId,
        input: Option<PathId>,
        outputs: &[(String, PathId)],
    ) {
        let request = |block: PathId, what: What| Request {
            subject: resolved.subject.clone(),
            sample: self.choice.sample,
            block,
            what,
        };
        let what = match self.tab {
            Tab::Features => What::Features(self.features.slice),
            Tab::Weights => What::Weights,
            Tab::Attribution => {
                attribution::clamp(&mut self.attribution.settings.output, outputs.len());
                What::Attribution(self.attribution.settings.clone())
            }
        };
        let output = match &what {
            What::Attribution(settings) => outputs.get(settings.output.output),
            _ => None,
        };
        let picture = What::Features(CubeSlice::Maximum);
        let wishes = Wishes {
            input: input.map(|path| request(path, picture.clone())),
            output: output.map(|(_, path)| request(path.clone(), picture)),
            main: request(block.clone(), what),
        };
        self.desk.want(context, wishes);
    }

    /// What is on the way, how far, and a stop.
    fn waiting(&mut self, ui: &mut Ui, is_missing: bool) {
        let tokens = Tokens::of(ui);
        if let Some(refusal) = self.desk.refusal() {
            ui.add(Label::new(RichText::new(refusal).color(tokens.error)).wrap());
        } else if self.desk.is_stopped() {
            ui.horizontal(|ui| {
                ui.label(RichText::new("Stopped").color(tokens.dim));
                if ui.button(format!("{}  Go on", icon::PLAY)).clicked() {
                    self.desk.go_on();
                }
            });
        } else if is_missing && self.desk.is_waiting() {
            let (text, fraction) = self.desk.progress().unwrap_or_default();
            let is_long = fraction.is_some();
            ui.horizontal(|ui| {
                let text = if text.is_empty() { "computing".to_owned() } else { text };
                if let Some(fraction) = fraction {
                    let width = (ui.available_width() - 84.0).max(60.0);
                    ui.add(
                        ProgressBar::new(fraction)
                            .desired_width(width)
                            .desired_height(16.0)
                            .text(RichText::new(text).small()),
                    );
                } else {
                    ui.label(RichText::new(format!("{text}…")).small().color(tokens.dim));
                }
                if is_long && ui.add(Button::new(format!("{}  Stop", icon::STOP))).clicked() {
                    self.desk.stop();
                }
            });
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
        }
    }

    fn answer(
        &mut self,
        ui: &mut Ui,
        state: &AppState,
        answer: &Arc<Answer>,
        is_stale: bool,
    ) -> Option<String> {
        let shown = Shown::new(answer, is_stale);
        match &answer.result {
            Ok(View::Features(view)) => self.features.show(ui, &state.queue, &shown, view, &mut self.taste),
            Ok(View::Weights(view)) => self.weights.show(ui, &state.queue, &shown, view),
            Ok(View::Attribution(view)) => self.attribution.show(ui, &state.queue, &shown, view),
            Err(reason) => {
                let colour = Tokens::of(ui).warning;
                ui.add(Label::new(RichText::new(reason).color(colour)).wrap().selectable(true));
                None
            }
        }
    }

    /// How the user looks inside, for the session.
    pub fn remember(&self) -> Value {
        json!({ "tab": self.tab, "taste": self.taste, "sample": self.choice.sample })
    }

    /// Takes a record of `remember`, also one of an older version.
    pub fn recall(&mut self, record: &Value) {
        let part = |name: &str| record[name].clone();
        self.tab = serde_json::from_value(part("tab")).unwrap_or_default();
        self.taste = serde_json::from_value(part("taste")).unwrap_or_default();
        self.choice.sample = serde_json::from_value(part("sample")).unwrap_or_default();
    }
}

fn is_active(block: &&Block) -> bool {
    block.activity == crate::blueprint::Activity::Active
}

fn first_input(graph: &Graph) -> Option<PathId> {
    let is_input = |kind: &str| kind == "input" || kind.ends_with("-input") && kind != "group-input";
    graph.blocks.iter().filter(is_active).find(|block| is_input(&block.kind)).map(|block| vec![block.id])
}

/// The outputs by their names, in document order.
fn outputs(graph: &Graph) -> Vec<(String, PathId)> {
    let outputs = graph.blocks.iter().filter(is_active).filter(|block| block.kind == "output");
    outputs.map(|block| (block.name.clone(), vec![block.id])).collect()
}
