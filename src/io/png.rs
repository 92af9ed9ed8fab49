//! PNG pictures, in memory and as files.

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

/// RGBA rows from the top as PNG bytes; `None` where the sizes do not fit the pixels.
pub fn encode_rgba(rgba: &[u8], width: usize, height: usize) -> Option<Vec<u8>> {
    if width.checked_mul(height)?.checked_mul(4)? != rgba.len() {
        return None;
    }
    let (width, height) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(rgba, width, height, ExtendedColorType::Rgba8).ok()?;
    Some(bytes)
}
