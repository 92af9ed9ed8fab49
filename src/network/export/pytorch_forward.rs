//! The `forward` of an exported module: one line a step, values named as a person would, activations around what they act on.

use super::Ends;
use super::names::{free, identifier};
use super::pytorch_layers::{layer, number};
use crate::blueprint::{Activation, Fill, Interpolation, MomentForm, Op, Plan, PortType, Step};
use std::collections::{HashMap, HashSet};

/// The lines of `forward`, each with the step it belongs to; the last one returns.
pub fn lines(plan: &Plan, attributes: &[String], ends: &Ends) -> Vec<(usize, String)> {
    let order: Vec<usize> = (0..plan.steps.len())
        .filter(|&index| !matches!(plan.steps[index].op, Op::Input { .. } | Op::Output { .. }))
        .collect();
    let mut place = vec![usize::MAX; plan.steps.len()];
    order.iter().enumerate().for_each(|(at, &index)| place[index] = at);
    let mut readers = vec![Vec::new(); plan.steps.len()];
    for (index, step) in plan.steps.iter().enumerate() {
        step.inputs.iter().for_each(|&input| readers[input].push(index));
    }
    let mut writer = Writer {
        plan,
        attributes,
        order,
        place,
        readers,
        values: vec![Value::default(); plan.steps.len()],
        busy: HashMap::new(),
        lines: Vec::new(),
    };
    for (&index, end) in plan.inputs.iter().zip(&ends.inputs) {
        writer.values[index] = Value { text: end.variable.clone(), swapped: false };
        writer.busy.insert(end.variable.clone(), writer.last_use(index));
    }
    for at in 0..writer.order.len() {
        writer.step(at);
    }
    writer.give_back();
    writer.lines
}

/// A value as the following lines write it.
#[derive(Clone, Default)]
struct Value {
    text: String,
    /// A sequence as [batch, channels, length], as PyTorch's convolutions and norms take it.
    swapped: bool,
}

struct Writer<'a> {
    plan: &'a Plan,
    attributes: &'a [String],
    /// The steps that compute, and at which place of this order a step stands.
    order: Vec<usize>,
    place: Vec<usize>,
    readers: Vec<Vec<usize>>,
    values: Vec<Value>,
    /// Variables in use and the place of the last line that reads them.
    busy: HashMap<String, usize>,
    lines: Vec<(usize, String)>,
}

