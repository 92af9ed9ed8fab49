//! Opening by content: a dropped or chosen path becomes a project, a run, a simulation, a blueprint, a cube for the Volume workspace,
//! or a map for the Clouds workspace.

use super::workspace::Workspace;
use crate::io::{self, Part, PartKind};
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

/// The workspace that a file of data belongs to: cubes to Volume, those of several planes too, all else to Clouds, which also says what
/// is wrong with a file that cannot be opened. Reads headers, so not for the window's own thread.
pub fn place(path: &Path) -> Workspace {
    let is_cube = |part: &Part| match part.kind {
        PartKind::Cube => Some(true),
        PartKind::Array if part.shape.iter().filter(|&&length| length > 1).count() > 3 => Some(true),
        PartKind::Image | PartKind::Table => Some(false),
        _ => None,
    };
    match io::open(path).map(|file| file.parts.iter().find_map(is_cube)) {
        Ok(Some(true)) => Workspace::Volume,
        _ => Workspace::Clouds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;
    use ndarray::ArrayD;

    #[test]
    fn cubes_go_to_volume_with_or_without_a_fourth_axis_and_maps_to_clouds() {
        let folder = tempfile::tempdir().expect("a folder");
        let place_of = |shape: &[usize]| {
            let path = folder.path().join("values.npy");
            io::npy::write(&path, &Values::F32(ArrayD::zeros(shape))).expect("written");
            place(&path)
        };
        assert_eq!(place_of(&[2, 3, 4]), Workspace::Volume);
        assert_eq!(place_of(&[2, 3, 4, 5]), Workspace::Volume);
        assert_eq!(place_of(&[1, 3, 4, 5]), Workspace::Volume);
        assert_eq!(place_of(&[1, 1, 4, 5]), Workspace::Clouds);
        assert_eq!(place_of(&[4, 5]), Workspace::Clouds);
        assert_eq!(place_of(&[1, 1, 1, 5]), Workspace::Clouds);
    }

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
