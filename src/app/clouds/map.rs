//! A map on the screen: pan, zoom to the cursor, north up and east left, scale bar, beam, compass, colour bar.

use super::content::Plane;
use super::picture::{Picture, Stretch};
use super::sky::Sky;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::figure::{ColourMap, Coordinate, NAN_RGB, PixelSize, scale_bar};
use egui::epaint::{Mesh, Vertex};
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, Ui, pos2, vec2};
use serde::{Deserialize, Serialize};

/// Width kept at the right for the colour bar and its ticks.
const BAR_WIDTH: f32 = 84.0;
/// Width and height kept at the left and below for the labels of the coordinates, where there are any.
const LABELS: egui::Vec2 = vec2(76.0, 26.0);
/// Screen points for a pixel, at least and at most.
const ZOOM: std::ops::RangeInclusive<f32> = 0.005..=64.0;

/// What part of a map is in sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MapView {
    /// The pixel in the middle, and screen points for a pixel; `None` shows all of it.
    at: Option<([f32; 2], f32)>,
}

/// What the cursor and the mouse did on a map.
#[derive(Default)]
pub struct Touched {
    /// The pixel under the cursor (column, row) with its value.
    pub hover: Option<(Pos2, f32)>,
    /// The pixel that was clicked.
    pub click: Option<[usize; 2]>,
    /// The map was touched in any way, so that it is the one the inspector shows.
    pub taken: bool,
}

/// From pixels of the map to the screen and back.
#[derive(Clone, Copy)]
struct Frame<'a> {
    rect: Rect,
    centre: Pos2,
    zoom: f32,
    sky: &'a Sky,
}

impl Frame<'_> {
    fn to_screen(self, pixel: Pos2) -> Pos2 {
        self.rect.center() + self.sky.turn.apply(pixel - self.centre) * self.zoom
    }

    fn to_pixel(self, screen: Pos2) -> Pos2 {
        self.centre + self.sky.turn.undo((screen - self.rect.center()) / self.zoom)
    }
}

impl MapView {
    pub fn fit(&mut self) {
        self.at = None;
    }

    fn frame<'a>(&self, rect: Rect, rows: usize, columns: usize, sky: &'a Sky) -> Frame<'a> {
        let middle = pos2((columns as f32 - 1.0) * 0.5, (rows as f32 - 1.0) * 0.5);
        let (centre, zoom) = match self.at {
            Some(([x, y], zoom)) => (pos2(x, y), zoom),
            None => {
                let size = sky.turn.apply(vec2(columns as f32, rows as f32)).abs();
                (middle, (rect.width() / size.x.max(1.0)).min(rect.height() / size.y.max(1.0)))
            }
        };
        Frame { rect, centre, zoom, sky }
    }
}

/// Shows a drawn plane with everything around it; `mark` is the pixel whose spectrum is shown.
pub fn show(
    ui: &mut Ui,
    view: &mut MapView,
    plane: &Plane,
    picture: &Picture,
    mark: Option<[usize; 2]>,
) -> Touched {
    let area = ui.available_rect_before_wrap();
    let mut rect = area.shrink(8.0);
    rect.set_right(rect.right() - BAR_WIDTH);
    if plane.sky().frame().is_some() {
        rect.min.x += LABELS.x;
        rect.max.y -= LABELS.y;
    }
    let response = ui.allocate_rect(area, Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Image, true, "Map"));
    let values = plane.values();
    let (rows, columns) = values.dim();
    let sky = plane.sky();
    navigate(ui, view, rect, (rows, columns), sky, &response);
    let frame = view.frame(rect, rows, columns, sky);
    let painter = ui.painter_at(rect);
    paint_tiles(&painter, frame, picture);
    let tokens = Tokens::of(ui);
    if let Some([column, row]) = mark {
        cross(&painter, frame.to_screen(pos2(column as f32, row as f32)));
    }
    let ends =
        [pos2(-0.5, -0.5), pos2(columns as f32 - 0.5, rows as f32 - 0.5)].map(|end| frame.to_screen(end));
    let seen = Rect::from_two_pos(ends[0], ends[1]).intersect(rect);
    furniture(ui, &painter, frame, seen);
    coordinates(ui, tokens, area, frame, seen);
    colour_bar(ui, tokens, area, picture, plane.unit());
    let mut touched = Touched { taken: response.clicked() || response.dragged(), ..Touched::default() };
    if let Some(screen) = response.hover_pos().filter(|screen| rect.contains(*screen)) {
        let pixel = frame.to_pixel(screen);
        let (column, row) = (pixel.x.round(), pixel.y.round());
        if column >= 0.0 && row >= 0.0 && (column as usize) < columns && (row as usize) < rows {
            touched.hover = Some((pixel, values[[row as usize, column as usize]]));
            if response.clicked() {
                touched.click = Some([column as usize, row as usize]);
            }
        }
    }
    touched
}

