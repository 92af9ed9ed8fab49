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
        let [columns, rows, _] = self.voxels;
        let mut bounds = vec![BLANK; across * up];
        let (mut low, mut high) = (vec![0.0; columns], vec![0.0; columns]);
        for (y, bricks) in bounds.chunks_exact_mut(across).enumerate() {
            // Rows first, a whole one at a time, then along what is left: many columns are compared at once.
            low.fill(f32::INFINITY);
            high.fill(f32::NEG_INFINITY);
            let near = reach(y, rows);
            for row in plane[near.start * columns..near.end * columns].chunks_exact(columns) {
                for ((low, high), &value) in low.iter_mut().zip(&mut high).zip(row) {
                    // Written so that NaN is left out.
                    *low = if value < *low { value } else { *low };
                    *high = if value > *high { value } else { *high };
                }
            }
            for (x, brick) in bricks.iter_mut().enumerate() {
                let part = reach(x, columns);
                *brick = part.fold(BLANK, |bounds, x| joined(bounds, [low[x], high[x]]));
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
            Mode::Emission | Mode::Absorption => {
                let last = lookup.index(most);
                // The greatest alone often tells.
                last >= visible[0] && (visible[last] == last || visible[lookup.index(least)] <= last)
            }
            _ => true,
        };
        let shown: Vec<bool> = self.bounds.par_iter().map(shown).collect();
        leaps(&shown, self.shape)
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
/// What shows grows by one brick in each round, 64 bricks of a row at a time: one bit each.
fn leaps(shown: &[bool], [across, up, _]: [usize; 3]) -> Vec<f32> {
    let words = across.div_ceil(64);
    let layer = (across * up, words * up);
    let mut covered: Vec<u64> = shown
        .chunks_exact(across)
        .flat_map(|row| row.chunks(64))
        .map(|part| part.iter().rev().fold(0, |word, &shown| word << 1 | u64::from(shown)))
        .collect();
    let mut leaps = vec![FARTHEST as f32; shown.len()];
    let mut mark = |bits: &[u64], leap| {
        let layers = leaps.par_chunks_exact_mut(layer.0).zip(bits.par_chunks_exact(layer.1));
        layers.for_each(|(leaps, bits)| mark_layer(leaps, across, bits, leap));
    };
    mark(&covered, 0.0);
    for round in 1..FARTHEST {
        let mut grown = covered.clone();
        for (grown, row) in grown.chunks_exact_mut(words).zip(covered.chunks_exact(words)) {
            for (at, word) in grown.iter_mut().enumerate() {
                let before = if at > 0 { row[at - 1] >> 63 } else { 0 };
                let after = row.get(at + 1).map_or(0, |next| next << 63);
                *word |= *word << 1 | *word >> 1 | before | after;
            }
        }
        for (stride, line) in [(words, layer.1), (layer.1, grown.len())] {
            for line in grown.chunks_exact_mut(line) {
                let before = line.to_vec();
                line[stride..].iter_mut().zip(&before).for_each(|(to, from)| *to |= from);
                line.iter_mut().zip(&before[stride..]).for_each(|(to, from)| *to |= from);
            }
        }
        let new: Vec<u64> = grown.iter().zip(&covered).map(|(grown, covered)| grown & !covered).collect();
        if new.iter().all(|word| *word == 0) {
            break;
        }
        mark(&new, round as f32);
        covered = grown;
    }
    leaps
}

/// Writes `leap` where a bit is set. Bits beyond the end of a row stand for nothing.
fn mark_layer(leaps: &mut [f32], across: usize, bits: &[u64], leap: f32) {
    for (row, words) in leaps.chunks_exact_mut(across).zip(bits.chunks_exact(across.div_ceil(64))) {
        for (part, &word) in row.chunks_mut(64).zip(words) {
            let mut left = word;
            while left != 0 {
                if let Some(to) = part.get_mut(left.trailing_zeros() as usize) {
                    *to = leap;
                }
                left &= left - 1;
            }
        }
    }
}

/// The bricks along an axis that need the voxel `at`: its own, and a neighbour's at whose border it lies.
fn touched(at: usize, count: usize) -> std::ops::Range<usize> {
    let brick = at / BRICK;
    let first = if at.is_multiple_of(BRICK) { brick.saturating_sub(1) } else { brick };
    let last = if at % BRICK == BRICK - 1 { brick + 1 } else { brick };
    first..(last + 1).min(count)
}

/// The voxels along an axis that a brick needs: its own and one more on each side, for interpolation looks across the border.
fn reach(brick: usize, voxels: usize) -> std::ops::Range<usize> {
    (brick * BRICK).saturating_sub(1)..((brick + 1) * BRICK + 1).min(voxels)
}

fn joined([a, b]: Bounds, [c, d]: Bounds) -> Bounds {
    [a.min(c), b.max(d)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaps_are_the_distance_to_what_shows() {
        // Rows of less than a word and of more.
        for (width, at) in [(13, [[2_usize, 3, 1], [11, 8, 4]]), (130, [[62, 0, 2], [126, 8, 4]])] {
            let mut shown = vec![false; width * 9 * 5];
            at.iter().for_each(|[x, y, z]| shown[(z * 9 + y) * width + x] = true);
            for (index, leap) in leaps(&shown, [width, 9, 5]).into_iter().enumerate() {
                let brick = [index % width, index / width % 9, index / (width * 9)];
                let away =
                    |at: &[usize; 3]| (0..3).map(|axis| brick[axis].abs_diff(at[axis])).max().unwrap_or(0);
                let nearest = at.iter().map(away).min().unwrap_or(0);
                assert_eq!(leap as usize, nearest.min(FARTHEST), "{brick:?} of {width}");
            }
        }
        assert!(leaps(&[false; 8], [2, 2, 2]).iter().all(|leap| *leap as usize == FARTHEST));
    }
}
