//! Which parts of a cube show anything: the least and greatest value of each brick, and from these, for a scene, what may be leapt over.

use super::grid::Lattice;
use super::scene::{Mode, Scene};
use super::transfer::TABLE;
use rayon::prelude::*;

/// Voxels along the side of a brick.
pub const BRICK: usize = 8;

/// Least and greatest stored value that interpolation can give within a brick; the least is above the greatest where all is blank.
type Bounds = [f32; 2];
const BLANK: Bounds = [f32::INFINITY, f32::NEG_INFINITY];

/// The bounds of all bricks of a cube, filled plane by plane. Planes not yet there count as blank.
#[derive(Clone, Debug)]
pub struct Bricks {
    /// Bricks along x, y, z.
    pub shape: [usize; 3],
    voxels: [usize; 3],
    /// x fastest.
    bounds: Vec<Bounds>,
}

impl Bricks {
    pub fn new(voxels: [usize; 3]) -> Self {
        let shape = voxels.map(|count| count.div_ceil(BRICK));
        Self { shape, voxels, bounds: vec![BLANK; shape.iter().product()] }
    }

    /// Takes in planes from `first` on, given by the bounds of each (see [`plane_bounds`]).
    pub fn take(&mut self, first: usize, planes: &[Vec<Bounds>]) {
        let layer = self.shape[0] * self.shape[1];
        for (z, plane) in (first..).zip(planes) {
            for brick in touched(z, self.shape[2]) {
                let to = &mut self.bounds[brick * layer..(brick + 1) * layer];
                to.iter_mut().zip(plane).for_each(|(to, from)| *to = joined(*to, *from));
            }
        }
    }

    /// The bounds of the bricks' footprints in one plane of stored values (y, x), blanks as NaN.
    pub fn plane_bounds(&self, plane: &[f32]) -> Vec<Bounds> {
        let [across, up, _] = self.shape;
        let mut bounds = vec![BLANK; across * up];
        for (y, row) in plane.chunks_exact(self.voxels[0]).enumerate() {
            for x in 0..across {
                // One voxel more on each side: interpolation looks across the border.
                let from = (x * BRICK).saturating_sub(1);
                let to = ((x + 1) * BRICK + 1).min(row.len());
                // `min` and `max` leave out NaN.
                let [low, high] =
                    row[from..to].iter().fold(BLANK, |[low, high], &v| [low.min(v), high.max(v)]);
                for brick in touched(y, up) {
                    let at = &mut bounds[brick * across + x];
                    *at = joined(*at, [low, high]);
                }
            }
        }
        bounds
    }

    /// For each brick 0 where a ray of this scene may leap over it; in the maximum mode the greatest stored value in it (what lies
    /// below all values where it is blank).
    pub fn marks(&self, lattice: &Lattice, scene: &Scene) -> Vec<f32> {
        let (low, high) = (lattice.stored(scene.transfer.range.0), lattice.stored(scene.transfer.range.1));
        let inverse = if high > low { 1.0 / (high - low) } else { 0.0 };
        let visible = visible_until(scene);
        let place = |stored: f32| {
            let place = scene.transfer.stretch.apply((stored - low) * inverse);
            (place * (TABLE - 1) as f32) as usize
        };
        let mark = |&[least, most]: &Bounds| match scene.mode {
            Mode::Maximum => most.max(-1e30),
            _ if least > most => 0.0,
            Mode::Emission | Mode::Absorption => {
                // Some entry of the table between the two, one more on each side for its interpolation, has opacity.
                let (first, last) = (place(least), (place(most) + 1).min(TABLE - 1));
                f32::from(u8::from(visible[first] <= last))
            }
            _ => 1.0,
        };
        self.bounds.par_iter().map(mark).collect()
    }

    /// For each brick one bit for each of up to 32 levels (stored values), set where the level lies within the brick's bounds.
    pub fn levels(&self, levels: &[f32]) -> Vec<u32> {
        let bits = |&[least, most]: &Bounds| {
            let within = |level: f32| u32::from(least < level && level <= most);
            levels.iter().zip(0..).fold(0, |bits, (&level, index)| bits | within(level) << index)
        };
        self.bounds.par_iter().map(bits).collect()
    }
}

/// The bricks along an axis that need the voxel `at`: its own, and a neighbour's at whose border it lies.
fn touched(at: usize, count: usize) -> std::ops::Range<usize> {
    let brick = at / BRICK;
    let first = if at % BRICK == 0 { brick.saturating_sub(1) } else { brick };
    let last = if at % BRICK == BRICK - 1 { brick + 1 } else { brick };
    first..(last + 1).min(count)
}

fn joined([a, b]: Bounds, [c, d]: Bounds) -> Bounds {
    [a.min(c), b.max(d)]
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
