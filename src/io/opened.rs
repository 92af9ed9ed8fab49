//! Any file that Aquila reads, recognised by its contents: its parts are listed, and read one at a time when asked for.

use super::fits::{FitsFile, HduInfo, HduKind};
use super::{Contents, Error, Result, hdf5, npy, png, tables};
use crate::data::{Header, Table, Values};
use crate::job::Context;
use ndarray::ArrayD;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Fits,
    Npy,
    Npz,
    Hdf5,
    Png,
    /// CSV, ECSV, or columns between spaces.
    Text,
}

impl Format {
    /// The name that `aquila info` prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::Hdf5 => "hdf5",
            Self::Png => "png",
            Self::Text => "text",
        }
    }
}

/// What a part of a file holds, by its number of axes longer than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    Image,
    Cube,
    /// Numbers with fewer axes than an image or more than a cube.
    Array,
    Table,
    /// A header without data.
    Empty,
    /// Random groups of radio interferometry (FITS).
    Groups,
    /// Something that is not read; reading it says why.
    Unread,
}

impl PartKind {
    /// The name that `aquila info` prints.
    pub fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Cube => "cube",
            Self::Array => "array",
            Self::Table => "table",
            Self::Empty => "empty",
            Self::Groups => "groups",
            Self::Unread => "unread",
        }
    }

    fn of_shape(shape: &[usize]) -> Self {
        match (shape.len(), shape.iter().filter(|&&length| length != 1).count()) {
            (0 | 1, _) => Self::Array,
            (2, _) | (_, 2) => Self::Image,
            (3, _) | (_, 3) => Self::Cube,
            _ => Self::Array,
        }
    }
}

/// An HDU of a FITS file, an array of an NPZ, a dataset of an HDF5 file; other formats have one part.
#[derive(Clone, Debug)]
pub struct Part {
    pub index: usize,
    /// EXTNAME, array or dataset name; may be empty.
    pub name: String,
    pub kind: PartKind,
    /// NumPy order; a table has (rows,).
    pub shape: Vec<usize>,
    /// NumPy's name of the type of the physical values (`float32`); "table" for tables, empty where there are no data.
    pub dtype: String,
    pub unit: String,
    pub header: Header,
}

/// An open file.
pub struct Opened {
    pub path: PathBuf,
    pub format: Format,
    pub parts: Vec<Part>,
    /// What was odd about the file and did not keep it from being opened.
    pub warnings: Vec<String>,
    source: Source,
}

enum Source {
    Fits(FitsFile),
    /// Tables of text must be read to be counted.
    Table(Table),
    /// Opened anew for each part.
    Path,
}

/// Opens a file of any format that Aquila reads, whatever its name says.
pub fn open(path: &Path) -> Result<Opened> {
    let format = sniff(path)?;
    let mut warnings = Vec::new();
    let (parts, source) = match format {
        Format::Fits => {
            let file = FitsFile::open(path)?;
            warnings.clone_from(&file.warnings);
            (file.hdus.iter().map(fits_part).collect(), Source::Fits(file))
        }
        Format::Npy | Format::Npz => {
            let members = npy::scan(path)?;
            (members.into_iter().enumerate().map(npy_part).collect(), Source::Path)
        }
        Format::Hdf5 => {
            let datasets = hdf5::scan(path)?;
            (datasets.into_iter().enumerate().map(hdf5_part).collect(), Source::Path)
        }
        Format::Png => {
            let (shape, wide) = png::scan(path)?;
            let kind = if shape.len() == 2 { PartKind::Image } else { PartKind::Array };
            let dtype = if wide { "uint16" } else { "uint8" };
            (vec![part(0, "", kind, shape, dtype)], Source::Path)
        }
        Format::Text => {
            let table = tables::read(path)?;
            (vec![part(0, "", PartKind::Table, vec![table.rows], "table")], Source::Table(table))
        }
    };
    Ok(Opened { path: path.to_owned(), format, parts, warnings, source })
}

