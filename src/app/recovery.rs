//! What a crash leaves behind: the blueprint as it was, and a line on standard error that says where.

use crate::blueprint::Blueprint;
use crate::io::atomic;
use std::path::PathBuf;
use std::sync::{Mutex, Once, PoisonError};

/// The document to save, and where to.
static LATEST: Mutex<Option<(PathBuf, Blueprint)>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// Keeps a copy of the open blueprint for the case of a crash.
pub fn keep(path: PathBuf, blueprint: Blueprint) {
    *LATEST.lock().unwrap_or_else(PoisonError::into_inner) = Some((path, blueprint));
}

/// Sets the hook that saves the blueprint when the window's thread panics. Panics of jobs are errors of those jobs.
pub fn install() {
    HOOK.call_once(|| {
        let window_thread = std::thread::current().id();
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            previous(panic);
            if std::thread::current().id() != window_thread {
                return;
            }
            let latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner).take();
            let Some((path, blueprint)) = latest else { return };
            let saved = serde_json::to_vec_pretty(&blueprint)
                .map_err(anyhow::Error::from)
                .and_then(|text| Ok(atomic::write_bytes(&path, &text)?));
            match saved {
                Ok(()) => eprintln!(
                    "the blueprint was saved to {}; it opens again with the project",
                    path.display()
                ),
                Err(error) => eprintln!("the blueprint could not be saved to {}: {error:#}", path.display()),
            }
        }));
    });
}
