//! Which parts of a cube show anything: the least and greatest value of each brick, and from these, for a scene, what may be leapt over.

use super::lookup::Lookup;
use super::scene::{Mode, Scene};
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

    /// For each brick 0 where a ray of this scene sees anything of it, else how many bricks away the nearest is of which it does, along
    /// the axis where it is farthest (Deakin and Knoll 2020): so far a ray may leap. In the maximum mode the greatest stored value in it,
    /// which lies below all values where all is blank.
    pub fn marks(&self, lookup: &Lookup, scene: &Scene) -> Vec<f32> {
        let visible = lookup.visible_until();
        let shows_blanks = scene.blank.is_some();
        if scene.mode == Mode::Maximum {
            let most = |&[_, most]: &Bounds| if shows_blanks { f32::MAX } else { most.max(-1e30) };
            return self.bounds.par_iter().map(most).collect();
        }
        let shown = |&[least, most]: &Bounds| match scene.mode {
            _ if shows_blanks => true,
            _ if least > most => false,
            // Some entry of the table between the two has opacity.
            Mode::Emission | Mode::Absorption => visible[lookup.index(least)] <= lookup.index(most),
            _ => true,
        };
        let shown: Vec<u8> = self.bounds.par_iter().map(|bounds| u8::from(shown(bounds))).collect();
        leaps(&shown, self.shape).into_iter().map(f32::from).collect()
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

/// A ray leaps over so many bricks at most.
const FARTHEST: usize = 8;

/// For each brick that shows nothing the chessboard distance to the nearest one that does, up to `FARTHEST`; 0 for those that do.
fn leaps(shown: &[u8], [across, up, _]: [usize; 3]) -> Vec<u8> {
    let mut covered = shown.to_vec();
    let mut leaps: Vec<u8> = shown.iter().map(|shown| 1 - shown).collect();
    for _ in 1..FARTHEST {
        for (stride, line) in [(1, across), (across, across * up), (across * up, shown.len())] {
            for line in covered.chunks_exact_mut(line) {
                let before = line.to_vec();
                line[stride..].iter_mut().zip(&before).for_each(|(to, from)| *to |= from);
                line.iter_mut().zip(&before[stride..]).for_each(|(to, from)| *to |= from);
            }
        }
        leaps.iter_mut().zip(&covered).for_each(|(leap, covered)| *leap += 1 - covered);
    }
    leaps
}

/// The bricks along an axis that need the voxel `at`: its own, and a neighbour's at whose border it lies.
fn touched(at: usize, count: usize) -> std::ops::Range<usize> {
    let brick = at / BRICK;
    let first = if at.is_multiple_of(BRICK) { brick.saturating_sub(1) } else { brick };
    let last = if at % BRICK == BRICK - 1 { brick + 1 } else { brick };
    first..(last + 1).min(count)
}

fn joined([a, b]: Bounds, [c, d]: Bounds) -> Bounds {
    [a.min(c), b.max(d)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaps_are_the_distance_to_what_shows() {
        let shape = [13, 9, 5];
        let at = [[2_usize, 3, 1], [11, 8, 4]];
        let mut shown = vec![0; 13 * 9 * 5];
        at.iter().for_each(|[x, y, z]| shown[(z * 9 + y) * 13 + x] = 1);
        for (index, leap) in leaps(&shown, shape).into_iter().enumerate() {
            let brick = [index % 13, index / 13 % 9, index / (13 * 9)];
            let away = |at: &[usize; 3]| (0..3).map(|axis| brick[axis].abs_diff(at[axis])).max().unwrap_or(0);
            let nearest = at.iter().map(away).min().unwrap_or(0);
            assert_eq!(usize::from(leap), nearest.min(FARTHEST), "{brick:?}");
        }
        assert!(leaps(&[0; 8], [2, 2, 2]).iter().all(|leap| usize::from(*leap) == FARTHEST));
    }
}
