//! An ONNX graph in the making: nodes, constants and the names of values.

use super::names::free;
use super::onnx_proto::{
    AttributeProto, DimensionProto, NodeProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto, attribute_type, data_type,
};
use crate::network::tensors::bytes_of;
use std::collections::HashSet;

/// Nodes and initialisers; every value has a name of its own, after the step that makes it.
#[derive(Default)]
pub struct Builder {
    pub nodes: Vec<NodeProto>,
    pub initialisers: Vec<TensorProto>,
    taken: HashSet<String>,
    /// The step whose nodes are being made.
    pub step: String,
}

impl Builder {
    /// Keeps a name for a graph input or output.
    pub fn reserve(&mut self, name: &str) -> String {
        free(name, &mut self.taken)
    }

    /// A node with one output, whose name comes back. An empty input name stands for an absent input.
    pub fn node(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> String {
        let output = free(&format!("{}/{op}", self.step), &mut self.taken);
        self.node_to(op, inputs, attributes, &output);
        output
    }

    /// As `node`, for an output that has its name already.
    pub fn node_to(&mut self, op: &str, inputs: &[&str], attributes: Vec<AttributeProto>, output: &str) {
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: Some(output.to_owned()),
            op_type: Some(op.to_owned()),
            attribute: attributes,
        });
    }

    /// Float32 numbers in row-major order as an initialiser.
    pub fn floats(&mut self, name: &str, dims: &[usize], values: &[f32]) -> String {
        let bytes = if cfg!(target_endian = "little") {
            bytes_of(values).to_vec()
        } else {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        };
        self.initialiser(name, dims, data_type::FLOAT, bytes)
    }

    pub fn scalar(&mut self, value: f64) -> String {
        let name = format!("{}/value", self.step);
        self.floats(&name, &[], &[value as f32])
    }

    pub fn integers(&mut self, what: &str, values: &[i64]) -> String {
        let name = format!("{}/{what}", self.step);
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initialiser(&name, &[values.len()], data_type::INT64, bytes)
    }

    fn initialiser(&mut self, name: &str, dims: &[usize], kind: i32, bytes: Vec<u8>) -> String {
        let name = free(name, &mut self.taken);
        self.initialisers.push(TensorProto {
            dims: dims.iter().map(|&size| size as i64).collect(),
            data_type: Some(kind),
            name: Some(name.clone()),
            raw_data: Some(bytes),
        });
        name
    }

    pub fn reshape(&mut self, x: &str, sizes: &[i64]) -> String {
        let sizes = self.integers("shape", sizes);
        self.node("Reshape", &[x, &sizes], vec![])
    }

    pub fn transpose(&mut self, x: &str, order: &[i64]) -> String {
        self.node("Transpose", &[x], vec![ints("perm", order)])
    }

    pub fn unsqueeze(&mut self, x: &str, axes: &[i64]) -> String {
        let axes = self.integers("axes", axes);
        self.node("Unsqueeze", &[x, &axes], vec![])
    }

    /// `start..end` along each of `axes`.
    pub fn slice(&mut self, x: &str, axes: &[i64], start: &[i64], end: &[i64]) -> String {
        let start = self.integers("start", start);
        let end = self.integers("end", end);
        let axes = self.integers("axes", axes);
        self.node("Slice", &[x, &start, &end, &axes], vec![])
    }
}

pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { i: Some(value), ..attribute(name, attribute_type::INT) }
}

pub fn float(name: &str, value: f64) -> AttributeProto {
    AttributeProto { f: Some(value as f32), ..attribute(name, attribute_type::FLOAT) }
}

pub fn word(name: &str, value: &str) -> AttributeProto {
    AttributeProto { s: Some(value.as_bytes().to_vec()), ..attribute(name, attribute_type::STRING) }
}

pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto { ints: values.to_vec(), ..attribute(name, attribute_type::INTS) }
}

/// One float32 number as a tensor of one element.
pub fn tensor(name: &str, value: f64) -> AttributeProto {
    let tensor = TensorProto {
        dims: vec![1],
        data_type: Some(data_type::FLOAT),
        raw_data: Some((value as f32).to_le_bytes().to_vec()),
        ..TensorProto::default()
    };
    AttributeProto { t: Some(tensor), ..attribute(name, attribute_type::TENSOR) }
}

fn attribute(name: &str, kind: i32) -> AttributeProto {
    AttributeProto { name: Some(name.to_owned()), r#type: Some(kind), ..AttributeProto::default() }
}

/// A float32 input or output [batch, sizes…] with a free batch axis.
pub fn value(name: &str, sizes: &[usize], doc: &str) -> ValueInfoProto {
    let free = DimensionProto { dim_param: Some("batch".to_owned()), ..DimensionProto::default() };
    let sized = |&size: &usize| DimensionProto { dim_value: Some(size as i64), ..DimensionProto::default() };
    let shape = TensorShapeProto { dim: std::iter::once(free).chain(sizes.iter().map(sized)).collect() };
    let kind = TensorTypeProto { elem_type: Some(data_type::FLOAT), shape: Some(shape) };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto { tensor_type: Some(kind) }),
        doc_string: (!doc.is_empty()).then(|| doc.to_owned()),
    }
}
