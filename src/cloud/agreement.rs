//! How well two sets of values agree, in a few numbers: a prediction and the truth, say.

use serde::Serialize;

/// Agreement of a (a prediction) with b (the truth) over the voxels with a value in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Agreement {
    pub count: u64,
    /// Mean of a − b, in the unit of the values.
    pub mean: f64,
    /// √⟨(a − b)²⟩, in the unit of the values.
    pub rms: f64,
    /// Pearson's correlation; `None` where one of them is the same everywhere.
    pub correlation: Option<f64>,
    /// Voxels where both are positive, of which the next three are.
    pub count_positive: u64,
    /// Mean of log₁₀ a − log₁₀ b.
    pub bias_dex: Option<f64>,
    /// √⟨(log₁₀ a − log₁₀ b)²⟩.
    pub rms_dex: Option<f64>,
    /// The share with |log₁₀ a − log₁₀ b| ≤ 0.3, the accuracy by which POLARIScore judges its networks.
    pub accuracy_0p3dex: Option<f64>,
}

const ACCURATE_DEX: f64 = 0.3;

/// Sums from which the agreement follows, about the means of their own values so that nothing cancels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    count: u64,
    mean: [f64; 2],
    /// Σ(a − ā)², Σ(b − b̄)², Σ(a − ā)(b − b̄)
    about: [f64; 3],
    squares: f64,
    count_positive: u64,
    dex: f64,
    dex_squares: f64,
    accurate: u64,
}

impl Sums {
    /// Of pairs (a, b); those without a value in both count nothing.
    pub fn of(pairs: impl Iterator<Item = (f32, f32)> + Clone) -> Self {
        let pairs =
            pairs.filter(|(a, b)| a.is_finite() && b.is_finite()).map(|(a, b)| (f64::from(a), f64::from(b)));
        let mut sums = Self::default();
        for (a, b) in pairs.clone() {
            sums.count += 1;
            sums.mean = [sums.mean[0] + a, sums.mean[1] + b];
            sums.squares += (a - b).powi(2);
            if a > 0.0 && b > 0.0 {
                let dex = a.log10() - b.log10();
                sums.count_positive += 1;
                sums.dex += dex;
                sums.dex_squares += dex * dex;
                sums.accurate += u64::from(dex.abs() <= ACCURATE_DEX);
            }
        }
        if sums.count > 0 {
            sums.mean = sums.mean.map(|sum| sum / sums.count as f64);
        }
        for (a, b) in pairs {
            let (a, b) = (a - sums.mean[0], b - sums.mean[1]);
            for (sum, part) in sums.about.iter_mut().zip([a * a, b * b, a * b]) {
                *sum += part;
            }
        }
        sums
    }

    /// Of both sets together (Chan, Golub & LeVeque 1983, The American Statistician 37, 242).
    pub fn with(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0 {
            return self;
        }
        let share = other.count as f64 / count as f64;
        let [a, b] = [0, 1].map(|side| other.mean[side] - self.mean[side]);
        let weight = self.count as f64 * share;
        let apart = [a * a, b * b, a * b];
        Self {
            count,
            mean: [self.mean[0] + a * share, self.mean[1] + b * share],
            about: std::array::from_fn(|i| self.about[i] + other.about[i] + weight * apart[i]),
            squares: self.squares + other.squares,
            count_positive: self.count_positive + other.count_positive,
            dex: self.dex + other.dex,
            dex_squares: self.dex_squares + other.dex_squares,
            accurate: self.accurate + other.accurate,
        }
    }

    pub fn agreement(&self) -> Agreement {
        let count = self.count.max(1) as f64;
        let [a, b, both] = self.about;
        let in_dex = |sum: f64| (self.count_positive > 0).then(|| sum / self.count_positive as f64);
        Agreement {
            count: self.count,
            mean: self.mean[0] - self.mean[1],
            rms: (self.squares / count).sqrt(),
            correlation: (a > 0.0 && b > 0.0).then(|| both / (a.sqrt() * b.sqrt())),
            count_positive: self.count_positive,
            bias_dex: in_dex(self.dex),
            rms_dex: in_dex(self.dex_squares).map(f64::sqrt),
            accuracy_0p3dex: in_dex(self.accurate as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_numpy_and_parts_add_up() {
        // a = (1 + i % 7) · 0.37, b = a·1.1 + 0.3·sin(i) for i in 0..500, by numpy: mean(a − b), sqrt(mean((a − b)²)), corrcoef,
        // and mean, rms and share within 0.3 of log10(a) − log10(b).
        let pairs: Vec<(f32, f32)> = (0..500)
            .map(|i| {
                let a = (1 + i % 7) as f32 * 0.37;
                (a, a * 1.1 + 0.3 * (i as f32).sin())
            })
            .collect();
        let all = Sums::of(pairs.iter().copied()).agreement();
        let truth = [
            -0.1487308836877346,
            0.2685747939884877,
            0.9675284483026859,
            -0.027073113385605984,
            0.12722560927162335,
            0.968,
        ];
        for (value, truth) in [
            (all.mean, truth[0]),
            (all.rms, truth[1]),
            (all.correlation.expect("both vary"), truth[2]),
            (all.bias_dex.expect("positive"), truth[3]),
            (all.rms_dex.expect("positive"), truth[4]),
            (all.accuracy_0p3dex.expect("positive"), truth[5]),
        ] {
            assert!((value - truth).abs() < 1e-6 * truth.abs().max(1.0), "{value} for {truth}");
        }
        let parts = pairs.chunks(61).map(|part| Sums::of(part.iter().copied()));
        let added = parts.fold(Sums::default(), Sums::with).agreement();
        assert_eq!(added.count, 500);
        let near = |a: Option<f64>, b: Option<f64>| a.zip(b).is_some_and(|(a, b)| (a - b).abs() < 1e-12);
        assert!((added.rms - all.rms).abs() < 1e-12 && near(added.correlation, all.correlation));
        assert!(near(added.rms_dex, all.rms_dex) && near(added.bias_dex, all.bias_dex));
    }

    #[test]
    fn blanks_and_constants_are_told() {
        let nothing = Sums::of([(f32::NAN, 1.0), (1.0, f32::INFINITY)].into_iter()).agreement();
        assert_eq!((nothing.count, nothing.correlation, nothing.rms_dex), (0, None, None));
        let same = Sums::of([(-2.0, -2.0), (-2.0, -1.0)].into_iter()).agreement();
        assert_eq!((same.count, same.correlation, same.rms_dex, same.mean), (2, None, None, -0.5));
    }
}
