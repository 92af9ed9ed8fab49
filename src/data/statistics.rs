//! NaN-aware statistics: one parallel pass for all sums, a second over few bins for the exact median.
//! Sums are taken in blocks and merged in file order, so that the answer does not depend on the number of threads.

use super::{Number, Values, each_real};
use ndarray::ArrayD;
use rayon::prelude::*;
use std::borrow::Cow;

/// Statistics of the finite values; blanks and infinities are counted, not mixed in.
/// Where no value is finite all but the counts and the sum are NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// How many values are finite.
    pub count: usize,
    pub count_nan: usize,
    pub count_inf: usize,
    pub min: f64,
    pub max: f64,
    pub sum: f64,
    pub mean: f64,
    /// Population standard deviation, as `numpy.nanstd`.
    pub std: f64,
    /// Exact; for an even count the mean of the two middle values.
    pub median: f64,
}

impl Statistics {
    /// What describes the finite values, by the names that `aquila info` gives them.
    pub fn named(&self) -> [(&'static str, f64); 6] {
        [
            ("min", self.min),
            ("max", self.max),
            ("mean", self.mean),
            ("std", self.std),
            ("median", self.median),
            ("sum", self.sum),
        ]
    }
}

/// Statistics of all values; `None` where the type is complex.
pub fn statistics(values: &Values) -> Option<Statistics> {
    each_real!(values, array => Some(statistics_of(&flat(array))), complex => None)
}

fn flat<T: Number>(array: &ArrayD<T>) -> Cow<'_, [T]> {
    match array.as_slice_memory_order() {
        Some(slice) => Cow::Borrowed(slice),
        None => Cow::Owned(array.iter().copied().collect()),
    }
}

/// Values per block: fits the first cache in double precision, and is short enough for plain sums.
const BLOCK: usize = 4096;
/// Values per task of the pool.
const TASK: usize = 64 * BLOCK;
/// Independent sums per block, so that the compiler can use vector registers.
const LANES: usize = 8;

/// Statistics of a slice, in any order of its elements.
pub fn statistics_of<T: Number>(values: &[T]) -> Statistics {
    let shift = T::KEY_BITS.saturating_sub(DIGIT_BITS);
    let (mut parts, bins) = values
        .par_chunks(TASK)
        .enumerate()
        .fold(
            || (Vec::new(), Bins::default()),
            |(mut parts, mut bins), (index, task)| {
                let moments =
                    task.chunks(BLOCK).map(Moments::of_block).fold(Moments::default(), Moments::merged);
                parts.push((index, moments));
                bins.add(
                    task.iter().filter(|value| value.to_f64().is_finite()).map(|value| value.key() >> shift),
                );
                (parts, bins)
            },
        )
        .reduce(
            || (Vec::new(), Bins::default()),
            |(mut parts, bins), (more, other)| {
                parts.extend(more);
                (parts, bins.merged(other))
            },
        );
    parts.sort_unstable_by_key(|&(index, _)| index);
    let all = parts.into_iter().fold(Moments::default(), |all, (_, part)| all.merged(part));
    let count = all.count;
    let (mean, std, median) = if count == 0 {
        (f64::NAN, f64::NAN, f64::NAN)
    } else {
        let low = select(values, &bins, (count - 1) / 2);
        let high = if count % 2 == 1 { low } else { select(values, &bins, count / 2) };
        // Halves first: the sum of two huge values may overflow.
        let median = if low == high { low.to_f64() } else { 0.5 * low.to_f64() + 0.5 * high.to_f64() };
        (all.sum() / count as f64, (all.squares / count as f64).sqrt(), median)
    };
    let (min, max) = if count == 0 { (f64::NAN, f64::NAN) } else { (all.min, all.max) };
    Statistics {
        count,
        count_nan: all.count_nan,
        count_inf: all.count_inf,
        min,
        max,
        sum: all.sum(),
        mean,
        std,
        median,
    }
}

