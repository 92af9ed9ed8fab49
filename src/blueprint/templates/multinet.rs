//! MultiNet: an encoder for each input beside the main one, merged at every level by Kolmogorov–Arnold convolutions.

use super::builder::{Builder, STEP_X, STEP_Y, Source, count};
use super::options::{DROPOUT, Settings, attention, base, choice, height, levels, size, velocities, width};
use super::unet::{Body, Skips, Unet, density_head, map_input};
use super::{CLOUDS, TemplateError, TemplateInfo};
use crate::blueprint::model::{BlockId, Blueprint};

pub(super) const MULTINET: TemplateInfo = TemplateInfo {
    name: "multinet",
    label: "MultiNet",
    help: "Several maps, or a map and a cube of spectra, merged at every level",
    group: CLOUDS,
    paper: "Ribeiro 2025 (POLARIScore)",
    parameters: 1_257_464,
    sizes: "1×128² → 1×128²",
    options: &[
        levels(3),
        base(32),
        size("inputs", "Input maps", "", 1, 1, 8, "Maps of one channel each"),
        choice(
            "spectra",
            "Spectra",
            &["none", "projection", "moments"],
            "none",
            "A further input: a cube of spectra, reduced by a learned projection or by its moments",
        ),
        velocities(128),
        attention(false),
        DROPOUT,
        height(128),
        width(128),
    ],
    build: multinet,
};

/// From level to level: the shapes between them need more room than a single wire's.
const LEVEL_X: f32 = 1.3 * STEP_X;
/// Moments of a cube's spectra: 0, 1 and 2.
const MOMENTS: usize = 3;

/// An input as a map, and what the main encoder sees of it.
struct Branch {
    name: String,
    map: Source,
    channels: usize,
    main: Source,
}

fn multinet(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let (levels, base) = (settings.size("levels")?, settings.size("base")?);
    let (attention, spectra) = (settings.flag("attention")?, settings.choice("spectra")?);
    let dropout = settings.number_or_auto("dropout")?.unwrap_or(0.01);
    let body = Body::Plain { convolutions: 1, dropout };
    let main = Unet {
        levels,
        base,
        in_channels: 1,
        skips: if attention { Skips::Gated } else { Skips::Plain },
        body: &|_, _| body,
        encoder_name: "Encoder",
        bottleneck_name: "Bottleneck",
        film: false,
    };
    let filters = |level: usize| main.filters(level);
    let mut graph = Builder::default();
    let branches = inputs(settings, &mut graph)?;
    let rows = branches.len() as f32 + 1.0;

    // Each level is a column: the side encoders under the main one.
    let first = 3.0 * STEP_X;
    let column = |level: usize| first + LEVEL_X * (level - 1) as f32;
    let one = [("filters", 1.into()), ("kernel", 1.into())];
    let mut last = match branches.as_slice() {
        [only] => only.main,
        several => {
            let sources: Vec<Source> = several.iter().map(|branch| branch.main).collect();
            graph.join_at("concatenate", "All inputs", [first - 2.0 * STEP_X, 0.0], &sources)
        }
    };
    last = graph.after_at(last, "kan-convolution", "Merge", [first - STEP_X, 0.0], &one);
    let mut sides: Vec<(Source, usize)> =
        branches.iter().map(|branch| (branch.map, branch.channels)).collect();
    let mut encoders: Vec<BlockId> = Vec::new();
    let mut main_channels = 1;
    for level in 1..=levels {
        let x = column(level);
        let mut features = Vec::new();
        for (row, (side, branch)) in sides.iter_mut().zip(&branches).enumerate() {
            let inside = side_encoder(body, side.1, filters(level), level < levels);
            let name = format!("{} {level}", branch.name);
            let group = graph.group(&name, [x, STEP_Y * (row as f32 + 2.0)], inside);
            graph.link(side.0, (group, "in"));
            features.push((group, "features"));
            *side = ((group, "down"), filters(level));
        }
        let inside = encoder(body, main_channels, filters(level), features.len());
        let group = graph.group(&format!("Encoder {level}"), [x + 0.5 * STEP_X, 0.0], inside);
        graph.link(last, (group, "in"));
        for (number, feature) in (1..).zip(features) {
            graph.link(feature, (group, &format!("side {number}")));
        }
        encoders.push(group);
        last = (group, "down");
        main_channels = filters(level);
    }
    let x = column(levels) + 1.5 * STEP_X;
    let bottom =
        graph.group("Bottleneck", [x, STEP_Y * rows], body.alone(main_channels, filters(levels + 1)));
    graph.link(last, (bottom, "in"));
    last = (bottom, "out");
    let mut right = [x, 0.0];
    for (level, &encoder) in encoders.iter().enumerate().map(|(index, encoder)| (index + 1, encoder)).rev() {
        right[0] += LEVEL_X;
        let group = graph.group(&format!("Decoder {level}"), right, main.decoder(level));
        graph.link((encoder, "skip"), (group, "skip"));
        graph.link(last, (group, "up"));
        last = (group, "out");
    }
    density_head(&mut graph, last, [right[0] + STEP_X, right[1]]);

    let mut blueprint = Blueprint::new("MultiNet");
    blueprint.note = note(branches.len(), &spectra);
    blueprint.graph = graph.0;
    Ok(blueprint)
}

