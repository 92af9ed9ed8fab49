//! The open blueprint: its history, its file, and whether it differs from the file.

use crate::blueprint::edit::EditError;
use crate::blueprint::{self, Blueprint, History};
use std::path::{Path, PathBuf};

/// The blueprint that the window edits.
#[derive(Default)]
pub struct Document {
    current: Option<Blueprint>,
    history: History,
    path: Option<PathBuf>,
    saved: Option<Blueprint>,
    autosaved: Option<Blueprint>,
    generation: u64,
    opened: u64,
}

impl Document {
    /// Takes a blueprint in place of the open one; `changed` says that it differs from its file.
    pub fn open(&mut self, blueprint: Blueprint, path: Option<PathBuf>, changed: bool) {
        let saved = (!changed && path.is_some()).then(|| blueprint.clone());
        let (generation, opened) = (self.generation + 1, self.opened + 1);
        *self = Self { current: Some(blueprint), path, saved, generation, opened, ..Self::default() };
    }

    pub fn current(&self) -> Option<&Blueprint> {
        self.current.as_ref()
    }

    /// Counts changes, undo and redo included, so that a view can tell whether it has to look again.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Counts documents, so that a view can tell another one from a changed one.
    pub fn opened(&self) -> u64 {
        self.opened
    }

    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether there is something that the file does not hold.
    pub fn is_changed(&self) -> bool {
        self.current.is_some() && self.current != self.saved
    }

    /// Does one user action as one step of undo; see [`History::act`]. `None` where no blueprint is open.
    pub fn act<T>(
        &mut self,
        label: &str,
        action: impl FnOnce(&mut Blueprint) -> Result<T, EditError>,
    ) -> Option<Result<T, EditError>> {
        let document = self.current.as_mut()?;
        self.generation += 1;
        Some(self.history.act(document, label, action))
    }

    /// Does a part of an action that goes on, such as a drag; see [`History::act_on`].
    pub fn act_on<T>(
        &mut self,
        label: &str,
        key: &str,
        action: impl FnOnce(&mut Blueprint) -> Result<T, EditError>,
    ) -> Option<Result<T, EditError>> {
        let document = self.current.as_mut()?;
        self.generation += 1;
        Some(self.history.act_on(document, label, key, action))
    }

    /// Ends an action that came in parts.
    pub fn settle(&mut self) {
        self.history.settle();
    }

    /// Takes back the last step; answers what it was.
    pub fn undo(&mut self) -> Option<String> {
        let label = self.history.undo_label()?.to_owned();
        self.generation += 1;
        self.history.undo(self.current.as_mut()?).then_some(label)
    }

    pub fn redo(&mut self) -> Option<String> {
        let label = self.history.redo_label()?.to_owned();
        self.generation += 1;
        self.history.redo(self.current.as_mut()?).then_some(label)
    }

    /// Writes the blueprint to `path`, which becomes its file; answers the path.
    pub fn save(&mut self, path: PathBuf) -> Result<PathBuf, String> {
        let Some(current) = &self.current else { return Err("there is no blueprint to save".to_owned()) };
        blueprint::save(current, &path).map_err(|error| error.to_string())?;
        self.saved = self.current.clone();
        self.path = Some(path.clone());
        Ok(path)
    }

    /// Keeps unsaved changes at `path`, and removes what is kept there once they are saved.
    pub fn autosave(&mut self, path: &Path) -> Result<(), String> {
        if !self.is_changed() {
            self.autosaved = None;
            return match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(crate::io::Error::system(path, "remove the autosave", error).to_string())
                }
                _ => Ok(()),
            };
        }
        if self.autosaved == self.current {
            return Ok(());
        }
        let Some(current) = &self.current else { return Ok(()) };
        blueprint::save(current, path).map_err(|error| error.to_string())?;
        self.autosaved = self.current.clone();
        Ok(())
    }
}
