//! The pieces of the inspector by mouse and keys.

use super::{Subject, appearance, surfaces, transfer_editor};
use crate::app::theme;
use crate::figure::ColourMap;
use crate::volume::{Histogram, Lattice, OpacityPreset, Scene, Stretch};
use egui::{Event, Key, Modifiers, PointerButton, Pos2, Theme, vec2};
use egui_kittest::kittest::Queryable;
use egui_kittest::{Harness, SnapshotResults};
use ndarray::Array3;

struct State {
    scene: Scene,
    histogram: Histogram,
    has_faces: bool,
}

/// Noise of σ = 1 K about zero (the quantiles of a normal distribution by their logistic likeness), and a line up to 40 K.
fn state() -> State {
    let values = Array3::from_shape_fn((20, 20, 20), |(z, y, x)| {
        let index = (z * 400 + y * 20 + x) as f32;
        let part = (index * 0.618_034).fract().clamp(1e-3, 1.0 - 1e-3);
        if index < 400.0 { 0.1 * index } else { (part / (1.0 - part)).ln() / 1.702 }
    });
    let mut scene = Scene::of(&Lattice::new([20, 20, 20], [1.0; 3], (-4.0, 40.0)).expect("a lattice"));
    scene.transfer.range = (0.0, 20.0);
    State { scene, histogram: Histogram::of(values.view()), has_faces: false }
}

fn window(theme: Theme) -> Harness<'static, State> {
    let mut harness =
        Harness::builder().with_size([312.0, 620.0]).with_theme(theme).with_step_dt(0.02).build_ui_state(
            |ui, state: &mut State| {
                // Faces are there from the next frame on.
                if !std::mem::replace(&mut state.has_faces, true) {
                    theme::install(ui.ctx(), 1.0);
                    return;
                }
                let State { scene, histogram, .. } = state;
                let subject = Subject { histogram, unit: "K", range: (-4.0, 40.0) };
                egui::Frame::new().fill(theme::Tokens::of(ui).panel).inner_margin(12).show(ui, |ui| {
                    transfer_editor::show(ui, &mut scene.transfer, &subject);
                    transfer_editor::footer(ui, &mut scene.transfer, &subject);
                    appearance::scene(ui, scene, &subject);
                    surfaces::show(ui, scene, &subject);
                    ui.take_available_space();
                });
            },
            state(),
        );
    harness.run_steps(4);
    harness
}

fn press(harness: &mut Harness<'_, State>, at: Pos2, button: PointerButton, pressed: bool) {
    harness.event(Event::PointerMoved(at));
    harness.event(Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
    harness.step();
}

fn click(harness: &mut Harness<'_, State>, at: Pos2, button: PointerButton) {
    press(harness, at, button, true);
    press(harness, at, button, false);
    harness.run_steps(3);
}

fn drag(harness: &mut Harness<'_, State>, from: Pos2, to: Pos2) {
    press(harness, from, PointerButton::Primary, true);
    for step in 1..=5 {
        harness.event(Event::PointerMoved(from + (to - from) * (step as f32 / 5.0)));
        harness.step();
    }
    press(harness, to, PointerButton::Primary, false);
    harness.run_steps(3);
}

fn middle(harness: &Harness<'_, State>, label: &str) -> Pos2 {
    harness.get_by_label_contains(label).rect().center()
}

fn opacity<'a>(harness: &'a Harness<'_, State>) -> &'a [[f32; 2]] {
    &harness.state().scene.transfer.opacity
}

#[test]
fn points_are_added_dragged_nudged_and_taken_away() {
    let mut harness = window(Theme::Dark);
    let curve = harness.get_by_label("Opacity curve").rect();
    let at = curve.lerp_inside(vec2(0.5, 0.25));
    for _ in 0..2 {
        press(&mut harness, at, PointerButton::Primary, true);
        press(&mut harness, at, PointerButton::Primary, false);
    }
    harness.run_steps(3);
    assert_eq!(opacity(&harness).len(), 3, "a double click adds a point");
    let [place, before] = opacity(&harness)[1];
    assert!((place - 0.5).abs() < 0.02 && before > 0.6, "{:?}", opacity(&harness));

    drag(&mut harness, at, curve.lerp_inside(vec2(0.25, 0.7)));
    let [place, after] = opacity(&harness)[1];
    assert!((place - 0.25).abs() < 0.02 && after < 0.4, "{:?}", opacity(&harness));

    harness.key_press(Key::ArrowUp);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::ArrowRight);
    harness.run_steps(2);
    let [nudged, higher] = opacity(&harness)[1];
    assert!((nudged - place - 0.1).abs() < 1e-4 && (higher - after - 0.01).abs() < 1e-4);

    let at = middle(&harness, "Opacity point 2");
    drag(&mut harness, at, at + vec2(0.0, 300.0));
    assert_eq!(opacity(&harness).len(), 2, "a point dragged out is gone");
    let at = middle(&harness, "Opacity point 1");
    click(&mut harness, at, PointerButton::Secondary);
    assert_eq!(opacity(&harness).len(), 1, "the right button takes a point away");
    let at = middle(&harness, "Opacity point 1");
    click(&mut harness, at, PointerButton::Primary);
    harness.key_press(Key::Delete);
    harness.run_steps(2);
    assert_eq!(opacity(&harness).len(), 1, "the last one stays");
}

