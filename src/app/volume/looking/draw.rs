//! Drawing on the maps of the strip with the mouse: the cut, circles, ellipses, polygons.

use super::maps::Placing;
use super::path::Hand;
use super::sheet::Sheet;
use super::{Desk as Whole, Grid, Tab, regions};
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::cloud::Shape;
use egui::{Rect, Response, Stroke, Ui};
use egui_phosphor::regular as icon;
use std::sync::Arc;

/// What the mouse does on a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    #[default]
    Pick,
    Cut,
    Circle,
    Ellipse,
    Box,
    Polygon,
}

impl Tool {
    /// Tool, mark, name, tooltip.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 6] = [
        (
            Self::Pick,
            icon::CURSOR,
            "Pick",
            "Click a map: a channel becomes a slice, a place of a moment map the line of sight",
        ),
        (
            Self::Cut,
            icon::LINE_SEGMENTS,
            "Cut",
            "The position–velocity cut: click its corners on a map or on the cube, twice or Enter to end, Escape to stop; on a map \
             a drag draws a straight one",
        ),
        (Self::Circle, icon::CIRCLE, "Circle", "Drag from the centre of a region outwards"),
        (Self::Ellipse, icon::EGG, "Ellipse", "Drag from corner to corner of a region"),
        (Self::Box, icon::RECTANGLE, "Rectangle", "Drag from corner to corner of a region"),
        (
            Self::Polygon,
            icon::POLYGON,
            "Polygon",
            "Click the corners of a region, the first one or twice to close it",
        ),
    ];
}

/// The tool in hand and what it has begun.
#[derive(Default)]
pub struct Desk {
    pub tool: Tool,
    /// Pixels of the file that were touched so far.
    touched: Vec<[f64; 2]>,
    /// Where the mouse is while something is drawn.
    loose: Option<[f64; 2]>,
}

impl Desk {
    pub fn forget(&mut self) {
        self.touched.clear();
        self.loose = None;
    }
}

/// Lets the mouse draw on a map with the tool in hand; answers whether a click is still free to mean something else.
pub fn draw(
    ui: &Ui,
    response: &Response,
    placing: &Placing,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
) -> bool {
    let here = response.interact_pointer_pos().map(|at| grid.of_file(placing.pixel(at)));
    let on_cuts = cube.look.looking.tab == Tab::PositionVelocity;
    // On the map of the cuts a path can be drawn at once.
    let is_first = cube.look.looking.cut.is_empty() || desk.path.is_drawing();
    let tool = match desk.draw.tool {
        Tool::Pick if on_cuts && is_first => Tool::Cut,
        tool => tool,
    };
    if tool == Tool::Pick {
        let sheet = Sheet::Map { placing, grid };
        if desk.edit.edit(ui, response, &sheet, (&mut cube.look.looking, grid)) {
            return false;
        }
    }
    let hand = match tool {
        Tool::Cut => Hand::Draws { pulls: true },
        Tool::Pick if on_cuts => Hand::Pulls,
        Tool::Pick => return true,
        Tool::Polygon => {
            polygon(ui, response, here, placing, cube, grid, desk);
            return false;
        }
        Tool::Circle | Tool::Ellipse | Tool::Box => {
            return drag(ui, response, here, placing, cube, grid, desk);
        }
    };
    let sheet = Sheet::Map { placing, grid };
    !path(ui, response, &sheet, cube, (grid, desk), hand)
}

/// The same in the picture of the cube; answers whether the pointer is taken.
pub fn in_picture(
    ui: &Ui,
    response: &Response,
    rect: Rect,
    cube: &mut Cube,
    grid: &Grid,
    desk: &mut Whole,
) -> bool {
    let on_cuts = cube.look.looking.tab == Tab::PositionVelocity;
    let draws = desk.draw.tool == Tool::Cut || desk.path.is_drawing();
    desk.has_handles = draws || on_cuts;
    let sheet = Sheet::in_picture(cube, rect);
    if !draws && desk.edit.edit(ui, response, &sheet, (&mut cube.look.looking, grid)) {
        return true;
    }
    let hand = match (draws, on_cuts) {
        (true, _) => Hand::Draws { pulls: false },
        (false, true) => Hand::Holds,
        _ => return false,
    };
    path(ui, response, &sheet, cube, (grid, desk), hand)
}

fn path(
    ui: &Ui,
    response: &Response,
    sheet: &Sheet<'_>,
    cube: &mut Cube,
    (grid, desk): (&Grid, &mut Whole),
    hand: Hand,
) -> bool {
    let kept = &mut cube.look.looking;
    let was_busy = desk.path.is_busy();
    let taken = desk.path.edit(ui, response, sheet, (kept, grid), hand);
    lay_down(was_busy, cube, desk);
    taken
}

/// One path a time: after it clicks pick again, and its corners stay in reach.
fn lay_down(was_busy: bool, cube: &mut Cube, desk: &mut Whole) {
    if was_busy && !desk.path.is_busy() && desk.draw.tool == Tool::Cut {
        desk.draw.tool = Tool::Pick;
        cube.look.looking.tab = Tab::PositionVelocity;
    }
}

