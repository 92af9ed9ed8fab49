//! The curve of opacity over the histogram, in the places of the stretched range, with the colour bar beneath.

use super::{Subject, colours, fields, range};
use crate::app::text;
use crate::app::theme::{CONTROL_RADIUS, Tokens};
use crate::volume::{OpacityPreset, Transfer};
use egui::epaint::Mesh;
use egui::{
    Color32, ComboBox, EventFilter, FontId, Id, Key, Modifiers, Painter, PointerButton, Pos2, Rect, RichText,
};
use egui::{Response, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, WidgetType, pos2, vec2};

const HEIGHT: f32 = 148.0;
/// How far beyond the frame a point is dragged to be taken away.
const OUT: f32 = 24.0;
/// How much an arrow key moves a point; with Shift ten times as much.
const NUDGE: f32 = 0.01;
/// How near to the line a click adds a point to it, in points.
const NEAR: f32 = 7.0;
/// How near to a multiple of the noise, and to none or all of the opacity, a point that is dragged takes it, in points.
const SNAP: f32 = 4.0;
/// What the words of a multiple of the noise take to either side, in points.
const ROOM: f32 = 14.0;

/// Editor, colour bar, ends of the range.
pub fn show(ui: &mut Ui, transfer: &mut Transfer, subject: &Subject<'_>) {
    ui.spacing_mut().item_spacing.y = 4.0;
    curve(ui, transfer, subject);
    bar(ui, transfer);
    ends(ui, transfer, subject);
    range::strip(ui, transfer, subject);
}

/// Presets of the opacity; a first look again. Answers whether that is wanted.
pub fn footer(ui: &mut Ui, transfer: &mut Transfer, subject: &Subject<'_>) -> bool {
    ui.horizontal(|ui| {
        let list = ComboBox::from_id_salt("opacity presets").selected_text("Presets").width(88.0);
        let list = list.show_ui(ui, |ui| {
            for preset in OpacityPreset::ALL {
                if ui.selectable_label(false, preset.name()).clicked() {
                    // A shell or a step stands where few values lie: at the percentile 98.
                    let at = subject.histogram.percentile(98.0).map_or(0.5, |v| transfer.place_from_value(v));
                    transfer.opacity = preset.points(at);
                }
            }
        });
        list.response.widget_info(|| WidgetInfo::labeled(WidgetType::ComboBox, true, "Opacity presets"));
        range::buttons(ui, transfer, subject);
        let tip = "Range, stretch, colours, opacity and depth as at first";
        ui.button("Reset").on_hover_text(tip).clicked()
    })
    .inner
}

/// Between places and opacities and the screen.
struct Frame(Rect);

impl Frame {
    fn at(&self, [place, opacity]: [f32; 2]) -> Pos2 {
        pos2(self.0.left() + place * self.0.width(), self.0.bottom() - opacity * self.0.height())
    }

    fn point(&self, at: Pos2) -> [f32; 2] {
        let place = (at.x - self.0.left()) / self.0.width().max(1.0);
        let opacity = (self.0.bottom() - at.y) / self.0.height().max(1.0);
        [place.clamp(0.0, 1.0), opacity.clamp(0.0, 1.0)]
    }

    fn snapped(&self, [place, opacity]: [f32; 2], marks: &[f32]) -> [f32; 2] {
        let [x, y] = [SNAP / self.0.width().max(1.0), SNAP / self.0.height().max(1.0)];
        let place = marks.iter().copied().find(|mark| (mark - place).abs() < x).unwrap_or(place);
        let opacity = [0.0, 1.0].into_iter().find(|end: &f32| (end - opacity).abs() < y).unwrap_or(opacity);
        [place, opacity]
    }
}

