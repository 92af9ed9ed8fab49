//! Arrays with meaning: values of any numeric type, headers, images, cubes, tables, sample sets, NaN-aware statistics.
//! No files are read here (that is `io`) and no science is done here.

mod header;
mod image;
mod sample_set;
mod statistics;
mod table;
mod values;

pub use header::{Card, CardValue, Header};
pub use image::{Cube, Image};
pub use sample_set::{Channel, SampleSet, Split};
pub use statistics::{Statistics, finite_range, percentiles, percentiles_sampled, statistics, statistics_of};
pub use table::{Column, ColumnValues, Table};
pub use values::{Number, Values};
pub(crate) use values::{each_real, each_type};
