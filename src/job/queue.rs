//! The queue: heavy jobs one after another, light ones at once, each on a thread of its own, panics turned into errors.

use super::context::{Context, Progress, Waker};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(u64);

/// Which line a job stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Starts at once: opening a file, a statistic, a picture.
    Light,
    /// One at a time, in order: trainings, applications, syntheses. They want every core for themselves.
    Heavy,
}

#[derive(Clone, Debug, PartialEq)]
pub enum State {
    Queued,
    Running,
    Done,
    Cancelled,
    Failed(String),
}

/// A job as the window lists it.
#[derive(Clone, Debug)]
pub struct Status {
    pub id: JobId,
    pub title: String,
    pub state: State,
    pub paused: bool,
    pub progress: Progress,
    pub elapsed: Duration,
    /// What the job made, once it is done.
    pub product: Option<PathBuf>,
}

/// What happened, in order. Never lost, read once.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Started { id: JobId, title: String },
    Warning { id: JobId, title: String, text: String },
    Done { id: JobId, title: String, product: Option<PathBuf> },
    Cancelled { id: JobId, title: String },
    Failed { id: JobId, title: String, error: String },
}

struct Entry {
    id: JobId,
    title: String,
    state: State,
    context: Context,
    product: Option<PathBuf>,
    elapsed: Option<Duration>,
}

type Work = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Board {
    next: u64,
    entries: Vec<Entry>,
    waiting: VecDeque<(JobId, Work)>,
    heavy: Option<JobId>,
    events: Vec<Event>,
}

/// How many ended jobs stay listed.
const HISTORY: usize = 50;

/// All background work of the program. Clones share the queue.
#[derive(Clone)]
pub struct JobQueue {
    board: Arc<Mutex<Board>>,
    waker: Waker,
}

/// The caller's end of a job: its answer, its context, its id.
pub struct Handle<T> {
    pub id: JobId,
    pub context: Context,
    answer: Receiver<Result<T, String>>,
}

impl<T> Handle<T> {
    /// The answer once, when there is one. An error is a sentence for the user.
    pub fn try_take(&self) -> Option<Result<T, String>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => None,
        }
    }

    /// Waits for the answer; for the command line and tests, never for the window.
    pub fn wait(self) -> Result<T, String> {
        self.answer.recv().unwrap_or_else(|_| Err("the job ended without an answer".to_owned()))
    }

    /// Waits at most this long.
    pub fn wait_for(&self, time: Duration) -> Option<Result<T, String>> {
        self.answer.recv_timeout(time).ok()
    }
}

impl JobQueue {
    pub fn new(waker: Waker) -> Self {
        Self { board: Arc::default(), waker }
    }

    /// Queues `work`. Its error is shown to the user as it stands (`{:#}`), so it must say what, where, and what to do.
    pub fn spawn<T, F>(&self, lane: Lane, title: impl Into<String>, work: F) -> Handle<T>
    where
        T: Send + 'static,
        F: FnOnce(&Context) -> anyhow::Result<T> + Send + 'static,
    {
        self.spawn_with_product(lane, title, |_| None, work)
    }

    /// As `spawn`; `product` names what a done job leaves behind, for the link in the job list.
    pub fn spawn_with_product<T, F, P>(
        &self,
        lane: Lane,
        title: impl Into<String>,
        product: P,
        work: F,
    ) -> Handle<T>
    where
        T: Send + 'static,
        F: FnOnce(&Context) -> anyhow::Result<T> + Send + 'static,
        P: FnOnce(&T) -> Option<PathBuf> + Send + 'static,
    {
        let title = title.into();
        let context = Context::new(Arc::clone(&self.waker));
        let (sender, answer) = channel();
        let mut board = self.lock();
        let id = JobId(board.next);
        board.next += 1;
        board.entries.push(Entry {
            id,
            title,
            state: State::Queued,
            context: context.clone(),
            product: None,
            elapsed: None,
        });
        let queue = self.clone();
        let job_context = context.clone();
        let work: Work = Box::new(move || queue.run(id, &job_context, &sender, product, work));
        match lane {
            Lane::Heavy if board.heavy.is_some() => board.waiting.push_back((id, work)),
            Lane::Heavy => {
                board.heavy = Some(id);
                self.start(id, work, &mut board);
            }
            Lane::Light => self.start(id, work, &mut board),
        }
        drop(board);
        (self.waker)();
        Handle { id, context, answer }
    }

