//! Names on the canvas: those of blocks, ports and frames for assistive technology and tooltips, and one while it is being typed.

use super::canvas::Canvas;
use super::editor::Editor;
use super::gesture::Gesture;
use super::overlay;
use super::scene::{FRAME_TITLE, HEADER, Mark};
use super::stage::Sheet;
use crate::app::theme::strong_family;
use crate::blueprint::{BlockId, Mend};
use egui::{FontId, Id, Rect, Sense, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo, WidgetType, pos2, vec2};

/// What has a name.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Named {
    Block(BlockId),
    /// A frame by its place among the frames.
    Frame(usize),
}

/// A name while it is being typed.
pub(super) struct Rename {
    pub of: Named,
    pub text: String,
    /// The field takes the focus in its first frame.
    pub is_new: bool,
}

impl Canvas {
    /// Names blocks and ports for assistive technology and tooltips; what is too small to read is not named. A mend that was asked for
    /// in a tooltip is done.
    pub(super) fn name_things(&mut self, ui: &Ui, id: Id, editor: &mut Editor) {
        if self.view.zoom() < 0.3 {
            return;
        }
        let quiet = !matches!(self.gesture, Gesture::Idle) || self.menu.is_some();
        let mut mend: Option<Mend> = None;
        for sheet in self.stage.sheets() {
            self.name_sheet(ui, id.with(&sheet.scope), sheet, quiet, &mut mend);
        }
        if let Some(mend) = mend {
            let done = editor.mend(&mend);
            self.report(ui, done);
        }
    }

    fn name_sheet(&self, ui: &Ui, id: Id, sheet: &Sheet, quiet: bool, mend: &mut Option<Mend>) {
        let sight = self.view.visible();
        for card in sheet.scene.cards.iter().filter(|card| sight.intersects(card.rect())) {
            let rect = if card.is_open {
                Rect { max: pos2(card.rect().right(), card.rect().top() + HEADER), ..card.rect() }
            } else {
                card.rect()
            };
            let rect = self.view.rect_to_screen(rect).intersect(self.view.rect());
            let response = ui.interact(rect, id.with(card.id), Sense::hover());
            let name = format!("{}, {}", card.title, card.kind_title);
            response.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, &name));
            if !quiet && !card.faults.is_empty() {
                response.on_hover_ui(|ui| {
                    if let Some(wanted) = overlay::fault_tip(ui, &card.title, &card.faults) {
                        *mend = Some(wanted);
                    }
                });
            }
            for pin in &card.pins {
                let Some(dot) = pin.dots.first() else { continue };
                let at = Rect::from_center_size(self.view.to_screen(dot.at), Vec2::splat(14.0));
                let direction = if pin.is_output { "output" } else { "input" };
                let name = format!("{} {direction} {}", card.title, pin.port);
                let response = ui.interact(at, id.with((card.id, &pin.port, pin.is_output)), Sense::hover());
                response.widget_info(|| WidgetInfo::labeled(WidgetType::Other, true, &name));
                if !quiet {
                    let fault = pin.fault.and_then(|fault| card.faults.get(fault));
                    response.on_hover_ui(|ui| {
                        if overlay::pin_tip(ui, card, pin, fault) {
                            *mend = fault.and_then(|fault: &Mark| fault.mend.clone());
                        }
                    });
                }
            }
        }
        for (place, frame) in sheet.scene.frames.iter().enumerate() {
            let rect = self.view.rect_to_screen(frame.title_rect()).intersect(self.view.rect());
            let response = ui.interact(rect, id.with(("frame", place)), Sense::hover());
            response.widget_info(|| {
                WidgetInfo::labeled(WidgetType::Other, true, format!("frame {}", frame.title))
            });
        }
    }

    /// The field of a name that is being typed; a name that will not do is refused below it.
    pub(super) fn rename_field(&mut self, ui: &mut Ui, editor: &mut Editor) {
        let Some(rename) = &mut self.rename else { return };
        let scene = self.stage.scene();
        let place = match rename.of {
            Named::Block(block) => scene.card(block).map(|card| (card.rect(), HEADER)),
            Named::Frame(frame) => scene.frames.get(frame).map(|frame| (frame.rect, FRAME_TITLE)),
        };
        let Some((rect, height)) = place else { return };
        let rect = self.view.rect_to_screen(rect);
        let zoom = self.view.zoom();
        let field = Rect::from_min_size(rect.min, vec2(rect.width(), (height * zoom).max(20.0))).expand(1.0);
        let font = FontId::new((11.5 * zoom).clamp(10.0, 30.0), strong_family());
        let edit = TextEdit::singleline(&mut rename.text).font(font).margin(vec2(7.0 * zoom, 4.0 * zoom));
        let mut child = ui.new_child(UiBuilder::new().max_rect(field));
        let response = child.put(field, edit.id_salt("rename").desired_width(field.width()));
        if std::mem::take(&mut rename.is_new) {
            response.request_focus();
        } else if response.lost_focus() {
            let given_up = ui.input(|input| input.key_pressed(egui::Key::Escape));
            let (of, text) = (rename.of, rename.text.trim().to_owned());
            self.rename = None;
            if given_up {
                return;
            }
            let done = match of {
                Named::Block(block) => editor.rename(&self.inside, block, &text),
                Named::Frame(frame) => editor.rename_frame(&self.inside, frame, &text),
            };
            if let Err(reason) = done {
                self.refuse(ui, pos2(field.left(), field.bottom()), reason);
            }
        }
    }

    pub(super) fn start_rename(&mut self, of: Named) {
        let scene = self.stage.scene();
        let text = match of {
            Named::Block(block) => scene.card(block).map(|card| card.title.clone()),
            Named::Frame(frame) => scene.frames.get(frame).map(|frame| frame.title.clone()),
        };
        self.rename = text.map(|text| Rename { of, text, is_new: true });
    }
}
