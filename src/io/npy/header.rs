//! NPY headers (format versions 1 to 3), checked before anything is allocated.
//! Source: NumPy's `numpy/lib/format.py`, "Format Version 1.0 … 3.0".

use super::literal::{self, Literal};
use crate::io::{Error, Result};
use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

/// What the header of an array says.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    pub version: (u8, u8),
    pub shape: Vec<usize>,
    pub fortran_order: bool,
    /// The type in NumPy's own form: `<f8`, or a list of fields.
    pub descr: String,
    pub(super) dtype: DType,
    /// Bytes before the values.
    pub(super) length: u64,
}

/// The type of an element.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum DType {
    Plain(Plain),
    Record(Vec<Field>),
    /// A type that is not read, and why.
    Refused(&'static str, &'static str),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plain {
    pub kind: Kind,
    /// Bytes of one element.
    pub size: usize,
    pub big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Bool,
    Integer,
    Unsigned,
    Float,
    Complex,
    /// Bytes, padded with zeros.
    Bytes,
    /// UTF-32, padded with zeros.
    Unicode,
    /// Padding between fields.
    Void,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    pub name: String,
    pub plain: Plain,
    /// Elements per row.
    pub repeat: usize,
}

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
const ADVICE: &str = "write it again with numpy.save";
/// NumPy itself refuses more than 10 000 bytes unless told otherwise; tables with many columns are given more.
const LONGEST: usize = 1 << 20;

impl Plain {
    /// NumPy's type string, with the byte order of the file.
    pub fn descr(&self) -> String {
        let (letter, number) = match self.kind {
            Kind::Bool => ('b', 1),
            Kind::Integer => ('i', self.size),
            Kind::Unsigned => ('u', self.size),
            Kind::Float => ('f', self.size),
            Kind::Complex => ('c', self.size),
            Kind::Bytes => ('S', self.size),
            Kind::Unicode => ('U', self.size / 4),
            Kind::Void => ('V', self.size),
        };
        let order = match (self.kind, self.size, self.big_endian) {
            (Kind::Bytes | Kind::Void, _, _) | (_, 1, _) => '|',
            (_, _, true) => '>',
            (_, _, false) => '<',
        };
        format!("{order}{letter}{number}")
    }
}

impl DType {
    /// Bytes of one element; `None` where they overflow or are unknown.
    pub fn size(&self) -> Option<usize> {
        match self {
            Self::Plain(plain) => Some(plain.size),
            Self::Record(fields) => fields
                .iter()
                .try_fold(0_usize, |sum, field| sum.checked_add(field.plain.size.checked_mul(field.repeat)?)),
            Self::Refused(..) => None,
        }
    }
}

