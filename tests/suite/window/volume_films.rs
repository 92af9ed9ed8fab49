//! Films in the window before they are shot, files that are dropped, and a session of cubes that reopens as it was left.

use super::volume::{cube, file, kept, opened, settle};
use super::{drag, window_on};
use aquila::app::{Aquila, Notices, Options, Workspace};
use aquila::blueprint::{UnetOptions, template};
use aquila::io::fits;
use aquila::project::Session;
use egui::{DroppedFile, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

fn press(harness: &mut Harness<'_, Aquila>, label: &str) {
    harness.get_by_label_contains(label).click_accesskit();
    harness.run_steps(2);
}

/// What the session would keep now; the window goes on.
fn look(harness: &mut Harness<'_, Aquila>) -> Value {
    kept(harness)["look"].clone()
}

#[test]
fn a_slice_flies_through_velocity_in_the_window_and_all_is_as_before_when_it_stops() {
    let path = file();
    let mut harness = opened(&path);
    press(&mut harness, "Through velocity");
    let play = harness.get_by_label_contains("  Play").rect();
    press(&mut harness, "  Play");
    harness.run_steps(5);
    let pause = harness.get_by_label_contains("  Pause").rect();
    assert_eq!(pause.min, play.min, "the button stays under the mouse");
    press(&mut harness, "  Pause");
    settle(&mut harness);
    let slices = look(&mut harness)["scene"]["slices"].clone();
    let plane = &slices[0]["plane"]["across"];
    assert_eq!(plane["axis"], 2, "{slices}");
    let place = plane["place"].as_f64().expect("a number");
    assert!(place > 0.0 && place < 0.5, "on its way: {place}");
    harness.get_by_label("Stop the film").click_accesskit();
    harness.run_steps(2);
    settle(&mut harness);
    assert_eq!(look(&mut harness)["scene"]["slices"], json!([]));
}

#[test]
fn whoever_takes_the_camera_during_a_film_keeps_it_and_the_rest_is_as_before() {
    let path = file();
    let mut harness = opened(&path);
    let before = look(&mut harness)["scene"].clone();
    press(&mut harness, "Through velocity");
    press(&mut harness, "  Play");
    harness.run_steps(5);
    let middle = harness.get_by_label("Cube").rect().center();
    drag(&mut harness, middle, middle + vec2(60.0, 0.0));
    settle(&mut harness);
    let after = look(&mut harness)["scene"].clone();
    assert_ne!(after["view"]["azimuth_deg"], before["view"]["azimuth_deg"]);
    assert_eq!(after["slices"], before["slices"]);
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn several_files_are_dropped_at_once_and_what_cannot_be_opened_is_said() {
    let mut harness = window_on(
        &template("unet", &UnetOptions { base_filters: 8, ..UnetOptions::default() }).expect("the template"),
        Theme::Dark,
    );
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let (first, second) = (at("first.fits"), at("second.fits"));
    for path in [&first, &second] {
        fits::write_cube(path, &cube()).expect("written");
    }
    std::fs::write(at("notes.fits"), "no FITS file").expect("written");
    let empty = at("empty");
    std::fs::create_dir(&empty).expect("a folder");
    for path in [&first, &at("notes.fits"), &empty, &at("gone.fits"), &second] {
        harness.input_mut().dropped_files.push(Arc::new(Dropped(path.clone())));
    }
    harness.run_steps(2);
    settle(&mut harness);
    harness.state_mut().state_mut().request(aquila::app::Command::ShowVolume);
    harness.run_steps(2);
    settle(&mut harness);
    let context = harness.ctx.clone();
    harness.state_mut().leave(&context);
    let state = harness.state().state();
    let project = state.project.as_ref().expect("a project").folder.clone();
    let session = Session::read(&project).expect("readable").expect("written");
    let cubes = session.views["volume"]["cubes"].as_array().expect("cubes").clone();
    let names: Vec<&str> = cubes.iter().filter_map(|cube| cube["path"].as_str()).collect();
    assert!(
        names.len() == 2 && names[0].ends_with("first.fits") && names[1].ends_with("second.fits"),
        "{names:?}"
    );
    let said: Vec<String> = state.notices.all().into_iter().map(|notice| notice.text).collect();
    let is_said = |words: &str| said.iter().any(|text| text.contains(words));
    assert!(is_said("no project, no run and no simulation") && is_said("there is no such file"), "{said:?}");
    assert!(state.recent.files.contains(&first) && state.recent.files.contains(&second));
}

/// The window on a project that exists.
fn window_on_project(folder: &Path) -> Harness<'static, Aquila> {
    let options = Options {
        paths: vec![folder.to_owned()],
        theme: Some(Theme::Dark),
        home: Some(folder.join("home")),
        ..Options::default()
    };
    let mut harness = Harness::builder()
        .with_size([1200.0, 700.0])
        .with_theme(Theme::Dark)
        .with_step_dt(0.02)
        .build_eframe(|creation| {
            Aquila::new(&creation.egui_ctx, options, Notices::default()).expect("a window")
        });
    for _ in 0..400 {
        harness.step();
        if harness.state().state().project.is_some() && harness.state().is_settled() {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    settle(&mut harness);
    harness
}

#[test]
fn a_session_of_cubes_reopens_as_it_was_left() {
    let (first, second) = (file(), file());
    let mut harness = opened(&first);
    harness.state_mut().state_mut().request_open(&second);
    harness.run_steps(2);
    settle(&mut harness);
    press(&mut harness, "Add this view");
    harness.get_by_label("Isosurface").click();
    harness.get_by_label("Slices").click();
    harness.run_steps(2);
    settle(&mut harness);
    let project = harness.state().state().project.as_ref().expect("a project").folder.clone();
    let context = harness.ctx.clone();
    harness.state_mut().leave(&context);
    drop(harness);

    // What is not within a click here is written into the record as the window writes it.
    let mut session = Session::read(&project).expect("readable").expect("written");
    let mut record = session.views["volume"].clone();
    record["compare"]["arrangement"] = json!("beside");
    record["compare"]["other"] = json!(0);
    let look = &mut record["cubes"][1]["look"];
    look["scene"]["clip"] = json!([[0.0, 0.75], [0.25, 1.0], [0.0, 1.0]]);
    look["scene"]["view"]["azimuth_deg"] = json!(123.0);
    // So near that the camera is not moved back for the narrower picture.
    look["scene"]["view"]["distance"] = json!(1.5);
    look["velocity_ratio"] = json!(1.5);
    look["looking"]["picked"] = json!([5, 14, 8]);
    look["looking"]["regions"] = json!([
        { "name": "core", "frame": "icrs", "shape": "circle", "centre": [51.05, 30.54], "radius": 90.0 }
    ]);
    let keys = look["export"]["keyframes"]["keyframes"].as_array_mut().expect("keyframes");
    let mut later = keys[0].clone();
    later["time_s"] = json!(3.5);
    keys.push(later);
    session.views.insert("volume".to_owned(), record.clone());
    session.write(&project).expect("written");

    let mut harness = window_on_project(&project);
    harness.state_mut().state_mut().request(aquila::app::Command::ShowVolume);
    harness.run_steps(2);
    settle(&mut harness);
    assert_eq!(harness.state().state().workspace, Workspace::Volume);
    let left = harness.get_by_label("Cube").rect();
    assert!(harness.query_by_label("Other cube").is_some_and(|other| other.rect().left() >= left.right()));
    let context = harness.ctx.clone();
    harness.state_mut().leave(&context);
    let again = Session::read(&project).expect("readable").expect("written").views["volume"].clone();
    let (was, is) = (&record["cubes"], &again["cubes"]);
    assert_eq!(was.as_array().map(Vec::len), is.as_array().map(Vec::len));
    for part in ["scene", "export", "looking", "velocity_ratio", "overlay"] {
        assert_eq!(was[1]["look"][part], is[1]["look"][part], "{part} of the cube in front");
    }
    // The camera of the other goes with the one in front.
    for part in ["export", "looking", "overlay"] {
        assert_eq!(was[0]["look"][part], is[0]["look"][part], "{part} of the cube beside it");
    }
    assert_eq!(again["compare"], record["compare"]);
}
