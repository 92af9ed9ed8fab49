//! Images, cubes and tables to FITS: single precision, WCS cards kept, written whole or not at all.

use super::super::{Error, Result, atomic};
use super::card::{BLOCK, format_header};
use crate::data::{Card, CardValue, ColumnValues, Cube, Header, Image, Table, Values};
use ndarray::ArrayD;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes a map as the first HDU: BITPIX −32, the unit as BUNIT, the cards of its header (WCS, HISTORY) kept.
pub fn write_image(path: &Path, image: &Image) -> Result<()> {
    write_array(path, image.values.shape(), image.values.iter(), &image.unit, &image.header)
}

/// Writes a cube as the first HDU; otherwise as `write_image`.
pub fn write_cube(path: &Path, cube: &Cube) -> Result<()> {
    write_array(path, cube.values.shape(), cube.values.iter(), &cube.unit, &cube.header)
}

/// Writes a cube of `shape` (z, y, x) that need not be in memory: `fill` hands over its values in order, some at a time. Otherwise as
/// `write_cube`.
///
/// # Errors
/// Those of `fill`, which leave no file; more or fewer values than the shape has; a place where nothing can be written.
pub fn write_cube_in_parts<E: From<Error>>(
    path: &Path,
    shape: [usize; 3],
    unit: &str,
    header: &Header,
    fill: impl FnOnce(&mut dyn FnMut(&[f32]) -> Result<()>) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let header = array_header(&shape, unit, header);
    let total: usize = shape.iter().product();
    atomic::write_at(path, |temporary| {
        let system = |source| Error::system(path, "write the file", source);
        let file = File::options().write(true).truncate(true).open(temporary).map_err(system)?;
        let mut out = BufWriter::with_capacity(1 << 20, file);
        out.write_all(&format_header(&header)).map_err(system)?;
        let mut count = 0;
        fill(&mut |values| {
            count += values.len();
            values.iter().try_for_each(|value| out.write_all(&value.to_be_bytes())).map_err(system)
        })?;
        if count != total {
            let source = std::io::Error::other(format!("{count} values were made of {total}"));
            return Err(system(source).into());
        }
        pad(&mut out, 4 * count).and_then(|()| out.flush()).map_err(system)?;
        Ok(())
    })
}

fn write_array<'a>(
    path: &Path,
    shape: &[usize],
    values: impl Iterator<Item = &'a f32>,
    unit: &str,
    header: &Header,
) -> Result<()> {
    let header = array_header(shape, unit, header);
    atomic::write(path, |out| {
        let bytes = format_header(&header);
        out.write_all(&bytes)?;
        let mut count = 0;
        for value in values {
            out.write_all(&value.to_be_bytes())?;
            count += 4;
        }
        pad(out, count)
    })
}

/// How numbers of a type are stored: BITPIX, and the BZERO by which FITS keeps unsigned integers (and signed bytes).
/// `None` for complex numbers, which an image cannot hold.
fn storage(values: &Values) -> Option<(i64, f64)> {
    Some(match values {
        Values::Bool(_) | Values::U8(_) => (8, 0.0),
        Values::I8(_) => (8, -128.0),
        Values::I16(_) => (16, 0.0),
        Values::U16(_) => (16, 32_768.0),
        Values::I32(_) => (32, 0.0),
        Values::U32(_) => (32, 2_147_483_648.0),
        Values::I64(_) => (64, 0.0),
        Values::U64(_) => (64, 9_223_372_036_854_775_808.0),
        Values::F16(_) | Values::F32(_) => (-32, 0.0),
        Values::F64(_) => (-64, 0.0),
        Values::C64(_) | Values::C128(_) => return None,
    })
}

/// The cards of an array whose numbers a file holds as they are: storage, unit, and those of `given` that still hold.
pub(in crate::io) fn values_header(values: &Values, unit: &str, given: &Header) -> Header {
    let mut header = array_header(values.shape(), unit, given);
    if let Some((bitpix, _)) = storage(values) {
        header.set_integer("BITPIX", bitpix, "");
    }
    header
}

