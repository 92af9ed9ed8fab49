//! The radiative transfer: what shines, what dims, how long the box is; the optical depth that comes of it.

use super::{Other, Subject, fields, second};
use crate::app::form::{number_row, row};
use crate::app::text;
use crate::app::volume::cube::Cube;
use crate::volume::{Mode, Opacity, Source, depth_through_middle};
use egui::Ui;
use std::path::PathBuf;

/// Kelvin of the cosmic microwave background (Fixsen 2009, ApJ 707, 916).
const CMB_K: f64 = 2.725;

#[derive(Clone, Copy, PartialEq)]
enum From {
    Constant,
    Cube,
    Second,
}

pub fn show(ui: &mut Ui, cube: &mut Cube, subject: &Subject<'_>, others: &[Other]) {
    let Mode::Transfer(mut radiation) = cube.look.scene.mode else { return };
    let needed_second = cube.look.scene.needs_second();
    let any = (f64::NEG_INFINITY, f64::INFINITY);
    let other = second(others, cube.look.second.as_deref());
    let second_unit = other.map_or(String::new(), |other| text::unit(&other.unit));

    row(ui, "source", "The source function S", |ui| {
        let mut from = match radiation.source {
            Source::Cube => From::Cube,
            Source::Constant(_) => From::Constant,
            Source::Second => From::Second,
        };
        let words = [(From::Cube, "this cube"), (From::Constant, "one value"), (From::Second, "second cube")];
        if fields::choice(ui, "Source function", &mut from, 92.0, &words) {
            radiation.source = match from {
                From::Cube => Source::Cube,
                From::Constant => Source::Constant(10.0),
                From::Second => Source::Second,
            };
        }
        if let Source::Constant(value) = &mut radiation.source {
            fields::suffixed(ui, "Source value", value, 0.1, any, "K");
        }
    });
    row(ui, "opacity", "κ: how much each parsec dims", |ui| {
        let mut from = match radiation.opacity {
            Opacity::Constant(_) => From::Constant,
            Opacity::Cube(_) => From::Cube,
            Opacity::Second(_) => From::Second,
        };
        let words = [(From::Constant, "κ"), (From::Cube, "κ × this cube"), (From::Second, "κ × second cube")];
        let (Opacity::Constant(kappa) | Opacity::Cube(kappa) | Opacity::Second(kappa)) = radiation.opacity;
        fields::choice(ui, "Opacity", &mut from, 92.0, &words);
        let mut kappa = kappa;
        let unit = match from {
            From::Constant => "pc⁻¹".to_owned(),
            From::Cube => per("pc⁻¹", subject.unit),
            From::Second => per("pc⁻¹", &second_unit),
        };
        let speed = (0.01 * kappa.abs()).max(1e-4);
        fields::suffixed(ui, "Opacity coefficient", &mut kappa, speed, (0.0, f64::INFINITY), &unit);
        radiation.opacity = match from {
            From::Constant => Opacity::Constant(kappa),
            From::Cube => Opacity::Cube(kappa),
            From::Second => Opacity::Second(kappa),
        };
    });
    cube.look.scene.mode = Mode::Transfer(radiation);
    if cube.look.scene.needs_second() {
        if cube.look.second.is_none() && !needed_second {
            // Asked for just now: the likeliest is one of the same shape.
            let is_alike = |other: &&Other| other.values.dim() == cube.loaded.values.dim();
            let likely = others.iter().find(is_alike).or(others.first());
            cube.look.second = likely.map(|other| other.path.clone());
        }
        choice_of_second(ui, &mut cube.look.second, others);
    }
    row(ui, "longest side", "Length of the box's longest side", |ui| {
        let speed = (0.01 * radiation.longest_pc.abs()).max(1e-4);
        let least = (1e-12, f64::INFINITY);
        fields::suffixed(ui, "Length of the longest side", &mut radiation.longest_pc, speed, least, "pc");
        if let Some(length) = length_pc(cube) {
            let tip = "From the coordinates and the distance";
            if ui.button(format!("{} pc", text::number(length))).on_hover_text(tip).clicked() {
                radiation.longest_pc = length;
            }
        }
    });
    row(ui, "background", "Intensity that comes in from behind, in the unit of the source", |ui| {
        fields::number(ui, "Background intensity", &mut radiation.background, 0.02, any);
        let tip = "Cosmic microwave background, 2.725 K (Fixsen 2009); as a brightness temperature right where hν ≪ kT";
        if ui.button("CMB").on_hover_text(tip).clicked() {
            radiation.background = CMB_K;
        }
    });
    cube.look.scene.mode = Mode::Transfer(radiation);
    let values = other.map(|other| other.values.view());
    match depth_through_middle(cube.loaded.values.view(), values, &cube.look.scene, &cube.lattice) {
        Some(tau) => number_row(ui, "τ, middle", text::number(tau)),
        None if other.is_none() => fields::note(ui, "Choose a second cube to see the optical depth"),
        None => fields::note(ui, "The second cube has another shape: it is drawn where both have values"),
    }
    match radiation.source {
        Source::Cube if !subject.unit.starts_with('K') || subject.unit.contains(' ') => {
            fields::note(
                ui,
                &match subject.unit {
                    "" => "The cube has no unit: its values are the source as they are, so is the picture"
                        .to_owned(),
                    unit => format!("The source is this cube in {unit}, not in K: so is the picture"),
                },
            );
        }
        Source::Second if other.is_some() && second_unit != "K" => {
            let words = match second_unit.as_str() {
                "" => "The second cube has no unit: its values are the source as they are".to_owned(),
                unit => format!("The source is the second cube in {unit}, not in K"),
            };
            fields::note(ui, &words);
        }
        _ => {}
    }
}

/// `pc⁻¹ K⁻¹` for a plain unit, else `pc⁻¹ / (K km s⁻¹)`.
fn per(of: &str, unit: &str) -> String {
    match unit {
        "" => of.to_owned(),
        unit if unit.chars().all(char::is_alphabetic) => format!("{of} {unit}⁻¹"),
        unit => format!("{of}/({unit})"),
    }
}

fn choice_of_second(ui: &mut Ui, second: &mut Option<PathBuf>, others: &[Other]) {
    row(
        ui,
        "second cube",
        "An open cube; one of another shape is stretched over the box of this one",
        |ui| {
            if others.is_empty() {
                fields::note(ui, "Open another cube first");
                return;
            }
            let mut options = vec![(None, "none")];
            options.extend(others.iter().map(|other| (Some(other.path.clone()), other.title.as_str())));
            fields::choice(ui, "Second cube", second, ui.available_width() - 8.0, &options);
        },
    );
}

/// Length of the box's longest side in parsecs: of a cube in parsecs by its header, of one on the sky by the distance.
fn length_pc(cube: &Cube) -> Option<f64> {
    let axis = &cube.geometry.axes()[0];
    let count = (cube.lattice.shape[0] * cube.loaded.factor) as f64;
    let side = count * cube.geometry.step(0).abs();
    let side_pc = if axis.unit == "pc" {
        side
    } else {
        cube.geometry.sky([0.0; 3])?;
        side.to_radians() * cube.look.distance_pc?
    };
    let length = side_pc / f64::from(cube.lattice.sides[0]);
    (length.is_finite() && length > 0.0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::per;

    #[test]
    fn opacities_have_their_units() {
        assert_eq!(per("pc⁻¹", "K"), "pc⁻¹ K⁻¹");
        assert_eq!(per("pc⁻¹", "cm⁻³"), "pc⁻¹/(cm⁻³)");
        assert_eq!(per("pc⁻¹", ""), "pc⁻¹");
    }
}
