//! Regions under the mouse, on the maps and in the picture alike: chosen at their outline, moved, resized, turned, removed.

use super::sheet::Sheet;
use super::{Grid, Kept, regions};
use crate::app::theme::Tokens;
use crate::cloud::{Frame, Region, Shape};
use egui::{CursorIcon, Key, Modifiers, Painter, PointerButton, Pos2, Response, Stroke, Ui};

/// An outline or a handle is held from this far, in points.
const REACH: f32 = 7.0;
/// The handle that turns stands so far out, in points.
const ASIDE: f32 = 18.0;
/// With Shift a region turns by so many degrees at a time.
const TURN_STEP_DEG: f64 = 15.0;

#[derive(Default)]
pub struct Desk {
    /// The region with handles.
    pub chosen: Option<usize>,
    held: Option<Held>,
}

/// What the mouse holds of the region that is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Held {
    /// All of it, by this pixel of the file.
    Whole([f64; 2]),
    /// Which of its own two axes it stretches.
    Size([bool; 2]),
    Turn,
    Corner(usize),
}

impl Desk {
    /// Delete removes the chosen region, Escape lets go of it.
    pub fn keys(&mut self, ui: &Ui, kept: &mut Kept) {
        self.chosen = self.chosen.filter(|index| *index < kept.regions.len());
        let Some(index) = self.chosen.filter(|_| !ui.ctx().text_edit_focused()) else { return };
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Delete) || pressed(Key::Backspace) {
            kept.regions.remove(index);
            self.chosen = None;
        } else if pressed(Key::Escape) {
            self.chosen = None;
        }
    }

    /// Lets the mouse at the regions on a sheet. Answers whether the pointer is taken.
    pub fn edit(
        &mut self,
        ui: &Ui,
        response: &Response,
        sheet: &Sheet<'_>,
        (kept, grid): (&mut Kept, &Grid),
    ) -> bool {
        let pointer = response.interact_pointer_pos().or_else(|| response.hover_pos());
        let Some(pointer) = pointer.filter(|_| kept.regions_shown) else { return false };
        if response.drag_started_by(PointerButton::Primary) {
            let press = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
            self.take(sheet, kept, grid, press);
        }
        if let (Some(held), Some(index)) = (self.held, self.chosen)
            && (response.dragged() || response.drag_stopped())
        {
            let steps = ui.input(|input| input.modifiers.shift);
            if let (Some(region), Some(here)) = (kept.regions.get_mut(index), sheet.pixel(pointer)) {
                // A place that the sky does not have leaves the region as it is.
                if let Some(changed) = pulled(region, grid, held, here, steps) {
                    *region = changed;
                    if let Held::Whole(_) = held {
                        self.held = Some(Held::Whole(here));
                    }
                }
            }
            if response.drag_stopped() {
                self.held = None;
            }
            ui.ctx().request_repaint();
            return true;
        }
        if !response.hovered() {
            return false;
        }
        let handle = self.handle_at(sheet, kept, grid, pointer);
        let outline = outline_at(sheet, kept, grid, pointer);
        if handle.is_some() || outline.is_some() {
            ui.ctx().set_cursor_icon(CursorIcon::Grab);
        }
        if response.clicked() && handle.is_none() {
            let before = self.chosen.take();
            self.chosen = outline;
            // A click beside the chosen one lets go of it and means nothing else.
            return outline.is_some() || before.is_some();
        }
        false
    }

    /// Takes what is under a point: a handle of the chosen region, else an outline, and with it the whole region.
    fn take(&mut self, sheet: &Sheet<'_>, kept: &Kept, grid: &Grid, at: Pos2) {
        self.held = self.handle_at(sheet, kept, grid, at);
        if self.held.is_none()
            && let (Some(index), Some(pixel)) = (outline_at(sheet, kept, grid, at), sheet.pixel(at))
        {
            (self.chosen, self.held) = (Some(index), Some(Held::Whole(pixel)));
        }
    }

    fn handle_at(&self, sheet: &Sheet<'_>, kept: &Kept, grid: &Grid, at: Pos2) -> Option<Held> {
        let region = kept.regions.get(self.chosen?)?;
        let handles = handles(region, sheet, grid).into_iter();
        handles.filter(|(_, place)| place.distance(at) < REACH + 1.0).map(|(held, _)| held).next()
    }

    /// The handles of the chosen region.
    pub fn paint(&self, painter: &Painter, sheet: &Sheet<'_>, (kept, grid): (&Kept, &Grid), tokens: &Tokens) {
        let Some((index, region)) = self.chosen.and_then(|index| Some((index, kept.regions.get(index)?)))
        else {
            return;
        };
        let stroke = Stroke::new(1.5, regions::colour(tokens, index, region));
        for (held, at) in handles(region, sheet, grid) {
            if held == Held::Turn {
                painter.circle(at, 3.5, tokens.panel, stroke);
            } else {
                let square = egui::Rect::from_center_size(at, egui::Vec2::splat(6.0));
                painter.rect(square, 1.0, tokens.panel, stroke, egui::StrokeKind::Middle);
            }
        }
    }
}

