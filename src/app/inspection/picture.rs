//! One map of numbers on the screen: texture, colour bar, the value under the cursor, marks, and the menu that takes it out.

use super::take_out::{self, Named};
use crate::app::theme::Tokens;
use crate::figure::{self, ColourMap};
use crate::job::JobQueue;
use egui::epaint::Mesh;
use egui::epaint::text::{Galley, LayoutJob};
use egui::{Align, Align2, Color32, ColorImage, Context, Rect, Response, Sense, Shape, Stroke, StrokeKind};
use egui::{TextureHandle, TextureOptions, Ui, Vec2, pos2, vec2};
use ndarray::ArrayView2;
use std::sync::Arc;

/// The lowest and highest finite value; 0 to 1 where there is none, widened where all are equal.
pub fn extremes<'a>(values: impl IntoIterator<Item = &'a f32>) -> (f32, f32) {
    let (low, high) = values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    match low.partial_cmp(&high) {
        Some(std::cmp::Ordering::Less) => (low, high),
        Some(std::cmp::Ordering::Equal) => {
            let half = if low == 0.0 { 0.5 } else { 0.5 * low.abs() };
            (low - half, high + half)
        }
        _ => (0.0, 1.0),
    }
}

/// As far below zero as above it, so that zero has the middle colour.
pub fn around_zero((low, high): (f32, f32)) -> (f32, f32) {
    let reach = low.abs().max(high.abs());
    (-reach, reach)
}

/// An answer that is being renewed is dimmed by this.
pub const STALE: Color32 = Color32::from_rgba_premultiplied(110, 110, 110, 110);

/// What a texture was made from; another key makes it anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Counts the answers, so that equal numbers mean equal values.
    pub generation: u64,
    pub range: (f32, f32),
    pub colours: ColourMap,
}

/// A texture that is uploaded only when its look changes.
#[derive(Default)]
pub struct Texture {
    /// With whether it lies over another map.
    look: Option<(Look, bool)>,
    handle: Option<TextureHandle>,
}

impl Texture {
    /// The texture of these values, of at most `most` pixels along a side (larger maps are averaged).
    pub fn of(
        &mut self,
        context: &Context,
        look: Look,
        values: ArrayView2<'_, f32>,
        most: usize,
    ) -> egui::TextureId {
        self.drawn(context, look, false, || drawn(values, look, most))
    }

    fn drawn(
        &mut self,
        context: &Context,
        look: Look,
        is_over: bool,
        draw: impl FnOnce() -> ColorImage,
    ) -> egui::TextureId {
        if let Some(handle) = self.handle.as_ref().filter(|_| self.look == Some((look, is_over))) {
            return handle.id();
        }
        self.look = Some((look, is_over));
        let image = draw();
        let handle = match self.handle.take() {
            Some(mut handle) => {
                handle.set(image, TextureOptions::NEAREST);
                handle
            }
            None => context.load_texture("inspection", image, TextureOptions::NEAREST),
        };
        self.handle.insert(handle).id()
    }
}

/// Row 0 at the bottom, as everywhere in the window.
fn drawn(values: ArrayView2<'_, f32>, look: Look, most: usize) -> ColorImage {
    let (rows, columns) = values.dim();
    if rows == 0 || columns == 0 {
        return ColorImage::filled([1, 1], Color32::TRANSPARENT);
    }
    let step = rows.max(columns).div_ceil(most.max(1));
    if step <= 1 {
        let rgba = figure::rgba_from_map(values, look.range, look.colours);
        return ColorImage::from_rgba_unmultiplied([columns, rows], &rgba);
    }
    let size = (rows.div_ceil(step), columns.div_ceil(step));
    let small = ndarray::Array2::from_shape_fn(size, |(y, x)| {
        let (top, left) = (y * step, x * step);
        let part = values.slice(ndarray::s![top..(top + step).min(rows), left..(left + step).min(columns)]);
        part.mean().unwrap_or(f32::NAN)
    });
    let rgba = figure::rgba_from_map(small.view(), look.range, look.colours);
    ColorImage::from_rgba_unmultiplied([size.1, size.0], &rgba)
}

