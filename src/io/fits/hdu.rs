//! The headers of a file, read and checked in safe code before anything else looks at the file: kind, shape, place and
//! size of every HDU. Nothing is allocated by what a header claims.

use super::super::{Error, Result};
use super::card::{BLOCK, CARD, is_end, parse_cards};
use super::source::Source;
use crate::data::{CardValue, Header};

/// A header longer than this is no header.
const MAX_HEADER: u64 = 256 << 20;
/// More HDUs than this are taken as damage.
const MAX_HDUS: usize = 100_000;

/// What an HDU holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HduKind {
    /// A header without data.
    Empty,
    /// An array of any number of dimensions.
    Array,
    /// An array kept as compressed tiles in a table.
    CompressedArray,
    BinaryTable,
    AsciiTable,
    /// Random groups: an array and parameters for each group.
    Groups,
    /// An extension of a type that Aquila does not know; it can be skipped.
    Unknown,
}

/// One HDU as its header describes it, checked for consistency.
#[derive(Clone, Debug)]
pub struct HduInfo {
    pub index: usize,
    /// EXTNAME; "PRIMARY" for a nameless first HDU.
    pub name: String,
    pub kind: HduKind,
    /// Shape in NumPy order (slowest axis first). A table has (rows,).
    pub shape: Vec<usize>,
    /// Type of the physical values, by its NumPy name; "table" for tables and empty where there are no data.
    pub dtype: &'static str,
    /// BUNIT, empty where absent.
    pub unit: String,
    /// The cards; those of a compressed image describe the image, not the table that carries it.
    pub header: Header,
    pub(super) data_start: u64,
    /// Bytes of data without padding, as the header says.
    pub(super) data_bytes: u64,
    /// What the file really holds of them.
    pub(super) held_bytes: u64,
    /// Cards as stored, where `header` differs (compressed images).
    pub(super) stored: Option<Header>,
}

impl HduInfo {
    /// How many values the array has.
    pub fn count(&self) -> usize {
        if self.shape.is_empty() { 0 } else { self.shape.iter().product() }
    }

    pub(super) fn place(&self) -> String {
        format!("HDU {}", self.index)
    }
}

/// All HDUs of the file, and what was odd about it.
pub(super) fn scan(source: &Source) -> Result<(Vec<HduInfo>, Vec<String>)> {
    let mut hdus = Vec::new();
    let mut warnings = Vec::new();
    let mut position = 0;
    while position < source.length && hdus.len() < MAX_HDUS {
        let mut start = [0u8; CARD];
        let got = source.read_some(position, &mut start)?;
        let index = hdus.len();
        let begins = if index == 0 { &b"SIMPLE  ="[..] } else { &b"XTENSION="[..] };
        if !start[..got].starts_with(begins) {
            if index == 0 {
                return Err(Error::damaged(
                    &source.path,
                    "byte 0",
                    "this is not a FITS file: it does not begin with SIMPLE",
                    "check that the right file was named and that it arrived whole",
                ));
            }
            let rest = source.length - position;
            if start[..got].iter().any(|&byte| byte != 0) {
                warnings
                    .push(format!("{rest} bytes after HDU {} are not FITS and are left alone", index - 1));
            }
            break;
        }
        let Some((header, end)) = read_header(source, position, &mut warnings, index)? else {
            let what = "the header has no END card";
            if index == 0 {
                let advice = "the file is cut off or damaged, fetch it again";
                return Err(Error::damaged(&source.path, "HDU 0", what, advice));
            }
            warnings.push(format!("HDU {index}: {what}; it and what follows are left alone"));
            break;
        };
        let hdu = describe(source, index, header, end)?;
        let padded = hdu.data_bytes.checked_next_multiple_of(BLOCK as u64);
        let next = padded.and_then(|padded| hdu.data_start.checked_add(padded));
        if hdu.held_bytes < hdu.data_bytes {
            warnings.push(format!(
                "HDU {index}: the file is cut off, it holds {} of {} bytes of data",
                hdu.held_bytes, hdu.data_bytes
            ));
        }
        hdus.push(hdu);
        match next {
            Some(next) => position = next,
            None => break,
        }
    }
    if hdus.is_empty() {
        let advice = "check that the right file was named and that it arrived whole";
        return Err(Error::damaged(&source.path, "", "the file is empty", advice));
    }
    if !source.length.is_multiple_of(BLOCK as u64) {
        warnings
            .push(format!("the length of {} bytes is no multiple of 2880: perhaps damaged", source.length));
    }
    Ok((hdus, warnings))
}

