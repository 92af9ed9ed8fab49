//! Each operation of a plan as ONNX nodes. A sequence is kept [batch, channels, length] between steps and turned only where the
//! order of its values matters; what only acts in training (dropout, noise) leaves no node.

use super::onnx_graph::{Builder, float, int, ints, tensor, word};
use crate::blueprint::{Activation, Fill, Interpolation, MomentForm, Op, Plan, PortType, Shape, Step};
use crate::network::{NetworkError, tensors};
use indexmap::IndexMap;
use tch::Tensor;

pub struct Translator<'a> {
    plan: &'a Plan,
    state: &'a IndexMap<String, Tensor>,
    pub(super) builder: Builder,
    input_names: &'a [String],
    /// The value of each step made so far, channels first.
    values: Vec<String>,
}

pub(super) type Value = Result<String, NetworkError>;

impl<'a> Translator<'a> {
    pub fn new(
        plan: &'a Plan,
        state: &'a IndexMap<String, Tensor>,
        builder: Builder,
        input_names: &'a [String],
    ) -> Self {
        Self { plan, state, builder, input_names, values: Vec::with_capacity(plan.steps.len()) }
    }

    /// Translates the next step.
    pub fn step(&mut self, index: usize) -> Result<(), NetworkError> {
        let plan = self.plan;
        let step = &plan.steps[index];
        self.builder.step.clone_from(&step.name);
        let value = match self.plan.inputs.iter().position(|&input| input == index) {
            Some(place) => {
                let name = self.input_names[place].clone();
                self.turn(&name, step.shape.kind)
            }
            None => self.translate(step)?,
        };
        self.values.push(value);
        Ok(())
    }

    /// Hands the outputs their names.
    pub fn finish(mut self, names: &[String]) -> Builder {
        for (&index, name) in self.plan.outputs.iter().zip(names) {
            let step = &self.plan.steps[index];
            self.builder.step.clone_from(&step.name);
            let value = self.values[index].clone();
            match step.shape.kind {
                PortType::Sequence => {
                    self.builder.node_to("Transpose", &[&value], vec![ints("perm", &[0, 2, 1])], name);
                }
                _ => self.builder.node_to("Identity", &[&value], vec![], name),
            }
        }
        self.builder
    }

    /// A sequence from [batch, length, channels] to [batch, channels, length], or back; anything else as it is.
    fn turn(&mut self, x: &str, kind: PortType) -> String {
        match kind {
            PortType::Sequence => self.builder.transpose(x, &[0, 2, 1]),
            _ => x.to_owned(),
        }
    }

    /// A weight of the step as an initialiser, `dims` instead of its own sizes where given.
    pub(super) fn weight(&mut self, step: &Step, part: &str, dims: Option<&[usize]>) -> Value {
        let name = format!("{}.{part}", step.name.replace('/', "."));
        let tensor = self.state.get(&name).ok_or_else(|| fault(step, format!("it has no `{part}`")))?;
        let own: Vec<usize> = tensor.size().iter().map(|&size| size as usize).collect();
        let dims = dims.unwrap_or(&own);
        if dims.iter().product::<usize>() != own.iter().product::<usize>() {
            return Err(fault(step, format!("its `{part}` has sizes {own:?}")));
        }
        Ok(self.builder.floats(&name, dims, &tensors::to_vec(tensor)?))
    }

