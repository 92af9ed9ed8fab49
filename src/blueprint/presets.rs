//! Ready-made groups: convolution blocks as networks of the field have them.

use super::edit::{EditError, add_block, unique_name};
use super::model::{BlockId, Graph};
use super::templates::Body;

/// A ready-made group as a menu shows it.
pub struct Preset {
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    body: Body,
}

/// All with a port `in` and a port `out`, stride 1 and kernel 3 (POLARIScore's blocks).
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "single",
        label: "Single convolution group",
        help: "Convolution, batch norm, ReLU, dropout",
        body: Body::Plain { convolutions: 1, dropout: 0.01 },
    },
    Preset {
        name: "double",
        label: "Double convolution group",
        help: "Convolution, batch norm and ReLU twice, then dropout",
        body: Body::Plain { convolutions: 2, dropout: 0.05 },
    },
    Preset {
        name: "residual",
        label: "Residual convolution group",
        help: "Two convolutions, added to their input through a 1×1 convolution (He et al. 2016)",
        body: Body::Residual,
    },
];

/// Filters of a preset where nothing else is said.
const FILTERS: usize = 64;

/// Adds a ready-made group of 64 filters, for any number of channels that come in. Errors: an unknown name, a position that is no
/// number.
pub fn add_preset(graph: &mut Graph, name: &str, position: [f32; 2]) -> Result<BlockId, EditError> {
    let preset = PRESETS.iter().find(|preset| preset.name == name);
    let preset = preset.ok_or_else(|| EditError::NoKind(name.to_owned()))?;
    let id = add_block(graph, "group", position)?;
    let name = unique_name(graph, preset.label);
    if let Some(block) = graph.block_mut(id) {
        block.name = name;
        block.inside = Some(preset.inside(FILTERS));
    }
    Ok(id)
}

impl Preset {
    /// What is inside the group, with so many filters.
    pub fn inside(&self, filters: usize) -> Graph {
        // No number of channels is known: the residual's shortcut then has its convolution.
        self.body.alone(0, filters).0
    }
}
