//! The rows of a catalogue: which columns say where and how fast, which rows a filter lets through, where they lie in the cube.

use super::catalogue::Kept;
use crate::app::text;
use crate::app::volume::cube::Cube;
use crate::cloud::{Frame, SkyPlane, sky_angle};
use crate::data::{Column, ColumnValues, Table};
use crate::io::{self, Contents, PartKind};
use crate::job::Context;
use std::path::Path;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub row: usize,
    /// Voxel of the file along x, y, and along z where the row has a velocity.
    pub pixel: [f64; 2],
    pub z: Option<f64>,
    /// From 0 to 1 by the columns that are chosen.
    pub colour: Option<f32>,
    pub size: Option<f32>,
}

/// A table of its own, or the first one of a FITS or HDF5 file.
pub fn read(path: &Path, context: &Context) -> anyhow::Result<Table> {
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
pub fn guess(path: &Path, table: &Table) -> Kept {
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
        ..Kept::default()
    }
}

/// The rows of a table as they are placed, and what is to be said of the others.
#[derive(Clone, Default)]
pub struct Placed {
    pub points: Vec<Point>,
    /// Outside of the cube or without a position.
    pub left_out: usize,
    /// Kept out by the filter.
    pub filtered: usize,
    /// What was done about velocities, or is wrong with the filter.
    pub remarks: Vec<String>,
}

/// Places the rows that lie on the cube's sky.
pub fn place(table: &Table, kept: &Kept, cube: &Cube) -> Placed {
    let filter = Filter::parse(&kept.filter, table);
    let (filter, fault) = match filter {
        Ok(filter) => (filter, None),
        Err(fault) => (Filter::default(), Some(fault)),
    };
    let mut placed = rows(table, kept, cube, &filter, kept.velocity.as_deref());
    if let (true, Some(name)) = (placed.points.is_empty(), &kept.velocity) {
        let lines = rows(table, kept, cube, &filter, None);
        if !lines.points.is_empty() {
            placed = lines;
            placed.remarks.push(format!(
                "every velocity of the column {name} lies outside of the cube: the sources go through all channels"
            ));
        }
    }
    placed.remarks.extend(fault);
    shade(&mut placed.points, table, kept);
    placed
}

fn rows(table: &Table, kept: &Kept, cube: &Cube, filter: &Filter, velocity: Option<&str>) -> Placed {
    let plane = SkyPlane::of(&cube.loaded.header);
    let (Some(longitude), Some(latitude)) = (table.column(&kept.longitude), table.column(&kept.latitude))
    else {
        return Placed { left_out: table.rows, ..Placed::default() };
    };
    let is_galactic = kept.longitude.to_lowercase().contains("lon")
        && kept.longitude.to_lowercase().starts_with('g')
        || kept.longitude.eq_ignore_ascii_case("l");
    let frame = if is_galactic { Frame::Galactic } else { Frame::Icrs };
    let velocity = velocity.and_then(|name| table.column(name));
    let scale = velocity.map_or(1.0, |column| velocity_scale(column, cube));
    let mut placed = Placed::default();
    for row in 0..table.rows {
        if !filter.holds(table, row) {
            placed.filtered += 1;
            continue;
        }
        let at = angle(longitude, row, true).zip(angle(latitude, row, false));
        // Coordinates of a frame that the file does not share are taken as its own.
        let own = at.map(|(lon, lat)| plane.from_frame(frame, [lon, lat]).unwrap_or([lon, lat]));
        let Some(pixel) = own.and_then(|own| plane.pixel(own)) else {
            placed.left_out += 1;
            continue;
        };
        let [depth, height, width] = cube.loaded.file_shape;
        let inside = |part: f64, count: usize| part > -0.5 && part < count as f64 - 0.5;
        let speed = velocity.and_then(|column| number(column, row)).map(|value| value * scale);
        let z = speed.and_then(|speed| cube.geometry.channel(speed));
        // A velocity beyond the cube is no place within it.
        let is_beyond = speed.is_some() && z.is_none_or(|z| !inside(z, depth));
        if is_beyond || !(inside(pixel[0], width) && inside(pixel[1], height)) {
            placed.left_out += 1;
            continue;
        }
        placed.points.push(Point { row, pixel, z, colour: None, size: None });
    }
    placed
}

