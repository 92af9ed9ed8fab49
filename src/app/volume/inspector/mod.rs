//! The panel beside the picture of a cube: transfer function, appearance, what the mode needs, isosurfaces, slices, axes, clip box.
//! Each piece takes what it changes and no more; all changes go into the cube's look, of which the stage draws the newest.

mod appearance;
mod colours;
pub(super) mod fields;
pub mod fold;
mod levels;
mod radiation;
mod range;
mod slices;
mod spectral;
mod surfaces;
#[cfg(test)]
mod tests;
mod transfer_editor;

pub use range::levelled;

use super::clip;
use super::cube::Cube;
use super::overlay;
use crate::app::text;
use crate::volume::stage::CubeId;
use crate::volume::{Histogram, Mode};
use egui::{Id, Ui};
use ndarray::{Array3, s};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the pieces know of the cube besides what they change.
pub(super) struct Subject<'a> {
    /// Of the part within the clip box.
    histogram: &'a Histogram,
    /// As it is printed.
    unit: &'a str,
    /// Least and greatest value.
    range: (f64, f64),
}

impl Subject<'_> {
    /// Standard deviation of noise about zero, where there are enough negative values to tell: from the median down to the
    /// percentile 15.87, which emission hardly touches.
    fn noise(&self) -> Option<f64> {
        const LEAST_NEGATIVE: f64 = 0.02;
        let sigma = self.histogram.percentile(50.0)? - self.histogram.percentile(15.87)?;
        (self.histogram.rank(0.0) > LEAST_NEGATIVE && sigma > 0.0).then_some(sigma)
    }
}

/// Another open cube, of source or opacity.
#[derive(Clone)]
pub struct Other {
    pub path: PathBuf,
    pub title: String,
    pub unit: String,
    pub values: Arc<Array3<f32>>,
}

/// The sections about how the values are drawn, and what is drawn besides.
pub fn show(ui: &mut Ui, cube: &mut Cube, others: &[Other]) {
    let (histogram, unit) = (histogram(ui, cube), text::unit(&cube.loaded.unit));
    let subject = Subject { histogram: &histogram, unit: &unit, range: cube.lattice.range };
    if fold::heading(ui, "TRANSFER FUNCTION") {
        transfer_editor::show(ui, &mut cube.look.scene.transfer, &subject);
        if transfer_editor::footer(ui, &mut cube.look.scene.transfer, &subject) {
            cube.reset_transfer();
        }
    }
    ui.add_space(SPACE);
    let tip = "Depth, sampling, blanks, background and proportions as at first";
    let (is_open, is_reset) = fold::heading_with_reset(ui, "APPEARANCE", tip);
    if is_open {
        appearance::show(ui, cube, &subject);
    }
    if is_reset {
        cube.reset_appearance();
    }
    if matches!(cube.look.scene.mode, Mode::Transfer(_)) && !cube.look.rays_off && section(ui, "TRANSFER") {
        radiation::show(ui, cube, &subject, others);
    }
    if section(ui, "ISOSURFACES") {
        surfaces::show(ui, &mut cube.look.scene, &subject);
    }
    if section(ui, "SLICES") {
        slices::show(ui, cube);
    }
    if section(ui, "CLIP BOX") {
        clip::section(ui, cube);
    }
}

/// What the spectral axis counts, and what is painted over the picture.
pub fn labels(ui: &mut Ui, cube: &mut Cube) {
    if cube.geometry.spectral_axis().is_some() && section(ui, "SPECTRAL AXIS") {
        spectral::show(ui, cube);
    }
    ui.add_space(SPACE);
    let tip = "Axes, box, scale bar, beam and colour bar as at first";
    let (is_open, is_reset) = fold::heading_with_reset(ui, "AXES AND SCALE", tip);
    if is_open {
        overlay::section(ui, &mut cube.look.overlay);
    }
    if is_reset {
        let clip_handles = cube.look.overlay.clip_handles;
        cube.look.overlay = overlay::Shown { clip_handles, ..Default::default() };
    }
}

/// Between two sections.
const SPACE: f32 = 12.0;

fn section(ui: &mut Ui, name: &str) -> bool {
    ui.add_space(SPACE);
    fold::heading(ui, name)
}

/// What a histogram belongs to: equal keys, equal values.
#[derive(Clone, PartialEq)]
struct HistogramKey {
    id: CubeId,
    values: usize,
    clip: [[f32; 2]; 3],
}

/// The histogram of what the clip box leaves, kept until the box or the cube changes.
fn histogram(ui: &Ui, cube: &Cube) -> Arc<Histogram> {
    let values = &cube.loaded.values;
    let key = HistogramKey { id: cube.id, values: Arc::as_ptr(values) as usize, clip: cube.look.scene.clip };
    let place = Id::new("volume histogram");
    let kept = ui.data(|data| data.get_temp::<(HistogramKey, Arc<Histogram>)>(place));
    if let Some((_, histogram)) = kept.filter(|(own, _)| *own == key) {
        return histogram;
    }
    let histogram = Arc::new(within(values, key.clip));
    ui.data_mut(|data| data.insert_temp(place, (key, Arc::clone(&histogram))));
    histogram
}

/// Voxels looked at while the clip box moves under the mouse: a few milliseconds.
const MOST_SAMPLED: usize = 1 << 17;

/// Of the voxels within the clip box, every n-th along all axes.
fn within(values: &Array3<f32>, clip: [[f32; 2]; 3]) -> Histogram {
    let (depth, height, width) = values.dim();
    let bounds = |count: usize, [low, high]: [f32; 2]| {
        let low = ((low * count as f32).round() as usize).min(count.saturating_sub(1));
        low..((high * count as f32).round() as usize).clamp(low + 1, count.max(low + 1))
    };
    if values.is_empty() {
        return Histogram::of(values.view());
    }
    let part = values.slice(s![bounds(depth, clip[2]), bounds(height, clip[1]), bounds(width, clip[0])]);
    let step = ((part.len() as f64 / MOST_SAMPLED as f64).cbrt().ceil() as usize).max(1);
    Histogram::of(part.slice(s![..;step, ..;step, ..;step]))
}

/// The values of the second cube, where it is open and of the same shape.
fn second<'a>(others: &'a [Other], path: Option<&Path>) -> Option<&'a Other> {
    others.iter().find(|other| Some(other.path.as_path()) == path)
}
