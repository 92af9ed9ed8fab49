//! Undo and redo by snapshots: one step for one user action.

use super::edit::{self, EditError};
use super::model::Blueprint;
use std::collections::VecDeque;

/// The states before and after the present one. The present one is the document itself, which the owner holds.
#[derive(Clone, Debug, Default)]
pub struct History {
    past: VecDeque<Step>,
    future: Vec<Step>,
    /// Key of the last action while it may still go on, as a drag does.
    going_on: Option<String>,
}

#[derive(Clone, Debug)]
struct Step {
    /// What the user did, for the menu: `Undo move`.
    label: String,
    /// The document before (in the past) or after (in the future) it.
    state: Blueprint,
}

/// Older steps are forgotten.
const MAX_STEPS: usize = 200;

impl History {
    /// Does one user action. Where it fails, or leaves the document larger than it may be, the document is as before and no step is
    /// made. Nor is one where nothing changed.
    pub fn act<T>(
        &mut self,
        document: &mut Blueprint,
        label: &str,
        action: impl FnOnce(&mut Blueprint) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        self.settle();
        self.change(document, label, action).map(|(answer, _)| answer)
    }

    /// As [`History::act`], for an action that comes in many small parts, such as a drag or a number being typed: consecutive parts
    /// with one `key` are one step, until [`History::settle`] or another action.
    pub fn act_on<T>(
        &mut self,
        document: &mut Blueprint,
        label: &str,
        key: &str,
        action: impl FnOnce(&mut Blueprint) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        if self.going_on.as_deref() == Some(key) {
            return guarded(document, action).map(|(answer, _)| answer);
        }
        self.settle();
        let (answer, changed) = self.change(document, label, action)?;
        self.going_on = changed.then(|| key.to_owned());
        Ok(answer)
    }

    /// Ends an action that came in parts: the next one is a step of its own.
    pub fn settle(&mut self) {
        self.going_on = None;
    }

    fn change<T>(
        &mut self,
        document: &mut Blueprint,
        label: &str,
        action: impl FnOnce(&mut Blueprint) -> Result<T, EditError>,
    ) -> Result<(T, bool), EditError> {
        let (answer, before) = guarded(document, action)?;
        let changed = before != *document;
        if changed {
            self.past.push_back(Step { label: label.to_owned(), state: before });
            if self.past.len() > MAX_STEPS {
                self.past.pop_front();
            }
            self.future.clear();
        }
        Ok((answer, changed))
    }

    /// Goes one step back. False where there is none.
    pub fn undo(&mut self, document: &mut Blueprint) -> bool {
        self.settle();
        let Some(Step { label, state }) = self.past.pop_back() else { return false };
        self.future.push(Step { label, state: std::mem::replace(document, state) });
        true
    }

    /// Goes one step forth again. False where there is none.
    pub fn redo(&mut self, document: &mut Blueprint) -> bool {
        self.settle();
        let Some(Step { label, state }) = self.future.pop() else { return false };
        self.past.push_back(Step { label, state: std::mem::replace(document, state) });
        true
    }

    /// What [`History::undo`] would undo.
    pub fn undo_label(&self) -> Option<&str> {
        self.past.back().map(|step| step.label.as_str())
    }

    /// What [`History::redo`] would do again.
    pub fn redo_label(&self) -> Option<&str> {
        self.future.last().map(|step| step.label.as_str())
    }
}

/// Does the action and gives the state before it; on an error puts that state back.
fn guarded<T>(
    document: &mut Blueprint,
    action: impl FnOnce(&mut Blueprint) -> Result<T, EditError>,
) -> Result<(T, Blueprint), EditError> {
    let before = document.clone();
    let done = action(document).and_then(|answer| edit::check_size(document).map(|()| answer));
    match done {
        Ok(answer) => Ok((answer, before)),
        Err(error) => {
            *document = before;
            Err(error)
        }
    }
}
