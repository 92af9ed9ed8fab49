//! The app itself: owns the state and the workspaces, lays out the frame, carries out commands.

use super::blueprint::BlueprintView;
use super::clouds::CloudsView;
use super::command::Command;
use super::frame::{self, Machine};
use super::launch::Options;
use super::notice::Notices;
use super::palette::{Choice, Palette};
use super::runs::RunsView;
use super::state::AppState;
use super::theme::{self, Tokens};
use super::workspace::{View, Workspace};
use super::{drawer, files};
use crate::job::JobQueue;
use egui::{CentralPanel, Context, Frame, Margin, Panel, Stroke, Theme, Ui, ViewportCommand};
use std::sync::Arc;
use std::time::Instant;

/// The window of Aquila.
pub struct Aquila {
    state: AppState,
    palette: Palette,
    blueprint: BlueprintView,
    clouds: CloudsView,
    runs: RunsView,
    machine: Machine,
}

impl Aquila {
    pub fn new(context: &Context, options: Options) -> Self {
        theme::install(context, 1.0);
        let waker = context.clone();
        let queue = JobQueue::new(Arc::new(move || waker.request_repaint()));
        let mut state = AppState::new(queue, Notices::default());
        state.workspace = options.workspace.unwrap_or_default();
        if let Some(theme) = options.theme {
            context.set_theme(theme);
        }
        options.paths.into_iter().for_each(|path| state.request_open(path));
        Self {
            state,
            palette: Palette::default(),
            blueprint: BlueprintView::default(),
            clouds: CloudsView::default(),
            runs: RunsView::default(),
            machine: Machine {
                device: "CPU".into(),
                memory_used_gib: 0.0,
                memory_total_gib: 0.0,
                frame_ms: 0.0,
            },
        }
    }

    pub fn state(&self) -> &AppState {
        &self.state
    }

    fn view(&mut self, workspace: Workspace) -> (&mut dyn View, &mut AppState) {
        let view: &mut dyn View = match workspace {
            Workspace::Blueprint => &mut self.blueprint,
            Workspace::Clouds => &mut self.clouds,
            Workspace::Runs => &mut self.runs,
        };
        (view, &mut self.state)
    }

    fn execute(&mut self, context: &Context, command: Command) {
        let (view, state) = self.view(self.state.workspace);
        if view.command(command, state) {
            return;
        }
        let panels = &mut self.state.panels;
        match command {
            Command::ShowBlueprint => self.state.workspace = Workspace::Blueprint,
            Command::ShowClouds => self.state.workspace = Workspace::Clouds,
            Command::ShowRuns => self.state.workspace = Workspace::Runs,
            Command::ToggleFiles => panels.files = !panels.files,
            Command::ToggleInspector => panels.inspector = !panels.inspector,
            Command::ToggleDrawer => panels.drawer = !panels.drawer,
            Command::Palette => self.palette.toggle(),
            Command::ToggleTheme => {
                context.set_theme(if context.theme() == Theme::Dark { Theme::Light } else { Theme::Dark });
            }
            Command::Quit => context.send_viewport_cmd(ViewportCommand::Close),
            _ => {}
        }
    }

    fn layout(&mut self, ui: &mut Ui) {
        let tokens = Tokens::of(ui);
        let bar = Frame::new().fill(tokens.panel).inner_margin(Margin::symmetric(12, 0));
        let panel = Frame::new().fill(tokens.panel).inner_margin(Margin::same(12));
        Panel::top("top-bar").exact_size(frame::TOP_BAR_HEIGHT).resizable(false).frame(bar).show(ui, |ui| {
            frame::top_bar(ui, &mut self.state);
        });
        Panel::bottom("status-bar").exact_size(frame::STATUS_BAR_HEIGHT).resizable(false).frame(bar).show(
            ui,
            |ui| {
                frame::status_bar(ui, &self.state, &self.machine);
            },
        );
        self.state.readout.clear();
        let mut panels = self.state.panels;
        Panel::left("files").default_size(212.0).size_range(160.0..=400.0).frame(panel).show_collapsible(
            ui,
            &mut panels.files,
            |ui| files::show(ui, &mut self.state),
        );
        Panel::right("inspector")
            .default_size(316.0)
            .size_range(240.0..=560.0)
            .frame(panel)
            .show_collapsible(ui, &mut panels.inspector, |ui| {
                let (view, state) = self.view(self.state.workspace);
                view.inspector(ui, state);
            });
        Panel::bottom("drawer").default_size(206.0).size_range(120.0..=520.0).frame(panel).show_collapsible(
            ui,
            &mut panels.drawer,
            |ui| {
                let runs = &mut self.runs;
                drawer::show(ui, &mut self.state, |ui, state| runs.drawer(ui, state));
            },
        );
        self.state.panels = super::state::Panels { tab: self.state.panels.tab, ..panels };
        let centre = Frame::new().fill(tokens.window).stroke(Stroke::NONE);
        CentralPanel::no_frame().frame(centre).show(ui, |ui| {
            let (view, state) = self.view(self.state.workspace);
            view.centre(ui, state);
        });
    }
}

impl eframe::App for Aquila {
    fn logic(&mut self, context: &Context, _frame: &mut eframe::Frame) {
        for workspace in Workspace::ALL {
            let (view, state) = self.view(workspace);
            view.update(context, state);
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let begun = Instant::now();
        let context = ui.ctx().clone();
        for command in Command::pressed(&context) {
            self.state.request(command);
        }
        self.layout(ui);
        match self.palette.show(&context, &[], &[]) {
            Some(Choice::Command(command)) => self.state.request(command),
            Some(Choice::File(path)) => self.state.request_open(path),
            Some(Choice::Find(workspace, target)) => {
                self.state.workspace = workspace;
                let (view, state) = self.view(workspace);
                view.go_to(&target, state);
            }
            None => {}
        }
        self.state.notices.toasts(&context);
        let requests = self.state.take_requests();
        if !requests.is_empty() {
            context.request_repaint();
        }
        for command in requests {
            self.execute(&context, command);
        }
        self.machine.frame_ms = begun.elapsed().as_secs_f32() * 1000.0;
    }
}
