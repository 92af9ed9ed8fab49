//! The one thread that owns the inspected network: the latest request wins, the latest answer is kept, nobody waits.

use super::answer::Answer;
use super::engine::Engine;
use super::request::{Request, Subject};
use crate::job::{Context, Progress, Slot, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Answers requests on a thread of its own. Dropping it ends the thread at its next safe point, and waits for that.
pub struct Worker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    board: Mutex<Board>,
    changed: Condvar,
    answer: Slot<Answer>,
    waker: Waker,
}

#[derive(Default)]
struct Board {
    /// What is wanted, and whether it has not been begun yet.
    wanted: Option<Request>,
    fresh: bool,
    /// The answer that is being worked on.
    running: Option<Context>,
    quit: bool,
}

/// How often the thread looks whether a running training has published newer weights.
const LIVE_POLL: Duration = Duration::from_millis(100);
/// A running training is answered for at most this share of the time, so that it is hardly slowed.
const LIVE_SHARE: u32 = 100;
/// How long the end of the thread is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// And at most this often.
const LIVE_LEAST: Duration = Duration::from_millis(200);

impl Worker {
    /// Starts the thread; `wake` is called whenever there is a newer answer or progress, and must not block.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            board: Mutex::default(),
            changed: Condvar::new(),
            answer: Slot::new(),
            waker: Arc::new(wake),
        });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("inspection".to_owned()).spawn(move || own.work())?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Asks; what was asked before is given up at its next safe point. Asking for the same again changes nothing, so a view may ask in
    /// every frame.
    pub fn ask(&self, request: Request) {
        let mut board = self.shared.lock();
        if board.wanted.as_ref() == Some(&request) {
            return;
        }
        board.replace(Some(request));
        drop(board);
        self.shared.changed.notify_all();
    }

    /// Answers the standing request anew: its run's files may have changed.
    pub fn refresh(&self) {
        let mut board = self.shared.lock();
        let wanted = board.wanted.take();
        board.replace(wanted);
        drop(board);
        self.shared.changed.notify_all();
    }

    /// Nothing is wanted any more; the latest answer stays.
    pub fn rest(&self) {
        self.shared.lock().replace(None);
        self.shared.changed.notify_all();
    }

    /// The latest answer, which may be to an earlier request: compare `answer.request`.
    pub fn latest(&self) -> Option<Arc<Answer>> {
        self.shared.answer.latest()
    }

    /// How far the running answer is (masks done, say); `None` while nothing is worked on.
    pub fn progress(&self) -> Option<Progress> {
        self.shared.lock().running.as_ref().map(Context::progress)
    }

    /// Whether the standing request is still without an answer.
    pub fn is_busy(&self) -> bool {
        let board = self.shared.lock();
        board.fresh || board.running.is_some()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut board = self.shared.lock();
        board.replace(None);
        board.quit = true;
        drop(board);
        self.shared.changed.notify_all();
        // A process that ends while libtorch computes crashes in its clean-up. A pass that takes longer than this is left behind.
        let begun = Instant::now();
        while let Some(thread) = &self.thread {
            if thread.is_finished() || begun.elapsed() > PATIENCE {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Board {
    fn replace(&mut self, wanted: Option<Request>) {
        self.fresh = wanted.is_some();
        self.wanted = wanted;
        if let Some(running) = &self.running {
            running.cancel();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut engine = Engine::new();
        let mut number = 0;
        // When the answer about a running training may be renewed.
        let mut due = Instant::now();
        while let Some((request, context)) = self.next(&mut engine, due) {
            let answered = catch_unwind(AssertUnwindSafe(|| engine.answer(&request, &context)));
            let mut answer = answered.unwrap_or_else(|_| {
                // What the panic left half done is not used again.
                engine = Engine::new();
                Answer::broken(&request)
            });
            let spent = Duration::try_from_secs_f64(answer.seconds).unwrap_or_default();
            due = Instant::now() + (LIVE_SHARE * spent).max(LIVE_LEAST);
            let mut board = self.lock();
            board.running = None;
            // What was given up on is nobody's answer.
            if !context.is_cancelled() {
                number += 1;
                answer.number = number;
                self.answer.publish(answer);
            }
            drop(board);
            (self.waker)();
        }
    }

    /// Waits for something to do: a fresh request, or newer weights of the training that the standing one watches.
    fn next(&self, engine: &mut Engine, due: Instant) -> Option<(Request, Context)> {
        let mut board = self.lock();
        loop {
            if board.quit {
                return None;
            }
            let ready = match &board.wanted {
                Some(_) if board.fresh => true,
                Some(Request { subject: Subject::Live(live), .. }) => {
                    live.watch();
                    Instant::now() >= due && engine.is_behind(live)
                }
                _ => false,
            };
            if let (true, Some(request)) = (ready, board.wanted.clone()) {
                let context = Context::new(Arc::clone(&self.waker));
                board.fresh = false;
                board.running = Some(context.clone());
                return Some((request, context));
            }
            let live = matches!(&board.wanted, Some(Request { subject: Subject::Live(_), .. }));
            board = if live {
                self.changed.wait_timeout(board, LIVE_POLL).unwrap_or_else(PoisonError::into_inner).0
            } else {
                self.changed.wait(board).unwrap_or_else(PoisonError::into_inner)
            };
        }
    }
}
