//! What can go wrong with a project folder.

use std::path::{Path, PathBuf};

/// What went wrong, with the file and what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{}: no project here; open a folder that holds aquila.toml, or make one", folder.display())]
    NoProject { folder: PathBuf },
    #[error("{}: {what}; {advice}", path.display())]
    Damaged { path: PathBuf, what: String, advice: &'static str },
    #[error(
        "{}: written by a newer Aquila (version {found}, this one knows {known}); it is left as it is, use the newer Aquila",
        path.display()
    )]
    Newer { path: PathBuf, found: u32, known: u32 },
    #[error("no folder for Aquila's own files; set AQUILA_HOME to a writable folder")]
    NoHome,
    #[error("the demo clouds could not be made: {0}")]
    Cloud(#[from] crate::cloud::Error),
    #[error(transparent)]
    Cancelled(#[from] crate::job::Cancelled),
    #[error(transparent)]
    Blueprint(#[from] crate::blueprint::FileError),
    #[error(transparent)]
    Recipe(#[from] crate::recipe::RecipeError),
    #[error(transparent)]
    File(#[from] crate::io::Error),
}

pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(super) fn system(path: &Path, doing: &'static str, source: std::io::Error) -> Self {
        crate::io::Error::system(path, doing, source).into()
    }
}
