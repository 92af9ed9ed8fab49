//! U-Nets: encoders, bottleneck, decoders with skips, in two and three dimensions, and the same without skips.

use super::builder::{Builder, STEP_X, STEP_Y, Source, WIDTH, count};
use super::options::{DROPOUT, Settings, attention, base, block, channels, depth, height, levels, width};
use super::{CLOUDS, TemplateError, TemplateInfo};
use crate::blueprint::model::{BlockId, Blueprint};

pub(super) const UNET: TemplateInfo = TemplateInfo {
    name: "unet",
    label: "U-Net",
    help: "Encoder and decoder with skips: from a map to a map of the same size",
    group: CLOUDS,
    paper: "Ronneberger et al. 2015; Ribeiro 2025",
    parameters: 15_681_005,
    sizes: "1×128² → 1×128²",
    options: &[
        levels(4),
        base(64),
        block("single"),
        attention(true),
        DROPOUT,
        channels(1),
        height(128),
        width(128),
    ],
    build: unet,
};

pub(super) const UNET_3D: TemplateInfo = TemplateInfo {
    name: "unet-3d",
    label: "U-Net, 3-D",
    help: "The U-Net with filters in three dimensions: from a cube to a cube of the same size",
    group: CLOUDS,
    paper: "Çiçek et al. 2016; Ribeiro 2025",
    parameters: 90_655_981,
    sizes: "1×64³ → 1×64³",
    options: &[
        levels(4),
        base(64),
        block("double"),
        attention(true),
        DROPOUT,
        channels(1),
        depth(64),
        height(64),
        width(64),
    ],
    build: unet_3d,
};

pub(super) const CONVOLUTIONAL: TemplateInfo = TemplateInfo {
    name: "fully-convolutional",
    label: "Fully convolutional",
    help: "The U-Net without skips: what does not pass the bottleneck is lost",
    group: CLOUDS,
    paper: "Long et al. 2015; Ribeiro 2025",
    parameters: 12_196_033,
    sizes: "1×128² → 1×128²",
    options: &[levels(4), base(64), block("single"), DROPOUT, channels(1), height(128), width(128)],
    build: fully_convolutional,
};

/// How far each level moves inwards, so that the levels draw a U.
const INWARDS: f32 = 40.0;

/// What the blocks of a level are made of.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::blueprint) enum Body {
    /// Convolution, batch norm, ReLU, once or twice, and dropout of whole channels.
    Plain { convolutions: usize, dropout: f64 },
    /// Convolution, ReLU, batch norm, convolution, batch norm; added to the input (brought to the same channels); ReLU.
    Residual,
    /// Kolmogorov–Arnold convolution and batch norm.
    Kan,
}

/// How a level's skip comes to its decoder.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Skips {
    None,
    Plain,
    /// Through an attention gate.
    Gated,
}

/// A U without head: `levels` encoders, a bottleneck, as many decoders.
pub(super) struct Unet<'a> {
    pub levels: usize,
    pub base: usize,
    pub in_channels: usize,
    pub skips: Skips,
    /// Body of encoder and decoder of a level, counted from 1, and of the bottleneck as one more; `true` for a decoder.
    pub body: &'a dyn Fn(usize, bool) -> Body,
    /// What the groups are called; encoders are numbered.
    pub encoder_name: &'a str,
    pub bottleneck_name: &'a str,
    /// Each decoder takes a vector `condition` of γ and β for its filters.
    pub film: bool,
}

/// What leaves encoders and bottleneck, and where the bottleneck lies.
pub(super) struct Encoded {
    pub encoders: Vec<BlockId>,
    pub out: Source,
    pub place: [f32; 2],
}

/// What leaves a U, and where it lies.
pub(super) struct Drawn {
    pub out: Source,
    /// The decoders, the last one (level 1) last.
    pub decoders: Vec<BlockId>,
    /// Where the next block to the right goes.
    pub right: [f32; 2],
    /// The x of the bottleneck and the y under it.
    pub below: [f32; 2],
}

