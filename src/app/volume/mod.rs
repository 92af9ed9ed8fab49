//! The Volume workspace: cubes in three dimensions, under the mouse. Pictures come from the stage (`volume::stage`); nothing here knows
//! the graphics adapter, and nothing waits.

mod clip;
mod compare;
mod cube;
mod detail;
mod export;
#[cfg(test)]
mod fixture;
mod history;
mod inspector;
mod keys;
mod layers;
mod look;
mod looking;
mod navigate;
mod overlay;
mod pane;
mod placeholder;
mod ranges;
mod session;
mod toolbar;
mod triad;

use super::command::Command;
use super::files::caption;
use super::state::AppState;
use super::theme::Tokens;
use super::workspace::{Find, View, Workspace};
use crate::volume::Preset;
use crate::volume::stage::{CubeId, Request, Shown, Stage};
use compare::Compare;
use cube::{Open, State};
use egui::{Context, Frame, Margin, Panel, Rect, RichText, Sense, Theme, Ui, UiBuilder, vec2};
pub use export::Product;
pub use keys::VolumeAction;
use look::Look;
use navigate::Motion;
use pane::Pane;
use std::path::PathBuf;
use std::sync::Arc;

/// The open cubes, and the pictures of the one in front.
pub struct VolumeView {
    open: Vec<Open>,
    front: Option<CubeId>,
    next: u64,
    /// The workspace was in sight: what is open is read.
    visited: bool,
    /// The first cube of the project, for a first visit.
    first: Option<PathBuf>,
    /// Draws; started when there is something to draw.
    stage: Option<Stage>,
    pane: Pane,
    compare: Compare,
    motion: Motion,
    /// The column with cubes, layers and views is in sight.
    column: bool,
    /// The strip of maps below the picture is in sight.
    strip: bool,
    /// Sections of the inspector that are folded up.
    folded: inspector::fold::Folded,
}

impl Default for VolumeView {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            front: None,
            next: 0,
            visited: false,
            first: None,
            stage: None,
            pane: Pane::new(0),
            compare: Compare::default(),
            motion: Motion::default(),
            column: true,
            strip: true,
            folded: Default::default(),
        }
    }
}

/// Width of the column beside the picture.
const COLUMN: f32 = 184.0;
/// Height of the strip below it.
const STRIP: f32 = 196.0;
/// Height of the line of sight in the inspector.
const LINE: f32 = 320.0;

impl VolumeView {
    /// Opens a cube, or brings it to the front where it is open.
    pub fn open(&mut self, path: PathBuf, hdu: Option<usize>) {
        if let Some(open) = self.open.iter_mut().find(|open| open.path == path) {
            self.front = Some(open.id);
            // The file may be another one by now, or may be there at last.
            if !matches!(open.state, State::Loading(..)) {
                open.state = State::Waiting;
            }
            return;
        }
        let id = self.add(path, hdu, None);
        self.front = Some(id);
    }

    fn add(&mut self, path: PathBuf, hdu: Option<usize>, look: Option<Look>) -> CubeId {
        let id = CubeId(self.next);
        self.next += 1;
        self.open.push(Open::new(id, path, hdu, look));
        id
    }

    fn front_index(&self) -> Option<usize> {
        let front = self.front?;
        self.open.iter().position(|open| open.id == front)
    }

    fn close(&mut self, id: CubeId) {
        let path = self.open.iter().find(|open| open.id == id).map(|open| open.path.clone());
        self.open.retain(|open| open.id != id);
        // As the second cube of another one it would be opened again at once.
        for cube in self.open.iter_mut().filter_map(Open::cube_mut).filter(|cube| cube.look.second == path) {
            cube.look.second = None;
        }
        if let Some(stage) = &self.stage {
            stage.drop_cube(id);
        }
        if self.front == Some(id) {
            self.front = self.open.last().map(|open| open.id);
        }
    }

    /// Why a product of the cube in front cannot be made, as a sentence; `None` where it can.
    pub fn refuses(&self, product: Product) -> Option<String> {
        let cube = self.front_index().and_then(|index| self.open[index].cube());
        let Some(cube) = cube else { return Some("Open a cube in Volume first".to_owned()) };
        export::refuses(cube, product)
    }

