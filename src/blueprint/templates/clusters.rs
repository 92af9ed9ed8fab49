//! Networks for star clusters: ages from cutouts, completeness from a few numbers.

use super::builder::{Builder, STEP_X, STEP_Y, Source, count};
use super::options::{Settings, channels, height, size, width};
use super::{CLUSTERS, COMPLETENESS, TemplateError, TemplateInfo};
use crate::blueprint::model::Blueprint;

pub(super) const AGE_CNN: TemplateInfo = TemplateInfo {
    name: "cluster-age-cnn",
    label: "Cluster-age CNN",
    help: "Three convolutions and four dense layers: from a cutout to the age of its cluster",
    group: CLUSTERS,
    paper: "“To What Extent Are Star Cluster Ages Encoded in Their Environments?” (PHANGS-HST)",
    parameters: 39_390_209,
    sizes: "1×112² → 1",
    options: &[channels(1), FIRST, height(112), width(112)],
    build: age_cnn,
};

pub(super) const AGE_CNN_EXTRA_POOL: TemplateInfo = TemplateInfo {
    name: "cluster-age-cnn-5-bands",
    label: "Cluster-age CNN, five bands",
    help: "The same for five bands, as published for a single mask: with a second pool in the place of the last",
    group: CLUSTERS,
    paper: AGE_CNN.paper,
    parameters: 33_365_505,
    sizes: "5×112² → 1",
    options: &[channels(5), FIRST, height(112), width(112)],
    build: age_cnn_extra_pool,
};

pub(super) const CUTOUT_RESNET: TemplateInfo = TemplateInfo {
    name: "cutout-resnet",
    label: "Small residual network",
    help: "Residual blocks and an average over the cutout: a hundredth of the CNN's parameters",
    group: CLUSTERS,
    paper: "He et al. 2016; Lin et al. 2014",
    parameters: 392_257,
    sizes: "5×112² → 1",
    options: &[
        channels(5),
        size(
            "base",
            "Base filters",
            "",
            24,
            1,
            256,
            "Filters of the first stage; they double with each stage",
        ),
        size(
            "stages",
            "Stages",
            "",
            3,
            1,
            6,
            "Stages of two residual blocks; each but the first halves the map",
        ),
        height(112),
        width(112),
    ],
    build: cutout_resnet,
};

pub(super) const PHYSICAL: TemplateInfo = TemplateInfo {
    name: "completeness-physical",
    label: "Completeness from physics",
    help: "Probability that a cluster of this mass, age and extinction is detected",
    group: COMPLETENESS,
    paper: "Tang et al. 2026 (C-4)",
    parameters: 265_217,
    sizes: "3 → 1",
    options: &[inputs(3), HIDDEN, HIDDEN_LAYERS],
    build: physical,
};

pub(super) const PHOTOMETRIC: TemplateInfo = TemplateInfo {
    name: "completeness-photometric",
    label: "Completeness from magnitudes",
    help: "Probability that a cluster of these magnitudes in five bands is detected",
    group: COMPLETENESS,
    paper: PHYSICAL.paper,
    parameters: 266_241,
    sizes: "5 → 1",
    options: &[inputs(5), HIDDEN, HIDDEN_LAYERS],
    build: photometric,
};

const FIRST: super::ParameterSpec = size(
    "base",
    "Base filters",
    "",
    128,
    1,
    1024,
    "Filters of the first convolution; the others and the dense layers follow in the published proportions",
);
const HIDDEN: super::ParameterSpec =
    size("hidden", "Hidden values", "", 512, 1, 65536, "Values of each hidden layer");
const HIDDEN_LAYERS: super::ParameterSpec =
    size("layers", "Hidden layers", "", 2, 1, 16, "Number of hidden layers");

const fn inputs(default: i64) -> super::ParameterSpec {
    size("inputs", "Inputs", "", default, 1, 4096, "Numbers for each cluster")
}

fn age_cnn(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let mut blueprint = cnn(settings, false)?;
    blueprint.name = "Cluster-age CNN".to_owned();
    blueprint.note = format!(
        "{CNN_NOTE} This is the form of all runs with one white-light image and of all runs over masks of many sizes; the runs with five \
         bands and a single mask have another place for the last pool and 33 365 505 parameters (template cluster-age-cnn-5-bands)."
    );
    Ok(blueprint)
}