/// The colours of `values` over the greys of `below`, which have the same shape.
fn blended(
    values: ArrayView2<'_, f32>,
    look: Look,
    below: ArrayView2<'_, f32>,
    range: (f32, f32),
) -> ColorImage {
    let greys = drawn(below, Look { range, colours: ColourMap::Greys, ..look }, usize::MAX);
    let mut image = drawn(values, look, usize::MAX);
    let (middle, reach) = (0.5 * (look.range.0 + look.range.1), 0.5 * (look.range.1 - look.range.0));
    let strengths = values.rows().into_iter().rev().flatten().map(|value| {
        // The root brings out what is faint.
        ((value - middle).abs() / reach.max(f32::MIN_POSITIVE)).clamp(0.0, 1.0).sqrt()
    });
    for ((pixel, grey), strength) in image.pixels.iter_mut().zip(&greys.pixels).zip(strengths) {
        *pixel = grey.lerp_to_gamma(*pixel, if strength.is_nan() { 0.0 } else { strength });
    }
    image
}

/// Pixels of a map: first and last column, first and last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelBox {
    pub columns: (usize, usize),
    pub rows: (usize, usize),
}

/// A map with all that the large view of it needs.
pub struct Map<'a> {
    pub values: ArrayView2<'a, f32>,
    pub look: Look,
    /// What stands below it; also the name of the files it is saved to.
    pub caption: &'a str,
    /// What the colours mean, beside the colour bar's numbers.
    pub unit: &'a str,
    /// The pixels that are marked.
    pub mark: Option<PixelBox>,
    /// Whether pixels can be chosen: a click takes one, a drag a box.
    pub choosable: bool,
    /// An older answer, shown while its successor is on the way.
    pub is_stale: bool,
    /// Another map with its range, in greys, over which the colours lie: opaque where the value is far from the middle of the range.
    pub over: Option<(ArrayView2<'a, f32>, (f32, f32))>,
}

impl<'a> Map<'a> {
    /// A map that is only looked at.
    pub fn new(values: ArrayView2<'a, f32>, look: Look, caption: &'a str, unit: &'a str) -> Self {
        Self { values, look, caption, unit, mark: None, choosable: false, is_stale: false, over: None }
    }
}

/// What the cursor did on a map.
#[derive(Default)]
pub struct Touched {
    /// Column, row and value under the cursor.
    pub hover: Option<(usize, usize, f32)>,
    pub chosen: Option<PixelBox>,
}

/// The texture of a large map, and where a drag on it began.
#[derive(Default)]
pub struct Picture {
    texture: Texture,
    drag_from: Option<(usize, usize)>,
}

/// The words below a map, at most two lines of them.
fn words_below(ui: &Ui, map: &Map<'_>, width: f32) -> Arc<Galley> {
    let words = match map.unit {
        "" => map.caption.to_owned(),
        unit if unit.contains(map.caption) => unit.to_owned(),
        unit => format!("{}, {unit}", map.caption),
    };
    let font = egui::TextStyle::Small.resolve(ui.style());
    let mut job = LayoutJob::simple(words, font, Tokens::of(ui).dim, width);
    job.wrap.max_rows = 2;
    job.halign = Align::Center;
    ui.painter().layout_job(job)
}

/// Textures beyond this side are averaged: every adapter can take it.
const LARGEST: usize = 2048;

