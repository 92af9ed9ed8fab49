//! Drawing on the maps of the strip with the mouse: the cut, circles, ellipses, polygons.

use super::maps::Placing;
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
    Polygon,
}

impl Tool {
    /// Tool, mark, name, tooltip.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 5] = [
        (
            Self::Pick,
            icon::CURSOR,
            "Pick",
            "Click a map: a channel becomes a slice, a place of a moment map the line of sight",
        ),
        (Self::Cut, icon::LINE_SEGMENT, "Cut", "Drag a line on a map: the position–velocity cut"),
        (Self::Circle, icon::CIRCLE, "Circle", "Drag from the centre of a region outwards"),
        (Self::Ellipse, icon::EGG, "Ellipse", "Drag from corner to corner of a region"),
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
    // On the map of the cuts a line can be drawn at once.
    let tool = match desk.draw.tool {
        Tool::Pick if cube.look.looking.tab == Tab::PositionVelocity => Tool::Cut,
        tool => tool,
    };
    if tool == Tool::Polygon {
        polygon(ui, response, here, placing, cube, grid, desk);
        return false;
    }
    if tool == Tool::Pick {
        return true;
    }
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
    let shape = drawn_shape(tool, from, to);
    preview(ui, placing, grid, from, to, shape.as_ref());
    if response.drag_stopped() {
        match shape {
            Some(shape) => regions::add(cube, grid, shape),
            None => cube.look.looking.cut = vec![from, to],
        }
        desk.draw.touched.clear();
        desk.draw.loose = None;
    }
    false
}

/// In pixels of the file; `None` for a cut.
fn drawn_shape(tool: Tool, from: [f64; 2], to: [f64; 2]) -> Option<Shape> {
    let away = [to[0] - from[0], to[1] - from[1]];
    match tool {
        Tool::Circle => Some(Shape::Circle { centre: from, radius: away[0].hypot(away[1]).max(0.5) }),
        Tool::Ellipse => Some(Shape::Ellipse {
            centre: [0.5 * (from[0] + to[0]), 0.5 * (from[1] + to[1])],
            radii: away.map(|part| (0.5 * part.abs()).max(0.5)),
            angle_deg: 0.0,
        }),
        Tool::Pick | Tool::Cut | Tool::Polygon => None,
    }
}

fn preview(ui: &Ui, placing: &Placing, grid: &Grid, from: [f64; 2], to: [f64; 2], shape: Option<&Shape>) {
    let tokens = Tokens::of(ui);
    let stroke = Stroke::new(1.5, tokens.accent);
    let at = |pixel: [f64; 2]| placing.screen(grid.loaded(pixel));
    match shape {
        Some(Shape::Circle { centre, radius }) => {
            let edge = at([centre[0] + radius, centre[1]]);
            ui.painter().circle_stroke(at(*centre), edge.distance(at(*centre)), stroke);
        }
        Some(Shape::Ellipse { .. }) => {
            let rect = Rect::from_two_pos(at(from), at(to));
            let shape = egui::epaint::EllipseShape::stroke(rect.center(), 0.5 * rect.size(), stroke);
            ui.painter().add(shape);
        }
        _ => drop(ui.painter().line_segment([at(from), at(to)], stroke)),
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
