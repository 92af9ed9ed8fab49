//! The outside of the program: exit codes, what goes to which stream, one clear line for a fault.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program with a home of its own and no display.
pub fn aquila(home: &Path, arguments: &[&str]) -> Output {
    aquila_with(home, arguments, &[])
}

/// As `aquila`, with settings of the environment.
pub fn aquila_with(home: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aquila"))
        .args(arguments)
        .env("AQUILA_HOME", home)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .envs(settings.iter().copied())
        .output()
        .expect("the program starts")
}

/// The one JSON object on standard output.
pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "standard output is not one JSON object ({error}): {}",
            String::from_utf8_lossy(&output.stdout)
        )
    })
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn wrong_usage_exits_2_and_a_fault_exits_1_with_one_line() {
    let home = tempfile::tempdir().expect("a folder");
    assert_eq!(aquila(home.path(), &["--fly"]).status.code(), Some(2));
    assert_eq!(aquila(home.path(), &["info"]).status.code(), Some(2));
    assert_eq!(aquila(home.path(), &["--theme", "dark", "doctor"]).status.code(), Some(2));
    // The flag for scripts may stand on either side of the command.
    let before = aquila(home.path(), &["--json", "doctor"]);
    assert_eq!(before.status.code(), Some(0), "{}", errors(&before));
    assert!(json(&before)["findings"].is_object());
    let missing = aquila(home.path(), &["info", "no-such-file.fits"]);
    assert_eq!(missing.status.code(), Some(1));
    let text = errors(&missing);
    assert!(text.contains("no-such-file.fits"), "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    assert!(missing.stdout.is_empty());
}

#[test]
fn without_a_display_the_window_says_so_in_one_line() {
    let home = tempfile::tempdir().expect("a folder");
    let output = aquila(home.path(), &[]);
    let text = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("make demo"), "{text}");
    assert_eq!(text.trim_end().lines().count(), 1, "{text}");
}

#[test]
fn doctor_names_a_remedy_for_each_fault() {
    let home = tempfile::tempdir().expect("a folder");
    let output = aquila(home.path(), &["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let answer = json(&output);
    let findings = answer["findings"].as_object().expect("findings");
    for key in ["version", "libtorch", "cuda", "graphics", "threads", "home", "temporary"] {
        assert!(findings[key]["found"].is_string(), "no finding {key}");
    }
    let faults = findings.values().filter(|finding| finding["remedy"].is_string()).count();
    assert_eq!(answer["faults"], faults);
}

#[test]
fn doctor_sees_a_folder_it_cannot_write() {
    let output = aquila(Path::new("/proc/aquila"), &["doctor", "--json"]);
    assert!(json(&output)["findings"]["home"]["remedy"].is_string());
}

#[test]
fn render_draws_a_cube_and_says_how_fast() {
    let home = tempfile::tempdir().expect("a folder");
    let (cube, out) = (home.path().join("cube.npy"), home.path().join("cube.png"));
    let values =
        ndarray::Array3::from_shape_fn((12, 16, 20), |(z, y, x)| if x > 9 { (z + y) as f32 } else { 0.0 });
    aquila::io::npy::write(&cube, &aquila::data::Values::F32(values.into_dyn())).expect("written");
    let (cube, path) = (cube.to_string_lossy(), out.to_string_lossy());
    let arguments =
        ["render", &cube, "--out", &path, "--size", "48x32", "--azimuth", "0", "--elevation", "0"];
    let output = aquila(home.path(), &[&arguments[..], &["--repeat", "2", "--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", errors(&output));
    let answer = json(&output);
    assert_eq!((&answer["width"], &answer["height"], &answer["level"]), (&48.into(), &32.into(), &1.into()));
    assert!(answer["ms_per_frame"].as_f64().expect("a time") > 0.0 && answer["adapter"].is_string());
    let picture =
        aquila::io::open(&out).expect("a PNG").values(0, &aquila::job::Context::unwatched()).expect("pixels");
    let pixels = picture.to_f64().expect("real numbers");
    // The bright half of the cube is at the right.
    let brightness = |column: usize| (0..32).map(|row| pixels[[row, column, 0]]).sum::<f64>();
    assert!(brightness(28) > 10.0 * brightness(19).max(1.0), "{} and {}", brightness(28), brightness(19));
    assert_eq!(
        aquila(home.path(), &["render", &cube, "--out", &path, "--size", "48"]).status.code(),
        Some(2)
    );
}