/// The input maps, one under the other, and the cube of spectra with what makes a map of it.
fn inputs(settings: &Settings, graph: &mut Builder) -> Result<Vec<Branch>, TemplateError> {
    let (count_of_maps, spectra) = (settings.size("inputs")?, settings.choice("spectra")?);
    let size = [settings.size("height")?, settings.size("width")?];
    let left = if spectra == "none" { 0.0 } else { -STEP_X };
    let mut branches = Vec::new();
    for number in 1..=count_of_maps {
        let name = if number == 1 { "Column density".to_owned() } else { format!("Map {number}") };
        let map = map_input(graph, &name, [left, STEP_Y * (number as f32 + 1.0)], 1, size);
        branches.push(Branch { name: format!("Map {number} level"), map, channels: 1, main: map });
    }
    if spectra == "none" {
        return Ok(branches);
    }
    let y = STEP_Y * (count_of_maps as f32 + 2.0);
    let set = [
        ("channels", 1.into()),
        ("depth", count(settings.size("depth")?)),
        ("height", count(size[0])),
        ("width", count(size[1])),
        ("quantity", "brightness temperature".into()),
        ("scale", "linear".into()),
    ];
    let cube = (graph.add("cube-input", "Spectra", [left, y], &set), "out");
    let branch = if spectra == "projection" {
        let map = graph.after_at(cube, "spectral-projection", "Projection", [left + STEP_X, y], &[]);
        Branch { name: "Spectra level".to_owned(), map, channels: 1, main: map }
    } else {
        let set = [("moments", count(MOMENTS)), ("form", "raw".into())];
        let map = graph.after_at(cube, "spectral-moments", "Moments", [left + STEP_X, y], &set);
        let first = [("start", 0.into()), ("count", 1.into())];
        let main =
            graph.after_at(map, "select-channels", "Moment 0", [left + 2.0 * STEP_X, y - STEP_Y], &first);
        Branch { name: "Spectra level".to_owned(), map, channels: MOMENTS, main }
    };
    branches.push(branch);
    Ok(branches)
}

/// `in` → body → `features`, and pooled → `down` but for the last level, where nobody takes it.
fn side_encoder(body: Body, channels: usize, filters: usize, down: bool) -> Builder {
    let mut graph = Builder::default();
    let entry = graph.next("group-input", "in", &[]);
    let last = body.draw(&mut graph, (entry, "out"), channels, filters);
    let pooled = down.then(|| graph.after(last, "max-pool", "Pool", &[]));
    let (features, _) = graph.after(last, "group-output", "features", &[]);
    if let Some(pooled) = pooled {
        let down = graph.below("group-output", "down", features);
        graph.link(pooled, (down, "in"));
    }
    graph
}

/// `in` → body, merged with the features of the sides → `skip`, and pooled → `down`.
fn encoder(body: Body, channels: usize, filters: usize, sides: usize) -> Builder {
    let mut graph = Builder::default();
    let entry = graph.next("group-input", "in", &[]);
    let mut lowest = entry;
    let mut sources = Vec::new();
    for number in 1..=sides {
        lowest = graph.below("group-input", &format!("side {number}"), lowest);
        sources.push((lowest, "out"));
    }
    sources.insert(0, body.draw(&mut graph, (entry, "out"), channels, filters));
    let joined = graph.join("concatenate", "Concatenate", &sources);
    let set = [("filters", count(filters)), ("kernel", 1.into())];
    let merged = graph.after(joined, "kan-convolution", "Merge", &set);
    let pooled = graph.after(merged, "max-pool", "Pool", &[]);
    let (skip, _) = graph.after(merged, "group-output", "skip", &[]);
    let down = graph.below("group-output", "down", skip);
    graph.link(pooled, (down, "in"));
    graph
}

fn note(inputs: usize, spectra: &str) -> String {
    let mut note = format!(
        "MultiNet (POLARIScore): an encoder for each of {inputs} input{}, and a main one that starts from all of them. At every level \
         a Kolmogorov–Arnold convolution (FastKAN, Li 2024) merges their features into the skip. One convolution in each block.\n\
         As in the published number, the 4 fixed centres of each KAN convolution count as parameters.\n\
         Different from the public code: inputs of the KAN convolutions are standardised channel by channel; there they lie far \
         outside of the curves' range (ln N ≈ 48, range −2 … 2), so that the first merger does nothing but its linear part.",
        if inputs == 1 { "" } else { "s" },
    );
    match spectra {
        "projection" => note.push_str(
            " The projection of the spectra is learned, the same weights at each pixel, as the paper describes it. In the public code \
             it is not among the network's parameters, so it stays random and is not saved, and it mixes pixels with velocities.",
        ),
        "moments" => note.push_str(
            " The spectra enter as raw moments, the mean over v of vⁱ·T for i = 0, 1, 2; the main encoder starts from moment 0.",
        ),
        _ => {}
    }
    note
}
