//! What the window does when asked: commands, opening, the answers of background work, leaving.

use super::command::Command;
use super::dialogs::{Answer, Purpose};
use super::document::Document;
use super::keymap::KeyMap;
use super::opening::{self, Kind};
use super::runs::training;
use super::session::{self, Loaded, PanelIds};
use super::task::Task;
use super::volume::Product;
use super::window::Aquila;
use super::workspace::Workspace;
use super::{launch, recovery, theme};
use crate::cloud::ExampleCube;
use crate::job::{Event, Lane};
use crate::network::export::Format;
use crate::project::{Project, Session};
use egui::{Context, Event as Input, Theme, ThemePreference, UserData, ViewportCommand};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The steps of the zoom, and the largest text.
const ZOOMS: [f32; 8] = [0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0];
/// A training's step and checkpoint end within this, but for networks of a size that no window trains.
const JOBS_PATIENCE: Duration = Duration::from_secs(20);
const TEXT_SCALES: [f32; 5] = [1.0, 1.1, 1.25, 1.4, 1.5];

fn step(steps: &[f32], now: f32, up: bool) -> f32 {
    let next = if up {
        steps.iter().find(|&&step| step > now + 0.01)
    } else {
        steps.iter().rev().find(|&&step| step < now - 0.01)
    };
    next.copied().unwrap_or(now)
}

impl Aquila {
    pub(super) fn execute(&mut self, context: &Context, command: Command) {
        let (view, state) = self.view(self.state.workspace);
        if view.command(command, state) {
            return;
        }
        let panels = &mut self.state.panels;
        let recent = &mut self.state.recent;
        match command {
            Command::ShowBlueprint => self.state.workspace = Workspace::Blueprint,
            Command::ShowVolume => self.state.workspace = Workspace::Volume,
            Command::ShowClouds => self.state.workspace = Workspace::Clouds,
            Command::ShowRuns => self.state.workspace = Workspace::Runs,
            Command::ToggleFiles => panels.files = !panels.files,
            Command::ToggleInspector => panels.inspector = !panels.inspector,
            Command::ToggleDrawer => {
                let drawer = self.state.drawer(self.state.workspace);
                *drawer = !*drawer;
            }
            Command::Palette => self.palette.toggle(),
            Command::Keys => self.key_page.toggle(),
            Command::ThemeSystem => recent.theme = "system".to_owned(),
            Command::ThemeDark => recent.theme = "dark".to_owned(),
            Command::ThemeLight => recent.theme = "light".to_owned(),
            Command::ToggleTheme => {
                let light = context.theme() == Theme::Dark;
                recent.theme = if light { "light" } else { "dark" }.to_owned();
            }
            Command::ZoomIn => recent.zoom = step(&ZOOMS, recent.zoom, true),
            Command::ZoomOut => recent.zoom = step(&ZOOMS, recent.zoom, false),
            Command::ZoomReset => recent.zoom = 1.0,
            Command::TextLarger => recent.text_scale = step(&TEXT_SCALES, recent.text_scale, true),
            Command::TextSmaller => recent.text_scale = step(&TEXT_SCALES, recent.text_scale, false),
            Command::ReduceMotion => recent.reduce_motion = !recent.reduce_motion,
            Command::OpenFile => self.ask_path(context, Purpose::OpenFile),
            Command::OpenProject => self.ask_path(context, Purpose::OpenProject),
            Command::Screenshot => self.ask_path(context, Purpose::SavePicture),
            Command::SaveVolumePicture => self.ask_volume(context, Product::Picture),
            Command::MakeMovie => self.ask_volume(context, Product::Animation),
            Command::MakeMovieFrames => self.ask_volume(context, Product::Frames),
            Command::SaveKeyframes => self.ask_volume(context, Product::Keyframes),
            Command::OpenKeyframes => self.ask_volume(context, Product::OpenKeyframes),
            Command::OpenDemo => self.open_demo(),
            Command::OpenExample => self.open_example(),
            Command::NewBlueprint => {
                self.state.workspace = Workspace::Blueprint;
                self.state.start_page = true;
            }
            Command::ExportPyTorch => self.ask_path(context, Purpose::Export(Format::PyTorch)),
            Command::ExportOnnx => self.ask_path(context, Purpose::Export(Format::Onnx)),
            Command::ImportWeights => self.ask_path(context, Purpose::ImportWeights),
            Command::Save => match self.state.document.path().map(Path::to_owned) {
                Some(path) => self.save_blueprint(path),
                None => self.ask_path(context, Purpose::SaveBlueprint),
            },
            Command::SaveAs => self.ask_path(context, Purpose::SaveBlueprint),
            Command::Undo => self.tell_step("Undone", |document| document.undo()),
            Command::Redo => self.tell_step("Done again", |document| document.redo()),
            Command::Train => training::train(&mut self.state),
            Command::PauseTraining => training::pause(&self.state),
            Command::StopTraining => training::stop(&self.state),
            Command::StopAllJobs => self.state.queue.cancel_all(),
            Command::ClearNotices => self.state.notices.clear(),
            Command::Quit => context.send_viewport_cmd(ViewportCommand::Close),
            // What is left belongs to a workspace, which is not in sight or has nothing to do it with.
            _ => {}
        }
        self.apply_settings(context, None);
    }

