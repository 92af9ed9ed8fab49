//! What the pointer does on the canvas: pan, zoom, select, drag blocks, draw, move and cut wires.

use super::canvas::{Canvas, PORT_REACH, WIRE_REACH};
use super::editor::Editor;
use super::scene::{Card, Dot, Pin, Scene};
use super::wires::{Curve, End};
use crate::blueprint::{BlockId, Link, Port, PortType};
use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, Response, Ui, Vec2, vec2};
use std::collections::BTreeSet;

/// What is going on between a press and its release.
pub(super) enum Gesture {
    Idle,
    Pan,
    /// The view follows the pointer on the minimap.
    Minimap,
    /// Selected blocks follow the pointer; the document hears of it at the end.
    Move {
        by: Vec2,
    },
    /// A box from one canvas point to another; `before` stays selected.
    Select {
        from: Pos2,
        to: Pos2,
        before: BTreeSet<BlockId>,
    },
    Wire(LooseWire),
}

/// A wire with one end at a port and the other at the pointer.
pub(super) struct LooseWire {
    pub from: Port,
    pub is_output: bool,
    pub kind: Option<PortType>,
    /// The wire that was taken off its input, if it was.
    pub lifted: Option<Link>,
    start: End,
    end: End,
    /// The port under the pointer, and why it will not do.
    pub target: Option<Target>,
}

pub(super) struct Target {
    pub port: Port,
    pub refusal: Option<String>,
}

impl LooseWire {
    fn new(card: &Card, pin: &Pin, dot: Dot) -> Self {
        let end = End { at: dot.at, outward: dot.side.outward() };
        Self {
            from: Port { block: card.id, port: pin.port.clone() },
            is_output: pin.is_output,
            kind: pin.kind,
            lifted: None,
            start: end,
            end,
            target: None,
        }
    }

    pub fn curve(&self) -> Curve {
        Curve::new(self.start, self.end)
    }

    pub fn end(&self) -> Pos2 {
        self.end.at
    }

    pub fn is_refused(&self) -> bool {
        self.target.as_ref().is_some_and(|target| target.refusal.is_some())
    }

    /// Output first, whichever end was drawn from.
    fn ends(&self, other: Port) -> (Port, Port) {
        if self.is_output { (self.from.clone(), other) } else { (other, self.from.clone()) }
    }

    fn follow(&mut self, pointer: Pos2, scene: &Scene, reach: f32, editor: &Editor, inside: &[BlockId]) {
        let run = pointer - self.start.at;
        let toward =
            if run.x.abs() > run.y.abs() { vec2(-run.x.signum(), 0.0) } else { vec2(0.0, -run.y.signum()) };
        self.end = End { at: pointer, outward: toward };
        let over = scene
            .pin_at(pointer, reach)
            .filter(|(card, pin, _)| pin.is_output != self.is_output || card.id != self.from.block);
        let Some((card, pin, dot)) = over else {
            self.target = None;
            return;
        };
        let port = Port { block: card.id, port: pin.port.clone() };
        self.end = End { at: dot.at, outward: dot.side.outward() };
        if self.target.as_ref().is_some_and(|target| target.port == port) {
            return;
        }
        let refusal = if pin.is_output == self.is_output {
            let words = if self.is_output { "two outputs" } else { "two inputs" };
            Some(format!("a wire leads from an output to an input, not between {words}"))
        } else {
            let (from, to) = self.ends(port.clone());
            editor.refusal(inside, &from, &to, self.lifted.as_ref())
        };
        self.target = Some(Target { port, refusal });
    }
}

impl Canvas {
    pub(super) fn pointer(&mut self, ui: &Ui, response: &Response, editor: &mut Editor) {
        if let Some(at) = response.hover_pos() {
            self.cursor = self.view.to_canvas(at);
            self.wheel(ui, at);
        }
        let space = ui.input(|input| input.key_down(Key::Space)) && !ui.ctx().text_edit_focused();
        let modifiers = ui.input(|input| input.modifiers);
        if response.drag_started() {
            response.request_focus();
            self.begin(ui, response, space, modifiers, editor);
        }
        if response.dragged() {
            self.follow(response, editor);
        }
        if response.drag_stopped() {
            self.finish(ui, editor);
        }
        if response.clicked() {
            response.request_focus();
            self.click(ui, response, modifiers, editor);
        }
        if response.double_clicked() {
            self.double_click(response, editor);
        }
        if response.secondary_clicked() {
            response.request_focus();
            self.aim_context_menu(response);
        }
        if space || matches!(self.gesture, Gesture::Pan) {
            let icon = if matches!(self.gesture, Gesture::Pan) {
                egui::CursorIcon::Grabbing
            } else {
                egui::CursorIcon::Grab
            };
            ui.ctx().set_cursor_icon(icon);
        }
    }

