//! Which values of a cube make its moments: a range of channels, a threshold in the cube's unit or in its noise, and a mask that is
//! grown from bright cores to their faint surroundings.

use super::{Error, Result};
use ndarray::{Array3, ArrayView3};
use serde::{Deserialize, Serialize};

/// What counts; all of it must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// The first and the last channel, counted from 0.
    pub channels: Option<[usize; 2]>,
    /// Only values above it, in the cube's unit.
    pub threshold: Option<f32>,
    /// Only values above so many σ of the noise ([`noise`]).
    pub sigmas: Option<f32>,
    /// Only voxels of connected islands above so many σ ([`grown_mask`]) that reach `sigmas` somewhere.
    pub grown_to_sigmas: Option<f32>,
}

/// A selection whose noise is measured.
pub(super) struct Counting {
    pub threshold: Option<f32>,
    pub mask: Option<Array3<bool>>,
}

/// Of more values than these, one of each so many is looked at.
const MOST_SAMPLES: usize = 4_000_000;

/// The Gaussian σ that belongs to the median absolute deviation of the values (z, y, x) from their median: 1.4826 times it
/// (Rousseeuw & Croux 1993, J. Am. Stat. Assoc. 88, 1273, eq. 1.3). Lines that fill a small part of the cube do not change it. Of
/// large cubes each nth value counts. `None` without a value.
pub fn noise(values: ArrayView3<'_, f32>) -> Option<f32> {
    let step = values.len().div_ceil(MOST_SAMPLES).max(1);
    // A step that shares no factor with rows and planes would do; an odd one is close enough to that.
    let step = if step > 1 { step | 1 } else { 1 };
    let mut known: Vec<f32> =
        values.iter().step_by(step).copied().filter(|value| value.is_finite()).collect();
    let middle = median(&mut known)?;
    known.iter_mut().for_each(|value| *value = (*value - middle).abs());
    // 1 / Φ⁻¹(3/4).
    median(&mut known).map(|deviation| 1.482_602_2 * deviation)
}

fn median(values: &mut [f32]) -> Option<f32> {
    let half = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    if values.is_empty() {
        return None;
    }
    let (below, upper, _) = values.select_nth_unstable_by(half, f32::total_cmp);
    let upper = *upper;
    let lower = below.iter().copied().max_by(f32::total_cmp).filter(|_| is_even);
    Some(lower.map_or(upper, |lower| 0.5 * (lower + upper)))
}

impl Selection {
    /// The first and the last channel that count.
    ///
    /// # Errors
    /// Channels that a cube of `count` does not have.
    pub(super) fn channels_of(&self, count: usize) -> Result<[usize; 2]> {
        let [first, last] = self.channels.unwrap_or([0, count.saturating_sub(1)]);
        if first <= last && last < count {
            return Ok([first, last]);
        }
        Err(Error::input(
            format!("channels {} to {} of a cube of {count}", first + 1, last + 1),
            "give channels that the cube has, the first one first",
        ))
    }

    /// Measures the noise where it is needed.
    ///
    /// # Errors
    /// A threshold that is no number; one in σ of a cube without noise; a mask that would grow to brighter voxels.
    pub(super) fn counting(&self, values: ArrayView3<'_, f32>) -> Result<Counting> {
        let sigma =
            if self.sigmas.is_some() || self.grown_to_sigmas.is_some() { noise(values) } else { None };
        let (Some(sigmas), Some(edge)) = (self.sigmas, self.grown_to_sigmas) else {
            return Ok(Counting { threshold: self.limit(sigma)?, mask: None });
        };
        let core = self.limit(sigma)?.unwrap_or(f32::NEG_INFINITY);
        if !(edge.is_finite() && edge <= sigmas) {
            return Err(Error::input(
                format!("a mask from {sigmas} σ to {edge} σ"),
                "let it grow to a smaller number of σ than it begins with",
            ));
        }
        let edge = edge * sigma.unwrap_or_default();
        Ok(Counting { threshold: self.threshold, mask: Some(grown_mask(values, core, edge)) })
    }

