//! A checkpoint: one safetensors file with all a training needs to go on as if it had never stopped.
//!
//! Everything lies in the one file, so a process killed between two files can leave no half state. No clock and no path
//! goes in: the same training gives the same bytes.

use super::data::Described;
use super::error::{Result, TrainingError};
use super::folder::{Best, Row};
use super::schedule::Scheduler;
use crate::io::atomic;
use crate::network::{Network, Tensor, weights};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::path::Path;

const VERSION: u32 = 2;
/// Before the names of tensors that are no weights; weights have no `/` in their names.
const OPTIMISER: &str = "optimiser/";
const EMA: &str = "ema/";
const HISTORY: &str = "history/norms";

/// Where a training stands: all of its state that is not a tensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Completed epochs.
    pub epoch: u32,
    /// Mini-batches done of the running epoch.
    pub batch: usize,
    /// Optimiser steps since the start.
    pub steps: u64,
    /// Sum of losses over the known target pixels of the running epoch, and how many those are.
    pub loss_sum: f64,
    pub loss_pixels: u64,
    pub scheduler: Scheduler,
    /// Validations since the best.
    pub without_gain: u32,
    pub best: Option<Best>,
    /// Every validation so far: the content of `metrics.csv`.
    pub rows: Vec<Row>,
    /// Why the training ended, once it has.
    pub ended: Option<String>,
}

impl Progress {
    pub fn new(scheduler: Scheduler) -> Self {
        Self {
            epoch: 0,
            batch: 0,
            steps: 0,
            loss_sum: 0.0,
            loss_pixels: 0,
            scheduler,
            without_gain: 0,
            best: None,
            rows: Vec::new(),
            ended: None,
        }
    }
}

/// What the weights belong to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub seed: u64,
    pub recipe_sha256: String,
    pub blueprint_sha256: String,
    pub data_sha256: String,
}

/// A checkpoint in memory.
pub struct Checkpoint {
    pub progress: Progress,
    pub origin: Origin,
    pub described: Described,
    /// Planes of each input the recipe names.
    pub planes: Vec<usize>,
    /// Parameters and buffers.
    pub network: IndexMap<String, Tensor>,
    pub optimiser: IndexMap<String, Tensor>,
    /// The running mean of the parameters, where the recipe asks for one.
    pub ema: Option<IndexMap<String, Tensor>>,
    /// The content of `weights.csv`, as numbers; empty in files of version 1.
    pub history: Vec<f64>,
}

impl Checkpoint {
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut tensors: IndexMap<String, Tensor> = IndexMap::new();
        let mut add = |prefix: &str, part: &IndexMap<String, Tensor>| {
            for (name, tensor) in part {
                tensors.insert(format!("{prefix}{name}"), tensor.shallow_clone());
            }
        };
        add("", &self.network);
        add(OPTIMISER, &self.optimiser);
        if let Some(ema) = &self.ema {
            add(EMA, ema);
        }
        if !self.history.is_empty() {
            tensors.insert(HISTORY.to_owned(), weights::scalars(&self.history)?);
        }
        let notes = weights::Notes::from([
            ("version".to_owned(), VERSION.to_string()),
            ("progress".to_owned(), json(path, &self.progress)?),
            ("origin".to_owned(), json(path, &self.origin)?),
            ("described".to_owned(), json(path, &self.described)?),
            ("planes".to_owned(), json(path, &self.planes)?),
        ]);
        Ok(atomic::write_bytes(path, &weights::to_bytes(&tensors, &notes)?)?)
    }

    pub fn read(path: &Path) -> Result<Self> {
        let (tensors, notes) = weights::read(path)?;
        let damaged = |what: String| TrainingError::Damaged {
            path: path.to_owned(),
            what,
            advice: "put back an undamaged copy, or train again into a new folder",
        };
        let note =
            |name: &str| notes.get(name).ok_or_else(|| damaged(format!("the note `{name}` is missing")));
        let version: u32 =
            note("version")?.parse().map_err(|_| damaged("the version is no number".into()))?;
        if version > VERSION {
            return Err(TrainingError::Damaged {
                path: path.to_owned(),
                what: format!("version {version} is newer than this program knows"),
                advice: "update Aquila",
            });
        }
        let mut checkpoint = Self {
            progress: serde_json::from_str(note("progress")?).map_err(|e| damaged(e.to_string()))?,
            origin: serde_json::from_str(note("origin")?).map_err(|e| damaged(e.to_string()))?,
            described: serde_json::from_str(note("described")?).map_err(|e| damaged(e.to_string()))?,
            planes: serde_json::from_str(note("planes")?).map_err(|e| damaged(e.to_string()))?,
            network: IndexMap::new(),
            optimiser: IndexMap::new(),
            ema: None,
            history: Vec::new(),
        };
        for (name, tensor) in tensors {
            if name == HISTORY {
                checkpoint.history = Vec::<f64>::try_from(&tensor)?;
            } else if let Some(name) = name.strip_prefix(OPTIMISER) {
                checkpoint.optimiser.insert(name.to_owned(), tensor);
            } else if let Some(name) = name.strip_prefix(EMA) {
                checkpoint.ema.get_or_insert_default().insert(name.to_owned(), tensor);
            } else {
                checkpoint.network.insert(name, tensor);
            }
        }
        Ok(checkpoint)
    }

    /// Gives a network the weights that this training validates and applies.
    pub fn load_for_use(&self, network: &mut Network) -> Result<()> {
        Ok(network.load_state(&self.state_for_use())?)
    }

    /// Parameters and buffers that this training validates and applies: the running mean where there is one.
    pub fn state_for_use(&self) -> IndexMap<String, Tensor> {
        let mut state: IndexMap<String, Tensor> =
            self.network.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect();
        for (name, tensor) in self.ema.iter().flatten() {
            state.insert(name.clone(), tensor.shallow_clone());
        }
        state
    }
}

fn json(path: &Path, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| TrainingError::Damaged {
        path: path.to_owned(),
        what: error.to_string(),
        advice: "please report it",
    })
}
