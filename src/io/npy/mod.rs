//! NumPy's NPY and NPZ: every numeric type, both byte orders, C and Fortran order, format versions 1 to 3.
//! Records and texts become tables; pickled objects are refused.

mod header;
mod literal;
mod record;
mod wire;

pub use header::Header;

use super::fits::Source;
use super::flat::{Flat, Stored};
use super::{Contents, Error, Result, atomic};
use crate::data::{Values, each_type};
use header::{DType, Kind, Plain};
use ndarray::{ArrayD, IxDyn, ShapeBuilder};
use npyz::npz::NpzArchive;
use num_complex::Complex;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use wire::Wire;

/// An array of a file: its name in an NPZ (without `.npy`), empty in an NPY.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub name: String,
    pub header: Header,
}

/// Values are decoded in pieces of this many bytes, a multiple of every element's size.
const PIECE: usize = 1 << 20;
/// Deflate cannot pack tighter than this (RFC 1951: 258 bytes in two bits).
const TIGHTEST: u64 = 1032;

/// The arrays of an NPY (one) or NPZ file, in file order.
pub fn scan(path: &Path) -> Result<Vec<Member>> {
    let (mut file, length) = open(path)?;
    if !is_archive(path)? {
        let header = Header::read(path, "", &mut file, length)?;
        return Ok(vec![Member { name: String::new(), header }]);
    }
    let mut archive = archive(path, file)?;
    let zip = archive.zip_archive();
    let mut members = Vec::new();
    for index in 0..zip.len() {
        let mut member = zip.by_index(index).map_err(|error| broken_archive(path, &error))?;
        let Some(name) = npyz::npz::array_name_from_file_name(member.name()).map(str::to_owned) else {
            continue;
        };
        let size = member.size();
        let header = Header::read(path, &place(&name), &mut member, size)?;
        members.push(Member { name, header });
    }
    Ok(members)
}

/// Reads the array of an NPY file, or one array of an NPZ file by name (with or without `.npy`).
pub fn read(path: &Path, name: &str) -> Result<Contents> {
    let (mut file, length) = open(path)?;
    if !is_archive(path)? {
        return read_array(path, "", &mut file, length);
    }
    let name = name.strip_suffix(".npy").unwrap_or(name);
    let mut archive = archive(path, file)?;
    let zip = archive.zip_archive();
    let file_name = npyz::npz::file_name_from_array_name(name);
    if !zip.file_names().any(|known| known == file_name) {
        let mut known: Vec<&str> =
            zip.file_names().filter_map(npyz::npz::array_name_from_file_name).collect();
        known.sort_unstable();
        let advice = format!("it holds: {}", known.join(", "));
        return Err(Error::absent(path, place(name), "no such array", advice));
    }
    let mut member = zip.by_name(&file_name).map_err(|error| broken_archive(path, &error))?;
    let (size, packed) = (member.size(), member.compressed_size());
    if size > length.min(packed).saturating_mul(TIGHTEST) {
        let what = format!("claims {size} bytes in {packed} packed bytes");
        return Err(Error::damaged(
            path,
            place(name),
            what,
            "the archive is damaged: copy or write it again",
        ));
    }
    read_array(path, &place(name), &mut member, size)
}

/// The numeric values of an NPY file, or of one array of an NPZ.
pub fn read_values(path: &Path, name: &str) -> Result<Values> {
    match read(path, name)? {
        Contents::Values(values) => Ok(values),
        Contents::Table(_) | Contents::Empty => {
            let advice = "choose an array of numbers, or open it as a table";
            Err(Error::unsupported(path, place(name), "holds records or text, not numbers", advice))
        }
    }
}

/// The numbers of an NPY file where they lie, and whether the first axis is the fastest; `None` for what is not plain and real.
pub(super) fn flat(path: &Path) -> Result<Option<(Flat, bool)>> {
    let (mut file, length) = open(path)?;
    let header = Header::read(path, "", &mut file, length)?;
    header.extent(path, "", length.saturating_sub(header.length))?;
    let (DType::Plain(plain), Some(stored)) = (&header.dtype, header.dtype_name().and_then(Stored::of_name))
    else {
        return Ok(None);
    };
    let source = Arc::new(Source::plain(path)?);
    Ok(Some((Flat::new(source, header.length, stored, plain.big_endian), header.fortran_order)))
}

/// Writes an NPY file (version 1.0, C order, little-endian).
pub fn write(path: &Path, values: &Values) -> Result<()> {
    let shape: Vec<String> = values.shape().iter().map(usize::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut dictionary = format!(
        "{{'descr': '{}', 'fortran_order': False, 'shape': ({}{comma}), }}",
        values.descr(),
        shape.join(", ")
    );
    // The values start at a multiple of 64 bytes, after a line feed.
    let length = (dictionary.len() + 11).next_multiple_of(64);
    dictionary.push_str(&" ".repeat(length - 11 - dictionary.len()));
    dictionary.push('\n');
    atomic::write(path, |out| {
        out.write_all(header::MAGIC)?;
        out.write_all(&[1, 0])?;
        out.write_all(&(dictionary.len() as u16).to_le_bytes())?;
        out.write_all(dictionary.as_bytes())?;
        each_type!(values, array => {
            let array = array.as_standard_layout();
            let mut bytes = Vec::with_capacity(PIECE);
            let values = array.as_slice().unwrap_or_default();
            for piece in values.chunks(PIECE / 16) {
                bytes.clear();
                Wire::encode(piece, &mut bytes);
                out.write_all(&bytes)?;
            }
        });
        Ok(())
    })
}

fn place(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!("member {name}") }
}

