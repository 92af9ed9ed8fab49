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

/// Maps in a row with colour bars below them; `caption` says what the pixels are (scale, projection, how they came about).
pub fn maps_svg(panels: &[Panel<'_>], caption: &str) -> String {
    let (side, gap, top) = (230.0, 26.0, 34.0);
    let tallest = panels
        .iter()
        .map(|panel| side * panel.values.nrows() as f64 / panel.values.ncols().max(1) as f64)
        .fold(side * 0.4, f64::max)
        .min(side * 2.0);
    let width = gap + panels.len() as f64 * (side + gap);
    let lines = wrapped(caption, width - 2.0 * gap);
    let mut svg = Svg::new(width, top + tallest + 76.0 + 16.0 * lines.len() as f64);
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
    say(&mut svg, &lines, gap, top + tallest + 84.0);
    svg.finish()
}

/// Many maps of one kind in rows, with one colour bar for all: title, unit, range and colours of `bar`, whose values are not drawn.
pub fn gallery_svg(maps: &[(String, ArrayView2<'_, f32>)], bar: &Panel<'_>, caption: &str) -> String {
    let (side, gap, top) = (96.0, 10.0, 40.0);
    let columns = (maps.len() as f64).sqrt().ceil().clamp(4.0, 12.0) as usize;
    let shape = |values: &ArrayView2<f32>| values.nrows() as f64 / values.ncols().max(1) as f64;
    let tallest = maps.iter().map(|(_, values)| side * shape(values)).fold(12.0, f64::max).min(2.0 * side);
    let (cell, width) = (tallest + 18.0, gap + columns as f64 * (side + gap));
    let bottom = top + maps.len().div_ceil(columns) as f64 * cell;
    let lines = wrapped(caption, width - 2.0 * gap);
    let mut svg = Svg::new(width, bottom + 62.0 + 16.0 * lines.len() as f64);
    svg.text((gap, 22.0), &bar.title, 13.0, Anchor::Start, INK);
    for (index, (title, values)) in maps.iter().enumerate() {
        let x = gap + (index % columns) as f64 * (side + gap);
        let y = top + (index / columns) as f64 * cell;
        let height = (side * shape(values)).clamp(4.0, tallest);
        let rgba = rgba_from_map(*values, bar.range, bar.colours);
        if let Some(png) = crate::io::png::encode_rgba(&rgba, values.ncols(), values.nrows()) {
            svg.picture(x, y, side, height, &png);
        }
        svg.frame(x, y, side, height);
        svg.text((x, y + tallest + 12.0), title, 9.0, Anchor::Start, FAINT);
    }
    colour_bar(&mut svg, bar, gap, bottom + 8.0, (width - 2.0 * gap).min(320.0));
    say(&mut svg, &lines, gap, bottom + 74.0);
    svg.finish()
}

/// Lines of a caption that fit a width, by the mean width of its letters.
fn wrapped(text: &str, width: f64) -> Vec<String> {
    let most = (width / 5.8).max(20.0) as usize;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.len() - 1;
        if lines[last].is_empty() {
            lines[last] = word.to_owned();
        } else if lines[last].chars().count() + 1 + word.chars().count() <= most {
            lines[last] = format!("{} {word}", lines[last]);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn say(svg: &mut Svg, lines: &[String], x: f64, y: f64) {
    for (number, line) in lines.iter().enumerate() {
        svg.text((x, y + 16.0 * number as f64), line, 11.0, Anchor::Start, FAINT);
    }
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
