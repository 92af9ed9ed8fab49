//! Whoever does not see the screen, or uses no mouse: every control of the Volume workspace has a name and takes the focus.

use super::volume::{cube, file, kept, opened, settle};
use aquila::app::Aquila;
use aquila::io::fits;
use egui::accesskit::{Action, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

/// Controls without words: of icons alone, or of nothing. With where they are, to be found.
fn unnamed(harness: &Harness<'_, Aquila>) -> Vec<String> {
    let roles = [
        Role::Button,
        Role::CheckBox,
        Role::RadioButton,
        Role::ComboBox,
        Role::Slider,
        Role::SpinButton,
        Role::TextInput,
        Role::ColorWell,
    ];
    let controls = harness.query_all_by(|node| roles.contains(&node.role()));
    let mut found = Vec::new();
    for control in controls {
        let node = control.accesskit_node();
        let label = node.label().unwrap_or_default();
        let takes_focus = node.is_disabled() || node.data().supports_action(Action::Focus);
        if !label.chars().any(char::is_alphanumeric) || !takes_focus {
            found.push(format!("{:?} {label:?} at {:?}", node.role(), control.rect()));
        }
    }
    found
}

#[test]
fn every_control_has_a_name_and_takes_the_focus() {
    let mut harness = opened(&file());
    for label in ["Isosurface", "Slices", "Clip box"] {
        harness.get_by_label(label).click();
        harness.run_steps(4);
    }
    for mode in ["Absorption", "Maximum", "Transfer"] {
        harness.get_by_label(mode).click();
        harness.run_steps(4);
        settle(&mut harness);
        assert_eq!(unnamed(&harness), Vec::<String>::new(), "in the mode {mode}");
    }
    let middle = harness.get_by_label("Cube").rect().center();
    super::press(&mut harness, middle, egui::PointerButton::Primary, true);
    super::press(&mut harness, middle, egui::PointerButton::Primary, false);
    settle(&mut harness);
    assert_eq!(unnamed(&harness), Vec::<String>::new(), "with a line of sight");
}

#[test]
fn a_line_is_chosen_and_its_velocities_are_kept() {
    let mut cube = cube();
    cube.header.remove("RESTFRQ");
    let path = tempfile::tempdir().expect("a folder").keep().join("cube.fits");
    fits::write_cube(&path, &cube).expect("written");
    let mut harness = opened(&path);
    let choose = |harness: &mut Harness<'_, Aquila>, list: &str, choice: &str| {
        harness.get_by_label(list).scroll_to_me();
        harness.run_steps(6);
        harness.get_by_label(list).click();
        harness.run_steps(16);
        // Not by the mouse: the list is longer than its window.
        harness.get_by_label(choice).click_accesskit();
        harness.run_steps(16);
        settle(harness);
    };
    assert!(harness.query_by_label("Needs the rest frequency of a line").is_none());
    choose(&mut harness, "Spectral unit", "frequency");
    assert!(harness.query_by_label("Needs the rest frequency of a line").is_some(), "said, not guessed");
    choose(&mut harness, "Line", "CS (2–1)");
    assert!(harness.query_by_label("Needs the rest frequency of a line").is_none());
    assert!(harness.query_by_label("L1448 CS (2–1)").is_some(), "the title follows");
    let record = kept(&mut harness);
    assert_eq!(record["look"]["spectral"]["rest_hz"], 97.980_953_3e9);
    assert_eq!(record["look"]["spectral"]["unit"], "frequency");
}
