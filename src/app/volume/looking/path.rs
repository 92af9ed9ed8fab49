//! The path of the position–velocity cut under the mouse, on the maps and in the picture alike: corners are clicked or pulled, moved,
//! put in between and taken away; a handle beside the line sets the width.

use super::sheet::Sheet;
use super::{Grid, Kept};
use crate::app::theme::Tokens;
use egui::{CursorIcon, Key, Modifiers, Painter, Pos2, Response, Stroke, Ui, Vec2};

/// A handle is held from this far, in points.
const REACH: f32 = 8.0;
/// The handle of the width is at least so far from the line.
const ASIDE: f32 = 14.0;

/// The path that is being drawn or changed; in pixels of the file.
#[derive(Default)]
pub struct Desk {
    /// Corners so far.
    draft: Vec<[f64; 2]>,
    /// Where the mouse is while a path is drawn.
    loose: Option<[f64; 2]>,
    held: Option<Held>,
}

/// What the mouse holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Held {
    /// The second end of a straight line.
    End,
    Corner(usize),
    /// A corner that comes to be behind this one.
    Between(usize),
    /// The width, with its value and the mouse's distance from the line when it was taken, in the unit of the width.
    Width {
        segment: usize,
        width: f64,
        distance: f64,
    },
}

/// What a click and a drag beside the handles do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Clicks add corners; on maps a drag draws a straight line.
    Draws { pulls: bool },
    /// A drag draws a straight line; clicks mean something else.
    Pulls,
    /// Only the handles are live.
    Holds,
}

impl Desk {
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The mouse is at it: what depends on the path is a preview.
    pub fn is_busy(&self) -> bool {
        self.held.is_some() || !self.draft.is_empty()
    }

    pub fn is_drawing(&self) -> bool {
        !self.draft.is_empty()
    }

    /// The path as it is to be seen: what is being drawn, else the one that is kept.
    pub fn shown(&self, kept: &[[f64; 2]]) -> Vec<[f64; 2]> {
        if self.draft.is_empty() {
            return kept.to_vec();
        }
        let loose = self.loose.filter(|loose| self.draft.last() != Some(loose));
        self.draft.iter().copied().chain(loose).collect()
    }