/// Least and greatest finite value; `None` where no value is finite.
pub fn finite_range<T: Number>(values: &[T]) -> Option<(f64, f64)> {
    let (low, high) = values
        .par_chunks(TASK)
        .map(|task| {
            task.iter()
                .map(|value| value.to_f64())
                .filter(|value| value.is_finite())
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (low.min(value), high.max(value))
                })
        })
        .reduce(|| (f64::INFINITY, f64::NEG_INFINITY), |a, b| (a.0.min(b.0), a.1.max(b.1)));
    (low <= high).then_some((low, high))
}

/// Percentiles (0 to 100) of the finite values, linear between ranks as `numpy.nanpercentile`;
/// `None` where no value is finite.
pub fn percentiles<T: Number>(values: &[T], percents: &[f64]) -> Option<Vec<f64>> {
    let shift = T::KEY_BITS.saturating_sub(DIGIT_BITS);
    let bins = Bins::of(values, |key| Some(key >> shift));
    let count = bins.total();
    if count == 0 {
        return None;
    }
    let at = |percent: &f64| {
        let rank = percent.clamp(0.0, 100.0) / 100.0 * (count - 1) as f64;
        let below = (rank.floor() as usize).min(count - 1);
        let fraction = rank - below as f64;
        let low = select(values, &bins, below).to_f64();
        if fraction == 0.0 {
            return low;
        }
        low + fraction * (select(values, &bins, below + 1).to_f64() - low)
    };
    Some(percents.iter().map(at).collect())
}

/// How many values `percentiles_sampled` looks at.
const SAMPLE: usize = 1 << 18;

/// Percentiles of an evenly spread sample of a quarter of a million values, for display limits: milliseconds at any
/// size, good to about 0.1 percent in rank. The same input gives the same answer.
pub fn percentiles_sampled<T: Number>(values: &[T], percents: &[f64]) -> Option<Vec<f64>> {
    let stride = values.len() / SAMPLE;
    if stride < 2 {
        return percentiles(values, percents);
    }
    // One value from each stretch, at a place that follows no row length.
    let picked: Vec<T> = values
        .chunks_exact(stride)
        .enumerate()
        .map(|(index, stretch)| {
            let mixed = (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            stretch[(mixed >> 33) as usize % stride]
        })
        .collect();
    percentiles(&picked, percents).or_else(|| percentiles(values, percents))
}

/// Count, extremes, sum (as value and remainder) and sum of squared deviations.
#[derive(Clone, Copy)]
struct Moments {
    count: usize,
    count_nan: usize,
    count_inf: usize,
    min: f64,
    max: f64,
    total: f64,
    remainder: f64,
    squares: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Self {
            count: 0,
            count_nan: 0,
            count_inf: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            total: 0.0,
            remainder: 0.0,
            squares: 0.0,
        }
    }
}

impl Moments {
    fn of_block<T: Number>(block: &[T]) -> Self {
        let mut min = [f64::INFINITY; LANES];
        let mut max = [f64::NEG_INFINITY; LANES];
        let mut sum = [0.0; LANES];
        let (mut finite, mut nan) = ([0_u32; LANES], [0_u32; LANES]);
        for lanes in block.chunks(LANES) {
            for (lane, value) in lanes.iter().enumerate() {
                let value = value.to_f64();
                let is_finite = value.is_finite();
                finite[lane] += u32::from(is_finite);
                nan[lane] += u32::from(value.is_nan());
                sum[lane] += if is_finite { value } else { 0.0 };
                min[lane] = if is_finite && value < min[lane] { value } else { min[lane] };
                max[lane] = if is_finite && value > max[lane] { value } else { max[lane] };
            }
        }
        let count = finite.iter().sum::<u32>() as usize;
        let count_nan = nan.iter().sum::<u32>() as usize;
        let total: f64 = sum.iter().sum();
        let mean = if count == 0 { 0.0 } else { total / count as f64 };
        let mut squares = [0.0; LANES];
        for lanes in block.chunks(LANES) {
            for (lane, value) in lanes.iter().enumerate() {
                let value = value.to_f64();
                let deviation = if value.is_finite() { value - mean } else { 0.0 };
                squares[lane] += deviation * deviation;
            }
        }
        Self {
            count,
            count_nan,
            count_inf: block.len() - count - count_nan,
            min: min.into_iter().fold(f64::INFINITY, f64::min),
            max: max.into_iter().fold(f64::NEG_INFINITY, f64::max),
            total,
            remainder: 0.0,
            squares: squares.iter().sum(),
        }
    }