impl Opened {
    /// A part by its number, from 0.
    pub fn part(&self, index: usize) -> Result<&Part> {
        self.parts.get(index).ok_or_else(|| {
            let what = format!("there is no such part, the file has {}", self.parts.len());
            Error::absent(&self.path, self.place(index), what, "choose one that `aquila info` lists")
        })
    }

    /// A part by its name, whatever its case.
    pub fn part_named(&self, name: &str) -> Result<&Part> {
        let wanted = name.trim_start_matches('/').trim_end_matches(".npy");
        self.parts.iter().find(|part| part.name.eq_ignore_ascii_case(wanted)).ok_or_else(|| {
            let names: Vec<&str> = self.parts.iter().map(|part| part.name.as_str()).take(20).collect();
            let what = format!("there is no part called {name}");
            Error::absent(&self.path, "", what, format!("it holds: {}", names.join(", ")))
        })
    }

    /// "HDU 1", "member x", "dataset a/b".
    pub fn place(&self, index: usize) -> String {
        match (self.format, self.parts.get(index)) {
            (Format::Npz, Some(part)) => format!("member {}", part.name),
            (Format::Hdf5, Some(part)) => format!("dataset {}", part.name),
            (Format::Fits, _) => format!("HDU {index}"),
            (Format::Npy | Format::Png | Format::Text, Some(_)) => String::new(),
            (_, None) => format!("part {index}"),
        }
    }

    /// The FITS file behind it, if it is one.
    pub(super) fn fits(&self) -> Option<&FitsFile> {
        match &self.source {
            Source::Fits(file) => Some(file),
            Source::Table(_) | Source::Path => None,
        }
    }

    /// Reads a part, with progress and cancel where the format takes long.
    pub fn read(&self, index: usize, context: &Context) -> Result<Contents> {
        let part = self.part(index)?;
        match (&self.source, self.format) {
            (Source::Fits(file), _) => match part.kind {
                PartKind::Table => file.table(index).map(Contents::Table),
                PartKind::Empty => Ok(Contents::Empty),
                _ => file.values(index, context).map(Contents::Values),
            },
            (Source::Table(table), _) => Ok(Contents::Table(table.clone())),
            (Source::Path, Format::Hdf5) => hdf5::read(&self.path, &part.name),
            (Source::Path, Format::Png) => png::read(&self.path).map(Contents::Values),
            (Source::Path, _) => npy::read(&self.path, &part.name),
        }
    }

    /// The numbers of a part.
    pub fn values(&self, index: usize, context: &Context) -> Result<Values> {
        match self.read(index, context)? {
            Contents::Values(values) => Ok(values),
            Contents::Table(_) | Contents::Empty => {
                let advice = "choose another part that `aquila info` lists";
                Err(Error::absent(&self.path, self.place(index), "there is no array of numbers here", advice))
            }
        }
    }

    /// The numbers of a part in single precision.
    pub fn singles(&self, index: usize, context: &Context) -> Result<ArrayD<f32>> {
        if let Source::Fits(file) = &self.source {
            return file.singles(index, context);
        }
        self.values(index, context)?.into_f32().ok_or_else(|| {
            let advice = "save the real part, or the absolute values, as an array of its own";
            Error::unsupported(&self.path, self.place(index), "holds complex numbers", advice)
        })
    }
}

fn part(index: usize, name: &str, kind: PartKind, shape: Vec<usize>, dtype: &str) -> Part {
    let header = Header::default();
    Part { index, name: name.into(), kind, shape, dtype: dtype.into(), unit: String::new(), header }
}

