//! The sheets on the canvas: the open graph, and over it the insides of the groups that are open in place, each in the frame that its
//! group's card has become. A sheet knows where its document coordinates lie on the canvas. No painting here.

use super::cards;
use super::scene::{Card, HEADER, Scene};
use crate::blueprint::{Analysis, BlockId, Blueprint, PathId};
use egui::{Pos2, Rect, Vec2, pos2, vec2};
use std::collections::BTreeSet;

/// Room around the blocks inside a group that is open in place.
const PAD: Vec2 = vec2(40.0, 28.0);
/// Nearer than this to the edge of an open group is the edge, where its ports are.
const EDGE: f32 = 10.0;
/// The size of an open group with nothing in it.
const LEAST: Vec2 = vec2(200.0, 96.0);

/// One axis of the canvas, made longer where groups are open: distances only grow, so that nothing comes to overlap.
#[derive(Clone, Debug, Default, PartialEq)]
struct Stretch {
    /// From where, over which length, by how much.
    parts: Vec<(f32, f32, f32)>,
}

impl Stretch {
    fn apply(&self, at: f32) -> f32 {
        let grown = |&(from, length, by): &(f32, f32, f32)| by * ((at - from) / length).clamp(0.0, 1.0);
        at + self.parts.iter().map(grown).sum::<f32>()
    }

    /// The place that `apply` brings here.
    fn undo(&self, to: f32) -> f32 {
        let most: f32 = self.parts.iter().map(|(.., by)| by).sum();
        if most <= 0.0 {
            return to;
        }
        let (mut low, mut high) = (to - most, to);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if self.apply(middle) < to {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

/// Where document coordinates lie on the canvas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placement {
    stretch: [Stretch; 2],
    offset: Vec2,
}

impl Placement {
    pub fn to_canvas(&self, document: Pos2) -> Pos2 {
        let [x, y] = &self.stretch;
        pos2(x.apply(document.x), y.apply(document.y)) + self.offset
    }

    pub fn to_document(&self, canvas: Pos2) -> Pos2 {
        let [x, y] = &self.stretch;
        let at = canvas - self.offset;
        pos2(x.undo(at.x), y.undo(at.y))
    }

    /// Whether distances are the same on the canvas and in the document.
    pub fn keeps_distances(&self) -> bool {
        self.stretch.iter().all(|stretch| stretch.parts.is_empty())
    }
}

/// One graph on the canvas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The groups that it is in.
    pub scope: PathId,
    pub scene: Scene,
    pub placement: Placement,
    /// Where the pointer is on this sheet rather than on the one below; everywhere for the lowest.
    pub area: Option<Rect>,
}

/// All sheets, from the lowest up: a group's after that of the graph it is in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    sheets: Vec<Sheet>,
    active: usize,
    /// For asking while there is nothing.
    nothing: Scene,
}

impl Stage {
    /// The graph inside the groups `root`, with the groups among `open` opened in it.
    pub fn new(
        blueprint: &Blueprint,
        analysis: &Analysis,
        root: &[BlockId],
        open: &BTreeSet<PathId>,
    ) -> Self {
        let sheets = sheets(blueprint, analysis, root, open);
        Self { sheets, ..Self::default() }
    }

    pub fn sheets(&self) -> &[Sheet] {
        &self.sheets
    }

    /// The sheet that is edited.
    pub fn active(&self) -> Option<&Sheet> {
        self.sheets.get(self.active)
    }

    pub fn is_active(&self, sheet: &Sheet) -> bool {
        self.active().is_some_and(|active| active.scope == sheet.scope)
    }

    /// Makes the sheet of these groups the one that is edited; false where there is none.
    pub fn activate(&mut self, scope: &[BlockId]) -> bool {
        let place = self.sheets.iter().position(|sheet| sheet.scope == scope);
        self.active = place.unwrap_or(0);
        place.is_some()
    }

    /// What is on the active sheet.
    pub fn scene(&self) -> &Scene {
        self.active().map_or(&self.nothing, |sheet| &sheet.scene)
    }

    pub fn scene_mut(&mut self) -> &mut Scene {
        match self.sheets.get_mut(self.active) {
            Some(sheet) => &mut sheet.scene,
            None => &mut self.nothing,
        }
    }

    pub fn to_document(&self, canvas: Pos2) -> Pos2 {
        self.active().map_or(canvas, |sheet| sheet.placement.to_document(canvas))
    }

    /// The uppermost sheet at a canvas point.
    pub fn sheet_at(&self, at: Pos2) -> Option<&Sheet> {
        self.sheets.iter().rev().find(|sheet| sheet.area.is_none_or(|area| area.contains(at)))
    }

    pub fn bounds(&self) -> Option<Rect> {
        self.sheets.first().and_then(|sheet| sheet.scene.bounds())
    }

    pub fn is_empty(&self) -> bool {
        self.sheets.first().is_none_or(|sheet| sheet.scene.cards.is_empty())
    }