    fn sum(&self) -> f64 {
        self.total + self.remainder
    }

    /// Chan, Golub & LeVeque (1983) for the squares, Neumaier (1974) for the sum.
    fn merged(self, other: Self) -> Self {
        if other.count == 0 || self.count == 0 {
            let (full, bare) = if other.count == 0 { (self, other) } else { (other, self) };
            return Self {
                count_nan: full.count_nan + bare.count_nan,
                count_inf: full.count_inf + bare.count_inf,
                ..full
            };
        }
        let (n, m) = (self.count as f64, other.count as f64);
        let apart = other.sum() / m - self.sum() / n;
        let total = self.total + other.total;
        let lost = if self.total.abs() >= other.total.abs() {
            (self.total - total) + other.total
        } else {
            (other.total - total) + self.total
        };
        Self {
            count: self.count + other.count,
            count_nan: self.count_nan + other.count_nan,
            count_inf: self.count_inf + other.count_inf,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            total,
            remainder: self.remainder + other.remainder + lost,
            squares: self.squares + other.squares + apart * apart * (n * m / (n + m)),
        }
    }
}

/// Keys are sorted out by digits of this many bits, the highest first.
const DIGIT_BITS: u32 = 16;
/// Below this many candidates they are gathered and sorted out directly.
const FEW: usize = 1 << 16;

/// How often each digit occurs.
#[derive(Clone, Default)]
struct Bins(Vec<u64>);

impl Bins {
    fn add(&mut self, digits: impl Iterator<Item = u64>) {
        if self.0.is_empty() {
            self.0 = vec![0; 1 << DIGIT_BITS];
        }
        for digit in digits {
            self.0[digit as usize] += 1;
        }
    }

    fn merged(mut self, other: Self) -> Self {
        if self.0.is_empty() {
            return other;
        }
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
        self
    }

    /// Counts the digits of the finite values that `digit` picks.
    fn of<T: Number>(values: &[T], digit: impl Fn(u64) -> Option<u64> + Sync) -> Self {
        values
            .par_chunks(TASK)
            .fold(Self::default, |mut bins, task| {
                let finite = task.iter().filter(|value| value.to_f64().is_finite());
                bins.add(finite.filter_map(|value| digit(value.key())));
                bins
            })
            .reduce(Self::default, Self::merged)
    }

    fn total(&self) -> usize {
        self.0.iter().sum::<u64>() as usize
    }

    /// The digit at a rank, and how many of its values lie below that rank.
    fn find(&self, rank: usize) -> (u64, usize, usize) {
        let mut left = rank as u64;
        for (digit, &count) in self.0.iter().enumerate() {
            if left < count {
                return (digit as u64, left as usize, count as usize);
            }
            left -= count;
        }
        (0, 0, 0)
    }
}

