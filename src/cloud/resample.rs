//! Changing the pixel grid of a map: area means down, bilinear up, blanks respected.

use ndarray::{Array2, ArrayView2, Axis};

/// What each new pixel takes of the old ones along one axis: first index and weights that add up to 1.
struct Share {
    first: usize,
    weights: Vec<f64>,
}

/// The overlaps of `new` equal intervals with `old` equal intervals over the same length.
fn shares(old: usize, new: usize) -> Vec<Share> {
    let ratio = old as f64 / new as f64;
    (0..new)
        .map(|i| {
            let (low, high) = (i as f64 * ratio, (i + 1) as f64 * ratio);
            // Rounding must not give a sliver of a pixel that is not touched.
            let first = ((low + 1e-9) as usize).min(old - 1);
            let last = ((high - 1e-9).ceil() as usize).clamp(first + 1, old);
            let weights: Vec<f64> = (first..last)
                .map(|j| (high.min((j + 1) as f64) - low.max(j as f64)).max(0.0) / ratio)
                .collect();
            Share { first, weights }
        })
        .collect()
}

/// The mean of the area that each new pixel covers; the sum of values times area is kept. Blank pixels (NaN) are left out of
/// the mean; a new pixel is blank only where all it covers is. Exact for any two sizes.
pub fn area_mean(map: ArrayView2<f32>, shape: (usize, usize)) -> Array2<f32> {
    let (old_rows, old_columns) = map.dim();
    if (old_rows, old_columns) == shape {
        return map.to_owned();
    }
    if old_rows == 0 || old_columns == 0 {
        return Array2::from_elem(shape, f32::NAN);
    }
    let (rows, columns) = (shares(old_rows, shape.0), shares(old_columns, shape.1));
    Array2::from_shape_fn(shape, |(i, j)| {
        let (mut sum, mut weight) = (0.0, 0.0);
        for (dy, wy) in rows[i].weights.iter().enumerate() {
            for (dx, wx) in columns[j].weights.iter().enumerate() {
                let value = map[[rows[i].first + dy, columns[j].first + dx]];
                if value.is_finite() {
                    sum += wy * wx * f64::from(value);
                    weight += wy * wx;
                }
            }
        }
        if weight > 0.0 { (sum / weight) as f32 } else { f32::NAN }
    })
}

/// Bilinear interpolation onto a grid over the same area (pixel centres aligned by area, edges held). NaN spreads to every
/// pixel that leans on it, so fill blanks first.
pub fn bilinear(map: ArrayView2<f32>, shape: (usize, usize)) -> Array2<f32> {
    if map.dim() == shape {
        return map.to_owned();
    }
    let along = |axis: usize, new: usize| -> Vec<(usize, usize, f32)> {
        let old = map.len_of(Axis(axis));
        let ratio = old as f64 / new as f64;
        (0..new)
            .map(|i| {
                let at = ((i as f64 + 0.5) * ratio - 0.5).clamp(0.0, old as f64 - 1.0);
                let low = at as usize;
                (low, (low + 1).min(old - 1), (at - low as f64) as f32)
            })
            .collect()
    };
    if map.is_empty() {
        return Array2::from_elem(shape, f32::NAN);
    }
    let (rows, columns) = (along(0, shape.0), along(1, shape.1));
    let mix = |a: f32, b: f32, t: f32| if t == 0.0 { a } else { a + (b - a) * t };
    Array2::from_shape_fn(shape, |(i, j)| {
        let ((y0, y1, ty), (x0, x1, tx)) = (rows[i], columns[j]);
        let top = mix(map[[y0, x0]], map[[y0, x1]], tx);
        let bottom = mix(map[[y1, x0]], map[[y1, x1]], tx);
        mix(top, bottom, ty)
    })
}

/// Fills blank pixels smoothly from the valid ones around them: means over ever larger areas, brought back up by bilinear
/// interpolation. `None` where no pixel is valid.
pub fn fill_blanks(map: ArrayView2<f32>) -> Option<Array2<f32>> {
    let (rows, columns) = map.dim();
    if !map.iter().any(|v| v.is_finite()) {
        return None;
    }
    if map.iter().all(|v| v.is_finite()) {
        return Some(map.to_owned());
    }
    let coarse = fill_blanks(area_mean(map, (rows.div_ceil(2), columns.div_ceil(2))).view())?;
    let smooth = bilinear(coarse.view(), (rows, columns));
    Some(Array2::from_shape_fn((rows, columns), |at| if map[at].is_finite() { map[at] } else { smooth[at] }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn area_mean_keeps_the_sum_over_the_area_for_any_ratio() {
        let map = Array2::from_shape_fn((7, 10), |(y, x)| (y * 31 + x * 17 % 11) as f32 + 0.5);
        let total: f64 = map.iter().map(|&v| f64::from(v)).sum();
        for shape in [(3, 4), (7, 5), (1, 1), (6, 9), (14, 23)] {
            let small = area_mean(map.view(), shape);
            let area = (7.0 * 10.0) / (shape.0 * shape.1) as f64;
            let kept: f64 = small.iter().map(|&v| f64::from(v) * area).sum();
            assert!((kept / total - 1.0).abs() < 1e-6, "{shape:?}: {kept} of {total}");
        }
        assert_eq!(area_mean(array![[1.0, 3.0, 10.0], [f32::NAN, 2.0, 4.0]].view(), (1, 1))[[0, 0]], 4.0);
    }

    #[test]
    fn blanks_are_filled_between_the_values_around_them_and_the_rest_is_untouched() {
        let mut map = Array2::from_shape_fn((40, 33), |(_, x)| x as f32);
        map.slice_mut(ndarray::s![5..30, 8..20]).fill(f32::NAN);
        let filled = fill_blanks(map.view()).expect("some pixels are valid");
        for (old, new) in map.iter().zip(&filled) {
            assert!(new.is_finite() && (0.0..=32.0).contains(new));
            assert!(old.is_nan() || old == new);
        }
        assert_eq!(fill_blanks(Array2::from_elem((3, 3), f32::NAN).view()), None);
    }

    #[test]
    fn bilinear_keeps_a_constant_and_a_slope() {
        let constant = bilinear(Array2::from_elem((5, 4), 21.37_f32).view(), (13, 17));
        assert!(constant.iter().all(|&v| v == 21.37));
        let slope = bilinear(Array2::from_shape_fn((1, 8), |(_, x)| x as f32).view(), (1, 16));
        assert!((slope[[0, 7]] - 3.25).abs() < 1e-6 && (slope[[0, 8]] - 3.75).abs() < 1e-6);
    }
}
