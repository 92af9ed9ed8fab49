//! The Volume workspace: cubes in three dimensions, under the mouse. Pictures come from the stage (`volume::stage`); nothing here knows
//! the graphics adapter, and nothing waits.

mod cube;
mod keys;
mod layers;
mod look;
mod toolbar;

use super::command::Command;
use super::files::caption;
use super::state::AppState;
use super::task::Task;
use super::theme::{Tokens, title_style};
use super::workspace::{Find, View, Workspace};
use crate::project::{Project, Session};
use crate::volume::{self, Scene};
use cube::{CubeId, Open, State};
use egui::{ColorImage, Context, Rect, RichText, Sense, TextureHandle, TextureOptions, Ui, UiBuilder, vec2};
use egui_phosphor::regular as icon;
pub use keys::VolumeAction;
use look::Look;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The open cubes.
#[derive(Default)]
pub struct VolumeView {
    open: Vec<Open>,
    front: Option<CubeId>,
    next: u64,
    /// The workspace was in sight: what is open is read.
    visited: bool,
    /// The first cube of the project, for a first visit.
    first: Option<PathBuf>,
    picture: Option<(CubeId, Scene, TextureHandle)>,
    drawing: Option<(CubeId, Scene, Task<ColorImage>)>,
}

/// What the session keeps of the workspace.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Record {
    cubes: Vec<OpenRecord>,
    front: Option<usize>,
}

#[derive(Serialize, Deserialize)]
struct OpenRecord {
    path: PathBuf,
    #[serde(default)]
    hdu: Option<usize>,
    #[serde(default)]
    look: Option<Look>,
}

const NAME: &str = "volume";

impl VolumeView {
    /// Opens a cube, or brings it to the front where it is open.
    pub fn open(&mut self, path: PathBuf, hdu: Option<usize>) {
        if let Some(open) = self.open.iter_mut().find(|open| open.path == path) {
            self.front = Some(open.id);
            if matches!(open.state, State::Failed(..)) {
                open.state = State::Waiting(open.look().cloned());
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

    /// Opens what the session had open; read when the workspace comes in sight.
    pub fn reopen(&mut self, project: &Project, session: &Session) {
        *self = Self { next: self.next, first: first_cube(project), ..Self::default() };
        let record = session.views.get(NAME).cloned().unwrap_or_default();
        let record: Record = serde_json::from_value(record).unwrap_or_default();
        for cube in record.cubes {
            self.add(project.folder.join(cube.path), cube.hdu, cube.look);
        }
        self.front = record.front.and_then(|index| self.open.get(index)).map(|open| open.id);
    }

    /// Writes into the session what is open and how.
    pub fn record(&self, session: &mut Session, project: Option<&Path>) {
        let cubes = self.open.iter().map(|open| {
            let inside = project.and_then(|folder| open.path.strip_prefix(folder).ok());
            OpenRecord {
                path: inside.unwrap_or(&open.path).to_owned(),
                hdu: open.hdu,
                look: open.look().cloned(),
            }
        });
        let record = Record { cubes: cubes.collect(), front: self.front_index() };
        if !record.cubes.is_empty()
            && let Ok(record) = serde_json::to_value(record)
        {
            session.views.insert(NAME.to_owned(), record);
        }
    }

    fn empty_state(&mut self, ui: &mut Ui, state: &mut AppState) {
        let tokens = Tokens::of(ui);
        let rect = ui.available_rect_before_wrap();
        let inner = Rect::from_center_size(rect.center(), vec2(360.0, 160.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
            ui.vertical_centered(|ui| {
                ui.label(RichText::new(icon::CUBE).size(40.0).color(tokens.faint));
                ui.label(RichText::new("Cubes belong here").text_style(title_style()));
                ui.label(RichText::new("Drop a FITS, NPY or HDF5 cube, or").color(tokens.dim));
                ui.add_space(8.0);
                ui.horizontal(|ui| {
                    ui.add_space(52.0);
                    if ui.button(format!("{}  Open the demo cloud", icon::SPARKLE)).clicked() {
                        match self.first.clone() {
                            Some(path) => self.open(path, None),
                            None => state.request(Command::OpenDemo),
                        }
                    }
                    if ui.button(format!("{}  Open file…", icon::FOLDER_OPEN)).clicked() {
                        state.request(Command::OpenFile);
                    }
                });
            });
        });
    }

    fn draw(&mut self, context: &Context) {
        if let Some((id, scene, task)) = &self.drawing
            && let Some(answer) = task.take()
        {
            if let Ok(image) = answer {
                let texture = context.load_texture("volume", image, TextureOptions::LINEAR);
                self.picture = Some((*id, scene.clone(), texture));
            }
            self.drawing = None;
        }
        let Some(cube) = self.front_index().and_then(|index| self.open[index].cube()) else { return };
        let is_drawn =
            self.picture.as_ref().is_some_and(|(id, scene, _)| *id == cube.id && *scene == cube.look.scene);
        if is_drawn || self.drawing.is_some() {
            return;
        }
        let (grid, scene) = (Arc::clone(&cube.loaded.grid), cube.look.scene.clone());
        let work = scene.clone();
        let task = Task::spawn(context, "draw a cube", move || {
            let picture = volume::render(&grid, &work, 160, 100);
            Ok(ColorImage::from_rgba_unmultiplied([160, 100], &picture.to_rgba8()))
        });
        self.drawing = Some((cube.id, scene, task));
    }

    fn picture(&mut self, ui: &mut Ui, index: usize) {
        let rect = ui.available_rect_before_wrap();
        let response = ui.allocate_rect(rect, Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, "Cube"));
        let id = self.open[index].id;
        let texture =
            self.picture.as_ref().filter(|(drawn, ..)| *drawn == id).map(|(.., texture)| texture.id());
        if let Some(texture) = texture {
            let whole = Rect::from_min_max(egui::pos2(0.0, 0.0), egui::pos2(1.0, 1.0));
            ui.painter().image(texture, rect, whole, egui::Color32::WHITE);
        }
        let title = self.open[index].title.clone();
        let Some(cube) = self.open[index].cube_mut() else { return };
        if response.dragged() {
            let moved = response.drag_delta();
            cube.look.scene.view.azimuth_deg -= 0.4 * moved.x;
            cube.look.scene.view.elevation_deg =
                (cube.look.scene.view.elevation_deg + 0.4 * moved.y).clamp(-89.0, 89.0);
        }
        let top = Rect::from_min_max(rect.min + vec2(16.0, 12.0), rect.max - vec2(16.0, 0.0));
        ui.scope_builder(UiBuilder::new().max_rect(top), |ui| {
            toolbar::headline(ui, &title, cube);
            ui.add_space(4.0);
            toolbar::mode_buttons(ui, cube);
        });
    }

    fn loading(ui: &mut Ui, title: &str, progress: &crate::job::Progress) {
        let tokens = Tokens::of(ui);
        let percent = progress.fraction.map(|part| format!(" {:.0} %", part * 100.0)).unwrap_or_default();
        ui.centered_and_justified(|ui| {
            ui.label(RichText::new(format!("{title} · {}{percent}", progress.text)).color(tokens.dim))
        });
    }

    /// A file that could not be read: what is wrong, and what can be done.
    fn failed(&mut self, ui: &mut Ui, index: usize, error: &str) {
        let tokens = Tokens::of(ui);
        let rect = ui.available_rect_before_wrap();
        let inner = Rect::from_center_size(rect.center(), vec2(rect.width().min(520.0), 200.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
            ui.vertical_centered(|ui| {
                ui.label(RichText::new(icon::WARNING).size(32.0).color(tokens.error));
                let title = format!("{} was not opened", self.open[index].title);
                ui.label(RichText::new(title).text_style(title_style()));
                ui.add(egui::Label::new(RichText::new(error).color(tokens.dim)).wrap().selectable(true));
                ui.add_space(8.0);
                if ui.button(format!("{}  Try again", icon::ARROW_CLOCKWISE)).clicked() {
                    let look = self.open[index].look().cloned();
                    self.open[index].state = State::Waiting(look);
                }
            });
        });
    }
}

/// The density of a project's first cloud, by name.
fn first_cube(project: &Project) -> Option<PathBuf> {
    let mut cubes: Vec<PathBuf> = std::fs::read_dir(project.clouds())
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("datacube.fits")))
        .filter(|path| path.is_file())
        .collect();
    cubes.sort();
    cubes.into_iter().next()
}

