//! From values to pixels, away from the window's thread: stretch, percentile range, colour map, textures in tiles.

use crate::figure::{ColourMap, NAN_RGB};
use egui::{ColorImage, Context, TextureHandle, TextureOptions};
use ndarray::{ArrayView2, s};
use serde::{Deserialize, Serialize};

/// How values spread over the colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stretch {
    #[default]
    Linear,
    /// Decimal logarithm; values at or below zero take the lowest colour.
    Log,
    /// asinh with its knee at a tenth of the range: linear for the faint, logarithmic for the bright.
    Asinh,
}

impl Stretch {
    pub const ALL: [Self; 3] = [Self::Linear, Self::Log, Self::Asinh];

    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Log => "log",
            Self::Asinh => "asinh",
        }
    }

    /// The place of `value` between the ends of the range, 0 to 1 inside it.
    pub fn place(self, value: f32, (low, high): (f32, f32)) -> f32 {
        let span = (high - low).max(f32::MIN_POSITIVE);
        match self {
            Self::Linear => (value - low) / span,
            Self::Log => {
                // A range that reaches down to zero has no lowest logarithm: four decades are shown.
                let low = if low > 0.0 { low } else { high * 1e-4 };
                if value <= 0.0 || high <= low { 0.0 } else { (value / low).log10() / (high / low).log10() }
            }
            Self::Asinh => ((value - low) / span * 10.0).asinh() / 10.0_f32.asinh(),
        }
    }

    /// The value at a place; the inverse of `place`, for the ticks of the colour bar.
    pub fn value(self, place: f32, (low, high): (f32, f32)) -> f32 {
        match self {
            Self::Linear => low + place * (high - low),
            Self::Log => {
                let low = if low > 0.0 { low } else { high * 1e-4 };
                low * (high / low).powf(place)
            }
            Self::Asinh => low + (high - low) * (place * 10.0_f32.asinh()).sinh() / 10.0,
        }
    }
}

/// How a map is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    pub colours: ColourMap,
    pub stretch: Stretch,
    /// Percentiles at the ends of the colours.
    pub low_percent: f32,
    pub high_percent: f32,
}

impl Default for Look {
    fn default() -> Self {
        Self { colours: ColourMap::Magma, stretch: Stretch::Linear, low_percent: 0.5, high_percent: 99.8 }
    }
}

/// A part of a map as a texture: columns and rows of the map that it covers.
#[derive(Clone)]
pub struct Tile {
    pub columns: (usize, usize),
    pub rows: (usize, usize),
    pub texture: TextureHandle,
}

/// A drawn map.
#[derive(Clone)]
pub struct Picture {
    pub tiles: Vec<Tile>,
    /// Values at the ends of the colours.
    pub range: (f32, f32),
    pub look: Look,
}

/// Textures beyond this side are cut into tiles: every adapter can do it.
const TILE: usize = 2048;
/// How many values at most the percentiles are taken from.
const SAMPLE: usize = 1 << 20;

/// Values at the given percentiles (0 to 100) of the finite values; (0, 1) where there is none.
pub fn percentile_range(values: ArrayView2<'_, f32>, low: f32, high: f32) -> (f32, f32) {
    let stride = values.len().div_ceil(SAMPLE).max(1);
    let mut sample: Vec<f32> =
        values.iter().step_by(stride).copied().filter(|value| value.is_finite()).collect();
    if sample.is_empty() {
        return (0.0, 1.0);
    }
    let last = sample.len() - 1;
    let mut at = |percent: f32| {
        let index = ((percent / 100.0).clamp(0.0, 1.0) * last as f32).round() as usize;
        *sample.select_nth_unstable_by(index.min(last), f32::total_cmp).1
    };
    let (low, high) = (at(low), at(high));
    if high > low { (low, high) } else { (low - 0.5 * low.abs().max(1.0), low + 0.5 * low.abs().max(1.0)) }
}

/// Draws a map; meant for a light job, since a large map takes a while.
///
/// The ends of the colours are percentiles of `range_of`, which is the map itself or the cube that it is a channel of.
pub fn draw(
    context: &Context,
    name: &str,
    values: ArrayView2<'_, f32>,
    range_of: ArrayView2<'_, f32>,
    look: Look,
) -> Picture {
    let range = percentile_range(range_of, look.low_percent, look.high_percent);
    let table = look.colours.table();
    let (rows, columns) = values.dim();
    let mut tiles = Vec::new();
    for top in (0..rows).step_by(TILE) {
        for left in (0..columns).step_by(TILE) {
            let (bottom, right) = ((top + TILE).min(rows), (left + TILE).min(columns));
            let part = values.slice(s![top..bottom, left..right]);
            let mut rgb = Vec::with_capacity(part.len() * 3);
            for &value in part {
                let colour = if value.is_nan() {
                    NAN_RGB
                } else {
                    table[(look.stretch.place(value, range) * 255.0).clamp(0.0, 255.0) as usize]
                };
                rgb.extend(colour);
            }
            let image = ColorImage::from_rgb([right - left, bottom - top], &rgb);
            // Pixels are data: magnified they stay squares, minified they are averaged.
            let options = TextureOptions {
                magnification: egui::TextureFilter::Nearest,
                minification: egui::TextureFilter::Linear,
                ..TextureOptions::default()
            };
            let texture = context.load_texture(format!("{name} {left},{top}"), image, options);
            tiles.push(Tile { columns: (left, right), rows: (top, bottom), texture });
        }
    }
    Picture { tiles, range, look }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn percentiles_ignore_blanks_and_a_constant_map_has_a_range() {
        let mut values = Array2::from_shape_fn((10, 10), |(y, x)| (y * 10 + x) as f32);
        values[[0, 0]] = f32::NAN;
        values[[9, 9]] = f32::INFINITY;
        assert_eq!(percentile_range(values.view(), 0.0, 100.0), (1.0, 98.0));
        let (low, high) = percentile_range(Array2::from_elem((3, 3), 21.0).view(), 0.5, 99.5);
        assert!(low < 21.0 && high > 21.0);
        assert_eq!(percentile_range(Array2::from_elem((2, 2), f32::NAN).view(), 0.5, 99.5), (0.0, 1.0));
    }

    #[test]
    fn stretches_and_their_inverses_agree() {
        for stretch in Stretch::ALL {
            for value in [1.5_f32, 20.0, 900.0] {
                let range = (1.0, 1000.0);
                let back = stretch.value(stretch.place(value, range), range);
                assert!((back - value).abs() < 2e-3 * value, "{stretch:?}: {value} came back as {back}");
            }
        }
    }
}
