//! The least and greatest of a cube's values, and how many are none. Of pieces, joined as they are read.

use ndarray::{ArrayView2, ArrayView3, Axis};
use rayon::prelude::*;

/// Values that are compared at once.
const LANES: usize = 16;

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
        let of_plane = |plane: ArrayView2<'_, f32>| {
            let rows = plane.rows().into_iter().map(|row| match row.as_slice() {
                Some(row) => Self::of_row(row),
                None => Self::of_row(&row.to_vec()),
            });
            rows.fold(Self::NONE, Self::with)
        };
        planes.map(of_plane).reduce(|| Self::NONE, Self::with)
    }

    fn of_row(row: &[f32]) -> Self {
        // Lanes of their own: many values are compared at once.
        let (mut low, mut high) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        let (mut blank, mut infinite) = ([0_u32; LANES], [0_u32; LANES]);
        for part in row.chunks(LANES) {
            for (lane, &value) in part.iter().enumerate() {
                let is_finite = value.is_finite();
                low[lane] = if is_finite && value < low[lane] { value } else { low[lane] };
                high[lane] = if is_finite && value > high[lane] { value } else { high[lane] };
                blank[lane] += u32::from(!is_finite);
                infinite[lane] += u32::from(value.is_infinite());
            }
        }
        let sum = |counts: [u32; LANES]| counts.iter().map(|&count| count as usize).sum();
        Self {
            low: low.into_iter().fold(f32::INFINITY, f32::min),
            high: high.into_iter().fold(f32::NEG_INFINITY, f32::max),
            blank: sum(blank),
            infinite: sum(infinite),
        }
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
