//! Each operation of a plan as ONNX nodes. A sequence is kept [batch, channels, length] between steps and turned only where the
//! order of its values matters; what only acts in training (dropout, noise) leaves no node.

use super::onnx_graph::{Builder, float, int, ints, tensor, word};
use crate::blueprint::{Activation, Basis, Fill, Interpolation, MomentForm, Op, Plan, PortType, Shape, Step};
use crate::network::{NetworkError, tensors};
use indexmap::IndexMap;
use tch::Tensor;

pub struct Translator<'a> {
    plan: &'a Plan,
    state: &'a IndexMap<String, Tensor>,
    builder: Builder,
    input_names: &'a [String],
    /// The value of each step made so far, channels first.
    values: Vec<String>,
}

type Value = Result<String, NetworkError>;

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
    fn weight(&mut self, step: &Step, part: &str, dims: Option<&[usize]>) -> Value {
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

    fn attention(&mut self, step: &Step, x: &str, channels: usize, heads: usize, back: &[i64]) -> Value {
        let (c, h) = (channels as i64, heads as i64);
        let pixels = self.builder.reshape(x, &[0, c, -1]);
        let weight = self.weight(step, "qkv.weight", Some(&[3 * channels, channels, 1]))?;
        let bias = self.weight(step, "qkv.bias", None)?;
        let qkv = self.builder.node("Conv", &[&pixels, &weight, &bias], vec![]);
        let split = self.builder.reshape(&qkv, &[0, 3 * h, c / h, -1]);
        let mut part = |number: i64| self.builder.slice(&split, &[1], &[number * h], &[(number + 1) * h]);
        let (query, key, value) = (part(0), part(1), part(2));
        let query = self.builder.transpose(&query, &[0, 1, 3, 2]);
        let scores = self.builder.node("MatMul", &[&query, &key], vec![]);
        let scale = self.builder.scalar(1.0 / ((channels / heads) as f64).sqrt());
        let scores = self.builder.node("Mul", &[&scores, &scale], vec![]);
        let shares = self.builder.node("Softmax", &[&scores], vec![int("axis", -1)]);
        let shares = self.builder.transpose(&shares, &[0, 1, 3, 2]);
        let attended = self.builder.node("MatMul", &[&value, &shares], vec![]);
        let attended = self.builder.reshape(&attended, &[0, c, -1]);
        let weight = self.weight(step, "projection.weight", Some(&[channels, channels, 1]))?;
        let bias = self.weight(step, "projection.bias", None)?;
        let projected = self.builder.node("Conv", &[&attended, &weight, &bias], vec![]);
        Ok(self.builder.reshape(&projected, back))
    }

    /// The functions of a Kolmogorov–Arnold layer at the standardised input, basis-major: [batch, functions · channels, …].
    fn functions(&mut self, step: &Step, x: &str, from: &Shape, channels: usize, basis: Basis) -> Value {
        let name = |what: &str| format!("{}/{what}", step.name);
        let ones = self.builder.floats(&name("ones"), &[channels], &vec![1.0; channels]);
        let zeros = self.builder.floats(&name("zeros"), &[channels], &vec![0.0; channels]);
        let mean = self.weight(step, "input_mean", None)?;
        let variance = self.weight(step, "input_var", None)?;
        let inputs = [x, &ones, &zeros, &mean, &variance];
        let z = self.builder.node("BatchNormalization", &inputs, vec![float("epsilon", 1e-5)]);
        let z = self.builder.unsqueeze(&z, &[1]);
        let mut along = vec![1; channels_first(from).len() + 1];
        let mut row = |this: &mut Self, what: &str, values: &[f64]| {
            along[0] = values.len();
            let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
            this.builder.floats(&name(what), &along, &values)
        };
        let values = match basis {
            Basis::Rbf { count, range } => {
                let gap = 2.0 * range / (count.max(2) - 1) as f64;
                let centres: Vec<f64> = (0..count).map(|i| -range + gap * i as f64).collect();
                let centres = row(self, "centres", &centres);
                let away = self.builder.node("Sub", &[&z, &centres], vec![]);
                let gap = self.builder.scalar(gap);
                let away = self.builder.node("Div", &[&away, &gap], vec![]);
                let square = self.builder.node("Mul", &[&away, &away], vec![]);
                let negative = self.builder.node("Neg", &[&square], vec![]);
                self.builder.node("Exp", &[&negative], vec![])
            }
            Basis::BSpline { intervals, degree, range } => {
                let gap = 2.0 * range / intervals as f64;
                let knots: Vec<f64> =
                    (0..=intervals + 2 * degree).map(|i| -range + gap * (i as f64 - degree as f64)).collect();
                let last = knots.len() - 1;
                let (low, high) = (row(self, "low", &knots[..last]), row(self, "high", &knots[1..]));
                let above = self.builder.node("GreaterOrEqual", &[&z, &low], vec![]);
                let below = self.builder.node("Less", &[&z, &high], vec![]);
                let inside = self.builder.node("And", &[&above, &below], vec![]);
                let mut values = self.builder.node("Cast", &[&inside], vec![int("to", 1)]);
                for order in 1..=degree {
                    let left = last - order;
                    let (low, high) = (&knots[..left], &knots[order + 1..]);
                    let rising: Vec<f64> = (0..left).map(|i| knots[i + order] - knots[i]).collect();
                    let falling: Vec<f64> = (0..left).map(|i| knots[i + order + 1] - knots[i + 1]).collect();
                    let (low, high) = (row(self, "low", low), row(self, "high", high));
                    let (rising, falling) = (row(self, "rising", &rising), row(self, "falling", &falling));
                    let builder = &mut self.builder;
                    let up = builder.node("Sub", &[&z, &low], vec![]);
                    let up = builder.node("Div", &[&up, &rising], vec![]);
                    let down = builder.node("Sub", &[&high, &z], vec![]);
                    let down = builder.node("Div", &[&down, &falling], vec![]);
                    let here = builder.slice(&values, &[1], &[0], &[left as i64]);
                    let next = builder.slice(&values, &[1], &[1], &[left as i64 + 1]);
                    let up = builder.node("Mul", &[&up, &here], vec![]);
                    let down = builder.node("Mul", &[&down, &next], vec![]);
                    values = builder.node("Add", &[&up, &down], vec![]);
                }
                values
            }
        };
        let mut sizes: Vec<i64> = channels_first(from).iter().map(|&size| size as i64).collect();
        sizes[0] = (basis.count() * channels) as i64;
        let sizes: Vec<i64> = std::iter::once(0).chain(sizes).collect();
        Ok(self.builder.reshape(&values, &sizes))
    }

    /// The first `count` of integral, mean, dispersion, skewness, kurtosis along v, [batch, channel, 1, y, x] each, as
    /// `Network::forward` computes them; `velocity` counts from `middle`.
    fn moments(&mut self, x: &str, velocity: &str, middle: f64, step_km_s: f64, count: usize) -> Vec<String> {
        let builder = &mut self.builder;
        let width = builder.scalar(step_km_s.abs());
        let total = sum_over_velocity(builder, x);
        let mut moments = vec![builder.node("Mul", &[&total, &width], vec![])];
        let weight = builder.node("Relu", &[x], vec![]);
        let total = sum_over_velocity(builder, &weight);
        let least = builder.scalar(1e-6);
        let total = builder.node("Max", &[&total, &least], vec![]);
        let weight = builder.node("Div", &[&weight, &total], vec![]);
        let weighted = builder.node("Mul", &[&weight, velocity], vec![]);
        let mean = sum_over_velocity(builder, &weighted);
        let middle = builder.scalar(middle);
        moments.push(builder.node("Add", &[&mean, &middle], vec![]));
        let offset = builder.node("Sub", &[velocity, &mean], vec![]);
        let weighted = builder.node("Mul", &[&weight, &offset], vec![]);
        let mut powers = builder.node("Mul", &[&weighted, &offset], vec![]);
        let variance = sum_over_velocity(builder, &powers);
        let least = builder.scalar(1e-6 * step_km_s * step_km_s);
        let variance = builder.node("Add", &[&variance, &least], vec![]);
        let dispersion = builder.node("Sqrt", &[&variance], vec![]);
        moments.push(dispersion.clone());
        let mut scale = variance;
        for _ in 3..count {
            powers = builder.node("Mul", &[&powers, &offset], vec![]);
            scale = builder.node("Mul", &[&scale, &dispersion], vec![]);
            let sum = sum_over_velocity(builder, &powers);
            moments.push(builder.node("Div", &[&sum, &scale], vec![]));
        }
        moments.truncate(count);
        moments
    }

    /// The means of T, v·T, v²·T, …
    fn raw_moments(&mut self, x: &str, velocity: &str, count: usize) -> Vec<String> {
        let mut weighted = x.to_owned();
        let mut moments = Vec::with_capacity(count);
        for order in 0..count {
            if order > 0 {
                weighted = self.builder.node("Mul", &[&weighted, velocity], vec![]);
            }
            // Its axes are an attribute until opset 18.
            moments.push(self.builder.node("ReduceMean", &[&weighted], vec![ints("axes", &[2])]));
        }
        moments
    }
}

/// The sum along the third axis, which stays with one element.
fn sum_over_velocity(builder: &mut Builder, x: &str) -> String {
    let axes = builder.integers("axes", &[2]);
    builder.node("ReduceSum", &[x, &axes], vec![])
}

/// The sizes without the batch, the channels first.
fn channels_first(shape: &Shape) -> Vec<usize> {
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
