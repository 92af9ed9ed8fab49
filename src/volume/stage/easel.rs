//! What draws: the adapter with its cubes, or the processor where there is none. It opens the adapter again when it was lost, and hands
//! it the cubes again. What is drawn when is not decided here.

use super::{AdapterInfo, CubeId, Request};
use crate::volume::gpu::{Adapter, Canvas, Volume};
use crate::volume::{Feed, Grid, Lattice, Picture, VolumeError, render};
use ndarray::{Array3, s};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// So many losses with no picture in between, and another way to draw is looked for; its sentences say three.
const MOST_LOSSES: u32 = 3;
/// The processor draws no longer side than this, in pixels: it is a hundred times slower.
const PROCESSOR_SIDE: u32 = 256;
/// Bytes handed to the adapter at once when it gets a cube again.
const SLAB_BYTES: usize = 64 << 20;

/// Opens an adapter, the software one if asked for.
type Open = Box<dyn FnMut(bool) -> Result<Arc<Adapter>, VolumeError> + Send>;

pub struct Easel {
    open: Open,
    wants_software: bool,
    adapter: Option<Arc<Adapter>>,
    cubes: BTreeMap<CubeId, Cube>,
    /// Until a picture is drawn as it should be.
    fault: Option<String>,
    /// Who draws instead of the adapter that was given up; until it is tried again.
    instead: Option<String>,
    /// Of the shaders read in development, until they are mended.
    shader: Option<String>,
    losses: u32,
}

#[derive(Default)]
struct Cube {
    shown: Option<Body>,
    /// The newest loader, and what it has handed over so far.
    loader: u64,
    coming: Option<Volume>,
    /// Of what was handed over last.
    begun: Option<Lattice>,
    /// A load ended while there was nothing to hand it to.
    is_behind: bool,
    /// From which it can be handed over again.
    kept: Option<(Lattice, Arc<Array3<f32>>)>,
    /// What has been handed over again, and how many planes.
    again: Option<(Volume, usize)>,
}

enum Body {
    OnAdapter(Volume),
    InMemory(Grid),
}

/// A picture in the making.
pub struct Plate {
    pub size: (u32, u32),
    ink: Ink,
}

enum Ink {
    OnAdapter(Box<Canvas>),
    InMemory(Option<Picture>),
}

impl Easel {
    pub fn open(software: bool) -> Self {
        Self::with(Box::new(Adapter::open), software)
    }

    pub fn with(open: Open, wants_software: bool) -> Self {
        let mut easel = Self {
            open,
            wants_software,
            adapter: None,
            cubes: BTreeMap::new(),
            fault: None,
            instead: None,
            shader: None,
            losses: 0,
        };
        easel.open_adapter();
        easel
    }

    fn open_adapter(&mut self) {
        match (self.open)(self.wants_software) {
            Ok(adapter) => self.adapter = Some(adapter),
            Err(error) => {
                self.adapter = None;
                self.fault = Some(format!("{error}; until then the processor draws cubes coarsely"));
            }
        }
    }

    pub fn info(&self) -> Option<AdapterInfo> {
        self.adapter.as_ref().map(|adapter| AdapterInfo {
            name: adapter.name.clone(),
            is_software: adapter.is_software,
            longest_side: adapter.longest_side(),
            takes_full_floats: adapter.takes_full_floats(),
        })
    }

    pub fn fault(&self) -> Option<String> {
        self.fault.clone().or_else(|| self.shader.clone()).or_else(|| self.instead.clone())
    }

    /// The adapter was given up, or none was found: it may be there by now.
    pub fn can_retry(&self) -> bool {
        self.adapter.is_none() || self.instead.is_some()
    }

    /// Looks for the adapter anew and hands it the cubes.
    pub fn retry(&mut self) {
        self.drop_adapter();
        (self.fault, self.instead, self.losses) = (None, None, 0);
        self.open_adapter();
        if self.adapter.is_some() {
            // What the processor drew coarsely goes to the adapter now.
            for cube in self.cubes.values_mut().filter(|cube| cube.kept.is_some()) {
                (cube.shown, cube.is_behind) = (None, false);
            }
        }
    }

    pub fn is_software(&self) -> bool {
        self.adapter.as_ref().is_none_or(|adapter| adapter.is_software)
    }

    pub fn has_adapter(&self) -> bool {
        self.adapter.is_some()
    }

    /// The size in which a picture of this size is drawn at most.
    pub fn most(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let longest = width.max(height);
        if self.has_adapter() || longest <= PROCESSOR_SIDE {
            return (width, height);
        }
        let part = |length: u32| (length * PROCESSOR_SIDE / longest).max(1);
        (part(width), part(height))
    }

