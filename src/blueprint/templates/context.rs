//! U-Nets that know more than one map: the surroundings of a patch, or the spectra at each pixel.

use super::builder::{Builder, STEP_X, STEP_Y, Source, count};
use super::options::{DROPOUT, Settings, attention, base, block, height, levels, size, velocities, width};
use super::unet::{Body, Encoded, Skips, Unet, density_head, density_output, level_words, map_input};
use super::{CLOUDS, TemplateError, TemplateInfo};
use crate::blueprint::model::Blueprint;

pub(super) const CONTEXT: TemplateInfo = TemplateInfo {
    name: "context-unet",
    label: "Context-aware U-Net",
    help: "A U-Net on a patch whose decoders are tuned by a small map of the whole cloud",
    group: CLOUDS,
    paper: "Ribeiro 2025; Perez et al. 2018 (FiLM)",
    parameters: 51_000_301,
    sizes: "1×128² and 2×128² → 1×128²",
    options: &[
        levels(4),
        base(64),
        block("double"),
        attention(true),
        DROPOUT,
        size(
            "hidden",
            "Hidden values",
            "",
            256,
            1,
            65536,
            "Values between the context and the tuning of the decoders",
        ),
        height(128),
        width(128),
    ],
    build: context,
};

pub(super) const SPECTRAL: TemplateInfo = TemplateInfo {
    name: "ppv-unet",
    label: "PPV U-Nets",
    help: "Four U-Nets, on column density and on the first moments of the spectra, summed with learned weights",
    group: CLOUDS,
    paper: "Ribeiro 2025 (POLARIScore)",
    parameters: 125_575_609,
    sizes: "1×128² and 1×128³ → 1×128²",
    options: &[
        levels(4),
        base(64),
        block("double"),
        attention(true),
        DROPOUT,
        velocities(128),
        height(128),
        width(128),
    ],
    build: spectral,
};

/// Local and context encoder; the context, averaged over its pixels, gives a factor γ and an offset β to each filter of each decoder.
fn context(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let (levels, base) = (settings.size("levels")?, settings.size("base")?);
    let (body, attention) = (Body::asked(settings)?, settings.flag("attention")?);
    let size = [settings.size("height")?, settings.size("width")?];
    let skips = if attention { Skips::Gated } else { Skips::Plain };
    let mut graph = Builder::default();
    let local = Unet {
        levels,
        base,
        in_channels: 1,
        skips,
        body: &|_, _| body,
        encoder_name: "Encoder",
        bottleneck_name: "Bottleneck",
        film: true,
    };
    let input = map_input(&mut graph, "Column density", [0.0, 0.0], 1, size);
    let drawn = local.draw(&mut graph, input, [STEP_X, 0.0]);
    density_head(&mut graph, drawn.out, drawn.right);

    let around = Unet {
        in_channels: 2,
        skips: Skips::None,
        encoder_name: "Context",
        bottleneck_name: "Context bottom",
        ..local
    };
    let top = drawn.below[1] + STEP_Y;
    let input = map_input(&mut graph, "Context", [0.0, top], 2, size);
    let Encoded { out: latent, place: [mut x, y], .. } = around.encode(&mut graph, input, [STEP_X, top]);
    let mut chain = |graph: &mut Builder, from: Source, kind: &str, name: &str, features: Option<usize>| {
        x += STEP_X;
        let set: Vec<_> = features.map(|features| ("features", count(features))).into_iter().collect();
        graph.after_at(from, kind, name, [x, y], &set)
    };
    let values: usize = (1..=levels).map(|level| 2 * local.filters(level)).sum();
    let mut last = chain(&mut graph, latent, "global-pool", "Average", None);
    last = chain(&mut graph, last, "linear", "FiLM 1", Some(settings.size("hidden")?));
    last = chain(&mut graph, last, "relu", "FiLM ReLU", None);
    last = chain(&mut graph, last, "linear", "FiLM 2", Some(values));
    let mut start = 0;
    for (level, &decoder) in (1..=levels).zip(drawn.decoders.iter().rev()) {
        let both = 2 * local.filters(level);
        let set = [("start", count(start)), ("count", count(both))];
        let [decoder_x, _] = graph.place(decoder);
        let position = [x + STEP_X.max(decoder_x - x), y - STEP_Y * (levels - level) as f32];
        let part = graph.after_at(last, "select-channels", &format!("γ and β {level}"), position, &set);
        graph.link(part, (decoder, "condition"));
        start += both;
    }
    let mut blueprint = Blueprint::new(&format!("Context-aware U-Net, {}", level_words(levels)));
    blueprint.note = format!(
        "U-Net on a patch ({}) that also sees the whole cloud: a second encoder reads the column density of the cloud, brought to the \
         patch's size, and a mask of where the patch lies. Averaged over its pixels, it gives every filter of every decoder a \
         factor γ and an offset β (FiLM, Perez et al. 2018).\n\
         As in the public code (POLARIScore), γ is a factor itself and not a change from 1. That code also takes the \
         physical size of a patch and ignores it; it is left out here.",
        body.words()
    );
    blueprint.graph = graph.0;
    Ok(blueprint)
}

