//! Where along a ray the samples of a pass lie: blue noise from pixel to pixel, the golden ratio from pass to pass, so that what steps
//! leave of bands becomes fine grain, and a few passes take the grain away.

use std::sync::OnceLock;

/// Pixels along the side of the tile.
pub const TILE: usize = 64;

/// Width of the Gaussian by which points feel each other, in pixels (Ulichney 1993 found 1.5 best).
const SIGMA: f32 = 1.5;
/// Beyond it the Gaussian is below 1e-5.
const REACH: usize = 7;
/// Points at first: one in ten.
const FIRST: usize = TILE * TILE / 10;
const SEED: u64 = 20_251_122;
/// (√5 − 1)/2
const GOLDEN: f32 = 0.618_034;

/// The first sample of a ray, as a part of a step: the middle in pass 0, shifted in later ones.
pub fn offset(pixel: [u32; 2], pass: u32) -> f32 {
    if pass == 0 {
        return 0.5;
    }
    let [x, y] = pixel.map(|at| at as usize % TILE);
    (blue_noise()[y * TILE + x] + shift(pass)).fract()
}

/// What the golden ratio adds in a pass, from 0 to 1.
pub fn shift(pass: u32) -> f32 {
    (f64::from(pass) * f64::from(GOLDEN)).fract() as f32
}

/// A tile of noise without low frequencies, rows from the top, each of the values (n + 0.5)/4096 once; the same in every run.
/// The void-and-cluster method (Ulichney 1993, Proc. SPIE 1913, 332).
pub fn blue_noise() -> &'static [f32] {
    static NOISE: OnceLock<Vec<f32>> = OnceLock::new();
    NOISE.get_or_init(void_and_cluster)
}

/// Points on a torus, and the sum of their Gaussians everywhere.
struct Points {
    set: Vec<bool>,
    energy: Vec<f32>,
    kernel: Vec<f32>,
}

impl Points {
    fn put(&mut self, at: usize, is_set: bool) {
        let sign = if is_set { 1.0 } else { -1.0 };
        self.set[at] = is_set;
        let (x, y, side) = (at % TILE, at / TILE, 2 * REACH + 1);
        for (index, part) in self.kernel.iter().enumerate() {
            let column = (x + TILE + index % side - REACH) % TILE;
            let row = (y + TILE + index / side - REACH) % TILE;
            self.energy[row * TILE + column] += sign * part;
        }
    }

    /// Of the set points the one most crowded, or of the others the one most alone.
    fn extreme(&self, is_set: bool) -> usize {
        let mut best = (0, f32::NEG_INFINITY);
        for (at, (&set, &energy)) in self.set.iter().zip(&self.energy).enumerate() {
            let weight = if is_set { energy } else { -energy };
            if set == is_set && weight > best.1 {
                best = (at, weight);
            }
        }
        best.0
    }
}

fn void_and_cluster() -> Vec<f32> {
    let count = TILE * TILE;
    let apart = |index: usize| index as f32 - REACH as f32;
    let side = 2 * REACH + 1;
    let kernel = (0..side * side)
        .map(|i| (-(apart(i % side).powi(2) + apart(i / side).powi(2)) / (2.0 * SIGMA * SIGMA)).exp())
        .collect();
    let mut points = Points { set: vec![false; count], energy: vec![0.0; count], kernel };
    let mut state = SEED;
    let mut placed = 0;
    while placed < FIRST {
        // splitmix64 (Steele, Lea and Flood 2014)
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let at = (bits ^ (bits >> 31)) as usize % count;
        if !points.set[at] {
            points.put(at, true);
            placed += 1;
        }
    }
    // Points move from clusters into voids until that changes nothing.
    for _ in 0..count {
        let cluster = points.extreme(true);
        points.put(cluster, false);
        let void = points.extreme(false);
        points.put(void, true);
        if void == cluster {
            break;
        }
    }
    let mut ranks = vec![0_usize; count];
    let first = (points.set.clone(), points.energy.clone());
    for rank in (0..FIRST).rev() {
        let at = points.extreme(true);
        points.put(at, false);
        ranks[at] = rank;
    }
    (points.set, points.energy) = first;
    for rank in FIRST..count {
        let at = points.extreme(false);
        points.put(at, true);
        ranks[at] = rank;
    }
    ranks.into_iter().map(|rank| (rank as f32 + 0.5) / count as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_even_and_has_no_low_frequencies() {
        let noise = blue_noise();
        let mut sorted = noise.to_vec();
        sorted.sort_by(f32::total_cmp);
        assert!(sorted.iter().enumerate().all(|(n, v)| (v * 4096.0 - 0.5 - n as f32).abs() < 1e-3));
        // Power at a wave of so many periods across the tile, averaged over both axes; white noise has 1/12 at every frequency.
        let power = |periods: usize| {
            let wave = |along: fn(usize) -> usize| {
                let (mut re, mut im) = (0.0_f64, 0.0_f64);
                for (at, value) in noise.iter().enumerate() {
                    let phase = std::f64::consts::TAU * (periods * along(at)) as f64 / TILE as f64;
                    re += (f64::from(*value) - 0.5) * phase.cos();
                    im += (f64::from(*value) - 0.5) * phase.sin();
                }
                (re * re + im * im) / noise.len() as f64
            };
            0.5 * (wave(|at| at % TILE) + wave(|at| at / TILE))
        };
        let low = (1..=5).map(power).sum::<f64>() / 5.0;
        assert!(low < 0.1 / 12.0, "{low}");
        let all = [1, 2, 3].map(|pass| offset([5, 70], pass));
        assert!(all.iter().all(|at| (0.0..1.0).contains(at)) && all[0] != all[1]);
        assert_eq!(offset([5, 70], 0), 0.5);
    }
}
