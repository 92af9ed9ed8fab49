//! From the document to what the canvas shows of it: titles, one-line summaries, icons, pins with shapes and faults.

use super::scene::{BLOCK_WIDTH, Card, FrameCard, Mark, Pin, Scene, Wire, block_size};
use super::wires::Curve;
use crate::app::theme;
use crate::blueprint::catalogue::{self, Family};
use crate::blueprint::{
    Activity, Analysis, Block, BlockId, Fault, Graph, Link, Parameter, PathId, Port, PortType, Severity,
};
use egui::{Pos2, Rect};
use egui_phosphor::regular as icon;

/// The cards of the graph inside `groups`, where the document has them.
pub fn cards(graph: &Graph, groups: &[BlockId], analysis: &Analysis) -> Vec<Card> {
    graph.blocks.iter().map(|block| card(block, groups, analysis)).collect()
}

/// Width and height of a block as the canvas draws it, in canvas units.
pub fn size_of(block: &Block) -> [f32; 2] {
    block_size(catalogue::inputs_of(block).len(), catalogue::outputs_of(block).len()).into()
}

/// The cards of a graph with its wires and frames.
pub fn scene(graph: &Graph, cards: Vec<Card>) -> Scene {
    let mut scene = Scene::new(cards, Vec::new());
    let frames = graph.frames.iter().map(|frame| FrameCard {
        title: frame.title.clone(),
        rect: Rect::from_min_size(frame.position.into(), frame.size.into()),
    });
    scene.frames = frames.collect();
    let wires = graph.links.iter().map(|link| {
        let out = scene.pin(&link.from, true);
        let label = out.map_or_else(String::new, |pin| pin.shape.clone());
        let into = scene.pin(&link.to, false);
        let is_skip = link.to.port == "skip" && !label.is_empty() && is_far(graph, link);
        Wire {
            link: link.clone(),
            curve: Curve([Pos2::ZERO; 4]),
            kind: out.and_then(|pin| pin.kind),
            label: if is_skip { format!("skip {label}") } else { label },
            is_skip: false,
            is_faulty: into.is_some_and(|pin| pin.fault.is_some()),
            is_idle: [&link.from, &link.to]
                .into_iter()
                .any(|end| graph.block(end.block).is_some_and(|block| block.activity == Activity::Muted)),
        }
    });
    let wires: Vec<Wire> = wires.collect();
    scene.set_wires(wires);
    scene
}

/// Whether there is room for a word on the wire, beside the shape.
fn is_far(graph: &Graph, link: &Link) -> bool {
    let x = |id| graph.block(id).map_or(0.0, |block| block.position[0]);
    x(link.to.block) - x(link.from.block) > BLOCK_WIDTH + 96.0
}

fn card(block: &Block, groups: &[BlockId], analysis: &Analysis) -> Card {
    let path: PathId = groups.iter().copied().chain([block.id]).collect();
    let kind = catalogue::kind(&block.kind);
    let faults: Vec<_> = analysis.faults.iter().filter(|fault| fault.path.starts_with(&path)).collect();
    let own_fault = |port: &str| {
        faults.iter().position(|fault| fault.path == path && fault.port.as_deref() == Some(port))
    };
    let inputs = catalogue::inputs_of(block).into_iter().map(|port| Pin {
        kind: only(port.types),
        shape: String::new(),
        fault: own_fault(&port.name),
        is_output: false,
        dots: Vec::new(),
        port: port.name,
    });
    let outputs = catalogue::outputs_of(block).into_iter().map(|port| {
        let key = (groups.to_vec(), Port { block: block.id, port: port.name.clone() });
        let shape = analysis.shapes.get(&key);
        Pin {
            kind: shape.map(|shape| shape.kind).or_else(|| only(port.types)),
            shape: shape.map_or_else(String::new, ToString::to_string),
            fault: own_fault(&port.name),
            is_output: true,
            dots: Vec::new(),
            port: port.name,
        }
    });
    Card {
        id: block.id,
        title: block.name.clone(),
        summary: summary(block, groups, analysis),
        kind_title: kind
            .map_or_else(|| format!("unknown kind `{}`", block.kind), |kind| kind.label.to_owned()),
        icon: block_icon(block),
        family: block_family(block),
        is_group: block.inside.is_some(),
        is_group_port: matches!(block.kind.as_str(), "group-input" | "group-output"),
        is_open: false,
        activity: block.activity,
        is_warned: faults.iter().all(|fault| fault.severity == Severity::Warning),
        faults: faults.iter().map(|fault| mark(fault, &path)).collect(),
        pins: inputs.chain(outputs).collect(),
        position: block.position.into(),
        size: size_of(block).into(),
    }
}