    /// A wheel zooms at the cursor, two fingers pan, a pinch or Ctrl with either zooms.
    fn wheel(&mut self, ui: &Ui, at: Pos2) {
        let (pinch, wheels) = ui.input(|input| {
            let wheels: Vec<(MouseWheelUnit, Vec2, Modifiers)> = input
                .events
                .iter()
                .filter_map(|event| match event {
                    Event::MouseWheel { unit, delta, modifiers, .. } => Some((*unit, *delta, *modifiers)),
                    _ => None,
                })
                .collect();
            (input.zoom_delta(), wheels)
        });
        if pinch != 1.0 {
            self.view.zoom_at(at, pinch);
        }
        for (unit, delta, modifiers) in wheels {
            let lines = match unit {
                MouseWheelUnit::Point => delta / 40.0,
                MouseWheelUnit::Line => delta,
                MouseWheelUnit::Page => 10.0 * delta,
            };
            match unit {
                // egui has made a zoom of it already.
                _ if modifiers.command || modifiers.ctrl => {}
                MouseWheelUnit::Point => self.view.pan(delta),
                _ if modifiers.shift => self.view.pan(40.0 * vec2(lines.x + lines.y, 0.0)),
                _ => {
                    self.view.zoom_at(at, 1.12f32.powf(lines.y));
                    self.view.pan(vec2(40.0 * lines.x, 0.0));
                }
            }
        }
    }

    fn begin(&mut self, ui: &Ui, response: &Response, space: bool, modifiers: Modifiers, editor: &Editor) {
        let origin = ui.input(|input| input.pointer.press_origin()).or(response.interact_pointer_pos());
        let Some(origin) = origin else { return };
        self.menu = None;
        if response.drag_started_by(PointerButton::Middle) || space {
            self.gesture = Gesture::Pan;
            return;
        }
        if !response.drag_started_by(PointerButton::Primary) {
            return;
        }
        if self.minimap_rect().is_some_and(|rect| rect.contains(origin)) {
            self.gesture = Gesture::Minimap;
            return;
        }
        let at = self.view.to_canvas(origin);
        if let Some((card, pin, dot)) = self.scene.pin_at(at, PORT_REACH / self.view.zoom()) {
            self.gesture = Gesture::Wire(self.loose_wire(card, pin, dot, editor));
        } else if let Some(id) = self.scene.card_at(at).map(|card| card.id) {
            if !self.selection.contains(&id) {
                if !(modifiers.shift || modifiers.command) {
                    self.selection.clear();
                }
                self.selection.insert(id);
            }
            self.selected_wire = None;
            self.gesture = Gesture::Move { by: Vec2::ZERO };
        } else {
            let before =
                if modifiers.shift || modifiers.command { self.selection.clone() } else { BTreeSet::new() };
            self.selected_wire = None;
            self.gesture = Gesture::Select { from: at, to: at, before };
        }
    }

    /// From an output, or a free input, a new wire starts; a wired input gives its wire up.
    fn loose_wire(&self, card: &Card, pin: &Pin, dot: Dot, editor: &Editor) -> LooseWire {
        let fresh = LooseWire::new(card, pin, dot);
        if pin.is_output {
            return fresh;
        }
        let port = Port { block: card.id, port: pin.port.clone() };
        let link =
            editor.graph(&self.inside).and_then(|graph| graph.links.iter().find(|link| link.to == port));
        let source = link.and_then(|link| {
            let source = self.scene.card(link.from.block)?;
            let wire = self.scene.wires.iter().find(|wire| wire.link == *link)?;
            let pin = source.pin(&link.from.port, true)?;
            let dot = pin
                .dots
                .iter()
                .min_by(|a, b| a.at.distance(wire.curve.0[0]).total_cmp(&b.at.distance(wire.curve.0[0])))?;
            Some(LooseWire::new(source, pin, *dot))
        });
        match (link, source) {
            (Some(link), Some(source)) => LooseWire { lifted: Some(link.clone()), ..source },
            _ => fresh,
        }
    }

