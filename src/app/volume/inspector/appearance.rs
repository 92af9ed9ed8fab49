//! Colour map, stretch, range, blanks, background, opacity, sampling, projection, proportions, distance.

use super::{Subject, colours, fields, range};
use crate::app::form::row;
use crate::app::keymap::KeyMap;
use crate::app::theme::Tokens;
use crate::app::volume::cube::Cube;
use crate::app::volume::keys::VolumeAction;
use crate::volume::{Mode, Scene, Stretch};
use egui::{Align, DragValue, Layout, RichText, Ui, WidgetInfo, WidgetType};
use egui_phosphor::regular as icon;

pub fn show(ui: &mut Ui, cube: &mut Cube, subject: &Subject<'_>) {
    scene(ui, &mut cube.look.scene, subject);
    if cube.geometry.has_own_third_axis() {
        let help = "Length of the velocity axis in lengths of the longer side of the sky";
        row(ui, "velocity axis", help, |ui| {
            let mut ratio = cube.look.velocity_ratio;
            fields::suffixed(ui, "Velocity ratio", &mut ratio, 0.01, (0.05, 20.0), "× the sky");
            cube.look.velocity_ratio = ratio;
        });
    }
    if cube.geometry.pixel_deg().is_some() {
        row(ui, "distance", "For the scale bar and lengths in parsecs", |ui| {
            let mut distance = cube.look.distance_pc.unwrap_or(0.0);
            let speed = (0.01 * distance).max(1.0);
            let field = DragValue::new(&mut distance)
                .range(0.0..=2e10)
                .speed(speed)
                .custom_formatter(|pc, _| {
                    if pc > 0.0 { format!("{} pc", crate::app::text::number(pc)) } else { "not given".into() }
                })
                .custom_parser(|text| fields::parsed(text.trim_end_matches("pc")));
            let response = ui.add(field);
            response.widget_info(|| WidgetInfo::labeled(WidgetType::DragValue, true, "Distance in parsecs"));
            if response.changed() {
                cube.look.distance_pc = (distance > 0.0).then_some(distance);
            }
        });
    }
}

/// What needs no more than the scene.
pub fn scene(ui: &mut Ui, scene: &mut Scene, subject: &Subject<'_>) {
    row(ui, "colour map", "The one under the mouse is tried on", |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let turn = 28.0;
        ui.scope(|ui| {
            ui.set_max_width((ui.available_width() - turn).max(96.0));
            colours::choice(ui, &mut scene.transfer.colours, scene.transfer.reversed);
        });
        let words = if scene.transfer.reversed { "Colours as they are" } else { "Turn the colours round" };
        if fields::icon_button(ui, icon::ARROWS_LEFT_RIGHT, words).clicked() {
            scene.transfer.reversed = !scene.transfer.reversed;
        }
    });
    row(ui, "stretch", "How values between the ends of the range are spread", |ui| {
        stretch(ui, &mut scene.transfer, subject);
    });
    row(ui, "range", "Percentiles at the ends of the colours", |ui| {
        range::percentiles(ui, &mut scene.transfer, subject);
    });
    if matches!(scene.mode, Mode::Emission | Mode::Absorption) {
        row(ui, "depth", "Optical depth of full opacity across one voxel", |ui| {
            let mut density = f64::from(scene.density);
            let before = density;
            // The number first, at the right: the slider takes what it leaves, however many digits it has.
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let speed = 0.02 * density.max(1e-4);
                fields::number(ui, "Depth as a number", &mut density, speed, (1e-4, 1e4));
                let slider = egui::Slider::new(&mut density, 1e-3..=1e2).logarithmic(true).show_value(false);
                fields::slider(ui, "Depth", slider, 0.0);
            });
            if density != before {
                scene.density = density as f32;
            }
        });
    }
    row(ui, "sampling", "Distance of the samples along a ray", |ui| {
        let mut step = 1.0 / f64::from(scene.samples_per_voxel.max(1e-3));
        let before = step;
        fields::suffixed(ui, "Sampling", &mut step, 0.005, (0.05, 4.0), "voxel");
        if step != before {
            scene.samples_per_voxel = (1.0 / step) as f32;
        }
        ui.label(RichText::new("· jittered").color(Tokens::of(ui).dim))
            .on_hover_text("At rest pictures with rays that start elsewhere are averaged");
    });
    row(ui, "blank voxels", "Where the file has no value", |ui| {
        let mut is_coloured = scene.blank.is_some();
        let words = [(false, "transparent"), (true, "coloured fog")];
        if fields::choice(ui, "Blank voxels", &mut is_coloured, width(ui, scene.blank.is_some()), &words) {
            const FOG: [f32; 3] = [0.45, 0.5, 0.56];
            scene.blank = is_coloured.then_some(FOG);
        }
        if let Some(colour) = &mut scene.blank {
            fields::colour(ui, "Colour of blank voxels", colour);
        }
    });
    row(ui, "background", "Behind the cube, on the screen and in pictures", |ui| {
        background(ui, &mut scene.background)
    });
    let help = KeyMap::of(ui.ctx()).tip(ui.ctx(), VolumeAction::Projection);
    row(ui, "projection", &help, |ui| {
        let words = [(false, "perspective"), (true, "parallel")];
        fields::choice(ui, "Projection", &mut scene.view.orthographic, width(ui, false), &words);
    });
}

