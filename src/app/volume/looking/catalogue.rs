//! Points of a table in the cube: cores, clusters, sources at their place on the sky and their velocity, or as a line through all
//! velocities where they have none.

use super::{overlay, tooltip};
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::cloud::{Frame, SkyPlane, sky_angle};
use crate::data::{Column, ColumnValues, Table};
use crate::io::{self, Contents, PartKind};
use crate::job::{Context, Handle, Lane};
use crate::volume::Lens;
use egui::{ComboBox, Label, Pos2, Rect, Response, RichText, Ui, pos2};
use egui_phosphor::regular as icon;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which table, and which of its columns are what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    pub path: PathBuf,
    pub longitude: String,
    pub latitude: String,
    pub velocity: Option<String>,
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
    points: Option<(Kept, Vec<Point>, usize)>,
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub row: usize,
    /// Voxel of the file along x, y, and along z where the row has a velocity.
    pub pixel: [f64; 2],
    pub z: Option<f64>,
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
        if is_there && self.points.as_ref().is_none_or(|(known, ..)| !same_columns(known, kept)) {
            let Some((_, table)) = &self.table else { return };
            let (points, left_out) = points(table, kept, cube);
            self.points = Some((kept.clone(), points, left_out));
        }
    }

    /// What is painted, without what is under way.
    pub fn copied(&self) -> Self {
        Self { points: self.points.clone(), ..Self::default() }
    }

    pub fn points(&self) -> &[Point] {
        self.points.as_ref().map_or(&[], |(_, points, _)| points)
    }
}

fn same_columns(a: &Kept, b: &Kept) -> bool {
    (&a.path, &a.longitude, &a.latitude, &a.velocity) == (&b.path, &b.longitude, &b.latitude, &b.velocity)
}

/// A table of its own, or the first one of a FITS or HDF5 file.
fn read(path: &Path, context: &Context) -> anyhow::Result<Table> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    if [".csv", ".ecsv", ".txt", ".dat", ".tsv", ".tab", ".cat"].iter().any(|end| name.ends_with(end)) {
        return Ok(io::tables::read(path)?);
    }
    let opened = io::open(path)?;
    let part = opened.parts.iter().find(|part| part.kind == PartKind::Table);
    let Some(part) = part else {
        anyhow::bail!("{}: there is no table in it; open a CSV or FITS table", path.display())
    };
    match opened.read(part.index, context)? {
        Contents::Table(table) => Ok(table),
        _ => anyhow::bail!("{}: {} is no table", path.display(), part.name),
    }
}

/// The columns by their usual names.
fn guess(path: &Path, table: &Table) -> Kept {
    let find = |names: &[&str]| {
        let is = |column: &&Column, name: &str| column.name.to_lowercase().trim_start_matches('_') == name;
        names
            .iter()
            .find_map(|name| table.columns.iter().find(|column| is(column, name)))
            .map(|c| c.name.clone())
    };
    let longitude =
        find(&["ra", "raj2000", "ra_deg", "ra_icrs", "alpha_j2000", "glon", "l", "lon", "longitude"]);
    let galactic =
        longitude.as_deref().is_some_and(|name| name.to_lowercase().contains("glon") || name == "l");
    let latitude = if galactic {
        find(&["glat", "b"])
    } else {
        find(&["dec", "dej2000", "decj2000", "de", "dec_deg", "de_icrs", "delta_j2000", "lat", "latitude"])
    };
    let velocity = find(&["vel", "v", "vlsr", "v_lsr", "velocity", "v_cen", "rv", "vc"]);
    Kept {
        path: path.to_owned(),
        longitude: longitude.unwrap_or_default(),
        latitude: latitude.unwrap_or_default(),
        velocity,
        selected: None,
    }
}

/// The rows that lie on the cube's sky, and how many do not or have no position.
fn points(table: &Table, kept: &Kept, cube: &Cube) -> (Vec<Point>, usize) {
    let plane = SkyPlane::of(&cube.loaded.header);
    let (Some(longitude), Some(latitude)) = (table.column(&kept.longitude), table.column(&kept.latitude))
    else {
        return (Vec::new(), table.rows);
    };
    let is_galactic = kept.longitude.to_lowercase().contains("lon")
        && kept.longitude.to_lowercase().starts_with('g')
        || kept.longitude.eq_ignore_ascii_case("l");
    let frame = if is_galactic { Frame::Galactic } else { Frame::Icrs };
    let velocity = kept.velocity.as_ref().and_then(|name| table.column(name));
    let scale = velocity.map_or(1.0, |column| velocity_scale(column, cube));
    let mut points = Vec::new();
    for row in 0..table.rows {
        let at = angle(longitude, row, true).zip(angle(latitude, row, false));
        // Coordinates of a frame that the file does not share are taken as its own.
        let own = at.map(|(lon, lat)| plane.from_frame(frame, [lon, lat]).unwrap_or([lon, lat]));
        let Some(pixel) = own.and_then(|own| plane.pixel(own)) else { continue };
        let [depth, height, width] = cube.loaded.file_shape;
        let inside = |part: f64, count: usize| part > -0.5 && part < count as f64 - 0.5;
        if !(inside(pixel[0], width) && inside(pixel[1], height)) {
            continue;
        }
        let speed = velocity.and_then(|column| number(column, row)).map(|value| value * scale);
        let z = speed.and_then(|speed| cube.geometry.channel(speed));
        // A velocity beyond the cube is no place within it.
        if speed.is_some() && z.is_none_or(|z| !inside(z, depth)) {
            continue;
        }
        points.push(Point { row, pixel, z });
    }
    let left_out = table.rows - points.len();
    (points, left_out)
}