#[test]
fn the_range_follows_percentiles_noise_and_the_strip() {
    let mut harness = window(Theme::Dark);
    let at = middle(&harness, "Percentile of the low end");
    click(&mut harness, at, PointerButton::Primary);
    harness.event(Event::Text("50".into()));
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    let expected = harness.state().histogram.percentile(50.0).expect("values");
    assert_eq!(harness.state().scene.transfer.range, (expected, 20.0));

    harness.get_by_label("Low end at 3σ").click();
    harness.run_steps(3);
    let (low, _) = harness.state().scene.transfer.range;
    assert!((low - 3.0).abs() < 0.3, "three times the noise of 1 K is {low}");

    let at = middle(&harness, "High end of the range");
    drag(&mut harness, at, at + vec2(-20.0, 0.0));
    let (kept, high) = harness.state().scene.transfer.range;
    assert!(kept == low && high < 20.0 && high > low, "{high}");
    let at = middle(&harness, "High end of the range");
    drag(&mut harness, at, at + vec2(-280.0, 0.0));
    let (low, high) = harness.state().scene.transfer.range;
    assert!(high > low, "the ends stay in order");
}

#[test]
fn a_colour_map_is_tried_on_under_the_mouse_and_taken_by_a_click() {
    let mut harness = window(Theme::Dark);
    let colours = |harness: &Harness<'_, State>| harness.state().scene.transfer.colours;
    let open = |harness: &mut Harness<'_, State>| {
        let at = middle(harness, "Colour map magma");
        click(harness, at, PointerButton::Primary);
    };
    open(&mut harness);
    let at = middle(&harness, "glacier");
    harness.hover_at(at);
    harness.run_steps(3);
    assert_eq!(colours(&harness), ColourMap::Glacier, "the one under the mouse is drawn");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert_eq!(colours(&harness), ColourMap::Magma, "nothing was taken");
    open(&mut harness);
    let at = middle(&harness, "viridis");
    click(&mut harness, at, PointerButton::Primary);
    assert_eq!(colours(&harness), ColourMap::Viridis);
    harness.get_by_label("Turn the colours round").click();
    harness.run_steps(2);
    assert!(harness.state().scene.transfer.reversed);
}

#[test]
fn surfaces_stand_at_multiples_of_the_noise() {
    let mut harness = window(Theme::Dark);
    harness.set_size(vec2(312.0, 1000.0));
    harness.run_steps(2);
    harness.get_by_label("5σ").click();
    harness.run_steps(3);
    let value = harness.state().scene.surfaces[0].value;
    assert!((value - 5.0).abs() < 0.5, "{value}");
    harness.state_mut().scene.surfaces[0].opacity = 0.4;
    harness.run_steps(2);
    let at = middle(&harness, "Opacity of isosurface 1");
    drag(&mut harness, at, at + vec2(400.0, 0.0));
    assert_eq!(harness.state().scene.surfaces[0].opacity, 1.0);
    let at = middle(&harness, "Noise multiple of isosurface 1");
    click(&mut harness, at, PointerButton::Primary);
    harness.event(Event::Text("3".into()));
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    let value = harness.state().scene.surfaces[0].value;
    assert!((value - 3.0).abs() < 0.3, "three times the noise of 1 K is {value}");
    // The mark on the histogram.
    let at = middle(&harness, "Level of isosurface 1");
    drag(&mut harness, at, at + vec2(60.0, 0.0));
    let dragged = harness.state().scene.surfaces[0].value;
    assert!(dragged > value + 1.0, "{dragged}");
    harness.get_by_label("Hide isosurface 1").click();
    harness.run_steps(3);
    assert!(!harness.state().scene.surfaces[0].shown);
    harness.get_by_label("Remove isosurface 1").click();
    harness.run_steps(3);
    assert!(harness.state().scene.surfaces.is_empty());
    harness.get_by_label("Contour shells").click();
    harness.run_steps(3);
    let shells = &harness.state().scene.surfaces;
    assert!(shells.len() == 4 && shells.is_sorted_by(|a, b| a.value < b.value && a.opacity < b.opacity));
}

#[test]
fn the_pieces_look_as_they_did() {
    let mut results = SnapshotResults::new();
    for (theme, name) in [(Theme::Dark, "inspector-volume-dark"), (Theme::Light, "inspector-volume-light")] {
        let mut harness = window(theme);
        let scene = &mut harness.state_mut().scene;
        scene.transfer.stretch = Stretch::Asinh { softening: 0.1 };
        scene.transfer.opacity = OpacityPreset::Faint.points(0.5);
        harness.run_steps(4);
        results.add(harness.try_snapshot(name));
    }
}
