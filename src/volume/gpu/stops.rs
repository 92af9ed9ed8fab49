//! Isosurfaces and slices on the adapter: the colour and the distance at which each ray ends, drawn before the march.
//! The shader is `shaders/surfaces.wgsl`; what is drawn is told in `volume::surfaces`.

use super::adapter::{Adapter, Key};
use super::canvas::{bound, sampled, scene_bound, target, texture};
use super::field::{Volume, extent};
use crate::volume::VolumeError;
use crate::volume::occupancy::Bricks;
use crate::volume::scene::Scene;
use crate::volume::surfaces::{Cut, Level};
use bytemuck::{Pod, Zeroable};

/// So many surfaces, and so many slices, at once: bits of a brick's mark.
const MOST: usize = 32;
const COLOUR: wgpu::TextureFormat = wgpu::TextureFormat::Rgba16Float;
const DISTANCE: wgpu::TextureFormat = wgpu::TextureFormat::R32Float;

/// What the shader's `Stops` are.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Uniforms {
    counts: [u32; 4],
    surfaces: [[f32; 4]; MOST],
    points: [[f32; 4]; MOST],
    covectors: [[f32; 4]; MOST],
    across: [[f32; 4]; MOST],
}

const _: () = assert!(size_of::<Uniforms>() == 16 + 4 * 16 * MOST);

/// Where rays end, for a canvas.
pub(super) struct Stops {
    pub colour: wgpu::TextureView,
    /// In longest sides from where the ray starts; 1e30 where nothing stops it.
    pub distance: wgpu::TextureView,
    uniforms: wgpu::Buffer,
    /// Which levels lie in which brick: of which cube, for which levels.
    marks: Option<(u64, Vec<f32>, wgpu::TextureView)>,
}

impl Stops {
    /// Whether anything in the scene stops rays.
    pub fn are_in(scene: &Scene) -> bool {
        scene.surfaces.iter().any(|surface| surface.shown) || scene.slices.iter().any(|slice| slice.shown)
    }

    pub fn new(adapter: &Adapter, width: u32, height: u32) -> Self {
        let view = |format| {
            target(&adapter.device, width, height, format)
                .create_view(&wgpu::TextureViewDescriptor::default())
        };
        let uniforms = adapter.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("stops"),
            size: size_of::<Uniforms>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        Self { colour: view(COLOUR), distance: view(DISTANCE), uniforms, marks: None }
    }

    /// Draws a part of the picture (left, top, width, height). `given` are the scene, the cube, the sampler and the transfer function.
    ///
    /// # Errors
    /// More surfaces or slices than are drawn at once.
    pub fn draw(
        &mut self,
        adapter: &Adapter,
        encoder: &mut wgpu::CommandEncoder,
        volume: &Volume,
        scene: &Scene,
        given: [wgpu::BindingResource<'_>; 4],
        [left, top, width, height]: [u32; 4],
    ) -> Result<(), VolumeError> {
        let levels = Level::shown(volume.lattice(), scene);
        adapter.queue.write_buffer(&self.uniforms, 0, bytemuck::bytes_of(&uniforms(volume, scene, &levels)?));
        let stored: Vec<f32> = levels.iter().map(|level| level.stored).collect();
        let marks = self.marks(adapter, volume, stored);
        let layout = layout(&adapter.device);
        let key = Key {
            entry: "surfaces",
            version: 0,
            constants: vec![
                ("stretch", scene.transfer.stretch.code().0),
                ("has_blanks", u32::from(volume.lattice().has_blanks)),
            ],
            filtered: [true; 2],
            targets: vec![COLOUR, DISTANCE],
        };
        let pipeline = adapter.pipeline("surfaces.wgsl", key, &layout, None);
        let own = [(11, self.uniforms.as_entire_binding()), (12, wgpu::BindingResource::TextureView(&marks))];
        let entries: Vec<_> = (0..)
            .zip(given)
            .chain(own)
            .map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource })
            .collect();
        let group = adapter.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("surfaces"),
            layout: &layout,
            entries: &entries,
        });
        let attachment = |view| {
            Some(wgpu::RenderPassColorAttachment {
                view,
                resolve_target: None,
                ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
                depth_slice: None,
            })
        };
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("surfaces"),
            color_attachments: &[attachment(&self.colour), attachment(&self.distance)],
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.set_scissor_rect(left, top, width, height);
        pass.draw(0..3, 0..1);
        Ok(())
    }

    /// Made anew only for another cube or other levels.
    fn marks(&mut self, adapter: &Adapter, volume: &Volume, levels: Vec<f32>) -> wgpu::TextureView {
        if let Some((version, kept, marks)) = &self.marks
            && *version == volume.version
            && *kept == levels
        {
            return marks.clone();
        }
        let Bricks { shape: [x, y, z], .. } = volume.bricks;
        let bits = volume.bricks.levels(&levels);
        let format = wgpu::TextureFormat::R32Uint;
        let solid = wgpu::TextureDimension::D3;
        let marks = texture(adapter, extent(x, y, z), solid, format, bytemuck::cast_slice(&bits));
        self.marks = Some((volume.version, levels, marks.clone()));
        marks
    }
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
    uniforms.counts = [levels.len() as u32, cuts.len() as u32, 0, 0];
    for (to, level) in uniforms.surfaces.iter_mut().zip(levels) {
        *to = with(level.rgb, level.stored);
    }
    for (index, cut) in cuts.iter().enumerate() {
        uniforms.points[index] = with(cut.point, cut.thickness);
        uniforms.covectors[index] = with(cut.covector, cut.samples);
        uniforms.across[index] = with(cut.across, 0.0);
    }
    Ok(uniforms)
}

fn layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    use wgpu::TextureViewDimension::{D2, D3};
    let buffer = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let marks = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Uint,
        view_dimension: D3,
        multisampled: false,
    };
    let entries = [
        scene_bound(),
        sampled(1, D3, true),
        bound(2, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)),
        sampled(3, D2, true),
        bound(11, buffer),
        bound(12, marks),
    ];
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("surfaces"),
        entries: &entries,
    })
}
