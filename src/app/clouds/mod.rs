//! The Clouds workspace: maps and cubes as the sky is seen, side by side in docks, with what can be measured of them.

mod apply;
mod content;
mod docks;
mod inspector;
mod map;
mod pane;
mod picture;
mod sheet;
mod sky;
mod table;

use super::command::Command;
use super::files::caption;
use super::state::AppState;
use super::theme::{Tokens, title_style};
use super::workspace::{Find, View};
use crate::project::{OpenFile, Project, Session};
use docks::Docker;
use egui::{Context, RichText, Ui, UiBuilder};
use egui_phosphor::regular as icon;
use egui_tiles::{Container, LinearDir, Tile, TileId, Tree};
use serde_json::json;
use sheet::{Glance, Sheet, SheetId, State};
use std::path::{Path, PathBuf};

/// The open files and their docks.
pub struct CloudsView {
    sheets: Vec<Sheet>,
    docks: Tree<SheetId>,
    front: Option<SheetId>,
    next: u64,
    apply: apply::Form,
}

impl Default for CloudsView {
    fn default() -> Self {
        Self { sheets: Vec::new(), docks: empty_docks(), front: None, next: 0, apply: apply::Form::default() }
    }
}

fn empty_docks() -> Tree<SheetId> {
    Tree::empty("clouds")
}

impl CloudsView {
    /// Opens a map or a cube in the background, or brings it to the front where it is open.
    pub fn open(&mut self, state: &mut AppState, path: PathBuf, hdu: Option<usize>) {
        if let Some(sheet) = self.sheets.iter_mut().find(|sheet| sheet.path == path) {
            let id = sheet.id;
            // The file may be another one by now, or may be there at last.
            if !matches!(sheet.state, State::Loading(_)) {
                *sheet = Sheet::open(&state.queue, id, path, hdu.or(sheet.hdu), sheet.glance.clone());
            }
            self.bring_to_front(id);
            return;
        }
        let id = self.add(state, path, hdu, Glance::default());
        let pane = self.docks.tiles.insert_pane(id);
        self.dock(pane);
        self.bring_to_front(id);
    }

    /// Opens a map at the right of all others, beside the one it was made from.
    fn open_beside(&mut self, state: &mut AppState, path: PathBuf, glance: Glance) {
        let id = self.add(state, path, None, glance);
        let pane = self.docks.tiles.insert_pane(id);
        let Some(root) = self.docks.root else {
            self.dock(pane);
            return;
        };
        match self.docks.tiles.get_mut(root) {
            Some(Tile::Container(Container::Linear(row))) if row.dir == LinearDir::Horizontal => {
                row.add_child(pane)
            }
            _ => self.docks.root = Some(self.docks.tiles.insert_horizontal_tile(vec![root, pane])),
        }
        self.bring_to_front(id);
    }

    fn add(&mut self, state: &AppState, path: PathBuf, hdu: Option<usize>, glance: Glance) -> SheetId {
        let id = SheetId(self.next);
        self.next += 1;
        self.sheets.push(Sheet::open(&state.queue, id, path, hdu, glance));
        id
    }

    /// Puts a new pane into the tabs of the file in front, else into the first tabs there are.
    fn dock(&mut self, pane: TileId) {
        let Some(root) = self.docks.root else {
            self.docks.root = Some(self.docks.tiles.insert_tab_tile(vec![pane]));
            return;
        };
        let front = self.front.and_then(|front| self.docks.tiles.find_pane(&front));
        let parent = front.and_then(|front| self.docks.tiles.parent_of(front)).unwrap_or(root);
        match self.docks.tiles.get_mut(parent) {
            Some(Tile::Container(container @ Container::Tabs(_))) => container.add_child(pane),
            _ => self.docks.root = Some(self.docks.tiles.insert_tab_tile(vec![root, pane])),
        }
    }

    fn bring_to_front(&mut self, id: SheetId) {
        self.front = Some(id);
        self.docks.make_active(|_, tile| matches!(tile, Tile::Pane(pane) if *pane == id));
    }

    fn close(&mut self, id: SheetId) {
        self.sheets.retain(|sheet| sheet.id != id);
        if self.front == Some(id) {
            self.front = self.sheets.last().map(|sheet| sheet.id);
        }
    }

    fn front_sheet(&mut self) -> Option<&mut Sheet> {
        let front = self.front?;
        self.sheets.iter_mut().find(|sheet| sheet.id == front)
    }

