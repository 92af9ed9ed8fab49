//! Tile-compressed images through cfitsio. cfitsio is given a file in memory that holds nothing but this image, rebuilt
//! from cards that were checked here: its decoders trust what a header says.

use super::super::{Error, Result};
use super::card::{BLOCK, format_header};
use super::hdu::HduInfo;
use super::image::{InMemory, values};
use super::scale::Scaling;
use super::source::Source;
use super::table::{Format, columns};
use crate::data::{Card, CardValue, Header, Values};
use crate::job::Context;
use fitsio::sys;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::{Mutex, PoisonError};

/// cfitsio may or may not be built to be called from several threads.
static CFITSIO: Mutex<()> = Mutex::new(());

/// The header of the image inside: the cards that describe the table go, the Z cards take their plain names.
pub(super) fn image_header(stored: &Header) -> Header {
    let mut header = Header::default();
    let table_card = |key: &str| {
        let numbered = |prefix: &str| {
            key.strip_prefix(prefix)
                .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
        };
        matches!(
            key,
            "XTENSION"
                | "BITPIX"
                | "NAXIS"
                | "PCOUNT"
                | "GCOUNT"
                | "TFIELDS"
                | "THEAP"
                | "CHECKSUM"
                | "DATASUM"
        ) || ["NAXIS", "TTYPE", "TFORM", "TUNIT", "TDIM", "TSCAL", "TZERO", "TNULL"]
            .iter()
            .any(|prefix| numbered(prefix))
    };
    let carrier = |key: &str| {
        ["ZTILE", "ZNAME", "ZVAL"].iter().any(|prefix| key.starts_with(prefix))
            || matches!(
                key,
                "ZIMAGE"
                    | "ZCMPTYPE"
                    | "ZQUANTIZ"
                    | "ZDITHER0"
                    | "ZSCALE"
                    | "ZZERO"
                    | "ZMASKCMP"
                    | "ZHECKSUM"
                    | "ZDATASUM"
            )
    };
    for card in &stored.cards {
        let plain = match card.key.as_str() {
            "ZBITPIX" | "ZBLANK" | "ZEXTEND" | "ZPCOUNT" | "ZGCOUNT" | "ZTENSION" | "ZSIMPLE" => {
                card.key.get(1..)
            }
            key if key.starts_with("ZNAXIS") => card.key.get(1..),
            key if table_card(key) || carrier(key) => continue,
            key => Some(key),
        };
        let plain = match plain {
            Some("TENSION") => "XTENSION",
            Some(plain) => plain,
            None => continue,
        };
        // Quantised floating-point tiles use ZBLANK inside; the image itself has NaN.
        let floating = stored.integer("ZBITPIX").is_some_and(|bits| bits < 0);
        if plain == "BLANK" && (floating || header.get("BLANK").is_some()) {
            continue;
        }
        header.cards.push(Card {
            key: plain.to_owned(),
            value: card.value.clone(),
            comment: card.comment.clone(),
        });
    }
    header
}

/// The physical values of a compressed image.
pub(super) fn read(source: &Source, hdu: &HduInfo, context: &Context) -> Result<Values> {
    let bytes = stored_numbers(source, hdu, context)?;
    values(&InMemory(&bytes), Scaling::of(&hdu.header, false), &hdu.shape)
}

/// The stored numbers of a compressed image in the byte order of FITS.
pub(super) fn stored_numbers(source: &Source, hdu: &HduInfo, context: &Context) -> Result<Vec<u8>> {
    let stored = hdu.stored.as_ref().unwrap_or(&hdu.header);
    let damaged = |what: String| Error::damaged(&source.path, hdu.place(), what, "fetch the file again");
    if hdu.held_bytes < hdu.data_bytes {
        return Err(damaged(format!(
            "the file is cut off, it holds {} of {} bytes of compressed data",
            hdu.held_bytes, hdu.data_bytes
        )));
    }
    context.report("decompressing", None);
    let data = source.read_range(hdu.data_start, hdu.data_bytes)?;
    check_tiles(stored, hdu, &data).map_err(damaged)?;
    context.check()?;
    let mut file = primary();
    file.extend(format_header(&carried_cards(stored)));
    file.extend(&data);
    file.resize(file.len().next_multiple_of(BLOCK), 0);
    let bitpix = Scaling::of(&hdu.header, false).bitpix;
    decompress(&mut file, bitpix, hdu.count())
        .map_err(|reason| damaged(format!("the compressed image cannot be read: cfitsio says: {reason}")))
}

