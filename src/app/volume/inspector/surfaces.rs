//! Isosurfaces: value, colour, eye.

use super::{Subject, fields};
use crate::app::text;
use crate::volume::{Scene, Surface};
use egui::{Slider, Ui};
use egui_phosphor::regular as icon;

pub fn show(ui: &mut Ui, scene: &mut Scene, subject: &Subject<'_>) {
    let Scene { transfer, surfaces, .. } = scene;
    let mut removed = None;
    for (index, surface) in surfaces.iter_mut().enumerate() {
        let what = format!("isosurface {}", index + 1);
        ui.push_id(("surface", index), |ui| {
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                fields::eye(ui, &mut surface.shown, &what);
                let speed = ((transfer.range.1 - transfer.range.0).abs() / 300.0).max(f64::MIN_POSITIVE);
                let any = (f64::NEG_INFINITY, f64::INFINITY);
                fields::suffixed(
                    ui,
                    &format!("Value of {what}"),
                    &mut surface.value,
                    speed,
                    any,
                    subject.unit,
                );
                if let Some(sigma) = subject.noise() {
                    let words = format!("{} σ", text::number((10.0 * surface.value / sigma).round() / 10.0));
                    ui.label(
                        egui::RichText::new(words).monospace().color(crate::app::theme::Tokens::of(ui).dim),
                    );
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    if fields::icon_button(ui, icon::X, &format!("Remove {what}")).clicked() {
                        removed = Some(index);
                    }
                    colour(ui, surface, transfer.rgb(surface.value), &what);
                });
            });
            // The slider runs along the places of the transfer function, as the histogram does.
            let mut place = transfer.place_from_value(surface.value);
            let slider = Slider::new(&mut place, 0.0..=1.0).show_value(false);
            if fields::slider(ui, &format!("Level of {what}"), slider, 4.0).changed() {
                surface.value = transfer.value_from_place(place);
            }
        });
    }
    if let Some(index) = removed {
        surfaces.remove(index);
    }
    ui.horizontal(|ui| {
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
