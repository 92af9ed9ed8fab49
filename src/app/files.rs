//! The Files panel: the project's tree and the recent files.

use super::command::Command;
use super::opening;
use super::state::AppState;
use super::theme::{Tokens, caption_style};
use super::workspace::Workspace;
use crate::project::{Entry, EntryKind};
use egui::{
    Align, Button, CollapsingHeader, Color32, FontId, Layout, Rect, RichText, ScrollArea, TextureId, Ui, Vec2,
};
use egui_phosphor::regular as icon;
use std::path::{Path, PathBuf};

pub fn show(ui: &mut Ui, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        caption(ui, "PROJECT");
        match state.project.clone() {
            Some(project) => {
                let tree = std::mem::take(&mut state.tree);
                header(ui, &project.name, true, |ui| {
                    tree.iter().for_each(|entry| show_entry(ui, state, entry, 1));
                });
                state.tree = tree;
            }
            None => {
                ui.label(RichText::new("The project is being opened …").color(tokens.dim));
            }
        }
        ui.add_space(16.0);
        caption(ui, "RECENT FILES");
        if state.recent.files.is_empty() {
            ui.label(RichText::new("Drop a FITS or NPY file on the window").color(tokens.dim));
        }
        for path in state.recent.files.clone() {
            let name = name(&path);
            let chosen = row(ui, icon::CLOCK_COUNTER_CLOCKWISE, tokens.faint, &name, None, false);
            let chosen = chosen.on_hover_text(path.display().to_string());
            open_elsewhere(&chosen, state, &path);
            if chosen.clicked() {
                state.request_open(path);
            }
        }
        ui.add_space(8.0);
        let open = Button::new(
            RichText::new(format!("{}  {}", Command::OpenFile.icon(), Command::OpenFile.text()))
                .color(tokens.dim),
        )
        .frame(false);
        if ui.add(open).on_hover_text(Command::OpenFile.tooltip()).clicked() {
            state.request(Command::OpenFile);
        }
    });
}

/// A heading in the small faint capitals of the panels.
pub fn caption(ui: &mut Ui, text: &str) {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new(text).text_style(caption_style()).color(tokens.faint));
    ui.add_space(4.0);
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Whether a file is the density of a simulation, which is called by its folder.
pub fn is_simulation(path: &Path) -> bool {
    name(path) == "datacube.fits"
}

/// How an open file is called: by its name, and a simulation's density by its folder (`cloud-1-07547189`, whose end is a hash that
/// tells the demo's clouds apart, is `cloud 1`).
pub fn title(path: &Path) -> String {
    match path.parent() {
        Some(folder) if is_simulation(path) => {
            let folder = name(folder);
            match folder.rsplit_once('-') {
                Some((cloud, hash)) if hash.len() == 8 && hash.chars().all(|c| c.is_ascii_hexdigit()) => {
                    cloud.replace('-', " ")
                }
                _ => folder,
            }
        }
        _ => name(path),
    }
}

fn header(ui: &mut Ui, text: &str, open: bool, content: impl FnOnce(&mut Ui)) {
    CollapsingHeader::new(text).default_open(open).show_unindented(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        content(ui);
    });
}

