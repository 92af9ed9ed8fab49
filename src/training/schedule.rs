//! The learning rate over a training: constant, cosine with warm-up, or reduced when the validation stalls.
//! The state is a plain value for the checkpoint.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Schedule {
    #[default]
    Constant,
    /// A linear rise over the first `warm_up_steps`, then half a cosine down to `final_fraction` of the rate at the last step.
    Cosine {
        #[serde(default)]
        warm_up_steps: u64,
        #[serde(default)]
        final_fraction: f64,
    },
    /// As `torch.optim.lr_scheduler.ReduceLROnPlateau` with mode `min` and relative threshold: after more than `patience`
    /// validations in a row without an improvement, the rate is multiplied by `factor`; `cooldown` validations then pass
    /// before bad ones count again.
    ReduceOnPlateau {
        #[serde(default = "default_factor")]
        factor: f64,
        #[serde(default = "default_patience")]
        patience: u64,
        #[serde(default = "default_threshold")]
        threshold: f64,
        #[serde(default)]
        cooldown: u64,
        /// The rate is never reduced below this.
        #[serde(default)]
        minimum: f64,
    },
}

fn default_factor() -> f64 {
    0.1
}

fn default_patience() -> u64 {
    10
}

fn default_threshold() -> f64 {
    1e-4
}

/// A schedule at its place in a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scheduler {
    schedule: Schedule,
    /// The rate now, for the schedules that validations move; the highest rate for the others.
    rate: f64,
    /// All optimiser steps of the training, for the cosine.
    total_steps: u64,
    /// The best validation loss so far; `None` before the first (infinity has no place in JSON).
    best: Option<f64>,
    bad_validations: u64,
    cooldown_left: u64,
}

impl Scheduler {
    pub fn new(schedule: Schedule, learning_rate: f64, total_steps: u64) -> Self {
        Self { schedule, rate: learning_rate, total_steps, best: None, bad_validations: 0, cooldown_left: 0 }
    }

    /// The learning rate of optimiser step `step`, counted from 0.
    pub fn learning_rate(&self, step: u64) -> f64 {
        let Schedule::Cosine { warm_up_steps, final_fraction } = self.schedule else { return self.rate };
        if step < warm_up_steps {
            return self.rate * (step + 1) as f64 / warm_up_steps as f64;
        }
        let span = self.total_steps.saturating_sub(warm_up_steps + 1).max(1) as f64;
        let done = ((step - warm_up_steps) as f64 / span).min(1.0);
        self.rate * (final_fraction + (1.0 - final_fraction) * 0.5 * (1.0 + (PI * done).cos()))
    }

    /// Tells the schedule a validation loss; a NaN counts as no improvement.
    pub fn validated(&mut self, loss: f64) {
        let Schedule::ReduceOnPlateau { factor, patience, threshold, cooldown, minimum } = self.schedule
        else {
            return;
        };
        // PyTorch: best · (1 - threshold), whatever the sign of best.
        let better = match self.best {
            None => loss < f64::INFINITY,
            Some(best) => loss < best * (1.0 - threshold),
        };
        if better {
            self.best = Some(loss);
            self.bad_validations = 0;
        } else {
            self.bad_validations += 1;
        }
        if self.cooldown_left > 0 {
            self.cooldown_left -= 1;
            self.bad_validations = 0;
        }
        if self.bad_validations > patience {
            let reduced = (self.rate * factor).max(minimum);
            // PyTorch's `eps`: a change this small is not made.
            if self.rate - reduced > 1e-8 {
                self.rate = reduced;
            }
            self.cooldown_left = cooldown;
            self.bad_validations = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_rises_peaks_and_ends_where_it_should() {
        let cosine = Schedule::Cosine { warm_up_steps: 4, final_fraction: 0.1 };
        let scheduler = Scheduler::new(cosine, 1.0, 105);
        assert_eq!(scheduler.learning_rate(0), 0.25);
        assert_eq!(scheduler.learning_rate(3), 1.0);
        assert_eq!(scheduler.learning_rate(4), 1.0);
        assert!((scheduler.learning_rate(54) - 0.55).abs() < 1e-12);
        assert!((scheduler.learning_rate(104) - 0.1).abs() < 1e-12);
        assert!((scheduler.learning_rate(9999) - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_plateau_state_survives_a_checkpoint() {
        let plateau = Schedule::ReduceOnPlateau {
            factor: 0.5,
            patience: 1,
            threshold: 1e-4,
            cooldown: 1,
            minimum: 0.0,
        };
        let mut whole = Scheduler::new(plateau, 0.1, 0);
        let mut parted = whole.clone();
        for (index, loss) in [1.0, 0.7, 0.7, 0.7, 0.70001, f64::NAN, 0.7, 0.3, 0.3].into_iter().enumerate() {
            whole.validated(loss);
            parted.validated(loss);
            if index == 3 {
                parted = serde_json::from_str(&serde_json::to_string(&parted).unwrap()).unwrap();
            }
        }
        assert_eq!(whole, parted);
        assert!(whole.learning_rate(0) < 0.1);
    }
}
