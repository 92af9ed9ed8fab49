//! The shaders: built in, or in development read anew from the folder that `AQUILA_SHADERS` names.

use super::adapter::wait;
use crate::volume::VolumeError;
use std::collections::HashMap;
use std::path::PathBuf;

/// A file and its text as built in.
type Part = (&'static str, &'static str);
const COMMON: Part = ("common.wgsl", include_str!("../../../shaders/common.wgsl"));
const SURFACES: Part = ("surfaces.wgsl", include_str!("../../../shaders/surfaces.wgsl"));
const MARCH: Part = ("march.wgsl", include_str!("../../../shaders/march.wgsl"));
const RESOLVE: Part = ("resolve.wgsl", include_str!("../../../shaders/resolve.wgsl"));
/// Shaders by the file of their entry point, and what they are made of.
const BUILT_IN: [(&str, &[Part]); 2] =
    [("march.wgsl", &[COMMON, SURFACES, MARCH]), ("resolve.wgsl", &[COMMON, RESOLVE])];

pub(super) struct Shaders {
    folder: Option<PathBuf>,
    /// As last read, whether good or not.
    read: HashMap<&'static str, String>,
    /// The last good one, and how often it has changed.
    modules: HashMap<&'static str, (wgpu::ShaderModule, u64)>,
}

impl Shaders {
    pub fn new(device: &wgpu::Device) -> Result<Self, VolumeError> {
        let folder = std::env::var_os("AQUILA_SHADERS").map(PathBuf::from);
        let mut shaders = Self { folder: None, read: HashMap::new(), modules: HashMap::new() };
        // The built-in ones are what is left when the folder's do not compile.
        shaders.refresh(device)?;
        shaders.folder = folder;
        shaders.refresh(device)?;
        Ok(shaders)
    }

    pub fn module(&self, file: &'static str) -> (wgpu::ShaderModule, u64) {
        self.modules[file].clone()
    }

    /// Compiles what has changed; true where something has.
    pub fn refresh(&mut self, device: &wgpu::Device) -> Result<bool, VolumeError> {
        let mut changed = false;
        for (file, parts) in BUILT_IN {
            let texts = parts.iter().map(|&part| self.text(part)).collect::<Result<Vec<_>, _>>()?;
            let source = texts.join("\n");
            if self.read.get(file) == Some(&source) {
                continue;
            }
            self.read.insert(file, source.clone());
            let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some(file),
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
            if let Some(error) = wait(scope.pop())? {
                return Err(VolumeError::Shader { file: file.to_owned(), message: error.to_string() });
            }
            let version = self.modules.get(file).map_or(0, |(_, version)| version + 1);
            self.modules.insert(file, (module, version));
            changed = true;
        }
        Ok(changed)
    }

    fn text(&self, (file, built_in): Part) -> Result<String, VolumeError> {
        let Some(folder) = &self.folder else { return Ok(built_in.to_owned()) };
        std::fs::read_to_string(folder.join(file))
            .map_err(|error| VolumeError::Shader { file: file.to_owned(), message: error.to_string() })
    }
}