    /// The jobs, newest last.
    pub fn statuses(&self) -> Vec<Status> {
        let mut board = self.lock();
        board.collect_warnings();
        board
            .entries
            .iter()
            .map(|entry| Status {
                id: entry.id,
                title: entry.title.clone(),
                state: entry.state.clone(),
                paused: entry.context.is_paused(),
                progress: entry.context.progress(),
                elapsed: entry.elapsed.unwrap_or_else(|| entry.context.elapsed()),
                product: entry.product.clone(),
            })
            .collect()
    }

    /// What happened since the last call.
    pub fn take_events(&self) -> Vec<Event> {
        let mut board = self.lock();
        board.collect_warnings();
        std::mem::take(&mut board.events)
    }

    pub fn cancel(&self, id: JobId) {
        let mut board = self.lock();
        let waiting = board.waiting.iter().position(|(job, _)| *job == id);
        let dropped = waiting.and_then(|index| board.waiting.remove(index));
        let was_waiting = dropped.is_some();
        if let Some(entry) = board.entries.iter_mut().find(|entry| entry.id == id) {
            entry.context.cancel();
            if was_waiting {
                entry.state = State::Cancelled;
                entry.elapsed = Some(entry.context.elapsed());
                let title = entry.title.clone();
                board.events.push(Event::Cancelled { id, title });
            }
        }
        drop(board);
        (self.waker)();
    }

    pub fn set_paused(&self, id: JobId, paused: bool) {
        if let Some(entry) = self.lock().entries.iter().find(|entry| entry.id == id) {
            entry.context.set_paused(paused);
        }
    }

    pub fn cancel_all(&self) {
        let ids: Vec<JobId> = self.lock().entries.iter().map(|entry| entry.id).collect();
        ids.into_iter().for_each(|id| self.cancel(id));
    }

    /// Cancels everything and waits until all have come to their safe points, at most for `patience`: a training then has its
    /// checkpoint, and no thread computes while the process ends. Answers whether all have ended.
    pub fn finish(&self, patience: Duration) -> bool {
        self.cancel_all();
        let begun = Instant::now();
        while !self.is_idle() && begun.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.is_idle()
    }

    pub fn is_idle(&self) -> bool {
        !self.lock().entries.iter().any(|entry| matches!(entry.state, State::Queued | State::Running))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, id: JobId, work: Work, board: &mut Board) {
        let mut title = String::new();
        if let Some(entry) = board.entries.iter_mut().find(|entry| entry.id == id) {
            entry.state = State::Running;
            title = entry.title.clone();
        }
        board.events.push(Event::Started { id, title });
        let thread = std::thread::Builder::new().name(format!("job-{}", id.0)).spawn(work);
        if let Err(error) = thread {
            board.finish(id, State::Failed(format!("the system gave no thread: {error}")), None);
        }
    }

    fn run<T, F, P>(
        &self,
        id: JobId,
        context: &Context,
        sender: &Sender<Result<T, String>>,
        product: P,
        work: F,
    ) where
        F: FnOnce(&Context) -> anyhow::Result<T>,
        P: FnOnce(&T) -> Option<PathBuf>,
    {
        let answer = match catch_unwind(AssertUnwindSafe(|| work(context))) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(format!("{error:#}")),
            Err(panic) => Err(format!("internal error, please report it: {}", panic_text(panic.as_ref()))),
        };
        let made = answer.as_ref().ok().and_then(product);
        let state = match &answer {
            Ok(_) => State::Done,
            Err(_) if context.is_cancelled() => State::Cancelled,
            Err(error) => State::Failed(error.clone()),
        };
        // The answer first: whoever sees the job as done must find it. A caller that went away does not want it.
        let _unwanted = sender.send(answer);
        let mut board = self.lock();
        board.finish(id, state, made);
        if board.heavy == Some(id) {
            board.heavy = None;
            if let Some((next, work)) = board.waiting.pop_front() {
                board.heavy = Some(next);
                self.start(next, work, &mut board);
            }
        }
        drop(board);
        (self.waker)();
    }
}

