//! The walls: a room names only rooms below it, and a crate is named only in its rooms.
//! The table here and the one in ARCHITECTURE.md change together.

use std::fs;
use std::path::{Path, PathBuf};

/// Room, floor, and the rooms of its own floor that it may name.
const ROOMS: &[(&str, u8, &[&str])] = &[
    ("data", 1, &[]),
    ("figure", 1, &["data", "io"]),
    ("io", 1, &["data", "job", "units"]),
    ("job", 1, &[]),
    ("units", 1, &[]),
    ("blueprint", 2, &[]),
    ("cloud", 2, &[]),
    ("inspection", 3, &["network", "recipe", "training"]),
    ("network", 3, &[]),
    ("recipe", 3, &[]),
    ("training", 3, &["network", "recipe"]),
    ("project", 3, &["recipe"]),
    ("volume", 3, &[]),
    ("app", 4, &[]),
    ("cli", 4, &["app"]),
];

/// Crate, and the rooms that may name it. A crate that is not listed is common currency.
const CRATES: &[(&str, &[&str])] = &[
    ("egui", &["app"]),
    ("eframe", &["app"]),
    ("egui_extras", &["app"]),
    ("egui_plot", &["app"]),
    ("egui_tiles", &["app"]),
    ("egui_phosphor", &["app"]),
    ("rfd", &["app"]),
    ("wgpu", &["volume", "app"]),
    ("three_d_asset", &["volume"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("ctrlc", &["cli"]),
    ("toml", &["recipe", "project"]),
    ("tch", &["network", "training", "inspection"]),
    ("safetensors", &["network", "training"]),
    ("prost", &["network"]),
    ("zip", &["network"]),
    ("fitsio", &["io"]),
    ("hdf5_metno", &["io"]),
    ("npyz", &["io"]),
    ("image", &["io"]),
    ("gif", &["io"]),
    ("csv", &["io"]),
    ("colorous", &["figure"]),
];

/// Every line of code (comments cut) of every source file, with its room.
fn lines() -> Vec<(String, PathBuf, usize, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src is readable") {
            let path = entry.expect("src is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let inner = path.strip_prefix(&source).expect("below src").to_path_buf();
                let first = inner.components().next().expect("a file has a name").as_os_str();
                let room = Path::new(first).with_extension("").to_string_lossy().into_owned();
                let text = fs::read_to_string(&path).expect("a source file is text");
                for (number, line) in text.lines().enumerate() {
                    let code = line.split("//").next().unwrap_or_default().to_owned();
                    found.push((room.clone(), inner.clone(), number + 1, code));
                }
            }
        }
    }
    assert!(found.len() > 1000, "the walls must see the house");
    found
}

/// The words that follow `prefix` in a line: `crate::data::Image` gives `data` for `crate::`; `{a::b, c}` gives both.
fn named_after(line: &str, prefix: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in line.match_indices(prefix) {
        let rest = &line[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => names.extend(list.split(['{', '}', ',']).map(|part| leading_word(part.trim()))),
            None => names.push(leading_word(rest)),
        }
    }
    names
}

fn leading_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn names_crate(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + name.len()..];
        let starts =
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':' || c == '"' || c == '.');
        let alone = after.starts_with("::")
            || (line.trim_start().starts_with("use ") && after.starts_with([';', ' ']));
        starts && alone
    })
}

#[test]
fn imports_point_down() {
    let room_of = |name: &str| ROOMS.iter().find(|(room, ..)| *room == name);
    let mut broken = Vec::new();
    for (room, file, number, line) in lines() {
        if room == "lib" || room == "main" {
            continue;
        }
        let Some((_, floor, neighbours)) = room_of(&room) else {
            panic!("src/{} is in no room of the table", file.display());
        };
        for named in named_after(&line, "crate::") {
            let Some((_, other, _)) = room_of(&named) else { continue };
            if named != room && (other > floor || (other == floor && !neighbours.contains(&named.as_str()))) {
                broken.push(format!("src/{}:{number}: {room} names {named}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "arrows that do not point down:\n{}", broken.join("\n"));
}

#[test]
fn crates_stay_in_their_rooms() {
    let lines = lines();
    // A room may have a module of the same name as a crate; then the name means the module.
    let own_module = |file: &PathBuf, name: &str| {
        lines
            .iter()
            .any(|(_, other, _, line)| other == file && line.trim().ends_with(&format!("mod {name};")))
    };
    let mut broken = Vec::new();
    for (room, file, number, line) in &lines {
        for (name, rooms) in CRATES {
            if !rooms.contains(&room.as_str()) && names_crate(line, name) && !own_module(file, name) {
                broken.push(format!("src/{}:{number}: {name} named in {room}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "crates named outside their rooms:\n{}", broken.join("\n"));
}

#[test]
fn the_walls_would_notice() {
    assert_eq!(named_after("use crate::data::Image;", "crate::"), ["data"]);
    assert!(named_after("use crate::{io, app::theme};", "crate::").contains(&"app".to_owned()));
    assert!(names_crate("let x = tch::Tensor::new();", "tch"));
    assert!(names_crate("use egui;", "egui"));
    assert!(!names_crate("use crate::io::image::read;", "image"));
    assert!(!names_crate("let stretch = 3;", "tch"));
}
