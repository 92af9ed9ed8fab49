//! How the canvas looks: background, wires, blocks, minimap. Reads the scene and the view, changes neither.
//! What is off screen is not drawn, and what would be too small to read is summarised.

use super::scene::{BLOCK_HEIGHT, Card, HEADER, Pin, Scene, Wire};
use super::view::View;
use crate::app::theme::{BLOCK_RADIUS, Family, Tokens, icon_family, strong_family};
use crate::blueprint::{BlockId, PortType};
use egui::epaint::{CornerRadius, Mesh, Shadow};
use egui::{
    Align2, Color32, FontFamily, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2,
};
use std::collections::BTreeSet;

/// Text smaller than this (screen points) is left out.
const LEGIBLE: f32 = 5.5;
/// Labels of wires do not shrink below this while they are shown.
const LABEL_MIN: f32 = 9.0;
/// Below this zoom wires carry no labels: they would cover each other.
const LABEL_ZOOM: f32 = 0.42;
/// Pitch of the background's dots, in canvas units.
const DOT_PITCH: f32 = 24.0;

/// What of the scene is marked in this frame.
pub struct Marks<'a> {
    pub selected: &'a BTreeSet<BlockId>,
    pub hovered: Option<BlockId>,
    /// Ports show their names while a wire is drawn.
    pub wiring: bool,
    /// The wire under the cursor.
    pub hot_wire: Option<usize>,
    /// A wire that is picked up and not shown at its old place.
    pub lifted_wire: Option<usize>,
}

/// Painter, view and colours of one frame.
pub struct Brush<'a> {
    pub painter: &'a Painter,
    pub view: &'a View,
    pub tokens: &'a Tokens,
}

/// The colour of what a wire carries.
pub fn wire_colour(tokens: &Tokens, kind: Option<PortType>) -> Color32 {
    match kind {
        Some(PortType::Map) => tokens.family(Family::Data),
        Some(PortType::Cube) => tokens.family(Family::Physics),
        Some(PortType::Vector) => tokens.family(Family::Attention),
        Some(PortType::Sequence) => tokens.family(Family::Activation),
        None => tokens.faint,
    }
}

/// Text sizes come in steps while zooming, so that the glyph atlas does not fill up.
fn text_size(points: f32) -> f32 {
    if points < 16.0 { (points * 2.0).round() / 2.0 } else { points.round() }
}

