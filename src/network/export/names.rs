//! Names of blocks as Python identifiers, and what that makes of the names of weights.

use crate::blueprint::{Op, Step};
use std::collections::HashSet;

/// Words that Python keeps for itself, and names that `nn.Module` or the exported file need.
const TAKEN: &str = "False None True and as assert async await break class continue def del elif else except finally for from \
    global if import in is lambda nonlocal not or pass raise return try while with yield self super torch nn F math \
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches eval extra_repr \
    float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia named_buffers \
    named_children named_modules named_parameters parameters register_backward_hook register_buffer register_forward_hook \
    register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook \
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook \
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train training \
    type xpu zero_grad film spectral_moments raw_moments";

/// The attribute of each step in the exported module, in the order of the steps: `Encoder 1/Convolution` is `encoder_1_convolution`.
/// Names that would fall together are numbered.
pub fn attributes(steps: &[Step]) -> Vec<String> {
    let mut taken = HashSet::new();
    steps.iter().map(|step| free(&identifier(&step.name), &mut taken)).collect()
}

/// The first of `name`, `name_2`, `name_3` … that is not taken; takes it.
pub(super) fn free(name: &str, taken: &mut HashSet<String>) -> String {
    let mut chosen = name.to_owned();
    let mut number = 2;
    while !taken.insert(chosen.clone()) {
        chosen = format!("{name}_{number}");
        number += 1;
    }
    chosen
}

/// A Python identifier that reads like `text`: small letters, digits and underscores.
pub(super) fn identifier(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' => name.push(c),
            'A'..='Z' => name.push(c.to_ascii_lowercase()),
            '×' => name.push('x'),
            _ if name.ends_with('_') || name.is_empty() => {}
            _ => name.push('_'),
        }
    }
    let name = name.trim_end_matches('_');
    match name.chars().next() {
        None => "block".to_owned(),
        Some('0'..='9') => format!("block_{name}"),
        Some(_) if TAKEN.split_whitespace().any(|word| word == name) => format!("{name}_"),
        Some(_) => name.to_owned(),
    }
}

/// The name in the exported state dict of a weight of ours, by the attributes of the steps. A weight is named after the longest step
/// name that its own begins with.
pub fn exported<'a>(steps: &'a [Step], attributes: &'a [String], weight: &str) -> Option<String> {
    let owner = |step: &Step| {
        let rest = weight.strip_prefix(&step.name.replace('/', "."))?.strip_prefix('.')?;
        Some(rest.to_owned())
    };
    steps
        .iter()
        .zip(attributes)
        .filter(|(step, _)| has_state(&step.op))
        .filter_map(|(step, attribute)| Some((step.name.len(), format!("{attribute}.{}", owner(step)?))))
        .max_by_key(|(length, _)| *length)
        .map(|(_, name)| name)
}

/// Whether a step is an attribute of the module because it owns weights or buffers.
pub(super) fn has_state(op: &Op) -> bool {
    matches!(
        op,
        Op::Convolution { .. }
            | Op::TransposedConvolution { .. }
            | Op::Linear { .. }
            | Op::BatchNorm { .. }
            | Op::GroupNorm { .. }
            | Op::LayerNorm { .. }
            | Op::InstanceNorm { .. }
            | Op::AttentionGate { .. }
            | Op::SelfAttention { .. }
            | Op::KanConvolution { .. }
            | Op::Kan { .. }
            | Op::SpectralProjection { .. }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_names_become_identifiers() {
        for (text, name) in [
            ("Encoder 1/Convolution", "encoder_1_convolution"),
            ("Head", "head"),
            ("1×1 conv.", "block_1x1_conv"),
            ("forward", "forward_"),
            ("Σ", "block"),
            ("  a -- b  ", "a_b"),
            ("x'); import os #", "x_import_os"),
        ] {
            assert_eq!(identifier(text), name);
        }
        let mut taken = HashSet::new();
        assert_eq!(free("up", &mut taken), "up");
        assert_eq!(free("up", &mut taken), "up_2");
    }
}
