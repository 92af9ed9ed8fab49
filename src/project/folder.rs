//! The project folder: `aquila.toml`, the folders for clouds, blueprints, maps and runs, and what lies in them.

use super::{Error, Result};
use crate::io::atomic;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

const VERSION: u32 = 1;
/// Folders deeper than this are not listed.
const DEPTH: usize = 4;
/// More entries than this in one folder are not listed: a folder of ten thousand frames must not stall the panel.
const PER_FOLDER: usize = 500;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Settings {
    version: u32,
    name: String,
}

/// An open project: its folder and its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    pub folder: PathBuf,
    pub name: String,
}

/// What an entry of the tree is.
#[derive(Clone, Debug, PartialEq)]
pub enum EntryKind {
    Folder(Vec<Entry>),
    /// A simulation folder: opens as its density cube.
    Simulation,
    /// A run folder.
    Run,
    Blueprint,
    /// A map, a cube or a table.
    Data,
    Other,
}

/// A file or folder of the project.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub path: PathBuf,
    pub name: String,
    pub kind: EntryKind,
}

impl Project {
    /// Whether the folder is a project.
    pub fn is_project(folder: &Path) -> bool {
        folder.join("aquila.toml").is_file()
    }

    /// Opens the project in `folder`.
    pub fn open(folder: &Path) -> Result<Self> {
        let path = folder.join("aquila.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::NoProject { folder: folder.to_owned() });
            }
            Err(error) => return Err(Error::system(&path, "read the file", error)),
        };
        let settings: Settings = toml::from_str(&text).map_err(|error| Error::Damaged {
            path: path.clone(),
            what: error.message().to_owned(),
            advice: "it needs `version = 1` and `name = \"…\"`",
        })?;
        if settings.version > VERSION {
            return Err(Error::Newer { path, found: settings.version, known: VERSION });
        }
        Ok(Self { folder: folder.to_owned(), name: settings.name })
    }

    /// Makes `folder` a project, with its inner folders. A project that is there already is opened.
    pub fn create(folder: &Path, name: &str) -> Result<Self> {
        if Self::is_project(folder) {
            return Self::open(folder);
        }
        for inner in ["clouds", "blueprints", "maps", "runs"] {
            let path = folder.join(inner);
            std::fs::create_dir_all(&path)
                .map_err(|error| Error::system(&path, "create the folder", error))?;
        }
        let path = folder.join("aquila.toml");
        let settings = Settings { version: VERSION, name: name.to_owned() };
        let text = toml::to_string_pretty(&settings).map_err(|error| Error::Damaged {
            path: path.clone(),
            what: error.to_string(),
            advice: "choose another name",
        })?;
        atomic::write_bytes(&path, text.as_bytes())?;
        Ok(Self { folder: folder.to_owned(), name: name.to_owned() })
    }

    pub fn clouds(&self) -> PathBuf {
        self.folder.join("clouds")
    }

    pub fn blueprints(&self) -> PathBuf {
        self.folder.join("blueprints")
    }

    pub fn maps(&self) -> PathBuf {
        self.folder.join("maps")
    }

    pub fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// Where unsaved changes of the blueprint are kept.
    pub fn autosave(&self) -> PathBuf {
        self.folder.join(".autosave.blueprint.json")
    }

    /// What lies in the project, sorted by name; folders first. Hidden files and what cannot be read are left out.
    pub fn tree(&self) -> Vec<Entry> {
        list(&self.folder, DEPTH)
    }
}

fn list(folder: &Path, depth: usize) -> Vec<Entry> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut listed: Vec<Entry> = entries
        .filter_map(|entry| entry.ok())
        .take(PER_FOLDER)
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let own = name == "aquila.toml" || name == "session.json";
            (!name.starts_with('.') && !own).then(|| Entry {
                kind: kind(&entry.path(), &name, depth),
                path: entry.path(),
                name,
            })
        })
        .collect();
    listed.sort_by_key(|entry| (!matches!(entry.kind, EntryKind::Folder(_)), entry.name.to_lowercase()));
    listed
}

fn kind(path: &Path, name: &str, depth: usize) -> EntryKind {
    if path.is_dir() {
        return if path.join("run.json").is_file() {
            EntryKind::Run
        } else if path.join("datacube.fits").is_file() {
            EntryKind::Simulation
        } else if depth > 1 {
            EntryKind::Folder(list(path, depth - 1))
        } else {
            EntryKind::Other
        };
    }
    let name = name.to_lowercase();
    let data =
        [".fits", ".fit", ".fts", ".fits.gz", ".fits.fz", ".npy", ".npz", ".h5", ".hdf5", ".csv", ".ecsv"];
    if name.ends_with(".blueprint.json") {
        EntryKind::Blueprint
    } else if data.iter().any(|end| name.ends_with(end)) {
        EntryKind::Data
    } else {
        EntryKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_made_once_and_opened_again() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(matches!(Project::open(folder.path()), Err(Error::NoProject { .. })));
        let made = Project::create(folder.path(), "Perseus \"west\"").expect("made");
        assert_eq!(Project::create(folder.path(), "another").expect("opened"), made);
        std::fs::create_dir_all(made.runs().join("first")).expect("a folder");
        std::fs::write(made.runs().join("first/run.json"), "{}").expect("written");
        std::fs::write(made.maps().join("m.fits.gz"), "").expect("written");
        let tree = made.tree();
        let names: Vec<&str> = tree.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["blueprints", "clouds", "maps", "runs"]);
        let EntryKind::Folder(runs) = &tree[3].kind else { panic!("runs is a folder") };
        assert_eq!(runs[0].kind, EntryKind::Run);
    }
}
