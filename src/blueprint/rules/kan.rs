//! Kolmogorov–Arnold layers.

use super::{Cost, FLOAT32_BYTES, Meaning, Site, Trouble, meaning, product, product_of, whole};
use crate::blueprint::plan::{Basis, Op, Shape};

fn basis(site: &Site) -> Result<Basis, Trouble> {
    let (functions, range) = (site.integer("functions")?, site.float("range")?);
    if !site.is("basis", "rbf")? {
        return Ok(Basis::BSpline { intervals: functions, degree: site.integer("degree")?, range });
    }
    if functions < 2 {
        let expected = "at least 2 radial functions, to have a distance between them".to_owned();
        return Err(Trouble::parameter(expected, functions.to_string()).set("functions", 2));
    }
    Ok(Basis::Rbf { count: functions, range })
}

/// Bytes of the functions of `channels` at each of `pixels`: while they are computed (standardised input, its SiLU, the functions and
/// the intermediate values of their formula), and what is kept for the backward pass (functions, slopes, and the SiLU).
fn basis_bytes(basis: Basis, channels: usize, pixels: u128) -> (u128, u128) {
    let intermediate = match basis {
        Basis::Rbf { .. } => 1,
        Basis::BSpline { .. } => 3,
    };
    let bytes = |values: usize| product_of(&[values as u128, channels as u128, pixels, FLOAT32_BYTES]);
    (bytes((1 + intermediate) * basis.count() + 2), bytes(2 * basis.count() + 1))
}

pub(in crate::blueprint) fn kan_convolution(site: &Site) -> Result<Meaning, Trouble> {
    let (_, shape) = site.input(0)?;
    let (dims, in_channels) = (shape.kind.dims(), shape.channels());
    let (filters, kernel) = (site.integer("filters")?, site.integer("kernel")?);
    if kernel % 2 == 0 {
        let expected = "an odd kernel, since the size is kept".to_owned();
        return Err(Trouble::parameter(expected, kernel.to_string()).set("kernel", whole(kernel - 1)));
    }
    let basis = basis(site)?;
    let pixels = product(shape.extent());
    let weights = product(&[filters, in_channels, basis.count() + 1]) * (kernel as u128).pow(dims as u32);
    let (working, kept) = basis_bytes(basis, in_channels, pixels);
    let second_output = product_of(&[filters as u128, pixels, FLOAT32_BYTES]);
    let op = Op::KanConvolution { dims, in_channels, filters, kernel, basis };
    let cost = Cost {
        parameters: weights + 2 * filters as u128 + op.fixed_parameters() as u128,
        multiply_adds: weights.saturating_mul(pixels),
        working: working.saturating_add(second_output),
        kept,
    };
    meaning(op, Shape::new(shape.kind, filters, shape.extent()), cost)
}

pub(in crate::blueprint) fn kan(site: &Site) -> Result<Meaning, Trouble> {
    let (_, shape) = site.input(0)?;
    let in_channels = shape.channels();
    let (sums, products) = (site.integer("sums")?, site.integer("products")?);
    if sums + products == 0 {
        let expected = "at least one node, a sum or a product".to_owned();
        return Err(Trouble::parameter(expected, "none".to_owned()).set("sums", 1));
    }
    let basis = basis(site)?;
    let nodes = sums + 2 * products;
    let pixels = product(shape.extent());
    let weights = product(&[nodes, in_channels, basis.count() + 1]);
    let (working, kept) = basis_bytes(basis, in_channels, pixels);
    let node_values = product_of(&[2, nodes as u128, pixels, FLOAT32_BYTES]);
    let op = Op::Kan { in_channels, sums, products, basis };
    let cost = Cost {
        parameters: weights + nodes as u128 + op.fixed_parameters() as u128,
        multiply_adds: weights.saturating_mul(pixels),
        working: working.saturating_add(node_values),
        // A product needs both its factors again.
        kept: kept.saturating_add(if products > 0 { node_values / 2 } else { 0 }),
    };
    meaning(op, Shape::new(shape.kind, sums + products, shape.extent()), cost)
}
