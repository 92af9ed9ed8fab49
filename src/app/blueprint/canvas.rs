//! The canvas: what is in sight, what is selected, what the pointer is doing. One frame of it from top to bottom.
//! Every change of the document goes through the editor, one step for one action of the user.

use super::editor::Editor;
use super::gesture::Gesture;
use super::menu::AddMenu;
use super::names::{Named, Rename};
use super::overlay;
use super::paint::{Brush, Marks};
use super::stage::{Sheet, Stage};
use super::view::View;
use crate::app::theme::Tokens;
use crate::blueprint::{BlockId, Graph, Link, PathId};
use egui::{EventFilter, Pos2, Rect, Response, Sense, Ui, Vec2, WidgetInfo, WidgetType, vec2};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// How near the pointer must be to a port or a wire, in screen points.
pub(super) const PORT_REACH: f32 = 11.0;
pub(super) const WIRE_REACH: f32 = 6.0;
/// Room kept free around a fitted graph: title above, hint below.
const FIT_MARGIN: Vec2 = vec2(28.0, 56.0);

/// A whole network that fits at this zoom can still be read.
const READABLE: f32 = 0.4;

/// A sentence shown at a place until a time: why something was refused, or what was done where that is not seen.
pub(super) struct Said {
    pub at: Pos2,
    pub text: String,
    pub is_refusal: bool,
    pub until_s: f64,
}

/// The canvas of one document.
pub struct Canvas {
    pub(super) view: View,
    pub(super) stage: Stage,
    /// The groups that were entered, from the outermost to the one in sight.
    root: PathId,
    /// The groups that are open in place.
    open: BTreeSet<PathId>,
    /// The groups around what is edited: the entered ones, and those open in place in which the last click was.
    pub(super) inside: PathId,
    pub(super) selection: BTreeSet<BlockId>,
    pub(super) selected_wire: Option<Link>,
    pub(super) selected_frame: Option<usize>,
    pub(super) gesture: Gesture,
    pub(super) menu: Option<AddMenu>,
    pub(super) rename: Option<Rename>,
    pub(super) said: Option<Said>,
    /// Where the pointer last was on the canvas, in canvas units: where a paste goes.
    pub(super) cursor: Pos2,
    /// What the context menu was opened on.
    pub(super) context: Option<overlay::Target>,
    /// The user's folder of saved blocks.
    pub(super) library: PathBuf,
    /// The output port whose feature map was asked for.
    pub(super) peek: Option<(PathId, String)>,
    /// A paste was asked for: with links or without, and until when the clipboard is waited for, in seconds.
    pub(super) asked_paste: Option<(bool, f64)>,
    /// Which revision of the document the stage shows.
    shown: Option<u64>,
    wants_fit: Option<Fit>,
    /// The selected block is to be brought into sight.
    wants_sight: bool,
    /// Which document the view belongs to.
    opened: Option<u64>,
    /// The look comes from a session and is for the document that is about to be shown.
    is_restored: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Fit {
    Jump,
    Ease,
}

impl Default for Canvas {
    fn default() -> Self {
        Self {
            view: View::default(),
            stage: Stage::default(),
            root: PathId::new(),
            open: BTreeSet::new(),
            inside: PathId::new(),
            selection: BTreeSet::new(),
            selected_wire: None,
            selected_frame: None,
            gesture: Gesture::Idle,
            menu: None,
            rename: None,
            said: None,
            cursor: Pos2::ZERO,
            context: None,
            library: PathBuf::new(),
            peek: None,
            asked_paste: None,
            shown: None,
            wants_fit: Some(Fit::Jump),
            wants_sight: false,
            opened: None,
            is_restored: false,
        }
    }
}

impl Canvas {
    /// With the folder in which the user's saved blocks are.
    pub fn new(library: PathBuf) -> Self {
        Self { library, ..Self::default() }
    }

    /// The one selected block, with the groups it is in; `None` for none or several.
    pub fn selected_block(&self) -> Option<PathId> {
        let mut selected = self.selection.iter();
        match (selected.next(), selected.next()) {
            (Some(&one), None) => Some(self.inside.iter().copied().chain([one]).collect()),
            _ => None,
        }
    }

    /// The output whose feature map was asked for by Ctrl+Shift+click since the last call: the path of its block and its name.
    pub fn take_peek(&mut self) -> Option<(PathId, String)> {
        self.peek.take()
    }

    pub fn selection_count(&self) -> usize {
        self.selection.len()
    }

