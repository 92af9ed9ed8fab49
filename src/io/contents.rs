//! What one part of a file (an HDU, an array, a dataset) holds, whatever the format.

use crate::data::{Table, Values};

/// The contents of a part.
#[derive(Clone, Debug, PartialEq)]
pub enum Contents {
    Values(Values),
    Table(Table),
    /// A header and nothing else.
    Empty,
}
