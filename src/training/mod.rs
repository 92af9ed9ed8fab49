//! Trainings and what they leave behind: optimisers, schedules, losses, augmentation, metrics, checkpoints, run folders,
//! and a trained network at work (evaluated on samples, applied to maps). Owns tensors while it runs; hands out plain values.

mod apply;
mod batch;
mod checkpoint;
mod data;
mod error;
mod evaluate;
mod exchange;
mod folder;
mod history;
mod live;
pub mod loss;
mod metrics;
mod model;
pub mod optimiser;
mod random;
mod reach;
mod run;
pub mod schedule;
mod session;
mod show;
mod source;
mod steps;
mod symmetry;
mod threads;

pub use apply::{Applied, ApplySettings, MapQuantity, apply};
pub use batch::Feeds;
pub use checkpoint::Origin;
pub use data::{Described, Samples, Standard};
pub use error::{Result, TrainingError};
pub use evaluate::{Evaluation, GroupMetrics, curves_svg, evaluate, samples_of};
pub use exchange::{ExportSettings, export, import, newest_run};
pub use folder::{Best, Parent, Row, RunFolder, RunInfo, RunState, utc};
pub use history::{WeightHistory, WeightRecord, snapshot_epochs};
pub use live::{Curves, Live, LiveWeights, Preview, Setup};
pub use metrics::{Metrics, PowerLaw, Residuals, TOLERANCE_DEX};
pub use model::{CheckpointChoice, Model};
pub use run::{Resume, Summary, run};
pub use source::{patches, samples};
pub use steps::{StepCurve, StepRange};
pub use symmetry::Symmetry;