/// One U-Net each for column density, integrated intensity, mean velocity and dispersion; ReLU; a 1×1 convolution.
fn spectral(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let (body, attention) = (Body::asked(settings)?, settings.flag("attention")?);
    let unet = Unet {
        levels: settings.size("levels")?,
        base: settings.size("base")?,
        in_channels: 1,
        skips: if attention { Skips::Gated } else { Skips::Plain },
        body: &|_, _| body,
        encoder_name: "Encoder",
        bottleneck_name: "Bottleneck",
        film: false,
    };
    let size = [settings.size("height")?, settings.size("width")?];
    let mut graph = Builder::default();
    let column = map_input(&mut graph, "Column density", [0.0, 0.0], 1, size);
    let set = [
        ("channels", 1.into()),
        ("depth", count(settings.size("depth")?)),
        ("height", count(size[0])),
        ("width", count(size[1])),
        ("quantity", "brightness temperature".into()),
        ("scale", "linear".into()),
    ];
    let cube = (graph.add("cube-input", "Spectra", [0.0, 2.0 * STEP_Y], &set), "out");
    let set = [("moments", 3.into()), ("form", "physical".into())];
    let moments = graph.after_at(cube, "spectral-moments", "Moments", [STEP_X, 2.0 * STEP_Y], &set);
    let mut branches = Vec::new();
    let names = ["Column density", "Intensity", "Velocity", "Dispersion"];
    for (row, name) in names.into_iter().enumerate() {
        let y = STEP_Y * row as f32;
        let from = match row.checked_sub(1) {
            None => column,
            Some(moment) => {
                let set = [("start", count(moment)), ("count", 1.into())];
                graph.after_at(moments, "select-channels", name, [2.0 * STEP_X, y], &set)
            }
        };
        let group = graph.group(&format!("{name} U-Net"), [3.0 * STEP_X, y], alone(&unet));
        graph.link(from, (group, "in"));
        branches.push((group, "out"));
    }
    let [x, y] = [4.0 * STEP_X, 1.5 * STEP_Y];
    let joined = graph.join_at("concatenate", "Concatenate", [x, y], &branches);
    let set = [("filters", 1.into()), ("kernel", 1.into())];
    let head = graph.after_at(joined, "convolution", "Head", [x + STEP_X, y], &set);
    density_output(&mut graph, head, [x + 2.0 * STEP_X, y]);
    let mut blueprint = Blueprint::new("PPV U-Nets");
    blueprint.note = format!(
        "A U-Net ({}) each for the column density, the integrated intensity, the mean velocity and the velocity dispersion of a \
         position-position-velocity cube; their rectified results are summed with learned weights.\n\
         Different from the public code (POLARIScore): its second moment is the variance, here it is the dispersion in km/s; its 129 \
         parameters of a projection that is never used are left out.",
        body.words()
    );
    blueprint.graph = graph.0;
    Ok(blueprint)
}

/// `in` → U-Net with a head of one channel → ReLU → `out`.
fn alone(unet: &Unet) -> Builder {
    let mut graph = Builder::default();
    let entry = graph.next("group-input", "in", &[]);
    let drawn = unet.draw(&mut graph, (entry, "out"), [STEP_X, 0.0]);
    let [x, y] = drawn.right;
    let set = [("filters", 1.into()), ("kernel", 1.into())];
    let head = graph.after_at(drawn.out, "convolution", "Head", [x, y], &set);
    let relu = graph.after_at(head, "relu", "ReLU", [x + STEP_X, y], &[]);
    graph.after_at(relu, "group-output", "out", [x + 2.0 * STEP_X, y], &[]);
    graph
}
