//! The position–velocity tab: the map on which the cut is drawn, its width, and the cut as a map of offset and velocity.

use super::maps::{Moment, colour_bar};
use super::strip::{decimal, moment_map};
use super::{Desk as Whole, Grid, line};
use crate::app::plot;
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::cloud::PositionVelocity;
use crate::figure::linear_ticks;
use crate::io;
use crate::job::Lane;
use egui::{
    Align2, Color32, DragValue, FontId, Label, Rect, RichText, ScrollArea, Sense, Stroke, Ui, pos2, vec2,
};
use std::sync::Arc;

/// The tab.
pub fn show(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    ui.style_mut().always_scroll_the_only_direction = true;
    // In a narrow window the map is still as wide as a map must be.
    ScrollArea::horizontal()
        .auto_shrink([false, false])
        .id_salt("cut")
        .show(ui, |ui| columns(ui, cube, grid, desk, state));
}

fn columns(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ui.horizontal_top(|ui| {
        let height = ui.available_height();
        // The map on which the cut is drawn: all the light, or without velocities the plane in the middle.
        let moments =
            if grid.velocity_km_s.is_some() { desk.maps.moments(cube, grid, state).cloned() } else { None };
        match moments {
            Some(Ok(maps)) => {
                moment_map(ui, height, Moment::Peak, &maps, cube, grid, desk, state);
            }
            Some(Err(error)) => drop(ui.label(RichText::new(error).color(tokens.error))),
            None if grid.velocity_km_s.is_some() => {
                drop(ui.label(RichText::new("Working out the map …").color(tokens.dim)))
            }
            None => drop(ui.label(RichText::new("Draw the cut on a channel map").color(tokens.dim))),
        }
        let answer = desk.maps.cut(cube, grid, state).cloned();
        ui.vertical(|ui| {
            ui.set_width(116.0);
            cut_settings(ui, cube, grid, answer.as_ref().and_then(|answer| answer.as_ref().ok()), state);
        });
        match answer {
            None if cube.look.looking.cut.len() < 2 => {
                ui.label(RichText::new("Drag a line on the map to cut the cube along it").color(tokens.dim));
            }
            None => drop(ui.label(RichText::new("Cutting …").color(tokens.dim))),
            Some(Err(error)) => drop(ui.add(Label::new(RichText::new(error).color(tokens.error)).wrap())),
            Some(Ok(map)) => cut_map(ui, height, &map, cube, grid, desk, state),
        }
    });
}

fn cut_settings(
    ui: &mut Ui,
    cube: &mut Cube,
    grid: &Grid,
    map: Option<&Arc<PositionVelocity>>,
    state: &mut AppState,
) {
    let tokens = Tokens::of(ui);
    let unit = if grid.sky.has_sky() { "″" } else { " pixels" };
    ui.horizontal(|ui| {
        ui.label(RichText::new("width").color(tokens.dim));
        let [side, _] = grid.sky.pixel_sides([0.0; 2]);
        let width = DragValue::new(&mut cube.look.looking.cut_width)
            .range(0.0..=1e7)
            .speed(0.25 * side)
            .max_decimals(1);
        ui.add(width.suffix(unit)).on_hover_text("The mean is taken over this width; 0 for the line alone");
    });
    let Some(map) = map else { return };
    if ui.button("Save as FITS…").clicked() {
        let (map, name) = (Arc::clone(map), format!("{}-pv.fits", file_stem(cube)));
        state.queue.spawn_with_product(Lane::Light, format!("Save {name}"), Clone::clone, move |_| {
            let Some(path) = rfd::FileDialog::new().set_file_name(&name).save_file() else { return Ok(None) };
            io::fits::write_image(&path, &map.image)?;
            Ok(Some(path))
        });
    }
    if ui.button("Remove the cut").clicked() {
        cube.look.looking.cut.clear();
    }
}

fn file_stem(cube: &Cube) -> String {
    let stem = cube.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    stem.split('.').next().unwrap_or("cube").to_owned()
}

/// The position–velocity map with its axes; right-click saves the picture.
fn cut_map(
    ui: &mut Ui,
    height: f32,
    map: &PositionVelocity,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
    state: &mut AppState,
) {
    let tokens = Tokens::of(ui);
    let width = (ui.available_width() - 8.0).clamp(300.0, 560.0);
    let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response
        .widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, "Position–velocity map"));
    let frame = Rect::from_min_max(outer.min + vec2(58.0, 4.0), outer.max - vec2(66.0, 34.0));
    let drawn = desk.maps.cut_drawn(ui.ctx(), map, cube);
    let (channels, columns) = map.image.values.dim();
    let rises = grid.third.last() >= grid.third.first();
    // Velocity grows upwards whichever way the file has it.
    let (top, foot) = if rises { (0.0, 1.0) } else { (1.0, 0.0) };
    let uv = Rect::from_min_max(pos2(0.0, top), pos2(1.0, foot));
    ui.painter().image(drawn.texture.id(), frame, uv, Color32::WHITE);
    let bar = Rect::from_min_size(frame.right_top() + vec2(8.0, 0.0), vec2(56.0, frame.height()));
    colour_bar(ui.painter(), bar, &drawn.colours, &cube.loaded.unit, tokens);
    let (low, high) = ends(&grid.third);
    let last = (columns as f64 - 0.5) * map.step;
    let sky = map.offset_unit == "arcsec";
    let (scale, unit) = match (sky, last) {
        (true, last) if last > 7200.0 => (3600.0, "°"),
        (true, last) if last > 300.0 => (60.0, "′"),
        (true, _) => (1.0, "″"),
        (false, _) => (1.0, "pixels"),
    };
    axes(
        ui,
        frame,
        (-0.5 * map.step / scale, last / scale),
        (low, high),
        [&format!("offset, {unit}"), &grid.third_title],
    );
    if let Some(at) = response.hover_pos().filter(|at| frame.contains(*at)) {
        let column = ((at.x - frame.left()) / frame.width() * columns as f32) as usize;
        let up = (frame.bottom() - at.y) / frame.height();
        let up = if rises { up } else { 1.0 - up };
        let channel = ((up * channels as f32) as usize).min(channels.saturating_sub(1));
        let value = map.image.values[[channel, column.min(columns - 1)]];
        let value = text::quantity(f64::from(value), &cube.loaded.unit);
        let offset = text::number(column as f64 * map.step / scale);
        state.readout = format!("{value} · offset {offset} {unit} · {}", decimal(grid.third[channel]));
        if response.clicked()
            && let Some(place) = map.places.get(column.min(columns - 1))
        {
            let pixel = place.map(|part| part.round().max(0.0) as usize);
            let [x, y] = [0, 1].map(|axis| pixel[axis].min(cube.lattice.shape[axis] - 1));
            cube.look.looking.picked = Some(grid.file_voxel([x, y, channel]));
        }
    }
    let id = format!("position–velocity {}", cube.id.0);
    plot::take_picture(ui.ctx(), &state.queue, &id);
    response.context_menu(|ui| {
        if ui.button("Save as PNG…").clicked() {
            plot::save_picture(ui.ctx(), &id, outer, format!("{}-pv.png", file_stem(cube)));
            ui.close();
        }
    });
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