/// The finite value at a rank (0 is the least), by digits from the highest; `bins` counts the first digit.
fn select<T: Number>(values: &[T], bins: &Bins, rank: usize) -> T {
    let mut shift = T::KEY_BITS.saturating_sub(DIGIT_BITS);
    let (mut prefix, mut rank, mut count) = bins.find(rank);
    while shift > 0 {
        if count <= FEW {
            let gathered = values.par_chunks(TASK).flat_map_iter(|task| {
                let finite = task.iter().filter(|value| value.to_f64().is_finite());
                finite.map(|value| value.key()).filter(|key| key >> shift == prefix)
            });
            let mut keys: Vec<u64> = gathered.collect();
            let place = rank.min(keys.len().saturating_sub(1));
            return T::from_key(*keys.select_nth_unstable(place).1);
        }
        let next = shift.saturating_sub(DIGIT_BITS);
        let mask = (1_u64 << (shift - next)) - 1;
        let inner = Bins::of(values, |key| (key >> shift == prefix).then_some((key >> next) & mask));
        let (digit, below, inside) = inner.find(rank);
        prefix = prefix << (shift - next) | digit;
        (rank, count, shift) = (below, inside, next);
    }
    T::from_key(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_far_larger_than_the_spread_costs_no_digits() {
        // Values offset ± k/1000 for k in 1..=50000: the spread is known exactly.
        let offset = 1e9;
        let values: Vec<f64> = (1..=50_000)
            .flat_map(|k| [offset + f64::from(k) / 1024.0, offset - f64::from(k) / 1024.0])
            .collect();
        let answer = statistics_of(&values);
        let n = 50_000.0_f64;
        let variance = (n + 1.0) * (2.0 * n + 1.0) / 6.0 / 1024.0_f64.powi(2);
        assert_eq!((answer.count, answer.mean, answer.median), (100_000, offset, offset));
        assert!((answer.std / variance.sqrt() - 1.0).abs() < 1e-12, "{}", answer.std);
    }

    #[test]
    fn blanks_and_infinities_are_counted_not_mixed_in() {
        let values = [f32::NAN, 3.0, f32::INFINITY, -1.0, f32::NEG_INFINITY, 2.0, f32::NAN, f32::NAN];
        let answer = statistics_of(&values);
        assert_eq!((answer.count, answer.count_nan, answer.count_inf), (3, 3, 2));
        assert_eq!((answer.min, answer.max, answer.sum, answer.median), (-1.0, 3.0, 4.0, 2.0));
        assert_eq!(finite_range(&values), Some((-1.0, 3.0)));
        let blank = statistics_of(&[f64::NAN; 5]);
        assert_eq!((blank.count, blank.count_nan, blank.sum), (0, 5, 0.0));
        assert!(blank.min.is_nan() && blank.mean.is_nan() && blank.median.is_nan());
        assert_eq!(finite_range::<f64>(&[]), None);
    }

    #[test]
    fn the_median_is_exact_for_every_kind_of_spread() {
        // A multiplicative sequence: unordered, without repeats below 2^31 − 1.
        let mut state = 1_u64;
        let mut draw = || {
            state = state * 48_271 % 2_147_483_647;
            state
        };
        let narrow: Vec<f64> = (0..300_001).map(|_| 1.0 + draw() as f64 * 1e-16).collect();
        let wide: Vec<f32> = (0..300_000).map(|_| (draw() as f32 - 1e9) * 1e20).collect();
        let bytes: Vec<u8> = (0..300_000).map(|_| (draw() % 7) as u8).collect();
        let large: Vec<i64> = (0..200_000).map(|_| i64::MIN + (draw() << 20) as i64).collect();
        fn sorted<T: Number + PartialOrd>(values: &[T]) -> Vec<f64> {
            let mut sorted: Vec<f64> = values.iter().map(|value| value.to_f64()).collect();
            sorted.sort_by(f64::total_cmp);
            sorted
        }
        fn check<T: Number + PartialOrd>(values: &[T]) {
            let sorted = sorted(values);
            let n = sorted.len();
            let middle = 0.5 * sorted[(n - 1) / 2] + 0.5 * sorted[n / 2];
            assert_eq!(statistics_of(values).median, middle);
            let ends = percentiles(values, &[0.0, 100.0, 25.0]).expect("finite values");
            let quarter = (n - 1) as f64 * 0.25;
            let (low, part) = (quarter as usize, quarter.fract());
            let expected =
                if part == 0.0 { sorted[low] } else { sorted[low] + part * (sorted[low + 1] - sorted[low]) };
            assert_eq!(ends, vec![sorted[0], sorted[n - 1], expected]);
        }
        check(&narrow);
        check(&wide);
        check(&bytes);
        check(&large);
    }

    #[test]
    fn a_sample_is_good_enough_for_display_limits() {
        let values: Vec<f32> = (0..4_000_000).map(|i| ((i as u64 * 7_919) % 4_000_000) as f32).collect();
        let limits = percentiles_sampled(&values, &[1.0, 99.0]).expect("finite values");
        assert!(
            (limits[0] / 4e4 - 1.0).abs() < 0.1 && (limits[1] / 3.96e6 - 1.0).abs() < 0.002,
            "{limits:?}"
        );
    }
}
