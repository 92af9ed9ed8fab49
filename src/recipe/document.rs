//! How a recipe becomes text and back: TOML with a kind and a version, unknown keys refused by name, every setting written with its comment.
//! What the settings are lies beside it, one file per kind.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// What a setting is for. The list of a recipe's notes is also the list of the keys it knows.
#[derive(Clone, Debug)]
pub struct Note {
    /// Dotted path; `[]` after the name of an array of tables: `data.clouds[].seed`.
    pub path: String,
    pub text: &'static str,
    /// For a setting that may be absent: the line written, commented out, where it is.
    pub example: &'static str,
}

/// One kind of recipe: a plain value with a default for every setting.
pub trait Recipe: Serialize + DeserializeOwned + Default {
    /// The `kind` in the file.
    const KIND: &'static str;
    /// The `version` in the file.
    const VERSION: i64;
    /// First line of a written recipe.
    const TITLE: &'static str;

    /// Every setting, in the order of writing.
    fn notes() -> Vec<Note>;

    /// What serde cannot check: limits and settings that exclude each other. The text names the key.
    fn validate(&self) -> Result<(), String>;
}

#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    #[error("{}: {cause}; give the path of a recipe (*.toml)", path.display())]
    Read { path: PathBuf, cause: std::io::Error },
    #[error("{name}: not valid TOML: {message}")]
    Syntax { name: String, message: String },
    #[error("{name}: this is a recipe of kind `{found}`, but a recipe of kind `{expected}` is needed here")]
    Kind { name: String, found: String, expected: &'static str },
    #[error(
        "{name}: version {found} of this kind of recipe is newer than this program knows ({known}); update Aquila"
    )]
    Version { name: String, found: i64, known: i64 },
    #[error("{name}: unknown key `{key}`{}", hint.as_ref().map_or_else(|| "; `--write-recipe FILE` writes every key there is".to_owned(), |hint| format!("; did you mean `{hint}`?")))]
    UnknownKey { name: String, key: String, hint: Option<String> },
    #[error("{name}: {message}")]
    Setting { name: String, message: String },
}

/// Reads a recipe file and checks it wholly.
pub fn read<R: Recipe>(path: &Path) -> Result<R, RecipeError> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| RecipeError::Read { path: path.to_owned(), cause })?;
    parse(&text, &path.display().to_string())
}

/// Parses a recipe; `name` is what its errors call it.
pub fn parse<R: Recipe>(text: &str, name: &str) -> Result<R, RecipeError> {
    let name = name.to_owned();
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| RecipeError::Syntax {
        name: name.clone(),
        message: one_line(&error),
    })?;
    match table.remove("kind") {
        Some(Value::String(kind)) if kind == R::KIND => {}
        Some(other) => {
            let found = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            return Err(RecipeError::Kind { name, found, expected: R::KIND });
        }
        None => {
            let message = format!("the key `kind` is missing; write kind = \"{}\" at the top", R::KIND);
            return Err(RecipeError::Setting { name, message });
        }
    }
    match table.remove("version") {
        None => {}
        Some(Value::Integer(version)) if (1..=R::VERSION).contains(&version) => {}
        Some(Value::Integer(found)) if found > R::VERSION => {
            return Err(RecipeError::Version { name, found, known: R::VERSION });
        }
        Some(other) => {
            return Err(RecipeError::Setting {
                name,
                message: format!("`version` must be a whole number from 1 to {}, not {other}", R::VERSION),
            });
        }
    }
    let notes = R::notes();
    if let Some(key) = unknown_key(&table, "", &notes) {
        let hint = nearest(&key, &notes);
        return Err(RecipeError::UnknownKey { name, key, hint });
    }
    // Deserialised from the text, not from the table, so that the message has the line.
    let recipe: R = toml::from_str(text)
        .map_err(|error| RecipeError::Setting { name: name.clone(), message: one_line(&error) })?;
    recipe.validate().map_err(|message| RecipeError::Setting { name, message })?;
    Ok(recipe)
}

