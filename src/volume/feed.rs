//! What a loader hands on of a cube while it reads it.

use super::grid::{Grid, Lattice};
use ndarray::Array3;
use std::ops::Range;
use std::sync::Arc;

/// One piece of news of a cube. At most one `Coarse`, then `Begin`, slabs of planes in ascending order that together hold the cube,
/// and `Done`. A `Begin` may come again, for a coarser cube, when the one before did not fit.
#[derive(Clone, Debug)]
pub enum Feed {
    /// The whole box from few voxels, to be drawn until the cube itself is there.
    Coarse(Grid),
    /// What is known of the cube whose slabs follow.
    Begin(Lattice),
    /// These planes of the cube, physical values (z, y, x), blanks as NaN. The cube is shared, so that no plane is copied.
    Slab { planes: Range<usize>, values: Arc<Array3<f32>> },
    /// All slabs were handed on.
    Done,
}
