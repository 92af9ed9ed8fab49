//! The menu that adds a block: search, families, keys. A wire that was dropped on empty canvas narrows it to what fits.

use super::canvas::Canvas;
use super::editor::{Added, Editor};
use super::loose_wire::LooseWire;
use super::offers::{Offer, Saved, offered, saved};
use crate::app::theme::{BLOCK_RADIUS, Tokens, icon_family};
use egui::{
    Align2, Area, Frame, Id, Key, Margin, Modifiers, Order, Pos2, RichText, ScrollArea, Sense, Stroke,
};
use egui::{TextEdit, Ui, WidgetInfo, WidgetType, vec2};

const WIDTH: f32 = 264.0;
const ROW: f32 = 26.0;
const HEADING: f32 = 22.0;

/// The open menu.
pub(super) struct AddMenu {
    /// Where the block will stand, in canvas units.
    at: Pos2,
    wire: Option<LooseWire>,
    saved: Vec<Saved>,
    search: String,
    /// The row that Enter takes.
    row: usize,
    is_new: bool,
}

impl Canvas {
    pub(super) fn open_add_menu(&mut self, at: Pos2, wire: Option<LooseWire>) {
        self.work_at(at);
        let saved = saved(&self.library);
        self.menu = Some(AddMenu { at, wire, saved, search: String::new(), row: 0, is_new: true });
    }

    pub(super) fn add_menu(&mut self, ui: &Ui, editor: &mut Editor) {
        let Some(mut menu) = self.menu.take() else { return };
        let blocks = std::mem::take(&mut menu.saved);
        let offers = offered(&menu.search, menu.wire.as_ref(), &blocks, !self.inside.is_empty());
        menu.row = menu.row.min(offers.len().saturating_sub(1));
        let keys = |key: Key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let (down, up) = (keys(Key::ArrowDown), keys(Key::ArrowUp));
        menu.row = (menu.row + usize::from(down))
            .min(offers.len().saturating_sub(1))
            .saturating_sub(usize::from(up));
        let moved = down || up;
        if keys(Key::Escape) {
            return;
        }
        let mut chosen = keys(Key::Enter).then(|| offers.get(menu.row).copied()).flatten();
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
                    .show(ui, |ui| content(ui, &mut menu, &offers, moved))
                    .inner
            });
        chosen = area.inner.or(chosen);
        let clicked_elsewhere = ui.input(|input| input.pointer.any_pressed())
            && !menu.is_new
            && !area.response.contains_pointer();
        menu.is_new = false;
        match chosen {
            Some(offer) => self.add(ui, offer, &menu, editor),
            None if clicked_elsewhere => {}
            None => {
                menu.saved = blocks;
                self.menu = Some(menu);
            }
        }
    }

    fn add(&mut self, ui: &Ui, offer: Offer, menu: &AddMenu, editor: &mut Editor) {
        let wire = menu.wire.as_ref().map(|wire| (wire.from.clone(), wire.is_output));
        let new = match offer {
            Offer::Kind(kind) => Added::Kind(kind.name),
            Offer::Preset(preset) => Added::Preset(preset.name),
            Offer::Saved(saved) => Added::Saved(&saved.path),
        };
        match editor.add(&self.inside, new, self.stage.to_document(menu.at), wire) {
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

fn content<'a>(ui: &mut Ui, menu: &mut AddMenu, offers: &[Offer<'a>], moved: bool) -> Option<Offer<'a>> {
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
    let is_search = !menu.search.trim().is_empty();
    if offers.is_empty() {
        let text = if is_search { "No block of this name fits" } else { "No block fits this wire" };
        ui.label(RichText::new(text).color(tokens.dim));
        return None;
    }
    let mut chosen = None;
    ScrollArea::vertical().max_height(12.0 * ROW).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut heading = "";
        for (index, offer) in offers.iter().enumerate() {
            if !is_search && offer.heading() != heading {
                heading = offer.heading();
                let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADING), Sense::hover());
                let font = egui::TextStyle::Small.resolve(ui.style());
                let at = rect.left_bottom() + vec2(8.0, -4.0);
                ui.painter().text(at, Align2::LEFT_BOTTOM, heading, font, tokens.faint);
            }
            if row(ui, menu, offer, index, moved) {
                chosen = Some(*offer);
            }
        }
    });
    chosen
}

/// One offer; answers whether it was clicked.
fn row(ui: &mut Ui, menu: &mut AddMenu, offer: &Offer, index: usize, moved: bool) -> bool {
    let tokens = Tokens::of(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let name = || WidgetInfo::labeled(WidgetType::Button, true, format!("Add {}", offer.label()));
    response.widget_info(name);
    if response.hovered() && ui.input(|input| input.pointer.is_moving()) {
        menu.row = index;
    }
    if index == menu.row {
        ui.painter().rect_filled(rect, 4.0, tokens.hover);
        if moved {
            response.scroll_to_me(None);
        }
    }
    let family = tokens.family(offer.family());
    let middle = rect.left_center();
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let icon = egui::FontId::new(15.0, icon_family());
    painter.text(middle + vec2(8.0, 0.0), Align2::LEFT_CENTER, offer.icon(), icon, family);
    let font = egui::TextStyle::Body.resolve(ui.style());
    painter.text(middle + vec2(32.0, 0.0), Align2::LEFT_CENTER, offer.label(), font, tokens.text);
    let response = if offer.help().is_empty() { response } else { response.on_hover_text(offer.help()) };
    response.clicked()
}
