//! The Runs workspace: overlaid curves on every axis, names and tags, the wastebasket and back, what differs, child runs.

use super::{press, window_on};
use aquila::app::{Aquila, Workspace};
use aquila::blueprint::{Blueprint, UnetOptions, template};
use aquila::job::Context;
use aquila::recipe::{self, CloudSource, TrainingRecipe};
use aquila::training::{self, Live, Resume, RunFolder};
use egui::{Key, Modifiers, PointerButton, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

fn unet() -> Blueprint {
    template("unet", &UnetOptions { base_filters: 8, ..UnetOptions::default() }).expect("the template")
}

/// A run of two epochs, trained once for all tests.
fn trained() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    RUN.get_or_init(|| {
        let smoke = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recipes/smoke-train.toml");
        let mut recipe: TrainingRecipe = recipe::read(&smoke).expect("the smoke recipe");
        recipe.data.clouds = CloudSource::seeds(3);
        (recipe.training.epochs, recipe.training.threads) = (2, recipe::Threads::Count(1));
        let folder = tempfile::tempdir().expect("a folder").keep().join("run");
        training::run(&recipe, &folder, Resume::No, &Context::unwatched(), &Live::unwatched())
            .expect("trained");
        folder
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("listed") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
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

/// The window on the runs `first` and `second`; the learning rate of the second is another.
fn window() -> (Harness<'static, Aquila>, PathBuf) {
    let mut harness = window_on(&unet(), Theme::Dark);
    let runs = harness.state().state().project.as_ref().expect("a project").runs();
    for name in ["first", "second"] {
        copy(trained(), &runs.join(name));
    }
    let path = RunFolder::new(runs.join("second")).recipe_path();
    let mut recipe: TrainingRecipe = recipe::read(&path).expect("a recipe");
    recipe.training.learning_rate = 0.5;
    std::fs::write(&path, recipe::write(&recipe).expect("text")).expect("written");
    // The list is read again when the project is.
    let folder = harness.state().state().project.as_ref().expect("a project").folder.clone();
    drop(harness);
    let options = aquila::app::Options {
        paths: vec![folder.clone()],
        workspace: Some(Workspace::Runs),
        theme: Some(Theme::Dark),
        home: Some(folder.with_file_name("home")),
        ..aquila::app::Options::default()
    };
    harness = Harness::builder().with_size([1280.0, 720.0]).with_step_dt(0.02).build_eframe(|creation| {
        Aquila::new(&creation.egui_ctx, options, aquila::app::Notices::default()).expect("a window")
    });
    for _ in 0..400 {
        harness.step();
        if harness.query_all_by_label("first").next().is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    // The files name the runs too.
    harness.state_mut().state_mut().panels.files = false;
    settle(&mut harness);
    (harness, runs)
}

fn click(harness: &mut Harness<'_, Aquila>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(6);
}

/// Where the table shows a run; the inspector on the right has the name too.
fn in_table(harness: &Harness<'_, Aquila>, name: &str) -> egui::Pos2 {
    let mut places = harness.query_all_by_label(name).map(|node| node.rect().center());
    places.find(|at| at.x < 700.0).expect("the run is in the table")
}

/// Clicks on a run in the table, with Ctrl.
fn choose_also(harness: &mut Harness<'_, Aquila>, name: &str) {
    let at = in_table(harness, name);
    harness.event(egui::Event::PointerMoved(at));
    for pressed in [true, false] {
        let modifiers = Modifiers::COMMAND | Modifiers::CTRL;
        harness.event_modifiers(
            egui::Event::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers },
            modifiers,
        );
        harness.step();
    }
    harness.run_steps(4);
}

fn choose(harness: &mut Harness<'_, Aquila>, name: &str) {
    let at = in_table(harness, name);
    press(harness, at, PointerButton::Primary, true);
    press(harness, at, PointerButton::Primary, false);
    harness.run_steps(4);
}

fn type_into(harness: &mut Harness<'_, Aquila>, label: &str, text: &str) {
    harness.get_by_label(label).focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.event(egui::Event::Text(text.to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    settle(harness);
}

#[test]
fn two_runs_are_overlaid_and_what_differs_is_told() {
    let (mut harness, _) = window();
    choose(&mut harness, "first");
    choose_also(&mut harness, "second");
    settle(&mut harness);
    assert!(harness.query_by_label("2 runs").is_some());
    assert!(
        harness.query_all_by_label("training.learning_rate").next().is_some(),
        "the setting that differs"
    );
    assert!(harness.query_all_by_label("0.5").next().is_some());
    assert!(harness.query_all_by_label_contains("The same network").next().is_some());
    for by in ["step", "time", "epoch"] {
        click(&mut harness, by);
    }
}

#[test]
fn a_run_is_renamed_and_tagged_and_found_by_its_tag() {
    let (mut harness, runs) = window();
    choose(&mut harness, "first");
    type_into(&mut harness, "name", "deep");
    assert!(runs.join("deep").is_dir() && !runs.join("first").exists());
    type_into(&mut harness, "tags", "13CO, long");
    assert_eq!(RunFolder::new(runs.join("deep")).read_info().expect("run.json").tags, ["13CO", "long"]);
    let filter = harness
        .query_all_by_label_contains("13CO")
        .find(|node| node.accesskit_node().role() == egui::accesskit::Role::Button);
    filter.expect("the tag as a filter").click();
    harness.run_steps(4);
    assert!(harness.query_all_by_label("second").next().is_none(), "only the tagged run is listed");
}

#[test]
fn a_name_that_is_taken_is_refused_with_the_reason() {
    let (mut harness, runs) = window();
    choose(&mut harness, "first");
    type_into(&mut harness, "name", "second");
    assert!(runs.join("first").is_dir());
    assert!(harness.query_all_by_label_contains("there is a folder of that name already").next().is_some());
}

#[test]
fn a_child_run_begins_with_its_parents_weights_and_stands_under_it() {
    let (mut harness, runs) = window();
    choose(&mut harness, "first");
    harness.get_by_label_contains("Continue…").click();
    harness.run_steps(4);
    assert!(harness.query_by_label_contains("of first, with its network").is_some());
    harness.get_by_label_contains("Train the child").click();
    harness.run_steps(4);
    settle(&mut harness);
    let names = std::fs::read_dir(&runs).expect("listed").flatten().map(|entry| entry.path());
    let child = names.into_iter().find(|run| !run.ends_with("first") && !run.ends_with("second"));
    let info = RunFolder::new(child.expect("a new run")).read_info().expect("run.json");
    assert_eq!(info.parent.expect("a parent").run, "first");
    settle(&mut harness);
    assert!(harness.query_all_by_label_contains("of first").next().is_some(), "the table names the parent");
}
