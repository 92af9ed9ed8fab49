//! The strip below the picture: channel maps, moments, position–velocity cuts, and what is drawn on them with the mouse.

use super::maps::{Colours, Moment, Placing, colour_bar};
use super::{Desk as Whole, Grid, line, paint, regions};
use crate::app::plot;
use crate::app::state::AppState;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::cloud::{PositionVelocity, Shape};
use crate::figure::linear_ticks;
use crate::io;
use crate::job::Lane;
use crate::volume::{Plane, Slice};
use egui::{
    Align, Align2, Color32, DragValue, FontId, Label, Layout, Rect, Response, RichText, ScrollArea, Sense,
    Stroke, TextureHandle, TextureId, TextureOptions, Ui, pos2, vec2,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// What the strip shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tab {
    #[default]
    Channels,
    Moments,
    PositionVelocity,
}

impl Tab {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Channels, "Channel maps"),
        (Self::Moments, "Moments"),
        (Self::PositionVelocity, "Position–velocity"),
    ];
}

/// What the mouse does on a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tool {
    #[default]
    Pick,
    Cut,
    Circle,
    Ellipse,
    Polygon,
}

impl Tool {
    const ALL: [(Self, &'static str, &'static str); 5] = [
        (
            Self::Pick,
            "Pick",
            "Click a map: a channel becomes a slice, a place of a moment map the line of sight",
        ),
        (Self::Cut, "Cut", "Drag a line on a map: the position–velocity cut"),
        (Self::Circle, "Circle", "Drag from the centre of a region outwards"),
        (Self::Ellipse, "Ellipse", "Drag from corner to corner of a region"),
        (Self::Polygon, "Polygon", "Click the corners of a region, the first one or twice to close it"),
    ];
}

#[derive(Default)]
pub struct Desk {
    tool: Tool,
    /// Pixels of the file that were touched so far.
    touched: Vec<[f64; 2]>,
    /// Where the mouse is while something is drawn.
    loose: Option<[f64; 2]>,
    thumbnails: HashMap<usize, TextureHandle>,
    colours: Option<Colours>,
    /// The channel to which the strip was scrolled last.
    scrolled_to: Option<usize>,
}

/// More pictures of channels are not kept.
const MOST_THUMBNAILS: usize = 300;
const THUMBNAIL_PX: usize = 160;

/// Tabs, tools and the maps of a cube; fills what is available.
pub fn strip(ui: &mut Ui, cube: &mut Cube, state: &mut AppState) {
    let mut desk = std::mem::take(&mut cube.desk);
    let grid = desk.grid(cube);
    header(ui, cube, &grid, &mut desk);
    ui.add_space(4.0);
    match cube.look.looking.tab {
        Tab::Channels => channels(ui, cube, &grid, &mut desk, state),
        Tab::Moments => moments(ui, cube, &grid, &mut desk, state),
        Tab::PositionVelocity => position_velocity(ui, cube, &grid, &mut desk, state),
    }
    cube.desk = desk;
}

fn header(ui: &mut Ui, cube: &mut Cube, grid: &Grid, desk: &mut Whole) {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        let kept = &mut cube.look.looking;
        for (tab, name) in Tab::ALL {
            let selected = kept.tab == tab;
            let colour = if selected { tokens.accent } else { tokens.dim };
            let label = ui.add(Label::new(RichText::new(name).color(colour)).sense(Sense::click()));
            label.widget_info(|| {
                egui::WidgetInfo::selected(egui::WidgetType::SelectableLabel, true, selected, name)
            });
            if label.clicked() {
                kept.tab = tab;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for (tool, name, tip) in Tool::ALL.into_iter().rev() {
                if ui.selectable_label(desk.strip.tool == tool, name).on_hover_text(tip).clicked() {
                    desk.strip.tool = tool;
                    desk.strip.touched.clear();
                }
            }
            ui.add_space(12.0);
            if let (Some(first), Some(last)) = (grid.third.first(), grid.third.last()) {
                let words = format!("{} … {}", decimal(*first), decimal(*last));
                let words = if grid.has_velocity { format!("v = {words} km s⁻¹") } else { words };
                ui.add(Label::new(RichText::new(words).monospace().color(tokens.dim)).truncate());
            }
        });
    });
}

