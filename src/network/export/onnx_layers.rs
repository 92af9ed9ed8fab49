//! Layers for which ONNX has no operator of its own, put together from many: attention, Kolmogorov–Arnold functions, spectral moments.
//! Each computes what `Network::forward` does.

use super::onnx_graph::{Builder, float, int, ints};
use super::onnx_steps::{Translator, Value, channels_first};
use crate::blueprint::{Basis, Shape, Step};

impl Translator<'_> {
    /// Self-attention over the pixels: scaled products of queries and keys, several heads; `back` is the shape of the answer.
    pub(super) fn attention(
        &mut self,
        step: &Step,
        x: &str,
        channels: usize,
        heads: usize,
        back: &[i64],
    ) -> Value {
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
    pub(super) fn functions(
        &mut self,
        step: &Step,
        x: &str,
        from: &Shape,
        channels: usize,
        basis: Basis,
    ) -> Value {
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
    pub(super) fn moments(
        &mut self,
        x: &str,
        velocity: &str,
        middle: f64,
        step_km_s: f64,
        count: usize,
    ) -> Vec<String> {
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
    pub(super) fn raw_moments(&mut self, x: &str, velocity: &str, count: usize) -> Vec<String> {
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
