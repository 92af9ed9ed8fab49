//! Looking closely at a cube in the window: a click on it gives the spectrum of that line of sight, a channel becomes a slice, a line
//! drawn on a map cuts the cube, a circle gives a region with its numbers.

use super::canvas::click;
use super::drag;
use super::volume::{cube, file, kept, opened, settle};
use aquila::app::Aquila;
use egui::{Rect, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

/// The picture of the window, for a look at it, where AQUILA_LOOK names a folder.
fn look(harness: &mut Harness<'_, Aquila>, name: &str) {
    if let Ok(folder) = std::env::var("AQUILA_LOOK") {
        let picture = harness.render().expect("a picture");
        picture.save(std::path::Path::new(&folder).join(format!("{name}.png"))).expect("saved");
    }
}

fn label(harness: &Harness<'_, Aquila>, part: &str) -> String {
    harness
        .get_by_label_contains(part)
        .accesskit_node()
        .value()
        .or_else(|| harness.get_by_label_contains(part).accesskit_node().label())
        .expect("a text")
}

fn rect(harness: &Harness<'_, Aquila>, name: &str) -> Rect {
    harness.get_by_label(name).rect()
}

#[test]
fn a_click_on_the_cube_gives_the_spectrum_its_moments_and_its_fit() {
    let path = file();
    let mut harness = opened(&path);
    harness.get_by_label("Maximum").click();
    harness.run_steps(2);
    settle(&mut harness);
    let middle = rect(&harness, "Cube").center();
    click(&mut harness, middle);
    settle(&mut harness);
    let picked = kept(&mut harness)["look"]["looking"]["picked"].clone();
    let at = |axis: usize| picked[axis].as_u64().expect("a voxel") as usize;
    let (x, y, z) = (at(0), at(1), at(2));
    // The same line of sight, straight from the array: channels of 0.2 km/s, the ninth at 4 km/s.
    let values = cube().values;
    let line: Vec<(f64, f64)> = (0..16)
        .map(|k| (4.0 + 0.2 * (k as f64 - 8.0), f64::from(values[[k, y, x]])))
        .filter(|(_, value)| value.is_finite())
        .collect();
    let sum: f64 = line.iter().map(|(_, value)| value).sum();
    let mean = line.iter().map(|(v, value)| v * value).sum::<f64>() / sum;
    let sigma = (line.iter().map(|(v, value)| (v - mean).powi(2) * value).sum::<f64>() / sum).sqrt();
    let words = label(&harness, "∫T dv");
    let expected = format!("⟨v⟩ {mean:.2} · σ_v {sigma:.2} km s⁻¹");
    assert!(words.contains(&expected), "{words} for {expected} at {x} {y} {z}");
    let area: f64 =
        words.trim_start_matches("∫T dv ").split(' ').next().expect("a number").parse().expect("a number");
    assert!((area / (0.2 * sum) - 1.0).abs() < 5e-3, "{area} for {}", 0.2 * sum);
    look(&mut harness, "line");
    // In a wholly smooth cube the greatest value of the ray is shown in the status bar, with its own coordinates.
    assert!(harness.state().state().readout.contains("km s⁻¹"), "{}", harness.state().state().readout);
    harness.get_by_label("2 Gaussian components").click();
    harness.run_steps(2);
    settle(&mut harness);
    assert_eq!(kept(&mut harness)["look"]["looking"]["components"], 2);
}

#[test]
fn a_channel_becomes_a_slice_at_its_velocity() {
    let path = file();
    let mut harness = opened(&path);
    harness.get_by_label("Channel 9, 4.00 km s⁻¹").click();
    harness.run_steps(2);
    settle(&mut harness);
    look(&mut harness, "channel");
    assert!(harness.query_all_by_label("Slice v = 4.00 km s⁻¹").count() > 0);
    let slices = kept(&mut harness)["look"]["scene"]["slices"].clone();
    assert_eq!(slices.as_array().map(Vec::len), Some(1));
    let place = slices[0]["plane"]["across"]["place"].as_f64().expect("a place");
    assert!((place - 8.5 / 16.0).abs() < 1e-6, "{slices}");
    harness.get_by_label("Channel 10, 4.20 km s⁻¹").click();
    harness.run_steps(2);
    assert_eq!(kept(&mut harness)["look"]["scene"]["slices"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_line_on_the_map_cuts_the_cube_and_a_circle_makes_a_region() {
    let path = file();
    let mut harness = opened(&path);
    harness.get_by_label("Position–velocity").click();
    harness.run_steps(2);
    settle(&mut harness);
    let map = rect(&harness, "Peak");
    let from = map.left_center() + vec2(30.0, 10.0);
    drag(&mut harness, from, from + vec2(60.0, 0.0));
    settle(&mut harness);
    let cut = kept(&mut harness)["look"]["looking"]["cut"].clone();
    assert_eq!(cut.as_array().map(Vec::len), Some(2));
    // Along a row, towards the west: columns grow.
    let part = |point: usize, axis: usize| cut[point][axis].as_f64().expect("a pixel");
    assert!((part(0, 1) - part(1, 1)).abs() < 1e-6 && part(1, 0) > part(0, 0), "{cut}");
    assert!(harness.query_by_label("Position–velocity map").is_some());
    look(&mut harness, "cut");
    harness.get_by_label("Moments").click();
    harness.run_steps(2);
    settle(&mut harness);
    harness.get_by_label("Circle").click();
    harness.run_steps(1);
    let map = rect(&harness, "Moment 0");
    let centre = map.left_center() + vec2(50.0, 8.0);
    drag(&mut harness, centre, centre + vec2(0.0, 25.0));
    settle(&mut harness);
    let regions = kept(&mut harness)["look"]["looking"]["regions"].clone();
    assert_eq!((regions[0]["shape"].as_str(), regions[0]["frame"].as_str()), (Some("circle"), Some("icrs")));
    let numbers = label(&harness, "arcsec²");
    assert!(numbers.starts_with("mean ") && numbers.contains(" pixels · "), "{numbers}");
    look(&mut harness, "regions");
}
