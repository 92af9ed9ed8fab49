//! Files: FITS, NPY/NPZ, HDF5, tables, PNG, world coordinates, atomic writes. No science and no window here;
//! what a header claims is checked against the file before anything is allocated.

pub mod atomic;
mod beams;
mod contents;
mod cube_axes;
mod cube_file;
mod error;
pub mod fits;
mod flat;
pub mod gif;
pub mod hdf5;
pub mod header;
pub mod npy;
mod open;
mod opened;
pub mod png;
pub mod sample_set;
pub mod tables;
pub mod wcs;

pub use beams::first_beam;
pub use contents::Contents;
pub use cube_file::{CubeFile, Region};
pub use error::{Error, Result};
pub use open::{read_cube, read_cube_watched, read_image, read_image_watched};
pub use opened::{Format, Opened, Part, PartKind, open};
