//! A sample set: what a network is trained and judged on, with its split and its groups.

use indexmap::IndexMap;
use ndarray::ArrayD;
use serde::{Deserialize, Serialize};

/// Which part of the split a sample belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    Train,
    Validation,
    Test,
}

/// Values of one named quantity for every sample: (sample, channel, y, x) or (sample, channel, y, x, v); a scalar target is (sample, channel).
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    pub unit: String,
    pub values: ArrayD<f32>,
}

/// Samples with named input channels and targets. All arrays share the first axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SampleSet {
    pub channels: IndexMap<String, Channel>,
    pub targets: IndexMap<String, Channel>,
    pub split: Vec<Split>,
    /// Which region, simulation or galaxy each sample comes from.
    pub group: Vec<u32>,
    /// Provenance: recipe text, seed, hashes of the sources.
    pub attributes: IndexMap<String, String>,
}

impl SampleSet {
    pub fn len(&self) -> usize {
        self.split.len()
    }

    pub fn is_empty(&self) -> bool {
        self.split.is_empty()
    }

    /// What keeps this from being a sample set: arrays of different lengths, or no input. `None` where all is well.
    pub fn inconsistency(&self) -> Option<String> {
        if self.channels.is_empty() {
            return Some("a sample set needs at least one channel".into());
        }
        let lengths = [("split", self.split.len()), ("group", self.group.len())].into_iter();
        let channels = self.channels.iter().chain(&self.targets);
        let arrays = channels
            .map(|(name, channel)| (name.as_str(), channel.values.shape().first().copied().unwrap_or(0)));
        let wrong = lengths.chain(arrays).find(|&(_, length)| length != self.len());
        wrong.map(|(name, length)| format!("`{name}` has {length} entries for {} samples", self.len()))
    }

    /// Indices of the samples of one part, in order.
    pub fn indices(&self, part: Split) -> Vec<usize> {
        (0..self.split.len()).filter(|&i| self.split[i] == part).collect()
    }
}
