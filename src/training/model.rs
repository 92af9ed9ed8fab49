//! A trained network taken out of its run folder, ready to answer.

use super::batch::{Feeds, predict};
use super::checkpoint::{Checkpoint, Origin};
use super::data::Described;
use super::error::{Result, TrainingError};
use super::folder::{RunFolder, sha256};
use crate::blueprint;
use crate::network::{DeviceChoice, Network, threads};
use ndarray::{Array4, Axis};
use std::path::Path;

/// Which weights of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointChoice {
    /// Of the least validation loss.
    Best,
    Latest,
    /// Those kept after this epoch: see [`RunFolder::snapshots`].
    Snapshot(u32),
}

/// A checkpoint of a run. Owns tensors: stays on the thread that loaded it.
pub struct Model {
    pub network: Network,
    /// How data comes in and answers come back.
    pub described: Described,
    /// Completed epochs and optimiser steps of the checkpoint.
    pub epoch: u32,
    pub steps: u64,
    pub(super) feeds: Feeds,
    origin: Origin,
}

impl Model {
    /// Loads the best checkpoint of a run folder, with the running mean of the weights where the training kept one.
    ///
    /// # Errors
    /// No run folder, no checkpoint yet, files that do not belong together.
    pub fn load(root: &Path, device: DeviceChoice) -> Result<Self> {
        Self::load_checkpoint(root, CheckpointChoice::Best, device)
    }

    /// As `load`, any checkpoint.
    pub fn load_checkpoint(root: &Path, choice: CheckpointChoice, device: DeviceChoice) -> Result<Self> {
        let folder = RunFolder::new(root);
        let info = folder.read_info()?;
        let path = folder.checkpoint_path(choice);
        if !path.exists() {
            return Err(TrainingError::NotARun {
                path: root.to_owned(),
                what: match choice {
                    CheckpointChoice::Snapshot(epoch) => format!("no weights were kept after epoch {epoch}"),
                    _ => "no checkpoint yet: not one validation was made".to_owned(),
                },
            });
        }
        let checkpoint = Checkpoint::read(&path)?;
        let document = folder.read_blueprint()?;
        let text =
            blueprint::to_json(&document).map_err(|error| TrainingError::Blueprint(error.to_string()))?;
        if sha256(text.as_bytes()) != checkpoint.origin.blueprint_sha256 {
            return Err(TrainingError::OtherRun {
                path: folder.blueprint_path(),
                what: "blueprint than its checkpoint".to_owned(),
            });
        }
        let plan = blueprint::plan(&document).map_err(|faults| {
            faults.into_iter().next().map_or_else(
                || TrainingError::Blueprint("the blueprint cannot be compiled".to_owned()),
                TrainingError::from,
            )
        })?;
        let mut network = Network::build(&plan, device.resolve()?, 0)?;
        threads::set(info.threads.max(1) as usize);
        checkpoint.load_for_use(&mut network)?;
        let feeds = Feeds::new(&network, &checkpoint.planes)?;
        Ok(Self {
            network,
            described: checkpoint.described,
            epoch: checkpoint.progress.epoch,
            steps: checkpoint.progress.steps,
            feeds,
            origin: checkpoint.origin,
        })
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Physical inputs (sample, channel, y, x) to physical predictions (sample, channel, y, x), `batch` at a time.
    ///
    /// # Errors
    /// Another number of channels than in training; sizes the network cannot take.
    pub fn predict(&self, inputs: &Array4<f32>, batch: usize) -> Result<Array4<f32>> {
        let mut standardised = inputs.clone();
        if inputs.len_of(Axis(1)) != self.described.inputs.len() {
            return Err(TrainingError::data(
                format!("{} input channels were given", inputs.len_of(Axis(1))),
                format!("the network was trained on {}", self.described.inputs.len()),
            ));
        }
        for (mut plane, standard) in standardised.axis_iter_mut(Axis(1)).zip(&self.described.inputs) {
            plane.mapv_inplace(|v| standard.standardise(v));
        }
        let mut answer = predict(&self.network, standardised.view(), &self.feeds, batch)?;
        for (mut plane, standard) in answer.axis_iter_mut(Axis(1)).zip(&self.described.targets) {
            plane.mapv_inplace(|v| standard.physical(v));
        }
        Ok(answer)
    }
}
