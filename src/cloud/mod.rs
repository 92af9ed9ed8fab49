//! Molecular clouds: synthetic clouds, simulation folders, projections, moments, patches for training, and the tiling that
//! brings a network onto an observed map. Plain arrays in, plain arrays out: no tensors, no window, no recipes here.
//!
//! **Axes.** Every cube is in NumPy order (z, y, x): `cube[[k, j, i]]` lies at z = k, y = j, x = i in cells. A face is named
//! by its line of sight, see [`Axis`].

mod agreement;
mod common_grid;
mod demo;
mod difference;
mod error;
mod example_cube;
mod line_emission;
mod line_fit;
mod moments;
pub mod patches;
mod position_velocity;
mod projection;
mod region;
mod region_file;
mod resample;
mod selection;
mod simulation;
mod simulation_folder;
mod sky_plane;
mod streamed;
mod synthesis;
pub mod tiling;

pub use agreement::Agreement;
pub use common_grid::CommonGrid;
pub use demo::DemoClouds;
pub use difference::{Compared, Measure, compare};
pub use error::{Error, Result};
pub use example_cube::ExampleCube;
pub use line_emission::{BACKGROUND_K, CO13_1_0, Channels, Line, Tracer, line_emission};
pub use line_fit::{Component, FitError, Gaussian, LineFit, MOST_COMPONENTS, fit_lines};
pub use moments::{LineMoments, Moments, line_moments, moments, moments_of, velocity_axis_km_s};
pub use position_velocity::{Cut, PositionVelocity, position_velocity};
pub use projection::{Quantity, project};
pub use region::{Combine, Region, RegionStatistics, Shape, region_spectrum, region_statistics};
pub use region_file::{RegionFile, parse_regions, read_regions, regions_text, sky_angle, write_regions};
pub use resample::{area_mean, bilinear, fill_blanks};
pub use selection::{Selection, noise};
pub use simulation::{Axis, Simulation};
pub use simulation_folder::{read_simulation, write_simulation};
pub use sky_plane::{Frame, SkyPlane, offsets_arcsec, separation_deg};
pub use streamed::{moments_of_file, noise_of_file, position_velocity_of_file};
pub use synthesis::{SynthSettings, synthesise, temperature_k};
