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
        let mut take = |lane: usize, value: f32| {
            let size = value.abs();
            let is_finite = size < f32::INFINITY;
            let (least, most) = if is_finite { (value, value) } else { (f32::INFINITY, f32::NEG_INFINITY) };
            low[lane] = if least < low[lane] { least } else { low[lane] };
            high[lane] = if most > high[lane] { most } else { high[lane] };
            blank[lane] += u32::from(!is_finite);
            infinite[lane] += u32::from(size == f32::INFINITY);
        };
        let (whole, rest) = row.as_chunks::<LANES>();
        whole.iter().for_each(|part| part.iter().enumerate().for_each(|(lane, &value)| take(lane, value)));
        rest.iter().enumerate().for_each(|(lane, &value)| take(lane, value));
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

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn blanks_and_infinities_are_counted_wherever_they_lie_and_do_not_enter_the_range() {
        let mut values = Array3::from_shape_fn((3, 2, 37), |(z, y, x)| (100 * z + 40 * y + x) as f32);
        for (at, value) in [
            ([0, 0, 0], f32::NAN),
            ([0, 1, 15], f32::INFINITY),
            ([1, 0, 16], f32::NEG_INFINITY),
            ([2, 1, 36], f32::NAN),
        ] {
            values[at] = value;
        }
        let found = Extremes::of(values.view());
        assert_eq!((found.range(), found.blank, found.infinite), ((1.0, 275.0), 4, 2));
        // Rows that do not lie together.
        let turned = Extremes::of(values.view().permuted_axes([2, 1, 0]));
        assert_eq!((turned.range(), turned.blank, turned.infinite), ((1.0, 275.0), 4, 2));
        values.fill(f32::NAN);
        assert_eq!(Extremes::of(values.view()).range(), (0.0, 0.0));
    }
}
