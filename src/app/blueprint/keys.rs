//! What the keyboard does on the canvas: the table of actions with their words and default keys, and what each does.
//! Keys count while the canvas has the focus, or the pointer and nobody the focus. `app::keymap` knows the present keys.

use super::canvas::Canvas;
use super::editor::Editor;
use super::gesture::Gesture;
use super::names::Named;
use crate::app::keymap::{KeyMap, actions, plain};
use crate::blueprint::Activity;
use crate::blueprint::edit::{Alignment, Axis};
use egui::{Event, Key, KeyboardShortcut, Modifiers, Response, Ui, ViewportCommand, vec2};
use egui_phosphor::regular as icon;

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn ctrl_alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::ALT), key)
}

// The defaults are those that hands know from Blender and ComfyUI.
actions! {
    /// An action on the canvas that a key or a menu can ask for: its words, its icon, its default keys.
    CanvasAction;
    AddBlock: "Add a block…", "Search all blocks; also by double-click", icon::PLUS, [shift(Key::A)];
    SelectAll: "Select all", "Every block in sight of this graph", icon::SELECTION_ALL, [ctrl(Key::A), plain(Key::A)];
    Copy: "Copy", "The selected blocks to the clipboard", icon::COPY, [ctrl(Key::C)];
    Cut: "Cut", "The selected blocks to the clipboard, and away", icon::SCISSORS, [ctrl(Key::X)];
    Paste: "Paste", "Blocks from the clipboard, at the cursor", icon::CLIPBOARD, [ctrl(Key::V)];
    PasteWithLinks: "Paste with links", "Blocks from the clipboard, joined to what fed the originals",
        icon::CLIPBOARD_TEXT, [ctrl_shift(Key::V)];
    Duplicate: "Duplicate", "The selected blocks once more, joined to what feeds them", icon::COPY_SIMPLE,
        [shift(Key::D), ctrl(Key::D)];
    Delete: "Delete", "The selected blocks, or the selected wire", icon::TRASH,
        [plain(Key::Delete), plain(Key::X), plain(Key::Backspace)];
    Dissolve: "Dissolve", "Delete the selected blocks and join what was before them to what was behind", icon::LINK_BREAK,
        [ctrl(Key::Delete)];
    Mute: "Mute", "Leave the selected blocks and their wires out of the network, or take them back", icon::SPEAKER_SLASH,
        [plain(Key::M), ctrl(Key::M)];
    Bypass: "Bypass", "Hand the input of the selected blocks on as it is, or let them work again", icon::ARROW_BEND_UP_RIGHT,
        [ctrl(Key::B)];
    Rename: "Rename", "Type a new name for the selected block", icon::TEXT_T, [plain(Key::F2)];
    Group: "Make a group", "The selected blocks as one", icon::STACK, [ctrl(Key::G)];
    Ungroup: "Unpack the group", "The blocks of the selected group in its place", icon::STACK_MINUS,
        [ctrl_alt(Key::G)];
    OpenOrLeaveGroup: "Open or leave a group", "Into the selected group, else out of the open one",
        icon::ARROWS_DOWN_UP, [plain(Key::Tab)];
    OpenGroup: "Open the group", "Show what is inside the selected group", icon::ARROW_BEND_RIGHT_DOWN,
        [plain(Key::Enter)];
    SaveBlock: "Save as a block", "The selected group, or the whole network, to be used again from the add menu",
        icon::BOOKMARK_SIMPLE, [];
    OpenInPlace: "Open or close in place", "Show the inside of the selected group where it stands", icon::ARROWS_OUT,
        [plain(Key::H)];
    Frame: "Frame", "Draw a titled frame around the selected blocks", icon::FRAME_CORNERS, [ctrl(Key::J)];
    Arrange: "Arrange", "Lay out the selected blocks, or all, from left to right", icon::TREE_STRUCTURE, [plain(Key::L)];
    AlignLeft: "Align left", "The left edges of the selected blocks", icon::ALIGN_LEFT_SIMPLE, [];
    AlignRight: "Align right", "The right edges of the selected blocks", icon::ALIGN_RIGHT_SIMPLE, [];
    AlignTop: "Align top", "The top edges of the selected blocks", icon::ALIGN_TOP_SIMPLE, [];
    AlignBottom: "Align bottom", "The bottom edges of the selected blocks", icon::ALIGN_BOTTOM_SIMPLE, [];
    CentreBelow: "Centre below each other", "The middles of the selected blocks on one upright line",
        icon::ALIGN_CENTER_HORIZONTAL_SIMPLE, [];
    CentreBeside: "Centre beside each other", "The middles of the selected blocks on one level line",
        icon::ALIGN_CENTER_VERTICAL_SIMPLE, [];
    DistributeAcross: "Distribute across", "Equal gaps between the selected blocks from left to right",
        icon::ARROWS_HORIZONTAL, [];
    DistributeDown: "Distribute down", "Equal gaps between the selected blocks from top to bottom",
        icon::ARROWS_VERTICAL, [];
    Fit: "Fit the network", "Show every block", icon::CORNERS_OUT, [plain(Key::F)];
    NextFault: "Next fault", "Go to the next block that is at fault", icon::WARNING_CIRCLE, [plain(Key::F8)];
    GiveUp: "Give up", "What is going on, else the selection, else the open group", icon::X, [plain(Key::Escape)];
    NudgeLeft: "Nudge left", "The selected blocks by 4", icon::ARROW_LEFT, [plain(Key::ArrowLeft)];
    NudgeRight: "Nudge right", "The selected blocks by 4", icon::ARROW_RIGHT, [plain(Key::ArrowRight)];
    NudgeUp: "Nudge up", "The selected blocks by 4", icon::ARROW_UP, [plain(Key::ArrowUp)];
    NudgeDown: "Nudge down", "The selected blocks by 4", icon::ARROW_DOWN, [plain(Key::ArrowDown)];
    PushLeft: "Push left", "The selected blocks by 24", icon::ARROW_LINE_LEFT, [shift(Key::ArrowLeft)];
    PushRight: "Push right", "The selected blocks by 24", icon::ARROW_LINE_RIGHT, [shift(Key::ArrowRight)];
    PushUp: "Push up", "The selected blocks by 24", icon::ARROW_LINE_UP, [shift(Key::ArrowUp)];
    PushDown: "Push down", "The selected blocks by 24", icon::ARROW_LINE_DOWN, [shift(Key::ArrowDown)];
}

