//! What a running training shows: progress, curves, the preview and its weights, a few times a second and never waited for.

use super::batch::predict;
use super::checkpoint::Progress;
use super::data::{Samples, Standard};
use super::error::Result;
use super::live::{Curves, LiveWeights, Pace, Preview};
use super::optimiser::MovingAverage;
use super::session::Session;
use super::steps::StepCurve;
use crate::network::tensors;
use indexmap::IndexMap;
use ndarray::{Array2, Axis};
use std::time::{Duration, Instant};

/// What is shown while it runs; nothing of it goes into the compared files.
pub(super) struct Watch {
    pub curves: Curves,
    curves_pace: Pace,
    preview_pace: Pace,
    weights_pace: Pace,
    preview_sample: usize,
    /// Records that `weights.csv` holds.
    pub records_written: usize,
    /// Samples trained on and seconds spent on them in this session.
    pub samples: u64,
    pub busy: Duration,
}

impl Watch {
    /// `steps` is what an earlier session recorded.
    pub fn new(samples: &Samples, progress: &Progress, epochs: u32, mut steps: StepCurve) -> Self {
        steps.truncate(progress.steps);
        let rows = progress.rows.clone();
        let curves = Curves { rows, steps, epoch: progress.epoch, epochs, ..Curves::default() };
        Self {
            curves,
            curves_pace: Pace::new(Duration::from_millis(200)),
            preview_pace: Pace::new(Duration::from_millis(200)),
            weights_pace: Pace::new(Duration::from_millis(250)),
            preview_sample: most_varied(samples),
            records_written: 0,
            samples: 0,
            busy: Duration::ZERO,
        }
    }
}

/// The validation sample whose truth varies most: the one on which progress is seen best.
fn most_varied(samples: &Samples) -> usize {
    let spread = |sample: usize| {
        let truth = samples.targets.index_axis(Axis(0), sample);
        let known = || truth.iter().filter(|v| v.is_finite()).map(|&v| f64::from(v));
        let count = known().count().max(1) as f64;
        let mean = known().sum::<f64>() / count;
        known().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count
    };
    let best = samples.validation.iter().map(|&sample| (sample, spread(sample)));
    best.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(sample, _)| sample)
}

impl Session<'_> {
    /// Speed of this session, training steps alone.
    pub fn samples_per_second(&self) -> f64 {
        let seconds = self.watch.busy.as_secs_f64();
        if seconds > 0.0 { self.watch.samples as f64 / seconds } else { 0.0 }
    }

    /// Progress, curves and preview, a few times a second at most.
    pub fn show(&mut self) -> Result<()> {
        if !self.watch.curves_pace.due() {
            return Ok(());
        }
        let settings = &self.recipe.training;
        let within = self.progress.batch as f32 / self.batches() as f32;
        let (done, total) = (self.progress.epoch as f32 + within, settings.epochs as f32);
        let speed = self.samples_per_second();
        let left_samples = f64::from(total - done) * self.samples.train.len() as f64;
        let left = (speed > 0.0).then(|| left_samples / speed);
        let loss = self.watch.curves.steps.latest().unwrap_or(f64::NAN);
        let mut text = format!(
            "epoch {} of {}, loss {loss:.4}, {speed:.0} samples/s",
            (self.progress.epoch + 1).min(settings.epochs),
            settings.epochs
        );
        if let Some(best) = &self.progress.best {
            text += &format!(", best {:.3} dex", best.metrics.rms_dex);
        }
        if let Some(left) = left {
            text += &format!(", {} left", in_words(left));
        }
        self.ctx.report(text, Some(done / total));
        let curves = &mut self.watch.curves;
        (curves.epoch, curves.within_epoch) = (self.progress.epoch, within);
        (curves.samples_per_second, curves.seconds_left) = (speed, left);
        self.live.curves.publish(curves.clone());
        self.preview(done)?;
        self.show_weights(done)?;
        self.ctx.wake();
        Ok(())
    }

    /// Publishes a copy of the weights where somebody looks, and keeps that below half a hundredth of the time.
    pub fn show_weights(&mut self, epoch: f32) -> Result<()> {
        if !self.live.is_watched() || !self.watch.weights_pace.due() {
            return Ok(());
        }
        let started = Instant::now();
        let flat = self.average.as_ref().map_or(self.network.flat(), MovingAverage::flat);
        let mut weights = LiveWeights {
            epoch,
            step: self.progress.steps,
            flat: tensors::to_vec(flat)?,
            buffers: IndexMap::with_capacity(self.network.buffers().len()),
        };
        for (name, buffer) in self.network.buffers() {
            weights.buffers.insert(name.clone(), tensors::to_vec(buffer)?);
        }
        self.live.publish_weights(weights);
        self.watch.weights_pace.wait_at_least(200 * started.elapsed());
        Ok(())
    }

    /// Shows the fixed sample, and keeps that below a twentieth of the time.
    fn preview(&mut self, epoch: f32) -> Result<()> {
        if !self.live.wants_previews() || !self.samples.target_is_map || !self.watch.preview_pace.due() {
            return Ok(());
        }
        let started = Instant::now();
        let sample = self.watch.preview_sample;
        let (samples, feeds) = (self.samples, self.feeds.clone());
        let inputs = samples.inputs.slice(ndarray::s![sample..=sample, .., .., ..]);
        let answer = self.with_used_weights(|network| predict(network, inputs, &feeds, 1))?;
        let (input, target) = (&samples.described.inputs[0], &samples.described.targets[0]);
        let map = |array: ndarray::ArrayView2<f32>, standard: &Standard| -> Array2<f32> {
            array.mapv(|v| standard.physical(v))
        };
        self.live.preview.publish(Preview {
            epoch,
            input: map(samples.inputs.slice(ndarray::s![sample, 0, .., ..]), input),
            truth: map(samples.targets.slice(ndarray::s![sample, 0, .., ..]), target),
            prediction: map(answer.slice(ndarray::s![0, 0, .., ..]), target),
            input_name: input.name.clone(),
            input_unit: input.unit.clone(),
            target_name: target.name.clone(),
            target_unit: target.unit.clone(),
        });
        self.watch.preview_pace.wait_at_least(20 * started.elapsed());
        Ok(())
    }
}

/// `1 h 05 min`, `3 min 20 s`, `8 s`.
fn in_words(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}
