//! Painting with no display: the window, or a single painting of any size, into a texture and read back.

use super::theme;
use super::window::Aquila;
use anyhow::{Context as _, anyhow, bail};
use eframe::egui_wgpu::{self, RenderState, RendererOptions, ScreenDescriptor, WgpuConfiguration, wgpu};
use egui::{Color32, ColorImage, Context, FullOutput, RawInput, Rect, Vec2};
use std::future::Future;
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// How long the content may take to load and paint.
const PATIENCE: Duration = Duration::from_secs(600);
/// Frames painted after everything is loaded: panels slide in and layouts settle.
const CALM_FRAMES: usize = 12;

/// Runs the app until its content is loaded and painted; answers the picture.
pub fn picture(context: &Context, app: &mut Aquila, size: Vec2) -> anyhow::Result<ColorImage> {
    let mut graphics = Graphics::new()?;
    let begun = Instant::now();
    let mut calm = 0;
    loop {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, size)),
            time: Some(begun.elapsed().as_secs_f64()),
            focused: true,
            max_texture_side: Some(graphics.longest_side() as usize),
            ..RawInput::default()
        };
        app.update(context);
        let mut output = context.run_ui(input, |ui| app.paint(ui));
        graphics.take_textures(&mut output);
        calm = if app.is_settled() { calm + 1 } else { 0 };
        if calm > CALM_FRAMES {
            return graphics.paint(context, output);
        }
        if begun.elapsed() > PATIENCE {
            bail!(
                "the content did not finish loading in {} s; open the window to see why",
                PATIENCE.as_secs()
            );
        }
        std::thread::sleep(Duration::from_millis(16));
    }
}

/// Paintings of one size, in the window's fonts and dark theme. For jobs: it opens an adapter of its own and waits for it.
pub struct Darkroom {
    context: Context,
    graphics: Graphics,
    size: Vec2,
    /// Seconds of the window's clock, which every painting moves on.
    time_s: f64,
}

impl Darkroom {
    /// For paintings of so many pixels, of which each point of the window takes `pixels_per_point`.
    ///
    /// # Errors
    /// No graphics adapter; a size that it does not draw.
    pub fn new([width, height]: [u32; 2], pixels_per_point: f32) -> anyhow::Result<Self> {
        let graphics = Graphics::new()?;
        let most = graphics.longest_side();
        if width == 0 || height == 0 || width > most || height > most {
            bail!("a picture of {width} × {height} is not possible here; the adapter takes up to {most}");
        }
        let context = Context::default();
        theme::install(&context, 1.0);
        context.set_theme(egui::Theme::Dark);
        context.set_pixels_per_point(pixels_per_point);
        let size = Vec2::new(width as f32, height as f32) / pixels_per_point;
        let mut darkroom = Self { context, graphics, size, time_s: 0.0 };
        // Fonts and scale are there from the second frame on.
        darkroom.frame(&mut |_| {});
        Ok(darkroom)
    }

    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What is painted over the whole size, row by row from the top.
    ///
    /// # Errors
    /// An adapter that does not finish.
    pub fn print(&mut self, paint: &mut dyn FnMut(&mut egui::Ui)) -> anyhow::Result<ColorImage> {
        let output = self.frame(paint);
        self.graphics.paint(&self.context, output)
    }

    fn frame(&mut self, paint: &mut dyn FnMut(&mut egui::Ui)) -> FullOutput {
        self.time_s += 1.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, self.size)),
            time: Some(self.time_s),
            max_texture_side: Some(self.graphics.longest_side() as usize),
            ..RawInput::default()
        };
        let mut output = self.context.run_ui(input, paint);
        self.graphics.take_textures(&mut output);
        output
    }
}

/// Adapter, device and egui's renderer, without a surface.
struct Graphics {
    state: RenderState,
}

