//! A checked blueprint compiled to `tch` tensors: building, running, weights files, devices.
//! The only room below training that may name `tch` and `safetensors`; it knows nothing of losses, data sets or runs.
//!
//! A `tch::Tensor` is `Send` but not `Sync`: one thread owns a `Network` for its whole life, and other threads get
//! copies of numbers (`tensors::to_vec`), never tensors. Grad mode is per thread too, so it is set where it is needed.

mod basis;
mod compile;
mod declare;
pub mod device;
mod error;
pub mod export;
mod forward;
pub mod import;
mod initial;
mod layout;
pub mod seed;
pub mod tensors;
#[cfg(test)]
mod tests;
pub mod threads;
pub mod weights;

pub use compile::{Mode, Network, Precision};
pub use device::DeviceChoice;
pub use error::NetworkError;
pub use forward::Observer;
pub use layout::{Layout, Slot};

/// The tensor and device of libtorch, for the rooms above that own one.
pub use tch::{Device, Tensor};
