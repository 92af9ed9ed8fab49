//! The march on a graphics adapter: textures, pipeline, pictures off screen. The shader is `shaders/march.wgsl`.

use super::error::VolumeError;
use super::grid::Grid;
use super::march::Picture;
use super::occupancy::{BRICK, Bricks};
use super::scene::{Mode, Opacity, Radiation, Scene};
use super::transfer::TABLE;
use super::view::Rays;
use bytemuck::{Pod, Zeroable};
use half::f16;
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use wgpu::util::DeviceExt;

/// What the shader's `Uniforms` are.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct Uniforms {
    eye: [f32; 4],
    forward: [f32; 4],
    right: [f32; 4],
    up: [f32; 4],
    sides: [f32; 4],
    signs: [f32; 4],
    clip_low: [f32; 4],
    clip_high: [f32; 4],
    window: [f32; 4],
    physical: [f32; 4],
    background: [f32; 4],
    shape: [u32; 4],
    picture: [u32; 4],
}

const _: () = assert!(size_of::<Uniforms>() == 208);

/// Bytes handed to the adapter at once, so that staging never doubles a cube.
const SLAB_BYTES: usize = 64 << 20;
const PICTURE_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba16Float;

/// A device of a graphics adapter.
pub struct Adapter {
    pub name: String,
    /// The driver draws on the processor.
    pub is_software: bool,
    device: wgpu::Device,
    queue: wgpu::Queue,
}

impl Adapter {
    /// The best adapter, or the software one.
    ///
    /// # Errors
    /// No driver; a driver that refuses.
    pub fn open(software: bool) -> Result<Self, VolumeError> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            force_fallback_adapter: software,
            ..wgpu::RequestAdapterOptions::default()
        };
        let adapter = wait(instance.request_adapter(&options))?.map_err(|_| VolumeError::NoAdapter)?;
        let info = adapter.get_info();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("volume"),
            required_features: adapter.features() & wgpu::Features::FLOAT32_FILTERABLE,
            required_limits: adapter.limits(),
            ..wgpu::DeviceDescriptor::default()
        };
        let (device, queue) = wait(adapter.request_device(&descriptor))?
            .map_err(|error| VolumeError::Device(error.to_string()))?;
        let is_software = info.device_type == wgpu::DeviceType::Cpu;
        Ok(Self { name: info.name, is_software, device, queue })
    }

    /// The longest side of a cube that it takes.
    pub fn longest_side(&self) -> usize {
        self.device.limits().max_texture_dimension_3d as usize
    }
}

/// A cube on the adapter, with the pipeline that draws it.
pub struct Volume<'a> {
    adapter: &'a Adapter,
    grid: &'a Grid,
    bricks: Bricks,
    field: wgpu::TextureView,
    shader: wgpu::ShaderModule,
    /// By mode and stretch, as they were first asked for.
    pipelines: RefCell<HashMap<(u32, u32), wgpu::RenderPipeline>>,
    sampler: wgpu::Sampler,
}

