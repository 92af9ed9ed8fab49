//! The recipe of a training: which data, which network, how it learns.

use super::document::{Note, Recipe};
use super::patches::{CloudFamily, CloudSource, cloud_notes, resolve_clouds, validate_clouds};
use crate::cloud::SynthSettings;
use crate::cloud::patches::{COLUMN_DENSITY, MASS_WEIGHTED_DENSITY, PatchSettings, SplitSettings};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A whole training as a value. Paths are relative to the recipe's file until [`TrainingRecipe::resolve`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrainingRecipe {
    pub seed: u64,
    pub data: DataSettings,
    pub network: NetworkSettings,
    pub training: LearningSettings,
}

/// The space in which a quantity enters the network, or is compared by the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Space {
    #[default]
    Log10,
    Linear,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_set: Option<PathBuf>,
    pub inputs: Vec<String>,
    pub target: String,
    pub input_space: Space,
    pub target_space: Space,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patches: Option<PatchSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synth: Option<SynthSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<CloudFamily>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clouds: Vec<CloudSource>,
}

impl Default for DataSettings {
    fn default() -> Self {
        Self {
            sample_set: None,
            inputs: vec![COLUMN_DENSITY.to_owned()],
            target: MASS_WEIGHTED_DENSITY.to_owned(),
            input_space: Space::Log10,
            target_space: Space::Log10,
            patches: None,
            split: None,
            synth: None,
            family: None,
            clouds: Vec::new(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blueprint: Option<PathBuf>,
    pub template: String,
    pub levels: u32,
    pub base_filters: u32,
    pub convolutions: u32,
    pub attention: bool,
    pub dropout: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            blueprint: None,
            template: "unet".to_owned(),
            levels: 4,
            base_filters: 16,
            convolutions: 2,
            attention: true,
            dropout: 0.05,
            weights: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimiserKind {
    Adam,
    AdamW,
    Sgd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleKind {
    Constant,
    Cosine,
    Plateau,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LossKind {
    Mse,
    Mae,
    Huber,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Augmentation {
    /// The eight symmetries of the square, one drawn for each sample.
    Square,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    Float32,
    Bfloat16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AutoWord {
    Auto,
}

/// `"auto"` or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected \"auto\" or a number of threads")]
pub enum Threads {
    Count(u32),
    Auto(AutoWord),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LearningSettings {
    pub epochs: u32,
    pub batch: u32,
    pub accumulation: u32,
    pub loss: LossKind,
    pub huber_delta: f64,
    pub optimiser: OptimiserKind,
    pub learning_rate: f64,
    pub weight_decay: f64,
    pub momentum: f64,
    pub schedule: ScheduleKind,
    pub warmup_epochs: f64,
    pub final_fraction: f64,
    pub plateau_patience: u32,
    pub plateau_factor: f64,
    pub augmentation: Augmentation,
    pub ema: f64,
    pub early_stopping: u32,
    pub validation_every: u32,
    pub checkpoint_every: u32,
    pub checkpoint_steps: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<u32>,
    pub precision: Precision,
    pub threads: Threads,
    pub device: String,
    pub max_seconds: f64,
}

impl Default for LearningSettings {
    fn default() -> Self {
        Self {
            epochs: 50,
            batch: 8,
            accumulation: 1,
            loss: LossKind::Mse,
            huber_delta: 1.0,
            optimiser: OptimiserKind::AdamW,
            learning_rate: 1e-3,
            weight_decay: 1e-4,
            momentum: 0.9,
            schedule: ScheduleKind::Cosine,
            warmup_epochs: 1.0,
            final_fraction: 0.01,
            plateau_patience: 10,
            plateau_factor: 0.5,
            augmentation: Augmentation::Square,
            ema: 0.0,
            early_stopping: 0,
            validation_every: 1,
            checkpoint_every: 1,
            checkpoint_steps: 0,
            snapshots: None,
            precision: Precision::Float32,
            threads: Threads::Auto(AutoWord::Auto),
            device: "auto".to_owned(),
            max_seconds: 0.0,
        }
    }
}

impl LearningSettings {
    /// Sets of weights that are kept for looking back at, at most.
    pub fn most_snapshots(&self) -> u32 {
        self.snapshots.unwrap_or(16)
    }
}

impl TrainingRecipe {
    /// A recipe that works as it is: three synthetic clouds, and every setting of them named.
    pub fn example() -> Self {
        let data = DataSettings {
            patches: Some(PatchSettings::default()),
            split: Some(SplitSettings::default()),
            synth: Some(SynthSettings::default()),
            clouds: CloudSource::seeds(3),
            ..DataSettings::default()
        };
        Self { data, ..Self::default() }
    }

    /// Makes the recipe's relative paths relative to `folder` (where its file lies) instead of to the working directory.
    pub fn resolve(&mut self, folder: &Path) {
        let network = &mut self.network;
        for path in
            [&mut self.data.sample_set, &mut network.blueprint, &mut network.weights].into_iter().flatten()
        {
            *path = super::absolute(folder, path);
        }
        resolve_clouds(&mut self.data.clouds, folder);
    }
}

impl Recipe for TrainingRecipe {
    const KIND: &'static str = "training";
    const VERSION: i64 = 1;
    const TITLE: &'static str = "An Aquila training: aquila train THIS.toml --out RUN";

    fn notes() -> Vec<Note> {
        let told = |notes: &[Told]| -> Vec<Note> {
            notes.iter().map(|&(path, text, example)| Note { path: path.to_owned(), text, example }).collect()
        };
        [told(DATA_NOTES), cloud_notes("data."), told(NETWORK_NOTES)].concat()
    }

    fn validate(&self) -> Result<(), String> {
        let data = &self.data;
        match (&data.sample_set, data.clouds.is_empty() && data.family.is_none()) {
            (None, true) => {
                return Err("no data: set `data.sample_set` to a sample set (*.h5), or name clouds in [[data.clouds]] or [data.family]".into());
            }
            (Some(_), false) => {
                return Err(
                    "`data.sample_set` and [[data.clouds]] or [data.family] exclude each other; keep one"
                        .into(),
                );
            }
            _ => {}
        }
        if data.inputs.is_empty() {
            return Err("`data.inputs` is empty; name at least one channel".into());
        }
        let made = data.patches.is_some() || data.split.is_some() || data.synth.is_some();
        if data.sample_set.is_some() && made {
            return Err("[data.patches], [data.split] and [data.synth] describe samples made of [[data.clouds]] and have no use with `data.sample_set`; remove them".into());
        }
        validate_clouds(
            "data.",
            &data.clouds,
            data.family.as_ref(),
            &data.synth.clone().unwrap_or_default(),
            &data.patches.clone().unwrap_or_default(),
            &data.split.clone().unwrap_or_default(),
        )?;
        let learning = &self.training;
        for (key, value) in [
            ("epochs", learning.epochs),
            ("batch", learning.batch),
            ("accumulation", learning.accumulation),
            ("validation_every", learning.validation_every),
            ("checkpoint_every", learning.checkpoint_every),
            ("plateau_patience", learning.plateau_patience),
        ] {
            if value == 0 {
                return Err(format!("`training.{key}` must be at least 1"));
            }
        }
        if learning.threads == Threads::Count(0) {
            return Err("`training.threads` must be at least 1, or \"auto\"".into());
        }
        let positive = |value: f64| value > 0.0 && value.is_finite();
        let fraction = |value: f64| (0.0..1.0).contains(&value);
        for (key, value, good, wanted) in [
            ("learning_rate", learning.learning_rate, positive(learning.learning_rate), "above 0"),
            ("huber_delta", learning.huber_delta, positive(learning.huber_delta), "above 0"),
            ("weight_decay", learning.weight_decay, learning.weight_decay >= 0.0, "0 or more"),
            ("warmup_epochs", learning.warmup_epochs, learning.warmup_epochs >= 0.0, "0 or more"),
            ("max_seconds", learning.max_seconds, learning.max_seconds >= 0.0, "0 (no limit) or more"),
            ("momentum", learning.momentum, fraction(learning.momentum), "from 0 to below 1"),
            ("ema", learning.ema, fraction(learning.ema), "0 (off) to below 1"),
            (
                "final_fraction",
                learning.final_fraction,
                (0.0..=1.0).contains(&learning.final_fraction),
                "from 0 to 1",
            ),
            (
                "plateau_factor",
                learning.plateau_factor,
                fraction(learning.plateau_factor) && positive(learning.plateau_factor),
                "between 0 and 1",
            ),
        ] {
            if !good {
                return Err(format!("`training.{key}` must be {wanted}, not {value}"));
            }
        }
        if !fraction(self.network.dropout) {
            return Err(format!("`network.dropout` must be from 0 to below 1, not {}", self.network.dropout));
        }
        Ok(())
    }
}

/// Path, text, and the example of a setting that may be absent.
type Told = (&'static str, &'static str, &'static str);

#[rustfmt::skip]
const DATA_NOTES: &[Told] = &[
    ("seed", "Every random draw of the training: first weights, order of the samples, augmentation, dropout.\nClouds have seeds of their own.", ""),
    ("data.sample_set", "A sample set made before (aquila dataset). Either this or clouds, made on the fly.", "\"samples.h5\""),
    ("data.inputs", "Channels that enter the network, in this order.", ""),
    ("data.target", "The target to predict.", ""),
    ("data.input_space", "log10 or linear: how channels enter, before they are standardised by mean and deviation of the training pixels.", ""),
    ("data.target_space", "log10 or linear: the space in which loss and metrics compare.", ""),
];

#[rustfmt::skip]
const NETWORK_NOTES: &[Told] = &[
    ("network.blueprint", "A blueprint file; it wins over the template below.", "\"my.blueprint.json\""),
    ("network.template", "The template the network is made from, with the four options after it.", ""),
    ("network.levels", "How often the map is halved.", ""),
    ("network.base_filters", "Filters of the first level; doubled at every level.", ""),
    ("network.convolutions", "Convolutions in a block: 1 or 2.", ""),
    ("network.attention", "Attention gates on the skips.", ""),
    ("network.dropout", "Probability with which a channel is dropped after a block.", ""),
    ("network.weights", "Weights to begin with instead of drawn ones: a weights file, a checkpoint or a run folder of the same network.", "\"weights.safetensors\""),
    ("training.epochs", "Passes over the training samples.", ""),
    ("training.batch", "Samples of one mini-batch.", ""),
    ("training.accumulation", "Mini-batches whose gradients make one optimiser step.", ""),
    ("training.loss", "mse, mae or huber, in the target space and in units of the target's deviation.", ""),
    ("training.huber_delta", "Where Huber's loss turns from square to straight, in units of the target's deviation.", ""),
    ("training.optimiser", "adamw, adam or sgd.", ""),
    ("training.learning_rate", "The highest learning rate.", ""),
    ("training.weight_decay", "Decoupled for adamw; added to the gradient for adam and sgd.", ""),
    ("training.momentum", "For sgd.", ""),
    ("training.schedule", "cosine (with warm-up, down to final_fraction), plateau (falls when the validation loss does not) or constant.", ""),
    ("training.warmup_epochs", "Epochs in which cosine's learning rate rises from zero.", ""),
    ("training.final_fraction", "Share of the learning rate that is left at the end of cosine, or the least that plateau goes to.", ""),
    ("training.plateau_patience", "Validations without gain before plateau lowers the rate.", ""),
    ("training.plateau_factor", "By how much plateau lowers it.", ""),
    ("training.augmentation", "square (one of the eight symmetries of the square for each sample and epoch) or none.", ""),
    ("training.ema", "Decay per step of the running mean of the weights, 0.999 say, which is then what is validated and applied; 0 is off.", ""),
    ("training.early_stopping", "Validations without gain after which training ends; 0 is never.", ""),
    ("training.validation_every", "Epochs between validations; the last epoch is always validated.", ""),
    ("training.checkpoint_every", "Epochs between checkpoints; the last epoch always has one.", ""),
    ("training.checkpoint_steps", "Optimiser steps between checkpoints within an epoch, for long epochs; 0 is none.", ""),
    ("training.snapshots", "Sets of weights that are kept for looking back at, log-spaced over the epochs; 0 keeps none. All together never more than 1 GiB.", "16"),
    ("training.precision", "float32, or bfloat16 for the passes through the network (weights stay float32).", ""),
    ("training.threads", "auto tries a few at the start and keeps the fastest for the run; a number is taken as it is.", ""),
    ("training.device", "auto (a CUDA device where there is one), cpu or cuda:N.", ""),
    ("training.max_seconds", "Ends the training at the first epoch's end after this time; 0 is no limit. A run cut by time depends on the machine.", ""),
];
