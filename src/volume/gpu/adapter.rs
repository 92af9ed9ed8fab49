//! A device of a graphics adapter, and its faults as errors: nothing that a driver does ends the program.

use super::shaders::Shaders;
use crate::volume::{VolumeError, memory};
use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The device and what is made once for all cubes on it.
pub struct Adapter {
    pub name: String,
    /// The driver draws on the processor.
    pub is_software: bool,
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    faults: Arc<Faults>,
    shaders: Mutex<Shaders>,
    pipelines: Mutex<HashMap<Key, wgpu::RenderPipeline>>,
    counter: AtomicU64,
    /// The software one was asked for.
    wants_software: bool,
    /// Bytes that cubes may take together, as the user says, and have taken.
    room: Option<u64>,
    taken: AtomicU64,
}

/// A cube's share of the memory that cubes may take.
pub(super) struct Room {
    adapter: Arc<Adapter>,
    bytes: u64,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.adapter.taken.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What tells one pipeline from another: entry point, version of its shader, constants, and what it reads and writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub entry: &'static str,
    pub version: u64,
    pub constants: Vec<(&'static str, u32)>,
    pub target: wgpu::TextureFormat,
    pub blend: Option<wgpu::BlendState>,
}

/// What the driver said outside of any call.
#[derive(Default)]
struct Faults {
    lost: Mutex<Option<String>>,
    stray: Mutex<Option<String>>,
}

/// How long a picture may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Per cent of the memory that the driver has left for this process; beyond it textures are refused. A full card would else move what
/// others hold there to the machine's memory, and all would crawl.
const MOST_OF_BUDGET: u8 = 95;

impl Adapter {
    /// The best adapter, or the software one. Cubes take what memory the user leaves them (`AQUILA_ADAPTER_MEMORY`).
    ///
    /// # Errors
    /// No driver; a driver that refuses; a shader in development that does not compile; a setting that is no amount of memory.
    pub fn open(software: bool) -> Result<Arc<Self>, VolumeError> {
        Self::open_with(software, memory::adapter_room()?)
    }