impl<'a> Volume<'a> {
    /// Hands a cube to the adapter, slab by slab.
    ///
    /// # Errors
    /// A cube longer than the adapter's textures.
    pub fn new(adapter: &'a Adapter, grid: &'a Grid) -> Result<Self, VolumeError> {
        let device = &adapter.device;
        let longest = grid.lattice.shape.into_iter().max().unwrap_or(0);
        let most = adapter.longest_side();
        if longest > most {
            return Err(VolumeError::TooLong { longest, most, factor: longest.div_ceil(most) });
        }
        let field = upload(adapter, grid);
        let shader = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some("march"),
            source: wgpu::ShaderSource::Wgsl(include_str!("../../shaders/march.wgsl").into()),
        });
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        let pipelines = RefCell::default();
        Ok(Self { adapter, grid, bricks: Bricks::of(grid), field, shader, pipelines, sampler })
    }

    /// The march for one mode and one stretch.
    fn pipeline(&self, scene: &Scene) -> wgpu::RenderPipeline {
        let key @ (mode, stretch) = (mode_code(&scene.mode), scene.transfer.stretch.code().0);
        if let Some(pipeline) = self.pipelines.borrow().get(&key) {
            return pipeline.clone();
        }
        let constants = [
            ("mode", f64::from(mode)),
            ("stretch", f64::from(stretch)),
            ("has_blanks", f64::from(u8::from(self.grid.valid.is_some()))),
        ];
        let pipeline = self.adapter.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("march"),
            layout: None,
            vertex: wgpu::VertexState {
                module: &self.shader,
                entry_point: Some("corner"),
                buffers: &[],
                compilation_options: wgpu::PipelineCompilationOptions::default(),
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &self.shader,
                entry_point: Some("march"),
                targets: &[Some(PICTURE_FORMAT.into())],
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    ..wgpu::PipelineCompilationOptions::default()
                },
            }),
            multiview_mask: None,
            cache: None,
        });
        self.pipelines.borrow_mut().insert(key, pipeline.clone());
        pipeline
    }

    /// Draws off screen and waits for the picture.
    ///
    /// # Errors
    /// A picture larger than the adapter's; an adapter that is lost.
    pub fn picture(&self, scene: &Scene, width: u32, height: u32) -> Result<Picture, VolumeError> {
        let device = &self.adapter.device;
        let most = device.limits().max_texture_dimension_2d;
        if width == 0 || height == 0 || width > most || height > most {
            return Err(VolumeError::Picture { width, height, most });
        }
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let target = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: PICTURE_FORMAT,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = target.create_view(&wgpu::TextureViewDescriptor::default());
        let pipeline = self.pipeline(scene);
        let group = self.bind(scene, &pipeline, width, height);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        {
            let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
                label: Some("march"),
                color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                    view: &view,
                    resolve_target: None,
                    ops: wgpu::Operations {
                        load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                        store: wgpu::StoreOp::Store,
                    },
                    depth_slice: None,
                })],
                ..wgpu::RenderPassDescriptor::default()
            });
            pass.set_pipeline(&pipeline);
            pass.set_bind_group(0, &group, &[]);
            pass.draw(0..3, 0..1);
        }
        let row = (width * 8).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture"),
            size: u64::from(row) * u64::from(height),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let layout =
            wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(row), rows_per_image: None };
        encoder.copy_texture_to_buffer(
            target.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
            size,
        );
        self.adapter.queue.submit([encoder.finish()]);
        let refused = |what: String| VolumeError::Device(what);
        let (sender, receiver) = std::sync::mpsc::channel();
        let slice = buffer.slice(..);
        slice.map_async(wgpu::MapMode::Read, move |mapped| drop(sender.send(mapped)));
        let patience =
            wgpu::PollType::Wait { submission_index: None, timeout: Some(Duration::from_secs(300)) };
        device.poll(patience).map_err(|error| refused(error.to_string()))?;
        receiver
            .recv()
            .map_err(|error| refused(error.to_string()))?
            .map_err(|error| refused(error.to_string()))?;
        let bytes = slice.get_mapped_range().map_err(|error| refused(error.to_string()))?;
        let rgba = bytes
            .chunks_exact(row as usize)
            .flat_map(|line| line[..width as usize * 8].chunks_exact(8))
            .map(|pixel| {
                std::array::from_fn(|i| f16::from_le_bytes([pixel[2 * i], pixel[2 * i + 1]]).to_f32())
            })
            .collect();
        Ok(Picture { width, height, rgba })
    }

    fn bind(
        &self,
        scene: &Scene,
        pipeline: &wgpu::RenderPipeline,
        width: u32,
        height: u32,
    ) -> wgpu::BindGroup {
        let (device, queue) = (&self.adapter.device, &self.adapter.queue);
        let uniforms = self.uniforms(scene, width, height);
        let buffer = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("scene"),
            contents: bytemuck::bytes_of(&uniforms),
            usage: wgpu::BufferUsages::UNIFORM,
        });
        let texture = |label, size, dimension, format, contents: &[u8]| {
            let descriptor = wgpu::TextureDescriptor {
                label: Some(label),
                size,
                mip_level_count: 1,
                sample_count: 1,
                dimension,
                format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            };
            let order = wgpu::util::TextureDataOrder::LayerMajor;
            let texture = device.create_texture_with_data(queue, &descriptor, order, contents);
            texture.create_view(&wgpu::TextureViewDescriptor::default())
        };
        let table: Vec<f32> = scene.transfer.table().into_iter().flatten().collect();
        let table = texture(
            "transfer function",
            wgpu::Extent3d { width: TABLE as u32, height: 1, depth_or_array_layers: 1 },
            wgpu::TextureDimension::D2,
            wgpu::TextureFormat::Rgba16Float,
            &pack(&table, true),
        );
        let [x, y, z] = self.bricks.shape.map(|count| count as u32);
        let marks = texture(
            "bricks",
            wgpu::Extent3d { width: x, height: y, depth_or_array_layers: z },
            wgpu::TextureDimension::D3,
            wgpu::TextureFormat::R32Float,
            bytemuck::cast_slice(&self.bricks.marks(self.grid, scene)),
        );
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("march"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                entry(0, buffer.as_entire_binding()),
                entry(1, wgpu::BindingResource::TextureView(&self.field)),
                entry(2, wgpu::BindingResource::Sampler(&self.sampler)),
                entry(3, wgpu::BindingResource::TextureView(&table)),
                entry(4, wgpu::BindingResource::TextureView(&marks)),
            ],
        })
    }

    fn uniforms(&self, scene: &Scene, width: u32, height: u32) -> Uniforms {
        let grid = self.grid;
        let rays = Rays::new(&scene.view, width, height);
        let with = |[x, y, z]: [f32; 3], w: f32| [x, y, z, w];
        let (low, high) =
            (grid.lattice.stored(scene.transfer.range.0), grid.lattice.stored(scene.transfer.range.1));
        let (_, parameter) = scene.transfer.stretch.code();
        let opacity = match scene.mode {
            Mode::Transfer(Radiation { opacity: Opacity::Constant(per_pc), longest_pc, .. }) => {
                (per_pc * longest_pc) as f32
            }
            _ => 0.0,
        };
        let [x, y, z] = grid.lattice.shape.map(|count| count as u32);
        // Physical values in units of the scale: 1e-40 and 1e38 are no numbers for a shader.
        let physical = [(grid.lattice.offset / grid.lattice.scale) as f32, 1.0, 0.0, 0.0];
        Uniforms {
            eye: with(rays.eye, f32::from(u8::from(rays.orthographic))),
            forward: with(rays.forward, scene.step(&grid.lattice)),
            right: with(rays.right, grid.lattice.finest()),
            up: with(rays.up, scene.density),
            sides: with(grid.lattice.sides, opacity),
            signs: with(grid.lattice.signs, 0.0),
            clip_low: with(scene.clip.map(|[low, _]| low), 0.0),
            clip_high: with(scene.clip.map(|[_, high]| high), 0.0),
            window: [low, if high > low { 1.0 / (high - low) } else { 0.0 }, parameter, 0.0],
            physical,
            background: with(scene.background, 0.0),
            shape: [x, y, z, BRICK as u32],
            picture: [width, height, 0, 0],
        }
    }
}

