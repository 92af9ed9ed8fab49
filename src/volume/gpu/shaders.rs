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
    pub fn new(device: &wgpu::Device, folder: Option<PathBuf>) -> Result<Self, VolumeError> {
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
                let first = wait(module.get_compilation_info())?.messages.into_iter().next();
                let found = first.and_then(|told| Some((told.location?.line_number, told.message)));
                let Some((line, message)) = found else {
                    return Err(VolumeError::Shader { file: file.to_owned(), message: error.to_string() });
                };
                let (file, line) = line_of(parts, &texts, line as usize);
                return Err(VolumeError::Shader {
                    file: file.to_owned(),
                    message: format!("line {line}: {message}"),
                });
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

/// The file and the line in it, of a line of all parts one after the other; from 1.
fn line_of(parts: &[Part], texts: &[String], line: usize) -> (&'static str, usize) {
    let mut before = 0;
    for (part, text) in parts.iter().zip(texts) {
        // A line break stands between two parts.
        let lines = text.matches('\n').count() + 1;
        if line <= before + lines {
            return (part.0, line - before);
        }
        before += lines;
    }
    (parts[parts.len() - 1].0, line - before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volume::gpu::Adapter;

    #[test]
    fn changed_shaders_are_read_again_and_a_broken_one_says_where_and_leaves_the_last_good_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |(name, text): Part, more: &str| {
            std::fs::write(folder.path().join(name), format!("{text}{more}")).expect("written");
        };
        for part in [COMMON, SURFACES, MARCH, RESOLVE] {
            write(part, "");
        }
        let adapter = Adapter::open(true).expect("a software adapter");
        let device = &adapter.device;
        let mut shaders = Shaders::new(device, Some(folder.path().to_owned())).expect("good shaders");
        assert!(!shaders.refresh(device).expect("as they were"));
        let version = |shaders: &Shaders| shaders.module("march.wgsl").1;
        let first = version(&shaders);
        write(MARCH, "const ADDED: f32 = 1.0;\n");
        assert!(shaders.refresh(device).expect("good shaders"));
        assert_eq!(version(&shaders), first + 1);
        write(MARCH, "const ADDED: f32 = nobody;\n");
        let told = shaders.refresh(device).expect_err("a broken shader").to_string();
        let line = MARCH.1.matches('\n').count() + 1;
        assert!(told.starts_with(&format!("the shader march.wgsl: line {line}: ")), "{told}");
        assert!(told.contains("nobody"), "{told}");
        assert!(!shaders.refresh(device).expect("told once"));
        assert_eq!(version(&shaders), first + 1);
        write(MARCH, "");
        assert!(shaders.refresh(device).expect("mended"));
        assert_eq!(version(&shaders), first + 2);
    }
}
