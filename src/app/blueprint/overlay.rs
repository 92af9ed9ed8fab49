//! What lies over the graph: title with costs, breadcrumb, hint, minimap, refusals, tooltips, the context menu.

use super::canvas::{Canvas, WIRE_REACH};
use super::editor::Editor;
use super::gesture::Gesture;
use super::keys::{CanvasAction, menu_entry};
use super::paint::{Brush, wire_colour};
use super::scene::{Card, Mark, Pin};
use crate::app::keymap::KeyMap;
use crate::app::text;
use crate::app::theme::{Tokens, strong_family, title_style};
use crate::blueprint::{BlockId, Link, Mend, PortType};
use crate::figure::numbers;
use egui::{
    Align2, FontId, Pos2, Rect, Response, RichText, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo,
    WidgetType, pos2, vec2,
};
use egui_phosphor::regular as icon;

const MINIMAP: egui::Vec2 = vec2(148.0, 92.0);
const EDGE: f32 = 12.0;

/// What a context menu belongs to.
#[derive(Clone)]
pub enum Target {
    Block(BlockId),
    Wire(Link),
    /// The selected frame.
    Frame,
    Canvas(Pos2),
}

impl Canvas {
    /// Where the minimap lies on the screen; none on an empty canvas or where it would take too much of it.
    pub(super) fn minimap_rect(&self) -> Option<Rect> {
        let rect = self.view.rect();
        let has_room = rect.width() > 4.0 * MINIMAP.x && rect.height() > 3.0 * MINIMAP.y;
        (has_room && !self.stage.is_empty())
            .then(|| Rect::from_min_max(rect.max - MINIMAP, rect.max).translate(vec2(-EDGE, -EDGE)))
    }

    pub(super) fn follow_minimap(&mut self, pointer: Pos2) {
        let Some(frame) = self.minimap_rect() else { return };
        if let Some(at) =
            super::paint::minimap_place(&self.stage, &self.view, frame).map(|place| place.to_canvas(pointer))
        {
            self.view.look_at(at);
        }
    }

    pub(super) fn aim_context_menu(&mut self, response: &Response) {
        let Some(pointer) = response.interact_pointer_pos() else { return };
        let at = self.view.to_canvas(pointer);
        self.work_at(at);
        let scene = self.stage.scene();
        let card = scene.card_at(at).map(|card| card.id);
        let wire = scene.wire_at(at, WIRE_REACH / self.view.zoom()).map(|wire| wire.link.clone());
        let frame = scene.frame_at(at);
        self.context = Some(match card {
            Some(id) => {
                if !self.selection.contains(&id) {
                    self.select_only(id);
                }
                Target::Block(id)
            }
            None => match (wire, frame) {
                (Some(wire), _) => Target::Wire(wire),
                (None, Some(frame)) => {
                    self.select_frame(frame);
                    Target::Frame
                }
                _ => Target::Canvas(at),
            },
        });
    }
}