/// A position of a region's frame as a pixel of the file.
fn pixel(region: &Region, grid: &Grid, position: [f64; 2]) -> Option<[f64; 2]> {
    if region.frame == Frame::Pixels {
        return Some(position);
    }
    region.pixel(&grid.sky, position).ok().map(|pixel| grid.of_file(pixel))
}

fn position(region: &Region, grid: &Grid, pixel: [f64; 2]) -> Option<[f64; 2]> {
    if region.frame == Frame::Pixels {
        return Some(pixel);
    }
    grid.sky.into_frame(region.frame, grid.sky.sky(grid.loaded(pixel))?).ok()
}

/// The outline in pixels of the file, closed; nothing where it cannot be placed, which the list of regions says.
pub fn outline(region: &Region, grid: &Grid) -> Vec<[f64; 2]> {
    let outline = regions::loaded(region, grid).outline(&grid.sky).unwrap_or_default();
    outline.into_iter().map(|pixel| grid.of_file(pixel)).collect()
}

fn outline_at(sheet: &Sheet<'_>, kept: &Kept, grid: &Grid, at: Pos2) -> Option<usize> {
    let away = |region: &Region| {
        let points = outline(region, grid);
        let seen: Vec<Pos2> = points.into_iter().filter_map(|pixel| sheet.screen(pixel)).collect();
        seen.windows(2).map(|pair| distance(at, pair[0], pair[1])).fold(f32::INFINITY, f32::min)
    };
    let nearest = kept.regions.iter().map(away).enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
    nearest.filter(|(_, away)| *away < REACH).map(|(index, _)| index)
}

fn distance(at: Pos2, a: Pos2, b: Pos2) -> f32 {
    let along = b - a;
    let share = if along.length_sq() > 0.0 { (at - a).dot(along) / along.length_sq() } else { 0.0 };
    at.distance(a + share.clamp(0.0, 1.0) * along)
}

/// Half the lengths of a shape along its own axes, and its angle.
fn halves(shape: &Shape) -> Option<([f64; 2], f64)> {
    match shape {
        Shape::Circle { radius, .. } => Some(([*radius; 2], 0.0)),
        Shape::Ellipse { radii, angle_deg, .. } => Some((*radii, *angle_deg)),
        Shape::Box { sides, angle_deg, .. } => Some((sides.map(|side| 0.5 * side), *angle_deg)),
        Shape::Polygon { .. } => None,
    }
}

