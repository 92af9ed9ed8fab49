//! Plots as an astronomer would publish them, in the window: true log axes with minor ticks, labels with units, a frame with
//! ticks inward, the legend outside the data, and a menu that writes the figure to a file.

use super::theme::Tokens;
use crate::figure::{self, Axis, Scale, Tick};
use crate::io::{atomic, png};
use crate::job::{JobQueue, Lane};
use egui::{Color32, Context, Event, FontId, Id, Pos2, Rect, Response, Sense, Stroke, Ui, UserData, Vec2};
use egui::{ViewportCommand, pos2, vec2};
use egui_plot::{GridMark, HoverPosition, LineStyle, Plot, PlotPoint, PlotTransform};
use std::fmt::Write as _;
use std::sync::Arc;

/// A curve with the colour it has in the window.
pub struct Curve {
    pub line: figure::Line,
    pub colour: Color32,
    /// (x, least, greatest), painted behind the line.
    band: Vec<[f64; 3]>,
    is_faint: bool,
}

impl Curve {
    pub fn new(line: figure::Line, colour: Color32) -> Self {
        Self { line, colour, band: Vec::new(), is_faint: false }
    }

    /// With an envelope behind it: (x, least, greatest), x ascending.
    pub fn with_band(self, band: Vec<[f64; 3]>) -> Self {
        Self { band, ..self }
    }

    /// Thin and pale and not in the legend: what another curve is made of.
    pub fn faint(self) -> Self {
        Self { is_faint: true, ..self }
    }
}

/// Line colours that colour-blind eyes tell apart (after Okabe and Ito), brightened on the dark theme.
pub fn line_colour(tokens: &Tokens, index: usize) -> Color32 {
    const DARK: [u32; 7] = [0x7CC4FF, 0xF2C14E, 0x4AC0B9, 0xDD8FB4, 0x87BB7B, 0xE29572, 0xB59CE3];
    const LIGHT: [u32; 7] = [0x0072B2, 0xB06D00, 0x00866A, 0xB04E86, 0x48823B, 0xC1440E, 0x7D5FAD];
    let is_dark = tokens.window.r() < 128;
    let rgb = if is_dark { DARK[index % DARK.len()] } else { LIGHT[index % LIGHT.len()] };
    Color32::from_rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

/// What a plot shows and what it is called when it is saved.
pub struct Figure<'a> {
    pub id: &'a str,
    pub title: &'a str,
    pub x: &'a Axis,
    pub y: &'a Axis,
    pub curves: &'a [Curve],
}

/// The value as the plot's own, linear coordinate.
fn placed(scale: Scale, value: f64) -> Option<f64> {
    let value = match scale {
        Scale::Linear => value,
        Scale::Log if value > 0.0 => value.log10(),
        Scale::Log => return None,
    };
    value.is_finite().then_some(value)
}

fn unplaced(scale: Scale, value: f64) -> f64 {
    match scale {
        Scale::Linear => value,
        Scale::Log => 10f64.powf(value),
    }
}

/// Ticks in the plot's own coordinate.
fn placed_ticks(axis: &Axis, low: f64, high: f64, count: usize) -> Vec<Tick> {
    let place = |tick: Tick| placed(axis.scale, tick.value).map(|value| Tick { value, ..tick });
    let ticks = axis.ticks_within(unplaced(axis.scale, low), unplaced(axis.scale, high), count);
    ticks.into_iter().filter_map(place).collect()
}

/// At most two points for each pixel column, the lowest and the highest: an envelope that hides no spike.
fn thinned(points: &[[f64; 2]], columns: usize) -> Vec<[f64; 2]> {
    if points.len() <= 4 * columns.max(16) {
        return points.to_vec();
    }
    let size = points.len().div_ceil(columns.max(16));
    let mut kept = Vec::with_capacity(2 * columns);
    for chunk in points.chunks(size) {
        let by_height = |a: &&[f64; 2], b: &&[f64; 2]| a[1].total_cmp(&b[1]);
        let (Some(low), Some(high)) = (chunk.iter().min_by(by_height), chunk.iter().max_by(by_height)) else {
            continue;
        };
        let (first, second) = if low[0] <= high[0] { (low, high) } else { (high, low) };
        kept.push(*first);
        kept.push(*second);
    }
    kept
}

