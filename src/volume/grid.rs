//! A cube as the march wants it: scaled to about one, blanks set aside, sides in proportion. The physical values stay with the caller:
//! what is stored here has lost digits and is only for pictures.

use super::VolumeError;
use ndarray::{Array3, ArrayView3};
use rayon::prelude::*;

/// Stored values and where they lie. `physical = offset + scale · stored`, computed in double precision.
#[derive(Clone, Debug)]
pub struct Grid {
    /// (z, y, x), blanks as 0.
    pub values: Array3<f32>,
    /// 1 where there is a value, 0 at a blank; `None` where nothing is blank.
    pub valid: Option<Array3<u8>>,
    pub offset: f64,
    pub scale: f64,
    /// Least and greatest finite physical value; both 0 where all is blank.
    pub range: (f64, f64),
    /// Sides of the box along x, y, z. The longest is 1.
    pub sides: [f32; 3],
}

/// A smaller side would vanish, and with it the picture.
const LEAST_SIDE: f64 = 1e-3;

impl Grid {
    /// From a cube (z, y, x) whose voxels have the sides `voxel` along x, y and z, in any common unit.
    ///
    /// # Errors
    /// An empty cube; sides that are not positive.
    pub fn new(cube: ArrayView3<'_, f32>, voxel: [f64; 3]) -> Result<Self, VolumeError> {
        let (depth, height, width) = cube.dim();
        if cube.is_empty() {
            return Err(VolumeError::Empty { shape: [depth, height, width] });
        }
        if let Some(&side) = voxel.iter().find(|side| !(side.is_finite() && **side > 0.0)) {
            return Err(VolumeError::Voxel(side));
        }
        let planes = cube.outer_iter().into_par_iter();
        let (low, high, blanks) = planes
            .map(|plane| {
                plane.iter().fold(
                    (f64::INFINITY, f64::NEG_INFINITY, 0_usize),
                    |(low, high, blanks), &value| {
                        if value.is_finite() {
                            (low.min(f64::from(value)), high.max(f64::from(value)), blanks)
                        } else {
                            (low, high, blanks + 1)
                        }
                    },
                )
            })
            .reduce(|| (f64::INFINITY, f64::NEG_INFINITY, 0), |a, b| (a.0.min(b.0), a.1.max(b.1), a.2 + b.2));
        let range = if low <= high { (low, high) } else { (0.0, 0.0) };
        // Zero stays zero where it lies within the range: the sky of a cube must not drift by rounding.
        let offset = if range.0 <= 0.0 && range.1 >= 0.0 { 0.0 } else { range.0 };
        let scale = (range.0 - offset).abs().max((range.1 - offset).abs());
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let mut values = Array3::<f32>::zeros(cube.raw_dim());
        ndarray::Zip::from(&mut values).and(cube).par_for_each(|to, &value| {
            *to = if value.is_finite() { ((f64::from(value) - offset) / scale) as f32 } else { 0.0 };
        });
        let valid = (blanks > 0).then(|| cube.mapv(|value| u8::from(value.is_finite())));
        let lengths = [width as f64 * voxel[0], height as f64 * voxel[1], depth as f64 * voxel[2]];
        let longest = lengths.iter().copied().fold(0.0, f64::max);
        let sides = lengths.map(|length| (length / longest).max(LEAST_SIDE) as f32);
        Ok(Self { values, valid, offset, scale, range, sides })
    }

    /// Voxels along x, y, z.
    pub fn shape(&self) -> [usize; 3] {
        let (depth, height, width) = self.values.dim();
        [width, height, depth]
    }

    /// The stored value of a physical one.
    pub fn stored(&self, physical: f64) -> f32 {
        ((physical - self.offset) / self.scale) as f32
    }

    pub fn physical(&self, stored: f32) -> f64 {
        self.offset + self.scale * f64::from(stored)
    }

    /// The shortest side of a voxel, the unit of the march's steps.
    pub fn finest(&self) -> f32 {
        let shape = self.shape();
        (0..3).map(|axis| self.sides[axis] / shape[axis] as f32).fold(f32::INFINITY, f32::min)
    }

    /// Whether half floats hold the values well enough: they keep 11 bits down to 6e-5 of the greatest.
    pub fn fits_half(&self) -> bool {
        let least = self.values.as_slice().unwrap_or_default().par_iter().map(|value| value.abs());
        let least = least.filter(|value| *value > 0.0).reduce(|| f32::INFINITY, f32::min);
        least >= 1e-4 || self.range.0 < 0.0
    }

    /// The value between voxels by trilinear interpolation that blanks do not enter; `None` where all eight neighbours are blank.
    /// `at` is (x, y, z) from 0 to 1 through the box; outside, the border goes on.
    pub fn sample(&self, at: [f32; 3]) -> Option<f32> {
        let shape = self.shape();
        let mut low = [0_usize; 3];
        let mut high = [0_usize; 3];
        let mut part = [0_f32; 3];
        for axis in 0..3 {
            let last = shape[axis] as f32 - 1.0;
            let place = (at[axis] * shape[axis] as f32 - 0.5).clamp(0.0, last);
            low[axis] = place.floor() as usize;
            high[axis] = (low[axis] + 1).min(shape[axis] - 1);
            part[axis] = place - place.floor();
        }
        let (mut sum, mut weight) = (0.0, 0.0);
        for corner in 0..8 {
            let (mut index, mut share) = ([0_usize; 3], 1.0_f32);
            for axis in 0..3 {
                let upper = corner >> axis & 1 == 1;
                index[axis] = if upper { high[axis] } else { low[axis] };
                share *= if upper { part[axis] } else { 1.0 - part[axis] };
            }
            let voxel = [index[2], index[1], index[0]];
            let valid = self.valid.as_ref().map_or(1.0, |valid| f32::from(valid[voxel]));
            sum += share * valid * self.values[voxel];
            weight += share * valid;
        }
        (weight > 1e-4).then(|| sum / weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_do_not_enter_their_neighbours() {
        let mut cube = Array3::<f32>::from_elem((4, 4, 4), 3.0);
        cube[[1, 1, 1]] = f32::NAN;
        let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
        for at in [[0.3, 0.4, 0.45], [0.5, 0.5, 0.5], [0.1, 0.9, 0.2]] {
            let value = grid.sample(at).expect("a neighbour has a value");
            assert!((grid.physical(value) - 3.0).abs() < 1e-6, "{value} at {at:?}");
        }
        let nothing = Array3::<f32>::from_elem((2, 2, 2), f32::NAN);
        assert_eq!(Grid::new(nothing.view(), [1.0; 3]).expect("blank, but a grid").sample([0.5; 3]), None);
    }

    #[test]
    fn extreme_values_are_scaled_in_double_precision() {
        for top in [1e-40_f32, 1e38] {
            let cube = Array3::from_shape_fn((2, 2, 2), |(z, _, _)| top * z as f32);
            let grid = Grid::new(cube.view(), [1.0; 3]).expect("a grid");
            assert_eq!(grid.values[[1, 0, 0]], 1.0);
            assert!((grid.physical(1.0) / f64::from(top) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn sides_are_in_proportion_and_bad_ones_refused() {
        let cube = Array3::<f32>::zeros((10, 20, 40));
        let grid = Grid::new(cube.view(), [1.0, 1.0, 2.0]).expect("a grid");
        assert_eq!(grid.sides, [1.0, 0.5, 0.5]);
        assert!(Grid::new(cube.view(), [1.0, f64::NAN, 1.0]).is_err());
        assert!(Grid::new(Array3::<f32>::zeros((0, 2, 2)).view(), [1.0; 3]).is_err());
    }
}
