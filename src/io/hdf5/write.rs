//! HDF5 files written whole or not at all, the same bytes for the same contents.

use super::super::fits::values_header;
use super::super::{Error, Result, atomic};
use crate::data::{CardValue, Header, Values};
use hdf5_metno::types::VarLenUnicode;
use hdf5_metno::{Dataset, File, Group, H5Type, Location};
use indexmap::IndexMap;
use ndarray::ArrayD;
use num_complex::Complex;
use std::path::Path;

/// A dataset to write: values, unit (attribute `units`), further attributes.
pub struct Entry<'a> {
    /// Path in the file: `channels/column`.
    pub name: String,
    pub values: Numbers<'a>,
    pub unit: &'a str,
    pub header: Header,
}

/// Numbers of any type, or of the one that most callers have at hand.
#[derive(Clone, Copy)]
pub enum Numbers<'a> {
    Any(&'a Values),
    Single(&'a ArrayD<f32>),
}

/// Complex numbers as h5py writes them.
#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct Single {
    r: f32,
    i: f32,
}
#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct Double {
    r: f64,
    i: f64,
}

/// Writes datasets and the file's own attributes. Half precision becomes single (same values).
pub fn write(path: &Path, entries: &[Entry], attributes: &Header) -> Result<()> {
    create(path, |file| {
        set_attributes(file, attributes)?;
        for entry in entries {
            let (group, name) = group_of(file, &entry.name)?;
            let dataset = write_numbers(&group, name, entry.values)?;
            if !entry.unit.is_empty() {
                set_text(&dataset, "units", entry.unit)?;
            }
            set_attributes(&dataset, &entry.header)?;
        }
        Ok(())
    })
}

/// Writes an image or cube in the IDIA schema that CARTA opens: values in `/0/DATA`, FITS cards as attributes of `/0`;
/// and of the dataset as well, where users of h5py look for them.
pub fn write_image(path: &Path, values: &Values, unit: &str, header: &Header) -> Result<()> {
    let cards = values_header(values, unit, header);
    create(path, |file| {
        let group = file.create_group("0")?;
        for (key, text) in SCHEMA {
            set_text(&group, key, text)?;
        }
        set_attributes(&group, &cards)?;
        let dataset = write_numbers(&group, "DATA", Numbers::Any(values))?;
        if !unit.is_empty() {
            set_text(&dataset, "units", unit)?;
        }
        set_attributes(&dataset, &cards)
    })
}

/// How a file says that it follows the IDIA schema.
const SCHEMA: [(&str, &str); 3] = [
    ("SCHEMA_VERSION", "0.3"),
    ("HDF5_CONVERTER", env!("CARGO_PKG_NAME")),
    ("HDF5_CONVERTER_VERSION", env!("CARGO_PKG_VERSION")),
];

/// Whether an attribute speaks of the HDF5 file and not of what it holds.
pub fn describes_file(key: &str) -> bool {
    SCHEMA.iter().any(|(known, _)| *known == key) || ["units", "unit", "index"].contains(&key)
}

fn create(path: &Path, fill: impl FnOnce(&File) -> hdf5_metno::Result<()>) -> Result<()> {
    atomic::write_at(path, |temporary| {
        let file = super::unlocked().create(temporary);
        file.and_then(|file| fill(&file).and_then(|()| file.close())).map_err(|error| {
            let what = format!("HDF5 cannot write it: {error}");
            Error::unsupported(path, "", what, "check the space on the disk and the names of the parts")
        })
    })
}

/// The group that a path leads to, made where absent, and the last name of the path.
fn group_of<'a>(file: &File, path: &'a str) -> hdf5_metno::Result<(Group, &'a str)> {
    let path = path.trim_start_matches('/');
    match path.rsplit_once('/') {
        None => Ok((file.group("/")?, path)),
        Some((folder, name)) => {
            let group =
                if file.link_exists(folder) { file.group(folder)? } else { file.create_group(folder)? };
            Ok((group, name))
        }
    }
}

fn write_numbers(group: &Group, name: &str, numbers: Numbers) -> hdf5_metno::Result<Dataset> {
    let values = match numbers {
        Numbers::Single(array) => return write_array(group, name, array),
        Numbers::Any(values) => values,
    };
    match values {
        Values::Bool(array) => write_array(group, name, array),
        Values::I8(array) => write_array(group, name, array),
        Values::U8(array) => write_array(group, name, array),
        Values::I16(array) => write_array(group, name, array),
        Values::U16(array) => write_array(group, name, array),
        Values::I32(array) => write_array(group, name, array),
        Values::U32(array) => write_array(group, name, array),
        Values::I64(array) => write_array(group, name, array),
        Values::U64(array) => write_array(group, name, array),
        // The wrapper writes no half precision; single precision holds the same numbers.
        Values::F16(array) => write_array(group, name, &array.mapv(f32::from)),
        Values::F32(array) => write_array(group, name, array),
        Values::F64(array) => write_array(group, name, array),
        Values::C64(array) => {
            write_array(group, name, &array.mapv(|Complex { re, im }| Single { r: re, i: im }))
        }
        Values::C128(array) => {
            write_array(group, name, &array.mapv(|Complex { re, im }| Double { r: re, i: im }))
        }
    }
}

fn write_array<T: H5Type + Clone>(
    group: &Group,
    name: &str,
    array: &ArrayD<T>,
) -> hdf5_metno::Result<Dataset> {
    let dataset = group.new_dataset::<T>().shape(array.shape()).create(name)?;
    if !array.is_empty() {
        match array.as_slice() {
            Some(slice) => dataset.write_raw(slice)?,
            None => dataset.write_raw(array.as_standard_layout().as_slice().unwrap_or_default())?,
        }
    }
    Ok(dataset)
}

fn set_text(location: &Location, name: &str, text: &str) -> hdf5_metno::Result<()> {
    // HDF5 ends a text at its first zero byte.
    let text: VarLenUnicode = text.replace('\0', "").parse().unwrap_or_default();
    location.new_attr::<VarLenUnicode>().create(name)?.write_scalar(&text)
}

fn set_attributes(location: &Location, header: &Header) -> hdf5_metno::Result<()> {
    let mut remarks: IndexMap<&str, String> = IndexMap::new();
    let mut taken: Vec<String> = location.attr_names()?;
    for card in &header.cards {
        if let Some(key) = ["COMMENT", "HISTORY"].into_iter().find(|key| card.key.eq_ignore_ascii_case(key)) {
            let text = remarks.entry(key).or_default();
            text.push_str(&card.comment);
            text.push('\n');
            continue;
        }
        // The first card of a keyword answers; a card without a keyword says nothing.
        if card.key.is_empty() || taken.contains(&card.key) {
            continue;
        }
        let key = card.key.as_str();
        match &card.value {
            CardValue::Text(text) => set_text(location, key, text)?,
            CardValue::Integer(value) => location.new_attr::<i64>().create(key)?.write_scalar(value)?,
            CardValue::Float(value) => location.new_attr::<f64>().create(key)?.write_scalar(value)?,
            CardValue::Logical(value) => location.new_attr::<bool>().create(key)?.write_scalar(value)?,
            CardValue::Empty => continue,
        }
        taken.push(card.key.clone());
    }
    for (key, text) in remarks {
        set_text(location, key, text.trim_end())?;
    }
    Ok(())
}
