//! The recipe of a sample set of cloud patches, and the cloud settings it shares with a training's recipe.

use super::document::{Note, Recipe};
use crate::cloud::SynthSettings;
use crate::cloud::patches::{PatchSettings, SplitSettings};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A sample set of patches as a value. Paths are relative to the recipe's file until [`PatchesRecipe::resolve`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PatchesRecipe {
    pub patches: PatchSettings,
    pub split: SplitSettings,
    pub synth: SynthSettings,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<CloudFamily>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clouds: Vec<CloudSource>,
}

/// Synthetic clouds that differ in seed, density, turbulence and structure, as [`crate::cloud::DemoClouds`] draws them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudFamily {
    pub count: usize,
    pub size: usize,
    pub seed: u64,
}

impl Default for CloudFamily {
    fn default() -> Self {
        Self { count: 8, size: 96, seed: 0 }
    }
}

/// Where one cloud comes from: a simulation folder, or the shared settings with a seed of its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudSource {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulation: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub box_size_pc: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

impl PatchesRecipe {
    /// A recipe that works as it is: three synthetic clouds, one for each part of the split.
    pub fn example() -> Self {
        Self { clouds: CloudSource::seeds(3), ..Self::default() }
    }

    /// Makes the recipe's relative paths relative to `folder`, where its file lies.
    pub fn resolve(&mut self, folder: &Path) {
        resolve_clouds(&mut self.clouds, folder);
    }
}

impl Recipe for PatchesRecipe {
    const KIND: &'static str = "patches";
    const VERSION: i64 = 1;
    const TITLE: &'static str = "A sample set of cloud patches: aquila dataset THIS.toml --out FILE.h5";

    fn notes() -> Vec<Note> {
        cloud_notes("")
    }

    fn validate(&self) -> Result<(), String> {
        if self.clouds.is_empty() && self.family.is_none() {
            return Err("no cloud: add a [[clouds]] with a `simulation` or a `seed`, or a [family]".into());
        }
        validate_clouds("", &self.clouds, self.family.as_ref(), &self.synth, &self.patches, &self.split)
    }
}

impl CloudSource {
    /// Synthetic clouds with the seeds 1 to `count`.
    pub fn seeds(count: u64) -> Vec<Self> {
        (1..=count).map(|seed| Self { seed: Some(seed), ..Self::default() }).collect()
    }
}

pub(super) fn resolve_clouds(clouds: &mut [CloudSource], folder: &Path) {
    for path in clouds.iter_mut().filter_map(|cloud| cloud.simulation.as_mut()) {
        *path = super::absolute(folder, path);
    }
}

/// Checks what clouds and patches say; `prefix` is the section they lie in, with its dot.
pub(super) fn validate_clouds(
    prefix: &str,
    clouds: &[CloudSource],
    family: Option<&CloudFamily>,
    synth: &SynthSettings,
    patches: &PatchSettings,
    split: &SplitSettings,
) -> Result<(), String> {
    for (index, cloud) in clouds.iter().enumerate() {
        if cloud.simulation.is_some() && cloud.seed.is_some() {
            return Err(format!(
                "`{prefix}clouds` {}: `simulation` and `seed` exclude each other; keep one",
                index + 1
            ));
        }
    }
    if let Some(family) = family {
        if !clouds.is_empty() {
            return Err(format!("[{prefix}family] and [[{prefix}clouds]] exclude each other; keep one"));
        }
        if !(1..=1000).contains(&family.count) {
            return Err(format!("`{prefix}family.count` must be from 1 to 1000, not {}", family.count));
        }
        let cloud = SynthSettings { size: family.size, ..SynthSettings::default() };
        cloud.check().map_err(|error| format!("{prefix}family.{error}"))?;
    }
    synth.check().map_err(|error| format!("{prefix}synth.{error}"))?;
    patches.check().map_err(|error| format!("{prefix}patches.{error}"))?;
    split.check().map_err(|error| format!("{prefix}split.{error}"))
}

