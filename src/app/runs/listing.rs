//! The run folders of the project as the window lists them, read away from the window's thread.

use crate::training::{Metrics, Row, RunFolder, RunInfo, RunState, StepCurve};
use std::path::{Path, PathBuf};

/// A run folder that could be read.
#[derive(Clone, Debug)]
pub struct Run {
    pub folder: PathBuf,
    pub name: String,
    pub info: RunInfo,
    /// The rows of `metrics.csv`.
    pub rows: Vec<Row>,
    /// The loss of the steps; empty for a run of an older version.
    pub steps: StepCurve,
    /// How many runs it descends from, in the order of the table.
    pub depth: usize,
    /// The trivial predictor on the test samples, once the run is evaluated.
    pub baseline: Option<Judged>,
    /// The network on the test samples, once the run is evaluated.
    pub judged: Option<Judged>,
}

/// How good a predictor is on the test samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    pub rms_dex: f64,
    pub mae_dex: f64,
    pub bias_dex: f64,
    pub accuracy_0p3dex: f64,
}

/// All run folders below `runs`, in the order of their names, and what could not be read.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub runs: Vec<Run>,
    pub faults: Vec<String>,
}

pub fn read(runs: &Path) -> Listing {
    let mut listing = Listing::default();
    let entries = std::fs::read_dir(runs).into_iter().flatten().filter_map(Result::ok);
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    for folder in folders.into_iter().filter(|folder| RunFolder::new(folder).holds_run()) {
        match read_run(&folder) {
            Ok(run) => listing.runs.push(run),
            Err(fault) => listing.faults.push(fault),
        }
    }
    listing
}

fn read_run(folder: &Path) -> Result<Run, String> {
    let files = RunFolder::new(folder);
    let info = files.read_info().map_err(|error| error.to_string())?;
    let rows = read_rows(&files.metrics_path())?;
    let steps = files.read_steps().map_err(|error| error.to_string())?;
    let (judged, baseline) = read_evaluation(&files.figures_path().join("evaluation.json"));
    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
    Ok(Run { folder: folder.to_owned(), name, info, rows, steps, depth: 0, baseline, judged })
}

/// The columns of `metrics.csv` that the window draws; a run without one has not been validated yet.
fn read_rows(path: &Path) -> Result<Vec<Row>, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", path.display())),
    };
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let rows = lines.enumerate().map(|(index, line)| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |name: &str| -> Option<f64> {
            cells.get(columns.iter().position(|column| *column == name)?)?.trim().parse().ok()
        };
        let row = || {
            Some(Row {
                epoch: number("epoch")? as u32,
                step: number("step")? as u64,
                learning_rate: number("learning_rate")?,
                train_loss: number("train_loss")?,
                validation_loss: number("validation_loss")?,
                metrics: Metrics {
                    rms_dex: number("rms_dex")?,
                    mae_dex: number("mae_dex")?,
                    bias_dex: number("bias_dex")?,
                    accuracy_0p3dex: number("accuracy_0p3dex")?,
                    pixels: 0,
                    pixels_without_log: 0,
                },
            })
        };
        row().ok_or_else(|| format!("{}: line {} is not a row of numbers", path.display(), index + 2))
    });
    rows.collect()
}

/// The network and the trivial predictor, where the run was evaluated.
fn read_evaluation(path: &Path) -> (Option<Judged>, Option<Judged>) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let judged = |value: &serde_json::Value| {
        Some(Judged {
            rms_dex: value["rms_dex"].as_f64()?,
            mae_dex: value["mae_dex"].as_f64()?,
            bias_dex: value["bias_dex"].as_f64()?,
            accuracy_0p3dex: value["accuracy_0p3dex"].as_f64()?,
        })
    };
    (judged(&value), judged(&value["baseline"]))
}

