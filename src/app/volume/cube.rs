//! One open cube of the Volume workspace: its file as it comes, its values, how it is looked at.

use super::compare;
use super::history::History;
use super::look::{Automatic, Look, SpectralChoice};
use super::looking;
use crate::app::files;
use crate::io::{self, CubeFile, Region};
use crate::job::{Context, Handle, JobQueue, Lane, Progress, Slot};
use crate::units::lines::RestLine;
use crate::volume::load::load;
use crate::volume::stage::{CubeId, Feeder, Stage};
use crate::volume::{
    Feed, FirstColours, Geometry, Lattice, Loaded, Mode, Part, Plane, Reduce, Scene, View, Wish, first_look,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Voxels along a side where no adapter is found and the processor draws coarsely.
const LONGEST_WITHOUT_ADAPTER: usize = 256;

/// A cube with its values.
#[derive(Clone)]
pub struct Cube {
    pub id: CubeId,
    pub path: PathBuf,
    /// The object and the line, where the header names them; else the file.
    pub title: String,
    pub loaded: Arc<Loaded>,
    /// Of the whole file.
    pub geometry: Arc<Geometry>,
    /// As loaded, with the proportions of the look.
    pub lattice: Lattice,
    pub look: Look,
    /// Steps of the look that can be taken back, and when the window last looked.
    history: History,
    now_s: f64,
    /// What looking closely has worked out.
    pub desk: looking::Desk,
    /// A part of the file that is to be read again, as finely as it goes.
    pub reload: Option<Region>,
    /// The ratio that `lattice` has.
    ratio: f64,
    /// How `geometry` reads the spectral axis.
    spectral: SpectralChoice,
    /// Another part, or another way to reduce it, that is to be read.
    pub wish: Option<Detail>,
    /// How far the reading of another part is.
    pub progress: Option<Progress>,
    /// Why the last reload failed.
    pub fault: Option<String>,
}

/// Which part of a file is loaded, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detail {
    /// All of it where not given.
    pub region: Option<Region>,
    pub reduce: Reduce,
    /// Of the planes that the axes beyond three go over.
    pub plane: usize,
}

/// What a job reads.
#[derive(Clone)]
pub struct Read {
    loaded: Loaded,
    geometry: Arc<Geometry>,
}

impl Cube {
    fn new(id: CubeId, title: String, read: Read, look: Look) -> Self {
        let Read { loaded, geometry } = read;
        Self {
            id,
            path: loaded.path.clone(),
            title,
            lattice: loaded.lattice.clone(),
            ratio: look.velocity_ratio,
            spectral: look.spectral,
            loaded: Arc::new(loaded),
            geometry,
            look,
            history: History::default(),
            now_s: 0.0,
            desk: looking::Desk::default(),
            reload: None,
            wish: None,
            progress: None,
            fault: None,
        }
    }

    /// Which part of the file is loaded.
    pub fn part(&self) -> Part {
        let [z, y, x] = self.loaded.region.start;
        Part { first: [x, y, z], factor: self.loaded.factor, shape: self.lattice.shape }
    }

    pub fn detail(&self) -> Detail {
        let region = self.loaded.is_cropped().then_some(self.loaded.region);
        Detail { region, reduce: self.loaded.reduce, plane: self.loaded.file.plane() }
    }

    /// Only a first look is there yet.
    pub fn is_first_look(&self) -> bool {
        self.loaded.finer_to_come.is_some()
    }

    /// The scene as it is drawn: a first look with the opacity of the cube to come, whose voxels are finer.
    pub fn drawn(&self) -> Scene {
        let mut scene = self.look.drawn();
        if scene.mode != Mode::Emission {
            scene.density *= self.loaded.finer_to_come.unwrap_or(1.0);
        }
        scene
    }

    /// The voxel of the file at a place of the box from 0 to 1.
    pub fn voxel(&self, place: [f32; 3]) -> [f64; 3] {
        self.part().voxel(place)
    }

    /// Range, stretch, colours and opacity of a first look.
    pub fn reset_transfer(&mut self) {
        let first = Look::new(first_look(&self.loaded));
        (self.look.scene.transfer, self.look.scene.density) = (first.scene.transfer, first.scene.density);
        self.look.automatic = first.automatic;
    }

