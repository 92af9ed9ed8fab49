//! Animations as GIF: frames of RGBA pixels that follow each other in a loop.

use super::{Error, atomic};
use gif::{Encoder, EncodingError, Frame, Repeat};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

/// Of 30: colours chosen well enough that no bands appear in a smooth picture.
const SPEED: i32 = 10;

/// Writes `count` frames (RGBA rows from the top, all of one size) as an endless loop that lasts `length`, to a hundredth of a second as
/// the format counts. `frame` is asked for one after another, so that no more than one is held; its error ends the file, of which
/// nothing is left. Each frame has the 256 colours that suit it best, mixed where they are too few.
///
/// # Errors
/// Those of `frame`; frames that do not have the size; a file that cannot be written.
pub fn write<E: From<Error>>(
    path: &Path,
    (width, height): (u32, u32),
    length: Duration,
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
            let mut frame = of_few_colours((columns, rows), &mut rgba);
            // The rounding does not add up over the frames.
            let begin = |number: u32| {
                (100.0 * length.as_secs_f64() * f64::from(number) / f64::from(count)).round() as u64
            };
            frame.delay = u16::try_from(begin(number + 1) - begin(number)).unwrap_or(u16::MAX);
            encoder.write_frame(&frame).map_err(encoding)?;
        }
        let mut file = encoder.into_inner().map_err(encoding)?;
        file.flush().map_err(system)?;
        Ok(())
    })
}

/// A frame of 256 colours. A shade between them is mixed of several by a fixed pattern, so that smooth shades have no bands and nothing
/// flickers from frame to frame; a colour that is among the 256 stays pure.
fn of_few_colours((columns, rows): (u16, u16), rgba: &mut [u8]) -> Frame<'static> {
    let colours: Vec<[u8; 3]> = rgba.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let mut frame = Frame::from_rgba_speed(columns, rows, rgba, SPEED);
    let palette: Vec<[f32; 3]> = match &frame.palette {
        Some(bytes) => bytes.chunks_exact(3).map(|rgb| [0, 1, 2].map(|i| f32::from(rgb[i]))).collect(),
        None => return frame,
    };
    // Clear pixels have an entry of their own.
    if frame.transparent.is_some() {
        return frame;
    }
    let mut known: HashMap<[u8; 3], [u8; PARTS]> = HashMap::new();
    let width = usize::from(columns).max(1);
    let indices = colours.iter().enumerate().map(|(at, &colour)| {
        let mixed = known.entry(colour).or_insert_with(|| mixture(colour.map(f32::from), &palette));
        mixed[(threshold(at % width, at / width) * PARTS as f32) as usize % PARTS]
    });
    frame.buffer = indices.collect::<Vec<u8>>().into();
    frame
}

/// A shade is mixed of so many colours, some of them often the same.
const PARTS: usize = 8;

/// Entries of a palette whose mean is a colour, from dark to light: each makes up for what those before it miss (Knoll's pattern
/// dithering, US patent 6,606,166, expired).
fn mixture(colour: [f32; 3], palette: &[[f32; 3]]) -> [u8; PARTS] {
    let mut missing = [0.0_f32; 3];
    let mut parts = [0_u8; PARTS];
    for part in &mut parts {
        let wanted: [f32; 3] = std::array::from_fn(|i| colour[i] + missing[i]);
        let away = |index: &usize| -> f32 {
            palette[*index].iter().zip(&wanted).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let nearest =
            (0..palette.len().min(256)).min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or_default();
        for i in 0..3 {
            missing[i] += colour[i] - palette[nearest][i];
        }
        *part = nearest as u8;
    }
    // Rec. 709 weights: only the order counts.
    let light = |part: &u8| {
        let [r, g, b] = palette[usize::from(*part)];
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    parts.sort_by(|a, b| light(a).total_cmp(&light(b)));
    parts
}

/// Interleaved gradient noise (Jimenez 2014, SIGGRAPH course on Call of Duty's rendering): from 0 to 1, evenly over any few pixels.
fn threshold(x: usize, y: usize) -> f32 {
    (52.982_918_9 * (0.067_110_56 * x as f64 + 0.005_837_15 * y as f64).fract()).fract() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Vec<(u16, Vec<u8>)> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(File::open(path).expect("there")).expect("a GIF");
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().expect("a frame") {
            frames.push((frame.delay, frame.buffer.to_vec()));
        }
        frames
    }

    #[test]
    fn the_frames_last_as_long_as_asked_together() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("turn.gif");
        let mut frame = |number: u32| Ok::<_, Error>([number as u8, 0, 0, 255].repeat(4));
        write(&path, (2, 2), Duration::from_secs(8), 120, &mut frame).expect("written");
        let delays: Vec<u16> = read(&path).into_iter().map(|(delay, _)| delay).collect();
        assert_eq!((delays.len(), delays.iter().sum::<u16>()), (120, 800));
        assert!(delays.iter().all(|delay| (6..=7).contains(delay)));
    }

    #[test]
    fn smooth_shades_have_no_bands_and_a_pure_ground_stays_pure() {
        let (width, height) = (256_usize, 96_usize);
        // Black above; below thousands of colours: 256 reds by as many blues as there are rows.
        let rgb = |x: usize, y: usize| {
            if y < 32 { [0, 0, 0] } else { [x as u8, (x / 3) as u8, (2 * y) as u8] }
        };
        let rgba: Vec<u8> = (0..width * height)
            .flat_map(|at| {
                let [r, g, b] = rgb(at % width, at / width);
                [r, g, b, 255]
            })
            .collect();
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("shades.gif");
        let mut frame = |_| Ok::<_, Error>(rgba.clone());
        write(&path, (256, 96), Duration::from_secs(1), 1, &mut frame).expect("written");
        let shown = &read(&path)[0].1;
        let value = |pixels: &[u8], x: usize, y: usize| f32::from(pixels[4 * (y * width + x)]);
        assert!((0..32).all(|y| (0..width).all(|x| value(shown, x, y) <= 1.0)));
        // By how much the mean red of a square of 8 by 8 pixels is off, over all squares.
        let off = |shown: &[u8]| {
            let mean = |pixels: &[u8], i: usize, j: usize| {
                (0..64).map(|at| value(pixels, 8 * i + at % 8, 8 * j + at / 8)).sum::<f32>() / 64.0
            };
            let squares = (0..32).flat_map(|i| (4..12).map(move |j| (i, j)));
            squares.map(|(i, j)| (mean(shown, i, j) - mean(&rgba, i, j)).powi(2)).sum::<f32>().sqrt() / 16.0
        };
        let plain = Frame::from_rgba_speed(256, 96, &mut rgba.clone(), SPEED);
        let palette = plain.palette.clone().expect("colours");
        let plain: Vec<u8> =
            plain.buffer.iter().flat_map(|&index| [palette[3 * usize::from(index)], 0, 0, 255]).collect();
        let (mixed, plain) = (off(shown), off(&plain));
        assert!(mixed < 0.5 * plain, "{mixed} of 255 off, {plain} without a mixture");
    }

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
