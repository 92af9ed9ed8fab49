//! Weights before training, drawn in Rust from (seed, parameter name): the same bytes on every device and thread count.

use super::layout::{Layout, Start};
use super::seed;
use rand_chacha::rand_core::RngCore;
use rand_distr::{Distribution, StandardNormal};

/// All parameters in the order of the layout's flat tensor.
///
/// The draw runs in PyTorch's order [out, in, y, x]; memory has the input channels of a kernel last.
pub fn draw(layout: &Layout, seed: u64) -> Vec<f32> {
    let mut flat = vec![0f32; layout.length];
    for (name, slot) in &layout.slots {
        let part = &mut flat[slot.offset..slot.offset + slot.count()];
        let bound = match slot.start {
            Start::Zeros => continue,
            Start::Ones => {
                part.fill(1.0);
                continue;
            }
            Start::Kaiming { fan_in } => (6.0 / fan_in.max(1) as f64).sqrt(),
            Start::Plain { fan_in } => (1.0 / fan_in.max(1) as f64).sqrt(),
            Start::Xavier { fan_in, fan_out } => (6.0 / (fan_in + fan_out).max(1) as f64).sqrt(),
            Start::SmallNormal => 0.0,
        } as f32;
        let mut generator = seed::stream(seed, name);
        let mut next = || match slot.start {
            Start::SmallNormal => small_normal(&mut generator),
            _ => bound * (2.0 * unit(&mut generator) - 1.0),
        };
        let (inner, pixels) = match slot.shape.as_slice() {
            [_, inner, kernel @ ..] if !kernel.is_empty() => (*inner, kernel.iter().product()),
            _ => (1, part.len()),
        };
        for kernel in part.chunks_exact_mut((inner * pixels).max(1)) {
            for channel in 0..inner {
                for pixel in 0..pixels {
                    kernel[pixel * inner + channel] = next();
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

/// Normal with deviation 0.1; a value beyond ±2 is drawn anew.
fn small_normal(generator: &mut impl RngCore) -> f32 {
    loop {
        let value: f32 = StandardNormal.sample(generator);
        if (0.1 * value).abs() <= 2.0 {
            return 0.1 * value;
        }
    }
}
