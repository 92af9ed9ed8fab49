//! Weights over time: norms of every parameter, its gradient and its update, at log-spaced steps first and then at a fixed cadence;
//! and after which epochs the weights themselves are kept. Nothing here changes a training.

use super::error::{Result, TrainingError};
use crate::data::{Column, ColumnValues, Table};
use crate::io;
use crate::network::{Layout, NetworkError, Tensor, tensors};
use std::path::Path;

/// One record: all parameters at one optimiser step.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightRecord {
    /// The step that was made, from 1.
    pub step: u64,
    /// For each parameter: ‖weights before the step‖, ‖gradient‖ and ‖change‖/‖weights‖, Euclidean; the last is NaN where the weights
    /// were all zero.
    pub norms: Vec<[f64; 3]>,
}

/// The records of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightHistory {
    /// `Encoder 1.Convolution.weight`, in the network's order.
    pub parameters: Vec<String>,
    pub records: Vec<WeightRecord>,
}

/// Records at the cadence come at most this often over a whole training, and never closer than the least distance: a record costs
/// about a fifth of a step of a small network, so that it stays far below a hundredth of the time.
const MOST_RECORDS: u64 = 200;
const LEAST_DISTANCE: u64 = 50;

/// Bytes of all snapshots of a run together.
const SNAPSHOT_BYTES: u64 = 1 << 30;

/// Whether this optimiser step (from 1) of so many is recorded: 1, 2, 3, 5, 8, 13, 21, 34, then every 50th or every 200th of all.
pub fn is_recorded(step: u64, total: u64) -> bool {
    match step {
        0 => false,
        step if step < LEAST_DISTANCE => matches!(step, 1 | 2 | 3 | 5 | 8 | 13 | 21 | 34),
        step => step.is_multiple_of(total.div_ceil(MOST_RECORDS).max(LEAST_DISTANCE)),
    }
}

/// The epochs after which weights of `bytes` are kept: at most `most`, evenly in the logarithm, the first and the last among them, and
/// fewer where they would fill more than 1 GiB.
pub fn snapshot_epochs(epochs: u32, most: u32, bytes: u64) -> Vec<u32> {
    let room = u32::try_from(SNAPSHOT_BYTES / bytes.max(1)).unwrap_or(u32::MAX);
    let count = most.min(room.max(1)).min(epochs);
    let mut chosen: Vec<u32> = match count {
        0 => Vec::new(),
        1 => vec![epochs],
        _ => (0..count)
            .map(|place| f64::from(epochs).powf(f64::from(place) / f64::from(count - 1)).round() as u32)
            .collect(),
    };
    chosen.dedup();
    chosen
}

/// The norms of one step from the flat weights before and after it and the gradient. On the device, with one transfer.
pub(super) fn record(
    step: u64,
    layout: &Layout,
    before: &Tensor,
    after: &Tensor,
    gradient: &Tensor,
) -> std::result::Result<WeightRecord, NetworkError> {
    tch::no_grad(|| {
        let change = after.f_sub(before)?;
        let mut norms = Vec::with_capacity(3 * layout.slots.len());
        for slot in layout.slots.values() {
            for flat in [before, gradient, &change] {
                norms.push(flat.f_narrow(0, slot.offset as i64, slot.count() as i64)?.f_norm()?);
            }
        }
        if norms.is_empty() {
            return Ok(WeightRecord { step, norms: Vec::new() });
        }
        let values = tensors::to_vec(&Tensor::f_stack(&norms, 0)?)?;
        let ratio = |[norm, gradient, change]: [f64; 3]| {
            [norm, gradient, if norm > 0.0 { change / norm } else { f64::NAN }]
        };
        let norms = values
            .chunks_exact(3)
            .map(|three| ratio([three[0], three[1], three[2]].map(f64::from)))
            .collect();
        Ok(WeightRecord { step, norms })
    })
}

impl WeightHistory {
    pub fn new(layout: &Layout) -> Self {
        Self { parameters: layout.slots.keys().cloned().collect(), records: Vec::new() }
    }

    /// All numbers in one row, for a checkpoint.
    pub(super) fn numbers(&self) -> Vec<f64> {
        let row = |record: &WeightRecord| -> Vec<f64> {
            std::iter::once(record.step as f64).chain(record.norms.iter().flatten().copied()).collect()
        };
        self.records.iter().flat_map(row).collect()
    }