/// Writes an array as the first HDU, in its own type: bit for bit, but for half precision (stored in single) and
/// truth values (stored as bytes). Complex numbers are refused.
pub fn write_values(path: &Path, values: &Values, unit: &str, header: &Header) -> Result<()> {
    let Some((_, zero)) = storage(values) else {
        let advice = "write NPY or HDF5, or real and imaginary part apart";
        return Err(Error::unsupported(path, "", "a FITS image cannot hold complex numbers", advice));
    };
    let mut header = values_header(values, unit, header);
    if zero != 0.0 {
        // After the lengths of the axes, where the standard wants nothing else.
        let at = 3 + values.shape().len();
        for (key, value) in [("BZERO", zero), ("BSCALE", 1.0)] {
            let card = Card { key: key.into(), value: CardValue::Float(value), comment: String::new() };
            header.cards.insert(at, card);
        }
    }
    atomic::write(path, |out| {
        out.write_all(&format_header(&header))?;
        let bytes = match values {
            Values::Bool(array) => put(out, array, |value| [u8::from(value)]),
            Values::I8(array) => put(out, array, |value| [value.cast_unsigned() ^ 1 << 7]),
            Values::U8(array) => put(out, array, |value| [value]),
            Values::I16(array) => put(out, array, i16::to_be_bytes),
            Values::U16(array) => put(out, array, |value| (value ^ 1 << 15).to_be_bytes()),
            Values::I32(array) => put(out, array, i32::to_be_bytes),
            Values::U32(array) => put(out, array, |value| (value ^ 1 << 31).to_be_bytes()),
            Values::I64(array) => put(out, array, i64::to_be_bytes),
            Values::U64(array) => put(out, array, |value| (value ^ 1 << 63).to_be_bytes()),
            Values::F16(array) => put(out, array, |value| f32::from(value).to_be_bytes()),
            Values::F32(array) => put(out, array, f32::to_be_bytes),
            Values::F64(array) => put(out, array, f64::to_be_bytes),
            Values::C64(_) | Values::C128(_) => Ok(0),
        }?;
        pad(out, bytes)
    })
}

/// Writes numbers in C order, and says how many bytes they took.
fn put<T: Copy, const N: usize>(
    out: &mut dyn Write,
    array: &ArrayD<T>,
    stored: impl Fn(T) -> [u8; N],
) -> std::io::Result<usize> {
    let array = array.as_standard_layout();
    let mut bytes = Vec::new();
    for piece in array.as_slice().unwrap_or_default().chunks(1 << 16) {
        bytes.clear();
        bytes.extend(piece.iter().flat_map(|&value| stored(value)));
        out.write_all(&bytes)?;
    }
    Ok(array.len() * N)
}

fn pad(out: &mut dyn Write, count: usize) -> std::io::Result<()> {
    out.write_all(&vec![0; count.next_multiple_of(BLOCK) - count])
}

fn array_header(shape: &[usize], unit: &str, given: &Header) -> Header {
    let mut header = Header::default();
    header.set("SIMPLE", CardValue::Logical(true), "FITS standard");
    header.set_integer("BITPIX", -32, "single precision");
    header.set_integer("NAXIS", shape.len() as i64, "");
    for (axis, length) in shape.iter().rev().enumerate() {
        header.set_integer(&format!("NAXIS{}", axis + 1), *length as i64, "");
    }
    header.set("EXTEND", CardValue::Logical(true), "");
    if !unit.is_empty() {
        header.set_text("BUNIT", unit, "");
    }
    header.cards.extend(given.cards.iter().filter(|card| !describes_storage(&card.key)).cloned());
    header
}

