//! Answers one request after the other, and keeps the network and the samples of the last subject.

use super::answer::{Answer, SampleNote, View};
use super::error::Result;
use super::request::{Request, What};
use super::subject::Loaded;
use super::{attribution, block, features, weights};
use crate::job::Context;
use crate::training::Live;
use std::time::Instant;

/// Owns the inspected network: stays on its thread.
#[derive(Default)]
pub struct Engine {
    loaded: Option<Loaded>,
}

impl Engine {
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a training has published weights that were not answered from yet.
    pub(super) fn is_behind(&self, live: &Live) -> bool {
        let newest = live.weights.generation();
        newest > 0 && self.loaded.as_ref().is_none_or(|loaded| loaded.generation != newest)
    }

    /// Answers; long ones report their progress to `ctx` and stop when it is cancelled.
    pub fn answer(&mut self, request: &Request, ctx: &Context) -> Answer {
        let mut answer = Answer::broken(request);
        answer.result = self.view(request, ctx, &mut answer).map_err(|error| error.to_string());
        answer
    }

    fn view(&mut self, request: &Request, ctx: &Context, answer: &mut Answer) -> Result<View> {
        let loaded = Loaded::renew(&mut self.loaded, &request.subject, ctx)?;
        (answer.epoch, answer.step) = (loaded.epoch, loaded.step);
        answer.block = block::name(loaded.network.steps(), &request.block, &loaded.blueprint)?;
        let started = Instant::now();
        let view = match &request.what {
            What::Features(slice) => {
                let sample = loaded.sample(request.sample, ctx)?;
                answer.sample = sample.note.clone();
                View::Features(features::features(loaded, &request.block, &sample, *slice)?)
            }
            What::Attribution(settings) => {
                let sample = loaded.sample(request.sample, ctx)?;
                answer.sample = sample.note.clone();
                View::Attribution(attribution::attribute(loaded, &sample, &request.block, settings, ctx)?)
            }
            What::Weights => View::Weights(weights::weights(loaded, &request.block)?),
        };
        answer.seconds = started.elapsed().as_secs_f64();
        Ok(view)
    }
}

impl Answer {
    /// An answer without content: what is left where the work broke down.
    pub(super) fn broken(request: &Request) -> Self {
        Self {
            request: request.clone(),
            number: 0,
            epoch: None,
            step: None,
            block: String::new(),
            sample: SampleNote::default(),
            seconds: 0.0,
            result: Err("internal error, please report it with the text in the log".to_owned()),
        }
    }
}