    /// Takes back what `numbers` gave.
    pub(super) fn take_numbers(&mut self, numbers: &[f64]) {
        let three = |three: &[f64]| [three[0], three[1], three[2]];
        self.records = numbers
            .chunks_exact(1 + 3 * self.parameters.len())
            .map(|row| WeightRecord {
                step: row[0] as u64,
                norms: row[1..].chunks_exact(3).map(three).collect(),
            })
            .collect();
    }

    /// Writes `weights.csv`: a row for each step and parameter.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let each = || {
            self.records.iter().flat_map(|record| {
                self.parameters.iter().zip(&record.norms).map(|(name, norms)| (record.step, name, *norms))
            })
        };
        let column =
            |name: &str, values| Column { name: name.to_owned(), unit: String::new(), width: 1, values };
        let table = Table {
            rows: each().count(),
            columns: vec![
                column("step", ColumnValues::Integer(each().map(|row| row.0 as i64).collect())),
                column("parameter", ColumnValues::Text(each().map(|row| row.1.clone()).collect())),
                column("norm", ColumnValues::Float(each().map(|row| row.2[0]).collect())),
                column("gradient_norm", ColumnValues::Float(each().map(|row| row.2[1]).collect())),
                column("update_ratio", ColumnValues::Float(each().map(|row| row.2[2]).collect())),
            ],
        };
        Ok(io::tables::write_csv(path, &table)?)
    }

    /// Reads what a run has left; nothing where it recorded nothing.
    ///
    /// # Errors
    /// A file that is no such table.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let table = io::tables::read(path)?;
        let damaged = |name: &str| TrainingError::Damaged {
            path: path.to_owned(),
            what: format!("the column `{name}` is missing or holds something else"),
            advice: "resume the run to have it written anew",
        };
        let numbers = |name: &'static str| match table.column(name).map(|column| &column.values) {
            Some(ColumnValues::Float(values)) => Ok(values.clone()),
            Some(ColumnValues::Integer(values)) => Ok(values.iter().map(|&value| value as f64).collect()),
            _ => Err(damaged(name)),
        };
        let Some(ColumnValues::Text(names)) = table.column("parameter").map(|column| &column.values) else {
            return if table.rows == 0 { Ok(Self::default()) } else { Err(damaged("parameter")) };
        };
        let (steps, norms) = (numbers("step")?, numbers("norm")?);
        let (gradients, ratios) = (numbers("gradient_norm")?, numbers("update_ratio")?);
        let mut history = Self::default();
        for (row, name) in names.iter().enumerate() {
            let step = steps[row] as u64;
            if history.records.last().is_none_or(|record| record.step != step) {
                history.records.push(WeightRecord { step, norms: Vec::new() });
            }
            if history.records.len() == 1 {
                history.parameters.push(name.clone());
            }
            if let Some(record) = history.records.last_mut() {
                record.norms.push([norms[row], gradients[row], ratios[row]]);
            }
        }
        match history.records.iter().all(|record| record.norms.len() == history.parameters.len()) {
            true => Ok(history),
            false => Err(damaged("parameter")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_and_snapshots_are_few_and_reach_the_end() {
        let steps: Vec<u64> = (0..=300).filter(|&step| is_recorded(step, 300)).collect();
        assert_eq!(steps, [1, 2, 3, 5, 8, 13, 21, 34, 50, 100, 150, 200, 250, 300]);
        assert!((1..=1_000_000).filter(|&step| is_recorded(step, 1_000_000)).count() <= 208);
        assert_eq!(snapshot_epochs(50, 16, 1), [1, 2, 3, 4, 5, 6, 8, 10, 14, 18, 23, 30, 39, 50]);
        assert_eq!(snapshot_epochs(3, 16, 1), [1, 2, 3]);
        assert_eq!(snapshot_epochs(50, 0, 1), [0_u32; 0]);
        // Thirty million weights: eight sets are a gibibyte.
        assert_eq!(snapshot_epochs(100, 16, 4 * 31_000_000).len(), 8);
        assert_eq!(snapshot_epochs(100, 16, 1 << 40), [100]);
    }

    #[test]
    fn a_history_reads_back_from_its_table_and_its_numbers() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("weights.csv");
        let record = |step| WeightRecord { step, norms: vec![[1.5, 0.25, 1e-3], [2.0, step as f64, 0.5]] };
        let history = WeightHistory {
            parameters: vec!["A \"b\", c.weight".into(), "A.bias".into()],
            records: vec![record(1), record(2)],
        };
        history.write(&path).expect("written");
        assert_eq!(WeightHistory::read(&path).expect("read"), history);
        let mut other = WeightHistory { records: Vec::new(), ..history.clone() };
        other.take_numbers(&history.numbers());
        assert_eq!(other, history);
    }
}
