//! What the add menu offers: the kinds of the catalogue, ready-made groups and saved blocks, which of them a wire fits, and how well
//! their names answer a search. Nothing is painted here.

use super::cards::{family_of, kind_icon};
use super::loose_wire::LooseWire;
use crate::app::theme::Family;
use crate::blueprint::catalogue::{self, Inputs, Kind, Outputs};
use crate::blueprint::library::{self, Summary};
use crate::blueprint::{PRESETS, PortType, Preset};
use egui_phosphor::regular as icon;
use std::path::{Path, PathBuf};

/// A block of the user's folder.
#[derive(Clone, Debug)]
pub struct Saved {
    pub path: PathBuf,
    summary: Summary,
}

/// Something to add.
#[derive(Clone, Copy)]
pub enum Offer<'a> {
    Kind(&'static Kind),
    Preset(&'static Preset),
    Saved(&'a Saved),
}

/// Other words under which people look for a kind.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("input", &["image", "density"]),
    ("cube-input", &["ppv", "position position velocity"]),
    ("vector-input", &["scalar", "number"]),
    ("sequence-input", &["spectrum", "1d"]),
    ("output", &["target", "prediction", "result"]),
    ("convolution", &["conv2d", "conv1d", "conv3d", "kernel", "filter", "downsample", "strided", "dilated"]),
    ("depthwise-convolution", &["separable", "grouped"]),
    ("transposed-convolution", &["deconvolution", "deconv", "upsample", "upconv", "upconvolution"]),
    ("linear", &["dense", "fully connected", "fc", "mlp", "perceptron"]),
    ("batch-norm", &["bn", "batchnorm", "normalise"]),
    ("layer-norm", &["ln", "normalise"]),
    ("instance-norm", &["in", "normalise"]),
    ("group-norm", &["gn", "normalise"]),
    ("relu", &["rectifier", "activation"]),
    ("leaky-relu", &["lrelu", "activation"]),
    ("gelu", &["activation"]),
    ("silu", &["swish", "activation"]),
    ("sigmoid", &["logistic", "activation"]),
    ("tanh", &["activation"]),
    ("softplus", &["activation"]),
    ("dropout", &["regularise", "regularization"]),
    ("max-pool", &["downsample", "pooling", "shrink"]),
    ("average-pool", &["downsample", "mean", "pooling", "shrink"]),
    ("global-pool", &["gap", "squeeze", "pooling"]),
    ("upsample", &["resize", "interpolate", "bilinear", "enlarge"]),
    ("flatten", &["vectorise", "unroll"]),
    ("reshape", &["view", "unflatten"]),
    ("concatenate", &["cat", "stack", "merge", "skip", "join"]),
    ("add", &["sum", "residual", "plus", "skip"]),
    ("multiply", &["product", "scale", "times"]),
    ("select-channels", &["slice", "split"]),
    ("crop", &["cut", "trim"]),
    ("pad", &["border", "margin"]),
    ("attention-gate", &["oktay", "gate"]),
    ("self-attention", &["transformer", "multi-head", "mha"]),
    ("film", &["condition", "modulation"]),
    ("kan-convolution", &["kolmogorov", "fastkan", "spline"]),
    ("kan", &["kolmogorov", "spline", "symbolic"]),
    ("spectral-moments", &["moment", "velocity", "ppv"]),
    ("spectral-projection", &["velocity", "ppv", "learned"]),
    ("group", &["subgraph", "subnetwork", "empty"]),
];

/// The blocks of the user's folder that can be read.
pub fn saved(folder: &Path) -> Vec<Saved> {
    let entries = library::list(folder).unwrap_or_default();
    entries
        .into_iter()
        .filter_map(|entry| Some(Saved { path: entry.path, summary: entry.content.ok()? }))
        .collect()
}

/// What fits the wire and answers the search, the best first; in the order of the catalogue without a search.
pub fn offered<'a>(
    search: &str,
    wire: Option<&LooseWire>,
    saved: &'a [Saved],
    is_inside_group: bool,
) -> Vec<Offer<'a>> {
    let kinds = catalogue::kinds().iter().map(Offer::Kind);
    let all = kinds.chain(PRESETS.iter().map(Offer::Preset)).chain(saved.iter().map(Offer::Saved));
    let words = search.trim().to_lowercase();
    let mut ranked: Vec<(u32, Offer)> = all
        .filter(|offer| is_inside_group || !offer.is_group_port())
        .filter(|offer| wire.is_none_or(|wire| offer.fits(wire)))
        .filter_map(|offer| Some((offer.rank(&words)?, offer)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, offer)| offer).collect()
}