/// Name and costs at the top; inside a group the way back out.
pub(super) fn title(canvas: &mut Canvas, ui: &mut Ui, editor: &mut Editor) {
    let tokens = Tokens::of(ui);
    let corner = canvas.view.rect().min + vec2(14.0, 12.0);
    let area = Rect::from_min_max(corner, pos2(canvas.view.rect().right() - 14.0, corner.y + 24.0));
    let (mut leave, mut wants_fault) = (None, false);
    let mut child = ui.new_child(UiBuilder::new().max_rect(area));
    child.set_clip_rect(area.expand(4.0).intersect(ui.clip_rect()));
    child.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        let title = |text: &str| RichText::new(text).text_style(title_style());
        let names = editor.names(canvas.entered_groups());
        if names.is_empty() {
            ui.label(title(editor.name()));
        } else {
            let whole =
                ui.link(title(editor.name()).color(tokens.dim)).on_hover_text("Back to the whole network");
            if whole.clicked() {
                leave = Some(0);
            }
        }
        for (depth, name) in names.iter().enumerate() {
            ui.label(RichText::new("›").color(tokens.faint));
            if depth + 1 == names.len() {
                ui.label(title(name));
            } else if ui.link(title(name).color(tokens.dim)).clicked() {
                leave = Some(depth + 1);
            }
        }
        ui.add_space(4.0);
        let costs = RichText::new(costs(canvas, editor)).monospace().color(tokens.dim);
        ui.add(egui::Label::new(costs).truncate());
        let count = editor.analysis().faults.len();
        if count > 0 {
            let text = if count == 1 { "1 fault".to_owned() } else { format!("{count} faults") };
            let button = egui::Button::new(
                RichText::new(format!("{}  {text}", icon::WARNING_CIRCLE)).small().color(tokens.error),
            );
            let tip = KeyMap::of(ui.ctx()).tip(ui.ctx(), CanvasAction::NextFault);
            wants_fault = ui.add(button).on_hover_text(tip).clicked();
        }
    });
    if let Some(depth) = leave {
        canvas.leave_to(depth);
    }
    if wants_fault {
        canvas.act(ui, CanvasAction::NextFault, editor);
    }
}

fn costs(canvas: &Canvas, editor: &Editor) -> String {
    let analysis = editor.analysis();
    let entered = canvas.entered_groups();
    if let Some(report) = analysis.blocks.get(entered).filter(|_| !entered.is_empty()) {
        return format!(
            "{} parameters · {} multiply-adds",
            text::count(report.parameters),
            numbers::scaled(report.multiply_adds)
        );
    }
    format!(
        "{} parameters · {} multiply-adds · {} to train at batch {}",
        text::count(analysis.parameters),
        numbers::scaled(analysis.multiply_adds),
        numbers::bytes(editor.outlook.training_bytes(analysis)),
        editor.batch
    )
}

pub(super) fn hint(canvas: &Canvas, ui: &Ui) {
    let tokens = Tokens::of(ui);
    let rect = canvas.view.rect();
    let middle = || Align2::CENTER_CENTER;
    if canvas.stage.is_empty() {
        let painter = ui.painter_at(rect);
        let at = rect.center();
        painter.text(at, middle(), "An empty blueprint", FontId::new(15.0, strong_family()), tokens.dim);
        let text = "Double-click to add the first block, or start from a template (Network menu)";
        painter.text(at + vec2(0.0, 24.0), middle(), text, FontId::proportional(13.0), tokens.faint);
        return;
    }
    // The longest that has room.
    let hints: &[&str] = match &canvas.gesture {
        Gesture::Wire(loose) if loose.lifted.is_some() => &[
            "drop on a port to connect · on empty canvas to disconnect",
            "drop on a port, or away to disconnect",
        ],
        Gesture::Wire(_) => &[
            "drop on a port to connect · on empty canvas for blocks that fit",
            "drop on a port or on empty canvas",
        ],
        _ if !canvas.entered_groups().is_empty() => &[
            "Esc to leave the group · double-click to add a block · drop a wire for what fits",
            "Esc to leave the group · double-click to add a block",
            "Esc to leave the group",
        ],
        _ => &[
            "double-click to add a block or open a group · drop a wire for what fits · F to fit",
            "double-click to add a block or open a group · F to fit",
            "double-click to add a block",
        ],
    };
    let at = rect.left_bottom() + vec2(14.0, -14.0);
    let right = canvas.minimap_rect().map_or(rect.right(), |map| map.left()) - 12.0;
    let painter = ui.painter_at(rect);
    let laid =
        |text: &&str| painter.layout_no_wrap((*text).to_owned(), FontId::monospace(10.5), tokens.faint);
    if let Some(galley) = hints.iter().map(laid).find(|galley| at.x + galley.size().x < right) {
        painter.galley(at - vec2(0.0, galley.size().y), galley, tokens.faint);
    }
}

