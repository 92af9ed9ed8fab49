//! Isosurfaces, what closes them where the clip box cuts them, and slices: what a ray meets within a cube. Here the reference in plain
//! Rust, kept close to `shaders/surfaces.wgsl`, line by line. What shines between them is the march's.

mod cut;
mod isosurface;
mod shells;
mod slice;
#[cfg(test)]
mod tests;

use super::grid::Grid;
use super::march::{Marcher, Span};
use super::scene::Scene;
pub(super) use isosurface::Level;
pub use shells::contour_shells;
pub(super) use slice::Cut;

/// A slice may lie on a side of the clip box, and rounding must not cut it away: longest sides.
const ROUNDING: f32 = 1e-5;

/// What a ray meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// From where the ray enters the clip box, in longest sides of the box.
    pub distance: f32,
    /// Along x, y, z of the cube, from 0 to 1.
    pub place: [f32; 3],
    /// Physical: the level of a surface, the value where a cut is closed, the value (or the mean over the thickness) of a slice.
    pub value: f64,
    pub rgb: [f32; 3],
    /// So much of what lies behind it is hidden.
    pub opacity: f32,
}

/// The nearest surface or slice under the middle of a pixel, rows from the top; `None` where the ray meets none.
pub fn hit_at(grid: &Grid, scene: &Scene, size: [u32; 2], pixel: [u32; 2]) -> Option<Hit> {
    hits_at(grid, scene, size, pixel).into_iter().next()
}

/// All of them under the middle of a pixel up to the first opaque one, the nearest first.
pub fn hits_at(grid: &Grid, scene: &Scene, size: [u32; 2], pixel: [u32; 2]) -> Vec<Hit> {
    let marcher = Marcher::new(grid, None, scene, size[0], size[1]);
    let (origin, direction) = marcher.ray(pixel[0], pixel[1]);
    marcher.span(origin, direction).map_or(vec![], |span| along(&marcher, &Stops::of(grid, scene), &span))
}

/// What of a scene rays meet.
pub(super) struct Stops {
    levels: Vec<Level>,
    cuts: Vec<Cut>,
    closes_cuts: bool,
}

impl Stops {
    pub fn of(grid: &Grid, scene: &Scene) -> Self {
        let slices = scene.slices.iter().filter(|slice| slice.shown);
        Self {
            levels: Level::shown(&grid.lattice, scene),
            cuts: slices.filter_map(|slice| Cut::of(slice, &grid.lattice)).collect(),
            closes_cuts: scene.close_cuts,
        }
    }
}

/// What a ray meets within the clip box, up to the first opaque one.
pub(super) fn along(marcher: &Marcher<'_>, stops: &Stops, span: &Span) -> Vec<Hit> {
    let leave = span.leave - span.enter;
    let mut hits: Vec<Hit> = vec![];
    let mut look_from = BEFORE;
    while look_from < leave {
        let Some(hit) = from(marcher, stops, span, look_from) else { break };
        hits.push(hit);
        if hit.opacity >= 1.0 {
            break;
        }
        look_from = hit.distance + isosurface::overlap(marcher.grid, span);
    }
    hits
}

/// Of a ray that has met nothing yet.
const BEFORE: f32 = -1.0;

/// The nearest stop from a distance on; at the beginning with the cut where the ray enters. A slice on it lies over it.
fn from(marcher: &Marcher<'_>, stops: &Stops, span: &Span, begin: f32) -> Option<Hit> {
    let leave = span.leave - span.enter;
    let mut nearest: Option<Hit> = None;
    let until = |nearest: Option<Hit>| nearest.map_or(f32::INFINITY, |hit| hit.distance);
    for cut in &stops.cuts {
        nearest = slice::meet(marcher, span, cut, begin.max(-ROUNDING), until(nearest)).or(nearest);
    }
    if stops.levels.is_empty() {
        return nearest;
    }
    if begin < 0.0
        && until(nearest) > ROUNDING
        && let Some(hit) = cut::meet(marcher, stops, span, 0.0)
    {
        return Some(hit);
    }
    let end = until(nearest).min(leave);
    nearest = isosurface::meet(marcher.grid, &stops.levels, span, begin.max(0.0), end).or(nearest);
    if nearest.is_some() || begin >= leave {
        return nearest;
    }
    cut::meet(marcher, stops, span, leave)
}
