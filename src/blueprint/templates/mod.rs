//! Networks to start from, with the sizes of the literature. A template is a row of the table here, its options, and a function that
//! draws its graph. Nothing of what a block computes.

mod builder;
mod clusters;
mod context;
mod kan;
mod multinet;
mod options;
mod unet;

use super::catalogue::ParameterSpec;
use super::model::Blueprint;
use options::Settings;

pub use options::{TemplateOptions, UnetOptions};
pub(super) use unet::Body;

/// A template as a start page shows it.
pub struct TemplateInfo {
    /// The word on the command line.
    pub name: &'static str,
    pub label: &'static str,
    pub help: &'static str,
    /// What it is used for: `Molecular clouds`, `Star clusters`, `Completeness`.
    pub group: &'static str,
    /// Where it comes from, as short as a citation.
    pub paper: &'static str,
    /// Learned parameters with the default options.
    pub parameters: u64,
    /// What goes in and what comes out with the default options: `1×128² → 1×128²`.
    pub sizes: &'static str,
    /// What can be chosen, complete enough to draw a field for each; no other option applies.
    pub options: &'static [ParameterSpec],
    build: fn(&Settings) -> Result<Blueprint, TemplateError>,
}

const CLOUDS: &str = "Molecular clouds";
const CLUSTERS: &str = "Star clusters";
const COMPLETENESS: &str = "Completeness";

/// All templates, those of one group together.
pub const TEMPLATES: &[TemplateInfo] = &[
    unet::UNET,
    unet::UNET_3D,
    unet::CONVOLUTIONAL,
    kan::K_NET,
    kan::U_KAN,
    kan::SYMBOLIC,
    multinet::MULTINET,
    context::CONTEXT,
    context::SPECTRAL,
    clusters::AGE_CNN,
    clusters::AGE_CNN_EXTRA_POOL,
    clusters::CUTOUT_RESNET,
    clusters::PHYSICAL,
    clusters::PHOTOMETRIC,
];

#[derive(Debug, thiserror::Error, PartialEq)]
pub enum TemplateError {
    #[error("there is no template “{name}”; there is: {known}")]
    Unknown { name: String, known: String },
    #[error("the template “{template}” has no option “{option}”; it has: {known}")]
    NoOption { template: &'static str, option: String, known: String },
    #[error("“{option}” takes {expected}, not {came}")]
    Value { option: &'static str, expected: String, came: String },
}

/// A template by its name, drawn as `options` ask. An option that the template does not have is refused. Sizes that do not fit each
/// other (a height that cannot be halved often enough) make a document with a fault at its block, as if drawn by hand.
pub fn template(name: &str, options: impl Into<TemplateOptions>) -> Result<Blueprint, TemplateError> {
    let Some(info) = TEMPLATES.iter().find(|info| info.name == name) else {
        let known = TEMPLATES.iter().map(|info| info.name).collect::<Vec<_>>().join(", ");
        return Err(TemplateError::Unknown { name: name.to_owned(), known });
    };
    let options = options.into();
    (info.build)(&Settings::new(info, &options)?)
}

impl TemplateInfo {
    pub fn option(&self, name: &str) -> Option<&'static ParameterSpec> {
        self.options.iter().find(|spec| spec.name == name)
    }
}
