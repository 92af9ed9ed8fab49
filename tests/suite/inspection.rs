//! Networks looked into: attribution against cases that are known exactly, on a trained U-Net, while a training runs, and as files.

mod known;
mod runs;

use aquila::blueprint::{Block, BlockId, Blueprint, Link, Parameter, PathId};
use aquila::inspection::{
    Answer, AttributionSettings, AttributionView, Engine, Request, Subject, View, What,
};
use aquila::job::Context;
use std::sync::Arc;

/// Kind, name and parameters of a block.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, Parameter)]);

/// Blocks in a chain (block n feeds block n + 1), numbered from 1.
fn chain(blocks: &[Row<'_>]) -> Arc<Blueprint> {
    let mut blueprint = Blueprint::new("test");
    for (id, (kind, name, parameters)) in (1..).zip(blocks) {
        let mut block = Block::new(BlockId(id), kind, name, [0.0, 0.0]);
        for (name, value) in *parameters {
            block.parameters.insert((*name).to_owned(), value.clone());
        }
        blueprint.graph.blocks.push(block);
        if id > 1 {
            blueprint.graph.links.push(Link::new(BlockId(id - 1), "out", BlockId(id), "in"));
        }
    }
    Arc::new(blueprint)
}

fn map_input(channels: i64, height: i64, width: i64) -> [(&'static str, Parameter); 3] {
    [("channels", channels.into()), ("height", height.into()), ("width", width.into())]
}

fn untrained(blueprint: &Arc<Blueprint>) -> Subject {
    Subject::Untrained { blueprint: Arc::clone(blueprint), seed: 7 }
}

fn answer(subject: Subject, sample: usize, block: PathId, what: What) -> Answer {
    Engine::new().answer(&Request { subject, sample, block, what }, &Context::unwatched())
}

fn view(subject: Subject, sample: usize, block: PathId, what: What) -> View {
    answer(subject, sample, block, what).result.expect("an answer")
}

fn attribution(
    subject: Subject,
    sample: usize,
    block: PathId,
    settings: AttributionSettings,
) -> AttributionView {
    match view(subject, sample, block, What::Attribution(settings)) {
        View::Attribution(view) => view,
        other => panic!("{other:?}"),
    }
}
