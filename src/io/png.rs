//! PNG pictures, in memory and as files: grey or colour, with or without alpha, 8 or 16 bits.

use super::{Error, Result, atomic};
use crate::data::Values;
use image::codecs::png::{PngDecoder, PngEncoder};
use image::{ColorType, ExtendedColorType, ImageDecoder, ImageEncoder};
use ndarray::{ArrayD, IxDyn};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// RGBA rows from the top as PNG bytes; `None` where the sizes do not fit the pixels.
pub fn encode_rgba(rgba: &[u8], width: usize, height: usize) -> Option<Vec<u8>> {
    if width.checked_mul(height)?.checked_mul(4)? != rgba.len() {
        return None;
    }
    encode(rgba, width, height, ExtendedColorType::Rgba8)
}

/// Writes RGBA rows, from the top, as a PNG file.
pub fn write_rgba(path: &Path, rgba: &[u8], width: usize, height: usize) -> Result<()> {
    let png = encode_rgba(rgba, width, height).ok_or_else(|| {
        let what = format!("{} bytes are no RGBA picture of {width} by {height}", rgba.len());
        Error::unsupported(path, "", what, "give four bytes for each pixel")
    })?;
    atomic::write_bytes(path, &png)
}

/// Writes `uint8` or `uint16` values of shape (y, x) or (y, x, 1 to 4 channels), first row on top.
pub fn write(path: &Path, values: &Values) -> Result<()> {
    let refused = || {
        let what = format!("a PNG cannot hold {} of shape {:?}", values.dtype(), values.shape());
        Error::unsupported(path, "", what, "give uint8 or uint16 values of shape (y, x) or (y, x, channel)")
    };
    let (height, width, channels) = match *values.shape() {
        [height, width] => (height, width, 1),
        [height, width, channels @ 1..=4] => (height, width, channels),
        _ => return Err(refused()),
    };
    let (bytes, wide): (Vec<u8>, bool) = match values {
        Values::U8(array) => (array.iter().copied().collect(), false),
        Values::U16(array) => (array.iter().flat_map(|value| value.to_ne_bytes()).collect(), true),
        _ => return Err(refused()),
    };
    let colour = match (channels, wide) {
        (1, false) => ExtendedColorType::L8,
        (2, false) => ExtendedColorType::La8,
        (3, false) => ExtendedColorType::Rgb8,
        (_, false) => ExtendedColorType::Rgba8,
        (1, true) => ExtendedColorType::L16,
        (2, true) => ExtendedColorType::La16,
        (3, true) => ExtendedColorType::Rgb16,
        (_, true) => ExtendedColorType::Rgba16,
    };
    atomic::write_bytes(path, &encode(&bytes, width, height, colour).ok_or_else(refused)?)
}

fn encode(bytes: &[u8], width: usize, height: usize, colour: ExtendedColorType) -> Option<Vec<u8>> {
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(bytes, width, height, colour).ok()?;
    Some(png)
}

/// Deflate cannot pack tighter than this (RFC 1951: 258 bytes in two bits); PNG's row filters cost a byte each.
const TIGHTEST: u64 = 1032;

/// Shape and channels of a picture without its pixels: (y, x) or (y, x, channel), and whether it has 16 bits.
pub fn scan(path: &Path) -> Result<(Vec<usize>, bool)> {
    let (decoder, _) = decoder(path)?;
    Ok((shape(&decoder), bits(&decoder)))
}

/// The pixels, `uint8` or `uint16` as in the file, first row on top.
pub fn read(path: &Path) -> Result<Values> {
    let (decoder, length) = decoder(path)?;
    let (shape, wide, total) = (shape(&decoder), bits(&decoder), decoder.total_bytes());
    let damaged = |what: String| Error::damaged(path, "", what, "copy the picture again");
    if total > length.saturating_mul(TIGHTEST) {
        return Err(damaged(format!("claims {total} bytes of pixels in a file of {length} bytes")));
    }
    let mut bytes = vec![0; usize::try_from(total).map_err(|_| damaged("is too large".into()))?];
    decoder.read_image(&mut bytes).map_err(|error| damaged(format!("the pixels cannot be read: {error}")))?;
    let values = if wide {
        let (pairs, _) = bytes.as_chunks::<2>();
        let numbers = pairs.iter().map(|&pair| u16::from_ne_bytes(pair)).collect();
        ArrayD::from_shape_vec(IxDyn(&shape), numbers).map(Values::U16)
    } else {
        ArrayD::from_shape_vec(IxDyn(&shape), bytes).map(Values::U8)
    };
    values.map_err(|error| damaged(format!("the pixels do not fit the picture: {error}")))
}

type Decoder = PngDecoder<BufReader<File>>;

fn decoder(path: &Path) -> Result<(Decoder, u64)> {
    let system = |source| Error::system(path, "open the file", source);
    let file = File::open(path).map_err(system)?;
    let length = file.metadata().map_err(system)?.len();
    let decoder = PngDecoder::new(BufReader::new(file)).map_err(|error| {
        Error::damaged(path, "", format!("is no readable PNG: {error}"), "copy the picture again")
    })?;
    Ok((decoder, length))
}

fn shape(decoder: &Decoder) -> Vec<usize> {
    let (width, height) = decoder.dimensions();
    let mut shape = vec![height as usize, width as usize];
    match decoder.color_type().channel_count() {
        1 => {}
        channels => shape.push(usize::from(channels)),
    }
    shape
}

fn bits(decoder: &Decoder) -> bool {
    let colour = decoder.color_type();
    matches!(colour, ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16)
}
