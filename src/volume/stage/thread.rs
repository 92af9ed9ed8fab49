//! The thread's loop: what is drawn next, in which size, and when to stop and sleep. A moving view comes first, then a first picture for
//! each view at rest, then pictures for files, then the passes that smooth a view at rest. Every step is short: what the window asks
//! for in between is looked at before the next one.

use super::easel::{Easel, Plate};
use super::pace::{CARD_MS, PATIENCE_MS, Pace, SOFTWARE_MS};
use super::{CubeId, Order, Request, Shared, Shown, ViewId};
use crate::job::{Cancelled, Context};
use crate::volume::VolumeError;
use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Jittered passes that are averaged into a picture at rest.
const MOST_PASSES: u32 = 16;
const LEAST_PASSES: u32 = 4;
/// A slow driver does not work longer than this on passes that only smooth.
const SMOOTHING_MS: f32 = 3000.0;
const SHADERS_EVERY: Duration = Duration::from_secs(1);

/// What a view needs next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    /// A picture that comes in time, whatever its size.
    Quick,
    /// From this row on of this pass, at full size.
    Rows { pass: u32, row: u32 },
    /// Nothing.
    Rest,
}

const FIRST: Next = Next::Rows { pass: 0, row: 0 };

/// A view as the thread knows it.
struct Sight {
    serial: u64,
    request: Arc<Request>,
    next: Next,
    pace: Pace,
    quick: Option<Plate>,
    full: Option<Plate>,
    /// Milliseconds that the pass in the making has taken so far.
    spent_ms: f32,
    /// Where the passes at full size stand for the present picture; kept while a hand rests on the view.
    settling: Next,
    /// When it was served last, so that views take turns.
    turn: u64,
}

/// A picture for a file.
struct Still {
    request: Request,
    passes: u32,
    context: Context,
    answer: SyncSender<Result<Vec<u8>, VolumeError>>,
    plate: Option<Plate>,
    pace: Pace,
    pass: u32,
    row: u32,
}

pub struct Painter {
    shared: Arc<Shared>,
    easel: Easel,
    sights: BTreeMap<ViewId, Sight>,
    stills: VecDeque<Still>,
    turn: u64,
    /// In development (`AQUILA_SHADERS`).
    reads_shaders: bool,
    looked: Instant,
}

impl Painter {
    pub fn new(shared: Arc<Shared>, easel: Easel) -> Self {
        Self {
            shared,
            easel,
            sights: BTreeMap::new(),
            stills: VecDeque::new(),
            turn: 0,
            reads_shaders: std::env::var_os("AQUILA_SHADERS").is_some(),
            looked: Instant::now(),
        }
    }

    pub fn run(mut self) {
        self.tell();
        while let Some(orders) = self.wait() {
            for order in orders {
                self.obey(order);
            }
            self.look();
            if self.reads_shaders {
                self.refresh();
            }
            self.step();
        }
    }

    /// Sleeps until there is something to do; `None` once the stage is gone.
    fn wait(&self) -> Option<VecDeque<Order>> {
        let is_idle = self.choose().is_none() && self.stills.is_empty() && !self.easel.has_lost();
        let mut board = self.shared.lock();
        while is_idle && !board.is_called && !board.is_over {
            board.is_idle = true;
            if self.reads_shaders {
                board = self
                    .shared
                    .call
                    .wait_timeout(board, SHADERS_EVERY)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
                break;
            }
            board = self.shared.call.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
        (board.is_idle, board.is_called) = (false, false);
        (!board.is_over).then(|| std::mem::take(&mut board.orders))
    }

    /// Tells the window what the adapter is and what is wrong with it.
    fn tell(&self) {
        let mut board = self.shared.lock();
        board.adapter = self.easel.info();
        board.fault = self.easel.fault();
        board.can_retry = self.easel.can_retry();
        board.is_open = true;
        drop(board);
        self.shared.opened.notify_all();
        (self.shared.waker)();
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Feed { cube, feeder, feed, answer } => {
                let taken = match self.easel.feed(cube, feeder, feed) {
                    Ok(true) => {
                        self.again(cube);
                        Ok(())
                    }
                    Ok(false) => Ok(()),
                    Err(error @ VolumeError::Lost(_)) => {
                        self.easel.reopen(&error, error.is_out_of_memory());
                        self.start_anew();
                        // The loader comes with a coarser cube; else its load goes on, and the cube is handed over from its values
                        // once they are there.
                        if error.is_out_of_memory() { Err(error) } else { Ok(()) }
                    }
                    Err(error) => Err(error),
                };
                // The job may have been stopped meanwhile.
                answer.send(taken).ok();
            }
            Order::End { cube, feeder } => self.easel.end(cube, feeder),
            Order::Keep { cube, values } => self.easel.keep(cube, values),
            Order::SetVoxel { cube, voxel } => {
                self.easel.set_voxel(cube, voxel);
                self.again(cube);
            }
            Order::Drop { cube } => self.easel.remove(cube),
            Order::Retry => {
                self.easel.retry();
                self.start_anew();
            }
            Order::Still { request, passes, context, answer } => self.stills.push_back(Still {
                request,
                passes: passes.max(1),
                context,
                answer,
                plate: None,
                pace: Pace::default(),
                pass: 0,
                row: 0,
            }),
            #[cfg(test)]
            Order::Lose => self.easel.lose(),
        }
    }

