//! What draws: the adapter with its cubes, or the processor where there is none. Errors come back; nothing here decides what to draw.

use super::{AdapterInfo, CubeId, Request};
use crate::volume::{Feed, Grid, Picture, VolumeError, render};
use std::collections::BTreeMap;

pub struct Easel {
    cubes: BTreeMap<CubeId, Grid>,
}

/// A picture in the making.
pub struct Plate {
    pub size: (u32, u32),
    picture: Option<Picture>,
}

impl Easel {
    pub fn open(_software: bool) -> Self {
        Self { cubes: BTreeMap::new() }
    }

    pub fn info(&self) -> Option<AdapterInfo> {
        None
    }

    pub fn fault(&self) -> Option<String> {
        None
    }

    pub fn is_software(&self) -> bool {
        true
    }

    pub fn has_adapter(&self) -> bool {
        false
    }

    /// The size in which a picture is drawn at most.
    pub fn most(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let scale = (256.0 / width.max(height) as f32).min(1.0);
        ((width as f32 * scale) as u32, (height as f32 * scale) as u32)
    }

    pub fn keep(&mut self, _cube: CubeId, _values: std::sync::Arc<ndarray::Array3<f32>>) {}

    pub fn reopen(&mut self, _reason: &str) {}

    #[cfg(test)]
    pub fn lose(&mut self) {}

    pub fn holds(&self, request: &Request) -> bool {
        self.cubes.contains_key(&request.cube) && request.second.is_none_or(|id| self.cubes.contains_key(&id))
    }

    pub fn feed(&mut self, cube: CubeId, feed: Feed) -> Result<bool, VolumeError> {
        if let Feed::Coarse(grid) = feed {
            self.cubes.insert(cube, grid);
            return Ok(true);
        }
        Ok(false)
    }

    pub fn set_voxel(&mut self, cube: CubeId, voxel: [f64; 3]) {
        if let Some(grid) = self.cubes.get_mut(&cube) {
            grid.lattice.set_voxel(voxel);
        }
    }

    pub fn remove(&mut self, cube: CubeId) {
        self.cubes.remove(&cube);
    }

    pub fn plate(&self, size: (u32, u32)) -> Result<Plate, VolumeError> {
        Ok(Plate { size, picture: None })
    }

    /// Draws some rows of a pass and waits for them.
    pub fn draw(
        &self,
        plate: &mut Plate,
        request: &Request,
        _pass: u32,
        _rows: std::ops::Range<u32>,
    ) -> Result<(), VolumeError> {
        let Some(grid) = self.cubes.get(&request.cube) else { return Err(VolumeError::NotThere) };
        plate.picture = Some(render(grid, &request.scene, plate.size.0, plate.size.1));
        Ok(())
    }

    pub fn pixels(&self, plate: &Plate) -> Result<Vec<u8>, VolumeError> {
        Ok(plate.picture.as_ref().map(Picture::to_rgba8).unwrap_or_default())
    }
}
