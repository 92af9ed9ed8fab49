//! The app itself: owns the state and the workspaces, lays out the frame.

use super::blueprint::BlueprintView;
use super::clouds::CloudsView;
use super::command::Command;
use super::dialogs::Dialogs;
use super::exchange::Exchange;
use super::key_page::KeyPage;
use super::keymap::{Changes, KeyMap};
use super::launch::Options;
use super::machine::{Device, FrameTimes, Monitor};
use super::notice::Notices;
use super::palette::{Choice, Palette};
use super::runs::RunsView;
use super::session::{Keeper, Loaded, PanelIds};
use super::state::AppState;
use super::task::Task;
use super::theme::{self, Tokens};
use super::volume::VolumeView;
use super::workspace::{Find, View, Workspace};
use super::{drawer, files, frame};
use crate::job::{Handle, JobQueue};
use crate::project::{self, Entry, PanelLayout, Recent};
use egui::{CentralPanel, Context, Frame, Margin, Panel, Ui, UiBuilder};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The window of Aquila.
pub struct Aquila {
    pub(super) state: AppState,
    pub(super) palette: Palette,
    pub(super) key_page: KeyPage,
    pub(super) blueprint: BlueprintView,
    pub(super) volume: VolumeView,
    pub(super) clouds: CloudsView,
    pub(super) runs: RunsView,
    pub(super) dialogs: Dialogs,
    pub(super) exchange: Exchange,
    pub(super) keeper: Keeper,
    pub(super) loading: Option<Handle<Loaded>>,
    /// The example cube that is being made.
    pub(super) making_example: Option<Handle<PathBuf>>,
    pub(super) listing: Option<Task<Vec<Entry>>>,
    /// Files that are looked into, to know which workspace they belong to.
    pub(super) sorting: Vec<(PathBuf, Task<Workspace>)>,
    /// Where Aquila's own files lie.
    pub(super) home: PathBuf,
    /// What was asked for on the command line and waits for the project.
    pub(super) asked_paths: Vec<PathBuf>,
    pub(super) asked_workspace: Option<Workspace>,
    /// A picture is taken: nothing is written to the project.
    pub(super) read_only: bool,
    /// A training was asked for on the command line and waits for the project.
    train_when_ready: bool,
    /// A block or a run was asked for on the command line and waits until all else is done.
    select_when_ready: Option<String>,
    pub(super) layout: PanelLayout,
    pub(super) generation: u64,
    pub(super) picture_path: Option<PathBuf>,
    pub(super) saved_recent: Recent,
    /// The changes of keys that the window goes by.
    pub(super) applied_keys: Option<Changes>,
    pub(super) context: Context,
    frames: FrameTimes,
    /// What `update` took before this frame.
    update_time: Duration,
    monitor: Monitor,
    device: Device,
    title: String,
}

impl Aquila {
    /// The window with nothing open yet; the project is read in the background.
    pub fn new(context: &Context, options: Options, notices: Notices) -> anyhow::Result<Self> {
        let home = options.home.clone().map_or_else(project::home, Ok)?;
        let recent = Recent::read(&home).unwrap_or_else(|error| {
            notices.warn(error.to_string());
            Recent::default()
        });
        theme::install(context, recent.text_scale);
        let waker = context.clone();
        let queue = JobQueue::new(Arc::new(move || waker.request_repaint()));
        let mut app = Self {
            saved_recent: recent.clone(),
            state: AppState::new(queue, notices, recent),
            palette: Palette::default(),
            key_page: KeyPage::default(),
            applied_keys: None,
            blueprint: BlueprintView::new(&home),
            volume: VolumeView::default(),
            clouds: CloudsView::default(),
            runs: RunsView::default(),
            dialogs: Dialogs::default(),
            exchange: Exchange::default(),
            keeper: Keeper::default(),
            loading: None,
            making_example: None,
            listing: None,
            sorting: Vec::new(),
            home,
            asked_paths: options.paths,
            asked_workspace: options.workspace,
            read_only: options.screenshot.is_some(),
            train_when_ready: options.train,
            select_when_ready: options.select,
            layout: PanelLayout::default(),
            generation: 0,
            picture_path: None,
            context: context.clone(),
            frames: FrameTimes::new(options.frame_log.as_deref())?,
            update_time: Duration::ZERO,
            monitor: Monitor::start(context),
            device: Device::default(),
            title: String::new(),
        };
        app.state.workspace = options.workspace.unwrap_or_default();
        app.apply_settings(context, options.theme);
        app.open_first_project();
        Ok(app)
    }

