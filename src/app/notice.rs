//! Messages to the user: a toast for a moment, a line in the log for good. Jobs, commands and `tracing` all end here.

use super::theme::{BLOCK_RADIUS, Tokens};
use egui::{Align2, Area, Context, Frame, Id, Margin, Order, RichText, Stroke, Ui};
use egui_phosphor::regular as icon;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context as LayerContext, Layer};

/// How long a toast stays; an error stays longer.
const TOAST: Duration = Duration::from_secs(5);
const ERROR_TOAST: Duration = Duration::from_secs(10);
/// How many messages the log keeps.
const KEPT: usize = 2000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Done,
    Warning,
    Error,
}

#[derive(Clone, Debug)]
pub struct Notice {
    pub level: Level,
    pub text: String,
    pub time: SystemTime,
    shown: Instant,
    /// Whether it pops up; an `Info` only goes to the log.
    toast: bool,
}

/// The messages so far. Clones share them.
#[derive(Clone, Default)]
pub struct Notices {
    list: Arc<Mutex<Vec<Notice>>>,
}

impl Notices {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Notice>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add(&self, level: Level, text: impl Into<String>) {
        let notice = Notice {
            level,
            text: text.into(),
            time: SystemTime::now(),
            shown: Instant::now(),
            toast: level != Level::Info,
        };
        let mut list = self.lock();
        list.push(notice);
        let surplus = list.len().saturating_sub(KEPT);
        list.drain(..surplus);
    }

    pub fn info(&self, text: impl Into<String>) {
        self.add(Level::Info, text);
    }

    pub fn done(&self, text: impl Into<String>) {
        self.add(Level::Done, text);
    }

    pub fn warn(&self, text: impl Into<String>) {
        self.add(Level::Warning, text);
    }

    pub fn error(&self, text: impl Into<String>) {
        self.add(Level::Error, text);
    }

    pub fn all(&self) -> Vec<Notice> {
        self.lock().clone()
    }

    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Paints the toasts of the last seconds at the bottom right, newest lowest; a click sends one away.
    pub fn toasts(&self, context: &Context) {
        let now = Instant::now();
        let lifetime = |level| if level == Level::Error { ERROR_TOAST } else { TOAST };
        let mut list = self.lock();
        let mut soonest: Option<Duration> = None;
        let mut y = -40.0;
        for (index, notice) in list.iter_mut().enumerate().rev() {
            if !notice.toast {
                continue;
            }
            let age = now.duration_since(notice.shown);
            let Some(left) = lifetime(notice.level).checked_sub(age) else {
                notice.toast = false;
                continue;
            };
            soonest = Some(soonest.map_or(left, |soonest| soonest.min(left)));
            let area = Area::new(Id::new(("toast", notice.shown, index)))
                .order(Order::Tooltip)
                .anchor(Align2::RIGHT_BOTTOM, [-16.0, y])
                .show(context, |ui| toast(ui, notice));
            if area.response.clicked() || area.inner {
                notice.toast = false;
            }
            y -= area.response.rect.height() + 8.0;
            if y < -400.0 {
                break;
            }
        }
        if let Some(left) = soonest {
            context.request_repaint_after(left);
        }
    }
}

/// The icon and the colour of a level.
pub fn mark(level: Level, tokens: &Tokens) -> (&'static str, egui::Color32) {
    match level {
        Level::Info => (icon::INFO, tokens.dim),
        Level::Done => (icon::CHECK_CIRCLE, tokens.ok),
        Level::Warning => (icon::WARNING, tokens.warning),
        Level::Error => (icon::X_CIRCLE, tokens.error),
    }
}

fn toast(ui: &mut Ui, notice: &Notice) -> bool {
    let tokens = Tokens::of(ui);
    let (icon, colour) = mark(notice.level, tokens);
    Frame::new()
        .fill(tokens.field)
        .stroke(Stroke::new(1.0, tokens.line))
        .corner_radius(BLOCK_RADIUS)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin::symmetric(12, 8))
        .show(ui, |ui| {
            ui.set_max_width(360.0);
            ui.horizontal_top(|ui| {
                ui.label(RichText::new(icon).color(colour).size(15.0));
                ui.add(egui::Label::new(&notice.text).wrap().sense(egui::Sense::click())).clicked()
            })
            .inner
        })
        .inner
}

/// Sends what the program traces to the log: its own from `INFO`, everybody else's from `WARN`.
pub struct NoticeLayer {
    pub notices: Notices,
}

impl<S: tracing::Subscriber> Layer<S> for NoticeLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _context: LayerContext<'_, S>) {
        let meta = event.metadata();
        let least =
            if meta.target().starts_with("aquila") { tracing::Level::INFO } else { tracing::Level::WARN };
        if *meta.level() > least {
            return;
        }
        let mut text = Text(String::new());
        event.record(&mut text);
        let level = match *meta.level() {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warning,
            _ => Level::Info,
        };
        // A library's warning is for the log; only the program's own pops up.
        let own = meta.target().starts_with("aquila");
        self.notices.add(if own { level } else { Level::Info }, text.0);
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0.insert_str(0, &format!("{value:?}"));
        } else {
            self.0.push_str(&format!(" {}={value:?}", field.name()));
        }
    }
}
