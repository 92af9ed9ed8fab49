//! What a running job sees: where to report progress, and whether it should pause or stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Called after every change that a watcher may want to show. Must be cheap and must not block.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The job was asked to stop and did, at a safe point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped on request")]
pub struct Cancelled;

/// How far a job is: what it does now, and the done fraction where it is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    pub text: String,
    /// 0 to 1; `None` while unknown.
    pub fraction: Option<f32>,
}

#[derive(Default)]
struct Shared {
    progress: Mutex<Progress>,
    warnings: Mutex<Vec<String>>,
    cancelled: AtomicBool,
    paused: Mutex<bool>,
    resumed: Condvar,
}

/// Shared between a job and its watchers. Clones point at the same job.
#[derive(Clone)]
pub struct Context {
    shared: Arc<Shared>,
    waker: Waker,
    started: Instant,
    /// The part of the whole job that this context's fractions 0 to 1 stand for.
    range: (f32, f32),
}

impl Context {
    pub fn new(waker: Waker) -> Self {
        Self { shared: Arc::default(), waker, started: Instant::now(), range: (0.0, 1.0) }
    }

    /// A context nobody watches, for tests and for calls that are done at once.
    pub fn unwatched() -> Self {
        Self::new(Arc::new(|| {}))
    }

    /// The same job for a piece of its work: what the piece reports as 0 to 1 is shown as `from` to `to`.
    pub fn part(&self, from: f32, to: f32) -> Self {
        let (start, end) = self.range;
        let place = |fraction: f32| start + (end - start) * fraction.clamp(0.0, 1.0);
        Self { range: (place(from), place(to)), ..self.clone() }
    }

    pub fn report(&self, text: impl Into<String>, fraction: Option<f32>) {
        let (start, end) = self.range;
        let fraction = fraction.map(|f| start + (end - start) * f.clamp(0.0, 1.0));
        let progress = Progress { text: text.into(), fraction };
        *self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
        self.wake();
    }

    /// Tells the user something that does not stop the job. Never lost.
    pub fn warn(&self, text: impl Into<String>) {
        self.shared.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text.into());
        self.wake();
    }

    /// Call at every safe point: waits while paused, answers `Cancelled` once the job should stop.
    pub fn check(&self) -> Result<(), Cancelled> {
        let mut paused = self.shared.paused.lock().unwrap_or_else(PoisonError::into_inner);
        while *paused && !self.is_cancelled() {
            paused = self
                .shared
                .resumed
                .wait_timeout(paused, Duration::from_millis(200))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }

    pub fn is_cancelled(&self) -> bool {
        self.shared.cancelled.load(Ordering::Relaxed)
    }

    pub fn cancel(&self) {
        self.shared.cancelled.store(true, Ordering::Relaxed);
        self.shared.resumed.notify_all();
        self.wake();
    }

    pub fn is_paused(&self) -> bool {
        *self.shared.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_paused(&self, paused: bool) {
        *self.shared.paused.lock().unwrap_or_else(PoisonError::into_inner) = paused;
        self.shared.resumed.notify_all();
        self.wake();
    }

    pub fn progress(&self) -> Progress {
        self.shared.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The warnings since the last call.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells the watcher that something it may show has changed (a slot was published, say).
    pub fn wake(&self) {
        (self.waker)();
    }
}
