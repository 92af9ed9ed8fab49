//! Seeing inside, by mouse and keys alone: feature maps, weights and attribution of a network that was trained, and of one that was drawn
//! on an empty canvas a moment ago.

use super::{drag, press};
use aquila::app::{Aquila, Notices, Options};
use aquila::blueprint::{self, Blueprint, UnetOptions, template};
use aquila::job::Context;
use aquila::project::Project;
use aquila::recipe::{self, CloudSource, TrainingRecipe};
use aquila::training::{self, Live, Resume};
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A U-Net that trains in a second on tiny clouds.
fn network() -> Blueprint {
    let options = UnetOptions { levels: 2, base_filters: 8, height: 32, width: 32, ..UnetOptions::default() };
    template("unet", &options).expect("the template")
}

fn tiny() -> TrainingRecipe {
    let smoke = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/recipes/smoke-train.toml");
    let mut recipe: TrainingRecipe = recipe::read(&smoke).expect("the smoke recipe");
    recipe.data.clouds = CloudSource::seeds(3);
    recipe.training.epochs = 3;
    recipe.training.batch = 5;
    recipe
}

/// A project with this blueprint and the tiny recipe; the folder lives as long as the process.
fn project(blueprint: &Blueprint) -> Project {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let project = Project::create(&folder.join("project"), "Test").expect("a project");
    blueprint::save(blueprint, &project.blueprints().join("network.blueprint.json")).expect("saved");
    let text = recipe::write(&tiny()).expect("a recipe");
    std::fs::write(project.folder.join("train.toml"), text).expect("written");
    project
}

/// Trains the project's blueprint into its run `name`.
fn train(project: &Project, name: &str) -> PathBuf {
    let mut recipe = tiny();
    recipe.network.blueprint = Some(project.blueprints().join("network.blueprint.json"));
    let folder = project.runs().join(name);
    training::run(&recipe, &folder, Resume::No, &Context::unwatched(), &Live::unwatched()).expect("trained");
    folder
}

fn window(project: &Project, theme: Theme, size: [f32; 2]) -> Harness<'static, Aquila> {
    let options = Options {
        paths: vec![project.folder.clone()],
        theme: Some(theme),
        home: Some(project.folder.with_file_name("home")),
        ..Options::default()
    };
    let mut harness =
        Harness::builder().with_size(size).with_theme(theme).with_step_dt(0.02).build_eframe(|creation| {
            Aquila::new(&creation.egui_ctx, options, Notices::default()).expect("a window")
        });
    wait(&mut harness, "the project", |harness| {
        harness.state().state().document.current().is_some() && harness.state().is_settled()
    });
    harness.run_steps(4);
    harness
}

