//! `model.py`, its weights and its loader.

use super::names::{attributes, exported};
use super::pytorch_forward::lines;
use super::pytorch_layers::{HELPERS, layer, number};
use super::{End, Export, Scale, one_line};
use crate::blueprint::{PortType, Step};
use crate::network::NetworkError;
use indexmap::IndexMap;
use std::fmt::Write as _;
use tch::Tensor;

/// The weights by the names of the module's state dict. PyTorch's count of batches, which nothing reads, is zero.
pub fn state(export: &Export) -> Result<IndexMap<String, Tensor>, NetworkError> {
    let steps = &export.plan.steps;
    let attributes = attributes(steps);
    let mut state = IndexMap::new();
    for (name, tensor) in export.network.state()? {
        let Some(exported) = exported(steps, &attributes, &name) else {
            return Err(NetworkError::Block { block: name, message: "no block owns this weight".to_owned() });
        };
        if let Some(norm) = exported.strip_suffix(".running_mean") {
            state.insert(format!("{norm}.num_batches_tracked"), Tensor::from(0_i64));
        }
        state.insert(exported, tensor);
    }
    state.sort_keys();
    Ok(state)
}

/// The Python source of the module.
pub fn module(export: &Export) -> String {
    let steps = &export.plan.steps;
    let attributes = attributes(steps);
    let ends = export.ends();
    let mut text = String::from("\"\"\"");
    text += &prose(&export.document.name);
    text += "\n\n";
    if !export.document.note.trim().is_empty() {
        text += &prose(&export.document.note);
        text += "\n\n";
    }
    let width = ends.inputs.iter().chain(&ends.outputs).map(|end| end.variable.len()).max().unwrap_or(0);
    for (word, end) in
        ends.inputs.iter().map(|end| ("Input ", end)).chain(ends.outputs.iter().map(|end| ("Output", end)))
    {
        let line = format!("{word}  {:width$}  {}  {}", end.variable, shape(end), prose(&end.quantity));
        text += line.trim_end();
        text.push('\n');
    }
    let _ = write!(
        text,
        "\nThe weights lie in weights.safetensors ({}):\n\n    from safetensors.torch import load_file\n\n    \
         model = Network()\n    model.load_state_dict(load_file(\"weights.safetensors\"))\n    model.eval()\n",
        prose(&export.origin)
    );
    text += "\"\"\"\n\n";
    let body = class(export, &attributes, &ends);
    let scales = export.scales.as_ref().map(standardisation).unwrap_or_default();
    let helpers: Vec<&str> = HELPERS
        .iter()
        .filter(|helper| steps.iter().any(|step| (helper.uses)(step)))
        .map(|helper| helper.source)
        .collect();
    let rest = [scales, helpers.join("\n\n"), body].into_iter().filter(|part| !part.is_empty());
    let rest = rest.collect::<Vec<_>>().join("\n\n");
    if rest.contains("math.") {
        text += "import math\n\n";
    }
    text += "import torch\n";
    if rest.contains("F.") {
        text += "import torch.nn.functional as F\n";
    }
    text += "from torch import nn\n\n\n";
    text + &rest
}

fn class(export: &Export, attributes: &[String], ends: &super::Ends) -> String {
    let steps = &export.plan.steps;
    let mut text = format!(
        "class Network(nn.Module):\n    \"\"\"{}\"\"\"\n\n    def __init__(self):\n        super().__init__()\n",
        prose(&export.document.name)
    );
    let layers: Vec<(usize, String)> = steps
        .iter()
        .enumerate()
        .filter_map(|(index, step)| Some((index, format!("self.{} = {}", attributes[index], layer(step)?))))
        .collect();
    grouped(&mut text, steps, &layers);
    let inputs: Vec<&str> = ends.inputs.iter().map(|end| end.variable.as_str()).collect();
    let _ = write!(text, "\n    def forward(self, {}):\n", inputs.join(", "));
    grouped(&mut text, steps, &lines(export.plan, attributes, ends));
    text
}

/// Lines of a method, the outermost groups of the blueprint set off by their names.
fn grouped(text: &mut String, steps: &[Step], lines: &[(usize, String)]) {
    let mut before = None;
    for (index, line) in lines {
        let group = steps[*index].name.split_once('/').map(|(group, _)| group);
        if before.is_some_and(|before| before != group) {
            text.push('\n');
        }
        if let Some(group) = group.filter(|_| before != Some(group)) {
            let _ = writeln!(text, "        # {}", one_line(group));
        }
        before = Some(group);
        let _ = writeln!(text, "        {line}");
    }
}