/// Drag pans, the wheel zooms to the cursor, a double click shows all.
fn navigate(
    ui: &Ui,
    view: &mut MapView,
    rect: Rect,
    (rows, columns): (usize, usize),
    sky: &Sky,
    response: &Response,
) {
    if response.double_clicked() {
        view.fit();
        return;
    }
    let frame = view.frame(rect, rows, columns, sky);
    let mut moved = (frame.centre, frame.zoom);
    if response.dragged() {
        moved.0 -= sky.turn.undo(response.drag_delta() / frame.zoom);
    }
    if let Some(cursor) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = (scroll * 0.004).exp() * pinch;
        if factor != 1.0 {
            let held = frame.to_pixel(cursor);
            moved.1 = (frame.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
            moved.0 = held + (moved.0 - held) * (frame.zoom / moved.1);
        }
    }
    if moved != (frame.centre, frame.zoom) {
        // The map never leaves the view: its middle stays over some pixel.
        let x = moved.0.x.clamp(0.0, columns as f32);
        let y = moved.0.y.clamp(0.0, rows as f32);
        view.at = Some(([x, y], moved.1));
    }
}

fn paint_tiles(painter: &Painter, frame: Frame<'_>, picture: &Picture) {
    for tile in &picture.tiles {
        let edge = |(first, end): (usize, usize)| (first as f32 - 0.5, end as f32 - 0.5);
        let ((left, right), (bottom, top)) = (edge(tile.columns), edge(tile.rows));
        let corners = [
            (left, bottom, 0.0, 0.0),
            (right, bottom, 1.0, 0.0),
            (right, top, 1.0, 1.0),
            (left, top, 0.0, 1.0),
        ];
        let mut mesh = Mesh::with_texture(tile.texture.id());
        for (x, y, u, v) in corners {
            let pos = frame.to_screen(pos2(x, y));
            mesh.vertices.push(Vertex { pos, uv: pos2(u, v), color: Color32::WHITE });
        }
        mesh.add_triangle(0, 1, 2);
        mesh.add_triangle(0, 2, 3);
        painter.add(Shape::mesh(mesh));
    }
}

/// Text and lines on the data carry a dark edge, so that they can be read on any colour.
fn on_data(painter: &Painter, at: Pos2, align: Align2, text: &str, font: &FontId) -> Rect {
    for offset in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
        painter.text(at + offset, align, text, font.clone(), Color32::from_black_alpha(160));
    }
    painter.text(at, align, text, font.clone(), Color32::WHITE)
}

fn line_on_data(painter: &Painter, ends: [Pos2; 2]) {
    painter.line_segment(ends, Stroke::new(3.5, Color32::from_black_alpha(140)));
    painter.line_segment(ends, Stroke::new(1.5, Color32::WHITE));
}

fn cross(painter: &Painter, at: Pos2) {
    for arm in [vec2(8.0, 0.0), vec2(0.0, 8.0)] {
        line_on_data(painter, [at - arm, at - arm * 0.3]);
        line_on_data(painter, [at + arm * 0.3, at + arm]);
    }
}

