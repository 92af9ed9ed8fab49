//! The render thread: it owns the adapter, the cubes on it and the canvases. The window says what it wants to see and takes the latest
//! picture; it never waits for a drawing. Nothing of windows or files in here.

mod easel;
mod pace;
mod thread;

#[cfg(test)]
mod tests;

use super::{Feed, Scene, VolumeError};
use crate::job::{Context, Waker};
use easel::Easel;
use ndarray::Array3;
use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use thread::Painter;

/// A cube on the stage. Whoever opens it chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CubeId(pub u64);

/// A place where a picture is shown. Several may show the same cube.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ViewId(pub u64);

/// What a view wants to see.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub cube: CubeId,
    pub second: Option<CubeId>,
    pub scene: Scene,
    /// Pixels.
    pub width: u32,
    pub height: u32,
    /// The scene changes from frame to frame: the picture may be smaller than asked for, so that it comes in time.
    pub moving: bool,
}

/// A picture of a view.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Pixels; fewer than asked for while the scene moves.
    pub width: u32,
    pub height: u32,
    /// Rows from the top, 4 bytes a pixel, opaque.
    pub rgba: Vec<u8>,
    pub request: Request,
    /// How many jittered passes are averaged.
    pub passes: u32,
    /// Nothing better will come.
    pub is_settled: bool,
    /// Milliseconds that one pass takes at this size.
    pub ms: f32,
}

/// What is known of the adapter.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterInfo {
    pub name: String,
    /// The driver draws on the processor.
    pub is_software: bool,
    /// The longest side of a cube that it takes, in voxels.
    pub longest_side: usize,
    /// It interpolates between full floats; only between half floats else.
    pub takes_full_floats: bool,
}

/// The render thread's owner. It ends the thread when dropped.
pub struct Stage {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// The end of a loader: it hands a cube to the stage. Only for jobs, since it waits for the adapter. What it has not ended when it is
/// dropped is given up; a newer feeder of the same cube takes over.
pub struct Feeder {
    shared: Arc<Shared>,
    cube: CubeId,
    number: u64,
}

/// Takes single pictures for files. Only for jobs, since it waits for them.
#[derive(Clone)]
pub struct Camera {
    shared: Arc<Shared>,
}

enum Order {
    Feed {
        cube: CubeId,
        feeder: u64,
        feed: Feed,
        answer: SyncSender<Result<(), VolumeError>>,
    },
    End {
        cube: CubeId,
        feeder: u64,
    },
    Keep {
        cube: CubeId,
        values: Arc<Array3<f32>>,
    },
    SetVoxel {
        cube: CubeId,
        voxel: [f64; 3],
    },
    Drop {
        cube: CubeId,
    },
    Still {
        request: Request,
        passes: u32,
        context: Context,
        answer: SyncSender<Result<Vec<u8>, VolumeError>>,
    },
    Retry,
    #[cfg(test)]
    Lose,
}

#[derive(Default)]
struct Board {
    orders: VecDeque<Order>,
    /// The latest request of each view, with a number that grows with every change.
    wanted: BTreeMap<ViewId, (u64, Arc<Request>)>,
    serial: u64,
    feeders: u64,
    shown: BTreeMap<ViewId, Arc<Shown>>,
    /// Why a view has no picture.
    refused: BTreeMap<ViewId, String>,
    adapter: Option<AdapterInfo>,
    /// The adapter has been looked for.
    is_open: bool,
    fault: Option<String>,
    can_retry: bool,
    /// The thread has something to look at.
    is_called: bool,
    /// The thread sleeps.
    is_idle: bool,
    is_over: bool,
    draws: u64,
}

struct Shared {
    board: Mutex<Board>,
    /// To the thread: orders and requests.
    call: Condvar,
    /// From the thread: the adapter has been looked for.
    opened: Condvar,
    waker: Waker,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn order(&self, order: Order) {
        let mut board = self.lock();
        if !board.is_over {
            board.orders.push_back(order);
            board.is_called = true;
            self.call.notify_one();
        }
    }

    /// An answer to come; an error once the stage is gone.
    fn ask<T>(
        &self,
        order: impl FnOnce(SyncSender<Result<T, VolumeError>>) -> Order,
    ) -> Result<T, VolumeError> {
        let (sender, answer) = sync_channel(1);
        self.order(order(sender));
        answer.recv().unwrap_or(Err(VolumeError::Closed))
    }
}

/// Stands at the end of the thread: should a driver bring it down, whoever waits for an answer learns that none will come.
struct Watch(Arc<Shared>);

impl Drop for Watch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let orders = {
            let mut board = self.0.lock();
            (board.is_over, board.is_open) = (true, true);
            board.fault =
                Some("the thread that draws has ended by a fault of its own; start Aquila again".to_owned());
            std::mem::take(&mut board.orders)
        };
        drop(orders);
        self.0.opened.notify_all();
        (self.0.waker)();
    }
}

impl Stage {
    /// Starts the thread, which opens the adapter: the software one if asked for. `waker` is called after every new picture.
    pub fn start(waker: Waker, software: bool) -> Self {
        Self::with(waker, move || Easel::open(software))
    }

