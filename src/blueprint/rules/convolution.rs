//! Convolutions and linear maps.

use super::{Cost, Meaning, Site, Trouble, common_divisor, meaning, product, too_small, whole};
use crate::blueprint::plan::{Op, PortType, Shape};

pub(in crate::blueprint) fn convolution(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let channels = shape.channels();
    let (filters, groups) = (site.integer("filters")?, site.integer("groups")?);
    if channels % groups != 0 {
        let expected = format!("a multiple of {groups} channels, one part for each of its groups");
        return Err(Trouble::at(port, "channel-mismatch", expected, format!("{channels} channels"))
            .set("groups", whole(common_divisor(groups, common_divisor(channels, filters)))));
    }
    if filters % groups != 0 {
        let expected = format!("filters to be a multiple of its {groups} groups");
        let more = filters.next_multiple_of(groups);
        let trouble = Trouble::parameter(expected, format!("{filters} filters"));
        let fits = site.kind.parameter("filters").is_some_and(|spec| spec.check(&whole(more)).is_ok());
        return Err(if fits {
            trouble.set("filters", whole(more))
        } else {
            trouble.set("groups", whole(common_divisor(groups, filters)))
        });
    }
    convolve(site, port, shape, filters, groups)
}

pub(in crate::blueprint) fn depthwise_convolution(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let channels = shape.channels();
    convolve(site, port, shape, channels.saturating_mul(site.integer("multiplier")?), channels)
}

/// Output size ⌊(s + 2p − d(k − 1) − 1)/stride⌋ + 1 (Dumoulin & Visin 2016, eq. 6 and relationship 12).
fn convolve(
    site: &Site,
    port: &str,
    shape: &Shape,
    filters: usize,
    groups: usize,
) -> Result<Meaning, Trouble> {
    let (dims, in_channels) = (shape.kind.dims(), shape.channels());
    let (kernel, stride) = (site.integer("kernel")?, site.integer("stride")?);
    let (dilation, bias) = (site.integer("dilation")?, site.flag("bias")?);
    let reach = dilation * (kernel - 1) + 1;
    let padding = site.integer_or_auto("padding")?.unwrap_or((reach - 1) / 2);
    let size = |&size: &usize| Some((size + 2 * padding).checked_sub(reach)? / stride + 1);
    let Some(extent) = shape.extent().iter().map(size).collect::<Option<Vec<_>>>() else {
        let trouble = too_small(port, reach.saturating_sub(2 * padding), shape);
        // Enough for any size.
        let keeps = reach / 2;
        let fits = site.kind.parameter("padding").is_some_and(|spec| spec.check(&whole(keeps)).is_ok());
        return Err(if fits { trouble.set("padding", whole(keeps)) } else { trouble });
    };
    let weights = product(&[filters, in_channels / groups]) * (kernel as u128).pow(dims as u32);
    let op = Op::Convolution { dims, in_channels, filters, kernel, stride, padding, dilation, groups, bias };
    let cost = Cost {
        parameters: weights + if bias { filters as u128 } else { 0 },
        multiply_adds: weights.saturating_mul(product(&extent)),
        ..Cost::default()
    };
    meaning(op, Shape::new(shape.kind, filters, &extent), cost)
}

/// Output size (s − 1)·stride + k − 2p (Dumoulin & Visin 2016, relationship 13).
pub(in crate::blueprint) fn transposed_convolution(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let (dims, in_channels) = (shape.kind.dims(), shape.channels());
    let filters = site.integer_or_auto("filters")?.unwrap_or((in_channels / 2).max(1));
    let (kernel, stride) = (site.integer("kernel")?, site.integer("stride")?);
    let (padding, bias) = (site.integer("padding")?, site.flag("bias")?);
    let size =
        |&size: &usize| ((size - 1) * stride + kernel).checked_sub(2 * padding).filter(|&size| size > 0);
    let Some(extent) = shape.extent().iter().map(size).collect::<Option<Vec<_>>>() else {
        let came =
            format!("{padding} cut off each side of what comes from {}", super::pixels(shape.extent()));
        let expected = "padding that leaves a part of the result".to_owned();
        return Err(Trouble { port: Some(port.to_owned()), ..Trouble::parameter(expected, came) }
            .set("padding", whole(0)));
    };
    let weights = product(&[in_channels, filters]) * (kernel as u128).pow(dims as u32);
    let op = Op::TransposedConvolution { dims, in_channels, filters, kernel, stride, padding, bias };
    let cost = Cost {
        parameters: weights + if bias { filters as u128 } else { 0 },
        multiply_adds: weights.saturating_mul(product(shape.extent())),
        ..Cost::default()
    };
    meaning(op, Shape::new(shape.kind, filters, &extent), cost)
}

pub(in crate::blueprint) fn linear(site: &Site) -> Result<Meaning, Trouble> {
    let (_, shape) = site.input(0)?;
    let in_features = shape.channels();
    let (features, bias) = (site.integer("features")?, site.flag("bias")?);
    let weights = product(&[in_features, features]);
    let steps = if shape.kind == PortType::Vector { 1 } else { product(shape.extent()) };
    let cost = Cost {
        parameters: weights + if bias { features as u128 } else { 0 },
        multiply_adds: weights.saturating_mul(steps),
        ..Cost::default()
    };
    meaning(
        Op::Linear { in_features, features, bias },
        Shape::new(shape.kind, features, shape.extent()),
        cost,
    )
}
