//! The Volume workspace: a cube opens, turns under the mouse, changes its mode, and reopens as it was left.

use super::{drag, window_on};
use aquila::app::{Aquila, Workspace};
use aquila::blueprint::{UnetOptions, template};
use aquila::data::{CardValue, Cube, Header};
use aquila::io::fits;
use aquila::project::Session;
use egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use ndarray::Array3;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn window(theme: Theme) -> Harness<'static, Aquila> {
    window_on(
        &template("unet", &UnetOptions { base_filters: 8, ..UnetOptions::default() }).expect("the template"),
        theme,
    )
}

pub fn settle(harness: &mut Harness<'_, Aquila>) {
    for _ in 0..3000 {
        harness.step();
        if harness.state().is_settled() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(harness.state().is_settled(), "the picture did not come");
    // Panels have slid in by then: nothing moves under a click.
    harness.run_steps(16);
}

/// A line of 2 K at 4 km/s in the north-east corner of the sky, on noise-free zero, one blank.
pub fn cube() -> Cube {
    let mut values = Array3::from_shape_fn((16, 20, 24), |(z, y, x)| {
        let at = [(z as f32 - 8.0) / 3.0, (y as f32 - 14.0) / 4.0, (x as f32 - 6.0) / 4.0];
        2.0 * (-0.5 * at.iter().map(|a| a * a).sum::<f32>()).exp()
    });
    values[[0, 0, 0]] = f32::NAN;
    let mut header = Header::default();
    let cards = [
        ("CRPIX1", 12.5),
        ("CRPIX2", 10.5),
        ("CRPIX3", 9.0),
        ("CRVAL1", 51.0),
        ("CRVAL2", 30.5),
        ("CRVAL3", 4000.0),
        ("CDELT1", -0.01),
        ("CDELT2", 0.01),
        ("CDELT3", 200.0),
        ("RESTFRQ", 110.2013543e9),
    ];
    for (key, text) in [
        ("CTYPE1", "RA---TAN"),
        ("CTYPE2", "DEC--TAN"),
        ("CTYPE3", "VRAD"),
        ("CUNIT3", "m/s"),
        ("OBJECT", "L1448"),
    ] {
        header.set_text(key, text, "");
    }
    for (key, value) in cards {
        header.set(key, CardValue::Float(value), "");
    }
    Cube { name: "cube".into(), values, unit: "K".into(), header }
}

pub fn file() -> PathBuf {
    let path = tempfile::tempdir().expect("a folder").keep().join("cube.fits");
    fits::write_cube(&path, &cube()).expect("written");
    path
}

pub fn opened(path: &Path) -> Harness<'static, Aquila> {
    let mut harness = window(Theme::Dark);
    harness.state_mut().state_mut().request_open(path);
    harness.run_steps(2);
    settle(&mut harness);
    harness
}

/// The record of the first cube in the session.
pub fn kept(harness: &mut Harness<'_, Aquila>) -> serde_json::Value {
    let folder = harness.state().state().project.as_ref().expect("a project").folder.clone();
    let context = harness.ctx.clone();
    harness.state_mut().leave(&context);
    let session = Session::read(&folder).expect("readable").expect("written");
    session.views["volume"]["cubes"][0].clone()
}

#[test]
fn a_cube_opens_in_three_dimensions_with_its_object_and_its_line() {
    let path = file();
    let harness = opened(&path);
    assert_eq!(harness.state().state().workspace, Workspace::Volume);
    assert!(harness.query_by_label("L1448 ¹³CO (1–0)").is_some());
    assert!(harness.query_by_label_contains("24 × 20 × 16 · full resolution").is_some());
}

#[test]
fn a_drag_turns_the_cube_and_the_session_keeps_camera_mode_and_layers() {
    let path = file();
    let mut harness = opened(&path);
    let middle = harness.get_by_label("Cube").rect().center();
    drag(&mut harness, middle, middle + vec2(80.0, 0.0));
    harness.get_by_label("Maximum").click();
    harness.run_steps(2);
    harness.get_by_label("Isosurface").click();
    harness.get_by_label("Slices").click();
    harness.run_steps(2);
    settle(&mut harness);
    let record = kept(&mut harness);
    let scene = &record["look"]["scene"];
    assert_eq!(scene["mode"]["mode"], "maximum");
    assert!(
        scene["view"]["azimuth_deg"].as_f64().expect("a number") < 20.0,
        "turned by a good part of a circle: {scene}"
    );
    assert_eq!(scene["surfaces"].as_array().map(Vec::len), Some(1));
    assert_eq!(scene["slices"].as_array().map(Vec::len), Some(1));
}