    /// Opens the groups around a block where they are not open yet, selects it and brings it into sight.
    pub fn show_block(&mut self, path: &[BlockId]) {
        let Some((&block, groups)) = path.split_last() else { return };
        if self.inside != groups && !self.work_in(groups) {
            self.root = groups.to_vec();
            self.inside = groups.to_vec();
            self.shown = None;
            self.wants_fit = Some(Fit::Jump);
        }
        self.select_only(block);
        self.wants_sight = true;
    }

    /// Centre and zoom, for the session; `None` while the view fits itself to the graph.
    pub fn look(&self) -> Option<[f32; 3]> {
        (!self.view.is_fitted() && self.wants_fit.is_none() && self.shown.is_some())
            .then(|| self.view.to_numbers())
    }

    /// The groups that were entered.
    pub fn entered_groups(&self) -> &[BlockId] {
        &self.root
    }

    /// The groups that are open in place.
    pub fn open_groups(&self) -> &BTreeSet<PathId> {
        &self.open
    }

    /// Looks again where a session left off.
    pub fn restore(&mut self, look: Option<[f32; 3]>, entered: PathId, open: BTreeSet<PathId>) {
        (self.root, self.inside, self.open) = (entered.clone(), entered, open);
        if let Some(look) = look {
            self.view.set_numbers(look);
            self.wants_fit = None;
        }
        self.is_restored = true;
    }

    pub fn fit(&mut self) {
        self.wants_fit = Some(Fit::Ease);
    }

    pub(super) fn select_only(&mut self, block: BlockId) {
        self.clear_selection();
        self.selection.insert(block);
    }

    pub(super) fn clear_selection(&mut self) {
        self.selection.clear();
        self.selected_wire = None;
        self.selected_frame = None;
    }

    /// Makes the sheet of these groups the one that is edited, where it is on the canvas.
    pub(super) fn work_in(&mut self, scope: &[BlockId]) -> bool {
        if self.inside == scope {
            return true;
        }
        let is_there = self.stage.activate(scope);
        if is_there {
            self.inside = scope.to_vec();
            self.clear_selection();
        } else {
            self.stage.activate(&self.inside);
        }
        is_there
    }

    /// Turns to the sheet under a canvas point.
    pub(super) fn work_at(&mut self, at: Pos2) {
        if let Some(scope) = self.stage.sheet_at(at).map(|sheet| sheet.scope.clone()) {
            self.work_in(&scope);
        }
    }

    pub(super) fn path_of(&self, block: BlockId) -> PathId {
        self.inside.iter().copied().chain([block]).collect()
    }

    /// Whether what is edited lies within a group that is open in place.
    pub(super) fn is_in_place(&self) -> bool {
        self.inside.len() > self.root.len()
    }

    pub(super) fn enter(&mut self, group: BlockId) {
        self.root = self.path_of(group);
        self.after_change_of_place();
    }

    /// Opens a group in place, or closes it again.
    pub(super) fn open_or_close(&mut self, group: BlockId) {
        let path = self.path_of(group);
        if !self.open.remove(&path) {
            self.open.insert(path);
        }
        self.shown = None;
        self.wants_sight = true;
    }

    /// Leaves groups until only `depth` of the entered ones are open. What was open is then selected.
    pub(super) fn leave_to(&mut self, depth: usize) {
        let Some(&left) = self.root.get(depth) else { return };
        self.root.truncate(depth);
        self.after_change_of_place();
        self.selection = BTreeSet::from([left]);
    }

    /// Builds the stage anew from the document.
    pub(super) fn look_again(&mut self) {
        self.shown = None;
    }

    /// From a group that is open in place to the graph around it, else out of the entered group.
    pub(super) fn step_out(&mut self) {
        let around = self.inside.len().checked_sub(1).map(|depth| self.inside[..depth].to_vec());
        let group = self.inside.last().copied();
        match (around, group) {
            (Some(around), Some(group)) if self.is_in_place() => {
                self.work_in(&around);
                self.select_only(group);
            }
            _ => {
                if let Some(depth) = self.root.len().checked_sub(1) {
                    self.leave_to(depth);
                }
            }
        }
    }

    fn after_change_of_place(&mut self) {
        self.clear_selection();
        self.inside.clone_from(&self.root);
        self.shown = None;
        self.gesture = Gesture::Idle;
        self.menu = None;
        self.rename = None;
        self.wants_fit = Some(Fit::Jump);
    }

    pub(super) fn refuse(&mut self, ui: &Ui, at: Pos2, text: impl Into<String>) {
        self.say(ui, at, text.into(), true);
    }

    pub(super) fn tell(&mut self, ui: &Ui, at: Pos2, text: impl Into<String>) {
        self.say(ui, at, text.into(), false);
    }