impl Picture {
    /// Draws the map within `room`, with its colour bar and caption below.
    pub fn show(&mut self, ui: &mut Ui, queue: &JobQueue, map: &Map<'_>, room: Vec2) -> Touched {
        let (rows, columns) = map.values.dim();
        let words = words_below(ui, map, room.x);
        let numbers_height = ui.text_style_height(&egui::TextStyle::Small);
        let below = 14.0 + numbers_height + words.size().y;
        let scale = (room.x / columns.max(1) as f32).min((room.y - below).max(16.0) / rows.max(1) as f32);
        let side = vec2(columns as f32, rows as f32) * scale;
        let (outer, response) = ui.allocate_exact_size(vec2(room.x, side.y + below), Sense::click_and_drag());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, map.caption));
        let rect = Rect::from_min_size(pos2(outer.center().x - side.x * 0.5, outer.top()), side);
        let texture = self.texture.drawn(ui.ctx(), map.look, map.over.is_some(), || match map.over {
            Some((below, range)) => blended(map.values, map.look, below, range),
            None => drawn(map.values, map.look, LARGEST),
        });
        let ink = if map.is_stale { STALE } else { Color32::WHITE };
        let tokens = Tokens::of(ui);
        let painter = ui.painter_at(outer.expand(1.0));
        painter.image(texture, rect, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), ink);
        painter.rect_stroke(rect, 0, Stroke::new(1.0, tokens.line), StrokeKind::Outside);
        let bar = Rect::from_min_size(pos2(outer.left(), rect.bottom() + 5.0), vec2(outer.width(), 6.0));
        colour_bar(ui, bar, map);
        let corner = pos2(bar.center().x, bar.bottom() + 3.0 + numbers_height);
        ui.painter().galley(corner, words, tokens.dim);
        let touched = self.touch(&response, rect, map);
        let marked = self.drag_from.and_then(|from| {
            let (column, row, _) = touched.hover?;
            Some(spanned(from, (column, row)))
        });
        if let Some(mark) = marked.or(map.mark) {
            outline(&painter, rect, (rows, columns), mark, tokens.accent, 2.0);
        }
        if let Some((column, row, _)) = touched.hover {
            let pixel = PixelBox { columns: (column, column), rows: (row, row) };
            outline(&painter, rect, (rows, columns), pixel, Color32::WHITE, 1.0);
        }
        let named = Named { name: map.caption, unit: map.unit, values: map.values, look: map.look };
        response.context_menu(|ui| take_out::menu(ui, queue, &named));
        touched
    }

    fn touch(&mut self, response: &Response, rect: Rect, map: &Map<'_>) -> Touched {
        let (rows, columns) = map.values.dim();
        let at = |screen: egui::Pos2| {
            let place = (screen - rect.min) / rect.size();
            let column = (place.x * columns as f32).clamp(0.0, columns as f32 - 1.0) as usize;
            let row = ((1.0 - place.y) * rows as f32).clamp(0.0, rows as f32 - 1.0) as usize;
            (column, row)
        };
        let mut touched = Touched::default();
        if rows == 0 || columns == 0 {
            return touched;
        }
        let cursor = response.interact_pointer_pos().or(response.hover_pos());
        let inside = cursor.filter(|screen| rect.contains(*screen) || self.drag_from.is_some());
        if let Some((column, row)) = inside.map(at) {
            touched.hover = Some((column, row, map.values[[row, column]]));
        }
        if !map.choosable {
            return touched;
        }
        if response.drag_started_by(egui::PointerButton::Primary) {
            let origin = response.ctx.input(|input| input.pointer.press_origin());
            self.drag_from = origin.filter(|screen| rect.contains(*screen)).map(at);
        }
        let here = touched.hover.map(|(column, row, _)| (column, row));
        if response.drag_stopped() {
            let from = self.drag_from.take();
            touched.chosen = from.zip(here).map(|(from, to)| spanned(from, to));
        } else if response.clicked() {
            touched.chosen = here.map(|pixel| spanned(pixel, pixel));
        }
        touched
    }
}

fn spanned(a: (usize, usize), b: (usize, usize)) -> PixelBox {
    PixelBox { columns: (a.0.min(b.0), a.0.max(b.0)), rows: (a.1.min(b.1), a.1.max(b.1)) }
}

fn outline(
    painter: &egui::Painter,
    rect: Rect,
    (rows, columns): (usize, usize),
    mark: PixelBox,
    colour: Color32,
    width: f32,
) {
    let (x, y) = (rect.width() / columns.max(1) as f32, rect.height() / rows.max(1) as f32);
    let corners = [
        pos2(rect.left() + x * mark.columns.0 as f32, rect.bottom() - y * (mark.rows.1 + 1) as f32),
        pos2(rect.left() + x * (mark.columns.1 + 1) as f32, rect.bottom() - y * mark.rows.0 as f32),
    ];
    let frame = Rect::from_min_max(corners[0], corners[1]);
    // A dark edge keeps the mark readable on any colour.
    painter.rect_stroke(
        frame,
        0,
        Stroke::new(width + 2.0, Color32::from_black_alpha(150)),
        StrokeKind::Outside,
    );
    painter.rect_stroke(frame, 0, Stroke::new(width, colour), StrokeKind::Outside);
}

