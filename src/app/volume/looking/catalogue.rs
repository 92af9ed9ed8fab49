//! Points of a table in the cube: cores, clusters, sources at their place on the sky and their velocity, or as a line through all
//! velocities where they have none.

use super::catalogue_table::{Placed, Point, cell, guess, place, read};
use super::{overlay, tooltip};
use crate::app::form::row;
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::data::Table;
use crate::figure::ColourMap;
use crate::job::{Handle, Lane};
use crate::volume::Lens;
use egui::{ComboBox, Label, Pos2, Rect, Response, RichText, Ui, pos2};
use egui_phosphor::regular as icon;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// Which table, and which of its columns are what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    pub path: PathBuf,
    pub longitude: String,
    pub latitude: String,
    pub velocity: Option<String>,
    /// Columns by whose values the points are coloured and sized.
    pub colour_by: Option<String>,
    pub size_by: Option<String>,
    /// Conditions on columns, as they are typed.
    pub filter: String,
    /// Row that was clicked.
    pub selected: Option<usize>,
}

/// The file that is wanted, where it is known before it is chosen, and what comes of it.
type Reading = (Option<PathBuf>, Handle<Option<(PathBuf, Table)>>);

#[derive(Default)]
pub struct Desk {
    table: Option<(PathBuf, Arc<Table>)>,
    reading: Option<Reading>,
    error: Option<(PathBuf, String)>,
    points: Option<(Kept, Placed)>,
}

impl Desk {
    pub fn is_settled(&self) -> bool {
        self.reading.is_none()
    }

    /// Opens the table that the look names, and takes what was read.
    fn update(&mut self, cube: &mut Cube, state: &mut AppState) {
        if let Some((wanted, handle)) = &self.reading
            && let Some(answer) = handle.try_take()
        {
            match answer {
                Ok(Some((path, table))) => {
                    let kept = &mut cube.look.looking.catalogue;
                    if kept.as_ref().is_none_or(|kept| kept.path != path) {
                        *kept = Some(guess(&path, &table));
                        cube.look.looking.catalogue_shown = true;
                    }
                    self.table = Some((path, Arc::new(table)));
                    self.points = None;
                }
                Ok(None) => {}
                Err(error) => match wanted {
                    Some(path) => self.error = Some((path.clone(), error.clone())),
                    None => state.notices.error(error),
                },
            }
            self.reading = None;
        }
        let Some(kept) = &cube.look.looking.catalogue else { return };
        let is_there = self.table.as_ref().is_some_and(|(path, _)| *path == kept.path);
        let failed = self.error.as_ref().is_some_and(|(path, _)| *path == kept.path);
        if !is_there && !failed && self.reading.is_none() {
            let path = kept.path.clone();
            let title = format!("Open {}", path.display());
            let work = path.clone();
            let handle = state
                .queue
                .spawn(Lane::Light, title, move |context| Ok(Some((work.clone(), read(&work, context)?))));
            self.reading = Some((Some(path), handle));
        }
        if is_there && self.points.as_ref().is_none_or(|(known, _)| !same_columns(known, kept)) {
            let Some((_, table)) = &self.table else { return };
            self.points = Some((kept.clone(), place(table, kept, cube)));
        }
    }

    /// What is painted, without what is under way.
    pub fn copied(&self) -> Self {
        Self { points: self.points.clone(), ..Self::default() }
    }

    pub fn points(&self) -> &[Point] {
        self.points.as_ref().map_or(&[], |(_, placed)| &placed.points)
    }
}

fn same_columns(a: &Kept, b: &Kept) -> bool {
    let unselected = |kept: &Kept| Kept { selected: None, ..kept.clone() };
    unselected(a) == unselected(b)
}

/// The radius of a point in the picture, in points of the screen.
pub fn radius(point: &Point) -> f32 {
    point.size.map_or(3.5, |size| 2.5 + 6.0 * size.sqrt())
}