impl Brush<'_> {
    pub fn background(&self) {
        let rect = self.view.rect();
        self.painter.rect_filled(rect, 0.0, self.tokens.window);
        let mut pitch = DOT_PITCH * self.view.zoom();
        while pitch < 14.0 {
            pitch *= 2.0;
        }
        let origin = self.view.to_screen(Pos2::ZERO);
        let first = |low: f32, origin: f32| origin + ((low - origin) / pitch).ceil() * pitch;
        let colour = self.tokens.line.gamma_multiply(0.75);
        let mut dots = Mesh::default();
        let size = Vec2::splat(1.0);
        let mut y = first(rect.top(), origin.y);
        while y < rect.bottom() {
            let mut x = first(rect.left(), origin.x);
            while x < rect.right() {
                let at = pos2(x.round(), y.round());
                dots.add_colored_rect(Rect::from_min_size(at, size), colour);
                x += pitch;
            }
            y += pitch;
        }
        self.painter.add(Shape::mesh(dots));
    }

    pub fn scene(&self, scene: &Scene, marks: &Marks) {
        let sight = self.view.visible().expand(16.0);
        for (index, wire) in scene.wires.iter().enumerate() {
            if marks.lifted_wire != Some(index) && sight.intersects(wire.curve.bounds()) {
                self.wire(wire, marks.hot_wire == Some(index));
            }
        }
        let cards = || scene.cards.iter().filter(|card| sight.intersects(card.rect()));
        // Selected blocks lie on top, as they do when they are dragged.
        for card in cards().filter(|card| !marks.selected.contains(&card.id)) {
            self.card(card, marks);
        }
        for card in cards().filter(|card| marks.selected.contains(&card.id)) {
            self.card(card, marks);
        }
        if self.view.zoom() >= LABEL_ZOOM {
            for (index, wire) in scene.wires.iter().enumerate() {
                if marks.lifted_wire != Some(index) && sight.intersects(wire.curve.bounds()) {
                    self.wire_label(wire);
                }
            }
        }
    }

    fn wire(&self, wire: &Wire, hot: bool) {
        let zoom = self.view.zoom();
        let colour = if wire.is_faulty { self.tokens.error } else { wire_colour(self.tokens, wire.kind) };
        let colour =
            if wire.is_skip && !hot && !wire.is_faulty { colour.gamma_multiply(0.55) } else { colour };
        let width = (1.5 * zoom).clamp(1.0, 3.0) + if hot { 1.0 } else { 0.0 };
        let curve = wire.curve.map(|point| self.view.to_screen(point));
        if wire.is_faulty {
            let points: Vec<Pos2> = (0..=32).map(|i| curve.point(i as f32 / 32.0)).collect();
            self.painter.extend(Shape::dashed_line(&points, Stroke::new(width, colour), 5.0, 4.0));
        } else {
            self.painter.add(curve.shape(Stroke::new(width, colour)));
        }
    }

    fn wire_label(&self, wire: &Wire) {
        if wire.label.is_empty() {
            return;
        }
        let size = text_size((10.5 * self.view.zoom()).max(LABEL_MIN));
        let colour = if wire.is_faulty { self.tokens.error } else { self.tokens.dim };
        let galley = self.painter.layout_no_wrap(wire.label.clone(), FontId::monospace(size), colour);
        let middle = self.view.to_screen(wire.curve.point(0.5));
        let [start, .., end] = wire.curve.map(|point| self.view.to_screen(point)).0;
        let is_upright = (end.y - start.y).abs() > (end.x - start.x).abs();
        let (width, height) = (galley.size().x, galley.size().y);
        let zoom = self.view.zoom();
        let corner = if is_upright {
            // Beside the wire, on the side from which it leans away.
            let leans_right = (end.x - start.x) * (end.y - start.y) > 0.0;
            middle + vec2(7.0, if leans_right { -height - 1.0 } else { 1.0 })
        } else if !wire.curve.is_straight_across() {
            middle - vec2(0.5 * width, 0.5 * height)
        } else if (end.x - start.x).abs() > width + 8.0 {
            middle - vec2(0.5 * width, height + 3.0)
        } else {
            // No room between the blocks: above them.
            middle - vec2(0.5 * width, 0.5 * BLOCK_HEIGHT * zoom + height + 3.0)
        };
        if !is_upright && !wire.curve.is_straight_across() {
            let back = Rect::from_min_size(corner, galley.size()).expand2(vec2(3.0, 0.0));
            self.painter.rect_filled(back, 3.0, self.tokens.window.gamma_multiply(0.86));
        }
        self.painter.galley(corner, galley, colour);
    }

    /// The wire that is being drawn, from a port to the cursor or a port under it.
    pub fn loose_wire(&self, curve: super::wires::Curve, kind: Option<PortType>, is_refused: bool) {
        let colour = if is_refused { self.tokens.error } else { wire_colour(self.tokens, kind) };
        let curve = curve.map(|point| self.view.to_screen(point));
        self.painter.add(curve.shape(Stroke::new((2.0 * self.view.zoom()).clamp(1.5, 3.0), colour)));
        self.painter.circle_filled(curve.0[3], 4.0, colour);
    }

    fn card(&self, card: &Card, marks: &Marks) {
        let zoom = self.view.zoom();
        let rect = self.view.rect_to_screen(card.rect());
        let family = self.tokens.family(card.family);
        let radius = f32::from(BLOCK_RADIUS) * zoom;
        let corner = CornerRadius::same(radius.round() as u8);
        let is_selected = marks.selected.contains(&card.id);
        let is_hovered = marks.hovered == Some(card.id);
        let edge = match (card.faults.is_empty(), is_selected, is_hovered) {
            (_, true, _) => Stroke::new(2.0, self.tokens.accent),
            (false, _, _) => Stroke::new(1.5, self.fault_colour(card)),
            (_, _, true) => Stroke::new(1.0, self.tokens.faint),
            _ => Stroke::new(1.0, self.tokens.line),
        };
        if zoom < 0.3 {
            // A summary: the family's colour is all that can be told from here.
            self.painter.rect_filled(
                rect,
                corner,
                if card.faults.is_empty() { family } else { self.fault_colour(card) },
            );
            if is_selected {
                self.painter.rect_stroke(rect.expand(1.0), corner, edge, StrokeKind::Outside);
            }
            return;
        }
        self.painter.add(self.shadow().as_shape(rect, corner));
        self.painter.rect_filled(rect, corner, self.tokens.field);
        let header = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + HEADER * zoom));
        let top = CornerRadius { sw: 0, se: 0, ..corner };
        self.painter.rect_filled(header, top, family);
        self.painter.rect_stroke(rect, corner, edge, StrokeKind::Outside);
        self.card_text(card, rect, header);
        for pin in &card.pins {
            self.pin(pin, is_hovered || is_selected || marks.wiring, marks.wiring || is_hovered);
        }
    }

    fn fault_colour(&self, card: &Card) -> Color32 {
        if card.is_warned { self.tokens.warning } else { self.tokens.error }
    }

    fn shadow(&self) -> Shadow {
        let zoom = self.view.zoom();
        let alpha = if self.tokens.window.r() < 128 { 90 } else { 34 };
        Shadow {
            offset: [0, (3.0 * zoom).round() as i8],
            blur: (10.0 * zoom).round() as u8,
            spread: 0,
            color: Color32::from_black_alpha(alpha),
        }
    }

    fn card_text(&self, card: &Card, rect: Rect, header: Rect) {
        let zoom = self.view.zoom();
        let title_size = text_size(11.5 * zoom);
        if title_size < LEGIBLE {
            return;
        }
        let ink = self.tokens.on_colour();
        let pad = 8.0 * zoom;
        let icon = if card.faults.is_empty() { card.icon } else { egui_phosphor::regular::WARNING_CIRCLE };
        let icon_font = FontId::new(text_size(14.0 * zoom), icon_family());
        let icon_rect = self.painter.text(
            header.right_center() - vec2(pad, 0.0),
            Align2::RIGHT_CENTER,
            icon,
            icon_font,
            ink,
        );
        let title_clip = Rect::from_min_max(header.min, pos2(icon_rect.left() - 2.0, header.bottom()));
        self.painter.with_clip_rect(title_clip).text(
            header.left_center() + vec2(pad, 0.0),
            Align2::LEFT_CENTER,
            &card.title,
            FontId::new(title_size, strong_family()),
            ink,
        );
        let summary_size = text_size(10.5 * zoom);
        if summary_size < LEGIBLE {
            return;
        }
        let body = Rect::from_min_max(header.left_bottom(), rect.max);
        self.painter.with_clip_rect(body.shrink2(vec2(2.0, 0.0))).text(
            body.left_center() + vec2(pad, 0.0),
            Align2::LEFT_CENTER,
            &card.summary,
            FontId::new(summary_size, FontFamily::Proportional),
            self.tokens.dim,
        );
    }

    /// A port's dots. An unwired handle is shown only where `open` asks for it, its name where `named` does.
    fn pin(&self, pin: &Pin, open: bool, named: bool) {
        let zoom = self.view.zoom();
        let colour = if pin.fault.is_some() { self.tokens.error } else { wire_colour(self.tokens, pin.kind) };
        for dot in &pin.dots {
            let at = self.view.to_screen(dot.at);
            let must_wire = !pin.is_output && !dot.wired;
            if dot.wired {
                self.painter.circle(at, 3.0 * zoom, colour, Stroke::new(1.0, self.tokens.window));
            } else if open || must_wire || pin.fault.is_some() {
                let ring = Stroke::new(1.5, colour);
                self.painter.circle(at, 4.0 * zoom.max(0.6), self.tokens.field, ring);
            }
            if named && zoom > 0.6 && (open || dot.wired) {
                self.pin_name(pin, at, dot.side.outward());
            }
        }
    }

    fn pin_name(&self, pin: &Pin, at: Pos2, outward: Vec2) {
        let align = match (outward.x, outward.y) {
            (x, _) if x < 0.0 => Align2::RIGHT_CENTER,
            (x, _) if x > 0.0 => Align2::LEFT_CENTER,
            (_, y) if y < 0.0 => Align2::CENTER_BOTTOM,
            _ => Align2::CENTER_TOP,
        };
        let size = text_size((10.0 * self.view.zoom()).clamp(9.0, 13.0));
        let font = FontId::proportional(size);
        let galley = self.painter.layout_no_wrap(pin.port.clone(), font, self.tokens.dim);
        let rect = align.anchor_size(at + 8.0 * outward, galley.size());
        self.painter.rect_filled(rect.expand2(vec2(3.0, 1.0)), 3.0, self.tokens.panel);
        self.painter.galley(rect.min, galley, self.tokens.dim);
    }

    pub fn selection_box(&self, rect: Rect) {
        let accent = self.tokens.accent;
        let edge = Stroke::new(1.0, accent);
        self.painter.rect(rect, 2.0, accent.gamma_multiply(0.1), edge, StrokeKind::Inside);
    }

    /// The whole graph in `frame` (screen), with a frame around what is in sight.
    pub fn minimap(&self, scene: &Scene, frame: Rect) {
        let Some(place) = minimap_place(scene, self.view, frame) else { return };
        let tokens = self.tokens;
        let hairline = Stroke::new(1.0, tokens.line);
        let painter = self.painter.with_clip_rect(frame);
        painter.rect(frame, 6.0, tokens.panel.gamma_multiply(0.92), hairline, StrokeKind::Inside);
        let mut blocks = Mesh::default();
        for card in &scene.cards {
            let rect = card.rect();
            let size = (place.scale * rect.size()).max(vec2(2.0, 2.0));
            let colour =
                if card.faults.is_empty() { tokens.family(card.family) } else { self.fault_colour(card) };
            blocks.add_colored_rect(Rect::from_center_size(place.to_screen(rect.center()), size), colour);
        }
        painter.add(Shape::mesh(blocks));
        let sight = self.view.visible();
        let sight = Rect::from_min_max(place.to_screen(sight.min), place.to_screen(sight.max));
        let sight = sight.intersect(frame.shrink(2.0));
        painter.rect_stroke(sight, 3.0, Stroke::new(1.0, tokens.accent), StrokeKind::Inside);
    }
}

/// How the minimap maps canvas units to the screen.
pub struct MinimapPlace {
    middle: Pos2,
    center: Pos2,
    scale: f32,
}

impl MinimapPlace {
    fn to_screen(&self, canvas: Pos2) -> Pos2 {
        self.middle + self.scale * (canvas - self.center)
    }

    pub fn to_canvas(&self, screen: Pos2) -> Pos2 {
        self.center + (screen - self.middle) / self.scale
    }
}

/// `None` on an empty canvas.
pub fn minimap_place(scene: &Scene, view: &View, frame: Rect) -> Option<MinimapPlace> {
    let bounds = scene.bounds()?.expand(40.0).union(view.visible());
    let inner = frame.shrink(4.0);
    let scale = (inner.width() / bounds.width()).min(inner.height() / bounds.height());
    Some(MinimapPlace { middle: inner.center(), center: bounds.center(), scale })
}
