//! The least and greatest of a cube's values, and how many are none. Of pieces, joined as they are read.

use ndarray::{ArrayView3, Axis};
use rayon::prelude::*;

/// Extremes and blanks of values.
#[derive(Clone, Copy)]
pub struct Extremes {
    low: f32,
    high: f32,
    /// Values that are not finite, and those of them that are infinite.
    pub blank: usize,
    pub infinite: usize,
}

impl Extremes {
    pub const NONE: Self = Self { low: f32::INFINITY, high: f32::NEG_INFINITY, blank: 0, infinite: 0 };

    pub fn of(values: ArrayView3<'_, f32>) -> Self {
        let planes = values.axis_iter(Axis(0)).into_par_iter();
        planes
            .map(|plane| {
                plane.iter().fold(Self::NONE, |mut found, &value| {
                    if value.is_finite() {
                        (found.low, found.high) = (found.low.min(value), found.high.max(value));
                    } else {
                        found.blank += 1;
                        found.infinite += usize::from(value.is_infinite());
                    }
                    found
                })
            })
            .reduce(|| Self::NONE, Self::with)
    }

    pub fn with(self, other: Self) -> Self {
        Self {
            low: self.low.min(other.low),
            high: self.high.max(other.high),
            blank: self.blank + other.blank,
            infinite: self.infinite + other.infinite,
        }
    }

    /// Least and greatest finite value; both 0 where there is none.
    pub fn range(&self) -> (f64, f64) {
        if self.low <= self.high { (f64::from(self.low), f64::from(self.high)) } else { (0.0, 0.0) }
    }
}