fn fits_part(hdu: &HduInfo) -> Part {
    let kind = match hdu.kind {
        HduKind::Empty => PartKind::Empty,
        HduKind::Array | HduKind::CompressedArray => PartKind::of_shape(&hdu.shape),
        HduKind::BinaryTable | HduKind::AsciiTable => PartKind::Table,
        HduKind::Groups => PartKind::Groups,
        HduKind::Unknown => PartKind::Unread,
    };
    let (unit, header) = (hdu.unit.clone(), hdu.header.clone());
    Part { unit, header, ..part(hdu.index, &hdu.name, kind, hdu.shape.clone(), hdu.dtype) }
}

fn npy_part((index, member): (usize, npy::Member)) -> Part {
    let npy::Member { name, header } = member;
    match header.dtype_name() {
        Some("table") => {
            let rows = header.shape.iter().product();
            part(index, &name, PartKind::Table, vec![rows], "table")
        }
        Some(dtype) => part(index, &name, PartKind::of_shape(&header.shape), header.shape, dtype),
        None => part(index, &name, PartKind::Unread, header.shape, &header.descr),
    }
}

fn hdf5_part((index, info): (usize, hdf5::DatasetInfo)) -> Part {
    let hdf5::DatasetInfo { name, shape, kind, unit, header } = info;
    let plain = match kind {
        hdf5::Kind::Numbers(dtype) => part(index, &name, PartKind::of_shape(&shape), shape, dtype),
        hdf5::Kind::Table | hdf5::Kind::Text => {
            part(index, &name, PartKind::Table, vec![shape.iter().product()], "table")
        }
        hdf5::Kind::Unread(_) => part(index, &name, PartKind::Unread, shape, ""),
    };
    Part { unit, header, ..plain }
}

/// How far into a file HDF5 may begin: after a user block of 512 bytes, or of its doubles.
const HDF5_STARTS: [usize; 5] = [0, 512, 1024, 2048, 4096];

fn sniff(path: &Path) -> Result<Format> {
    let system = |source| Error::system(path, "open the file", source);
    let about = std::fs::metadata(path).map_err(system)?;
    if about.is_dir() {
        return Err(Error::unsupported(path, "", "is a folder", "name a file in it"));
    }
    let mut start = Vec::new();
    let file = File::open(path).map_err(system)?;
    file.take(8192).read_to_end(&mut start).map_err(|source| Error::system(path, "read the file", source))?;
    if start.is_empty() {
        return Err(Error::damaged(path, "", "is empty", "copy or write it again"));
    }
    let hdf5 =
        HDF5_STARTS.iter().any(|&at| start.get(at..).is_some_and(|s| s.starts_with(b"\x89HDF\r\n\x1a\n")));
    let by_content = match start.as_slice() {
        [b'S', b'I', b'M', b'P', b'L', b'E', ..] => Some(Format::Fits),
        // gzip and compress: of what the field packs this way, images are FITS.
        [0x1f, 0x8b | 0x9d, ..] => Some(Format::Fits),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Some(Format::Npy),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Format::Npz),
        [0x89, b'P', b'N', b'G', ..] => Some(Format::Png),
        _ if hdf5 => Some(Format::Hdf5),
        start if tables::is_ecsv(start) => Some(Format::Text),
        _ => None,
    };
    if let Some(format) = by_content {
        return Ok(format);
    }
    let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let wrong = |format: &str| {
        let what = format!("is named as {format}, but does not begin as {format}");
        Err(Error::damaged(
            path,
            "",
            what,
            "the file is damaged or has the wrong name: copy it again or rename it",
        ))
    };
    match extension.as_str() {
        "fits" | "fit" | "fts" | "fz" | "gz" => wrong("FITS"),
        "npy" => wrong("NPY"),
        "npz" => wrong("NPZ"),
        "h5" | "hdf5" | "hdf" => wrong("HDF5"),
        "png" => wrong("PNG"),
        _ if !start.contains(&0) => Ok(Format::Text),
        _ => {
            let what = "is of no kind that Aquila reads";
            Err(Error::unsupported(
                path,
                "",
                what,
                "give FITS, NPY, NPZ, HDF5, PNG, CSV, ECSV or columns of text",
            ))
        }
    }
}