/// Scale bar and beam at the lower left of the data in sight, compass at the lower right.
fn furniture(ui: &Ui, painter: &Painter, frame: Frame<'_>, rect: Rect) {
    let font = egui::TextStyle::Monospace.resolve(ui.style());
    let corner = rect.left_bottom() + vec2(16.0, -16.0);
    let mut x = corner.x;
    if let Some((length, label)) = frame
        .sky
        .pixel
        .and_then(|pixel| scale_bar(pixel, f64::from(rect.width().min(640.0) * 0.25 / frame.zoom)))
    {
        let end = x + length as f32 * frame.zoom;
        line_on_data(painter, [pos2(x, corner.y), pos2(end, corner.y)]);
        on_data(painter, pos2(x, corner.y - 4.0), Align2::LEFT_BOTTOM, &label, &font);
        x = end + 24.0;
    }
    if let (Some(PixelSize::Degrees(pixel)), Some(beam), Some((north, east))) =
        (frame.sky.pixel, frame.sky.beam_deg, frame.sky.compass)
    {
        let scale = frame.zoom / pixel as f32;
        let [major, minor] = [beam[0] as f32 * scale * 0.5, beam[1] as f32 * scale * 0.5];
        // A beam of a few points is a dot, one as large as the view hides the map.
        if major > 1.5 && major < rect.height() * 0.25 {
            let angle = (beam[2] as f32).to_radians();
            let along = north * angle.cos() + east * angle.sin();
            let across = east * angle.cos() - north * angle.sin();
            let centre = pos2(x + major, corner.y - major.max(4.0));
            let ring: Vec<Pos2> = (0..48)
                .map(|step| {
                    let (sin, cos) = (step as f32 / 48.0 * std::f32::consts::TAU).sin_cos();
                    centre + along * major * cos + across * minor * sin
                })
                .collect();
            painter.add(Shape::closed_line(ring.clone(), Stroke::new(3.0, Color32::from_black_alpha(140))));
            painter.add(Shape::closed_line(ring, Stroke::new(1.5, Color32::WHITE)));
            let label = format!("beam {}", text::angle(beam[0]));
            on_data(painter, pos2(x + 2.0 * major + 8.0, corner.y), Align2::LEFT_BOTTOM, &label, &font);
        }
    }
    if let Some((north, east)) = frame.sky.compass {
        let origin = rect.right_bottom() + vec2(-24.0, -24.0);
        for (direction, name) in [(north, "N"), (east, "E")] {
            line_on_data(painter, [origin, origin + direction * 28.0]);
            on_data(painter, origin + direction * 38.0, Align2::CENTER_CENTER, name, &font);
        }
    }
}

/// A frame around what is seen of the map, with ticks of the world coordinates, labels outside of the data.
fn coordinates(ui: &Ui, tokens: &Tokens, area: Rect, frame: Frame<'_>, rect: Rect) {
    if frame.sky.frame().is_none() {
        return;
    }
    let painter = ui.painter_at(area);
    let font = egui::TextStyle::Monospace.resolve(ui.style());
    let stroke = Stroke::new(1.0, tokens.dim);
    painter.rect_stroke(rect, 0, Stroke::new(1.0, tokens.line), egui::StrokeKind::Outside);
    let below = |t: f32| pos2(rect.left() + t * rect.width(), rect.bottom());
    let most = (rect.width() / 140.0) as usize;
    for (t, label) in frame.sky.ticks(Coordinate::Longitude, most, |t| frame.to_pixel(below(t))) {
        let at = below(t);
        painter.line_segment([at, at + vec2(0.0, 5.0)], stroke);
        painter.text(at + vec2(0.0, 7.0), Align2::CENTER_TOP, label, font.clone(), tokens.dim);
    }
    let beside = |t: f32| pos2(rect.left(), rect.bottom() - t * rect.height());
    let most = (rect.height() / 80.0) as usize;
    for (t, label) in frame.sky.ticks(Coordinate::Latitude, most, |t| frame.to_pixel(beside(t))) {
        let at = beside(t);
        painter.line_segment([at - vec2(5.0, 0.0), at], stroke);
        painter.text(at - vec2(8.0, 0.0), Align2::RIGHT_CENTER, label, font.clone(), tokens.dim);
    }
}

