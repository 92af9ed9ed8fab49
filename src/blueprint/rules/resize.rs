//! What changes sizes: pools, upsampling, padding, cropping, other forms for the same values.

use super::{Cost, Meaning, Site, Trouble, axes, meaning, pixels, product, too_small, whole, written};
use crate::blueprint::plan::{Fill, Interpolation, Op, PortType, Shape};

/// Of each index into the input that a maximum keeps for the backward pass.
const INDEX_BYTES: u128 = 8;

pub(in crate::blueprint) fn max_pool(site: &Site) -> Result<Meaning, Trouble> {
    let (shape, kernel, stride) = pooled(site)?;
    // The backward pass wants to know which pixel won.
    let indices = product(&shape.sizes) * INDEX_BYTES;
    let op = Op::MaxPool { dims: shape.kind.dims(), kernel, stride };
    meaning(op, shape, Cost { working: indices, kept: indices, ..Cost::default() })
}

pub(in crate::blueprint) fn average_pool(site: &Site) -> Result<Meaning, Trouble> {
    let (shape, kernel, stride) = pooled(site)?;
    meaning(Op::AveragePool { dims: shape.kind.dims(), kernel, stride }, shape, Cost::default())
}

/// What a pool leaves: ⌊(s − k)/stride⌋ + 1 along each axis.
fn pooled(site: &Site) -> Result<(Shape, usize, usize), Trouble> {
    let (port, shape) = site.input(0)?;
    let (dims, extent) = (shape.kind.dims(), shape.extent());
    let kernel = site.integer("kernel")?;
    let stride = site.integer_or_auto("stride")?.unwrap_or(kernel);
    if extent.iter().any(|&size| size < kernel) {
        return Err(too_small(port, kernel, shape));
    }
    if !site.is("remainder", "drop")? && extent.iter().any(|size| (size - kernel) % stride != 0) {
        let expected = if kernel == stride {
            format!("{} divisible by {kernel}", axes(dims))
        } else {
            format!("{} of {kernel} plus a multiple of {stride}", axes(dims))
        };
        return Err(Trouble::at(port, "size-not-divisible", expected, pixels(extent)));
    }
    let extent: Vec<usize> = extent.iter().map(|size| (size - kernel) / stride + 1).collect();
    Ok((Shape::new(shape.kind, shape.channels(), &extent), kernel, stride))
}

pub(in crate::blueprint) fn global_pool(site: &Site) -> Result<Meaning, Trouble> {
    let (_, shape) = site.input(0)?;
    let maximum = site.is("statistic", "maximum")?;
    let indices = if maximum { shape.channels() as u128 * INDEX_BYTES } else { 0 };
    let shape = Shape::new(PortType::Vector, shape.channels(), &[]);
    meaning(Op::GlobalPool { maximum }, shape, Cost { kept: indices, ..Cost::default() })
}

pub(in crate::blueprint) fn upsample(site: &Site) -> Result<Meaning, Trouble> {
    let (_, shape) = site.input(0)?;
    let factor = site.integer("factor")?;
    let interpolation = match site.is("interpolation", "linear")? {
        true => Interpolation::Linear,
        false => Interpolation::Nearest,
    };
    let extent: Vec<usize> = shape.extent().iter().map(|size| size.saturating_mul(factor)).collect();
    let op = Op::Upsample { dims: shape.kind.dims(), factor, interpolation };
    meaning(op, Shape::new(shape.kind, shape.channels(), &extent), Cost::default())
}

pub(in crate::blueprint) fn flatten(site: &Site) -> Result<Meaning, Trouble> {
    let (_, shape) = site.input(0)?;
    let values = shape.sizes.iter().fold(1, |product: usize, &size| product.saturating_mul(size));
    meaning(Op::Flatten, Shape::new(PortType::Vector, values, &[]), Cost::default())
}

pub(in crate::blueprint) fn reshape(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let (kind, form) = match site.text("to")?.as_str() {
        "vector" => (PortType::Vector, "values"),
        "sequence" => (PortType::Sequence, "length×channels"),
        "cube" => (PortType::Cube, "channels×depth×height×width"),
        _ => (PortType::Map, "channels×height×width"),
    };
    let text = site.text("sizes")?;
    let sizes: Option<Vec<usize>> = text
        .split(['×', 'x'])
        .map(|size| size.trim().parse().ok().filter(|&size| (1..=u32::MAX as usize).contains(&size)))
        .collect();
    let sizes = sizes.filter(|sizes| sizes.len() == kind.dims() + 1);
    let values = product(&shape.sizes);
    match sizes {
        Some(sizes) if product(&sizes) == values => {
            meaning(Op::Reshape, Shape { kind, sizes }, Cost::default())
        }
        sizes => {
            let came = match &sizes {
                _ if text.is_empty() => "none".to_owned(),
                Some(sizes) => format!("{text}, which are {} values", product(sizes)),
                None => format!("“{}”", text.escape_debug()),
            };
            let expected = format!("sizes {form} of the {values} values that come in");
            let better = better_sizes(kind, shape, sizes.as_deref());
            Err(Trouble { port: Some(port.to_owned()), ..Trouble::parameter(expected, came) }
                .set("sizes", written(&better).as_str()))
        }
    }
}

