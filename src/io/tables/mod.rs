//! Tables as text: CSV, ECSV (with units and types), and catalogues with columns between spaces.

mod ecsv;
mod write;

pub use write::{write_csv, write_ecsv};

use super::{Error, Result};
use crate::data::{Column, ColumnValues, Table};
use std::path::Path;

/// Reads a table of text, of whichever kind its contents show. Empty cells and `nan` make a column of reals with NaN;
/// without a header the columns are called `col1`, `col2`, ….
pub fn read(path: &Path) -> Result<Table> {
    let bytes = std::fs::read(path).map_err(|source| Error::system(path, "read the file", source))?;
    if bytes.contains(&0) {
        return Err(Error::unsupported(path, "", "is no text", "name a table of text, FITS or HDF5"));
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // Older catalogues are Latin-1.
        Err(error) => error.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if is_ecsv(text.as_bytes()) {
        return ecsv::read(path, text);
    }
    let commas = text
        .lines()
        .find(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty())
        .is_some_and(|line| line.contains(','));
    if commas { read_csv(path, text) } else { read_columns(path, text) }
}

/// Whether a file begins as ECSV does.
pub fn is_ecsv(start: &[u8]) -> bool {
    start.starts_with(b"# %ECSV")
}

/// A cell of text and the line it stands in.
pub(super) struct Row {
    pub line: u64,
    pub cells: Vec<String>,
}

fn damaged(path: &Path, line: u64, what: String) -> Error {
    Error::damaged(path, format!("line {line}"), what, "mend that line")
}

/// The rows of comma-separated (or otherwise delimited) text, each with its line.
pub(super) fn delimited(path: &Path, text: &str, delimiter: u8) -> Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            damaged(path, line, format!("no table row: {error}"))
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(Row { line, cells: record.iter().map(|cell| cell.trim().to_owned()).collect() });
    }
    Ok(rows)
}

/// Rows must all be as wide as the first.
pub(super) fn check_widths(path: &Path, rows: &[Row], width: usize) -> Result<()> {
    match rows.iter().find(|row| row.cells.len() != width) {
        None => Ok(()),
        Some(row) => {
            Err(damaged(path, row.line, format!("has {} columns, the table {width}", row.cells.len())))
        }
    }
}

/// The last comment before the first row, without its mark: often the names of the columns.
fn comment_above(text: &str) -> Option<&str> {
    let above = text.lines().take_while(|line| line.trim_start().starts_with('#') || line.trim().is_empty());
    above.filter_map(|line| line.trim_start().strip_prefix('#')).filter(|line| !line.trim().is_empty()).last()
}

fn is_number(cell: &str) -> bool {
    cell.parse::<f64>().is_ok()
}

fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("col{number}")).collect()
}

