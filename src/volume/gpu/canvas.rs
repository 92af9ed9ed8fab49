//! Where pictures are drawn: what the rays met, averaged over passes, and the way back to numbers.

use super::adapter::{Adapter, Key};
use super::field::{Volume, extent};
use super::stops::{self, Stops};
use super::uniforms::{Uniforms, constants};
use crate::volume::VolumeError;
use crate::volume::jitter;
use crate::volume::lookup::{Hinges, Lookup};
use crate::volume::march::Picture;
use crate::volume::occupancy::Bricks;
use crate::volume::scene::{Mode, Scene};
use crate::volume::transfer::Transfer;
use half::f16;
use half::slice::HalfFloatSliceExt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use wgpu::util::DeviceExt;

/// What the rays met, averaged: premultiplied colour, and how much of the background is hidden.
const SUM: wgpu::TextureFormat = wgpu::TextureFormat::Rgba16Float;
const RESOLVED: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;
/// Bytes of a texel of the larger of both.
const SUM_TEXEL: u32 = 8;

/// A picture on the adapter, drawn in passes.
pub struct Canvas {
    adapter: Arc<Adapter>,
    width: u32,
    height: u32,
    sum: wgpu::Texture,
    /// On the background.
    resolved: wgpu::Texture,
    /// For the way back.
    landing: wgpu::Buffer,
    uniforms: wgpu::Buffer,
    sampler: wgpu::Sampler,
    /// Stands for a second cube where there is none.
    nothing: wgpu::TextureView,
    /// One 0 until a pass is jittered.
    noise: wgpu::TextureView,
    is_noisy: bool,
    background: [f32; 3],
    prepared: Option<Prepared>,
    stops: Stops,
}

/// What is kept on the adapter from pass to pass, and for what.
struct Prepared {
    version: u64,
    mode: Mode,
    transfer: Transfer,
    shows_blanks: bool,
    is_sharp: bool,
    hinges: Option<Hinges>,
    table: wgpu::TextureView,
    integrals: wgpu::TextureView,
    marks: wgpu::TextureView,
}