/// The entry of an action in a menu, with its key; answers whether it was chosen.
pub(super) fn menu_entry(ui: &mut Ui, action: CanvasAction) -> bool {
    let text = format!("{}   {}", action.icon(), action.text());
    let key = KeyMap::of(ui.ctx()).text(ui.ctx(), action);
    let response = ui.add(egui::Button::new(text).shortcut_text(key)).on_hover_text(action.tooltip());
    if response.clicked() {
        ui.close();
    }
    response.clicked()
}

/// How far an arrow key moves a block; with Shift, one dot of the background.
const NUDGE: f32 = 4.0;
const LONG_NUDGE: f32 = 24.0;
/// How long the clipboard may take to answer, in seconds.
const PASTE_WAIT_S: f64 = 2.0;

impl Canvas {
    pub(super) fn keys(&mut self, ui: &Ui, response: &Response, editor: &mut Editor) {
        let focused = ui.memory(|memory| memory.focused());
        let ours = response.has_focus() || (focused.is_none() && response.contains_pointer());
        if ui.ctx().text_edit_focused() || self.menu.is_some() {
            return;
        }
        self.take_asked_paste(ui, editor);
        if !ours {
            return;
        }
        for (action, pasted) in KeyMap::of(ui.ctx()).take_canvas_actions(ui.ctx()) {
            match (action, pasted) {
                (CanvasAction::Paste, Some(text)) => self.paste(ui, &text, false, editor),
                (CanvasAction::PasteWithLinks, Some(text)) => self.paste(ui, &text, true, editor),
                (action, _) => self.act(ui, action, editor),
            }
        }
    }