fn curve(ui: &mut Ui, transfer: &mut Transfer, subject: &Subject<'_>) {
    let tokens = Tokens::of(ui);
    let (rect, back) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click_and_drag());
    back.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, "Opacity curve"));
    let painter = ui.painter_at(rect.expand(1.0));
    painter.rect_filled(rect, CONTROL_RADIUS, tokens.window);
    let frame = Frame(Rect::from_min_max(rect.min + vec2(6.0, 10.0), rect.max - vec2(6.0, 7.0)));
    histogram(&painter, &frame, rect, transfer, subject, tokens);
    under(&painter, &frame, transfer);
    let marks = marks(&painter, &frame, rect, transfer, subject, tokens);

    let is_on_line = back.hover_pos().is_some_and(|at| is_on_line(&frame, transfer, at));
    let cursor = if is_on_line { egui::CursorIcon::Copy } else { egui::CursorIcon::Crosshair };
    let back = back.on_hover_cursor(cursor);
    background(ui, &back, &frame, transfer);
    let mut told = None;
    let mut removed = None;
    for index in 0..transfer.opacity.len() {
        let response = point(ui, &back, (&frame, &marks), transfer, subject, index);
        let has_focus = response.has_focus();
        let is_beyond = response.interact_pointer_pos().is_some_and(|at| is_out(rect, at));
        let erases = has_focus && ui.input_mut(erases);
        if response.secondary_clicked() || erases || response.drag_stopped() && is_beyond {
            removed = Some(index);
        }
        if response.dragged() || response.hovered() || has_focus && told.is_none() {
            told = Some((index, response.dragged() && is_beyond));
        }
    }
    line(&painter, &frame, transfer, tokens);
    for index in 0..transfer.opacity.len() {
        let id = point_id(&back, index);
        let is_focused = ui.memory(|memory| memory.has_focus(id));
        let is_told = told.is_some_and(|(other, _)| other == index);
        let is_leaving = told == Some((index, true));
        let ink = if is_leaving { tokens.faint } else { tokens.accent };
        let fill = if is_focused && !is_leaving { tokens.accent } else { tokens.window };
        let radius = if is_told { 5.5 } else { 4.5 };
        painter.circle(frame.at(transfer.opacity[index]), radius, fill, Stroke::new(1.5, ink));
    }
    if let Some((index, is_out)) = told
        && let Some(point) = transfer.opacity.get(index)
    {
        let words = if is_out { "let go to remove".to_owned() } else { words(*point, transfer, subject) };
        label(&painter, rect, &words, tokens);
    } else if back.dragged_by(PointerButton::Secondary) {
        let [low, high] = [transfer.range.0, transfer.range.1].map(text::number);
        label(&painter, rect, &format!("{low} … {high} {}", subject.unit), tokens);
    } else if back.hovered()
        && let Some(at) = back.hover_pos()
    {
        let [place, _] = frame.point(at);
        let value = text::quantity(transfer.value_from_place(place), subject.unit);
        let deed = if is_on_line { "click adds a point" } else { "right-drag: contrast" };
        label(&painter, rect, &format!("{value} · {deed}"), tokens);
    }
    if let Some(index) = removed {
        transfer.remove_point(index);
    }
}

/// What the mouse does beside the points: a click on the line, or two anywhere, add one; the right button moves and narrows the range.
fn background(ui: &Ui, back: &Response, frame: &Frame, transfer: &mut Transfer) {
    let press = ui.input(|input| input.pointer.press_origin()).or(back.interact_pointer_pos());
    let (added, started) = (back.id.with("added"), back.id.with("range"));
    if let Some(at) = press {
        let pulls = back.drag_started_by(PointerButton::Primary) || back.clicked();
        if pulls && is_on_line(frame, transfer, at) || back.double_clicked() {
            let [place, opacity] = frame.point(at);
            let index = transfer.add_point(place, opacity);
            ui.data_mut(|data| data.insert_temp(added, index));
            ui.memory_mut(|memory| memory.request_focus(point_id(back, index)));
        }
        if back.drag_started_by(PointerButton::Secondary) {
            ui.data_mut(|data| data.insert_temp(started, transfer.range));
        }
    }
    let Some(at) = back.interact_pointer_pos() else { return };
    if back.dragged_by(PointerButton::Primary)
        && let Some(index) = ui.data(|data| data.get_temp::<usize>(added))
    {
        let [place, opacity] = frame.point(at);
        transfer.move_point(index, place, opacity);
    } else if back.dragged_by(PointerButton::Secondary)
        && let (Some(before), Some(from)) = (ui.data(|data| data.get_temp::<(f64, f64)>(started)), press)
    {
        let way = (at - from) / frame.0.size().max(vec2(1.0, 1.0));
        let (low, high) = range::levelled(before, way.x, -0.5 * way.y);
        transfer.set_range(low, high);
    }
    if back.drag_stopped() {
        ui.data_mut(|data| data.remove::<usize>(added));
    }
}

fn is_on_line(frame: &Frame, transfer: &Transfer, at: Pos2) -> bool {
    let [place, _] = frame.point(at);
    // Steep parts are near to their side, too.
    [-0.02, 0.0, 0.02].into_iter().any(|beside| {
        let on = frame.at([place + beside, transfer.opacity_at((place + beside).clamp(0.0, 1.0))]);
        on.distance(at) < NEAR
    })
}