impl Canvas {
    /// # Errors
    /// A picture larger than the adapter's, or none; an adapter that is lost or full.
    pub fn new(adapter: &Arc<Adapter>, width: u32, height: u32) -> Result<Self, VolumeError> {
        let most = adapter.device.limits().max_texture_dimension_2d;
        if width == 0 || height == 0 || width > most || height > most {
            return Err(VolumeError::Picture { width, height, most });
        }
        adapter.guarded(u64::from(width) * u64::from(height) * 20, || {
            let device = &adapter.device;
            let uniforms = device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("scene"),
                size: size_of::<Uniforms>() as u64,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
                mag_filter: wgpu::FilterMode::Linear,
                min_filter: wgpu::FilterMode::Linear,
                ..wgpu::SamplerDescriptor::default()
            });
            let (half, full) = (wgpu::TextureFormat::R16Float, wgpu::TextureFormat::R32Float);
            let zero = [0_u8; 4];
            Ok(Self {
                adapter: Arc::clone(adapter),
                width,
                height,
                sum: target(device, width, height, SUM),
                resolved: target(device, width, height, RESOLVED),
                landing: device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("picture"),
                    size: u64::from(padded(width, SUM_TEXEL)) * u64::from(height),
                    usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                }),
                uniforms,
                sampler,
                nothing: texture(adapter, extent(1, 1, 1), wgpu::TextureDimension::D3, half, &zero[..2]),
                noise: texture(adapter, extent(1, 1, 1), wgpu::TextureDimension::D2, full, &zero),
                is_noisy: false,
                background: [0.0; 3],
                prepared: None,
                stops: Stops::new(adapter),
            })
        })
    }

    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Draws one pass. Pass 0 begins a new picture, with samples in the middle of each step; later ones shift the samples along the
    /// rays and are averaged in, as long as nothing else changes.
    ///
    /// # Errors
    /// A scene that needs a second cube without one; an adapter that is lost or full.
    pub fn draw(
        &mut self,
        volume: &Volume,
        second: Option<&Volume>,
        scene: &Scene,
        pass: u32,
    ) -> Result<(), VolumeError> {
        self.draw_rows(volume, second, scene, pass, 0..self.height)
    }

    /// Draws some rows of a pass, from the top, so that a long one can be left.
    ///
    /// # Errors
    /// As [`draw`](Self::draw).
    pub fn draw_rows(
        &mut self,
        volume: &Volume,
        second: Option<&Volume>,
        scene: &Scene,
        pass: u32,
        rows: Range<u32>,
    ) -> Result<(), VolumeError> {
        let rows = rows.start.min(self.height)..rows.end.min(self.height);
        if rows.is_empty() {
            return Ok(());
        }
        let adapter = Arc::clone(&self.adapter);
        adapter.guarded(0, || {
            if scene.needs_second() && second.is_none() {
                return Err(VolumeError::NoSecond);
            }
            self.prepare(volume, scene);
            if pass > 0 && !self.is_noisy {
                let side = jitter::TILE;
                let (flat, format) = (wgpu::TextureDimension::D2, wgpu::TextureFormat::R32Float);
                let tile = bytemuck::cast_slice(jitter::blue_noise());
                self.noise = texture(&adapter, extent(side, side, 1), flat, format, tile);
                self.is_noisy = true;
            }
            let Some(prepared) = &self.prepared else { return Ok(()) };
            let device = &adapter.device;
            let other = second.map(Volume::lattice);
            let uniforms = Uniforms::new(
                volume.lattice(),
                other,
                scene,
                (self.width, self.height),
                pass,
                prepared.hinges.as_ref(),
            );
            adapter.queue.write_buffer(&self.uniforms, 0, bytemuck::bytes_of(&uniforms));
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            if Stops::are_in(scene) {
                self.stops.prepare(&adapter, volume, scene)?;
            }
            let layout = march_layout(device);
            let average = wgpu::BlendComponent {
                src_factor: wgpu::BlendFactor::Constant,
                dst_factor: wgpu::BlendFactor::OneMinusConstant,
                operation: wgpu::BlendOperation::Add,
            };
            let pipeline = adapter.pipeline(
                "march.wgsl",
                Key {
                    entry: "march",
                    version: 0,
                    constants: constants(
                        volume.lattice(),
                        other,
                        scene,
                        prepared.is_sharp,
                        prepared.hinges.as_ref().map_or(0, |hinges| hinges.count),
                    ),
                    target: SUM,
                    blend: Some(wgpu::BlendState { color: average, alpha: average }),
                },
                &layout,
            );
            let view = wgpu::BindingResource::TextureView;
            let second = second.map_or(&self.nothing, |volume| &volume.view);
            let resources = [
                (0, self.uniforms.as_entire_binding()),
                (1, view(&volume.view)),
                (2, wgpu::BindingResource::Sampler(&self.sampler)),
                (3, view(&prepared.table)),
                (4, view(&prepared.marks)),
                (7, view(second)),
                (8, view(&prepared.integrals)),
                (9, view(&self.noise)),
                (11, self.stops.uniforms.as_entire_binding()),
                (12, view(&self.stops.marks)),
            ];
            let entries = resources.map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource });
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("march"),
                layout: &layout,
                entries: &entries,
            });
            let sum = self.sum.create_view(&wgpu::TextureViewDescriptor::default());
            // The first pass has all the weight, so that nothing need be cleared before it.
            let part = 1.0 / (f64::from(pass) + 1.0);
            cover(
                &mut encoder,
                &sum,
                &pipeline,
                &group,
                part,
                [0, rows.start, self.width, rows.end - rows.start],
            );
            self.background = scene.background;
            adapter.finish(encoder.finish())
        })
    }

    /// The picture so far, on the background: red, green, blue, opaque, rows from the top.
    ///
    /// # Errors
    /// An adapter that is lost or full.
    pub fn pixels(&self) -> Result<Vec<u8>, VolumeError> {
        let adapter = &self.adapter;
        adapter.guarded(u64::from(self.width) * u64::from(self.height) * 8, || {
            let device = &adapter.device;
            let layout = resolve_layout(device);
            let key = Key { entry: "resolve", version: 0, constants: vec![], target: RESOLVED, blend: None };
            let pipeline = adapter.pipeline("resolve.wgsl", key, &layout);
            let sum = self.sum.create_view(&wgpu::TextureViewDescriptor::default());
            let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("resolve"),
                layout: &layout,
                entries: &[
                    wgpu::BindGroupEntry { binding: 0, resource: self.uniforms.as_entire_binding() },
                    wgpu::BindGroupEntry { binding: 10, resource: wgpu::BindingResource::TextureView(&sum) },
                ],
            });
            let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            let view = self.resolved.create_view(&wgpu::TextureViewDescriptor::default());
            cover(&mut encoder, &view, &pipeline, &group, 1.0, [0, 0, self.width, self.height]);
            self.read(encoder, &self.resolved, 4)
        })
    }

    /// The picture so far as numbers: colours on the background, and how much of it is hidden.
    ///
    /// # Errors
    /// An adapter that is lost or full.
    pub fn picture(&self) -> Result<Picture, VolumeError> {
        let bytes = self.adapter.guarded(u64::from(self.width) * u64::from(self.height) * 8, || {
            let encoder =
                self.adapter.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
            self.read(encoder, &self.sum, SUM_TEXEL)
        })?;
        let [r, g, b] = self.background;
        let rgba = bytes
            .chunks_exact(8)
            .map(|pixel| {
                let [red, green, blue, hidden]: [f32; 4] =
                    std::array::from_fn(|i| f16::from_le_bytes([pixel[2 * i], pixel[2 * i + 1]]).to_f32());
                let through = 1.0 - hidden;
                [red + through * r, green + through * g, blue + through * b, hidden]
            })
            .collect();
        Ok(Picture { width: self.width, height: self.height, rgba })
    }

    /// Table and marks, made anew only where the cube's values or what decides on them have changed: not while the camera moves.
    fn prepare(&mut self, volume: &Volume, scene: &Scene) {
        let kept = self.prepared.as_ref().is_some_and(|kept| {
            kept.version == volume.version
                && kept.mode == scene.mode
                && kept.transfer == scene.transfer
                && kept.shows_blanks == scene.blank.is_some()
        });
        if kept {
            return;
        }
        let lookup = Lookup::new(&scene.transfer, volume.lattice());
        let entries = lookup.entries.as_flattened();
        let (format, bytes) = if lookup.hinges.is_some() {
            let bytes = entries.iter().map(|part| (part * 255.0 + 0.5) as u8).collect();
            (wgpu::TextureFormat::Rgba8Unorm, bytes)
        } else {
            let mut half = vec![f16::ZERO; entries.len()];
            half.convert_from_f32_slice(entries);
            let bits: &[u16] = half.reinterpret_cast();
            (wgpu::TextureFormat::Rgba16Float, bytemuck::cast_slice(bits).to_vec())
        };
        let (flat, solid) = (wgpu::TextureDimension::D2, wgpu::TextureDimension::D3);
        let size = extent(lookup.entries.len(), 1, 1);
        let table = texture(&self.adapter, size, flat, format, &bytes);
        let none = vec![[0.0; 4]];
        let integrals = if lookup.is_sharp() { &lookup.integrals } else { &none };
        let size = extent(integrals.len(), 1, 1);
        let format = wgpu::TextureFormat::Rgba32Float;
        let integrals = texture(&self.adapter, size, flat, format, bytemuck::cast_slice(integrals));
        let Bricks { shape: [x, y, z], .. } = volume.bricks;
        let marks = volume.bricks.marks(&lookup, scene);
        let format = wgpu::TextureFormat::R32Float;
        let marks = texture(&self.adapter, extent(x, y, z), solid, format, bytemuck::cast_slice(&marks));
        self.prepared = Some(Prepared {
            version: volume.version,
            mode: scene.mode,
            transfer: scene.transfer.clone(),
            shows_blanks: scene.blank.is_some(),
            is_sharp: lookup.is_sharp(),
            hinges: lookup.hinges,
            table,
            integrals,
            marks,
        });
    }

    /// Copies a texture of the canvas's size back, rows without gaps.
    fn read(
        &self,
        mut encoder: wgpu::CommandEncoder,
        from: &wgpu::Texture,
        texel: u32,
    ) -> Result<Vec<u8>, VolumeError> {
        let row = padded(self.width, texel);
        let buffer = &self.landing;
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
        encoder.copy_texture_to_buffer(
            from.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer, layout },
            extent(self.width as usize, self.height as usize, 1),
        );
        self.adapter.finish(encoder.finish())?;
        let refused = |what: String| VolumeError::Device(what);
        let (sender, receiver) = std::sync::mpsc::channel();
        let slice = buffer.slice(..u64::from(row) * u64::from(self.height));
        slice.map_async(wgpu::MapMode::Read, move |mapped| drop(sender.send(mapped)));
        self.adapter
            .device
            .poll(wgpu::PollType::wait_indefinitely())
            .map_err(|error| refused(error.to_string()))?;
        receiver
            .recv_timeout(Duration::from_secs(30))
            .map_err(|error| refused(error.to_string()))?
            .map_err(|error| refused(error.to_string()))?;
        let bytes = slice.get_mapped_range().map_err(|error| refused(error.to_string()))?;
        let line = (self.width * texel) as usize;
        let mut tight = Vec::with_capacity(line * self.height as usize);
        for whole in bytes.chunks_exact(row as usize) {
            tight.extend_from_slice(&whole[..line]);
        }
        drop(bytes);
        buffer.unmap();
        Ok(tight)
    }
}

