//! The headings of the inspector's sections: a click folds a section up, and the session keeps which are.

use crate::app::theme::{Tokens, caption_style};
use egui::{Align, Align2, Context, Id, Layout, Sense, Ui, UiBuilder, WidgetInfo, WidgetType, pos2, vec2};
use egui_phosphor::regular as icon;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The headings of the sections that are folded up.
pub type Folded = BTreeSet<String>;

fn place() -> Id {
    Id::new("folded sections of a cube")
}

pub fn folded(context: &Context) -> Arc<Folded> {
    context.data_mut(|data| data.get_temp_mut_or_default::<Arc<Folded>>(place()).clone())
}

pub fn set_folded(context: &Context, folded: Folded) {
    context.data_mut(|data| data.insert_temp(place(), Arc::new(folded)));
}

/// A heading; answers whether what belongs under it is to be shown.
pub fn heading(ui: &mut Ui, name: &str) -> bool {
    line(ui, name, None).0
}

/// A heading whose section can be made as it was at first; answers whether it is open, and whether that is wanted.
pub fn heading_with_reset(ui: &mut Ui, name: &str, tip: &str) -> (bool, bool) {
    line(ui, name, Some(tip))
}

fn line(ui: &mut Ui, name: &str, reset: Option<&str>) -> (bool, bool) {
    let tokens = Tokens::of(ui);
    let context = ui.ctx().clone();
    let is_folded = folded(&context).contains(name);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 20.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(WidgetType::CollapsingHeader, true, !is_folded, name));
    let is_touched = response.contains_pointer() || response.has_focus();
    let mut is_reset = false;
    let ink = if is_touched { tokens.dim } else { tokens.faint };
    let font = caption_style().resolve(ui.style());
    let caption = ui.painter().layout_no_wrap(name.to_owned(), font, ink);
    let middle = rect.left_center() - vec2(0.0, 0.5 * caption.size().y);
    let end = middle.x + caption.size().x + 6.0;
    ui.painter().galley(middle, caption, ink);
    if is_folded || is_touched {
        let caret = if is_folded { icon::CARET_RIGHT } else { icon::CARET_DOWN };
        let font = egui::FontId::new(10.0, crate::app::theme::icon_family());
        ui.painter().text(pos2(end, rect.center().y), Align2::LEFT_CENTER, caret, font, ink);
    }
    if let Some(tip) = reset.filter(|_| is_touched && !is_folded) {
        let inner = UiBuilder::new().max_rect(rect).layout(Layout::right_to_left(Align::Center));
        ui.scope_builder(inner, |ui| {
            is_reset = super::fields::icon_button(ui, icon::ARROW_COUNTER_CLOCKWISE, tip).clicked();
        });
    }
    let tip = if is_folded { "Show this section" } else { "Fold this section up" };
    if response.on_hover_text(tip).clicked() && !is_reset {
        let mut folded = Folded::clone(&folded(&context));
        if !folded.remove(name) {
            folded.insert(name.to_owned());
        }
        set_folded(&context, folded);
    }
    (!is_folded, is_reset)
}
