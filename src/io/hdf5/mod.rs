//! HDF5 through its C library: datasets of any numeric type, tables, texts, attributes.
//! The library works one call at a time for the whole process: a long read in one thread makes the others wait.

mod cells;
mod region;
mod write;

pub(super) use region::{Layout, layout, read_box};
pub use write::{Entry, Numbers, describes_file, write, write_image};

use super::{Contents, Error, Result};
use crate::data::{Card, CardValue, Column, ColumnValues, Header, Table, Values};
use cells::Cell;
use hdf5_metno::types::TypeDescriptor;
use hdf5_metno::{Container, Dataset, File, FileBuilder, Group, LocationToken, LocationType};
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;
use std::path::Path;

/// What a dataset holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Numbers, by NumPy's name of the type (`float32`).
    Numbers(&'static str),
    Table,
    Text,
    /// Something that is not read, and why.
    Unread(String),
}

/// A dataset as its header describes it.
#[derive(Clone, Debug)]
pub struct DatasetInfo {
    /// Path in the file, without the leading slash: `0/DATA`.
    pub name: String,
    pub shape: Vec<usize>,
    pub kind: Kind,
    /// The attribute `units`, `unit` or `BUNIT`, empty where absent.
    pub unit: String,
    /// The attributes of the dataset, and those of its group that it does not have itself (files of the IDIA schema keep
    /// their FITS cards there).
    pub header: Header,
}

/// Groups may hold each other; nobody nests deeper than this on purpose.
const DEEPEST: usize = 32;
/// The tightest that HDF5's usual filters pack (deflate: RFC 1951, 258 bytes in two bits).
const TIGHTEST: u64 = 1032;
/// Below this size a dataset may be larger than what is stored of it: the rest is its fill value.
const SMALL: u64 = 64 << 20;

/// All datasets, group by group in the order of their names.
pub fn scan(path: &Path) -> Result<Vec<DatasetInfo>> {
    let file = open(path)?;
    let mut found = Vec::new();
    let mut visited = Vec::new();
    walk(&file, "", DEEPEST, &mut visited, &mut found).map_err(|error| broken(path, "", &error))?;
    Ok(found)
}

/// Reads a dataset by its path.
pub fn read(path: &Path, name: &str) -> Result<Contents> {
    let dataset = dataset(path, name)?;
    let info = describe(&dataset, name, &Header::default()).map_err(|error| broken(path, name, &error))?;
    check_size(path, name, &dataset)?;
    match &info.kind {
        Kind::Numbers(dtype) => read_numbers(path, name, &dataset, dtype).map(Contents::Values),
        Kind::Table | Kind::Text => {
            let unread = |error: cells::Failure| match error {
                cells::Failure::Library(error) => broken(path, name, &error),
                cells::Failure::Unread(what) => {
                    Error::unsupported(path, place(name), what, "save it as numbers or plain text")
                }
            };
            let rows = info.shape.iter().product();
            let mut columns = cells::columns(&dataset).map_err(unread)?;
            columns.iter_mut().for_each(|column| column.unit = column_unit(&info.header, column));
            Ok(Contents::Table(Table { rows, columns }))
        }
        Kind::Unread(what) => {
            Err(Error::unsupported(path, place(name), what, "save it as numbers or plain text"))
        }
    }
}

/// The numeric values of a dataset.
pub fn read_values(path: &Path, name: &str) -> Result<Values> {
    match read(path, name)? {
        Contents::Values(values) => Ok(values),
        Contents::Table(_) | Contents::Empty => {
            let advice = "choose a dataset of numbers, or open it as a table";
            Err(Error::unsupported(path, place(name), "holds a table or text, not numbers", advice))
        }
    }
}

/// The attributes of the file itself.
pub fn attributes(path: &Path) -> Result<Header> {
    let file = open(path)?;
    header_of(&file).map_err(|error| broken(path, "", &error))
}

pub(super) fn place(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("dataset {name}") }
}

pub(super) fn broken(path: &Path, name: &str, error: &dyn std::error::Error) -> Error {
    let what = format!("HDF5 cannot read it: {error}");
    Error::damaged(path, place(name), what, "the file is damaged or cut short: copy it again")
}

fn open(path: &Path) -> Result<File> {
    // The library's own messages do not tell an absent file from a broken one.
    let about = std::fs::metadata(path).map_err(|source| Error::system(path, "open the file", source))?;
    if about.is_dir() {
        return Err(Error::unsupported(path, "", "is a folder", "name a file in it"));
    }
    unlocked().open(path).map_err(|error| broken(path, "", &error))
}

