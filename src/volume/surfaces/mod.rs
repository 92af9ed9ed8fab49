//! Isosurfaces and slices: what stops a ray within a cube. Here the reference in plain Rust, kept close to `shaders/surfaces.wgsl`,
//! line by line. What shines before them is the march's.

mod isosurface;
mod slice;
#[cfg(test)]
mod tests;

use super::grid::Grid;
use super::march::{Marcher, Span};
use super::scene::Scene;
pub(super) use isosurface::Level;
pub(super) use slice::Cut;

/// What stops a ray.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// From where the ray starts, in longest sides of the box.
    pub distance: f32,
    /// Along x, y, z of the cube, from 0 to 1.
    pub place: [f32; 3],
    /// Physical: the level of a surface, the value (or the mean over the thickness) of a slice.
    pub value: f64,
    pub rgb: [f32; 3],
}

/// The nearest surface or slice under the middle of a pixel, rows from the top; `None` where the ray meets none.
pub fn hit_at(grid: &Grid, scene: &Scene, size: [u32; 2], pixel: [u32; 2]) -> Option<Hit> {
    let marcher = Marcher::new(grid, None, scene, size[0], size[1]);
    let (origin, direction) = marcher.ray(pixel[0], pixel[1]);
    nearest(&marcher, &Stops::of(grid, scene), &marcher.span(origin, direction)?)
}

/// What of a scene stops rays.
pub(super) struct Stops {
    levels: Vec<Level>,
    cuts: Vec<Cut>,
}

impl Stops {
    pub fn of(grid: &Grid, scene: &Scene) -> Self {
        let slices = scene.slices.iter().filter(|slice| slice.shown);
        Self {
            levels: Level::shown(&grid.lattice, scene),
            cuts: slices.filter_map(|slice| Cut::of(slice, &grid.lattice)).collect(),
        }
    }
}

/// The nearest of all surfaces and slices along a ray within the clip box. A clipped surface is open where it is cut.
pub(super) fn nearest(marcher: &Marcher<'_>, stops: &Stops, span: &Span) -> Option<Hit> {
    let mut found: Option<Hit> = None;
    for cut in &stops.cuts {
        let until = found.map_or(f32::INFINITY, |hit| hit.distance);
        found = slice::meet(marcher, span, cut, until).or(found);
    }
    let until = found.map_or(span.leave, |hit| hit.distance);
    isosurface::meet(marcher.grid, &stops.levels, span, until).or(found)
}
