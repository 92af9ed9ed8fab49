//! Cubes that are too long for an adapter, averaged to fewer voxels. Means keep the flux; what is drawn says by how much it was reduced.

use ndarray::{Array3, ArrayView3, Axis};
use rayon::prelude::*;

/// The mean of each `factor`³ voxels, blanks left out; blank where all of them are. The last blocks may be smaller.
pub fn reduced(cube: ArrayView3<'_, f32>, factor: usize) -> Array3<f32> {
    let factor = factor.max(1);
    let (depth, height, width) = cube.dim();
    let shape = (depth.div_ceil(factor), height.div_ceil(factor), width.div_ceil(factor));
    let mut small = Array3::<f32>::zeros(shape);
    small.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(z, mut plane)| {
        for ((y, x), to) in plane.indexed_iter_mut() {
            let part = |at: usize, length: usize| at * factor..((at + 1) * factor).min(length);
            let (from_z, from_y, from_x) = (part(z, depth), part(y, height), part(x, width));
            let block = cube.slice(ndarray::s![from_z, from_y, from_x]);
            let known = block.iter().filter(|value| value.is_finite());
            let (sum, count) =
                known.fold((0.0_f64, 0_u32), |(sum, count), &value| (sum + f64::from(value), count + 1));
            *to = if count > 0 { (sum / f64::from(count)) as f32 } else { f32::NAN };
        }
    });
    small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_leave_blanks_out_and_edges_are_kept() {
        let mut cube = Array3::from_shape_fn((2, 2, 3), |(z, y, x)| (z + y + x) as f32);
        cube[[0, 0, 0]] = f32::NAN;
        cube[[0, 0, 2]] = f32::NAN;
        let small = reduced(cube.view(), 2);
        assert_eq!(small.dim(), (1, 1, 2));
        // Of 0 1 1 2 1 2 2 3 without the first; of 3 3 4 without the blank 2.
        assert!((small[[0, 0, 0]] - 12.0 / 7.0).abs() < 1e-6 && (small[[0, 0, 1]] - 10.0 / 3.0).abs() < 1e-6);
    }
}
