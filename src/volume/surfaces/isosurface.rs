//! Surfaces of one value: the trilinear field crosses the level. The ray walks from cell to cell (a cell lies between eight voxel centres);
//! along it the field is a cubic whose first sign change is found exactly (Marmitt et al. 2004, "Fast and accurate ray-voxel intersection
//! techniques for iso-surface ray tracing"): no shell is too thin to be seen.

use super::Hit;
use crate::volume::grid::{Grid, Lattice};
use crate::volume::march::Span;
use crate::volume::scene::Scene;

/// Light from everywhere: no face is black.
const AMBIENT: f32 = 0.3;
const GLEAM: f32 = 0.15;
const SHARPNESS: i32 = 32;
/// Steps that find the root of a cubic within a cell.
const TANGENTS: u32 = 8;
/// Cells are looked at so far beyond their sides, in voxels, for rounding must leave no gap between two; and a ray goes on so far behind
/// a surface, not to meet it again.
const OVERLAP: f32 = 1e-3;
/// The same in longest sides, at least: distances along the ray have not more digits.
const LEAST_OVERLAP: f32 = 1e-6;
/// Where valid voxels weigh less than this, there is no value.
const LEAST_WEIGHT: f32 = 2e-3;
/// A walk ends here at the latest: three cells for each voxel of the longest cube.
const MOST_CELLS: u32 = 65_536;

/// A surface as rays meet it.
#[derive(Clone, Copy, Debug)]
pub(in crate::volume) struct Level {
    pub value: f64,
    pub stored: f32,
    pub rgb: [f32; 3],
    pub opacity: f32,
    /// 1 for a surface that holds what lies above its value, −1 for what lies below.
    pub side: f32,
}

impl Level {
    /// Those of a scene that are shown, in its order.
    pub fn shown(lattice: &Lattice, scene: &Scene) -> Vec<Self> {
        scene
            .surfaces
            .iter()
            .filter(|surface| surface.shown && surface.value.is_finite() && surface.opacity > 0.0)
            .map(|surface| Self {
                value: surface.value,
                stored: lattice.stored(surface.value),
                rgb: surface.rgb(&scene.transfer),
                opacity: surface.opacity.min(1.0),
                side: if surface.value < 0.0 { -1.0 } else { 1.0 },
            })
            .collect()
    }
}

/// See [`OVERLAP`], in longest sides along the ray.
pub(super) fn overlap(grid: &Grid, span: &Span) -> f32 {
    let rate = |axis: usize| (span.along[axis] * grid.lattice.shape[axis] as f32).abs();
    (OVERLAP / (0..3).map(rate).fold(0.0, f32::max)).max(LEAST_OVERLAP)
}

/// The nearest crossing of any level between two distances.
pub(super) fn meet(grid: &Grid, levels: &[Level], span: &Span, begin: f32, end: f32) -> Option<Hit> {
    if levels.is_empty() {
        return None;
    }
    let shape = grid.lattice.shape.map(|count| count as f32);
    // In voxels, with whole numbers at their centres.
    let from: [f32; 3] = std::array::from_fn(|axis| span.start[axis] * shape[axis] - 0.5);
    let along: [f32; 3] = std::array::from_fn(|axis| span.along[axis] * shape[axis]);
    let overlap = overlap(grid, span);
    let mut at = begin;
    for _ in 0..MOST_CELLS {
        if at >= end {
            break;
        }
        let low: [f32; 3] = std::array::from_fn(|axis| (from[axis] + (at + overlap) * along[axis]).floor());
        let mut next = end;
        for axis in 0..3 {
            if along[axis].abs() > 1e-9 {
                let edge = low[axis] + if along[axis] > 0.0 { 1.0 } else { 0.0 };
                next = next.min(((edge - from[axis]) / along[axis]).max(at + overlap));
            }
        }
        let cell = Cell::of(grid, low);
        let (first, last) = ((at - overlap).max(begin), (next + overlap).min(end));
        let place: [f32; 3] = std::array::from_fn(|axis| from[axis] + first * along[axis] - low[axis]);
        let across = along.map(|part| part * (last - first));
        let (least, most) = cell.range();
        let mut nearest: Option<(f32, &Level)> = None;
        for level in levels.iter().filter(|level| least < level.stored && level.stored <= most) {
            if let Some(part) = cell.crossing(level.stored, place, across)
                && nearest.is_none_or(|(before, _)| part < before)
            {
                nearest = Some((part, level));
            }
        }
        if let Some((part, level)) = nearest {
            let distance = first + part * (last - first);
            let place = span.place(distance);
            let rgb = lit(grid, place, span.direction, level);
            return Some(Hit { distance, place, value: level.value, rgb, opacity: level.opacity });
        }
        at = next;
    }
    None
}

/// The values at the corners, those on the lower side in x and those on the upper, y faster than z; and 1 where there is one.
struct Cell {
    lower: [f32; 4],
    upper: [f32; 4],
    lower_valid: [f32; 4],
    upper_valid: [f32; 4],
}

impl Cell {
    /// The cell above the voxel `low`; beyond the border its values go on.
    fn of(grid: &Grid, low: [f32; 3]) -> Self {
        let index = |axis: usize, upper: usize| {
            (low[axis] + upper as f32).clamp(0.0, grid.lattice.shape[axis] as f32 - 1.0) as usize
        };
        let side = |x: usize| -> [[usize; 3]; 4] {
            std::array::from_fn(|i| [index(2, i >> 1), index(1, i & 1), index(0, x)])
        };
        let value = |voxel: [usize; 3]| grid.values[voxel];
        let valid = |voxel: [usize; 3]| grid.valid.as_ref().map_or(1.0, |valid| f32::from(valid[voxel]));
        Self {
            lower: side(0).map(value),
            upper: side(1).map(value),
            lower_valid: side(0).map(valid),
            upper_valid: side(1).map(valid),
        }
    }

