//! Where values enter and leave the network, and blocks that make values of their own.

use super::{Cost, Meaning, Site, Trouble, meaning};
use crate::blueprint::plan::{Op, PortType, Shape};

pub(in crate::blueprint) fn pass(site: &Site) -> Result<Meaning, Trouble> {
    Ok(Meaning::handed_on(site.input(0)?.1.clone()))
}

fn input(site: &Site, kind: PortType, sizes: &[&str]) -> Result<Meaning, Trouble> {
    let sizes = sizes.iter().map(|name| site.integer(name)).collect::<Result<_, _>>()?;
    meaning(Op::Input { name: site.block.name.clone() }, Shape { kind, sizes }, Cost::default())
}

pub(in crate::blueprint) fn map_input(site: &Site) -> Result<Meaning, Trouble> {
    input(site, PortType::Map, &["channels", "height", "width"])
}

pub(in crate::blueprint) fn cube_input(site: &Site) -> Result<Meaning, Trouble> {
    input(site, PortType::Cube, &["channels", "depth", "height", "width"])
}

pub(in crate::blueprint) fn vector_input(site: &Site) -> Result<Meaning, Trouble> {
    input(site, PortType::Vector, &["values"])
}

pub(in crate::blueprint) fn sequence_input(site: &Site) -> Result<Meaning, Trouble> {
    input(site, PortType::Sequence, &["length", "channels"])
}

pub(in crate::blueprint) fn output(site: &Site) -> Result<Meaning, Trouble> {
    let op = Op::Output { name: site.block.name.clone() };
    site.unchanged(op, Cost::default())
}

pub(in crate::blueprint) fn constant(site: &Site) -> Result<Meaning, Trouble> {
    site.unchanged(Op::Constant { value: site.float("value")? }, Cost::default())
}

pub(in crate::blueprint) fn noise(site: &Site) -> Result<Meaning, Trouble> {
    let op = Op::Noise { deviation: site.float("deviation")?, always: site.is("when", "always")? };
    site.unchanged(op, Cost::default())
}
