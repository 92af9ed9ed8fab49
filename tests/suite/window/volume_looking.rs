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

/// Corners that are clicked on the map and on the cube, moved, and ended with Enter, twice the same place and Escape.
#[test]
fn a_bent_cut_is_clicked_on_the_map_and_on_the_cube_and_its_corners_are_moved() {
    let path = file();
    let mut harness = opened(&path);
    harness.get_by_label("Position–velocity").click();
    harness.run_steps(2);
    settle(&mut harness);
    let corners = |harness: &mut Harness<'_, Aquila>| -> Vec<[f64; 2]> {
        let cut = kept(harness)["look"]["looking"]["cut"].clone();
        serde_json::from_value(cut).expect("corners")
    };
    let from = rect(&harness, "Peak").left_center() + vec2(30.0, 10.0);
    for away in [vec2(0.0, 0.0), vec2(40.0, 0.0), vec2(60.0, 30.0)] {
        click(&mut harness, from + away);
    }
    assert!(corners(&mut harness).is_empty(), "the path is not ended yet");
    harness.key_press(egui::Key::Enter);
    harness.run_steps(2);
    settle(&mut harness);
    let drawn = corners(&mut harness);
    assert_eq!(drawn.len(), 3, "{drawn:?}");
    look(&mut harness, "bent");
    // The corner in the middle goes up by half as much as the path is long.
    drag(&mut harness, from + vec2(40.0, 0.0), from + vec2(40.0, -20.0));
    settle(&mut harness);
    let moved = corners(&mut harness);
    assert!((moved[0], moved[2]) == (drawn[0], drawn[2]) && moved[1][1] > drawn[1][1] + 1.0, "{moved:?}");
    // The middle of a segment becomes a corner.
    drag(&mut harness, from + vec2(20.0, -10.0), from + vec2(15.0, 5.0));
    settle(&mut harness);
    assert_eq!(corners(&mut harness).len(), 4);
    // On the cube: face on, its sky plane is the picture.
    harness.get_by_label_contains("Face on: sky").click();
    harness.run_steps(2);
    settle(&mut harness);
    harness.get_by_label("Cut").click();
    harness.run_steps(1);
    let middle = rect(&harness, "Cube").center();
    click(&mut harness, middle - vec2(40.0, 0.0));
    harness.key_press(egui::Key::Escape);
    harness.run_steps(2);
    assert_eq!(corners(&mut harness).len(), 4, "Escape drops what was begun");
    harness.get_by_label("Cut").click();
    harness.run_steps(1);
    for away in [vec2(-40.0, 0.0), vec2(40.0, 0.0), vec2(40.0, -40.0), vec2(40.0, -40.0)] {
        click(&mut harness, middle + away);
    }
    settle(&mut harness);
    look(&mut harness, "on the cube");
    let on_cube = corners(&mut harness);
    assert_eq!(on_cube.len(), 3, "{on_cube:?}");
    // The face of the cube is 24 by 20 pixels around 11.5, 9.5; west is to the right and north is up.
    assert!(
        (on_cube[0][0] + on_cube[1][0] - 23.0).abs() < 0.2 && on_cube[1][0] > on_cube[0][0],
        "{on_cube:?}"
    );
    assert!((on_cube[0][1] - 9.5).abs() < 0.2 && on_cube[2][1] > on_cube[1][1] + 0.5, "{on_cube:?}");
}

#[test]
fn a_box_is_drawn_stretched_and_removed() {
    let path = file();
    let mut harness = opened(&path);
    harness.get_by_label("Moments").click();
    harness.run_steps(2);
    settle(&mut harness);
    harness.get_by_label("Rectangle").click();
    harness.run_steps(1);
    let corner = rect(&harness, "Moment 0").left_center() + vec2(40.0, -5.0);
    drag(&mut harness, corner, corner + vec2(30.0, 30.0));
    settle(&mut harness);
    let region = |harness: &mut Harness<'_, Aquila>| kept(harness)["look"]["looking"]["regions"][0].clone();
    let drawn = region(&mut harness);
    assert_eq!((drawn["shape"].as_str(), drawn["frame"].as_str()), (Some("box"), Some("icrs")), "{drawn}");
    harness.get_by_label("Pick").click();
    harness.run_steps(1);
    // Its outline gives it handles; that of a corner stretches both sides.
    click(&mut harness, corner + vec2(8.0, 0.0));
    look(&mut harness, "box");
    drag(&mut harness, corner + vec2(30.0, 30.0), corner + vec2(40.0, 34.0));
    settle(&mut harness);
    let stretched = region(&mut harness);
    let side = |region: &serde_json::Value, axis: usize| region["sides"][axis].as_f64().expect("a length");
    assert!(side(&stretched, 0) > 1.3 * side(&drawn, 0), "{stretched} after {drawn}");
    assert!(side(&stretched, 1) > 1.1 * side(&drawn, 1), "{stretched} after {drawn}");
    assert!(label(&harness, "arcsec²").contains("rms"));
    harness.key_press(egui::Key::Delete);
    harness.run_steps(2);
    settle(&mut harness);
    assert!(region(&mut harness).is_null(), "Delete removes it");
}
