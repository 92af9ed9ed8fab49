//! What the canvas shows of one graph: cards, pins and wires with their places, in canvas units.
//! Rebuilt when the document changes; only the places are redone while blocks are dragged.

use super::wires::{Curve, End, Side, sides};
use crate::app::theme::Family;
use crate::blueprint::{Activity, BlockId, Link, Mend, Port, PortType};
use egui::{Pos2, Rect, Vec2, vec2};
use std::collections::{HashMap, HashSet};

/// Width of a block, height of its header, least height of the whole.
pub const BLOCK_WIDTH: f32 = 132.0;
pub const HEADER: f32 = 26.0;
pub const BLOCK_HEIGHT: f32 = 52.0;
/// Least distance of two pins on one edge.
const PIN_PITCH: f32 = 18.0;
/// How far off a wire may bow around blocks.
const FAR: f32 = 400.0;
/// Where the ports above and below an open group begin, so that they are near the blocks that stand for them inside.
const OPEN_PORT: f32 = 28.0;

/// A place on an edge where a port can be grabbed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    pub at: Pos2,
    pub side: Side,
    /// A wire ends here; else it is only the handle for a further wire.
    pub wired: bool,
}

/// A port of a block as the canvas shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    pub port: String,
    pub is_output: bool,
    /// What the wire carries, where it is known.
    pub kind: Option<PortType>,
    /// Shape on an output port, as it is written on the wire.
    pub shape: String,
    /// Which of the card's faults is at this port.
    pub fault: Option<usize>,
    pub dots: Vec<Dot>,
}

/// A block as the canvas shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    pub id: BlockId,
    pub title: String,
    pub summary: String,
    /// The kind in words, for tooltips and assistive technology.
    pub kind_title: String,
    pub icon: &'static str,
    pub family: Family,
    pub is_group: bool,
    /// It stands for a port of the group that it is in.
    pub is_group_port: bool,
    /// Its inside is shown in place: the card is a frame around it.
    pub is_open: bool,
    pub activity: Activity,
    pub faults: Vec<Mark>,
    /// Whether the faults are warnings only.
    pub is_warned: bool,
    pub pins: Vec<Pin>,
    pub position: Pos2,
    pub size: Vec2,
}

/// What is wrong at a block, and how to mend it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub message: String,
    pub fix: Option<String>,
    pub mend: Option<Mend>,
    pub is_warning: bool,
}

/// A titled frame as the canvas shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameCard {
    pub title: String,
    pub rect: Rect,
}

/// Height of a frame's title.
pub const FRAME_TITLE: f32 = 24.0;

impl FrameCard {
    /// Where it is taken hold of.
    pub fn title_rect(&self) -> Rect {
        Rect::from_min_size(self.rect.min, vec2(self.rect.width(), FRAME_TITLE))
    }
}

/// How tall a block with these many inputs and outputs is, and how wide.
pub fn block_size(inputs: usize, outputs: usize) -> Vec2 {
    vec2(BLOCK_WIDTH, BLOCK_HEIGHT.max(PIN_PITCH * (inputs.max(outputs) as f32 + 0.5)))
}

impl Card {
    pub fn rect(&self) -> Rect {
        Rect::from_min_size(self.position, self.size)
    }

    pub fn pin(&self, port: &str, is_output: bool) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.is_output == is_output && pin.port == port)
    }
}

/// A wire as the canvas shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    pub link: Link,
    pub curve: Curve,
    pub kind: Option<PortType>,
    pub label: String,
    /// Sideways to a block that has further inputs: drawn quieter, as the U's skips are.
    pub is_skip: bool,
    pub is_faulty: bool,
    /// At a muted block: nothing comes along it.
    pub is_idle: bool,
}

/// Everything of one graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    pub frames: Vec<FrameCard>,
    pub cards: Vec<Card>,
    pub wires: Vec<Wire>,
    index: HashMap<BlockId, usize>,
    /// Blocks that are being dragged: wires do not get out of their way.
    dragged: HashSet<BlockId>,
}

impl Scene {
    /// Wires come without places; `place` gives them.
    pub fn new(cards: Vec<Card>, wires: Vec<Wire>) -> Self {
        let index = cards.iter().enumerate().map(|(i, card)| (card.id, i)).collect();
        let mut scene = Self { cards, wires, index, ..Self::default() };
        scene.place();
        scene
    }

    /// Gives the wires, and the inputs the type of what comes in.
    pub fn set_wires(&mut self, wires: Vec<Wire>) {
        for wire in &wires {
            let Some(&card) = self.index.get(&wire.link.to.block) else { continue };
            let into = |pin: &&mut Pin| !pin.is_output && pin.port == wire.link.to.port;
            if let Some(pin) = self.cards[card].pins.iter_mut().find(into) {
                pin.kind = wire.kind.or(pin.kind);
            }
        }
        self.wires = wires;
        self.place();
    }

    pub fn card(&self, id: BlockId) -> Option<&Card> {
        self.index.get(&id).map(|&i| &self.cards[i])
    }

