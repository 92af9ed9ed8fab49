//! Cubes that are too large, brought to fewer voxels. Means keep the flux, maxima the peaks; what is drawn says by how much it was
//! reduced.

use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What becomes of the voxels of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduce {
    #[default]
    Mean,
    Maximum,
}

impl Reduce {
    /// "averaged to one" and the like, after "each 2 × 2 × 2 voxels".
    pub fn words(self) -> &'static str {
        match self {
            Self::Mean => "averaged to one",
            Self::Maximum => "reduced to their maximum",
        }
    }

    fn of(self, block: ArrayView3<'_, f32>) -> f32 {
        let known = block.iter().copied().filter(|value| value.is_finite());
        match self {
            Self::Mean => {
                let (sum, count) =
                    known.fold((0.0_f64, 0_u32), |(sum, count), value| (sum + f64::from(value), count + 1));
                if count > 0 { (sum / f64::from(count)) as f32 } else { f32::NAN }
            }
            Self::Maximum => known.fold(f32::NAN, f32::max),
        }
    }
}

/// Each `factor`³ voxels as one, blanks left out; blank where all of them are. The last blocks may be smaller.
pub fn reduced(cube: ArrayView3<'_, f32>, factor: usize, by: Reduce) -> Array3<f32> {
    let factor = factor.max(1);
    let (depth, height, width) = cube.dim();
    let shape = (depth.div_ceil(factor), height.div_ceil(factor), width.div_ceil(factor));
    let mut small = Array3::<f32>::zeros(shape);
    small.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(z, plane)| {
        let part = |at: usize, length: usize| at * factor..((at + 1) * factor).min(length);
        // A plane may be all that there is: its rows are shared out as well.
        ndarray::Zip::indexed(plane).par_for_each(|(y, x), to| {
            let block = ndarray::s![part(z, depth), part(y, height), part(x, width)];
            *to = by.of(cube.slice(block));
        });
    });
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_left_out_and_edges_are_kept() {
        let mut cube = Array3::from_shape_fn((2, 2, 3), |(z, y, x)| (z + y + x) as f32);
        cube[[0, 0, 0]] = f32::NAN;
        cube[[0, 0, 2]] = f32::NAN;
        let small = reduced(cube.view(), 2, Reduce::Mean);
        assert_eq!(small.dim(), (1, 1, 2));
        // Of 0 1 1 2 1 2 2 3 without the first; of 3 3 4 without the blank 2.
        assert!((small[[0, 0, 0]] - 12.0 / 7.0).abs() < 1e-6 && (small[[0, 0, 1]] - 10.0 / 3.0).abs() < 1e-6);
        assert_eq!(reduced(cube.view(), 2, Reduce::Maximum), ndarray::arr3(&[[[3.0, 4.0]]]));
        let blank = Array3::from_elem((2, 2, 2), f32::NAN);
        assert!(
            [Reduce::Mean, Reduce::Maximum]
                .iter()
                .all(|&by| reduced(blank.view(), 2, by)[[0, 0, 0]].is_nan())
        );
    }
}
