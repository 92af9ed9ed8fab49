//! The check with weights drawn anew (Adebayo et al. 2018, "Sanity checks for saliency maps").

use ndarray::Array2;

/// Spearman's rank correlation of the absolute values of two lists of maps, equal values with their mean rank; 0 where either is constant.
pub(super) fn rank_correlation(a: &[Array2<f32>], b: &[Array2<f32>]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 - 1.0) / 2.0;
    let sum =
        |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(&b).map(|(&x, &y)| f(x - mean, y - mean)).sum::<f64>();
    let (xy, xx, yy) = (sum(&|x, y| x * y), sum(&|x, _| x * x), sum(&|_, y| y * y));
    if xx > 0.0 && yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}

fn ranks(maps: &[Array2<f32>]) -> Vec<f64> {
    let values: Vec<f32> = maps.iter().flatten().map(|value| value.abs()).collect();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    while first < order.len() {
        let mut last = first;
        while last + 1 < order.len() && values[order[last + 1]] == values[order[first]] {
            last += 1;
        }
        for &place in &order[first..=last] {
            ranks[place] = (first + last) as f64 / 2.0;
        }
        first = last + 1;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_with_ties_as_scipy() {
        // scipy.stats.spearmanr([1, 2, 2, 5, 4], [3, 1, 2, 8, 2]).statistic
        let map = |values: [f32; 5]| vec![Array2::from_shape_vec((1, 5), values.to_vec()).expect("five")];
        let correlation =
            rank_correlation(&map([1.0, -2.0, 2.0, 5.0, 4.0]), &map([3.0, 1.0, -2.0, 8.0, 2.0]));
        assert!((correlation - 0.289_473_684_210_526_4).abs() < 1e-12, "{correlation}");
        assert_eq!(rank_correlation(&map([1.0; 5]), &map([1.0, 2.0, 3.0, 4.0, 5.0])), 0.0);
    }
}
