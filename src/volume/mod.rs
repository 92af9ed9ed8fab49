//! Cubes as pictures: the ray march on the graphics adapter, its reference in plain Rust, transfer function, camera.
//! Cubes come from files through `load`; nothing here knows of windows.

mod depth;
mod error;
mod extremes;
mod feed;
pub mod film;
mod first_look;
mod geometry;
pub mod gpu;
mod grid;
mod histogram;
mod intensities;
mod jitter;
pub mod load;
mod lookup;
mod march;
mod memory;
mod navigate;
mod occupancy;
mod probe;
mod reduce;
mod scene;
pub mod stage;
mod surfaces;
#[cfg(test)]
mod tests;
mod transfer;
mod view;

pub use depth::depth_through_middle;
pub use error::VolumeError;
pub use feed::Feed;
pub use first_look::{FirstColours, first_look, first_look_at};
pub use geometry::{AxisKind, CubeAxis, EdgeTick, Geometry, Part, SpectralUnit};
pub use grid::{Grid, Lattice};
pub use histogram::Histogram;
pub use load::{Limit, Loaded, Wish};
pub use march::{Picture, render, value_at};
pub use navigate::{Preset, crossing};
pub use probe::{Probe, Seen, probe};
pub use reduce::{Reduce, reduced};
pub use scene::{Mode, Opacity, Plane, Radiation, Scene, Slice, Source, Surface};
pub use surfaces::{Hit, contour_shells, hit_at, hits_at};
pub use transfer::{OpacityPreset, Stretch, Transfer};
pub use view::{Lens, View};
