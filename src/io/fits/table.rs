//! Binary and ASCII tables to columns. Every position is checked against the bytes that are there.

use super::super::{Error, Result};
use super::hdu::{HduInfo, HduKind};
use super::source::Source;
use crate::data::{Column, ColumnValues, Header, Table};

/// A variable-length column is padded to its longest cell; beyond this many values that is refused.
const MAX_PADDED: usize = 64 << 20;

/// How the cells of a column are stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Format {
    /// `repeat` values of this type code.
    Fixed { repeat: usize, code: u8 },
    /// A descriptor (count, start in the heap) of values of this type code and size in bytes.
    Variable { code: u8, size: usize, wide: bool },
}

/// Where the cells of a column lie.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub number: usize,
    pub name: String,
    pub unit: String,
    pub format: Format,
    pub offset: usize,
    pub scale: f64,
    pub zero: f64,
    pub null: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Layouts {
    pub rows: usize,
    pub row_bytes: usize,
    pub heap_start: usize,
    pub columns: Vec<Layout>,
}

/// Bytes of one value of a binary table type; bits are counted in bits.
fn size(code: u8) -> Option<usize> {
    Some(match code {
        b'L' | b'B' | b'A' | b'X' => 1,
        b'I' => 2,
        b'J' | b'E' => 4,
        b'K' | b'D' | b'C' => 8,
        b'M' => 16,
        _ => return None,
    })
}

fn parse_format(text: &str) -> Option<Format> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let repeat: usize = if digits == 0 { 1 } else { text[..digits].parse().ok()? };
    let rest = &text.as_bytes()[digits..];
    match *rest.first()? {
        // A descriptor repeated zero times takes no room.
        b'P' | b'Q' if repeat == 0 => Some(Format::Fixed { repeat: 0, code: b'B' }),
        kind @ (b'P' | b'Q') => {
            let code = *rest.get(1)?;
            Some(Format::Variable { code, size: size(code)?, wide: kind == b'Q' })
        }
        code => size(code).map(|_| Format::Fixed { repeat, code }),
    }
}

/// The layout of a binary table from its header.
pub(super) fn columns(header: &Header) -> std::result::Result<Layouts, String> {
    let natural = |key: &str| {
        let value = header.integer(key).and_then(|value| usize::try_from(value).ok());
        value.ok_or_else(|| format!("{key} is missing or no whole number from 0 up"))
    };
    let (row_bytes, rows) = (natural("NAXIS1")?, natural("NAXIS2")?);
    let fields = natural("TFIELDS")?;
    if fields > 999 {
        return Err(format!("TFIELDS is {fields}; a table has at most 999 columns"));
    }
    let table_bytes = rows.checked_mul(row_bytes).ok_or("the table claims more than any file can hold")?;
    let heap_start = header.integer("THEAP").and_then(|value| usize::try_from(value).ok());
    let mut columns = Vec::new();
    let mut offset = 0usize;
    for number in 1..=fields {
        let text = header.text(&format!("TFORM{number}")).unwrap_or("");
        let format = parse_format(text)
            .ok_or_else(|| format!("TFORM{number} = '{text}' is no type of a binary table"))?;
        let bytes = match format {
            Format::Fixed { repeat, code: b'X' } => repeat.div_ceil(8),
            Format::Fixed { repeat, code } => repeat.saturating_mul(size(code).unwrap_or(1)),
            Format::Variable { wide, .. } => 8 << usize::from(wide),
        };
        columns.push(Layout {
            number,
            name: header
                .text(&format!("TTYPE{number}"))
                .map_or_else(|| format!("col{number}"), str::to_owned),
            unit: header.text(&format!("TUNIT{number}")).unwrap_or("").to_owned(),
            format,
            offset,
            scale: header.float(&format!("TSCAL{number}")).unwrap_or(1.0),
            zero: header.float(&format!("TZERO{number}")).unwrap_or(0.0),
            null: header.integer(&format!("TNULL{number}")),
        });
        offset = offset.saturating_add(bytes);
    }
    if offset > row_bytes {
        return Err(format!("the columns need {offset} bytes a row and NAXIS1 gives {row_bytes}"));
    }
    Ok(Layouts { rows, row_bytes, heap_start: heap_start.unwrap_or(table_bytes), columns })
}

