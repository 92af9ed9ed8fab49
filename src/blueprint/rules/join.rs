//! What brings several wires together, and what takes channels apart again.

use super::{Cost, Meaning, Remedy, Site, Trouble, meaning, pixels, whole};
use crate::blueprint::model::Parameter;
use crate::blueprint::plan::{Op, PortType, Shape};

pub(in crate::blueprint) fn concatenate(site: &Site) -> Result<Meaning, Trouble> {
    let (first_port, first) = site.input(0)?;
    let mut channels = first.channels();
    for index in 1..site.inputs.len() {
        let (port, shape) = site.input(index)?;
        check_meeting(first_port, first, port, shape)?;
        channels = channels.saturating_add(shape.channels());
    }
    meaning(Op::Concatenate, Shape::new(first.kind, channels, first.extent()), Cost::default())
}

pub(in crate::blueprint) fn add(site: &Site) -> Result<Meaning, Trouble> {
    spread(site, Op::Add)
}

pub(in crate::blueprint) fn multiply(site: &Site) -> Result<Meaning, Trouble> {
    spread(site, Op::Multiply)
}

/// One shape from all; a vector, or a single channel, spreads over what has more.
fn spread(site: &Site, op: Op) -> Result<Meaning, Trouble> {
    // The others are held against the first that is no vector, and against the first of several channels.
    let leading = site.inputs.iter().position(|(_, shape)| shape.kind != PortType::Vector).unwrap_or(0);
    let (first_port, first) = site.input(leading)?;
    let (mut channels_port, mut channels) = (first_port, first.channels());
    for (index, (port, shape)) in site.inputs.iter().enumerate() {
        if index == leading {
            continue;
        }
        if shape.kind != PortType::Vector {
            check_meeting(first_port, first, port, shape)?;
        }
        let more = shape.channels();
        if channels == 1 {
            (channels_port, channels) = (port, more);
        } else if more != 1 && more != channels {
            let expected = format!("{channels} channels as on {channels_port}, or one");
            let trouble = Trouble::at(port, "channel-mismatch", expected, format!("{more} channels"));
            return Err(to_channels(trouble, port, shape.kind, channels));
        }
    }
    meaning(op, Shape::new(first.kind, channels, first.extent()), Cost::default())
}

/// A 1×1 convolution (a linear map for a vector) that brings what comes in to so many channels.
fn to_channels(trouble: Trouble, port: &str, kind: PortType, channels: usize) -> Trouble {
    if channels > 65536 {
        return trouble;
    }
    match kind {
        PortType::Vector => trouble.insert(
            format!("Insert a linear map to {channels} features"),
            port,
            "linear",
            vec![("features", whole(channels))],
        ),
        _ => trouble.insert(
            format!("Insert a 1×1 convolution with {channels} filters"),
            port,
            "convolution",
            vec![("filters", whole(channels)), ("kernel", 1.into())],
        ),
    }
}

/// Two inputs that must be of one type and size.
pub(super) fn check_meeting(
    first_port: &str,
    first: &Shape,
    port: &str,
    shape: &Shape,
) -> Result<(), Trouble> {
    if shape.kind != first.kind {
        let expected = format!("{} as on {first_port}", first.kind.phrase());
        let trouble =
            Trouble::at(port, "type-mismatch", expected, format!("{} {shape}", shape.kind.phrase()));
        let flatten = |at: &str, what: &str| (at.to_owned(), format!("Insert a flatten at {what}"));
        return Err(match (first.kind, shape.kind) {
            (PortType::Vector, _) => {
                let (at, words) = flatten(port, port);
                trouble.insert(words, &at, "flatten", Vec::new())
            }
            (_, PortType::Vector) => {
                let (at, words) = flatten(first_port, first_port);
                trouble.insert(words, &at, "flatten", Vec::new())
            }
            _ => trouble,
        });
    }
    if shape.extent() == first.extent() {
        return Ok(());
    }
    let expected = format!("{} of {} as on {first_port}", first.kind.phrase(), pixels(first.extent()));
    let came = format!("one of {}", pixels(shape.extent()));
    let trouble = Trouble::at(port, "shape-mismatch", expected, came);
    Err(Trouble { remedy: Some(one_size(first_port, first, port, shape)), ..trouble })
}

/// Enlarges the smaller where a whole factor does, else cuts the larger; where neither is larger along all axes, says so.
fn one_size(first_port: &str, first: &Shape, port: &str, shape: &Shape) -> Remedy {
    let smaller = |a: &Shape, b: &Shape| a.extent().iter().zip(b.extent()).all(|(a, b)| a <= b);
    let ((small_port, small), (large_port, large)) = if smaller(shape, first) {
        ((port, shape), (first_port, first))
    } else if smaller(first, shape) {
        ((first_port, first), (port, shape))
    } else {
        return Remedy::Say("Bring both to one size before they meet");
    };
    let factors: Option<Vec<usize>> = small
        .extent()
        .iter()
        .zip(large.extent())
        .map(|(small, large)| large.is_multiple_of(*small).then(|| large / small))
        .collect();
    let values: Vec<(&'static str, Parameter)>;
    match factors.as_deref() {
        Some([factor, rest @ ..]) if *factor <= 64 && rest.iter().all(|other| other == factor) => {
            values = vec![("factor", whole(*factor))];
            Remedy::Insert {
                words: format!("Insert an upsample by {factor} at {small_port}"),
                port: small_port.to_owned(),
                kind: "upsample",
                values,
                wires: Vec::new(),
            }
        }
        _ => Remedy::Insert {
            words: format!("Insert a crop of {large_port} to the size on {small_port}"),
            port: large_port.to_owned(),
            kind: "crop-like",
            values: Vec::new(),
            wires: vec![("like", small_port.to_owned())],
        },
    }
}

pub(in crate::blueprint) fn select_channels(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let (start, count) = (site.integer("start")?, site.integer("count")?);
    let channels = shape.channels();
    if start + count > channels {
        let expected = format!("at least {} channels, to take {count} from number {start} on", start + count);
        let first = start.min(channels - 1);
        return Err(Trouble::at(port, "channel-mismatch", expected, channels.to_string())
            .set("start", whole(first))
            .set("count", whole(count.min(channels - first))));
    }
    meaning(
        Op::SelectChannels { start, count },
        Shape::new(shape.kind, count, shape.extent()),
        Cost::default(),
    )
}
