//! Training patches from simulated clouds: where they lie, which part of the split they belong to, what they hold.
//!
//! No gas is shared between the parts: with several simulations each belongs wholly to one part; inside one cube the parts are
//! slabs along an axis that every face in use sees, with a guard band between them.

mod assemble;
mod place;
mod score;
mod settings;
mod split;

pub use assemble::make_sample_set;
pub use place::{Patch, place_patches};
pub use score::{acceptance, laplacian_variance, score};
pub use settings::{PatchSettings, SplitBy, SplitSettings};
pub use split::{Region, plan_regions};

/// Name of the input channel, in cm⁻².
pub const COLUMN_DENSITY: &str = "column_density";
/// Name of the optional context channel: column density of a wider window in cm⁻², and where the patch lies in it (0 or 1).
pub const CONTEXT: &str = "context";
/// Name of the target, in cm⁻³.
pub const MASS_WEIGHTED_DENSITY: &str = "mass_weighted_density";
