//! How far a network sees: the border of its output that zero padding has touched, to be cut off when it is applied to maps.

use crate::blueprint::{Interpolation, Op, PortType, Step};

/// What a tile of a map must allow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// Pixels from the border of an output that padding may have touched, rounded up to whole strides.
    pub margin_px: usize,
    /// Sides of a tile must be a multiple of this: the product of all poolings.
    pub stride_px: usize,
}

/// What an output sees on the way from the inputs to a step.
#[derive(Clone, Copy)]
struct Seen<'a> {
    /// Input pixels between neighbours here, and the most on the way.
    jump: usize,
    stride: usize,
    /// How far the border reaches in, in input pixels.
    border: usize,
    /// The first step that sees everything, as a global pool does.
    all: Option<&'a Step>,
}

/// Follows every path from the inputs to the first output and keeps the farthest.
///
/// # Errors
/// A step that sees the whole input, or an output that is no map of the input's size: a sentence with the block's name.
pub(super) fn reach(steps: &[Step]) -> Result<Reach, String> {
    let mut seen: Vec<Seen> = Vec::with_capacity(steps.len());
    for step in steps {
        let start = Seen { jump: 1, stride: 1, border: 0, all: None };
        let before = step.inputs.iter().filter_map(|&input| seen.get(input)).fold(start, |a, b| Seen {
            jump: a.jump.max(b.jump),
            stride: a.stride.max(b.stride),
            border: a.border.max(b.border),
            all: a.all.or(b.all),
        });
        let mut after = widen(before, &step.op);
        if after.all.is_none() && sees_all(&step.op) {
            after.all = Some(step);
        }
        after.stride = after.stride.max(after.jump);
        seen.push(after);
    }
    let place = steps.iter().position(|step| matches!(step.op, Op::Output { .. }));
    let Some((output, found)) = place.and_then(|place| Some((steps.get(place)?, seen.get(place)?))) else {
        return Err("the network has no output".to_owned());
    };
    if output.shape.kind != PortType::Map {
        let what = output.shape.kind.phrase();
        return Err(format!("the network's output `{}` is {what}, not a map", output.name));
    }
    let input = steps.iter().find(|step| matches!(step.op, Op::Input { .. }));
    if let Some(input) = input.filter(|input| input.shape.sizes[1..] != output.shape.sizes[1..]) {
        return Err(format!(
            "the network makes {} of {}: its map has not the pixels of the input",
            output.shape, input.shape
        ));
    }
    if let Some(step) = found.all {
        return Err(format!(
            "block `{}` looks at the whole input at once, so what it says of a part of a map would depend on where the map is cut",
            step.name
        ));
    }
    Ok(Reach { margin_px: found.border.div_ceil(found.stride) * found.stride, stride_px: found.stride })
}

/// Statistics over all pixels, and whatever leaves the grid of pixels.
fn sees_all(op: &Op) -> bool {
    matches!(
        op,
        Op::GlobalPool { .. }
            | Op::SelfAttention { .. }
            | Op::Flatten
            | Op::Reshape
            | Op::GroupNorm { .. }
            | Op::InstanceNorm { .. }
    )
}

fn widen<'a>(seen: Seen<'a>, op: &Op) -> Seen<'a> {
    let Seen { jump, border, .. } = seen;
    let (jump, border) = match *op {
        Op::Convolution { kernel, stride, padding, dilation, .. } => {
            let beyond = padding.max(((kernel - 1) * dilation).saturating_sub(padding));
            (jump * stride, border + beyond * jump)
        }
        Op::KanConvolution { kernel, .. } => (jump, border + kernel / 2 * jump),
        Op::MaxPool { kernel, stride, .. } | Op::AveragePool { kernel, stride, .. } => {
            (jump * stride, border + (kernel - 1) * jump)
        }
        Op::TransposedConvolution { kernel, stride, .. } => {
            ((jump / stride.max(1)).max(1), border + (kernel - 1) / stride.max(1) * jump)
        }
        Op::Upsample { factor, interpolation, .. } => {
            let beyond = if interpolation == Interpolation::Linear { jump } else { 0 };
            ((jump / factor.max(1)).max(1), border + beyond)
        }
        Op::Pad { ref before, ref after, .. } => {
            (jump, border + before.iter().chain(after).max().copied().unwrap_or(0) * jump)
        }
        _ => (jump, border),
    };
    Seen { jump, border, ..seen }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{TemplateOptions, UnetOptions, plan, template};

    #[test]
    fn a_unet_reaches_as_far_as_its_convolutions_add_up() {
        let options =
            UnetOptions { levels: 3, base_filters: 2, height: 64, width: 64, ..UnetOptions::default() };
        let plan = plan(&template("unet", &options).expect("a U-Net")).expect("a plan");
        // Convolutions 1 + 2 + 4 + 8 + 4 + 2 + 1 and poolings 1 + 2 + 4: 29 pixels, in strides of 8.
        assert_eq!(reach(&plan.steps), Ok(Reach { margin_px: 32, stride_px: 8 }));
    }

    #[test]
    fn a_network_that_sees_all_or_gives_no_map_is_refused_by_name() {
        let options =
            UnetOptions { levels: 2, base_filters: 2, height: 16, width: 16, ..UnetOptions::default() };
        let mut unet = plan(&template("unet", &options).expect("a U-Net")).expect("a plan");
        let norm =
            unet.steps.iter().position(|step| matches!(step.op, Op::BatchNorm { .. })).expect("a norm");
        unet.steps[norm].op = Op::InstanceNorm { channels: 2, epsilon: 1e-5 };
        let message = reach(&unet.steps).expect_err("all pixels");
        assert!(message.contains(&unet.steps[norm].name) && message.contains("whole input"), "{message}");
        let numbers = plan(&template("cutout-resnet", TemplateOptions::default()).expect("a template"));
        let message = reach(&numbers.expect("a plan").steps).expect_err("no map");
        assert!(message.contains("is a vector, not a map"), "{message}");
    }
}