    /// The colours of the first look become those of the whole cube, where the user has chosen none.
    fn settle_colours(&mut self) {
        if let Some(automatic) = self.look.automatic.clone().filter(|known| known.second.is_none()) {
            let colours = FirstColours::of(&automatic.mode, &self.loaded, None);
            self.look.take_colours(Automatic { colours, ..automatic });
        }
    }

    /// How values are shown as in a first look; camera, mode, what is drawn besides and the clip box stay.
    pub fn reset_appearance(&mut self) {
        self.reset_transfer();
        let first = Look::new(Scene::of(&self.lattice)).scene;
        let scene = &mut self.look.scene;
        (scene.samples_per_voxel, scene.blank, scene.background) =
            (first.samples_per_voxel, first.blank, first.background);
        self.look.velocity_ratio = Geometry::USUAL_RATIO;
    }

    /// Sees whether the look was changed, once nothing is dragged or tried on any more.
    pub fn watch(&mut self, context: &egui::Context) {
        self.now_s = context.input(|input| input.time);
        if !context.input(|input| input.pointer.any_down()) && !egui::Popup::is_any_open(context) {
            self.history.watch(&self.look, self.now_s);
        }
    }

    /// Takes the last change of the look back, or does it again; answers whether there was one.
    pub fn step(&mut self, back: bool) -> bool {
        let (history, look) = (&mut self.history, &mut self.look);
        if back { history.undo(look, self.now_s) } else { history.redo(look, self.now_s) }
    }

    /// Takes up another velocity ratio.
    fn settle_proportions(&mut self, stage: &Stage) {
        if self.look.velocity_ratio != self.ratio {
            self.ratio = self.look.velocity_ratio;
            let voxel = self.voxel_sides();
            self.lattice.set_voxel(voxel);
            stage.set_voxel(self.id, voxel);
        }
    }

    /// Takes up another line, or another unit along the spectral axis. Answers whether there was one.
    fn settle_spectral_axis(&mut self) -> bool {
        let is_new = self.look.spectral != self.spectral;
        if is_new {
            self.spectral = self.look.spectral;
            let mut geometry = self.spectral.geometry(&self.loaded.header, self.loaded.file_shape);
            self.geometry.beam().into_iter().for_each(|beam| geometry.set_beam(beam));
            self.geometry = Arc::new(geometry);
        }
        is_new
    }

    /// Sides of a loaded voxel. The last blocks of a reduced cube may hold fewer voxels of the file; the box keeps its proportions.
    fn voxel_sides(&self) -> [f64; 3] {
        let (voxel, size) = (self.geometry.voxel(self.ratio), self.loaded.region.size);
        std::array::from_fn(|axis| {
            voxel[axis] * size[2 - axis] as f64 / self.lattice.shape[axis].max(1) as f64
        })
    }

    /// Puts another part of the file in the place of the one before; what was placed in the cube stays at its coordinates.
    fn replace(&mut self, loaded: Loaded, stage: &Stage) {
        let before = self.part();
        let is_same_part = loaded.region == self.loaded.region;
        let (was_first_look, plane) = (self.is_first_look(), self.loaded.file.plane());
        stage.keep(self.id, Arc::clone(&loaded.values));
        self.lattice = loaded.lattice.clone();
        self.loaded = Arc::new(loaded);
        let Detail { region, reduce, .. } = self.detail();
        (self.look.region, self.look.reduce, self.look.plane) = (region, reduce, self.loaded.file.plane());
        // Other proportions may have been chosen while it was read.
        let voxel = self.voxel_sides();
        self.lattice.set_voxel(voxel);
        stage.set_voxel(self.id, voxel);
        if was_first_look {
            self.settle_colours();
        } else if plane != self.loaded.file.plane() {
            // Stokes Q in the colours of I would be an empty box.
            self.reset_appearance();
        }
        if is_same_part {
            return;
        }
        let now = self.part();
        let moved = |place: [f32; 3]| now.place(before.voxel(place)).map(|along| along.clamp(0.0, 1.0));
        for slice in &mut self.look.scene.slices {
            match &mut slice.plane {
                Plane::Across { axis, place } => {
                    let mut at = [0.5; 3];
                    at[*axis] = *place;
                    *place = moved(at)[*axis];
                }
                Plane::Free { point, .. } => *point = moved(*point),
            }
        }
        self.look.scene.clip = [[0.0, 1.0]; 3];
        let view = &mut self.look.scene.view;
        *view = View { target: [0.0; 3], distance: View::default().distance, ..*view };
        self.look.is_fitted = false;
    }
}

