//! The table of block kinds. A new kind is a row here and a rule in `rules`.

use super::catalogue::{ANY, Family, Inputs, Kind, Outputs, ParameterSpec, PortSpec, Values};
use super::plan::PortType;
use super::rules;

const MAP: &[PortType] = &[PortType::Map];
const NOTHING: Inputs = Inputs::Fixed(&[]);
const ONE_MAP: Inputs = Inputs::Fixed(&[PortSpec { name: "in", accepts: MAP, help: "" }]);
const ONE_OF_ANY: Inputs = Inputs::Fixed(&[PortSpec { name: "in", accepts: ANY, help: "" }]);

const QUANTITY: ParameterSpec = ParameterSpec {
    name: "quantity",
    label: "Quantity",
    unit: "",
    values: Values::Text { default: "" },
    auto: None,
    help: "What the values are: column density, volume density, …",
};
const SCALE: ParameterSpec = choice(
    "scale",
    "Scale",
    &["linear", "log10"],
    "log10",
    "Whether the network sees the quantity or its decimal logarithm",
);
const BIAS: ParameterSpec = ParameterSpec {
    name: "bias",
    label: "Bias",
    unit: "",
    values: Values::Flag { default: true },
    auto: None,
    help: "Adds a learned constant to each filter's output",
};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "input",
        label: "Input",
        family: Family::Data,
        help: "A map that enters the network",
        inputs: NOTHING,
        outputs: Outputs::One(MAP),
        parameters: &[
            integer("channels", "Channels", "", 1, 1, 4096, "Maps stacked at each pixel"),
            integer("height", "Height", "px", 128, 1, 65536, "Pixels along y"),
            integer("width", "Width", "px", 128, 1, 65536, "Pixels along x"),
            QUANTITY,
            SCALE,
        ],
        rule: rules::input,
    },
    Kind {
        name: "output",
        label: "Output",
        family: Family::Output,
        help: "What the network predicts",
        inputs: ONE_OF_ANY,
        outputs: Outputs::None,
        parameters: &[QUANTITY, SCALE],
        rule: rules::output,
    },
    Kind {
        name: "convolution",
        label: "Convolution",
        family: Family::Convolution,
        help: "Learned filters slid over a map",
        inputs: ONE_MAP,
        outputs: Outputs::One(MAP),
        parameters: &[
            integer("filters", "Filters", "", 64, 1, 65536, "Output channels"),
            integer("kernel", "Kernel", "px", 3, 1, 63, "Width and height of a filter"),
            integer("stride", "Stride", "px", 1, 1, 64, "Step between neighbouring outputs"),
            auto(
                integer("padding", "Padding", "px", 1, 0, 1024, "Zeros added on each side"),
                "keeps the size where the stride is 1 and the kernel odd",
            ),
            integer("dilation", "Dilation", "px", 1, 1, 256, "Distance between a filter's taps"),
            integer("groups", "Groups", "", 1, 1, 65536, "Channels are split into as many separate parts"),
            BIAS,
        ],
        rule: rules::convolution,
    },
    Kind {
        name: "transposed-convolution",
        label: "Transposed convolution",
        family: Family::Convolution,
        help: "Learned filters that make a map larger",
        inputs: ONE_MAP,
        outputs: Outputs::One(MAP),
        parameters: &[
            auto(
                integer("filters", "Filters", "", 64, 1, 65536, "Output channels"),
                "half of the incoming channels",
            ),
            integer("kernel", "Kernel", "px", 2, 1, 63, "Width and height of a filter"),
            integer("stride", "Stride", "px", 2, 1, 64, "How many times larger the map becomes"),
            integer("padding", "Padding", "px", 0, 0, 1024, "Pixels cut off on each side of the result"),
            BIAS,
        ],
        rule: rules::transposed_convolution,
    },
    Kind {
        name: "batch-norm",
        label: "Batch norm",
        family: Family::Normalisation,
        help: "Brings each channel to zero mean and unit variance over the batch, then scales and shifts it",
        inputs: ONE_MAP,
        outputs: Outputs::One(MAP),
        parameters: &[
            float("epsilon", "Epsilon", 1e-5, 1e-12, 1.0, "Added to the variance"),
            float("momentum", "Momentum", 0.1, 0.0, 1.0, "Weight of a new batch in the running statistics"),
        ],
        rule: rules::batch_norm,
    },
    Kind {
        name: "relu",
        label: "ReLU",
        family: Family::Activation,
        help: "Sets negative values to zero",
        inputs: ONE_OF_ANY,
        outputs: Outputs::Same,
        parameters: &[],
        rule: rules::relu,
    },
    Kind {
        name: "dropout",
        label: "Dropout",
        family: Family::Normalisation,
        help: "Sets parts to zero at random while training, against overfitting",
        inputs: ONE_OF_ANY,
        outputs: Outputs::Same,
        parameters: &[
            float("probability", "Probability", 0.05, 0.0, 0.99, "Share that is set to zero"),
            ParameterSpec {
                name: "whole_channels",
                label: "Whole channels",
                unit: "",
                values: Values::Flag { default: true },
                auto: None,
                help: "Drops whole channels instead of single values",
            },
        ],
        rule: rules::dropout,
    },
    Kind {
        name: "max-pool",
        label: "Max pool",
        family: Family::Shape,
        help: "Keeps the highest value of each cell: a smaller map",
        inputs: ONE_MAP,
        outputs: Outputs::One(MAP),
        parameters: &[
            integer("kernel", "Kernel", "px", 2, 1, 64, "Width and height of a cell"),
            auto(
                integer("stride", "Stride", "px", 2, 1, 64, "Step between neighbouring cells"),
                "the kernel",
            ),
            choice(
                "remainder",
                "Remainder",
                &["refuse", "drop"],
                "refuse",
                "What to do with the pixels that fill no whole cell",
            ),
        ],
        rule: rules::max_pool,
    },
    Kind {
        name: "concatenate",
        label: "Concatenate",
        family: Family::Shape,
        help: "Stacks the channels of several maps of one size",
        inputs: Inputs::Counted { parameter: "inputs", accepts: MAP, help: "Stacked in this order" },
        outputs: Outputs::One(MAP),
        parameters: &[integer("inputs", "Inputs", "", 2, 2, 32, "Number of maps")],
        rule: rules::concatenate,
    },
    Kind {
        name: "attention-gate",
        label: "Attention gate",
        family: Family::Attention,
        help: "Weighs each pixel of a skip by how much the gating map asks for it",
        inputs: Inputs::Fixed(&[
            PortSpec { name: "gate", accepts: MAP, help: "The map that asks" },
            PortSpec { name: "skip", accepts: MAP, help: "The map that is weighed" },
        ]),
        outputs: Outputs::One(MAP),
        parameters: &[auto(
            integer(
                "filters",
                "Inner filters",
                "",
                32,
                1,
                65536,
                "Channels in which gate and skip are compared",
            ),
            "half of the skip's channels",
        )],
        rule: rules::attention_gate,
    },
    Kind {
        name: "group",
        label: "Group",
        family: Family::Shape,
        help: "A network within the network, drawn as one block",
        inputs: Inputs::Inside,
        outputs: Outputs::Inside,
        parameters: &[],
        rule: rules::pass,
    },
    Kind {
        name: "group-input",
        label: "Group input",
        family: Family::Data,
        help: "Where a wire enters the group; its name is the port's",
        inputs: NOTHING,
        outputs: Outputs::Same,
        parameters: &[],
        rule: rules::pass,
    },
    Kind {
        name: "group-output",
        label: "Group output",
        family: Family::Output,
        help: "Where a wire leaves the group; its name is the port's",
        inputs: ONE_OF_ANY,
        outputs: Outputs::None,
        parameters: &[],
        rule: rules::pass,
    },
];

const fn integer(
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    default: i64,
    min: i64,
    max: i64,
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit, values: Values::Integer { default, min, max }, auto: None, help }
}

const fn float(
    name: &'static str,
    label: &'static str,
    default: f64,
    min: f64,
    max: f64,
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit: "", values: Values::Float { default, min, max }, auto: None, help }
}

const fn choice(
    name: &'static str,
    label: &'static str,
    choices: &'static [&'static str],
    default: &'static str,
    help: &'static str,
) -> ParameterSpec {
    ParameterSpec { name, label, unit: "", values: Values::Choice { default, choices }, auto: None, help }
}

const fn auto(spec: ParameterSpec, meaning: &'static str) -> ParameterSpec {
    ParameterSpec { auto: Some(meaning), ..spec }
}