fn mark(fault: &Fault, path: &PathId) -> Mark {
    // Of a fault inside a group, where it is.
    let place = if fault.path == *path { String::new() } else { format!("{}: ", fault.block) };
    Mark {
        message: format!("{place}{}", fault.message),
        fix: fault.fix.clone(),
        mend: fault.mend.clone(),
        is_warning: fault.severity == Severity::Warning,
    }
}

/// The type, where there is only one to choose from.
fn only(types: &[PortType]) -> Option<PortType> {
    match types {
        [one] => Some(*one),
        _ => None,
    }
}

/// The colour family of a kind in the catalogue.
pub fn family_of(family: Family) -> theme::Family {
    match family {
        Family::Data => theme::Family::Data,
        Family::Convolution => theme::Family::Convolution,
        Family::Normalisation => theme::Family::Normalisation,
        Family::Activation => theme::Family::Activation,
        Family::Shape => theme::Family::Shape,
        Family::Attention => theme::Family::Attention,
        Family::Kan => theme::Family::Kan,
        Family::Physics => theme::Family::Physics,
        Family::Output => theme::Family::Output,
    }
}

/// A group takes the colour of what it does: making a map larger is a matter of shape, else its first convolution decides.
fn block_family(block: &Block) -> theme::Family {
    let of_kind = |name: &str| catalogue::kind(name).map(|kind| family_of(kind.family));
    let Some(inside) = &block.inside else {
        return of_kind(&block.kind).unwrap_or(theme::Family::Shape);
    };
    if inside.blocks.iter().any(|block| block.kind == "transposed-convolution") {
        return theme::Family::Shape;
    }
    let inner = |family| inside.blocks.iter().find(|block| of_kind(&block.kind) == Some(family));
    [theme::Family::Kan, theme::Family::Convolution, theme::Family::Attention]
        .into_iter()
        .find(|&family| inner(family).is_some())
        .unwrap_or(theme::Family::Shape)
}

fn block_icon(block: &Block) -> &'static str {
    if let Some(inside) = &block.inside {
        let grows = inside.blocks.iter().any(|block| block.kind == "transposed-convolution");
        return if grows { icon::ARROWS_OUT_SIMPLE } else { icon::STACK };
    }
    kind_icon(&block.kind)
}

/// The icon of a kind; families have one for kinds that have none of their own.
pub fn kind_icon(kind: &str) -> &'static str {
    match kind {
        "input" | "group-input" => icon::SIGN_IN,
        "output" | "group-output" => icon::SIGN_OUT,
        "convolution" => icon::GRID_NINE,
        "transposed-convolution" => icon::ARROWS_OUT_SIMPLE,
        "batch-norm" => icon::EQUALIZER,
        "relu" => icon::CHART_LINE_UP,
        "dropout" => icon::DROP_HALF,
        "max-pool" => icon::ARROWS_IN_SIMPLE,
        "concatenate" => icon::STACK_PLUS,
        "attention-gate" => icon::EYE,
        "group" => icon::STACK,
        _ => match catalogue::kind(kind).map(|kind| kind.family) {
            Some(Family::Data) => icon::IMAGE,
            Some(Family::Convolution) => icon::GRID_NINE,
            Some(Family::Normalisation) => icon::EQUALIZER,
            Some(Family::Activation) => icon::CHART_LINE_UP,
            Some(Family::Shape) => icon::CUBE,
            Some(Family::Attention) => icon::EYE,
            Some(Family::Kan) => icon::FUNCTION,
            Some(Family::Physics) => icon::PLANET,
            Some(Family::Output) => icon::SIGN_OUT,
            None => icon::QUESTION,
        },
    }
}

