//! A place for the latest value: writers replace, readers take a cheap clone, nobody waits.

use std::sync::{Arc, Mutex, PoisonError};

/// The newest value wins; older ones are dropped unread. Clones share the place.
pub struct Slot<T> {
    inner: Arc<Mutex<Inner<T>>>,
}

struct Inner<T> {
    value: Option<Arc<T>>,
    generation: u64,
}

impl<T> Slot<T> {
    pub fn new() -> Self {
        Self { inner: Arc::new(Mutex::new(Inner { value: None, generation: 0 })) }
    }

    pub fn publish(&self, value: T) {
        // The old value is dropped after the lock is gone: freeing an image must not hold up a reader.
        let old = {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            inner.generation += 1;
            inner.value.replace(Arc::new(value))
        };
        drop(old);
    }

    pub fn latest(&self) -> Option<Arc<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).value.clone()
    }

    /// Counts publications, so that a view can tell whether it has to redo its texture.
    pub fn generation(&self) -> u64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).generation
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}