    /// Theme, zoom, text size and motion as the user's settings say; `theme` overrides for this once.
    pub(super) fn apply_settings(&mut self, context: &Context, theme: Option<Theme>) {
        let recent = &self.state.recent;
        let preference = match (theme, recent.theme.as_str()) {
            (Some(theme), _) => theme.into(),
            (None, "dark") => ThemePreference::Dark,
            (None, "light") => ThemePreference::Light,
            (None, _) => ThemePreference::System,
        };
        let before = &self.saved_recent;
        if theme.is_some() || recent.theme != before.theme || self.generation == 0 && !self.read_only {
            context.set_theme(preference);
        }
        if (context.zoom_factor() - recent.zoom).abs() > 1e-3 {
            context.set_zoom_factor(recent.zoom);
        }
        if recent.text_scale != before.text_scale {
            theme::restyle(context, recent.text_scale);
        }
        let motion_s = if recent.reduce_motion { 0.0 } else { theme::MOTION_S };
        if context.global_style().animation_time != motion_s {
            context.all_styles_mut(|style| style.animation_time = motion_s);
        }
        self.apply_keys(context);
        self.keep_recent();
    }

    /// Takes up the user's changes of keys, and keeps them.
    pub(super) fn apply_keys(&mut self, context: &Context) {
        let changes = &self.state.recent.keys;
        if self.applied_keys.as_ref() != Some(changes) {
            let (map, faults) = KeyMap::new(changes);
            faults.into_iter().for_each(|fault| self.state.notices.warn(fault));
            map.install(context);
            self.applied_keys = Some(changes.clone());
            self.keep_recent();
        }
    }

    fn keep_recent(&mut self) {
        if self.read_only || self.saved_recent == self.state.recent {
            return;
        }
        self.saved_recent = self.state.recent.clone();
        if let Err(error) = self.saved_recent.write(&self.home) {
            self.state.notices.warn(error.to_string());
        }
    }

    fn ask_path(&mut self, context: &Context, purpose: Purpose) {
        let folder = match &self.state.project {
            Some(project) => project.folder.clone(),
            None => self.home.clone(),
        };
        let name = match purpose {
            Purpose::SavePicture => "aquila.png".to_owned(),
            Purpose::Volume(Product::Picture) => "cube.png".to_owned(),
            Purpose::Volume(Product::Animation) => "cube.gif".to_owned(),
            Purpose::Volume(Product::Frames) => "cube-frames".to_owned(),
            Purpose::Volume(Product::Keyframes | Product::OpenKeyframes) => "keyframes.json".to_owned(),
            _ => "network.blueprint.json".to_owned(),
        };
        self.dialogs.show(context, purpose, &folder, &name);
    }

    /// Asks where a product of the cube in front belongs, where there is one.
    fn ask_volume(&mut self, context: &Context, product: Product) {
        match self.volume.refuses(product) {
            None => self.ask_path(context, Purpose::Volume(product)),
            Some(why) => self.state.notices.warn(why),
        }
    }

