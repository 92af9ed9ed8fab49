//! ASCII tables: numbers written as text in fixed places of each row.

use crate::data::{Column, ColumnValues, Header, Table};

pub(super) fn read(header: &Header, data: &[u8]) -> Result<Table, String> {
    let natural = |key: &str| {
        let value = header.integer(key).and_then(|value| usize::try_from(value).ok());
        value.ok_or_else(|| format!("{key} is missing or no whole number from 0 up"))
    };
    let (row_bytes, rows, fields) = (natural("NAXIS1")?, natural("NAXIS2")?, natural("TFIELDS")?);
    if row_bytes == 0 && rows > 0 {
        return Err("the rows of the table have no bytes".into());
    }
    if rows.checked_mul(row_bytes).is_none_or(|bytes| bytes > data.len()) {
        return Err("the rows reach beyond the data".into());
    }
    if fields > 999 {
        return Err(format!("TFIELDS is {fields}; a table has at most 999 columns"));
    }
    let mut columns = Vec::new();
    for number in 1..=fields {
        let form = header.text(&format!("TFORM{number}")).unwrap_or("");
        let (code, width, decimals) = parse_format(form)
            .ok_or_else(|| format!("TFORM{number} = '{form}' is no type of an ASCII table"))?;
        let start = natural(&format!("TBCOL{number}"))?.checked_sub(1);
        let start = start.ok_or_else(|| format!("TBCOL{number} must be 1 or more"))?;
        if start.checked_add(width).is_none_or(|end| end > row_bytes) {
            return Err(format!("column {number} reaches beyond the row of {row_bytes} bytes"));
        }
        let cells: Vec<String> = data
            .chunks_exact(row_bytes.max(1))
            .take(rows)
            .map(|row| String::from_utf8_lossy(&row[start..start + width]).into_owned())
            .collect();
        let scale = header.float(&format!("TSCAL{number}")).unwrap_or(1.0);
        let zero = header.float(&format!("TZERO{number}")).unwrap_or(0.0);
        let null = match header.get(&format!("TNULL{number}")) {
            Some(crate::data::CardValue::Text(text)) => Some(text.trim().to_owned()),
            Some(crate::data::CardValue::Integer(value)) => Some(value.to_string()),
            _ => None,
        };
        let empty = |text: &str| text.is_empty() || null.as_deref() == Some(text);
        let values = if code == 'A' {
            ColumnValues::Text(cells.iter().map(|cell| cell.trim_end().to_owned()).collect())
        } else {
            let whole = code == 'I' && scale == 1.0 && zero == 0.0;
            let integers: Option<Vec<i64>> =
                cells.iter().map(|cell| cell.trim().parse().ok()).collect::<Option<_>>();
            match integers {
                Some(integers) if whole && !cells.iter().any(|cell| empty(cell.trim())) => {
                    ColumnValues::Integer(integers)
                }
                _ => {
                    let number_of = |(row, cell): (usize, &String)| {
                        let text = cell.trim();
                        if empty(text) {
                            return Ok(f64::NAN);
                        }
                        let value = parse_number(text, decimals).ok_or_else(|| {
                            format!("column {number}, row {}: '{text}' is no number", row + 1)
                        })?;
                        Ok(value * scale + zero)
                    };
                    let values: Result<Vec<f64>, String> = cells.iter().enumerate().map(number_of).collect();
                    ColumnValues::Float(values?)
                }
            }
        };
        columns.push(Column {
            name: header
                .text(&format!("TTYPE{number}"))
                .map_or_else(|| format!("col{number}"), str::to_owned),
            unit: header.text(&format!("TUNIT{number}")).unwrap_or("").to_owned(),
            width: 1,
            values,
        });
    }
    Ok(Table { rows, columns })
}

/// Code, width and decimals of `Iw`, `Fw.d`, `Ew.d`, `Dw.d`, `Aw`.
fn parse_format(form: &str) -> Option<(char, usize, usize)> {
    let code = form.chars().next().filter(|code| "AIFED".contains(*code))?;
    let (width, decimals) = form[1..].split_once('.').unwrap_or((&form[1..], "0"));
    let width = if width.is_empty() { 1 } else { width.parse().ok()? };
    Some((code, width, decimals.parse().ok()?))
}

/// A Fortran number; without a point the last `decimals` digits are behind it.
fn parse_number(text: &str, decimals: usize) -> Option<f64> {
    let plain = text.replace(['D', 'd'], "E").replace(' ', "");
    // Fortran may leave the E out: 1.5-3.
    // The first character may be the sign of the number; damage may have left none, or no ASCII.
    let plain = match plain.get(1..)?.find(['+', '-']) {
        Some(at) if !plain[..=at].contains(['E', 'e']) => format!("{}E{}", &plain[..=at], &plain[at + 1..]),
        _ => plain,
    };
    let value: f64 = plain.parse().ok()?;
    let implied = decimals > 0 && !plain.contains(['.', 'E', 'e']);
    Some(if implied { value / 10f64.powi(i32::try_from(decimals).ok()?) } else { value })
}