/// The cards from `position` and where the data begin; `None` where END is missing.
fn read_header(
    source: &Source,
    position: u64,
    warnings: &mut Vec<String>,
    index: usize,
) -> Result<Option<(Header, u64)>> {
    let mut bytes = Vec::new();
    let mut at = position;
    loop {
        let mut block = vec![0; BLOCK];
        let got = source.read_some(at, &mut block)?;
        block.truncate(got);
        at += BLOCK as u64;
        let ends = block.chunks(CARD).any(is_end);
        bytes.extend(block);
        if ends {
            break;
        }
        if got < BLOCK || at - position > MAX_HEADER {
            return Ok(None);
        }
    }
    if bytes.iter().any(|&byte| !(32..127).contains(&byte)) {
        warnings.push(format!("HDU {index}: the header holds characters that FITS does not allow"));
    }
    Ok(Some((parse_cards(&bytes).0, at)))
}

fn describe(source: &Source, index: usize, stored: Header, data_start: u64) -> Result<HduInfo> {
    let place = format!("HDU {index}");
    let damaged = |what: String| {
        Error::damaged(&source.path, place.clone(), what, "the header is damaged, fetch the file again")
    };
    let bitpix = stored.integer("BITPIX");
    let axes = axes_of(&stored, "NAXIS").map_err(damaged)?;
    let bitpix = match bitpix {
        Some(bits @ (8 | 16 | 32 | 64 | -32 | -64)) => bits,
        Some(bits) => return Err(damaged(format!("BITPIX is {bits}, which is no FITS type"))),
        None => return Err(damaged("BITPIX is missing or no whole number".to_owned())),
    };
    let groups = index == 0 && logical(&stored, "GROUPS") && axes.first() == Some(&0) && axes.len() > 1;
    let parameters = natural(&stored, "PCOUNT", 0).map_err(damaged)?;
    let group_count = natural(&stored, "GCOUNT", 1).map_err(damaged)?;
    let size = size_of(bitpix, &axes, groups, index, parameters, group_count);
    let data_bytes =
        size.ok_or_else(|| damaged("the header claims more data than any file can hold".to_owned()))?;
    let held_bytes = data_bytes.min(source.length.saturating_sub(data_start));
    let extension = stored.text("XTENSION").unwrap_or("").to_ascii_uppercase();
    let shape: Vec<usize> = axes.iter().rev().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
    let mut hdu = HduInfo {
        index,
        name: stored.text("EXTNAME").unwrap_or(if index == 0 { "PRIMARY" } else { "" }).to_owned(),
        kind: HduKind::Empty,
        shape,
        dtype: "",
        unit: stored.text("BUNIT").unwrap_or("").to_owned(),
        header: stored,
        data_start,
        data_bytes,
        held_bytes,
        stored: None,
    };
    match extension.as_str() {
        "" | "IMAGE" | "IUEIMAGE" => {
            hdu.kind = if groups {
                HduKind::Groups
            } else if hdu.shape.is_empty() || hdu.shape.contains(&0) {
                HduKind::Empty
            } else {
                HduKind::Array
            };
            if groups {
                hdu.shape.pop();
                hdu.shape.insert(0, usize::try_from(group_count).unwrap_or(usize::MAX));
            }
            // A primary HDU that says SIMPLE = F keeps its own rules: its data are not touched.
            if index == 0 && hdu.header.get("SIMPLE") != Some(&CardValue::Logical(true)) {
                hdu.kind = HduKind::Unknown;
            }
        }
        "BINTABLE" | "A3DTABLE" if logical(&hdu.header, "ZIMAGE") => {
            hdu.kind = HduKind::CompressedArray;
            let image = super::compressed::image_header(&hdu.header);
            let axes = axes_of(&image, "NAXIS").map_err(damaged)?;
            // A second EXTNAME is the image's own; the first is the table's.
            let names = image.cards.iter().filter(|card| card.key == "EXTNAME");
            if let Some(CardValue::Text(name)) = names.map(|card| &card.value).next_back() {
                hdu.name = name.trim().to_owned();
            }
            hdu.shape = axes.iter().rev().map(|&n| usize::try_from(n).unwrap_or(usize::MAX)).collect();
            hdu.stored = Some(std::mem::replace(&mut hdu.header, image));
            if hdu.shape.is_empty() || hdu.shape.contains(&0) {
                hdu.kind = HduKind::Empty;
            }
        }
        "BINTABLE" | "A3DTABLE" | "TABLE" => {
            hdu.kind = if extension == "TABLE" { HduKind::AsciiTable } else { HduKind::BinaryTable };
            if axes.len() != 2 {
                return Err(damaged(format!("a table has two axes, this one claims {}", axes.len())));
            }
            hdu.shape.truncate(1);
            hdu.dtype = "table";
        }
        _ => hdu.kind = HduKind::Unknown,
    }
    if hdu.dtype.is_empty() && hdu.kind != HduKind::Unknown && !hdu.shape.is_empty() {
        hdu.dtype = super::scale::Scaling::of(&hdu.header, hdu.kind == HduKind::Groups).dtype();
    }
    // Even an array without values must have lengths that an address can count.
    let lengths = hdu.shape.iter().filter(|&&length| length > 0);
    let room = lengths.into_iter().try_fold(16usize, |product, &n| product.checked_mul(n));
    if room.is_none_or(|room| room > isize::MAX as usize) {
        return Err(damaged("the header claims more data than any file can hold".to_owned()));
    }
    Ok(hdu)
}