impl Run {
    /// The state in a word.
    pub fn state_word(&self) -> &'static str {
        match self.info.state {
            RunState::Running => "running",
            RunState::Stopped => "stopped",
            RunState::Done => "done",
            RunState::Failed => "failed",
        }
    }

    pub fn best_rms_dex(&self) -> f64 {
        self.info.best.as_ref().map_or(f64::NAN, |best| best.metrics.rms_dex)
    }

    pub fn best_accuracy(&self) -> f64 {
        self.info.best.as_ref().map_or(f64::NAN, |best| best.metrics.accuracy_0p3dex)
    }

    /// `2026-11-22 09:41` in universal time.
    pub fn date(&self) -> String {
        crate::training::utc(self.info.updated_unix_s).chars().take(16).collect::<String>().replace('T', " ")
    }
}

/// By what the table is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Name,
    State,
    Rms,
    Accuracy,
    Epochs,
    Device,
    Date,
}

impl Column {
    pub const ALL: [Self; 7] =
        [Self::Name, Self::State, Self::Rms, Self::Accuracy, Self::Epochs, Self::Device, Self::Date];

    pub fn title(self) -> &'static str {
        match self {
            Self::Name => "run",
            Self::State => "state",
            Self::Rms => "best rms (dex)",
            Self::Accuracy => "within 0.3 dex",
            Self::Epochs => "epochs",
            Self::Device => "device",
            Self::Date => "changed (UT)",
        }
    }

    /// Sorts runs by this column; what has no number yet comes last either way.
    pub fn sort(self, runs: &mut [Run], falling: bool) {
        let number = |run: &Run| match self {
            Self::Rms => run.best_rms_dex(),
            Self::Accuracy => run.best_accuracy(),
            Self::Epochs => f64::from(run.info.epochs),
            _ => run.info.updated_unix_s as f64,
        };
        runs.sort_by(|a, b| {
            let order = match self {
                Self::Name => a.name.cmp(&b.name),
                Self::State => a.state_word().cmp(b.state_word()),
                Self::Device => a.info.device.cmp(&b.info.device),
                _ => {
                    let (a, b) = (number(a), number(b));
                    if a.is_nan() || b.is_nan() {
                        return a.is_nan().cmp(&b.is_nan());
                    }
                    a.total_cmp(&b)
                }
            };
            if falling { order.reverse() } else { order }
        });
        under_parents(runs);
    }
}

/// Puts every run that began with another's weights under that one; the order among brothers stays.
fn under_parents(runs: &mut [Run]) {
    let mut left: Vec<Option<Run>> = runs.iter().cloned().map(Some).collect();
    let parent = |run: &Run| run.info.parent.as_ref().map(|parent| parent.run.clone());
    let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
    let parents: Vec<Option<usize>> =
        runs.iter().map(|run| names.iter().position(|name| Some(name) == parent(run).as_ref())).collect();
    let mut ordered = Vec::with_capacity(runs.len());
    // A parent that is its own descendant (files changed by hand) would never come up: then the rest follows as it is.
    let roots = (0..runs.len()).filter(|&index| parents[index].is_none()).chain(0..runs.len());
    for root in roots {
        let mut open = vec![(root, 0)];
        while let Some((index, depth)) = open.pop() {
            let Some(run) = left[index].take() else { continue };
            ordered.push(Run { depth, ..run });
            let children = (0..runs.len()).rev().filter(|&child| parents[child] == Some(index));
            open.extend(children.map(|child| (child, depth + 1)));
        }
    }
    for (place, run) in runs.iter_mut().zip(ordered) {
        *place = run;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_by_their_column_names_and_a_damaged_line_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("metrics.csv");
        let head =
            "step,epoch,learning_rate,train_loss,validation_loss,rms_dex,mae_dex,bias_dex,accuracy_0p3dex";
        std::fs::write(&path, format!("{head}\n40,2,0.001,0.5,0.25,0.2,0.1,-0.01,0.9\n")).expect("written");
        let rows = read_rows(&path).expect("rows");
        assert_eq!((rows[0].epoch, rows[0].step, rows[0].metrics.rms_dex), (2, 40, 0.2));
        std::fs::write(&path, format!("{head}\n40,2,oops\n")).expect("written");
        assert!(read_rows(&path).expect_err("damaged").contains("line 2"));
        assert!(read_rows(&folder.path().join("none.csv")).expect("no run yet").is_empty());
    }
}
