//! Weights of other programs, brought under our names: safetensors and PyTorch state dicts, read without executing anything, matched
//! to a blueprint's weights by rules that are reported one by one.

mod names;
mod pickle;
mod rules;
mod torch_file;

use super::{Network, NetworkError, weights};
use crate::blueprint::Plan;
use indexmap::IndexMap;
use names::{Owner, Source};
use std::io::Read as _;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// What became of every name of the file and of the network.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Report {
    /// Names that are the same on both sides.
    pub matched: Vec<String>,
    pub renamed: Vec<Renamed>,
    /// Names of the network that the file does not have.
    pub missing: Vec<String>,
    /// Names of the file that the network does not have.
    pub unexpected: Vec<String>,
    pub misshapen: Vec<Misshapen>,
    /// Names of the file that no network needs: PyTorch's counts of batches.
    pub ignored: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Renamed {
    pub from: String,
    pub to: String,
    /// The rule, in words.
    pub rule: &'static str,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Misshapen {
    pub from: String,
    pub to: String,
    pub expected: Vec<usize>,
    pub found: Vec<usize>,
}

impl Report {
    /// Whether every weight of the network has come.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.misshapen.is_empty()
    }
}

/// Weights under our names, and how they came by them.
pub struct Imported {
    /// Every parameter and buffer of the network; what has not come is as drawn with seed 0.
    pub state: IndexMap<String, Tensor>,
    pub report: Report,
}

/// Reads a safetensors file or a PyTorch state dict (the zip of `torch.save`, also nested in a checkpoint's dictionary) and matches its
/// names to the weights of `plan`. That something is missing or of another shape is said in the report, not an error.
///
/// # Errors
/// A file that cannot be read, or wants to execute something; a plan that cannot be built.
pub fn read(path: &Path, plan: &Plan) -> Result<Imported, NetworkError> {
    let fault = |message: String| NetworkError::File { path: path.to_owned(), message };
    let mut head = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(9).read_to_end(&mut head))
        .map_err(|error| fault(error.to_string()))?;
    // A safetensors file begins with a length, which may look like anything, and then with JSON.
    let is_safetensors = head.get(8) == Some(&b'{');
    let (tensors, is_ordered) = if head.starts_with(b"PK\x03\x04") && !is_safetensors {
        (torch_file::read(path).map_err(|error| fault(format!("{error:#}")))?, true)
    } else if matches!(head[..], [0x80, 2..=5, ..]) && !is_safetensors {
        return Err(fault(
            "this is a bare pickle, as PyTorch before 1.6 wrote; load and save it once more with a newer PyTorch".to_owned(),
        ));
    } else {
        (weights::read(path)?.0, false)
    };
    let mut state = Network::build(plan, Device::Cpu, 0)?.state()?;
    let mut report = Report::default();
    let mut sources = IndexMap::new();
    for (name, tensor) in tensors {
        if name.ends_with(".num_batches_tracked") {
            report.ignored.push(name);
        } else {
            sources.insert(name, tensor.f_to_kind(Kind::Float)?);
        }
    }
    let shape = |tensor: &Tensor| tensor.size().iter().map(|&size| size as usize).collect::<Vec<_>>();
    let owners = Owner::all(plan, state.iter().map(|(name, tensor)| (name.as_str(), shape(tensor))));
    let listed: Vec<Source> =
        sources.iter().map(|(name, tensor)| Source { name: name.clone(), shape: shape(tensor) }).collect();
    let (rule, pairs) = rules::best(plan, &owners, &listed, is_ordered);
    for (name, own) in state.iter_mut() {
        let Some(from) = pairs.get(name) else {
            report.missing.push(name.clone());
            continue;
        };
        // `best` takes pairs from the list of these very names.
        let Some(tensor) = sources.shift_remove(from) else { continue };
        if shape(&tensor) != shape(own) {
            let (expected, found) = (shape(own), shape(&tensor));
            report.misshapen.push(Misshapen { from: from.clone(), to: name.clone(), expected, found });
            continue;
        }
        *own = tensor;
        if from == name {
            report.matched.push(name.clone());
        } else {
            report.renamed.push(Renamed { from: from.clone(), to: name.clone(), rule });
        }
    }
    report.unexpected = sources.into_keys().collect();
    Ok(Imported { state, report })
}
