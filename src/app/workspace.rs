//! What a workspace is to the frame around it.

use super::command::Command;
use super::state::AppState;
use egui::{Context, Ui};
use serde::{Deserialize, Serialize};

/// The workspaces that work, in the order of the top bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workspace {
    #[default]
    Blueprint,
    Volume,
    Clouds,
    Runs,
}

impl Workspace {
    pub const ALL: [Self; 4] = [Self::Blueprint, Self::Volume, Self::Clouds, Self::Runs];

    /// The command that shows it; its words are the workspace's name.
    pub fn command(self) -> Command {
        match self {
            Self::Blueprint => Command::ShowBlueprint,
            Self::Volume => Command::ShowVolume,
            Self::Clouds => Command::ShowClouds,
            Self::Runs => Command::ShowRuns,
        }
    }

    pub fn name(self) -> &'static str {
        self.command().text()
    }

    /// The workspace of this name, whatever its case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|workspace| workspace.name().eq_ignore_ascii_case(name))
    }
}

/// A thing that the palette can find besides commands.
#[derive(Clone, Debug, PartialEq)]
pub struct Find {
    pub text: String,
    /// What it is, in a word: `block`, `run`, `map`.
    pub kind: &'static str,
    /// Handed back to `View::go_to` when chosen.
    pub target: String,
}

/// One workspace. The frame calls `update` every frame, the rest while the workspace is in sight.
pub trait View {
    /// Takes what background work has finished. No painting.
    fn update(&mut self, _context: &Context, _state: &mut AppState) {}

    /// The middle of the window. Has no margin and no background of its own.
    fn centre(&mut self, ui: &mut Ui, state: &mut AppState);

    /// The panel on the right, of whatever is selected. Has the panel's margin.
    fn inspector(&mut self, ui: &mut Ui, state: &mut AppState);

    /// A command that only the workspace in sight can do (zoom to fit, say). Answers whether it was done.
    fn command(&mut self, _command: Command, _state: &mut AppState) -> bool {
        false
    }

    /// What the palette should find here.
    fn finds(&self, _state: &AppState) -> Vec<Find> {
        Vec::new()
    }

    /// Selects and shows what a find named.
    fn go_to(&mut self, _target: &str, _state: &mut AppState) {}

    /// How the view looks now, for the session; null keeps nothing. Must be the same for the same look.
    fn remember(&self, _state: &AppState) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Takes a record of `remember`, also one of an older version.
    fn recall(&mut self, _record: &serde_json::Value, _state: &mut AppState) {}

    /// Whether everything it means to show is loaded, for a picture of the window.
    fn is_settled(&self) -> bool {
        true
    }
}