/// Files without HDF5's own locks: a lock outlives its file in every process that was started meanwhile, and fails on many
/// network disks. Nothing is written in place, so there is nothing to guard.
fn unlocked() -> FileBuilder {
    let mut builder = FileBuilder::new();
    builder.with_access_plist(|access| access.file_locking(false));
    builder
}

pub(super) fn dataset(path: &Path, name: &str) -> Result<Dataset> {
    let file = open(path)?;
    file.dataset(name).map_err(|_| {
        let mut names: Vec<String> = Vec::new();
        let (mut found, mut visited) = (Vec::new(), Vec::new());
        if walk(&file, "", DEEPEST, &mut visited, &mut found).is_ok() {
            names.extend(found.into_iter().map(|info| info.name).take(20));
        }
        Error::absent(path, place(name), "no such dataset", format!("it holds: {}", names.join(", ")))
    })
}

fn walk(
    group: &Group,
    prefix: &str,
    deeper: usize,
    visited: &mut Vec<(u64, LocationToken)>,
    found: &mut Vec<DatasetInfo>,
) -> hdf5_metno::Result<()> {
    let about = group.loc_info()?;
    let identity = (about.fileno, about.token);
    if deeper == 0 || visited.contains(&identity) {
        return Ok(());
    }
    visited.push(identity);
    let shared = header_of(group)?;
    for member in group.member_names()? {
        let name = format!("{prefix}{member}");
        match group.loc_type_by_name(&member) {
            Ok(LocationType::Group) => {
                walk(&group.group(&member)?, &format!("{name}/"), deeper - 1, visited, found)?;
            }
            Ok(LocationType::Dataset) => found.push(describe(&group.dataset(&member)?, &name, &shared)?),
            Ok(LocationType::NamedDatatype) => {}
            Err(_) => found.push(DatasetInfo {
                name,
                shape: Vec::new(),
                kind: Kind::Unread("is a link to something that is not there".into()),
                unit: String::new(),
                header: Header::default(),
            }),
        }
    }
    Ok(())
}

fn describe(dataset: &Dataset, name: &str, shared: &Header) -> hdf5_metno::Result<DatasetInfo> {
    let mut header = header_of(dataset)?;
    let own = header.clone();
    header.cards.extend(shared.cards.iter().filter(|card| own.get(&card.key).is_none()).cloned());
    let unit =
        ["units", "unit", "BUNIT"].iter().find_map(|key| header.text(key)).unwrap_or_default().to_owned();
    Ok(DatasetInfo { name: name.to_owned(), shape: dataset.get_shape()?, kind: kind(dataset)?, unit, header })
}

fn kind(dataset: &Dataset) -> hdf5_metno::Result<Kind> {
    use TypeDescriptor as Type;
    if dataset.space()?.is_null() {
        return Ok(Kind::Unread("is empty (a null dataspace)".into()));
    }
    let dtype = dataset.dtype()?;
    let size = dtype.size();
    Ok(match dtype.to_descriptor() {
        Ok(Type::Boolean) => Kind::Numbers("bool"),
        Ok(Type::Integer(_)) => Kind::Numbers(["int8", "int16", "int32", "int64"][size.ilog2() as usize]),
        Ok(Type::Unsigned(_)) => {
            Kind::Numbers(["uint8", "uint16", "uint32", "uint64"][size.ilog2() as usize])
        }
        Ok(Type::Float(_)) => Kind::Numbers(if size == 4 { "float32" } else { "float64" }),
        Ok(Type::Compound(fields)) if cells::is_complex(&fields) => {
            Kind::Numbers(if size == 8 { "complex64" } else { "complex128" })
        }
        Ok(Type::Compound(_)) => Kind::Table,
        Ok(Type::FixedAscii(_) | Type::FixedUnicode(_) | Type::VarLenAscii | Type::VarLenUnicode) => {
            Kind::Text
        }
        Ok(other) => Kind::Unread(format!("holds the type {other}, which is not read")),
        // The wrapper knows no half precision; the C library converts it without loss.
        Err(error) if error.to_string().contains("float") && size == 2 => Kind::Numbers("float16"),
        Err(error) => Kind::Unread(format!("holds a type that is not read ({error})")),
    })
}

/// A header may claim any size; what is stored must be of that order.
fn check_size(path: &Path, name: &str, dataset: &Dataset) -> Result<()> {
    let read = |error| broken(path, name, &error);
    let size = dataset.dtype().map_err(read)?.size();
    let shape = dataset.get_shape().map_err(read)?;
    let claim = shape.iter().try_fold(size as u64, |bytes, &length| bytes.checked_mul(length as u64));
    let stored = dataset.storage_size();
    let held = std::fs::metadata(path).map_err(|source| Error::system(path, "read the file", source))?.len();
    match claim {
        Some(bytes) if bytes <= SMALL && stored <= held.max(SMALL) => Ok(()),
        Some(bytes) if stored <= held && bytes <= stored.saturating_mul(TIGHTEST) => Ok(()),
        _ => {
            let what =
                format!("claims shape {shape:?}, but the file of {held} bytes stores {stored} bytes of it");
            Err(Error::damaged(path, place(name), what, "copy the file again or write the values in full"))
        }
    }
}

