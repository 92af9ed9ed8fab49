//! Animations as GIF: frames of RGBA pixels that follow each other in a loop.

use super::{Error, atomic};
use gif::{Encoder, EncodingError, Frame, Repeat};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// Of 30: colours chosen well enough that no bands appear in a smooth picture.
const SPEED: i32 = 10;

/// Writes `count` frames (RGBA rows from the top, all of one size) as an endless loop, each shown for `delay`. `frame` is asked for one
/// after another, so that no more than one is held; its error ends the file, of which nothing is left.
///
/// # Errors
/// Those of `frame`; frames that do not have the size; a file that cannot be written.
pub fn write<E: From<Error>>(
    path: &Path,
    (width, height): (u32, u32),
    delay: Duration,
    count: u32,
    frame: &mut dyn FnMut(u32) -> std::result::Result<Vec<u8>, E>,
) -> std::result::Result<(), E> {
    let refused = |what: String| {
        Error::unsupported(path, "", what, "give frames of one size, at most 65535 pixels long")
    };
    let (Ok(columns), Ok(rows)) = (u16::try_from(width), u16::try_from(height)) else {
        return Err(refused(format!("a GIF cannot be {width} by {height}")).into());
    };
    atomic::write_at(path, |temporary| {
        let system = |source| Error::system(path, "write the file", source);
        let encoding = |error| match error {
            EncodingError::Io(source) => system(source),
            other => refused(other.to_string()),
        };
        let file = BufWriter::new(File::create(temporary).map_err(system)?);
        let mut encoder = Encoder::new(file, columns, rows, &[]).map_err(encoding)?;
        encoder.set_repeat(Repeat::Infinite).map_err(encoding)?;
        for number in 0..count {
            let mut rgba = frame(number)?;
            if rgba.len() != width as usize * height as usize * 4 {
                let what = format!("{} bytes are no RGBA picture of {width} by {height}", rgba.len());
                return Err(refused(what).into());
            }
            let mut frame = Frame::from_rgba_speed(columns, rows, &mut rgba, SPEED);
            frame.delay = u16::try_from(delay.as_millis() / 10).unwrap_or(u16::MAX);
            encoder.write_frame(&frame).map_err(encoding)?;
        }
        let mut file = encoder.into_inner().map_err(encoding)?;
        file.flush().map_err(system)?;
        Ok(())
    })
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
        let mut same = |_| Ok::<_, Error>(frame.clone());
        write(&path, (3, 2), delay, 2, &mut same).expect("written");
        assert!(std::fs::read(&path).expect("there").starts_with(b"GIF89a"));
        assert!(write(&path, (3, 3), delay, 1, &mut same).is_err());
        assert!(std::fs::read(&path).expect("the old one stays").starts_with(b"GIF89a"));
    }
}
