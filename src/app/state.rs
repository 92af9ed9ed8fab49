//! What all parts of the window share: the job queue, the messages, the open document, what is in sight. No painting here.

use super::command::Command;
use super::document::Document;
use super::notice::Notices;
use super::runs::training::Training;
use super::thumbnails::Thumbnails;
use super::workspace::Workspace;
use crate::job::JobQueue;
use crate::project::{Entry, Project, Recent};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which panels are in sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Panels {
    pub files: bool,
    pub inspector: bool,
    pub drawer: bool,
    /// The Volume workspace has a strip of its own there, and its own mind about the drawer.
    pub drawer_in_volume: bool,
    pub tab: DrawerTab,
}

impl Default for Panels {
    fn default() -> Self {
        Self { files: true, inspector: true, drawer: true, drawer_in_volume: false, tab: DrawerTab::Run }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawerTab {
    #[default]
    Run,
    Jobs,
    Log,
}

/// The state of the window. Workspaces read and change it; effects that need the whole window are asked for by `request`.
pub struct AppState {
    pub queue: JobQueue,
    pub notices: Notices,
    pub project: Option<Project>,
    /// What lies in the project, as last listed.
    pub tree: Vec<Entry>,
    pub recent: Recent,
    pub(super) thumbnails: Thumbnails,
    /// The open blueprint.
    pub document: Document,
    /// The project's recipe and the run under way.
    pub training: Training,
    pub workspace: Workspace,
    /// The Blueprint workspace shows its start page.
    pub start_page: bool,
    pub panels: Panels,
    /// What is under the cursor, for the status bar; set anew in every frame by the view that has the cursor.
    pub readout: String,
    /// What draws the picture in sight and how fast, for the status bar; set anew in every frame, too.
    pub drawn_by: String,
    requests: Vec<Command>,
    paths: Vec<(PathBuf, Option<Workspace>)>,
}

impl AppState {
    pub fn new(queue: JobQueue, notices: Notices, recent: Recent) -> Self {
        Self {
            queue,
            notices,
            project: None,
            tree: Vec::new(),
            recent,
            thumbnails: Thumbnails::default(),
            document: Document::default(),
            training: Training::default(),
            workspace: Workspace::default(),
            start_page: false,
            panels: Panels::default(),
            readout: String::new(),
            drawn_by: String::new(),
            requests: Vec::new(),
            paths: Vec::new(),
        }
    }

    /// Asks for a command; it is done at the end of the frame.
    pub fn request(&mut self, command: Command) {
        self.requests.push(command);
    }

    /// Asks to open a file or a folder; it is read in the background.
    pub fn request_open(&mut self, path: impl Into<PathBuf>) {
        self.paths.push((path.into(), None));
    }

    /// As `request_open`; a cube or a map opens in this workspace.
    pub fn request_open_in(&mut self, path: impl Into<PathBuf>, workspace: Workspace) {
        self.paths.push((path.into(), Some(workspace)));
    }

    /// Whether the drawer is in sight in a workspace.
    pub fn drawer(&mut self, workspace: Workspace) -> &mut bool {
        if workspace == Workspace::Volume {
            &mut self.panels.drawer_in_volume
        } else {
            &mut self.panels.drawer
        }
    }

    /// Brings a tab of the drawer in sight.
    pub fn show_drawer(&mut self, tab: DrawerTab) {
        *self.drawer(self.workspace) = true;
        self.panels.tab = tab;
    }

    pub(super) fn take_requests(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.requests)
    }

    pub(super) fn take_paths(&mut self) -> Vec<(PathBuf, Option<Workspace>)> {
        std::mem::take(&mut self.paths)
    }
}