impl Graphics {
    fn new() -> anyhow::Result<Self> {
        let setup = egui_wgpu::WgpuSetup::without_display_handle();
        let instance = wait(setup.new_instance())?;
        let configuration = WgpuConfiguration { wgpu_setup: setup, ..WgpuConfiguration::default() };
        let state = wait(RenderState::create(&configuration, &instance, None, RendererOptions::default()))?
            .context("no graphics adapter, not even a software one; install mesa-vulkan-drivers")?;
        Ok(Self { state })
    }

    fn longest_side(&self) -> u32 {
        self.state.device.limits().max_texture_dimension_2d
    }

    fn take_textures(&mut self, output: &mut FullOutput) {
        let mut renderer = self.state.renderer.write();
        for (id, images) in output.textures_delta.set.drain() {
            for image in images {
                renderer.update_texture(&self.state.device, &self.state.queue, id, &image);
            }
        }
        for id in output.textures_delta.free.drain() {
            renderer.free_texture(&id);
        }
    }

    fn paint(&mut self, context: &Context, output: FullOutput) -> anyhow::Result<ColorImage> {
        let RenderState { device, queue, target_format, .. } = &self.state;
        let mut renderer = self.state.renderer.write();
        let pixels = context.content_rect().size() * output.pixels_per_point;
        let (width, height) = (pixels.x.round() as u32, pixels.y.round() as u32);
        let screen =
            ScreenDescriptor { pixels_per_point: output.pixels_per_point, size_in_pixels: [width, height] };
        let shapes = context.tessellate(output.shapes, output.pixels_per_point);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let buffers = renderer.update_buffers(device, queue, &mut encoder, &shapes, &screen);
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture of the window"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: *target_format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        {
            let mut pass = encoder
                .begin_render_pass(&wgpu::RenderPassDescriptor {
                    label: Some("picture of the window"),
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
                })
                .forget_lifetime();
            renderer.render(&mut pass, &shapes, &screen);
        }
        // A row of the read-back buffer is padded to what the graphics interface asks for.
        let row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture read-back"),
            size: u64::from(row) * u64::from(height),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        encoder.copy_texture_to_buffer(
            texture.as_image_copy(),
            wgpu::TexelCopyBufferInfo {
                buffer: &buffer,
                layout: wgpu::TexelCopyBufferLayout {
                    offset: 0,
                    bytes_per_row: Some(row),
                    rows_per_image: None,
                },
            },
            size,
        );
        queue.submit(buffers.into_iter().chain(std::iter::once(encoder.finish())));
        let slice = buffer.slice(..);
        let (sender, receiver) = std::sync::mpsc::channel();
        slice.map_async(wgpu::MapMode::Read, move |mapped| drop(sender.send(mapped)));
        device
            .poll(wgpu::PollType::Wait { submission_index: None, timeout: Some(Duration::from_secs(60)) })
            .map_err(|error| anyhow!("the graphics adapter did not finish the picture: {error}"))?;
        receiver.recv()??;
        let bytes =
            slice.get_mapped_range().map_err(|error| anyhow!("the picture could not be read: {error}"))?;
        let swap =
            matches!(target_format, wgpu::TextureFormat::Bgra8Unorm | wgpu::TextureFormat::Bgra8UnormSrgb);
        let pixels =
            bytes
                .chunks_exact(row as usize)
                .flat_map(|row| row[..width as usize * 4].chunks_exact(4))
                .map(|p| {
                    if swap {
                        Color32::from_rgb(p[2], p[1], p[0])
                    } else {
                        Color32::from_rgb(p[0], p[1], p[2])
                    }
                })
                .collect();
        Ok(ColorImage::new([width as usize, height as usize], pixels))
    }
}

/// Waits for a future of the graphics interface; outside the browser these are ready at once.
fn wait<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    let mut future = pin!(future);
    let mut task = std::task::Context::from_waker(Waker::noop());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if let Poll::Ready(value) = future.as_mut().poll(&mut task) {
            return Ok(value);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    bail!("the graphics interface did not answer in 30 s")
}
