//! The cut as a map of offset and velocity: its axes, its corners, and the places it shares with the picture and the maps.

use super::maps::colour_bar;
use super::strip::decimal;
use super::{Desk as Whole, Grid, line};
use crate::app::plot;
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::cloud::PositionVelocity;
use crate::figure::linear_ticks;
use egui::{Align2, Color32, FontId, Painter, Rect, Response, Sense, Shape, Stroke, Ui, pos2, vec2};
use std::sync::Arc;

/// How offsets are told: the number of map units in one, and its sign.
fn scale(map: &PositionVelocity, last: f64) -> (f64, &'static str) {
    match (map.offset_unit == "arcsec", last) {
        (true, last) if last > 7200.0 => (3600.0, "°"),
        (true, last) if last > 300.0 => (60.0, "′"),
        (true, _) => (1.0, "″"),
        (false, _) => (1.0, "pixels"),
    }
}

/// Parsecs in an offset of one map unit, where the distance is known.
fn parsecs(cube: &Cube, map: &PositionVelocity) -> Option<f64> {
    let distance = cube.look.distance_pc.filter(|_| map.offset_unit == "arcsec")?;
    Some((1.0_f64 / 3600.0).to_radians() * distance)
}

/// `4.31′ long · 0.38 pc`
pub fn length_words(cube: &Cube, map: &PositionVelocity, length: f64) -> String {
    let (factor, unit) = scale(map, length);
    let space = if unit == "pixels" { " " } else { "" };
    let mut words = format!("{}{space}{unit} long", decimal(length / factor));
    if let Some(parsec) = parsecs(cube, map) {
        words = format!("{words} · {} pc", decimal(length * parsec));
    }
    words
}

pub fn file_stem(cube: &Cube) -> String {
    let stem = cube.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    stem.split('.').next().unwrap_or("cube").to_owned()
}

fn figure_id(cube: &Cube) -> String {
    format!("position–velocity {}", cube.id.0)
}

pub fn save_picture(ui: &Ui, cube: &Cube, area: Rect) {
    plot::save_picture(ui.ctx(), &figure_id(cube), area, format!("{}-pv.png", file_stem(cube)));
}

/// How the map lies on the screen.
struct Frame {
    rect: Rect,
    /// Offsets of the left and the right edge, in the map's unit.
    x: (f64, f64),
    /// The third coordinate at the foot and at the top.
    y: (f64, f64),
    /// Its values grow with the channels.
    rises: bool,
    columns: usize,
    channels: usize,
}

impl Frame {
    fn of(rect: Rect, map: &PositionVelocity, grid: &Grid) -> Self {
        let (channels, columns) = map.image.values.dim();
        let x = (-0.5 * map.step, (columns as f64 - 0.5) * map.step);
        // Velocity grows upwards whichever way the file has it.
        let third = grid.speeds().0;
        let rises = third.last() >= third.first();
        Self { rect, x, y: ends(third), rises, columns, channels }
    }

    fn across(&self, offset: f64) -> f32 {
        self.rect.left() + ((offset - self.x.0) / (self.x.1 - self.x.0)) as f32 * self.rect.width()
    }

    fn up(&self, third: f64) -> f32 {
        self.rect.bottom() - ((third - self.y.0) / (self.y.1 - self.y.0)) as f32 * self.rect.height()
    }

    /// Column and channel of the map under a point.
    fn index(&self, at: egui::Pos2) -> Option<[usize; 2]> {
        let column = ((at.x - self.rect.left()) / self.rect.width() * self.columns as f32) as usize;
        let up = (self.rect.bottom() - at.y) / self.rect.height();
        let up = if self.rises { up } else { 1.0 - up };
        let channel = (up * self.channels as f32).max(0.0) as usize;
        self.rect.contains(at).then(|| {
            [column.min(self.columns.saturating_sub(1)), channel.min(self.channels.saturating_sub(1))]
        })
    }
}