pub(super) fn minimap(canvas: &Canvas, ui: &Ui, response: &Response) {
    let Some(frame) = canvas.minimap_rect() else { return };
    let painter = ui.painter_at(canvas.view.rect());
    let brush = Brush { painter: &painter, view: &canvas.view, tokens: Tokens::of(ui) };
    brush.minimap(&canvas.stage, frame);
    if response.hover_pos().is_some_and(|at| frame.contains(at)) {
        ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
    }
}

/// Why a wire will not do, at the port: while it is held there, and for a moment after it was dropped.
pub(super) fn refusals(canvas: &mut Canvas, ui: &Ui) {
    let now_s = ui.input(|input| input.time);
    if canvas.said.as_ref().is_some_and(|said| said.until_s < now_s) {
        canvas.said = None;
    }
    let held = match &canvas.gesture {
        Gesture::Wire(loose) => {
            let reason = loose.target.as_ref().and_then(|target| target.refusal.as_ref());
            reason.map(|reason| (canvas.view.to_screen(loose.end()), reason.clone(), true))
        }
        _ => None,
    };
    let said =
        held.or_else(|| canvas.said.as_ref().map(|said| (said.at, said.text.clone(), said.is_refusal)));
    let Some((at, text, is_refusal)) = said else { return };
    let tokens = Tokens::of(ui);
    let painter = ui.painter_at(canvas.view.rect());
    let galley = painter.layout(text.clone(), FontId::proportional(12.0), tokens.text, 280.0);
    let size = galley.size() + vec2(20.0, 12.0);
    let room = canvas.view.rect().shrink(8.0);
    let corner = at + vec2(12.0, 12.0);
    let corner = corner.min(room.max - size).max(room.min);
    let rect = Rect::from_min_size(corner, size);
    painter.rect(
        rect,
        6.0,
        tokens.panel,
        Stroke::new(1.0, if is_refusal { tokens.error } else { tokens.faint }),
        StrokeKind::Inside,
    );
    painter.galley(corner + vec2(10.0, 6.0), galley, tokens.text);
    let response = ui.interact(rect, ui.id().with("refusal"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(WidgetType::Label, true, &text));
}

/// What is wrong at a block; answers the mend whose button was pressed.
pub(super) fn fault_tip(ui: &mut Ui, title: &str, faults: &[Mark]) -> Option<Mend> {
    let tokens = Tokens::of(ui);
    ui.label(RichText::new(title).font(FontId::new(13.0, strong_family())));
    let mut wanted = None;
    for fault in faults.iter().take(4) {
        if fault_line(ui, fault) {
            wanted.clone_from(&fault.mend);
        }
    }
    if faults.len() > 4 {
        ui.label(RichText::new(format!("and {} more", faults.len() - 4)).color(tokens.dim));
    }
    wanted
}

/// The message, and the mend as a button where it can be done at once; answers whether it was pressed.
fn fault_line(ui: &mut Ui, fault: &Mark) -> bool {
    let tokens = Tokens::of(ui);
    let colour = if fault.is_warning { tokens.warning } else { tokens.error };
    ui.horizontal_top(|ui| {
        ui.label(RichText::new(icon::WARNING_CIRCLE).color(colour));
        ui.add(egui::Label::new(&fault.message).wrap());
    });
    let Some(fix) = &fault.fix else { return false };
    let text = RichText::new(format!("{}  {fix}", icon::WRENCH)).small();
    if fault.mend.is_some() {
        return ui.add(egui::Button::new(text).wrap()).clicked();
    }
    ui.add(egui::Label::new(text.color(tokens.dim)).wrap());
    false
}

fn type_word(kind: Option<PortType>) -> &'static str {
    match kind {
        Some(PortType::Map) => "map",
        Some(PortType::Cube) => "cube",
        Some(PortType::Vector) => "vector",
        Some(PortType::Sequence) => "sequence",
        None => "any type",
    }
}