fn open(path: &Path) -> Result<(BufReader<File>, u64)> {
    let file = File::open(path).map_err(|source| Error::system(path, "open the file", source))?;
    let about = file.metadata().map_err(|source| Error::system(path, "open the file", source))?;
    if about.is_dir() {
        return Err(Error::unsupported(path, "", "is a folder", "name a file in it"));
    }
    Ok((BufReader::with_capacity(1 << 16, file), about.len()))
}

fn is_archive(path: &Path) -> Result<bool> {
    let (mut file, _) = open(path)?;
    let mut start = Vec::new();
    file.by_ref()
        .take(4)
        .read_to_end(&mut start)
        .map_err(|source| Error::system(path, "read the file", source))?;
    Ok(start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06"))
}

fn archive(path: &Path, file: BufReader<File>) -> Result<NpzArchive<BufReader<File>>> {
    NpzArchive::new(file).map_err(|error| broken_archive(path, &error))
}

fn broken_archive(path: &Path, error: &dyn std::error::Error) -> Error {
    let what = format!("the NPZ archive cannot be read: {error}");
    Error::damaged(path, "", what, "copy it again or write it anew with numpy.savez")
}

/// Reads header and values of one array of `length` bytes.
fn read_array(path: &Path, place: &str, reader: &mut dyn Read, length: u64) -> Result<Contents> {
    let header = Header::read(path, place, reader, length)?;
    let (count, bytes) = header.extent(path, place, length.saturating_sub(header.length))?;
    let broken = |error: std::io::Error| {
        let what = format!("the values cannot be read: {error}");
        Error::damaged(path, place, what, "copy the file again or write it anew")
    };
    let contents = match &header.dtype {
        DType::Plain(plain @ Plain { kind: Kind::Bytes | Kind::Unicode | Kind::Void, .. }) => {
            let rows = header.shape.first().copied().unwrap_or(1);
            let width = count.checked_div(rows).unwrap_or(1);
            let field = header::Field { name: "text".into(), plain: *plain, repeat: width };
            record::read(path, place, &[field], rows, bytes, reader)?
        }
        DType::Record(fields) => record::read(path, place, fields, count, bytes, reader)?,
        DType::Plain(plain) => {
            let values = read_plain(reader, *plain, count, &header).map_err(broken)?;
            let values = values.ok_or_else(|| {
                let what = format!("no array can have the shape {:?}", header.shape);
                Error::damaged(path, place, what, "write it again with numpy.save")
            })?;
            Contents::Values(values)
        }
        DType::Refused(what, advice) => return Err(Error::unsupported(path, place, *what, *advice)),
    };
    // An archive compares its checksum at the end of a member.
    reader.read(&mut [0; 1]).map_err(broken)?;
    Ok(contents)
}

fn read_plain(
    reader: &mut dyn Read,
    plain: Plain,
    count: usize,
    header: &Header,
) -> std::io::Result<Option<Values>> {
    fn array<T: Wire>(
        reader: &mut dyn Read,
        plain: Plain,
        count: usize,
        header: &Header,
    ) -> std::io::Result<Option<Values>>
    where
        Values: From<ArrayD<T>>,
    {
        let numbers = read_numbers::<T>(reader, plain.big_endian, count)?;
        let shape = IxDyn(&header.shape).set_f(header.fortran_order);
        // Everything downstream expects C order.
        let array = ArrayD::from_shape_vec(shape, numbers).ok().map(|array| {
            if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() }
        });
        Ok(array.map(Values::from))
    }
    let read = match (plain.kind, plain.size) {
        (Kind::Bool, _) => array::<bool>,
        (Kind::Integer, 1) => array::<i8>,
        (Kind::Integer, 2) => array::<i16>,
        (Kind::Integer, 4) => array::<i32>,
        (Kind::Integer, _) => array::<i64>,
        (Kind::Unsigned, 1) => array::<u8>,
        (Kind::Unsigned, 2) => array::<u16>,
        (Kind::Unsigned, 4) => array::<u32>,
        (Kind::Unsigned, _) => array::<u64>,
        (Kind::Float, 2) => array::<half::f16>,
        (Kind::Float, 4) => array::<f32>,
        (Kind::Float, _) => array::<f64>,
        (Kind::Complex, 8) => array::<Complex<f32>>,
        (Kind::Complex, _) => array::<Complex<f64>>,
        (Kind::Bytes | Kind::Unicode | Kind::Void, _) => return Ok(None),
    };
    read(reader, plain, count, header)
}

fn read_numbers<T: Wire>(reader: &mut dyn Read, big_endian: bool, count: usize) -> std::io::Result<Vec<T>> {
    let mut numbers = Vec::with_capacity(count);
    let mut bytes = vec![0; PIECE.min(count * T::SIZE)];
    let mut left = count * T::SIZE;
    while left > 0 {
        let piece = &mut bytes[..left.min(PIECE)];
        reader.read_exact(piece)?;
        T::decode(piece, big_endian, &mut numbers);
        left -= piece.len();
    }
    Ok(numbers)
}
