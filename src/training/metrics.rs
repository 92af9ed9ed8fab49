//! How good a prediction is, in dex, and the trivial predictor it has to beat: the best power law.

use serde::{Deserialize, Serialize};

/// The tolerance of the accuracy that papers of this field quote, in dex.
pub const TOLERANCE_DEX: f64 = 0.3;

/// Residuals log10(prediction) − log10(truth) over all pixels where the truth is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    pub rms_dex: f64,
    pub mae_dex: f64,
    /// Mean residual: positive where the prediction is too high.
    pub bias_dex: f64,
    /// Fraction of pixels within 0.3 dex.
    pub accuracy_0p3dex: f64,
    /// Pixels compared.
    pub pixels: u64,
    /// Pixels whose prediction has no logarithm (zero, negative, NaN): inaccurate, and left out of the three others.
    pub pixels_without_log: u64,
}

impl Metrics {
    /// Where nothing could be compared.
    pub(super) const NONE: Self = Self {
        rms_dex: f64::NAN,
        mae_dex: f64::NAN,
        bias_dex: f64::NAN,
        accuracy_0p3dex: f64::NAN,
        pixels: 0,
        pixels_without_log: 0,
    };
}

/// Sums from which [`Metrics`] come; filled pixel by pixel, always in the same order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Residuals {
    square: f64,
    absolute: f64,
    sum: f64,
    within: u64,
    count: u64,
    without_log: u64,
}

impl Residuals {
    /// Adds one pixel, both values as log10. A truth that is not finite is no truth and is left out.
    pub fn add(&mut self, predicted_dex: f64, true_dex: f64) {
        if !true_dex.is_finite() {
            return;
        }
        self.count += 1;
        let residual = predicted_dex - true_dex;
        if !residual.is_finite() {
            self.without_log += 1;
            return;
        }
        self.square += residual * residual;
        self.absolute += residual.abs();
        self.sum += residual;
        self.within += u64::from(residual.abs() <= TOLERANCE_DEX);
    }

    pub fn extend(&mut self, predicted_dex: impl Iterator<Item = f32>, true_dex: impl Iterator<Item = f32>) {
        for (predicted, truth) in predicted_dex.zip(true_dex) {
            self.add(f64::from(predicted), f64::from(truth));
        }
    }

    /// `None` where not one pixel could be compared.
    pub fn metrics(&self) -> Option<Metrics> {
        let usable = self.count - self.without_log;
        if usable == 0 {
            return None;
        }
        let n = usable as f64;
        Some(Metrics {
            rms_dex: (self.square / n).sqrt(),
            mae_dex: self.absolute / n,
            bias_dex: self.sum / n,
            accuracy_0p3dex: self.within as f64 / self.count as f64,
            pixels: self.count,
            pixels_without_log: self.without_log,
        })
    }
}

/// target = 10^intercept · input^slope, the straight line in log-log that least squares gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PowerLaw {
    pub slope: f64,
    pub intercept_dex: f64,
}

impl PowerLaw {
    /// Fits pairs of log10(input), log10(target); pairs that are not finite are left out. `None` below two distinct inputs.
    pub fn fit(pairs: impl Iterator<Item = (f32, f32)> + Clone) -> Option<Self> {
        let pairs =
            pairs.map(|(x, y)| (f64::from(x), f64::from(y))).filter(|(x, y)| x.is_finite() && y.is_finite());
        let (mut n, mut mean_x, mut mean_y) = (0.0, 0.0, 0.0);
        for (x, y) in pairs.clone() {
            n += 1.0;
            mean_x += (x - mean_x) / n;
            mean_y += (y - mean_y) / n;
        }
        let (mut xx, mut xy) = (0.0, 0.0);
        for (x, y) in pairs {
            xx += (x - mean_x) * (x - mean_x);
            xy += (x - mean_x) * (y - mean_y);
        }
        if n < 2.0 || xx <= 0.0 {
            return None;
        }
        let slope = xy / xx;
        Some(Self { slope, intercept_dex: mean_y - slope * mean_x })
    }

    /// log10 of the prediction for log10 of the input.
    pub fn predict_dex(&self, input_dex: f32) -> f32 {
        (self.intercept_dex + self.slope * f64::from(input_dex)) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_of_a_hand_made_residual() {
        let mut residuals = Residuals::default();
        // Residuals +0.1, −0.25, +0.5, one without a logarithm, one without a truth.
        let predicted = [1.1, 0.75, 1.5, f32::NEG_INFINITY, 1.0];
        let truth = [1.0, 1.0, 1.0, 1.0, f32::NAN];
        residuals.extend(predicted.into_iter(), truth.into_iter());
        let metrics = residuals.metrics().expect("pixels were compared");
        assert!((metrics.rms_dex - (0.3225_f64 / 3.0).sqrt()).abs() < 1e-6);
        assert!((metrics.mae_dex - 0.85 / 3.0).abs() < 1e-6);
        assert!((metrics.bias_dex - 0.35 / 3.0).abs() < 1e-6);
        assert_eq!((metrics.pixels, metrics.pixels_without_log), (4, 1));
        assert_eq!(metrics.accuracy_0p3dex, 0.5);
        assert!(Residuals::default().metrics().is_none());
    }

    #[test]
    fn a_power_law_is_found_again_and_blanks_do_not_count() {
        let x = [20.0_f32, 21.0, 22.0, f32::NAN, 23.0];
        let pairs = x.iter().map(|&x| (x, 1.5 * x - 30.0));
        let law = PowerLaw::fit(pairs).expect("four points");
        assert!((law.slope - 1.5).abs() < 1e-6 && (law.intercept_dex + 30.0).abs() < 1e-4, "{law:?}");
        assert!((law.predict_dex(22.0) - 3.0).abs() < 1e-4);
        assert!(PowerLaw::fit([(1.0_f32, 2.0_f32), (1.0, 3.0)].into_iter()).is_none());
    }
}
