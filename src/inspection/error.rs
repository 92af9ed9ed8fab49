//! What can go wrong when a network is looked into.

use crate::{blueprint, io, job, network, training};

#[derive(Debug, thiserror::Error)]
pub enum InspectionError {
    /// A request that makes no sense for this network: what, and what would.
    #[error("{what}; {advice}")]
    Request { what: String, advice: String },
    #[error("the blueprint cannot be computed: {0}")]
    Blueprint(Box<blueprint::Fault>),
    #[error(transparent)]
    Network(#[from] network::NetworkError),
    #[error(transparent)]
    Training(#[from] training::TrainingError),
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Cancelled(#[from] job::Cancelled),
}

pub type Result<T> = std::result::Result<T, InspectionError>;

impl InspectionError {
    pub(super) fn request(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Request { what: what.into(), advice: advice.into() }
    }
}

impl From<tch::TchError> for InspectionError {
    fn from(error: tch::TchError) -> Self {
        Self::Network(error.into())
    }
}
