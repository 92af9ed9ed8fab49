//! Which part of which cube belongs to training, validation and test.

use super::{PatchSettings, SplitBy, SplitSettings};
use crate::cloud::{Axis, Error, Result, Simulation};
use crate::data::Split;
use crate::job::Context;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use std::ops::Range;

/// A piece of a simulation that belongs to one part of the split. Patches of it, context included, see no voxel outside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    pub simulation: usize,
    pub split: Split,
    /// The slab, in cells along an axis; `None` for the whole cube.
    pub slab: Option<(Axis, Range<usize>)>,
    /// The faces that patches of this region are taken from.
    pub faces: Vec<Axis>,
    /// Patches wanted of this region.
    pub count: usize,
}

/// Numbers in a sample set: 16 GiB.
const LARGEST_SET: u128 = 1 << 32;

/// Shares out the simulations, or pieces of them. The order of the regions gives their group numbers.
///
/// # Errors
/// Too few simulations, the same one twice, a cube too small to be cut as asked, or more patches than memory can hold.
pub fn plan_regions(
    simulations: &[Simulation],
    settings: &PatchSettings,
    split: &SplitSettings,
    ctx: &Context,
) -> Result<Vec<Region>> {
    settings.check()?;
    split.check()?;
    let parts = 1 + usize::from(split.validation > 0.0) + usize::from(split.test > 0.0);
    if simulations.is_empty() {
        return Err(Error::patches(
            "there is no simulation",
            "name at least one simulation folder or synthetic cloud",
        ));
    }
    let depth = if settings.context_pc > 0.0 { 4 } else { 2 };
    let numbers = simulations.len() as u128 * (settings.count * settings.pixels.pow(2) * depth) as u128;
    if numbers > LARGEST_SET {
        return Err(Error::patches(
            format!(
                "{} patches of {}² pixels for each of {} simulations would fill {} GiB",
                settings.count,
                settings.pixels,
                simulations.len(),
                numbers >> 28
            ),
            "ask for fewer or smaller patches",
        ));
    }
    for (i, a) in simulations.iter().enumerate() {
        if let Some(b) = simulations[..i].iter().find(|b| b.density_cm3 == a.density_cm3) {
            return Err(Error::patches(
                format!("simulations {} and {} hold the same density cube", b.name, a.name),
                "name each only once: the same gas must not lie in training and test",
            ));
        }
    }
    match split.by {
        SplitBy::Simulation if simulations.len() < parts => Err(Error::patches(
            format!("{} simulations cannot be shared between {parts} parts", simulations.len()),
            format!("give at least {parts}, or split by = \"cut\""),
        )),
        SplitBy::Cut if parts > 1 => by_cut(simulations, settings, split, parts, ctx),
        SplitBy::Auto if simulations.len() < parts => by_cut(simulations, settings, split, parts, ctx),
        _ => Ok(by_simulation(simulations.len(), settings, split, parts)),
    }
}

/// Whole simulations, at least one for each of the `parts` asked for; there are enough of them.
fn by_simulation(total: usize, settings: &PatchSettings, split: &SplitSettings, parts: usize) -> Vec<Region> {
    let share = |fraction: f64| {
        let wanted = (fraction * total as f64).round() as usize;
        if fraction > 0.0 { wanted.clamp(1, total - parts + 1) } else { 0 }
    };
    let (validation, mut test) = (share(split.validation), share(split.test));
    test = test.min(total - validation - 1);
    let mut order: Vec<usize> = (0..total).collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(settings.seed));
    let mut splits = vec![Split::Train; total];
    order[..validation].iter().for_each(|&i| splits[i] = Split::Validation);
    order[validation..validation + test].iter().for_each(|&i| splits[i] = Split::Test);
    splits
        .into_iter()
        .enumerate()
        .map(|(simulation, split)| Region {
            simulation,
            split,
            slab: None,
            faces: settings.faces.clone(),
            count: settings.count,
        })
        .collect()
}

/// Slabs of every simulation along the cut axis, guard bands between them; only faces that see the cut.
fn by_cut(
    simulations: &[Simulation],
    settings: &PatchSettings,
    split: &SplitSettings,
    parts: usize,
    ctx: &Context,
) -> Result<Vec<Region>> {
    let cut = split.cut_axis;
    let faces: Vec<Axis> = settings.faces.iter().copied().filter(|&face| face != cut).collect();
    if faces.len() < settings.faces.len() {
        ctx.warn(format!(
            "the face along {cut} is left out: its line of sight runs through every part of a cube cut along {cut}"
        ));
    }
    if faces.is_empty() {
        return Err(Error::patches(
            format!("the only face in use looks along the cut axis {cut}"),
            "cut along another axis, or use another face",
        ));
    }
    let mut regions = Vec::new();
    for (index, simulation) in simulations.iter().enumerate() {
        let region = |split, slab: Range<usize>, count| Region {
            simulation: index,
            split,
            slab: Some((cut, slab)),
            faces: faces.clone(),
            count,
        };
        let cells = simulation.density_cm3.len_of(ndarray::Axis(cut.array_axis()));
        // At least one cell, so that no patch of one part can even touch a patch of another.
        let guard = ((split.guard_pc / simulation.cell_pc).ceil() as usize).max(1);
        let patch = settings.pixels.max((settings.size_pc[1] / simulation.cell_pc) as usize);
        let slab = |fraction: f64| {
            if fraction > 0.0 { ((fraction * cells as f64).round() as usize).max(patch) } else { 0 }
        };
        let (validation, test) = (slab(split.validation), slab(split.test));
        let used = validation + test + (parts - 1) * guard;
        if used + patch > cells {
            return Err(Error::patches(
                format!(
                    "{}: {cells} cells along {cut} cannot hold {parts} parts of at least {patch} cells (one patch) and {} guard bands of {guard}",
                    simulation.name,
                    parts - 1
                ),
                "use smaller patches, fewer parts, or more simulations",
            ));
        }
        let train = cells - used;
        let share = |slab: usize| (settings.count * slab).div_ceil(cells - (parts - 1) * guard);
        // Training lies in the middle: each other part borders on it and not on its sibling.
        let mut start = 0;
        if validation > 0 {
            regions.push(region(Split::Validation, 0..validation, share(validation)));
            start = validation + guard;
        }
        regions.push(region(Split::Train, start..start + train, share(train)));
        if test > 0 {
            regions.push(region(Split::Test, start + train + guard..cells, share(test)));
        }
    }
    Ok(regions)
}