/// The parameter as it counts: the given value, else the catalogue's default.
pub fn value_of(block: &Block, name: &str) -> Option<Parameter> {
    let spec = catalogue::kind(&block.kind)?.parameter(name);
    block.parameters.get(name).cloned().or_else(|| spec.map(catalogue::ParameterSpec::default))
}

fn text_of(block: &Block, name: &str) -> String {
    value_of(block, name).map_or_else(String::new, |value| value.to_string())
}

fn is_default(block: &Block, name: &str) -> bool {
    let spec = catalogue::kind(&block.kind).and_then(|kind| kind.parameter(name));
    match (block.parameters.get(name), spec) {
        (Some(value), Some(spec)) => *value == spec.default(),
        _ => true,
    }
}

/// The one line below a block's name.
fn summary(block: &Block, groups: &[BlockId], analysis: &Analysis) -> String {
    let parts: Vec<String> = match &block.inside {
        Some(inside) => group_parts(inside),
        None => block_parts(block, groups, analysis),
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn block_parts(block: &Block, groups: &[BlockId], analysis: &Analysis) -> Vec<String> {
    let get = |name: &str| text_of(block, name);
    let shape = || {
        let key = (groups.to_vec(), Port { block: block.id, port: catalogue::OUT.to_owned() });
        analysis.shapes.get(&key).map_or_else(String::new, ToString::to_string)
    };
    let log = || if get("scale") == "log10" { "log₁₀".to_owned() } else { String::new() };
    match block.kind.as_str() {
        "input" => vec![log(), shape()],
        "output" => vec![log(), get("quantity")],
        "convolution" => {
            let mut parts = vec![get("filters"), squared(&get("kernel"))];
            for name in ["stride", "dilation", "groups"] {
                if !is_default(block, name) {
                    parts.push(format!("{name} {}", get(name)));
                }
            }
            parts
        }
        "transposed-convolution" => {
            let filters = get("filters");
            let filters = if filters == catalogue::AUTO { String::new() } else { filters };
            vec![format!("up {}", get("stride")), filters]
        }
        "batch-norm" => vec!["per channel".to_owned()],
        "relu" => vec!["max(0, x)".to_owned()],
        "dropout" => vec![percent(&get("probability"))],
        "max-pool" => vec![squared(&get("kernel"))],
        "concatenate" => vec![format!("{} inputs", get("inputs"))],
        "attention-gate" => vec!["gate · skip".to_owned()],
        "group-input" | "group-output" => vec![shape()],
        _ => block.parameters.values().take(3).map(ToString::to_string).collect(),
    }
}

/// What a group does, read from its inside: `128 · 3×3 · BN · ReLU`, `up 2 · gate · 64`.
fn group_parts(inside: &Graph) -> Vec<String> {
    let of_kind = |kind: &'static str| inside.blocks.iter().filter(move |block| block.kind == kind);
    let mut parts = Vec::new();
    if let Some(up) = of_kind("transposed-convolution").next() {
        parts.push(format!("up {}", text_of(up, "stride")));
    }
    if of_kind("attention-gate").next().is_some() {
        parts.push("gate".to_owned());
    }
    let convolutions: Vec<&Block> = of_kind("convolution").collect();
    if let Some(last) = convolutions.last() {
        let filters = text_of(last, "filters");
        let count = convolutions.len();
        parts.push(if count > 1 { format!("{count}×{filters}") } else { filters });
        if parts.len() == 1 {
            parts.push(squared(&text_of(last, "kernel")));
            for (kind, word) in [("batch-norm", "BN"), ("relu", "ReLU")] {
                if of_kind(kind).next().is_some() {
                    parts.push(word.to_owned());
                }
            }
        }
    }
    if parts.is_empty() {
        let count = inside.blocks.iter().filter(|block| !block.kind.starts_with("group-")).count();
        parts.push(if count == 1 { "1 block".to_owned() } else { format!("{count} blocks") });
    }
    parts
}

fn squared(kernel: &str) -> String {
    format!("{kernel}×{kernel}")
}

fn percent(share: &str) -> String {
    share
        .parse::<f64>()
        .map_or_else(|_| share.to_owned(), |share| format!("{} %", (1000.0 * share).round() / 10.0))
}