/// Sizes of this type that hold as many values: with the channels that were wanted or that come in where these divide, and else as
/// square as may be.
fn better_sizes(kind: PortType, shape: &Shape, wanted: Option<&[usize]>) -> Vec<usize> {
    let values = shape.sizes.iter().fold(1, |product: usize, &size| product.saturating_mul(size));
    let wanted = wanted.map(|sizes| Shape { kind, sizes: sizes.to_vec() }.channels());
    let divides = |&channels: &usize| channels > 0 && values.is_multiple_of(channels);
    let channels =
        wanted.filter(divides).unwrap_or(if shape.kind == PortType::Vector { 1 } else { shape.channels() });
    let mut extent = Vec::new();
    let mut rest = values / channels.max(1);
    for left in (1..=kind.dims()).rev() {
        let root = (rest as f64).powf(1.0 / left as f64).round() as usize;
        let lowest = root.saturating_sub(4096).max(1);
        let size = match left {
            1 => rest,
            _ => (lowest..=root).rev().find(|&size| rest.is_multiple_of(size)).unwrap_or(1),
        };
        extent.push(size);
        rest /= size;
    }
    Shape::new(kind, if kind == PortType::Vector { values } else { channels }, &extent).sizes
}

pub(in crate::blueprint) fn crop(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let (dims, amount) = (shape.kind.dims(), site.integer("amount")?);
    let extent: Option<Vec<usize>> =
        shape.extent().iter().map(|size| size.checked_sub(2 * amount).filter(|&size| size > 0)).collect();
    let Some(extent) = extent else {
        let least = pixels(&vec![2 * amount + 1; dims]);
        let expected = format!("{} of at least {least}", shape.kind.phrase());
        let smallest = shape.extent().iter().min().map_or(0, |size| size.saturating_sub(1) / 2);
        return Err(Trouble::at(port, "size-too-small", expected, pixels(shape.extent()))
            .set("amount", whole(smallest)));
    };
    let op = Op::Crop { dims, before: vec![amount; dims] };
    meaning(op, Shape::new(shape.kind, shape.channels(), &extent), Cost::default())
}

pub(in crate::blueprint) fn crop_like(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let (like_port, like) = site.input(1)?;
    if like.kind != shape.kind {
        let expected = format!("{} as on {port}", shape.kind.phrase());
        let came = format!("{} {like}", like.kind.phrase());
        return Err(Trouble::at(like_port, "type-mismatch", expected, came));
    }
    if like.extent().iter().zip(shape.extent()).any(|(like, size)| like > size) {
        let expected = format!("at most {} as on {port}", pixels(shape.extent()));
        return Err(Trouble::at(like_port, "shape-mismatch", expected, pixels(like.extent()))
            .say("Swap the two wires, or bring the first to a larger size before"));
    }
    let before = shape.extent().iter().zip(like.extent()).map(|(size, like)| (size - like) / 2).collect();
    let op = Op::Crop { dims: shape.kind.dims(), before };
    meaning(op, Shape::new(shape.kind, shape.channels(), like.extent()), Cost::default())
}

pub(in crate::blueprint) fn pad(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let dims = shape.kind.dims();
    let (amount, multiple) = (site.integer("amount")?, site.integer("multiple")?);
    let to_multiple = site.is("to", "multiple")?;
    let fill = match site.text("fill")?.as_str() {
        "reflect" => Fill::Reflect,
        "replicate" => Fill::Replicate,
        _ => Fill::Zero,
    };
    // Before and after along each axis; an odd pixel comes after.
    let added = |&size: &usize| match to_multiple {
        true => {
            let total = size.next_multiple_of(multiple) - size;
            (total / 2, total - total / 2)
        }
        false => (amount, amount),
    };
    let (before, after): (Vec<usize>, Vec<usize>) = shape.extent().iter().map(added).unzip();
    if fill == Fill::Reflect && after.iter().zip(shape.extent()).any(|(after, size)| after >= size) {
        let most = after.iter().max().copied().unwrap_or(0);
        let least = pixels(&vec![most + 1; dims]);
        let expected = format!("at least {least}, to reflect {most} of them");
        return Err(
            Trouble::at(port, "size-too-small", expected, pixels(shape.extent())).set("fill", "replicate")
        );
    }
    let extent: Vec<usize> =
        shape.extent().iter().zip(&before).zip(&after).map(|((size, b), a)| size + b + a).collect();
    let op = Op::Pad { dims, before, after, fill };
    meaning(op, Shape::new(shape.kind, shape.channels(), &extent), Cost::default())
}
