//! Background work: one queue, progress, pause, cancel, facts that are never lost, values of which only the latest counts.
//! No window and no tensors here: whoever watches hands in a waker.

mod context;
mod queue;
mod slot;

pub use context::{Cancelled, Context, Progress, Waker};
pub use queue::{Event, Handle, JobId, JobQueue, Lane, State, Status};
pub use slot::Slot;