impl Header {
    /// Reads a header from the start of an array; `place` names the member, `available` is the length of the array in bytes.
    pub(super) fn read(path: &Path, place: &str, reader: &mut dyn Read, available: u64) -> Result<Self> {
        let damaged = |what: String| Error::damaged(path, place, what, ADVICE);
        let mut start = [0; 12];
        let read = |reader: &mut dyn Read, into: &mut [u8]| {
            reader.read_exact(into).map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => damaged("ends inside the NPY header".into()),
                _ => damaged(format!("cannot be read: {error}")),
            })
        };
        read(reader, &mut start[..10])?;
        if !start.starts_with(MAGIC) {
            return Err(damaged("does not start as an NPY file".into()));
        }
        let version = (start[6], start[7]);
        let (before, length) = match version {
            (1, 0) => (10, usize::from(u16::from_le_bytes([start[8], start[9]]))),
            (2 | 3, 0) => {
                read(reader, &mut start[10..])?;
                (12, u32::from_le_bytes([start[8], start[9], start[10], start[11]]) as usize)
            }
            (major, minor) => {
                let what = format!("is NPY of version {major}.{minor}, known are 1.0, 2.0 and 3.0");
                return Err(Error::unsupported(path, place, what, ADVICE));
            }
        };
        if (before + length) as u64 > available || length > LONGEST {
            return Err(damaged(format!(
                "claims a header of {length} bytes, the file holds {available} bytes"
            )));
        }
        let mut bytes = vec![0; length];
        read(reader, &mut bytes)?;
        let text = match (version.0, String::from_utf8(bytes)) {
            (_, Ok(text)) => text,
            // Before version 3 the text is Latin-1.
            (1 | 2, Err(error)) => error.as_bytes().iter().map(|&byte| char::from(byte)).collect(),
            (_, Err(_)) => return Err(damaged("its header is not UTF-8".into())),
        };
        let literal = literal::parse(&text).map_err(|fault| {
            damaged(format!("its header is broken at byte {}: {}", before + fault.at, fault.what))
        })?;
        Self::interpret(version, literal, (before + length) as u64).map_err(damaged)
    }

    fn interpret(version: (u8, u8), literal: Literal, length: u64) -> std::result::Result<Self, String> {
        let Literal::Dictionary(entries) = literal else {
            return Err("its header is no dictionary".into());
        };
        let get = |key: &str| {
            entries
                .iter()
                .find(|(name, _)| matches!(name, Literal::Text(text) if text == key))
                .map(|(_, value)| value)
                .ok_or_else(|| format!("its header has no '{key}'"))
        };
        let Literal::Logical(fortran_order) = *get("fortran_order")? else {
            return Err("'fortran_order' is neither True nor False".into());
        };
        let shape = lengths(get("shape")?)?;
        let (dtype, descr) = element(get("descr")?)?;
        Ok(Self { version, shape, fortran_order, descr, dtype, length })
    }

    /// NumPy's name of the type (`float32`), "table" for records and texts; `None` for what is not read.
    pub fn dtype_name(&self) -> Option<&'static str> {
        let plain = match &self.dtype {
            DType::Plain(plain) => plain,
            DType::Record(_) => return Some("table"),
            DType::Refused(..) => return None,
        };
        Some(match (plain.kind, plain.size) {
            (Kind::Bool, _) => "bool",
            (Kind::Integer, 1) => "int8",
            (Kind::Integer, 2) => "int16",
            (Kind::Integer, 4) => "int32",
            (Kind::Integer, _) => "int64",
            (Kind::Unsigned, 1) => "uint8",
            (Kind::Unsigned, 2) => "uint16",
            (Kind::Unsigned, 4) => "uint32",
            (Kind::Unsigned, _) => "uint64",
            (Kind::Float, 2) => "float16",
            (Kind::Float, 4) => "float32",
            (Kind::Float, _) => "float64",
            (Kind::Complex, 8) => "complex64",
            (Kind::Complex, _) => "complex128",
            (Kind::Bytes | Kind::Unicode, _) => "table",
            (Kind::Void, _) => return None,
        })
    }

    /// Number of elements and bytes of the values, checked against the `available` bytes after the header.
    pub(super) fn extent(&self, path: &Path, place: &str, available: u64) -> Result<(usize, u64)> {
        let size = match &self.dtype {
            DType::Refused(what, advice) => return Err(Error::unsupported(path, place, *what, *advice)),
            known => known.size(),
        };
        let claim = size.and_then(|size| {
            let count = self.shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length))?;
            Some((count, count.checked_mul(size)? as u64))
        });
        match claim {
            Some((count, bytes)) if bytes <= available => Ok((count, bytes)),
            _ => {
                let bytes =
                    claim.map_or("more bytes than exist".into(), |(_, bytes)| format!("{bytes} bytes"));
                let what = format!(
                    "the header claims shape {:?} of {}, {bytes}, but {available} bytes follow it",
                    self.shape, self.descr
                );
                Err(Error::damaged(path, place, what, "the file was cut short: copy or write it again"))
            }
        }
    }
}

fn lengths(literal: &Literal) -> std::result::Result<Vec<usize>, String> {
    let single = [literal.clone()];
    let items = match literal {
        Literal::Sequence(items) => items.as_slice(),
        Literal::Integer(_) => &single,
        _ => return Err("'shape' is no tuple".into()),
    };
    // NumPy knows at most 64 axes.
    if items.len() > 64 {
        return Err(format!("'shape' has {} axes", items.len()));
    }
    let length = |item: &Literal| match item {
        Literal::Integer(value) => {
            usize::try_from(*value).map_err(|_| format!("an axis has the length {value}"))
        }
        _ => Err("'shape' holds something that is no number".into()),
    };
    items.iter().map(length).collect()
}

