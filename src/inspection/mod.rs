//! What a network has learnt and what it looks at: weights over time, feature maps, attribution, of any block of any run, also while it
//! trains. Owns tensors on one thread (`Worker`); hands out plain values. Nothing here trains, draws in a window, or changes a run.

mod answer;
mod attribution;
mod block;
mod engine;
mod error;
mod features;
mod grid;
mod kan;
mod leave;
mod request;
mod stand_in;
mod subject;
mod weights;
mod worker;

pub use answer::{
    Answer, AttributionMap, AttributionView, ChannelStatistics, FeaturesView, Histogram, KanCurve,
    ParameterHistory, ParameterView, Randomised, SampleNote, Statistics, View, WeightsView,
};
pub use block::{blocks, find_block};
pub use engine::Engine;
pub use error::{InspectionError, Result};
pub use leave::leave;
pub use request::{
    AttributionSettings, Baseline, CubeSlice, Filling, Method, OutputChoice, Region, Request, Subject, What,
};
pub use worker::Worker;
