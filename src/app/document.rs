//! The open blueprint: its history, its file, and whether it differs from the file.

use crate::blueprint::{self, Blueprint};
use std::path::{Path, PathBuf};

/// How many steps can be taken back.
const STEPS: usize = 200;

/// The blueprint that the window edits. One `edit` is one step of undo.
#[derive(Default)]
pub struct Document {
    past: Vec<Blueprint>,
    current: Option<Blueprint>,
    future: Vec<Blueprint>,
    path: Option<PathBuf>,
    saved: Option<Blueprint>,
    autosaved: Option<Blueprint>,
    generation: u64,
}

impl Document {
    /// Takes a blueprint in place of the open one; `changed` says that it differs from its file.
    pub fn open(&mut self, blueprint: Blueprint, path: Option<PathBuf>, changed: bool) {
        let saved = (!changed && path.is_some()).then(|| blueprint.clone());
        let generation = self.generation + 1;
        *self = Self { current: Some(blueprint), path, saved, generation, ..Self::default() };
    }

    pub fn current(&self) -> Option<&Blueprint> {
        self.current.as_ref()
    }

    /// Counts changes, undo and redo included, so that a view can tell whether it has to look again.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether there is something that the file does not hold.
    pub fn is_changed(&self) -> bool {
        self.current.is_some() && self.current != self.saved
    }

    /// Changes the blueprint in one step; a change that changes nothing is no step.
    pub fn edit(&mut self, change: impl FnOnce(&mut Blueprint)) {
        let Some(current) = &self.current else { return };
        let mut next = current.clone();
        change(&mut next);
        if next != *current {
            self.past.extend(self.current.replace(next));
            let surplus = self.past.len().saturating_sub(STEPS);
            self.past.drain(..surplus);
            self.future.clear();
            self.generation += 1;
        }
    }

    /// Takes back the last step; answers whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(previous) = self.past.pop() else { return false };
        self.future.extend(self.current.replace(previous));
        self.generation += 1;
        true
    }

    pub fn redo(&mut self) -> bool {
        let Some(next) = self.future.pop() else { return false };
        self.past.extend(self.current.replace(next));
        self.generation += 1;
        true
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