    fn translate(&mut self, step: &Step) -> Value {
        let plan = self.plan;
        let input = |place: usize| -> Result<(String, &'a Shape), NetworkError> {
            let &index = step.inputs.get(place).ok_or_else(|| fault(step, "an input is missing".into()))?;
            Ok((self.values[index].clone(), &plan.steps[index].shape))
        };
        let (x, from) = input(0)?;
        let x = x.as_str();
        let sizes = |shape: &Shape| channels_first(shape).iter().map(|&s| s as i64).collect::<Vec<_>>();
        let with_batch = |sizes: &[i64]| std::iter::once(0).chain(sizes.iter().copied()).collect::<Vec<_>>();
        match &step.op {
            Op::Input { .. } => Err(fault(step, "an input that the plan does not list".into())),
            Op::Output { .. } | Op::Dropout { .. } | Op::Noise { always: false, .. } => Ok(x.to_owned()),
            Op::Noise { always: true, .. } => Err(fault(
                step,
                "ONNX has no noise that is the same each time; set `when` to training, or mute the block"
                    .into(),
            )),
            &Op::Convolution { dims, kernel, stride, padding, dilation, groups, bias, .. } => {
                let mut attributes = window(dims, kernel, stride, padding);
                attributes.push(ints("dilations", &vec![dilation as i64; dims]));
                attributes.push(int("group", groups as i64));
                self.weighted(step, "Conv", x, "", bias, attributes)
            }
            &Op::TransposedConvolution { dims, kernel, stride, padding, bias, .. } => {
                self.weighted(step, "ConvTranspose", x, "", bias, window(dims, kernel, stride, padding))
            }
            &Op::Linear { in_features, features, bias } => {
                let weight = self.pointwise_weight(step, "weight", features, in_features, from)?;
                let bias = if bias { Some(self.weight(step, "bias", None)?) } else { None };
                Ok(self.pointwise(x, &weight, bias.as_deref(), from))
            }
            Op::BatchNorm { epsilon, .. } => self.batch_norm(step, x, "", *epsilon),
            &Op::GroupNorm { channels, groups, epsilon } => {
                let parts = self.builder.reshape(x, &[0, groups as i64, -1]);
                let normed = self.instance_norm(&parts, groups, epsilon);
                let back = self.builder.reshape(&normed, &with_batch(&sizes(from)));
                let mut dims = vec![1; channels_first(from).len()];
                dims[0] = channels;
                let weight = self.weight(step, "weight", Some(&dims))?;
                let bias = self.weight(step, "bias", Some(&dims))?;
                let scaled = self.builder.node("Mul", &[&back, &weight], vec![]);
                Ok(self.builder.node("Add", &[&scaled, &bias], vec![]))
            }
            Op::LayerNorm { epsilon, .. } => {
                let axes = channels_first(from).len() as i64;
                // The channels last, and back.
                let there: Vec<i64> = std::iter::once(0).chain(2..=axes).chain([1]).collect();
                let back: Vec<i64> = [0, axes].into_iter().chain(1..axes).collect();
                let last = if axes > 1 { self.builder.transpose(x, &there) } else { x.to_owned() };
                let weight = self.weight(step, "weight", None)?;
                let bias = self.weight(step, "bias", None)?;
                let attributes = vec![int("axis", -1), float("epsilon", *epsilon)];
                let normed = self.builder.node("LayerNormalization", &[&last, &weight, &bias], attributes);
                Ok(if axes > 1 { self.builder.transpose(&normed, &back) } else { normed })
            }
            Op::InstanceNorm { epsilon, .. } => {
                let weight = self.weight(step, "weight", None)?;
                let bias = self.weight(step, "bias", None)?;
                let attributes = vec![float("epsilon", *epsilon)];
                Ok(self.builder.node("InstanceNormalization", &[x, &weight, &bias], attributes))
            }
            Op::Relu => Ok(self.builder.node("Relu", &[x], vec![])),
            Op::Activation(activation) => Ok(self.activation(*activation, x)),
            &Op::MaxPool { dims, kernel, stride } => {
                Ok(self.builder.node("MaxPool", &[x], window(dims, kernel, stride, 0)))
            }
            &Op::AveragePool { dims, kernel, stride } => {
                Ok(self.builder.node("AveragePool", &[x], window(dims, kernel, stride, 0)))
            }
            Op::GlobalPool { maximum } => {
                let op = if *maximum { "GlobalMaxPool" } else { "GlobalAveragePool" };
                let pooled = self.builder.node(op, &[x], vec![]);
                Ok(self.builder.node("Flatten", &[&pooled], vec![int("axis", 1)]))
            }
            &Op::Upsample { dims, factor, interpolation } => {
                let mut scales = vec![1.0; 2];
                scales.extend(vec![factor as f32; dims]);
                let name = format!("{}/scales", step.name);
                let scales = self.builder.floats(&name, &[dims + 2], &scales);
                let attributes = match interpolation {
                    Interpolation::Nearest => vec![
                        word("mode", "nearest"),
                        word("coordinate_transformation_mode", "asymmetric"),
                        word("nearest_mode", "floor"),
                    ],
                    Interpolation::Linear => {
                        vec![word("mode", "linear"), word("coordinate_transformation_mode", "half_pixel")]
                    }
                };
                Ok(self.builder.node("Resize", &[x, "", &scales], attributes))
            }
            Op::Flatten => {
                let natural = self.turn(x, from.kind);
                Ok(self.builder.node("Flatten", &[&natural], vec![int("axis", 1)]))
            }
            Op::Reshape => {
                let natural = self.turn(x, from.kind);
                let natural_sizes: Vec<i64> = step.shape.sizes.iter().map(|&size| size as i64).collect();
                let reshaped = self.builder.reshape(&natural, &with_batch(&natural_sizes));
                Ok(self.turn(&reshaped, step.shape.kind))
            }
            Op::Concatenate => {
                let parts = self.inputs(step);
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                Ok(self.builder.node("Concat", &parts, vec![int("axis", 1)]))
            }
            Op::Add => Ok(self.fold(step, "Add")),
            Op::Multiply => Ok(self.fold(step, "Mul")),
            &Op::SelectChannels { start, count } => {
                Ok(self.builder.slice(x, &[1], &[start as i64], &[(start + count) as i64]))
            }
            Op::Crop { before, .. } => {
                let axes: Vec<i64> = (2..2 + before.len() as i64).collect();
                let start: Vec<i64> = before.iter().map(|&size| size as i64).collect();
                let end: Vec<i64> = start.iter().zip(&sizes(&step.shape)[1..]).map(|(a, b)| a + b).collect();
                Ok(self.builder.slice(x, &axes, &start, &end))
            }
            Op::Pad { before, after, fill, .. } => {
                let mut pads = Vec::new();
                for amounts in [before, after] {
                    pads.extend([0, 0]);
                    pads.extend(amounts.iter().map(|&size| size as i64));
                }
                let pads = self.builder.integers("pads", &pads);
                let mode = match fill {
                    Fill::Zero => "constant",
                    Fill::Reflect => "reflect",
                    Fill::Replicate => "edge",
                };
                Ok(self.builder.node("Pad", &[x, &pads], vec![word("mode", mode)]))
            }
            Op::AttentionGate { dims, .. } => {
                let (skip, _) = input(1)?;
                let dims = *dims;
                let mut branch = |part: &str, x: &str| {
                    let y = self.weighted(step, "Conv", x, part, true, window(dims, 1, 1, 0))?;
                    self.batch_norm(step, &y, &format!("{part}_norm"), 1e-5)
                };
                let (gated, skipped) = (branch("gate", x)?, branch("skip", &skip)?);
                let sum = self.builder.node("Add", &[&gated, &skipped], vec![]);
                let sum = self.builder.node("Relu", &[&sum], vec![]);
                let psi = self.weighted(step, "Conv", &sum, "psi", true, window(dims, 1, 1, 0))?;
                let psi = self.batch_norm(step, &psi, "psi_norm", 1e-5)?;
                let psi = self.builder.node("Sigmoid", &[&psi], vec![]);
                Ok(self.builder.node("Mul", &[&skip, &psi], vec![]))
            }
            &Op::SelfAttention { channels, heads } => {
                self.attention(step, x, channels, heads, &with_batch(&sizes(from)))
            }
            &Op::Film { channels, around_one } => {
                let (condition, _) = input(1)?;
                let axes = channels_first(from).len() as i64;
                let channels = channels as i64;
                let mut half = |from: i64| {
                    let part = self.builder.slice(&condition, &[1], &[from], &[from + channels]);
                    let axes: Vec<i64> = (2..=axes).collect();
                    if axes.is_empty() { part } else { self.builder.unsqueeze(&part, &axes) }
                };
                let (mut gamma, beta) = (half(0), half(channels));
                if around_one {
                    let one = self.builder.scalar(1.0);
                    gamma = self.builder.node("Add", &[&gamma, &one], vec![]);
                }
                let scaled = self.builder.node("Mul", &[&gamma, x], vec![]);
                Ok(self.builder.node("Add", &[&scaled, &beta], vec![]))
            }
            &Op::KanConvolution { dims, in_channels, kernel, basis, .. } => {
                let functions = self.functions(step, x, from, in_channels, basis)?;
                let attributes = window(dims, kernel, 1, kernel / 2);
                let spline = self.weighted(step, "Conv", &functions, "spline", true, attributes.clone())?;
                let base = self.activation(Activation::Silu, x);
                let base = self.weighted(step, "Conv", &base, "base", true, attributes)?;
                Ok(self.builder.node("Add", &[&spline, &base], vec![]))
            }
            &Op::Kan { in_channels, sums, products, basis } => {
                let nodes = sums + 2 * products;
                let functions = self.functions(step, x, from, in_channels, basis)?;
                let weight =
                    self.pointwise_weight(step, "spline.weight", nodes, basis.count() * in_channels, from)?;
                let bias = self.weight(step, "bias", None)?;
                let spline = self.pointwise(&functions, &weight, Some(&bias), from);
                let base = self.activation(Activation::Silu, x);
                let weight = self.pointwise_weight(step, "base.weight", nodes, in_channels, from)?;
                let base = self.pointwise(&base, &weight, None, from);
                let all = self.builder.node("Add", &[&spline, &base], vec![]);
                if products == 0 {
                    return Ok(all);
                }
                let mut every_second = |start: usize| {
                    let start = self.builder.integers("start", &[start as i64]);
                    let end = self.builder.integers("end", &[nodes as i64]);
                    let axes = self.builder.integers("axes", &[1]);
                    let steps = self.builder.integers("steps", &[2]);
                    self.builder.node("Slice", &[&all, &start, &end, &axes, &steps], vec![])
                };
                let (one, other) = (every_second(sums), every_second(sums + 1));
                let product = self.builder.node("Mul", &[&one, &other], vec![]);
                if sums == 0 {
                    return Ok(product);
                }
                let sum = self.builder.slice(&all, &[1], &[0], &[sums as i64]);
                Ok(self.builder.node("Concat", &[&sum, &product], vec![int("axis", 1)]))
            }
            &Op::SpectralMoments { velocities, first_km_s, step_km_s, count, form } => {
                let middle = match form {
                    MomentForm::Physical => first_km_s + 0.5 * step_km_s * (velocities as f64 - 1.0),
                    MomentForm::Raw => 0.0,
                };
                let velocity: Vec<f32> =
                    (0..velocities).map(|i| (first_km_s + step_km_s * i as f64 - middle) as f32).collect();
                let name = format!("{}/velocity", step.name);
                let velocity = self.builder.floats(&name, &[velocities, 1, 1], &velocity);
                let moments = match form {
                    MomentForm::Physical => self.moments(x, &velocity, middle, step_km_s, count),
                    MomentForm::Raw => self.raw_moments(x, &velocity, count),
                };
                // Moment after moment for each channel.
                let moments: Vec<&str> = moments.iter().map(String::as_str).collect();
                let stacked = self.builder.node("Concat", &moments, vec![int("axis", 2)]);
                Ok(self.builder.reshape(&stacked, &with_batch(&sizes(&step.shape))))
            }
            Op::SpectralProjection { in_channels, velocities, bias, .. } => {
                let mut merged = sizes(from);
                merged.splice(..2, [(in_channels * velocities) as i64]);
                let merged = self.builder.reshape(x, &with_batch(&merged));
                self.weighted(step, "Conv", &merged, "", *bias, window(2, 1, 1, 0))
            }
            Op::Constant { value } => {
                let shape = self.builder.node("Shape", &[x], vec![]);
                Ok(self.builder.node("ConstantOfShape", &[&shape], vec![tensor("value", *value)]))
            }
        }
    }