#[test]
fn keyframes_are_added_played_once_and_kept() {
    let path = file();
    let mut harness = opened(&path);
    let press = |harness: &mut Harness<'_, Aquila>, label: &str| {
        harness.get_by_label_contains(label).click_accesskit();
        harness.run_steps(2);
    };
    press(&mut harness, "Add this view");
    let middle = harness.get_by_label("Cube").rect().center();
    drag(&mut harness, middle, middle + vec2(90.0, 0.0));
    press(&mut harness, "Add this view");
    press(&mut harness, "  Play");
    assert!(harness.query_by_label_contains("  Pause").is_some(), "it plays");
    settle(&mut harness);
    assert!(harness.query_by_label_contains("  Play").is_some(), "it has ended");
    let look = &kept(&mut harness)["look"];
    let keys = look["export"]["keyframes"]["keyframes"].as_array().expect("keyframes").clone();
    assert_eq!(keys.len(), 2);
    assert_ne!(keys[0]["view"]["azimuth_deg"], keys[1]["view"]["azimuth_deg"]);
    assert_eq!(look["scene"]["view"], keys[1]["view"], "the camera is back where it was");
}

#[test]
fn a_cube_that_is_cut_off_says_so_where_the_picture_would_be() {
    let path = file();
    let bytes = std::fs::read(&path).expect("readable");
    std::fs::write(&path, &bytes[..bytes.len() - 20_000]).expect("written");
    let mut harness = window(Theme::Dark);
    // The header names a cube: it belongs here.
    harness.state_mut().state_mut().request_open_in(&path, Workspace::Volume);
    harness.run_steps(2);
    settle(&mut harness);
    assert!(harness.query_by_label_contains("was not opened").is_some());
    assert!(harness.query_by_label_contains("Try again").is_some());
}

#[test]
fn a_cube_opens_as_maps_when_asked_for_and_a_map_in_clouds() {
    let path = file();
    let mut harness = window(Theme::Dark);
    harness.state_mut().state_mut().request_open_in(&path, Workspace::Clouds);
    harness.run_steps(2);
    settle(&mut harness);
    assert_eq!(harness.state().state().workspace, Workspace::Clouds);
    harness.get_by_label_contains("Fly through it in Volume").click();
    harness.run_steps(2);
    settle(&mut harness);
    assert_eq!(harness.state().state().workspace, Workspace::Volume);
}

/// What the picture shows is where the sky has it: north up, east left, so a line in the north-east is at the upper left.
#[test]
fn a_cube_face_on_is_as_the_sky_is_seen_in_both_themes() {
    for theme in [Theme::Dark, Theme::Light] {
        let path = file();
        let mut harness = window(theme);
        harness.state_mut().state_mut().request_open(&path);
        harness.run_steps(2);
        settle(&mut harness);
        harness.get_by_label("Face on: sky").click();
        harness.run_steps(20);
        settle(&mut harness);
        let rect = harness.get_by_label("Cube").rect();
        let picture = harness.render().expect("a picture");
        let light = |x: f32, y: f32| {
            let at = rect.center() + vec2(x, y) * 0.3 * rect.height();
            let [r, g, b, _] = picture.get_pixel(at.x as u32, at.y as u32).0;
            u32::from(r) + u32::from(g) + u32::from(b)
        };
        let [line, opposite] = [light(-0.55, -0.4), light(0.55, 0.4)];
        assert!(line > opposite + 100, "{theme:?}: {line} in the north-east, {opposite} in the south-west");
    }
}

/// Mode and range are taken back and done again by the keys, and the camera stays where it was turned to.
#[test]
fn a_change_of_the_look_is_taken_back_and_done_again() {
    let mut harness = opened(&file());
    harness.run_steps(30);
    harness.get_by_label("Maximum").click();
    harness.run_steps(30);
    let middle = harness.get_by_label("Cube").rect().center();
    drag(&mut harness, middle, middle + vec2(80.0, 0.0));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(4);
    settle(&mut harness);
    let scene = kept(&mut harness)["look"]["scene"].clone();
    assert_eq!(scene["mode"]["mode"], "absorption");
    assert!(scene["view"]["azimuth_deg"].as_f64().expect("a number") < 20.0, "{scene}");
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    harness.run_steps(4);
    settle(&mut harness);
    assert_eq!(kept(&mut harness)["look"]["scene"]["mode"]["mode"], "maximum");
}

#[test]
fn the_arms_at_the_corner_and_the_keys_move_the_camera() {
    let mut harness = opened(&file());
    harness.get_by_label("Look from the side of growing Dec").click();
    harness.run_steps(30);
    settle(&mut harness);
    let view = kept(&mut harness)["look"]["scene"]["view"].clone();
    assert_eq!((view["elevation_deg"].as_f64(), view["azimuth_deg"].as_f64()), (Some(90.0), Some(0.0)));
    let middle = harness.get_by_label("Cube").rect().center();
    harness.hover_at(middle);
    harness.run_steps(2);
    harness.key_press(Key::F);
    harness.run_steps(30);
    harness.key_press(Key::H);
    harness.run_steps(2);
    settle(&mut harness);
    let look = kept(&mut harness)["look"].clone();
    assert_eq!(look["overlay"]["visible"], false);
    let moved = look["scene"]["view"]["target"][0].as_f64().expect("a number");
    assert!(moved < -0.05, "the line in the east is in the middle of the picture: {moved}");
}