/// The colours under the curve, as strong as they are opaque.
fn under(painter: &Painter, frame: &Frame, transfer: &Transfer) {
    const STEPS: u32 = 128;
    let mut mesh = Mesh::default();
    for step in 0..=STEPS {
        let place = step as f32 / STEPS as f32;
        let opacity = transfer.opacity_at(place);
        let [r, g, b] = transfer.rgb_at(place);
        let colour = Color32::from_rgb(r, g, b).gamma_multiply(0.15 + 0.5 * opacity);
        mesh.colored_vertex(frame.at([place, opacity]), colour);
        mesh.colored_vertex(frame.at([place, 0.0]), colour);
        if step > 0 {
            let first = 2 * step - 2;
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
    }
    painter.add(Shape::mesh(mesh));
}

/// Multiples of the noise within the range, as far as there is room; answers their places, to which points snap.
fn marks(
    painter: &Painter,
    frame: &Frame,
    rect: Rect,
    transfer: &Transfer,
    subject: &Subject<'_>,
    tokens: &Tokens,
) -> Vec<f32> {
    let Some(sigma) = subject.noise() else { return Vec::new() };
    let (low, high) = transfer.range;
    let mut marks: Vec<f32> = Vec::new();
    for times in [3.0, 5.0, 10.0, 1.0, 20.0, 50.0, 100.0] {
        let value = times * sigma;
        if !(low..=high).contains(&value) {
            continue;
        }
        let place = transfer.place_from_value(value);
        let x = frame.at([place, 0.0]).x;
        // The points at the ends stand where their words would.
        let is_at_end = x < frame.0.left() + ROOM || x > frame.0.right() - ROOM;
        if is_at_end || marks.iter().any(|other| (frame.at([*other, 0.0]).x - x).abs() < 2.0 * ROOM) {
            continue;
        }
        marks.push(place);
        let dashes = [pos2(x, frame.0.top() + 12.0), pos2(x, rect.bottom() - 1.0)];
        painter.extend(Shape::dashed_line(
            &dashes,
            Stroke::new(1.0, tokens.faint.gamma_multiply(0.7)),
            2.0,
            3.0,
        ));
        let words = painter.layout_no_wrap(format!("{times}σ"), FontId::monospace(10.0), tokens.faint);
        let left = (x - 0.5 * words.size().x).clamp(rect.left() + 2.0, rect.right() - words.size().x - 2.0);
        painter.galley(pos2(left, frame.0.top() + 10.0 - words.size().y), words, tokens.faint);
    }
    marks
}

fn point_id(back: &Response, index: usize) -> Id {
    back.id.with(("point", index))
}

fn is_out(rect: Rect, at: Pos2) -> bool {
    !rect.expand(OUT).contains(at)
}

fn erases(input: &mut egui::InputState) -> bool {
    input.consume_key(Modifiers::NONE, Key::Delete) || input.consume_key(Modifiers::NONE, Key::Backspace)
}

/// A point under mouse and keys.
fn point(
    ui: &Ui,
    back: &Response,
    (frame, marks): (&Frame, &[f32]),
    transfer: &mut Transfer,
    subject: &Subject<'_>,
    index: usize,
) -> Response {
    let at = frame.at(transfer.opacity[index]);
    let id = point_id(back, index);
    let response = ui.interact(Rect::from_center_size(at, Vec2::splat(18.0)), id, Sense::click_and_drag());
    let name = format!("Opacity point {}: {}", index + 1, words(transfer.opacity[index], transfer, subject));
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Slider, true, &name));
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    if response.dragged()
        && let Some(at) = response.interact_pointer_pos()
        && !is_out(back.rect, at)
    {
        let [place, opacity] = frame.snapped(frame.point(at), marks);
        transfer.move_point(index, place, opacity);
    }
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let [x, y] = nudge(ui);
        if [x, y] != [0.0; 2] {
            let [place, opacity] = transfer.opacity[index];
            transfer.move_point(index, place + x, opacity + y);
        }
    }
    response.on_hover_cursor(egui::CursorIcon::Grab)
}

/// What the arrow keys ask for.
fn nudge(ui: &Ui) -> [f32; 2] {
    ui.input_mut(|input| {
        let mut pressed = |key| {
            let coarse = input.count_and_consume_key(Modifiers::SHIFT, key);
            (10 * coarse + input.count_and_consume_key(Modifiers::NONE, key)) as f32 * NUDGE
        };
        [pressed(Key::ArrowRight) - pressed(Key::ArrowLeft), pressed(Key::ArrowUp) - pressed(Key::ArrowDown)]
    })
}

