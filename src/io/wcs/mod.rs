//! World coordinates of arrays.

use crate::data::Header;

/// Which axes are longitude, latitude and spectral, by CTYPE; for a cube with all three another order than
/// (longitude, latitude, spectral) is answered with that order.
pub(crate) fn sky_order(_header: &Header, _axes: &[usize]) -> Option<Vec<usize>> {
    None
}