    fn say(&mut self, ui: &Ui, at: Pos2, text: String, is_refusal: bool) {
        let until_s = ui.input(|input| input.time) + 3.0;
        self.said = Some(Said { at, text, is_refusal, until_s });
        ui.ctx().request_repaint_after(std::time::Duration::from_secs(3));
    }

    /// One frame.
    pub fn show(&mut self, ui: &mut Ui, editor: &mut Editor) -> Response {
        let rect = ui.available_rect_before_wrap();
        let id = ui.id().with("canvas");
        let response = ui.interact(rect, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, "Blueprint canvas"));
        let now_s = ui.input(|input| input.time);
        if self.view.is_fitted() && self.view.rect() != rect {
            self.wants_fit = Some(Fit::Jump);
        }
        if self.view.begin(rect, now_s) {
            ui.ctx().request_repaint();
        }
        self.refresh(editor);
        if let Some(fit) = self.wants_fit.take() {
            let bounds =
                self.stage.bounds().unwrap_or(Rect::from_center_size(Pos2::ZERO, vec2(400.0, 300.0)));
            let eased = fit == Fit::Ease && ui.style().animation_time > 0.0;
            self.view.fit(bounds, FIT_MARGIN, eased.then_some(now_s));
            ui.ctx().request_repaint();
        }
        self.bring_into_sight(ui, now_s);
        let filter = EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        self.pointer(ui, &response, editor);
        self.keys(ui, &response, editor);
        self.refresh(editor);
        self.paint(ui, &response);
        self.name_things(ui, id, editor);
        self.overlays(ui, &response, editor);
        response
    }

    /// Rebuilds the scene after a change of the document or of the open group. What is gone is no longer selected.
    pub(super) fn refresh(&mut self, editor: &Editor) {
        if self.opened != Some(editor.opened()) {
            let look = self.wants_fit.is_none().then(|| self.view.to_numbers());
            let is_restored = std::mem::take(&mut self.is_restored);
            let kept = is_restored.then(|| (look, self.root.clone(), std::mem::take(&mut self.open)));
            let library = std::mem::take(&mut self.library);
            *self =
                Self { opened: Some(editor.opened()), view: self.view.clone(), library, ..Self::default() };
            if let Some((look, entered, open)) = kept {
                self.restore(look, entered, open);
                self.is_restored = false;
            }
        }
        if self.shown == Some(editor.revision()) {
            return;
        }
        while editor.graph(&self.root).is_none() && !self.root.is_empty() {
            self.root.pop();
            self.inside.clone_from(&self.root);
            self.wants_fit = Some(Fit::Jump);
        }
        self.open.retain(|path| editor.graph(path).is_some());
        self.stage = match editor.blueprint() {
            Some(blueprint) => Stage::new(blueprint, editor.analysis(), &self.root, &self.open),
            None => Stage::default(),
        };
        if !self.stage.activate(&self.inside) {
            self.inside.clone_from(&self.root);
            self.clear_selection();
        }
        let empty = Graph::default();
        let graph = editor.graph(&self.inside).unwrap_or(&empty);
        self.selection.retain(|id| graph.block(*id).is_some());
        self.selected_wire = self.selected_wire.take().filter(|link| graph.links.contains(link));
        self.selected_frame = self.selected_frame.filter(|frame| *frame < graph.frames.len());
        // What was taken hold of may be gone or elsewhere.
        if !matches!(self.gesture, Gesture::Pan | Gesture::Minimap) {
            self.gesture = Gesture::Idle;
        }
        let is_there = |of: Named| match of {
            Named::Block(block) => graph.block(block).is_some(),
            Named::Frame(frame) => frame < graph.frames.len(),
        };
        self.rename = self.rename.take().filter(|rename| is_there(rename.of));
        self.shown = Some(editor.revision());
    }

    /// Eases to the selected block where it is out of sight or too small to read.
    fn bring_into_sight(&mut self, ui: &Ui, now_s: f64) {
        if !std::mem::take(&mut self.wants_sight) || self.wants_fit.is_some() {
            return;
        }
        let all = self.stage.bounds().filter(|_| self.view.is_fitted());
        if let Some(all) = all.filter(|all| self.view.fitting_zoom(*all, FIT_MARGIN) >= READABLE) {
            // Everything was in sight, and can be.
            let eased = ui.style().animation_time > 0.0;
            self.view.fit(all, FIT_MARGIN, eased.then_some(now_s));
            ui.ctx().request_repaint();
            return;
        }
        let cards = self.selection.iter().filter_map(|id| self.stage.scene().card(*id));
        if let Some(area) = cards.map(super::scene::Card::rect).reduce(Rect::union) {
            let eased = ui.style().animation_time > 0.0;
            self.view.bring_into_sight(area, FIT_MARGIN, eased.then_some(now_s));
            ui.ctx().request_repaint();
        }
    }