fn show_entry(ui: &mut Ui, state: &mut AppState, entry: &Entry, depth: usize) {
    let tokens = Tokens::of(ui);
    let (mark, colour, label) = match &entry.kind {
        EntryKind::Folder(inner) => {
            ui.horizontal(|ui| {
                ui.add_space(8.0 * depth as f32);
                ui.vertical(|ui| {
                    let open = depth == 1 && entry.name != "clouds";
                    let response =
                        CollapsingHeader::new(&entry.name).default_open(open).show_unindented(ui, |ui| {
                            ui.spacing_mut().item_spacing.y = 2.0;
                            inner.iter().for_each(|entry| show_entry(ui, state, entry, depth + 1));
                        });
                    let count = RichText::new(inner.len().to_string()).monospace().color(tokens.faint);
                    let mut at = response.header_response.rect;
                    at.set_right(ui.max_rect().right() - 8.0);
                    ui.scope_builder(egui::UiBuilder::new().max_rect(at), |ui| {
                        ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(count));
                    });
                });
            });
            return;
        }
        EntryKind::Simulation => (icon::CUBE, tokens.family(super::theme::Family::Data), entry.name.clone()),
        EntryKind::Run => (icon::CHART_LINE, tokens.ok, entry.name.clone()),
        EntryKind::Blueprint => {
            let label = entry.name.trim_end_matches(".blueprint.json").to_owned();
            (icon::TREE_STRUCTURE, tokens.family(super::theme::Family::Convolution), label)
        }
        EntryKind::Data => {
            (icon::IMAGE_SQUARE, tokens.family(super::theme::Family::Data), entry.name.clone())
        }
        EntryKind::Other => return,
    };
    let selected = state.document.path() == Some(entry.path.as_path());
    ui.horizontal(|ui| {
        ui.add_space(8.0 * depth as f32);
        // Only what is in sight is worth a picture.
        let line = Rect::from_min_size(ui.cursor().min, Vec2::new(8.0, 24.0));
        let shown = entry.kind == EntryKind::Data && ui.is_rect_visible(line);
        let picture = shown.then(|| state.thumbnails.get(&entry.path)).flatten();
        let response =
            row(ui, mark, colour, &label, picture, selected).on_hover_text(entry.path.display().to_string());
        if matches!(entry.kind, EntryKind::Data | EntryKind::Simulation) {
            open_elsewhere(&response, state, &entry.path);
        }
        if response.clicked() {
            state.request_open(&entry.path);
        }
    });
}

/// The menu of a file that may be a cube: it opens in either workspace.
fn open_elsewhere(response: &egui::Response, state: &mut AppState, path: &Path) {
    if opening::is_blueprint(path) {
        return;
    }
    response.context_menu(|ui| {
        for workspace in [Workspace::Volume, Workspace::Clouds] {
            let text = format!("{}  Open in {}", workspace.command().icon(), workspace.name());
            if ui.button(text).clicked() {
                state.request_open_in(path, workspace);
                ui.close();
            }
        }
    });
}

/// One line of a list: a picture or else an icon, and the name, cut where the room ends.
pub fn row(
    ui: &mut Ui,
    mark: &str,
    colour: Color32,
    text: &str,
    picture: Option<TextureId>,
    selected: bool,
) -> egui::Response {
    let tokens = Tokens::of(ui);
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 24.0), egui::Sense::click());
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, selected, text));
    if selected || response.hovered() {
        let fill = if selected { tokens.hover } else { tokens.field };
        ui.painter().rect_filled(rect, super::theme::CONTROL_RADIUS, fill);
    }
    let mut inner = ui.new_child(
        egui::UiBuilder::new()
            .max_rect(rect.shrink2(Vec2::new(6.0, 0.0)))
            .layout(Layout::left_to_right(Align::Center)),
    );
    match picture {
        Some(picture) => {
            let size = Vec2::splat(18.0);
            inner.add(egui::Image::new((picture, size)).corner_radius(3));
        }
        None => {
            let mark = RichText::new(mark).font(FontId::new(15.0, super::theme::icon_family())).color(colour);
            drop(inner.label(mark));
        }
    }
    inner.add(egui::Label::new(text).truncate());
    response
}

/// Every file that the palette should find: the project's and the recent ones.
pub fn all_files(state: &AppState) -> Vec<PathBuf> {
    fn collect(entries: &[Entry], found: &mut Vec<PathBuf>) {
        for entry in entries {
            match &entry.kind {
                EntryKind::Folder(inner) => collect(inner, found),
                EntryKind::Other => {}
                _ => found.push(entry.path.clone()),
            }
        }
    }
    let mut found = Vec::new();
    collect(&state.tree, &mut found);
    found.extend(state.recent.files.iter().filter(|path| !found.contains(path)).cloned().collect::<Vec<_>>());
    found
}