/// Draws the figure in `size`, legend on the right, and answers to the menu that the right button opens.
pub fn show(ui: &mut Ui, queue: &JobQueue, figure: &Figure<'_>, size: Vec2) -> Response {
    let tokens = Tokens::of(ui);
    let legend_width = if named(figure).count() > 1 { legend_width(ui, figure) } else { 0.0 };
    let (outer, _) = ui.allocate_exact_size(size, Sense::hover());
    let plot_rect = Rect::from_min_size(outer.min, vec2(size.x - legend_width, size.y));
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(plot_rect).id_salt(figure.id));
    let shown = plot(&mut child, figure, plot_rect.size(), tokens);
    frame(ui, figure, &shown.transform, tokens);
    legend(ui, figure, pos2(plot_rect.right() + 8.0, shown.transform.frame().top() + 4.0), tokens);
    shown.response.context_menu(|ui| menu(ui, queue, figure, outer));
    take_picture(ui.ctx(), queue, figure.id);
    shown.response
}

fn plot(ui: &mut Ui, figure: &Figure<'_>, size: Vec2, tokens: &Tokens) -> egui_plot::PlotResponse<()> {
    let (x, y) = (figure.x, figure.y);
    let marks = |axis: &Axis, count: usize| {
        let axis = axis.clone();
        move |input: egui_plot::GridInput| {
            let (low, high) = input.bounds;
            let majors =
                placed_ticks(&axis, low, high, count).into_iter().filter(|tick| !tick.label.is_empty());
            majors.map(|tick| GridMark { value: tick.value, step_size: high - low }).collect()
        }
    };
    let label = |scale: Scale| {
        move |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
            figure::label(rounded(unplaced(scale, mark.value)))
        }
    };
    let columns = (size.x / 2.0) as usize;
    let (x_scale, y_scale) = (x.scale, y.scale);
    let (x_name, y_name) = (x.label.clone(), y.label.clone());
    let mut plot = Plot::new(figure.id)
        .width(size.x)
        .height(size.y)
        .show_background(false)
        .grid_color(tokens.line)
        .grid_fade(0.0)
        .x_grid_spacer(marks(x, (size.x / 90.0) as usize))
        .y_grid_spacer(marks(y, (size.y / 36.0) as usize))
        .x_axis_formatter(label(x_scale))
        .y_axis_formatter(label(y_scale))
        .x_axis_label(egui::RichText::new(&x.label).small().color(tokens.dim))
        .y_axis_label(egui::RichText::new(&y.label).small().color(tokens.dim))
        .y_axis_min_width(40.0)
        .allow_scroll(false)
        .set_margin_fraction(vec2(0.02, 0.06))
        .label_formatter(move |at| match at {
            HoverPosition::NearDataPoint { plot_name, position, .. } => Some(format!(
                "{plot_name}\n{x_name}: {}\n{y_name}: {}",
                figure::label(significant(unplaced(x_scale, position.x))),
                figure::label(significant(unplaced(y_scale, position.y)))
            )),
            HoverPosition::Elsewhere { .. } => None,
        });
    if let Some((low, high)) = x.range {
        plot = [low, high].into_iter().filter_map(|end| placed(x_scale, end)).fold(plot, Plot::include_x);
    }
    if let Some((low, high)) = y.range {
        plot = [low, high].into_iter().filter_map(|end| placed(y_scale, end)).fold(plot, Plot::include_y);
    }
    plot.show(ui, |ui| {
        for curve in figure.curves.iter().filter(|curve| !curve.band.is_empty()) {
            let placed = |&[x, low, high]: &[f64; 3]| {
                Some([placed(x_scale, x)?, placed(y_scale, low)?, placed(y_scale, high)?])
            };
            let band: Vec<[f64; 3]> = curve.band.iter().filter_map(placed).collect();
            let column = |at: usize| band.iter().map(|point| point[at]).collect::<Vec<f64>>();
            let area = egui_plot::FilledArea::new("", &column(0), &column(1), &column(2));
            ui.add(area.fill_color(curve.colour.gamma_multiply(0.18)).allow_hover(false));
        }
        for curve in figure.curves {
            let points: Vec<[f64; 2]> = curve
                .line
                .points
                .iter()
                .filter_map(|&(x, y)| Some([placed(x_scale, x)?, placed(y_scale, y)?]))
                .collect();
            let points = thinned(&points, columns);
            match curve.line.stroke {
                figure::Stroke::Points => {
                    let dots = egui_plot::Points::new(&curve.line.label, points).radius(2.0);
                    ui.points(dots.color(curve.colour));
                }
                stroke => {
                    let (strength, width) = if curve.is_faint { (0.35, 1.0) } else { (1.0, 1.5) };
                    let colour = curve.colour.gamma_multiply(strength);
                    let line = egui_plot::Line::new(&curve.line.label, points).color(colour).width(width);
                    let is_dashed = stroke == figure::Stroke::Dashed;
                    ui.line(if is_dashed { line.style(LineStyle::dashed_loose()) } else { line });
                }
            }
        }
    })
}

