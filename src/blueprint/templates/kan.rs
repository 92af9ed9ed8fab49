//! U-Nets with Kolmogorov–Arnold parts: as the head, in the deepest levels, or beside the network on each pixel alone.

use super::builder::{Builder, STEP_X, Source, count};
use super::options::{
    DROPOUT, Settings, attention, base, block, channels, choice, height, levels, size, width,
};
use super::unet::{Body, Drawn, Skips, Unet, density_head, density_output, level_words, map_input};
use super::{CLOUDS, TemplateError, TemplateInfo};
use crate::blueprint::model::Blueprint;

pub(super) const K_NET: TemplateInfo = TemplateInfo {
    name: "k-net",
    label: "K-Net",
    help: "The U-Net with a Kolmogorov–Arnold convolution as its head",
    group: CLOUDS,
    paper: "Ribeiro 2025; Li 2024 (FastKAN)",
    parameters: 15_681_266,
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
    build: k_net,
};

pub(super) const U_KAN: TemplateInfo = TemplateInfo {
    name: "u-kan",
    label: "U-KAN",
    help: "The U-Net with Kolmogorov–Arnold convolutions in its deepest levels",
    group: CLOUDS,
    paper: "Ribeiro 2025; C. Li et al. 2024",
    parameters: 16_484_488,
    sizes: "1×128² → 1×128²",
    options: &[
        levels(5),
        base(16),
        size("kan-levels", "KAN levels", "", 3, 0, 8, "How many of the deepest levels have KAN convolutions"),
        attention(true),
        DROPOUT,
        channels(1),
        height(128),
        width(128),
    ],
    build: u_kan,
};

pub(super) const SYMBOLIC: TemplateInfo = TemplateInfo {
    name: "symbolic-kan",
    label: "U-Net + symbolic KAN",
    help: "A U-Net, and beside it a small KAN that draws a curve from each pixel's value alone",
    group: CLOUDS,
    paper: "Ribeiro 2025; Liu et al. 2024 (KAN 2.0)",
    parameters: 15_685_341,
    sizes: "1×128² → 1×128²",
    options: &[
        levels(4),
        base(64),
        block("single"),
        attention(true),
        DROPOUT,
        choice(
            "combine",
            "Combine",
            &["sum", "product"],
            "sum",
            "How the results of both parts make the prediction",
        ),
        height(128),
        width(128),
    ],
    build: symbolic,
};

/// A U-Net of the asked sizes on a column-density map.
fn draw(
    settings: &Settings,
    graph: &mut Builder,
    in_channels: usize,
    body: &dyn Fn(usize, bool) -> Body,
) -> Result<(Source, Drawn), TemplateError> {
    let size = [settings.size("height")?, settings.size("width")?];
    let input = map_input(graph, "Column density", [0.0, 0.0], in_channels, size);
    let unet = Unet {
        levels: settings.size("levels")?,
        base: settings.size("base")?,
        in_channels,
        skips: if settings.flag("attention")? { Skips::Gated } else { Skips::Plain },
        body,
        encoder_name: "Encoder",
        bottleneck_name: "Bottleneck",
        film: false,
    };
    Ok((input, unet.draw(graph, input, [STEP_X, 0.0])))
}

/// U-Net with a 1×1 KAN convolution in place of the head.
fn k_net(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let body = Body::asked(settings)?;
    let mut graph = Builder::default();
    let (_, drawn) = draw(settings, &mut graph, settings.size("channels")?, &|_, _| body)?;
    let [x, y] = drawn.right;
    let set = [("filters", 1.into()), ("kernel", 1.into())];
    let head = graph.after_at(drawn.out, "kan-convolution", "Head", [x, y], &set);
    density_output(&mut graph, head, [x + STEP_X, y]);
    let mut blueprint = Blueprint::new("K-Net");
    blueprint.note = format!(
        "U-Net with {} whose head is a Kolmogorov–Arnold convolution (FastKAN, Li 2024): each input channel passes a learned curve \
         before the channels are summed.\n\
         Different from the public code (POLARIScore), whose forward pass fails: the head's input is standardised channel by \
         channel, so that it lies where the curves are.",
        body.words()
    );
    blueprint.graph = graph.0;
    Ok(blueprint)
}

