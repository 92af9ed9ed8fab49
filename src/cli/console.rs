//! What every subcommand shares: text and progress on standard error, JSON on standard output, Ctrl-C, exit codes.

use crate::job::{Context, Event, Handle, JobQueue, Lane};
use indicatif::{ProgressBar, ProgressStyle};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

/// Set by Ctrl-C; the running job stops at its next safe point.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static HANDLER: Once = Once::new();

pub struct Console {
    json: bool,
    queue: JobQueue,
}

impl Console {
    pub fn new(json: bool) -> Self {
        Self { json, queue: JobQueue::new(Arc::new(|| {})) }
    }

    /// A line for the human.
    pub fn say(&self, text: impl AsRef<str>) {
        eprintln!("{}", text.as_ref());
    }

    /// The answer for scripts; printed only with `--json`.
    pub fn answer(&self, value: &serde_json::Value) {
        if self.json {
            println!("{value}");
        }
    }

    /// Runs work as a job with a progress bar, and stops it at a safe point on Ctrl-C.
    pub fn run_job<T, F>(&self, title: &str, work: F) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Context) -> anyhow::Result<T> + Send + 'static,
    {
        HANDLER.call_once(|| {
            // Where no handler can be set, Ctrl-C ends the process at once; files are written whole anyway.
            if let Err(error) = ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)) {
                eprintln!("warning: Ctrl-C will stop at once, not at a safe point: {error}");
            }
        });
        let handle: Handle<T> = self.queue.spawn(Lane::Heavy, title, work);
        let bar = ProgressBar::new(1000);
        if let Ok(style) =
            ProgressStyle::with_template("{prefix} {bar:30} {percent:>3} %  {elapsed}  {wide_msg}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(title.to_owned());
        let answer = loop {
            if INTERRUPTED.load(Ordering::Relaxed) && !handle.context.is_cancelled() {
                bar.println("stopping at the next safe point …");
                handle.context.cancel();
            }
            let answer = handle.wait_for(Duration::from_millis(100));
            for event in self.queue.take_events() {
                if let Event::Warning { text, .. } = event {
                    bar.suspend(|| eprintln!("warning: {text}"));
                }
            }
            let progress = handle.context.progress();
            if let Some(fraction) = progress.fraction {
                bar.set_position((fraction * 1000.0) as u64);
            }
            bar.set_message(progress.text);
            if let Some(answer) = answer {
                break answer;
            }
        };
        bar.finish_and_clear();
        answer.map_err(anyhow::Error::msg)
    }

    /// The exit status of the program.
    pub fn exit(&self, done: anyhow::Result<()>) -> ExitCode {
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) if INTERRUPTED.load(Ordering::Relaxed) => {
                eprintln!("stopped; what was done is kept");
                ExitCode::from(130)
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                if error.is::<Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
            }
        }
    }
}

/// Arguments that cannot be meant, found after clap read them: exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Usage(pub String);
