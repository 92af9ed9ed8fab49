//! Norms, activations and dropout: what keeps the shape and acts on each value or channel.

use super::{Cost, Meaning, Site, Trouble, common_divisor, product, whole};
use crate::blueprint::plan::{Activation, Op};

fn norm(site: &Site, channels: usize, op: Op) -> Result<Meaning, Trouble> {
    site.unchanged(op, Cost { parameters: 2 * channels as u128, ..Cost::default() })
}

pub(in crate::blueprint) fn batch_norm(site: &Site) -> Result<Meaning, Trouble> {
    let channels = site.input(0)?.1.channels();
    let (epsilon, momentum) = (site.float("epsilon")?, site.float("momentum")?);
    norm(site, channels, Op::BatchNorm { channels, epsilon, momentum })
}

pub(in crate::blueprint) fn group_norm(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let (channels, groups) = (shape.channels(), site.integer("groups")?);
    if channels % groups != 0 {
        let expected = format!("a multiple of {groups} channels, one part for each of its groups");
        return Err(Trouble::at(port, "channel-mismatch", expected, format!("{channels} channels"))
            .set("groups", whole(common_divisor(channels, groups))));
    }
    if product(&shape.sizes) == groups as u128 {
        let expected = "more than one value in each of its groups, to take a variance of".to_owned();
        let trouble = Trouble::at(port, "size-too-small", expected, format!("{channels} in {groups} groups"));
        return Err(if channels > 1 { trouble.set("groups", whole(1)) } else { trouble });
    }
    norm(site, channels, Op::GroupNorm { channels, groups, epsilon: site.float("epsilon")? })
}

pub(in crate::blueprint) fn layer_norm(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let channels = shape.channels();
    if channels < 2 {
        let expected = "at least 2 channels at each pixel, to take a variance of".to_owned();
        return Err(Trouble::at(port, "channel-mismatch", expected, format!("{channels} channel"))
            .say("Use a batch norm, or take more filters before it"));
    }
    norm(site, channels, Op::LayerNorm { channels, epsilon: site.float("epsilon")? })
}

pub(in crate::blueprint) fn instance_norm(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let channels = shape.channels();
    if product(shape.extent()) < 2 {
        let expected = "at least 2 pixels in each channel, to take a variance of".to_owned();
        return Err(Trouble::at(port, "size-too-small", expected, "one".to_owned())
            .say("Use a batch or layer norm, or pool less before it"));
    }
    norm(site, channels, Op::InstanceNorm { channels, epsilon: site.float("epsilon")? })
}

pub(in crate::blueprint) fn relu(site: &Site) -> Result<Meaning, Trouble> {
    site.unchanged(Op::Relu, Cost::default())
}

pub(in crate::blueprint) fn leaky_relu(site: &Site) -> Result<Meaning, Trouble> {
    let slope = site.float("slope")?;
    site.unchanged(Op::Activation(Activation::LeakyRelu { slope }), Cost::default())
}

pub(in crate::blueprint) fn gelu(site: &Site) -> Result<Meaning, Trouble> {
    site.unchanged(Op::Activation(Activation::Gelu), Cost::default())
}

pub(in crate::blueprint) fn silu(site: &Site) -> Result<Meaning, Trouble> {
    site.unchanged(Op::Activation(Activation::Silu), Cost::default())
}

pub(in crate::blueprint) fn sigmoid(site: &Site) -> Result<Meaning, Trouble> {
    site.unchanged(Op::Activation(Activation::Sigmoid), Cost::default())
}

pub(in crate::blueprint) fn tanh(site: &Site) -> Result<Meaning, Trouble> {
    site.unchanged(Op::Activation(Activation::Tanh), Cost::default())
}

pub(in crate::blueprint) fn softplus(site: &Site) -> Result<Meaning, Trouble> {
    site.unchanged(Op::Activation(Activation::Softplus), Cost::default())
}

pub(in crate::blueprint) fn dropout(site: &Site) -> Result<Meaning, Trouble> {
    let (probability, whole_channels) = (site.float("probability")?, site.flag("whole_channels")?);
    site.unchanged(Op::Dropout { probability, whole_channels }, Cost::default())
}