/// The notes on clouds and patches; `prefix` is the section they lie in, with its dot.
pub(super) fn cloud_notes(prefix: &str) -> Vec<Note> {
    CLOUD_NOTES
        .iter()
        .map(|&(path, text, example)| Note { path: format!("{prefix}{path}"), text, example })
        .collect()
}

/// Path, text, and the example of a setting that may be absent.
#[rustfmt::skip]
const CLOUD_NOTES: &[(&str, &str, &str)] = &[
    ("patches.seed", "Where patches lie and how they are turned.", ""),
    ("patches.pixels", "Edge of a patch in pixels.", ""),
    ("patches.size_pc", "Smallest and largest edge of a patch in pc, drawn anew for each; 0 is one pixel per cell.", ""),
    ("patches.faces", "The faces looked at, by their line of sight.", ""),
    ("patches.count", "Patches asked of each cloud; fewer come where there is no room.", ""),
    ("patches.score_filter", "Whether patches with little structure are mostly turned away.", ""),
    ("patches.score_a", "Steepness A of the filter 1 / (1 + exp(-A (score - B))).", ""),
    ("patches.score_b", "Score B at which half of the patches are kept.", ""),
    ("patches.nearest_distance", "Least distance of two patches of a face, in patch sizes.", ""),
    ("patches.rotate", "Whether each patch is turned by a random multiple of 90 degrees.", ""),
    ("patches.context_pc", "Edge of a wider window given as the channel `context`, in pc; 0 is none.", ""),
    ("split.by", "simulation (each cloud in one part), cut (each cloud cut into slabs) or auto.", ""),
    ("split.validation", "Share for validation.", ""),
    ("split.test", "Share for the final test.", ""),
    ("split.cut_axis", "The axis a cloud is cut along; the face seen along it is left out.", ""),
    ("split.guard_pc", "Width of the band between two parts that no patch touches, in pc.", ""),
    ("synth.size", "Cells along an edge of a synthetic cloud.", ""),
    ("synth.seed", "Seed of a cloud that names none.", ""),
    ("synth.box_size_pc", "Edge of the box in pc.", ""),
    ("synth.mean_density_cm3", "Mean density of hydrogen nuclei in cm^-3.", ""),
    ("synth.mach", "Rms Mach number at 10 K.", ""),
    ("synth.forcing_b", "1/3 solenoidal to 1 compressive driving.", ""),
    ("synth.density_index", "P(k) ~ k^-index of ln n.", ""),
    ("synth.velocity_index", "P(k) ~ k^-index of the velocity.", ""),
    ("synth.solenoidal_fraction", "Share of the velocity that is free of divergence.", ""),
    ("synth.envelope_radius", "Scale of the envelope as a fraction of the box; 0 is none.", ""),
    ("synth.filament_fraction", "Share of the mass in filaments.", ""),
    ("synth.filament_width", "Typical width of a filament, in units of the fields that define it.", ""),
    ("synth.filament_width_scatter", "Scatter of ln width.", ""),
    ("synth.core_fraction", "Share of the mass in dense cores.", ""),
    ("synth.core_count", "Number of dense cores.", ""),
    ("synth.core_radius", "Smallest and largest radius of a core's flat part, as fractions of the box.", ""),
    ("synth.core_radius_index", "dN/dr ~ r^-(index + 1) of the cores' radii.", ""),
    ("family.count", "Number of synthetic clouds that differ in seed, density, turbulence and structure; instead of clouds.", "8"),
    ("family.size", "Cells along an edge of each.", "96"),
    ("family.seed", "Draws them all.", "0"),
    ("clouds[].simulation", "A simulation folder, or:", "\"sims/orion\""),
    ("clouds[].box_size_pc", "(edge of its box in pc, where the folder does not say it)", "10.0"),
    ("clouds[].seed", "the seed of a synthetic cloud with the settings of synth.", "1"),
];
