//! One open file in the Clouds workspace: its content as it comes, how it is looked at, the picture drawn of it.

use super::content::{self, Content, CubeMode, Opened, Part, Plane};
use super::map::MapView;
use super::picture::{self, Look, Picture};
use crate::app::files;
use crate::app::task::Task;
use crate::job::{Handle, JobQueue, Lane};
use egui::Context;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Names a sheet in the docks; the session keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SheetId(pub u64);

/// How a sheet is looked at; kept in the session.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Glance {
    pub look: Look,
    pub view: MapView,
    pub mode: CubeMode,
    pub channel: usize,
    /// The pixel (column, row) whose spectrum is shown.
    pub mark: Option<[usize; 2]>,
}

/// Where the content of a sheet is.
pub enum State {
    Loading(Handle<Opened>),
    Failed(String),
    Ready(Content),
}

/// What a picture was drawn of.
type Drawn = ((usize, usize), Look);

/// An open file.
pub struct Sheet {
    pub id: SheetId,
    pub path: PathBuf,
    pub title: String,
    pub parts: Vec<Part>,
    pub hdu: Option<usize>,
    pub glance: Glance,
    pub state: State,
    picture: Option<(Drawn, Picture)>,
    drawing: Option<(Drawn, Task<Picture>)>,
}

impl Sheet {
    /// Starts reading `path`.
    pub fn open(queue: &JobQueue, id: SheetId, path: PathBuf, hdu: Option<usize>, glance: Glance) -> Self {
        let title = files::title(&path);
        let reading = path.clone();
        let handle = queue.spawn(Lane::Light, format!("Open {title}"), move |context| {
            content::read(&reading, hdu, context)
        });
        Self {
            id,
            path,
            title,
            parts: Vec::new(),
            hdu,
            glance,
            state: State::Loading(handle),
            picture: None,
            drawing: None,
        }
    }

    /// Reads another HDU of the same file; the look stays, the view starts afresh.
    pub fn choose(&mut self, queue: &JobQueue, hdu: usize) {
        let glance = Glance { look: self.glance.look, ..Glance::default() };
        *self = Self {
            parts: std::mem::take(&mut self.parts),
            ..Self::open(queue, self.id, self.path.clone(), Some(hdu), glance)
        };
    }

    pub fn content(&self) -> Option<&Content> {
        match &self.state {
            State::Ready(content) => Some(content),
            _ => None,
        }
    }

    pub fn plane(&self) -> Option<Plane> {
        Plane::of(self.content()?, self.glance.mode, self.glance.channel)
    }

    /// The picture of the plane in sight, or the one before while the new one is drawn.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref().map(|(_, picture)| picture)
    }

    /// Whether the plane in sight is read and drawn.
    pub fn is_settled(&self) -> bool {
        match &self.state {
            State::Loading(_) => false,
            State::Failed(_) => true,
            State::Ready(_) => {
                self.drawing.is_none()
                    && self.plane().is_none_or(|plane| {
                        self.picture
                            .as_ref()
                            .is_some_and(|(drawn, _)| *drawn == (plane.key(), self.glance.look))
                    })
            }
        }
    }

    /// Takes what has been read and drawn, and has drawn anew what has changed.
    pub fn update(&mut self, context: &Context) {
        if let State::Loading(handle) = &self.state
            && let Some(answer) = handle.try_take()
        {
            self.state = match answer {
                Ok(opened) => {
                    self.parts = opened.parts;
                    self.hdu = opened.hdu;
                    if self.glance.look == Look::default() {
                        self.glance.look.stretch = opened.content.first_stretch();
                    }
                    State::Ready(opened.content)
                }
                Err(error) => State::Failed(error),
            };
        }
        if let Some((drawn, task)) = &self.drawing
            && let Some(answer) = task.take()
        {
            match answer {
                Ok(picture) => self.picture = Some((*drawn, picture)),
                Err(error) => self.state = State::Failed(error),
            }
            self.drawing = None;
        }
        let Some(plane) = self.plane() else { return };
        let wanted = (plane.key(), self.glance.look);
        let have = self.picture.as_ref().is_some_and(|(drawn, _)| *drawn == wanted);
        if have || self.drawing.is_some() {
            return;
        }
        let (pen, name, look) = (context.clone(), self.title.clone(), self.glance.look);
        let task = Task::spawn(context, "draw", move || {
            Ok(picture::draw(&pen, &name, plane.values(), plane.range_values(), look))
        });
        self.drawing = Some((wanted, task));
    }
}
