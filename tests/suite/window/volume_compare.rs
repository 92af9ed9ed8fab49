//! Two cubes against each other in the Volume workspace: the arrangements of their pictures, cubes made of both, the colours of the
//! radiative transfer.

use super::volume::{cube, file, kept, opened, settle};
use super::{drag, window_on};
use aquila::app::Aquila;
use aquila::blueprint::{UnetOptions, template};
use aquila::io::{self, fits};
use aquila::project::Session;
use egui::{Event, Key, Modifiers, Pos2, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use std::path::PathBuf;

/// A truth of 2 K at most and a prediction of half of it, with the prediction in front.
fn both() -> Harness<'static, Aquila> {
    let truth = file();
    let mut half = cube();
    half.values *= 0.5;
    let prediction = tempfile::tempdir().expect("a folder").keep().join("prediction.fits");
    fits::write_cube(&prediction, &half).expect("written");
    let mut harness = opened(&truth);
    harness.state_mut().state_mut().request_open(&prediction);
    harness.run_steps(2);
    settle(&mut harness);
    harness
}

fn click(harness: &mut Harness<'_, Aquila>, label: &str) {
    harness.get_by_label(label).scroll_to_me();
    harness.run_steps(4);
    harness.get_by_label(label).click();
    harness.run_steps(2);
    settle(harness);
}

fn made(harness: &Harness<'_, Aquila>) -> Vec<PathBuf> {
    let folder = harness.state().state().project.as_ref().expect("a project").folder.join("differences");
    std::fs::read_dir(folder).expect("the folder").filter_map(|entry| Some(entry.ok()?.path())).collect()
}

/// Red, green and blue together at a point.
fn light(harness: &mut Harness<'_, Aquila>, at: Pos2) -> u32 {
    let picture = harness.render().expect("a picture");
    picture.get_pixel(at.x as u32, at.y as u32).0[..3].iter().map(|&part| u32::from(part)).sum()
}

#[test]
fn two_cubes_stand_side_by_side_and_their_difference_is_a_third() {
    let mut harness = both();
    click(&mut harness, "Side by side");
    let (left, right) = (harness.get_by_label("Cube").rect(), harness.get_by_label("Other cube").rect());
    assert!((left.width() - right.width()).abs() < 2.0 && left.right() <= right.left());
    click(&mut harness, "Numbers");
    // log10(1/2), wherever the line is.
    assert!(harness.query_by_label("0.301 dex").is_some());
    click(&mut harness, "Make cube");
    let files = made(&harness);
    assert_eq!(files.len(), 1);
    let difference = io::read_cube(&files[0], None).expect("a cube");
    let least = difference.values.iter().copied().fold(0.0, f32::min);
    assert!((least + 1.0).abs() < 1e-3, "{least} K where the prediction is half of 2 K");
    assert!(harness.query_all_by_label("prediction − cube.fits").count() >= 2, "in the list and above it");
}

#[test]
fn the_curtain_is_dragged_and_a_key_blinks() {
    let mut harness = both();
    click(&mut harness, "Face on: sky");
    click(&mut harness, "Curtain");
    let rect = harness.get_by_label("Cube").rect();
    // The line is in the north-east, at the upper left.
    let line = rect.center() + vec2(-0.55, -0.4) * 0.3 * rect.height();
    let prediction = light(&mut harness, line);
    assert!(harness.query_by_label("Line between the cubes").is_some());
    drag(&mut harness, rect.center(), rect.center() - vec2(0.4 * rect.width(), 0.0));
    settle(&mut harness);
    let truth = light(&mut harness, line);
    assert!(truth > prediction + 20, "{truth} where the truth is uncovered, {prediction} before");
    // One key brings the other cube, in place, and takes it away.
    harness.event(Event::PointerMoved(rect.center() + vec2(0.0, 40.0)));
    harness.run_steps(2);
    let mut blink = || {
        harness.key_press_modifiers(Modifiers::NONE, Key::B);
        harness.run_steps(3);
        settle(&mut harness);
        light(&mut harness, line)
    };
    let (first, second) = (blink(), blink());
    assert!(first > second + 20, "the truth {first}, then the prediction {second}");
}

#[test]
fn a_mask_leaves_what_is_inside_and_the_session_keeps_the_arrangement() {
    let mut harness = both();
    click(&mut harness, "Made of both");
    click(&mut harness, "a inside mask b");
    click(&mut harness, "Make cube");
    let inside = io::read_cube(&made(&harness)[0], None).expect("a cube");
    // The truth is the mask: what is above 0.5 K there is above 0.25 K here.
    let least = inside.values.iter().copied().filter(|value| value.is_finite()).fold(f32::MAX, f32::min);
    assert!((0.25..0.3).contains(&least), "{least}");
    // What was made stands alone, until it is compared in turn.
    click(&mut harness, "Curtain");
    kept(&mut harness);
    let folder = harness.state().state().project.as_ref().expect("a project").folder.clone();
    let session = Session::read(&folder).expect("readable").expect("written");
    let compare = &session.views["volume"]["compare"];
    assert_eq!(compare["arrangement"], "curtain");
    assert_eq!(compare["measure"], "inside");
}

#[test]
fn the_radiative_transfer_is_coloured_over_what_can_come_out_until_the_user_says_otherwise() {
    let path = file();
    let mut harness = opened(&path);
    let range = |harness: &mut Harness<'_, Aquila>| {
        let range = kept(harness)["look"]["scene"]["transfer"]["range"].clone();
        [0, 1].map(|end| range[end].as_f64().expect("a number"))
    };
    let first = range(&mut harness);
    click(&mut harness, "Transfer");
    // Of an optical depth of one across the box no line gets near to the greatest source.
    let own = range(&mut harness);
    assert!(own[0] < own[1] && own[1] < 0.8 * first[1], "{own:?} with {first:?} for the values");
    click(&mut harness, "Source function");
    click(&mut harness, "one value");
    assert_eq!(range(&mut harness), [0.0, 10.0]);
    click(&mut harness, "Maximum");
    assert_eq!(range(&mut harness), first);
}

#[test]
fn alone_there_is_nothing_to_compare_with() {
    let mut harness = window_on(
        &template("unet", &UnetOptions { base_filters: 8, ..UnetOptions::default() }).expect("the template"),
        Theme::Light,
    );
    harness.state_mut().state_mut().request_open(file());
    harness.run_steps(2);
    settle(&mut harness);
    assert!(harness.query_by_label_contains("Open a second cube").is_some());
}