/// Steps until `done`, for half a minute at most.
fn wait(harness: &mut Harness<'_, Aquila>, what: &str, done: impl Fn(&Harness<'_, Aquila>) -> bool) {
    for _ in 0..3000 {
        harness.step();
        if done(harness) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{what} did not come");
}

fn has(harness: &Harness<'_, Aquila>, words: &str) -> bool {
    harness.query_all_by_label_contains(words).next().is_some()
}

fn click(harness: &mut Harness<'_, Aquila>, at: Pos2) {
    press(harness, at, PointerButton::Primary, true);
    press(harness, at, PointerButton::Primary, false);
    harness.run_steps(2);
}

fn double_click(harness: &mut Harness<'_, Aquila>, at: Pos2) {
    for _ in 0..2 {
        press(harness, at, PointerButton::Primary, true);
        press(harness, at, PointerButton::Primary, false);
    }
    harness.run_steps(3);
}

/// Ctrl+Shift+click.
fn peek(harness: &mut Harness<'_, Aquila>, port: Pos2) {
    let modifiers = Modifiers::COMMAND | Modifiers::SHIFT;
    harness.event(Event::PointerMoved(port));
    for pressed in [true, false] {
        let event = Event::PointerButton { pos: port, button: PointerButton::Primary, pressed, modifiers };
        harness.event_modifiers(event, modifiers);
        harness.step();
    }
}

fn select(harness: &mut Harness<'_, Aquila>, block: &str) {
    let at = harness.get_by_label_contains(&format!("{block}, ")).rect().center();
    click(harness, at);
}

#[test]
fn a_selected_block_shows_its_feature_maps() {
    let project = project(&network());
    train(&project, "first");
    let mut harness = window(&project, Theme::Dark, [1200.0, 1400.0]);
    select(&mut harness, "Encoder 1");
    wait(&mut harness, "the gallery", |harness| has(harness, "channel 8, "));
    assert!(has(&harness, "8 channels"));
}

#[test]
fn a_port_is_peeked_at() {
    let project = project(&network());
    train(&project, "first");
    let mut harness = window(&project, Theme::Dark, [1200.0, 1400.0]);
    let port = harness.get_by_label("Encoder 1 output skip").rect().center();
    peek(&mut harness, port);
    // The skip is taken before the pooling: 32 × 32, not 16 × 16.
    wait(&mut harness, "the feature map", |harness| has(harness, "8 channels · 32 × 32"));
}

#[test]
fn a_convolution_shows_its_kernels() {
    let project = project(&network());
    train(&project, "first");
    let mut harness = window(&project, Theme::Dark, [1200.0, 1400.0]);
    select(&mut harness, "Bottleneck");
    let tab = harness.get_by_label("Weights").rect().center();
    click(&mut harness, tab);
    wait(&mut harness, "the kernels", |harness| has(harness, "32 × 16 × 3 × 3"));
    assert!(has(&harness, "filter 1, channel 16"));
}

#[test]
fn an_output_is_attributed_to_the_input() {
    let project = project(&network());
    train(&project, "first");
    let mut harness = window(&project, Theme::Dark, [1200.0, 1400.0]);
    select(&mut harness, "Head");
    let tab = harness.get_by_label("Attribution").rect().center();
    click(&mut harness, tab);
    wait(&mut harness, "the map", |harness| has(harness, "attribution to "));
}

fn middle(harness: &Harness<'_, Aquila>, label: &str) -> Pos2 {
    harness.get_by_label(label).rect().center()
}

/// Types into the menu that is open and takes the first offer.
fn choose(harness: &mut Harness<'_, Aquila>, text: &str) {
    harness.event(Event::Text(text.to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
}

/// Selects the block and types a number into the field of its inspector with this place from above.
fn set_number(harness: &mut Harness<'_, Aquila>, block: &str, place: usize, number: &str) {
    select(harness, block);
    harness.run_steps(4);
    let canvas = harness.get_by_label("Blueprint canvas").rect();
    let mut fields: Vec<Pos2> = harness
        .query_all_by_role(egui::accesskit::Role::SpinButton)
        .map(|node| node.rect().center())
        .filter(|at| at.x > canvas.right())
        .collect();
    fields.sort_by(|a, b| a.y.total_cmp(&b.y));
    click(harness, fields[place]);
    harness.event(Event::Text(number.to_owned()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
}

#[test]
fn from_an_empty_canvas_to_a_feature_map_by_clicks_alone() {
    let project = project(&Blueprint::new("From nothing"));
    let mut harness = window(&project, Theme::Dark, [1500.0, 1000.0]);
    // Drawn: each wire is dropped where the next block belongs.
    let canvas = harness.get_by_label("Blueprint canvas").rect();
    double_click(&mut harness, canvas.left_center() + vec2(60.0, -150.0));
    choose(&mut harness, "input");
    let ways = [
        ("Input", "convolution", vec2(60.0, 0.0)),
        ("Convolution", "relu", vec2(60.0, 60.0)),
        ("ReLU", "convolution", vec2(-200.0, 90.0)),
        ("Convolution 2", "output", vec2(60.0, 60.0)),
    ];
    for (before, kind, way) in ways {
        let port = middle(&harness, &format!("{before} output out"));
        drag(&mut harness, port, port + way);
        choose(&mut harness, kind);
    }
    // Sized: maps of 32 × 32 pixels come in, one comes out.
    set_number(&mut harness, "Input", 1, "32");
    set_number(&mut harness, "Input", 2, "32");
    set_number(&mut harness, "Convolution", 0, "4");
    set_number(&mut harness, "Convolution 2", 0, "1");
    // Looked into before it is trained, and said so.
    wait(&mut harness, "the untrained network", |harness| has(harness, "No run of this network yet"));
    // Trained.
    let button = harness.get_by_label_contains("  Train").rect().center();
    click(&mut harness, button);
    wait(&mut harness, "the training", |harness| harness.state().state().training.ended == 1);
    let outcome = harness.state().state().training.current.as_ref().and_then(|run| run.outcome.clone());
    assert!(matches!(outcome, Some(Ok(_))), "{outcome:?}");
    // Looked into.
    let port = middle(&harness, "Convolution output out");
    peek(&mut harness, port);
    wait(&mut harness, "the feature map", |harness| has(harness, "4 channels · 32 × 32 · epoch"));
    assert!(has(&harness, "Convolution · channel 1"));
}
