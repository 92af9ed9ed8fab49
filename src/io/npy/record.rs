//! Records and texts of an NPY array as the columns of a table.

use super::header::{Field, Kind};
use super::wire::Wire;
use crate::data::{Column, ColumnValues, Table};
use crate::io::{Contents, Error, Result};
use std::io::Read;
use std::path::Path;

/// Reads `rows` records, `bytes` in all (checked by the caller against the file).
pub(super) fn read(
    path: &Path,
    place: &str,
    fields: &[Field],
    rows: usize,
    bytes: u64,
    reader: &mut dyn Read,
) -> Result<Contents> {
    let advice = "copy the file again or write it anew";
    let mut data = Vec::new();
    reader.take(bytes).read_to_end(&mut data).map_err(|error| {
        Error::damaged(path, place, format!("the records cannot be read: {error}"), advice)
    })?;
    if data.len() as u64 != bytes {
        return Err(Error::damaged(path, place, "the records end early", advice));
    }
    let stride: usize = fields.iter().map(|field| field.plain.size * field.repeat).sum();
    if stride == 0 {
        let what = "holds records of no length";
        return Err(Error::unsupported(path, place, what, "save at least one number per record"));
    }
    let mut offset = 0;
    let mut columns = Vec::new();
    for field in fields {
        let width = field.plain.size * field.repeat;
        if field.plain.kind != Kind::Void {
            let cells: Vec<&[u8]> =
                data.chunks_exact(stride).map(|row| &row[offset..offset + width]).collect();
            let values = column(&cells, field).ok_or_else(|| {
                let what = format!("the field {} holds complex numbers", field.name);
                Error::unsupported(path, place, what, "save real and imaginary part as two fields")
            })?;
            columns.push(Column {
                name: field.name.clone(),
                unit: String::new(),
                width: field.repeat,
                values,
            });
        }
        offset += width;
    }
    if columns.is_empty() {
        return Err(Error::unsupported(path, place, "holds bytes of no type", "save them as numbers"));
    }
    Ok(Contents::Table(Table { rows, columns }))
}

fn column(cells: &[&[u8]], field: &Field) -> Option<ColumnValues> {
    fn numbers<T: Wire>(cells: &[&[u8]], big_endian: bool) -> Vec<T> {
        let mut numbers = Vec::new();
        cells.iter().for_each(|cell| T::decode(cell, big_endian, &mut numbers));
        numbers
    }
    fn integers<T: Wire + Into<i64>>(cells: &[&[u8]], big_endian: bool) -> ColumnValues {
        ColumnValues::Integer(numbers::<T>(cells, big_endian).into_iter().map(Into::into).collect())
    }
    fn floats<T: Wire + Into<f64>>(cells: &[&[u8]], big_endian: bool) -> ColumnValues {
        ColumnValues::Float(numbers::<T>(cells, big_endian).into_iter().map(Into::into).collect())
    }
    let plain = field.plain;
    let big = plain.big_endian;
    let texts = |decode: &dyn Fn(&[u8]) -> String| {
        let texts =
            cells.iter().flat_map(|cell| cell.chunks_exact(plain.size).map(decode).collect::<Vec<String>>());
        ColumnValues::Text(texts.collect())
    };
    Some(match (plain.kind, plain.size) {
        (Kind::Bool, _) => ColumnValues::Logical(numbers(cells, big)),
        (Kind::Integer, 1) => integers::<i8>(cells, big),
        (Kind::Integer, 2) => integers::<i16>(cells, big),
        (Kind::Integer, 4) => integers::<i32>(cells, big),
        (Kind::Integer, _) => integers::<i64>(cells, big),
        (Kind::Unsigned, 1) => integers::<u8>(cells, big),
        (Kind::Unsigned, 2) => integers::<u16>(cells, big),
        (Kind::Unsigned, 4) => integers::<u32>(cells, big),
        (Kind::Unsigned, _) => {
            let wide: Vec<u64> = numbers(cells, big);
            match wide.iter().map(|&value| i64::try_from(value)).collect() {
                Ok(integers) => ColumnValues::Integer(integers),
                // A table has no unsigned 64-bit column.
                Err(_) => ColumnValues::Float(wide.into_iter().map(|value| value as f64).collect()),
            }
        }
        (Kind::Float, 2) => floats::<half::f16>(cells, big),
        (Kind::Float, 4) => floats::<f32>(cells, big),
        (Kind::Float, _) => floats::<f64>(cells, big),
        (Kind::Bytes, _) => texts(&|bytes| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()),
        (Kind::Unicode, _) => texts(&|bytes| {
            let mut codes: Vec<u32> = Vec::new();
            u32::decode(bytes, big, &mut codes);
            let text: String = codes
                .into_iter()
                .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            text.trim_end_matches('\0').to_owned()
        }),
        (Kind::Complex | Kind::Void, _) => return None,
    })
}
