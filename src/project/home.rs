//! Aquila's own folder in the user's data directory, and the list of recent files in it.

use super::{Error, Result};
use crate::io::atomic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// How many recent files are kept.
const RECENT: usize = 12;
const VERSION: u32 = 1;

/// Aquila's own folder: `AQUILA_HOME`, else the data directory of the user.
pub fn home() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("AQUILA_HOME").filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    directories::ProjectDirs::from("", "", "aquila")
        .map(|folders| folders.data_dir().to_owned())
        .ok_or(Error::NoHome)
}

/// What was opened lately, newest first; and the settings that belong to the user, not to a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recent {
    version: u32,
    pub files: Vec<PathBuf>,
    pub projects: Vec<PathBuf>,
    /// `system`, `dark` or `light`.
    pub theme: String,
    /// Everything, 1 = the size of the system.
    pub zoom: f32,
    /// Text alone, 1 to 1.5.
    pub text_scale: f32,
    pub reduce_motion: bool,
    /// The keys that the user changed: an action's name → its keys.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            version: VERSION,
            files: Vec::new(),
            projects: Vec::new(),
            theme: "system".to_owned(),
            zoom: 1.0,
            text_scale: 1.0,
            reduce_motion: false,
            keys: BTreeMap::new(),
        }
    }
}

impl Recent {
    fn path(home: &Path) -> PathBuf {
        home.join("recent.json")
    }

    /// Reads the list; an absent file is an empty list.
    pub fn read(home: &Path) -> Result<Self> {
        let path = Self::path(home);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Error::system(&path, "read the file", error)),
        };
        let recent: Self = serde_json::from_str(&text).map_err(|error| Error::Damaged {
            path: path.clone(),
            what: format!("not a list of recent files: {error}"),
            advice: "delete the file to start afresh",
        })?;
        if recent.version > VERSION {
            return Err(Error::Newer { path, found: recent.version, known: VERSION });
        }
        Ok(recent)
    }

    pub fn write(&self, home: &Path) -> Result<()> {
        let path = Self::path(home);
        let text = serde_json::to_vec_pretty(self).map_err(|error| Error::Damaged {
            path: path.clone(),
            what: error.to_string(),
            advice: "report it",
        })?;
        Ok(atomic::write_bytes(&path, &text)?)
    }

    pub fn add_file(&mut self, path: &Path) {
        push_front(&mut self.files, path);
    }

    pub fn add_project(&mut self, path: &Path) {
        push_front(&mut self.projects, path);
    }
}

fn push_front(list: &mut Vec<PathBuf>, path: &Path) {
    list.retain(|old| old != path);
    list.insert(0, path.to_owned());
    list.truncate(RECENT);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_files_survive_and_the_newest_is_first() {
        let home = tempfile::tempdir().expect("a folder");
        let mut recent = Recent::read(home.path()).expect("empty");
        for name in ["a.fits", "b.fits", "a.fits"] {
            recent.add_file(Path::new(name));
        }
        recent.write(home.path()).expect("written");
        let again = Recent::read(home.path()).expect("read");
        assert_eq!(again, recent);
        assert_eq!(again.files, [PathBuf::from("a.fits"), PathBuf::from("b.fits")]);
    }

    #[test]
    fn a_newer_list_is_reported_not_guessed() {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(Recent::path(home.path()), r#"{"version": 99}"#).expect("written");
        assert!(matches!(Recent::read(home.path()), Err(Error::Newer { found: 99, .. })));
    }
}
