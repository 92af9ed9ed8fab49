//! A network as a small picture: blocks as rounded rectangles in the colours of their families, wires in those of their types.

use super::cards;
use super::paint::wire_colour;
use super::wires::Curve;
use crate::app::theme::{Family, Tokens};
use crate::blueprint::{Blueprint, PortType, analyse};
use egui::{CornerRadius, Painter, Pos2, Rect, Stroke, vec2};

/// What is drawn, in canvas units. Holds no tensors and no document: many can be kept.
#[derive(Clone, Debug, Default)]
pub struct Miniature {
    blocks: Vec<(Rect, Family)>,
    wires: Vec<(Curve, Option<PortType>)>,
}

impl Miniature {
    pub fn of(blueprint: &Blueprint) -> Self {
        let cards = cards::cards(&blueprint.graph, &[], &analyse(blueprint));
        let scene = cards::scene(&blueprint.graph, cards);
        Self {
            blocks: scene.cards.iter().map(|card| (card.rect(), card.family)).collect(),
            wires: scene.wires.iter().map(|wire| (wire.curve, wire.kind)).collect(),
        }
    }

    /// Draws it as large as `frame` allows, never larger than a third of the canvas.
    pub fn paint(&self, painter: &Painter, frame: Rect, tokens: &Tokens) {
        let Some(bounds) = self.blocks.iter().map(|(rect, _)| *rect).reduce(Rect::union) else { return };
        let scale = (frame.width() / bounds.width()).min(frame.height() / bounds.height()).min(0.34);
        let place = |at: Pos2| frame.center() + scale * (at - bounds.center());
        for (curve, kind) in &self.wires {
            let colour = wire_colour(tokens, *kind).gamma_multiply(0.7);
            painter.add(curve.map(place).shape(Stroke::new(1.0, colour)));
        }
        for (rect, family) in &self.blocks {
            // Blocks of a large network stay visible.
            let size = (scale * rect.size()).max(vec2(4.0, 3.0));
            let radius = CornerRadius::same((0.12 * size.y).clamp(1.0, 4.0) as u8);
            painter.rect_filled(
                Rect::from_center_size(place(rect.center()), size),
                radius,
                tokens.family(*family),
            );
        }
    }
}