    fn inputs(&self, step: &Step) -> Vec<String> {
        step.inputs.iter().map(|&index| self.values[index].clone()).collect()
    }

    /// A convolution with the weights of this part of the step.
    fn weighted(
        &mut self,
        step: &Step,
        op: &str,
        x: &str,
        part: &str,
        bias: bool,
        attributes: Vec<super::onnx_proto::AttributeProto>,
    ) -> Value {
        let prefix = if part.is_empty() { String::new() } else { format!("{part}.") };
        let weight = self.weight(step, &format!("{prefix}weight"), None)?;
        let bias = if bias { Some(self.weight(step, &format!("{prefix}bias"), None)?) } else { None };
        let inputs: Vec<&str> = [x, weight.as_str()].into_iter().chain(bias.as_deref()).collect();
        Ok(self.builder.node(op, &inputs, attributes))
    }

    /// The weights [features, channels] of a layer on the channels of each pixel, as `pointwise` takes them.
    fn pointwise_weight(&mut self, step: &Step, part: &str, to: usize, from: usize, shape: &Shape) -> Value {
        let mut dims = vec![1; channels_first(shape).len() + 1];
        (dims[0], dims[1]) = (to, from);
        self.weight(step, part, Some(&dims))
    }

    /// A linear layer on the channels of each pixel: a product for vectors, a convolution with kernel 1 for the rest.
    fn pointwise(&mut self, x: &str, weight: &str, bias: Option<&str>, shape: &Shape) -> String {
        let inputs: Vec<&str> = [x, weight].into_iter().chain(bias).collect();
        match shape.kind {
            PortType::Vector => self.builder.node("Gemm", &inputs, vec![int("transB", 1)]),
            _ => self.builder.node("Conv", &inputs, vec![]),
        }
    }

