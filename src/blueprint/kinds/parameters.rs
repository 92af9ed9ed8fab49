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
    integer("degree", "Spline degree", "", 3, (1, 7), "Of the pieces of a B-spline: 3 is cubic");

pub(super) const CONVOLUTION: &[ParameterSpec] = &[
    FILTERS,
    KERNEL,
    STRIDE,
    PADDING,
    DILATION,
    integer("groups", "Groups", "", 1, (1, 65536), "Channels are split into as many separate parts"),
    BIAS,
];

pub(super) const TRANSPOSED_CONVOLUTION: &[ParameterSpec] = &[
    AUTO_FILTERS,
    integer("kernel", "Kernel", "px", 2, (1, 63), "Size of a filter along each axis"),
    integer("stride", "Stride", "px", 2, (1, 64), "How many times larger it becomes"),
    integer("padding", "Padding", "px", 0, (0, 1024), "Pixels cut off on each side of the result"),
    BIAS,
];

pub(super) const PAD: &[ParameterSpec] = &[
    choice("to", "To", &["amount", "multiple"], "So many on each side, or up to a multiple in all"),
    integer("amount", "Amount", "px", 1, (0, 4096), "Pixels added on each side"),
    integer("multiple", "Multiple", "px", 16, (1, 4096), "Each axis becomes a multiple of this"),
    choice("fill", "Fill", &["zero", "reflect", "replicate"], "What new pixels hold"),
];

pub(super) const KAN_CONVOLUTION: &[ParameterSpec] = &[
    FILTERS,
    integer("kernel", "Kernel", "px", 3, (1, 63), "Size of a filter along each axis, an odd number"),
    choice("basis", "Basis", &["rbf", "b-spline"], "What the curves are made of"),
    integer("functions", "Functions", "", 4, (1, 64), "Radial functions, or intervals of the spline"),
    DEGREE,
    float("range", "Range", "σ", 2.0, (0.1, 100.0), "The curves reach from −range to +range"),
];

pub(super) const KAN: &[ParameterSpec] = &[
    integer("sums", "Sums", "", 5, (0, 65536), "Nodes that are sums of curves"),
    integer("products", "Products", "", 0, (0, 65536), "Nodes that are products of two such sums"),
    choice("basis", "Basis", &["b-spline", "rbf"], "What the curves are made of"),
    integer("functions", "Functions", "", 5, (1, 64), "Intervals of the spline, or radial functions"),
    DEGREE,
    float("range", "Range", "σ", 3.0, (0.1, 100.0), "The curves reach from −range to +range"),
];

pub(super) const SPECTRAL_MOMENTS: &[ParameterSpec] = &[
    integer("moments", "Moments", "", 3, (1, 8), "How many, from the integral on"),
    auto(
        float(
            "first_velocity_km_s",
            "First velocity",
            "km/s",
            -12.8,
            (-1e6, 1e6),
            "Velocity of the first channel",
        ),
        "spread around 0 km/s",
    ),
    auto(
        float(
            "velocity_step_km_s",
            "Velocity step",
            "km/s",
            0.1,
            (-1e5, 1e5),
            "From one channel to the next",
        ),
        "up to +12.8 km/s",
    ),
    choice(
        "form",
        "Form",
        &["physical", "raw"],
        "In K km/s and km/s, or the mean of vⁱ·T as POLARIScore has it",
    ),
];
