//! From a position-position-velocity cube [c, v, y, x] to a map.

use super::{Cost, FLOAT32_BYTES, Meaning, Site, Trouble, meaning, product, product_of};
use crate::blueprint::plan::{MomentForm, Op, PortType, Shape};

/// The velocities that POLARIScore gives a cube's channels, first and last: −12.8 and +12.8 km/s.
const LAST_VELOCITY_KM_S: f64 = 12.8;
/// Integral, mean, dispersion, skewness, kurtosis is as far as the physical form goes.
const MAX_PHYSICAL_MOMENTS: usize = 5;

/// Port, and c, v, y, x of the cube.
fn cube<'a>(site: &'a Site) -> Result<(&'a str, [usize; 4]), Trouble> {
    let (port, shape) = site.input(0)?;
    match shape.sizes.as_slice() {
        &[c, v, y, x] => Ok((port, [c, v, y, x])),
        _ => Err(Trouble::at(port, "type-mismatch", "a cube".to_owned(), shape.to_string())),
    }
}

pub(in crate::blueprint) fn moments(site: &Site) -> Result<Meaning, Trouble> {
    let (port, [channels, velocities, y, x]) = cube(site)?;
    let count = site.integer("moments")?;
    let form = if site.is("form", "raw")? { MomentForm::Raw } else { MomentForm::Physical };
    if form == MomentForm::Physical && count > MAX_PHYSICAL_MOMENTS {
        let expected = format!("at most {MAX_PHYSICAL_MOMENTS} physical moments");
        return Err(
            Trouble::parameter(expected, count.to_string()).set("moments", MAX_PHYSICAL_MOMENTS as i64)
        );
    }
    if velocities < 2 {
        let expected = "a cube of at least 2 velocities".to_owned();
        return Err(Trouble::at(port, "size-too-small", expected, velocities.to_string())
            .say("Give the input as many velocities as the cube has"));
    }
    let steps = (velocities - 1) as f64;
    let (first, step) =
        (site.float_or_auto("first_velocity_km_s")?, site.float_or_auto("velocity_step_km_s")?);
    let step_km_s = step.unwrap_or(match first {
        Some(first) => (LAST_VELOCITY_KM_S - first) / steps,
        None => 2.0 * LAST_VELOCITY_KM_S / steps,
    });
    let first_km_s = first.unwrap_or(-0.5 * step_km_s * steps);
    if step_km_s == 0.0 {
        let expected = "a velocity step other than 0 km/s".to_owned();
        let name = if step.is_some() { "velocity_step_km_s" } else { "first_velocity_km_s" };
        return Err(Trouble::parameter(expected, "0".to_owned()).set(name, "auto"));
    }
    let values = product(&[channels, velocities, y, x]);
    let cost = Cost {
        multiply_adds: values.saturating_mul(count as u128),
        // The physical form weighs the cube anew for each moment about the mean.
        working: values.saturating_mul(FLOAT32_BYTES),
        kept: match form {
            MomentForm::Raw => 0,
            MomentForm::Physical => product_of(&[values, count.saturating_sub(2) as u128, FLOAT32_BYTES]),
        },
        ..Cost::default()
    };
    let op = Op::SpectralMoments { velocities, first_km_s, step_km_s, count, form };
    meaning(op, Shape::new(PortType::Map, channels.saturating_mul(count), &[y, x]), cost)
}

pub(in crate::blueprint) fn projection(site: &Site) -> Result<Meaning, Trouble> {
    let (_, [in_channels, velocities, y, x]) = cube(site)?;
    let (filters, bias) = (site.integer("filters")?, site.flag("bias")?);
    let weights = product(&[filters, in_channels, velocities]);
    let cost = Cost {
        parameters: weights + if bias { filters as u128 } else { 0 },
        multiply_adds: weights.saturating_mul(product(&[y, x])),
        ..Cost::default()
    };
    let op = Op::SpectralProjection { in_channels, velocities, filters, bias };
    meaning(op, Shape::new(PortType::Map, filters, &[y, x]), cost)
}