fn read_numbers(path: &Path, name: &str, dataset: &Dataset, dtype: &str) -> Result<Values> {
    /// `None` where the values do not fit the shape.
    fn array<T: hdf5_metno::H5Type>(dataset: &Dataset) -> hdf5_metno::Result<Option<Values>>
    where
        Values: From<ArrayD<T>>,
    {
        shaped(dataset, dataset.read_raw::<T>()?)
    }
    fn shaped<T>(dataset: &Dataset, values: Vec<T>) -> hdf5_metno::Result<Option<Values>>
    where
        Values: From<ArrayD<T>>,
    {
        // The library's own arrays are of another version of ndarray.
        Ok(ArrayD::from_shape_vec(IxDyn(&dataset.get_shape()?), values).ok().map(Values::from))
    }
    let read = match dtype {
        "bool" => array::<bool>(dataset),
        "int8" => array::<i8>(dataset),
        "int16" => array::<i16>(dataset),
        "int32" => array::<i32>(dataset),
        "int64" => array::<i64>(dataset),
        "uint8" => array::<u8>(dataset),
        "uint16" => array::<u16>(dataset),
        "uint32" => array::<u32>(dataset),
        "uint64" => array::<u64>(dataset),
        "float16" => dataset
            .read_raw::<f32>()
            .and_then(|values| shaped(dataset, values.into_iter().map(half::f16::from_f32).collect())),
        "float32" => array::<f32>(dataset),
        "float64" => array::<f64>(dataset),
        // Read in double precision, so that nothing is lost on the way to single.
        "complex64" => cells::complex(dataset).and_then(|values| {
            let single = |z: Complex<f64>| Complex::new(z.re as f32, z.im as f32);
            shaped(dataset, values.into_iter().map(single).collect())
        }),
        _ => cells::complex(dataset).and_then(|values| shaped(dataset, values)),
    };
    read.map_err(|error| broken(path, name, &error))?.ok_or_else(|| {
        Error::damaged(path, place(name), "the values do not fit the shape", "copy the file again")
    })
}

/// Attributes as cards. Arrays of numbers become texts; what is not read is left out.
fn header_of(location: &hdf5_metno::Location) -> hdf5_metno::Result<Header> {
    let mut header = Header::default();
    for name in location.attr_names()? {
        let attribute = location.attr(&name)?;
        let Some(value) = card_value(&attribute) else { continue };
        let key = name.clone();
        match (name.to_ascii_uppercase().as_str(), value) {
            // Free text was joined to one attribute, a line each.
            ("COMMENT" | "HISTORY", CardValue::Text(text)) => {
                header.cards.extend(text.lines().map(|line| Card {
                    key: name.to_ascii_uppercase(),
                    value: CardValue::Empty,
                    comment: line.trim_end().to_owned(),
                }))
            }
            (_, value) => header.cards.push(Card { key, value, comment: String::new() }),
        }
    }
    Ok(header)
}

/// The longest array that is shown as an attribute.
const SHOWN: usize = 1024;

fn card_value(attribute: &Container) -> Option<CardValue> {
    if attribute.space().ok()?.is_null() {
        return Some(CardValue::Empty);
    }
    let count = attribute.size();
    if count > SHOWN {
        return None;
    }
    let column =
        cells::column(attribute, Cell::whole(&attribute.dtype().ok()?.to_descriptor().ok()?)).ok()?;
    let joined = |texts: Vec<String>, separator: &str| CardValue::Text(texts.join(separator));
    Some(match column {
        ColumnValues::Integer(values) if count == 1 => CardValue::Integer(values[0]),
        ColumnValues::Float(values) if count == 1 => CardValue::Float(values[0]),
        ColumnValues::Logical(values) if count == 1 => CardValue::Logical(values[0]),
        ColumnValues::Integer(values) => joined(values.iter().map(i64::to_string).collect(), ", "),
        ColumnValues::Float(values) => joined(values.iter().map(f64::to_string).collect(), ", "),
        ColumnValues::Logical(values) => joined(values.iter().map(bool::to_string).collect(), ", "),
        ColumnValues::Text(values) => joined(values, "\n"),
    })
}

/// astropy writes the units of a table's columns nowhere in plain HDF5; pandas and others use `<column>_units`.
fn column_unit(header: &Header, column: &Column) -> String {
    let key = format!("{}_units", column.name);
    header.text(&key).unwrap_or_default().to_owned()
}
