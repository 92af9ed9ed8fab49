//! How many threads a training runs on, chosen once for a network on a machine: the sums of another count round differently,
//! so the same recipe must get the same count every time.

use super::batch::{Batch, Feeds};
use super::data::Samples;
use super::error::Result;
use super::folder::sha256;
use super::symmetry::Symmetry;
use crate::io::atomic;
use crate::network::{Device, Network, threads};
use crate::recipe::{Threads, TrainingRecipe};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Sets the thread count of a training and returns it: that of the run it goes on with, else the recipe's, else what a trial on
/// this machine finds. The trial's answer is kept in the user's cache, so that the same training repeats to the byte.
pub(super) fn choose(
    earlier: Option<u32>,
    recipe: &TrainingRecipe,
    blueprint_sha256: &str,
    network: &Network,
    samples: &Samples,
    feeds: &Feeds,
) -> Result<u32> {
    let known = earlier.or(match recipe.training.threads {
        Threads::Count(count) => Some(count),
        Threads::Auto(_) => None,
    });
    let count = match known {
        Some(count) => count,
        None if network.device() != Device::Cpu => cores(),
        None => {
            let size = samples.train.len().min(recipe.training.batch as usize);
            let trial = format!(
                "{} {} {blueprint_sha256} {size} {:?} {:?} {}",
                env!("CARGO_PKG_VERSION"),
                crate::network::device::facts().torch_version,
                samples.described.shape,
                recipe.training.precision,
                cores()
            );
            remembered(cache().as_deref(), &sha256(trial.as_bytes()), || {
                let identity = vec![Symmetry::IDENTITY; size];
                let batch = Batch::new(samples, &samples.train[..size], &identity, feeds, network.device())?;
                Ok(threads::fastest(network, &batch.inputs)? as u32)
            })?
        }
    };
    threads::set(count as usize);
    Ok(count)
}

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as u32)
}

fn cache() -> Option<PathBuf> {
    Some(directories::ProjectDirs::from("", "", "aquila")?.cache_dir().join("threads.json"))
}

/// The count under this key, or what `trial` finds, then kept. A cache that cannot be read or written costs a trial, no more.
fn remembered(cache: Option<&Path>, key: &str, trial: impl FnOnce() -> Result<u32>) -> Result<u32> {
    let read = |path: &Path| -> Option<BTreeMap<String, u32>> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    };
    let mut counts = cache.and_then(read).unwrap_or_default();
    if let Some(&count) = counts.get(key).filter(|&&count| count > 0) {
        return Ok(count);
    }
    let count = trial()?;
    if let Some(path) = cache {
        counts.insert(key.to_owned(), count);
        let written = serde_json::to_vec_pretty(&counts).map(|text| atomic::write_bytes(path, &text));
        if !matches!(written, Ok(Ok(()))) {
            tracing::debug!("the thread count could not be kept in {}", path.display());
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("threads.json");
        assert_eq!(remembered(Some(&path), "a", || Ok(2)).expect("tried"), 2);
        assert_eq!(remembered(Some(&path), "a", || Ok(7)).expect("remembered"), 2);
        assert_eq!(remembered(Some(&path), "b", || Ok(7)).expect("tried"), 7);
        std::fs::write(&path, "no json").expect("written");
        assert_eq!(remembered(Some(&path), "a", || Ok(3)).expect("tried again"), 3);
        assert_eq!(remembered(None, "a", || Ok(4)).expect("tried"), 4);
    }
}
