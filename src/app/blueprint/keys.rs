//! What the keyboard does on the canvas. Keys count while the canvas has the focus, or the pointer and nobody the focus.

use super::canvas::Canvas;
use super::editor::Editor;
use super::gesture::Gesture;
use crate::blueprint::BlockId;
use crate::blueprint::edit::{self, Clip};
use egui::{Event, Key, Modifiers, Response, Ui, Vec2, vec2};

/// How far a duplicate stands off.
const STEP_ASIDE: Vec2 = vec2(24.0, 24.0);
/// How far an arrow key moves a block; with Shift, one dot of the background.
const NUDGE: f32 = 4.0;
const LONG_NUDGE: f32 = 24.0;

impl Canvas {
    pub(super) fn keys(&mut self, ui: &Ui, response: &Response, editor: &mut Editor) {
        let focused = ui.memory(|memory| memory.focused());
        let ours = response.has_focus() || (focused.is_none() && response.contains_pointer());
        if !ours || ui.ctx().text_edit_focused() || self.menu.is_some() {
            return;
        }
        self.clipboard(ui, editor);
        let pressed =
            |modifiers: Modifiers, key: Key| ui.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(Modifiers::SHIFT, Key::A) || pressed(Modifiers::NONE, Key::Tab) {
            self.open_add_menu(self.cursor, None);
        }
        if pressed(Modifiers::COMMAND, Key::A) {
            self.selection = self.scene.cards.iter().map(|card| card.id).collect();
        }
        if pressed(Modifiers::COMMAND, Key::D) || pressed(Modifiers::SHIFT, Key::D) {
            self.duplicate(ui, editor);
        }
        if pressed(Modifiers::COMMAND, Key::G) {
            self.group(ui, editor);
        }
        if pressed(Modifiers::NONE, Key::F) {
            self.fit();
        }
        if pressed(Modifiers::NONE, Key::F2)
            && let Some(block) = self.selected_block().and_then(|path| path.last().copied())
        {
            self.start_rename(block);
        }
        if pressed(Modifiers::NONE, Key::Enter)
            && let Some(block) = self.selected_block().and_then(|path| path.last().copied())
            && editor.is_group(&self.inside, block)
        {
            self.enter(block);
        }
        let is_empty_handed = self.selection.is_empty() && self.selected_wire.is_none();
        if pressed(Modifiers::NONE, Key::Delete)
            || !is_empty_handed && pressed(Modifiers::NONE, Key::Backspace)
        {
            self.delete(ui, editor);
        } else if pressed(Modifiers::NONE, Key::Backspace) {
            self.step_out();
        }
        if pressed(Modifiers::NONE, Key::Escape) {
            self.give_up();
        }
        for (modifiers, length) in [(Modifiers::SHIFT, LONG_NUDGE), (Modifiers::NONE, NUDGE)] {
            for (key, toward) in [
                (Key::ArrowLeft, vec2(-1.0, 0.0)),
                (Key::ArrowRight, vec2(1.0, 0.0)),
                (Key::ArrowUp, vec2(0.0, -1.0)),
                (Key::ArrowDown, vec2(0.0, 1.0)),
            ] {
                if !self.selection.is_empty() && pressed(modifiers, key) {
                    let done = editor.shift(&self.inside, &self.selected_ids(), length * toward);
                    self.report(ui, done);
                }
            }
        }
    }

    pub(super) fn selected_ids(&self) -> Vec<BlockId> {
        self.selection.iter().copied().collect()
    }

    pub(super) fn delete(&mut self, ui: &Ui, editor: &mut Editor) {
        if let Some(link) = self.selected_wire.take() {
            let done = editor.disconnect(&self.inside, &link);
            self.report(ui, done);
        }
        if !self.selection.is_empty() {
            let done = editor.remove(&self.inside, &self.selected_ids());
            self.report(ui, done);
        }
    }

    pub(super) fn duplicate(&mut self, ui: &Ui, editor: &mut Editor) {
        if !self.selection.is_empty() {
            let new = editor.duplicate(&self.inside, &self.selected_ids(), STEP_ASIDE);
            self.take_new(ui, new, editor);
        }
    }

    pub(super) fn group(&mut self, ui: &Ui, editor: &mut Editor) {
        if !self.selection.is_empty() {
            let new = editor.group(&self.inside, &self.selected_ids()).map(|group| vec![group]);
            self.take_new(ui, new, editor);
        }
    }

    pub(super) fn ungroup(&mut self, ui: &Ui, group: BlockId, editor: &mut Editor) {
        let new = editor.ungroup(&self.inside, group);
        self.take_new(ui, new, editor);
    }

    /// Selects what an action made, or says why it made nothing.
    fn take_new(&mut self, ui: &Ui, new: Result<Vec<BlockId>, String>, editor: &Editor) {
        if let Some(new) = self.report(ui, new) {
            self.refresh(editor);
            self.selected_wire = None;
            self.selection = new.into_iter().collect();
        }
    }

    /// Shows at the cursor why an action was refused.
    pub(super) fn report<T>(&mut self, ui: &Ui, done: Result<T, String>) -> Option<T> {
        let at = self.view.to_screen(self.cursor);
        done.map_err(|reason| self.refuse(ui, at, reason)).ok()
    }

    pub(super) fn copy(&self, ui: &Ui, editor: &Editor) -> bool {
        let clip = editor.graph(&self.inside).and_then(|graph| edit::copy(graph, &self.selected_ids()).ok());
        let clip = clip.filter(|clip| !clip.is_empty());
        let Some(text) = clip.and_then(|clip| serde_json::to_string(&clip).ok()) else { return false };
        ui.ctx().copy_text(text);
        true
    }

    fn clipboard(&mut self, ui: &Ui, editor: &mut Editor) {
        let events: Vec<Event> = ui.input(|input| {
            let wanted = |event: &&Event| matches!(event, Event::Copy | Event::Cut | Event::Paste(_));
            input.events.iter().filter(wanted).cloned().collect()
        });
        for event in events {
            match event {
                Event::Copy => _ = self.copy(ui, editor),
                Event::Cut if self.copy(ui, editor) => self.delete(ui, editor),
                Event::Paste(text) => self.paste(ui, &text, editor),
                _ => {}
            }
        }
    }

    /// Blocks from the clipboard, their corner at the cursor.
    fn paste(&mut self, ui: &Ui, text: &str, editor: &mut Editor) {
        let clip = serde_json::from_str::<Clip>(text).ok().filter(|clip| !clip.is_empty());
        let new = match clip {
            Some(clip) => editor.paste(&self.inside, &clip, self.cursor),
            None => Err("the clipboard holds no blocks: copy some with Ctrl+C first".to_owned()),
        };
        self.take_new(ui, new, editor);
    }

    pub(super) fn step_out(&mut self) {
        if let Some(depth) = self.inside.len().checked_sub(1) {
            self.leave_to(depth);
        }
    }

    /// Escape: what is going on, else the selection, else the open group.
    fn give_up(&mut self) {
        if !matches!(self.gesture, Gesture::Idle) {
            if let Gesture::Move { by } = self.gesture {
                self.scene.shift(self.selection.iter().copied(), -by);
            }
            self.gesture = Gesture::Idle;
        } else if !self.selection.is_empty() || self.selected_wire.is_some() {
            self.clear_selection();
        } else {
            self.step_out();
        }
    }
}
