//! A network taken elsewhere: as a PyTorch module that reads like one written by hand, and as an ONNX file.
//! Works on a plan and on named weights; of runs and recipes it knows nothing.

mod names;
mod onnx;
mod onnx_graph;
mod onnx_layers;
pub mod onnx_proto;
mod onnx_steps;
mod pytorch;
mod pytorch_forward;
mod pytorch_layers;

pub use names::{attributes, exported};

use super::{Mode, Network, NetworkError, seed, tensors, weights};
use crate::blueprint::{Blueprint, Op, Parameter, Plan, Shape, Step};
use crate::io::atomic;
use indexmap::IndexMap;
use rand_chacha::rand_core::RngCore;
use std::path::{Path, PathBuf};
use tch::{Device, Tensor};

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `model.py`, `weights.safetensors`, `load.py`.
    PyTorch,
    /// `model.onnx`, opset 17, evaluation mode, any batch size.
    Onnx,
}

/// How one channel was standardised before it entered the network, or must be brought back: (value − mean) / std, the value being
/// the physical one or its log10.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Scale {
    pub name: String,
    pub unit: String,
    pub log10: bool,
    pub mean: f64,
    pub std: f64,
}

/// The scales of all input channels in order (of the first input, then of the second, …) and of the first output's channels.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Scales {
    pub inputs: Vec<Scale>,
    pub outputs: Vec<Scale>,
}

/// What there is to export.
pub struct Export<'a> {
    /// Whose plan it is; names, note and units are taken from it.
    pub document: &'a Blueprint,
    pub plan: &'a Plan,
    pub network: &'a Network,
    /// Where the weights come from, for the reader: `random weights of seed 0`.
    pub origin: String,
    pub scales: Option<Scales>,
    /// Also write `example.safetensors`: a random batch and our answer to it.
    pub with_example: bool,
}

impl Export<'_> {
    /// Writes the files into `folder`; hands back their paths.
    ///
    /// # Errors
    /// A block that the format cannot say; weights beyond the format's limit; a folder that cannot be written.
    pub fn write(&self, format: Format, folder: &Path) -> Result<Vec<PathBuf>, NetworkError> {
        let mut written = Vec::new();
        let mut write = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            atomic::write_bytes(&path, bytes)
                .map_err(|error| NetworkError::File { path: path.clone(), message: error.to_string() })?;
            written.push(path);
            Ok::<_, NetworkError>(())
        };
        match format {
            Format::PyTorch => {
                write("model.py", pytorch::module(self).as_bytes())?;
                write("weights.safetensors", &weights::to_plain_bytes(&pytorch::state(self)?)?)?;
                write("load.py", pytorch::loader(self).as_bytes())?;
            }
            Format::Onnx => write("model.onnx", &onnx::bytes(self)?)?,
        }
        if self.with_example {
            write("example.safetensors", &weights::to_plain_bytes(&self.example()?)?)?;
        }
        Ok(written)
    }

    /// A batch of two random samples and the network's answer: `input.NAME` and `output.NAME`, by the names of the exported files.
    fn example(&self) -> Result<IndexMap<String, Tensor>, NetworkError> {
        let ends = self.ends();
        let mut inputs = Vec::new();
        let mut example = IndexMap::new();
        for end in &ends.inputs {
            let shape: Vec<usize> = std::iter::once(2).chain(end.shape.sizes.iter().copied()).collect();
            let mut generator = seed::stream(0, &format!("example/{}", end.name));
            // The sum of four uniform draws, scaled to unit variance: as good as normal here, and the same on every machine.
            let mut draw =
                || (0..4).map(|_| f64::from(generator.next_u32()) / 4_294_967_296.0 - 0.5).sum::<f64>();
            let values: Vec<f32> =
                (0..shape.iter().product()).map(|_| (draw() * 3.0_f64.sqrt()) as f32).collect();
            let tensor = tensors::from_slice(&values, &shape, Device::Cpu)?;
            example.insert(format!("input.{}", end.variable), tensor.shallow_clone());
            inputs.push(tensor.f_to_device(self.network.device())?);
        }
        let outputs = self.network.forward(&inputs, Mode::Evaluate)?;
        for (end, output) in ends.outputs.iter().zip(outputs) {
            example.insert(format!("output.{}", end.variable), output.f_to_device(Device::Cpu)?);
        }
        Ok(example)
    }

    fn ends(&self) -> Ends {
        let mut taken = ["x", "y", "z", "self"].map(str::to_owned).into();
        let mut end = |index: usize, name: &str| {
            let step = &self.plan.steps[index];
            End {
                name: name.to_owned(),
                variable: names::free(&names::identifier(name), &mut taken),
                shape: step.shape.clone(),
                quantity: self.quantity(step),
            }
        };
        let mut ends = |indices: &[usize]| {
            indices
                .iter()
                .filter_map(|&index| match &self.plan.steps[index].op {
                    Op::Input { name } | Op::Output { name } => Some(end(index, name)),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
        Ends { inputs: ends(&self.plan.inputs), outputs: ends(&self.plan.outputs) }
    }

    /// `log10 column density`, as far as the document says it.
    fn quantity(&self, step: &Step) -> String {
        let Some(block) = self.document.block_at(&step.path) else { return String::new() };
        let text = |name: &str| match block.parameters.get(name) {
            Some(Parameter::Text(text)) if text != "none" && text != "linear" => text.as_str(),
            _ => "",
        };
        one_line(&format!("{} {}", text("scale"), text("quantity")))
    }
}

/// The inputs and outputs of a network with their names in the exported files.
struct Ends {
    inputs: Vec<End>,
    outputs: Vec<End>,
}

struct End {
    /// As in the blueprint.
    name: String,
    /// As a Python variable; no two ends share one.
    variable: String,
    shape: Shape,
    quantity: String,
}

/// Without line breaks and other control characters, and trimmed: for comments.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
