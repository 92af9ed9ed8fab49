//! A run's network on the open map: asks what the map holds and how far it is, then opens the result beside it.

use super::content::Content;
use super::inspector::{section, setting};
use super::picture::{Look, Stretch};
use super::sheet::{Glance, Sheet};
use crate::app::state::AppState;
use crate::app::theme::Tokens;
use crate::figure::ColourMap;
use crate::io::fits;
use crate::job::{Handle, Lane};
use crate::network::DeviceChoice;
use crate::project::{Entry, EntryKind};
use crate::training::{self, ApplySettings, MapQuantity};
use anyhow::bail;
use egui::{ComboBox, DragValue, RichText, Ui};
use egui_phosphor::regular as icon;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the map may hold, in the order of the list. There is no default: a wrong guess is a wrong density.
const QUANTITIES: [(MapQuantity, &str); 3] = [
    (MapQuantity::Column, "N_H, cm⁻²"),
    (MapQuantity::LogColumn, "log₁₀ N_H"),
    (MapQuantity::ColumnH2, "N(H₂), cm⁻²"),
];

/// The form in the inspector, and the job it started.
pub struct Form {
    is_open: bool,
    run: Option<PathBuf>,
    quantity: Option<MapQuantity>,
    is_distance_known: bool,
    distance_pc: f64,
    job: Option<Handle<PathBuf>>,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            is_open: false,
            run: None,
            quantity: None,
            is_distance_known: false,
            distance_pc: 140.0,
            job: None,
        }
    }
}

impl Form {
    pub fn open(&mut self) {
        self.is_open = true;
    }

    pub fn is_settled(&self) -> bool {
        self.job.is_none()
    }

    /// The map that was made, once, and how it should be looked at. A failure is told by the job itself.
    pub fn take(&mut self) -> Option<(PathBuf, Glance)> {
        let answer = self.job.as_ref()?.try_take()?;
        self.job = None;
        let look = Look { colours: ColourMap::Viridis, stretch: Stretch::Log, ..Look::default() };
        Some((answer.ok()?, Glance { look, ..Glance::default() }))
    }

    pub fn show(&mut self, ui: &mut Ui, sheet: &Sheet, state: &mut AppState) {
        let Some(Content::Map(map)) = sheet.content() else { return };
        let tokens = Tokens::of(ui);
        section(ui, "NETWORK");
        if !self.is_open {
            if ui.button(format!("{}  Apply network…", icon::MAGIC_WAND)).clicked() {
                self.is_open = true;
            }
            return;
        }
        let runs = runs(&state.tree);
        if runs.is_empty() {
            ui.label(RichText::new("No run yet: train the blueprint first").color(tokens.dim));
            return;
        }
        let chosen = self.run.clone().filter(|run| runs.contains(run)).or_else(|| runs.last().cloned());
        self.run.clone_from(&chosen);
        setting(ui, "run", |ui| {
            ComboBox::from_id_salt("run")
                .selected_text(chosen.as_deref().map(name).unwrap_or_default())
                .width(ui.available_width())
                .show_ui(ui, |ui| {
                    for run in &runs {
                        ui.selectable_value(&mut self.run, Some(run.clone()), name(run));
                    }
                });
        });
        setting(ui, "the map holds", |ui| {
            let text = QUANTITIES.iter().find(|(quantity, _)| Some(*quantity) == self.quantity);
            ComboBox::from_id_salt("quantity")
                .selected_text(text.map_or("choose …", |(_, text)| text))
                .width(ui.available_width())
                .show_ui(ui, |ui| {
                    for (quantity, text) in QUANTITIES {
                        ui.selectable_value(&mut self.quantity, Some(quantity), text);
                    }
                });
        });
        setting(ui, "distance", |ui| {
            ui.checkbox(&mut self.is_distance_known, "");
            let field = DragValue::new(&mut self.distance_pc).range(1.0..=1e6).speed(1.0).suffix(" pc");
            ui.add_enabled(self.is_distance_known, field)
                .on_disabled_hover_text("Without a distance the map is taken pixel by pixel");
        });
        ui.add_space(4.0);
        let missing = if self.quantity.is_none() {
            Some("Say what the map holds")
        } else if self.job.is_some() {
            Some("The network is being applied")
        } else {
            None
        };
        let button = egui::Button::new(format!("{}  Apply", icon::MAGIC_WAND));
        let response =
            ui.add_enabled(missing.is_none(), button).on_disabled_hover_text(missing.unwrap_or_default());
        if response.clicked()
            && let (Some(run), Some(quantity)) = (self.run.clone(), self.quantity)
        {
            let distance_pc = self.is_distance_known.then_some(self.distance_pc);
            let settings = ApplySettings { distance_pc, ..ApplySettings::new(quantity) };
            let folder = match &state.project {
                Some(project) => project.maps(),
                None => sheet.path.parent().unwrap_or(Path::new(".")).to_owned(),
            };
            let stem = sheet.title.split('.').next().unwrap_or("map").to_owned();
            let out = free_path(&folder, &format!("{stem} by {}", name(&run)));
            let map = Arc::clone(map);
            let title = format!("Apply {} to {}", name(&run), sheet.title);
            self.job = Some(state.queue.spawn_with_product(
                Lane::Heavy,
                title,
                |out: &PathBuf| Some(out.clone()),
                move |context| {
                    let applied = training::apply(&run, &map.image, &settings, DeviceChoice::Auto, context)?;
                    if applied.count_nan_out > applied.count_nan_in {
                        bail!(
                            "the network left {} pixels blank that the map has",
                            applied.count_nan_out - applied.count_nan_in
                        );
                    }
                    fits::write_image(&out, &applied.image)?;
                    Ok(out)
                },
            ));
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The run folders of the project.
fn runs(tree: &[Entry]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in tree {
        match &entry.kind {
            EntryKind::Folder(inner) => found.extend(runs(inner)),
            EntryKind::Run => found.push(entry.path.clone()),
            _ => {}
        }
    }
    found
}

/// A file of this name that is not there yet: nothing is written over.
fn free_path(folder: &Path, stem: &str) -> PathBuf {
    let numbered = (2_u32..).map(|number| format!("{stem} {number}"));
    std::iter::once(stem.to_owned())
        .chain(numbered)
        .map(|name| folder.join(format!("{name}.fits")))
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join("map.fits"))
}
