//! What is worked out beside the window: at once from the values that are loaded, then, where those were reduced, from the file at
//! full resolution, with progress and a way to stop it.

use crate::app::task::Task;
use crate::app::theme::Tokens;
use crate::job::Handle;
use egui::{Label, RichText, Ui};
use egui_phosphor::regular as icon;
use std::sync::Arc;

type Answer<T> = Result<Arc<T>, String>;

/// Results of a question `K`; the newest that is known is shown until there is a better one.
pub struct Work<K, T> {
    quick_asked: Option<(K, Task<T>)>,
    quick: Option<(K, Answer<T>)>,
    whole_asked: Option<(K, Handle<T>)>,
    whole: Option<(K, Answer<T>)>,
    /// It was stopped, or is large, and is not begun of itself.
    held_back: Option<K>,
    /// It was asked for with the button.
    asked_for: Option<K>,
}

impl<K, T> Default for Work<K, T> {
    fn default() -> Self {
        Self {
            quick_asked: None,
            quick: None,
            whole_asked: None,
            whole: None,
            held_back: None,
            asked_for: None,
        }
    }
}

impl<K, T> Drop for Work<K, T> {
    fn drop(&mut self) {
        if let Some((_, handle)) = &self.whole_asked {
            handle.context.cancel();
        }
    }
}

/// The work on the file.
pub struct FromFile<S> {
    pub spawn: S,
    /// It is begun without being asked for.
    pub of_itself: bool,
}

impl<K: Clone + PartialEq, T: Send + 'static> Work<K, T> {
    pub fn is_settled(&self) -> bool {
        self.quick_asked.is_none() && self.whole_asked.is_none()
    }

    /// Takes what has come, and asks for what is wanted now.
    pub fn update<S: FnOnce() -> Handle<T>>(
        &mut self,
        wanted: &K,
        quick: impl FnOnce() -> Task<T>,
        file: Option<FromFile<S>>,
    ) {
        if let Some((asked, task)) = &self.quick_asked
            && let Some(answer) = task.take()
        {
            self.quick = Some((asked.clone(), answer.map(Arc::new)));
            self.quick_asked = None;
        }
        if let Some((asked, handle)) = &self.whole_asked
            && let Some(answer) = handle.try_take()
        {
            if handle.context.is_cancelled() {
                self.held_back = Some(asked.clone());
            } else {
                self.whole = Some((asked.clone(), answer.map(Arc::new)));
            }
            self.whole_asked = None;
        }
        let is = |known: Option<&K>| known == Some(wanted);
        if self.quick_asked.is_none() && !is(self.quick.as_ref().map(|known| &known.0)) {
            self.quick_asked = Some((wanted.clone(), quick()));
        }
        if let Some((_, handle)) = self.whole_asked.as_ref().filter(|asked| asked.0 != *wanted) {
            handle.context.cancel();
        }
        let Some(file) = file else { return };
        let is_begun = self.whole_asked.is_some() || is(self.whole.as_ref().map(|known| &known.0));
        if is_begun || is(self.held_back.as_ref()) {
            return;
        }
        if file.of_itself || is(self.asked_for.as_ref()) {
            self.whole_asked = Some((wanted.clone(), (file.spawn)()));
        } else {
            self.held_back = Some(wanted.clone());
        }
    }

    /// The best answer that is known, also while that to a later question is being worked out.
    pub fn best(&self, wanted: &K) -> Option<&Answer<T>> {
        let whole = self.whole.as_ref().filter(|(key, answer)| key == wanted && answer.is_ok());
        whole.or(self.quick.as_ref()).map(|(_, answer)| answer)
    }

    /// Says which values are shown where the cube was reduced, how far the reading is, and lets it be stopped or begun. `factor` is
    /// the number of voxels that became one along each side.
    pub fn provenance(&mut self, ui: &mut Ui, wanted: &K, factor: usize) {
        let tokens = Tokens::of(ui);
        let say = |ui: &mut Ui, words: String, colour| {
            ui.add(Label::new(RichText::new(words).color(colour)).wrap());
        };
        if factor < 2 {
            return;
        }
        if let Some((_, answer)) = self.whole.as_ref().filter(|known| known.0 == *wanted) {
            match answer {
                Ok(_) => say(ui, "From the file, at full resolution".to_owned(), tokens.dim),
                Err(error) => say(ui, error.clone(), tokens.error),
            }
            return;
        }
        say(ui, format!("Of the cube at 1/{factor} of its resolution"), tokens.dim);
        if let Some((_, handle)) = &self.whole_asked {
            let progress = handle.context.progress();
            let percent = progress.fraction.map(|part| format!(" {:.0} %", part * 100.0)).unwrap_or_default();
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new(format!("Reading the file{percent}")).color(tokens.dim));
                if ui.button(format!("{}  Stop", icon::X)).clicked() {
                    handle.context.cancel();
                }
            });
        } else if self.held_back.as_ref() == Some(wanted)
            && ui.button("At full resolution").on_hover_text("Reads the file, in the background").clicked()
        {
            self.held_back = None;
            self.asked_for = Some(wanted.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{JobQueue, Lane};
    use std::time::Duration;

    /// Asks until nothing is under way any more.
    fn settled(work: &mut Work<u8, u32>, queue: &JobQueue, wanted: u8, of_itself: bool) -> u32 {
        let context = egui::Context::default();
        for _ in 0..1000 {
            let quick = || Task::spawn(&context, "quick", move || Ok(u32::from(wanted)));
            let spawn = || queue.spawn(Lane::Light, "whole", move |_| Ok(100 + u32::from(wanted)));
            work.update(&wanted, quick, Some(FromFile { spawn, of_itself }));
            if work.is_settled() {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        assert!(work.is_settled());
        **work.best(&wanted).expect("an answer").as_ref().expect("a number")
    }

    #[test]
    fn what_the_file_says_takes_the_place_of_what_is_loaded_and_only_when_it_may() {
        let queue = JobQueue::new(std::sync::Arc::new(|| {}));
        let mut work = Work::default();
        assert_eq!(settled(&mut work, &queue, 1, true), 101);
        // Another question: the old answer from the file is not one to it.
        assert_eq!(settled(&mut work, &queue, 2, false), 2);
        work.asked_for = Some(2);
        work.held_back = None;
        assert_eq!(settled(&mut work, &queue, 2, false), 102);
    }
}
