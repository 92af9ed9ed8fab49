//! The main settings of the project's training recipe, as fields. The words of the help are the recipe's own notes.

use super::training::Training;
use crate::app::form::{caption, row};
use crate::app::theme::Tokens;
use crate::recipe::{
    Augmentation, LossKind, Note, OptimiserKind, Precision, Recipe, ScheduleKind, TrainingRecipe,
};
use egui::{ComboBox, DragValue, RichText, TextEdit, Ui};

/// The section "Training" of an inspector.
pub fn show(ui: &mut Ui, training: &mut Training) {
    let is_running = training.is_running();
    ui.add_space(12.0);
    caption(ui, "Training");
    if is_running {
        let tokens = Tokens::of(ui);
        ui.label(RichText::new("Changes count for the next run").small().color(tokens.dim));
    }
    fields(ui, &mut training.recipe);
}

/// The fields alone, of any recipe.
pub fn fields(ui: &mut Ui, recipe: &mut TrainingRecipe) {
    let help = Help::new();
    let learning = &mut recipe.training;
    count(ui, &help, "training.epochs", "Epochs", &mut learning.epochs, 1..=100_000);
    count(ui, &help, "training.batch", "Batch", &mut learning.batch, 1..=4096);
    row(ui, "Learning rate", &help.of("training.learning_rate"), |ui| {
        let speed = 0.01 * learning.learning_rate;
        let field =
            DragValue::new(&mut learning.learning_rate).range(1e-8..=10.0).speed(speed).custom_formatter(
                |value, _| if value < 1e-2 { format!("{value:e}") } else { format!("{value}") },
            );
        wide(ui, field);
    });
    let optimisers =
        [(OptimiserKind::AdamW, "AdamW"), (OptimiserKind::Adam, "Adam"), (OptimiserKind::Sgd, "SGD")];
    choice(ui, &help, "training.optimiser", "Optimiser", &mut learning.optimiser, &optimisers);
    let schedules = [
        (ScheduleKind::Cosine, "Cosine"),
        (ScheduleKind::Plateau, "Plateau"),
        (ScheduleKind::Constant, "Constant"),
    ];
    choice(ui, &help, "training.schedule", "Schedule", &mut learning.schedule, &schedules);
    let losses = [(LossKind::Mse, "MSE"), (LossKind::Mae, "MAE"), (LossKind::Huber, "Huber")];
    choice(ui, &help, "training.loss", "Loss", &mut learning.loss, &losses);
    let augmentations =
        [(Augmentation::Square, "Eight symmetries of the square"), (Augmentation::None, "None")];
    choice(ui, &help, "training.augmentation", "Augmentation", &mut learning.augmentation, &augmentations);
    let precisions = [(Precision::Float32, "float32"), (Precision::Bfloat16, "bfloat16")];
    choice(ui, &help, "training.precision", "Precision", &mut learning.precision, &precisions);
    row(ui, "Device", &help.of("training.device"), |ui| {
        let width = ui.available_width() - 8.0;
        ui.add(TextEdit::singleline(&mut learning.device).desired_width(width).id_salt("device"));
    });
    row(ui, "Seed", &help.of("seed"), |ui| wide(ui, DragValue::new(&mut recipe.seed)));
    if let Err(fault) = recipe.validate() {
        let tokens = Tokens::of(ui);
        ui.add(egui::Label::new(RichText::new(fault).small().color(tokens.error)).wrap());
    }
}

/// The notes of the recipe, by path.
struct Help(Vec<Note>);

impl Help {
    fn new() -> Self {
        Self(TrainingRecipe::notes())
    }

    fn of(&self, path: &str) -> String {
        let note = self.0.iter().find(|note| note.path == path);
        note.map_or_else(String::new, |note| note.text.to_owned())
    }
}

/// A number field as wide as the room there is.
fn wide(ui: &mut Ui, field: DragValue<'_>) {
    ui.spacing_mut().interact_size.x = ui.available_width();
    ui.add(field);
}

fn count(
    ui: &mut Ui,
    help: &Help,
    path: &str,
    label: &str,
    value: &mut u32,
    range: std::ops::RangeInclusive<u32>,
) {
    row(ui, label, &help.of(path), |ui| wide(ui, DragValue::new(value).range(range).speed(0.2)));
}

fn choice<T: Copy + PartialEq>(
    ui: &mut Ui,
    help: &Help,
    path: &str,
    label: &str,
    value: &mut T,
    choices: &[(T, &str)],
) {
    row(ui, label, &help.of(path), |ui| {
        let shown = choices.iter().find(|(choice, _)| choice == value).map_or("", |(_, word)| word);
        ComboBox::from_id_salt(path).width(ui.available_width()).truncate().selected_text(shown).show_ui(
            ui,
            |ui| {
                for (choice, word) in choices {
                    ui.selectable_value(value, *choice, *word);
                }
            },
        );
    });
}