fn age_cnn_extra_pool(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let mut blueprint = cnn(settings, true)?;
    blueprint.name = "Cluster-age CNN, five bands".to_owned();
    blueprint.note = format!(
        "{CNN_NOTE} This is the form of the runs with five bands and a single mask: two pools follow the second convolution and none the \
         third. The paper describes one network only."
    );
    Ok(blueprint)
}

const CNN_NOTE: &str = "Three valid 3×3 convolutions with pools between them, flattened into three dense layers (PHANGS-HST cluster ages). \
     95 % of the weights are in the first dense layer. The output is the logarithm of the age, scaled to 0 … 1 in the published training.";

/// 3×3 convolutions without padding, a pool after each; flatten; dense layers. With `extra_pool` the third convolution's pool comes
/// before it instead, a second one after the other.
fn cnn(settings: &Settings, extra_pool: bool) -> Result<Blueprint, TemplateError> {
    let base = settings.size("base")?;
    let mut graph = Builder::default();
    let mut last = cutout(settings, &mut graph)?;
    for (number, filters) in (1..).zip([base, 2 * base, 4 * base]) {
        let set = [("filters", count(filters)), ("padding", 0.into())];
        last = graph.after(last, "convolution", &format!("Convolution {number}"), &set);
        last = graph.after(last, "relu", &format!("ReLU {number}"), &[]);
        let pools: &[&str] = match (number, extra_pool) {
            (2, true) => &["Pool 2", "Pool 3"],
            (3, true) => &[],
            (1, _) => &["Pool 1"],
            (2, _) => &["Pool 2"],
            _ => &["Pool 3"],
        };
        for pool in pools {
            last = graph.after(last, "max-pool", pool, &[("remainder", "drop".into())]);
        }
    }
    last = graph.after(last, "flatten", "Flatten", &[]);
    for (number, features) in (1..).zip([4 * base, 2 * base, base]) {
        let set = [("features", count(features))];
        last = graph.after(last, "linear", &format!("Dense {number}"), &set);
        last = graph.after(last, "relu", &format!("Dense ReLU {number}"), &[]);
    }
    age(&mut graph, last);
    Ok(finished(graph))
}

/// A convolution, stages of two residual blocks each, an average over all pixels, a linear layer.
fn cutout_resnet(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let (base, stages) = (settings.size("base")?, settings.size("stages")?);
    let mut graph = Builder::default();
    let mut last = cutout(settings, &mut graph)?;
    last = graph.after(last, "convolution", "Convolution", &[("filters", count(base)), ("stride", 2.into())]);
    last = graph.after(last, "batch-norm", "Batch norm", &[]);
    last = graph.after(last, "relu", "ReLU", &[]);
    for stage in 1..=stages {
        let filters = base << (stage - 1);
        for (place, letter) in ["A", "B"].into_iter().enumerate() {
            let halve = stage > 1 && place == 0;
            let name = format!("Residual {stage}{letter}");
            let (id, _) = graph.after(last, "group", &name, &[]);
            if let Some(block) = graph.0.block_mut(id) {
                block.inside = Some(residual(filters, halve).0);
            }
            last = (id, "out");
        }
    }
    last = graph.after(last, "global-pool", "Average", &[]);
    age(&mut graph, last);
    let mut blueprint = finished(graph);
    blueprint.name = "Small residual network".to_owned();
    blueprint.note = "Residual blocks (He et al. 2016) and an average over all pixels (Lin et al. 2014) in place of a large dense layer: \
         about a hundredth of the parameters of the published cluster-age networks, and any size of cutout.\n\
         Ours, not published: a small network to ask whether the large dense layer is worth its weights."
        .to_owned();
    Ok(blueprint)
}