/// Where the values are.
pub enum State {
    /// Not asked for: the workspace was not in sight yet.
    Waiting,
    /// With a first look at it as soon as that is there.
    Loading(Handle<Read>, Slot<Read>),
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
    /// Another part that is being read, while the cube as it is stays in sight.
    reading: Option<Handle<Read>>,
    /// It was just made of two others, to be seen so.
    pub made_seen: Option<compare::Seen>,
}

impl Open {
    pub fn new(id: CubeId, path: PathBuf, hdu: Option<usize>, kept: Option<Look>) -> Self {
        let title = files::title(&path);
        Self { id, path, hdu, title, state: State::Waiting, kept, reading: None, made_seen: None }
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
        let (feeder, early) = (stage.feeder(self.id), Slot::new());
        let slot = early.clone();
        let title = format!("Open {}", self.title);
        let handle = queue.spawn(Lane::Light, title, move |context| {
            context.report("reading the header", None);
            let file = opened(&path, hdu, kept.as_ref().map_or(0, |look| look.plane))?;
            let spectral = kept.as_ref().map(|look| look.spectral).unwrap_or_default();
            let mut geometry = spectral.geometry(file.header(), file.shape());
            if geometry.has_beam_per_plane()
                && let Some(beam) = io::first_beam(&path)?
            {
                geometry.set_beam(beam);
            }
            let geometry = Arc::new(geometry);
            geometry
                .warnings
                .iter()
                .for_each(|warning| context.warn(format!("{}: {warning}", path.display())));
            let wanted = Wanted {
                region: kept
                    .as_ref()
                    .and_then(|look| look.region)
                    .filter(|region| region.lies_within(file.shape())),
                reduce: kept.as_ref().map(|look| look.reduce).unwrap_or_default(),
                ratio: kept.as_ref().map(|look| look.velocity_ratio),
            };
            read(&file, geometry, &wanted, &feeder, &|first| slot.publish(first), context)
        });
        self.state = State::Loading(handle, early);
    }

    /// Takes what was read, and begins to read what is wished.
    pub fn update(&mut self, queue: &JobQueue, stage: &Stage) {
        match &mut self.state {
            State::Loading(handle, early) => match (handle.try_take(), early.latest()) {
                (Some(Ok(read)), _) => {
                    stage.keep(self.id, Arc::clone(&read.loaded.values));
                    self.state = State::Ready(Box::new(self.cube_of(read)));
                }
                (Some(Err(error)), _) => self.state = State::Failed(error),
                (None, Some(first)) => {
                    let cube = Box::new(self.cube_of(Read::clone(&first)));
                    if let State::Loading(handle, _) = std::mem::replace(&mut self.state, State::Ready(cube))
                    {
                        self.reading = Some(handle);
                    }
                }
                (None, None) => {}
            },
            State::Ready(cube) => {
                reread(cube, &mut self.reading, queue, stage);
                cube.settle_proportions(stage);
                if cube.settle_spectral_axis() {
                    let geometry = Arc::clone(&cube.geometry);
                    if let (Some(name), State::Ready(cube)) = (self.name_of(&geometry), &mut self.state) {
                        cube.title = name;
                    }
                    return;
                }
                // What is in sight is not all that was asked for, and no more will come.
                if let Some(fault) = cube.fault.take_if(|_| cube.loaded.finer_to_come.is_some()) {
                    self.kept = Some(cube.look.clone());
                    self.state = State::Failed(fault);
                }
            }
            State::Waiting | State::Failed(_) => {}
        }
    }

    /// The object and the line, where they say more than the file's name.
    fn name_of(&self, geometry: &Geometry) -> Option<String> {
        named(geometry).filter(|_| self.made_seen.is_none() && !files::is_simulation(&self.path))
    }

    fn cube_of(&self, read: Read) -> Cube {
        let look = self.kept.clone().unwrap_or_else(|| self.first_look(&read.loaded));
        let title = self.name_of(&read.geometry).unwrap_or_else(|| self.title.clone());
        Cube::new(self.id, title, read, look)
    }

