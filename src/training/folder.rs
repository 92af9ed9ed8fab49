//! The run folder: what lies where, its `run.json`, `metrics.csv` and `log.txt`. Everything is written whole, through a rename.

use super::data::Described;
use super::error::{Result, TrainingError};
use super::metrics::Metrics;
use super::model::CheckpointChoice;
use super::steps::StepCurve;
use crate::blueprint::{self, Blueprint};
use crate::io::atomic;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The format of `run.json`.
pub const RUN_VERSION: u32 = 1;

/// A run folder; nothing is touched until a method says so.
#[derive(Clone, Debug)]
pub struct RunFolder {
    root: PathBuf,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    Running,
    /// Stopped on request at a checkpoint; it can be resumed.
    Stopped,
    Done,
    Failed,
}

/// The best validation so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    pub epoch: u32,
    pub validation_loss: f64,
    pub metrics: Metrics,
}

/// One validation: a row of `metrics.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Completed epochs.
    pub epoch: u32,
    /// Optimiser steps made.
    pub step: u64,
    pub learning_rate: f64,
    /// Mean loss over the samples of the epoch, as trained (with dropout and augmentation).
    pub train_loss: f64,
    pub validation_loss: f64,
    pub metrics: Metrics,
}

/// The run whose weights a run began with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The name of its folder.
    pub run: String,
    /// Its completed epochs at the checkpoint.
    pub epoch: u32,
}

/// The content of `run.json`: enough to know what the run is and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunInfo {
    pub format: String,
    pub version: u32,
    pub aquila: String,
    pub libtorch: String,
    pub state: RunState,
    /// Why it ended, for `failed` and for an early end.
    #[serde(default)]
    pub message: String,
    pub device: String,
    /// Chosen at the start and repeated on resume: the sums of a different count round differently.
    pub threads: u32,
    pub seed: u64,
    pub recipe_sha256: String,
    pub blueprint_sha256: String,
    pub data_sha256: String,
    /// Of the weights it began with, where it did not draw them: see `network::weights::fingerprint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_weights_sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The user's own words, to find the run by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    pub parameters: u64,
    /// Completed epochs at the latest checkpoint.
    pub epochs: u32,
    pub steps: u64,
    pub best: Option<Best>,
    /// Wall time of training and validation, over all sessions.
    pub seconds: f64,
    pub samples_per_second: f64,
    /// Seconds since 1970 of the last change.
    pub updated_unix_s: u64,
    pub data: Described,
}

impl RunFolder {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn info_path(&self) -> PathBuf {
        self.root.join("run.json")
    }

    pub fn recipe_path(&self) -> PathBuf {
        self.root.join("recipe.toml")
    }

    pub fn blueprint_path(&self) -> PathBuf {
        self.root.join("blueprint.json")
    }

    pub fn metrics_path(&self) -> PathBuf {
        self.root.join("metrics.csv")
    }

    /// The loss of the steps with the wall time.
    pub fn steps_path(&self) -> PathBuf {
        self.root.join("steps.csv")
    }

    pub fn log_path(&self) -> PathBuf {
        self.root.join("log.txt")
    }

    pub fn figures_path(&self) -> PathBuf {
        self.root.join("figures")
    }

    pub fn predictions_path(&self) -> PathBuf {
        self.root.join("predictions.h5")
    }

    /// Samples made on the fly, kept so that resuming and evaluating need not make them again.
    pub fn samples_path(&self) -> PathBuf {
        self.root.join("samples.h5")
    }

    pub fn latest_path(&self) -> PathBuf {
        self.root.join("checkpoints").join("latest.safetensors")
    }

    pub fn best_path(&self) -> PathBuf {
        self.root.join("checkpoints").join("best.safetensors")
    }

    /// The weights after this epoch, where they were kept.
    pub fn snapshot_path(&self, epoch: u32) -> PathBuf {
        self.root.join("checkpoints").join(format!("epoch-{epoch:04}.safetensors"))
    }

    pub fn checkpoint_path(&self, choice: CheckpointChoice) -> PathBuf {
        match choice {
            CheckpointChoice::Best => self.best_path(),
            CheckpointChoice::Latest => self.latest_path(),
            CheckpointChoice::Snapshot(epoch) => self.snapshot_path(epoch),
        }
    }

    /// The epochs after which weights were kept, ascending; none where the folder cannot be read.
    pub fn snapshots(&self) -> Vec<u32> {
        let Ok(entries) = std::fs::read_dir(self.root.join("checkpoints")) else { return Vec::new() };
        let number = |name: &str| -> Option<u32> {
            name.strip_prefix("epoch-")?.strip_suffix(".safetensors")?.parse().ok()
        };
        let mut epochs: Vec<u32> =
            entries.flatten().filter_map(|entry| number(entry.file_name().to_str()?)).collect();
        epochs.sort_unstable();
        epochs
    }

    /// Norms of weights, gradients and updates over the steps.
    pub fn weights_path(&self) -> PathBuf {
        self.root.join("weights.csv")
    }

    /// The network's document.
    pub fn read_blueprint(&self) -> Result<Blueprint> {
        blueprint::load(&self.blueprint_path()).map_err(|error| TrainingError::Blueprint(error.to_string()))
    }

    /// Whether a training has begun here.
    pub fn holds_run(&self) -> bool {
        self.info_path().exists()
    }

    /// Creates the folder with its subfolders.
    pub fn create(&self) -> Result<()> {
        for folder in [self.root.clone(), self.root.join("checkpoints"), self.figures_path()] {
            std::fs::create_dir_all(&folder)
                .map_err(|source| crate::io::Error::system(&folder, "create the folder", source))?;
        }
        Ok(())
    }

