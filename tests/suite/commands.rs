//! The outside of the program: exit codes, what goes to which stream, one clear line for a fault.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program with a home of its own and no display.
pub fn aquila(home: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aquila"))
        .args(arguments)
        .env("AQUILA_HOME", home)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
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