fn read_csv(path: &Path, text: &str) -> Result<Table> {
    let mut rows = delimited(path, text, b',')?;
    let width = rows.first().map_or(0, |row| row.cells.len());
    let above: Option<Vec<String>> = comment_above(text)
        .map(|line| line.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
        .filter(|names| names.len() == width && width > 1);
    let first_is_data =
        rows.first().is_some_and(|row| row.cells.iter().all(|cell| cell.is_empty() || is_number(cell)));
    let mut names = match above {
        Some(names) => names,
        None if first_is_data || rows.is_empty() => numbered(width),
        None => rows.remove(0).cells,
    };
    check_widths(path, &rows, width)?;
    // A comma after the last value makes no column.
    if names.last().is_some_and(|name| name.is_empty() || *name == format!("col{width}"))
        && rows.iter().all(|row| row.cells.last().is_some_and(String::is_empty))
        && width > 1
    {
        names.pop();
        rows.iter_mut().for_each(|row| drop(row.cells.pop()));
    }
    let columns = names.into_iter().enumerate().map(|(index, name)| Column {
        name,
        unit: String::new(),
        width: 1,
        values: guessed(&rows.iter().map(|row| row.cells[index].as_str()).collect::<Vec<_>>()),
    });
    Ok(Table { rows: rows.len(), columns: columns.collect() })
}

/// The type that all cells have.
fn guessed(cells: &[&str]) -> ColumnValues {
    if let Ok(integers) = cells.iter().map(|cell| cell.parse()).collect::<std::result::Result<_, _>>()
        && !cells.is_empty()
    {
        return ColumnValues::Integer(integers);
    }
    if let Some(floats) = floats(cells) {
        return ColumnValues::Float(floats);
    }
    match cells.iter().map(|cell| logical(cell)).collect() {
        Some(logicals) => ColumnValues::Logical(logicals),
        None => ColumnValues::Text(cells.iter().map(|&cell| cell.to_owned()).collect()),
    }
}

/// Reals, with NaN for empty cells; `None` where a cell is something else.
pub(super) fn floats(cells: &[&str]) -> Option<Vec<f64>> {
    cells.iter().map(|cell| if cell.is_empty() { Some(f64::NAN) } else { cell.parse().ok() }).collect()
}

pub(super) fn logical(cell: &str) -> Option<bool> {
    match cell {
        "True" | "true" | "TRUE" => Some(true),
        "False" | "false" | "FALSE" => Some(false),
        _ => None,
    }
}

/// A catalogue with columns between spaces; names from a comment above, or from the numbered comments of SExtractor.
fn read_columns(path: &Path, text: &str) -> Result<Table> {
    let mut rows: Vec<Row> = text
        .lines()
        .zip(1..)
        .map(|(content, line)| (content.trim(), line))
        .filter(|(content, _)| !content.is_empty() && !content.starts_with('#'))
        .map(|(content, line)| Row { line, cells: content.split_whitespace().map(str::to_owned).collect() })
        .collect();
    let width = rows.first().map_or(0, |row| row.cells.len());
    let described = sextractor_columns(text, width);
    let columns: Vec<(String, String, usize)> = if let Some(described) = described {
        described
    } else {
        let above: Option<Vec<String>> = comment_above(text)
            .map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter(|names| names.len() == width && width > 1 && !names.iter().any(|name| is_number(name)));
        let names = match above {
            Some(names) => names,
            // A first row without a single number names the columns, if numbers follow.
            None if rows.len() > 1
                && !rows[0].cells.iter().any(|cell| is_number(cell))
                && rows[1].cells.iter().any(|cell| is_number(cell)) =>
            {
                rows.remove(0).cells
            }
            None => numbered(width),
        };
        names.into_iter().map(|name| (name, String::new(), 1)).collect()
    };
    check_widths(path, &rows, columns.iter().map(|(.., width)| width).sum())?;
    let mut first = 0;
    let columns = columns.into_iter().map(|(name, unit, width)| {
        let cells: Vec<&str> =
            rows.iter().flat_map(|row| &row.cells[first..first + width]).map(String::as_str).collect();
        first += width;
        Column { name, unit, width, values: guessed(&cells) }
    });
    let columns = columns.collect();
    Ok(Table { rows: rows.len(), columns })
}

/// Name, unit and width of the columns that SExtractor describes: `#   6 FLUX_APER   Flux vector …   [count]`.
/// A column reaches to the number of the next.
fn sextractor_columns(text: &str, width: usize) -> Option<Vec<(String, String, usize)>> {
    let mut described: Vec<(usize, String, String)> = Vec::new();
    for line in text.lines().map(str::trim).take_while(|line| line.starts_with('#')) {
        let mut words = line.trim_start_matches('#').split_whitespace();
        let number = words.next()?.parse().ok()?;
        let name = words.next()?.to_owned();
        let unit = match (line.rfind('['), line.strip_suffix(']')) {
            (Some(open), Some(inside)) => inside[open + 1..].to_owned(),
            _ => String::new(),
        };
        described.push((number, name, unit));
    }
    let ends: Vec<usize> = described.iter().skip(1).map(|&(number, ..)| number).chain([width + 1]).collect();
    if described.first()?.0 != 1 || described.iter().zip(&ends).any(|((start, ..), end)| end <= start) {
        return None;
    }
    Some(
        described.into_iter().zip(ends).map(|((start, name, unit), end)| (name, unit, end - start)).collect(),
    )
}