impl Unet<'_> {
    pub fn filters(&self, level: usize) -> usize {
        self.base << (level - 1)
    }

    /// Draws encoders and bottleneck, the first encoder at `origin`.
    pub fn encode(&self, graph: &mut Builder, input: Source, origin: [f32; 2]) -> Encoded {
        let (mut from, mut channels) = (input, self.in_channels);
        let mut encoders = Vec::new();
        for level in 1..=self.levels {
            let inside = self.encoder(level, channels);
            let position = self.place(origin, level);
            let encoder = graph.group(&format!("{} {level}", self.encoder_name), position, inside);
            graph.link(from, (encoder, "in"));
            encoders.push(encoder);
            from = (encoder, "down");
            channels = self.filters(level);
        }
        let place = [self.middle(origin), origin[1] + STEP_Y * self.levels as f32];
        let inside = (self.body)(self.levels + 1, false).alone(channels, self.filters(self.levels + 1));
        let bottleneck = graph.group(self.bottleneck_name, place, inside);
        graph.link(from, (bottleneck, "in"));
        Encoded { encoders, out: (bottleneck, "out"), place }
    }

    /// Draws all of it, the first encoder at `origin`.
    pub fn draw(&self, graph: &mut Builder, input: Source, origin: [f32; 2]) -> Drawn {
        let Encoded { encoders, out: mut from, place } = self.encode(graph, input, origin);
        let mirrored = |level| {
            let [x, y] = self.place(origin, level);
            [2.0 * place[0] - x, y]
        };
        let mut decoders = Vec::new();
        for (level, &encoder) in
            encoders.iter().enumerate().map(|(index, encoder)| (index + 1, encoder)).rev()
        {
            let name = format!("Decoder {level}");
            let decoder = graph.group(&name, mirrored(level), self.decoder(level));
            if self.skips != Skips::None {
                graph.link((encoder, "skip"), (decoder, "skip"));
            }
            graph.link(from, (decoder, "up"));
            from = (decoder, "out");
            decoders.push(decoder);
        }
        let [x, y] = mirrored(1);
        Drawn { out: from, decoders, right: [x + STEP_X, y], below: [place[0], place[1] + STEP_Y] }
    }

    fn place(&self, [left, top]: [f32; 2], level: usize) -> [f32; 2] {
        [left + INWARDS * (level - 1) as f32, top + STEP_Y * (level - 1) as f32]
    }

    fn middle(&self, [left, _]: [f32; 2]) -> f32 {
        left + INWARDS * (self.levels - 1) as f32 + 0.7 * WIDTH
    }

    /// `in` → body → `skip`, and pooled → `down`.
    fn encoder(&self, level: usize, channels: usize) -> Builder {
        let mut graph = Builder::default();
        let entry = graph.next("group-input", "in", &[]);
        let last = (self.body)(level, false).draw(&mut graph, (entry, "out"), channels, self.filters(level));
        let pooled = graph.after(last, "max-pool", "Pool", &[]);
        if self.skips == Skips::None {
            graph.after(pooled, "group-output", "down", &[]);
            return graph;
        }
        let (skip, _) = graph.after(last, "group-output", "skip", &[]);
        let down = graph.below("group-output", "down", skip);
        graph.link(pooled, (down, "in"));
        graph
    }

    /// `up` enlarged, joined with the (gated) `skip`, body → `out`.
    pub fn decoder(&self, level: usize) -> Builder {
        let filters = self.filters(level);
        let mut graph = Builder::default();
        let up = graph.next("group-input", "up", &[]);
        let mut lowest = up;
        let skip = (self.skips != Skips::None).then(|| {
            lowest = graph.below("group-input", "skip", lowest);
            lowest
        });
        let condition = self.film.then(|| graph.below("group-input", "condition", lowest));
        let larger = graph.after((up, "out"), "transposed-convolution", "Up", &[("filters", count(filters))]);
        let (mut last, mut channels) = (larger, filters);
        if let Some(skip) = skip {
            let mut second = (skip, "out");
            if self.skips == Skips::Gated {
                let gate = graph.next("attention-gate", "Gate", &[]);
                graph.link(larger, (gate, "gate"));
                graph.link(second, (gate, "skip"));
                second = (gate, "out");
            }
            last = graph.join("concatenate", "Concatenate", &[larger, second]);
            channels += filters;
        }
        last = (self.body)(level, true).draw(&mut graph, last, channels, filters);
        if let Some(condition) = condition {
            let film = graph.next("film", "FiLM", &[]);
            graph.link(last, (film, "in"));
            graph.link((condition, "out"), (film, "condition"));
            last = (film, "out");
        }
        graph.after(last, "group-output", "out", &[]);
        graph
    }
}

