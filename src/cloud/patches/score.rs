//! How much structure a patch has, and whether it is kept: appendix B of the POLARIS paper, weights as in its code.

use ndarray::ArrayView2;

/// s = L(N) + 0.5 L(n) + 5 Var[minmax(N) − minmax(n)]: L is `laplacian_variance`, N the column density, n the
/// mass-weighted density (POLARIS, eqs. 11 to 13).
pub fn score(column: ArrayView2<f32>, density: ArrayView2<f32>) -> f64 {
    let (column_scale, density_scale) = (unit_range(column), unit_range(density));
    let difference = column.iter().zip(&density).map(|(&n, &d)| column_scale(n) - density_scale(d));
    laplacian_variance(column) + 0.5 * laplacian_variance(density) + 5.0 * variance(difference)
}

/// The probability to keep a patch of score `s`: f(s) = 1 / (1 + exp(−a (s − b))) (POLARIS, eq. 14).
pub fn acceptance(s: f64, a: f64, b: f64) -> f64 {
    1.0 / (1.0 + (-a * (s - b)).exp())
}

/// L(x) = Var[Δ ln(1 + x)]: five-point Laplacian, edge pixels repeated beyond the edge (scipy.ndimage.laplace, mode "reflect").
/// The published formula subtracts the minimum first, which the Laplacian does not see.
pub fn laplacian_variance(map: ArrayView2<f32>) -> f64 {
    let (rows, columns) = map.dim();
    let log = map.mapv(|v| f64::from(v).ln_1p());
    variance((0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))).map(|(y, x)| {
        let vertical = log[[y.saturating_sub(1), x]] + log[[(y + 1).min(rows - 1), x]];
        let horizontal = log[[y, x.saturating_sub(1)]] + log[[y, (x + 1).min(columns - 1)]];
        vertical + horizontal - 4.0 * log[[y, x]]
    }))
}

/// Population variance, 0 for nothing.
fn variance(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let (count, sum) = values.clone().fold((0usize, 0.0), |(n, sum), v| (n + 1, sum + v));
    if count == 0 {
        return 0.0;
    }
    let mean = sum / count as f64;
    values.map(|v| (v - mean).powi(2)).sum::<f64>() / count as f64
}

/// Maps the range of a map to 0 … 1; a constant map to 0.
fn unit_range(map: ArrayView2<f32>) -> impl Fn(f32) -> f64 + Copy {
    let low = map.iter().copied().fold(f32::INFINITY, f32::min);
    let high = map.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = f64::from(high) - f64::from(low);
    move |v| if range > 0.0 { (f64::from(v) - f64::from(low)) / range } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// Golden numbers: scipy 1.17.1, `x = np.fromfunction(lambda y, x: 1e21*(1 + 0.5*np.sin(x/3)*np.cos(y/5)), (16, 16))`,
    /// `d = np.fromfunction(lambda y, x: 100*np.exp(-((x-8)**2 + (y-6)**2)/20) + 10, (16, 16))`, then the formula with
    /// `scipy.ndimage.laplace` in float64 on float32 maps.
    #[test]
    fn score_as_the_published_formula() {
        let column = Array2::from_shape_fn((16, 16), |(y, x)| {
            (1e21 * (1.0 + 0.5 * (x as f64 / 3.0).sin() * (y as f64 / 5.0).cos())) as f32
        });
        let density = Array2::from_shape_fn((16, 16), |(y, x)| {
            (100.0 * (-((x as f64 - 8.0).powi(2) + (y as f64 - 6.0).powi(2)) / 20.0).exp() + 10.0) as f32
        });
        let close = |got: f64, golden: f64| assert!((got / golden - 1.0).abs() < 1e-6, "{got} for {golden}");
        close(laplacian_variance(column.view()), 0.002570959536440166);
        close(laplacian_variance(density.view()), 0.016585416498591757);
        close(score(column.view(), density.view()), 0.5883210879906878);
    }

    #[test]
    fn filter_and_flat_maps() {
        assert!((acceptance(0.0, 2.0, 1.0) - 0.119_202_922_022_117_56).abs() < 1e-15);
        assert_eq!(acceptance(1.0, 2.0, 1.0), 0.5);
        let flat = Array2::from_elem((9, 9), 7.0_f32);
        assert_eq!(score(flat.view(), flat.view()), 0.0);
    }
}
