//! Which parts of a cube show anything: the least and greatest value of each brick, and from these, for a scene, what may be leapt over.

use super::grid::Grid;
use super::scene::{Mode, Scene};
use super::transfer::TABLE;
use rayon::prelude::*;

/// Voxels along the side of a brick.
pub const BRICK: usize = 8;

/// Least and greatest stored value that interpolation can give within each brick; `None` where all is blank.
#[derive(Clone, Debug)]
pub struct Bricks {
    /// Bricks along x, y, z.
    pub shape: [usize; 3],
    /// x fastest.
    bounds: Vec<Option<(f32, f32)>>,
}

impl Bricks {
    pub fn of(grid: &Grid) -> Self {
        let voxels = grid.lattice.shape;
        let shape = voxels.map(|count| count.div_ceil(BRICK));
        let bounds = (0..shape[0] * shape[1] * shape[2])
            .into_par_iter()
            .map(|index| {
                let brick = [index % shape[0], index / shape[0] % shape[1], index / (shape[0] * shape[1])];
                // One voxel more on each side: interpolation looks across the border.
                let from = brick.map(|at| (at * BRICK).saturating_sub(1));
                let to: [usize; 3] =
                    std::array::from_fn(|axis| ((brick[axis] + 1) * BRICK + 1).min(voxels[axis]));
                let part = ndarray::s![from[2]..to[2], from[1]..to[1], from[0]..to[0]];
                let mut found: Option<(f32, f32)> = None;
                let mut take = |value: f32| {
                    found =
                        Some(found.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
                };
                let values = grid.values.slice(part);
                match &grid.valid {
                    None => values.iter().for_each(|&value| take(value)),
                    Some(valid) => values
                        .iter()
                        .zip(valid.slice(part))
                        .filter(|(_, valid)| **valid > 0)
                        .for_each(|(&value, _)| take(value)),
                }
                found
            })
            .collect();
        Self { shape, bounds }
    }

    /// For each brick 0 where a ray of this scene may leap over it; in the maximum mode the greatest stored value in it (what lies
    /// below all values where it is blank).
    pub fn marks(&self, grid: &Grid, scene: &Scene) -> Vec<f32> {
        let (low, high) =
            (grid.lattice.stored(scene.transfer.range.0), grid.lattice.stored(scene.transfer.range.1));
        let inverse = if high > low { 1.0 / (high - low) } else { 0.0 };
        let visible = visible_until(scene);
        let place = |stored: f32| {
            let place = scene.transfer.stretch.apply((stored - low) * inverse);
            (place * (TABLE - 1) as f32) as usize
        };
        let mark = |bounds: &Option<(f32, f32)>| match (bounds, scene.mode) {
            (None, Mode::Maximum) => -1e30,
            (None, _) => 0.0,
            (Some((_, most)), Mode::Maximum) => *most,
            (Some((least, most)), Mode::Emission | Mode::Absorption) => {
                // Some entry of the table between the two, one more on each side for its interpolation, has opacity.
                let (first, last) = (place(*least), (place(*most) + 1).min(TABLE - 1));
                f32::from(u8::from(visible[first] <= last))
            }
            (Some(_), _) => 1.0,
        };
        self.bounds.par_iter().map(mark).collect()
    }
}

/// For each entry of the table the next one, itself included, with any opacity.
fn visible_until(scene: &Scene) -> Vec<usize> {
    let table = scene.transfer.table();
    let mut next = vec![usize::MAX; TABLE];
    let mut seen = usize::MAX;
    for index in (0..TABLE).rev() {
        if table[index][3] > 0.0 {
            seen = index;
        }
        next[index] = seen;
    }
    next
}
