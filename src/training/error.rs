//! What can go wrong in a training, with the place and what to do.

use crate::{blueprint, cloud, io, job, network, recipe};
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    #[error("{}: there is a run already; add --resume to go on with it, or choose another folder", .0.display())]
    RunExists(PathBuf),
    #[error("{}: this is no run folder ({what}); give the folder that `aquila train --out` wrote", path.display())]
    NotARun { path: PathBuf, what: String },
    #[error("{}: this run was made from another {what}; train into a new folder, or put back what it was made from", path.display())]
    OtherRun { path: PathBuf, what: String },
    #[error("{}: {what}; {advice}", path.display())]
    Damaged { path: PathBuf, what: String, advice: &'static str },
    #[error("{name}: {what}")]
    Name { name: String, what: String },
    #[error("training data: {what}; {advice}")]
    Data { what: String, advice: String },
    #[error("{0}")]
    Blueprint(String),
    #[error(
        "the loss became {value} in epoch {epoch} at step {step}; the run stays at its last good checkpoint ({kept}). Lower training.learning_rate, lengthen training.warmup_epochs, or look for extreme values in the data"
    )]
    LossNotFinite { value: f64, epoch: u32, step: u64, kept: String },
    #[error("{what}; {advice}")]
    Apply { what: String, advice: String },
    #[error(transparent)]
    Recipe(#[from] recipe::RecipeError),
    #[error(transparent)]
    Network(#[from] network::NetworkError),
    #[error(transparent)]
    Cloud(#[from] cloud::Error),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Cancelled(#[from] job::Cancelled),
}

pub type Result<T> = std::result::Result<T, TrainingError>;

impl TrainingError {
    pub(super) fn data(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Data { what: what.into(), advice: advice.into() }
    }

    pub(super) fn apply(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Apply { what: what.into(), advice: advice.into() }
    }
}

impl From<tch::TchError> for TrainingError {
    fn from(error: tch::TchError) -> Self {
        Self::Network(error.into())
    }
}

impl From<blueprint::Fault> for TrainingError {
    fn from(fault: blueprint::Fault) -> Self {
        let place = match &fault.port {
            Some(port) => format!("block `{}`, port `{port}`", fault.block),
            None => format!("block `{}`", fault.block),
        };
        let fix = fault.fix.map(|fix| format!("; {fix}")).unwrap_or_default();
        Self::Blueprint(format!("{place}: {}{fix}", fault.message))
    }
}
