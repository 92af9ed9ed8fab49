//! Texts, records and complex numbers: types whose field names are known only when the file is open.

use crate::data::{Column, ColumnValues};
use hdf5_metno::types::{
    CompoundField, CompoundType, FixedAscii, FixedUnicode, H5Type, TypeDescriptor, VarLenAscii, VarLenUnicode,
};
use hdf5_metno::{Container, Dataset};
use num_complex::Complex;
use std::cell::RefCell;

/// Why a column was not read.
pub(super) enum Failure {
    Library(hdf5_metno::Error),
    Unread(String),
}

impl From<hdf5_metno::Error> for Failure {
    fn from(error: hdf5_metno::Error) -> Self {
        Self::Library(error)
    }
}

/// What to read of each record: all of it, or a field.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    field: Option<&'a str>,
    descriptor: &'a TypeDescriptor,
}

impl<'a> Cell<'a> {
    pub fn whole(descriptor: &'a TypeDescriptor) -> Self {
        Self { field: None, descriptor }
    }
}

thread_local! {
    /// Names of the fields that `One` and `Two` stand for; the library asks for them without arguments.
    static NAMES: RefCell<[String; 2]> = const { RefCell::new([String::new(), String::new()]) };
}

/// A record with the single field of that name, and one with two.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct One<T>(T);
#[derive(Clone, Copy)]
#[repr(C)]
struct Two(f64, f64);

fn record<T: H5Type>(names: &[&str], size: usize) -> TypeDescriptor {
    let fields = names
        .iter()
        .enumerate()
        .map(|(index, name)| CompoundField::typed::<T>(name, index * size_of::<T>(), index))
        .collect();
    TypeDescriptor::Compound(CompoundType { fields, size })
}

// SAFETY: whatever the name, the descriptor says one `T` at offset 0 of a record of the size of `T`, which is what
// `One` is in memory.
unsafe impl<T: H5Type> H5Type for One<T> {
    fn type_descriptor() -> TypeDescriptor {
        NAMES.with_borrow(|[name, _]| record::<T>(&[name.as_str()], size_of::<T>()))
    }
}

// SAFETY: two doubles, one after the other, which is what `Two` is in memory (repr(C)).
unsafe impl H5Type for Two {
    fn type_descriptor() -> TypeDescriptor {
        NAMES.with_borrow(|[first, second]| {
            record::<f64>(&[first.as_str(), second.as_str()], size_of::<Self>())
        })
    }
}

fn read_all<T: H5Type>(container: &Container, cell: Cell) -> hdf5_metno::Result<Vec<T>> {
    match cell.field {
        None => container.read_raw(),
        Some(name) => {
            NAMES.with_borrow_mut(|names| names[0] = name.to_owned());
            container.read_raw::<One<T>>().map(|cells| cells.into_iter().map(|One(cell)| cell).collect())
        }
    }
}

/// Two fields of the same real type, as h5py and others write complex numbers.
pub(super) fn is_complex(record: &CompoundType) -> bool {
    match record.fields.as_slice() {
        [re, im] => {
            matches!(re.ty, TypeDescriptor::Float(_))
                && re.ty == im.ty
                && matches!(
                    (re.name.to_ascii_lowercase().as_str(), im.name.to_ascii_lowercase().as_str()),
                    ("r", "i") | ("re", "im") | ("real", "imag") | ("real", "imaginary")
                )
        }
        _ => false,
    }
}

/// Complex numbers in double precision.
pub(super) fn complex(dataset: &Dataset) -> hdf5_metno::Result<Vec<Complex<f64>>> {
    if let TypeDescriptor::Compound(record) = dataset.dtype()?.to_descriptor()? {
        let mut names = record.fields.into_iter().map(|field| field.name);
        if let (Some(re), Some(im)) = (names.next(), names.next()) {
            NAMES.set([re, im]);
        }
    }
    Ok(dataset.read_raw::<Two>()?.into_iter().map(|Two(re, im)| Complex { re, im }).collect())
}

/// The columns of a dataset of records, or the one column of a dataset of texts.
pub(super) fn columns(dataset: &Dataset) -> Result<Vec<Column>, Failure> {
    let descriptor = dataset.dtype()?.to_descriptor()?;
    let plain = |name: &str, values| Column { name: name.to_owned(), unit: String::new(), width: 1, values };
    let TypeDescriptor::Compound(record) = &descriptor else {
        return Ok(vec![plain("text", column(dataset, Cell::whole(&descriptor))?)]);
    };
    let read = |field: &CompoundField| {
        let cell = Cell { field: Some(&field.name), descriptor: &field.ty };
        Ok(plain(&field.name, column(dataset, cell)?))
    };
    record.fields.iter().map(read).collect()
}

/// The values of a field, or of a dataset or attribute without fields.
pub(super) fn column(container: &Container, cell: Cell) -> Result<ColumnValues, Failure> {
    use TypeDescriptor as Type;
    // Texts of a fixed length are read into the next longer buffer that is known.
    macro_rules! texts {
        ($length:expr, $text:ident, $($known:literal),*) => {
            $(if *$length <= $known {
                let cells = read_all::<$text<$known>>(container, cell)?;
                return Ok(ColumnValues::Text(cells.iter().map(|text| lossless(text.as_bytes())).collect()));
            })*
        };
    }
    let what = match cell.descriptor {
        Type::Boolean => return Ok(ColumnValues::Logical(read_all(container, cell)?)),
        Type::Unsigned(hdf5_metno::types::IntSize::U8) => {
            let wide: Vec<u64> = read_all(container, cell)?;
            return Ok(match wide.iter().map(|&value| i64::try_from(value)).collect() {
                Ok(integers) => ColumnValues::Integer(integers),
                // A table has no unsigned 64-bit column.
                Err(_) => ColumnValues::Float(wide.into_iter().map(|value| value as f64).collect()),
            });
        }
        Type::Integer(_) | Type::Unsigned(_) => return Ok(ColumnValues::Integer(read_all(container, cell)?)),
        Type::Float(_) => return Ok(ColumnValues::Float(read_all(container, cell)?)),
        Type::VarLenAscii => {
            let cells: Vec<VarLenAscii> = read_all(container, cell)?;
            return Ok(ColumnValues::Text(cells.iter().map(|text| lossless(text.as_bytes())).collect()));
        }
        Type::VarLenUnicode => {
            let cells: Vec<VarLenUnicode> = read_all(container, cell)?;
            return Ok(ColumnValues::Text(cells.iter().map(|text| lossless(text.as_bytes())).collect()));
        }
        Type::FixedAscii(length) => {
            texts!(length, FixedAscii, 32, 256, 4096, 65536);
            format!("texts of {length} bytes")
        }
        Type::FixedUnicode(length) => {
            texts!(length, FixedUnicode, 32, 256, 4096, 65536);
            format!("texts of {length} bytes")
        }
        other => format!("the type {other}"),
    };
    let field = cell.field.map_or(String::new(), |name| format!(" in the field {name}"));
    Err(Failure::Unread(format!("holds {what}{field}, which is not read")))
}

/// The library trusts that a text is UTF-8; files are not always so kind.
fn lossless(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['\0', ' ']).to_owned()
}
