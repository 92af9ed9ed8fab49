//! What a training will need, before it runs: parameters, multiply-adds, memory against what the device has, and the time of an epoch,
//! once a run has shown how fast this machine is.

use crate::app::form::{number_row, row};
use crate::app::runs::training::Training;
use crate::app::text;
use crate::app::theme::{Tokens, number_style};
use crate::blueprint::{Analysis, analyse};
use crate::figure::numbers;
use crate::network::device::facts;
use crate::recipe::{LearningSettings, OptimiserKind, Precision};
use crate::training::RunFolder;
use egui::{RichText, Ui};
use std::path::PathBuf;
use std::sync::OnceLock;
use sysinfo::System;

/// What of a recipe decides how much memory a training takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    pub batch: u32,
    /// Values that the optimiser keeps for each parameter.
    copies: u64,
    /// Activations have two bytes instead of four.
    is_half: bool,
}

impl Outlook {
    pub fn of(settings: &LearningSettings) -> Self {
        let moments = match settings.optimiser {
            OptimiserKind::AdamW | OptimiserKind::Adam => 2,
            OptimiserKind::Sgd => u64::from(settings.momentum > 0.0),
        };
        let average = u64::from(settings.ema > 0.0);
        let is_half = settings.precision == Precision::Bfloat16;
        Self { batch: settings.batch, copies: moments + average, is_half }
    }

    /// Bytes of a training with these settings.
    pub fn training_bytes(&self, analysis: &Analysis) -> u64 {
        let forecast = analysis.forecast(u64::from(self.batch), self.copies);
        forecast.total_training - self.saved(forecast.activation_bytes_training)
    }

    /// Bytes of a forward pass of one batch.
    pub fn forward_bytes(&self, analysis: &Analysis) -> u64 {
        let forecast = analysis.forecast(u64::from(self.batch), self.copies);
        forecast.total_forward - self.saved(forecast.activation_bytes_forward)
    }

    fn saved(&self, activations: u64) -> u64 {
        if self.is_half { activations / 2 } else { 0 }
    }
}

/// How fast the last run of this session was.
#[derive(Default)]
pub struct Measured {
    /// The run and the multiply-adds of its own network for one sample.
    run: Option<(PathBuf, u64)>,
}

/// A speed that was measured.
struct Speed {
    multiply_adds_per_second: f64,
    samples_per_epoch: usize,
    run: String,
}

impl Measured {
    fn speed(&mut self, training: &Training) -> Option<Speed> {
        let current = training.current.as_ref()?;
        let samples_per_second = current.live.curves.latest()?.samples_per_second;
        let samples_per_epoch = current.live.setup.latest()?.train_samples;
        if self.run.as_ref().is_none_or(|(run, _)| *run != current.folder) {
            // The run's own copy: the open blueprint may have changed since.
            let network = RunFolder::new(&current.folder).read_blueprint().ok()?;
            self.run = Some((current.folder.clone(), analyse(&network).multiply_adds));
        }
        let (_, multiply_adds) = self.run.as_ref()?;
        let multiply_adds_per_second = *multiply_adds as f64 * samples_per_second;
        (multiply_adds_per_second > 0.0).then(|| Speed {
            multiply_adds_per_second,
            samples_per_epoch,
            run: current.name.clone(),
        })
    }
}

/// The rows of the network as a whole.
pub fn show(ui: &mut Ui, measured: &mut Measured, analysis: &Analysis, training: &Training) {
    let outlook = Outlook::of(&training.recipe.training);
    number_row(ui, "parameters", text::count(analysis.parameters));
    number_row(ui, "multiply-adds", numbers::scaled(analysis.multiply_adds));
    let forward = numbers::bytes(outlook.forward_bytes(analysis));
    number_row(ui, "memory, forward", format!("{forward} at batch {}", outlook.batch));
    memory(ui, outlook.training_bytes(analysis), memory_of(&training.recipe.training.device));
    let hint = "As fast, in multiply-adds each second, as the last training of this session";
    row(ui, "one epoch", hint, |ui| {
        let tokens = Tokens::of(ui);
        match measured.speed(training) {
            Some(speed) => {
                let samples = speed.samples_per_epoch as f64;
                let seconds = analysis.multiply_adds as f64 * samples / speed.multiply_adds_per_second;
                let said = format!("about {}", text::duration(seconds));
                ui.label(RichText::new(said).text_style(number_style()))
                    .on_hover_text(format!("as fast as {} · {samples} samples", speed.run));
            }
            None => _ = ui.label(RichText::new("known after a first run").small().color(tokens.faint)),
        }
    });
}

/// The memory of a training beside what the device has, where that is known.
fn memory(ui: &mut Ui, bytes: u64, device: Option<u64>) {
    let tokens = Tokens::of(ui);
    let (said, colour) = match device {
        Some(most) => {
            let share = bytes as f64 / most.max(1) as f64;
            let colour = if share > 1.0 {
                tokens.error
            } else if share > 0.8 {
                tokens.warning
            } else {
                tokens.text
            };
            (format!("{} of {}", numbers::bytes(bytes), numbers::bytes(most)), colour)
        }
        None => (numbers::bytes(bytes), tokens.text),
    };
    let hint = "Weights, gradients, the optimiser's own values and the activations of one batch, beside what the device has";
    row(ui, "memory, training", hint, |ui| {
        let size = egui::TextStyle::Small.resolve(ui.style()).size;
        let number = RichText::new(said).text_style(number_style()).size(size.max(12.0)).color(colour);
        ui.add(egui::Label::new(number).truncate());
    });
}

/// Memory of the device that a recipe names, in bytes; `None` where it cannot be asked.
fn memory_of(device: &str) -> Option<u64> {
    static MACHINE: OnceLock<u64> = OnceLock::new();
    static CUDA_DEVICES: OnceLock<usize> = OnceLock::new();
    let has_cuda = || *CUDA_DEVICES.get_or_init(|| facts().cuda_devices) > 0;
    if device.trim().starts_with("cuda") || device.trim() == "auto" && has_cuda() {
        return None;
    }
    Some(*MACHINE.get_or_init(|| {
        let mut system = System::new();
        system.refresh_memory();
        system.total_memory()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{UnetOptions, template};

    /// Adam keeps two values for each parameter, SGD with momentum one; bfloat16 halves the activations alone.
    #[test]
    fn memory_follows_the_recipe() {
        let blueprint = template("unet", &UnetOptions::default()).expect("the template");
        let analysis = analyse(&blueprint);
        let adam = LearningSettings::default();
        let sgd = LearningSettings { optimiser: OptimiserKind::Sgd, ..adam.clone() };
        let half = LearningSettings { precision: Precision::Bfloat16, ..adam.clone() };
        let bytes = |settings: &LearningSettings| Outlook::of(settings).training_bytes(&analysis);
        assert_eq!(bytes(&adam) - bytes(&sgd), 4 * analysis.parameters);
        let activations = analysis.training_bytes * u64::from(adam.batch);
        assert_eq!(bytes(&adam) - bytes(&half), activations / 2);
        assert_eq!(bytes(&adam), 16 * analysis.parameters + activations);
    }
}
