//! Opening by content: a dropped or chosen path becomes a project, a run, a simulation, a blueprint, a cube for the Volume workspace,
//! or a map for the Clouds workspace.

use super::workspace::Workspace;
use crate::io::{self, PartKind};
use crate::project::Project;
use std::path::{Path, PathBuf};

/// What a path is, as far as its name and its folder tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Project,
    Run,
    /// A simulation folder; opens as its density cube.
    Simulation(PathBuf),
    Blueprint,
    Data,
    /// A folder that is nothing of the above.
    Folder,
    Missing,
}

fn lower_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default()
}

pub fn is_blueprint(path: &Path) -> bool {
    let name = lower_name(path);
    name.ends_with(".blueprint.json") || name == "blueprint.json"
}

pub fn kind(path: &Path) -> Kind {
    let name = lower_name(path);
    if path.is_dir() {
        let density = path.join("datacube.fits");
        return if Project::is_project(path) {
            Kind::Project
        } else if path.join("run.json").is_file() {
            Kind::Run
        } else if density.is_file() {
            Kind::Simulation(density)
        } else {
            Kind::Folder
        };
    }
    if !path.exists() {
        Kind::Missing
    } else if name == "aquila.toml" {
        Kind::Project
    } else if is_blueprint(path) {
        Kind::Blueprint
    } else {
        Kind::Data
    }
}

/// The workspace that a file of data belongs to: cubes to Volume, all else to Clouds, which also says what is wrong with a file that
/// cannot be opened. Reads headers, so not for the window's own thread.
pub fn place(path: &Path) -> Workspace {
    let first = |file: io::Opened| {
        let kinds = file.parts.iter().map(|part| part.kind);
        kinds.into_iter().find(|kind| matches!(kind, PartKind::Image | PartKind::Cube | PartKind::Table))
    };
    match io::open(path).map(first) {
        Ok(Some(PartKind::Cube)) => Workspace::Volume,
        _ => Workspace::Clouds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_known_by_what_they_hold() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(kind(folder.path()), Kind::Folder);
        std::fs::write(folder.path().join("datacube.fits"), "").expect("written");
        assert!(matches!(kind(folder.path()), Kind::Simulation(_)));
        std::fs::write(folder.path().join("net.blueprint.json"), "").expect("written");
        assert_eq!(kind(&folder.path().join("net.blueprint.json")), Kind::Blueprint);
        assert_eq!(kind(&folder.path().join("absent.fits")), Kind::Missing);
    }
}