/// The recipe as text: every setting with its comment, absent ones as commented examples; a section that is absent as a whole is
/// left out.
pub fn write<R: Recipe>(recipe: &R) -> Result<String, RecipeError> {
    let table = Table::try_from(recipe)
        .map_err(|error| RecipeError::Setting { name: R::KIND.into(), message: error.to_string() })?;
    let mut text = format!("# {}\nkind = \"{}\"\nversion = {}\n", R::TITLE, R::KIND, R::VERSION);
    let mut sections: Vec<&str> = Vec::new();
    let notes = R::notes();
    for note in &notes {
        let section = section_of(&note.path);
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    for section in sections {
        write_section(&mut text, &table, section, &notes);
    }
    Ok(text)
}

fn write_section(text: &mut String, table: &Table, section: &str, notes: &[Note]) {
    let own = || notes.iter().filter(|note| section_of(&note.path) == section);
    if let Some(list) = section.strip_suffix("[]") {
        let tables: Vec<&Table> = lookup(table, list)
            .and_then(Value::as_array)
            .map(|values| values.iter().filter_map(Value::as_table).collect())
            .unwrap_or_default();
        for (index, table) in tables.into_iter().enumerate() {
            let _infallible = write!(text, "\n[[{list}]]\n");
            for note in own() {
                let value = table.get(leaf_of(&note.path));
                if index == 0 {
                    write_setting(text, value, note);
                } else if let Some(value) = value {
                    let _infallible = writeln!(text, "{} = {value}", leaf_of(&note.path));
                }
            }
        }
        return;
    }
    if section.is_empty() {
        text.push('\n');
    } else if lookup(table, section).is_some() {
        let _infallible = write!(text, "\n[{section}]\n");
    } else {
        return;
    }
    own().for_each(|note| write_setting(text, lookup(table, &note.path), note));
}

fn write_setting(text: &mut String, value: Option<&Value>, note: &Note) {
    for line in note.text.lines() {
        let _infallible = writeln!(text, "# {line}");
    }
    let leaf = leaf_of(&note.path);
    let _infallible = match value {
        Some(value) => writeln!(text, "{leaf} = {value}"),
        None => writeln!(text, "# {leaf} = {}", note.example),
    };
}

fn section_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(section, _)| section)
}

fn leaf_of(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, leaf)| leaf)
}

fn lookup<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let mut value = table.get(names.next()?)?;
    for name in names {
        value = value.as_table()?.get(name)?;
    }
    Some(value)
}

/// The first key, in file order, that no note names.
fn unknown_key(table: &Table, section: &str, notes: &[Note]) -> Option<String> {
    for (key, value) in table {
        let path = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        let inner = match value {
            Value::Table(table) if is_section(&path, notes) => unknown_key(table, &path, notes),
            Value::Array(values) if is_section(&format!("{path}[]"), notes) => {
                let section = format!("{path}[]");
                values
                    .iter()
                    .filter_map(Value::as_table)
                    .find_map(|table| unknown_key(table, &section, notes))
            }
            _ if notes.iter().any(|note| note.path == path) => None,
            // A section given as a plain value is a wrong type, which the deserialiser explains.
            _ if is_section(&path, notes) => None,
            _ => Some(path),
        };
        if inner.is_some() {
            return inner;
        }
    }
    None
}

