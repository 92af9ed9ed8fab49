//! What a running training shows: the latest curves and the latest prediction, published a few times a second and never waited for.

use super::folder::Row;
use super::history::WeightHistory;
use super::metrics::{Metrics, PowerLaw};
use super::steps::StepCurve;
use crate::job::Slot;
use indexmap::IndexMap;
use ndarray::Array2;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The slots a watcher reads. Clones share them.
#[derive(Clone, Default)]
pub struct Live {
    pub curves: Slot<Curves>,
    pub preview: Slot<Preview>,
    pub setup: Slot<Setup>,
    /// Published only after `watch`.
    pub weights: Slot<LiveWeights>,
    /// Norms of the weights over the steps so far.
    pub history: Slot<WeightHistory>,
    wanted: Arc<AtomicBool>,
    unseen: bool,
}

impl Live {
    /// For runs that nobody looks at: no preview is computed.
    pub fn unwatched() -> Self {
        Self { unseen: true, ..Self::default() }
    }

    pub(super) fn wants_previews(&self) -> bool {
        !self.unseen
    }

    /// Asks the training to publish its weights once, soon: again for each look.
    pub fn watch(&self) {
        self.wanted.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_watched(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    pub(super) fn publish_weights(&self, weights: LiveWeights) {
        self.wanted.store(false, Ordering::Relaxed);
        self.weights.publish(weights);
    }

    /// Whether both are clones of one, of the same training.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.wanted, &other.wanted)
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("weights", &self.weights.generation()).finish_non_exhaustive()
    }
}

/// A copy of the weights that are validated and applied (the running mean where there is one).
#[derive(Clone, Debug)]
pub struct LiveWeights {
    /// Completed epochs, with the fraction of the running one.
    pub epoch: f32,
    pub step: u64,
    /// All parameters in the order of the network's layout.
    pub flat: Vec<f32>,
    pub buffers: IndexMap<String, Vec<f32>>,
}

/// What is known once the data is ready and before the first step.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The run folder, with recipe, blueprint and the samples made on the fly.
    pub folder: PathBuf,
    pub device: String,
    pub threads: u32,
    pub parameters: u64,
    pub train_samples: usize,
    pub validation_samples: usize,
    pub test_samples: usize,
    pub epochs: u32,
    pub steps_per_epoch: u64,
    /// The trivial predictor and how good it is on the validation samples.
    pub baseline: Option<(PowerLaw, Metrics)>,
}

/// The curves so far.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// The loss of the steps.
    pub steps: StepCurve,
    /// One row each validation, shared with the run's `metrics.csv`.
    pub rows: Vec<Row>,
    pub epoch: u32,
    pub epochs: u32,
    /// Fraction of the running epoch that is done.
    pub within_epoch: f32,
    pub samples_per_second: f64,
    pub seconds_left: Option<f64>,
}

/// The prediction for one fixed validation sample beside its truth.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Completed epochs, with the fraction of the running one.
    pub epoch: f32,
    /// First input channel, (y, x), physical values.
    pub input: Array2<f32>,
    pub truth: Array2<f32>,
    pub prediction: Array2<f32>,
    pub input_name: String,
    pub input_unit: String,
    pub target_name: String,
    pub target_unit: String,
}

/// Says yes at most once in `every`.
pub(super) struct Pace {
    every: Duration,
    least: Duration,
    last: Option<Instant>,
}

impl Pace {
    pub fn new(every: Duration) -> Self {
        Self { every, least: every, last: None }
    }

    /// Until told otherwise, at most once in this time too.
    pub fn wait_at_least(&mut self, time: Duration) {
        self.every = time.max(self.least);
    }

    pub fn due(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= self.every);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }
}
