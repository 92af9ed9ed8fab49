//! Weights files: named tensors in safetensors, the same bytes for the same content.

use super::{NetworkError, tensors};
use indexmap::IndexMap;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// The one metadata key; safetensors keeps metadata in a hash map, so several keys would land in any order.
const KEY: &str = "aquila";

/// Text beside the tensors: version, hash of the blueprint, place in the run.
pub type Notes = BTreeMap<String, String>;

/// The bytes of a weights file.
///
/// # Errors
/// A tensor that is no number type of the format.
pub fn to_bytes(tensors: &IndexMap<String, Tensor>, notes: &Notes) -> Result<Vec<u8>, NetworkError> {
    let notes = serde_json::to_string(notes)
        .map_err(|error| NetworkError::Block { block: "weights".to_owned(), message: error.to_string() })?;
    serialised(tensors, (KEY.to_owned(), notes))
}

/// The bytes of a file for PyTorch: no notes of ours, only the mark that its tools look for.
///
/// # Errors
/// As `to_bytes`.
pub fn to_plain_bytes(tensors: &IndexMap<String, Tensor>) -> Result<Vec<u8>, NetworkError> {
    serialised(tensors, ("format".to_owned(), "pt".to_owned()))
}

fn serialised(
    tensors: &IndexMap<String, Tensor>,
    metadata: (String, String),
) -> Result<Vec<u8>, NetworkError> {
    let mut plain = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let dtype = dtype(tensor.kind())
            .ok_or_else(|| NetworkError::Block { block: name.clone(), message: kind_text(tensor.kind()) })?;
        let tensor = tensor.f_detach()?.f_to_device(Device::Cpu)?.f_contiguous()?;
        let shape: Vec<usize> = tensor.size().iter().map(|&size| size as usize).collect();
        let mut bytes = vec![0u8; tensor.numel() * tensor.kind().elt_size_in_bytes()];
        let count = tensor.numel();
        tensor.f_copy_data_u8(&mut bytes, count)?;
        plain.push((name.as_str(), dtype, shape, bytes));
    }
    let text = |message: String| NetworkError::Block { block: "weights".to_owned(), message };
    let views = plain
        .iter()
        .map(|(name, dtype, shape, bytes)| Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(|error| text(error.to_string()))?;
    safetensors::serialize(views, Some(HashMap::from([metadata]))).map_err(|error| text(error.to_string()))
}

/// Reads a weights file: the tensors on the CPU, by name, and the notes (empty for files of other programs).
///
/// # Errors
/// A file that cannot be read or is not a whole safetensors file.
pub fn read(path: &Path) -> Result<(IndexMap<String, Tensor>, Notes), NetworkError> {
    let fault = |message: String| NetworkError::File { path: path.to_owned(), message };
    let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    from_bytes(&bytes).map_err(|error| fault(error.to_string()))
}

fn from_bytes(bytes: &[u8]) -> anyhow::Result<(IndexMap<String, Tensor>, Notes)> {
    let (_, header) = SafeTensors::read_metadata(bytes)?;
    let notes = match header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)) {
        Some(text) => serde_json::from_str(text)?,
        None => Notes::new(),
    };
    let file = SafeTensors::deserialize(bytes)?;
    let mut tensors = IndexMap::with_capacity(file.len());
    for (name, view) in file.tensors() {
        let kind = kind(view.dtype())
            .ok_or_else(|| anyhow::anyhow!("tensor `{name}` has type {}, which is not read", view.dtype()))?;
        let shape: Vec<i64> = view.shape().iter().map(|&size| size as i64).collect();
        tensors.insert(name, Tensor::f_from_data_size(view.data(), &shape, kind)?);
    }
    tensors.sort_keys();
    Ok((tensors, notes))
}

/// A vector of numbers as float64 [n], for scalars of a run that must come back bit for bit.
pub fn scalars(values: &[f64]) -> Result<Tensor, NetworkError> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Ok(Tensor::f_from_data_size(&bytes, &[values.len() as i64], Kind::Double)?)
}

/// SHA-256 of all values in name order, as hexadecimal: two networks with the same weights have the same one.
pub fn fingerprint(state: &IndexMap<String, Tensor>) -> Result<String, NetworkError> {
    use sha2::{Digest, Sha256};
    let mut names: Vec<&String> = state.keys().collect();
    names.sort();
    let mut hash = Sha256::new();
    for name in names {
        hash.update(name.as_bytes());
        hash.update(tensors::bytes_of(&tensors::to_vec(&state[name])?));
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn kind_text(kind: Kind) -> String {
    format!("numbers of type {kind:?} have no place in a weights file")
}

fn dtype(kind: Kind) -> Option<Dtype> {
    PAIRS.iter().find(|(k, _)| *k == kind).map(|(_, dtype)| *dtype)
}

fn kind(dtype: Dtype) -> Option<Kind> {
    PAIRS.iter().find(|(_, d)| *d == dtype).map(|(kind, _)| *kind)
}

const PAIRS: [(Kind, Dtype); 7] = [
    (Kind::Float, Dtype::F32),
    (Kind::Double, Dtype::F64),
    (Kind::BFloat16, Dtype::BF16),
    (Kind::Half, Dtype::F16),
    (Kind::Int64, Dtype::I64),
    (Kind::Int, Dtype::I32),
    (Kind::Uint8, Dtype::U8),
];