/// 10^x comes back from its logarithm with dirt in the last digits.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powf(9.0 - value.abs().log10().ceil());
    if scale.is_finite() && scale > 0.0 { (value * scale).round() / scale } else { value }
}

/// Four significant digits, for reading off.
fn significant(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powf(4.0 - value.abs().log10().ceil());
    if scale.is_finite() && scale > 0.0 { (value * scale).round() / scale } else { value }
}

/// The frame with major and minor ticks inward, on all four sides.
fn frame(ui: &Ui, figure: &Figure<'_>, transform: &PlotTransform, tokens: &Tokens) {
    let rect = *transform.frame();
    let bounds = transform.bounds();
    let ink = Stroke::new(1.0, tokens.faint);
    let painter = ui.painter();
    let counts = ((rect.width() / 90.0) as usize, (rect.height() / 36.0) as usize);
    for tick in placed_ticks(figure.x, bounds.min()[0], bounds.max()[0], counts.0) {
        let x = transform.position_from_point(&PlotPoint::new(tick.value, bounds.min()[1])).x;
        let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
        painter.vline(x, rect.bottom() - length..=rect.bottom(), ink);
        painter.vline(x, rect.top()..=rect.top() + length, ink);
    }
    for tick in placed_ticks(figure.y, bounds.min()[1], bounds.max()[1], counts.1) {
        let y = transform.position_from_point(&PlotPoint::new(bounds.min()[0], tick.value)).y;
        let length = if tick.label.is_empty() { 3.0 } else { 6.0 };
        painter.hline(rect.left()..=rect.left() + length, y, ink);
        painter.hline(rect.right() - length..=rect.right(), y, ink);
    }
    painter.rect_stroke(rect, 0.0, ink, egui::StrokeKind::Middle);
}

const LEGEND_FONT: FontId = FontId::proportional(11.0);
const LEGEND_KEY: f32 = 18.0;

/// The curves that the legend names.
fn named<'a>(figure: &'a Figure<'_>) -> impl Iterator<Item = &'a Curve> {
    figure.curves.iter().filter(|curve| !curve.is_faint)
}

fn legend_width(ui: &Ui, figure: &Figure<'_>) -> f32 {
    let width = |text: &String| {
        ui.painter().layout_no_wrap(text.clone(), LEGEND_FONT, Color32::WHITE).size().x + LEGEND_KEY + 20.0
    };
    named(figure).map(|curve| width(&curve.line.label)).fold(0.0, f32::max)
}