    /// The least and the greatest value at the corners that have one.
    fn range(&self) -> (f32, f32) {
        let values = self.lower.iter().zip(&self.lower_valid).chain(self.upper.iter().zip(&self.upper_valid));
        values
            .filter(|(_, valid)| **valid > 0.0)
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), (&value, _)| {
                (least.min(value), most.max(value))
            })
    }

    /// The part of the way from `place` (0 to 1 within the cell) along `across` at which the field first crosses the level.
    fn crossing(&self, level: f32, place: [f32; 3], across: [f32; 3]) -> Option<f32> {
        // Values times validity over validity have the sign of what is above the fraction's line, and that is a cubic.
        let above = |values: &[f32; 4], valid: &[f32; 4]| -> [f32; 4] {
            std::array::from_fn(|i| valid[i] * (values[i] - level))
        };
        let field = cubic(
            above(&self.lower, &self.lower_valid),
            above(&self.upper, &self.upper_valid),
            place,
            across,
        );
        let [k0, k1, k2, k3] = field;
        // Between its extrema a cubic crosses zero once at most.
        let root = (k2 * k2 - 3.0 * k3 * k1).max(0.0).sqrt();
        let larger = -(k2 + if k2 < 0.0 { -root } else { root });
        let one = if k3.abs() > 1e-20 { larger / (3.0 * k3) } else { 1.0 };
        let other = if larger.abs() > 1e-20 { k1 / larger } else { 1.0 };
        let mut low = 0.0;
        let mut is_below = k0 < 0.0;
        for high in [one.min(other).clamp(0.0, 1.0), one.max(other).clamp(0.0, 1.0), 1.0] {
            let is_next_below = at(field, high) < 0.0;
            if is_next_below != is_below {
                let met = root_between(field, low, high, is_below);
                if at(cubic(self.lower_valid, self.upper_valid, place, across), met) > LEAST_WEIGHT {
                    return Some(met);
                }
            }
            (low, is_below) = (high, is_next_below);
        }
        None
    }
}

/// Where a cubic that only rises or only falls between two parts is zero: by tangents (Newton's method) that are kept between the two.
fn root_between(field: [f32; 4], mut low: f32, mut high: f32, is_below: bool) -> f32 {
    let [_, k1, k2, k3] = field;
    let mut part = 0.5 * (low + high);
    for _ in 0..TANGENTS {
        let value = at(field, part);
        if (value < 0.0) == is_below {
            low = part
        } else {
            high = part
        }
        let next = part - value / ((3.0 * k3 * part + 2.0 * k2) * part + k1);
        part = if next >= low && next <= high { next } else { 0.5 * (low + high) };
    }
    part
}

/// Trilinear interpolation along a straight way through the cell, as the coefficients of a cubic.
fn cubic(lower: [f32; 4], upper: [f32; 4], place: [f32; 3], across: [f32; 3]) -> [f32; 4] {
    let line = |i: usize| [lower[i] + (upper[i] - lower[i]) * place[0], (upper[i] - lower[i]) * across[0]];
    let square = |low: [f32; 2], high: [f32; 2]| {
        let apart = [high[0] - low[0], high[1] - low[1]];
        [
            low[0] + apart[0] * place[1],
            low[1] + apart[1] * place[1] + apart[0] * across[1],
            apart[1] * across[1],
        ]
    };
    let low = square(line(0), line(1));
    let high = square(line(2), line(3));
    let apart = [high[0] - low[0], high[1] - low[1], high[2] - low[2]];
    [
        low[0] + apart[0] * place[2],
        low[1] + apart[1] * place[2] + apart[0] * across[2],
        low[2] + apart[2] * place[2] + apart[1] * across[2],
        apart[2] * across[2],
    ]
}

fn at([k0, k1, k2, k3]: [f32; 4], part: f32) -> f32 {
    ((k3 * part + k2) * part + k1) * part + k0
}

/// The direction in which the field rises most, of length 1, where the camera stands; `None` where it is level. By central differences
/// over a voxel on each side (Levoy 1988), which noise tilts less than those of a cell.
pub(super) fn normal(grid: &Grid, place: [f32; 3], level: f32) -> Option<[f32; 3]> {
    let lattice = &grid.lattice;
    let slope: [f32; 3] = std::array::from_fn(|axis| {
        let voxel = 1.0 / lattice.shape[axis] as f32;
        let (mut before, mut after) = (place, place);
        before[axis] -= voxel;
        after[axis] += voxel;
        let value = |place| grid.sample(place).unwrap_or(level);
        // By the length of a voxel, so that unequal voxels tilt no surface.
        lattice.signs[axis] * (value(after) - value(before)) * lattice.shape[axis] as f32
            / lattice.sides[axis]
    });
    let length = slope.iter().map(|part| part * part).sum::<f32>().sqrt();
    (length > 1e-20).then(|| slope.map(|part| part / length))
}

/// Lit from the camera on both sides, with a gleam (Blinn 1977: the half vector is the direction of view).
fn lit(grid: &Grid, place: [f32; 3], direction: [f32; 3], level: &Level) -> [f32; 3] {
    let facing = normal(grid, place, level.stored)
        .map_or(1.0, |normal| (0..3).map(|axis| normal[axis] * direction[axis]).sum::<f32>().abs());
    let light = AMBIENT + (1.0 - AMBIENT) * facing;
    let gleam = GLEAM * facing.powi(SHARPNESS);
    level.rgb.map(|part| part * light + gleam)
}