    /// The adapter is gone, and all that was on it. Opens it again; after too many losses in a row the software one in its place.
    /// One that ran out of memory is well otherwise: what took too much is tried again smaller.
    pub fn reopen(&mut self, error: &VolumeError, ran_out: bool) {
        let reason = if let VolumeError::Lost(reason) = error { reason.clone() } else { error.to_string() };
        let was_software = self.is_software();
        self.drop_adapter();
        self.losses += u32::from(!ran_out);
        if self.losses < MOST_LOSSES {
            let what = if ran_out { "ran out of memory" } else { "was lost" };
            self.fault = Some(format!("the graphics adapter {what}; it is handed the cubes again"));
            self.open_adapter();
            return;
        }
        let other = if was_software { Err(VolumeError::NoAdapter) } else { (self.open)(true) };
        match other {
            Ok(adapter) => {
                self.instead = Some(format!(
                    "Drawn by the processor since the graphics device failed three times ({reason})"
                ));
                (self.adapter, self.fault, self.losses) = (Some(adapter), None, 0);
            }
            Err(_) => {
                self.instead = None;
                self.fault = Some(format!(
                    "the graphics device failed three times ({reason}) and no other one is there; try again, or close other programs that draw"
                ));
            }
        }
    }

    fn drop_adapter(&mut self) {
        self.adapter = None;
        for cube in self.cubes.values_mut() {
            (cube.coming, cube.again) = (None, None);
            if let Some(Body::OnAdapter(_)) = cube.shown {
                cube.shown = None;
            }
        }
    }

    /// A picture was drawn as it should be. True where that is news.
    pub fn is_well(&mut self) -> bool {
        self.losses = 0;
        self.fault.take().is_some()
    }

    #[cfg(test)]
    pub fn lose(&self) {
        self.adapter.iter().for_each(|adapter| adapter.lose());
    }

    /// In development: reads shaders again that have changed. True where pictures must be drawn anew or the fault is another.
    pub fn refresh_shaders(&mut self) -> bool {
        match self.adapter.as_ref().map(|adapter| adapter.refresh_shaders()) {
            None | Some(Ok(false)) => false,
            Some(Ok(true)) => {
                self.shader = None;
                true
            }
            Some(Err(error)) => {
                let told = Some(error.to_string());
                let is_news = self.shader != told;
                self.shader = told;
                is_news
            }
        }
    }

    pub fn holds(&self, request: &Request) -> bool {
        let holds = |id| self.cubes.get(&id).is_some_and(|cube: &Cube| cube.shown.is_some());
        holds(request.cube) && request.second.is_none_or(holds)
    }