fn legend(ui: &Ui, figure: &Figure<'_>, corner: Pos2, tokens: &Tokens) {
    if named(figure).count() < 2 {
        return;
    }
    let painter = ui.painter();
    for (row, curve) in named(figure).enumerate() {
        let y = corner.y + 8.0 + 16.0 * row as f32;
        let key = [pos2(corner.x, y), pos2(corner.x + LEGEND_KEY, y)];
        let stroke = Stroke::new(1.5, curve.colour);
        match curve.line.stroke {
            figure::Stroke::Solid => _ = painter.line_segment(key, stroke),
            figure::Stroke::Dashed => painter.extend(egui::Shape::dashed_line(&key, stroke, 4.0, 3.0)),
            figure::Stroke::Points => _ = painter.circle_filled(key[0].lerp(key[1], 0.5), 2.0, curve.colour),
        }
        let at = pos2(corner.x + LEGEND_KEY + 6.0, y);
        painter.text(at, egui::Align2::LEFT_CENTER, &curve.line.label, LEGEND_FONT, tokens.dim);
    }
}

fn menu(ui: &mut Ui, queue: &JobQueue, figure: &Figure<'_>, area: Rect) {
    use egui_phosphor::regular as icon;
    let name = figure.title.replace([' ', '/'], "-").to_lowercase();
    let entry = |ui: &mut Ui, icon: &str, text: &str| ui.button(format!("{icon}   {text}")).clicked();
    let request = |purpose: Purpose| {
        let request = PictureRequest { figure: Id::new(figure.id), area, purpose };
        ViewportCommand::Screenshot(UserData::new(request))
    };
    if entry(ui, icon::COPY, "Copy as picture") {
        ui.ctx().send_viewport_cmd(request(Purpose::Copy));
        ui.close();
    }
    if entry(ui, icon::COPY_SIMPLE, "Copy as CSV") {
        ui.ctx().copy_text(csv_from_curves(figure));
        ui.close();
    }
    if entry(ui, icon::FILE_PNG, "Save as PNG…") {
        ui.ctx().send_viewport_cmd(request(Purpose::Save(format!("{name}.png"))));
        ui.close();
    }
    if entry(ui, icon::FILE_SVG, "Save as SVG…") {
        let lines: Vec<figure::Line> = named(figure).map(|curve| curve.line.clone()).collect();
        let text = figure::lines_svg(figure.title, figure.x, figure.y, &lines);
        save(queue, format!("{name}.svg"), text.into_bytes());
        ui.close();
    }
    if entry(ui, icon::FILE_CSV, "Save as CSV…") {
        save(queue, format!("{name}.csv"), csv_from_curves(figure).into_bytes());
        ui.close();
    }
}

/// One row for each point: curve, x, y, under the axes' labels; and the envelope, where a curve has one.
pub fn csv_from_curves(figure: &Figure<'_>) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let has_bands = figure.curves.iter().any(|curve| !curve.band.is_empty());
    let envelope = if has_bands { ",least,greatest" } else { "" };
    let mut text = format!("curve,{},{}{envelope}\n", quoted(&figure.x.label), quoted(&figure.y.label));
    for curve in figure.curves {
        let of = if curve.is_faint { " (every point)" } else { "" };
        for (index, (x, y)) in curve.line.points.iter().enumerate() {
            let envelope = match curve.band.get(index) {
                Some([_, low, high]) => format!(",{low:?},{high:?}"),
                None if has_bands => ",,".to_owned(),
                None => String::new(),
            };
            let label = quoted(&format!("{}{of}", curve.line.label));
            // Writing into a String cannot fail.
            let _infallible = writeln!(text, "{label},{x:?},{y:?}{envelope}");
        }
    }
    text
}

