//! A cube as the march wants it: scaled to about one, blanks set aside, sides in proportion. The physical values stay with the caller:
//! what is stored here has lost digits and is only for pictures.

use super::VolumeError;
use super::extremes::Extremes;
use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;

/// What is known of a cube besides its values: size, proportions, and how values are stored. `physical = offset + scale · stored`,
/// computed in double precision.
#[derive(Clone, Debug, PartialEq)]
pub struct Lattice {
    /// Voxels along x, y, z.
    pub shape: [usize; 3],
    /// Sides of the box along x, y, z. The longest is 1.
    pub sides: [f32; 3],
    /// Which way x, y, z of the cube run where the camera stands (x right, y up, z towards it): 1 or −1. At first z runs away.
    pub signs: [f32; 3],
    pub offset: f64,
    pub scale: f64,
    /// Least and greatest finite physical value; both 0 where all is blank.
    pub range: (f64, f64),
    pub has_blanks: bool,
    /// Half floats hold the stored values well enough.
    pub fits_half: bool,
}

/// Stored values and where they lie.
#[derive(Clone, Debug)]
pub struct Grid {
    pub lattice: Lattice,
    /// (z, y, x), blanks as 0.
    pub values: Array3<f32>,
    /// 1 where there is a value, 0 at a blank; `None` where nothing is blank.
    pub valid: Option<Array3<u8>>,
}

/// A smaller side would vanish, and with it the picture.
const LEAST_SIDE: f64 = 1e-3;

impl Lattice {
    /// For `shape` voxels (x, y, z) with the sides `voxel` along x, y and z in any common unit, and values within `range`. The values
    /// are taken to have no blanks and to need full floats, unless told otherwise.
    ///
    /// # Errors
    /// No voxels; sides that are not positive.
    pub fn new(shape: [usize; 3], voxel: [f64; 3], range: (f64, f64)) -> Result<Self, VolumeError> {
        let [width, height, depth] = shape;
        if shape.contains(&0) {
            return Err(VolumeError::Empty { shape: [depth, height, width] });
        }
        if let Some(&side) = voxel.iter().find(|side| !(side.is_finite() && **side > 0.0)) {
            return Err(VolumeError::Voxel(side));
        }
        // Zero stays zero where it lies within the range: the sky of a cube must not drift by rounding.
        let offset = if range.0 <= 0.0 && range.1 >= 0.0 { 0.0 } else { range.0 };
        let scale = (range.0 - offset).abs().max((range.1 - offset).abs());
        let scale = if scale > 0.0 { scale } else { 1.0 };
        let mut lattice = Self {
            shape,
            sides: [1.0; 3],
            signs: [1.0, 1.0, -1.0],
            offset,
            scale,
            range,
            has_blanks: false,
            fits_half: false,
        };
        lattice.set_voxel(voxel);
        Ok(lattice)
    }

    /// Gives the box other proportions: sides of a voxel along x, y, z, all positive.
    pub fn set_voxel(&mut self, voxel: [f64; 3]) {
        let lengths: [f64; 3] = std::array::from_fn(|axis| self.shape[axis] as f64 * voxel[axis]);
        let longest = lengths.iter().copied().fold(0.0, f64::max);
        self.sides = lengths.map(|length| (length / longest).max(LEAST_SIDE) as f32);
    }