/// The type of an element, and as text.
fn element(literal: &Literal) -> std::result::Result<(DType, String), String> {
    match literal {
        Literal::Text(descr) => {
            let dtype = plain(descr)?;
            let text = match &dtype {
                DType::Plain(plain) => plain.descr(),
                // NumPy wrote the size of a pointer as well, once.
                _ if descr.contains('O') => "|O".into(),
                _ => descr.clone(),
            };
            Ok((dtype, text))
        }
        Literal::Sequence(items) => {
            let mut fields = Vec::new();
            let mut text = String::from("[");
            for item in items {
                let Literal::Sequence(parts) = item else {
                    return Err("a field of 'descr' is no tuple".into());
                };
                let (name, descr, repeat) = match parts.as_slice() {
                    [name, descr] => (name, descr, 1),
                    [name, descr, shape] => {
                        let product = lengths(shape)?.iter().try_fold(1_usize, |n, &l| n.checked_mul(l));
                        (name, descr, product.ok_or("a field of 'descr' is too long")?)
                    }
                    _ => return Err("a field of 'descr' has neither two nor three parts".into()),
                };
                // A field with a title is written as ((title, name), type).
                let name = match name {
                    Literal::Text(name) => name,
                    Literal::Sequence(pair) => match pair.as_slice() {
                        [_, Literal::Text(name)] => name,
                        _ => return Err("a field of 'descr' has no name".into()),
                    },
                    _ => return Err("a field of 'descr' has no name".into()),
                };
                let Literal::Text(descr) = descr else {
                    let (what, advice) =
                        ("a field is itself a record", "save the inner fields as own columns");
                    return Ok((DType::Refused(what, advice), "record in record".into()));
                };
                let separator = if fields.is_empty() { "" } else { ", " };
                write!(text, "{separator}('{name}', '{descr}')").map_err(|error| error.to_string())?;
                match plain(descr)? {
                    DType::Plain(plain) => fields.push(Field { name: name.clone(), plain, repeat }),
                    refused => return Ok((refused, descr.clone())),
                }
            }
            Ok((DType::Record(fields), text + "]"))
        }
        _ => Err("'descr' is neither a text nor a list".into()),
    }
}

fn plain(descr: &str) -> std::result::Result<DType, String> {
    let unknown = || format!("the type '{descr}' is unknown");
    let (order, rest) = match descr.chars().next() {
        Some(order @ ('<' | '>' | '=' | '|')) => (order, &descr[1..]),
        _ => ('=', descr),
    };
    let mut letters = rest.chars();
    let letter = letters.next().ok_or_else(unknown)?;
    let digits = letters.as_str();
    if letter == 'O' {
        return Ok(DType::Refused(
            "holds pickled Python objects, which could run any program",
            "save plain numbers: numpy.save(..., allow_pickle=False)",
        ));
    }
    if letter == 'M' || letter == 'm' {
        return Ok(DType::Refused(
            "holds dates, which are not read",
            "save them as numbers: array.astype('f8')",
        ));
    }
    let size: usize = if letter == '?' { 1 } else { digits.parse().map_err(|_| unknown())? };
    if size == 0 {
        return Ok(DType::Refused("holds elements of no length", "save texts of at least one character"));
    }
    let kind = match (letter, size) {
        ('b' | '?', 1) => Kind::Bool,
        ('i', 1 | 2 | 4 | 8) => Kind::Integer,
        ('u', 1 | 2 | 4 | 8) => Kind::Unsigned,
        ('f', 2 | 4 | 8) => Kind::Float,
        ('c', 8 | 16) => Kind::Complex,
        ('f' | 'c', 10..=32) => {
            let what = "holds numbers of more than double precision";
            return Ok(DType::Refused(what, "save it as float64 or complex128"));
        }
        ('S' | 'a', _) => Kind::Bytes,
        ('U', _) => Kind::Unicode,
        ('V', _) => Kind::Void,
        _ => return Err(unknown()),
    };
    let size = if kind == Kind::Unicode { size.checked_mul(4).ok_or_else(unknown)? } else { size };
    Ok(DType::Plain(Plain { kind, size, big_endian: order == '>' }))
}
