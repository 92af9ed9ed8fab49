//! Isosurfaces: where they lie on the histogram, value in the cube's unit and in multiples of the noise, colour, opacity, eye.

use super::{Subject, fields, levels};
use crate::app::form::row;
use crate::app::text;
use crate::volume::{Scene, Surface, contour_shells};
use egui::{Slider, Ui};
use egui_phosphor::regular as icon;

pub fn show(ui: &mut Ui, scene: &mut Scene, subject: &Subject<'_>) {
    let Scene { transfer, surfaces, .. } = scene;
    if !surfaces.is_empty() {
        levels::strip(ui, surfaces, transfer, subject);
    }
    let mut removed = None;
    for (index, surface) in surfaces.iter_mut().enumerate() {
        let what = format!("isosurface {}", index + 1);
        ui.push_id(("surface", index), |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                fields::eye(ui, &mut surface.shown, &what);
                let speed = ((transfer.range.1 - transfer.range.0).abs() / 300.0).max(f64::MIN_POSITIVE);
                let any = (f64::NEG_INFINITY, f64::INFINITY);
                let name = format!("Value of {what}");
                fields::suffixed(ui, &name, &mut surface.value, speed, any, subject.unit);
                if let Some(sigma) = subject.noise() {
                    multiples(ui, &mut surface.value, sigma, &what);
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if fields::icon_button(ui, icon::X, &format!("Remove {what}")).clicked() {
                        removed = Some(index);
                    }
                    let by_value = Surface { colour: None, ..*surface }.rgb(transfer);
                    colour(ui, surface, by_value, &what);
                });
            });
            opacity(ui, &mut surface.opacity, &what);
        });
    }
    if let Some(index) = removed {
        surfaces.remove(index);
    }
    ui.horizontal_wrapped(|ui| {
        if ui.button(format!("{}  Add", icon::PLUS)).clicked() {
            let highest = surfaces.iter().map(|own| own.value).fold(transfer.range.0, f64::max);
            surfaces.push(Surface::of(0.5 * (highest.min(transfer.range.1) + transfer.range.1)));
        }
        if let Some(sigma) = subject.noise() {
            for count in [3.0, 5.0, 10.0] {
                let tip = format!("Another at {}", text::quantity(count * sigma, subject.unit));
                if ui.button(format!("{count:.0}σ")).on_hover_text(tip).clicked() {
                    surfaces.push(Surface::of(count * sigma));
                }
            }
        }
        let tip = "Four surfaces one within another in place of these, the outer ones to be seen through";
        if ui.button("Contour shells").on_hover_text(tip).clicked() {
            *surfaces = contour_shells(transfer, subject.noise());
        }
    });
    if !surfaces.is_empty() {
        let tip = "Fill the surfaces with their colour where the clip box cuts them";
        ui.checkbox(&mut scene.close_cuts, "Close cuts").on_hover_text(tip);
    }
}

/// The value as so many standard deviations of the noise.
fn multiples(ui: &mut Ui, value: &mut f64, sigma: f64, what: &str) {
    let mut count = (100.0 * *value / sigma).round() / 100.0;
    let before = count;
    let any = (f64::NEG_INFINITY, f64::INFINITY);
    fields::suffixed(ui, &format!("Noise multiple of {what}"), &mut count, 0.05, any, "σ");
    if count != before {
        *value = count * sigma;
    }
}

/// How much of what lies behind is hidden, in percent.
pub(super) fn opacity(ui: &mut Ui, opacity: &mut f32, what: &str) {
    row(ui, "opacity", "So much of what lies behind is hidden", |ui| {
        let mut percent = (100.0 * *opacity).round();
        let before = percent;
        let slider = Slider::new(&mut percent, 0.0..=100.0).show_value(false);
        fields::slider(ui, &format!("Opacity of {what}"), slider, 60.0);
        let mut typed = f64::from(percent);
        fields::suffixed(ui, &format!("Percent of {what}"), &mut typed, 0.5, (0.0, 100.0), "%");
        let percent = (typed as f32).clamp(0.0, 100.0);
        if percent != before {
            *opacity = percent / 100.0;
        }
    });
}

/// The surface's own colour, or that of its value.
fn colour(ui: &mut Ui, surface: &mut Surface, of_value: [f32; 3], what: &str) {
    match &mut surface.colour {
        Some(own) => {
            fields::colour(ui, &format!("Colour of {what}"), own);
            if fields::icon_button(ui, icon::PALETTE, "Take the colour of the value").clicked() {
                surface.colour = None;
            }
        }
        None => {
            let mut colour = of_value;
            fields::colour(ui, &format!("Colour of {what}"), &mut colour);
            if colour != of_value {
                surface.colour = Some(colour);
            }
        }
    }
}
