//! The one error of file access: which file, where in it, what is wrong, what to do. Always a single line.

use std::fmt;
use std::path::{Path, PathBuf};

/// What went wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused; the cause is in the message, so it is no source that a chain of errors would print again.
    #[error("{}: cannot {doing}: {cause}", path.display())]
    System { path: PathBuf, doing: &'static str, cause: std::io::Error },
    /// The file contradicts its format or itself.
    #[error("{}{}: {what}; {advice}", path.display(), Place(place))]
    Damaged { path: PathBuf, place: String, what: String, advice: String },
    /// The file may be sound, but holds what Aquila does not read or write.
    #[error("{}{}: {what}; {advice}", path.display(), Place(place))]
    Unsupported { path: PathBuf, place: String, what: String, advice: String },
    /// The file is sound, but does not hold what was asked for.
    #[error("{}{}: {what}; {advice}", path.display(), Place(place))]
    Absent { path: PathBuf, place: String, what: String, advice: String },
    /// The job that reads or writes was stopped.
    #[error(transparent)]
    Cancelled(#[from] crate::job::Cancelled),
}

pub type Result<T> = std::result::Result<T, Error>;

/// `, HDU 2` or nothing.
struct Place<'a>(&'a str);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, ", {}", self.0) }
    }
}

/// Library messages may span lines; ours never do.
fn one_line(text: impl Into<String>) -> String {
    let text: String = text.into();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Error {
    /// `doing` completes "cannot …": "open the file", "write the file".
    pub fn system(path: &Path, doing: &'static str, cause: std::io::Error) -> Self {
        Self::System { path: path.to_owned(), doing, cause }
    }

    /// `place` is "HDU 2", "byte 80", "member x.npy", "dataset /a/b" or empty for the whole file.
    pub fn damaged(
        path: &Path,
        place: impl Into<String>,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (place, what, advice) = (one_line(place), one_line(what), one_line(advice));
        Self::Damaged { path: path.to_owned(), place, what, advice }
    }

    /// As `damaged`, for sound files with contents that are not read.
    pub fn unsupported(
        path: &Path,
        place: impl Into<String>,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (place, what, advice) = (one_line(place), one_line(what), one_line(advice));
        Self::Unsupported { path: path.to_owned(), place, what, advice }
    }

    /// As `damaged`, where the part asked for is not there.
    pub fn absent(
        path: &Path,
        place: impl Into<String>,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let (place, what, advice) = (one_line(place), one_line(what), one_line(advice));
        Self::Absent { path: path.to_owned(), place, what, advice }
    }
}
