//! The canvas: what is in sight, what is selected, what the pointer is doing. One frame of it from top to bottom.
//! Every change of the document goes through the editor, one step for one action of the user.

use super::cards;
use super::editor::Editor;
use super::gesture::Gesture;
use super::menu::AddMenu;
use super::overlay;
use super::paint::{Brush, Marks};
use super::scene::{HEADER, Scene};
use super::view::View;
use crate::app::theme::{Tokens, strong_family};
use crate::blueprint::{BlockId, Graph, Link, PathId};
use egui::{EventFilter, FontId, Id, Pos2, Rect, Response, Sense, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo};
use egui::{WidgetType, pos2, vec2};
use std::collections::BTreeSet;

/// How near the pointer must be to a port or a wire, in screen points.
pub(super) const PORT_REACH: f32 = 11.0;
pub(super) const WIRE_REACH: f32 = 6.0;
/// Room kept free around a fitted graph: title above, hint below.
const FIT_MARGIN: Vec2 = vec2(28.0, 56.0);

/// A block's name while it is being typed.
pub(super) struct Rename {
    pub block: BlockId,
    pub text: String,
    /// The field takes the focus in its first frame.
    pub is_new: bool,
}

/// A sentence shown at a place until a time, where something was refused.
pub(super) struct Refusal {
    pub at: Pos2,
    pub text: String,
    pub until_s: f64,
}

/// The canvas of one document.
pub struct Canvas {
    pub(super) view: View,
    pub(super) scene: Scene,
    /// The groups that are open, from the outermost to the one in sight.
    pub(super) inside: PathId,
    pub(super) selection: BTreeSet<BlockId>,
    pub(super) selected_wire: Option<Link>,
    pub(super) gesture: Gesture,
    pub(super) menu: Option<AddMenu>,
    pub(super) rename: Option<Rename>,
    pub(super) refusal: Option<Refusal>,
    /// Where the pointer last was on the canvas, in canvas units: where a paste goes.
    pub(super) cursor: Pos2,
    /// What the context menu was opened on.
    pub(super) context: Option<overlay::Target>,
    /// The output port whose feature map was asked for.
    pub(super) peek: Option<(PathId, String)>,
    /// A paste was asked for: with links or without, and until when the clipboard is waited for, in seconds.
    pub(super) asked_paste: Option<(bool, f64)>,
    shown: Option<(u64, PathId)>,
    wants_fit: Option<Fit>,
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
            scene: Scene::default(),
            inside: PathId::new(),
            selection: BTreeSet::new(),
            selected_wire: None,
            gesture: Gesture::Idle,
            menu: None,
            rename: None,
            refusal: None,
            cursor: Pos2::ZERO,
            context: None,
            peek: None,
            asked_paste: None,
            shown: None,
            wants_fit: Some(Fit::Jump),
            opened: None,
            is_restored: false,
        }
    }
}

impl Canvas {
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

    /// Opens the groups around a block, selects it and brings it into sight.
    pub fn show_block(&mut self, path: &[BlockId]) {
        let Some((&block, groups)) = path.split_last() else { return };
        if self.inside != groups {
            self.inside = groups.to_vec();
            self.wants_fit = Some(Fit::Jump);
        }
        self.select_only(block);
    }

    /// Centre and zoom, for the session; `None` while the view fits itself to the graph.
    pub fn look(&self) -> Option<[f32; 3]> {
        (!self.view.is_fitted() && self.wants_fit.is_none() && self.shown.is_some())
            .then(|| self.view.to_numbers())
    }

    pub fn open_groups(&self) -> &[BlockId] {
        &self.inside
    }

    /// Looks again where a session left off.
    pub fn restore(&mut self, look: Option<[f32; 3]>, groups: PathId) {
        self.inside = groups;
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
        self.selection = BTreeSet::from([block]);
        self.selected_wire = None;
    }