    /// Opens whatever lies at `path`, in the background; a cube in the workspace that is wanted, where one is.
    pub(super) fn open_path(&mut self, path: &Path, wanted: Option<Workspace>) {
        let shown = path.display();
        match opening::kind(path) {
            Kind::Project => {
                let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
                self.open_project(folder.to_owned());
            }
            Kind::Run => {
                self.state.workspace = Workspace::Runs;
                let (view, state) = self.view(Workspace::Runs);
                view.go_to(&path.to_string_lossy(), state);
            }
            Kind::Simulation(density) => self.open_data(density, Some(wanted.unwrap_or(Workspace::Volume))),
            Kind::Data => self.open_data(path.to_owned(), wanted),
            Kind::Blueprint => self.open_blueprint(path),
            Kind::Folder => self.state.notices.error(format!(
                "{shown}: this folder is no project, no run and no simulation; open a file in it"
            )),
            Kind::Missing => {
                self.state.recent.files.retain(|old| old != path);
                self.state.notices.error(format!("{shown}: there is no such file; it may have been moved"));
            }
        }
    }

    /// Opens a cube in Volume and all else in Clouds, unless a workspace is wanted.
    fn open_data(&mut self, path: PathBuf, wanted: Option<Workspace>) {
        self.state.recent.add_file(&path);
        match wanted {
            Some(workspace) => self.open_data_in(path, workspace),
            None => {
                let context = self.context.clone();
                let looked_at = path.clone();
                let task = Task::spawn(&context, "look into a file", move || Ok(opening::place(&looked_at)));
                self.sorting.push((path, task));
            }
        }
    }

    fn open_data_in(&mut self, path: PathBuf, workspace: Workspace) {
        self.state.workspace = workspace;
        if workspace == Workspace::Volume {
            self.volume.open(path, None);
        } else {
            self.state.workspace = Workspace::Clouds;
            self.clouds.open(&mut self.state, path, None);
        }
    }

    fn open_blueprint(&mut self, path: &Path) {
        match crate::blueprint::load(path) {
            Ok(blueprint) => {
                self.state.recent.add_file(path);
                self.state.workspace = Workspace::Blueprint;
                self.state.start_page = false;
                self.state.document.open(blueprint, Some(path.to_owned()), false);
            }
            Err(error) => self.state.notices.error(error.to_string()),
        }
    }

    /// Undo and redo go to the log by name; nothing pops up, since the canvas shows what happened.
    fn tell_step(&mut self, word: &str, step: impl FnOnce(&mut Document) -> Option<String>) {
        match step(&mut self.state.document) {
            Some(label) => self.state.notices.info(format!("{word}: {label}")),
            None => self.state.notices.info("There is no step to take"),
        }
    }

    /// The project of the command line, else the last one, else the demo.
    pub(super) fn open_first_project(&mut self) {
        let asked = self.asked_paths.iter().position(|path| opening::kind(path) == Kind::Project);
        if let Some(index) = asked {
            let path = self.asked_paths.remove(index);
            let folder = if path.is_dir() { path } else { path.parent().map(Path::to_owned).unwrap_or(path) };
            self.open_project(folder);
            return;
        }
        match self.state.recent.projects.iter().find(|folder| Project::is_project(folder)).cloned() {
            Some(folder) => self.open_project(folder),
            None => self.open_demo(),
        }
    }

    fn open_project(&mut self, folder: PathBuf) {
        let title = format!("Open {}", folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy());
        self.loading = Some(self.state.queue.spawn(Lane::Light, title, move |_| session::load(&folder)));
    }

    fn open_demo(&mut self) {
        let folder = self.home.join("demo");
        let title =
            if Project::is_project(&folder) { "Open the demo project" } else { "Make the demo project" };
        self.loading = Some(self.state.queue.spawn(Lane::Light, title, move |context| {
            crate::project::make_demo(&folder, context)?;
            session::load(&folder)
        }));
    }

    /// Opens the example cube; the first time it is made, in the background.
    fn open_example(&mut self) {
        let path = self.home.join("examples").join("synthetic-cloud-13co.fits");
        if path.is_file() {
            self.open_path(&path, Some(Workspace::Volume));
            return;
        }
        if self.making_example.is_some() {
            return;
        }
        self.state.workspace = Workspace::Volume;
        self.making_example = Some(self.state.queue.spawn(Lane::Light, "Make an example cube", move |ctx| {
            ExampleCube::standard(0).write(&path, None, ctx)?;
            Ok(path)
        }));
    }

    /// Lists the project's folder again, in the background.
    pub(super) fn list_project(&mut self, context: &Context) {
        if let Some(project) = self.state.project.clone() {
            self.listing = Some(Task::spawn(context, "list project", move || Ok(project.tree())));
        }
    }