fn shape(end: &End) -> String {
    let sizes: Vec<String> = end.shape.sizes.iter().map(usize::to_string).collect();
    let axes = match end.shape.kind {
        PortType::Sequence => "  (length, channels)",
        _ => "",
    };
    format!("[batch, {}]{axes}", sizes.join(", "))
}

/// Text that is safe between triple quotes, line by line.
fn prose(text: &str) -> String {
    let clean = |line: &str| one_line(line).replace('\\', "\\\\").replace('"', "'");
    text.trim().lines().map(clean).collect::<Vec<_>>().join("\n")
}

/// Constants and functions that bring physical values in and out, as the training had them.
fn standardisation(scales: &super::Scales) -> String {
    let list = |scales: &[Scale], number_of: fn(&Scale) -> f64| {
        let numbers: Vec<String> = scales.iter().map(|scale| number(number_of(scale))).collect();
        format!("[{}]", numbers.join(", "))
    };
    let says = |scales: &[Scale]| {
        let one = |scale: &Scale| {
            let unit = if scale.unit.is_empty() { "no unit" } else { &scale.unit };
            format!("{} ({}{})", prose(&scale.name), if scale.log10 { "log10 of " } else { "" }, prose(unit))
        };
        scales.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let is_log = |scales: &[Scale]| scales.iter().all(|scale| scale.log10);
    let (inputs, outputs) = (&scales.inputs, &scales.outputs);
    let mut text = String::from("# How the training standardised its data, channel by channel.\n");
    for (word, scales) in [("INPUT", inputs), ("OUTPUT", outputs)] {
        let _ = writeln!(
            text,
            "# {}: {}\n{word}_MEAN = {}\n{word}_STD = {}",
            if word == "INPUT" { "Inputs" } else { "Outputs" },
            says(scales),
            list(scales, |scale| scale.mean),
            list(scales, |scale| scale.std)
        );
    }
    let to = if is_log(inputs) { "torch.log10(x)" } else { "x" };
    let back = if is_log(outputs) { "10 ** y" } else { "y" };
    let _ = write!(
        text,
        "\n\ndef standardise(x):\n    \"\"\"Physical values [batch, channels, …] as the network takes them.\"\"\"\n    \
         channels = (1, -1) + (1,) * (x.dim() - 2)\n    \
         mean, std = x.new_tensor(INPUT_MEAN).view(channels), x.new_tensor(INPUT_STD).view(channels)\n    \
         return ({to} - mean) / std\n\n\n\
         def physical(y):\n    \"\"\"Physical values of the network's answer [batch, channels, …].\"\"\"\n    \
         channels = (1, -1) + (1,) * (y.dim() - 2)\n    \
         y = y * y.new_tensor(OUTPUT_STD).view(channels) + y.new_tensor(OUTPUT_MEAN).view(channels)\n    \
         return {back}\n"
    );
    text
}

/// `load.py`: the three lines, and a check of the example.
pub fn loader(export: &Export) -> String {
    let ends = export.ends();
    let mut text = String::from("\"\"\"Loads the network of model.py with its weights");
    if export.with_example {
        text += "; run as a program, it compares its outputs with Aquila's";
    }
    text += ".\"\"\"\n\n";
    if export.with_example {
        text += "import torch\n";
    }
    text += "from safetensors.torch import load_file\n\nfrom model import Network\n\nmodel = Network()\n\
             model.load_state_dict(load_file(\"weights.safetensors\"))\nmodel.eval()\n";
    if export.with_example {
        let tuple = |word: &str, ends: &[End]| {
            let names: Vec<String> = ends.iter().map(|end| format!("\"{word}.{}\"", end.variable)).collect();
            format!("[{}]", names.join(", "))
        };
        let _ = write!(
            text,
            "\nif __name__ == \"__main__\":\n    example = load_file(\"example.safetensors\")\n    \
             with torch.no_grad():\n        outputs = model(*[example[name] for name in {}])\n    \
             outputs = outputs if isinstance(outputs, tuple) else (outputs,)\n    \
             for name, output in zip({}, outputs):\n        \
             difference = (output - example[name]).abs().max() / example[name].abs().max()\n        \
             print(f\"{{name}}: largest difference {{difference:.1e}} of the largest value\")\n",
            tuple("input", &ends.inputs),
            tuple("output", &ends.outputs)
        );
    }
    text
}