/// The map with its axes; a click picks the line of sight, right-click saves the picture.
pub fn show(
    ui: &mut Ui,
    height: f32,
    map: &Arc<PositionVelocity>,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
    state: &mut AppState,
) {
    let tokens = Tokens::of(ui);
    let width = (ui.available_width() - 8.0).clamp(300.0, 720.0);
    let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    desk.cut_area = Some(outer);
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, "Position–velocity map"));
    let parsec = parsecs(cube, map);
    let above = if parsec.is_some() { 18.0 } else { 4.0 };
    let rect = Rect::from_min_max(outer.min + vec2(58.0, above), outer.max - vec2(66.0, 34.0));
    let frame = Frame::of(rect, map, grid);
    let drawn = desk.maps.cut_drawn(ui.ctx(), map, cube);
    let (top, foot) = if frame.rises { (0.0, 1.0) } else { (1.0, 0.0) };
    let uv = Rect::from_min_max(pos2(0.0, top), pos2(1.0, foot));
    ui.painter().image(drawn.texture.id(), rect, uv, Color32::WHITE);
    let bar = Rect::from_min_size(rect.right_top() + vec2(8.0, 0.0), vec2(56.0, rect.height()));
    colour_bar(ui.painter(), bar, &drawn.colours, &cube.loaded.unit, tokens);
    let (factor, unit) = scale(map, frame.x.1);
    axes(
        ui,
        rect,
        (frame.x.0 / factor, frame.x.1 / factor),
        frame.y,
        [&format!("offset, {unit}"), grid.speeds().1],
    );
    if let Some(parsec) = parsec {
        parsec_axis(ui, rect, (frame.x.0 * parsec, frame.x.1 * parsec));
    }
    corners(ui.painter(), &frame, map, tokens);
    line_of_sight(ui.painter(), &frame, map, cube, grid, tokens);
    pointed(ui, &response, &frame, map, cube, grid, desk, state);
    plot::take_picture(ui.ctx(), &state.queue, &figure_id(cube));
    response.context_menu(|ui| {
        if ui.button("Save as PNG…").clicked() {
            save_picture(ui, cube, outer);
            ui.close();
        }
    });
}

/// Where the path bends, with the numbers of the corners.
fn corners(painter: &Painter, frame: &Frame, map: &PositionVelocity, tokens: &Tokens) {
    for (index, offset) in map.corners.iter().enumerate() {
        let x = frame.across(*offset).clamp(frame.rect.left(), frame.rect.right());
        let ends = [pos2(x, frame.rect.top()), pos2(x, frame.rect.bottom())];
        let is_end = index == 0 || index + 1 == map.corners.len();
        if !is_end {
            painter.extend(Shape::dashed_line(&ends, Stroke::new(1.0, tokens.warning), 4.0, 4.0));
        }
        let font = FontId::monospace(10.0);
        let align = if index + 1 == map.corners.len() { Align2::RIGHT_TOP } else { Align2::LEFT_TOP };
        let way = if align == Align2::LEFT_TOP { 3.0 } else { -3.0 };
        let at = pos2(x + way, frame.rect.top() + 2.0);
        painter.text(at + vec2(1.0, 1.0), align, index + 1, font.clone(), Color32::BLACK);
        painter.text(at, align, index + 1, font, tokens.warning);
    }
}

/// The line of sight that was picked, where the cut runs over it.
fn line_of_sight(
    painter: &Painter,
    frame: &Frame,
    map: &PositionVelocity,
    cube: &Cube,
    grid: &Grid,
    tokens: &Tokens,
) {
    let Some([x, y, z]) = cube.look.looking.picked else { return };
    let away = |place: &[f64; 2]| (place[0] - x as f64).hypot(place[1] - y as f64);
    let nearest = map.places.iter().enumerate().min_by(|a, b| away(a.1).total_cmp(&away(b.1)));
    let [side, _] = grid.sides([x as f64, y as f64]);
    let reach = (0.5 * cube.look.looking.cut_width / side).max(1.0) + 0.5 * grid.part.factor as f64;
    let Some((column, _)) = nearest.filter(|(_, place)| away(place) <= reach) else { return };
    let speed = grid.velocity_km_s.is_some().then(|| cube.geometry.velocity_km_s(z as f64)).flatten();
    let third = speed.unwrap_or_else(|| cube.geometry.world([x as f64, y as f64, z as f64])[2]);
    let at = pos2(frame.across(column as f64 * map.step), frame.up(third));
    let stroke = Stroke::new(1.0, tokens.accent.gamma_multiply(0.5));
    painter.vline(at.x, frame.rect.y_range(), stroke);
    painter.circle_stroke(at, 4.0, Stroke::new(1.5, tokens.accent));
}

