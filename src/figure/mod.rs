//! Figures an astronomer would publish, as SVG text: colour maps, ticks, line plots, two-dimensional histograms, maps with colour bars.
//! No window and no files: the caller decides where a figure goes.

mod colour;
mod graticule;
mod lab;
mod map;
pub mod numbers;
mod plot;
mod spectral;
mod svg;
pub mod text;
mod ticks;

pub use colour::{ColourGroup, ColourMap, NAN_RGB};
pub use graticule::{Coordinate, PixelSize, scale_bar, sky_ticks, sky_words};
pub use map::{Panel, gallery_svg, maps_svg, rgba_from_map};
pub use plot::{Axis, Histogram2d, Line, Scale, Stroke, histogram_svg, lines_svg};
pub use spectral::{Spectral, spectral, velocity_name};
pub use svg::picture_svg;
pub use ticks::{Tick, label, linear_ticks, log_ticks};
