//! `aquila blueprint new` and `check`, as scripts call them.

use aquila::blueprint::{load, save};
use serde_json::{Value, json};
use std::process::{Command, Output};

fn aquila(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aquila"))
        .arg("blueprint")
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn answer(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object on standard output")
}

#[test]
fn new_writes_what_check_accepts_and_check_says_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("u.blueprint.json");
    let file = path.to_str().expect("a plain path");

    let new = aquila(&["new", "unet", "--out", file, "--double", "--height", "64", "--width", "96"]);
    assert!(new.status.success(), "{}", String::from_utf8_lossy(&new.stderr));
    assert!(new.stdout.is_empty());
    let check = aquila(&["check", file, "--json"]);
    assert_eq!(check.status.code(), Some(0));
    let said = answer(&check);
    assert_eq!(said["valid"], json!(true));
    assert_eq!(said["parameters"], json!(31_393_901));
    assert!(said["multiply_adds"].as_u64() > Some(1_000_000_000));
    assert_eq!(said["errors"], json!([]));
    assert_eq!(said["outputs"], json!([{"name": "Density", "shape": [1, 64, 96]}]));

    let mut document = load(&path).expect("just written");
    let input = &mut document.graph.blocks[0].parameters;
    input.insert("height".to_owned(), 130.into());
    save(&document, &path).expect("a writable folder");
    let check = aquila(&["check", file, "--json"]);
    assert_eq!(check.status.code(), Some(1));
    let said = answer(&check);
    assert_eq!((&said["valid"], &said["outputs"]), (&json!(false), &json!([])));
    let error = &said["errors"][0];
    assert_eq!(
        (&error["block"], &error["port"], &error["kind"]),
        (&json!("Encoder 2/Pool"), &json!("in"), &json!("size-not-divisible"))
    );
    assert!(error["fix"].as_str().is_some_and(|fix| fix.contains("128 or 144")), "{error}");

    std::fs::write(&path, "{}").expect("a writable folder");
    let check = aquila(&["check", file, "--json"]);
    assert_eq!(check.status.code(), Some(1));
    assert_eq!(answer(&check)["errors"][0]["kind"], json!("unreadable"));
}

#[test]
fn wrong_usage_says_what_there_is() {
    let unknown = aquila(&["new", "vgg", "--out", "never-written.json"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("unet"));
    let levels = aquila(&["new", "unet", "--levels", "99", "--out", "never-written.json"]);
    assert_eq!(levels.status.code(), Some(2));
    let said = String::from_utf8_lossy(&levels.stderr).into_owned();
    assert!(said.contains("“levels” takes a whole number from 1 to 8, not 99"), "{said}");
    let foreign = aquila(&["new", "completeness-physical", "--levels", "3", "--out", "never-written.json"]);
    assert_eq!(foreign.status.code(), Some(2));
    let said = String::from_utf8_lossy(&foreign.stderr).into_owned();
    assert!(said.contains("no option “levels”; it has: inputs, hidden, layers"), "{said}");
    let absent = aquila(&["check", "not-there.blueprint.json"]);
    assert_eq!(absent.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&absent.stderr).contains("not-there.blueprint.json"));
}