    /// Moves blocks of the active sheet, with what is open in them, without touching the document.
    pub fn shift(&mut self, ids: &BTreeSet<BlockId>, by: Vec2) {
        let Some(scope) = self.active().map(|sheet| sheet.scope.clone()) else { return };
        self.scene_mut().shift(ids.iter().copied(), by);
        for sheet in &mut self.sheets {
            let inner = sheet.scope.strip_prefix(scope.as_slice()).and_then(|rest| rest.first());
            if inner.is_some_and(|group| ids.contains(group)) {
                sheet.translate(by);
            }
        }
    }
}

impl Sheet {
    fn translate(&mut self, by: Vec2) {
        self.scene.translate(by);
        self.placement.offset += by;
        self.area = self.area.map(|area| area.translate(by));
    }
}

/// The sheets of a graph and of the groups open in it, with the graph's own first and unmoved.
fn sheets(
    blueprint: &Blueprint,
    analysis: &Analysis,
    scope: &[BlockId],
    open: &BTreeSet<PathId>,
) -> Vec<Sheet> {
    let Some(graph) = blueprint.graph_at(scope) else { return Vec::new() };
    let mut cards = cards::cards(graph, scope, analysis);
    let mut placement = Placement::default();
    let mut insides = Vec::new();
    for card in &mut cards {
        let path: PathId = scope.iter().copied().chain([card.id]).collect();
        if !card.is_group || !open.contains(&path) {
            continue;
        }
        let inner = sheets(blueprint, analysis, &path, open);
        let Some(bounds) = inner.first().map(|sheet| sheet.scene.bounds().unwrap_or(Rect::ZERO)) else {
            continue;
        };
        let closed = card.size;
        let size = (bounds.size() + 2.0 * PAD + vec2(0.0, HEADER)).max(LEAST).max(closed);
        let grown = size - closed;
        let [x, y] = &mut placement.stretch;
        x.parts.push((card.position.x, closed.x, grown.x));
        y.parts.push((card.position.y, closed.y, grown.y));
        card.size = size;
        card.is_open = true;
        insides.push((card.id, bounds, inner));
    }
    for card in &mut cards {
        card.position = placement.to_canvas(card.position);
    }
    let mut scene = cards::scene(graph, cards);
    for frame in &mut scene.frames {
        frame.rect =
            Rect::from_min_max(placement.to_canvas(frame.rect.min), placement.to_canvas(frame.rect.max));
    }
    let mut all = Vec::new();
    for (id, bounds, inner) in insides {
        let Some(rect) = scene.card(id).map(Card::rect) else { continue };
        let room = Rect::from_min_max(pos2(rect.left(), rect.top() + HEADER), rect.max);
        let by = room.center() - bounds.center();
        for (level, mut sheet) in inner.into_iter().enumerate() {
            sheet.translate(by);
            if level == 0 {
                let area = room.shrink2(vec2(EDGE, 0.0));
                sheet.area = Some(Rect { max: area.max - vec2(0.0, EDGE), ..area });
            }
            all.push(sheet);
        }
    }
    all.insert(0, Sheet { scope: scope.to_vec(), scene, placement, area: None });
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{UnetOptions, analyse, template};

    #[test]
    fn an_open_group_makes_room_and_nothing_overlaps() {
        let blueprint = template("unet", &UnetOptions::default()).expect("the template");
        let analysis = analyse(&blueprint);
        let groups = blueprint.graph.blocks.iter().filter(|block| block.inside.is_some());
        let open: BTreeSet<PathId> = groups.take(3).map(|block| vec![block.id]).collect();
        let stage = Stage::new(&blueprint, &analysis, &[], &open);
        assert_eq!(stage.sheets().len(), 4);
        let cards = &stage.sheets()[0].scene.cards;
        for (index, a) in cards.iter().enumerate() {
            for b in &cards[..index] {
                assert!(!a.rect().intersects(b.rect()), "{} lies on {}", a.title, b.title);
            }
        }
        for sheet in &stage.sheets()[1..] {
            let group = stage.sheets()[0].scene.card(sheet.scope[0]).expect("its group");
            for card in &sheet.scene.cards {
                assert!(group.rect().contains_rect(card.rect()), "{} sticks out", card.title);
                let back = sheet.placement.to_document(card.position);
                let block = blueprint.block_at(&[sheet.scope[0], card.id]).expect("there");
                assert!((back - Pos2::from(block.position)).length() < 0.01);
            }
        }
    }

    #[test]
    fn a_stretched_axis_leads_back() {
        let axis = Stretch { parts: vec![(0.0, 132.0, 600.0), (40.0, 132.0, 300.0)] };
        for at in [-500.0, 0.0, 10.0, 100.0, 150.0, 900.0] {
            assert!((axis.undo(axis.apply(at)) - at).abs() < 1e-2, "{at}");
        }
    }
}
