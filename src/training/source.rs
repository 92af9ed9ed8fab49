//! Where a training's samples come from: a sample set file, or clouds that are made and cut on the fly.

use super::error::Result;
use crate::cloud::patches::{PatchSettings, SplitSettings, make_sample_set};
use crate::cloud::{DemoClouds, Simulation, SynthSettings, read_simulation, synthesise};
use crate::data::{SampleSet, Split};
use crate::io;
use crate::job::Context;
use crate::recipe::{CloudFamily, CloudSource, DataSettings, PatchesRecipe};
use sha2::{Digest, Sha256};

/// The sample set a training's recipe asks for.
pub fn samples(settings: &DataSettings, ctx: &Context) -> Result<SampleSet> {
    if let Some(path) = &settings.sample_set {
        ctx.report(format!("reading {}", path.display()), None);
        return Ok(io::sample_set::read(path)?);
    }
    cut(
        settings.family.as_ref(),
        &settings.clouds,
        &settings.synth.clone().unwrap_or_default(),
        &settings.patches.clone().unwrap_or_default(),
        &settings.split.clone().unwrap_or_default(),
        ctx,
    )
}

/// The sample set a patches recipe asks for.
pub fn patches(recipe: &PatchesRecipe, ctx: &Context) -> Result<SampleSet> {
    cut(recipe.family.as_ref(), &recipe.clouds, &recipe.synth, &recipe.patches, &recipe.split, ctx)
}

fn cut(
    family: Option<&CloudFamily>,
    sources: &[CloudSource],
    synth: &SynthSettings,
    patches: &PatchSettings,
    split: &SplitSettings,
    ctx: &Context,
) -> Result<SampleSet> {
    let family = family.map(|family| DemoClouds::new(family.count, family.size, family.seed).settings);
    let clouds = match family {
        Some(settings) => settings
            .iter()
            .map(|settings| {
                ctx.check()?;
                Ok(synthesise(settings, ctx)?)
            })
            .collect::<Result<Vec<_>>>()?,
        None => sources.iter().map(|source| cloud(source, synth, ctx)).collect::<Result<Vec<_>>>()?,
    };
    Ok(make_sample_set(&clouds, patches, split, ctx)?)
}

fn cloud(source: &CloudSource, synth: &SynthSettings, ctx: &Context) -> Result<Simulation> {
    ctx.check()?;
    match &source.simulation {
        Some(folder) => Ok(read_simulation(folder, source.box_size_pc, ctx)?),
        None => {
            let settings = SynthSettings { seed: source.seed.unwrap_or(synth.seed), ..synth.clone() };
            Ok(synthesise(&settings, ctx)?)
        }
    }
}

/// SHA-256 of all that a training sees of a sample set: names, values, split and groups, whatever file it came from.
pub fn fingerprint(set: &SampleSet) -> String {
    let mut hash = Sha256::new();
    for (kind, channels) in [("channel", &set.channels), ("target", &set.targets)] {
        for (name, channel) in channels {
            hash.update(format!("{kind} {name} {} {:?}\n", channel.unit, channel.values.shape()));
            let bytes: Vec<u8> = channel.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            hash.update(&bytes);
        }
    }
    for (part, group) in set.split.iter().zip(&set.group) {
        let part: u8 = match part {
            Split::Train => 0,
            Split::Validation => 1,
            Split::Test => 2,
        };
        hash.update([part]);
        hash.update(group.to_le_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