    pub fn pin(&self, port: &Port, is_output: bool) -> Option<&Pin> {
        self.card(port.block)?.pin(&port.port, is_output)
    }

    /// What all blocks together cover; `None` on an empty canvas.
    pub fn bounds(&self) -> Option<Rect> {
        let frames = self.frames.iter().map(|frame| frame.rect);
        self.cards.iter().map(Card::rect).chain(frames).reduce(Rect::union)
    }

    /// The topmost block under a canvas point.
    pub fn card_at(&self, point: Pos2) -> Option<&Card> {
        self.cards.iter().rev().find(|card| card.rect().contains(point))
    }

    /// The nearest pin within `reach`, with its dot.
    pub fn pin_at(&self, point: Pos2, reach: f32) -> Option<(&Card, &Pin, Dot)> {
        let mut best: Option<(f32, (&Card, &Pin, Dot))> = None;
        for card in self.cards.iter().filter(|card| card.rect().expand(reach).contains(point)) {
            for pin in &card.pins {
                for dot in &pin.dots {
                    let distance = dot.at.distance(point);
                    if distance <= reach && best.as_ref().is_none_or(|(least, _)| distance < *least) {
                        best = Some((distance, (card, pin, *dot)));
                    }
                }
            }
        }
        best.map(|(_, found)| found)
    }

    pub fn wire_at(&self, point: Pos2, reach: f32) -> Option<&Wire> {
        self.wires.iter().find(|wire| {
            wire.curve.bounds().expand(reach).contains(point) && wire.curve.distance(point) <= reach
        })
    }

    /// Moves blocks on the canvas without touching the document (while they are dragged).
    pub fn shift(&mut self, ids: impl Iterator<Item = BlockId>, by: Vec2) {
        for id in ids {
            self.dragged.insert(id);
            if let Some(&i) = self.index.get(&id) {
                self.cards[i].position += by;
            }
        }
        self.place();
    }

    /// Moves everything.
    pub fn translate(&mut self, by: Vec2) {
        for card in &mut self.cards {
            card.position += by;
            card.pins.iter_mut().flat_map(|pin| &mut pin.dots).for_each(|dot| dot.at += by);
        }
        self.wires.iter_mut().for_each(|wire| wire.curve = wire.curve.map(|point| point + by));
        self.frames.iter_mut().for_each(|frame| frame.rect = frame.rect.translate(by));
    }

    /// The uppermost frame whose title is at a canvas point.
    pub fn frame_at(&self, point: Pos2) -> Option<usize> {
        self.frames.iter().rposition(|frame| frame.title_rect().contains(point))
    }

    /// The frame whose far corner is within `reach`.
    pub fn frame_corner_at(&self, point: Pos2, reach: f32) -> Option<usize> {
        self.frames.iter().rposition(|frame| frame.rect.max.distance(point) <= reach)
    }

    /// Moves a frame and the frames in it.
    pub fn shift_frame(&mut self, frame: usize, by: Vec2) {
        let Some(outer) = self.frames.get(frame).map(|frame| frame.rect) else { return };
        for (place, inner) in self.frames.iter_mut().enumerate() {
            if place == frame || outer.contains_rect(inner.rect) {
                inner.rect = inner.rect.translate(by);
            }
        }
    }

    /// Chooses the edges of all wires, spreads the pins along the edges, draws the curves.
    pub fn place(&mut self) {
        let rects: Vec<Rect> = self.cards.iter().map(Card::rect).collect();
        let ends = self.wire_sides(&rects);
        for card in &mut self.cards {
            for pin in &mut card.pins {
                pin.dots.clear();
            }
        }
        self.place_upright_dots(&ends);
        let leaves_sideways = self.leaves_sideways(&ends);
        for (index, (card, rect)) in self.cards.iter_mut().zip(&rects).enumerate() {
            place_side_dots(card, *rect, false, |_| false);
            place_side_dots(card, *rect, true, |port| leaves_sideways.contains(&(index, port.to_owned())));
        }
        for ((from, to), wire) in ends.into_iter().zip(&mut self.wires) {
            let (Some(from), Some(to)) = (from, to) else { continue };
            let mut end = |end: WireEnd, is_output: bool, port: &str| {
                let pin = self.cards[end.card]
                    .pins
                    .iter_mut()
                    .find(|pin| pin.is_output == is_output && pin.port == port)?;
                let dot = pin.dots.iter_mut().find(|dot| dot.side == end.side)?;
                dot.wired = true;
                Some(End { at: dot.at, outward: end.side.outward() })
            };
            let from_end = end(from, true, &wire.link.from.port);
            let to_end = end(to, false, &wire.link.to.port);
            if let (Some(from_end), Some(to_end)) = (from_end, to_end) {
                let curve = Curve::new(from_end, to_end);
                let bounds = curve.bounds();
                let others = |area: Rect| -> Vec<Rect> {
                    let near = rects.iter().enumerate().filter(|(_, rect)| rect.intersects(area));
                    let is_other = |card: &usize| {
                        *card != from.card
                            && *card != to.card
                            && !self.dragged.contains(&self.cards[*card].id)
                    };
                    near.filter(|(card, _)| is_other(card)).map(|(_, rect)| *rect).collect()
                };
                let in_the_way = others(bounds);
                // Only a wire that something is near has to look for a way; it then minds all blocks.
                wire.curve = if in_the_way.is_empty() || curve.is_clear_of(&in_the_way) {
                    curve
                } else {
                    curve.around(&others(bounds.expand(FAR)))
                };
                wire.is_skip = to.side == Side::Left
                    && self.cards[to.card].pins.iter().filter(|pin| !pin.is_output).count() > 1
                    && self.cards[to.card].is_group;
            }
        }
    }

