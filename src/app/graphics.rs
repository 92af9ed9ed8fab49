//! Which graphics adapters this machine offers, for `aquila doctor`.

use eframe::wgpu::{Backends, DeviceType, Instance, InstanceDescriptor};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// One adapter as wgpu names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Adapter {
    pub name: String,
    pub backend: String,
    pub driver: String,
    /// A driver that draws on the processor.
    pub is_software: bool,
}

/// All adapters, in wgpu's order; empty where no driver is installed.
pub fn adapters() -> Vec<Adapter> {
    let instance = Instance::new(InstanceDescriptor::new_without_display_handle());
    let mut future = pin!(instance.enumerate_adapters(Backends::all()));
    // On native systems the list is ready when asked for: there is nothing to wait on.
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(adapters) => adapters.iter().map(|adapter| Adapter::from(adapter.get_info())).collect(),
        Poll::Pending => Vec::new(),
    }
}

impl From<eframe::wgpu::AdapterInfo> for Adapter {
    fn from(info: eframe::wgpu::AdapterInfo) -> Self {
        Self {
            name: info.name,
            backend: format!("{:?}", info.backend),
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            is_software: info.device_type == DeviceType::Cpu,
        }
    }
}
