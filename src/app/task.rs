//! Small work beside the window that the job list should not show: drawing a picture, listing a folder, writing the session.

use egui::Context;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, channel};

/// One piece of work on a thread of its own; wakes the window when done.
pub struct Task<T> {
    answer: Receiver<Result<T, String>>,
}

impl<T: Send + 'static> Task<T> {
    pub fn spawn(
        context: &Context,
        name: &str,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Self {
        let (sender, answer) = channel();
        let context = context.clone();
        let refused = sender.clone();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let result = match catch_unwind(AssertUnwindSafe(work)) {
                Ok(result) => result.map_err(|error| format!("{error:#}")),
                Err(_) => Err("internal error, please report it".to_owned()),
            };
            // A view that was closed does not want the answer.
            sender.send(result).ok();
            context.request_repaint();
        });
        if let Err(error) = thread {
            refused.send(Err(format!("the system gave no thread: {error}"))).ok();
        }
        Self { answer }
    }

    /// The answer once, when there is one.
    pub fn take(&self) -> Option<Result<T, String>> {
        self.answer.try_recv().ok()
    }
}