/// The colour bar beside the map, with ticks in the values' unit and the shade of blanks below it.
fn colour_bar(ui: &Ui, tokens: &Tokens, area: Rect, picture: &Picture, unit: &str) {
    let painter = ui.painter_at(area);
    let font = egui::TextStyle::Monospace.resolve(ui.style());
    let height = (area.height() - 80.0).clamp(40.0, 320.0);
    let top = area.center().y - height * 0.5;
    let bar = Rect::from_min_size(pos2(area.right() - BAR_WIDTH, top), vec2(12.0, height));
    gradient(&painter, bar, picture.look.colours);
    painter.rect_stroke(bar, 0, Stroke::new(1.0, tokens.line), egui::StrokeKind::Outside);
    let unit = text::unit(unit);
    painter.text(bar.left_top() - vec2(0.0, 8.0), Align2::LEFT_BOTTOM, unit, font.clone(), tokens.dim);
    for (place, label) in bar_ticks(picture.look.stretch, picture.range, height) {
        let y = bar.bottom() - place * height;
        painter
            .line_segment([pos2(bar.right(), y), pos2(bar.right() + 4.0, y)], Stroke::new(1.0, tokens.dim));
        painter.text(pos2(bar.right() + 8.0, y), Align2::LEFT_CENTER, label, font.clone(), tokens.dim);
    }
    let blank = Rect::from_min_size(bar.left_bottom() + vec2(0.0, 12.0), vec2(12.0, 12.0));
    let [r, g, b] = NAN_RGB;
    painter.rect_filled(blank, 2, Color32::from_rgb(r, g, b));
    painter.rect_stroke(blank, 2, Stroke::new(1.0, tokens.line), egui::StrokeKind::Outside);
    painter.text(blank.right_center() + vec2(8.0, 0.0), Align2::LEFT_CENTER, "blank", font, tokens.faint);
}

/// Paints the colours from low (below) to high (above).
pub fn gradient(painter: &Painter, bar: Rect, colours: ColourMap) {
    const STEPS: u32 = 64;
    let mut mesh = Mesh::default();
    for step in 0..=STEPS {
        let place = step as f32 / STEPS as f32;
        let [r, g, b] = colours.rgb(place);
        let colour = Color32::from_rgb(r, g, b);
        let y = bar.bottom() - place * bar.height();
        mesh.colored_vertex(pos2(bar.left(), y), colour);
        mesh.colored_vertex(pos2(bar.right(), y), colour);
        if step > 0 {
            let first = 2 * step - 2;
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    painter.add(Shape::mesh(mesh));
}

/// Ticks at round values, no closer than 28 points; places from 0 to 1.
fn bar_ticks(stretch: Stretch, range: (f32, f32), height: f32) -> Vec<(f32, String)> {
    let (low, high) = (f64::from(stretch.value(0.0, range)), f64::from(range.1));
    let ticks = match stretch {
        Stretch::Log if low > 0.0 && high / low > 3.0 => crate::figure::log_ticks(low, high),
        _ => crate::figure::linear_ticks(low, high, 6),
    };
    let mut shown: Vec<(f32, String)> = Vec::new();
    for tick in ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let place = stretch.place(tick.value as f32, range);
        let apart = shown.iter().all(|(other, _)| (other - place).abs() * height > 28.0);
        if (-0.001..=1.001).contains(&place) && apart {
            shown.push((place, tick.label.clone()));
        }
    }
    shown
}

/// The value, and where it is, for the status bar.
pub fn readout(plane: &Plane, (pixel, value): (Pos2, f32), extra: &str) -> String {
    let mut parts = vec![format!("x {:.0} y {:.0}", pixel.x + 1.0, pixel.y + 1.0)];
    parts.push(text::quantity(f64::from(value), plane.unit()));
    if !extra.is_empty() {
        parts.push(extra.to_owned());
    }
    parts.extend(plane.sky().words(pixel));
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Header;
    use egui::Vec2;

    #[test]
    fn the_pixel_under_the_cursor_is_the_one_that_is_drawn_there() {
        let sky = Sky::new(&Header::default(), 40, 60);
        let rect = Rect::from_min_size(pos2(10.0, 20.0), vec2(300.0, 300.0));
        for view in [MapView::default(), MapView { at: Some(([3.0, 5.0], 7.5)) }] {
            let frame = view.frame(rect, 40, 60, &sky);
            let pixel = pos2(12.25, 31.5);
            assert!((frame.to_pixel(frame.to_screen(pixel)) - pixel).length() < 1e-3);
        }
        let frame = MapView::default().frame(rect, 40, 60, &sky);
        assert!(
            frame.to_screen(pos2(0.0, 39.0)).y < frame.to_screen(pos2(0.0, 0.0)).y,
            "row 0 is at the bottom"
        );
        let corner: Vec2 = frame.to_screen(pos2(-0.5, -0.5)) - rect.left_bottom();
        assert!(corner.x.abs() < 0.1, "a wide map fills the width");
    }
}