/// The numbers of the shader.
fn mode_code(mode: &Mode) -> u32 {
    match mode {
        Mode::Emission => 0,
        Mode::Absorption => 1,
        Mode::Maximum => 2,
        Mode::Average => 3,
        Mode::Integral => 4,
        Mode::Transfer(_) => 5,
        Mode::Nothing => 6,
        Mode::Polaris => 7,
    }
}

/// The field as a texture: half floats where they hold the values, beside each value whether it is one where there are blanks.
fn upload(adapter: &Adapter, grid: &Grid) -> wgpu::TextureView {
    let [width, height, depth] = grid.lattice.shape;
    let filterable = adapter.device.features().contains(wgpu::Features::FLOAT32_FILTERABLE);
    let half = grid.lattice.fits_half || !filterable;
    let format = match (half, grid.valid.is_some()) {
        (true, false) => wgpu::TextureFormat::R16Float,
        (true, true) => wgpu::TextureFormat::Rg16Float,
        (false, false) => wgpu::TextureFormat::R32Float,
        (false, true) => wgpu::TextureFormat::Rg32Float,
    };
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
    let channels = 1 + usize::from(grid.valid.is_some());
    let texel = channels * if half { 2 } else { 4 };
    let planes = (SLAB_BYTES / (width * height * texel).max(1)).clamp(1, depth);
    let mut first = 0;
    while first < depth {
        let last = (first + planes).min(depth);
        let part = ndarray::s![first..last, .., ..];
        let values = grid.values.slice(part);
        let bytes: Vec<u8> = match &grid.valid {
            None => pack(values.as_slice().unwrap_or_default(), half),
            Some(valid) => {
                let pairs: Vec<f32> =
                    values.iter().zip(valid.slice(part)).flat_map(|(&v, &ok)| [v, f32::from(ok)]).collect();
                pack(&pairs, half)
            }
        };
        adapter.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                origin: wgpu::Origin3d { x: 0, y: 0, z: first as u32 },
                ..texture.as_image_copy()
            },
            &bytes,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some((width * texel) as u32),
                rows_per_image: Some(height as u32),
            },
            extent(width, height, last - first),
        );
        adapter.queue.submit([]);
        first = last;
    }
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

fn pack(values: &[f32], half: bool) -> Vec<u8> {
    if !half {
        return bytemuck::cast_slice(values).to_vec();
    }
    let packed: Vec<u16> = values.par_iter().map(|&value| f16::from_f32(value).to_bits()).collect();
    bytemuck::cast_slice(&packed).to_vec()
}

fn extent(width: usize, height: usize, depth: usize) -> wgpu::Extent3d {
    wgpu::Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: depth as u32 }
}

/// Waits for a future of the graphics interface; outside the browser these are ready at once.
fn wait<T>(future: impl Future<Output = T>) -> Result<T, VolumeError> {
    let mut future = pin!(future);
    let mut task = Context::from_waker(Waker::noop());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if let Poll::Ready(value) = future.as_mut().poll(&mut task) {
            return Ok(value);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(VolumeError::Device("no answer in 30 s".to_owned()))
}
