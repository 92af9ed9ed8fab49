//! The session: what was open in a project and how it looked, so that it reopens as it was left.

use super::{Error, Result};
use crate::io::atomic;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const FORMAT: &str = "aquila-session";
const VERSION: u32 = 1;

/// Which panels are in sight and how large they are, in points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PanelLayout {
    pub files: bool,
    pub inspector: bool,
    pub drawer: bool,
    pub drawer_in_volume: bool,
    pub tab: String,
    pub files_width: f32,
    pub inspector_width: f32,
    pub drawer_height: f32,
}

impl Default for PanelLayout {
    fn default() -> Self {
        Self {
            files: true,
            inspector: true,
            drawer: true,
            drawer_in_volume: false,
            tab: "run".to_owned(),
            files_width: 212.0,
            inspector_width: 316.0,
            drawer_height: 216.0,
        }
    }
}

/// A file that was open, and how it was looked at; `look` is the view's own record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenFile {
    pub path: PathBuf,
    #[serde(default)]
    pub hdu: Option<usize>,
    #[serde(default)]
    pub look: serde_json::Value,
}

/// Everything that reopens with a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    pub(super) format: String,
    pub(super) version: u32,
    pub workspace: String,
    pub panels: PanelLayout,
    pub open_files: Vec<OpenFile>,
    /// Which of the open files is in front.
    pub front: Option<usize>,
    /// The blueprint's file; its unsaved changes lie in the autosave.
    pub blueprint: Option<PathBuf>,
    /// The views of the workspaces, by name: canvas, docks, selections.
    pub views: IndexMap<String, serde_json::Value>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            workspace: "blueprint".to_owned(),
            panels: PanelLayout::default(),
            open_files: Vec::new(),
            front: None,
            blueprint: None,
            views: IndexMap::new(),
        }
    }
}

impl Session {
    pub fn path(project: &Path) -> PathBuf {
        project.join("session.json")
    }

    /// Reads the session of a project folder; `None` where there is none yet.
    pub fn read(project: &Path) -> Result<Option<Self>> {
        let path = Self::path(project);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::system(&path, "read the file", error)),
        };
        let session: Self = serde_json::from_str(&text).map_err(|error| Error::Damaged {
            path: path.clone(),
            what: format!("not a session: {error}"),
            advice: "delete the file to start afresh; the project's data is not in it",
        })?;
        if session.format != FORMAT {
            return Err(Error::Damaged {
                path,
                what: format!("the format is {:?}, not {FORMAT:?}", session.format),
                advice: "move the file away",
            });
        }
        if session.version > VERSION {
            return Err(Error::Newer { path, found: session.version, known: VERSION });
        }
        Ok(Some(session))
    }

    pub fn write(&self, project: &Path) -> Result<()> {
        let path = Self::path(project);
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::Damaged {
            path: path.clone(),
            what: error.to_string(),
            advice: "report it",
        })?;
        Ok(atomic::write_bytes(&path, &text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_reopens_as_it_was_left() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(Session::read(folder.path()).expect("absent is fine"), None);
        let mut session = Session { workspace: "clouds".to_owned(), ..Session::default() };
        session.panels.files_width = 301.5;
        session.open_files.push(OpenFile {
            path: "clouds/a.fits".into(),
            hdu: Some(1),
            look: serde_json::json!({"colours": "magma"}),
        });
        session.write(folder.path()).expect("written");
        assert_eq!(Session::read(folder.path()).expect("read"), Some(session));
    }

    #[test]
    fn a_damaged_session_is_reported_with_its_path() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(Session::path(folder.path()), "{").expect("written");
        let message = Session::read(folder.path()).expect_err("refused").to_string();
        assert!(message.contains("session.json") && message.contains("delete"), "{message}");
    }
}
