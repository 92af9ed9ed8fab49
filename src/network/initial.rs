//! Weights before training, drawn in Rust from (seed, parameter name): the same bytes on every device and thread count.

use super::layout::{Layout, Start};
use super::seed;
use rand_chacha::rand_core::RngCore;

/// All parameters in the order of the layout's flat tensor.
///
/// Kernels: Kaiming uniform with a = 0, U(-b, b) with b = sqrt(6 / fan_in) (He et al. 2015, as `torch.nn.init`).
/// The draw runs in PyTorch's order [out, in, y, x]; memory has the input channels last.
pub fn draw(layout: &Layout, seed: u64) -> Vec<f32> {
    let mut flat = vec![0f32; layout.length];
    for (name, slot) in &layout.slots {
        let part = &mut flat[slot.offset..slot.offset + slot.count()];
        match slot.start {
            Start::Zeros => {}
            Start::Ones => part.fill(1.0),
            Start::Uniform { fan_in } => {
                let bound = (6.0 / fan_in.max(1) as f64).sqrt() as f32;
                let mut generator = seed::stream(seed, name);
                let (inner, pixels) = match slot.shape.as_slice() {
                    &[_, inner, y, x] => (inner, y * x),
                    _ => (1, part.len()),
                };
                for kernel in part.chunks_exact_mut(inner * pixels) {
                    for channel in 0..inner {
                        for pixel in 0..pixels {
                            kernel[pixel * inner + channel] = bound * (2.0 * unit(&mut generator) - 1.0);
                        }
                    }
                }
            }
        }
    }
    flat
}

/// Uniform in [0, 1) with 24 bits, exact in float32.
fn unit(generator: &mut impl RngCore) -> f32 {
    (generator.next_u32() >> 8) as f32 * (1.0 / 16_777_216.0)
}
