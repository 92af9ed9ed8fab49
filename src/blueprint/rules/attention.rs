//! Attention, and modulation by a condition.

use super::join::check_meeting;
use super::{
    Cost, FLOAT32_BYTES, MAX_VALUES, Meaning, Remedy, Site, Trouble, common_divisor, product, product_of,
    whole,
};
use crate::blueprint::plan::Op;

/// The gate's three 1×1 convolutions and three batch norms: see [`Op::AttentionGate`].
pub(in crate::blueprint) fn attention_gate(site: &Site) -> Result<Meaning, Trouble> {
    let (gate_port, gate) = site.input(0)?;
    let (port, skip) = site.input(1)?;
    check_meeting(gate_port, gate, port, skip)?;
    let (gate_channels, skip_channels) = (gate.channels(), skip.channels());
    let inner_channels = site.integer_or_auto("filters")?.unwrap_or((skip_channels / 2).max(1));
    let weights = product(&[gate_channels + skip_channels, inner_channels]) + inner_channels as u128;
    let pixels = product(skip.extent());
    // Kept inside: what the three norms are given, the rectified sum, and the weights.
    let inner = product_of(&[3 * inner_channels as u128 + 2, pixels, FLOAT32_BYTES]);
    let cost = Cost {
        parameters: weights + 6 * inner_channels as u128 + 3,
        multiply_adds: weights.saturating_mul(pixels),
        working: inner,
        kept: inner,
    };
    let op = Op::AttentionGate { dims: skip.kind.dims(), gate_channels, skip_channels, inner_channels };
    super::meaning(op, skip.clone(), cost)
}

/// n pixels of c channels, h heads: 4nc² multiply-adds for queries, keys, values and projection, 2n²c for the weighing; h·n² weights.
pub(in crate::blueprint) fn self_attention(site: &Site) -> Result<Meaning, Trouble> {
    let (port, shape) = site.input(0)?;
    let (channels, heads) = (shape.channels(), site.integer("heads")?);
    if channels % heads != 0 {
        let expected = format!("a multiple of {heads} channels, one part for each of its heads");
        return Err(Trouble::at(port, "channel-mismatch", expected, format!("{channels} channels"))
            .set("heads", whole(common_divisor(channels, heads))));
    }
    let (c, n) = (channels as u128, product(shape.extent()));
    let matrix = product_of(&[heads as u128, n, n]);
    if matrix > MAX_VALUES {
        let expected = format!("at most {MAX_VALUES} weights between its pixels");
        return Err(Trouble {
            remedy: Some(Remedy::Say("Pool before it, or use it deeper in the network")),
            ..Trouble::at(port, "too-large", expected, format!("{matrix}: {heads} heads of {n} × {n}"))
        });
    }
    // Queries, keys, values, what is weighed, and a normalisation for each head and pixel; the weights themselves are computed in parts
    // and anew for the backward pass (Dao et al. 2022), as libtorch does.
    let inner = product_of(&[4 * c + heads as u128, n, FLOAT32_BYTES]);
    let cost = Cost {
        parameters: 4 * product_of(&[c, c]) + 4 * c,
        multiply_adds: product_of(&[4, n, c, c]).saturating_add(product_of(&[2, n, n, c])),
        working: inner,
        kept: inner,
    };
    site.unchanged(Op::SelfAttention { channels, heads }, cost)
}

pub(in crate::blueprint) fn film(site: &Site) -> Result<Meaning, Trouble> {
    let channels = site.input(0)?.1.channels();
    let (port, condition) = site.input(1)?;
    if condition.channels() != 2 * channels {
        let expected =
            format!("a vector of {} values, a factor and an offset for each channel", 2 * channels);
        let trouble =
            Trouble::at(port, "channel-mismatch", expected, format!("one of {}", condition.channels()));
        return Err(if 2 * channels <= 65536 {
            trouble.insert(
                format!("Insert a linear map to {} features", 2 * channels),
                port,
                "linear",
                vec![("features", whole(2 * channels))],
            )
        } else {
            trouble
        });
    }
    site.unchanged(Op::Film { channels, around_one: site.flag("around_one")? }, Cost::default())
}