    /// The cube has changed: its views are drawn anew.
    fn again(&mut self, cube: CubeId) {
        for sight in self.sights.values_mut() {
            if sight.request.cube == cube || sight.request.second == Some(cube) {
                sight.start_anew();
            }
        }
    }

    /// Takes over what the window wants by now.
    fn look(&mut self) {
        let board = self.shared.lock();
        self.sights.retain(|view, _| board.wanted.contains_key(view));
        for (view, (serial, request)) in &board.wanted {
            match self.sights.get_mut(view) {
                Some(sight) if sight.serial == *serial => {}
                Some(sight) => {
                    sight.serial = *serial;
                    sight.turn_to(request);
                }
                None => {
                    let sight = Sight {
                        serial: *serial,
                        request: Arc::clone(request),
                        next: Next::Quick,
                        pace: Pace::default(),
                        quick: None,
                        full: None,
                        spent_ms: 0.0,
                        settling: FIRST,
                        turn: 0,
                    };
                    self.sights.insert(*view, sight);
                }
            }
        }
    }

    /// The view that is served next, and how urgent it is.
    fn choose(&self) -> Option<(u32, ViewId)> {
        let waiting = self.sights.iter().filter(|(_, sight)| self.easel.holds(&sight.request));
        let ranked = waiting.filter_map(|(view, sight)| {
            let rank = match sight.next {
                Next::Rest => return None,
                Next::Quick if sight.request.moving => 0,
                Next::Quick => 1,
                Next::Rows { pass, .. } => 2 + pass,
            };
            Some((rank, sight.turn, *view))
        });
        ranked.min().map(|(rank, _, view)| (rank, view))
    }

    /// One short piece of work.
    fn step(&mut self) {
        let chosen = self.choose();
        // Pictures for files come after first pictures and before smoothing.
        let drawn = match chosen {
            _ if self.easel.has_lost() => self.restore(),
            Some((rank, view)) if rank <= 2 || self.stills.is_empty() => self.serve(view),
            _ => self.expose(),
        };
        if let Err(error @ VolumeError::Lost(_)) = drawn {
            self.easel.reopen(&error, false);
            self.start_anew();
        }
    }

    /// There is another adapter: all is drawn anew once the cubes are on it.
    fn start_anew(&mut self) {
        for sight in self.sights.values_mut() {
            (sight.quick, sight.full) = (None, None);
            sight.start_anew();
        }
        for still in &mut self.stills {
            (still.plate, still.pass, still.row) = (None, 0, 0);
        }
        self.tell();
    }

    /// Hands a lost cube to the adapter again, a slab at a time.
    fn restore(&mut self) -> Result<(), VolumeError> {
        match self.easel.restore() {
            Ok(Some(cube)) => self.again(cube),
            Ok(None) => {}
            Err(error @ VolumeError::Lost(_)) => return Err(error),
            Err(error) => {
                let mut board = self.shared.lock();
                board.fault = Some(format!("a cube could not be handed to the adapter again: {error}"));
                drop(board);
                (self.shared.waker)();
            }
        }
        Ok(())
    }