fn decimal(value: f64) -> String {
    let words = if value.abs() < 1e4 { format!("{value:.2}") } else { text::number(value) };
    words.replace('-', "−")
}

/// The loaded plane that is shown as a slice across the third axis.
pub fn slice_channel(cube: &Cube) -> Option<usize> {
    let depth = cube.lattice.shape[2];
    cube.look.scene.slices.iter().filter(|slice| slice.shown).find_map(|slice| match slice.plane {
        Plane::Across { axis: 2, place } => Some(((place * depth as f32) as usize).min(depth - 1)),
        _ => None,
    })
}

/// Shows a loaded plane as the slice across the third axis.
fn show_channel(cube: &mut Cube, channel: usize) {
    let place = (channel as f32 + 0.5) / cube.lattice.shape[2] as f32;
    let plane = Plane::Across { axis: 2, place };
    let slices = &mut cube.look.scene.slices;
    match slices.iter_mut().find(|slice| matches!(slice.plane, Plane::Across { axis: 2, .. })) {
        Some(slice) => (slice.plane, slice.shown) = (plane, true),
        None => slices.push(Slice { plane, thickness: 0.0, shown: true }),
    }
}

fn channels(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    let count = cube.lattice.shape[2];
    let transfer = &cube.look.scene.transfer;
    let colours = Colours { map: transfer.colours, range: transfer.range, stretch: transfer.stretch };
    if desk.strip.colours != Some(colours) {
        desk.strip.colours = Some(colours);
        desk.strip.thumbnails.clear();
    }
    let height = (ui.available_height() - 30.0).max(24.0);
    let placing =
        Placing::within(Rect::from_min_size(pos2(0.0, 0.0), vec2(3.0 * height, height)), &cube.lattice);
    let (size, gap) = (placing.rect.size(), 10.0);
    let pitch = size.x + gap;
    let selected = slice_channel(cube);
    ui.style_mut().always_scroll_the_only_direction = true;
    let mut area = ScrollArea::horizontal().auto_shrink([false, false]).id_salt("channels");
    // A channel that was chosen elsewhere is brought in sight.
    if desk.strip.scrolled_to != selected || (selected.is_none() && desk.strip.thumbnails.is_empty()) {
        desk.strip.scrolled_to = selected;
        let picked = cube.look.looking.picked.and_then(|voxel| grid.voxel(voxel)).map(|voxel| voxel[2]);
        let channel = selected.or(picked).unwrap_or(count / 2);
        area = area.horizontal_scroll_offset(
            ((channel as f32 + 0.5) * pitch - 0.5 * ui.available_width()).clamp(0.0, count as f32 * pitch),
        );
    }
    let mut chosen = None;
    area.show_viewport(ui, |ui, viewport| {
        ui.set_width(count as f32 * pitch);
        ui.set_height(height + 18.0);
        let origin = ui.min_rect().min;
        let first = (viewport.min.x / pitch).max(0.0) as usize;
        let last = ((viewport.max.x / pitch).ceil() as usize).min(count);
        for channel in first..last {
            let rect = Rect::from_min_size(origin + vec2(channel as f32 * pitch, 0.0), size);
            let texture = thumbnail(ui, cube, &mut desk.strip, channel, colours);
            let response = ui.interact(rect, ui.id().with(("channel", channel)), Sense::click_and_drag());
            let words = grid.third.get(channel).map(|value| decimal(*value)).unwrap_or_default();
            let words = if grid.has_velocity { format!("{words} km s⁻¹") } else { words };
            response.widget_info(|| {
                let label = format!("Channel {}, {words}", channel + 1);
                egui::WidgetInfo::selected(
                    egui::WidgetType::SelectableLabel,
                    true,
                    selected == Some(channel),
                    label,
                )
            });
            picture(ui, rect, texture);
            if selected == Some(channel) {
                ui.painter().rect_stroke(
                    rect,
                    2.0,
                    Stroke::new(2.0, tokens.accent),
                    egui::StrokeKind::Outside,
                );
            }
            let placing = placing.at(rect);
            paint::on_map(ui.painter(), &placing, cube, grid, tokens);
            if draw(ui, &response, &placing, cube, grid, desk) && response.clicked() {
                chosen = Some(channel);
            }
            readout(&response, &placing, cube, grid, channel, state);
            let colour = if selected == Some(channel) { tokens.text } else { tokens.dim };
            let at = pos2(rect.center().x, rect.bottom() + 4.0);
            ui.painter().text(at, Align2::CENTER_TOP, words, FontId::monospace(11.0), colour);
        }
    });
    if let Some(channel) = chosen {
        show_channel(cube, channel);
        desk.strip.scrolled_to = Some(channel);
    }
}

