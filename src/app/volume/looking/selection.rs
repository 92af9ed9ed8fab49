//! What makes the moments: channels, a threshold in the cube's unit or in its noise, a mask that grows.

use super::Grid;
use crate::app::text;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::app::volume::looking::strip::decimal;
use egui::{DragValue, RichText, Ui};

/// The controls.
pub fn show(ui: &mut Ui, cube: &mut Cube, grid: &Grid) {
    ui.spacing_mut().item_spacing.y = 3.0;
    channels(ui, cube, grid);
    threshold(ui, cube);
    sigmas(ui, cube);
}

/// From which channel to which; they are named by their velocities, too.
fn channels(ui: &mut Ui, cube: &mut Cube, grid: &Grid) {
    let tokens = Tokens::of(ui);
    let (first, count) = (grid.part.first[2], grid.part.shape[2] * grid.part.factor);
    let last = (first + count).min(cube.loaded.file_shape[0]).saturating_sub(1);
    let velocity = |channel: usize| cube.geometry.velocity_km_s(channel as f64);
    let chosen = &mut cube.look.looking.selection.channels;
    let mut is_part = chosen.is_some();
    if ui.checkbox(&mut is_part, "Only channels").changed() {
        *chosen = is_part.then_some([first, last]);
    }
    let Some([from, to]) = chosen else { return };
    ui.horizontal(|ui| {
        for (value, low, high) in [(&mut *from, first, last), (&mut *to, first, last)] {
            // Counted from 1, as everywhere in the window.
            let mut shown = *value + 1;
            ui.add(DragValue::new(&mut shown).range(low + 1..=high + 1).speed(0.2));
            *value = shown.saturating_sub(1);
        }
    });
    if *to < *from {
        std::mem::swap(from, to);
    }
    if let (Some(low), Some(high)) = (velocity(*from), velocity(*to)) {
        let words = format!("{} … {} km s⁻¹", decimal(low), decimal(high));
        ui.label(RichText::new(words).monospace().color(tokens.dim));
    }
}

fn threshold(ui: &mut Ui, cube: &mut Cube) {
    let unit = text::unit(&cube.loaded.unit);
    let (low, high) = cube.lattice.range;
    let limit = &mut cube.look.looking.selection.threshold;
    ui.horizontal(|ui| {
        let mut has_limit = limit.is_some();
        if ui.checkbox(&mut has_limit, "Only values above").changed() {
            // A first guess: a tenth of the brightest.
            *limit = has_limit.then_some((0.1 * high) as f32);
        }
        if let Some(limit) = limit {
            let speed = ((high - low) / 400.0).max(1e-30);
            ui.add(DragValue::new(limit).speed(speed).suffix(format!(" {unit}")));
        }
    });
}

fn sigmas(ui: &mut Ui, cube: &mut Cube) {
    let selection = &mut cube.look.looking.selection;
    let noise = "σ is that of the median absolute deviation of all values";
    ui.horizontal(|ui| {
        let mut has_limit = selection.sigmas.is_some();
        if ui.checkbox(&mut has_limit, "Only above").on_hover_text(noise).changed() {
            selection.sigmas = has_limit.then_some(3.0);
            selection.grown_to_sigmas = None;
        }
        if let Some(sigmas) = &mut selection.sigmas {
            ui.add(DragValue::new(sigmas).range(0.0..=1000.0).speed(0.05).suffix(" σ"));
        }
    });
    let Some(core) = selection.sigmas else { return };
    ui.horizontal(|ui| {
        let grows = "With the voxels above this that are joined to those: a mask that grows from cores";
        let mut has_edge = selection.grown_to_sigmas.is_some();
        if ui.checkbox(&mut has_edge, "and joined, above").on_hover_text(grows).changed() {
            selection.grown_to_sigmas = has_edge.then_some(0.5 * core);
        }
        if let Some(edge) = &mut selection.grown_to_sigmas {
            *edge = edge.min(core);
            ui.add(DragValue::new(edge).range(0.0..=core).speed(0.05).suffix(" σ"));
        }
    });
}