/// Cards that say how another file stored its numbers, or sums that no longer hold.
fn describes_storage(key: &str) -> bool {
    const EXACT: [&str; 20] = [
        "SIMPLE", "XTENSION", "BITPIX", "NAXIS", "EXTEND", "PCOUNT", "GCOUNT", "GROUPS", "BSCALE", "BZERO",
        "BLANK", "BUNIT", "END", "CHECKSUM", "DATASUM", "DATAMIN", "DATAMAX", "EXTNAME", "EXTVER", "TFIELDS",
    ];
    EXACT.contains(&key) || key.strip_prefix("NAXIS").is_some_and(|axis| axis.parse::<u32>().is_ok())
}

/// Writes a table as a binary table extension: 64-bit integers and reals, logicals, strings.
pub fn write_table(path: &Path, table: &Table) -> Result<()> {
    let mut header = Header::default();
    let mut cells: Vec<usize> = Vec::new();
    header.set_text("XTENSION", "BINTABLE", "binary table");
    header.set_integer("BITPIX", 8, "");
    header.set_integer("NAXIS", 2, "");
    let mut form = Vec::new();
    for column in &table.columns {
        let (code, bytes) = match &column.values {
            ColumnValues::Integer(_) => (format!("{}K", column.width), 8 * column.width),
            ColumnValues::Float(_) => (format!("{}D", column.width), 8 * column.width),
            ColumnValues::Logical(_) => (format!("{}L", column.width), column.width),
            ColumnValues::Text(values) => {
                let longest = values.iter().map(String::len).max().unwrap_or(0).max(1);
                (format!("{}A", longest * column.width), longest * column.width)
            }
        };
        form.push(code);
        cells.push(bytes);
    }
    header.set_integer("NAXIS1", cells.iter().sum::<usize>() as i64, "bytes of a row");
    header.set_integer("NAXIS2", table.rows as i64, "rows");
    header.set_integer("PCOUNT", 0, "");
    header.set_integer("GCOUNT", 1, "");
    header.set_integer("TFIELDS", table.columns.len() as i64, "");
    for (index, (column, form)) in table.columns.iter().zip(form).enumerate() {
        header.set_text(&format!("TTYPE{}", index + 1), column.name.clone(), "");
        header.set_text(&format!("TFORM{}", index + 1), form, "");
        if !column.unit.is_empty() {
            header.set_text(&format!("TUNIT{}", index + 1), column.unit.clone(), "");
        }
        if let ColumnValues::Text(_) = column.values
            && column.width > 1
        {
            let dimensions = format!("({},{})", cells[index] / column.width, column.width);
            header.set_text(&format!("TDIM{}", index + 1), dimensions, "");
        }
    }
    let mut first = Header::default();
    first.set("SIMPLE", CardValue::Logical(true), "FITS standard");
    first.set_integer("BITPIX", 8, "");
    first.set_integer("NAXIS", 0, "");
    first.cards.push(Card { key: "EXTEND".into(), value: CardValue::Logical(true), comment: String::new() });
    atomic::write(path, |out| {
        out.write_all(&format_header(&first))?;
        out.write_all(&format_header(&header))?;
        for row in 0..table.rows {
            for (column, &bytes) in table.columns.iter().zip(&cells) {
                let range = row * column.width..(row + 1) * column.width;
                match &column.values {
                    ColumnValues::Integer(values) => {
                        values[range].iter().try_for_each(|value| out.write_all(&value.to_be_bytes()))?;
                    }
                    ColumnValues::Float(values) => {
                        values[range].iter().try_for_each(|value| out.write_all(&value.to_be_bytes()))?;
                    }
                    ColumnValues::Logical(values) => values[range]
                        .iter()
                        .try_for_each(|&value| out.write_all(if value { b"T" } else { b"F" }))?,
                    ColumnValues::Text(values) => {
                        for value in &values[range] {
                            let mut cell = value.clone().into_bytes();
                            cell.resize(bytes / column.width.max(1), b' ');
                            out.write_all(&cell)?;
                        }
                    }
                }
            }
        }
        pad(out, table.rows * cells.iter().sum::<usize>())
    })
}