    pub fn read_info(&self) -> Result<RunInfo> {
        let path = self.info_path();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(source) => {
                let what = format!("run.json: {source}");
                return Err(TrainingError::NotARun { path: self.root.clone(), what });
            }
        };
        let damaged = |what: String| TrainingError::Damaged {
            path: path.clone(),
            what,
            advice: "update Aquila, or train again into a new folder",
        };
        let info: RunInfo = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if info.version > RUN_VERSION {
            return Err(damaged(format!("version {} is newer than this program knows", info.version)));
        }
        Ok(info)
    }

    pub fn write_info(&self, info: &RunInfo) -> Result<()> {
        write_json(&self.info_path(), info)
    }

    /// The loss of the steps; empty for a run of an older version.
    ///
    /// # Errors
    /// A damaged file.
    pub fn read_steps(&self) -> Result<StepCurve> {
        StepCurve::read(&self.steps_path())
    }

    /// Gives the run other tags. Not while it trains: the training writes `run.json` too.
    ///
    /// # Errors
    /// A run that trains; `run.json` that cannot be read or written.
    pub fn set_tags(&self, tags: Vec<String>) -> Result<()> {
        let mut info = self.read_info()?;
        self.refuse_while_running(&info, "tagged")?;
        info.tags = tags;
        self.write_info(&info)
    }

    /// Gives the folder another name, and tells the runs beside it that began with its weights.
    ///
    /// # Errors
    /// A run that trains; a name that is none for a folder, or taken; files that cannot be moved or written.
    pub fn rename(&self, name: &str) -> Result<Self> {
        let refused = |what: String| TrainingError::Name { name: name.to_owned(), what };
        let is_plain = Path::new(name).components().count() == 1
            && !name.starts_with('.')
            && !name.chars().any(|c| std::path::is_separator(c) || c.is_control());
        if !is_plain {
            return Err(refused("a name is one word of a path and does not begin with a dot".to_owned()));
        }
        self.refuse_while_running(&self.read_info()?, "renamed")?;
        let renamed = Self::new(self.root.with_file_name(name));
        if renamed.root.exists() {
            return Err(refused("there is a folder of that name already".to_owned()));
        }
        std::fs::rename(&self.root, &renamed.root)
            .map_err(|source| crate::io::Error::system(&self.root, "rename the folder", source))?;
        let before = self.root.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = renamed.root.parent().and_then(|folder| std::fs::read_dir(folder).ok());
        for entry in beside.into_iter().flatten().flatten() {
            let child = Self::new(entry.path());
            let Ok(mut info) = child.read_info() else { continue };
            if info.state == RunState::Running {
                continue;
            }
            if let Some(parent) = info.parent.as_mut().filter(|parent| parent.run == before) {
                parent.run = name.to_owned();
                child.write_info(&info)?;
            }
        }
        Ok(renamed)
    }

    fn refuse_while_running(&self, info: &RunInfo, what: &str) -> Result<()> {
        if info.state == RunState::Running {
            let what = format!(
                "it trains, or was killed while it did; stop it (resume it first, if it was killed) before it is {what}"
            );
            return Err(TrainingError::Name { name: self.root.display().to_string(), what });
        }
        Ok(())
    }

    /// Replaces `metrics.csv` by these rows. Numbers are written so that they read back exactly.
    pub fn write_metrics(&self, rows: &[Row]) -> Result<()> {
        let mut text = String::from(
            "epoch,step,learning_rate,train_loss,validation_loss,rms_dex,mae_dex,bias_dex,accuracy_0p3dex\n",
        );
        for row in rows {
            let m = &row.metrics;
            text += &format!(
                "{},{},{:?},{:?},{:?},{:?},{:?},{:?},{:?}\n",
                row.epoch,
                row.step,
                row.learning_rate,
                row.train_loss,
                row.validation_loss,
                m.rms_dex,
                m.mae_dex,
                m.bias_dex,
                m.accuracy_0p3dex
            );
        }
        Ok(atomic::write_bytes(&self.metrics_path(), text.as_bytes())?)
    }

    /// Opens the log for more lines; what earlier sessions wrote stays.
    pub fn open_log(&self) -> Result<Log> {
        let path = self.log_path();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(crate::io::Error::system(&path, "read the log", source).into()),
        };
        Ok(Log { path, text })
    }
}

/// `log.txt`: what happened when, for people. The only place of a run with the clock in it, beside `run.json`.
pub struct Log {
    path: PathBuf,
    text: String,
}

impl Log {
    pub fn line(&mut self, line: &str) -> Result<()> {
        self.text += &format!("{} {line}\n", utc(unix_s()));
        Ok(atomic::write_bytes(&self.path, self.text.as_bytes())?)
    }
}

pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| TrainingError::Damaged {
        path: path.to_owned(),
        what: error.to_string(),
        advice: "please report it",
    })?;
    text.push(b'\n');
    Ok(atomic::write_bytes(path, &text)?)
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Seconds since 1970; a clock before that counts as 1970.
pub(super) fn unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// `2026-11-22T09:41:07Z` (civil-from-days of Howard Hinnant, "chrono-compatible low-level date algorithms").
pub fn utc(unix_s: u64) -> String {
    let days = unix_s / 86_400 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let second = unix_s % 86_400;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_is_right() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(utc(1_793_500_740), "2026-11-01T02:39:00Z");
    }
}
