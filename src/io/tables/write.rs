//! Tables to text. Numbers are written with as many digits as it takes to read the same number back.

use super::super::{Error, Result, atomic};
use crate::data::{Column, ColumnValues, Table};
use std::path::Path;

/// Writes CSV: a line of names, then the rows. A column of several values per row becomes `name_1`, `name_2`, ….
/// Units have no place in CSV: use ECSV to keep them.
pub fn write_csv(path: &Path, table: &Table) -> Result<()> {
    check(path, table)?;
    let mut names = Vec::new();
    for column in &table.columns {
        match column.width {
            1 => names.push(column.name.clone()),
            width => names.extend((1..=width).map(|number| format!("{}_{number}", column.name))),
        }
    }
    let row = |index: usize| {
        let cells = table.columns.iter().flat_map(|column| {
            (index * column.width..(index + 1) * column.width).map(|place| cell(&column.values, place))
        });
        cells.collect()
    };
    save(path, String::new(), names, (0..table.rows).map(row))
}

/// Writes ECSV as astropy does (APE 6): names, units and types in a header, commas between the values.
pub fn write_ecsv(path: &Path, table: &Table) -> Result<()> {
    check(path, table)?;
    let mut header = String::from("# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n");
    for column in &table.columns {
        let datatype = match &column.values {
            ColumnValues::Integer(_) => "int64",
            ColumnValues::Float(_) => "float64",
            ColumnValues::Logical(_) => "bool",
            ColumnValues::Text(_) => "string",
        };
        let mut entry = format!("name: {}", quoted(&column.name));
        if !column.unit.is_empty() {
            entry += &format!(", unit: {}", quoted(&column.unit));
        }
        entry += &match column.width {
            1 => format!(", datatype: {datatype}"),
            width => format!(", datatype: string, subtype: '{datatype}[{width}]'"),
        };
        header += &format!("# - {{{entry}}}\n");
    }
    header += "# schema: astropy-2.0\n";
    let names = table.columns.iter().map(|column| column.name.clone()).collect();
    let row = |index: usize| table.columns.iter().map(|column| ecsv_cell(column, index)).collect();
    save(path, header, names, (0..table.rows).map(row))
}

fn check(path: &Path, table: &Table) -> Result<()> {
    let length = |column: &Column| match &column.values {
        ColumnValues::Integer(values) => values.len(),
        ColumnValues::Float(values) => values.len(),
        ColumnValues::Logical(values) => values.len(),
        ColumnValues::Text(values) => values.len(),
    };
    match table.columns.iter().find(|column| length(column) != table.rows * column.width) {
        None => Ok(()),
        Some(column) => {
            let what = format!("the column {} has {} values", column.name, length(column));
            Err(Error::unsupported(path, "", what, format!("a table of {} rows needs as many", table.rows)))
        }
    }
}

fn save(
    path: &Path,
    header: String,
    names: Vec<String>,
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<()> {
    atomic::write(path, |out| {
        out.write_all(header.as_bytes())?;
        let mut writer = csv::WriterBuilder::new().comment(Some(b'#')).from_writer(out);
        writer.write_record(&names)?;
        for row in rows {
            writer.write_record(&row)?;
        }
        writer.flush()
    })
}

fn cell(values: &ColumnValues, place: usize) -> String {
    match values {
        ColumnValues::Integer(values) => values[place].to_string(),
        ColumnValues::Float(values) if values[place].is_nan() => "nan".into(),
        // Debug writes large and small numbers with an exponent.
        ColumnValues::Float(values) => format!("{:?}", values[place]),
        ColumnValues::Logical(values) => if values[place] { "True" } else { "False" }.into(),
        ColumnValues::Text(values) => values[place].clone(),
    }
}

fn ecsv_cell(column: &Column, row: usize) -> String {
    if column.width == 1 {
        return cell(&column.values, row);
    }
    let json = |place: usize| match &column.values {
        ColumnValues::Float(values) if values[place].is_nan() => "NaN".to_owned(),
        ColumnValues::Logical(values) => values[place].to_string(),
        ColumnValues::Text(values) => serde_json::Value::from(values[place].as_str()).to_string(),
        numbers => cell(numbers, place),
    };
    let items: Vec<String> = (row * column.width..(row + 1) * column.width).map(json).collect();
    format!("[{}]", items.join(","))
}

/// As YAML's plain text where that is safe, else in double quotes.
fn quoted(text: &str) -> String {
    let safe = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_ /*^.()-+".contains(c))
        && !text.ends_with(' ')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if safe { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}
