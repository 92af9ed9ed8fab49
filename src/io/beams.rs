//! The beams of the planes of a cube, where they differ: CASA writes a table of them beside the cube.

use super::wcs::Beam;
use super::{Contents, PartKind, Result, open};
use crate::data::{ColumnValues, Table};
use crate::job::Context;
use std::path::Path;

/// The first beam of a file's table BEAMS (CASA memo: columns BMAJ, BMIN, BPA, in their units or in arcseconds and degrees); `None`
/// where there is none, or it holds no beam.
///
/// # Errors
/// A file or a table that cannot be read.
pub fn first_beam(path: &Path) -> Result<Option<Beam>> {
    let file = open(path)?;
    let is_beams = |kind: PartKind, name: &str| kind == PartKind::Table && name.eq_ignore_ascii_case("BEAMS");
    let Some(index) = file.parts.iter().position(|part| is_beams(part.kind, &part.name)) else {
        return Ok(None);
    };
    let Contents::Table(table) = file.read(index, &Context::unwatched())? else { return Ok(None) };
    let first = |name: &str, default_deg: f64| first_deg(&table, name, default_deg);
    let beam = first("BMAJ", 1.0 / 3600.0).zip(first("BMIN", 1.0 / 3600.0));
    Ok(beam.filter(|(major, minor)| *major > 0.0 && *minor > 0.0).map(|(major_deg, minor_deg)| Beam {
        major_deg,
        minor_deg,
        angle_deg: first("BPA", 1.0).unwrap_or(0.0),
    }))
}

/// The first value of a column in degrees; `default_deg` is one of it where the column names no unit.
fn first_deg(table: &Table, name: &str, default_deg: f64) -> Option<f64> {
    let column = table.column(name)?;
    let ColumnValues::Float(values) = &column.values else { return None };
    let factor = match column.unit.trim().to_ascii_lowercase().as_str() {
        "deg" | "degree" | "degrees" => 1.0,
        "arcsec" => 1.0 / 3600.0,
        "arcmin" => 1.0 / 60.0,
        "rad" => 180.0 / std::f64::consts::PI,
        _ => default_deg,
    };
    values.first().map(|value| value * factor).filter(|value| value.is_finite())
}
