//! The network as a document: blocks, ports, links, groups, shape inference, errors with mends, templates, undo, the versioned file.
//! Plain serialisable values; no tensors, no window.

mod activity;
mod analyse;
pub mod catalogue;
mod difference;
pub mod edit;
mod file;
mod flat;
mod forecast;
mod history;
mod kinds;
pub mod library;
mod model;
mod plan;
mod presets;
mod rules;
mod templates;
mod walk;

pub use analyse::{analyse, plan};
pub use difference::{Difference, differences};
pub use file::{FileError, from_json, load, save, to_json};
pub use forecast::Forecast;
pub use history::History;
pub use model::{Activity, Block, BlockId, Blueprint, Frame, Graph, Link, Parameter, Port};
pub use plan::{
    Activation, Analysis, Basis, BlockReport, Fault, Fill, Interpolation, Mend, MomentForm, Op, PathId, Plan,
    PortType, Severity, Shape, Step,
};
pub use presets::{PRESETS, Preset};
pub use templates::{TEMPLATES, TemplateError, TemplateInfo, TemplateOptions, UnetOptions, template};
