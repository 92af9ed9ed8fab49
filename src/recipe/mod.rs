//! The declarative description of a job: one struct per kind, read from TOML, written by the window and by `--write-recipe`.
//! Nothing is done here; `training` and the science rooms do what a recipe says.

mod difference;
mod document;
mod patches;
mod training;

pub use difference::{SettingDifference, differences};
pub use document::{Note, Recipe, RecipeError, parse, read, write};
pub use patches::{CloudFamily, CloudSource, PatchesRecipe};
pub use training::{
    Augmentation, AutoWord, DataSettings, LearningSettings, LossKind, NetworkSettings, OptimiserKind,
    Precision, ScheduleKind, Space, Threads, TrainingRecipe,
};

/// A path of a recipe as seen from the recipe's folder.
fn absolute(folder: &std::path::Path, path: &std::path::Path) -> std::path::PathBuf {
    let joined = folder.join(path);
    std::path::absolute(&joined).unwrap_or(joined)
}