    /// The place in the cube, from 0 to 1 along x, y and z, of a point of the space in which the camera stands.
    pub fn place(&self, world: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|axis| 0.5 + self.signs[axis] * world[axis] / self.sides[axis])
    }

    /// The point at a place in the cube: the way back of `place`.
    pub fn point(&self, place: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|axis| self.signs[axis] * (place[axis] - 0.5) * self.sides[axis])
    }

    /// The stored value of a physical one.
    pub fn stored(&self, physical: f64) -> f32 {
        ((physical - self.offset) / self.scale) as f32
    }

    pub fn physical(&self, stored: f32) -> f64 {
        self.offset + self.scale * f64::from(stored)
    }

    /// How the physical values `values` (z, y, x) are to be stored: whether beside each it must stand that it is one, and whether half
    /// floats hold them well enough, which keep 11 bits down to 6e-5 of the greatest.
    pub(super) fn set_storage(&mut self, values: ArrayView3<'_, f32>, extremes: &Extremes) {
        self.has_blanks = extremes.blank > 0;
        let (offset, least) = (self.offset, 1e-4 * self.scale);
        let is_small = |value: &f32| {
            let height = (f64::from(*value) - offset).abs();
            height > 0.0 && height < least
        };
        // Noise about zero has small values that no one will miss.
        self.fits_half = self.range.0 < 0.0
            || !values.axis_iter(Axis(0)).into_par_iter().any(|plane| plane.iter().any(is_small));
    }

    /// The shortest side of a voxel, the unit of the march's steps.
    pub fn finest(&self) -> f32 {
        (0..3).map(|axis| self.sides[axis] / self.shape[axis] as f32).fold(f32::INFINITY, f32::min)
    }
}

impl Grid {
    /// From a cube (z, y, x) whose voxels have the sides `voxel` along x, y and z, in any common unit.
    ///
    /// # Errors
    /// An empty cube; sides that are not positive.
    pub fn new(cube: ArrayView3<'_, f32>, voxel: [f64; 3]) -> Result<Self, VolumeError> {
        let (depth, height, width) = cube.dim();
        let extremes = Extremes::of(cube);
        let mut lattice = Lattice::new([width, height, depth], voxel, extremes.range())?;
        let mut values = Array3::<f32>::zeros(cube.raw_dim());
        ndarray::Zip::from(&mut values).and(cube).par_for_each(|to, &value| {
            *to = if value.is_finite() { lattice.stored(f64::from(value)) } else { 0.0 };
        });
        lattice.set_storage(cube, &extremes);
        let valid = lattice.has_blanks.then(|| cube.mapv(|value| u8::from(value.is_finite())));
        Ok(Self { lattice, values, valid })
    }

    /// The cube as POLARIS's viewer bakes it before interpolation: ln(x + 1) over its maximum, in a box of equal sides whatever the
    /// shape. What has no logarithm is blank.
    ///
    /// # Errors
    /// An empty cube.
    pub fn polaris(cube: ArrayView3<'_, f32>) -> Result<Self, VolumeError> {
        let baked = cube.mapv(f32::ln_1p);
        let most = baked.iter().copied().filter(|value| value.is_finite()).fold(0.0, f32::max);
        let most = if most > 0.0 { most } else { 1.0 };
        let (depth, height, width) = cube.dim();
        Self::new((baked / most).view(), [width, height, depth].map(|count| 1.0 / count.max(1) as f64))
    }

    /// The value between voxels by trilinear interpolation that blanks do not enter; `None` where all eight neighbours are blank.
    /// `at` is (x, y, z) from 0 to 1 through the box; outside, the border goes on.
    pub fn sample(&self, at: [f32; 3]) -> Option<f32> {
        let shape = self.lattice.shape;
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
            assert!((grid.lattice.physical(value) - 3.0).abs() < 1e-6, "{value} at {at:?}");
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
            assert!((grid.lattice.physical(1.0) / f64::from(top) - 1.0).abs() < 1e-6);
        }
    }

    #[test]
    fn sides_are_in_proportion_and_bad_ones_refused() {
        let cube = Array3::<f32>::zeros((10, 20, 40));
        let grid = Grid::new(cube.view(), [1.0, 1.0, 2.0]).expect("a grid");
        assert_eq!(grid.lattice.sides, [1.0, 0.5, 0.5]);
        assert!(Grid::new(cube.view(), [1.0, f64::NAN, 1.0]).is_err());
        assert!(Grid::new(Array3::<f32>::zeros((0, 2, 2)).view(), [1.0; 3]).is_err());
    }
}
