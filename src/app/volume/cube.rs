//! One open cube of the Volume workspace: its file as it comes, its values, how it is looked at.

use super::look::Look;
use crate::data::{Header, percentiles_sampled};
use crate::io;
use crate::job::{Context, Handle, JobQueue, Lane, Slot};
use crate::volume::stage::{CubeId, Feeder, Stage};
use crate::volume::{Feed, Geometry, Grid, Lattice, Part};
use ndarray::Array3;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was read of a cube.
pub struct Loaded {
    pub path: PathBuf,
    pub hdu: Option<usize>,
    pub header: Header,
    pub unit: String,
    /// (z, y, x)
    pub file_shape: [usize; 3],
    /// Physical, (z, y, x), blanks as NaN.
    pub values: Arc<Array3<f32>>,
    pub lattice: Lattice,
    /// At 0.5, 50, 99.9 per cent.
    pub percentiles: Option<Vec<f64>>,
}

/// A cube with its values.
#[derive(Clone)]
pub struct Cube {
    pub id: CubeId,
    pub path: PathBuf,
    pub title: String,
    pub loaded: Arc<Loaded>,
    pub geometry: Arc<Geometry>,
    /// As loaded, with the proportions of the look.
    pub lattice: Lattice,
    pub look: Look,
    /// A part of the file that is to be read again, as finely as it goes.
    pub reload: Option<io::Region>,
    /// The ratio that `lattice` has.
    ratio: f64,
}

impl Cube {
    fn new(id: CubeId, title: String, loaded: Loaded, geometry: Arc<Geometry>, look: Look) -> Self {
        let lattice = loaded.lattice.clone();
        let path = loaded.path.clone();
        let mut cube = Self {
            id,
            path,
            title,
            loaded: Arc::new(loaded),
            geometry,
            lattice,
            look,
            reload: None,
            ratio: f64::NAN,
        };
        cube.ratio = cube.geometry.default_ratio();
        cube
    }

    /// Which part of the file is loaded.
    pub fn part(&self) -> Part {
        Part { first: [0; 3], factor: 1, shape: self.lattice.shape }
    }

    /// The voxel of the file at a place of the box from 0 to 1.
    pub fn voxel(&self, place: [f32; 3]) -> [f64; 3] {
        self.part().voxel(place)
    }

    /// Takes up another velocity ratio.
    pub fn settle_proportions(&mut self, stage: &Stage) {
        if self.look.velocity_ratio != self.ratio {
            self.ratio = self.look.velocity_ratio;
            let voxel = self.geometry.voxel(self.ratio);
            self.lattice.set_voxel(voxel);
            stage.set_voxel(self.id, voxel);
        }
    }

    /// A first look again, with the camera where it is.
    pub fn reset_appearance(&mut self) {
        let first = first_look(&self.loaded.lattice, self.loaded.percentiles.as_deref());
        let scene = &mut self.look.scene;
        *scene = crate::volume::Scene { view: scene.view, mode: scene.mode, ..first.scene };
    }
}

/// What is seen before all is read.
pub struct Early {
    pub lattice: Lattice,
    pub look: Look,
}

/// Where the values are.
pub enum State {
    /// Not asked for: the workspace was not in sight yet.
    Waiting,
    Loading(Handle<(Loaded, Geometry)>, Arc<Slot<Early>>),
    Failed(String),
    Ready(Box<Cube>),
}

/// A file of the Volume workspace.
pub struct Open {
    pub id: CubeId,
    pub path: PathBuf,
    pub hdu: Option<usize>,
    pub title: String,
    pub state: State,
    /// How it was looked at, until it is read.
    kept: Option<Look>,
}

impl Open {
    pub fn new(id: CubeId, path: PathBuf, hdu: Option<usize>, kept: Option<Look>) -> Self {
        let title = title(&path);
        Self { id, path, hdu, title, state: State::Waiting, kept }
    }

    pub fn cube(&self) -> Option<&Cube> {
        if let State::Ready(cube) = &self.state { Some(cube) } else { None }
    }

    pub fn cube_mut(&mut self) -> Option<&mut Cube> {
        if let State::Ready(cube) = &mut self.state { Some(cube) } else { None }
    }

    /// How it is or was looked at.
    pub fn look(&self) -> Option<&Look> {
        self.cube().map(|cube| &cube.look).or(self.kept.as_ref())
    }

    /// Starts reading the file, anew where it was read before; the look stays.
    pub fn load(&mut self, queue: &JobQueue, stage: &Stage) {
        self.kept = self.look().cloned();
        let (path, hdu, kept) = (self.path.clone(), self.hdu, self.kept.clone());
        let (feeder, early) = (stage.feeder(self.id), Arc::new(Slot::new()));
        let slot = Arc::clone(&early);
        let title = format!("Open {}", self.title);
        let handle = queue.spawn(Lane::Light, title, move |context| {
            read(&path, hdu, kept.as_ref(), &feeder, &slot, context)
        });
        self.state = State::Loading(handle, early);
    }

    /// Takes what was read.
    pub fn update(&mut self, stage: &Stage) {
        match &mut self.state {
            State::Loading(handle, _) => {
                let Some(answer) = handle.try_take() else { return };
                self.state = match answer {
                    Ok((loaded, geometry)) => {
                        let first = || first_look(&loaded.lattice, loaded.percentiles.as_deref());
                        let look = self.kept.take().unwrap_or_else(first);
                        stage.keep(self.id, Arc::clone(&loaded.values));
                        let (title, geometry) = (self.title.clone(), Arc::new(geometry));
                        State::Ready(Box::new(Cube::new(self.id, title, loaded, geometry, look)))
                    }
                    Err(error) => State::Failed(error),
                };
            }
            State::Ready(cube) => cube.settle_proportions(stage),
            State::Waiting | State::Failed(_) => {}
        }
    }
}

/// What lies above the typical value, up to where the brightest thousandth begins.
fn first_look(lattice: &Lattice, percentiles: Option<&[f64]>) -> Look {
    let mut look = Look::new(lattice);
    if let Some(&[_, low, high]) = percentiles
        && low < high
    {
        look.scene.transfer.range = (low, high);
    }
    look
}

fn read(
    path: &Path,
    hdu: Option<usize>,
    kept: Option<&Look>,
    feeder: &Feeder,
    early: &Slot<Early>,
    context: &Context,
) -> anyhow::Result<(Loaded, Geometry)> {
    let cube = io::read_cube_watched(path, hdu, context)?;
    let (depth, height, width) = cube.values.dim();
    let geometry = Geometry::new(&cube.header, [depth, height, width]);
    let mut grid = Grid::new(cube.values.view(), geometry.voxel(geometry.default_ratio()))?;
    grid.lattice.signs = geometry.signs();
    let lattice = grid.lattice.clone();
    let percentiles = percentiles_sampled(cube.values.as_slice().unwrap_or_default(), &[0.5, 50.0, 99.9]);
    let look = kept.cloned().unwrap_or_else(|| first_look(&lattice, percentiles.as_deref()));
    early.publish(Early { lattice: lattice.clone(), look });
    feeder.send(Feed::Coarse(grid))?;
    let loaded = Loaded {
        path: path.to_owned(),
        hdu,
        header: cube.header,
        unit: cube.unit,
        file_shape: [depth, height, width],
        values: Arc::new(cube.values),
        lattice,
        percentiles,
    };
    Ok((loaded, geometry))
}

/// The file's name; a simulation's density is called by its folder.
fn title(path: &Path) -> String {
    let name = |path: &Path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    match path.parent() {
        Some(folder) if name(path) == "datacube.fits" => name(folder),
        _ => name(path),
    }
}
