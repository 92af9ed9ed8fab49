//! Files: FITS, NPY/NPZ, HDF5, tables, PNG, world coordinates, atomic writes. No science and no window here;
//! what a header claims is checked against the file before anything is allocated.

pub mod atomic;
mod error;
pub mod png;

pub use error::{Error, Result};
