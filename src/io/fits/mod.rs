//! FITS files: own reader of headers, plain arrays and tables; tile-compressed images through cfitsio; own writer.
//! What a header claims is checked against the file before anything is allocated.

mod ascii_table;
mod card;
mod compressed;
mod hdu;
mod image;
mod scale;
mod source;
mod table;
mod unix_compress;
mod write;

pub use hdu::{HduInfo, HduKind};
pub(super) use scale::{Scaling, Target};
pub(super) use source::Source;
pub(super) use write::values_header;
pub use write::{write_cube, write_cube_in_parts, write_image, write_table, write_values};

use super::flat::Flat;
use super::{Error, Result};
use crate::data::{Header, Table, Values};
use crate::job::Context;
use ndarray::{ArrayD, IxDyn};
use std::path::Path;
use std::sync::Arc;

/// An open FITS file: its HDUs are known and checked, its data are read when asked for.
pub struct FitsFile {
    source: Arc<Source>,
    pub hdus: Vec<HduInfo>,
    /// What was odd about the file and did not keep it from being opened.
    pub warnings: Vec<String>,
}

impl FitsFile {
    /// Opens a file, plain, gzipped or compressed (`.Z`), and reads all its headers.
    pub fn open(path: &Path) -> Result<Self> {
        let source = Arc::new(Source::open(path)?);
        let (hdus, warnings) = hdu::scan(&source)?;
        Ok(Self { source, hdus, warnings })
    }

    pub fn hdu(&self, index: usize) -> Result<&HduInfo> {
        self.hdus.get(index).ok_or_else(|| {
            let what = format!("there is no such HDU, the file has {}", self.hdus.len());
            Error::absent(
                &self.source.path,
                format!("HDU {index}"),
                what,
                "choose one that `aquila info` lists",
            )
        })
    }

    /// The physical values of an array, in the type astropy gives them: integers stay integers where nothing scales
    /// them (unsigned ones by BZERO), scaled 8 and 16-bit integers become float32, longer ones float64, BLANK becomes NaN.
    pub fn values(&self, index: usize, context: &Context) -> Result<Values> {
        let hdu = self.array_hdu(index)?;
        match hdu.kind {
            HduKind::Groups => image::group_values(&self.source, hdu, context),
            HduKind::CompressedArray => compressed::read(&self.source, hdu, context),
            _ => {
                let numbers = image::InFile { source: &self.source, hdu, context };
                image::values(&numbers, Scaling::of(&hdu.header, false), &hdu.shape)
            }
        }
    }

    /// The physical values of an array in single precision, shape as the file says.
    pub fn singles(&self, index: usize, context: &Context) -> Result<ArrayD<f32>> {
        let hdu = self.array_hdu(index)?;
        let scaling = Scaling::of(&hdu.header, false);
        let values = match hdu.kind {
            HduKind::Groups => {
                return Err(Error::unsupported(
                    &self.source.path,
                    hdu.place(),
                    "these are random groups, not an image or cube",
                    "convert them to an image first",
                ));
            }
            HduKind::CompressedArray => {
                let bytes = compressed::stored_numbers(&self.source, hdu, context)?;
                image::singles(&image::InMemory(&bytes), scaling)?
            }
            _ => image::singles(&image::InFile { source: &self.source, hdu, context }, scaling)?,
        };
        ArrayD::from_shape_vec(IxDyn(&hdu.shape), values).map_err(|error| {
            Error::damaged(&self.source.path, hdu.place(), error.to_string(), "fetch the file again")
        })
    }

    /// The numbers of an uncompressed array where they lie in the file; `None` for an array of another kind.
    ///
    /// # Errors
    /// The file is cut off.
    pub(super) fn flat(&self, index: usize) -> Result<Option<Flat>> {
        let hdu = self.array_hdu(index)?;
        if hdu.kind != HduKind::Array {
            return Ok(None);
        }
        image::check_held(&self.source, hdu)?;
        Ok(Flat::of_fits(Arc::clone(&self.source), hdu.data_start, Scaling::of(&hdu.header, false)))
    }

    /// A binary or ASCII table. Cells of variable length are padded with NaN to the longest; complex numbers are pairs;
    /// undefined values (TNULL, undefined logicals) make a column of reals with NaN.
    pub fn table(&self, index: usize) -> Result<Table> {
        let hdu = self.hdu(index)?;
        match hdu.kind {
            HduKind::BinaryTable | HduKind::AsciiTable => table::read(&self.source, hdu),
            _ => Err(Error::absent(
                &self.source.path,
                hdu.place(),
                "this is no table",
                "choose a table HDU that `aquila info` lists",
            )),
        }
    }

    fn array_hdu(&self, index: usize) -> Result<&HduInfo> {
        let hdu = self.hdu(index)?;
        match hdu.kind {
            HduKind::Array | HduKind::CompressedArray | HduKind::Groups => Ok(hdu),
            // An axis of length zero: an array, if an empty one.
            HduKind::Empty if !hdu.shape.is_empty() => Ok(hdu),
            HduKind::Empty | HduKind::Unknown | HduKind::BinaryTable | HduKind::AsciiTable => {
                Err(Error::absent(
                    &self.source.path,
                    hdu.place(),
                    "there is no image here",
                    "choose an image HDU that `aquila info` lists",
                ))
            }
        }
    }
}

/// The HDUs of a file as their headers describe them.
pub fn scan(path: &Path) -> Result<Vec<HduInfo>> {
    Ok(FitsFile::open(path)?.hdus)
}

/// The physical values and the header of an array HDU; see [`FitsFile::values`].
pub fn read_values(path: &Path, hdu: usize) -> Result<(Values, Header)> {
    let file = FitsFile::open(path)?;
    let values = file.values(hdu, &Context::unwatched())?;
    Ok((values, file.hdu(hdu)?.header.clone()))
}

/// A table HDU; see [`FitsFile::table`].
pub fn read_table(path: &Path, hdu: usize) -> Result<Table> {
    FitsFile::open(path)?.table(hdu)
}

/// A header kept as text: cards of 80 characters in a row, or one card a line.
pub fn read_header_text(path: &Path) -> Result<Header> {
    let bytes = std::fs::read(path).map_err(|source| Error::system(path, "read the file", source))?;
    Ok(card::parse_text(&bytes))
}
