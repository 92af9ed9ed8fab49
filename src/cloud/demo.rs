//! The clouds of the demo: several, so that training and test share no cloud, and kept on disk once made.

use super::{Result, Simulation, SynthSettings, read_simulation, synthesise, write_simulation};
use crate::job::Context;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A family of synthetic clouds that differ in seed, density, turbulence and filaments.
#[derive(Clone, Debug, PartialEq)]
pub struct DemoClouds {
    /// One entry a cloud.
    pub settings: Vec<SynthSettings>,
}

impl DemoClouds {
    /// `count` clouds of `size` cells a side, each a variation of the default cloud.
    pub fn new(count: usize, size: usize, seed: u64) -> Self {
        let base = SynthSettings { size, ..SynthSettings::default() };
        let settings = (0..count as u64).map(|index| base.varied(seed.wrapping_mul(1000) + index)).collect();
        Self { settings }
    }

    /// The clouds of the demo: eight of 96³ cells, some seconds of work.
    pub fn standard(seed: u64) -> Self {
        Self::new(8, 96, seed)
    }

    /// The clouds, in order. Those that lie in `folder` already, made with the same settings, are read; the others are made and
    /// written there.
    ///
    /// # Errors
    /// A folder that cannot be written, or `Cancelled`.
    pub fn load_or_make(&self, folder: &Path, ctx: &Context) -> Result<Vec<Simulation>> {
        let paths = self.folders(folder)?;
        let mut clouds = Vec::with_capacity(paths.len());
        for (index, (settings, path)) in self.settings.iter().zip(&paths).enumerate() {
            ctx.check()?;
            let part = ctx.part(index as f32 / paths.len() as f32, (index + 1) as f32 / paths.len() as f32);
            if path.exists() {
                match read_simulation(path, None, &part) {
                    Ok(cloud) => {
                        clouds.push(cloud);
                        continue;
                    }
                    Err(error) => ctx.warn(format!("made anew: {error}")),
                }
            }
            let mut cloud = synthesise(settings, &part)?;
            write_simulation(path, &cloud, &[], &part)?;
            cloud.name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            clouds.push(cloud);
        }
        Ok(clouds)
    }

    /// Where each cloud lies in `folder`: its name holds a hash of its settings, so that changed settings make a new one.
    pub fn folders(&self, folder: &Path) -> Result<Vec<PathBuf>> {
        self.settings
            .iter()
            .enumerate()
            .map(|(index, settings)| {
                let text = serde_json::to_string(settings).map_err(|error| {
                    super::Error::input(error.to_string(), "check the settings of the cloud")
                })?;
                let hash = Sha256::digest(text.as_bytes());
                let short: String = hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
                Ok(folder.join(format!("cloud-{}-{short}", index + 1)))
            })
            .collect()
    }
}