    /// Opens what the session had open; a first start opens the demo's column-density map.
    pub fn reopen(&mut self, state: &mut AppState, project: &Project, session: &Session) {
        *self = Self::default();
        for file in &session.open_files {
            let path = project.folder.join(&file.path);
            let glance = serde_json::from_value(file.look.get("glance").cloned().unwrap_or_default())
                .unwrap_or_default();
            let id =
                file.look.get("id").and_then(serde_json::Value::as_u64).map_or(SheetId(self.next), SheetId);
            self.next = self.next.max(id.0 + 1);
            self.sheets.push(Sheet::open(&state.queue, id, path, file.hdu, glance));
        }
        let docks = session.views.get("docks").cloned().unwrap_or_default();
        match serde_json::from_value::<Tree<SheetId>>(docks) {
            Ok(docks) if !docks.is_empty() => self.docks = docks,
            _ => {
                for id in self.sheets.iter().map(|sheet| sheet.id).collect::<Vec<_>>() {
                    let pane = self.docks.tiles.insert_pane(id);
                    self.dock(pane);
                }
            }
        }
        // A dock without its file, or a file without its dock, is a session that was written by halves.
        let lost: Vec<TileId> = self
            .docks
            .tiles
            .iter()
            .filter(
                |(_, tile)| matches!(tile, Tile::Pane(id) if self.sheets.iter().all(|sheet| sheet.id != *id)),
            )
            .map(|(tile, _)| *tile)
            .collect();
        lost.into_iter().for_each(|tile| drop(self.docks.remove_recursively(tile)));
        for id in self.sheets.iter().map(|sheet| sheet.id).collect::<Vec<_>>() {
            if self.docks.tiles.find_pane(&id).is_none() {
                let pane = self.docks.tiles.insert_pane(id);
                self.dock(pane);
            }
        }
        self.front = session
            .front
            .and_then(|index| self.sheets.get(index))
            .or(self.sheets.first())
            .map(|sheet| sheet.id);
        if self.sheets.is_empty()
            && session.open_files.is_empty()
            && let Some(map) = first_map(project)
        {
            self.open(state, map, None);
        }
    }

    /// Writes into the session what is open and how.
    pub fn record(&self, session: &mut Session, project: Option<&Path>) {
        for sheet in &self.sheets {
            let inside = project.and_then(|folder| sheet.path.strip_prefix(folder).ok());
            session.open_files.push(OpenFile {
                path: inside.unwrap_or(&sheet.path).to_owned(),
                hdu: sheet.hdu,
                look: json!({ "id": sheet.id, "glance": sheet.glance }),
            });
        }
        session.front = self.front.and_then(|front| self.sheets.iter().position(|sheet| sheet.id == front));
        if let Ok(docks) = serde_json::to_value(&self.docks) {
            session.views.insert("docks".to_owned(), docks);
        }
    }

    fn empty_state(&mut self, ui: &mut Ui, state: &mut AppState) {
        let tokens = Tokens::of(ui);
        let rect = ui.available_rect_before_wrap();
        let inner = egui::Rect::from_center_size(rect.center(), egui::vec2(360.0, 160.0));
        ui.scope_builder(UiBuilder::new().max_rect(inner), |ui| {
            ui.vertical_centered(|ui| {
                ui.label(RichText::new(icon::CLOUD).size(40.0).color(tokens.faint));
                ui.label(RichText::new("Maps and cubes belong here").text_style(title_style()));
                ui.label(RichText::new("Drop a FITS, NPY or HDF5 file, or").color(tokens.dim));
                ui.add_space(8.0);
                ui.horizontal(|ui| {
                    ui.add_space(52.0);
                    if ui.button(format!("{}  Open the demo cloud", icon::SPARKLE)).clicked() {
                        match state.project.as_ref().and_then(first_map) {
                            Some(map) => self.open(state, map, None),
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
}

/// The first map of a project, by name.
fn first_map(project: &Project) -> Option<PathBuf> {
    let mut maps: Vec<PathBuf> = std::fs::read_dir(project.maps())
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "fits"))
        .collect();
    maps.sort();
    maps.into_iter().next()
}

impl View for CloudsView {
    fn update(&mut self, context: &Context, state: &mut AppState) {
        self.sheets.iter_mut().for_each(|sheet| sheet.update(context));
        if let Some((made, glance)) = self.apply.take() {
            self.open_beside(state, made, glance);
        }
    }

    fn centre(&mut self, ui: &mut Ui, state: &mut AppState) {
        if self.sheets.is_empty() {
            self.empty_state(ui, state);
            return;
        }
        let mut docks = std::mem::replace(&mut self.docks, empty_docks());
        let mut hand = Docker { clouds: self, state, closed: Vec::new() };
        docks.ui(&mut hand, ui);
        let closed = hand.closed;
        self.docks = docks;
        closed.into_iter().for_each(|id| self.close(id));
    }

    fn inspector(&mut self, ui: &mut Ui, state: &mut AppState) {
        let Some(front) = self.front else {
            caption(ui, "MAP");
            ui.label(RichText::new("Nothing is open").color(Tokens::of(ui).dim));
            return;
        };
        egui::ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            if let Some(sheet) = self.sheets.iter_mut().find(|sheet| sheet.id == front) {
                inspector::show(ui, sheet, state);
                self.apply.show(ui, sheet, state);
            }
        });
    }

    fn command(&mut self, command: Command, _state: &mut AppState) -> bool {
        match command {
            Command::FitView => {
                if let Some(sheet) = self.front_sheet() {
                    sheet.glance.view.fit();
                }
            }
            Command::ApplyNetwork => self.apply.open(),
            _ => return false,
        }
        true
    }

    fn finds(&self, _state: &AppState) -> Vec<Find> {
        self.sheets
            .iter()
            .map(|sheet| Find { text: sheet.title.clone(), kind: "open map", target: sheet.id.0.to_string() })
            .collect()
    }

    fn go_to(&mut self, target: &str, _state: &mut AppState) {
        if let Ok(id) = target.parse() {
            self.bring_to_front(SheetId(id));
        }
    }

    fn is_settled(&self) -> bool {
        self.apply.is_settled() && self.sheets.iter().all(Sheet::is_settled)
    }
}