    /// The larger of the two thresholds, with the noise that is given.
    ///
    /// # Errors
    /// As [`Selection::counting`].
    pub(super) fn limit(&self, sigma: Option<f32>) -> Result<Option<f32>> {
        if let Some(bad) = [self.threshold, self.sigmas].into_iter().flatten().find(|part| !part.is_finite())
        {
            return Err(Error::input(format!("a threshold of {bad}"), "give a number"));
        }
        let Some(sigmas) = self.sigmas else { return Ok(self.threshold) };
        let Some(sigma) = sigma.filter(|sigma| *sigma > 0.0) else {
            return Err(Error::input(
                "a threshold in σ of a cube whose noise is 0",
                "give a threshold in the cube's unit",
            ));
        };
        Ok(Some(self.threshold.unwrap_or(f32::NEG_INFINITY).max(sigmas * sigma)))
    }

    /// What is selected, as an addition to a sentence.
    pub(super) fn words(&self, threshold: Option<f32>) -> String {
        let mut words = String::new();
        if let Some([first, last]) = self.channels {
            words += &format!(", channels {} to {}", first + 1, last + 1);
        }
        if let Some(threshold) = threshold {
            words += &format!(", values above {threshold}");
        }
        match (self.sigmas, self.grown_to_sigmas) {
            (Some(core), Some(edge)) => words += &format!(", mask from {core} to {edge} sigma"),
            (Some(sigmas), None) => words += &format!(" ({sigmas} sigma)"),
            _ => {}
        }
        words
    }
}

/// The voxels above `edge` that are joined, over faces, with one above `core` (as the masks of Rosolowsky & Leroy 2006, PASP 118, 590,
/// section 2.1).
pub fn grown_mask(values: ArrayView3<'_, f32>, core: f32, edge: f32) -> Array3<bool> {
    let (depth, rows, columns) = values.dim();
    let mut mask = Array3::from_elem((depth, rows, columns), false);
    let mut open = Vec::new();
    for ((z, y, x), value) in values.indexed_iter() {
        if value.is_nan() || *value <= core || mask[[z, y, x]] {
            continue;
        }
        mask[[z, y, x]] = true;
        open.push([z, y, x]);
        while let Some(at) = open.pop() {
            for axis in 0..3 {
                for next in [at[axis].checked_sub(1), Some(at[axis] + 1)].into_iter().flatten() {
                    let mut place = at;
                    place[axis] = next;
                    if values.get(place).is_some_and(|value| *value > edge) && !mask[place] {
                        mask[place] = true;
                        open.push(place);
                    }
                }
            }
        }
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    /// astropy 8.0.2: `astropy.stats.mad_std` of the same numbers.
    #[test]
    fn the_noise_is_that_of_the_median_deviation() {
        let values = Array3::from_shape_fn((2, 3, 2), |(z, y, x)| {
            [1.0, 4.0, 2.5, -3.0, 0.5, 9.0, 2.0, f32::NAN, -1.0, 0.0, 3.5, 7.0][z * 6 + y * 2 + x]
        });
        let sigma = noise(values.view()).expect("values");
        assert!((sigma - 2.965_204_4).abs() < 1e-6, "{sigma}");
        assert_eq!(noise(Array3::from_elem((1, 1, 2), f32::NAN).view()), None);
    }

    #[test]
    fn a_mask_grows_from_cores_over_faces_only() {
        let mut values = Array3::<f32>::zeros((3, 5, 5));
        (values[[1, 1, 1]], values[[1, 1, 2]], values[[2, 1, 2]]) = (5.0, 2.0, 2.0);
        // Above the edge, but joined over a corner only; and an island without a core.
        (values[[1, 2, 3]], values[[0, 4, 4]]) = (2.0, 2.0);
        values[[1, 0, 1]] = f32::NAN;
        let mask = grown_mask(values.view(), 4.0, 1.0);
        let inside: Vec<_> = mask.indexed_iter().filter(|(_, inside)| **inside).map(|(at, _)| at).collect();
        assert_eq!(inside, [(1, 1, 1), (1, 1, 2), (2, 1, 2)]);
    }
}