impl Body {
    pub fn draw(self, graph: &mut Builder, from: Source, channels: usize, filters: usize) -> Source {
        let set = [("filters", count(filters))];
        match self {
            Self::Plain { convolutions, dropout } => {
                let mut last = from;
                for number in 1..=convolutions {
                    let name = |label: &str| match convolutions {
                        1 => label.to_owned(),
                        _ => format!("{label} {number}"),
                    };
                    last = graph.after(last, "convolution", &name("Convolution"), &set);
                    last = graph.after(last, "batch-norm", &name("Batch norm"), &[]);
                    last = graph.after(last, "relu", &name("ReLU"), &[]);
                }
                graph.after(last, "dropout", "Dropout", &[("probability", dropout.into())])
            }
            Self::Residual => {
                let first = graph.after(from, "convolution", "Convolution 1", &set);
                let mut last = graph.after(first, "relu", "ReLU 1", &[]);
                last = graph.after(last, "batch-norm", "Batch norm 1", &[]);
                last = graph.after(last, "convolution", "Convolution 2", &set);
                last = graph.after(last, "batch-norm", "Batch norm 2", &[]);
                let mut around = from;
                if channels != filters {
                    let kernel = [set[0].clone(), ("kernel", 1.into())];
                    let [x, y] = graph.place(first.0);
                    around = graph.after_at(from, "convolution", "Shortcut", [x, y + 2.0 * STEP_Y], &kernel);
                }
                let sum = graph.join("add", "Add", &[last, around]);
                graph.after(sum, "relu", "ReLU 2", &[])
            }
            Self::Kan => {
                let last = graph.after(from, "kan-convolution", "KAN convolution", &set);
                graph.after(last, "batch-norm", "Batch norm", &[])
            }
        }
    }

    /// `in` → body → `out`.
    pub fn alone(self, channels: usize, filters: usize) -> Builder {
        let mut graph = Builder::default();
        let entry = graph.next("group-input", "in", &[]);
        let last = self.draw(&mut graph, (entry, "out"), channels, filters);
        graph.after(last, "group-output", "out", &[]);
        graph
    }

    /// As the options `block` and `dropout` ask.
    pub(in crate::blueprint::templates) fn asked(settings: &Settings) -> Result<Self, TemplateError> {
        let dropout = settings.number_or_auto("dropout")?;
        match settings.choice("block")?.as_str() {
            "residual" if dropout.is_some() => Err(TemplateError::Value {
                option: "dropout",
                expected: "no value for residual blocks, which have none".to_owned(),
                came: dropout.map_or_else(String::new, |dropout| dropout.to_string()),
            }),
            "residual" => Ok(Self::Residual),
            "double" => Ok(Self::Plain { convolutions: 2, dropout: dropout.unwrap_or(0.05) }),
            _ => Ok(Self::Plain { convolutions: 1, dropout: dropout.unwrap_or(0.01) }),
        }
    }

    /// As the rest of `, …` in a note.
    pub fn words(self) -> &'static str {
        match self {
            Self::Plain { convolutions: 1, .. } => "one convolution in each block",
            Self::Plain { .. } => "two convolutions in each block",
            Self::Residual => "residual blocks",
            Self::Kan => "Kolmogorov–Arnold convolutions in each block",
        }
    }
}

/// The input map of the cloud templates.
pub(super) fn map_input(
    graph: &mut Builder,
    name: &str,
    position: [f32; 2],
    channels: usize,
    [height, width]: [usize; 2],
) -> Source {
    let set = [
        ("channels", count(channels)),
        ("height", count(height)),
        ("width", count(width)),
        ("quantity", "column density".into()),
        ("scale", "log10".into()),
    ];
    (graph.add("input", name, position, &set), "out")
}

/// A 1×1 convolution to one channel, and the output.
pub(super) fn density_head(graph: &mut Builder, from: Source, [x, y]: [f32; 2]) {
    let set = [("filters", 1.into()), ("kernel", 1.into())];
    let head = graph.after_at(from, "convolution", "Head", [x, y], &set);
    density_output(graph, head, [x + STEP_X, y]);
}