    /// Makes a product of the cube in front, as its export section says.
    pub fn export(&mut self, context: &Context, state: &mut AppState, product: Product, path: PathBuf) {
        let cube = self.front_index().and_then(|index| self.open[index].cube_mut());
        let (Some(cube), Some(stage), Some(asked)) = (cube, &self.stage, self.pane.asked()) else { return };
        let view = (stage, asked, context.pixels_per_point());
        if let Err(error) = export::write(cube, view, (product, path), &state.queue) {
            state.notices.error(error);
        }
    }

    /// The cubes besides the one in front, of source or opacity.
    fn others(&self) -> Vec<inspector::Other> {
        let others = self.open.iter().filter(|open| Some(open.id) != self.front).filter_map(Open::cube);
        let other = |cube: &cube::Cube| inspector::Other {
            path: cube.path.clone(),
            title: cube.title.clone(),
            unit: cube.loaded.unit.clone(),
            values: Arc::clone(&cube.loaded.values),
        };
        others.map(other).collect()
    }

    /// The open cube that another one takes source or opacity from.
    fn second_of(&self, index: usize) -> Option<CubeId> {
        let look = self.open[index].look()?;
        let path = look.second.as_ref().filter(|_| look.scene.needs_second())?;
        self.open.iter().find(|open| open.path == *path && open.cube().is_some()).map(|open| open.id)
    }

    /// The picture of the cube in front, under its title and the modes.
    fn picture(&mut self, ui: &mut Ui, index: usize, state: &mut AppState) {
        let whole = ui.available_rect_before_wrap();
        if std::mem::take(&mut self.motion.blinks) {
            self.compare.blink();
        }
        let partner = self.compare.shown(&self.open, self.open[index].id);
        let rects = self.compare.rects(whole, partner.is_some());
        let rect = rects[0];
        let Some(stage) = &self.stage else { return };
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, "Cube"));
        ui.painter().rect_filled(rect, 0, egui::Color32::BLACK);
        let second = self.second_of(index);
        let open = &mut self.open[index];
        let id = open.id;
        let (mut moving, mut is_taken, mut is_playing) = (false, false, false);
        let (progress, scene) = match &mut open.state {
            State::Waiting | State::Failed(_) => return,
            State::Loading(handle, _) => (Some(handle.context.progress()), None),
            State::Ready(cube) => {
                if !cube.look.is_fitted {
                    cube.look.is_fitted = true;
                    let view = &mut cube.look.scene.view;
                    *view = Preset::Corner.view(&cube.lattice, view.orthographic, rect.aspect_ratio());
                }
                self.compare.fit(cube, rects, whole);
                is_taken = looking::touch(ui, &response, rect, cube);
                if !is_taken {
                    let reduce_motion = state.recent.reduce_motion;
                    moving = navigate::interact(ui, &response, rect, cube, &mut self.motion, reduce_motion);
                }
                is_playing = export::play(ui.ctx(), cube);
                moving |= is_playing;
                (cube.progress.clone().filter(|_| cube.is_first_look()), Some(cube.drawn()))
            }
        };
        if let Some(scene) = scene {
            let pixels = rect.size() * ui.ctx().pixels_per_point();
            let (width, height) = (pixels.x.round().max(1.0) as u32, pixels.y.round().max(1.0) as u32);
            let request = Request { cube: id, second, scene, width, height, moving };
            self.pane.ask(ui.ctx(), stage, request);
        }
        self.pane.paint(ui, rect, id);
        match partner {
            Some(partner) => {
                let which = ([index, partner], second);
                self.compare.draw(ui, stage, &self.open, which, (rects[1], moving));
            }
            None => self.compare.rest(stage),
        }
        let open = &mut self.open[index];
        if let Some(cube) = open.cube() {
            overlay::paint(ui.painter(), rect, cube);
            looking::paint(ui.painter(), rect, cube);
            clip::paint(ui.painter(), rect, cube);
        }
        if let Some(cube) = open.cube_mut() {
            if !moving && !is_taken {
                looking::hover(ui, &response, rect, cube, state);
            }
            if !is_playing && !cube.is_first_look() {
                cube.watch(ui.ctx());
            }
            triad::show(ui, rect, cube, &mut self.motion, state.recent.reduce_motion);
        }
        let top = Rect::from_min_max(rect.min + vec2(16.0, 12.0), rect.max - vec2(16.0, 12.0));
        ui.scope_builder(UiBuilder::new().max_rect(top), |ui| {
            // By the picture's background, which is dark in both themes unless another was chosen.
            let is_light = open.look().is_some_and(|look| overlay::is_light(look.scene.background));
            ui.set_style(ui.ctx().style_of(if is_light { Theme::Light } else { Theme::Dark }));
            if let Some(cube) = open.cube_mut() {
                toolbar::headline(ui, cube);
                toolbar::panels(ui, top, &mut self.column, &mut self.strip);
                ui.add_space(4.0);
                toolbar::mode_buttons(ui, cube);
            }
            match (progress, open.cube()) {
                (Some(progress), Some(_)) => placeholder::progress(ui, &progress),
                (Some(progress), None) => placeholder::loading(ui, &open.title, &progress),
                (None, _) => {}
            }
            if let Some(fault) = stage.fault() {
                placeholder::fault_line(ui, top, &fault, stage);
            }
        });
        state.drawn_by = drawn_by(stage, self.pane.shown(id));
        if let Some(partner) = partner {
            self.compare.over(ui, &mut self.open, [index, partner], rects, state);
        }
    }

    /// Opens the second cube that a look asks for, without bringing it to the front.
    fn open_second(&mut self) {
        let wanted = self.front_index().and_then(|index| self.open[index].cube()?.look.second.clone());
        if let Some(path) = wanted
            && self.open.iter().all(|open| open.path != path)
        {
            self.add(path, None, None);
        }
    }
}