/// What a port carries, and what is wrong at it; answers whether its mend was asked for.
pub(super) fn pin_tip(ui: &mut Ui, card: &Card, pin: &Pin, fault: Option<&Mark>) -> bool {
    let tokens = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.label(RichText::new(&pin.port).font(FontId::new(13.0, strong_family())));
        ui.label(RichText::new(type_word(pin.kind)).color(wire_colour(tokens, pin.kind)));
        ui.label(RichText::new(&pin.shape).monospace().color(tokens.dim));
    });
    ui.label(RichText::new(format!("{} · {}", card.title, card.kind_title)).small().color(tokens.dim));
    ui.label(RichText::new("Ctrl+Shift+click shows its feature map").small().color(tokens.faint));
    fault.is_some_and(|fault| fault_line(ui, fault))
}

/// The menu of the right button, on a block, a wire, or the canvas.
pub(super) fn context_menu(canvas: &mut Canvas, response: &Response, editor: &mut Editor) {
    let Some(target) = canvas.context.clone() else { return };
    response.context_menu(|ui| {
        ui.set_min_width(180.0);
        match target {
            Target::Block(id) => block_menu(canvas, ui, id, editor),
            Target::Wire(link) => {
                canvas.clear_selection();
                canvas.selected_wire = Some(link);
                if menu_entry(ui, CanvasAction::Delete) {
                    canvas.act(ui, CanvasAction::Delete, editor);
                }
            }
            Target::Frame => {
                let all = [
                    CanvasAction::Rename,
                    CanvasAction::Copy,
                    CanvasAction::Duplicate,
                    CanvasAction::Arrange,
                ];
                actions(canvas, ui, editor, &all);
                ui.separator();
                actions(canvas, ui, editor, &[CanvasAction::Delete]);
            }
            Target::Canvas(at) => {
                if menu_entry(ui, CanvasAction::AddBlock) {
                    canvas.open_add_menu(at, None);
                }
                actions(
                    canvas,
                    ui,
                    editor,
                    &[
                        CanvasAction::Paste,
                        CanvasAction::PasteWithLinks,
                        CanvasAction::SelectAll,
                        CanvasAction::Arrange,
                        CanvasAction::SaveBlock,
                        CanvasAction::Fit,
                    ],
                );
                if canvas.is_in_place() {
                    actions(canvas, ui, editor, &[CanvasAction::OpenInPlace]);
                }
                if !canvas.entered_groups().is_empty() {
                    actions(canvas, ui, editor, &[CanvasAction::OpenOrLeaveGroup]);
                }
            }
        }
    });
}

/// Menu entries that do just what their keys do.
fn actions(canvas: &mut Canvas, ui: &mut Ui, editor: &mut Editor, actions: &[CanvasAction]) {
    for &action in actions {
        if menu_entry(ui, action) {
            canvas.act(ui, action, editor);
        }
    }
}

fn block_menu(canvas: &mut Canvas, ui: &mut Ui, id: BlockId, editor: &mut Editor) {
    use CanvasAction as Do;
    let is_group = editor.is_group(&canvas.inside, id);
    if is_group {
        actions(canvas, ui, editor, &[Do::OpenGroup, Do::OpenInPlace, Do::Ungroup, Do::SaveBlock]);
        ui.separator();
    }
    actions(canvas, ui, editor, &[Do::Rename, Do::Cut, Do::Copy, Do::Duplicate, Do::Mute, Do::Bypass]);
    ui.separator();
    actions(canvas, ui, editor, &[Do::Group, Do::Frame]);
    if canvas.selection_count() > 1 {
        ui.menu_button(format!("{}   Align", icon::ALIGN_LEFT_SIMPLE), |ui| {
            let edges = [Do::AlignLeft, Do::AlignRight, Do::AlignTop, Do::AlignBottom];
            actions(canvas, ui, editor, &edges);
            ui.separator();
            let others = [Do::CentreBelow, Do::CentreBeside, Do::DistributeAcross, Do::DistributeDown];
            actions(canvas, ui, editor, &others);
        });
        actions(canvas, ui, editor, &[Do::Arrange]);
    }
    ui.separator();
    actions(canvas, ui, editor, &[Do::Dissolve, Do::Delete]);
}