    fn batch_norm(&mut self, step: &Step, x: &str, part: &str, epsilon: f64) -> Value {
        let prefix = if part.is_empty() { String::new() } else { format!("{part}.") };
        let mut inputs = vec![x.to_owned()];
        for name in ["weight", "bias", "running_mean", "running_var"] {
            inputs.push(self.weight(step, &format!("{prefix}{name}"), None)?);
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(self.builder.node("BatchNormalization", &inputs, vec![float("epsilon", epsilon)]))
    }

    fn instance_norm(&mut self, x: &str, parts: usize, epsilon: f64) -> String {
        let name = format!("{}/ones", self.builder.step);
        let ones = self.builder.floats(&name, &[parts], &vec![1.0; parts]);
        let name = format!("{}/zeros", self.builder.step);
        let zeros = self.builder.floats(&name, &[parts], &vec![0.0; parts]);
        self.builder.node("InstanceNormalization", &[x, &ones, &zeros], vec![float("epsilon", epsilon)])
    }

    fn activation(&mut self, activation: Activation, x: &str) -> String {
        let builder = &mut self.builder;
        match activation {
            Activation::LeakyRelu { slope } => builder.node("LeakyRelu", &[x], vec![float("alpha", slope)]),
            Activation::Gelu => {
                let half = builder.scalar(0.5);
                let root = builder.scalar(std::f64::consts::FRAC_1_SQRT_2);
                let one = builder.scalar(1.0);
                let scaled = builder.node("Mul", &[x, &root], vec![]);
                let erf = builder.node("Erf", &[&scaled], vec![]);
                let sum = builder.node("Add", &[&erf, &one], vec![]);
                let halved = builder.node("Mul", &[x, &half], vec![]);
                builder.node("Mul", &[&halved, &sum], vec![])
            }
            Activation::Silu => {
                let sigmoid = builder.node("Sigmoid", &[x], vec![]);
                builder.node("Mul", &[x, &sigmoid], vec![])
            }
            Activation::Sigmoid => builder.node("Sigmoid", &[x], vec![]),
            Activation::Tanh => builder.node("Tanh", &[x], vec![]),
            Activation::Softplus => builder.node("Softplus", &[x], vec![]),
        }
    }

    /// Sum or product of all inputs; vectors get the axes of what they spread over.
    fn fold(&mut self, step: &Step, op: &str) -> String {
        let axes: Vec<i64> = (2..=channels_first(&step.shape).len() as i64).collect();
        let mut parts = Vec::new();
        for (value, &index) in self.inputs(step).into_iter().zip(&step.inputs) {
            let is_vector = self.plan.steps[index].shape.kind == PortType::Vector;
            parts.push(if is_vector && !axes.is_empty() {
                self.builder.unsqueeze(&value, &axes)
            } else {
                value
            });
        }
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |sum, part| self.builder.node(op, &[&sum, &part], vec![]))
    }
}

/// The sizes without the batch, the channels first.
pub(super) fn channels_first(shape: &Shape) -> Vec<usize> {
    match (shape.kind, shape.sizes.as_slice()) {
        (PortType::Sequence, &[length, channels]) => vec![channels, length],
        (_, sizes) => sizes.to_vec(),
    }
}

fn window(
    dims: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Vec<super::onnx_proto::AttributeProto> {
    vec![
        ints("kernel_shape", &vec![kernel as i64; dims]),
        ints("strides", &vec![stride as i64; dims]),
        ints("pads", &vec![padding as i64; 2 * dims]),
    ]
}

fn fault(step: &Step, message: String) -> NetworkError {
    NetworkError::Block {
        block: step.name.clone(),
        message: format!("this block cannot be written as ONNX: {message}"),
    }
}
