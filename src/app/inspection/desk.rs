//! What is asked of the worker, in turn: the sample itself, the network's output where a target is chosen on it, then what the view is about.
//! The window only puts its wishes here and draws what has come.

use crate::inspection::{Answer, Request, Worker};
use egui::Context;
use std::sync::Arc;

/// What a frame wants to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Wishes {
    /// The features, weights or attribution of the block.
    pub main: Request,
    /// The features of the network's input, for the picture of the sample.
    pub input: Option<Request>,
    /// The features of the network's output, to choose a target on.
    pub output: Option<Request>,
}

/// A wish with the newest answer of its kind, which may be to an earlier wish.
#[derive(Default)]
struct Place {
    answer: Option<Arc<Answer>>,
}

impl Place {
    fn is_met(&self, wish: &Request) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.request == *wish)
    }

    /// As `is_met`; what failed is tried again once another question about the same network was answered (a training that has begun).
    fn is_settled(&self, wish: &Request, main: &Place) -> bool {
        let answered = main.answer.as_ref().filter(|answer| answer.result.is_ok());
        let failed =
            |own: &Answer| own.result.is_err() && answered.is_some_and(|main| main.number > own.number);
        self.is_met(wish) && !self.answer.as_deref().is_some_and(failed)
    }
}

/// The worker, and the latest answers to the three wishes.
#[derive(Default)]
pub struct Desk {
    worker: Option<Worker>,
    wishes: Option<Wishes>,
    main: Place,
    input: Place,
    output: Place,
    /// Number of the last answer that was filed.
    filed: u64,
    /// Whether the last frame wanted anything.
    wanted: bool,
    /// The user stopped a long answer.
    stopped: bool,
    /// Why there is no worker.
    refusal: Option<String>,
}

impl Desk {
    /// Files what has come and asks for what is missing. Called once before a frame.
    pub fn update(&mut self) {
        let Some(worker) = &self.worker else { return };
        if !std::mem::take(&mut self.wanted) {
            // Nobody looks: a running training is left alone.
            if self.wishes.take().is_some() {
                worker.rest();
            }
            return;
        }
        let Some(wishes) = &self.wishes else { return };
        if let Some(answer) = worker.latest().filter(|answer| answer.number > self.filed) {
            self.filed = answer.number;
            let is = |wish: &Option<Request>| wish.as_ref() == Some(&answer.request);
            if is(&wishes.input) {
                self.input.answer = Some(answer.clone());
            }
            if is(&wishes.output) {
                self.output.answer = Some(answer.clone());
            }
            if wishes.main == answer.request {
                self.main.answer = Some(answer);
            }
        }
        self.ask();
    }

    fn ask(&self) {
        let (Some(worker), Some(wishes)) = (&self.worker, &self.wishes) else { return };
        if self.stopped {
            return;
        }
        let missing = |wish: &Option<Request>, place: &Place| {
            wish.clone().filter(|wish| !place.is_settled(wish, &self.main))
        };
        let first = missing(&wishes.input, &self.input).or_else(|| missing(&wishes.output, &self.output));
        worker.ask(first.unwrap_or_else(|| wishes.main.clone()));
    }

    /// Says what this frame shows; the same wishes cost nothing.
    pub fn want(&mut self, context: &Context, wishes: Wishes) {
        self.wanted = true;
        if self.wishes.as_ref() == Some(&wishes) {
            return;
        }
        if self.worker.is_none() && self.refusal.is_none() {
            let context = context.clone();
            match Worker::start(move || context.request_repaint()) {
                Ok(worker) => self.worker = Some(worker),
                Err(error) => {
                    self.refusal = Some(format!("the system gives no thread to look inside: {error}"))
                }
            }
        }
        self.stopped = false;
        self.wishes = Some(wishes);
        self.ask();
        context.request_repaint();
    }

    /// The latest answer that can stand for the wish: to the same block and kind of question. `true` where it is an older one.
    pub fn main(&self) -> Option<(Arc<Answer>, bool)> {
        let wish = &self.wishes.as_ref()?.main;
        let answer = self.main.answer.clone()?;
        let is_kin = answer.request.block == wish.block
            && std::mem::discriminant(&answer.request.what) == std::mem::discriminant(&wish.what);
        let is_stale = answer.request != *wish;
        // An old error says nothing about the new wish.
        (is_kin && !(is_stale && answer.result.is_err())).then_some((answer, is_stale))
    }

    /// The sample's picture, of whatever sample came last.
    pub fn input(&self) -> Option<(Arc<Answer>, bool)> {
        let wish = self.wishes.as_ref()?.input.as_ref()?;
        let answer = self.input.answer.clone()?;
        let is_stale = answer.request != *wish;
        Some((answer, is_stale))
    }

    pub fn output(&self) -> Option<(Arc<Answer>, bool)> {
        let wish = self.wishes.as_ref()?.output.as_ref()?;
        let answer = self.output.answer.clone()?;
        let is_stale = answer.request != *wish;
        Some((answer, is_stale))
    }

    /// How far the running answer is, in words, with the fraction where it is known.
    pub fn progress(&self) -> Option<(String, Option<f32>)> {
        let progress = self.worker.as_ref()?.progress()?;
        Some((progress.text, progress.fraction))
    }

    /// Whether something that is wanted has not come yet.
    pub fn is_waiting(&self) -> bool {
        let Some(wishes) = self.wishes.as_ref().filter(|_| !self.stopped) else { return false };
        let missing =
            |wish: &Option<Request>, place: &Place| wish.as_ref().is_some_and(|wish| !place.is_met(wish));
        !self.main.is_met(&wishes.main)
            || missing(&wishes.input, &self.input)
            || missing(&wishes.output, &self.output)
    }

    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Gives up the answer that is worked on, until something else is wanted or `go_on`.
    pub fn stop(&mut self) {
        self.stopped = true;
        if let Some(worker) = &self.worker {
            worker.rest();
        }
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    pub fn go_on(&mut self) {
        self.stopped = false;
        self.ask();
    }
}