    /// In development shaders are looked at once a second.
    fn refresh(&mut self) {
        if self.looked.elapsed() < SHADERS_EVERY {
            return;
        }
        self.looked = Instant::now();
        if self.easel.refresh_shaders() {
            self.sights.values_mut().for_each(Sight::start_anew);
            self.tell();
        }
    }

    /// Draws what a view needs next. Only a lost adapter is an error here; another refusal is told and ends the view's drawing.
    fn serve(&mut self, view: ViewId) -> Result<(), VolumeError> {
        self.turn += 1;
        let moving = self.sights.values().filter(|sight| sight.request.moving).count().max(1);
        let target_ms = if self.easel.is_software() { SOFTWARE_MS } else { CARD_MS } / moving as f32;
        let Some(sight) = self.sights.get_mut(&view) else { return Ok(()) };
        sight.turn = self.turn;
        let served = sight.serve(&self.easel, target_ms);
        let mut board = self.shared.lock();
        board.draws += 1;
        let shown = match served {
            Ok(shown) => shown,
            Err(error @ VolumeError::Lost(_)) => return Err(error),
            Err(error) => {
                sight.next = Next::Rest;
                board.refused.insert(view, error.to_string());
                None
            }
        };
        // The view may have been closed meanwhile.
        let is_wanted = board.wanted.contains_key(&view);
        let old = match shown {
            Some(shown) if is_wanted => {
                if self.easel.has_adapter() && self.easel.is_well() {
                    board.fault = self.easel.fault();
                }
                board.refused.remove(&view);
                board.shown.insert(view, Arc::new(shown))
            }
            _ if sight.next == Next::Rest => None,
            _ => return Ok(()),
        };
        drop(board);
        drop(old);
        (self.shared.waker)();
        Ok(())
    }

    /// Draws a piece of the first picture for a file.
    fn expose(&mut self) -> Result<(), VolumeError> {
        let Some(still) = self.stills.front_mut() else { return Ok(()) };
        let drawn = still.expose(&self.easel);
        self.shared.lock().draws += 1;
        let answer = match drawn {
            Ok(None) => return Ok(()),
            Ok(Some(rgba)) => Ok(rgba),
            Err(error @ VolumeError::Lost(_)) => return Err(error),
            Err(error) => Err(error),
        };
        if let Some(still) = self.stills.pop_front() {
            // The job may have been stopped meanwhile.
            still.answer.send(answer).ok();
        }
        Ok(())
    }
}

impl Sight {
    fn turn_to(&mut self, request: &Arc<Request>) {
        let old = std::mem::replace(&mut self.request, Arc::clone(request));
        let is_same = old.scene == request.scene && old.cube == request.cube && old.second == request.second;
        let is_seen = is_same && self.next != Next::Quick;
        if !is_seen || (old.width, old.height) != (request.width, request.height) {
            self.settling = FIRST;
        }
        self.next = match (is_seen, request.moving) {
            (false, _) => Next::Quick,
            // What is on screen is right already: a hand that rests on the view only stops the smoothing.
            (true, true) => Next::Rest,
            (true, false) => self.settling,
        };
    }

    fn start_anew(&mut self) {
        (self.next, self.settling) = (Next::Quick, FIRST);
    }

    fn full_size(&self) -> (u32, u32) {
        (self.request.width.max(1), self.request.height.max(1))
    }

    /// One picture, pass or band; the picture to show, where one is done.
    fn serve(&mut self, easel: &Easel, target_ms: f32) -> Result<Option<Shown>, VolumeError> {
        let full = self.full_size();
        match self.next {
            Next::Quick if self.is_patient(full) && !self.request.moving => {
                self.next = FIRST;
                self.rows(easel, 0, 0)
            }
            Next::Quick => {
                let size = easel.most(self.pace.size(full, target_ms));
                let begun = Instant::now();
                let plate = plate(&mut self.quick, easel, size)?;
                easel.draw(plate, &self.request, 0, 0..size.1)?;
                let rgba = easel.pixels(plate)?;
                let ms = milliseconds(begun);
                self.pace.measured(pixels(size), ms);
                self.next = if self.request.moving { Next::Rest } else { FIRST };
                Ok(Some(self.shown(size, rgba, 1, ms)))
            }
            Next::Rows { pass, row } => self.rows(easel, pass, row),
            Next::Rest => Ok(None),
        }
    }

