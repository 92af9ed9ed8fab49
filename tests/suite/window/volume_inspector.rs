//! The inspector of a cube in the whole window: what is chosen there is drawn and kept.

use super::press;
use super::volume::{file, kept, opened, settle};
use aquila::app::Aquila;
use egui::{Event, PointerButton, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

fn click(harness: &mut Harness<'_, Aquila>, label: &str) {
    harness.get_by_label(label).scroll_to_me();
    harness.run_steps(6);
    harness.get_by_label(label).click();
    harness.run_steps(16);
}

#[test]
fn the_radiative_transfer_has_its_form_and_what_is_chosen_is_kept() {
    let mut harness = opened(&file());
    harness.get_by_label("Transfer").click();
    harness.run_steps(16);
    assert!(harness.query_by_label("Opacity coefficient").is_some(), "the form of the mode is there");
    click(&mut harness, "CMB");
    click(&mut harness, "Colour map magma");
    click(&mut harness, "glacier");
    settle(&mut harness);
    let record = kept(&mut harness);
    let scene = &record["look"]["scene"];
    assert_eq!(scene["mode"]["background"], 2.725);
    assert_eq!(scene["transfer"]["colours"], "glacier");
}

#[test]
fn slices_stand_across_the_axes_and_before_the_camera() {
    let mut harness = opened(&file());
    click(&mut harness, "Facing me");
    assert!(harness.query_by_label("Turn to face me").is_some());
    click(&mut harness, "Remove slice 1");
    click(&mut harness, "Slices");
    assert!(harness.query_by_label("Voxel of slice 1").is_some());
    settle(&mut harness);
    let record = kept(&mut harness);
    assert_eq!(record["look"]["scene"]["slices"][0]["plane"]["across"]["axis"], 2);
}

#[test]
fn a_section_that_is_folded_up_stays_so() {
    let mut harness = opened(&file());
    assert!(harness.query_by_label("Depth").is_some());
    click(&mut harness, "APPEARANCE");
    assert!(harness.query_by_label("Depth").is_none());
    let folder = harness.state().state().project.as_ref().expect("a project").folder.clone();
    let context = harness.ctx.clone();
    harness.state_mut().leave(&context);
    let session = aquila::project::Session::read(&folder).expect("readable").expect("written");
    assert_eq!(session.views["volume"]["folded"], serde_json::json!(["APPEARANCE"]));
}

/// As in DS9: the right button over the curve moves the range to the right and narrows it upwards; a click on the line adds a point.
#[test]
fn the_curve_takes_contrast_and_points() {
    let mut harness = opened(&file());
    let range = |harness: &mut Harness<'_, Aquila>| {
        let ends = kept(harness)["look"]["scene"]["transfer"]["range"].clone();
        [0, 1].map(|end| ends[end].as_f64().expect("a number"))
    };
    let before = range(&mut harness);
    let rect = harness.get_by_label("Opacity curve").rect();
    let from = rect.center() - vec2(0.0, 40.0);
    press(&mut harness, from, PointerButton::Secondary, true);
    for step in 1..=4 {
        harness.event(Event::PointerMoved(from + vec2(8.0, -4.0) * step as f32));
        harness.run_steps(1);
    }
    press(&mut harness, from + vec2(32.0, -16.0), PointerButton::Secondary, false);
    harness.run_steps(2);
    let after = range(&mut harness);
    assert!(after[0] > before[0] && after[1] - after[0] < before[1] - before[0], "{before:?} to {after:?}");
    // The line rises from corner to corner.
    press(&mut harness, rect.center() + vec2(0.0, 1.5), PointerButton::Primary, true);
    press(&mut harness, rect.center() + vec2(0.0, 1.5), PointerButton::Primary, false);
    harness.run_steps(2);
    let points = kept(&mut harness)["look"]["scene"]["transfer"]["opacity"].clone();
    assert_eq!(points.as_array().map(Vec::len), Some(3), "{points}");
}
