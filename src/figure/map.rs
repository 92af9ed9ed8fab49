//! Maps side by side, each with its colour bar.

use super::colour::ColourMap;
use super::svg::{Anchor, FAINT, INK, Svg};
use super::ticks::linear_ticks;
use ndarray::ArrayView2;

/// One map of a figure. `values` are drawn as they are: take the logarithm first where the picture wants it.
pub struct Panel<'a> {
    pub title: String,
    pub values: ArrayView2<'a, f32>,
    /// What the colours mean, with the unit: the colour bar's label.
    pub label: String,
    /// Values at the ends of the colour bar.
    pub range: (f32, f32),
    pub colours: ColourMap,
}

/// Colours of a map as RGBA rows from the top; row 0 of the map lies at the bottom, as in FITS.
pub fn rgba_from_map(values: ArrayView2<'_, f32>, (low, high): (f32, f32), colours: ColourMap) -> Vec<u8> {
    let table = colours.table();
    let scale = if high > low { 255.0 / (high - low) } else { 0.0 };
    let mut rgba = Vec::with_capacity(values.len() * 4);
    for row in values.rows().into_iter().rev() {
        for &value in row {
            let [r, g, b] = if value.is_nan() {
                super::NAN_RGB
            } else {
                table[((value - low) * scale).clamp(0.0, 255.0) as usize]
            };
            rgba.extend([r, g, b, 255]);
        }
    }
    rgba
}

/// Maps in a row with colour bars below them; `caption` says what the pixels are (scale, projection).
pub fn maps_svg(panels: &[Panel<'_>], caption: &str) -> String {
    let (side, gap, top) = (230.0, 26.0, 34.0);
    let tallest = panels
        .iter()
        .map(|panel| side * panel.values.nrows() as f64 / panel.values.ncols().max(1) as f64)
        .fold(side * 0.4, f64::max)
        .min(side * 2.0);
    let mut svg = Svg::new(gap + panels.len() as f64 * (side + gap), top + tallest + 92.0);
    for (index, panel) in panels.iter().enumerate() {
        let x = gap + index as f64 * (side + gap);
        let height = (side * panel.values.nrows() as f64 / panel.values.ncols().max(1) as f64).min(tallest);
        svg.text((x, 22.0), &panel.title, 13.0, Anchor::Start, INK);
        let rgba = rgba_from_map(panel.values, panel.range, panel.colours);
        if let Some(png) = crate::io::png::encode_rgba(&rgba, panel.values.ncols(), panel.values.nrows()) {
            svg.picture(x, top, side, height, &png);
        }
        svg.frame(x, top, side, height);
        colour_bar(&mut svg, panel, x, top + tallest + 14.0, side);
    }
    svg.text((gap, top + tallest + 84.0), caption, 11.0, Anchor::Start, FAINT);
    svg.finish()
}

fn colour_bar(svg: &mut Svg, panel: &Panel<'_>, x: f64, y: f64, width: f64) {
    let table = panel.colours.table();
    let rgba: Vec<u8> = table.iter().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
    if let Some(png) = crate::io::png::encode_rgba(&rgba, table.len(), 1) {
        svg.picture(x, y, width, 10.0, &png);
    }
    svg.frame(x, y, width, 10.0);
    let (low, high) = (f64::from(panel.range.0), f64::from(panel.range.1));
    for tick in linear_ticks(low, high, 4) {
        let at = x + width * if high > low { (tick.value - low) / (high - low) } else { 0.5 };
        let length = if tick.label.is_empty() { 2.0 } else { 4.0 };
        svg.line((at, y + 10.0), (at, y + 10.0 + length), INK, 1.0);
        svg.text((at, y + 25.0), &tick.label, 11.0, Anchor::Middle, INK);
    }
    svg.text((x + width / 2.0, y + 43.0), &panel.label, 11.0, Anchor::Middle, INK);
}