    fn follow(&mut self, response: &Response, editor: &Editor) {
        let Some(pointer) = response.interact_pointer_pos() else { return };
        let at = self.view.to_canvas(pointer);
        match &mut self.gesture {
            Gesture::Idle => {}
            Gesture::Pan => self.view.pan(response.drag_delta()),
            Gesture::Minimap => self.follow_minimap(pointer),
            Gesture::Move { by } => {
                let step = response.total_drag_delta().unwrap_or_default() / self.view.zoom() - *by;
                *by += step;
                self.scene.shift(self.selection.iter().copied(), step);
            }
            Gesture::Select { from, to, before } => {
                *to = at;
                let area = Rect::from_two_pos(*from, *to);
                let inside = self.scene.cards.iter().filter(|card| area.intersects(card.rect()));
                self.selection = before.iter().copied().chain(inside.map(|card| card.id)).collect();
            }
            Gesture::Wire(loose) => {
                let reach = PORT_REACH / self.view.zoom();
                loose.follow(at, &self.scene, reach, editor, &self.inside);
            }
        }
    }

    fn finish(&mut self, ui: &Ui, editor: &mut Editor) {
        match std::mem::replace(&mut self.gesture, Gesture::Idle) {
            Gesture::Move { by } if by != Vec2::ZERO => {
                let ids: Vec<BlockId> = self.selection.iter().copied().collect();
                let done = editor.shift(&self.inside, &ids, by);
                self.report(ui, done);
            }
            Gesture::Wire(loose) => self.drop_wire(ui, loose, editor),
            _ => {}
        }
    }

    fn drop_wire(&mut self, ui: &Ui, loose: LooseWire, editor: &mut Editor) {
        let end = loose.end();
        match &loose.target {
            Some(Target { refusal: Some(reason), .. }) => {
                let at = self.view.to_screen(end);
                self.refuse(ui, at, reason.clone());
            }
            Some(target) => {
                let (from, to) = loose.ends(target.port.clone());
                let result = editor.connect(&self.inside, &from, &to, loose.lifted.as_ref());
                if let Err(reason) = result {
                    let at = self.view.to_screen(end);
                    self.refuse(ui, at, reason);
                }
            }
            None if loose.lifted.is_some() => {
                if let Some(link) = &loose.lifted {
                    let done = editor.disconnect(&self.inside, link);
                    self.report(ui, done);
                }
            }
            // Let go over a block, off its ports: nothing is meant.
            None if self.scene.card_at(end).is_some() => {}
            None => self.open_add_menu(end, Some(loose)),
        }
    }

    fn click(&mut self, ui: &Ui, response: &Response, modifiers: Modifiers, editor: &Editor) {
        let Some(pointer) = response.interact_pointer_pos() else { return };
        self.menu = None;
        if modifiers.shift && modifiers.command && self.peek_at(ui, pointer, editor) {
            return;
        }
        if self.minimap_rect().is_some_and(|rect| rect.contains(pointer)) {
            self.follow_minimap(pointer);
            return;
        }
        let at = self.view.to_canvas(pointer);
        if let Some(id) = self.scene.card_at(at).map(|card| card.id) {
            if !(modifiers.shift || modifiers.command) {
                self.select_only(id);
            } else if !self.selection.remove(&id) {
                self.selection.insert(id);
            }
            return;
        }
        let wire = self.scene.wire_at(at, WIRE_REACH / self.view.zoom()).map(|wire| wire.link.clone());
        if wire.is_some() || !modifiers.shift {
            self.clear_selection();
        }
        self.selected_wire = wire;
    }

    /// Asks for the feature map of the port there: of an input, that of the output which feeds it. False where there is no port.
    fn peek_at(&mut self, ui: &Ui, pointer: Pos2, editor: &Editor) -> bool {
        let at = self.view.to_canvas(pointer);
        let Some((card, pin, _)) = self.scene.pin_at(at, PORT_REACH / self.view.zoom()) else { return false };
        let port = Port { block: card.id, port: pin.port.clone() };
        let source = if pin.is_output {
            Some(port)
        } else {
            let graph = editor.graph(&self.inside);
            graph
                .and_then(|graph| graph.links.iter().find(|link| link.to == port))
                .map(|link| link.from.clone())
        };
        match source {
            Some(source) => {
                self.select_only(source.block);
                let path = self.inside.iter().copied().chain([source.block]).collect();
                self.peek = Some((path, source.port));
            }
            None => self.refuse(ui, pointer, "no wire comes here, so there is no feature map"),
        }
        true
    }

    fn double_click(&mut self, response: &Response, editor: &Editor) {
        let Some(pointer) = response.interact_pointer_pos() else { return };
        let at = self.view.to_canvas(pointer);
        match self.scene.card_at(at).map(|card| (card.id, card.is_group)) {
            Some((id, true)) if editor.is_group(&self.inside, id) => self.enter(id),
            Some((id, _)) => self.start_rename(id),
            None if self.minimap_rect().is_some_and(|rect| rect.contains(pointer)) => {}
            None => self.open_add_menu(at, None),
        }
    }
}