/// Bytes of a row as it is copied.
fn padded(width: u32, texel: u32) -> u32 {
    (width * texel).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}

/// Runs a fragment shader over a part of a picture (left, top, width, height).
fn cover(
    encoder: &mut wgpu::CommandEncoder,
    view: &wgpu::TextureView,
    pipeline: &wgpu::RenderPipeline,
    group: &wgpu::BindGroup,
    part: f64,
    [left, top, width, height]: [u32; 4],
) {
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: None,
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view,
            resolve_target: None,
            ops: wgpu::Operations { load: wgpu::LoadOp::Load, store: wgpu::StoreOp::Store },
            depth_slice: None,
        })],
        ..wgpu::RenderPassDescriptor::default()
    });
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, group, &[]);
    pass.set_blend_constant(wgpu::Color { r: part, g: part, b: part, a: part });
    pass.set_scissor_rect(left, top, width, height);
    pass.draw(0..3, 0..1);
}

pub(super) fn target(
    device: &wgpu::Device,
    width: u32,
    height: u32,
    format: wgpu::TextureFormat,
) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("picture"),
        size: extent(width as usize, height as usize, 1),
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::COPY_SRC
            | wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    })
}

pub(super) fn texture(
    adapter: &Adapter,
    size: wgpu::Extent3d,
    dimension: wgpu::TextureDimension,
    format: wgpu::TextureFormat,
    contents: &[u8],
) -> wgpu::TextureView {
    let descriptor = wgpu::TextureDescriptor {
        label: None,
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    };
    let order = wgpu::util::TextureDataOrder::LayerMajor;
    let texture = adapter.device.create_texture_with_data(&adapter.queue, &descriptor, order, contents);
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

pub(super) fn bound(binding: u32, ty: wgpu::BindingType) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry { binding, visibility: wgpu::ShaderStages::FRAGMENT, ty, count: None }
}

pub(super) fn sampled(
    binding: u32,
    view_dimension: wgpu::TextureViewDimension,
    filterable: bool,
) -> wgpu::BindGroupLayoutEntry {
    let sample_type = wgpu::TextureSampleType::Float { filterable };
    bound(binding, wgpu::BindingType::Texture { sample_type, view_dimension, multisampled: false })
}

pub(super) fn scene_bound() -> wgpu::BindGroupLayoutEntry {
    let ty = wgpu::BufferBindingType::Uniform;
    bound(0, wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None })
}

/// What the shaders of a cube are given. All of them are given all, so that one layout serves every mode.
fn march_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    use wgpu::TextureViewDimension::{D2, D3};
    let entries = [
        scene_bound(),
        sampled(1, D3, true),
        bound(2, wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering)),
        sampled(3, D2, false),
        sampled(4, D3, false),
        sampled(7, D3, true),
        sampled(8, D2, false),
        sampled(9, D2, false),
    ];
    let entries = [&entries[..], &stops::layout_entries()].concat();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("march"),
        entries: &entries,
    })
}

fn resolve_layout(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entries = [scene_bound(), sampled(10, wgpu::TextureViewDimension::D2, false)];
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("resolve"),
        entries: &entries,
    })
}