    /// Does an action, asked for by a key, a menu or the palette.
    pub(super) fn act(&mut self, ui: &Ui, action: CanvasAction, editor: &mut Editor) {
        let selected = self.selected_block().and_then(|path| path.last().copied());
        let group = selected.filter(|&block| editor.is_group(&self.inside, block));
        match action {
            CanvasAction::AddBlock => self.open_add_menu(self.cursor, None),
            CanvasAction::SelectAll => {
                self.selection = self.stage.scene().cards.iter().map(|card| card.id).collect();
            }
            CanvasAction::Copy => _ = self.copy(ui, editor),
            CanvasAction::Cut => {
                if self.copy(ui, editor) {
                    self.delete(ui, editor);
                }
            }
            CanvasAction::Paste => self.ask_paste(ui, false),
            CanvasAction::PasteWithLinks => self.ask_paste(ui, true),
            CanvasAction::Duplicate => self.duplicate(ui, editor),
            CanvasAction::Delete => self.delete(ui, editor),
            CanvasAction::Rename => {
                let frame = self.selected_frame.map(Named::Frame);
                if let Some(of) = selected.map(Named::Block).or(frame) {
                    self.start_rename(of);
                }
            }
            CanvasAction::Dissolve => {
                self.with_selection(ui, |canvas, ids| editor.dissolve(&canvas.inside, ids))
            }
            CanvasAction::Mute => self.toggle(ui, Activity::Muted, editor),
            CanvasAction::Bypass => self.toggle(ui, Activity::Bypassed, editor),
            CanvasAction::Frame => self.frame(ui, editor),
            CanvasAction::Arrange => self.arrange(ui, editor),
            CanvasAction::AlignLeft => self.align(ui, Alignment::Left, editor),
            CanvasAction::AlignRight => self.align(ui, Alignment::Right, editor),
            CanvasAction::AlignTop => self.align(ui, Alignment::Top, editor),
            CanvasAction::AlignBottom => self.align(ui, Alignment::Bottom, editor),
            CanvasAction::CentreBelow => self.align(ui, Alignment::CentreX, editor),
            CanvasAction::CentreBeside => self.align(ui, Alignment::CentreY, editor),
            CanvasAction::DistributeAcross => self.distribute(ui, Axis::X, editor),
            CanvasAction::DistributeDown => self.distribute(ui, Axis::Y, editor),
            CanvasAction::SaveBlock => self.save_block(ui, group, editor),
            CanvasAction::OpenInPlace => self.open_selected(),
            CanvasAction::Group => self.group(ui, editor),
            CanvasAction::Ungroup => {
                if let Some(group) = group {
                    self.ungroup(ui, group, editor);
                }
            }
            CanvasAction::OpenOrLeaveGroup => match group {
                Some(group) => self.enter(group),
                None => self.step_out(),
            },
            CanvasAction::OpenGroup => {
                if let Some(group) = group {
                    self.enter(group);
                }
            }
            CanvasAction::Fit => self.fit(),
            CanvasAction::NextFault => self.show_next_fault(ui, editor),
            CanvasAction::GiveUp => self.give_up(),
            CanvasAction::NudgeLeft => self.nudge(ui, vec2(-NUDGE, 0.0), editor),
            CanvasAction::NudgeRight => self.nudge(ui, vec2(NUDGE, 0.0), editor),
            CanvasAction::NudgeUp => self.nudge(ui, vec2(0.0, -NUDGE), editor),
            CanvasAction::NudgeDown => self.nudge(ui, vec2(0.0, NUDGE), editor),
            CanvasAction::PushLeft => self.nudge(ui, vec2(-LONG_NUDGE, 0.0), editor),
            CanvasAction::PushRight => self.nudge(ui, vec2(LONG_NUDGE, 0.0), editor),
            CanvasAction::PushUp => self.nudge(ui, vec2(0.0, -LONG_NUDGE), editor),
            CanvasAction::PushDown => self.nudge(ui, vec2(0.0, LONG_NUDGE), editor),
        }
    }

    /// The fault after that of the selected block, round and round.
    fn show_next_fault(&mut self, ui: &Ui, editor: &Editor) {
        let faults = &editor.analysis().faults;
        let here = self.selected_block();
        let at = faults.iter().rposition(|fault| Some(&fault.path) == here.as_ref());
        match faults.get(at.map_or(0, |at| at + 1)).or(faults.first()) {
            Some(fault) => self.show_block(&fault.path.clone()),
            None => {
                let at = self.view.to_screen(self.cursor);
                self.refuse(ui, at, "no block is at fault");
            }
        }
    }

    /// Shows at the cursor why an action was refused.
    pub(super) fn report<T>(&mut self, ui: &Ui, done: Result<T, String>) -> Option<T> {
        let at = self.view.to_screen(self.cursor);
        done.map_err(|reason| self.refuse(ui, at, reason)).ok()
    }

    /// Asks the system for the clipboard; it answers with an event in one of the next frames.
    fn ask_paste(&mut self, ui: &Ui, with_links: bool) {
        self.asked_paste = Some((with_links, ui.input(|input| input.time) + PASTE_WAIT_S));
        ui.ctx().send_viewport_cmd(ViewportCommand::RequestPaste);
    }

    fn take_asked_paste(&mut self, ui: &Ui, editor: &mut Editor) {
        let Some((with_links, until_s)) = self.asked_paste else { return };
        let text = ui.input_mut(|input| {
            let at = input.events.iter().position(|event| matches!(event, Event::Paste(_)))?;
            if let Event::Paste(text) = input.events.remove(at) { Some(text) } else { None }
        });
        if let Some(text) = text {
            self.asked_paste = None;
            self.paste(ui, &text, with_links, editor);
        } else if ui.input(|input| input.time) > until_s {
            self.asked_paste = None;
        }
    }

    /// Escape: what is going on, else the selection, else the open group.
    fn give_up(&mut self) {
        if !matches!(self.gesture, Gesture::Idle) {
            self.look_again();
            self.gesture = Gesture::Idle;
        } else if !self.selection.is_empty() || self.selected_wire.is_some() || self.selected_frame.is_some()
        {
            self.clear_selection();
        } else {
            self.step_out();
        }
    }
}
