//! A training in progress: one optimiser step after the other, validations, checkpoints. What it is made of comes from `run`.

use super::batch::{Batch, Feeds};
use super::checkpoint::{Checkpoint, Origin, Progress};
use super::data::Samples;
use super::error::{Result, TrainingError};
use super::folder::{Best, Log, Row, RunFolder, RunInfo, RunState, unix_s};
use super::history::{self, WeightHistory};
use super::live::Live;
use super::loss::Loss;
use super::metrics::Residuals;
use super::optimiser::{MovingAverage, Optimiser, is_finite};
use super::random;
use super::show::Watch;
use super::symmetry::Symmetry;
use crate::job::Context;
use crate::network::{Mode, Network, NetworkError, Tensor, tensors};
use crate::recipe::TrainingRecipe;
use indexmap::IndexMap;
use ndarray::Axis;
use std::ops::Range;
use std::time::Instant;

/// Everything a running training owns. Lives on one thread.
pub(super) struct Session<'a> {
    pub recipe: &'a TrainingRecipe,
    pub samples: &'a Samples,
    pub folder: &'a RunFolder,
    pub ctx: &'a Context,
    pub live: &'a Live,
    pub network: Network,
    pub feeds: Feeds,
    pub loss: Loss,
    pub optimiser: Optimiser,
    pub average: Option<MovingAverage>,
    pub progress: Progress,
    pub history: WeightHistory,
    pub origin: Origin,
    pub info: RunInfo,
    pub log: Log,
    pub watch: Watch,
}