/// `1.24 K · opacity 0.35`
fn words([place, opacity]: [f32; 2], transfer: &Transfer, subject: &Subject<'_>) -> String {
    let value = text::quantity(transfer.value_from_place(place), subject.unit);
    format!("{value} · opacity {opacity:.2}")
}

fn label(painter: &Painter, rect: Rect, words: &str, tokens: &Tokens) {
    let font = FontId::monospace(11.0);
    let galley = painter.layout_no_wrap(words.to_owned(), font, tokens.dim);
    let at = rect.min + vec2(8.0, 5.0);
    let frame = Rect::from_min_size(at, galley.size()).expand2(vec2(4.0, 1.0));
    painter.rect_filled(frame, 3, tokens.window.gamma_multiply(0.8));
    painter.galley(at, galley, tokens.dim);
}

/// Logarithms of the counts, in bins of equal width on the stretched axis.
fn histogram(
    painter: &Painter,
    frame: &Frame,
    rect: Rect,
    transfer: &Transfer,
    subject: &Subject<'_>,
    tokens: &Tokens,
) {
    let count = ((frame.0.width() / 4.0) as usize).clamp(1, 256);
    let edges = (0..=count).map(|i| transfer.value_from_place(i as f32 / count as f32));
    range::bars(painter, frame.0.with_max_y(rect.bottom()), subject.histogram.ordered(), edges, tokens.line);
}

fn line(painter: &Painter, frame: &Frame, transfer: &Transfer, tokens: &Tokens) {
    let ends = [0.0, 1.0].map(|place| [place, transfer.opacity_at(place)]);
    let points = std::iter::once(ends[0]).chain(transfer.opacity.iter().copied()).chain([ends[1]]);
    let points: Vec<Pos2> = points.map(|point| frame.at(point)).collect();
    painter.line(points, Stroke::new(1.5, tokens.accent));
}

/// The colours over the same places, with ticks at round values.
fn bar(ui: &mut Ui, transfer: &Transfer) {
    let tokens = Tokens::of(ui);
    let (outer, _) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::hover());
    let bar = Rect::from_min_max(outer.min + vec2(6.0, 2.0), pos2(outer.right() - 6.0, outer.top() + 14.0));
    colours::gradient(ui.painter(), bar, |place| transfer.rgb_at(place));
    ui.painter().rect_stroke(bar, 2, Stroke::new(1.0, tokens.line), egui::StrokeKind::Outside);
    let font = FontId::monospace(10.0);
    for (place, words) in transfer.ticks(44.0 / bar.width().max(1.0)) {
        let x = bar.left() + place * bar.width();
        let length = if words.is_empty() { 2.0 } else { 4.0 };
        let ink = if words.is_empty() { tokens.faint } else { tokens.dim };
        ui.painter().vline(x, bar.bottom() + 1.0..=bar.bottom() + 1.0 + length, Stroke::new(1.0, ink));
        if words.is_empty() {
            continue;
        }
        let galley = ui.painter().layout_no_wrap(words, font.clone(), tokens.dim);
        let width = galley.size().x;
        let most = (outer.right() - width).max(outer.left());
        let left = (x - 0.5 * width).clamp(outer.left(), most);
        ui.painter().galley(pos2(left, bar.bottom() + 5.0), galley, tokens.dim);
    }
}

/// The ends of the range as numbers, the unit between.
fn ends(ui: &mut Ui, transfer: &mut Transfer, subject: &Subject<'_>) {
    let tokens = Tokens::of(ui);
    let (mut low, mut high) = transfer.range;
    let speed = ((high - low).abs() / 300.0).max(f64::MIN_POSITIVE);
    let any = (f64::NEG_INFINITY, f64::INFINITY);
    let mut between = 0.0;
    let row = ui.horizontal(|ui| {
        let mut changed = fields::number(ui, "Lowest value of the range", &mut low, speed, any).changed();
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            changed |= fields::number(ui, "Highest value of the range", &mut high, speed, any).changed();
            between = ui.available_width();
        });
        if changed {
            transfer.set_range(low, high);
        }
    });
    // Between the numbers, or below them where it is long.
    let galley = ui.painter().layout_no_wrap(subject.unit.to_owned(), FontId::monospace(11.0), tokens.dim);
    if galley.size().x + 16.0 <= between {
        let middle = row.response.rect.center();
        ui.painter().galley(middle - 0.5 * galley.size(), galley, tokens.dim);
    } else {
        ui.vertical_centered(|ui| {
            ui.add(egui::Label::new(RichText::new(subject.unit).monospace().color(tokens.dim)).truncate());
        });
    }
}
