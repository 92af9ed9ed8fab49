//! Networks to start from, with the sizes of the literature.

use super::catalogue::kind;
use super::model::{Block, BlockId, Blueprint, Graph, Link, Parameter};

/// A template as a start page shows it.
pub struct TemplateInfo {
    /// The word on the command line.
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
}

pub const TEMPLATES: &[TemplateInfo] = &[TemplateInfo {
    name: "unet",
    label: "U-Net",
    help: "Encoder and decoder with skips: from a map to a map of the same size",
}];

#[derive(Debug, thiserror::Error, PartialEq)]
pub enum TemplateError {
    #[error("there is no template “{name}”; there is: {known}")]
    Unknown { name: String, known: String },
    #[error("{what} must be from {min} to {max}, not {value}")]
    OutOfRange { what: &'static str, min: usize, max: usize, value: usize },
    #[error("a dropout of {0} is no probability from 0 to 0.99")]
    Dropout(f64),
}

/// The sizes of a U-Net. Filters double at each level; `residual` and other inner blocks come with their kinds.
#[derive(Clone, Debug, PartialEq)]
pub struct UnetOptions {
    /// How often the map is halved.
    pub levels: usize,
    /// Filters of the first level.
    pub base_filters: usize,
    /// Two convolutions in each block instead of one.
    pub double: bool,
    /// An attention gate on each skip.
    pub attention: bool,
    /// Probability of dropping a channel at the end of a block; `None`: 0.01 for single blocks, 0.05 for double ones.
    pub dropout: Option<f64>,
    pub in_channels: usize,
    pub height: usize,
    pub width: usize,
}

impl Default for UnetOptions {
    fn default() -> Self {
        Self {
            levels: 4,
            base_filters: 64,
            double: false,
            attention: true,
            dropout: None,
            in_channels: 1,
            height: 128,
            width: 128,
        }
    }
}

/// A template by its name. `options` say its sizes.
pub fn template(name: &str, options: &UnetOptions) -> Result<Blueprint, TemplateError> {
    match name {
        "unet" => unet(options),
        _ => {
            let known = TEMPLATES.iter().map(|info| info.name).collect::<Vec<_>>().join(", ");
            Err(TemplateError::Unknown { name: name.to_owned(), known })
        }
    }
}

const WIDTH: f32 = 128.0;
const STEP_X: f32 = 184.0;
const STEP_Y: f32 = 104.0;
/// How far each level moves inwards, so that the levels draw a U.
const INWARDS: f32 = 40.0;

/// U-Net (Ronneberger et al. 2015) with batch norm and, as an option, attention gates (Oktay et al. 2018) on the skips: `levels`
/// encoders, a bottleneck, as many decoders, and a 1×1 convolution as head.
fn unet(options: &UnetOptions) -> Result<Blueprint, TemplateError> {
    let &UnetOptions { levels, base_filters, double, attention, in_channels, height, width, .. } = options;
    let within = |what, value, min, max| {
        if (min..=max).contains(&value) {
            Ok(())
        } else {
            Err(TemplateError::OutOfRange { what, min, max, value })
        }
    };
    within("levels", levels, 1, 8)?;
    within("base filters", base_filters, 1, 256)?;
    within("input channels", in_channels, 1, 4096)?;
    within("height", height, 1, 65536)?;
    within("width", width, 1, 65536)?;
    let probability = options.dropout.unwrap_or(if double { 0.05 } else { 0.01 });
    if !(0.0..=0.99).contains(&probability) {
        return Err(TemplateError::Dropout(probability));
    }
    let body = Body { double, probability };
    let filters = |level: usize| base_filters << level;
    let plural = if levels == 1 { "" } else { "s" };
    let mut blueprint = Blueprint::new(&format!("U-Net, {levels} level{plural}"));
    blueprint.note = format!(
        "U-Net (Ronneberger et al. 2015), {} each block{}. Height and width must be divisible by {}.",
        if double { "two convolutions in" } else { "one convolution in" },
        if attention { ", attention gates (Oktay et al. 2018) on the skips" } else { "" },
        1 << levels
    );
    let middle = STEP_X + INWARDS * (levels - 1) as f32 + 0.7 * WIDTH;
    let at = |level: usize| [STEP_X + INWARDS * (level - 1) as f32, STEP_Y * (level - 1) as f32];
    let mirrored = |[x, y]: [f32; 2]| [2.0 * middle - x, y];

    let mut graph = Builder::default();
    let input = graph.add(
        "input",
        "Column density",
        [0.0, 0.0],
        &[
            ("channels", (in_channels as i64).into()),
            ("height", (height as i64).into()),
            ("width", (width as i64).into()),
            ("quantity", "column density".into()),
            ("scale", "log10".into()),
        ],
    );
    let mut from = (input, "out");
    let mut skips = Vec::new();
    for level in 1..=levels {
        let encoder = graph.group(&format!("Encoder {level}"), at(level), body.encoder(filters(level - 1)));
        graph.link(from, (encoder, "in"));
        skips.push(encoder);
        from = (encoder, "down");
    }
    let bottleneck =
        graph.group("Bottleneck", [middle, STEP_Y * levels as f32], body.bottleneck(filters(levels)));
    graph.link(from, (bottleneck, "in"));
    from = (bottleneck, "out");
    for (level, &skip) in skips.iter().enumerate().rev().map(|(index, skip)| (index + 1, skip)) {
        let inside = body.decoder(filters(level - 1), attention);
        let decoder = graph.group(&format!("Decoder {level}"), mirrored(at(level)), inside);
        graph.link((skip, "skip"), (decoder, "skip"));
        graph.link(from, (decoder, "up"));
        from = (decoder, "out");
    }
    let [right, top] = mirrored(at(1));
    let head = graph.add(
        "convolution",
        "Head",
        [right + STEP_X, top],
        &[("filters", 1.into()), ("kernel", 1.into())],
    );
    graph.link(from, (head, "in"));
    let output = graph.add(
        "output",
        "Density",
        [right + 2.0 * STEP_X, top],
        &[("quantity", "volume density".into()), ("scale", "log10".into())],
    );
    graph.link((head, "out"), (output, "in"));
    blueprint.graph = graph.0;
    Ok(blueprint)
}

/// What the groups of a U-Net are made of: convolution, batch norm, ReLU, once or twice, and dropout.
struct Body {
    double: bool,
    probability: f64,
}

impl Body {
    /// `in` → body → `skip`, and pooled → `down`.
    fn encoder(&self, filters: usize) -> Graph {
        let mut graph = Builder::default();
        let entry = graph.next("group-input", "in", &[]);
        let last = self.chain(&mut graph, (entry, "out"), filters);
        let pool = graph.next("max-pool", "Pool", &[]);
        graph.link(last, (pool, "in"));
        let skip = graph.next("group-output", "skip", &[]);
        graph.link(last, (skip, "in"));
        let down = graph.below("group-output", "down", skip);
        graph.link((pool, "out"), (down, "in"));
        graph.0
    }

