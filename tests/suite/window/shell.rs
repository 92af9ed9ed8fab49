//! The frame around the workspaces: palette, tabs, theme, panels, undo, opening files, the session.

use super::window_on;
use aquila::app::{Aquila, Workspace};
use aquila::blueprint::{self, Blueprint, UnetOptions, template};
use aquila::data::{CardValue, Header, Image};
use aquila::io::fits;
use egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use ndarray::Array2;
use std::path::PathBuf;
use std::time::Duration;

fn unet() -> Blueprint {
    template("unet", &UnetOptions { base_filters: 8, ..UnetOptions::default() }).expect("the template")
}

fn settle(harness: &mut Harness<'_, Aquila>) {
    for _ in 0..600 {
        harness.step();
        if harness.state().is_settled() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    harness.run_steps(12);
}

fn keys(harness: &mut Harness<'_, Aquila>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(12);
}

/// A ramp on the sky: 1, 2, 3, … cm⁻², north up, east left, one blank.
fn ramp() -> (PathBuf, usize) {
    let (rows, columns) = (24, 32);
    let mut values = Array2::from_shape_fn((rows, columns), |(y, x)| (y * columns + x + 1) as f32);
    values[[0, 0]] = f32::NAN;
    let mut header = Header::default();
    let cards = [
        ("CRPIX1", 16.5),
        ("CRPIX2", 12.5),
        ("CRVAL1", 51.0),
        ("CRVAL2", 30.5),
        ("CDELT1", -0.01),
        ("CDELT2", 0.01),
    ];
    header.set_text("CTYPE1", "RA---TAN", "");
    header.set_text("CTYPE2", "DEC--TAN", "");
    for (key, value) in cards {
        header.set(key, CardValue::Float(value), "");
    }
    let path = tempfile::tempdir().expect("a folder").keep().join("ramp.fits");
    let image = Image { name: "ramp".into(), values, unit: "cm-2".into(), header };
    fits::write_image(&path, &image).expect("written");
    (path, rows * columns)
}

#[test]
fn tabs_and_keys_switch_the_workspace() {
    let mut harness = window_on(&unet(), Theme::Dark);
    harness.get_by_label("Clouds").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state().workspace, Workspace::Clouds);
    keys(&mut harness, Modifiers::COMMAND, Key::Num4);
    assert_eq!(harness.state().state().workspace, Workspace::Runs);
}

#[test]
fn the_palette_finds_a_command_by_a_few_letters() {
    let mut harness = window_on(&unet(), Theme::Dark);
    keys(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::P);
    harness.event(egui::Event::Text("inspan".to_owned()));
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("Inspector panel").is_some());
    assert!(harness.state().state().panels.inspector);
    keys(&mut harness, Modifiers::NONE, Key::Enter);
    assert!(!harness.state().state().panels.inspector, "the command was carried out");
    assert!(harness.query_by_label_contains("Inspector panel").is_none(), "and the palette closed");
}

#[test]
fn the_theme_button_changes_light_for_dark() {
    let mut harness = window_on(&unet(), Theme::Dark);
    assert!(harness.ctx.global_style().visuals.dark_mode);
    harness.get_by_label("Dark or light").click();
    harness.run_steps(4);
    assert!(!harness.ctx.global_style().visuals.dark_mode);
}

#[test]
fn a_change_of_the_blueprint_is_undone_and_done_again() {
    let mut harness = window_on(&unet(), Theme::Dark);
    let before = harness.state().state().document.current().cloned();
    harness.state_mut().state_mut().document.act("rename", |blueprint| {
        blueprint.name = "Another".to_owned();
        Ok(())
    });
    harness.run_steps(2);
    let after = harness.state().state().document.current().cloned();
    assert_ne!(before, after);
    keys(&mut harness, Modifiers::COMMAND, Key::Z);
    assert_eq!(harness.state().state().document.current().cloned(), before);
    keys(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(harness.state().state().document.current().cloned(), after);
}

#[test]
fn an_opened_map_shows_its_statistics_and_its_coordinates() {
    let (path, pixels) = ramp();
    let mut harness = window_on(&unet(), Theme::Dark);
    harness.state_mut().state_mut().request_open(&path);
    harness.run_steps(2);
    settle(&mut harness);
    assert_eq!(harness.state().state().workspace, Workspace::Clouds);
    for text in ["2 cm⁻²", "768 cm⁻²", "36″"] {
        assert!(harness.query_all_by_label(text).next().is_some(), "the inspector lacks {text}");
    }
    assert_eq!(harness.query_all_by_label(&(pixels - 1).to_string()).count(), 1, "one pixel is blank");
    let map = harness.get_by_label("Map").rect();
    harness.hover_at(map.center());
    harness.run_steps(3);
    let readout = &harness.state().state().readout;
    assert!(
        readout.contains("cm⁻²") && readout.contains("RA 03ʰ2") && readout.contains("Dec +30°"),
        "{readout}"
    );
}

#[test]
fn a_damaged_file_says_what_is_wrong_where_the_map_would_be() {
    let path = tempfile::tempdir().expect("a folder").keep().join("broken.fits");
    std::fs::write(&path, b"SIMPLE  =                    T and nothing else").expect("written");
    let mut harness = window_on(&unet(), Theme::Dark);
    harness.state_mut().state_mut().request_open(&path);
    harness.run_steps(2);
    settle(&mut harness);
    assert!(harness.query_by_label_contains("was not opened").is_some());
    assert!(harness.query_by_label_contains("Try again").is_some());
}

#[test]
fn a_session_reopens_as_it_was_left() {
    let (path, _) = ramp();
    let mut harness = window_on(&unet(), Theme::Dark);
    harness.state_mut().state_mut().request_open(&path);
    harness.run_steps(2);
    settle(&mut harness);
    keys(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::J);
    assert!(!harness.state().state().panels.drawer);
    let folder = harness.state().state().project.as_ref().expect("a project").folder.clone();
    let context = harness.ctx.clone();
    harness.state_mut().leave(&context);
    let session = aquila::project::Session::read(&folder).expect("readable").expect("written");
    assert_eq!(session.workspace, "clouds");
    assert!(!session.panels.drawer);
    assert!(session.open_files.iter().any(|file| file.path == path));
    assert_eq!(session.blueprint, Some("blueprints/network.blueprint.json".into()));
    assert!(blueprint::load(&folder.join("blueprints/network.blueprint.json")).is_ok());
}

#[test]
fn the_map_is_drawn_as_the_sky_is_seen() {
    let (path, _) = ramp();
    let mut harness = window_on(&unet(), Theme::Dark);
    harness.state_mut().state_mut().request_open(&path);
    harness.run_steps(2);
    settle(&mut harness);
    let picture = harness.render().expect("a picture");
    let map = harness.get_by_label("Map").rect();
    let at = |x: f32, y: f32| picture.get_pixel(x as u32, y as u32).0;
    let light = |[r, g, b, _]: [u8; 4]| u32::from(r) + u32::from(g) + u32::from(b);
    // The ramp grows with the row: the top of the map, which is north, is the brighter end.
    let middle = map.center().x - 42.0;
    assert!(light(at(middle, map.top() + 60.0)) > light(at(middle, map.bottom() - 60.0)) + 100);
}
