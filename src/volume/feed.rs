//! How a loader hands a cube to whoever draws it, piece by piece.

use super::{Grid, Lattice};
use ndarray::Array3;

/// A piece of a cube on its way to the adapter.
pub enum Feed {
    /// All of it in few voxels, to be shown at once.
    Coarse(Grid),
    /// The cube proper follows, in slabs.
    Begin(Lattice),
    /// Physical values (z, y, x) from this plane on, blanks as NaN.
    Slab { first: usize, values: Array3<f32> },
    /// That was all of it: it takes the place of what was shown.
    Done,
}
