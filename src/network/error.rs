//! What can go wrong with a network, with the block or file it happened at.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A block could not be computed: the step's name and what libtorch or the check said.
    #[error("block `{block}`: {message}")]
    Block { block: String, message: String },
    #[error("two blocks would both own the weights `{name}`; rename one of the blocks")]
    DuplicateName { name: String },
    #[error("the network takes {expected} inputs, {given} were given")]
    InputCount { expected: usize, given: usize },
    #[error("input `{name}` wants tensors of shape [batch, {expected}], got {given:?}")]
    InputShape { name: String, expected: String, given: Vec<i64> },
    /// Weights that do not belong to this network: every name and shape that differs.
    #[error("these weights belong to another network: {0}")]
    OtherNetwork(String),
    #[error("{}: {message}", path.display())]
    File { path: PathBuf, message: String },
    #[error("{0}")]
    Device(String),
    #[error("libtorch: {0}")]
    Torch(#[from] tch::TchError),
}

impl NetworkError {
    /// Adds the block's name to an error of libtorch; only its first line is for people, the rest is a C++ stack.
    pub(super) fn at(block: &str, error: &tch::TchError) -> Self {
        Self::Block { block: block.to_owned(), message: first_line(error) }
    }
}

pub(super) fn first_line(error: &tch::TchError) -> String {
    let text = match error {
        tch::TchError::Torch(text) => text.clone(),
        other => other.to_string(),
    };
    text.lines().next().unwrap_or("unknown error").to_owned()
}