fn thumbnail(ui: &Ui, cube: &Cube, desk: &mut Desk, channel: usize, colours: Colours) -> TextureId {
    if let Some(texture) = desk.thumbnails.get(&channel) {
        return texture.id();
    }
    if desk.thumbnails.len() >= MOST_THUMBNAILS {
        desk.thumbnails.clear();
    }
    let values = cube.loaded.values.index_axis(ndarray::Axis(0), channel);
    let image = colours.image(values, [cube.lattice.signs[0], cube.lattice.signs[1]], THUMBNAIL_PX);
    let texture = ui.ctx().load_texture("channel", image, TextureOptions::NEAREST);
    let id = texture.id();
    desk.thumbnails.insert(channel, texture);
    id
}

fn picture(ui: &Ui, rect: Rect, texture: TextureId) {
    let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
    ui.painter().image(texture, rect, whole, Color32::WHITE);
}

fn readout(
    response: &Response,
    placing: &Placing,
    cube: &Cube,
    grid: &Grid,
    channel: usize,
    state: &mut AppState,
) {
    let Some([x, y]) = response.hover_pos().and_then(|at| placing.index(at)) else { return };
    let value = cube.loaded.values[[channel, y, x]];
    let voxel = grid.file_voxel([x, y, channel]).map(|place| place as f64);
    state.readout =
        format!("{} · {}", text::quantity(f64::from(value), &cube.loaded.unit), cube.geometry.words(voxel));
}

fn moments(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    if !grid.has_velocity {
        let words =
            "Moments need a velocity axis, or a spectral axis and a rest frequency, along the slowest axis";
        ui.label(RichText::new(words).color(tokens.dim));
        return;
    }
    let known = desk.maps.moments(cube, grid, state).cloned();
    ui.horizontal_top(|ui| {
        let height = ui.available_height();
        ui.vertical(|ui| {
            ui.set_width(150.0);
            threshold(ui, cube);
            if cube.loaded.factor > 1 {
                let words = format!("of the cube at 1/{} of its resolution", cube.loaded.factor);
                ui.add(Label::new(RichText::new(words).color(tokens.dim)).wrap());
            }
        });
        match known {
            None => drop(ui.label(RichText::new("Working out the moments …").color(tokens.dim))),
            Some(Err(error)) => drop(ui.add(Label::new(RichText::new(error).color(tokens.error)).wrap())),
            Some(Ok(maps)) => {
                ui.style_mut().always_scroll_the_only_direction = true;
                ScrollArea::horizontal().auto_shrink([false, false]).id_salt("moments").show(ui, |ui| {
                    ui.horizontal_top(|ui| {
                        for moment in Moment::ALL {
                            moment_map(ui, height, moment, &maps, cube, grid, desk, state);
                        }
                    });
                });
            }
        }
    });
}

