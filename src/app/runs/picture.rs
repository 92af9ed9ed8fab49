//! A map of a preview with its colour bar and caption. The texture is made anew only when the slot has a new value.

use crate::app::theme::Tokens;
use crate::figure::{self, ColourMap, rgba_from_map};
use egui::{
    Align2, Color32, ColorImage, FontId, Mesh, Pos2, Rect, Sense, Shape, Stroke, StrokeKind, TextureHandle,
};
use egui::{TextureOptions, Ui, pos2, vec2};
use ndarray::Array2;

/// Height below the picture for the colour bar, its numbers and the caption.
pub const BELOW: f32 = 42.0;

/// A map as a texture.
pub struct Picture {
    texture: TextureHandle,
    range: (f32, f32),
    colours: ColourMap,
    /// Rows over columns.
    aspect: f32,
    caption: String,
    /// What the colours mean, between the numbers of the colour bar.
    unit: String,
}

/// log10 where it exists, else NaN, which has its own shade.
pub fn dex(values: &Array2<f32>) -> Array2<f32> {
    values.mapv(|value| if value > 0.0 { value.log10() } else { f32::NAN })
}

/// The lowest and highest finite value of some maps; 0 to 1 where there is none.
pub fn range(maps: &[&Array2<f32>]) -> (f32, f32) {
    let finite = maps.iter().flat_map(|map| map.iter().copied()).filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low < high { (low, high) } else { (0.0, 1.0) }
}

impl Picture {
    pub fn new(
        ui: &Ui,
        name: &str,
        values: &Array2<f32>,
        range: (f32, f32),
        colours: ColourMap,
        caption: String,
        unit: String,
    ) -> Self {
        let rgba = rgba_from_map(values.view(), range, colours);
        let (height, width) = values.dim();
        let image = ColorImage::from_rgba_unmultiplied([width, height], &rgba);
        let texture = ui.ctx().load_texture(name, image, TextureOptions::NEAREST);
        Self { texture, range, colours, aspect: height as f32 / width.max(1) as f32, caption, unit }
    }

    /// Draws the map `side` wide with its colour bar below.
    pub fn show(&self, ui: &mut Ui, side: f32) {
        let tokens = Tokens::of(ui);
        let height = side * self.aspect;
        let (rect, response) = ui.allocate_exact_size(vec2(side, height + BELOW), Sense::hover());
        let map = Rect::from_min_size(rect.min, vec2(side, height));
        let painter = ui.painter();
        let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        painter.image(self.texture.id(), map, whole, Color32::WHITE);
        painter.rect_stroke(map, 0.0, Stroke::new(1.0, tokens.line), StrokeKind::Outside);
        let bar = Rect::from_min_size(map.left_bottom() + vec2(0.0, 5.0), vec2(side, 6.0));
        painter.add(colour_bar(bar, self.colours));
        let small = FontId::monospace(10.0);
        let (low, high) = (figure::label(tenth(self.range.0)), figure::label(tenth(self.range.1)));
        let y = bar.bottom() + 2.0;
        painter.text(pos2(bar.left(), y), Align2::LEFT_TOP, low, small.clone(), tokens.dim);
        painter.text(pos2(bar.right(), y), Align2::RIGHT_TOP, high, small, tokens.dim);
        let unit = FontId::proportional(10.0);
        painter.text(pos2(bar.center().x, y), Align2::CENTER_TOP, &self.unit, unit, tokens.faint);
        let caption = FontId::proportional(11.0);
        let middle = pos2(bar.center().x, y + 13.0);
        let painter = painter.with_clip_rect(rect.intersect(ui.clip_rect()));
        painter.text(middle, Align2::CENTER_TOP, &self.caption, caption, tokens.dim);
        response.on_hover_text(format!("{}, {}", self.caption, self.unit));
    }
}

fn tenth(value: f32) -> f64 {
    (f64::from(value) * 10.0).round() / 10.0
}

/// The colours from low to high, as a strip.
fn colour_bar(rect: Rect, colours: ColourMap) -> Shape {
    const PIECES: usize = 32;
    let mut mesh = Mesh::default();
    for piece in 0..=PIECES {
        let t = piece as f32 / PIECES as f32;
        let [r, g, b] = colours.rgb(t);
        let x = egui::lerp(rect.left()..=rect.right(), t);
        let colour = Color32::from_rgb(r, g, b);
        mesh.colored_vertex(pos2(x, rect.top()), colour);
        mesh.colored_vertex(pos2(x, rect.bottom()), colour);
        if piece > 0 {
            let corner = 2 * piece as u32;
            mesh.add_triangle(corner - 2, corner - 1, corner);
            mesh.add_triangle(corner - 1, corner, corner + 1);
        }
    }
    Shape::mesh(mesh)
}
