//! Where patches lie: random places on the faces, kept apart, kept inside their region, kept for their structure.

use super::{PatchSettings, Region, acceptance, score};
use crate::cloud::resample::area_mean;
use crate::cloud::{Axis, Result, Simulation};
use crate::job::Context;
use ndarray::{Array2, ArrayView2, s};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// One patch: a square window on a face of a simulation.
#[derive(Clone, Debug, PartialEq)]
pub struct Patch {
    pub simulation: usize,
    /// Index of its region, the group of the sample.
    pub region: usize,
    pub face: Axis,
    /// First row and column of the window on the face.
    pub corner: [usize; 2],
    /// Edge of the window in cells.
    pub cells: usize,
    /// First row and column, and edge, of the context window.
    pub context: Option<([usize; 2], usize)>,
    /// Counterclockwise quarter turns.
    pub quarter_turns: u8,
    pub score: f64,
}

/// The two maps of a face that patches are cut from.
pub(super) struct FaceMaps {
    pub face: Axis,
    /// N_H in cm⁻².
    pub column: Array2<f32>,
    /// Mass-weighted n_H in cm⁻³.
    pub density: Array2<f32>,
}

/// Tries this many places for every patch wanted.
const TRIES: usize = 100;

/// Draws the patches of a region. Fewer than wanted come back where the region is full; the caller says so.
///
/// # Errors
/// `Cancelled`.
pub fn place_patches(
    region_index: usize,
    region: &Region,
    simulation: &Simulation,
    settings: &PatchSettings,
    ctx: &Context,
) -> Result<Vec<Patch>> {
    let maps = super::assemble::face_maps(simulation, &region.faces);
    place_on_maps(region_index, region, simulation.cell_pc, &maps, settings, ctx)
}

pub(super) fn place_on_maps(
    region_index: usize,
    region: &Region,
    cell_pc: f64,
    maps: &[FaceMaps],
    settings: &PatchSettings,
    ctx: &Context,
) -> Result<Vec<Patch>> {
    let mut generator = ChaCha8Rng::seed_from_u64(settings.seed);
    generator.set_stream(region_index as u64 + 1);
    let mut patches: Vec<Patch> = Vec::new();
    for _ in 0..TRIES * region.count {
        if patches.len() == region.count {
            break;
        }
        ctx.check()?;
        let map = &maps[generator.random_range(0..maps.len())];
        let size_pc = between(settings.size_pc, generator.random());
        let cells = ((size_pc / cell_pc) as usize).max(settings.pixels);
        let [rows, columns] = window(region, map);
        let places: [f64; 2] = [generator.random(), generator.random()];
        let quarter_turns = if settings.rotate { generator.random_range(0..4) } else { 0 };
        let luck: f64 = generator.random();
        if rows.len() < cells || columns.len() < cells {
            continue;
        }
        let place =
            |range: &Range<usize>, u: f64| range.start + (u * (range.len() - cells + 1) as f64) as usize;
        let corner = [place(&rows, places[0]), place(&columns, places[1])];
        if patches.iter().any(|old| old.face == map.face && too_near(old, corner, cells, settings)) {
            continue;
        }
        let [column, density] =
            [&map.column, &map.density].map(|map| cut(map, corner, cells, settings.pixels));
        let score = score(column.view(), density.view());
        if settings.score_filter && luck > acceptance(score, settings.score_a, settings.score_b) {
            continue;
        }
        let context = (settings.context_pc > 0.0).then(|| {
            let wanted = ((settings.context_pc / cell_pc) as usize).max(2 * cells);
            let edge = wanted.min(rows.len()).min(columns.len());
            let around = |range: &Range<usize>, corner: usize| {
                (corner + cells / 2).saturating_sub(edge / 2).clamp(range.start, range.end - edge)
            };
            ([around(&rows, corner[0]), around(&columns, corner[1])], edge)
        });
        patches.push(Patch {
            simulation: region.simulation,
            region: region_index,
            face: map.face,
            corner,
            cells,
            context,
            quarter_turns,
            score,
        });
    }
    Ok(patches)
}

fn between([low, high]: [f64; 2], u: f64) -> f64 {
    low + (high - low) * u
}

/// The rows and columns of a face that belong to a region.
fn window(region: &Region, map: &FaceMaps) -> [Range<usize>; 2] {
    let (rows, columns) = map.column.dim();
    let (row_axis, column_axis) = map.face.face();
    let limit = |axis: Axis, length: usize| match &region.slab {
        Some((cut, slab)) if *cut == axis => slab.clone(),
        _ => 0..length,
    };
    [limit(row_axis, rows), limit(column_axis, columns)]
}

/// Whether a window lies nearer to an old one than the settings allow, in units of its own size.
fn too_near(old: &Patch, corner: [usize; 2], cells: usize, settings: &PatchSettings) -> bool {
    let centre = |corner: usize, cells: usize| corner as f64 + cells as f64 / 2.0;
    let [dy, dx] = [0, 1].map(|i| centre(corner[i], cells) - centre(old.corner[i], old.cells));
    dy.hypot(dx) < settings.nearest_distance * cells as f64
}

/// The window of a map, averaged over area to `pixels`.
pub(super) fn cut(map: &Array2<f32>, [y, x]: [usize; 2], cells: usize, pixels: usize) -> Array2<f32> {
    let window: ArrayView2<f32> = map.slice(s![y..y + cells, x..x + cells]);
    area_mean(window, (pixels, pixels))
}