#[expect(
    clippy::too_many_arguments,
    reason = "it tells the window, the picture and the look where the mouse is"
)]
fn pointed(
    ui: &Ui,
    response: &Response,
    frame: &Frame,
    map: &PositionVelocity,
    cube: &mut Cube,
    grid: &Grid,
    desk: &mut Whole,
    state: &mut AppState,
) {
    let at = response.hover_pos().and_then(|at| frame.index(at));
    let place = at.and_then(|[column, channel]| {
        let [x, y] = *map.places.get(column)?;
        let z = grid.part.first[2] as f64 + (channel as f64 + 0.5) * grid.depth_of(frame.channels) - 0.5;
        Some([x, y, z])
    });
    if desk.pointed != place {
        // The picture and the maps were or are painted with the one before.
        desk.pointed = place;
        ui.ctx().request_repaint();
    }
    let (Some([column, channel]), Some([x, y, z])) = (at, place) else { return };
    let value = text::quantity(f64::from(map.image.values[[channel, column]]), &cube.loaded.unit);
    let (factor, unit) = scale(map, frame.x.1);
    let offset = decimal(column as f64 * map.step / factor);
    let words = cube.geometry.words([x, y, z]);
    let space = if unit == "pixels" { " " } else { "" };
    state.readout = format!("{value} · offset {offset}{space}{unit} · {words}");
    if response.clicked() {
        let [depth, rows, columns] = cube.loaded.file_shape;
        let voxel = [(x, columns), (y, rows), (z, depth)];
        cube.look.looking.picked =
            Some(voxel.map(|(part, count)| (part.round().max(0.0) as usize).min(count.saturating_sub(1))));
    }
}

/// A second axis above, in parsecs.
fn parsec_axis(ui: &Ui, rect: Rect, x: (f64, f64)) {
    let tokens = Tokens::of(ui);
    let font = FontId::monospace(10.0);
    for tick in linear_ticks(x.0, x.1, (rect.width() / 90.0) as usize) {
        let at = rect.left() + ((tick.value - x.0) / (x.1 - x.0)) as f32 * rect.width();
        ui.painter().vline(at, rect.top() - 4.0..=rect.top(), Stroke::new(1.0, tokens.faint));
        if !tick.label.is_empty() {
            let above = pos2(at, rect.top() - 5.0);
            ui.painter().text(above, Align2::CENTER_BOTTOM, tick.label, font.clone(), tokens.dim);
        }
    }
    let unit = rect.right_top() + vec2(4.0, -5.0);
    ui.painter().text(unit, Align2::LEFT_BOTTOM, "pc", font, tokens.dim);
}

/// The outer edges of the channels.
fn ends(third: &[f64]) -> (f64, f64) {
    let points = line::steps(third, &vec![0.0; third.len()]);
    let edge = |point: Option<&(f64, f64)>| point.map_or(0.0, |point| point.0);
    let (a, b) = (edge(points.first()), edge(points.last()));
    (a.min(b), a.max(b))
}

/// Ticks inward on all sides, numbers and names below and at the left.
fn axes(ui: &Ui, frame: Rect, x: (f64, f64), y: (f64, f64), names: [&str; 2]) {
    let tokens = Tokens::of(ui);
    let painter = ui.painter();
    let ink = Stroke::new(1.0, tokens.faint);
    let font = FontId::monospace(10.0);
    painter.rect_stroke(frame, 0.0, ink, egui::StrokeKind::Middle);
    for tick in linear_ticks(x.0, x.1, (frame.width() / 70.0) as usize) {
        let at = frame.left() + ((tick.value - x.0) / (x.1 - x.0)) as f32 * frame.width();
        let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
        painter.vline(at, frame.bottom() - length..=frame.bottom(), ink);
        painter.vline(at, frame.top()..=frame.top() + length, ink);
        painter.text(
            pos2(at, frame.bottom() + 3.0),
            Align2::CENTER_TOP,
            tick.label,
            font.clone(),
            tokens.dim,
        );
    }
    for tick in linear_ticks(y.0, y.1, (frame.height() / 30.0) as usize) {
        let at = frame.bottom() - ((tick.value - y.0) / (y.1 - y.0)) as f32 * frame.height();
        let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
        painter.hline(frame.left()..=frame.left() + length, at, ink);
        painter.hline(frame.right() - length..=frame.right(), at, ink);
        painter.text(
            pos2(frame.left() - 4.0, at),
            Align2::RIGHT_CENTER,
            tick.label,
            font.clone(),
            tokens.dim,
        );
    }
    let below = pos2(frame.center().x, frame.bottom() + 16.0);
    painter.text(below, Align2::CENTER_TOP, names[0], FontId::proportional(11.0), tokens.dim);
    let galley = painter.layout_no_wrap(names[1].to_owned(), FontId::proportional(11.0), tokens.dim);
    let beside = pos2(frame.left() - 54.0, frame.center().y + 0.5 * galley.size().x);
    painter.add(
        egui::epaint::TextShape::new(beside, galley, tokens.dim).with_angle(-std::f32::consts::FRAC_PI_2),
    );
}
