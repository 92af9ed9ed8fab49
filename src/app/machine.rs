//! What the status bar tells of the machine, measured on a thread of its own; and the log of frame times.

use super::task::Task;
use crate::job::Slot;
use crate::network::{self, DeviceChoice};
use egui::Context;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

const GIB: f64 = (1_u64 << 30) as f64;
const EVERY: Duration = Duration::from_secs(2);

/// Memory of this program and of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory {
    pub used_gib: f64,
    pub total_gib: f64,
}

/// Measures until it is dropped.
pub struct Monitor {
    memory: Slot<Memory>,
    stop: Arc<AtomicBool>,
}

impl Monitor {
    /// Starts measuring; the window is woken only when the shown number changes.
    pub fn start(context: &Context) -> Self {
        let (memory, stop) = (Slot::new(), Arc::new(AtomicBool::new(false)));
        let (slot, stopped, context) = (memory.clone(), Arc::clone(&stop), context.clone());
        // Without the thread the status bar shows no memory; nothing else depends on it.
        std::thread::Builder::new()
            .name("memory".to_owned())
            .spawn(move || measure(&slot, &stopped, &context))
            .ok();
        Self { memory, stop }
    }

    pub fn memory(&self) -> Memory {
        self.memory.latest().map(|memory| *memory).unwrap_or_default()
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn measure(slot: &Slot<Memory>, stop: &AtomicBool, context: &Context) {
    let Ok(own) = sysinfo::get_current_pid() else { return };
    let mut system = System::new();
    let mut shown = Memory::default();
    while !stop.load(Ordering::Relaxed) {
        system.refresh_memory();
        let only_memory = ProcessRefreshKind::nothing().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[own]), false, only_memory);
        let used = system.process(own).map_or(0, sysinfo::Process::memory);
        // One decimal is shown; a smaller change wakes nobody.
        let used_gib = (used as f64 / GIB * 10.0).round() / 10.0;
        let memory = Memory { used_gib, total_gib: system.total_memory() as f64 / GIB };
        if memory != shown {
            shown = memory;
            slot.publish(memory);
            context.request_repaint();
        }
        std::thread::sleep(EVERY);
    }
}

/// Each frame's own work: the last ones for the status bar, all of them for `--frame-log`.
pub struct FrameTimes {
    begun: Instant,
    recent: [f32; 64],
    count: u64,
    file: Option<(PathBuf, std::io::BufWriter<std::fs::File>)>,
}

impl FrameTimes {
    /// With a path, writes a CSV with one row a frame: `frame,time_s,work_ms`. It grows while the window is open.
    pub fn new(path: Option<&Path>) -> anyhow::Result<Self> {
        let file = match path {
            Some(path) => {
                let file = std::fs::File::create(path)
                    .map_err(|error| crate::io::Error::system(path, "create the frame log", error))?;
                let mut writer = std::io::BufWriter::new(file);
                writeln!(writer, "frame,time_s,work_ms")?;
                Some((path.to_owned(), writer))
            }
            None => None,
        };
        Ok(Self { begun: Instant::now(), recent: [0.0; 64], count: 0, file })
    }

    /// Adds a frame; answers the sentence to show when the log can no longer be written.
    pub fn add(&mut self, work: Duration) -> Option<String> {
        let work_ms = work.as_secs_f32() * 1000.0;
        self.recent[(self.count % 64) as usize] = work_ms;
        self.count += 1;
        let (path, writer) = self.file.as_mut()?;
        let seconds = self.begun.elapsed().as_secs_f64();
        let written =
            writeln!(writer, "{},{seconds:.4},{work_ms:.3}", self.count - 1).and_then(|()| writer.flush());
        let fault =
            written.err().map(|error| format!("{}: the frame log ends here: {error}", path.display()));
        if fault.is_some() {
            self.file = None;
        }
        fault
    }

    /// The median of the last 64 frames in ms: a number that can be read while it changes.
    pub fn typical_ms(&self) -> f32 {
        let mut recent = self.recent[..self.count.min(64) as usize].to_vec();
        recent.sort_by(f32::total_cmp);
        recent.get(recent.len() / 2).copied().unwrap_or(0.0)
    }
}

/// The device that a training would use, asked in the background: loading CUDA's libraries takes seconds.
#[derive(Default)]
pub struct Device {
    /// As the recipe names it.
    asked: Option<String>,
    asking: Option<Task<String>>,
    /// `cpu` or `cuda:0`, or why there is none.
    found: Option<Result<String, String>>,
}

impl Device {
    /// Asks anew when the recipe names another device, and takes the answer.
    pub fn update(&mut self, context: &Context, choice: &str) {
        if self.asked.as_deref() != Some(choice) {
            self.asked = Some(choice.to_owned());
            let choice = choice.to_owned();
            self.asking = Some(Task::spawn(context, "device", move || {
                let choice: DeviceChoice = choice.parse().map_err(anyhow::Error::msg)?;
                Ok(network::device::name(choice.resolve()?))
            }));
        }
        if let Some(found) = self.asking.as_ref().and_then(Task::take) {
            (self.asking, self.found) = (None, Some(found));
        }
    }

    /// What the status bar says, and the explanation where it is no device.
    pub fn text(&self) -> Result<String, String> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        match &self.found {
            None => Ok("looking for devices".to_owned()),
            Some(Ok(name)) if name == "cpu" => {
                Ok(format!("CPU · {threads} thread{}", if threads == 1 { "" } else { "s" }))
            }
            Some(Ok(name)) => Ok(name.to_uppercase().replace("CUDA:", "CUDA ")),
            Some(Err(reason)) => Err(reason.clone()),
        }
    }
}