    pub(super) fn clear_selection(&mut self) {
        self.selection.clear();
        self.selected_wire = None;
    }

    pub(super) fn enter(&mut self, group: BlockId) {
        self.inside.push(group);
        self.after_change_of_place();
    }

    /// Leaves groups until only `depth` are open. What was open is then selected.
    pub(super) fn leave_to(&mut self, depth: usize) {
        let Some(&left) = self.inside.get(depth) else { return };
        self.inside.truncate(depth);
        self.after_change_of_place();
        self.selection = BTreeSet::from([left]);
    }

    fn after_change_of_place(&mut self) {
        self.clear_selection();
        self.gesture = Gesture::Idle;
        self.menu = None;
        self.rename = None;
        self.wants_fit = Some(Fit::Jump);
    }

    pub(super) fn refuse(&mut self, ui: &Ui, at: Pos2, text: impl Into<String>) {
        let until_s = ui.input(|input| input.time) + 3.0;
        self.refusal = Some(Refusal { at, text: text.into(), until_s });
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
                self.scene.bounds().unwrap_or(Rect::from_center_size(Pos2::ZERO, vec2(400.0, 300.0)));
            let eased = fit == Fit::Ease && ui.style().animation_time > 0.0;
            self.view.fit(bounds, FIT_MARGIN, eased.then_some(now_s));
            ui.ctx().request_repaint();
        }
        let filter = EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        self.pointer(ui, &response, editor);
        self.keys(ui, &response, editor);
        self.refresh(editor);
        self.paint(ui, &response);
        self.name_things(ui, id);
        self.overlays(ui, &response, editor);
        response
    }

    /// Rebuilds the scene after a change of the document or of the open group. What is gone is no longer selected.
    pub(super) fn refresh(&mut self, editor: &Editor) {
        if self.opened != Some(editor.opened()) {
            let look = self.wants_fit.is_none().then(|| self.view.to_numbers());
            let kept = std::mem::take(&mut self.is_restored).then(|| (look, self.inside.clone()));
            *self = Self { opened: Some(editor.opened()), view: self.view.clone(), ..Self::default() };
            if let Some((look, groups)) = kept {
                self.restore(look, groups);
                self.is_restored = false;
            }
        }
        if self
            .shown
            .as_ref()
            .is_some_and(|(revision, inside)| *revision == editor.revision() && *inside == self.inside)
        {
            return;
        }
        while editor.graph(&self.inside).is_none() && !self.inside.is_empty() {
            self.inside.pop();
            self.wants_fit = Some(Fit::Jump);
        }
        let empty = Graph::default();
        let graph = editor.graph(&self.inside).unwrap_or(&empty);
        self.scene = cards::scene(graph, &self.inside, editor.analysis());
        self.selection.retain(|id| graph.block(*id).is_some());
        self.selected_wire = self.selected_wire.take().filter(|link| graph.links.contains(link));
        if let Gesture::Move { .. } | Gesture::Wire(_) = self.gesture {
            self.gesture = Gesture::Idle;
        }
        self.rename = self.rename.take().filter(|rename| graph.block(rename.block).is_some());
        self.shown = Some((editor.revision(), self.inside.clone()));
    }

    fn paint(&self, ui: &Ui, response: &Response) {
        let painter = ui.painter_at(self.view.rect());
        let tokens = Tokens::of(ui);
        let brush = Brush { painter: &painter, view: &self.view, tokens };
        brush.background();
        let hover = response.hover_pos().filter(|_| self.menu.is_none()).map(|at| self.view.to_canvas(at));
        let hovered = hover.and_then(|at| {
            let near = PORT_REACH / self.view.zoom();
            let pin = self.scene.pin_at(at, near).map(|(card, ..)| card.id);
            pin.or_else(|| self.scene.card_at(at).map(|card| card.id))
        });
        let wire_of = |link: &Link| self.scene.wires.iter().position(|wire| wire.link == *link);
        let under_pointer = || {
            let reach = WIRE_REACH / self.view.zoom();
            let wire = self.scene.wire_at(hover.filter(|_| hovered.is_none())?, reach)?;
            wire_of(&wire.link)
        };
        let marks = Marks {
            selected: &self.selection,
            hovered,
            wiring: matches!(self.gesture, Gesture::Wire(_)),
            hot_wire: self.selected_wire.as_ref().and_then(wire_of).or_else(under_pointer),
            lifted_wire: match &self.gesture {
                Gesture::Wire(loose) => loose.lifted.as_ref().and_then(wire_of),
                _ => None,
            },
        };
        brush.scene(&self.scene, &marks);
        match &self.gesture {
            Gesture::Wire(loose) => brush.loose_wire(loose.curve(), loose.kind, loose.is_refused()),
            Gesture::Select { from, to, .. } => {
                brush.selection_box(self.view.rect_to_screen(Rect::from_two_pos(*from, *to)));
            }
            _ => {}
        }
    }

    /// Names blocks and ports for assistive technology and tooltips; what is too small to read is not named.
    fn name_things(&self, ui: &Ui, id: Id) {
        if self.view.zoom() < 0.3 {
            return;
        }
        let sight = self.view.visible();
        let quiet = !matches!(self.gesture, Gesture::Idle) || self.menu.is_some();
        for card in self.scene.cards.iter().filter(|card| sight.intersects(card.rect())) {
            let rect = self.view.rect_to_screen(card.rect()).intersect(self.view.rect());
            let response = ui.interact(rect, id.with(card.id), Sense::hover());
            let name = format!("{}, {}", card.title, card.kind_title);
            response.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, &name));
            if !quiet && !card.faults.is_empty() {
                response.on_hover_ui(|ui| overlay::fault_tip(ui, &card.title, &card.faults));
            }
            for pin in &card.pins {
                let Some(dot) = pin.dots.first() else { continue };
                let at = Rect::from_center_size(self.view.to_screen(dot.at), Vec2::splat(14.0));
                let direction = if pin.is_output { "output" } else { "input" };
                let name = format!("{} {direction} {}", card.title, pin.port);
                let response = ui.interact(at, id.with((card.id, &pin.port, pin.is_output)), Sense::hover());
                response.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, &name));
                if !quiet {
                    response.on_hover_ui(|ui| overlay::pin_tip(ui, card, pin));
                }
            }
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

    fn rename_field(&mut self, ui: &mut Ui, editor: &mut Editor) {
        let Some(rename) = &mut self.rename else { return };
        let Some(card) = self.scene.card(rename.block) else { return };
        let rect = self.view.rect_to_screen(card.rect());
        let zoom = self.view.zoom();
        let field = Rect::from_min_size(rect.min, vec2(rect.width(), (HEADER * zoom).max(20.0))).expand(1.0);
        let font = FontId::new((11.5 * zoom).clamp(10.0, 30.0), strong_family());
        let edit = TextEdit::singleline(&mut rename.text).font(font).margin(vec2(7.0 * zoom, 4.0 * zoom));
        let mut child = ui.new_child(UiBuilder::new().max_rect(field));
        let response = child.put(field, edit.id_salt("rename").desired_width(field.width()));
        if std::mem::take(&mut rename.is_new) {
            response.request_focus();
        } else if response.lost_focus() {
            let given_up = ui.input(|input| input.key_pressed(egui::Key::Escape));
            let (block, text) = (rename.block, rename.text.trim().to_owned());
            self.rename = None;
            if !given_up && let Err(reason) = editor.rename(&self.inside, block, &text) {
                self.refuse(ui, pos2(field.left(), field.bottom()), reason);
            }
        }
    }

    pub(super) fn start_rename(&mut self, block: BlockId) {
        if let Some(card) = self.scene.card(block) {
            self.rename = Some(Rename { block, text: card.title.clone(), is_new: true });
        }
    }
}
