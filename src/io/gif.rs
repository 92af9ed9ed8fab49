//! Animations as GIF: frames of RGBA pixels that follow each other in a loop.

use super::{Error, Result, atomic};
use image::codecs::gif::{GifEncoder, Repeat};
use image::{Delay, Frame, RgbaImage};
use std::path::Path;
use std::time::Duration;

/// Writes frames (RGBA rows from the top, all of one size) as an endless loop, each shown for `delay`.
///
/// # Errors
/// Frames that do not have the size; a file that cannot be written.
pub fn write(path: &Path, frames: &[Vec<u8>], (width, height): (u32, u32), delay: Duration) -> Result<()> {
    let refused = |what: String| Error::unsupported(path, "", what, "give frames of one size");
    let mut bytes = Vec::new();
    // Speed 10 of 30: colours chosen well enough that no bands appear in a smooth picture.
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 10);
    encoder.set_repeat(Repeat::Infinite).map_err(|error| refused(error.to_string()))?;
    for frame in frames {
        let image = RgbaImage::from_raw(width, height, frame.clone()).ok_or_else(|| {
            refused(format!("{} bytes are no RGBA picture of {width} by {height}", frame.len()))
        })?;
        let frame = Frame::from_parts(image, 0, 0, Delay::from_saturating_duration(delay));
        encoder.encode_frame(frame).map_err(|error| refused(error.to_string()))?;
    }
    drop(encoder);
    atomic::write_bytes(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_another_size_are_refused_and_good_ones_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("turn.gif");
        let frame = vec![200_u8; 4 * 6];
        let delay = Duration::from_millis(40);
        write(&path, &[frame.clone(), frame.clone()], (3, 2), delay).expect("written");
        assert!(std::fs::read(&path).expect("there").starts_with(b"GIF89a"));
        assert!(write(&path, &[frame], (3, 3), delay).is_err());
    }
}