/// An empty first HDU.
fn primary() -> Vec<u8> {
    let mut header = Header::default();
    header.set("SIMPLE", CardValue::Logical(true), "");
    header.set_integer("BITPIX", 8, "");
    header.set_integer("NAXIS", 0, "");
    header.set("EXTEND", CardValue::Logical(true), "");
    format_header(&header)
}

/// The cards that decompression needs; scaling is ours, so that it is the same for all images.
fn carried_cards(stored: &Header) -> Header {
    const EXACT: [&str; 16] = [
        "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS", "THEAP", "ZIMAGE",
        "ZBITPIX", "ZCMPTYPE", "ZQUANTIZ", "ZDITHER0", "ZBLANK", "ZSCALE",
    ];
    const PREFIX: [&str; 9] =
        ["TTYPE", "TFORM", "TSCAL", "TZERO", "ZNAXIS", "ZTILE", "ZNAME", "ZVAL", "ZZERO"];
    let needed = |card: &&Card| {
        EXACT.contains(&card.key.as_str()) || PREFIX.iter().any(|prefix| card.key.starts_with(prefix))
    };
    Header { cards: stored.cards.iter().filter(needed).cloned().collect() }
}

/// Tiles must cover the image, there must be a row for each, and each row must point into the heap.
fn check_tiles(stored: &Header, hdu: &HduInfo, data: &[u8]) -> std::result::Result<(), String> {
    if !matches!(stored.integer("ZBITPIX"), Some(8 | 16 | 32 | 64 | -32 | -64)) {
        return Err("ZBITPIX is no FITS type".into());
    }
    let method = stored.text("ZCMPTYPE").unwrap_or("");
    if !["RICE_1", "RICE_ONE", "GZIP_1", "GZIP_2", "HCOMPRESS_1", "PLIO_1", "NOCOMPRESS"].contains(&method) {
        return Err(format!("the compression '{method}' is not known"));
    }
    if hdu.shape.len() > 6 {
        return Err(format!("compressed images have up to 6 axes, this one claims {}", hdu.shape.len()));
    }
    for number in 1..=9 {
        let value = stored.integer(&format!("ZVAL{number}"));
        match stored.text(&format!("ZNAME{number}")) {
            Some("BLOCKSIZE") if !matches!(value, Some(16 | 32 | 64)) => {
                return Err("the Rice block size is not 16, 32 or 64".into());
            }
            Some("BYTEPIX") if !matches!(value, Some(1 | 2 | 4 | 8)) => {
                return Err("the Rice pixel size is not 1, 2, 4 or 8 bytes".into());
            }
            _ => {}
        }
    }
    let mut tiles = 1usize;
    for (axis, &length) in hdu.shape.iter().rev().enumerate() {
        let key = format!("ZTILE{}", axis + 1);
        let tile = match stored.get(&key) {
            None if axis == 0 => length,
            None => 1,
            Some(_) => match stored.integer(&key).and_then(|tile| usize::try_from(tile).ok()) {
                Some(tile) if (1..=length).contains(&tile) => tile,
                _ => return Err(format!("{key} does not fit into the axis of {length}")),
            },
        };
        tiles = tiles.saturating_mul(length.div_ceil(tile));
    }
    let table = columns(stored)?;
    if table.rows != tiles {
        return Err(format!("the image needs {tiles} tiles and the table has {} rows", table.rows));
    }
    let has = |name: &str| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    if !has("COMPRESSED_DATA") {
        return Err("the table has no column COMPRESSED_DATA".into());
    }
    let heap = data.len().saturating_sub(table.heap_start);
    let mut packed = 0usize;
    for row in 0..table.rows {
        for column in &table.columns {
            let Format::Variable { size, wide, .. } = column.format else { continue };
            let cell = table.row_bytes * row + column.offset;
            let Some((count, start)) = super::table::descriptor(data, cell, wide) else {
                return Err(format!("row {} lies outside the data", row + 1));
            };
            let end = count.checked_mul(size).and_then(|bytes| bytes.checked_add(start));
            if end.is_none_or(|end| end > heap) {
                return Err(format!("tile {} points outside the data", row + 1));
            }
            packed = packed.saturating_add(count.saturating_mul(size));
        }
    }
    // No method packs an image of any content tighter than this; small images may be empty throughout.
    let bytes = hdu.count().saturating_mul(8);
    if bytes > 256 << 20 && bytes / 20_000 > packed {
        return Err(format!("the header claims {} values from {packed} compressed bytes", hdu.count()));
    }
    Ok(())
}