/// Sets colours and sizes, from 0 to 1 between the least and the greatest value of the points' rows.
fn shade(points: &mut [Point], table: &Table, kept: &Kept) {
    let parts = |name: &Option<String>, points: &[Point]| -> Vec<Option<f32>> {
        let Some(column) = name.as_ref().and_then(|name| table.column(name)) else {
            return vec![None; points.len()];
        };
        let values: Vec<Option<f64>> = points.iter().map(|point| number(column, point.row)).collect();
        let known = values.iter().flatten();
        let (low, high) =
            known.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        let part = |value: f64| if high > low { ((value - low) / (high - low)) as f32 } else { 0.5 };
        values.into_iter().map(|value| value.map(part)).collect()
    };
    let (colours, sizes) = (parts(&kept.colour_by, points), parts(&kept.size_by, points));
    for ((point, colour), size) in points.iter_mut().zip(colours).zip(sizes) {
        (point.colour, point.size) = (colour, size);
    }
}

/// Conditions on columns, all of which must hold: `flux > 100 and vel < 5`.
#[derive(Default)]
struct Filter(Vec<Condition>);

struct Condition {
    column: String,
    sign: &'static str,
    value: String,
}

impl Filter {
    fn parse(text: &str, table: &Table) -> Result<Self, String> {
        let text = text.replace("&&", " and ");
        let mut conditions = Vec::new();
        for part in text.split(" and ").map(str::trim).filter(|part| !part.is_empty()) {
            // The longer signs first: `<` is the beginning of `<=`.
            let signs = ["<=", ">=", "!=", "==", "<", ">", "="];
            let found = signs.into_iter().find_map(|sign| Some((part.split_once(sign)?, sign)));
            let Some(((column, value), sign)) = found else {
                return Err(format!("'{part}' is no condition; write for instance flux > 100"));
            };
            let (column, value) = (column.trim(), value.trim().trim_matches(['"', '\'']));
            let known = table.columns.iter().find(|known| known.name.eq_ignore_ascii_case(column));
            let Some(known) = known else {
                return Err(format!("there is no column '{column}' to be filtered by"));
            };
            let is_text = matches!(known.values, ColumnValues::Text(_));
            let is_equality = matches!(sign, "=" | "==" | "!=");
            if value.parse::<f64>().is_err() && !(is_text && is_equality) {
                return Err(format!("'{value}' in '{part}' is no number"));
            }
            conditions.push(Condition { column: known.name.clone(), sign, value: value.to_owned() });
        }
        Ok(Self(conditions))
    }

    fn holds(&self, table: &Table, row: usize) -> bool {
        self.0.iter().all(|Condition { column, sign, value }| {
            let Some(column) = table.column(column) else { return false };
            // A row without a number fulfils no condition on numbers.
            let ordering = match value.parse::<f64>() {
                Ok(value) => number(column, row).and_then(|own| own.partial_cmp(&value)),
                Err(_) => cell(column, row).map(|own| own.as_str().cmp(value.as_str())),
            };
            ordering.is_some_and(|ordering| match *sign {
                "<" => ordering.is_lt(),
                "<=" => ordering.is_le(),
                ">" => ordering.is_gt(),
                ">=" => ordering.is_ge(),
                "!=" => ordering.is_ne(),
                _ => ordering.is_eq(),
            })
        })
    }
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

pub fn cell(column: &Column, row: usize) -> Option<String> {
    let words = match &column.values {
        ColumnValues::Float(values) if column.width == 1 => text::number(*values.get(row)?),
        ColumnValues::Integer(values) if column.width == 1 => values.get(row)?.to_string(),
        ColumnValues::Logical(values) if column.width == 1 => values.get(row)?.to_string(),
        ColumnValues::Text(values) => values.get(row)?.trim().to_owned(),
        _ => return None,
    };
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_says_which_rows_are_seen_and_what_is_wrong_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cores.csv");
        std::fs::write(&path, "name,ra,flux\nN,51.4,10\nS,51.5,200\nW,51.6,\n").expect("written");
        let table = io::tables::read(&path).expect("a table");
        let kept = |text: &str| -> Vec<usize> {
            let filter = Filter::parse(text, &table).expect(text);
            (0..3).filter(|row| filter.holds(&table, *row)).collect()
        };
        assert_eq!(kept(""), [0, 1, 2]);
        assert_eq!(kept("flux > 10"), [1]);
        assert_eq!(kept("FLUX>=10 and ra < 51.45"), [0]);
        assert_eq!(kept("name != 'S'"), [0, 2]);
        for (text, fault) in
            [("mass > 1", "no column 'mass'"), ("flux", "no condition"), ("flux > x", "no number")]
        {
            let said = Filter::parse(text, &table).err().expect(text);
            assert!(said.contains(fault), "{said}");
        }
    }
}
