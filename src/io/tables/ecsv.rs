//! ECSV: CSV with a header of units and types. Source: astropy APE 6, "Enhanced Character Separated Values table format".

use super::{Error, Result, check_widths, delimited, floats, logical};
use crate::data::{Column, ColumnValues, Table};
use std::collections::HashMap;
use std::path::Path;

const ADVICE: &str = "write it again with astropy: table.write(…, format='ascii.ecsv')";

pub(super) fn read(path: &Path, text: &str) -> Result<Table> {
    let damaged = |place: &str, what: String| Error::damaged(path, place, what, ADVICE);
    let header: Vec<&str> =
        text.lines().take_while(|line| line.starts_with('#')).map(|line| line[1..].trim_end()).collect();
    let described = columns(&header);
    if described.is_empty() {
        return Err(damaged("", "its header describes no column".into()));
    }
    let delimiter = match header.iter().find_map(|line| line.trim().strip_prefix("delimiter:")) {
        Some(delimiter) if delimiter.contains(',') => b',',
        _ => b' ',
    };
    let mut rows = delimited(path, text, delimiter)?;
    if rows.is_empty() {
        return Err(damaged("", "the line with the names of the columns is missing".into()));
    }
    let names = rows.remove(0).cells;
    check_widths(path, &rows, names.len())?;
    let mut columns = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let Some(about) = described.iter().find(|about| about.get("name") == Some(name)) else {
            return Err(damaged("", format!("the column {name} is not described in the header")));
        };
        let cells: Vec<&str> = rows.iter().map(|row| row.cells[index].as_str()).collect();
        let get = |key: &str| about.get(key).map(String::as_str).unwrap_or_default();
        let (values, width) = typed(&cells, get("datatype"), get("subtype")).ok_or_else(|| {
            damaged("", format!("the column {name} holds something that is no {}", get("datatype")))
        })?;
        columns.push(Column { name: name.clone(), unit: get("unit").to_owned(), width, values });
    }
    Ok(Table { rows: rows.len(), columns })
}

fn typed(cells: &[&str], datatype: &str, subtype: &str) -> Option<(ColumnValues, usize)> {
    // Vectors are texts in JSON: "[1.0,2.0]" with the subtype float64[2].
    if let Some((element, length)) = subtype.strip_suffix(']').and_then(|subtype| subtype.split_once('[')) {
        let Ok(width) = length.parse::<usize>() else {
            return Some((texts(cells), 1));
        };
        let inner: Option<Vec<Vec<String>>> = cells
            .iter()
            .map(|cell| items(cell, element == "string").filter(|items| items.len() == width))
            .collect();
        let inner: Vec<String> = inner?.into_iter().flatten().collect();
        let inner: Vec<&str> = inner.iter().map(String::as_str).collect();
        return Some((typed(&inner, element, "")?.0, width));
    }
    let values = if datatype.starts_with("int") || datatype.starts_with("uint") {
        match cells.iter().map(|cell| cell.parse()).collect::<std::result::Result<_, _>>() {
            Ok(integers) => ColumnValues::Integer(integers),
            // Missing values, and those beyond 63 bits.
            Err(_) => ColumnValues::Float(floats(cells)?),
        }
    } else if datatype.starts_with("float") {
        ColumnValues::Float(floats(cells)?)
    } else if datatype == "bool" {
        match cells.iter().map(|cell| logical(cell)).collect() {
            Some(logicals) => ColumnValues::Logical(logicals),
            None => texts(cells),
        }
    } else {
        texts(cells)
    };
    Some((values, 1))
}

/// The items of a JSON list; `null` is empty. Numbers are split by hand, for NaN is no JSON.
fn items(cell: &str, are_texts: bool) -> Option<Vec<String>> {
    if are_texts {
        let items: Vec<Option<String>> = serde_json::from_str(cell).ok()?;
        return Some(items.into_iter().map(Option::unwrap_or_default).collect());
    }
    let inside = cell.strip_prefix('[')?.strip_suffix(']')?;
    let item = |item: &str| if item.trim() == "null" { String::new() } else { item.trim().to_owned() };
    Some(inside.split(',').map(item).collect())
}

fn texts(cells: &[&str]) -> ColumnValues {
    ColumnValues::Text(cells.iter().map(|&cell| cell.to_owned()).collect())
}

/// The entries below `datatype:`, in YAML's flow style (`- {name: a, unit: deg}`) or block style.
fn columns(header: &[&str]) -> Vec<HashMap<String, String>> {
    let mut entries: Vec<String> = Vec::new();
    let below = header.iter().skip_while(|line| line.trim() != "datatype:").skip(1);
    for line in below {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match line.strip_prefix("- ") {
            Some(start) => entries.push(start.trim().to_owned()),
            // Continued lines are indented; anything else is the next key.
            None if line.starts_with(' ') => {
                if let Some(entry) = entries.last_mut() {
                    entry.push(if entry.starts_with('{') { ' ' } else { '\n' });
                    entry.push_str(line.trim());
                }
            }
            None => break,
        }
    }
    entries.iter().map(|entry| mapping(entry)).collect()
}

fn mapping(entry: &str) -> HashMap<String, String> {
    let parts = match entry.strip_prefix('{').and_then(|entry| entry.strip_suffix('}')) {
        Some(inside) => split_outside(inside),
        None => entry.lines().map(str::to_owned).collect(),
    };
    let pair = |part: &String| {
        let (key, value) = part.split_once(':')?;
        Some((key.trim().to_owned(), unquoted(value.trim())))
    };
    parts.iter().filter_map(pair).collect()
}

/// At the commas outside quotes and brackets.
fn split_outside(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quote, mut depth) = (None, 0_i32);
    for character in text.chars() {
        match (quote, character) {
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), same) if open == same => quote = None,
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if character != ',' || quote.is_some() || depth > 0 => part.push(character),
            _ => parts.push(String::new()),
        }
    }
    parts
}

fn unquoted(value: &str) -> String {
    if let Some(inside) = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
        return inside.replace("''", "'");
    }
    if value.starts_with('"') {
        // YAML's double quotes are JSON's, but for rare escapes.
        return serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('"').to_owned());
    }
    value.to_owned()
}
