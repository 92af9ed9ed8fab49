//! The inspector of a cube in the whole window: what is chosen there is drawn and kept.

use super::volume::{file, kept, opened, settle};
use aquila::app::Aquila;
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
