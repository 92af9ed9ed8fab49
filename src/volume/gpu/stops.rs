//! Isosurfaces and slices on the adapter: what the march is told of them. The shader is `shaders/surfaces.wgsl`; what is drawn is told in
//! `volume::surfaces`.

use super::adapter::Adapter;
use super::canvas::{bound, texture};
use super::field::{Volume, extent};
use crate::volume::VolumeError;
use crate::volume::scene::Scene;
use crate::volume::surfaces::{Cut, Level};
use bytemuck::{Pod, Zeroable};

/// So many surfaces, and so many slices, at once: bits of a brick's mark.
const MOST: usize = 32;

/// What the shader's `Stops` are.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniforms {
    counts: [u32; 4],
    surfaces: [[f32; 4]; MOST],
    points: [[f32; 4]; MOST],
    covectors: [[f32; 4]; MOST],
    across: [[f32; 4]; MOST],
    looks: [[f32; 4]; MOST],
}

const _: () = assert!(size_of::<Uniforms>() == 16 + 5 * 16 * MOST);

/// What rays meet, for a canvas.
pub(super) struct Stops {
    pub uniforms: wgpu::Buffer,
    /// Which levels lie in which brick.
    pub marks: wgpu::TextureView,
    /// Of which cube the marks are, and for which levels.
    marked: Option<(u64, Vec<f32>)>,
}

impl Stops {
    /// Whether anything in the scene stops rays.
    pub fn are_in(scene: &Scene) -> bool {
        scene.surfaces.iter().any(|surface| surface.shown) || scene.slices.iter().any(|slice| slice.shown)
    }

    pub fn new(adapter: &Adapter) -> Self {
        let uniforms = adapter.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("stops"),
            size: size_of::<Uniforms>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { uniforms, marks: marks_of(adapter, [1; 3], &[0]), marked: None }
    }

    /// Hands over what a scene has.
    ///
    /// # Errors
    /// More surfaces or slices than are drawn at once.
    pub fn prepare(&mut self, adapter: &Adapter, volume: &Volume, scene: &Scene) -> Result<(), VolumeError> {
        let levels = Level::shown(volume.lattice(), scene);
        adapter.queue.write_buffer(&self.uniforms, 0, bytemuck::bytes_of(&uniforms(volume, scene, &levels)?));
        let stored: Vec<f32> = levels.iter().map(|level| level.stored).collect();
        let is_kept =
            self.marked.as_ref().is_some_and(|(version, kept)| *version == volume.version && *kept == stored);
        if !is_kept {
            self.marks = marks_of(adapter, volume.bricks.shape, &volume.bricks.levels(&stored));
            self.marked = Some((volume.version, stored));
        }
        Ok(())
    }
}

/// One bit for each level, by bricks along x, y, z.
fn marks_of(adapter: &Adapter, [x, y, z]: [usize; 3], bits: &[u32]) -> wgpu::TextureView {
    let (solid, format) = (wgpu::TextureDimension::D3, wgpu::TextureFormat::R32Uint);
    texture(adapter, extent(x, y, z), solid, format, bytemuck::cast_slice(bits))
}

fn uniforms(volume: &Volume, scene: &Scene, levels: &[Level]) -> Result<Uniforms, VolumeError> {
    let lattice = volume.lattice();
    let cuts: Vec<Cut> =
        scene.slices.iter().filter(|slice| slice.shown).filter_map(|slice| Cut::of(slice, lattice)).collect();
    for (what, count) in [("isosurfaces", levels.len()), ("slices", cuts.len())] {
        if count > MOST {
            return Err(VolumeError::TooMany { what, count, most: MOST });
        }
    }
    let with = |[x, y, z]: [f32; 3], w: f32| [x, y, z, w];
    let mut uniforms = Uniforms::zeroed();
    uniforms.counts = [levels.len() as u32, cuts.len() as u32, u32::from(scene.close_cuts), 0];
    for (index, level) in levels.iter().enumerate() {
        uniforms.surfaces[index] = with(level.rgb, level.stored);
        uniforms.looks[index] = [level.opacity, level.side, 0.0, 0.0];
    }
    for (index, cut) in cuts.iter().enumerate() {
        uniforms.points[index] = with(cut.point, cut.thickness);
        uniforms.covectors[index] = with(cut.covector, cut.samples);
        uniforms.across[index] = with(cut.across, cut.opacity);
    }
    Ok(uniforms)
}

/// What the shader of surfaces and slices is given besides the march's.
pub(super) fn layout_entries() -> [wgpu::BindGroupLayoutEntry; 2] {
    let buffer = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let marks = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Uint,
        view_dimension: wgpu::TextureViewDimension::D3,
        multisampled: false,
    };
    [bound(11, buffer), bound(12, marks)]
}
