//! The window by mouse and keys, drawn by the software Vulkan driver where a picture is compared.

mod canvas;
mod inspection;
mod keys;
mod runs;
mod shell;
mod start;
mod volume;
mod volume_compare;
mod volume_faults;
mod volume_films;
mod volume_inspector;
mod volume_looking;
mod volume_names;

use aquila::app::{Aquila, Notices, Options};
use aquila::blueprint::{self, Blueprint};
use aquila::project::Project;
use egui::{Event, Modifiers, PointerButton, Pos2, Theme};
use egui_kittest::Harness;
use std::time::Duration;

/// The window with a project that holds this blueprint. The folders live as long as the process.
pub fn window_on(blueprint: &Blueprint, theme: Theme) -> Harness<'static, Aquila> {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let project = Project::create(&folder.join("project"), "Test").expect("a project");
    blueprint::save(blueprint, &project.blueprints().join("network.blueprint.json")).expect("saved");
    let options = Options {
        paths: vec![project.folder],
        theme: Some(theme),
        home: Some(folder.join("home")),
        ..Options::default()
    };
    let mut harness =
        Harness::builder().with_size([1200.0, 700.0]).with_theme(theme).with_step_dt(0.02).build_eframe(
            |creation| Aquila::new(&creation.egui_ctx, options, Notices::default()).expect("a window"),
        );
    for _ in 0..400 {
        harness.step();
        if harness.state().state().document.current().is_some() && harness.state().is_settled() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    harness.run_steps(4);
    harness
}

pub fn press(harness: &mut Harness<'_, Aquila>, at: Pos2, button: PointerButton, pressed: bool) {
    harness.event(Event::PointerMoved(at));
    harness.event(Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
    harness.step();
}

/// Presses, moves in a few steps, lets go.
pub fn drag(harness: &mut Harness<'_, Aquila>, from: Pos2, to: Pos2) {
    press(harness, from, PointerButton::Primary, true);
    for step in 1..=5 {
        harness.event(Event::PointerMoved(from + (to - from) * (step as f32 / 5.0)));
        harness.step();
    }
    press(harness, to, PointerButton::Primary, false);
    harness.run_steps(3);
}
