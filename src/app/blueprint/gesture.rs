//! What the pointer does on the canvas: pan, zoom, select, drag blocks, draw, move and cut wires.

use super::canvas::{Canvas, PORT_REACH, WIRE_REACH};
use super::editor::Editor;
use super::loose_wire::{LooseWire, Target};
use super::names::Named;
use super::scene::{Card, Dot, Pin, Scene};
use crate::blueprint::{BlockId, Link, Port};
use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, Pos2, Rect, Response, Ui, Vec2, vec2};
use std::collections::BTreeSet;

/// What is going on between a press and its release.
pub(super) enum Gesture {
    Idle,
    /// The view follows the pointer.
    Pan,
    /// The view follows the pointer on the minimap.
    Minimap,
    /// Selected blocks follow the pointer; the document hears of it at the end. A single block without wires goes into a wire.
    Move {
        by: Vec2,
        into: Option<Link>,
    },
    /// A frame follows the pointer, with the blocks in it.
    MoveFrame {
        frame: usize,
        blocks: BTreeSet<BlockId>,
        by: Vec2,
    },
    /// The far corner of a frame follows the pointer.
    ResizeFrame(usize),
    /// Wires that this way crosses are cut.
    Cut(Vec<Pos2>),
    /// A block is joined to the one where the pointer is let go.
    Join {
        from: BlockId,
        to: Pos2,
    },
    /// A box from one canvas point to another; `before` stays selected.
    Select {
        from: Pos2,
        to: Pos2,
        before: BTreeSet<BlockId>,
    },
    Wire(LooseWire),
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
        let at = self.view.to_canvas(origin);
        if response.drag_started_by(PointerButton::Secondary) {
            self.begin_secondary(at, modifiers);
            return;
        }
        if !response.drag_started_by(PointerButton::Primary) {
            return;
        }
        if self.minimap_rect().is_some_and(|rect| rect.contains(origin)) {
            self.gesture = Gesture::Minimap;
            return;
        }
        self.work_at(at);
        let adds = modifiers.shift || modifiers.command;
        let scene = self.stage.scene();
        if let Some((card, pin, dot)) = scene.pin_at(at, PORT_REACH / self.view.zoom()) {
            self.gesture = Gesture::Wire(self.loose_wire(card, pin, dot, editor));
        } else if let Some(id) = scene.card_at(at).map(|card| card.id) {
            if !self.selection.contains(&id) {
                if !adds {
                    self.clear_selection();
                }
                self.selection.insert(id);
            }
            self.selected_wire = None;
            self.gesture = Gesture::Move { by: Vec2::ZERO, into: None };
        } else if let Some(frame) = scene.frame_corner_at(at, PORT_REACH / self.view.zoom()) {
            self.select_frame(frame);
            self.gesture = Gesture::ResizeFrame(frame);
        } else if let Some(frame) = scene.frame_at(at) {
            self.select_frame(frame);
            let blocks = editor.blocks_in_frame(&self.inside, frame).into_iter().collect();
            self.gesture = Gesture::MoveFrame { frame, blocks, by: Vec2::ZERO };
        } else {
            let before = if adds { self.selection.clone() } else { BTreeSet::new() };
            self.selected_wire = None;
            self.selected_frame = None;
            self.gesture = Gesture::Select { from: at, to: at, before };
        }
    }

    /// The right button with Ctrl cuts wires, with Alt joins blocks, as in Blender.
    fn begin_secondary(&mut self, at: Pos2, modifiers: Modifiers) {
        self.work_at(at);
        if modifiers.alt {
            if let Some(from) = self.stage.scene().card_at(at).map(|card| card.id) {
                self.gesture = Gesture::Join { from, to: at };
            }
        } else if modifiers.command || modifiers.ctrl {
            self.gesture = Gesture::Cut(vec![at]);
        }
    }

    pub(super) fn select_frame(&mut self, frame: usize) {
        self.clear_selection();
        self.selected_frame = Some(frame);
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
            let source = self.stage.scene().card(link.from.block)?;
            let wire = self.stage.scene().wires.iter().find(|wire| wire.link == *link)?;
            let pin = source.pin(&link.from.port, true)?;
            let dot = pin
                .dots
                .iter()
                .min_by(|a, b| a.at.distance(wire.curve.0[0]).total_cmp(&b.at.distance(wire.curve.0[0])))?;
            Some(LooseWire::new(source, pin, *dot))
        });
        match (link, source) {
            (Some(link), Some(mut source)) => {
                source.lifted = Some(link.clone());
                source
            }
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
            Gesture::Move { by, into } => {
                let step = response.total_drag_delta().unwrap_or_default() / self.view.zoom() - *by;
                *by += step;
                self.stage.shift(&self.selection, step);
                *into = wire_below(self.stage.scene(), &self.selection);
            }
            Gesture::MoveFrame { frame, blocks, by } => {
                let step = response.total_drag_delta().unwrap_or_default() / self.view.zoom() - *by;
                *by += step;
                self.stage.shift(blocks, step);
                self.stage.scene_mut().shift_frame(*frame, step);
            }
            Gesture::ResizeFrame(frame) => {
                if let Some(frame) = self.stage.scene_mut().frames.get_mut(*frame) {
                    frame.rect.max = at.max(frame.rect.min + LEAST_FRAME);
                }
            }
            Gesture::Select { from, to, before } => {
                *to = at;
                let area = Rect::from_two_pos(*from, *to);
                let cards = &self.stage.scene().cards;
                let inside = cards.iter().filter(|card| area.intersects(card.rect()));
                self.selection = before.iter().copied().chain(inside.map(|card| card.id)).collect();
            }
            Gesture::Cut(way) => {
                if way.last().is_none_or(|last| last.distance(at) > 2.0 / self.view.zoom()) {
                    way.push(at);
                }
            }
            Gesture::Join { to, .. } => *to = at,
            Gesture::Wire(loose) => {
                let reach = PORT_REACH / self.view.zoom();
                loose.follow(at, self.stage.scene(), reach, editor, &self.inside);
            }
        }
    }

    fn finish(&mut self, ui: &Ui, editor: &mut Editor) {
        match std::mem::replace(&mut self.gesture, Gesture::Idle) {
            Gesture::Move { by, into } if by != Vec2::ZERO => {
                let done = self.move_selection(editor, by, into.as_ref());
                self.report(ui, done);
            }
            Gesture::MoveFrame { frame, by, .. } if by != Vec2::ZERO => {
                let moved = self.frame_in_document(frame);
                let done = moved.map_or(Ok(()), |rect| editor.move_frame_to(&self.inside, frame, rect.min));
                self.report(ui, done);
            }
            Gesture::ResizeFrame(frame) => {
                if let Some(rect) = self.frame_in_document(frame) {
                    let done = editor.resize_frame(&self.inside, frame, rect);
                    self.report(ui, done);
                }
            }
            Gesture::Cut(way) => {
                let crossed = self.stage.scene().wires.iter().filter(|wire| wire.curve.crosses(&way));
                let links: Vec<Link> = crossed.map(|wire| wire.link.clone()).collect();
                if !links.is_empty() {
                    let done = editor.cut(&self.inside, &links);
                    self.report(ui, done);
                }
            }
            Gesture::Join { from, to } => {
                if let Some(to) = self.stage.scene().card_at(to).map(|card| card.id).filter(|to| *to != from)
                {
                    let done = editor.join(&self.inside, from, to);
                    self.report(ui, done);
                }
            }
            Gesture::Wire(loose) => self.drop_wire(ui, loose, editor),
            _ => {}
        }
        // What was only shown and not done goes back to where the document has it.
        self.look_again();
    }

    /// Tells the document where the selected blocks were put, and puts a single one into a wire.
    fn move_selection(&self, editor: &mut Editor, by: Vec2, into: Option<&Link>) -> Result<(), String> {
        let ids: Vec<BlockId> = self.selection.iter().copied().collect();
        let Some(sheet) = self.stage.active() else { return Ok(()) };
        if sheet.placement.keeps_distances() {
            return editor.shift(&self.inside, &ids, by, into);
        }
        let places: Vec<(BlockId, Pos2)> = ids
            .into_iter()
            .filter_map(|id| Some((id, sheet.placement.to_document(sheet.scene.card(id)?.position))))
            .collect();
        editor.place(&self.inside, &places, into)
    }

    /// Where a frame is on the canvas, in the document's numbers.
    fn frame_in_document(&self, frame: usize) -> Option<Rect> {
        let rect = self.stage.scene().frames.get(frame)?.rect;
        Some(Rect::from_min_max(self.stage.to_document(rect.min), self.stage.to_document(rect.max)))
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
            None if self.stage.scene().card_at(end).is_some_and(|card| !card.is_open) => {}
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
        self.work_at(at);
        let scene = self.stage.scene();
        if let Some(id) = scene.card_at(at).map(|card| card.id) {
            if !(modifiers.shift || modifiers.command) {
                self.select_only(id);
            } else if !self.selection.remove(&id) {
                self.selection.insert(id);
            }
            return;
        }
        let wire = scene.wire_at(at, WIRE_REACH / self.view.zoom()).map(|wire| wire.link.clone());
        let frame = scene.frame_at(at).filter(|_| wire.is_none());
        if wire.is_some() || frame.is_some() || !modifiers.shift {
            self.clear_selection();
        }
        self.selected_wire = wire;
        self.selected_frame = frame;
    }

    /// Asks for the feature map of the port there: of an input, that of the output which feeds it. False where there is no port.
    fn peek_at(&mut self, ui: &Ui, pointer: Pos2, editor: &Editor) -> bool {
        let at = self.view.to_canvas(pointer);
        self.work_at(at);
        let Some((card, pin, _)) = self.stage.scene().pin_at(at, PORT_REACH / self.view.zoom()) else {
            return false;
        };
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
        if self.minimap_rect().is_some_and(|rect| rect.contains(pointer)) {
            return;
        }
        let at = self.view.to_canvas(pointer);
        self.work_at(at);
        let scene = self.stage.scene();
        match scene.card_at(at).map(|card| (card.id, card.is_group && !card.is_open)) {
            Some((id, true)) if editor.is_group(&self.inside, id) => self.enter(id),
            Some((id, _)) => self.start_rename(Named::Block(id)),
            None => match scene.frame_at(at) {
                Some(frame) => self.start_rename(Named::Frame(frame)),
                None => self.open_add_menu(at, None),
            },
        }
    }
}

/// Least width and height of a frame, in canvas units.
const LEAST_FRAME: Vec2 = vec2(96.0, 56.0);

/// The wire that a single selected block without wires lies on.
fn wire_below(scene: &Scene, selection: &BTreeSet<BlockId>) -> Option<Link> {
    let (&id, 1) = (selection.first()?, selection.len()) else { return None };
    let card = scene.card(id)?;
    let has = |input: bool| card.pins.iter().any(|pin| pin.is_output != input);
    let is_wired = scene.wires.iter().any(|wire| wire.link.from.block == id || wire.link.to.block == id);
    if is_wired || !has(true) || !has(false) {
        return None;
    }
    let below = scene.wire_at(card.rect().center(), 0.35 * card.size.y)?;
    Some(below.link.clone())
}