/// The colour of a point, where a column gives it one.
pub fn colour(point: &Point) -> Option<egui::Color32> {
    let [r, g, b] = ColourMap::Viridis.rgb(point.colour?);
    Some(egui::Color32::from_rgb(r, g, b))
}

/// Where a point is seen in the picture: a place, or the two ends of its line.
pub fn seen(cube: &Cube, point: &Point, lens: &Lens, rect: Rect) -> Option<[Pos2; 2]> {
    let part = cube.part();
    let depth = cube.loaded.file_shape[0] as f64;
    let world = |z: f64| {
        let place = part.place([point.pixel[0], point.pixel[1], z]);
        let inside = place[..2].iter().all(|part| (0.0..=1.0).contains(part));
        let (signs, sides) = (cube.lattice.signs, cube.lattice.sides);
        let world: [f32; 3] =
            std::array::from_fn(|axis| signs[axis] * (place[axis].clamp(0.0, 1.0) - 0.5) * sides[axis]);
        (inside && (point.z.is_none() || (0.0..=1.0).contains(&place[2]))).then_some(world)
    };
    let (from, to) = match point.z {
        Some(z) => (world(z)?, world(z)?),
        None => (world(-0.5)?, world(depth - 0.5)?),
    };
    let [a, b] = lens.segment(from, to)?;
    Some([a, b].map(|[x, y]| pos2(rect.left() + x, rect.top() + y)))
}

/// Shows the row of the point under the cursor; a click selects it. Answers whether there is one.
pub fn hover(
    ui: &Ui,
    response: &Response,
    pointer: Pos2,
    rect: Rect,
    cube: &mut Cube,
    state: &mut AppState,
) -> bool {
    let mut desk = std::mem::take(&mut cube.desk.catalogue);
    desk.update(cube, state);
    cube.desk.catalogue = desk;
    if !cube.look.looking.catalogue_shown || cube.look.looking.catalogue.is_none() {
        return false;
    }
    let lens = Lens::new(&cube.look.scene.view, rect.width(), rect.height());
    let desk = &cube.desk.catalogue;
    let nearest = desk.points().iter().filter_map(|point| {
        let [a, b] = seen(cube, point, &lens, rect)?;
        let along = b - a;
        let part = if along.length_sq() > 0.0 {
            ((pointer - a).dot(along) / along.length_sq()).clamp(0.0, 1.0)
        } else {
            0.0
        };
        Some((pointer.distance(a + part * along) - radius(point) + 3.5, point.row))
    });
    let Some((_, row)) = nearest.filter(|(distance, _)| *distance < 7.0).min_by(|a, b| a.0.total_cmp(&b.0))
    else {
        return false;
    };
    let Some((_, table)) = &desk.table else { return false };
    let lines: Vec<String> = std::iter::once(format!("row {}", row + 1))
        .chain(table.columns.iter().take(9).filter_map(|column| {
            let unit = text::unit(&column.unit);
            Some(format!("{} {} {unit}", column.name, cell(column, row)?).trim_end().to_owned())
        }))
        .collect();
    state.readout = lines.join(" · ");
    tooltip(ui.painter(), rect, pointer, &lines, overlay::tokens_on(cube.look.scene.background));
    if response.clicked() {
        let point = desk.points().iter().find(|point| point.row == row).copied();
        if let Some(kept) = &mut cube.look.looking.catalogue {
            kept.selected = Some(row);
        }
        if let Some(point) = point {
            let z = point.z.unwrap_or(0.5 * cube.loaded.file_shape[0] as f64);
            let at = [point.pixel[0], point.pixel[1], z].map(|part| part.round().max(0.0) as usize);
            cube.look.looking.picked = Some(at);
        }
    }
    true
}

