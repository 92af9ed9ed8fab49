//! What differs between two recipes, setting by setting.

use super::document::{Recipe, RecipeError};
use toml::{Table, Value};

/// A setting that is not the same in both; `None` where it is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingDifference {
    /// `training.learning_rate`, `data.clouds[2].seed`.
    pub path: String,
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The settings that differ, in the order of their names.
///
/// # Errors
/// A recipe that cannot be written.
pub fn differences<R: Recipe>(before: &R, after: &R) -> Result<Vec<SettingDifference>, RecipeError> {
    let flat = |recipe: &R| {
        let table = Table::try_from(recipe)
            .map_err(|error| RecipeError::Setting { name: R::KIND.into(), message: error.to_string() })?;
        let mut settings = std::collections::BTreeMap::new();
        flatten(&Value::Table(table), "", &mut settings);
        Ok::<_, RecipeError>(settings)
    };
    let (old, new) = (flat(before)?, flat(after)?);
    let mut paths: Vec<&String> = old.keys().chain(new.keys()).collect();
    paths.sort();
    paths.dedup();
    let differ = paths.into_iter().filter(|path| old.get(*path) != new.get(*path));
    let told = differ.map(|path| SettingDifference {
        path: path.clone(),
        before: old.get(path).cloned(),
        after: new.get(path).cloned(),
    });
    Ok(told.collect())
}

fn flatten(value: &Value, path: &str, settings: &mut std::collections::BTreeMap<String, String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(value, &path, settings);
            }
        }
        Value::Array(values) if values.iter().any(Value::is_table) => {
            for (index, value) in values.iter().enumerate() {
                flatten(value, &format!("{path}[{index}]"), settings);
            }
        }
        Value::String(text) => _ = settings.insert(path.to_owned(), text.clone()),
        other => _ = settings.insert(path.to_owned(), other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{CloudSource, LossKind, TrainingRecipe};

    #[test]
    fn settings_that_differ_are_named_with_both_values() {
        let before = TrainingRecipe::example();
        let mut after = before.clone();
        assert_eq!(differences(&before, &after).expect("told"), []);
        after.training.loss = LossKind::Huber;
        after.data.clouds.push(CloudSource { seed: Some(9), ..CloudSource::default() });
        let told = differences(&before, &after).expect("told");
        let loss = told.iter().find(|d| d.path == "training.loss").expect("the loss");
        assert_eq!((loss.before.as_deref(), loss.after.as_deref()), (Some("mse"), Some("huber")));
        let seed = told.iter().find(|d| d.path == "data.clouds[3].seed").expect("the cloud");
        assert_eq!((seed.before.as_deref(), seed.after.as_deref()), (None, Some("9")));
    }
}