fn logical(header: &Header, key: &str) -> bool {
    header.get(key) == Some(&CardValue::Logical(true))
}

/// A count that may be absent.
fn natural(header: &Header, key: &str, default: u64) -> std::result::Result<u64, String> {
    match header.get(key) {
        None | Some(CardValue::Empty) => Ok(default),
        Some(_) => {
            let value = header.integer(key).and_then(|value| u64::try_from(value).ok());
            value.ok_or_else(|| format!("{key} is no whole number from 0 up"))
        }
    }
}

/// The lengths NAXIS1… in file order.
fn axes_of(header: &Header, key: &str) -> std::result::Result<Vec<u64>, String> {
    let count = match header.integer(key) {
        Some(count @ 0..=999) => count,
        Some(count) => return Err(format!("{key} is {count}; it must be 0 to 999")),
        None => return Err(format!("{key} is missing or no whole number")),
    };
    let length = |axis: i64| {
        let key = format!("{key}{axis}");
        let value = header.integer(&key).and_then(|value| u64::try_from(value).ok());
        value.ok_or_else(|| format!("{key} is missing or no whole number from 0 up"))
    };
    (1..=count).map(length).collect()
}

/// Bytes of the data: |BITPIX|/8 GCOUNT (PCOUNT + NAXIS1 … NAXISn), FITS standard 4.0, equations 1 and 2.
fn size_of(
    bitpix: i64,
    axes: &[u64],
    groups: bool,
    index: usize,
    parameters: u64,
    group_count: u64,
) -> Option<u64> {
    if axes.is_empty() {
        return Some(0);
    }
    let lengths = if groups { &axes[1..] } else { axes };
    let product = lengths.iter().try_fold(1u64, |product, &n| product.checked_mul(n))?;
    let bytes = bitpix.unsigned_abs() / 8;
    let (parameters, group_count) = if groups || index > 0 { (parameters, group_count) } else { (0, 1) };
    product.checked_add(parameters)?.checked_mul(group_count)?.checked_mul(bytes)
}