/// The keys of what is being drawn; Escape lays down the tool where nothing is.
pub fn keys(ui: &Ui, cube: &mut Cube, desk: &mut Whole) {
    let was_busy = desk.path.is_busy();
    desk.path.keys(ui, &mut cube.look.looking);
    lay_down(was_busy, cube, desk);
    if !desk.path.is_busy() {
        desk.edit.keys(ui, &mut cube.look.looking);
    }
    let is_idle = !desk.path.is_busy() && desk.draw.touched.is_empty() && desk.draw.tool != Tool::Pick;
    if is_idle && ui.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
        desk.draw.tool = Tool::Pick;
    }
}

/// Circles and ellipses, from where the button goes down to where it is let go.
fn drag(
    ui: &Ui,
    response: &Response,
    here: Option<[f64; 2]>,
    placing: &Placing,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
) -> bool {
    let tool = desk.draw.tool;
    if response.drag_started()
        && let Some(origin) = ui.input(|input| input.pointer.press_origin())
    {
        desk.draw.touched = vec![grid.of_file(placing.pixel(origin))];
    }
    if response.dragged() {
        desk.draw.loose = here;
    }
    let (Some(&from), Some(to)) = (desk.draw.touched.first(), desk.draw.loose) else { return true };
    if !(response.dragged() || response.drag_stopped()) {
        return true;
    }
    let Some(shape) = drawn_shape(tool, from, to) else { return true };
    preview(ui, placing, grid, from, to, &shape);
    if response.drag_stopped() {
        regions::add(cube, grid, shape);
        desk.draw.touched.clear();
        desk.draw.loose = None;
    }
    false
}

/// In pixels of the file.
fn drawn_shape(tool: Tool, from: [f64; 2], to: [f64; 2]) -> Option<Shape> {
    let away = [to[0] - from[0], to[1] - from[1]];
    match tool {
        Tool::Circle => Some(Shape::Circle { centre: from, radius: away[0].hypot(away[1]).max(0.5) }),
        Tool::Ellipse => Some(Shape::Ellipse {
            centre: [0.5 * (from[0] + to[0]), 0.5 * (from[1] + to[1])],
            radii: away.map(|part| (0.5 * part.abs()).max(0.5)),
            angle_deg: 0.0,
        }),
        Tool::Box => Some(Shape::Box {
            centre: [0.5 * (from[0] + to[0]), 0.5 * (from[1] + to[1])],
            sides: away.map(|part| part.abs().max(1.0)),
            angle_deg: 0.0,
        }),
        Tool::Pick | Tool::Cut | Tool::Polygon => None,
    }
}

fn preview(ui: &Ui, placing: &Placing, grid: &Grid, from: [f64; 2], to: [f64; 2], shape: &Shape) {
    let tokens = Tokens::of(ui);
    let stroke = Stroke::new(1.5, tokens.accent);
    let at = |pixel: [f64; 2]| placing.screen(grid.loaded(pixel));
    match shape {
        Shape::Circle { centre, radius } => {
            let edge = at([centre[0] + radius, centre[1]]);
            ui.painter().circle_stroke(at(*centre), edge.distance(at(*centre)), stroke);
        }
        Shape::Box { .. } => {
            let rect = Rect::from_two_pos(at(from), at(to));
            ui.painter().rect_stroke(rect, 0.0, stroke, egui::StrokeKind::Middle);
        }
        _ => {
            let rect = Rect::from_two_pos(at(from), at(to));
            let shape = egui::epaint::EllipseShape::stroke(rect.center(), 0.5 * rect.size(), stroke);
            ui.painter().add(shape);
        }
    }
}

fn polygon(
    ui: &Ui,
    response: &Response,
    here: Option<[f64; 2]>,
    placing: &Placing,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
) {
    let at = |pixel: [f64; 2]| placing.screen(grid.loaded(pixel));
    let touched = &mut desk.draw.touched;
    if ui.input(|input| input.key_pressed(egui::Key::Escape)) {
        touched.clear();
    }
    let closes = |touched: &[[f64; 2]], pixel: [f64; 2]| {
        touched.len() > 2 && touched.first().is_some_and(|first| at(*first).distance(at(pixel)) < 8.0)
    };
    if let Some(pixel) = here.filter(|_| response.clicked()) {
        if closes(touched, pixel) || (response.double_clicked() && touched.len() > 2) {
            let corners = std::mem::take(touched);
            regions::add(cube, grid, Shape::Polygon { corners });
            return;
        }
        touched.push(pixel);
    }
    let mut line: Vec<egui::Pos2> = touched.iter().map(|pixel| at(*pixel)).collect();
    line.extend(response.hover_pos());
    if line.len() > 1 {
        let tokens = Tokens::of(ui);
        ui.painter().line(line, Stroke::new(1.5, tokens.accent));
    }
}
