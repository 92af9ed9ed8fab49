//! What can go wrong with a cloud: the place, the fault, what to do.

use crate::{io, job};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting outside its range.
    #[error("{setting} = {value}: {advice}")]
    Setting { setting: &'static str, value: String, advice: String },
    /// A simulation folder that lacks a file or contradicts itself.
    #[error("{folder}: {what}; {advice}")]
    Simulation { folder: String, what: String, advice: String },
    /// An array of a wrong shape, or without any finite value.
    #[error("{what}; {advice}")]
    Input { what: String, advice: String },
    /// No sample set can be made as asked.
    #[error("patches: {what}; {advice}")]
    Patches { what: String, advice: String },
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Cancelled(#[from] job::Cancelled),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn setting(
        setting: &'static str,
        value: impl std::fmt::Display,
        advice: impl Into<String>,
    ) -> Self {
        Self::Setting { setting, value: value.to_string(), advice: advice.into() }
    }

    pub(crate) fn input(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Input { what: what.into(), advice: advice.into() }
    }

    pub(crate) fn patches(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::Patches { what: what.into(), advice: advice.into() }
    }
}