/// Which table, which columns, how many rows are in sight.
pub fn section(ui: &mut Ui, cube: &mut Cube, desk: &mut Desk, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    desk.update(cube, state);
    let table = desk.table.as_ref().map(|(path, table)| (path.clone(), Arc::clone(table)));
    let looking = &mut cube.look.looking;
    let mut removed = false;
    match &mut looking.catalogue {
        None => {
            ui.add(
                Label::new(
                    RichText::new("Open a table of cores or sources to see them in the cube")
                        .color(tokens.dim),
                )
                .wrap(),
            );
        }
        Some(kept) => {
            ui.horizontal(|ui| {
                ui.checkbox(&mut looking.catalogue_shown, "Shown");
                let name = kept.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                ui.add(Label::new(RichText::new(name).color(tokens.text)).truncate());
                removed = ui
                    .add(egui::Button::new(icon::X).frame(false))
                    .on_hover_text("Remove the table")
                    .clicked();
            });
            if let Some((_, error)) = desk.error.as_ref().filter(|(path, _)| *path == kept.path) {
                ui.add(Label::new(RichText::new(error).color(tokens.error)).wrap());
            }
            if let Some((_, table)) = table.filter(|(path, _)| *path == kept.path) {
                choose(ui, "longitude", &mut kept.longitude, &table, false);
                choose(ui, "latitude", &mut kept.latitude, &table, false);
                optional(ui, "velocity", &mut kept.velocity, &table);
                optional(ui, "colour by", &mut kept.colour_by, &table);
                optional(ui, "size by", &mut kept.size_by, &table);
                let tip = "Conditions on columns: < <= > >= = !=, joined by and";
                row(ui, "only where", tip, |ui| {
                    let field = egui::TextEdit::singleline(&mut kept.filter)
                        .hint_text("flux > 100 and vel < 5")
                        .desired_width(f32::INFINITY);
                    ui.add(field);
                });
                if let Some((_, placed)) = &desk.points {
                    let mut words = format!("{} sources in the cube", placed.points.len());
                    if placed.filtered > 0 {
                        words = format!("{words} · {} filtered out", placed.filtered);
                    }
                    if placed.left_out > 0 {
                        let left_out = placed.left_out;
                        words = format!("{words} · {left_out} rows outside or without a position");
                    }
                    ui.add(Label::new(RichText::new(words).color(tokens.dim)).wrap());
                    for remark in &placed.remarks {
                        ui.add(Label::new(RichText::new(remark).color(tokens.warning)).wrap());
                    }
                }
            }
        }
    }
    if removed {
        looking.catalogue = None;
        (desk.table, desk.points) = (None, None);
    }
    if ui.button(format!("{}  Open table…", icon::FOLDER_OPEN)).clicked() && desk.reading.is_none() {
        let handle = state.queue.spawn(Lane::Light, "Open a catalogue", |context| {
            let dialog = rfd::FileDialog::new()
                .add_filter(
                    "Tables",
                    &["fits", "fit", "fz", "gz", "csv", "ecsv", "dat", "txt", "tab", "cat", "h5", "hdf5"],
                )
                .add_filter("All files", &["*"]);
            let Some(path) = dialog.pick_file() else { return Ok(None) };
            let table = read(&path, context)?;
            Ok(Some((path, table)))
        });
        desk.reading = Some((None, handle));
    }
}

fn optional(ui: &mut Ui, label: &str, chosen: &mut Option<String>, table: &Table) {
    let mut name = chosen.clone().unwrap_or_default();
    choose(ui, label, &mut name, table, true);
    *chosen = Some(name).filter(|name| !name.is_empty());
}

fn choose(ui: &mut Ui, label: &str, chosen: &mut String, table: &Table, is_optional: bool) {
    row(ui, label, "A column of the table", |ui| {
        let shown = if chosen.is_empty() { "none" } else { chosen.as_str() };
        let list = ComboBox::from_id_salt(("catalogue", label)).selected_text(shown.to_owned());
        list.width(ui.available_width()).show_ui(ui, |ui| {
            if is_optional {
                ui.selectable_value(chosen, String::new(), "none");
            }
            for column in table.columns.iter().filter(|column| column.width == 1) {
                ui.selectable_value(chosen, column.name.clone(), &column.name);
            }
        });
    });
}
