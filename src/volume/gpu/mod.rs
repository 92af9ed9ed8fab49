//! The march on a graphics adapter: the device, cubes on it, pictures of them off screen. The shaders are `shaders/*.wgsl`.
//! Nothing here knows of windows; what is drawn comes back as numbers.

mod adapter;
mod canvas;
mod field;
mod shaders;
mod stops;
mod uniforms;

pub use adapter::Adapter;
pub use canvas::Canvas;
pub use field::Volume;