    pub fn state(&self) -> &AppState {
        &self.state
    }

    pub fn state_mut(&mut self) -> &mut AppState {
        &mut self.state
    }

    /// Whether everything that was asked for is loaded and nothing is under way.
    pub fn is_settled(&self) -> bool {
        !self.train_when_ready && self.select_when_ready.is_none() && self.is_idle()
    }

    fn is_idle(&self) -> bool {
        self.loading.is_none()
            && self.making_example.is_none()
            && self.listing.is_none()
            && self.sorting.is_empty()
            && self.state.queue.is_idle()
            && self.state.thumbnails.is_settled()
            && self.volume.is_settled()
            && self.clouds.is_settled()
            && self.blueprint.is_settled()
            && self.runs.is_settled()
    }

    pub(super) fn view(&mut self, workspace: Workspace) -> (&mut dyn View, &mut AppState) {
        let view: &mut dyn View = match workspace {
            Workspace::Blueprint => &mut self.blueprint,
            Workspace::Volume => &mut self.volume,
            Workspace::Clouds => &mut self.clouds,
            Workspace::Runs => &mut self.runs,
        };
        (view, &mut self.state)
    }

    /// Takes what has finished in the background. Called before every frame.
    pub fn update(&mut self, context: &Context) {
        let begun = Instant::now();
        self.take_answers(context);
        self.state.thumbnails.update(context);
        self.device.update(context, &self.state.training.recipe.training.device);
        for workspace in Workspace::ALL {
            let (view, state) = self.view(workspace);
            view.update(context, state);
        }
        if self.train_when_ready && self.state.project.is_some() && self.is_idle() {
            self.train_when_ready = false;
            self.state.request(Command::Train);
        } else if self.state.project.is_some()
            && self.is_idle()
            && let Some(name) = self.select_when_ready.take()
        {
            self.select(&name);
        }
        self.keep_session(context);
        self.update_time = begun.elapsed();
    }

    /// Paints the window and carries out what the user asked for.
    pub fn paint(&mut self, ui: &mut Ui) {
        let begun = Instant::now();
        let context = ui.ctx().clone();
        self.key_page.listen(&context, &mut self.state.recent.keys);
        for command in KeyMap::of(&context).take_commands(&context) {
            self.state.request(command);
        }
        self.take_dropped_files(&context);
        self.take_picture(&context);
        self.lay_out(ui);
        self.show_palette(&context);
        self.key_page.show(&context, &mut self.state.recent.keys);
        self.apply_keys(&context);
        self.state.notices.toasts(&context);
        frame::drop_hint(&context);
        self.name_window(&context);
        let requests = self.state.take_requests();
        let paths = self.state.take_paths();
        if !requests.is_empty() || !paths.is_empty() {
            context.request_repaint();
        }
        requests.into_iter().for_each(|command| self.execute(&context, command));
        paths.into_iter().for_each(|(path, wanted)| self.open_path(&path, wanted));
        if let Some(fault) = self.frames.add(self.update_time + begun.elapsed()) {
            self.state.notices.warn(fault);
        }
    }

