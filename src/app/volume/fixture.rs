//! What several tests of the workspace stand on.

use crate::volume::Lattice;

/// 40 × 30 × 20 voxels, x running to the left: as a cube of the sky does.
pub fn lattice() -> Lattice {
    let mut lattice = Lattice::new([40, 30, 20], [1.0; 3], (0.0, 1.0)).expect("a lattice");
    lattice.signs = [-1.0, 1.0, -1.0];
    lattice
}
