//! The eight symmetries of the square, the one augmentation that is exact for maps of the sky.

use ndarray::{ArrayView3, Axis};

/// One of the eight: a reflection of columns or not, then quarter turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Symmetry {
    turns: u8,
    mirrored: bool,
}

impl Symmetry {
    pub const IDENTITY: Self = Self { turns: 0, mirrored: false };

    /// Number 0 (identity) to 7.
    pub fn new(number: u8) -> Self {
        Self { turns: number % 4, mirrored: number / 4 % 2 == 1 }
    }

    pub fn all() -> [Self; 8] {
        std::array::from_fn(|number| Self::new(number as u8))
    }

    /// Shows (channel, y, x) transformed; nothing is copied. A map that is not square turns its sides with odd quarter turns.
    pub fn apply<'a>(self, values: ArrayView3<'a, f32>) -> ArrayView3<'a, f32> {
        let mut view = values;
        if self.mirrored {
            view.invert_axis(Axis(2));
        }
        for _ in 0..self.turns {
            view.swap_axes(1, 2);
            view.invert_axis(Axis(1));
        }
        view
    }

    /// The symmetry that undoes this one.
    pub fn inverse(self) -> Self {
        // A reflected symmetry is its own inverse.
        if self.mirrored { self } else { Self { turns: (4 - self.turns) % 4, mirrored: false } }
    }

    /// First `self`, then `next`.
    pub fn then(self, next: Self) -> Self {
        // A mirror reverses the sense of the turns made before it.
        let before = if next.mirrored { (4 - self.turns) % 4 } else { self.turns };
        Self { turns: (before + next.turns) % 4, mirrored: self.mirrored != next.mirrored }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;
    use std::collections::HashSet;

    fn marked() -> Array3<f32> {
        Array3::from_shape_fn((2, 3, 3), |(c, y, x)| (100 * c + 10 * y + x) as f32)
    }

    #[test]
    fn the_eight_differ_and_form_a_group() {
        let map = marked();
        let seen: HashSet<Vec<u32>> = Symmetry::all()
            .iter()
            .map(|symmetry| symmetry.apply(map.view()).iter().map(|v| v.to_bits()).collect())
            .collect();
        assert_eq!(seen.len(), 8);
        for a in Symmetry::all() {
            let there = a.apply(map.view()).to_owned();
            assert_eq!(a.inverse().apply(there.view()), map, "{a:?} undone");
            for b in Symmetry::all() {
                assert_eq!(b.apply(there.view()), a.then(b).apply(map.view()), "{a:?} then {b:?}");
            }
        }
    }

    #[test]
    fn a_quarter_turn_is_counter_clockwise_with_y_down() {
        // numpy.rot90 of [[0, 1], [2, 3]] is [[1, 3], [0, 2]].
        let map = Array3::from_shape_vec((1, 2, 2), vec![0.0, 1.0, 2.0, 3.0]).expect("four values");
        let turned: Vec<f32> = Symmetry::new(1).apply(map.view()).iter().copied().collect();
        assert_eq!(turned, [1.0, 3.0, 0.0, 2.0]);
    }
}