/// `GPU · NVIDIA H200 · 12 passes · 3.4 ms`
fn drawn_by(stage: &Stage, shown: Option<&Shown>) -> String {
    let Some(adapter) = stage.adapter() else { return String::new() };
    let kind = if adapter.is_software { "CPU" } else { "GPU" };
    let name = adapter.name.split(" (").next().unwrap_or_default().to_owned();
    let mut parts = vec![kind.to_owned(), name];
    if let Some(shown) = shown {
        let passes = if shown.passes == 1 { "1 pass".to_owned() } else { format!("{} passes", shown.passes) };
        let decimals = usize::from(shown.ms < 100.0);
        parts.extend([passes, format!("{:.decimals$} ms", shown.ms)]);
    }
    parts.join(" · ")
}

impl View for VolumeView {
    fn update(&mut self, context: &Context, state: &mut AppState) {
        if let Some(stage) = &self.stage {
            self.open.iter_mut().for_each(|open| open.update(&state.queue, stage));
            ranges::settle(&mut self.open);
        }
        if state.workspace != Workspace::Volume || state.project.is_none() {
            return;
        }
        if !self.visited {
            self.visited = true;
            if self.open.is_empty()
                && let Some(first) = self.first.clone()
            {
                self.open(first, None);
            }
        }
        self.open_second();
        if let Some((path, seen)) = self.compare.take() {
            self.open(path, None);
            if let Some(open) = self.front_index().map(|index| &mut self.open[index]) {
                open.made_seen = Some(seen);
            }
        }
        if self.open.is_empty() {
            return;
        }
        let stage = self.stage.get_or_insert_with(|| {
            let waker = context.clone();
            Stage::start(Arc::new(move || waker.request_repaint()), false)
        });
        for open in &mut self.open {
            if matches!(open.state, State::Waiting) {
                open.load(&state.queue, stage);
            }
        }
    }