    fn bottleneck(&self, filters: usize) -> Graph {
        let mut graph = Builder::default();
        let entry = graph.next("group-input", "in", &[]);
        let last = self.chain(&mut graph, (entry, "out"), filters);
        let out = graph.next("group-output", "out", &[]);
        graph.link(last, (out, "in"));
        graph.0
    }

    /// `up` enlarged, joined with the (gated) `skip`, body → `out`.
    fn decoder(&self, filters: usize, attention: bool) -> Graph {
        let mut graph = Builder::default();
        let up = graph.next("group-input", "up", &[]);
        let skip = graph.below("group-input", "skip", up);
        let larger = graph.next("transposed-convolution", "Up", &[("filters", (filters as i64).into())]);
        graph.link((up, "out"), (larger, "in"));
        let mut second = (skip, "out");
        if attention {
            let gate = graph.next("attention-gate", "Gate", &[]);
            graph.link((larger, "out"), (gate, "gate"));
            graph.link(second, (gate, "skip"));
            second = (gate, "out");
        }
        let join = graph.next("concatenate", "Concatenate", &[]);
        graph.link((larger, "out"), (join, "in1"));
        graph.link(second, (join, "in2"));
        let last = self.chain(&mut graph, (join, "out"), filters);
        let out = graph.next("group-output", "out", &[]);
        graph.link(last, (out, "in"));
        graph.0
    }

    fn chain(
        &self,
        graph: &mut Builder,
        mut from: (BlockId, &'static str),
        filters: usize,
    ) -> (BlockId, &'static str) {
        for number in 1..=(if self.double { 2 } else { 1 }) {
            let name = |label: &str| if self.double { format!("{label} {number}") } else { label.to_owned() };
            let convolution =
                graph.next("convolution", &name("Convolution"), &[("filters", (filters as i64).into())]);
            let norm = graph.next("batch-norm", &name("Batch norm"), &[]);
            let relu = graph.next("relu", &name("ReLU"), &[]);
            graph.link(from, (convolution, "in"));
            graph.link((convolution, "out"), (norm, "in"));
            graph.link((norm, "out"), (relu, "in"));
            from = (relu, "out");
        }
        let dropout = graph.next("dropout", "Dropout", &[("probability", self.probability.into())]);
        graph.link(from, (dropout, "in"));
        (dropout, "out")
    }
}

/// Builds a graph block by block, numbered from 1.
#[derive(Default)]
struct Builder(Graph);

impl Builder {
    /// A block with all parameters of its kind, the given ones set.
    fn add(&mut self, of: &str, name: &str, position: [f32; 2], set: &[(&str, Parameter)]) -> BlockId {
        let id = BlockId(self.0.blocks.len() as u32 + 1);
        let mut block = Block::new(id, of, name, position);
        for spec in kind(of).map_or(&[][..], |kind| kind.parameters) {
            let given = set.iter().find(|(name, _)| *name == spec.name).map(|(_, value)| value.clone());
            block.parameters.insert(spec.name.to_owned(), given.unwrap_or_else(|| spec.default()));
        }
        self.0.blocks.push(block);
        id
    }

    /// To the right of all so far.
    fn next(&mut self, kind: &str, name: &str, set: &[(&str, Parameter)]) -> BlockId {
        let right = self.0.blocks.iter().map(|block| block.position[0] + STEP_X).fold(0.0, f32::max);
        self.add(kind, name, [right, 0.0], set)
    }

    /// Under another one.
    fn below(&mut self, kind: &str, name: &str, above: BlockId) -> BlockId {
        let [x, y] = self.0.block(above).map_or([0.0, 0.0], |block| block.position);
        self.add(kind, name, [x, y + STEP_Y], &[])
    }

    fn group(&mut self, name: &str, position: [f32; 2], inside: Graph) -> BlockId {
        let id = self.add("group", name, position, &[]);
        if let Some(block) = self.0.block_mut(id) {
            block.inside = Some(inside);
        }
        id
    }

    fn link(&mut self, from: (BlockId, &str), to: (BlockId, &str)) {
        self.0.links.push(Link::new(from.0, from.1, to.0, to.1));
    }
}
