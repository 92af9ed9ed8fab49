//! Animations as GIF: frames of RGBA pixels that follow each other in a loop.

use super::{Error, Result, atomic};
use gif::{Encoder, Frame, Repeat};
use std::path::Path;
use std::time::Duration;

/// Of 30: colours chosen well enough that no bands appear in a smooth picture.
const SPEED: i32 = 10;

/// Writes frames (RGBA rows from the top, all of one size) as an endless loop, each shown for `delay`.
///
/// # Errors
/// Frames that do not have the size; a file that cannot be written.
pub fn write(path: &Path, frames: &[Vec<u8>], (width, height): (u32, u32), delay: Duration) -> Result<()> {
    let refused = |what: String| {
        Error::unsupported(path, "", what, "give frames of one size, at most 65535 pixels long")
    };
    let (Ok(columns), Ok(rows)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(refused(format!("a GIF cannot be {width} by {height}")));
    };
    let mut bytes = Vec::new();
    let mut encoder =
        Encoder::new(&mut bytes, columns, rows, &[]).map_err(|error| refused(error.to_string()))?;
    encoder.set_repeat(Repeat::Infinite).map_err(|error| refused(error.to_string()))?;
    for rgba in frames {
        if rgba.len() != width as usize * height as usize * 4 {
            return Err(refused(format!("{} bytes are no RGBA picture of {width} by {height}", rgba.len())));
        }
        let mut frame = Frame::from_rgba_speed(columns, rows, &mut rgba.clone(), SPEED);
        frame.delay = u16::try_from(delay.as_millis() / 10).unwrap_or(u16::MAX);
        encoder.write_frame(&frame).map_err(|error| refused(error.to_string()))?;
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
