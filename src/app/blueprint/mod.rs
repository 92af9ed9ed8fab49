//! The Blueprint workspace: the network as connected blocks, and the inspector of what is selected.

mod actions;
mod canvas;
mod cards;
mod editor;
mod forecast;
mod gesture;
mod inspector;
mod keys;
mod labels;
mod loose_wire;
mod menu;
mod miniature;
mod names;
mod offers;
mod overlay;
mod paint;
mod scene;
mod stage;
mod view;
mod wires;

use super::command::Command;
use super::inspection::{Inspection, Of};
use super::runs::settings;
use super::start::StartPage;
use super::state::AppState;
use super::workspace::{Find, View};
use super::{files, form};
use crate::blueprint::{BlockId, Graph, PathId, Severity, library};
use canvas::Canvas;
use editor::{Editor, Reading};
use egui::{Context, ScrollArea, Ui};
use forecast::{Measured, Outlook};
use inspector::Typing;
pub use keys::CanvasAction;
pub use miniature::Miniature;
use serde_json::{Value, json};
use std::path::Path;

/// The canvas and the inspector of the open blueprint.
#[derive(Default)]
pub struct BlueprintView {
    canvas: Canvas,
    reading: Reading,
    typing: Typing,
    inspection: Inspection,
    start: StartPage,
    measured: Measured,
}

impl BlueprintView {
    /// With Aquila's own folder of the user, where saved blocks are.
    pub fn new(home: &Path) -> Self {
        Self { canvas: Canvas::new(home.join(library::FOLDER)), ..Self::default() }
    }
}

impl View for BlueprintView {
    fn update(&mut self, context: &Context, state: &mut AppState) {
        self.inspection.update(context, state);
        self.start.update();
    }

    fn centre(&mut self, ui: &mut Ui, state: &mut AppState) {
        if state.start_page || state.document.current().is_none() {
            self.start.show(ui, state);
            return;
        }
        let outlook = Outlook::of(&state.training.recipe.training);
        if let Some(mut editor) = Editor::new(&mut state.document, &mut self.reading, outlook) {
            self.canvas.show(ui, &mut editor);
        }
        if let Some((block, port)) = self.canvas.take_peek() {
            // The canvas has selected the block already.
            self.inspection.peek(block, port);
            state.panels.inspector = true;
        }
    }

    fn inspector(&mut self, ui: &mut Ui, state: &mut AppState) {
        let selected = self.canvas.selected_block();
        if selected.is_none() {
            input_map(ui, state);
        }
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            let show = match &selected {
                Some(path) => self.block(ui, state, path),
                None => self.network(ui, state),
            };
            if let Some(path) = show {
                self.canvas.show_block(&path);
            }
        });
    }

    fn command(&mut self, command: Command, _state: &mut AppState) -> bool {
        match command {
            Command::FitView => self.canvas.fit(),
            _ => return false,
        }
        true
    }

    fn finds(&self, state: &AppState) -> Vec<Find> {
        let mut finds = Vec::new();
        if let Some(blueprint) = state.document.current() {
            collect_blocks(&blueprint.graph, &[], "", &mut finds);
        }
        finds
    }

    fn go_to(&mut self, target: &str, _state: &mut AppState) {
        let ids = target.split('/').map(|id| id.parse().map(BlockId));
        if let Ok(path) = ids.collect::<Result<PathId, _>>() {
            self.canvas.show_block(&path);
        }
    }

    fn remember(&self, _state: &AppState) -> Value {
        json!({
            "view": self.canvas.look(),
            "inside": self.canvas.entered_groups(),
            "open": self.canvas.open_groups(),
            "inspection": self.inspection.remember(),
        })
    }

    fn recall(&mut self, record: &Value, _state: &mut AppState) {
        self.inspection.recall(&record["inspection"]);
        let numbers = serde_json::from_value(record["view"].clone());
        let groups = serde_json::from_value(record["inside"].clone());
        // Sessions of older versions know no groups that are open in place.
        let open = serde_json::from_value(record["open"].clone()).unwrap_or_default();
        if let (Ok(numbers), Ok(groups)) = (numbers, groups) {
            self.canvas.restore(numbers, groups, open);
        }
    }

    fn is_settled(&self) -> bool {
        self.inspection.is_settled() && self.start.is_settled()
    }
}

impl BlueprintView {
    /// The inspector of one block: what it is above, what is inside it below. Answers a block to show instead.
    fn block(&mut self, ui: &mut Ui, state: &mut AppState, path: &PathId) -> Option<PathId> {
        let outlook = Outlook::of(&state.training.recipe.training);
        let mut editor = Editor::new(&mut state.document, &mut self.reading, outlook)?;
        let show = inspector::block(ui, &mut editor, &mut self.typing, path);
        let analysis = editor.analysis();
        let of = Of {
            path,
            has_weights: analysis.blocks.get(path).is_some_and(|report| report.parameters > 0),
            is_sound: analysis.faults.iter().all(|fault| fault.severity != Severity::Error),
        };
        self.inspection.show(ui, state, &of);
        show
    }

    /// The inspector while not one block is selected.
    fn network(&mut self, ui: &mut Ui, state: &mut AppState) -> Option<PathId> {
        let outlook = Outlook::of(&state.training.recipe.training);
        let mut editor = Editor::new(&mut state.document, &mut self.reading, outlook)?;
        if self.canvas.selection_count() > 1 {
            inspector::several(ui, self.canvas.selection_count());
            return None;
        }
        let show = inspector::network(ui, &mut editor, &mut self.typing);
        forecast::show(ui, &mut self.measured, editor.analysis(), &state.training);
        settings::show(ui, &mut state.training);
        show
    }
}

/// Every block with its groups, for the palette.
fn collect_blocks(graph: &Graph, groups: &[BlockId], prefix: &str, finds: &mut Vec<Find>) {
    for block in &graph.blocks {
        let path: PathId = groups.iter().copied().chain([block.id]).collect();
        let text = format!("{prefix}{}", block.name);
        let target = path.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join("/");
        if let Some(inside) = &block.inside {
            collect_blocks(inside, &path, &format!("{text} / "), finds);
        }
        finds.push(Find { text, kind: "block", target });
    }
}

/// What the network will look at: the first map of the project. A click opens it.
fn input_map(ui: &mut Ui, state: &mut AppState) {
    let Some(folder) = state.project.as_ref().map(|project| project.maps()) else { return };
    let Some(path) = files::all_files(state).into_iter().find(|path| path.starts_with(&folder)) else {
        return;
    };
    let Some(picture) = state.thumbnails.get(&path) else { return };
    form::caption(ui, "Input map");
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    ui.horizontal(|ui| {
        let image = egui::Image::new((picture, egui::Vec2::splat(96.0))).corner_radius(4);
        if ui.add(image.sense(egui::Sense::click())).on_hover_text("Open in Clouds").clicked() {
            state.request_open(path);
        }
        ui.label(egui::RichText::new(name).color(crate::app::theme::Tokens::of(ui).dim));
    });
    ui.add_space(8.0);
}