    fn paint(&self, ui: &Ui, response: &Response) {
        let painter = ui.painter_at(self.view.rect());
        let tokens = Tokens::of(ui);
        let brush = Brush { painter: &painter, view: &self.view, tokens };
        brush.background();
        let hover = response.hover_pos().filter(|_| self.menu.is_none()).map(|at| self.view.to_canvas(at));
        let reach = |points: f32| points / self.view.zoom();
        for sheet in self.stage.sheets() {
            let is_active = self.stage.is_active(sheet);
            let here =
                hover.filter(|at| self.stage.sheet_at(*at).is_some_and(|top| top.scope == sheet.scope));
            let hovered = here.and_then(|at| {
                let pin = sheet.scene.pin_at(at, reach(PORT_REACH)).map(|(card, ..)| card.id);
                pin.or_else(|| sheet.scene.card_at(at).map(|card| card.id))
            });
            let wire_of = |link: &Link| sheet.scene.wires.iter().position(|wire| wire.link == *link);
            let under_pointer = || {
                let wire = sheet.scene.wire_at(here.filter(|_| hovered.is_none())?, reach(WIRE_REACH))?;
                wire_of(&wire.link)
            };
            let nothing = BTreeSet::new();
            let marks = Marks {
                selected: if is_active { &self.selection } else { &nothing },
                selected_frame: self.selected_frame.filter(|_| is_active),
                hovered,
                wiring: is_active && matches!(self.gesture, Gesture::Wire(_)),
                hot_wire: self.hot_wire().filter(|_| is_active).and_then(wire_of).or_else(under_pointer),
                lifted_wire: match &self.gesture {
                    Gesture::Wire(loose) if is_active => loose.lifted.as_ref().and_then(wire_of),
                    _ => None,
                },
            };
            brush.scene(&sheet.scene, &marks);
            self.paint_entries(&brush, sheet);
        }
        self.paint_gesture(&brush);
    }

    /// The wire that is selected, or into which a block is about to be dropped.
    fn hot_wire(&self) -> Option<&Link> {
        match &self.gesture {
            Gesture::Move { into: Some(link), .. } => Some(link),
            _ => self.selected_wire.as_ref(),
        }
    }

    /// From the ports on the frame of an open group to the blocks inside that stand for them.
    fn paint_entries(&self, brush: &Brush, sheet: &Sheet) {
        let Some((group, around)) = sheet.scope.split_last() else { return };
        let outer = self.stage.sheets().iter().find(|outer| outer.scope == around);
        let Some(frame) = outer.and_then(|outer| outer.scene.card(*group)) else { return };
        for card in sheet.scene.cards.iter().filter(|card| card.is_group_port) {
            let is_entry = card.pins.iter().any(|pin| pin.is_output);
            for pin in frame.pins.iter().filter(|pin| pin.is_output != is_entry && pin.port == card.title) {
                for dot in &pin.dots {
                    brush.entry(*dot, card, pin.kind, is_entry);
                }
            }
        }
    }

    fn paint_gesture(&self, brush: &Brush) {
        let on_screen = |rect: Rect| self.view.rect_to_screen(rect);
        match &self.gesture {
            Gesture::Wire(loose) => brush.loose_wire(loose.curve(), loose.kind, loose.is_refused()),
            Gesture::Select { from, to, .. } => {
                brush.selection_box(on_screen(Rect::from_two_pos(*from, *to)))
            }
            Gesture::Cut(way) => brush.cut(way),
            Gesture::Join { from, to } => {
                let card = |at: Pos2| self.stage.scene().card_at(at).map(|card| on_screen(card.rect()));
                let start = self.stage.scene().card(*from).map(|card| on_screen(card.rect()));
                brush.join(start, self.view.to_screen(*to), card(*to));
            }
            _ => {}
        }
    }

    /// What lies over the graph: name field, title, hint, minimap, refusals, menus.
    fn overlays(&mut self, ui: &mut Ui, response: &Response, editor: &mut Editor) {
        self.rename_field(ui, editor);
        overlay::title(self, ui, editor);
        overlay::hint(self, ui);
        overlay::minimap(self, ui, response);
        overlay::refusals(self, ui);
        overlay::context_menu(self, response, editor);
        self.add_menu(ui, editor);
    }
}