pub(super) fn density_output(graph: &mut Builder, from: Source, position: [f32; 2]) {
    let set = [("quantity", "volume density".into()), ("scale", "log10".into())];
    graph.after_at(from, "output", "Density", position, &set);
}

pub(super) fn level_words(levels: usize) -> String {
    format!("{levels} level{}", if levels == 1 { "" } else { "s" })
}

/// U-Net (Ronneberger et al. 2015) with batch norm and, as an option, attention gates (Oktay et al. 2018) on the skips.
fn unet(settings: &Settings) -> Result<Blueprint, TemplateError> {
    flat(settings, |graph, channels| {
        let size = [settings.size("height")?, settings.size("width")?];
        Ok(map_input(graph, "Column density", [0.0, 0.0], channels, size))
    })
}

/// The same on cubes: every convolution, pool and gate in three dimensions.
fn unet_3d(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let mut blueprint = flat(settings, |graph, channels| {
        let set = [
            ("channels", count(channels)),
            ("depth", count(settings.size("depth")?)),
            ("height", count(settings.size("height")?)),
            ("width", count(settings.size("width")?)),
            ("scale", "log10".into()),
        ];
        Ok((graph.add("cube-input", "Cube", [0.0, 0.0], &set), "out"))
    })?;
    blueprint.name.insert_str("U-Net".len(), " in 3-D");
    blueprint.note.push_str(
        " Every filter, pool and gate is three-dimensional, as the paper means it; in the public code (POLARIScore) \
         three-dimensional data does not reach such a network.",
    );
    Ok(blueprint)
}

fn flat(
    settings: &Settings,
    input: impl FnOnce(&mut Builder, usize) -> Result<Source, TemplateError>,
) -> Result<Blueprint, TemplateError> {
    let (levels, in_channels) = (settings.size("levels")?, settings.size("channels")?);
    let (body, attention) = (Body::asked(settings)?, settings.flag("attention")?);
    let mut graph = Builder::default();
    let input = input(&mut graph, in_channels)?;
    let unet = Unet {
        levels,
        base: settings.size("base")?,
        in_channels,
        skips: if attention { Skips::Gated } else { Skips::Plain },
        body: &|_, _| body,
        encoder_name: "Encoder",
        bottleneck_name: "Bottleneck",
        film: false,
    };
    let drawn = unet.draw(&mut graph, input, [STEP_X, 0.0]);
    density_head(&mut graph, drawn.out, drawn.right);
    let mut blueprint = Blueprint::new(&format!("U-Net, {}", level_words(levels)));
    blueprint.note = format!(
        "U-Net (Ronneberger et al. 2015), {}{}. Every size must be divisible by {}.",
        body.words(),
        if attention { ", attention gates (Oktay et al. 2018) on the skips" } else { "" },
        1 << levels
    );
    blueprint.graph = graph.0;
    Ok(blueprint)
}

/// Encoder and decoder without skips.
fn fully_convolutional(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let (levels, in_channels) = (settings.size("levels")?, settings.size("channels")?);
    let body = Body::asked(settings)?;
    let mut graph = Builder::default();
    let size = [settings.size("height")?, settings.size("width")?];
    let input = map_input(&mut graph, "Column density", [0.0, 0.0], in_channels, size);
    let unet = Unet {
        levels,
        base: settings.size("base")?,
        in_channels,
        skips: Skips::None,
        body: &|_, _| body,
        encoder_name: "Encoder",
        bottleneck_name: "Bottleneck",
        film: false,
    };
    let drawn = unet.draw(&mut graph, input, [STEP_X, 0.0]);
    density_head(&mut graph, drawn.out, drawn.right);
    let mut blueprint = Blueprint::new(&format!("Fully convolutional, {}", level_words(levels)));
    blueprint.note = format!(
        "Encoder and decoder without skips (after Long et al. 2015), {}. Every size must be divisible by {}.\n\
         The reference that shows what the skips of a U-Net are worth. The public network of this form (POLARIScore) \
         cannot be trained by its own trainer; this one can.",
        body.words(),
        1 << levels
    );
    blueprint.graph = graph.0;
    Ok(blueprint)
}