    /// Enter ends the path, Escape drops what was begun, Backspace takes the last corner back.
    pub fn keys(&mut self, ui: &Ui, kept: &mut Kept) {
        if self.draft.is_empty() || ui.ctx().text_edit_focused() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Escape) {
            self.forget();
        } else if pressed(Key::Enter) {
            self.finish(kept);
        } else if pressed(Key::Backspace) {
            self.draft.pop();
        }
    }

    fn finish(&mut self, kept: &mut Kept) {
        let mut path = std::mem::take(&mut self.draft);
        path.dedup();
        if path.len() > 1 {
            kept.cut = path;
        }
        self.forget();
    }

    /// Lets the mouse at the path on a sheet. Answers whether the pointer is taken: then a click or drag means nothing else.
    pub fn edit(
        &mut self,
        ui: &Ui,
        response: &Response,
        sheet: &Sheet<'_>,
        (kept, grid): (&mut Kept, &Grid),
        hand: Hand,
    ) -> bool {
        let pointer = response.interact_pointer_pos().or_else(|| response.hover_pos());
        let Some(pointer) = pointer else { return false };
        let here = sheet.pixel(pointer).map(|pixel| grid.within_file(pixel));
        if response.drag_started_by(egui::PointerButton::Primary) {
            // Where the button went down, not where egui saw a drag in it.
            let press = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
            self.held = self.grip(sheet, kept, grid, press);
            let pulls = matches!(hand, Hand::Pulls | Hand::Draws { pulls: true });
            if self.held.is_none()
                && pulls
                && let Some(origin) = sheet.pixel(press)
            {
                self.held = Some(Held::End);
                if self.draft.is_empty() {
                    self.draft.push(grid.within_file(origin));
                }
            }
        }
        if let (Some(held), Some(here)) = (self.held, here)
            && (response.dragged() || response.drag_stopped())
        {
            self.pull(held, here, kept, grid);
            if response.drag_stopped() {
                self.held = None;
                if held == Held::End {
                    self.draft.extend(self.loose);
                    self.finish(kept);
                }
            }
            ui.ctx().request_repaint();
            return true;
        }
        let near = self.grip(sheet, kept, grid, pointer).filter(|_| response.hovered());
        if let (Some(Held::Corner(index)), true) = (near, response.secondary_clicked())
            && kept.cut.len() > 2
        {
            kept.cut.remove(index);
            return true;
        }
        if near.is_some() {
            ui.ctx().set_cursor_icon(CursorIcon::Grab);
        }
        if !matches!(hand, Hand::Draws { .. }) {
            return false;
        }
        if response.hovered() && near.is_none() {
            ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        }
        self.loose = here.filter(|_| !self.draft.is_empty());
        if response.clicked() {
            self.click(sheet, kept, here, pointer, response.double_clicked());
        }
        response.clicked() || response.double_clicked()
    }

    fn click(&mut self, sheet: &Sheet<'_>, kept: &mut Kept, here: Option<[f64; 2]>, at: Pos2, twice: bool) {
        let last = self.draft.last().and_then(|last| sheet.screen(*last));
        // Two quick clicks at two places are two corners.
        let reach = if twice { 2.0 * REACH } else { 0.5 * REACH };
        if last.is_some_and(|last| last.distance(at) < reach) {
            if self.draft.len() > 1 {
                self.finish(kept);
            }
        } else if let Some(here) = here {
            self.draft.push(here);
        }
    }

    /// What is to be held at a point.
    fn grip(&self, sheet: &Sheet<'_>, kept: &Kept, grid: &Grid, at: Pos2) -> Option<Held> {
        if !self.draft.is_empty() {
            return None;
        }
        let near = |place: Option<Pos2>| place.is_some_and(|place| place.distance(at) < REACH);
        if let Some(index) = kept.cut.iter().position(|corner| near(sheet.screen(*corner))) {
            return Some(Held::Corner(index));
        }
        if let Some((segment, place)) = width_handle(sheet, kept, grid)
            && near(Some(place))
        {
            let distance = distance(kept, grid, segment, sheet.pixel(at)?);
            return Some(Held::Width { segment, width: kept.cut_width, distance });
        }
        let middles = kept.cut.windows(2).map(|pair| sheet.screen(middle(pair[0], pair[1])));
        middles.into_iter().position(near).map(Held::Between)
    }

    fn pull(&mut self, held: Held, here: [f64; 2], kept: &mut Kept, grid: &Grid) {
        match held {
            Held::End => self.loose = Some(here),
            Held::Corner(index) => {
                if let Some(corner) = kept.cut.get_mut(index) {
                    *corner = here;
                }
            }
            Held::Between(before) => {
                kept.cut.insert((before + 1).min(kept.cut.len()), here);
                self.held = Some(Held::Corner(before + 1));
            }
            Held::Width { segment, width, distance: start } => {
                let wider = 2.0 * (distance(kept, grid, segment, here) - start);
                let step = 0.1 * grid.sides(here)[0].max(1e-9);
                kept.cut_width = (((width + wider) / step).round() * step).max(0.0);
            }
        }
    }

    /// The path, its strip and its handles.
    pub fn paint(
        &self,
        painter: &Painter,
        sheet: &Sheet<'_>,
        (kept, grid): (&Kept, &Grid),
        tokens: &Tokens,
        with_handles: bool,
    ) {
        let path = self.shown(&kept.cut);
        let colour = if self.draft.is_empty() { tokens.warning } else { tokens.accent };
        for pair in path.windows(2) {
            let strip = strip(pair[0], pair[1], kept.cut_width, grid);
            let strip: Vec<Pos2> = strip.iter().filter_map(|pixel| sheet.screen(*pixel)).collect();
            if kept.cut_width > 0.0 && strip.len() == 4 {
                let edge = Stroke::new(1.0, colour.gamma_multiply(0.5));
                painter.add(egui::Shape::convex_polygon(strip, colour.gamma_multiply(0.12), edge));
            }
            if let (Some(a), Some(b)) = (sheet.screen(pair[0]), sheet.screen(pair[1])) {
                painter.line_segment([a, b], Stroke::new(1.5, colour));
            }
        }
        if !with_handles {
            return;
        }
        for (index, corner) in path.iter().enumerate() {
            let Some(at) = sheet.screen(*corner) else { continue };
            let fill = if index == 0 { colour } else { tokens.panel };
            painter.circle(at, 4.0, fill, Stroke::new(1.5, colour));
        }
        if !self.draft.is_empty() {
            return;
        }
        for pair in path.windows(2) {
            if let Some(at) = sheet.screen(middle(pair[0], pair[1])) {
                painter.circle(at, 2.5, tokens.panel, Stroke::new(1.0, colour.gamma_multiply(0.7)));
            }
        }
        if let Some((_, at)) = width_handle(sheet, kept, grid) {
            let square = egui::Rect::from_center_size(at, Vec2::splat(7.0));
            painter.rect(square, 1.0, tokens.panel, Stroke::new(1.5, colour), egui::StrokeKind::Middle);
        }
    }
}