/// Count and start in the heap of a variable-length cell.
pub(super) fn descriptor(data: &[u8], at: usize, wide: bool) -> Option<(usize, usize)> {
    let width = 4 << usize::from(wide);
    let number = |at: usize| {
        let bytes = data.get(at..at.checked_add(width)?)?;
        let value = bytes.iter().fold(0u64, |value, &byte| value << 8 | u64::from(byte));
        usize::try_from(value).ok()
    };
    Some((number(at)?, number(at.checked_add(width)?)?))
}

pub(super) fn read(source: &Source, hdu: &HduInfo) -> Result<Table> {
    let damaged = |what: String| Error::damaged(&source.path, hdu.place(), what, "fetch the file again");
    if hdu.held_bytes < hdu.data_bytes {
        return Err(damaged(format!(
            "the file is cut off, it holds {} of {} bytes of the table",
            hdu.held_bytes, hdu.data_bytes
        )));
    }
    let data = source.read_range(hdu.data_start, hdu.data_bytes)?;
    match hdu.kind {
        HduKind::AsciiTable => super::ascii_table::read(&hdu.header, &data).map_err(damaged),
        _ => read_binary(&hdu.header, &data).map_err(damaged),
    }
}

fn read_binary(header: &Header, data: &[u8]) -> std::result::Result<Table, String> {
    let layouts = columns(header)?;
    let (rows, row_bytes) = (layouts.rows, layouts.row_bytes);
    if rows.checked_mul(row_bytes).is_none_or(|bytes| bytes > data.len()) {
        return Err("the rows reach beyond the data".into());
    }
    // A row of no bytes costs no file: do not believe a number of such rows.
    if row_bytes == 0 && rows > 1 << 20 {
        return Err(format!("the table claims {rows} rows of no bytes"));
    }
    let mut columns = Vec::new();
    for layout in &layouts.columns {
        let cells = Cells { data, layout, rows, row_bytes, heap_start: layouts.heap_start };
        columns.push(
            cells.column().map_err(|what| format!("column {} '{}': {what}", layout.number, layout.name))?,
        );
    }
    Ok(Table { rows, columns })
}

struct Cells<'a> {
    data: &'a [u8],
    layout: &'a Layout,
    rows: usize,
    row_bytes: usize,
    heap_start: usize,
}

