//! A wire that is being drawn: one end at a port, the other at the pointer, and whether it may end there.

use super::editor::Editor;
use super::scene::{Card, Dot, Pin, Scene};
use super::wires::{Curve, End};
use crate::blueprint::{BlockId, Link, Port, PortType};
use egui::{Pos2, vec2};

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
    pub fn new(card: &Card, pin: &Pin, dot: Dot) -> Self {
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
    pub fn ends(&self, other: Port) -> (Port, Port) {
        if self.is_output { (self.from.clone(), other) } else { (other, self.from.clone()) }
    }

    /// The loose end goes with the pointer, and to a port near it; what such a wire would be refused for is known at once.
    pub fn follow(&mut self, pointer: Pos2, scene: &Scene, reach: f32, editor: &Editor, inside: &[BlockId]) {
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