fn middle(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])]
}

/// The direction across a segment, in pixels, of the length of one unit of the width.
fn across(a: [f64; 2], b: [f64; 2], grid: &Grid) -> [f64; 2] {
    let sides = grid.sides(middle(a, b));
    let along = [(b[0] - a[0]) * sides[0], (b[1] - a[1]) * sides[1]];
    let length = along[0].hypot(along[1]).max(1e-12);
    [-along[1] / length / sides[0], along[0] / length / sides[1]]
}

/// The corners of the strip of a segment.
pub fn strip(a: [f64; 2], b: [f64; 2], width: f64, grid: &Grid) -> [[f64; 2]; 4] {
    let [x, y] = across(a, b, grid).map(|part| 0.5 * width * part);
    [[a[0] + x, a[1] + y], [b[0] + x, b[1] + y], [b[0] - x, b[1] - y], [a[0] - x, a[1] - y]]
}

/// How far a pixel is from the line of a segment, in the unit of the width.
fn distance(kept: &Kept, grid: &Grid, segment: usize, pixel: [f64; 2]) -> f64 {
    let (Some(a), Some(b)) = (kept.cut.get(segment), kept.cut.get(segment + 1)) else { return 0.0 };
    let sides = grid.sides(middle(*a, *b));
    let part = |from: [f64; 2], to: [f64; 2]| [(to[0] - from[0]) * sides[0], (to[1] - from[1]) * sides[1]];
    let (along, away) = (part(*a, *b), part(*a, pixel));
    let length = along[0].hypot(along[1]).max(1e-12);
    (along[0] * away[1] - along[1] * away[0]).abs() / length
}

/// The segment that is longest on the screen, and the place of the handle of the width beside it.
fn width_handle(sheet: &Sheet<'_>, kept: &Kept, grid: &Grid) -> Option<(usize, Pos2)> {
    let seen = kept.cut.windows(2).enumerate().filter_map(|(index, pair)| {
        let (a, b) = (sheet.screen(pair[0])?, sheet.screen(pair[1])?);
        Some((index, a, b))
    });
    let (segment, a, b) =
        seen.max_by(|one, other| one.1.distance(one.2).total_cmp(&other.1.distance(other.2)))?;
    let (from, to) = (kept.cut[segment], kept.cut[segment + 1]);
    let on_line = a + 0.3 * (b - a);
    let unit = across(from, to, grid);
    let at = [from[0] + 0.3 * (to[0] - from[0]), from[1] + 0.3 * (to[1] - from[1])];
    let half = 0.5 * kept.cut_width;
    let edge = sheet.screen([at[0] + half * unit[0], at[1] + half * unit[1]])?;
    // The direction on the screen, also where the width is too small to show one.
    let far = grid.sides(at)[0] * 10.0;
    let way = sheet.screen([at[0] + far * unit[0], at[1] + far * unit[1]])? - on_line;
    let place = if edge.distance(on_line) > ASIDE { edge } else { on_line + ASIDE * way.normalized() };
    Some((segment, place))
}