fn decompress(file: &mut [u8], bitpix: i64, count: usize) -> std::result::Result<Vec<u8>, String> {
    const BYTE: c_int = 11;
    const SHORT: c_int = 21;
    const INT: c_int = 31;
    const LONGLONG: c_int = 81;
    const FLOAT: c_int = 42;
    const DOUBLE: c_int = 82;
    macro_rules! read {
        ($type:ty, $code:expr, $null:expr) => {{
            let mut values = vec![<$type>::default(); count];
            let null: Option<$type> = $null;
            let null =
                null.as_ref().map_or(std::ptr::null(), |null| std::ptr::from_ref(null).cast::<c_void>());
            // SAFETY: `values` holds `count` numbers of the type that the code names.
            unsafe { read_all(file, $code, null, values.as_mut_ptr().cast(), count)? };
            values.iter().flat_map(|value| value.to_be_bytes()).collect()
        }};
    }
    Ok(match bitpix {
        8 => read!(u8, BYTE, None),
        16 => read!(i16, SHORT, None),
        32 => read!(i32, INT, None),
        64 => read!(i64, LONGLONG, None),
        -32 => read!(f32, FLOAT, Some(f32::NAN)),
        _ => read!(f64, DOUBLE, Some(f64::NAN)),
    })
}

/// # Safety
/// `target` must have room for `count` numbers of the cfitsio type `code`, and `null` be null or point to one.
unsafe fn read_all(
    file: &mut [u8],
    code: c_int,
    null: *const c_void,
    target: *mut c_void,
    count: usize,
) -> std::result::Result<(), String> {
    let _one_at_a_time = CFITSIO.lock().unwrap_or_else(PoisonError::into_inner);
    let mut handle: *mut sys::fitsfile = std::ptr::null_mut();
    let mut buffer: *mut c_void = file.as_mut_ptr().cast();
    let mut size = file.len();
    let (mut status, mut kind, mut any_null) = (0, 0, 0);
    // SAFETY: buffer and size describe `file`, which outlives the handle; read-only files are never reallocated, hence no
    // allocator; the handle is closed below whatever happens.
    unsafe {
        sys::ffomem(&mut handle, c"memory".as_ptr(), 0, &mut buffer, &mut size, 0, None, &mut status);
        if status == 0 {
            sys::ffmahd(handle, 2, &mut kind, &mut status);
            // The stored numbers are wanted: scaling is done by the caller.
            sys::ffpscl(handle, 1.0, 0.0, &mut status);
            sys::ffgpv(
                handle,
                code,
                1,
                count as sys::LONGLONG,
                null.cast_mut(),
                target,
                &mut any_null,
                &mut status,
            );
            let mut closed = 0;
            sys::ffclos(handle, &mut closed);
        }
        if status == 0 {
            return Ok(());
        }
        let mut text: [c_char; 81] = [0; 81];
        sys::ffgerr(status, text.as_mut_ptr());
        sys::ffcmsg();
        let text = CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned();
        Err(text)
    }
}