impl<'a> Cells<'a> {
    /// The bytes of each cell: in the row, or in the heap.
    fn bytes(&self) -> std::result::Result<Vec<&'a [u8]>, String> {
        let mut cells = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let at = row * self.row_bytes + self.layout.offset;
            let range = match self.layout.format {
                Format::Fixed { repeat, code: b'X' } => Some(at..at + repeat.div_ceil(8)),
                Format::Fixed { repeat, code } => Some(at..at + repeat * size(code).unwrap_or(1)),
                Format::Variable { code, size, wide } => {
                    descriptor(self.data, at, wide).and_then(|(count, start)| {
                        let bytes = if code == b'X' { count.div_ceil(8) } else { count.checked_mul(size)? };
                        // A cell of nothing points nowhere.
                        let from = if bytes == 0 { 0 } else { self.heap_start.checked_add(start)? };
                        Some(from..from.checked_add(bytes)?)
                    })
                }
            };
            let cell = range.and_then(|range| self.data.get(range));
            cells.push(cell.ok_or_else(|| format!("row {} points outside the data", row + 1))?);
        }
        Ok(cells)
    }

    fn column(&self) -> std::result::Result<Column, String> {
        let cells = self.bytes()?;
        let (code, fixed) = match self.layout.format {
            Format::Fixed { repeat, code } => (code, Some(repeat)),
            Format::Variable { code, .. } => (code, None),
        };
        let make = |width: usize, values: ColumnValues| Column {
            name: self.layout.name.clone(),
            unit: self.layout.unit.clone(),
            width,
            values,
        };
        if code == b'A' {
            let text = cells.iter().map(|cell| string(cell)).collect();
            return Ok(make(1, ColumnValues::Text(text)));
        }
        let per_value = size(code).unwrap_or(1);
        let parts = if matches!(code, b'C' | b'M') { 2 } else { 1 };
        let count = |cell: &[u8]| match fixed {
            Some(repeat) => repeat * parts,
            None if code == b'X' => cell.len() * 8,
            None => cell.len() / per_value * parts,
        };
        let width = fixed
            .map_or_else(|| cells.iter().map(|cell| count(cell)).max().unwrap_or(0), |repeat| repeat * parts);
        let total = self.rows.saturating_mul(width);
        let ragged = cells.iter().any(|cell| count(cell) != width);
        if fixed.is_none() && total > MAX_PADDED {
            return Err(format!(
                "cells of up to {width} values in {} rows are too many to lay out",
                self.rows
            ));
        }
        if matches!(code, b'L' | b'X') {
            let flag = |cell: &[u8], i: usize| match code {
                b'X' => cell.get(i / 8).map(|byte| byte >> (7 - i % 8) & 1 == 1),
                _ => match cell.get(i) {
                    Some(b'T') => Some(true),
                    Some(b'F') => Some(false),
                    _ => None,
                },
            };
            let flags: Vec<Option<bool>> =
                cells.iter().flat_map(|cell| (0..width).map(|i| flag(cell, i))).collect();
            // Undefined logicals have no place in a column of true and false.
            let known: Option<Vec<bool>> = flags.iter().copied().collect();
            let values = match known {
                Some(known) => ColumnValues::Logical(known),
                None => ColumnValues::Float(
                    flags
                        .into_iter()
                        .map(|flag| flag.map_or(f64::NAN, |flag| f64::from(u8::from(flag))))
                        .collect(),
                ),
            };
            return Ok(make(width, values));
        }
        let element = per_value / parts;
        let floats = |number: &dyn Fn(&[u8]) -> f64| {
            let mut values = Vec::with_capacity(total);
            for cell in &cells {
                values.extend(cell.chunks_exact(element).take(width).map(number));
                values.resize(values.len() + width - count(cell).min(width), f64::NAN);
            }
            ColumnValues::Float(values)
        };
        let (scale, zero) = (self.layout.scale, self.layout.zero);
        let values = match code {
            b'E' | b'C' => floats(&|raw| f64::from(f32::from_be_bytes(array(raw))) * scale + zero),
            b'D' | b'M' => floats(&|raw| f64::from_be_bytes(array(raw)) * scale + zero),
            _ => {
                let stored = |raw: &[u8]| match code {
                    b'B' => i64::from(raw[0]),
                    b'I' => i64::from(i16::from_be_bytes(array(raw))),
                    b'J' => i64::from(i32::from_be_bytes(array(raw))),
                    _ => i64::from_be_bytes(array(raw)),
                };
                let null = self.layout.null;
                let blank = |cell: &&[u8]| {
                    null.is_some_and(|null| cell.chunks_exact(element).any(|raw| stored(raw) == null))
                };
                // Whole offsets are how FITS stores unsigned numbers; they stay whole where they fit.
                let whole = scale == 1.0 && zero.fract() == 0.0 && zero.abs() < 9e18;
                if !ragged && whole && !cells.iter().any(blank) {
                    let all = cells.iter().flat_map(|cell| cell.chunks_exact(element).take(width));
                    let sums: Option<Vec<i64>> =
                        all.map(|raw| stored(raw).checked_add(zero as i64)).collect();
                    if let Some(sums) = sums {
                        return Ok(make(width, ColumnValues::Integer(sums)));
                    }
                }
                floats(&|raw| {
                    let value = stored(raw);
                    if null == Some(value) { f64::NAN } else { value as f64 * scale + zero }
                })
            }
        };
        Ok(make(width, values))
    }
}

fn array<const N: usize>(raw: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(raw);
    bytes
}

/// Text up to the first NUL, without the blanks that pad it.
fn string(cell: &[u8]) -> String {
    let end = cell.iter().position(|&byte| byte == 0).unwrap_or(cell.len());
    String::from_utf8_lossy(&cell[..end]).trim_end().to_owned()
}