    fn first_look(&self, loaded: &Loaded) -> Look {
        let mut look = Look::new(first_look(loaded));
        if let Some(seen) = &self.made_seen {
            seen.dress(&mut look, loaded);
        }
        look
    }

    /// Nothing is being read.
    pub fn is_settled(&self) -> bool {
        match &self.state {
            State::Waiting | State::Loading(..) => false,
            State::Failed(_) => true,
            State::Ready(cube) => self.reading.is_none() && cube.desk.is_settled(),
        }
    }
}

/// Reads another part of a file, or the same reduced in another way; what is there stays in sight meanwhile.
fn reread(cube: &mut Cube, reading: &mut Option<Handle<Read>>, queue: &JobQueue, stage: &Stage) {
    if let Some(region) = cube.reload.take() {
        cube.wish = Some(Detail { region: Some(region), ..cube.detail() });
    }
    if let Some(Detail { region, reduce, plane }) = cube.wish.take() {
        if let Some(before) = reading.take() {
            before.context.cancel();
        }
        cube.fault = None;
        let wanted = Wanted { region, reduce, ratio: Some(cube.look.velocity_ratio) };
        let (file, feeder) = (Arc::clone(&cube.loaded.file), stage.feeder(cube.id));
        let geometry = Arc::clone(&cube.geometry);
        let work = move |context: &Context| {
            let file =
                if plane == file.plane() { file } else { opened(file.path(), Some(file.part()), plane)? };
            read(&file, geometry, &wanted, &feeder, &|_| {}, context)
        };
        *reading = Some(queue.spawn(Lane::Light, format!("Read {}", cube.title), work));
    }
    cube.progress = reading.as_ref().map(|handle| handle.context.progress());
    if let Some(answer) = reading.as_ref().and_then(Handle::try_take) {
        (*reading, cube.progress) = (None, None);
        match answer {
            Ok(read) => cube.replace(read.loaded, stage),
            Err(error) => cube.fault = Some(error),
        }
    }
}

/// A file with one of its planes; the first where it has no such one any more.
fn opened(path: &Path, part: Option<usize>, plane: usize) -> io::Result<Arc<CubeFile>> {
    let file = CubeFile::open(path, part, None)?;
    if plane == 0 || plane >= file.planes() {
        return Ok(Arc::new(file));
    }
    CubeFile::open(path, Some(file.part()), Some(plane)).map(Arc::new)
}

/// What is wanted of a file.
struct Wanted {
    region: Option<Region>,
    reduce: Reduce,
    /// The cube's own where not given.
    ratio: Option<f64>,
}

/// Reads a cube and hands it to the stage; `first` hears of the first, coarse picture.
fn read(
    file: &Arc<CubeFile>,
    geometry: Arc<Geometry>,
    wanted: &Wanted,
    feeder: &Feeder,
    first: &dyn Fn(Read),
    context: &Context,
) -> anyhow::Result<Read> {
    let ratio = wanted.ratio.unwrap_or(Geometry::USUAL_RATIO);
    let adapter = feeder.adapter();
    let longest_side = adapter.as_ref().map_or(LONGEST_WITHOUT_ADAPTER, |adapter| adapter.longest_side);
    let wish = Wish {
        reduce: wanted.reduce,
        region: wanted.region,
        full_floats: adapter.is_none_or(|adapter| adapter.takes_full_floats),
        ..Wish::of(&geometry, ratio, longest_side)
    };
    let loaded = load(file, &wish, context, &mut |feed| {
        let glimpse = match &feed {
            Feed::Coarse(grid) => Some(Loaded::first_look(file, &wish, grid)?),
            _ => None,
        };
        feeder.send(feed)?;
        if let Some(loaded) = glimpse {
            first(Read { loaded, geometry: Arc::clone(&geometry) });
            context.wake();
        }
        Ok(())
    })?;
    Ok(Read { loaded, geometry })
}

/// The object and the line that a header names.
fn named(geometry: &Geometry) -> Option<String> {
    let object = geometry.header().text("OBJECT").map(str::trim).filter(|object| !object.is_empty())?;
    let line = geometry.rest_hz().and_then(RestLine::at);
    Some(line.map_or_else(|| object.to_owned(), |line| format!("{object} {}", line.name)))
}

#[cfg(test)]
mod tests;