impl Offer<'_> {
    pub fn label(&self) -> &str {
        match self {
            Self::Kind(kind) => kind.label,
            Self::Preset(preset) => preset.label,
            Self::Saved(saved) => &saved.summary.name,
        }
    }

    pub fn help(&self) -> &str {
        match self {
            Self::Kind(kind) => kind.help,
            Self::Preset(preset) => preset.help,
            Self::Saved(saved) => &saved.summary.note,
        }
    }

    /// Under which it stands in a list of everything.
    pub fn heading(&self) -> &'static str {
        match self {
            Self::Kind(kind) => match kind.family {
                catalogue::Family::Data => "Data",
                catalogue::Family::Convolution => "Convolution and linear",
                catalogue::Family::Normalisation => "Normalisation and dropout",
                catalogue::Family::Activation => "Activation",
                catalogue::Family::Shape => "Shape",
                catalogue::Family::Attention => "Attention and modulation",
                catalogue::Family::Kan => "Kolmogorov–Arnold",
                catalogue::Family::Physics => "Physics",
                catalogue::Family::Output => "Output",
            },
            Self::Preset(_) => "Ready-made groups",
            Self::Saved(_) => "Saved blocks",
        }
    }

    pub fn icon(&self) -> &'static str {
        match self {
            Self::Kind(kind) => kind_icon(kind.name),
            Self::Preset(_) => icon::STACK,
            Self::Saved(_) => icon::BOOKMARK_SIMPLE,
        }
    }

    pub fn family(&self) -> Family {
        match self {
            Self::Kind(kind) => family_of(kind.family),
            Self::Preset(_) => Family::Convolution,
            Self::Saved(_) => Family::Shape,
        }
    }

    fn is_group_port(&self) -> bool {
        matches!(self, Self::Kind(kind) if kind.name.starts_with("group-"))
    }

    /// Whether the other end of the wire can be at this block, as far as the types are known.
    fn fits(&self, wire: &LooseWire) -> bool {
        let among = |types: &[PortType]| wire.kind.is_none_or(|kind| types.contains(&kind));
        match (self, wire.is_output) {
            (Self::Kind(kind), true) => inputs(kind).iter().any(|types| among(types)),
            (Self::Kind(kind), false) => match kind.outputs {
                Outputs::None | Outputs::Inside => false,
                // What comes out is what goes in.
                Outputs::Same => inputs(kind).first().is_some_and(|types| among(types)),
                Outputs::One(types) => among(types),
            },
            (Self::Preset(_), _) => among(&[PortType::Map, PortType::Cube, PortType::Sequence]),
            (Self::Saved(saved), is_output) => {
                let ports = if is_output { &saved.summary.inputs } else { &saved.summary.outputs };
                ports.iter().any(|(_, shape)| among(&[shape.kind]))
            }
        }
    }

    /// How well the words, in small letters, are answered; 0 is best.
    fn rank(&self, words: &str) -> Option<u32> {
        if words.is_empty() {
            return Some(0);
        }
        let label = self.label().to_lowercase();
        let synonyms = match self {
            Self::Kind(kind) => {
                SYNONYMS.iter().find(|(name, _)| *name == kind.name).map_or(&[][..], |(_, words)| words)
            }
            Self::Preset(_) => &["block", "resnet"][..],
            Self::Saved(_) => &[],
        };
        let initials: String = label.split([' ', '-', '–']).filter_map(|word| word.chars().next()).collect();
        if label == words {
            Some(0)
        } else if label.starts_with(words) {
            Some(1)
        } else if synonyms.contains(&words) || initials == words {
            Some(2)
        } else if label.split([' ', '-', '–']).any(|word| word.starts_with(words)) {
            Some(3)
        } else if synonyms.iter().any(|synonym| synonym.starts_with(words)) {
            Some(4)
        } else if label.contains(words) || each_word_begins(words, &label) {
            Some(5)
        } else if words.chars().count() > 2 && self.help().to_lowercase().contains(words) {
            Some(6)
        } else if words.chars().count() > 2 && is_within(words, &label) {
            Some(7)
        } else {
            None
        }
    }
}

/// `max p` finds `max pool`, in any order.
fn each_word_begins(words: &str, label: &str) -> bool {
    words.split_whitespace().all(|word| label.split([' ', '-']).any(|part| part.starts_with(word)))
}

/// Whether all letters occur in this order: `cnvl` in `convolution`.
fn is_within(letters: &str, text: &str) -> bool {
    let mut rest = text.chars();
    letters.chars().filter(|letter| !letter.is_whitespace()).all(|letter| rest.any(|other| other == letter))
}

/// What each input takes.
fn inputs(kind: &Kind) -> Vec<&'static [PortType]> {
    match &kind.inputs {
        Inputs::Fixed(ports) => ports.iter().map(|port| port.accepts).collect(),
        Inputs::Counted { accepts, .. } => vec![*accepts],
        Inputs::Inside => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(search: &str) -> Vec<String> {
        offered(search, None, &[], false).iter().map(|offer| offer.label().to_owned()).collect()
    }

    #[test]
    fn people_find_blocks_by_the_words_they_know() {
        for (search, label) in [
            ("conv", "Convolution"),
            ("bn", "Batch norm"),
            ("relu", "ReLU"),
            ("fc", "Linear"),
            ("mp", "Max pool"),
            ("pool max", "Max pool"),
            ("cnvl", "Convolution"),
            ("swish", "SiLU"),
        ] {
            let found = found(search);
            assert_eq!(found.first().map(String::as_str), Some(label), "{search}: {found:?}");
        }
        assert!(found("downsample").contains(&"Max pool".to_owned()));
        assert!(found("residual").iter().any(|label| label == "Residual convolution group"));
        assert_eq!(found("no such block"), Vec::<String>::new());
    }

    #[test]
    fn every_synonym_is_of_a_kind_that_there_is() {
        for (name, _) in SYNONYMS {
            assert!(catalogue::kind(name).is_some(), "{name}");
        }
    }
}
