//! What is painted over the picture of a cube: box, axes with ticks and labels, grid, scale bar, beam, compass, colour bar. It reads
//! the cube's geometry and its view; no input and no pixels of the cube here.

mod bar;
mod frame;
mod furniture;
mod labels;

use super::cube::Cube;
use crate::app::theme::{DARK, LIGHT, Tokens};
use egui::{Color32, Painter, Pos2, Rect, Ui, pos2, vec2};
use labels::Labels;
use serde::{Deserialize, Serialize};

/// What of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// Any of it.
    pub visible: bool,
    pub axes: bool,
    pub grid: bool,
    #[serde(rename = "box")]
    pub frame: bool,
    pub scale_bar: bool,
    pub beam: bool,
    pub colour_bar: bool,
    /// Handles of the clip box.
    pub clip_handles: bool,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            visible: true,
            axes: true,
            grid: false,
            frame: true,
            scale_bar: true,
            beam: true,
            colour_bar: true,
            clip_handles: false,
        }
    }
}

/// What title and modes take at the top of the picture; in a narrower one the modes take another row.
const HEADLINE: egui::Vec2 = vec2(640.0, 72.0);
const ROW: f32 = 32.0;

/// What of it is shown, as switches.
pub fn section(ui: &mut Ui, shown: &mut Shown) {
    let mut is_changed = false;
    ui.horizontal_wrapped(|ui| {
        for (on, text, tip) in [
            (&mut shown.axes, "Axes", "Ticks and names with world coordinates"),
            (&mut shown.grid, "Grid", "Lines of round coordinates on the faces behind the cube"),
            (&mut shown.frame, "Box", "The edges of the cube"),
            (
                &mut shown.scale_bar,
                "Scale bar",
                "A length on the sky, in parsecs as well where the distance is given",
            ),
            (&mut shown.beam, "Beam", "The telescope's beam as it lies on the sky"),
            (&mut shown.colour_bar, "Colour bar", "The values of the colours, with their unit"),
        ] {
            is_changed |= ui.checkbox(on, text).on_hover_text(tip).changed();
        }
    });
    shown.visible |= is_changed;
}

/// Paints all of it over a picture that fills `rect`.
pub fn paint(painter: &Painter, rect: Rect, cube: &Cube) {
    if !cube.look.overlay.visible {
        return;
    }
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let brush = Brush::new(&painter, rect, cube.look.scene.background);
    let mut labels = Labels::new(rect);
    let rows = if rect.width() < HEADLINE.x { ROW } else { 0.0 };
    labels.reserve(Rect::from_min_size(rect.min, (HEADLINE + vec2(0.0, rows)).min(rect.size())));
    let shown = cube.look.overlay;
    if shown.colour_bar {
        bar::paint(&brush, rect, cube, &mut labels);
    }
    furniture::paint(&brush, rect, cube, &mut labels);
    frame::paint(&brush, rect, cube, &mut labels);
}

/// The tokens of the theme that can be read on a picture's background.
pub fn tokens_on(background: [f32; 3]) -> &'static Tokens {
    if is_light(background) { &LIGHT } else { &DARK }
}

/// Whether dark ink reads better on it than light ink.
pub fn is_light([r, g, b]: [f32; 3]) -> bool {
    0.3 * r + 0.59 * g + 0.11 * b >= 0.45
}

/// Ink that can be read on the picture, whatever theme the window has.
struct Brush<'a> {
    painter: &'a Painter,
    tokens: &'static Tokens,
    /// Around text that may come to lie on the data.
    halo: Color32,
    font: egui::FontId,
    origin: Pos2,
}

impl<'a> Brush<'a> {
    fn new(painter: &'a Painter, rect: Rect, background: [f32; 3]) -> Self {
        let [r, g, b] = background;
        let byte = |part: f32| (part.clamp(0.0, 1.0) * 255.0) as u8;
        let halo = Color32::from_rgb(byte(r), byte(g), byte(b)).gamma_multiply(0.75);
        let font = egui::TextStyle::Monospace.resolve(&painter.ctx().global_style());
        Self { painter, tokens: tokens_on(background), halo, font, origin: rect.min }
    }

    fn screen(&self, [x, y]: [f32; 2]) -> Pos2 {
        pos2(self.origin.x + x, self.origin.y + y)
    }

    /// Text with a soft edge of the background's colour.
    fn text(&self, at: Pos2, anchor: egui::Align2, text: &str, ink: Color32) -> Rect {
        for off in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
            self.painter.text(at + off, anchor, text, self.font.clone(), self.halo);
        }
        self.painter.text(at, anchor, text, self.font.clone(), ink)
    }

    fn size(&self, text: &str) -> egui::Vec2 {
        self.painter.layout_no_wrap(text.to_owned(), self.font.clone(), self.tokens.dim).size()
    }
}
