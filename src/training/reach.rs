//! How far a network sees: the border of its output that zero padding has touched, to be cut off when it is applied to maps.

use crate::blueprint::{Op, Step};

/// What a tile of a map must allow for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// Pixels from the border of an output that padding may have touched, rounded up to whole strides.
    pub margin_px: usize,
    /// Sides of a tile must be a multiple of this: the product of all poolings.
    pub stride_px: usize,
}

/// Follows every path from input to output and keeps the farthest.
pub(super) fn reach(steps: &[Step]) -> Reach {
    // For each step: input pixels between neighbours, and how far the border reaches in.
    let mut seen: Vec<(usize, usize)> = Vec::with_capacity(steps.len());
    let (mut margin, mut stride_px) = (0, 1);
    for step in steps {
        let before = step.inputs.iter().filter_map(|&input| seen.get(input).copied());
        let (jump, border) = before.fold((1, 0), |(j, b), (jump, border)| (j.max(jump), b.max(border)));
        let after = match step.op {
            Op::Convolution { kernel, stride, padding, dilation, .. } => {
                let beyond = padding.max(((kernel - 1) * dilation).saturating_sub(padding));
                (jump * stride, border + beyond * jump)
            }
            Op::MaxPool { kernel, stride, .. } => (jump * stride, border + (kernel - 1) * jump),
            Op::TransposedConvolution { kernel, stride, .. } => {
                ((jump / stride.max(1)).max(1), border + (kernel - 1) / stride.max(1) * jump)
            }
            _ => (jump, border),
        };
        margin = margin.max(after.1);
        stride_px = stride_px.max(after.0);
        seen.push(after);
    }
    Reach { margin_px: margin.div_ceil(stride_px) * stride_px, stride_px }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blueprint::{UnetOptions, plan, template};

    #[test]
    fn a_unet_reaches_as_far_as_its_convolutions_add_up() {
        let options =
            UnetOptions { levels: 3, base_filters: 2, height: 64, width: 64, ..UnetOptions::default() };
        let plan = plan(&template("unet", &options).expect("a U-Net")).expect("a plan");
        // Convolutions 1 + 2 + 4 + 8 + 4 + 2 + 1 and poolings 1 + 2 + 4: 29 pixels, in strides of 8.
        assert_eq!(reach(&plan.steps), Reach { margin_px: 32, stride_px: 8 });
    }
}