    /// Takes the answers of background work that belongs to the window itself.
    pub(super) fn take_answers(&mut self, context: &Context) {
        let loaded = self.loading.as_ref().and_then(|handle| handle.try_take());
        if let Some(loaded) = loaded {
            self.loading = None;
            if let Ok(loaded) = loaded {
                self.enter_project(context, loaded);
            }
        }
        let made = self.making_example.as_ref().and_then(|handle| handle.try_take());
        if let Some(made) = made {
            self.making_example = None;
            if let Ok(path) = made {
                self.open_path(&path, Some(Workspace::Volume));
            }
        }
        if let Some(tree) = self.listing.as_ref().and_then(Task::take) {
            self.listing = None;
            self.state.tree = tree.unwrap_or_default();
        }
        // In the order in which they were asked for.
        while let Some(answer) = self.sorting.first().and_then(|(_, task)| task.take()) {
            let (path, _) = self.sorting.remove(0);
            self.open_data_in(path, answer.unwrap_or(Workspace::Clouds));
        }
        self.exchange.tell(&mut self.state.notices);
        let mut relist = false;
        for event in self.state.queue.take_events() {
            // A job that begins, ends or stops may leave a folder in the project.
            relist |= !matches!(event, Event::Warning { .. });
            match event {
                Event::Started { title, .. } => self.state.notices.info(format!("{title}: started")),
                Event::Warning { title, text, .. } => self.state.notices.warn(format!("{title}: {text}")),
                Event::Cancelled { title, .. } => self.state.notices.info(format!("{title}: stopped")),
                Event::Failed { title, error, .. } => self.state.notices.error(format!("{title}: {error}")),
                Event::Done { title, product: Some(product), .. } => {
                    let name = product.file_name().unwrap_or(product.as_os_str()).to_string_lossy();
                    self.state.notices.done(format!("{title}: done, see {name}"));
                }
                Event::Done { title, .. } => self.state.notices.info(format!("{title}: done")),
            }
        }
        if relist {
            self.list_project(context);
        }
        match self.dialogs.take() {
            Some(Answer::Chosen(Purpose::OpenFile, path)) => self.open_path(&path, None),
            Some(Answer::Chosen(Purpose::OpenProject, path)) => self.open_or_make_project(path),
            Some(Answer::Chosen(Purpose::SaveBlueprint, path)) => self.save_blueprint(path),
            Some(Answer::Chosen(Purpose::Export(format), folder)) => {
                self.exchange.export(&mut self.state, format, folder);
            }
            Some(Answer::Chosen(Purpose::ImportWeights, path)) => self.exchange.import(&mut self.state, path),
            Some(Answer::Chosen(Purpose::Volume(product), path)) => {
                self.volume.export(context, &mut self.state, product, path);
            }
            Some(Answer::Chosen(Purpose::SavePicture, path)) => {
                self.picture_path = Some(path);
                context.send_viewport_cmd(ViewportCommand::Screenshot(UserData::default()));
            }
            Some(Answer::NoChooser) => self.state.notices.warn(
                "This desktop offers no file chooser; drop a file on the window to open it, and write files by the command line (`aquila --help`)",
            ),
            None => {}
        }
    }

    fn open_or_make_project(&mut self, folder: PathBuf) {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        match Project::create(&folder, &name) {
            Ok(_) => self.open_project(folder),
            Err(error) => self.state.notices.error(error.to_string()),
        }
    }

    /// Shows a loaded project as its session says.
    fn enter_project(&mut self, context: &Context, loaded: Loaded) {
        let Loaded { project, session, tree, blueprint, warnings, locked } = loaded;
        warnings.into_iter().for_each(|warning| self.state.notices.warn(warning));
        self.generation += 1;
        self.layout = session.panels.clone();
        self.state.panels = session::restore_panels(&session.panels);
        let wanted = self.asked_workspace.take();
        self.state.workspace = wanted.unwrap_or(session::restore_workspace(&session));
        self.state.tree = tree;
        self.state.recent.add_project(&project.folder);
        if let Some((blueprint, path, changed)) = blueprint {
            self.state.document.open(blueprint, path, changed);
        }
        for workspace in Workspace::ALL {
            if let Some(record) = session.views.get(workspace.name()) {
                let (view, state) = self.view(workspace);
                view.recall(record, state);
            }
        }
        self.clouds.reopen(&mut self.state, &project, &session);
        self.volume.reopen(&self.state.notices, &project, &session);
        self.state.project = Some(project);
        self.keeper.restart(session, locked);
        self.apply_settings(context, None);
        let asked = std::mem::take(&mut self.asked_paths);
        asked.into_iter().for_each(|path| self.open_path(&path, wanted));
    }

