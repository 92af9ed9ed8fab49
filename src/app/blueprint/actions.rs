//! What the actions of the canvas do with the selection: each one step of undo, or a refusal shown at the cursor.

use super::canvas::Canvas;
use super::editor::Editor;
use crate::blueprint::edit::{self, Alignment, Axis, Clip};
use crate::blueprint::{Activity, BlockId};
use egui::{Ui, Vec2, vec2};

/// How far a duplicate stands off.
const STEP_ASIDE: Vec2 = vec2(24.0, 24.0);

impl Canvas {
    /// The selected blocks, or those of the selected frame.
    pub(super) fn selected_ids(&self) -> Vec<BlockId> {
        self.selection.iter().copied().collect()
    }

    /// As [`Canvas::selected_ids`], or the blocks in the selected frame.
    fn chosen_ids(&self, editor: &Editor) -> Vec<BlockId> {
        match self.selected_frame {
            Some(frame) if self.selection.is_empty() => editor.blocks_in_frame(&self.inside, frame),
            _ => self.selected_ids(),
        }
    }

    /// Does something with the selected blocks, where there are any.
    pub(super) fn with_selection(
        &mut self,
        ui: &Ui,
        action: impl FnOnce(&Self, &[BlockId]) -> Result<(), String>,
    ) {
        let ids = self.selected_ids();
        if !ids.is_empty() {
            let done = action(self, &ids);
            self.report(ui, done);
        }
    }

    pub(super) fn nudge(&mut self, ui: &Ui, by: Vec2, editor: &mut Editor) {
        self.with_selection(ui, |canvas, ids| editor.shift(&canvas.inside, ids, by, None));
    }

    pub(super) fn toggle(&mut self, ui: &Ui, activity: Activity, editor: &mut Editor) {
        self.with_selection(ui, |canvas, ids| editor.toggle(&canvas.inside, ids, activity));
    }

    pub(super) fn align(&mut self, ui: &Ui, to: Alignment, editor: &mut Editor) {
        self.with_selection(ui, |canvas, ids| editor.align(&canvas.inside, ids, to));
    }

    pub(super) fn distribute(&mut self, ui: &Ui, along: Axis, editor: &mut Editor) {
        self.with_selection(ui, |canvas, ids| editor.distribute(&canvas.inside, ids, along));
    }

    /// Lays out the selected blocks; all where there are none or only one.
    pub(super) fn arrange(&mut self, ui: &Ui, editor: &mut Editor) {
        let ids = self.chosen_ids(editor);
        let ids = if ids.len() > 1 { ids } else { Vec::new() };
        let done = editor.arrange(&self.inside, &ids);
        if self.report(ui, done).is_some() && ids.is_empty() {
            self.fit();
        }
    }

    /// Draws a frame around the selected blocks; its title can be typed at once.
    pub(super) fn frame(&mut self, ui: &Ui, editor: &mut Editor) {
        let ids = self.selected_ids();
        if ids.is_empty() {
            return;
        }
        let done = editor.add_frame(&self.inside, &ids);
        if let Some(frame) = self.report(ui, done) {
            self.refresh(editor);
            self.select_frame(frame);
            self.start_rename(super::names::Named::Frame(frame));
        }
    }

    /// Opens the selected groups in place, or closes them. With nothing selected, closes the one that is worked in.
    pub(super) fn open_selected(&mut self) {
        let scene = self.stage.scene();
        let groups: Vec<BlockId> = self
            .selection
            .iter()
            .copied()
            .filter(|&id| scene.card(id).is_some_and(|card| card.is_group))
            .collect();
        if groups.is_empty() && self.is_in_place() {
            self.step_out();
            self.selection.first().copied().into_iter().for_each(|group| self.open_or_close(group));
        }
        groups.into_iter().for_each(|group| self.open_or_close(group));
    }

    /// Keeps a group, or the whole network, for the add menu.
    pub(super) fn save_block(&mut self, ui: &Ui, group: Option<BlockId>, editor: &Editor) {
        let path = group.map(|group| self.path_of(group)).unwrap_or_default();
        let done = editor.save_block(&path, &self.library);
        if let Some(file) = self.report(ui, done) {
            let at = self.view.to_screen(self.cursor);
            self.tell(ui, at, format!("saved as {}: it is among the blocks to add", file.display()));
        }
    }

    pub(super) fn delete(&mut self, ui: &Ui, editor: &mut Editor) {
        if let Some(link) = self.selected_wire.take() {
            let done = editor.disconnect(&self.inside, &link);
            self.report(ui, done);
        }
        if let Some(frame) = self.selected_frame.take() {
            let done = editor.remove_frame(&self.inside, frame);
            self.report(ui, done);
        }
        self.with_selection(ui, |canvas, ids| editor.remove(&canvas.inside, ids));
    }

    pub(super) fn duplicate(&mut self, ui: &Ui, editor: &mut Editor) {
        let ids = self.chosen_ids(editor);
        if !ids.is_empty() {
            let new = editor.duplicate(&self.inside, &ids, STEP_ASIDE);
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
    pub(super) fn take_new(&mut self, ui: &Ui, new: Result<Vec<BlockId>, String>, editor: &Editor) {
        if let Some(new) = self.report(ui, new) {
            self.refresh(editor);
            self.clear_selection();
            self.selection = new.into_iter().collect();
        }
    }

    /// To the clipboard; false where nothing is selected.
    pub(super) fn copy(&self, ui: &Ui, editor: &Editor) -> bool {
        let ids = self.chosen_ids(editor);
        let clip = editor.graph(&self.inside).and_then(|graph| edit::copy(graph, &ids).ok());
        let clip = clip.filter(|clip| !clip.is_empty());
        let Some(text) = clip.and_then(|clip| serde_json::to_string(&clip).ok()) else { return false };
        ui.ctx().copy_text(text);
        true
    }

    /// Blocks from the clipboard, their corner at the cursor, into the graph under it.
    pub(super) fn paste(&mut self, ui: &Ui, text: &str, with_links: bool, editor: &mut Editor) {
        let clip = serde_json::from_str::<Clip>(text).ok().filter(|clip| !clip.is_empty());
        self.work_at(self.cursor);
        let corner = self.stage.to_document(self.cursor);
        let new = match clip {
            Some(clip) => editor.paste(&self.inside, &clip, corner, with_links),
            None => Err("the clipboard holds no blocks: copy some first".to_owned()),
        };
        self.take_new(ui, new, editor);
    }
}
