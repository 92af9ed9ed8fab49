//! How the canvas looks: background, wires, blocks, minimap. Reads the scene and the view, changes neither.
//! What is off screen is not drawn, and what would be too small to read is summarised.

use super::labels;
use super::scene::{Card, Dot, FrameCard, HEADER, Pin, Scene, Wire};
use super::stage::Stage;
use super::view::View;
use super::wires::{Curve, End, Side};
use crate::app::theme::{BLOCK_RADIUS, Family, Tokens, icon_family, strong_family};
use crate::blueprint::{Activity, BlockId, PortType};
use egui::epaint::{CornerRadius, Mesh, Shadow};
use egui::{
    Align2, Color32, FontFamily, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2,
};
use std::collections::BTreeSet;

/// Text smaller than this (screen points) is left out.
const LEGIBLE: f32 = 5.5;
/// Titles do not shrink below this while their header holds them.
const LEAST_TITLE: f32 = 8.0;
/// Pitch of the background's dots, in canvas units.
const DOT_PITCH: f32 = 24.0;

/// What of the scene is marked in this frame.
pub struct Marks<'a> {
    pub selected: &'a BTreeSet<BlockId>,
    pub selected_frame: Option<usize>,
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
pub(super) fn text_size(points: f32) -> f32 {
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
        for (place, frame) in
            scene.frames.iter().enumerate().filter(|(_, frame)| sight.intersects(frame.rect))
        {
            self.frame(frame, marks.selected_frame == Some(place));
        }
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
        let wires = scene.wires.iter().enumerate();
        let shown = wires.filter(|(index, wire)| {
            marks.lifted_wire != Some(*index) && sight.intersects(wire.curve.bounds())
        });
        labels::paint(self, shown.map(|(index, wire)| (wire, marks.hot_wire == Some(index))));
    }

    /// A titled frame behind the blocks.
    fn frame(&self, frame: &FrameCard, is_selected: bool) {
        let rect = self.view.rect_to_screen(frame.rect);
        let edge = if is_selected {
            Stroke::new(2.0, self.tokens.accent)
        } else {
            Stroke::new(1.0, self.tokens.line)
        };
        let corner = CornerRadius::same((10.0 * self.view.zoom()).round() as u8);
        self.painter.rect(rect, corner, self.tokens.panel.gamma_multiply(0.6), edge, StrokeKind::Inside);
        let size = text_size((12.0 * self.view.zoom()).max(10.0));
        let title = self.view.rect_to_screen(frame.title_rect());
        // Far out the title stands above the frame, where it has room.
        let is_small = title.height() < size + 4.0;
        let at = if is_small {
            rect.left_top() - vec2(0.0, 2.0)
        } else {
            title.left_center() + vec2(10.0 * self.view.zoom(), 0.0)
        };
        let align = if is_small { Align2::LEFT_BOTTOM } else { Align2::LEFT_CENTER };
        let clip =
            Rect::from_min_max(pos2(rect.left(), at.y - 2.0 * size), pos2(rect.right() - 8.0, at.y + size));
        self.painter.with_clip_rect(clip.intersect(self.painter.clip_rect())).text(
            at,
            align,
            &frame.title,
            FontId::new(size, strong_family()),
            self.tokens.dim,
        );
        if is_selected || self.view.zoom() > 0.6 {
            let corner = rect.max - vec2(5.0, 5.0);
            for step in [4.0, 8.0] {
                let stroke = Stroke::new(1.0, self.tokens.faint);
                self.painter.line_segment([corner - vec2(step, 0.0), corner - vec2(0.0, step)], stroke);
            }
        }
    }

    fn wire(&self, wire: &Wire, hot: bool) {
        let zoom = self.view.zoom();
        let colour = if wire.is_faulty { self.tokens.error } else { wire_colour(self.tokens, wire.kind) };
        let colour =
            if wire.is_skip && !hot && !wire.is_faulty { colour.gamma_multiply(0.55) } else { colour };
        let colour = if wire.is_idle { self.tokens.faint.gamma_multiply(0.6) } else { colour };
        let width = (1.5 * zoom).clamp(1.0, 3.0) + if hot { 1.0 } else { 0.0 };
        let curve = wire.curve.map(|point| self.view.to_screen(point));
        if wire.is_faulty || wire.is_idle {
            let points: Vec<Pos2> = (0..=32).map(|i| curve.point(i as f32 / 32.0)).collect();
            self.painter.extend(Shape::dashed_line(&points, Stroke::new(width, colour), 2.0, 4.0));
        } else {
            self.painter.add(curve.shape(Stroke::new(width, colour)));
        }
    }

    /// The wire that is being drawn, from a port to the cursor or a port under it.
    pub fn loose_wire(&self, curve: Curve, kind: Option<PortType>, is_refused: bool) {
        let colour = if is_refused { self.tokens.error } else { wire_colour(self.tokens, kind) };
        let curve = curve.map(|point| self.view.to_screen(point));
        self.painter.add(curve.shape(Stroke::new((2.0 * self.view.zoom()).clamp(1.5, 3.0), colour)));
        self.painter.circle_filled(curve.0[3], 4.0, colour);
    }

    /// The way along which wires are cut.
    pub fn cut(&self, way: &[Pos2]) {
        let points: Vec<Pos2> = way.iter().map(|&at| self.view.to_screen(at)).collect();
        self.painter.extend(Shape::dashed_line(&points, Stroke::new(1.5, self.tokens.error), 4.0, 3.0));
    }

    /// From a block to the pointer, and the block that would be joined there.
    pub fn join(&self, from: Option<Rect>, to: Pos2, onto: Option<Rect>) {
        let stroke = Stroke::new(2.0, self.tokens.accent);
        if let Some(from) = from {
            self.painter.line_segment([from.center(), to], stroke);
            self.painter.circle_filled(from.center(), 4.0, self.tokens.accent);
        }
        match onto {
            Some(onto) => {
                let corner = CornerRadius::same((f32::from(BLOCK_RADIUS) * self.view.zoom()).round() as u8);
                _ = self.painter.rect_stroke(onto, corner, stroke, StrokeKind::Outside);
            }
            None => _ = self.painter.circle_stroke(to, 4.0, stroke),
        }
    }

    /// From a port on the frame of an open group to the block inside that stands for it, or back.
    pub fn entry(&self, dot: Dot, card: &Card, kind: Option<PortType>, is_entry: bool) {
        let side = match dot.side {
            upright if upright.is_vertical() => upright,
            _ if is_entry => Side::Left,
            _ => Side::Right,
        };
        let frame = End { at: dot.at, outward: -dot.side.outward() };
        let inner = End { at: side.point(card.rect(), 0.5), outward: side.outward() };
        let curve = if dot.side.is_vertical() {
            // Upright at both ends, and no farther out than half-way.
            let reach = 0.5 * (inner.at.y - frame.at.y).abs();
            let [a, b] = [frame, inner].map(|end| end.at + reach * end.outward);
            Curve([frame.at, a, b, inner.at])
        } else {
            Curve::new(frame, inner)
        };
        let curve = curve.map(|point| self.view.to_screen(point));
        let colour = wire_colour(self.tokens, kind).gamma_multiply(0.45);
        self.painter.add(curve.shape(Stroke::new((1.5 * self.view.zoom()).clamp(1.0, 3.0), colour)));
    }

    /// A group that is open in place: a frame on which its inside is drawn.
    fn open_card(&self, rect: Rect, edge: Stroke, family: Color32) {
        let zoom = self.view.zoom();
        let corner = CornerRadius::same((f32::from(BLOCK_RADIUS) * zoom).round() as u8);
        self.painter.add(self.shadow().as_shape(rect, corner));
        self.painter.rect_filled(rect, corner, self.tokens.window);
        self.painter.rect_filled(rect, corner, self.tokens.panel.gamma_multiply(0.7));
        let header = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + HEADER * zoom));
        self.painter.rect_filled(header, CornerRadius { sw: 0, se: 0, ..corner }, family);
        self.painter.rect_stroke(rect, corner, edge, StrokeKind::Outside);
    }

    fn card(&self, card: &Card, marks: &Marks) {
        let zoom = self.view.zoom();
        let rect = self.view.rect_to_screen(card.rect());
        let family = match card.activity {
            Activity::Active => self.tokens.family(card.family),
            // Out of the network, or out of its work: grey.
            Activity::Muted | Activity::Bypassed => self.tokens.faint,
        };
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
        if card.is_open {
            self.open_card(rect, edge, family);
            if zoom >= 0.3 {
                let header = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + HEADER * zoom));
                self.card_title(card, header);
                for pin in &card.pins {
                    self.pin(pin, is_hovered || is_selected || marks.wiring, marks.wiring || is_hovered);
                }
            }
            return;
        }
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
        if card.is_group {
            // A second edge below: there is something inside.
            let below = rect.translate(vec2(0.0, 3.0 * zoom)).with_min_y(rect.bottom() - radius);
            self.painter.with_clip_rect(below.with_min_y(rect.bottom())).rect(
                below.shrink2(vec2(3.0 * zoom, 0.0)),
                corner,
                self.tokens.field,
                Stroke::new(1.0, self.tokens.line),
                StrokeKind::Inside,
            );
        }
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

    fn card_title(&self, card: &Card, header: Rect) {
        let zoom = self.view.zoom();
        // As large as the header lets it be, when the picture is small.
        let title_size = text_size((11.5 * zoom).max(LEAST_TITLE));
        if header.height() < title_size {
            return;
        }
        let ink = self.tokens.on_colour();
        let pad = 8.0 * zoom;
        let icon = match card.activity {
            _ if !card.faults.is_empty() => egui_phosphor::regular::WARNING_CIRCLE,
            Activity::Muted => egui_phosphor::regular::SPEAKER_SLASH,
            Activity::Bypassed => egui_phosphor::regular::ARROW_BEND_UP_RIGHT,
            Activity::Active => card.icon,
        };
        let mut end = header.right() - 2.0;
        if zoom >= 0.5 || !card.faults.is_empty() || !card.activity.is_active() {
            let icon_font = FontId::new(text_size((14.0 * zoom).max(LEAST_TITLE)), icon_family());
            let at = header.right_center() - vec2(pad, 0.0);
            end = self.painter.text(at, Align2::RIGHT_CENTER, icon, icon_font, ink).left() - 2.0;
        }
        let title_clip = Rect::from_min_max(header.min, pos2(end, header.bottom()));
        self.painter.with_clip_rect(title_clip.intersect(self.painter.clip_rect())).text(
            header.left_center() + vec2(pad, 0.0),
            Align2::LEFT_CENTER,
            &card.title,
            FontId::new(title_size, strong_family()),
            ink,
        );
    }

    fn card_text(&self, card: &Card, rect: Rect, header: Rect) {
        self.card_title(card, header);
        let zoom = self.view.zoom();
        let summary_size = text_size(10.5 * zoom);
        if summary_size < LEGIBLE {
            return;
        }
        let summary = match card.activity {
            Activity::Active => card.summary.as_str(),
            Activity::Muted => "muted",
            Activity::Bypassed => "bypassed",
        };
        let body = Rect::from_min_max(header.left_bottom(), rect.max);
        let clip = body.shrink2(vec2(2.0, 0.0)).intersect(self.painter.clip_rect());
        self.painter.with_clip_rect(clip).text(
            body.left_center() + vec2(8.0 * zoom, 0.0),
            Align2::LEFT_CENTER,
            summary,
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

    /// Everything in `frame` (screen), with a frame around what is in sight.
    pub fn minimap(&self, stage: &Stage, frame: Rect) {
        let Some(place) = minimap_place(stage, self.view, frame) else { return };
        let tokens = self.tokens;
        let hairline = Stroke::new(1.0, tokens.line);
        let painter = self.painter.with_clip_rect(frame);
        painter.rect(frame, 6.0, tokens.panel.gamma_multiply(0.92), hairline, StrokeKind::Inside);
        let mut blocks = Mesh::default();
        for card in stage.sheets().iter().flat_map(|sheet| &sheet.scene.cards) {
            let rect = card.rect();
            let size = (place.scale * rect.size()).max(vec2(2.0, 2.0));
            let colour = match (card.is_open, card.faults.is_empty()) {
                (true, _) => tokens.line,
                (_, false) => self.fault_colour(card),
                _ => tokens.family(card.family),
            };
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
pub fn minimap_place(stage: &Stage, view: &View, frame: Rect) -> Option<MinimapPlace> {
    let bounds = stage.bounds()?.expand(40.0).union(view.visible());
    let inner = frame.shrink(4.0);
    let scale = (inner.width() / bounds.width()).min(inner.height() / bounds.height());
    Some(MinimapPlace { middle: inner.center(), center: bounds.center(), scale })
}
