//! The channels of a block as small pictures in rows. Only those in sight are drawn, and each anew only when its values changed.

use super::picture::{Look, STALE, Texture, short};
use crate::app::theme::Tokens;
use egui::{Color32, Rect, ScrollArea, Sense, Stroke, StrokeKind, Ui, pos2, vec2};
use ndarray::ArrayView2;

/// Least side of a small picture and the gap between two, in points.
const SIDE: f32 = 42.0;
const GAP: f32 = 4.0;
/// Rows in sight at most; more scroll.
const ROWS: usize = 4;
/// Pixels of a small picture at most, along a side.
const PIXELS: usize = 96;

/// The textures of the small pictures, by place in the list of all.
#[derive(Default)]
pub struct Gallery {
    textures: Vec<Texture>,
}

/// One small picture.
pub struct Thumbnail<'a> {
    pub values: ArrayView2<'a, f32>,
    pub look: Look,
    /// What the cursor on it says.
    pub words: String,
}

/// What all small pictures share.
#[derive(Clone, Copy)]
pub struct Grid<'a> {
    /// The places that are shown, in order.
    pub places: &'a [usize],
    pub selected: usize,
    pub is_stale: bool,
}

impl Gallery {
    /// Draws the grid; answers the place that was clicked.
    pub fn show<'a>(
        &mut self,
        ui: &mut Ui,
        grid: Grid<'_>,
        thumbnail: impl Fn(usize) -> Thumbnail<'a>,
    ) -> Option<usize> {
        // The bar stands beside the pictures, not on them.
        let width = ui.available_width() - ui.spacing().scroll.allocated_width();
        let across = (((width + GAP) / (SIDE + GAP)) as usize).max(1);
        let side = ((width + GAP) / across as f32 - GAP).min(2.0 * SIDE);
        let rows = grid.places.len().div_ceil(across);
        let height = rows.min(ROWS) as f32 * (side + GAP);
        // The last row peeks out where there are more, so that it is seen that the grid scrolls.
        let height = if rows > ROWS { height + 0.4 * side } else { height };
        let mut clicked = None;
        ui.spacing_mut().item_spacing.y = GAP;
        ScrollArea::vertical().id_salt("gallery").max_height(height).auto_shrink([false, true]).show_rows(
            ui,
            side,
            rows,
            |ui, seen| {
                for row in seen {
                    let (line, _) = ui.allocate_exact_size(vec2(width, side), Sense::hover());
                    let places = grid.places.iter().skip(row * across).take(across);
                    for (column, &place) in places.enumerate() {
                        let corner = line.min + vec2(column as f32 * (side + GAP), 0.0);
                        let cell = Rect::from_min_size(corner, vec2(side, side));
                        if self.cell(ui, cell, place, grid, &thumbnail(place)) {
                            clicked = Some(place);
                        }
                    }
                }
            },
        );
        clicked
    }

    fn cell(
        &mut self,
        ui: &mut Ui,
        cell: Rect,
        place: usize,
        grid: Grid<'_>,
        thumbnail: &Thumbnail<'_>,
    ) -> bool {
        let tokens = Tokens::of(ui);
        if self.textures.len() <= place {
            self.textures.resize_with(place + 1, Texture::default);
        }
        let response = ui.interact(cell, ui.id().with(("cell", place)), Sense::click());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, &thumbnail.words));
        let texture = self.textures[place].of(ui.ctx(), thumbnail.look, thumbnail.values, PIXELS);
        let (rows, columns) = thumbnail.values.dim();
        // Maps keep their shape; a strip of few rows is stretched so that it can be seen.
        let aspect = (columns as f32 / rows.max(1) as f32).clamp(0.25, 4.0);
        let size = if aspect >= 1.0 { vec2(1.0, 1.0 / aspect) } else { vec2(aspect, 1.0) };
        let picture = Rect::from_center_size(cell.center(), size * cell.width());
        let ink = if grid.is_stale { STALE } else { Color32::WHITE };
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().rect_filled(cell, 2, tokens.field);
        ui.painter().image(texture, picture, whole, ink);
        if place == grid.selected {
            ui.painter().rect_stroke(cell, 2, Stroke::new(2.0, tokens.accent), StrokeKind::Outside);
        } else if response.hovered() {
            ui.painter().rect_stroke(cell, 2, Stroke::new(1.0, tokens.dim), StrokeKind::Outside);
        }
        response.on_hover_text(&thumbnail.words).clicked()
    }
}

/// `0.013 to 2.41`.
pub fn range_words((low, high): (f32, f32)) -> String {
    format!("{} to {}", short(f64::from(low)), short(f64::from(high)))
}
