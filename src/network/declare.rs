//! What each step owns: names, shapes and first values of its parameters, and its buffers.

use super::NetworkError;
use super::layout::{Layout, Start};
use crate::blueprint::{Op, Step};
use indexmap::IndexMap;
use tch::{Device, Kind, Tensor};

/// Adds a step's parameters and buffers, in the order in which `forward` reads them.
///
/// Kernels start Kaiming uniform with biases of zero, linear layers as PyTorch's, attention by Glorot with biases of zero, the
/// splines of Kolmogorov–Arnold layers small and normal and their base as PyTorch's convolutions.
pub(super) fn declare(
    step: &Step,
    layout: &mut Layout,
    buffers: &mut IndexMap<String, Tensor>,
    device: Device,
) -> Result<(), NetworkError> {
    let mut own = Owner { base: step.name.replace('/', "."), layout, buffers, device };
    match step.op {
        Op::Convolution { dims, in_channels, filters, kernel, groups, bias, .. } => {
            let shape = kernel_shape(filters, in_channels / groups, dims, kernel);
            own.kernel("weight", shape)?;
            own.zero_bias("bias", bias, filters)
        }
        Op::TransposedConvolution { dims, in_channels, filters, kernel, bias, .. } => {
            own.kernel("weight", kernel_shape(in_channels, filters, dims, kernel))?;
            own.zero_bias("bias", bias, filters)
        }
        Op::Linear { in_features: fan_in, features, bias } => {
            own.parameter("weight", vec![features, fan_in], Start::Plain { fan_in })?;
            if bias { own.parameter("bias", vec![features], Start::Plain { fan_in }) } else { Ok(()) }
        }
        Op::BatchNorm { channels, .. } => {
            own.scale_and_shift("", channels)?;
            own.statistics("running_mean", "running_var", channels)
        }
        Op::GroupNorm { channels, .. }
        | Op::LayerNorm { channels, .. }
        | Op::InstanceNorm { channels, .. } => own.scale_and_shift("", channels),
        Op::AttentionGate { dims, gate_channels, skip_channels, inner_channels } => {
            for (part, from, to) in [
                ("gate", gate_channels, inner_channels),
                ("skip", skip_channels, inner_channels),
                ("psi", inner_channels, 1),
            ] {
                own.kernel(&format!("{part}.weight"), kernel_shape(to, from, dims, 1))?;
                own.zero_bias(&format!("{part}.bias"), true, to)?;
                own.scale_and_shift(&format!("{part}_norm."), to)?;
                let (mean, var) = (format!("{part}_norm.running_mean"), format!("{part}_norm.running_var"));
                own.statistics(&mean, &var, to)?;
            }
            Ok(())
        }
        Op::SelfAttention { channels: c, .. } => {
            let start = Start::Xavier { fan_in: c, fan_out: 3 * c };
            own.parameter("qkv.weight", vec![3 * c, c], start)?;
            own.zero_bias("qkv.bias", true, 3 * c)?;
            own.parameter("projection.weight", vec![c, c], Start::Plain { fan_in: c })?;
            own.zero_bias("projection.bias", true, c)
        }
        Op::KanConvolution { dims, in_channels: c, filters, kernel, basis } => {
            let fan_in = c * kernel.pow(dims as u32);
            let spline = kernel_shape(filters, basis.count() * c, dims, kernel);
            own.parameter("spline.weight", spline, Start::SmallNormal)?;
            own.zero_bias("spline.bias", true, filters)?;
            let base = kernel_shape(filters, c, dims, kernel);
            own.parameter("base.weight", base, Start::Plain { fan_in })?;
            own.parameter("base.bias", vec![filters], Start::Plain { fan_in })?;
            own.statistics("input_mean", "input_var", c)
        }
        Op::Kan { in_channels: c, sums, products, basis } => {
            let nodes = sums + 2 * products;
            own.parameter("spline.weight", vec![nodes, basis.count() * c], Start::SmallNormal)?;
            own.parameter("base.weight", vec![nodes, c], Start::Plain { fan_in: c })?;
            own.zero_bias("bias", true, nodes)?;
            own.statistics("input_mean", "input_var", c)
        }
        Op::SpectralProjection { in_channels, velocities, filters, bias } => {
            own.kernel("weight", vec![filters, in_channels * velocities, 1, 1])?;
            own.zero_bias("bias", bias, filters)
        }
        Op::Input { .. }
        | Op::Output { .. }
        | Op::Relu
        | Op::Activation(_)
        | Op::Dropout { .. }
        | Op::MaxPool { .. }
        | Op::AveragePool { .. }
        | Op::GlobalPool { .. }
        | Op::Upsample { .. }
        | Op::Flatten
        | Op::Reshape
        | Op::Concatenate
        | Op::Add
        | Op::Multiply
        | Op::SelectChannels { .. }
        | Op::Crop { .. }
        | Op::Pad { .. }
        | Op::Film { .. }
        | Op::SpectralMoments { .. }
        | Op::Constant { .. }
        | Op::Noise { .. } => Ok(()),
    }
}

fn kernel_shape(out: usize, inner: usize, dims: usize, kernel: usize) -> Vec<usize> {
    let mut shape = vec![out, inner];
    shape.resize(2 + dims, kernel);
    shape
}

/// A step that takes possession of its weights.
struct Owner<'a> {
    base: String,
    layout: &'a mut Layout,
    buffers: &'a mut IndexMap<String, Tensor>,
    device: Device,
}

impl Owner<'_> {
    fn parameter(&mut self, name: &str, shape: Vec<usize>, start: Start) -> Result<(), NetworkError> {
        self.layout.add(format!("{}.{name}", self.base), shape, start)
    }

    fn kernel(&mut self, name: &str, shape: Vec<usize>) -> Result<(), NetworkError> {
        let fan_in = shape[1..].iter().product();
        self.parameter(name, shape, Start::Kaiming { fan_in })
    }

    fn zero_bias(&mut self, name: &str, has_bias: bool, count: usize) -> Result<(), NetworkError> {
        if has_bias { self.parameter(name, vec![count], Start::Zeros) } else { Ok(()) }
    }

    /// The weights of a norm.
    fn scale_and_shift(&mut self, part: &str, channels: usize) -> Result<(), NetworkError> {
        self.parameter(&format!("{part}weight"), vec![channels], Start::Ones)?;
        self.parameter(&format!("{part}bias"), vec![channels], Start::Zeros)
    }

    fn statistics(&mut self, mean: &str, variance: &str, channels: usize) -> Result<(), NetworkError> {
        let (size, kind) = ([channels as i64], (Kind::Float, self.device));
        self.buffers.insert(format!("{}.{mean}", self.base), Tensor::f_zeros(size, kind)?);
        self.buffers.insert(format!("{}.{variance}", self.base), Tensor::f_ones(size, kind)?);
        Ok(())
    }
}