fn handles(region: &Region, sheet: &Sheet<'_>, grid: &Grid) -> Vec<(Held, Pos2)> {
    let seen = |position: [f64; 2]| sheet.screen(pixel(region, grid, position)?);
    if let Shape::Polygon { corners } = &region.shape {
        let corners = corners.iter().enumerate();
        return corners.filter_map(|(index, corner)| Some((Held::Corner(index), seen(*corner)?))).collect();
    }
    let Some(([a, b], angle_deg)) = halves(&region.shape) else { return Vec::new() };
    let centre = region.centre();
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let at = |u: f64, v: f64| seen(region.moved(centre, [u * cos - v * sin, u * sin + v * cos]));
    let is_round = matches!(region.shape, Shape::Circle { .. });
    let mut handles = Vec::new();
    for (u, v) in [(a, 0.0), (0.0, b), (-a, 0.0), (0.0, -b)] {
        let axes = if is_round { [true; 2] } else { [u != 0.0, v != 0.0] };
        handles.extend(at(u, v).map(|place| (Held::Size(axes), place)));
    }
    if matches!(region.shape, Shape::Box { .. }) {
        for (u, v) in [(a, b), (-a, b), (-a, -b), (a, -b)] {
            handles.extend(at(u, v).map(|place| (Held::Size([true; 2]), place)));
        }
    }
    if let (false, Some(middle), Some(end)) = (is_round, seen(centre), at(a, 0.0)) {
        handles.push((Held::Turn, end + ASIDE * (end - middle).normalized()));
    }
    handles
}

/// A region after the mouse has pulled a part of it to a pixel of the file.
fn pulled(region: &Region, grid: &Grid, held: Held, here: [f64; 2], in_steps: bool) -> Option<Region> {
    let mut changed = region.clone();
    match held {
        Held::Whole(from) => {
            let shift = |at: &mut [f64; 2]| {
                let [x, y] = pixel(region, grid, *at)?;
                *at = position(region, grid, [x + here[0] - from[0], y + here[1] - from[1]])?;
                Some(())
            };
            match &mut changed.shape {
                Shape::Circle { centre, .. } | Shape::Ellipse { centre, .. } | Shape::Box { centre, .. } => {
                    shift(centre)?;
                }
                Shape::Polygon { corners } => corners.iter_mut().map(shift).collect::<Option<()>>()?,
            }
        }
        Held::Corner(index) => {
            if let Shape::Polygon { corners } = &mut changed.shape {
                *corners.get_mut(index)? = position(region, grid, here)?;
            }
        }
        Held::Turn | Held::Size(_) => {
            let [u, v] = region.away(position(region, grid, here)?);
            let (_, old_deg) = halves(&region.shape)?;
            let turned_deg = v.atan2(u).to_degrees();
            let (sin, cos) = old_deg.to_radians().sin_cos();
            let own = [(u * cos + v * sin).abs(), (v * cos - u * sin).abs()];
            // Nothing becomes so small that it cannot be held again.
            let least = 0.25 * grid.sides(here).into_iter().fold(f64::INFINITY, f64::min);
            match (&mut changed.shape, held) {
                (Shape::Circle { radius, .. }, _) => *radius = u.hypot(v).max(least),
                (Shape::Ellipse { angle_deg, .. } | Shape::Box { angle_deg, .. }, Held::Turn) => {
                    let step = TURN_STEP_DEG;
                    let turned = if in_steps { (turned_deg / step).round() * step } else { turned_deg };
                    *angle_deg = turned.rem_euclid(360.0);
                }
                (Shape::Ellipse { radii: lengths, .. }, Held::Size(axes)) => {
                    (0..2).filter(|axis| axes[*axis]).for_each(|axis| lengths[axis] = own[axis].max(least));
                }
                (Shape::Box { sides: lengths, .. }, Held::Size(axes)) => {
                    let sides = (0..2).filter(|axis| axes[*axis]);
                    sides.for_each(|axis| lengths[axis] = 2.0 * own[axis].max(least));
                }
                _ => {}
            }
        }
    }
    Some(changed)
}
