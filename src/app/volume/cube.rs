//! One open cube of the Volume workspace: its file as it comes, its values, how it is looked at.

use super::look::Look;
use crate::data::{Header, percentiles_sampled};
use crate::io;
use crate::job::{Context, Handle, JobQueue, Lane};
use crate::volume::Grid;
use ndarray::Array3;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Names an open cube; the session keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CubeId(pub u64);

/// What was read of a cube.
pub struct Loaded {
    pub path: PathBuf,
    pub hdu: Option<usize>,
    pub header: Header,
    pub unit: String,
    /// (z, y, x)
    pub file_shape: [usize; 3],
    pub grid: Arc<Grid>,
    /// Physical.
    pub values: Arc<Array3<f32>>,
    /// At 0.5, 50, 99.9 per cent.
    pub percentiles: Option<Vec<f64>>,
}

/// A cube with its values.
pub struct Cube {
    pub id: CubeId,
    pub path: PathBuf,
    pub loaded: Arc<Loaded>,
    pub look: Look,
}

/// Where the values are.
pub enum State {
    /// Not asked for: the workspace was not in sight yet.
    Waiting(Option<Look>),
    Loading(Handle<Loaded>, Option<Look>),
    Failed(String, Option<Look>),
    Ready(Box<Cube>),
}

/// A file of the Volume workspace.
pub struct Open {
    pub id: CubeId,
    pub path: PathBuf,
    pub hdu: Option<usize>,
    pub title: String,
    pub state: State,
}

impl Open {
    pub fn new(id: CubeId, path: PathBuf, hdu: Option<usize>, look: Option<Look>) -> Self {
        let title = title(&path);
        Self { id, path, hdu, title, state: State::Waiting(look) }
    }

    pub fn cube(&self) -> Option<&Cube> {
        if let State::Ready(cube) = &self.state { Some(cube) } else { None }
    }

    pub fn cube_mut(&mut self) -> Option<&mut Cube> {
        if let State::Ready(cube) = &mut self.state { Some(cube) } else { None }
    }

    /// How it is or was looked at.
    pub fn look(&self) -> Option<&Look> {
        match &self.state {
            State::Waiting(look) | State::Loading(_, look) | State::Failed(_, look) => look.as_ref(),
            State::Ready(cube) => Some(&cube.look),
        }
    }

    /// Starts reading the file, anew where it was read before; the look stays.
    pub fn load(&mut self, queue: &JobQueue) {
        let look = self.look().cloned();
        let (path, hdu) = (self.path.clone(), self.hdu);
        let title = format!("Open {}", self.title);
        let handle = queue.spawn(Lane::Light, title, move |context| read(&path, hdu, context));
        self.state = State::Loading(handle, look);
    }

    /// Takes what was read.
    pub fn update(&mut self) {
        let State::Loading(handle, look) = &mut self.state else { return };
        let Some(answer) = handle.try_take() else { return };
        self.state = match answer {
            Ok(loaded) => {
                let look = look.take().unwrap_or_else(|| first_look(&loaded));
                let (id, path) = (self.id, self.path.clone());
                State::Ready(Box::new(Cube { id, path, loaded: Arc::new(loaded), look }))
            }
            Err(error) => State::Failed(error, look.take()),
        };
    }
}

fn first_look(loaded: &Loaded) -> Look {
    let mut look = Look::new(&loaded.grid.lattice);
    if let Some(&[_, low, high]) = loaded.percentiles.as_deref()
        && low < high
    {
        look.scene.transfer.range = (low, high);
    }
    look
}

fn read(path: &Path, hdu: Option<usize>, context: &Context) -> anyhow::Result<Loaded> {
    let cube = io::read_cube_watched(path, hdu, context)?;
    let grid = Grid::new(cube.values.view(), [1.0; 3])?;
    let (depth, height, width) = cube.values.dim();
    let percentiles = percentiles_sampled(cube.values.as_slice().unwrap_or_default(), &[0.5, 50.0, 99.9]);
    Ok(Loaded {
        path: path.to_owned(),
        hdu,
        header: cube.header,
        unit: cube.unit,
        file_shape: [depth, height, width],
        grid: Arc::new(grid),
        values: Arc::new(cube.values),
        percentiles,
    })
}

/// The file's name; a simulation's density is called by its folder.
fn title(path: &Path) -> String {
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    match path.parent() {
        Some(folder) if name(path) == "datacube.fits" => name(folder),
        _ => name(path),
    }
}