/// To km/s: by the unit of the column, or where it has none by whether the values lie among the cube's as m/s.
fn velocity_scale(column: &Column, cube: &Cube) -> f64 {
    let unit = column.unit.to_lowercase().replace(' ', "");
    if unit.starts_with("km") {
        return 1.0;
    }
    if unit == "m/s" || unit == "ms-1" || unit == "m.s-1" {
        return 1e-3;
    }
    let Some(velocities) = cube.geometry.velocities_km_s() else { return 1.0 };
    let most = velocities.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    let rows = match &column.values {
        ColumnValues::Float(values) => values.iter().copied().filter(|v| v.is_finite()).collect(),
        ColumnValues::Integer(values) => values.iter().map(|&value| value as f64).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let largest = rows.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    if largest > 30.0 * most { 1e-3 } else { 1.0 }
}

fn number(column: &Column, row: usize) -> Option<f64> {
    let value = match &column.values {
        ColumnValues::Float(values) if column.width == 1 => *values.get(row)?,
        ColumnValues::Integer(values) if column.width == 1 => *values.get(row)? as f64,
        ColumnValues::Text(values) => values.get(row)?.trim().parse().ok()?,
        _ => return None,
    };
    value.is_finite().then_some(value)
}

/// Degrees, or sexagesimal text: hours for a right ascension.
fn angle(column: &Column, row: usize, is_longitude: bool) -> Option<f64> {
    if let ColumnValues::Text(values) = &column.values {
        let frame = if column.name.to_lowercase().starts_with('g') { Frame::Galactic } else { Frame::Icrs };
        return sky_angle(values.get(row)?.trim(), frame, is_longitude);
    }
    let value = number(column, row)?;
    let unit = column.unit.to_lowercase();
    let value = match unit.as_str() {
        "hour" | "hr" | "h" | "hourangle" => 15.0 * value,
        "rad" | "radian" => value.to_degrees(),
        _ => value,
    };
    (value.abs() <= 360.0).then_some(value)
}

fn cell(column: &Column, row: usize) -> Option<String> {
    let words = match &column.values {
        ColumnValues::Float(values) if column.width == 1 => text::number(*values.get(row)?),
        ColumnValues::Integer(values) if column.width == 1 => values.get(row)?.to_string(),
        ColumnValues::Logical(values) if column.width == 1 => values.get(row)?.to_string(),
        ColumnValues::Text(values) => values.get(row)?.trim().to_owned(),
        _ => return None,
    };
    Some(words)
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
        Some((pointer.distance(a + part * along), point.row))
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
                choose(ui, "longitude", &mut kept.longitude, &table);
                choose(ui, "latitude", &mut kept.latitude, &table);
                let mut velocity = kept.velocity.clone().unwrap_or_default();
                choose(ui, "velocity", &mut velocity, &table);
                kept.velocity = Some(velocity).filter(|name| !name.is_empty());
                if let Some((_, points, left_out)) = &desk.points {
                    let mut words = format!("{} sources in the cube", points.len());
                    if *left_out > 0 {
                        words = format!("{words} · {left_out} rows outside or without a position");
                    }
                    ui.add(Label::new(RichText::new(words).color(tokens.dim)).wrap());
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

fn choose(ui: &mut Ui, label: &str, chosen: &mut String, table: &Table) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(label).color(Tokens::of(ui).dim));
        let shown = if chosen.is_empty() { "none" } else { chosen.as_str() };
        ComboBox::from_id_salt(("catalogue", label)).selected_text(shown.to_owned()).show_ui(ui, |ui| {
            if label == "velocity" {
                ui.selectable_value(chosen, String::new(), "none");
            }
            for column in table.columns.iter().filter(|column| column.width == 1) {
                ui.selectable_value(chosen, column.name.clone(), &column.name);
            }
        });
    });
}
