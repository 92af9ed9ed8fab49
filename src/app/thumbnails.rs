//! Small pictures of maps for the Files panel, read and drawn one at a time beside the window.

use super::task::Task;
use crate::figure::{ColourMap, NAN_RGB};
use crate::io::{self, PartKind};
use egui::{ColorImage, Context, TextureHandle, TextureId, TextureOptions};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Larger files are not read for a picture of twenty points.
const LARGEST_BYTES: u64 = 32 << 20;
const SIDE: usize = 96;

/// The pictures so far, and what is asked for.
#[derive(Default)]
pub struct Thumbnails {
    /// `None` for a file that has no picture.
    done: HashMap<PathBuf, Option<TextureHandle>>,
    wanted: Vec<PathBuf>,
    drawing: Option<(PathBuf, Task<Option<TextureHandle>>)>,
}

impl Thumbnails {
    /// The picture of a file where there is one; asks for it where it was never tried.
    pub fn get(&mut self, path: &Path) -> Option<TextureId> {
        match self.done.get(path) {
            Some(picture) => picture.as_ref().map(TextureHandle::id),
            None => {
                let drawing = self.drawing.as_ref().is_some_and(|(other, _)| other == path);
                if !drawing && !self.wanted.iter().any(|other| other == path) {
                    self.wanted.push(path.to_owned());
                }
                None
            }
        }
    }

    pub fn is_settled(&self) -> bool {
        self.drawing.is_none() && self.wanted.is_empty()
    }

    pub fn update(&mut self, context: &Context) {
        let answer = self.drawing.as_ref().and_then(|(_, task)| task.take());
        if let Some(answer) = answer
            && let Some((path, _)) = self.drawing.take()
        {
            // A file that cannot be read keeps its icon; opening it says why.
            self.done.insert(path, answer.ok().flatten());
        }
        if self.drawing.is_none()
            && let Some(path) = self.wanted.pop()
        {
            let (pen, reading) = (context.clone(), path.clone());
            let task = Task::spawn(context, "thumbnail", move || picture(&pen, &reading));
            self.drawing = Some((path, task));
        }
    }
}

fn picture(context: &Context, path: &Path) -> anyhow::Result<Option<TextureHandle>> {
    if std::fs::metadata(path)?.len() > LARGEST_BYTES {
        return Ok(None);
    }
    let file = io::open(path)?;
    let Some(part) = file.parts.iter().find(|part| part.kind == PartKind::Image) else { return Ok(None) };
    let values = io::read_image(path, Some(part.index))?.values;
    let (rows, columns) = values.dim();
    if rows == 0 || columns == 0 {
        return Ok(None);
    }
    let side = rows.min(columns);
    let (top, left) = ((rows - side) / 2, (columns - side) / 2);
    // The middle square, row 0 at the bottom.
    let at = |x: usize, y: usize| values[[top + (SIDE - 1 - y) * side / SIDE, left + x * side / SIDE]];
    let positive = values.iter().all(|value| !value.is_finite() || *value > 0.0);
    let place = |value: f32| if positive { value.log10() } else { value };
    let mut sample: Vec<f32> = (0..SIDE * SIDE).map(|i| place(at(i % SIDE, i / SIDE))).collect();
    sample.retain(|value| value.is_finite());
    sample.sort_by(f32::total_cmp);
    let (Some(&low), Some(&high)) = (sample.get(sample.len() / 100), sample.get(sample.len() * 99 / 100))
    else {
        return Ok(None);
    };
    let table = ColourMap::Magma.table();
    let rgb: Vec<u8> = (0..SIDE * SIDE)
        .flat_map(|i| {
            let value = place(at(i % SIDE, i / SIDE));
            let scaled = (value - low) / (high - low).max(f32::MIN_POSITIVE) * 255.0;
            if value.is_nan() { NAN_RGB } else { table[scaled.clamp(0.0, 255.0) as usize] }
        })
        .collect();
    let image = ColorImage::from_rgb([SIDE, SIDE], &rgb);
    Ok(Some(context.load_texture(format!("thumbnail {}", path.display()), image, TextureOptions::LINEAR)))
}