fn is_section(path: &str, notes: &[Note]) -> bool {
    notes.iter().any(|note| note.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// The known path most like `key`: the same leaf in another section, else the fewest edits.
fn nearest(key: &str, notes: &[Note]) -> Option<String> {
    let shown = |path: &str| path.replace("[]", "");
    if let Some(note) = notes.iter().find(|note| leaf_of(&note.path) == leaf_of(key)) {
        return Some(shown(&note.path));
    }
    let sections = notes.iter().map(|note| section_of(&note.path));
    let known = notes.iter().map(|note| note.path.as_str()).chain(sections).filter(|path| !path.is_empty());
    known
        .map(|path| {
            let within = section_of(path) != section_of(key);
            (edits(leaf_of(key), leaf_of(path)), within, path)
        })
        .filter(|&(edits, _, path)| edits <= leaf_of(path).len().max(leaf_of(key).len()) / 2)
        .min()
        .map(|(_, _, path)| shown(path))
}

/// Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{PatchesRecipe, TrainingRecipe};

    /// Every key of a value, arrays of tables by their first.
    fn keys(table: &Table, section: &str, found: &mut Vec<String>) {
        for (key, value) in table {
            let path = if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
            match value {
                Value::Table(inner) => keys(inner, &path, found),
                Value::Array(list) if list.first().is_some_and(Value::is_table) => {
                    let tables = list.iter().filter_map(Value::as_table);
                    tables.for_each(|table| keys(table, &format!("{path}[]"), found));
                }
                _ => found.push(path),
            }
        }
    }

    fn every_setting_is_told<R: Recipe + PartialEq + std::fmt::Debug>(example: &R) {
        let mut present = Vec::new();
        keys(&Table::try_from(example).expect("a table"), "", &mut present);
        let told: Vec<String> = R::notes().into_iter().map(|note| note.path).collect();
        for key in &present {
            assert!(told.contains(key), "`{key}` has no note");
        }
        for note in R::notes() {
            let known = present.contains(&note.path) || !note.example.is_empty();
            assert!(known, "`{}` is told of but is no setting, or lacks an example", note.path);
        }
        let text = write(example).expect("written");
        assert_eq!(&parse::<R>(&text, "example").expect("its own text is a recipe"), example);
        let uncommented: String = text.lines().map(|l| format!("{}\n", l.trim_start_matches("# "))).collect();
        for note in R::notes() {
            assert!(
                uncommented.contains(&format!("\n{} = ", leaf_of(&note.path))),
                "{} is missing",
                note.path
            );
        }
    }

    #[test]
    fn every_setting_is_written_with_what_it_means_and_reads_back() {
        every_setting_is_told(&TrainingRecipe::example());
        every_setting_is_told(&PatchesRecipe::example());
    }

    fn refused(text: &str) -> String {
        parse::<TrainingRecipe>(text, "r.toml").expect_err("refused").to_string()
    }

    #[test]
    fn mistakes_are_named_with_their_mend() {
        let head = "kind = \"training\"\nversion = 1\n[[data.clouds]]\nseed = 1\n";
        assert!(parse::<TrainingRecipe>(head, "r.toml").is_ok());
        let message = refused(&format!("{head}[training]\nlearning_rat = 1e-3\n"));
        assert_eq!(
            message,
            "r.toml: unknown key `training.learning_rat`; did you mean `training.learning_rate`?"
        );
        let message = refused(&format!("{head}[training]\nbase_filters = 8\n"));
        assert!(message.ends_with("did you mean `network.base_filters`?"), "{message}");
        let message = refused(&format!("{head}sede = 1\n"));
        assert!(message.contains("`data.clouds[].sede`; did you mean `data.clouds.seed`?"), "{message}");
        let message = refused(&format!("{head}[training]\nbatch = 0\n"));
        assert!(message.contains("`training.batch` must be at least 1"), "{message}");
        let message = refused(&format!("{head}[training]\nepochs = \"many\"\n"));
        assert!(message.contains("line 6") && message.contains("epochs"), "{message}");
        let message = refused(&format!("{head}[data.synth]\nsize = 47\n"));
        assert!(message.contains("data.synth.size = 47"), "{message}");
        assert!(refused("kind = \"patches\"").contains("of kind `patches`"));
        assert!(refused("kind = \"training\"\nversion = 9").contains("version 9"));
        assert!(refused("kind = \"training\"\nversion = 1").contains("no data"));
    }
}
