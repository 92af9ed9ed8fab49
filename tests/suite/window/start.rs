//! The start page: templates by their cards, options before creating, an empty canvas, the project's own blueprints.

use super::window_on;
use aquila::app::Aquila;
use aquila::blueprint::{Blueprint, UnetOptions, analyse, template};
use egui::{Key, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use std::time::Duration;

fn settle(harness: &mut Harness<'_, Aquila>) {
    for _ in 0..600 {
        harness.step();
        if harness.state().is_settled() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    harness.run_steps(6);
}

/// The window on a small U-Net, with the start page open.
fn page() -> Harness<'static, Aquila> {
    let options = UnetOptions { base_filters: 8, ..UnetOptions::default() };
    let mut harness = window_on(&template("unet", &options).expect("the template"), Theme::Dark);
    harness.state_mut().state_mut().request(aquila::app::Command::NewBlueprint);
    harness.run_steps(4);
    settle(&mut harness);
    harness
}

fn document<'a>(harness: &'a Harness<'_, Aquila>) -> &'a Blueprint {
    harness.state().state().document.current().expect("a blueprint is open")
}

fn click(harness: &mut Harness<'_, Aquila>, label: &str) {
    harness.get_by_label_contains(label).click();
    harness.run_steps(4);
}

#[test]
fn a_template_is_opened_with_the_options_that_were_set() {
    let mut harness = page();
    harness.get_by_label("U-Net").click();
    harness.run_steps(4);
    let text = harness.query_all_by_label_contains("15").map(|node| format!("{node:?}")).collect::<String>();
    assert!(text.contains("681"), "the parameters of the defaults are shown");
    harness.get_by_label("Levels").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Text("3".to_owned()));
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    click(&mut harness, "Open on the canvas");
    let expected =
        template("unet", &UnetOptions { levels: 3, ..UnetOptions::default() }).expect("a template");
    assert_eq!(analyse(document(&harness)).parameters, analyse(&expected).parameters);
    assert!(harness.query_by_label("Blueprint canvas").is_some(), "the page makes room for the canvas");
}

#[test]
fn an_empty_canvas_keeps_the_changes_of_the_blueprint_before() {
    let mut harness = page();
    harness.state_mut().state_mut().document.act("rename", |blueprint| {
        blueprint.name = "Mine".to_owned();
        Ok(())
    });
    click(&mut harness, "Empty canvas");
    assert!(document(&harness).graph.blocks.is_empty());
    let folder = harness.state().state().project.as_ref().expect("a project").blueprints();
    let kept = aquila::blueprint::load(&folder.join("Mine, unsaved 1.blueprint.json")).expect("kept");
    assert_eq!(kept.name, "Mine");
}

#[test]
fn escape_leads_back_and_the_projects_own_blueprint_is_a_card() {
    let mut harness = page();
    assert!(harness.query_by_label("Blueprint canvas").is_none());
    assert!(harness.query_all_by_label("U-Net, 4 levels").next().is_some(), "the project's own is a card");
    harness.key_press(Key::Escape);
    harness.run_steps(4);
    assert!(harness.query_by_label("Blueprint canvas").is_some());
}
