//! A cube on the adapter: its values as a texture, filled slab by slab, and the bounds of its bricks.

use super::adapter::{Adapter, Room};
use super::canvas::Canvas;
use crate::volume::VolumeError;
use crate::volume::grid::{Grid, Lattice};
use crate::volume::lookup::Lookup;
use crate::volume::march::Picture;
use crate::volume::occupancy::Bricks;
use crate::volume::scene::Scene;
use half::f16;
use half::slice::HalfFloatSliceExt;
use ndarray::{ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;
use std::sync::Arc;

/// Bytes handed to the adapter at once, so that staging never doubles a cube.
const SLAB_BYTES: usize = 64 << 20;

/// A cube on an adapter. Planes not yet written show nothing.
pub struct Volume {
    pub(super) adapter: Arc<Adapter>,
    lattice: Lattice,
    texture: wgpu::Texture,
    pub(super) view: wgpu::TextureView,
    /// Half floats; full ones else.
    is_half: bool,
    /// Its share of what cubes may take.
    _room: Room,
    pub(super) bricks: Bricks,
    /// Changes with the values.
    pub(super) version: u64,
}

impl Volume {
    /// Room for a cube, to be written slab by slab.
    ///
    /// # Errors
    /// A cube longer than the adapter's textures or larger than its memory; an adapter that is lost.
    pub fn begin(adapter: &Arc<Adapter>, lattice: Lattice) -> Result<Self, VolumeError> {
        // A driver that draws on the processor reads 32 bits at a time: half floats take it a third longer.
        let is_half = (lattice.fits_half && !adapter.is_software) || !adapter.takes_full_floats();
        Self::begin_as(adapter, lattice, is_half)
    }

    fn begin_as(adapter: &Arc<Adapter>, lattice: Lattice, is_half: bool) -> Result<Self, VolumeError> {
        let [width, height, depth] = lattice.shape;
        let longest = width.max(height).max(depth);
        let most = adapter.longest_side();
        if longest > most {
            return Err(VolumeError::TooLong { longest, most, factor: longest.div_ceil(most) });
        }
        let format = match (is_half, lattice.has_blanks) {
            (true, false) => wgpu::TextureFormat::R16Float,
            (true, true) => wgpu::TextureFormat::Rg16Float,
            (false, false) => wgpu::TextureFormat::R32Float,
            (false, true) => wgpu::TextureFormat::Rg32Float,
        };
        let bytes = width as u64 * height as u64 * depth as u64 * texel(&lattice, is_half) as u64;
        let room = adapter.take(bytes)?;
        let plane = (width * height * texel(&lattice, is_half)) as u64;
        // It is packed here before it is staged there.
        let staged = 2 * (SLAB_BYTES as u64).max(plane).min(bytes);
        let texture = adapter.guarded(bytes, || {
            let texture = adapter.device.create_texture(&wgpu::TextureDescriptor {
                label: Some("field"),
                size: extent(width, height, depth),
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D3,
                format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            });
            // A slab that later finds no room to be staged takes the device with it; a buffer of its size is only refused.
            drop(adapter.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("room for a slab"),
                size: staged.next_multiple_of(wgpu::COPY_BUFFER_ALIGNMENT),
                usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: false,
            }));
            Ok(texture)
        })?;
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let bricks = Bricks::new(lattice.shape);
        let (adapter, version) = (Arc::clone(adapter), adapter.number());
        Ok(Self { adapter, lattice, texture, view, is_half, _room: room, bricks, version })
    }

    /// Writes physical values (z, y, x) from the plane `first` on. A later slab may overwrite an earlier one only with the same values:
    /// bounds of bricks only grow.
    ///
    /// # Errors
    /// A slab that is no part of the cube; blanks in a cube that was said to have none; an adapter that is lost or full.
    pub fn write(&mut self, first: usize, slab: ArrayView3<'_, f32>) -> Result<(), VolumeError> {
        let lattice = self.lattice.clone();
        self.write_stored(first, slab, |_, plane| {
            let stored = |&value: &f32| {
                if value.is_finite() { lattice.stored(f64::from(value)) } else { f32::NAN }
            };
            plane.iter().map(stored).collect()
        })
    }

    /// Waits until all slabs are on the adapter.
    ///
    /// # Errors
    /// An adapter that is lost.
    pub fn finish(&mut self) -> Result<(), VolumeError> {
        let commands = wgpu::CommandEncoderDescriptor::default();
        self.adapter.guarded(0, || {
            self.adapter.finish(self.adapter.device.create_command_encoder(&commands).finish())
        })
    }

    /// Hands over a cube at once.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    pub fn of(adapter: &Arc<Adapter>, grid: &Grid) -> Result<Self, VolumeError> {
        Self::begin(adapter, grid.lattice.clone())?.filled(grid)
    }

    /// As half floats, whatever the adapter likes best.
    #[cfg(test)]
    pub fn of_halves(adapter: &Arc<Adapter>, grid: &Grid) -> Result<Self, VolumeError> {
        Self::begin_as(adapter, grid.lattice.clone(), true)?.filled(grid)
    }

    fn filled(mut self, grid: &Grid) -> Result<Self, VolumeError> {
        self.write_stored(0, grid.values.view(), |z, plane| match &grid.valid {
            None => plane.iter().copied().collect(),
            Some(valid) => {
                let valid = valid.index_axis(Axis(0), z);
                plane
                    .iter()
                    .zip(valid)
                    .map(|(&value, &valid)| if valid > 0 { value } else { f32::NAN })
                    .collect()
            }
        })?;
        self.finish()?;
        Ok(self)
    }

    pub fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    /// Gives the box other proportions: sides of a voxel along x, y, z, all positive.
    pub fn set_voxel(&mut self, voxel: [f64; 3]) {
        self.lattice.set_voxel(voxel);
    }

    /// One picture, drawn off screen.
    ///
    /// # Errors
    /// As [`Canvas::draw`].
    pub fn picture(&self, scene: &Scene, width: u32, height: u32) -> Result<Picture, VolumeError> {
        let mut canvas = Canvas::new(&self.adapter, width, height)?;
        canvas.draw(self, None, scene, 0)?;
        canvas.picture()
    }

    /// The part of the cube's bricks, 0 to 1, of which a scene in the mode emission or absorption shows anything; rays leap over the rest.
    /// This is what must be found anew when the transfer function changes.
    pub fn shown_part(&self, scene: &Scene) -> f64 {
        let marks = self.bricks.marks(&Lookup::new(&scene.transfer, &self.lattice), scene);
        marks.iter().filter(|leap| **leap == 0.0).count() as f64 / marks.len() as f64
    }

    /// Writes what `stored` makes of each plane (its number, its values): stored values, NaN for a blank.
    fn write_stored(
        &mut self,
        first: usize,
        slab: ArrayView3<'_, f32>,
        stored: impl Fn(usize, ArrayView2<'_, f32>) -> Vec<f32> + Sync,
    ) -> Result<(), VolumeError> {
        let [width, height, depth] = self.lattice.shape;
        let (planes, rows, columns) = slab.dim();
        let fits =
            (rows, columns) == (height, width) && first.checked_add(planes).is_some_and(|end| end <= depth);
        if !fits {
            let found = [planes, rows, columns];
            return Err(VolumeError::Slab { first, found, shape: self.lattice.shape });
        }
        let texel = texel(&self.lattice, self.is_half);
        let at_once = (SLAB_BYTES / (width * height * texel)).max(1);
        let mut bytes = Vec::new();
        for (index, part) in slab.axis_chunks_iter(Axis(0), at_once).enumerate() {
            let from = first + index * at_once;
            bytes.resize(part.dim().0 * width * height * texel, 0_u8);
            let bounds: Vec<_> = bytes
                .par_chunks_exact_mut(width * height * texel)
                .zip(part.axis_iter(Axis(0)).into_par_iter())
                .enumerate()
                .map(|(z, (to, plane))| self.pack(from + z, stored(from + z, plane), to))
                .collect::<Result<_, _>>()?;
            self.bricks.take(from, &bounds);
            self.adapter.guarded(bytes.len() as u64, || {
                self.adapter.queue.write_texture(
                    wgpu::TexelCopyTextureInfo {
                        origin: wgpu::Origin3d { x: 0, y: 0, z: from as u32 },
                        ..self.texture.as_image_copy()
                    },
                    &bytes,
                    wgpu::TexelCopyBufferLayout {
                        offset: 0,
                        bytes_per_row: Some((width * texel) as u32),
                        rows_per_image: Some(height as u32),
                    },
                    extent(width, height, part.dim().0),
                );
                // Done before the next slab, so that only one is staged.
                let commands = wgpu::CommandEncoderDescriptor::default();
                self.adapter.finish(self.adapter.device.create_command_encoder(&commands).finish())
            })?;
        }
        self.version = self.adapter.number();
        Ok(())
    }

    /// Puts a plane of stored values as the texture holds it into `to`; answers its bounds.
    fn pack(&self, z: usize, mut plane: Vec<f32>, to: &mut [u8]) -> Result<Vec<[f32; 2]>, VolumeError> {
        if self.is_half {
            // Bounds are of what the texture holds.
            let mut half = vec![f16::ZERO; plane.len()];
            half.convert_from_f32_slice(&plane);
            half.convert_to_f32_slice(&mut plane);
        }
        let bounds = self.bricks.plane_bounds(&plane);
        if self.lattice.has_blanks {
            let pair = |value: f32| if value.is_nan() { [0.0, 0.0] } else { [value, 1.0] };
            plane = plane.into_iter().flat_map(pair).collect();
        } else if plane.iter().any(|value| value.is_nan()) {
            return Err(VolumeError::Blanks { plane: z });
        }
        if !self.is_half {
            to.copy_from_slice(bytemuck::cast_slice(&plane));
            return Ok(bounds);
        }
        let mut half = vec![f16::ZERO; plane.len()];
        half.convert_from_f32_slice(&plane);
        let bits: &[u16] = half.reinterpret_cast();
        to.copy_from_slice(bytemuck::cast_slice(bits));
        Ok(bounds)
    }
}

/// Bytes of a texel: the value, and beside it whether it is one where there are blanks.
fn texel(lattice: &Lattice, is_half: bool) -> usize {
    (1 + usize::from(lattice.has_blanks)) * if is_half { 2 } else { 4 }
}

pub(super) fn extent(width: usize, height: usize, depth: usize) -> wgpu::Extent3d {
    wgpu::Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: depth as u32 }
}