/// The strip from low to high, and its numbers.
fn colour_bar(ui: &Ui, bar: Rect, map: &Map<'_>) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    painter.add(strip(bar, map.look.colours));
    let numbers = egui::FontId::monospace(ui.text_style_height(&egui::TextStyle::Small) * 0.76);
    let (low, high) = map.look.range;
    let y = bar.bottom() + 3.0;
    let mut taken: Vec<Rect> = Vec::new();
    for (place, align, value) in [
        (0.0, Align2::LEFT_TOP, low),
        (1.0, Align2::RIGHT_TOP, high),
        (0.5, Align2::CENTER_TOP, 0.5 * (low + high)),
    ] {
        let at = pos2(egui::lerp(bar.left()..=bar.right(), place), y);
        let text = short(f64::from(value));
        let galley = painter.layout_no_wrap(text, numbers.clone(), tokens.dim);
        let area = align.anchor_size(at, galley.size());
        if taken.iter().all(|other| !other.expand(6.0).intersects(area)) {
            taken.push(area);
            painter.galley(area.min, galley, tokens.dim);
        }
    }
}

/// A number for a colour bar: three significant digits.
pub fn short(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return figure::label(if value.is_finite() { 0.0 } else { value });
    }
    let scale = 10f64.powf(3.0 - value.abs().log10().ceil());
    figure::label(if scale.is_finite() && scale > 0.0 { (value * scale).round() / scale } else { value })
}

/// The colours from low to high.
fn strip(rect: Rect, colours: ColourMap) -> Shape {
    const PIECES: u32 = 48;
    let mut mesh = Mesh::default();
    for piece in 0..=PIECES {
        let place = piece as f32 / PIECES as f32;
        let [r, g, b] = colours.rgb(place);
        let (x, colour) = (egui::lerp(rect.left()..=rect.right(), place), Color32::from_rgb(r, g, b));
        mesh.colored_vertex(pos2(x, rect.top()), colour);
        mesh.colored_vertex(pos2(x, rect.bottom()), colour);
        if piece > 0 {
            let first = 2 * piece - 2;
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    Shape::mesh(mesh)
}

/// `channel 42 · x 12 y 87 · 0.0312`, pixels counted from one.
pub fn readout(name: &str, (column, row, value): (usize, usize, f32), unit: &str) -> String {
    let value = crate::figure::text::quantity(f64::from(value), unit);
    format!("{name} · x {} y {} · {value}", column + 1, row + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    #[test]
    fn extremes_leave_blanks_out_and_are_never_empty() {
        assert_eq!(extremes(&[f32::NAN, 2.0, -1.0, f32::INFINITY]), (-1.0, 2.0));
        assert_eq!(extremes(&[f32::NAN]), (0.0, 1.0));
        assert_eq!(extremes(&[0.0, 0.0]), (-0.5, 0.5));
        assert_eq!(extremes(&[-4.0]), (-6.0, -2.0));
        assert_eq!(around_zero((-1.0, 3.0)), (-3.0, 3.0));
    }

    #[test]
    fn a_texture_is_made_once_for_one_look() {
        let context = Context::default();
        let values = Array2::from_shape_fn((4, 6), |(y, x)| (y * 6 + x) as f32);
        let look = Look { generation: 1, range: (0.0, 23.0), colours: ColourMap::Greys };
        let mut texture = Texture::default();
        let uploads = |context: &Context| {
            let mut delta = context.tex_manager().write().take_delta();
            let count = delta.set.len();
            delta.clear();
            count
        };
        let _fonts = uploads(&context);
        texture.of(&context, look, values.view(), 64);
        assert_eq!(uploads(&context), 1);
        texture.of(&context, look, values.view(), 64);
        assert_eq!(uploads(&context), 0, "the same answer is not uploaded again");
        texture.of(&context, Look { generation: 2, ..look }, values.view(), 64);
        assert_eq!(uploads(&context), 1);
    }

    #[test]
    fn a_thumbnail_averages_and_keeps_row_zero_below() {
        let values = Array2::from_shape_fn((4, 4), |(y, _)| if y < 2 { 0.0 } else { 1.0 });
        let look = Look { generation: 1, range: (0.0, 1.0), colours: ColourMap::Greys };
        let image = drawn(values.view(), look, 2);
        assert_eq!(image.size, [2, 2]);
        assert!(image.pixels[0].r() > 250 && image.pixels[2].r() < 5, "{:?}", image.pixels);
    }
}
