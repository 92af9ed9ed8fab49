//! Weights on their way into and out of a run: what a weights file, a checkpoint or a run folder holds.

use super::checkpoint::Checkpoint;
use super::data::Described;
use super::error::{Result, TrainingError};
use super::folder::RunFolder;
use crate::network::{NetworkError, Tensor, weights};
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

/// Weights from a file, by our names.
pub struct Given {
    pub path: PathBuf,
    pub state: IndexMap<String, Tensor>,
    /// How the data was standardised, where the weights come from a run.
    pub described: Option<Described>,
}

impl Given {
    /// From a weights file, a checkpoint (the running mean of the weights, where it has one) or a run folder (its best checkpoint).
    ///
    /// # Errors
    /// Nothing there, a damaged file, a run without a checkpoint yet.
    pub fn read(path: &Path) -> Result<Self> {
        let mut path = path.to_owned();
        if path.is_dir() {
            let folder = RunFolder::new(&path);
            folder.read_info()?;
            path = folder.best_path();
            if !path.exists() {
                let what = "no checkpoint yet: not one validation was made".to_owned();
                return Err(TrainingError::NotARun { path: folder.root().to_owned(), what });
            }
        }
        let (state, notes) = weights::read(&path)?;
        if !notes.contains_key("progress") {
            return Ok(Self { path, state, described: None });
        }
        let checkpoint = Checkpoint::read(&path)?;
        let (state, described) = (checkpoint.state_for_use(), Some(checkpoint.described));
        Ok(Self { path, state, described })
    }

    /// An error of taking these weights over, with the file it is about.
    pub fn misfit(&self, error: &NetworkError) -> TrainingError {
        let message = format!("{error}; `aquila blueprint import` renames weights of other programs");
        NetworkError::File { path: self.path.clone(), message }.into()
    }
}
