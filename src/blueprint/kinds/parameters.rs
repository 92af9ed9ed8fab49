//! How a row of the table is written, and the parameters that several kinds share.

use crate::blueprint::catalogue::{Family, Inputs, Kind, Outputs, ParameterSpec, Values};
use crate::blueprint::rules::Rule;

pub(super) const fn kind(
    name: &'static str,
    label: &'static str,
    family: Family,
    help: &'static str,
    ports: (Inputs, Outputs),
    parameters: &'static [ParameterSpec],
    rule: Rule,
) -> Kind {
    let (inputs, outputs) = ports;
    Kind { name, label, family, help, inputs, outputs, parameters, rule }
}

pub(super) const fn integer(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    default: i64,
    (min, max): (i64, i64),
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit, values: Values::Integer { default, min, max }, auto: None, help }
}

pub(super) const fn float(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    default: f64,
    (min, max): (f64, f64),
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit, values: Values::Float { default, min, max }, auto: None, help }
}

pub(super) const fn flag(
    name: &'static str,
    label: &'static str,
    default: bool,
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit: "", values: Values::Flag { default }, auto: None, help }
}

pub(super) const fn text(name: &'static str, label: &'static str, help: &'static str) -> ParameterSpec {
    ParameterSpec { name, label, unit: "", values: Values::Text { default: "" }, auto: None, help }
}

/// The first choice is the default.
pub(super) const fn choice(
    name: &'static str,
    label: &'static str,
    choices: &'static [&'static str],
    help: &'static str,
) -> ParameterSpec {
    let values = Values::Choice { default: choices[0], choices };
    ParameterSpec { name, label, unit: "", values, auto: None, help }
}

pub(super) const fn auto(spec: ParameterSpec, meaning: &'static str) -> ParameterSpec {
    ParameterSpec { auto: Some(meaning), ..spec }
}

pub(super) const CHANNELS: ParameterSpec =
    integer("channels", "Channels", "", 1, (1, 4096), "Values at each pixel");
pub(super) const HEIGHT: ParameterSpec = integer("height", "Height", "px", 128, (1, 65536), "Pixels along y");
pub(super) const WIDTH: ParameterSpec = integer("width", "Width", "px", 128, (1, 65536), "Pixels along x");
pub(super) const QUANTITY: ParameterSpec =
    text("quantity", "Quantity", "What the values are: column density, volume density, …");
pub(super) const LINEAR_SCALE: ParameterSpec = choice(
    "scale",
    "Scale",
    &["linear", "log10"],
    "Whether the network sees the quantity or its decimal logarithm",
);
pub(super) const LOG_SCALE: ParameterSpec = ParameterSpec {
    values: Values::Choice { default: "log10", choices: &["linear", "log10"] },
    ..LINEAR_SCALE
};

pub(super) const FILTERS: ParameterSpec =
    integer("filters", "Filters", "", 64, (1, 65536), "Output channels");
pub(super) const AUTO_FILTERS: ParameterSpec = auto(FILTERS, "half of the incoming channels");
pub(super) const KERNEL: ParameterSpec =
    integer("kernel", "Kernel", "px", 3, (1, 63), "Size of a filter along each axis");
pub(super) const STRIDE: ParameterSpec =
    integer("stride", "Stride", "px", 1, (1, 64), "Step between neighbouring outputs");
pub(super) const PADDING: ParameterSpec = auto(
    integer("padding", "Padding", "px", 1, (0, 1024), "Zeros added on each side"),
    "keeps the size where the stride is 1 and the kernel odd",
);
pub(super) const DILATION: ParameterSpec =
    integer("dilation", "Dilation", "px", 1, (1, 256), "Distance between a filter's taps");
pub(super) const BIAS: ParameterSpec =
    flag("bias", "Bias", true, "Adds a learned constant to each filter's output");
pub(super) const EPSILON: ParameterSpec =
    float("epsilon", "Epsilon", "", 1e-5, (1e-12, 1.0), "Added to the variance, so that none is zero");

pub(super) const POOL: &[ParameterSpec] = &[
    integer("kernel", "Kernel", "px", 2, (1, 64), "Size of a cell along each axis"),
    auto(integer("stride", "Stride", "px", 2, (1, 64), "Step between neighbouring cells"), "the kernel"),
    choice(
        "remainder",
        "Remainder",
        &["refuse", "drop"],
        "What to do with the pixels that fill no whole cell",
    ),
];
pub(super) const JOINED: &[ParameterSpec] = &[integer("inputs", "Inputs", "", 2, (2, 32), "Number of wires")];

pub(super) const DEGREE: ParameterSpec =
    integer("degree", "Spline degree", "", 3, (0, 7), "Of the pieces of a B-spline: 3 is cubic");
