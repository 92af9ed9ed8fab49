//! Opening a project and keeping its session: what is open, which panels, every view as it was left.

use super::state::{AppState, DrawerTab, Panels};
use super::task::Task;
use super::workspace::Workspace;
use crate::blueprint::{self, Blueprint};
use crate::project::{Entry, PanelLayout, Project, Session};
use egui::{Context, Id};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often the session is looked at; it is written only when it changed.
const EVERY: Duration = Duration::from_secs(4);

/// A project as read from its folder.
pub struct Loaded {
    pub project: Project,
    pub session: Session,
    pub tree: Vec<Entry>,
    /// The open blueprint, its file, and whether it differs from the file.
    pub blueprint: Option<(Blueprint, Option<PathBuf>, bool)>,
    pub warnings: Vec<String>,
    /// The session file must be left alone: it is damaged, or from a newer version.
    pub locked: bool,
}

/// Reads a project with its session and its blueprint; meant for a light job.
pub fn load(folder: &Path) -> anyhow::Result<Loaded> {
    let project = Project::open(folder)?;
    let mut warnings = Vec::new();
    let mut locked = false;
    let session = Session::read(folder).unwrap_or_else(|error| {
        warnings.push(error.to_string());
        locked = true;
        None
    });
    let session = session.unwrap_or_default();
    let blueprint = open_blueprint(&project, &session, &mut warnings);
    Ok(Loaded { tree: project.tree(), project, session, blueprint, warnings, locked })
}

/// The blueprint of the session: its unsaved changes first, then its file, then the first blueprint of the project.
fn open_blueprint(
    project: &Project,
    session: &Session,
    warnings: &mut Vec<String>,
) -> Option<(Blueprint, Option<PathBuf>, bool)> {
    let file = session.blueprint.as_ref().map(|path| project.folder.join(path));
    let autosave = project.autosave();
    if autosave.is_file() {
        match blueprint::load(&autosave) {
            Ok(unsaved) => return Some((unsaved, file, true)),
            Err(error) => warnings.push(error.to_string()),
        }
    }
    let first = || {
        let mut files: Vec<PathBuf> = std::fs::read_dir(project.blueprints())
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().ends_with(".blueprint.json"))
            .collect();
        files.sort();
        files.into_iter().next()
    };
    let file = file.filter(|file| file.is_file()).or_else(first)?;
    match blueprint::load(&file) {
        Ok(saved) => Some((saved, Some(file), false)),
        Err(error) => {
            warnings.push(error.to_string());
            None
        }
    }
}

/// Writes the session when it changed.
#[derive(Default)]
pub struct Keeper {
    written: Option<Session>,
    looked: Option<Instant>,
    writing: Option<Task<()>>,
    pub locked: bool,
}

impl Keeper {
    /// Forgets the project before, and takes `session` for what is on the disk.
    pub fn restart(&mut self, session: Session, locked: bool) {
        *self = Self { written: Some(session), locked, ..Self::default() };
    }

    /// Whether it is time to look at the session again.
    pub fn due(&mut self, context: &Context) -> bool {
        let due = self.looked.is_none_or(|looked| looked.elapsed() >= EVERY);
        if due {
            self.looked = Some(Instant::now());
        } else if context.input(|input| !input.events.is_empty()) {
            // What the user just did is kept even if nothing else wakes the window.
            context.request_repaint_after(EVERY);
        }
        due
    }

    /// Writes in the background; answers the fault of the write before.
    pub fn keep(&mut self, context: &Context, folder: &Path, session: Session) -> Option<String> {
        let fault = self.writing.as_ref().and_then(Task::take).and_then(Result::err);
        if self.locked || self.written.as_ref() == Some(&session) {
            return fault;
        }
        self.written = Some(session.clone());
        let folder = folder.to_owned();
        self.writing = Some(Task::spawn(context, "session", move || Ok(session.write(&folder)?)));
        fault
    }

    /// Writes before leaving, and waits for it.
    pub fn finish(&mut self, folder: &Path, session: &Session) -> crate::project::Result<()> {
        if self.locked || self.written.as_ref() == Some(session) {
            return Ok(());
        }
        session.write(folder)
    }
}

/// The panels' ids change with every project, so that egui takes their sizes from the session.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PanelIds {
    pub files: Id,
    pub inspector: Id,
    pub drawer: Id,
}

impl PanelIds {
    pub fn new(generation: u64) -> Self {
        let id = |name: &str| Id::new((name, generation));
        Self { files: id("files"), inspector: id("inspector"), drawer: id("drawer") }
    }
}

/// The panels as they are now.
pub fn capture_panels(
    context: &Context,
    state: &AppState,
    ids: PanelIds,
    before: &PanelLayout,
) -> PanelLayout {
    let size = |id: Id| egui::containers::PanelState::load(context, id).map(|panel| panel.size());
    let panels = state.panels;
    let tab = match panels.tab {
        DrawerTab::Run => "run",
        DrawerTab::Jobs => "jobs",
        DrawerTab::Log => "log",
    };
    // Half points come from rounding to pixels, and would make every session a changed one.
    let round = |now: Option<f32>, before: f32| now.map_or(before, f32::round);
    PanelLayout {
        files: panels.files,
        inspector: panels.inspector,
        drawer: panels.drawer,
        drawer_in_volume: panels.drawer_in_volume,
        tab: tab.to_owned(),
        files_width: round(size(ids.files).map(|size| size.x), before.files_width),
        inspector_width: round(size(ids.inspector).map(|size| size.x), before.inspector_width),
        drawer_height: round(size(ids.drawer).map(|size| size.y), before.drawer_height),
    }
}

/// The panels as the session says.
pub fn restore_panels(layout: &PanelLayout) -> Panels {
    let tab = match layout.tab.as_str() {
        "jobs" => DrawerTab::Jobs,
        "log" => DrawerTab::Log,
        _ => DrawerTab::Run,
    };
    let PanelLayout { files, inspector, drawer, drawer_in_volume, .. } = *layout;
    Panels { files, inspector, drawer, drawer_in_volume, tab }
}

/// The workspace as the session says.
pub fn restore_workspace(session: &Session) -> Workspace {
    Workspace::from_name(&session.workspace).unwrap_or_default()
}
