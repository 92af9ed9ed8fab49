//! Gaussian components of one spectrum, by least squares (MPFIT, Markwardt 2009, ASP Conf. 411, 251). No baseline is fitted: lines
//! stand on zero, and the noise is what the channels without lines say.

use rmpfit::{MPConfig, MPFitter, MPPar, MPResult, MPSide, MPSuccess};

/// A line profile A·exp(−(v − v₀)²/2σ²), or the 1σ errors of its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gaussian {
    /// In the unit of the spectrum.
    pub amplitude: f64,
    pub centre_km_s: f64,
    pub sigma_km_s: f64,
}

impl Gaussian {
    pub fn at(&self, velocity_km_s: f64) -> f64 {
        let t = (velocity_km_s - self.centre_km_s) / self.sigma_km_s;
        self.amplitude * (-0.5 * t * t).exp()
    }

    /// √(2π)·A·σ, in the unit of the spectrum times km/s.
    pub fn integral(&self) -> f64 {
        (2.0 * std::f64::consts::PI).sqrt() * self.amplitude * self.sigma_km_s
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    pub line: Gaussian,
    /// From the covariance of the fit and the noise of the spectrum.
    pub error: Gaussian,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LineFit {
    /// In the order of their velocities.
    pub components: Vec<Component>,
    /// Standard deviation of a channel.
    pub noise: f64,
    /// Channels beyond [`FREE_SIGMA`] of every component, from which the noise is. Where there are fewer than [`LEAST_FREE`] the noise
    /// is the scatter of the residuals, and `chi2_reduced` proves nothing.
    pub free_channels: usize,
    pub is_noise_from_residuals: bool,
    /// χ² by degrees of freedom; `None` where the noise is zero or no channel is left over.
    pub chi2_reduced: Option<f64>,
    /// Channels that have a value.
    pub channels: usize,
}

impl LineFit {
    pub fn at(&self, velocity_km_s: f64) -> f64 {
        self.components.iter().map(|component| component.line.at(velocity_km_s)).sum()
    }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FitError {
    #[error("{velocities} velocities for {channels} channels; every channel needs one finite velocity")]
    Axis { velocities: usize, channels: usize },
    #[error("from 1 to {MOST_COMPONENTS} components can be fitted, not {0}")]
    Count(usize),
    #[error("{known} channels with a value are too few for {components} components; {needed} are needed")]
    Few { known: usize, components: usize, needed: usize },
    #[error(
        "no line: the strongest channel ({peak:.3}) is below {LEAST_SIGNAL} times the noise ({noise:.3})"
    )]
    NoLine { peak: f64, noise: f64 },
    #[error("component {number} did not settle ({what}); fit fewer components")]
    Unsettled { number: usize, what: &'static str },
    #[error("the fit failed: {0}")]
    Failed(String),
}

pub const MOST_COMPONENTS: usize = 3;
/// A channel is free of lines beyond so many σ_v of all of them: 0.2 % of the peak is left there.
pub const FREE_SIGMA: f64 = 3.5;
/// Fewer channels give no noise worth the name.
pub const LEAST_FREE: usize = 8;
const LEAST_SIGNAL: f64 = 3.0;
/// σ_v stays above this share of a channel: narrower lines are single channels.
const NARROWEST: f64 = 0.3;

/// Fits `count` Gaussian components to a spectrum; blanks do not count. The velocities may run either way. Components all have the sign
/// of the strongest channel, so that absorption is fitted as well as emission.
///
/// # Errors
/// Velocities that do not fit the spectrum, too few channels, no line above the noise, or components that do not settle.
pub fn fit_lines(velocity_km_s: &[f64], spectrum: &[f32], count: usize) -> Result<LineFit, FitError> {
    if velocity_km_s.len() != spectrum.len() || velocity_km_s.iter().any(|v| !v.is_finite()) {
        return Err(FitError::Axis { velocities: velocity_km_s.len(), channels: spectrum.len() });
    }
    if !(1..=MOST_COMPONENTS).contains(&count) {
        return Err(FitError::Count(count));
    }
    let mut known: Vec<(f64, f64)> = velocity_km_s
        .iter()
        .zip(spectrum)
        .filter(|(_, value)| value.is_finite())
        .map(|(&v, &value)| (v, f64::from(value)))
        .collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    let needed = 3 * count + 1;
    if known.len() < needed {
        return Err(FitError::Few { known: known.len(), components: count, needed });
    }
    let scatter = curvature_noise(&known);
    let strongest =
        known.iter().map(|point| point.1).fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
    if strongest == 0.0 || strongest.abs() < LEAST_SIGNAL * scatter {
        return Err(FitError::NoLine { peak: strongest, noise: scatter });
    }
    // Of the order of one, whatever the units: MPFIT's limits are absolute.
    let (low, high) = (known[0].0, known[known.len() - 1].0);
    let span = high - low;
    if span <= 0.0 {
        return Err(FitError::Axis { velocities: velocity_km_s.len(), channels: spectrum.len() });
    }
    let points: Vec<(f64, f64)> =
        known.iter().map(|&(v, value)| ((v - low) / span, value / strongest)).collect();
    let problem = Problem::new(points, count);
    let solution = problem.solve(count)?;
    let parameters = solution.parameters.chunks_exact(3).zip(solution.errors.chunks_exact(3));
    // Errors are those of a noise of one in physical units until the noise is known.
    let per_noise = span / strongest.abs();
    let mut components: Vec<Component> = parameters
        .map(|(line, error)| Component {
            line: Gaussian {
                amplitude: line[0] * strongest,
                centre_km_s: low + line[1] * span,
                sigma_km_s: line[2] * span,
            },
            error: Gaussian {
                amplitude: error[0],
                centre_km_s: error[1] * per_noise,
                sigma_km_s: error[2] * per_noise,
            },
        })
        .collect();
    components.sort_by(|a, b| a.line.centre_km_s.total_cmp(&b.line.centre_km_s));
    Ok(judged(components, &known))
}

/// Multiplies the errors by the noise of the spectrum. All channels weigh alike, so the noise moves no parameter.
fn judged(mut components: Vec<Component>, known: &[(f64, f64)]) -> LineFit {
    let residual = |&(v, value): &(f64, f64)| {
        value - components.iter().map(|component| component.line.at(v)).sum::<f64>()
    };
    let is_free =
        |v: f64| components.iter().all(|c| (v - c.line.centre_km_s).abs() > FREE_SIGMA * c.line.sigma_km_s);
    let chi2: f64 = known.iter().map(|point| residual(point).powi(2)).sum();
    let free: Vec<f64> = known.iter().filter(|point| is_free(point.0)).map(|p| residual(p).powi(2)).collect();
    let freedom = known.len() - 3 * components.len();
    let is_noise_from_residuals = free.len() < LEAST_FREE;
    let noise = if is_noise_from_residuals {
        (chi2 / freedom.max(1) as f64).sqrt()
    } else {
        (free.iter().sum::<f64>() / free.len() as f64).sqrt()
    };
    for component in &mut components {
        let error = &mut component.error;
        for value in [&mut error.amplitude, &mut error.centre_km_s, &mut error.sigma_km_s] {
            *value *= noise;
        }
    }
    LineFit {
        components,
        noise,
        free_channels: free.len(),
        is_noise_from_residuals,
        chi2_reduced: (noise > 0.0 && freedom > 0).then(|| chi2 / noise.powi(2) / freedom as f64),
        channels: known.len(),
    }
}

/// The noise of a spectrum whatever its lines, from the median of its curvature over five channels (DER_SNR, Stoehr et al. 2008, ASP
/// Conf. 394, 505); 0 for fewer channels.
fn curvature_noise(known: &[(f64, f64)]) -> f64 {
    let mut bends: Vec<f64> =
        known.windows(5).map(|near| (2.0 * near[2].1 - near[0].1 - near[4].1).abs()).collect();
    let middle = bends.len() / 2;
    if bends.is_empty() { 0.0 } else { 0.605_270 * *bends.select_nth_unstable_by(middle, f64::total_cmp).1 }
}

/// Least squares with unit weights: (place, value), places from 0 to 1, the strongest value 1.
struct Problem {
    points: Vec<(f64, f64)>,
    limits: Vec<MPPar>,
    config: MPConfig,
    narrowest: f64,
}

struct Solution {
    parameters: Vec<f64>,
    /// For a noise of one in the scaled values.
    errors: Vec<f64>,
    chi2: f64,
}

impl Problem {
    fn new(points: Vec<(f64, f64)>, count: usize) -> Self {
        let channel = 1.0 / (points.len() - 1) as f64;
        let config = MPConfig { ftol: 1e-14, xtol: 1e-14, gtol: 1e-14, ..MPConfig::new() };
        let mut problem = Self { points, limits: Vec::new(), config, narrowest: NARROWEST * channel };
        problem.limit(count);
        problem
    }

    fn limit(&mut self, count: usize) {
        let within = |low: f64, high: f64| MPPar {
            limited_low: true,
            limited_up: true,
            limit_low: low,
            limit_up: high,
            side: MPSide::User,
            ..MPPar::new()
        };
        let one = || [within(0.0, 10.0), within(0.0, 1.0), within(self.narrowest, 1.0)];
        self.limits = (0..count).flat_map(|_| one()).collect();
    }

    /// Component after component: each new one starts at the highest residual, or as half of the broadest before it, whichever ends
    /// lower.
    fn solve(mut self, count: usize) -> Result<Solution, FitError> {
        let mut best: Option<Solution> = None;
        for number in 1..=count {
            let before = best.map(|solution| solution.parameters).unwrap_or_default();
            let mut starts = vec![[before.clone(), self.highest(&before)].concat()];
            if let Some(broadest) =
                (0..before.len() / 3).max_by(|a, b| before[3 * a + 2].total_cmp(&before[3 * b + 2]))
            {
                let mut halves = before.clone();
                let [amplitude, centre, sigma] = [0, 1, 2].map(|part| before[3 * broadest + part]);
                halves[3 * broadest + 1] = (centre - 0.7 * sigma).max(0.0);
                halves[3 * broadest + 2] = 0.6 * sigma;
                halves.extend([amplitude, (centre + 0.7 * sigma).min(1.0), 0.6 * sigma]);
                starts.push(halves);
            }
            self.limit(number);
            let ends: Vec<_> = starts.into_iter().map(|start| self.fit(start)).collect();
            let mut fault = None;
            best = None;
            for end in ends {
                match end {
                    Ok(end) if best.as_ref().is_none_or(|best| end.chi2 < best.chi2) => best = Some(end),
                    Ok(_) => {}
                    Err(why) => fault = Some(why),
                }
            }
            if best.is_none() {
                return Err(fault.unwrap_or_else(|| FitError::Failed("no start could be found".into())));
            }
        }
        best.ok_or(FitError::Count(count))
    }

    /// Height, place and σ of the highest residual, from the moments of the channels above half of it.
    fn highest(&self, before: &[f64]) -> Vec<f64> {
        let left: Vec<f64> = self.points.iter().map(|&(x, y)| y - model(before, x)).collect();
        let smooth = |i: usize| {
            let near = &left[i.saturating_sub(1)..(i + 2).min(left.len())];
            near.iter().sum::<f64>() / near.len() as f64
        };
        let peak = (0..left.len()).max_by(|&a, &b| smooth(a).total_cmp(&smooth(b))).unwrap_or(0);
        let height = smooth(peak).max(1e-3);
        let (mut first, mut last) = (peak, peak);
        while first > 0 && smooth(first - 1) > 0.5 * height {
            first -= 1;
        }
        while last + 1 < left.len() && smooth(last + 1) > 0.5 * height {
            last += 1;
        }
        let span = &self.points[first..=last];
        let weights: Vec<f64> = left[first..=last].iter().map(|value| value.max(0.0)).collect();
        let total: f64 = weights.iter().sum();
        let centre = if total > 0.0 {
            span.iter().zip(&weights).map(|(point, weight)| point.0 * weight).sum::<f64>() / total
        } else {
            self.points[peak].0
        };
        let channel = self.narrowest / NARROWEST;
        let sigma = (span[span.len() - 1].0 - span[0].0 + channel) / 2.355;
        vec![height, centre, sigma.clamp(1.5 * self.narrowest, 0.5)]
    }

    fn fit(&mut self, mut parameters: Vec<f64>) -> Result<Solution, FitError> {
        let status = self.mpfit(&mut parameters).map_err(|why| FitError::Failed(why.to_string()))?;
        if status.success == MPSuccess::MaxIter {
            return Err(FitError::Failed("no end after 200 steps".into()));
        }
        for (index, part) in parameters.chunks_exact(3).enumerate() {
            let what = match part {
                [height, ..] if *height <= 0.0 => "it vanished",
                [height, ..] if *height >= 10.0 => "it grew beyond all channels",
                [_, place, _] if *place <= 0.0 || *place >= 1.0 => "it left the velocity range",
                [_, _, sigma] if *sigma <= self.narrowest => "it is narrower than a channel",
                [_, _, sigma] if *sigma >= 1.0 => "it is broader than the velocity range",
                _ => continue,
            };
            return Err(FitError::Unsettled { number: index + 1, what });
        }
        if status.xerror.iter().any(|error| !(error.is_finite() && *error > 0.0)) {
            return Err(FitError::Unsettled {
                number: parameters.len() / 3,
                what: "two components describe the same line",
            });
        }
        Ok(Solution { parameters, errors: status.xerror, chi2: status.best_norm })
    }
}

fn model(parameters: &[f64], x: f64) -> f64 {
    let bell = |p: &[f64]| p[0] * (-0.5 * ((x - p[1]) / p[2]).powi(2)).exp();
    parameters.chunks_exact(3).map(bell).sum()
}

impl MPFitter for Problem {
    fn eval(&mut self, parameters: &[f64], deviates: &mut [f64]) -> MPResult<()> {
        for (deviate, (x, y)) in deviates.iter_mut().zip(&self.points) {
            *deviate = y - model(parameters, *x);
        }
        Ok(())
    }

    fn number_of_points(&self) -> usize {
        self.points.len()
    }

    fn config(&self) -> &MPConfig {
        &self.config
    }

    fn parameters(&self) -> &[MPPar] {
        &self.limits
    }

    fn jacobian(
        &mut self,
        parameters: &[f64],
        deviates: &mut [f64],
        derivatives: &mut [Option<Vec<f64>>],
    ) -> MPResult<()> {
        self.eval(parameters, deviates)?;
        for (index, column) in derivatives.iter_mut().enumerate() {
            let Some(column) = column else { continue };
            let [height, centre, sigma] = [0, 1, 2].map(|part| parameters[index / 3 * 3 + part]);
            for (to, (x, _)) in column.iter_mut().zip(&self.points) {
                let t = (x - centre) / sigma;
                let bell = (-0.5 * t * t).exp();
                *to = match index % 3 {
                    0 => -bell,
                    1 => -height * bell * t / sigma,
                    _ => -height * bell * t * t / sigma,
                };
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Gaussian = Gaussian { amplitude: 2.5, centre_km_s: 3.1, sigma_km_s: 0.45 };
    const TWO: Gaussian = Gaussian { amplitude: 1.2, centre_km_s: 4.4, sigma_km_s: 0.6 };

    fn spectrum(lines: &[Gaussian]) -> (Vec<f64>, Vec<f32>) {
        let velocity: Vec<f64> = (0..160).map(|i| -2.0 + 0.07 * f64::from(i)).collect();
        let values = velocity.iter().enumerate().map(|(i, &v)| {
            let i = i as f64;
            let noise = 0.06 * (1.7 * i + 0.3).sin() + 0.03 * (0.13 * i).cos() + 0.02 * (0.61 * i).sin();
            (lines.iter().map(|line| line.at(v)).sum::<f64>() + noise) as f32
        });
        (velocity.clone(), values.collect())
    }

    /// The numbers of scipy 1.17 for the same spectra:
    ///
    /// ```python
    /// i = np.arange(160); v = -2 + 0.07*i
    /// n = 0.06*np.sin(1.7*i + 0.3) + 0.03*np.cos(0.13*i) + 0.02*np.sin(0.61*i)
    /// g = lambda v, *p: sum(p[k]*np.exp(-0.5*((v - p[k+1])/p[k+2])**2) for k in range(0, len(p), 3))
    /// y = np.float32(g(v, 2.5, 3.1, 0.45, 1.2, 4.4, 0.6) + n).astype(float); y[70:73] = np.nan; ok = np.isfinite(y)
    /// p, c = curve_fit(g, v[ok], y[ok], p0=..., sigma=np.ones(ok.sum()), absolute_sigma=True, ftol=1e-14, xtol=1e-14, gtol=1e-14)
    /// r = y[ok] - g(v[ok], *p); free = np.all([abs(v[ok] - p[k+1]) > 3.5*p[k+2] for k in range(0, len(p), 3)], axis=0)
    /// noise = np.sqrt((r[free]**2).mean()); error = np.sqrt(np.diag(c))*noise; chi2 = (r**2).sum()/noise**2/(ok.sum() - len(p))
    /// ```
    #[test]
    fn fits_are_those_of_scipy() {
        /// Lines, whether channels are blank, parameters, errors, noise, χ², free channels.
        type Case<'a> = (&'a [Gaussian], bool, &'a [f64], &'a [f64], f64, f64, usize);
        let cases: [Case; 3] = [
            (
                &[ONE],
                false,
                &[2.464164749, 3.100444154, 0.452182096],
                &[0.017974992, 0.003808743, 0.003808743],
                0.049661315,
                0.98537045,
                115,
            ),
            (
                &[ONE, TWO],
                false,
                &[2.485326697, 3.105250066, 0.45402513, 1.222577409, 4.422594379, 0.585854127],
                &[0.028196794, 0.009090534, 0.006767642, 0.017589518, 0.02325955, 0.018972015],
                0.048839231,
                1.00900723,
                89,
            ),
            (
                &[ONE, TWO],
                true,
                &[2.482007991, 3.106489978, 0.455289124, 1.220984388, 4.425105147, 0.584408904],
                &[0.029117585, 0.009719307, 0.007433923, 0.018031449, 0.024082202, 0.019319088],
                0.048837686,
                1.01988303,
                89,
            ),
        ];
        for (lines, has_gap, parameters, errors, noise, chi2, free) in cases {
            let (velocity, mut values) = spectrum(lines);
            if has_gap {
                values[70..73].fill(f32::NAN);
            }
            let fit = fit_lines(&velocity, &values, lines.len()).expect("lines");
            let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-6, "{a} for {b} of {fit:?}");
            for (index, found) in fit.components.iter().enumerate() {
                let Component { line, error } = found;
                for (part, (value, error)) in [
                    (line.amplitude, error.amplitude),
                    (line.centre_km_s, error.centre_km_s),
                    (line.sigma_km_s, error.sigma_km_s),
                ]
                .into_iter()
                .enumerate()
                {
                    close(value, parameters[3 * index + part]);
                    close(error, errors[3 * index + part]);
                }
            }
            close(fit.noise, noise);
            close(fit.chi2_reduced.expect("noise"), chi2);
            assert_eq!(fit.free_channels, free);
        }
    }

    #[test]
    fn units_blanks_and_the_direction_of_the_axis_change_nothing() {
        let (velocity, values) = spectrum(&[ONE, TWO]);
        let fit = fit_lines(&velocity, &values, 2).expect("two lines");
        for scale in [1e-37_f32, -3e34] {
            let turned: Vec<f64> = velocity.iter().rev().map(|v| 1e3 * v).collect();
            let scaled: Vec<f32> = values.iter().rev().map(|value| value * scale).collect();
            let other = fit_lines(&turned, &scaled, 2).expect("the same lines");
            for (a, b) in fit.components.iter().zip(&other.components) {
                assert!((b.line.amplitude / f64::from(scale) / a.line.amplitude - 1.0).abs() < 1e-5);
                assert!((b.line.sigma_km_s / 1e3 / a.line.sigma_km_s - 1.0).abs() < 1e-5);
                assert!((b.error.centre_km_s / 1e3 / a.error.centre_km_s - 1.0).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn what_cannot_be_fitted_says_why() {
        let (velocity, values) = spectrum(&[]);
        assert!(matches!(fit_lines(&velocity, &values, 1), Err(FitError::NoLine { .. })));
        assert!(matches!(fit_lines(&velocity, &[f32::NAN; 160], 1), Err(FitError::Few { known: 0, .. })));
        assert!(matches!(fit_lines(&velocity, &[0.0; 160], 1), Err(FitError::NoLine { .. })));
        assert!(matches!(fit_lines(&velocity[..9], &values, 1), Err(FitError::Axis { .. })));
        assert!(matches!(fit_lines(&velocity, &values, 4), Err(FitError::Count(4))));
        let mut spike = values.clone();
        spike[80] = 50.0;
        assert!(
            matches!(fit_lines(&velocity, &spike, 1), Err(FitError::Unsettled { .. })),
            "a single channel"
        );
        let constant = fit_lines(&velocity, &[3.0; 160], 1);
        assert!(constant.is_err(), "{constant:?}");
    }

    #[test]
    fn without_free_channels_the_noise_is_that_of_the_residuals() {
        let (velocity, values) = spectrum(&[ONE]);
        let fit = fit_lines(&velocity[62..84], &values[62..84], 1).expect("a line without its surroundings");
        assert!(fit.is_noise_from_residuals && (fit.chi2_reduced.expect("noise") - 1.0).abs() < 1e-9);
    }
}