/// Convolution, norm, ReLU, convolution, norm, added to the input, ReLU. Where the map is halved the shortcut is a 1×1 convolution with
/// norm.
fn residual(filters: usize, halve: bool) -> Builder {
    let mut graph = Builder::default();
    let entry = (graph.next("group-input", "in", &[]), "out");
    let stride = if halve { 2 } else { 1 };
    let set = [("filters", count(filters)), ("stride", count(stride)), ("bias", false.into())];
    let first = graph.after(entry, "convolution", "Convolution 1", &set);
    let mut last = graph.after(first, "batch-norm", "Batch norm 1", &[]);
    last = graph.after(last, "relu", "ReLU 1", &[]);
    let set = [("filters", count(filters)), ("bias", false.into())];
    last = graph.after(last, "convolution", "Convolution 2", &set);
    last = graph.after(last, "batch-norm", "Batch norm 2", &[]);
    let mut around = entry;
    if halve {
        let set = [
            ("filters", count(filters)),
            ("kernel", 1.into()),
            ("stride", 2.into()),
            ("padding", 0.into()),
            ("bias", false.into()),
        ];
        let [x, y] = graph.place(first.0);
        around = graph.after_at(around, "convolution", "Shortcut", [x, y + 1.5 * STEP_Y], &set);
        around = graph.after_at(around, "batch-norm", "Shortcut norm", [x + STEP_X, y + 1.5 * STEP_Y], &[]);
    }
    let sum = graph.join("add", "Add", &[last, around]);
    last = graph.after(sum, "relu", "ReLU 2", &[]);
    graph.after(last, "group-output", "out", &[]);
    graph
}

fn physical(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let mut blueprint = perceptron(settings, "Mass, age, extinction", "log M, log age, A_V, standardised")?;
    blueprint.name = "Completeness from physics".to_owned();
    blueprint.note = format!(
        "{MLP_NOTE}\nThe weights published with C-4 take the mass in M☉ and the age in years, both linear, though the paper writes logarithms \
         (equations 4 and 13); a network of your own should take logarithms."
    );
    Ok(blueprint)
}

fn photometric(settings: &Settings) -> Result<Blueprint, TemplateError> {
    let mut blueprint = perceptron(settings, "Magnitudes", "five magnitudes, standardised")?;
    blueprint.name = "Completeness from magnitudes".to_owned();
    blueprint.note = MLP_NOTE.to_owned();
    Ok(blueprint)
}

const MLP_NOTE: &str = "Linear layers with GELU (exact, with the error function) between them: the network of C-4 (Tang et al. 2026). \
     Inputs are standardised; the output is a logit, the probability of detection is 1 / (1 + exp(−y)).";

fn perceptron(settings: &Settings, input: &str, quantity: &str) -> Result<Blueprint, TemplateError> {
    let (inputs, hidden) = (settings.size("inputs")?, settings.size("hidden")?);
    let mut graph = Builder::default();
    let set = [("values", count(inputs)), ("quantity", quantity.into()), ("scale", "linear".into())];
    let mut last: Source = (graph.next("vector-input", input, &set), "out");
    for number in 1..=settings.size("layers")? {
        last = graph.after(last, "linear", &format!("Hidden {number}"), &[("features", count(hidden))]);
        last = graph.after(last, "gelu", &format!("GELU {number}"), &[]);
    }
    last = graph.after(last, "linear", "Logit", &[("features", 1.into())]);
    let set = [("quantity", "logit of the completeness".into()), ("scale", "linear".into())];
    graph.after(last, "output", "Completeness", &set);
    Ok(finished(graph))
}

fn cutout(settings: &Settings, graph: &mut Builder) -> Result<Source, TemplateError> {
    let set = [
        ("channels", count(settings.size("channels")?)),
        ("height", count(settings.size("height")?)),
        ("width", count(settings.size("width")?)),
        ("quantity", "flux".into()),
        ("scale", "linear".into()),
    ];
    Ok((graph.next("input", "Cutout", &set), "out"))
}

fn age(graph: &mut Builder, from: Source) {
    let last = graph.after(from, "linear", "Head", &[("features", 1.into())]);
    graph.after(last, "output", "Age", &[("quantity", "age".into()), ("scale", "log10".into())]);
}

/// The chain folded into rows of a readable length, each read from the left.
fn finished(graph: Builder) -> Blueprint {
    const ROW: usize = 7;
    let mut blueprint = Blueprint::new("");
    blueprint.graph = graph.0;
    for (index, block) in blueprint.graph.blocks.iter_mut().enumerate() {
        block.position = [STEP_X * (index % ROW) as f32, 1.25 * STEP_Y * (index / ROW) as f32];
    }
    blueprint
}