    /// Outputs that have a wire to the right, by the card's index.
    fn leaves_sideways(&self, ends: &[(Option<WireEnd>, Option<WireEnd>)]) -> HashSet<(usize, String)> {
        let sideways = |(wire, (from, _)): (&Wire, &(Option<WireEnd>, Option<WireEnd>))| {
            let end = from.filter(|end| end.side == Side::Right)?;
            Some((end.card, wire.link.from.port.clone()))
        };
        self.wires.iter().zip(ends).filter_map(sideways).collect()
    }

    fn wire_sides(&self, rects: &[Rect]) -> Vec<(Option<WireEnd>, Option<WireEnd>)> {
        self.wires
            .iter()
            .map(|wire| {
                let from = self.index.get(&wire.link.from.block).copied();
                let to = self.index.get(&wire.link.to.block).copied();
                match (from, to) {
                    (Some(from), Some(to)) => {
                        let (out_side, in_side) = sides(rects[from], rects[to]);
                        (
                            Some(WireEnd { card: from, side: out_side, toward: rects[to].center().x }),
                            Some(WireEnd { card: to, side: in_side, toward: rects[from].center().x }),
                        )
                    }
                    _ => (None, None),
                }
            })
            .collect()
    }

    /// Pins reached from above or below, spread along the edge in the order of the blocks they lead to.
    fn place_upright_dots(&mut self, ends: &[(Option<WireEnd>, Option<WireEnd>)]) {
        let mut edges: HashMap<(usize, Side), Vec<(usize, f32)>> = HashMap::new();
        for (wire, (from, to)) in self.wires.iter().zip(ends) {
            for (end, is_output, port) in
                [(from, true, &wire.link.from.port), (to, false, &wire.link.to.port)]
            {
                let Some(end) = end.filter(|end| end.side.is_vertical()) else { continue };
                let pins = &self.cards[end.card].pins;
                let Some(pin) = pins.iter().position(|pin| pin.is_output == is_output && pin.port == *port)
                else {
                    continue;
                };
                let edge = edges.entry((end.card, end.side)).or_default();
                if !edge.iter().any(|(known, _)| *known == pin) {
                    edge.push((pin, end.toward));
                }
            }
        }
        for ((card, side), mut pins) in edges {
            pins.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
            let count = pins.len() as f32;
            let mut least = 0.0;
            for (place, (pin, toward)) in pins.into_iter().enumerate() {
                let along = (place as f32 + 1.0) / (count + 1.0);
                let card = &mut self.cards[card];
                let rect = card.rect();
                let along = match (card.is_open, card.pins[pin].is_output) {
                    (false, _) => along,
                    (true, false) => OPEN_PORT * (place as f32 + 1.0) / rect.width(),
                    // Near what it leads to, since there is room to go inside.
                    (true, true) => {
                        let end = 1.0 - OPEN_PORT * (count - place as f32) / rect.width();
                        ((toward - rect.left()) / rect.width()).clamp(least, end.max(least))
                    }
                };
                least = along + OPEN_PORT / rect.width();
                let at = side.point(rect, along.clamp(0.0, 1.0));
                card.pins[pin].dots.push(Dot { at, side, wired: false });
            }
        }
    }
}

/// Where one end of a wire sits: the card's index, the edge, and the x of the block it leads to.
#[derive(Clone, Copy)]
struct WireEnd {
    card: usize,
    side: Side,
    toward: f32,
}

/// Inputs on the left edge and outputs on the right, evenly. A port that is wired from above or below is not repeated there unless
/// it is wired there, too.
fn place_side_dots(card: &mut Card, rect: Rect, is_output: bool, is_wired_here: impl Fn(&str) -> bool) {
    let side = if is_output { Side::Right } else { Side::Left };
    let mut pins: Vec<&mut Pin> = card
        .pins
        .iter_mut()
        .filter(|pin| pin.is_output == is_output && (pin.dots.is_empty() || is_wired_here(&pin.port)))
        .collect();
    let count = pins.len() as f32;
    for (place, pin) in pins.iter_mut().enumerate() {
        let at = side.point(rect, (place as f32 + 1.0) / (count + 1.0));
        pin.dots.push(Dot { at, side, wired: false });
    }
}