    fn lay_out(&mut self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        let bar = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(12, 0));
        let panel = Frame::new().fill(tokens.panel).inner_margin(Margin::same(12));
        let ids = PanelIds::new(self.generation);
        let (memory, frame_ms) = (self.monitor.memory(), self.frames.typical_ms());
        Panel::top("top-bar")
            .exact_size(frame::TOP_BAR_HEIGHT)
            .resizable(false)
            .frame(bar)
            .show(ui, |ui| frame::top_bar(ui, &mut self.state));
        Panel::bottom("status-bar")
            .exact_size(frame::STATUS_BAR_HEIGHT)
            .resizable(false)
            .frame(bar)
            .show(ui, |ui| frame::status_bar(ui, &mut self.state, &self.device, memory, frame_ms));
        self.state.readout.clear();
        self.state.drawn_by.clear();
        // Each is read and written around its panel: what lies in a panel may ask for another.
        let mut is_open = self.state.panels.files;
        Panel::left(ids.files)
            .default_size(self.layout.files_width)
            .size_range(160.0..=420.0)
            .frame(panel)
            .show_collapsible(ui, &mut is_open, |ui| {
                ui.take_available_space();
                files::show(ui, &mut self.state);
            });
        self.state.panels.files = is_open;
        let mut is_open = self.state.panels.inspector;
        Panel::right(ids.inspector)
            .default_size(self.layout.inspector_width)
            .size_range(240.0..=640.0)
            .frame(panel)
            .show_collapsible(ui, &mut is_open, |ui| {
                ui.take_available_space();
                // Content that is a little too wide must not widen the panel: it would grow with every frame.
                let mut inside = ui.new_child(UiBuilder::new().max_rect(ui.max_rect()));
                let (view, state) = self.view(self.state.workspace);
                view.inspector(&mut inside, state);
            });
        self.state.panels.inspector = is_open;
        let workspace = self.state.workspace;
        let mut is_open = *self.state.drawer(workspace);
        Panel::bottom(ids.drawer)
            .default_size(self.layout.drawer_height)
            .size_range(96.0..=560.0)
            .frame(panel)
            .show_collapsible(ui, &mut is_open, |ui| {
                ui.take_available_space();
                let runs = &mut self.runs;
                drawer::show(ui, &mut self.state, |ui, state| runs.drawer(ui, state));
            });
        *self.state.drawer(workspace) = is_open;
        CentralPanel::no_frame().frame(Frame::new().fill(tokens.window)).show(ui, |ui| {
            let (view, state) = self.view(self.state.workspace);
            view.centre(ui, state);
        });
    }

    fn show_palette(&mut self, context: &Context) {
        if !self.palette.is_open() {
            return;
        }
        let mut finds: Vec<(Workspace, Find)> = Vec::new();
        for workspace in Workspace::ALL {
            let (view, state) = self.view(workspace);
            finds.extend(view.finds(state).into_iter().map(|find| (workspace, find)));
        }
        let files = files::all_files(&self.state);
        match self.palette.show(context, &files, &finds) {
            Some(Choice::Command(command)) => self.state.request(command),
            Some(Choice::File(path)) => self.state.request_open(path),
            Some(Choice::Find(workspace, target)) => {
                self.state.workspace = workspace;
                let (view, state) = self.view(workspace);
                view.go_to(&target, state);
            }
            None => {}
        }
    }

    /// Selects the block or the run of this name.
    fn select(&mut self, name: &str) {
        for workspace in Workspace::ALL {
            let (view, state) = self.view(workspace);
            if let Some(find) = view.finds(state).into_iter().find(|find| find.text == name) {
                state.workspace = workspace;
                view.go_to(&find.target, state);
                return;
            }
        }
        self.state.notices.error(format!("there is no block and no run of the name “{name}”"));
    }

    fn name_window(&mut self, context: &Context) {
        let title = match &self.state.project {
            Some(project) => format!("{} · Aquila", project.name),
            None => "Aquila".to_owned(),
        };
        if title != self.title {
            context.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

impl eframe::App for Aquila {
    fn logic(&mut self, context: &Context, _frame: &mut eframe::Frame) {
        self.update(context);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.paint(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        let context = self.context.clone();
        self.leave(&context);
    }
}