impl Writer<'_> {
    /// The place of the last step that reads this value; outputs are read at the very end.
    fn last_use(&self, index: usize) -> usize {
        self.readers[index].iter().map(|&reader| self.place[reader]).max().unwrap_or(0)
    }

    fn step(&mut self, at: usize) {
        let index = self.order[at];
        if self.readers[index].is_empty() {
            return;
        }
        let value = self.expression(index);
        let next = self.order.get(at + 1).copied();
        let only_next = next.is_some() && self.readers[index].iter().all(|&reader| Some(reader) == next);
        let wrapped = next.is_some_and(|next| is_activation(&self.plan.steps[next].op));
        let returned = next.is_none() && self.plan.outputs.len() == 1 && !value.swapped;
        if (only_next && wrapped && self.readers[index].len() == 1) || returned {
            self.values[index] = value;
            return;
        }
        let variable = self.variable(index, at, only_next);
        self.busy.insert(variable.clone(), self.last_use(index));
        self.lines.push((index, format!("{variable} = {}", value.text)));
        self.values[index] = Value { text: variable, ..value };
    }

    /// A name for a value: `x` where the next line alone reads it; the group's name where it leaves its group; else the block's.
    fn variable(&self, index: usize, at: usize, only_next: bool) -> String {
        let step = &self.plan.steps[index];
        let mut wanted = Vec::new();
        if only_next {
            wanted.extend(["x", "y", "z"].map(str::to_owned));
        } else {
            let group = step.name.split_once('/').map(|(group, _)| group);
            let leaves = |&reader: &usize| {
                let other = &self.plan.steps[reader].name;
                group.is_some_and(|group| !other.starts_with(&format!("{group}/")))
            };
            if self.readers[index].iter().any(leaves) {
                wanted.extend(group.map(identifier));
            }
            wanted.extend(step.name.rsplit('/').next().map(identifier));
        }
        let is_free = |name: &String| self.busy.get(name).is_none_or(|&last| last <= at);
        wanted.into_iter().find(is_free).unwrap_or_else(|| {
            let mut taken: HashSet<String> =
                self.busy.iter().filter(|(_, last)| **last > at).map(|(name, _)| name.clone()).collect();
            free(&identifier(&step.name), &mut taken)
        })
    }

    fn give_back(&mut self) {
        let outputs: Vec<(usize, String)> = self
            .plan
            .outputs
            .iter()
            .filter_map(|&output| {
                let value = *self.plan.steps[output].inputs.first()?;
                Some((output, self.natural(value)))
            })
            .collect();
        let Some(&(last, _)) = outputs.last() else { return };
        let values: Vec<String> = outputs.into_iter().map(|(_, value)| value).collect();
        // A lone last value belongs to the block that made it.
        let owner = self.plan.steps[last].inputs.first().copied().unwrap_or(last);
        let owner = if values.len() == 1 && self.place[owner] != usize::MAX { owner } else { last };
        self.lines.push((owner, format!("return {}", values.join(", "))));
    }

    fn shape_kind(&self, index: usize) -> PortType {
        self.plan.steps[index].shape.kind
    }

    /// As the blueprint has it: a sequence is [batch, length, channels].
    fn natural(&self, index: usize) -> String {
        let value = &self.values[index];
        if value.swapped { format!("{}.transpose(1, 2)", value.text) } else { value.text.clone() }
    }

    /// With the channels as the first axis after the batch.
    fn channels_first(&self, index: usize) -> String {
        let value = &self.values[index];
        if self.shape_kind(index) == PortType::Sequence && !value.swapped {
            format!("{}.transpose(1, 2)", value.text)
        } else {
            value.text.clone()
        }
    }

    fn expression(&self, index: usize) -> Value {
        let step = &self.plan.steps[index];
        let attribute = &self.attributes[index];
        let Some(&input) = step.inputs.first() else { return Value::default() };
        let kept = |text: String| Value { text, swapped: self.values[input].swapped };
        let natural = |text: String| Value { text, swapped: false };
        let swapped = |text: String| Value { text, swapped: step.shape.kind == PortType::Sequence };
        let x = &self.values[input].text;
        let first = || self.channels_first(input);
        let dims = |kind: PortType| match kind {
            PortType::Vector => "",
            PortType::Sequence => "2",
            PortType::Map => "(2, 3)",
            PortType::Cube => "(2, 3, 4)",
        };
        match &step.op {
            Op::Input { .. } | Op::Output { .. } => kept(x.clone()),
            Op::Relu => kept(format!("F.relu({x})")),
            Op::Activation(activation) => kept(match activation {
                Activation::LeakyRelu { slope } => format!("F.leaky_relu({x}, {})", number(*slope)),
                Activation::Gelu => format!("F.gelu({x})"),
                Activation::Silu => format!("F.silu({x})"),
                Activation::Sigmoid => format!("torch.sigmoid({x})"),
                Activation::Tanh => format!("torch.tanh({x})"),
                Activation::Softplus => format!("F.softplus({x})"),
            }),
            Op::Noise { .. } => kept(format!("self.{attribute}({x})")),
            Op::Constant { value } => kept(format!("torch.full_like({x}, {})", number(*value))),
            Op::Linear { .. } => natural(format!("self.{attribute}({})", self.natural(input))),
            Op::LayerNorm { .. } => natural(format!("self.{attribute}({})", self.natural(input))),
            Op::AttentionGate { .. } => {
                let parts: Vec<String> = step.inputs.iter().map(|&part| self.channels_first(part)).collect();
                swapped(format!("self.{attribute}({})", parts.join(", ")))
            }
            Op::Film { around_one, .. } => {
                let condition = step.inputs.get(1).map(|&part| self.natural(part)).unwrap_or_default();
                let around_one = if *around_one { ", around_one=True" } else { "" };
                swapped(format!("film({}, {condition}{around_one})", first()))
            }
            Op::MaxPool { dims, kernel, stride } => {
                swapped(format!("F.max_pool{dims}d({}, {})", first(), pooling(*kernel, *stride)))
            }
            Op::AveragePool { dims, kernel, stride } => {
                swapped(format!("F.avg_pool{dims}d({}, {})", first(), pooling(*kernel, *stride)))
            }
            Op::GlobalPool { maximum } => {
                let what = if *maximum { "amax" } else { "mean" };
                natural(format!("{}.{what}(dim={})", first(), dims(self.shape_kind(input))))
            }
            Op::Upsample { dims, factor, interpolation } => {
                let mode = match (interpolation, dims) {
                    (Interpolation::Nearest, _) => "nearest",
                    (Interpolation::Linear, 1) => "linear",
                    (Interpolation::Linear, 2) => "bilinear",
                    (Interpolation::Linear, _) => "trilinear",
                };
                swapped(format!("F.interpolate({}, scale_factor={factor}, mode=\"{mode}\")", first()))
            }
            Op::Flatten => natural(format!("{}.flatten(1)", self.natural(input))),
            Op::Reshape => {
                let sizes: Vec<String> = step.shape.sizes.iter().map(usize::to_string).collect();
                natural(format!("{}.reshape(-1, {})", self.natural(input), sizes.join(", ")))
            }
            Op::Concatenate => {
                let swapped = self.any_swapped(step);
                let is_last = step.shape.kind == PortType::Sequence && !swapped;
                let parts = self.spread(step, swapped).join(", ");
                Value { text: format!("torch.cat([{parts}], dim={})", if is_last { 2 } else { 1 }), swapped }
            }
            Op::Add | Op::Multiply => {
                let swapped = self.any_swapped(step);
                let sign = if step.op == Op::Add { " + " } else { " * " };
                Value { text: self.spread(step, swapped).join(sign), swapped }
            }
            Op::SelectChannels { start, count } => {
                swapped(format!("{}[:, {start}:{}]", first(), start + count))
            }
            Op::Crop { before, .. } => {
                let cuts = self.cuts(step, input, before);
                swapped(format!("{}[..., {}]", first(), cuts.join(", ")))
            }
            Op::Pad { before, after, fill, .. } => {
                // PyTorch counts from the last axis.
                let amounts: Vec<String> = before
                    .iter()
                    .zip(after)
                    .rev()
                    .map(|(before, after)| format!("{before}, {after}"))
                    .collect();
                let mode = match fill {
                    Fill::Zero => "",
                    Fill::Reflect => ", mode=\"reflect\"",
                    Fill::Replicate => ", mode=\"replicate\"",
                };
                swapped(format!("F.pad({}, ({}){mode})", first(), amounts.join(", ")))
            }
            Op::SpectralMoments { first_km_s, step_km_s, count, form, .. } => {
                let function = match form {
                    MomentForm::Physical => "spectral_moments",
                    MomentForm::Raw => "raw_moments",
                };
                let (from, by) = (number(*first_km_s), number(*step_km_s));
                natural(format!("{function}({x}, {from}, {by}, {count})"))
            }
            Op::SpectralProjection { .. } => natural(format!("self.{attribute}({x}.flatten(1, 2))")),
            Op::Convolution { .. }
            | Op::TransposedConvolution { .. }
            | Op::BatchNorm { .. }
            | Op::GroupNorm { .. }
            | Op::InstanceNorm { .. }
            | Op::Dropout { .. }
            | Op::SelfAttention { .. }
            | Op::KanConvolution { .. }
            | Op::Kan { .. } => {
                debug_assert!(layer(step).is_some());
                swapped(format!("self.{attribute}({})", first()))
            }
        }
    }

    fn any_swapped(&self, step: &Step) -> bool {
        step.inputs.iter().any(|&input| self.values[input].swapped)
    }

    /// The inputs of a step that joins several, in one layout; vectors get the axes of what they spread over.
    fn spread(&self, step: &Step, swapped: bool) -> Vec<String> {
        let axes = match step.shape.kind {
            PortType::Vector => "",
            PortType::Sequence if swapped => "[:, :, None]",
            PortType::Sequence => "[:, None]",
            PortType::Map => "[:, :, None, None]",
            PortType::Cube => "[:, :, None, None, None]",
        };
        let part = |&input: &usize| match self.shape_kind(input) {
            PortType::Vector => format!("{}{axes}", self.values[input].text),
            _ if swapped => self.channels_first(input),
            _ => self.natural(input),
        };
        step.inputs.iter().map(part).collect()
    }

    /// `1:-1` for each axis; counted from both ends, so that it holds for larger maps, too.
    fn cuts(&self, step: &Step, input: usize, before: &[usize]) -> Vec<String> {
        let axes = |shape: &crate::blueprint::Shape| match shape.kind {
            PortType::Sequence => shape.sizes[..1].to_vec(),
            _ => shape.sizes[1..].to_vec(),
        };
        let (from, to) = (axes(&self.plan.steps[input].shape), axes(&step.shape));
        before
            .iter()
            .zip(from.iter().zip(to))
            .map(|(&before, (&from, to))| match (before, from.saturating_sub(before + to)) {
                (0, 0) => ":".to_owned(),
                (before, 0) => format!("{before}:"),
                (0, after) => format!(":-{after}"),
                (before, after) => format!("{before}:-{after}"),
            })
            .collect()
    }
}

fn is_activation(op: &Op) -> bool {
    matches!(op, Op::Relu | Op::Activation(_))
}

fn pooling(kernel: usize, stride: usize) -> String {
    if kernel == stride { kernel.to_string() } else { format!("{kernel}, stride={stride}") }
}