/// KAN convolutions in the deepest levels, two plain convolutions in the others.
fn u_kan(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let (levels, deep) = (settings.size("levels")?, settings.size("kan-levels")?);
    if deep > levels {
        return Err(TemplateError::Value {
            option: "kan-levels",
            expected: format!("at most the number of levels, {levels}"),
            came: deep.to_string(),
        });
    }
    let dropout = settings.number_or_auto("dropout")?.unwrap_or(0.05);
    // As in the public code: the decoders begin one level higher than the encoders, and the bottleneck is always one.
    let body = |level: usize, decoder: bool| {
        if level > levels - deep || (decoder && level == levels - deep) {
            Body::Kan
        } else {
            Body::Plain { convolutions: 2, dropout }
        }
    };
    let mut graph = Builder::default();
    let (_, drawn) = draw(settings, &mut graph, settings.size("channels")?, &body)?;
    density_head(&mut graph, drawn.out, drawn.right);
    let mut blueprint = Blueprint::new(&format!("U-KAN, {}", level_words(levels)));
    blueprint.note = format!(
        "U-Net whose {deep} deepest levels and bottleneck have Kolmogorov–Arnold convolutions (FastKAN, Li 2024) with batch norm, \
         after C. Li et al. (2024); the other levels have two convolutions. As in the public code (POLARIScore), the decoders \
         begin one level higher than the encoders.\n\
         Different from the public code, where this network cannot be made (an argument is missing) and whose curves do not \
         reach beyond −2 … 2: inputs are standardised channel by channel, so that every curve learns. The paper gives no width; \
         16 base filters keep it trainable on one machine."
    );
    blueprint.graph = graph.0;
    Ok(blueprint)
}

/// y = U-Net(x) + KAN(x), the KAN on each pixel alone.
fn symbolic(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let (body, product) = (Body::asked(settings)?, settings.choice("combine")? == "product");
    let mut graph = Builder::default();
    let (input, drawn) = draw(settings, &mut graph, 1, &|_, _| body)?;
    let curve = graph.group("Symbolic KAN", drawn.below, pixelwise(4, 5));
    graph.link(input, (curve, "in"));
    let [x, y] = drawn.right;
    let set = [("filters", 1.into()), ("kernel", 1.into())];
    let head = graph.after_at(drawn.out, "convolution", "Head", [x, y], &set);
    let (kind, name) = if product { ("multiply", "Multiply") } else { ("add", "Add") };
    let sum = graph.join_at(kind, name, [x + STEP_X, y], &[head, (curve, "out")]);
    density_output(&mut graph, sum, [x + 2.0 * STEP_X, y]);
    let mut blueprint = Blueprint::new("U-Net + symbolic KAN");
    blueprint.note = format!(
        "The {} of a U-Net ({}) and of a Kolmogorov–Arnold network 1 – 10 – 10 – 10 – 10 – 1 on each pixel alone, five sums and five \
         products in each inner layer (Liu et al. 2024): a curve from column density to density that can be read as a formula, \
         and the network for what depends on the surroundings.\n\
         Different from the public code (POLARIScore with pykan): the grid follows the data, since the input of every layer is \
         standardised. There it is fixed at −1 … 1, and with ln N ≈ 48 the curves of the first two layers get no gradient at all. \
         pykan's extra weights for pruning and symbolic fits are not part of it.",
        if product { "product" } else { "sum" },
        body.words()
    );
    blueprint.graph = graph.0;
    Ok(blueprint)
}

/// `in` → layers of `nodes` sums and as many products → one sum → `out`.
fn pixelwise(layers: usize, nodes: usize) -> Builder {
    let mut graph = Builder::default();
    let mut last = (graph.next("group-input", "in", &[]), "out");
    for layer in 1..=layers {
        let set = [("sums", count(nodes)), ("products", count(nodes))];
        last = graph.after(last, "kan", &format!("KAN {layer}"), &set);
    }
    last = graph.after(last, "kan", &format!("KAN {}", layers + 1), &[("sums", 1.into())]);
    graph.after(last, "group-output", "out", &[]);
    graph
}
