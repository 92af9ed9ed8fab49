//! The menu that adds a block: search, families, keys. A wire that was dropped on empty canvas narrows it to what fits.

use super::canvas::Canvas;
use super::cards::{family_of, kind_icon};
use super::editor::Editor;
use super::gesture::LooseWire;
use crate::app::theme::{BLOCK_RADIUS, Tokens, icon_family};
use crate::blueprint::PortType;
use crate::blueprint::catalogue::{self, Kind, Outputs};
use egui::{
    Align2, Area, Frame, Id, Key, Margin, Modifiers, Order, Pos2, RichText, ScrollArea, Sense, Stroke,
};
use egui::{TextEdit, Ui, WidgetInfo, WidgetType, vec2};

const WIDTH: f32 = 248.0;
const ROW: f32 = 26.0;

/// The open menu.
pub(super) struct AddMenu {
    /// Where the block will stand, in canvas units.
    at: Pos2,
    wire: Option<LooseWire>,
    search: String,
    /// The row that Enter takes.
    row: usize,
    is_new: bool,
}

/// The kinds that match the search and, where there is one, the wire; best matches first.
fn offered(menu: &AddMenu, is_inside_group: bool) -> Vec<&'static Kind> {
    let fits: Vec<&'static Kind> = match &menu.wire {
        None => catalogue::kinds().iter().collect(),
        Some(wire) if wire.is_output => catalogue::kinds_accepting(wire.kind).collect(),
        Some(wire) => catalogue::kinds().iter().filter(|kind| gives(kind, wire.kind)).collect(),
    };
    let words = menu.search.trim().to_lowercase();
    let rank = |kind: &Kind| {
        let label = kind.label.to_lowercase();
        if label.starts_with(&words) {
            Some(0)
        } else if label.split(' ').any(|word| word.starts_with(&words)) {
            Some(1)
        } else if label.contains(&words) || kind.name.contains(&words) {
            Some(2)
        } else if kind.help.to_lowercase().contains(&words) {
            Some(3)
        } else {
            None
        }
    };
    let may_stand_here = |kind: &&'static Kind| is_inside_group || !kind.name.starts_with("group-");
    let mut ranked: Vec<(u32, &'static Kind)> =
        fits.into_iter().filter(may_stand_here).filter_map(|kind| Some((rank(kind)?, kind))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, kind)| kind).collect()
}

/// Whether an output of this kind can be what an input wants.
fn gives(kind: &Kind, wanted: Option<PortType>) -> bool {
    match kind.outputs {
        Outputs::None | Outputs::Inside => false,
        Outputs::Same => true,
        Outputs::One(types) => wanted.is_none_or(|wanted| types.contains(&wanted)),
    }
}

impl Canvas {
    pub(super) fn open_add_menu(&mut self, at: Pos2, wire: Option<LooseWire>) {
        self.work_at(at);
        self.menu = Some(AddMenu { at, wire, search: String::new(), row: 0, is_new: true });
    }

    pub(super) fn add_menu(&mut self, ui: &Ui, editor: &mut Editor) {
        let Some(mut menu) = self.menu.take() else { return };
        let kinds = offered(&menu, !self.inside.is_empty());
        menu.row = menu.row.min(kinds.len().saturating_sub(1));
        let keys = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (down, up) = (keys(Key::ArrowDown), keys(Key::ArrowUp));
        menu.row =
            (menu.row + usize::from(down)).min(kinds.len().saturating_sub(1)).saturating_sub(usize::from(up));
        let moved = down || up;
        if keys(Key::Escape) {
            return;
        }
        let mut chosen = keys(Key::Enter).then(|| kinds.get(menu.row).copied()).flatten();
        let corner = self.view.to_screen(menu.at);
        let area = Area::new(Id::new("add-block"))
            .order(Order::Foreground)
            .pivot(Align2::LEFT_TOP)
            .fixed_pos(corner)
            .constrain_to(self.view.rect().shrink(8.0))
            .show(ui.ctx(), |ui| {
                let tokens = Tokens::of(ui);
                Frame::new()
                    .fill(tokens.panel)
                    .stroke(Stroke::new(1.0, tokens.line))
                    .corner_radius(BLOCK_RADIUS)
                    .shadow(ui.visuals().popup_shadow)
                    .inner_margin(Margin::same(8))
                    .show(ui, |ui| content(ui, &mut menu, &kinds, moved))
                    .inner
            });
        chosen = area.inner.or(chosen);
        let clicked_elsewhere = ui.input(|input| input.pointer.any_pressed())
            && !menu.is_new
            && !area.response.contains_pointer();
        menu.is_new = false;
        match chosen {
            Some(kind) => self.add(ui, kind, menu, editor),
            None if clicked_elsewhere => {}
            None => self.menu = Some(menu),
        }
    }

    fn add(&mut self, ui: &Ui, kind: &'static Kind, menu: AddMenu, editor: &mut Editor) {
        let wire = menu.wire.as_ref().map(|wire| (wire.from.clone(), wire.is_output));
        match editor.add(&self.inside, kind, self.stage.to_document(menu.at), wire) {
            Ok(id) => {
                self.refresh(editor);
                self.select_only(id);
            }
            Err(reason) => {
                let at = self.view.to_screen(menu.at);
                self.refuse(ui, at, reason);
            }
        }
    }
}

fn content(ui: &mut Ui, menu: &mut AddMenu, kinds: &[&'static Kind], moved: bool) -> Option<&'static Kind> {
    ui.set_width(WIDTH);
    let tokens = Tokens::of(ui);
    let field = TextEdit::singleline(&mut menu.search)
        .hint_text(if menu.wire.is_some() { "Add a block that fits" } else { "Add a block" })
        .margin(vec2(8.0, 5.0))
        .desired_width(WIDTH);
    let response = ui.add(field);
    if menu.is_new {
        response.request_focus();
    }
    if response.changed() {
        menu.row = 0;
    }
    ui.add_space(4.0);
    if kinds.is_empty() {
        let text = if menu.search.trim().is_empty() {
            "No block fits this wire"
        } else {
            "No block of this name fits"
        };
        ui.label(RichText::new(text).color(tokens.dim));
        return None;
    }
    let mut chosen = None;
    ScrollArea::vertical().max_height(10.0 * ROW).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (index, kind) in kinds.iter().copied().enumerate() {
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
            response
                .widget_info(|| WidgetInfo::labeled(WidgetType::Button, true, format!("Add {}", kind.label)));
            if response.hovered() && ui.input(|input| input.pointer.is_moving()) {
                menu.row = index;
            }
            if index == menu.row {
                ui.painter().rect_filled(rect, 4.0, tokens.hover);
                if moved {
                    response.scroll_to_me(None);
                }
            }
            let family = tokens.family(family_of(kind.family));
            let middle = rect.left_center();
            let painter = ui.painter();
            let icon = egui::FontId::new(15.0, icon_family());
            painter.text(middle + vec2(8.0, 0.0), Align2::LEFT_CENTER, kind_icon(kind.name), icon, family);
            let font = egui::TextStyle::Body.resolve(ui.style());
            painter.text(middle + vec2(32.0, 0.0), Align2::LEFT_CENTER, kind.label, font, tokens.text);
            if response.on_hover_text(kind.help).clicked() {
                chosen = Some(kind);
            }
        }
    });
    chosen
}
