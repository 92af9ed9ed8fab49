//! `model.onnx`: the network in evaluation mode, standard operators of opset 17 only.

use super::Export;
use super::onnx_graph::{Builder, value};
use super::onnx_proto::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto};
use super::onnx_steps::Translator;
use crate::network::NetworkError;
use prost::Message as _;

const OPSET: i64 = 17;
/// The format of opset 17.
const IR_VERSION: i64 = 8;
/// A protobuf file ends at 2 GiB.
const MOST_BYTES: u64 = (1 << 31) - (1 << 20);

/// The bytes of the file.
///
/// # Errors
/// A block that ONNX cannot say; more than 2 GiB of weights.
pub fn bytes(export: &Export) -> Result<Vec<u8>, NetworkError> {
    let bytes = 4 * export.network.parameter_count() as u64;
    if bytes > MOST_BYTES {
        let message = format!(
            "{:.1} GiB of weights; an ONNX file holds 2 GiB. Export to PyTorch, or make the network smaller",
            bytes as f64 / f64::from(1 << 30)
        );
        return Err(NetworkError::Block { block: export.document.name.clone(), message });
    }
    Ok(model(export)?.encode_to_vec())
}

pub fn model(export: &Export) -> Result<ModelProto, NetworkError> {
    let ends = export.ends();
    let mut builder = Builder::default();
    let mut names = Vec::new();
    let mut describe = |end: &super::End| {
        names.push(builder.reserve(&end.name));
        value(&names[names.len() - 1], &end.shape.sizes, &end.quantity)
    };
    let inputs: Vec<_> = ends.inputs.iter().map(&mut describe).collect();
    let outputs: Vec<_> = ends.outputs.iter().map(&mut describe).collect();
    let (input_names, output_names) = names.split_at(inputs.len());
    let state = export.network.state()?;
    let mut translator = Translator::new(export.plan, &state, builder, input_names);
    for index in 0..export.plan.steps.len() {
        translator.step(index)?;
    }
    let builder = translator.finish(output_names);
    let graph = GraphProto {
        node: builder.nodes,
        name: Some(super::one_line(&export.document.name)),
        initializer: builder.initialisers,
        input: inputs,
        output: outputs,
    };
    let mut notes = vec![("weights", export.origin.clone())];
    if let Some(scales) = &export.scales {
        let text = serde_json::to_string(scales).map_err(|error| NetworkError::Block {
            block: export.document.name.clone(),
            message: error.to_string(),
        })?;
        notes.push(("standardisation", text));
    }
    Ok(ModelProto {
        ir_version: Some(IR_VERSION),
        producer_name: Some("aquila".to_owned()),
        producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        doc_string: Some(export.document.note.clone()),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: Some(String::new()), version: Some(OPSET) }],
        metadata_props: notes
            .into_iter()
            .map(|(key, value)| StringStringEntryProto { key: Some(key.to_owned()), value: Some(value) })
            .collect(),
    })
}