impl View for VolumeView {
    fn update(&mut self, context: &Context, state: &mut AppState) {
        self.open.iter_mut().for_each(Open::update);
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
        for open in &mut self.open {
            if matches!(open.state, State::Waiting(_)) {
                open.load(&state.queue);
            }
        }
        self.draw(context);
    }

    fn centre(&mut self, ui: &mut Ui, state: &mut AppState) {
        let Some(index) = self.front_index() else {
            self.empty_state(ui, state);
            return;
        };
        let tokens = Tokens::of(ui);
        egui::Panel::left("layers")
            .exact_size(204.0)
            .resizable(false)
            .frame(egui::Frame::new().fill(tokens.panel).inner_margin(egui::Margin::same(12)))
            .show(ui, |ui| {
                ui.take_available_space();
                layers::show(ui, &mut self.open, &mut self.front);
            });
        match &self.open[index].state {
            State::Waiting(_) => {}
            State::Loading(handle, _) => {
                Self::loading(ui, &self.open[index].title, &handle.context.progress());
            }
            State::Failed(error, _) => {
                let error = error.clone();
                self.failed(ui, index, &error);
            }
            State::Ready(_) => self.picture(ui, index),
        }
    }

    fn inspector(&mut self, ui: &mut Ui, _state: &mut AppState) {
        caption(ui, "CUBE");
        let tokens = Tokens::of(ui);
        match self.front_index().map(|index| &self.open[index]) {
            Some(open) => drop(ui.label(&open.title)),
            None => drop(ui.label(RichText::new("Nothing is open").color(tokens.dim))),
        }
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
            || self.drawing.is_none()
                && self.open.iter().all(|open| !matches!(open.state, State::Waiting(_) | State::Loading(..)))
    }
}