    /// A full picture comes soon enough to be the first.
    fn is_patient(&self, full: (u32, u32)) -> bool {
        self.pace.is_known() && self.pace.predicted(pixels(full)) <= PATIENCE_MS
    }

    fn rows(&mut self, easel: &Easel, pass: u32, row: u32) -> Result<Option<Shown>, VolumeError> {
        let full = easel.most(self.full_size());
        let (band, most_passes) =
            if easel.has_adapter() { (self.pace.band(full), MOST_PASSES) } else { (full.1, 1) };
        let last = (row + band).min(full.1);
        let begun = Instant::now();
        let plate = plate(&mut self.full, easel, full)?;
        easel.draw(plate, &self.request, pass, row..last)?;
        let ms = milliseconds(begun);
        self.pace.measured(pixels((full.0, last - row)), ms);
        self.spent_ms = if row == 0 { ms } else { self.spent_ms + ms };
        if last < full.1 {
            self.next = Next::Rows { pass, row: last };
            self.settling = self.next;
            return Ok(None);
        }
        let passes = pass + 1;
        let is_last = passes >= most_passes.min(passes_of(self.spent_ms));
        self.next = if is_last { Next::Rest } else { Next::Rows { pass: passes, row: 0 } };
        self.settling = self.next;
        if !is_last && !passes.is_power_of_two() {
            return Ok(None);
        }
        let rgba = easel.pixels(plate)?;
        Ok(Some(self.shown(full, rgba, passes, self.spent_ms)))
    }

    fn shown(&self, (width, height): (u32, u32), rgba: Vec<u8>, passes: u32, ms: f32) -> Shown {
        let is_settled = self.next == Next::Rest && !self.request.moving;
        Shown { width, height, rgba, request: Request::clone(&self.request), passes, is_settled, ms }
    }
}

impl Still {
    /// A band of the picture; all of it once it is done.
    fn expose(&mut self, easel: &Easel) -> Result<Option<Vec<u8>>, VolumeError> {
        if self.context.is_cancelled() {
            return Err(Cancelled.into());
        }
        let size = (self.request.width, self.request.height);
        let begun = Instant::now();
        let plate = plate(&mut self.plate, easel, size)?;
        if !easel.has_adapter() {
            // The processor draws all of it at once, and knows no passes.
            easel.draw(plate, &self.request, 0, 0..size.1)?;
            return easel.pixels(plate).map(Some);
        }
        let band = if self.pace.is_known() { self.pace.band(size) } else { size.1.min(16) };
        let last = (self.row + band).min(size.1);
        easel.draw(plate, &self.request, self.pass, self.row..last)?;
        self.pace.measured(pixels((size.0, last - self.row)), milliseconds(begun));
        (self.pass, self.row) = if last < size.1 { (self.pass, last) } else { (self.pass + 1, 0) };
        if self.pass == self.passes {
            return easel.pixels(plate).map(Some);
        }
        let done = (self.pass as f32 + self.row as f32 / size.1 as f32) / self.passes as f32;
        self.context.report(self.context.progress().text, Some(done));
        Ok(None)
    }
}

/// The plate, made anew where it has another size.
fn plate<'a>(
    place: &'a mut Option<Plate>,
    easel: &Easel,
    size: (u32, u32),
) -> Result<&'a mut Plate, VolumeError> {
    match place {
        Some(plate) if plate.size == size => {}
        _ => {
            // The old one makes room first.
            *place = None;
            *place = Some(easel.plate(size)?);
        }
    }
    place.as_mut().ok_or(VolumeError::NotThere)
}

/// How many passes are worth their time: a power of two.
fn passes_of(pass_ms: f32) -> u32 {
    let mut passes = MOST_PASSES;
    while passes > LEAST_PASSES && passes as f32 * pass_ms > SMOOTHING_MS {
        passes /= 2;
    }
    passes
}

fn pixels((width, height): (u32, u32)) -> u64 {
    u64::from(width) * u64::from(height)
}

fn milliseconds(begun: Instant) -> f32 {
    begun.elapsed().as_secs_f32() * 1e3
}