    /// As [`open`](Self::open), with so many bytes for all cubes together; any number where `None`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(software: bool, room: Option<u64>) -> Result<Arc<Self>, VolumeError> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            memory_budget_thresholds: wgpu::MemoryBudgetThresholds {
                for_resource_creation: Some(MOST_OF_BUDGET),
                for_device_loss: None,
            },
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
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
        let faults = Arc::new(Faults::default());
        let heard = Arc::clone(&faults);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            locked(&heard.stray).get_or_insert_with(|| error.to_string());
        }));
        let heard = Arc::clone(&faults);
        device.set_device_lost_callback(move |reason, message| {
            locked(&heard.lost).get_or_insert_with(|| format!("{reason:?}: {message}"));
        });
        let is_software = info.device_type == wgpu::DeviceType::Cpu;
        let shaders =
            Mutex::new(Shaders::new(&device, std::env::var_os("AQUILA_SHADERS").map(PathBuf::from))?);
        let (pipelines, counter) = (Mutex::default(), AtomicU64::new(0));
        Ok(Arc::new(Self {
            name: info.name,
            is_software,
            device,
            queue,
            faults,
            shaders,
            pipelines,
            counter,
            wants_software: software,
            room,
            taken: AtomicU64::new(0),
        }))
    }

    /// Whether it interpolates between full floats; only between half floats else.
    pub fn takes_full_floats(&self) -> bool {
        self.device.features().contains(wgpu::Features::FLOAT32_FILTERABLE)
    }

    /// Another device of the same kind, after this one was lost.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn again(&self) -> Result<Arc<Self>, VolumeError> {
        Self::open_with(self.wants_software, self.room)
    }

    /// The longest side of a cube that it takes.
    pub fn longest_side(&self) -> usize {
        self.device.limits().max_texture_dimension_3d as usize
    }

    /// Sets bytes aside for a cube, until what is answered is dropped.
    ///
    /// # Errors
    /// More than the user leaves to cubes.
    pub(super) fn take(self: &Arc<Self>, bytes: u64) -> Result<Room, VolumeError> {
        let room = self.room.unwrap_or(u64::MAX);
        let fits = |taken: u64| taken.checked_add(bytes).filter(|&taken| taken <= room);
        match self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => Ok(Room { adapter: Arc::clone(self), bytes }),
            Err(taken) => Err(VolumeError::NotAllowed { bytes, left: room.saturating_sub(taken) }),
        }
    }

    /// Whether the device is gone: all that was on it is lost, and it draws nothing any more.
    pub fn is_lost(&self) -> bool {
        locked(&self.faults.lost).is_some()
    }

    /// Gives the device up as if the driver had lost it, for tests of what follows.
    pub fn lose(&self) {
        self.device.destroy();
        drop(self.device.poll(wgpu::PollType::Poll));
        locked(&self.faults.lost).get_or_insert_with(|| "given up".to_owned());
    }

    /// In development (`AQUILA_SHADERS` names a folder) reads the shaders again where they have changed. True where one has.
    ///
    /// # Errors
    /// A shader that does not compile; the last good one stays in use, and the error is told once for each change.
    pub fn refresh_shaders(&self) -> Result<bool, VolumeError> {
        let changed = locked(&self.shaders).refresh(&self.device)?;
        if changed {
            locked(&self.pipelines).clear();
        }
        Ok(changed)
    }

    /// A number that no other thing on this adapter has.
    pub(super) fn number(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs what talks to the device; its errors come back as such. `bytes` is what it asks memory for.
    pub(super) fn guarded<T>(
        &self,
        bytes: u64,
        work: impl FnOnce() -> Result<T, VolumeError>,
    ) -> Result<T, VolumeError> {
        self.check()?;
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let result = work();
        let validation = wait(validation.pop())?;
        let internal = wait(internal.pop())?;
        let memory = wait(memory.pop())?;
        self.check()?;
        if memory.is_some() {
            return Err(VolumeError::OutOfMemory { bytes });
        }
        match validation.or(internal) {
            Some(error) => Err(VolumeError::Device(error.to_string())),
            None => result,
        }
    }

    fn check(&self) -> Result<(), VolumeError> {
        if let Some(reason) = locked(&self.faults.lost).as_ref() {
            return Err(VolumeError::Lost(reason.clone()));
        }
        locked(&self.faults.stray).take().map_or(Ok(()), |message| Err(VolumeError::Device(message)))
    }

    /// Hands work over and waits until it is done.
    pub(super) fn finish(&self, commands: wgpu::CommandBuffer) -> Result<(), VolumeError> {
        let index = self.queue.submit([commands]);
        let patience = wgpu::PollType::Wait { submission_index: Some(index), timeout: Some(PATIENCE) };
        self.device.poll(patience).map_err(|error| VolumeError::Device(error.to_string()))?;
        Ok(())
    }

    /// The pipeline of a fragment shader that covers the picture, made when first asked for.
    pub(super) fn pipeline(
        &self,
        shader: &'static str,
        mut key: Key,
        layout: &wgpu::BindGroupLayout,
    ) -> wgpu::RenderPipeline {
        let (module, version) = locked(&self.shaders).module(shader);
        key.version = version;
        if let Some(pipeline) = locked(&self.pipelines).get(&key) {
            return pipeline.clone();
        }
        let constants: Vec<(&str, f64)> =
            key.constants.iter().map(|&(name, value)| (name, f64::from(value))).collect();
        let target = wgpu::ColorTargetState { blend: key.blend, ..key.target.into() };
        let layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(key.entry),
            bind_group_layouts: &[Some(layout)],
            ..wgpu::PipelineLayoutDescriptor::default()
        });
        let compilation_options = wgpu::PipelineCompilationOptions {
            constants: &constants,
            ..wgpu::PipelineCompilationOptions::default()
        };
        let pipeline = self.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(key.entry),
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some("corner"),
                buffers: &[],
                compilation_options: wgpu::PipelineCompilationOptions::default(),
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some(key.entry),
                targets: &[Some(target)],
                compilation_options,
            }),
            multiview_mask: None,
            cache: None,
        });
        locked(&self.pipelines).insert(key, pipeline.clone());
        pipeline
    }
}

/// A thread that died with the lock left whole values behind: each is set in one go.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a future of the graphics interface; outside the browser these are ready at once.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> Result<T, VolumeError> {
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