/// A picture of part of the window that was asked for.
struct PictureRequest {
    figure: Id,
    area: Rect,
    purpose: Purpose,
}

#[derive(Clone)]
enum Purpose {
    Copy,
    /// Under this name, where the user says.
    Save(String),
}

/// Asks for a picture of part of the window, to be saved as a PNG under a name that the user may change; `take_picture` takes it.
pub fn save_picture(context: &Context, id: &str, area: Rect, name: String) {
    let request = PictureRequest { figure: Id::new(id), area, purpose: Purpose::Save(name) };
    context.send_viewport_cmd(ViewportCommand::Screenshot(UserData::new(request)));
}

/// Takes the picture that was asked for, when it has arrived.
pub fn take_picture(context: &Context, queue: &JobQueue, id: &str) {
    let arrived = context.input(|input| {
        input.events.iter().find_map(|event| {
            let Event::Screenshot { user_data, image, .. } = event else { return None };
            let data = user_data.data.as_ref()?.downcast_ref::<PictureRequest>()?;
            (data.figure == Id::new(id)).then(|| (data.area, data.purpose.clone(), Arc::clone(image)))
        })
    });
    let Some((area, purpose, image)) = arrived else { return };
    let part = image.region(&area, Some(context.pixels_per_point()));
    let name = match purpose {
        Purpose::Copy => {
            context.copy_image(part);
            return;
        }
        Purpose::Save(name) => name,
    };
    if let Some(bytes) = png::encode_rgba(part.as_raw(), part.width(), part.height()) {
        save(queue, name, bytes);
    }
}

/// Asks where, off the window's thread, and writes the file there.
fn save(queue: &JobQueue, name: String, bytes: Vec<u8>) {
    queue.spawn_with_product(Lane::Light, format!("Save {name}"), Clone::clone, move |_| {
        let Some(path) = rfd::FileDialog::new().set_file_name(&name).save_file() else { return Ok(None) };
        atomic::write_bytes(&path, &bytes)?;
        Ok(Some(path))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_every_spike() {
        let mut points: Vec<[f64; 2]> = (0..100_000).map(|i| [f64::from(i), 1.0]).collect();
        points[77_777][1] = 9.0;
        points[12_345][1] = -9.0;
        let kept = thinned(&points, 300);
        assert!(kept.len() <= 700, "{} points for 300 columns", kept.len());
        assert!(kept.contains(&[77_777.0, 9.0]) && kept.contains(&[12_345.0, -9.0]));
        assert!(kept.windows(2).all(|pair| pair[0][0] <= pair[1][0]));
    }

    #[test]
    fn a_log_axis_leaves_out_what_has_no_logarithm_and_has_true_ticks() {
        assert_eq!(placed(Scale::Log, 0.0), None);
        assert_eq!(placed(Scale::Log, f64::NAN), None);
        let ticks = placed_ticks(&Axis::log("x"), -2.0, 1.0, 5);
        let majors: Vec<f64> = ticks.iter().filter(|t| !t.label.is_empty()).map(|t| t.value).collect();
        assert_eq!(majors, [-2.0, -1.0, 0.0, 1.0]);
        assert_eq!(ticks.len(), 28);
    }

    #[test]
    fn a_csv_carries_labels_and_exact_numbers() {
        let axis = (Axis::linear("epoch"), Axis::log("rms (dex)"));
        let line = figure::Line {
            label: "a \"b\"".to_owned(),
            points: vec![(1.0, 0.1)],
            stroke: figure::Stroke::Solid,
        };
        let curves = [Curve::new(line, Color32::WHITE)];
        let figure = Figure { id: "t", title: "t", x: &axis.0, y: &axis.1, curves: &curves };
        assert_eq!(csv_from_curves(&figure), "curve,\"epoch\",\"rms (dex)\"\n\"a \"\"b\"\"\",1.0,0.1\n");
    }
}
