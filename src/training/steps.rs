//! The loss of every step, kept short: mean, least and greatest of runs of steps, so that no spike is lost, and the wall time.
//! `steps.csv` of a run folder; the clock in it keeps it out of the files that a resumed run repeats to the byte.

use super::error::{Result, TrainingError};
use crate::io::atomic;
use std::path::Path;

/// Runs of steps kept; beyond, each two neighbours become one.
const KEPT: usize = 2048;

/// What the losses of some consecutive steps have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepRange {
    /// Optimiser steps, counted from 1, both included.
    pub first: u64,
    pub last: u64,
    /// Wall time of training and validation when the last of them was done, in seconds since the run began.
    pub seconds: f64,
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

impl StepRange {
    fn count(&self) -> f64 {
        (self.last - self.first + 1) as f64
    }

    fn merge(&mut self, later: &Self) {
        let (own, other) = (self.count(), later.count());
        self.mean = (self.mean * own + later.mean * other) / (own + other);
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
        (self.last, self.seconds) = (later.last, later.seconds);
    }
}

/// The loss over the steps. Ranges begin at multiples of their width, whenever the run was interrupted.
#[derive(Clone, Debug, PartialEq)]
pub struct StepCurve {
    ranges: Vec<StepRange>,
    /// Steps of a whole range, a power of two.
    width: u64,
}

impl Default for StepCurve {
    fn default() -> Self {
        Self { ranges: Vec::new(), width: 1 }
    }
}

impl StepCurve {
    pub fn ranges(&self) -> &[StepRange] {
        &self.ranges
    }

    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The loss of the latest step, or the mean of the latest range.
    pub fn latest(&self) -> Option<f64> {
        self.ranges.last().map(|range| range.mean)
    }

    /// Adds a step; steps come in their order.
    pub fn push(&mut self, step: u64, loss: f64, seconds: f64) {
        self.add(StepRange { first: step, last: step, seconds, mean: loss, low: loss, high: loss });
        while self.ranges.len() > KEPT {
            self.width *= 2;
            for range in std::mem::take(&mut self.ranges) {
                self.add(range);
            }
        }
    }

    fn add(&mut self, range: StepRange) {
        let place = |step: u64| step.saturating_sub(1) / self.width;
        match self.ranges.last_mut() {
            Some(last) if place(last.first) == place(range.first) => last.merge(&range),
            _ => self.ranges.push(range),
        }
    }

    /// Forgets what came after this step: it is made again.
    pub fn truncate(&mut self, step: u64) {
        self.ranges.retain(|range| range.last <= step);
    }

    /// Wall time when this step was done, in seconds since the run began; `None` where it was not recorded.
    pub fn seconds_at(&self, step: u64) -> Option<f64> {
        let at = self.ranges.partition_point(|range| range.last < step);
        let range = self.ranges.get(at)?;
        let before = at.checked_sub(1).and_then(|before| self.ranges.get(before));
        let (from_step, from_s) = before.map_or((0, 0.0), |range| (range.last, range.seconds));
        let share = (step - from_step) as f64 / (range.last - from_step) as f64;
        Some(from_s + share * (range.seconds - from_s))
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut text = String::from("first_step,last_step,seconds,mean_loss,least_loss,greatest_loss\n");
        for StepRange { first, last, seconds, mean, low, high } in &self.ranges {
            text += &format!("{first},{last},{seconds:?},{mean:?},{low:?},{high:?}\n");
        }
        Ok(atomic::write_bytes(path, text.as_bytes())?)
    }

    /// Reads `steps.csv`; runs of older versions have none, which is an empty curve.
    ///
    /// # Errors
    /// A file that cannot be read, or a line that is no range of steps after the one before.
    pub fn read(path: &Path) -> Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(crate::io::Error::system(path, "read the losses of the steps", error).into());
            }
        };
        let mut curve = Self::default();
        let mut before = 0;
        for (index, line) in text.lines().enumerate().skip(1) {
            let range = parse(line).filter(|range| range.first > before && range.last >= range.first);
            let range = range.ok_or_else(|| TrainingError::Damaged {
                path: path.to_owned(),
                what: format!("line {} is no range of steps", index + 1),
                advice: "delete the file: only the curve of the steps is lost with it",
            })?;
            before = range.last;
            curve.width = curve.width.max((range.last - range.first + 1).next_power_of_two());
            curve.ranges.push(range);
        }
        Ok(curve)
    }
}

fn parse(line: &str) -> Option<StepRange> {
    let mut cells = line.split(',');
    let mut next = || cells.next().map(str::trim);
    Some(StepRange {
        first: next()?.parse().ok()?,
        last: next()?.parse().ok()?,
        seconds: next()?.parse().ok()?,
        mean: next()?.parse().ok()?,
        low: next()?.parse().ok()?,
        high: next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long() -> StepCurve {
        let mut curve = StepCurve::default();
        for step in 1..=100_000_u64 {
            let loss = if step == 77_777 { 50.0 } else { 1.0 / step as f64 };
            curve.push(step, loss, 0.5 * step as f64);
        }
        curve
    }

    #[test]
    fn a_long_curve_stays_short_and_loses_neither_a_spike_nor_the_mean() {
        let curve = long();
        assert!(curve.ranges.len() <= KEPT);
        let greatest = curve.ranges.iter().map(|range| range.high).fold(0.0, f64::max);
        assert_eq!(greatest, 50.0);
        let sum: f64 = curve.ranges.iter().map(|range| range.mean * range.count()).sum();
        let exact: f64 = (1..=100_000).map(|i| 1.0 / f64::from(i)).sum::<f64>() - 1.0 / 77_777.0 + 50.0;
        assert!((sum / exact - 1.0).abs() < 1e-12);
        assert_eq!(curve.ranges[0].first, 1);
        assert!(curve.ranges.windows(2).all(|pair| pair[1].first == pair[0].last + 1));
    }

    #[test]
    fn time_at_a_step_is_linear_within_a_range_and_unknown_beyond() {
        let curve = long();
        assert!((curve.seconds_at(54_321).expect("known") - 27_160.5).abs() < 1e-6);
        assert_eq!(curve.seconds_at(100_001), None);
    }

    #[test]
    fn an_interrupted_curve_goes_on_with_the_same_ranges() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("steps.csv");
        let whole = long();
        let mut part = StepCurve::default();
        for step in 1..=70_000_u64 {
            part.push(step, 1.0 / step as f64, 0.5 * step as f64);
        }
        part.write(&path).expect("written");
        let mut again = StepCurve::read(&path).expect("read");
        assert_eq!(again, part);
        again.truncate(65_536);
        for step in 65_537..=100_000_u64 {
            let loss = if step == 77_777 { 50.0 } else { 1.0 / step as f64 };
            again.push(step, loss, 0.5 * step as f64);
        }
        let places = |curve: &StepCurve| curve.ranges.iter().map(|r| (r.first, r.last)).collect::<Vec<_>>();
        assert_eq!(places(&again), places(&whole));
        std::fs::write(&path, "head\n5,3,1,1,1,1\n").expect("written");
        assert!(StepCurve::read(&path).is_err());
        assert!(StepCurve::read(&folder.path().join("none.csv")).expect("an old run").is_empty());
    }
}