    fn with(waker: Waker, open: impl FnOnce() -> Easel + Send + 'static) -> Self {
        let shared =
            Arc::new(Shared { board: Mutex::default(), call: Condvar::new(), opened: Condvar::new(), waker });
        let for_thread = Arc::clone(&shared);
        let work = move || {
            let _watch = Watch(Arc::clone(&for_thread));
            Painter::new(for_thread, open()).run();
        };
        let thread = std::thread::Builder::new().name("volume".to_owned()).spawn(work);
        if let Err(error) = &thread {
            let mut board = shared.lock();
            board.is_over = true;
            board.is_open = true;
            board.fault = Some(format!("the system gave no thread for drawing: {error}"));
        }
        Self { shared, thread: thread.ok() }
    }

    pub fn feeder(&self, cube: CubeId) -> Feeder {
        let mut board = self.shared.lock();
        board.feeders += 1;
        Feeder { shared: Arc::clone(&self.shared), cube, number: board.feeders }
    }

    pub fn camera(&self) -> Camera {
        Camera { shared: Arc::clone(&self.shared) }
    }

    /// The values of a cube that has been loaded, from which the stage hands it to the adapter again should that be lost. To be called
    /// once a load has ended; the values are shared, not copied.
    pub fn keep(&self, cube: CubeId, values: Arc<Array3<f32>>) {
        self.shared.order(Order::Keep { cube, values });
    }

    /// Gives a cube other proportions: sides of a voxel along x, y, z in any common unit.
    pub fn set_voxel(&self, cube: CubeId, voxel: [f64; 3]) {
        self.shared.order(Order::SetVoxel { cube, voxel });
    }

    pub fn drop_cube(&self, cube: CubeId) {
        self.shared.order(Order::Drop { cube });
    }

    /// What a view wants to see from now on; nothing where `None`. Never waits; asking for the same again costs nothing.
    pub fn show(&self, view: ViewId, request: Option<Request>) {
        let mut board = self.shared.lock();
        let Some(request) = request else {
            board.wanted.remove(&view);
            board.shown.remove(&view);
            board.refused.remove(&view);
            return;
        };
        if board.wanted.get(&view).is_some_and(|(_, old)| **old == request) {
            return;
        }
        board.serial += 1;
        let serial = board.serial;
        board.wanted.insert(view, (serial, Arc::new(request)));
        board.is_called = true;
        self.shared.call.notify_one();
    }

    /// The latest picture of a view.
    pub fn shown(&self, view: ViewId) -> Option<Arc<Shown>> {
        self.shared.lock().shown.get(&view).cloned()
    }

    /// `None` until it has been opened, and where there is none.
    pub fn adapter(&self) -> Option<AdapterInfo> {
        self.shared.lock().adapter.clone()
    }

    /// What keeps pictures from being drawn as they should, as a sentence.
    pub fn fault(&self) -> Option<String> {
        let board = self.shared.lock();
        board.fault.clone().or_else(|| board.refused.values().next().cloned())
    }

    /// The graphics adapter was given up, or none was found: it may be tried again.
    pub fn can_retry(&self) -> bool {
        self.shared.lock().can_retry
    }

    /// Looks for the graphics adapter again and hands it the cubes that are kept.
    pub fn retry(&self) {
        self.shared.order(Order::Retry);
    }

    /// All that was asked for is drawn as well as it will be.
    pub fn is_settled(&self) -> bool {
        let board = self.shared.lock();
        board.is_over || (board.is_idle && !board.is_called)
    }

    /// How many passes, or bands of one, were drawn since the start: while nothing changes this does not grow.
    pub fn draws(&self) -> u64 {
        self.shared.lock().draws
    }

    #[cfg(test)]
    fn lose(&self) {
        self.shared.order(Order::Lose);
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let orders = {
            let mut board = self.shared.lock();
            board.is_over = true;
            board.is_called = true;
            self.shared.call.notify_one();
            std::mem::take(&mut board.orders)
        };
        // Whoever waits for an answer learns that none will come.
        drop(orders);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Feeder {
    pub fn cube(&self) -> CubeId {
        self.cube
    }

    /// Hands over the next piece and waits until the adapter has taken it. A cube that is being replaced is shown until `Feed::Done`.
    ///
    /// # Errors
    /// `OutOfMemory` where the adapter has no room for the cube: a coarser one may fit. A stage that has been closed.
    pub fn send(&self, feed: Feed) -> Result<(), VolumeError> {
        let (cube, feeder) = (self.cube, self.number);
        self.shared.ask(|answer| Order::Feed { cube, feeder, feed, answer })
    }

    /// Waits until the adapter has been looked for; `None` where there is none and the processor draws coarsely.
    pub fn adapter(&self) -> Option<AdapterInfo> {
        let mut board = self.shared.lock();
        while !board.is_open {
            let patience = Duration::from_millis(200);
            board =
                self.shared.opened.wait_timeout(board, patience).unwrap_or_else(PoisonError::into_inner).0;
        }
        board.adapter.clone()
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.shared.order(Order::End { cube: self.cube, feeder: self.number });
    }
}

impl Camera {
    /// A picture at full size with `passes` jittered passes, RGBA rows from the top. The window's own pictures come first. The context
    /// hears how far it is, and can stop it.
    ///
    /// # Errors
    /// A cube that is not on the stage; a picture larger than the adapter takes; an adapter that was lost for good; cancelled.
    pub fn picture(&self, request: Request, passes: u32, context: &Context) -> Result<Vec<u8>, VolumeError> {
        let context = context.clone();
        self.shared.ask(|answer| Order::Still { request, passes, context, answer })
    }
}
