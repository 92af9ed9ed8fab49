//! The page of keys: every action listed, a key changed by pressing the new one, a clash told, everything reset.

use super::window_on;
use aquila::app::Aquila;
use aquila::blueprint::{Blueprint, UnetOptions, template};
use aquila::project::Recent;
use egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

fn window() -> Harness<'static, Aquila> {
    let options = UnetOptions { base_filters: 8, ..UnetOptions::default() };
    window_on(&template("unet", &options).expect("the template"), Theme::Dark)
}

fn open_page(harness: &mut Harness<'_, Aquila>, search: &str) {
    harness.get_by_label_contains("Aquila").click();
    harness.run_steps(4);
    harness.get_by_label_contains("Edit").hover();
    harness.run_steps(4);
    harness.get_by_label_contains("Edit").click();
    harness.run_steps(4);
    harness.get_by_label_contains("Keys…").click();
    harness.run_steps(6);
    harness.event(egui::Event::Text(search.to_owned()));
    harness.run_steps(4);
}

fn click(harness: &mut Harness<'_, Aquila>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(4);
}

fn press(harness: &mut Harness<'_, Aquila>, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(4);
}

fn blocks(harness: &Harness<'_, Aquila>) -> usize {
    harness.state().state().document.current().map_or(0, |blueprint: &Blueprint| blueprint.graph.blocks.len())
}

#[test]
fn a_key_is_changed_by_pressing_the_new_one_and_the_canvas_goes_by_it() {
    let mut harness = window();
    open_page(&mut harness, "select all");
    assert!(harness.query_by_label("Reset Rename").is_none(), "the search narrows the list");
    click(&mut harness, "Add a key to Select all");
    press(&mut harness, Modifiers::ALT, Key::W);
    click(&mut harness, "Done");
    let keys = &harness.state().state().recent.keys;
    assert_eq!(keys["CanvasSelectAll"], ["Ctrl+A", "A", "Alt+W"]);
    let before = blocks(&harness);
    let middle = harness.get_by_label("Blueprint canvas").rect().center();
    harness.hover_at(middle);
    harness.run_steps(2);
    press(&mut harness, Modifiers::ALT, Key::W);
    press(&mut harness, Modifiers::SHIFT, Key::D);
    assert_eq!(blocks(&harness), 2 * before, "all blocks were selected and duplicated");
}

#[test]
fn a_clash_is_told_and_the_key_taken_only_when_asked() {
    let mut harness = window();
    open_page(&mut harness, "next fault");
    click(&mut harness, "Key of Next fault");
    press(&mut harness, Modifiers::NONE, Key::F2);
    assert!(harness.query_by_label_contains("F2 is the key of Rename").is_some());
    assert!(harness.state().state().recent.keys.is_empty(), "nothing changes before the answer");
    click(&mut harness, "Take it");
    let keys = &harness.state().state().recent.keys;
    assert_eq!(keys["CanvasNextFault"], ["F2"]);
    assert_eq!(keys["CanvasRename"], Vec::<String>::new());
    click(&mut harness, "Reset all");
    assert!(harness.state().state().recent.keys.is_empty());
}

#[test]
fn a_changed_key_is_kept_for_the_next_start() {
    let mut harness = window();
    open_page(&mut harness, "reduce motion");
    click(&mut harness, "Add a key to Reduce motion");
    // The key that is awaited does nothing else.
    press(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::Y);
    assert!(!harness.state().state().recent.reduce_motion);
    click(&mut harness, "Done");
    press(&mut harness, Modifiers::COMMAND | Modifiers::SHIFT, Key::Y);
    assert!(harness.state().state().recent.reduce_motion);
    let project = harness.state().state().project.as_ref().expect("a project").folder.clone();
    let home = project.parent().expect("its folder").join("home");
    let kept = Recent::read(&home).expect("the settings");
    assert_eq!(kept.keys["ReduceMotion"], ["Ctrl+Shift+Y"]);
}
