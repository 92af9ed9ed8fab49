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

/// Shares out the simulations, or pieces of them. The order of the regions gives their group numbers.
///
/// # Errors
/// Too few simulations, or a cube too small to be cut as asked.
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
    match split.by {
        SplitBy::Simulation if simulations.len() < parts => Err(Error::patches(
            format!("{} simulations cannot be shared between {parts} parts", simulations.len()),
            format!("give at least {parts}, or split by = \"cut\""),
        )),
        SplitBy::Cut => by_cut(simulations, settings, split, parts, ctx),
        SplitBy::Auto if simulations.len() < parts => by_cut(simulations, settings, split, parts, ctx),
        SplitBy::Auto | SplitBy::Simulation => by_simulation(simulations, settings, split, parts),
    }
}

fn by_simulation(
    simulations: &[Simulation],
    settings: &PatchSettings,
    split: &SplitSettings,
    parts: usize,
) -> Result<Vec<Region>> {
    for (i, a) in simulations.iter().enumerate() {
        if let Some(b) = simulations[..i].iter().find(|b| b.density_cm3 == a.density_cm3) {
            return Err(Error::patches(
                format!("simulations {} and {} hold the same density cube", b.name, a.name),
                "name each only once: the same gas must not lie in training and test",
            ));
        }
    }
    let total = simulations.len();
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
    Ok(splits
        .into_iter()
        .enumerate()
        .map(|(simulation, split)| Region {
            simulation,
            split,
            slab: None,
            faces: settings.faces.clone(),
            count: settings.count,
        })
        .collect())
}

fn by_cut(
    simulations: &[Simulation],
    settings: &PatchSettings,
    split: &SplitSettings,
    parts: usize,
    ctx: &Context,
) -> Result<Vec<Region>> {
    let cut = split.cut_axis;
    let faces: Vec<Axis> = settings.faces.iter().copied().filter(|&face| face != cut).collect();
    if parts > 1 && faces.len() < settings.faces.len() {
        ctx.warn(format!(
            "the face along {cut} is left out: its line of sight runs through every part of a cube cut along {cut}"
        ));
    }
    if faces.is_empty() && parts > 1 {
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
        if parts == 1 {
            let whole = Region {
                slab: None,
                faces: settings.faces.clone(),
                ..region(Split::Train, 0..cells, settings.count)
            };
            regions.push(whole);
            continue;
        }
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