    fn centre(&mut self, ui: &mut Ui, state: &mut AppState) {
        let Some(index) = self.front_index() else {
            self.empty_state(ui, state);
            return;
        };
        let tokens = Tokens::of(ui);
        let mut closed = None;
        let frame =
            Frame::new().fill(tokens.panel).inner_margin(Margin { left: 8, right: 8, top: 12, bottom: 8 });
        let column = Panel::left("volume column").exact_size(COLUMN).resizable(false).frame(frame);
        column.show_collapsible(ui, &mut self.column, |ui| {
            ui.take_available_space();
            egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                closed = layers::cubes(ui, &self.open, &mut self.front);
                if let Some(cube) = self.open[index].cube_mut() {
                    layers::layers(ui, cube);
                    layers::views(ui, cube, &mut self.motion, state.recent.reduce_motion);
                }
                let project = state.project.as_ref().map(|project| project.folder.as_path());
                self.compare.section(ui, &self.open, index, (&state.queue, project));
            });
        });
        if let State::Failed(error) = &self.open[index].state {
            let error = error.clone();
            self.failed(ui, index, &error);
        } else {
            if let Some(cube) = self.open[index].cube_mut() {
                let frame = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(12, 8));
                let strip =
                    Panel::bottom("volume strip").default_size(STRIP).size_range(96.0..=480.0).frame(frame);
                strip.resizable(true).show_collapsible(ui, &mut self.strip, |ui| {
                    ui.take_available_space();
                    looking::strip(ui, cube, state);
                });
            }
            self.picture(ui, index, state);
        }
        closed.into_iter().for_each(|id| self.close(id));
    }

    fn inspector(&mut self, ui: &mut Ui, state: &mut AppState) {
        let front = self.front_index();
        let others = self.others();
        let cube = front.and_then(|index| self.open[index].cube_mut());
        let Some(cube) = cube else {
            caption(ui, "CUBE");
            let text = front.map_or("Nothing is open", |index| &self.open[index].title);
            ui.label(RichText::new(text).color(Tokens::of(ui).dim));
            return;
        };
        let context = ui.ctx().clone();
        inspector::fold::set_folded(&context, std::mem::take(&mut self.folded));
        // Beside the settings, not below them all: a click on the cube shows its spectrum at once.
        if looking::has_line(cube) {
            let frame = Frame::new().inner_margin(Margin { top: 8, ..Margin::ZERO });
            let line =
                Panel::bottom("line of sight").resizable(true).default_size(LINE).size_range(120.0..=640.0);
            line.frame(frame).show(ui, |ui| {
                egui::ScrollArea::vertical()
                    .auto_shrink([false, false])
                    .show(ui, |ui| looking::line(ui, cube, state));
            });
        }
        egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            inspector::show(ui, cube, &others);
            ui.add_space(12.0);
            looking::section(ui, cube, state);
            inspector::labels(ui, cube);
            ui.add_space(12.0);
            detail::section(ui, cube, state);
            ui.add_space(12.0);
            export::show(ui, cube, state);
        });
        self.folded = inspector::fold::Folded::clone(&inspector::fold::folded(&context));
    }

    fn command(&mut self, command: Command, state: &mut AppState) -> bool {
        let Some(index) = self.front_index() else { return false };
        match command {
            Command::FitView => self.motion.asked = Some(VolumeAction::Reset),
            Command::Undo | Command::Redo => {
                let Some(cube) = self.open[index].cube_mut() else { return false };
                if !cube.step(command == Command::Undo) {
                    state.notices.info("There is no step to take");
                }
            }
            _ => return false,
        }
        true
    }

    fn finds(&self, _state: &AppState) -> Vec<Find> {
        let find =
            |open: &Open| Find { text: open.title.clone(), kind: "open cube", target: open.id.0.to_string() };
        self.open.iter().map(find).collect()
    }

    fn go_to(&mut self, target: &str, _state: &mut AppState) {
        if let Ok(id) = target.parse() {
            self.front = Some(CubeId(id));
        }
    }

    fn is_settled(&self) -> bool {
        !self.visited
            || self.open.iter().all(Open::is_settled) && self.pane.is_settled() && self.compare.is_settled()
    }
}