fn threshold(ui: &mut Ui, cube: &mut Cube) {
    let tokens = Tokens::of(ui);
    let unit = text::unit(&cube.loaded.unit);
    let (low, high) = cube.lattice.range;
    let kept = &mut cube.look.looking;
    let mut has_limit = kept.threshold.is_some();
    if ui.checkbox(&mut has_limit, "Only values above").changed() {
        // A first guess: a tenth of the brightest.
        kept.threshold = has_limit.then_some((0.1 * high) as f32);
    }
    match &mut kept.threshold {
        Some(limit) => {
            let speed = ((high - low) / 400.0).max(1e-30);
            ui.add(DragValue::new(limit).speed(speed).suffix(format!(" {unit}")));
        }
        None => drop(ui.label(RichText::new("all values count").color(tokens.dim))),
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "a map needs what it shows, what is drawn on it and where the numbers go"
)]
fn moment_map(
    ui: &mut Ui,
    height: f32,
    moment: Moment,
    maps: &crate::cloud::Moments,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
    state: &mut AppState,
) {
    let tokens = Tokens::of(ui);
    let inner = (height - 26.0).max(24.0);
    let area = Rect::from_min_size(pos2(0.0, 0.0), vec2(3.0 * inner, inner));
    let mut placing = Placing::within(area, &cube.lattice);
    let (rect, response) =
        ui.allocate_exact_size(placing.rect.size() + vec2(66.0, 18.0), Sense::click_and_drag());
    placing.rect = placing.rect.translate(rect.min.to_vec2() + vec2(0.0, 18.0));
    let image = moment.image(maps);
    let title = format!("{}, {}", moment.title(), text::unit(&image.unit));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, moment.title()));
    ui.painter().text(
        rect.left_top(),
        Align2::LEFT_TOP,
        title.trim_end_matches(", "),
        FontId::proportional(11.0),
        tokens.dim,
    );
    let drawn = desk.maps.drawn(ui.ctx(), moment, maps, cube);
    picture(ui, placing.rect, drawn.texture.id());
    let bar =
        Rect::from_min_size(placing.rect.right_top() + vec2(6.0, 0.0), vec2(56.0, placing.rect.height()));
    colour_bar(ui.painter(), bar, &drawn.colours, "", tokens);
    paint::on_map(ui.painter(), &placing, cube, grid, tokens);
    let at = response.hover_pos().and_then(|at| placing.index(at));
    if let Some([x, y]) = at {
        let value = text::quantity(f64::from(image.values[[y, x]]), &image.unit);
        let words = cube.geometry.words(grid.file_voxel([x, y, 0]).map(|place| place as f64));
        state.readout = format!("{value} · {}", words.split(" · ").next().unwrap_or_default());
    }
    if draw(ui, &response, &placing, cube, grid, desk) && response.clicked() {
        pick(cube, grid, at);
    }
}

/// Picks the line of sight through a loaded pixel, at its brightest voxel.
fn pick(cube: &mut Cube, grid: &Grid, at: Option<[usize; 2]>) {
    let Some([x, y]) = at else { return };
    let line = cube.loaded.values.slice(ndarray::s![.., y, x]);
    let bright =
        line.iter().enumerate().filter(|(_, value)| value.is_finite()).max_by(|a, b| a.1.total_cmp(b.1));
    let channel = bright.map_or(0, |(channel, _)| channel);
    cube.look.looking.picked = Some(grid.file_voxel([x, y, channel]));
}

fn position_velocity(ui: &mut Ui, cube: &mut Cube, grid: &Arc<Grid>, desk: &mut Whole, state: &mut AppState) {
    let tokens = Tokens::of(ui);
    ui.horizontal_top(|ui| {
        let height = ui.available_height();
        // The map on which the cut is drawn: all the light, or without velocities the plane in the middle.
        let moments = if grid.has_velocity { desk.maps.moments(cube, grid, state).cloned() } else { None };
        match moments {
            Some(Ok(maps)) => {
                moment_map(ui, height, Moment::Peak, &maps, cube, grid, desk, state);
            }
            Some(Err(error)) => drop(ui.label(RichText::new(error).color(tokens.error))),
            None if grid.has_velocity => {
                drop(ui.label(RichText::new("Working out the map …").color(tokens.dim)))
            }
            None => drop(ui.label(RichText::new("Draw the cut on a channel map").color(tokens.dim))),
        }
        let answer = desk.maps.cut(cube, grid, state).cloned();
        ui.vertical(|ui| {
            ui.set_width(150.0);
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
    let width = (ui.available_width() - 8.0).clamp(160.0, 560.0);
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

/// Lets the mouse draw on a map with the tool in hand; answers whether a click is still free to mean something else.
fn draw(
    ui: &Ui,
    response: &Response,
    placing: &Placing,
    cube: &mut Cube,
    grid: &Arc<Grid>,
    desk: &mut Whole,
) -> bool {
    let here = response.interact_pointer_pos().map(|at| grid.of_file(placing.pixel(at)));
    // On the map of the cuts a line can be drawn at once.
    let tool = match desk.strip.tool {
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
        desk.strip.touched = vec![grid.of_file(placing.pixel(origin))];
    }
    if response.dragged() {
        desk.strip.loose = here;
    }
    let (Some(&from), Some(to)) = (desk.strip.touched.first(), desk.strip.loose) else { return true };
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
        desk.strip.touched.clear();
        desk.strip.loose = None;
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
    let touched = &mut desk.strip.touched;
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