    fn session(&mut self, context: &Context) -> Session {
        let ids = PanelIds::new(self.generation);
        let mut session = Session::default();
        session.workspace = self.state.workspace.name().to_lowercase();
        session.panels = session::capture_panels(context, &self.state, ids, &self.layout);
        let folder = self.state.project.as_ref().map(|project| project.folder.clone());
        session.blueprint = self.state.document.path().map(|path| {
            let inside = folder.as_ref().and_then(|folder| path.strip_prefix(folder).ok());
            inside.unwrap_or(path).to_owned()
        });
        for workspace in Workspace::ALL {
            let (view, state) = self.view(workspace);
            let record = view.remember(state);
            if !record.is_null() {
                session.views.insert(workspace.name().to_owned(), record);
            }
        }
        let folder = self.state.project.as_ref().map(|project| project.folder.as_path());
        self.clouds.record(&mut session, folder);
        self.volume.record(&mut session, folder);
        session
    }

    /// Writes session and autosave now and then, when they changed.
    pub(super) fn keep_session(&mut self, context: &Context) {
        let Some(folder) = self.state.project.as_ref().map(|project| project.folder.clone()) else { return };
        if self.read_only || self.loading.is_some() || !self.keeper.due(context) {
            return;
        }
        let session = self.session(context);
        self.layout = session.panels.clone();
        if let Some(fault) = self.keeper.keep(context, &folder, session) {
            self.state.notices.warn(fault);
        }
        self.autosave();
        self.keep_recent();
    }

    /// Keeps the unsaved blueprint beside the project, for a crash and for the next start.
    fn autosave(&mut self) {
        let Some(path) = self.state.project.as_ref().map(Project::autosave) else { return };
        if let Some(blueprint) = self.state.document.current() {
            recovery::keep(path.clone(), blueprint.clone());
        }
        if let Err(error) = self.state.document.autosave(&path) {
            self.state.notices.warn(error);
        }
    }

    /// Writes the blueprint and tells so.
    pub(super) fn save_blueprint(&mut self, path: PathBuf) {
        match self.state.document.save(path) {
            Ok(path) => {
                self.state.notices.done(format!("Blueprint saved, {}", path.display()));
                self.state.recent.add_file(&path);
            }
            Err(error) => self.state.notices.error(error),
        }
    }

    /// Keeps everything and stops the jobs; a training stops at its next step and can be resumed.
    pub fn leave(&mut self, context: &Context) {
        self.state.queue.cancel_all();
        self.keep(context);
        self.end_jobs();
    }

    /// Waits until the jobs have come to their safe points.
    pub fn end_jobs(&self) {
        if !self.state.queue.finish(JOBS_PATIENCE) {
            eprintln!("warning: a job did not stop in {} s and was left behind", JOBS_PATIENCE.as_secs());
        }
    }

    fn keep(&mut self, context: &Context) {
        if self.read_only {
            return;
        }
        self.autosave();
        if let Some(folder) = self.state.project.as_ref().map(|project| project.folder.clone()) {
            let session = self.session(context);
            if let Err(error) = self.keeper.finish(&folder, &session) {
                eprintln!("warning: the session was not kept: {error}");
            }
        }
        self.keep_recent();
    }

    pub(super) fn take_dropped_files(&mut self, context: &Context) {
        let dropped = context.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
        for file in dropped {
            self.state.request_open(file.path());
        }
    }

    /// Writes a picture of the window that was asked for and has come.
    pub(super) fn take_picture(&mut self, context: &Context) {
        let image = context.input(|input| {
            input.events.iter().find_map(|event| match event {
                Input::Screenshot { image, .. } => Some(image.clone()),
                _ => None,
            })
        });
        if let (Some(image), Some(path)) = (image, self.picture_path.clone()) {
            self.picture_path = None;
            match launch::write_png(&path, &image) {
                Ok(()) => self.state.notices.done(format!("Picture saved, {}", path.display())),
                Err(error) => self.state.notices.error(format!("{error:#}")),
            }
        }
    }
}