fn stretch(ui: &mut Ui, transfer: &mut crate::volume::Transfer, subject: &Subject<'_>) {
    let span = transfer.range.1 - transfer.range.0;
    let now = transfer.stretch;
    let kept = |default: Stretch| {
        if std::mem::discriminant(&default) == std::mem::discriminant(&now) { now } else { default }
    };
    let options = [
        Stretch::Linear,
        Stretch::Log,
        Stretch::Sqrt,
        kept(Stretch::Asinh { softening: 0.1 }),
        kept(Stretch::Power { exponent: 2.0 }),
    ];
    let options = options.map(|stretch| (stretch, stretch.name()));
    fields::choice(ui, "Stretch", &mut transfer.stretch, stretch_width(ui, now), &options);
    match &mut transfer.stretch {
        Stretch::Asinh { softening } => {
            // In the unit of the values: below β the stretch is linear, above it logarithmic.
            let mut beta = f64::from(*softening) * span;
            let before = beta;
            let limits = (1e-4 * span, 10.0 * span);
            let speed = 0.02 * beta.abs().max(1e-6 * span);
            fields::suffixed(ui, "Softening", &mut beta, speed, limits, subject.unit)
                .on_hover_text("Softening: linear below, logarithmic above");
            if beta != before && span > 0.0 {
                *softening = (beta / span) as f32;
            }
        }
        Stretch::Power { exponent } => {
            let mut power = f64::from(*exponent);
            let before = power;
            fields::number(ui, "Exponent", &mut power, 0.01, (0.05, 10.0))
                .on_hover_text("Exponent of the power");
            if power != before {
                *exponent = power as f32;
            }
        }
        Stretch::Linear | Stretch::Sqrt | Stretch::Log => {}
    }
}

/// Backgrounds with a name.
#[derive(Clone, Copy, PartialEq)]
enum Background {
    Black,
    Night,
    Frame,
    White,
    Own,
}

fn background(ui: &mut Ui, colour: &mut [f32; 3]) {
    let [r, g, b, _] = Tokens::of(ui).window.to_array().map(|part| f32::from(part) / 255.0);
    let named = [
        (Background::Black, [0.0; 3]),
        (Background::Night, crate::app::volume::look::BACKGROUND),
        (Background::Frame, [r, g, b]),
        (Background::White, [1.0; 3]),
    ];
    let found = named.iter().find(|(_, own)| own == colour).map_or(Background::Own, |(name, _)| *name);
    let mut choice = found;
    let words = [
        (Background::Black, "black"),
        (Background::Night, "night"),
        (Background::Frame, "as the theme"),
        (Background::White, "white"),
        (Background::Own, "own colour"),
    ];
    if fields::choice(ui, "Background", &mut choice, width(ui, found == Background::Own), &words) {
        match named.iter().find(|(name, _)| *name == choice) {
            Some((_, own)) => *colour = *own,
            None => *colour = [0.1, 0.1, 0.12],
        }
    }
    if choice == Background::Own {
        fields::colour(ui, "Background colour", colour);
    }
}

/// The rest of a row, but for a colour where there is one.
fn width(ui: &Ui, has_colour: bool) -> f32 {
    ui.available_width() - if has_colour { 60.0 } else { 0.0 }
}

fn stretch_width(ui: &Ui, stretch: Stretch) -> f32 {
    match stretch {
        Stretch::Asinh { .. } | Stretch::Power { .. } => 72.0,
        Stretch::Linear | Stretch::Sqrt | Stretch::Log => ui.available_width(),
    }
}