impl Board {
    fn finish(&mut self, id: JobId, state: State, product: Option<PathBuf>) {
        self.collect_warnings();
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) else { return };
        entry.state = state;
        entry.product = product;
        entry.elapsed = Some(entry.context.elapsed());
        let title = entry.title.clone();
        self.events.push(match &entry.state {
            State::Failed(error) => Event::Failed { id, title, error: error.clone() },
            State::Cancelled => Event::Cancelled { id, title },
            _ => Event::Done { id, title, product: entry.product.clone() },
        });
        let ended = self.entries.iter().filter(|entry| entry.elapsed.is_some()).count();
        let mut surplus = ended.saturating_sub(HISTORY);
        self.entries.retain(|entry| {
            let drop_it = surplus > 0 && entry.elapsed.is_some();
            surplus -= usize::from(drop_it);
            !drop_it
        });
    }

    fn collect_warnings(&mut self) {
        for entry in &self.entries {
            for text in entry.context.take_warnings() {
                self.events.push(Event::Warning { id: entry.id, title: entry.title.clone(), text });
            }
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Slot;

    fn queue() -> JobQueue {
        JobQueue::new(Arc::new(|| {}))
    }

    #[test]
    fn a_panic_becomes_an_error_and_the_next_heavy_job_still_runs() {
        let queue = queue();
        let first: Handle<()> = queue.spawn(Lane::Heavy, "broken", |_| panic!("boom"));
        let second = queue.spawn(Lane::Heavy, "whole", |_| Ok(7));
        assert!(first.wait().unwrap_err().contains("boom"));
        assert_eq!(second.wait(), Ok(7));
    }

    #[test]
    fn heavy_jobs_run_one_at_a_time_and_a_waiting_one_can_be_cancelled() {
        let queue = queue();
        let first: Handle<()> = queue.spawn(Lane::Heavy, "long", |context| {
            loop {
                context.check()?;
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let second: Handle<()> = queue.spawn(Lane::Heavy, "never", |_| panic!("must not start"));
        queue.cancel(second.id);
        queue.cancel(first.id);
        assert!(first.wait().is_err());
        assert!(second.wait().is_err());
        while !queue.is_idle() {
            std::thread::sleep(Duration::from_millis(2));
        }
        let cancelled =
            queue.take_events().into_iter().filter(|e| matches!(e, Event::Cancelled { .. })).count();
        assert_eq!(cancelled, 2);
    }

    #[test]
    fn pause_holds_a_job_and_warnings_are_kept() {
        let queue = queue();
        let beats: Slot<u64> = Slot::new();
        let job_beats = beats.clone();
        let handle: Handle<()> = queue.spawn(Lane::Light, "beat", move |context| {
            context.warn("mind the gap");
            for beat in 0.. {
                context.check()?;
                job_beats.publish(beat);
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        });
        while beats.generation() < 3 {
            std::thread::sleep(Duration::from_millis(1));
        }
        queue.set_paused(handle.id, true);
        std::thread::sleep(Duration::from_millis(30));
        let held = beats.generation();
        std::thread::sleep(Duration::from_millis(60));
        assert!(beats.generation() <= held + 1, "a paused job went on");
        queue.set_paused(handle.id, false);
        while beats.generation() < held + 5 {
            std::thread::sleep(Duration::from_millis(1));
        }
        queue.cancel(handle.id);
        assert!(handle.wait().is_err());
        let warned = queue
            .take_events()
            .iter()
            .any(|e| matches!(e, Event::Warning { text, .. } if text == "mind the gap"));
        assert!(warned);
    }
}
