//! The open network out to PyTorch or ONNX, and weights of other programs in: jobs, and what is told when they are done.

use super::notice::Notices;
use super::state::AppState;
use crate::job::{Handle, Lane};
use crate::network::export::Format;
use crate::project::{Entry, EntryKind};
use crate::training::{self, ExportSettings};
use std::path::{Path, PathBuf};

/// The exports and imports under way.
#[derive(Default)]
pub struct Exchange {
    jobs: Vec<Handle<Done>>,
}

/// What a job leaves behind, and the line about it.
struct Done {
    product: PathBuf,
    text: String,
}

impl Exchange {
    /// Writes the open network into a new folder inside `folder`, with the weights of its newest run if it has one.
    pub fn export(&mut self, state: &mut AppState, format: Format, folder: PathBuf) {
        let Some(document) = state.document.current().cloned() else {
            state.notices.warn("There is no blueprint to export");
            return;
        };
        let runs = runs(&state.tree);
        let kind = match format {
            Format::PyTorch => "PyTorch",
            Format::Onnx => "ONNX",
        };
        let out = free_path(&folder, &format!("{} {kind}", plain(&document.name)), "");
        let title = format!("Export {} as {kind}", document.name);
        self.spawn(state, title, move || {
            let weights = training::newest_run(&document, &runs);
            let text = match &weights {
                Some(run) => format!("Exported with the weights of {}", name(run)),
                None => "Exported with random weights: this network has no run yet".to_owned(),
            };
            training::export(&document, &ExportSettings { weights, format, with_example: true }, &out)?;
            Ok(Done { product: out, text })
        });
    }

    /// Brings weights under the names of the open network, as a weights file in the project (else beside the file they come from).
    pub fn import(&mut self, state: &mut AppState, from: PathBuf) {
        let Some(document) = state.document.current().cloned() else {
            state.notices.warn("Open the blueprint first that the weights are for");
            return;
        };
        let folder = match &state.project {
            Some(project) => project.folder.join("weights"),
            None => from.parent().unwrap_or(Path::new(".")).to_owned(),
        };
        let stem = from.file_stem().unwrap_or(from.as_os_str()).to_string_lossy();
        let out = free_path(&folder, &format!("{stem} for {}", plain(&document.name)), ".safetensors");
        let title = format!("Import weights from {}", name(&from));
        self.spawn(state, title, move || {
            let report = training::import(&document, &from, &out, false)?;
            let some = |names: Vec<&str>| match names.as_slice() {
                [] => String::new(),
                [first] => format!(" (`{first}`)"),
                [first, ..] => format!(" (`{first}` and others)"),
            };
            if !report.is_complete() {
                let misshapen = report.misshapen.iter().map(|one| one.to.as_str()).collect();
                anyhow::bail!(
                    "the file is of another network: {} weights are missing{}, {} have another shape{}; nothing was written",
                    report.missing.len(),
                    some(report.missing.iter().map(String::as_str).collect()),
                    report.misshapen.len(),
                    some(misshapen)
                );
            }
            let rule = report.renamed.first().map(|renamed| format!(" (by {})", renamed.rule)).unwrap_or_default();
            let text = format!(
                "{} weights matched, {} renamed{rule}, {} left over{}; a training begins with them by network.weights in its recipe",
                report.matched.len(),
                report.renamed.len(),
                report.unexpected.len(),
                some(report.unexpected.iter().map(String::as_str).collect())
            );
            Ok(Done { product: out, text })
        });
    }

    fn spawn(
        &mut self,
        state: &AppState,
        title: String,
        work: impl FnOnce() -> anyhow::Result<Done> + Send + 'static,
    ) {
        let product = |done: &Done| Some(done.product.clone());
        let job = state.queue.spawn_with_product(Lane::Heavy, title, product, move |context| {
            context.check()?;
            work()
        });
        self.jobs.push(job);
    }

    /// Tells what has been done since. Failures are told by the jobs themselves.
    pub fn tell(&mut self, notices: &mut Notices) {
        self.jobs.retain(|job| match job.try_take() {
            None => true,
            Some(answer) => {
                if let Ok(done) = answer {
                    notices.done(done.text);
                }
                false
            }
        });
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A name that any file system takes.
fn plain(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_alphanumeric() || " -_.".contains(c) { c } else { ' ' }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A path of this name that is not there yet: nothing is written over.
fn free_path(folder: &Path, stem: &str, end: &str) -> PathBuf {
    let numbered = (2_u32..).map(|number| format!("{stem} {number}{end}"));
    std::iter::once(format!("{stem}{end}"))
        .chain(numbered)
        .map(|name| folder.join(name))
        .find(|path| !path.exists())
        .unwrap_or_else(|| folder.join(format!("{stem}{end}")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_networks_become_names_of_files() {
        assert_eq!(plain("U-Net, 4 levels / new"), "U-Net 4 levels new");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("U-Net ONNX")).expect("made");
        assert_eq!(free_path(folder.path(), "U-Net ONNX", ""), folder.path().join("U-Net ONNX 2"));
    }
}