impl Session<'_> {
    /// Trains to the end, or to a stop, or to a loss that is no number.
    pub fn train(&mut self) -> Result<()> {
        let epochs = self.recipe.training.epochs;
        while self.progress.epoch < epochs && self.progress.ended.is_none() {
            self.epoch()?;
        }
        Ok(())
    }

    pub fn batches(&self) -> usize {
        self.samples.train.len().div_ceil(self.recipe.training.batch as usize)
    }

    /// Optimiser steps of a whole epoch.
    pub fn steps_per_epoch(&self) -> u64 {
        self.batches().div_ceil(self.recipe.training.accumulation as usize) as u64
    }

    fn epoch(&mut self) -> Result<()> {
        let settings = &self.recipe.training;
        let (epoch, seed, count) = (self.progress.epoch, self.recipe.seed, self.samples.train.len());
        let visit: Vec<usize> =
            random::order(seed, epoch, count).into_iter().map(|at| self.samples.train[at]).collect();
        let symmetries = random::symmetries(seed, epoch, count, settings.augmentation);
        let batches = self.batches();
        while self.progress.batch < batches {
            self.safe_point()?;
            let first = self.progress.batch;
            let group = first..(first + settings.accumulation as usize).min(batches);
            self.step(&visit, &symmetries, group.clone())?;
            self.progress.batch = group.end;
            let every = u64::from(settings.checkpoint_steps);
            if every > 0 && self.progress.steps.is_multiple_of(every) && group.end < batches {
                self.checkpoint(&self.folder.latest_path())?;
                self.write_info(RunState::Running)?;
            }
            self.show()?;
        }
        self.end_epoch()
    }

    /// Waits while paused; on a stop writes the checkpoint to go on from.
    fn safe_point(&mut self) -> Result<()> {
        let Err(cancelled) = self.ctx.check() else { return Ok(()) };
        self.checkpoint(&self.folder.latest_path())?;
        self.folder.write_metrics(&self.progress.rows)?;
        self.write_info(RunState::Stopped)?;
        let place = self.place();
        self.log.line(&format!("stopped on request after {place}; --resume goes on from here"))?;
        Err(cancelled.into())
    }

    fn place(&self) -> String {
        format!("{} epochs and {} steps", self.progress.epoch, self.progress.steps)
    }

    /// One optimiser step over a group of mini-batches, each weighted by what is known of its targets.
    fn step(&mut self, visit: &[usize], symmetries: &[Symmetry], group: Range<usize>) -> Result<()> {
        let started = Instant::now();
        let size = self.recipe.training.batch as usize;
        let (epoch, seed) = (self.progress.epoch, self.recipe.seed);
        let parts: Vec<(usize, Batch)> = group
            .map(|number| {
                let range = number * size..((number + 1) * size).min(visit.len());
                let (chosen, seen) = (&visit[range.clone()], &symmetries[range]);
                Ok((number, Batch::new(self.samples, chosen, seen, &self.feeds, self.network.device())?))
            })
            .collect::<Result<_>>()?;
        let known: u64 = parts.iter().map(|(_, batch)| batch.known).sum();
        self.network.zero_gradient()?;
        let mut mean = 0.0;
        for (number, batch) in &parts {
            let mode = Mode::Train { seed: random::dropout(seed, epoch, *number) };
            let outputs = self.network.forward(&batch.inputs, mode)?;
            let output = outputs.first().ok_or_else(no_output)?;
            let loss = self.loss.between(output, &batch.target)?;
            let weight = batch.known as f64 / known as f64;
            let value = loss.f_double_value(&[])?;
            if !value.is_finite() {
                return self.fail(value);
            }
            mean += weight * value;
            loss.f_mul_scalar(weight)?.f_backward()?;
        }
        // The optimiser divides by the rate; a cosine that ends at zero must not.
        let rate = self.progress.scheduler.learning_rate(self.progress.steps).max(1e-30);
        let next = self.progress.steps + 1;
        let all = self.steps_per_epoch() * u64::from(self.recipe.training.epochs);
        let before =
            history::is_recorded(next, all).then(|| tensors::copy(self.network.flat())).transpose()?;
        self.optimiser.step(self.network.flat(), self.network.gradient(), rate)?;
        if let Some(before) = before {
            self.record(next, &before)?;
        }
        if let Some(average) = &mut self.average {
            average.update(self.network.flat())?;
        }
        self.progress.steps += 1;
        self.progress.loss_sum += mean * known as f64;
        self.progress.loss_pixels += known;
        self.watch.samples += parts.iter().map(|(_, batch)| batch.target.size()[0] as u64).sum::<u64>();
        self.watch.busy += started.elapsed();
        self.info.seconds += started.elapsed().as_secs_f64();
        self.watch.curves.steps.push(self.progress.steps, mean, self.info.seconds);
        Ok(())
    }

    /// Notes the norms of weights, gradient and update of this step.
    fn record(&mut self, step: u64, before: &Tensor) -> Result<()> {
        let (layout, after) = (self.network.layout(), self.network.flat());
        let record = history::record(step, layout, before, after, self.network.gradient())?;
        self.history.records.push(record);
        if self.live.wants_previews() {
            self.live.history.publish(self.history.clone());
        }
        Ok(())
    }

    /// The loss is no number: nothing of this step is kept, the files stay at the last good checkpoint.
    fn fail(&mut self, value: f64) -> Result<()> {
        let latest = self.folder.latest_path();
        let kept = match Checkpoint::read(&latest) {
            Ok(kept) => format!("{} epochs, {} steps", kept.progress.epoch, kept.progress.steps),
            Err(_) if !latest.exists() => "none was written yet".to_owned(),
            Err(error) => return Err(error),
        };
        let error = TrainingError::LossNotFinite {
            value,
            epoch: self.progress.epoch + 1,
            step: self.progress.steps + 1,
            kept,
        };
        self.info.message = error.to_string();
        self.info.state = RunState::Failed;
        self.info.updated_unix_s = unix_s();
        self.folder.write_info(&self.info)?;
        self.log.line(&error.to_string())?;
        Err(error)
    }

    fn end_epoch(&mut self) -> Result<()> {
        let settings = &self.recipe.training;
        let train_loss = self.progress.loss_sum / self.progress.loss_pixels.max(1) as f64;
        let rate = self.progress.scheduler.learning_rate(self.progress.steps.saturating_sub(1));
        let started = Instant::now();
        let mut after = self.progress.clone();
        after.epoch += 1;
        (after.batch, after.loss_sum, after.loss_pixels) = (0, 0.0, 0);
        let last = after.epoch == settings.epochs;
        let out_of_time = settings.max_seconds > 0.0 && self.info.seconds >= settings.max_seconds;
        let mut gained = false;
        if last || out_of_time || after.epoch.is_multiple_of(settings.validation_every) {
            let (validation_loss, metrics) = self.validate()?;
            if !validation_loss.is_finite() {
                return self.fail(validation_loss);
            }
            after.scheduler.validated(validation_loss);
            let row = Row {
                epoch: after.epoch,
                step: after.steps,
                learning_rate: rate,
                train_loss,
                validation_loss,
                metrics,
            };
            after.rows.push(row);
            gained = after.best.is_none_or(|best| validation_loss < best.validation_loss);
            after.without_gain = if gained { 0 } else { after.without_gain + 1 };
            if gained {
                after.best = Some(Best { epoch: after.epoch, validation_loss, metrics });
            }
            let patience = settings.early_stopping;
            if patience > 0 && after.without_gain >= patience && !last {
                after.ended = Some(format!("no gain in {patience} validations"));
            }
            self.log.line(&format!(
                "epoch {}: training loss {train_loss:.5}, validation loss {validation_loss:.5}, {:.4} dex rms, {:.1} % within 0.3 dex{}",
                row.epoch,
                metrics.rms_dex,
                100.0 * metrics.accuracy_0p3dex,
                if gained { ", the best so far" } else { "" }
            ))?;
        }
        if out_of_time && !last && after.ended.is_none() {
            after.ended = Some(format!("the time limit of {} s", settings.max_seconds));
        }
        self.info.seconds += started.elapsed().as_secs_f64();
        let ended = last || after.ended.is_some();
        let due = ended || after.epoch.is_multiple_of(settings.checkpoint_every);
        self.progress = after;
        // Snapshots and the best first: a kill between them is mended by repeating the epoch, which writes the same bytes again.
        if ended || self.is_snapshot() {
            self.snapshot()?;
        }
        if gained {
            self.checkpoint(&self.folder.best_path())?;
        }
        if due {
            self.checkpoint(&self.folder.latest_path())?;
        }
        self.folder.write_metrics(&self.progress.rows)?;
        if due {
            self.write_info(RunState::Running)?;
        }
        self.watch.curves.rows.clone_from(&self.progress.rows);
        self.show()
    }

    /// Loss and metrics over the validation samples, in evaluation mode, with the running mean of the weights if there is one.
    fn validate(&mut self) -> Result<(f64, super::metrics::Metrics)> {
        let (samples, feeds) = (self.samples, self.feeds.clone());
        let batch = self.recipe.training.batch as usize;
        let loss = self.loss;
        let judged = self.with_used_weights(|network| {
            let (mut sum, mut known) = (0.0, 0_u64);
            let mut residuals = Residuals::default();
            for chosen in samples.validation.chunks(batch) {
                let seen = vec![Symmetry::IDENTITY; chosen.len()];
                let part = Batch::new(samples, chosen, &seen, &feeds, network.device())?;
                if part.known == 0 {
                    continue;
                }
                let outputs = network.forward(&part.inputs, Mode::Evaluate)?;
                let output = outputs.first().ok_or_else(no_output)?;
                sum += part.known as f64 * loss.between(output, &part.target)?.f_double_value(&[])?;
                known += part.known;
                add_residuals(samples, chosen, &tensors::to_vec(output)?, &mut residuals);
            }
            Ok((sum / known.max(1) as f64, residuals))
        })?;
        match judged.1.metrics() {
            Some(metrics) => Ok((judged.0, metrics)),
            // Not one prediction has a logarithm: as broken as a loss that is no number.
            None => Ok((f64::NAN, super::metrics::Metrics::NONE)),
        }
    }

    /// Runs `work` with the weights that are validated and applied.
    pub fn with_used_weights<T>(&mut self, work: impl FnOnce(&Network) -> Result<T>) -> Result<T> {
        let Some(average) = &self.average else { return work(&self.network) };
        let mut failed = None;
        let answer = self.network.with_parameters(average.flat(), |network| match work(network) {
            Ok(value) => Ok(Some(value)),
            Err(error) => {
                failed = Some(error);
                Ok::<_, NetworkError>(None)
            }
        })?;
        match (answer, failed) {
            (Some(value), _) => Ok(value),
            (None, Some(error)) => Err(error),
            (None, None) => Err(no_output()),
        }
    }

    pub fn checkpoint(&mut self, path: &std::path::Path) -> Result<()> {
        if self.network.flat().f_isfinite()?.f_all()?.f_int64_value(&[])? == 0 {
            return self.fail(f64::NAN);
        }
        let layout = self.network.layout();
        let checkpoint = Checkpoint {
            progress: self.progress.clone(),
            origin: self.origin.clone(),
            described: self.samples.described.clone(),
            planes: self.samples.planes.clone(),
            network: self.network.state()?,
            optimiser: self.optimiser.state(layout)?,
            ema: self.average.as_ref().map(|average| average.state(layout)).transpose()?,
            history: self.history.numbers(),
        };
        if self.watch.records_written != self.history.records.len() {
            self.history.write(&self.folder.weights_path())?;
            self.watch.records_written = self.history.records.len();
        }
        checkpoint.write(path)
    }

    /// Whether weights are kept after the epoch just completed.
    fn is_snapshot(&self) -> bool {
        let settings = &self.recipe.training;
        let bytes = 4 * self.network.parameter_count() as u64;
        history::snapshot_epochs(settings.epochs, settings.most_snapshots(), bytes)
            .contains(&self.progress.epoch)
    }

    /// Keeps the weights that are validated and applied, without the state of the optimiser.
    fn snapshot(&mut self) -> Result<()> {
        // Weights that are no numbers fail at the checkpoint that follows; they are not worth a look back.
        if self.recipe.training.most_snapshots() == 0 || !is_finite(self.network.flat())? {
            return Ok(());
        }
        let network = self.with_used_weights(|network| Ok(network.state()?))?;
        let snapshot = Checkpoint {
            progress: self.progress.clone(),
            origin: self.origin.clone(),
            described: self.samples.described.clone(),
            planes: self.samples.planes.clone(),
            network,
            optimiser: IndexMap::new(),
            ema: None,
            history: Vec::new(),
        };
        snapshot.write(&self.folder.snapshot_path(self.progress.epoch))
    }

    pub fn write_info(&mut self, state: RunState) -> Result<()> {
        self.info.state = state;
        self.info.epochs = self.progress.epoch;
        self.info.steps = self.progress.steps;
        self.info.best = self.progress.best;
        self.info.message = self.progress.ended.clone().unwrap_or_default();
        let speed = self.samples_per_second();
        if speed > 0.0 {
            self.info.samples_per_second = speed;
        }
        self.info.updated_unix_s = unix_s();
        self.watch.curves.steps.write(&self.folder.steps_path())?;
        self.folder.write_info(&self.info)
    }
}

/// Adds the residuals of standardised predictions (row-major, one sample after the other) of these samples.
fn add_residuals(samples: &Samples, chosen: &[usize], predicted: &[f32], residuals: &mut Residuals) {
    let size = predicted.len() / chosen.len().max(1);
    for (&sample, values) in chosen.iter().zip(predicted.chunks(size.max(1))) {
        let truth = samples.targets.index_axis(Axis(0), sample);
        let per_plane = truth.len() / samples.described.targets.len();
        let standards = |at: usize| &samples.described.targets[at / per_plane.max(1)];
        for (at, (&value, &truth)) in values.iter().zip(truth.iter()).enumerate() {
            let standard = standards(at);
            residuals.add(f64::from(standard.dex(value)), f64::from(standard.dex(truth)));
        }
    }
}

fn no_output() -> TrainingError {
    TrainingError::data("the network has no output", "add an output block to the blueprint")
}
