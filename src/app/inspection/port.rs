//! From a port on the canvas to the block that computes what comes out of it: groups and their inner ports compute nothing themselves.

use crate::blueprint::{Block, BlockId, Blueprint, Graph, PathId, Port, catalogue};

/// The outputs of a block that can be looked at.
pub fn names(block: &Block) -> Vec<String> {
    catalogue::outputs_of(block).into_iter().map(|port| port.name).collect()
}

/// The block behind the output `port` of the block at `path`; `None` where nothing is wired to it.
pub fn behind(blueprint: &Blueprint, path: &[BlockId], port: &str) -> Option<PathId> {
    let block = blueprint.block_at(path)?;
    let (_, around) = path.split_last()?;
    match block.kind.as_str() {
        "group" => {
            let inside = block.inside.as_ref()?;
            let outputs = || inside.blocks.iter().filter(|block| block.kind == "group-output");
            let output = outputs().find(|output| output.name == port).or_else(|| outputs().next())?;
            feeding(blueprint, inside, path, output.id)
        }
        "group-output" => feeding(blueprint, blueprint.graph_at(around)?, around, block.id),
        "group-input" => {
            // What comes into the group at the port of this name.
            let (group, outside) = around.split_last()?;
            let graph = blueprint.graph_at(outside)?;
            let into = Port { block: *group, port: block.name.clone() };
            source(blueprint, graph, outside, &into)
        }
        _ => Some(path.to_vec()),
    }
}

/// What feeds the one input of a block.
fn feeding(blueprint: &Blueprint, graph: &Graph, around: &[BlockId], block: BlockId) -> Option<PathId> {
    let link = graph.links.iter().find(|link| link.to.block == block)?;
    source(blueprint, graph, around, &link.to)
}

/// What feeds an input port, groups looked through.
fn source(blueprint: &Blueprint, graph: &Graph, around: &[BlockId], into: &Port) -> Option<PathId> {
    let from = &graph.links.iter().find(|link| link.to == *into)?.from;
    let path: PathId = around.iter().copied().chain([from.block]).collect();
    behind(blueprint, &path, &from.port)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{UnetOptions, template};

    #[test]
    fn ports_of_groups_lead_to_the_blocks_that_compute() {
        let document = template("unet", &UnetOptions::default()).expect("a U-Net");
        let find =
            |name: &str| document.graph.blocks.iter().find(|block| block.name == name).expect("a block");
        let encoder = find("Encoder 1");
        let name_at = |path: &PathId| document.block_at(path).map(|block| block.name.clone());
        let behind =
            |path: &[BlockId], port: &str| behind(&document, path, port).and_then(|path| name_at(&path));
        assert_eq!(names(encoder), ["skip", "down"]);
        assert_eq!(behind(&[encoder.id], "skip").as_deref(), Some("Dropout"));
        assert_eq!(behind(&[encoder.id], "down").as_deref(), Some("Pool"));
        let inner = encoder.inside.as_ref().expect("a group").blocks.iter();
        let entry = inner.clone().find(|block| block.kind == "group-input").expect("an entry").id;
        assert_eq!(behind(&[encoder.id, entry], "out").as_deref(), Some("Column density"));
        let convolution = inner.clone().find(|block| block.kind == "convolution").expect("one").id;
        assert_eq!(behind(&[encoder.id, convolution], "out").as_deref(), Some("Convolution"));
    }
}
