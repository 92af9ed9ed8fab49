//! How often which value occurs, for the transfer function and for ranges by percentiles. From a sample of the voxels that is spread
//! evenly: milliseconds at any size.

use ndarray::ArrayView3;
use rayon::prelude::*;

/// Counts of values and their order, from a sample of the finite voxels. The same cube gives the same sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Physical values at the outer edges of the bins: the percentiles 0.05 and 99.95.
    pub range: (f64, f64),
    /// Counts of equal bins over the range; what lies outside is not counted.
    pub counts: Vec<u64>,
    /// Voxels looked at, blanks and those outside the range included.
    pub sampled: usize,
    /// Finite values in ascending order, a quarter of a million at most.
    ordered: Vec<f32>,
}

const BINS: usize = 1024;
/// Voxels looked at for the counts.
const MOST_COUNTED: usize = 1 << 22;
/// Voxels looked at for the percentiles: good to about 0.1 percent in rank.
const MOST_ORDERED: usize = 1 << 18;

impl Histogram {
    /// Of a cube of physical values, blanks as NaN.
    pub fn of(cube: ArrayView3<'_, f32>) -> Self {
        let cube = cube.as_standard_layout();
        let values = cube.as_slice().unwrap_or_default();
        let mut ordered: Vec<f32> = sample(values, MOST_ORDERED).filter(|value| value.is_finite()).collect();
        if ordered.is_empty() && values.len() > MOST_ORDERED {
            // Hardly anything but blanks: the few values must not be missed.
            ordered = values.par_iter().copied().filter(|value| value.is_finite()).collect();
            let step = ordered.len().div_ceil(MOST_ORDERED).max(1);
            ordered = ordered.into_iter().step_by(step).collect();
        }
        ordered.par_sort_unstable_by(f32::total_cmp);
        let mut histogram = Self { range: (0.0, 0.0), counts: vec![0; BINS], sampled: 0, ordered };
        histogram.range = match (histogram.percentile(0.05), histogram.percentile(99.95)) {
            (Some(low), Some(high)) => (low, high),
            _ => return histogram,
        };
        let (low, high) = histogram.range;
        let scale = if high > low { BINS as f64 / (high - low) } else { 0.0 };
        for value in sample(values, MOST_COUNTED) {
            let value = f64::from(value);
            histogram.sampled += 1;
            if (low..=high).contains(&value) {
                histogram.counts[(((value - low) * scale) as usize).min(BINS - 1)] += 1;
            }
        }
        histogram
    }

    /// The value below which `percent` of the sampled finite values lie, linear between ranks; `None` where all is blank.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let last = self.ordered.len().checked_sub(1)?;
        let rank = percent.clamp(0.0, 100.0) / 100.0 * last as f64;
        let below = (rank.floor() as usize).min(last);
        let (low, high) = (f64::from(self.ordered[below]), f64::from(self.ordered[(below + 1).min(last)]));
        Some(low + (rank - below as f64) * (high - low))
    }

    /// The fraction of the sampled finite values that lie below `value`.
    pub fn rank(&self, value: f64) -> f64 {
        let below = self.ordered.partition_point(|&other| f64::from(other) < value);
        below as f64 / self.ordered.len().max(1) as f64
    }

    /// Finite values in ascending order, a sample.
    pub fn ordered(&self) -> &[f32] {
        &self.ordered
    }
}

/// One value from each stretch, at a place that follows no row length; all where there are not more than `most`.
fn sample(values: &[f32], most: usize) -> impl Iterator<Item = f32> + '_ {
    let stride = (values.len() / most).max(1);
    values.chunks(stride).enumerate().map(move |(index, stretch)| {
        let mixed = (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        stretch[(mixed >> 33) as usize % stretch.len()]
    })
}