    /// Takes a piece of a cube from a loader. True where what is shown of it has changed.
    ///
    /// # Errors
    /// An adapter that is lost or full; a piece that does not fit; a newer loader of the same cube.
    pub fn feed(&mut self, id: CubeId, loader: u64, feed: Feed) -> Result<bool, VolumeError> {
        let cube = self.cubes.entry(id).or_default();
        if loader < cube.loader {
            return Err(VolumeError::Superseded);
        }
        cube.loader = loader;
        match (feed, &self.adapter) {
            (Feed::Coarse(grid), Some(adapter)) => {
                cube.shown = Some(Body::OnAdapter(Volume::of(adapter, &grid)?));
                return Ok(true);
            }
            (Feed::Coarse(grid), None) => {
                cube.shown = Some(Body::InMemory(grid));
                return Ok(true);
            }
            (Feed::Begin(lattice), Some(adapter)) => {
                cube.begun = Some(lattice.clone());
                // An earlier try that did not fit makes room first.
                cube.coming = None;
                let mut begun = Volume::begin(adapter, lattice.clone());
                if begun.as_ref().is_err_and(VolumeError::is_out_of_memory) {
                    // What is shown may take the room that its successor needs. Its picture stays on screen.
                    cube.shown = None;
                    begun = Volume::begin(adapter, lattice);
                }
                cube.coming = Some(begun?);
            }
            (Feed::Begin(lattice), None) => cube.begun = Some(lattice),
            (Feed::Slab { planes, values }, _) => {
                if let Some(coming) = &mut cube.coming {
                    let written = coming.write(planes.start, values.slice(s![planes, .., ..]));
                    if written.is_err() {
                        cube.coming = None;
                    }
                    written?;
                }
            }
            (Feed::Done, _) => {
                cube.kept = None;
                let Some(mut coming) = cube.coming.take() else {
                    cube.is_behind = true;
                    return Ok(false);
                };
                coming.finish()?;
                cube.shown = Some(Body::OnAdapter(coming));
                cube.is_behind = false;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A loader is gone: what it has not ended is given up.
    pub fn end(&mut self, id: CubeId, loader: u64) {
        if let Some(cube) = self.cubes.get_mut(&id).filter(|cube| cube.loader == loader) {
            cube.coming = None;
        }
    }

    /// Values of the cube that was handed over last, to hand them over again.
    pub fn keep(&mut self, id: CubeId, values: Arc<Array3<f32>>) {
        let Some(cube) = self.cubes.get_mut(&id) else { return };
        let (depth, height, width) = values.dim();
        let Some(lattice) = cube.begun.clone().filter(|lattice| lattice.shape == [width, height, depth])
        else {
            return;
        };
        cube.kept = Some((lattice, values));
        if cube.is_behind && self.adapter.is_some() {
            (cube.shown, cube.is_behind) = (None, false);
        }
    }

    pub fn set_voxel(&mut self, id: CubeId, voxel: [f64; 3]) {
        let Some(cube) = self.cubes.get_mut(&id) else { return };
        match &mut cube.shown {
            Some(Body::OnAdapter(volume)) => volume.set_voxel(voxel),
            Some(Body::InMemory(grid)) => grid.lattice.set_voxel(voxel),
            None => {}
        }
        cube.coming.iter_mut().for_each(|volume| volume.set_voxel(voxel));
        cube.again.iter_mut().for_each(|(volume, _)| volume.set_voxel(voxel));
        cube.begun.iter_mut().for_each(|lattice| lattice.set_voxel(voxel));
        cube.kept.iter_mut().for_each(|(lattice, _)| lattice.set_voxel(voxel));
    }

    pub fn remove(&mut self, id: CubeId) {
        self.cubes.remove(&id);
    }

    /// A cube that was lost, and whose values are kept.
    pub fn has_lost(&self) -> bool {
        self.adapter.is_some() && self.cubes.values().any(Cube::is_lost)
    }

    /// Hands over the next slab of a cube that was lost; the cube, once it is there again.
    ///
    /// # Errors
    /// An adapter that is lost or full; then the cube is given up.
    pub fn restore(&mut self) -> Result<Option<CubeId>, VolumeError> {
        let Some(adapter) = &self.adapter else { return Ok(None) };
        let Some((id, cube)) = self.cubes.iter_mut().find(|(_, cube)| cube.is_lost()) else {
            return Ok(None);
        };
        let restored = cube.restore(adapter);
        if !matches!(restored, Ok(_) | Err(VolumeError::Lost(_))) {
            (cube.kept, cube.again) = (None, None);
        }
        Ok(restored?.then_some(*id))
    }

    /// # Errors
    /// A size that the adapter does not draw; an adapter that is lost or full.
    pub fn plate(&self, size: (u32, u32)) -> Result<Plate, VolumeError> {
        let ink = match &self.adapter {
            Some(adapter) => Ink::OnAdapter(Box::new(Canvas::new(adapter, size.0, size.1)?)),
            None => Ink::InMemory(None),
        };
        Ok(Plate { size, ink })
    }

    /// Draws some rows of a pass and waits for them.
    ///
    /// # Errors
    /// A cube that is not there; an adapter that is lost or full.
    pub fn draw(
        &self,
        plate: &mut Plate,
        request: &Request,
        pass: u32,
        rows: Range<u32>,
    ) -> Result<(), VolumeError> {
        let body = |id: CubeId| self.cubes.get(&id).and_then(|cube| cube.shown.as_ref());
        let second = request.second.map(|id| body(id).ok_or(VolumeError::NotThere)).transpose()?;
        match (&mut plate.ink, body(request.cube), second) {
            (Ink::OnAdapter(canvas), Some(Body::OnAdapter(volume)), None) => {
                canvas.draw_rows(volume, None, &request.scene, pass, rows)
            }
            (Ink::OnAdapter(canvas), Some(Body::OnAdapter(volume)), Some(Body::OnAdapter(second))) => {
                canvas.draw_rows(volume, Some(second), &request.scene, pass, rows)
            }
            (Ink::InMemory(picture), Some(Body::InMemory(grid)), second) => {
                let second = match second {
                    Some(Body::InMemory(second)) => Some(second),
                    Some(Body::OnAdapter(_)) => return Err(VolumeError::NotThere),
                    None => None,
                };
                *picture = Some(render(grid, second, &request.scene, plate.size.0, plate.size.1));
                Ok(())
            }
            _ => Err(VolumeError::NotThere),
        }
    }

    /// The picture so far, RGBA rows from the top.
    ///
    /// # Errors
    /// An adapter that is lost or full.
    pub fn pixels(&self, plate: &Plate) -> Result<Vec<u8>, VolumeError> {
        match &plate.ink {
            Ink::OnAdapter(canvas) => canvas.pixels(),
            Ink::InMemory(Some(picture)) => Ok(picture.to_rgba8()),
            Ink::InMemory(None) => Err(VolumeError::NotThere),
        }
    }
}

impl Cube {
    fn is_lost(&self) -> bool {
        self.shown.is_none() && self.coming.is_none() && self.kept.is_some()
    }

    /// The next slab; true once all are there.
    fn restore(&mut self, adapter: &Arc<Adapter>) -> Result<bool, VolumeError> {
        let Some((lattice, values)) = &self.kept else { return Ok(false) };
        let (mut volume, first) = match self.again.take() {
            Some(begun) => begun,
            None => (Volume::begin(adapter, lattice.clone())?, 0),
        };
        let [width, height, depth] = lattice.shape;
        let last = (first + (SLAB_BYTES / (width * height * size_of::<f32>())).max(1)).min(depth);
        volume.write(first, values.slice(s![first..last, .., ..]))?;
        if last < depth {
            self.again = Some((volume, last));
            return Ok(false);
        }
        volume.finish()?;
        self.shown = Some(Body::OnAdapter(volume));
        Ok(true)
    }
}
