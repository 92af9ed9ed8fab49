//! What the session keeps of the Volume workspace: which cubes are open, how each is looked at, what is in sight beside them.

use super::VolumeView;
use super::compare::{self, Compare};
use super::inspector::fold::Folded;
use super::look::Look;
use crate::app::Notices;
use crate::project::{Project, Session};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

const NAME: &str = "volume";

/// What the session keeps of the workspace.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Record {
    cubes: Vec<OpenRecord>,
    front: Option<usize>,
    column_hidden: bool,
    strip_hidden: bool,
    folded: Folded,
    compare: compare::Kept,
}

#[derive(Serialize, Deserialize)]
struct OpenRecord {
    path: PathBuf,
    #[serde(default)]
    hdu: Option<usize>,
    /// A `Look`; read by itself, so that one that cannot be read costs no more than itself.
    #[serde(default)]
    look: serde_json::Value,
}

impl VolumeView {
    /// Opens what the session had open; read when the workspace comes in sight.
    pub fn reopen(&mut self, notices: &Notices, project: &Project, session: &Session) {
        // Numbers are not given twice: a job of the project before may still be loading.
        self.open.iter().for_each(|open| self.stage.iter().for_each(|stage| stage.drop_cube(open.id)));
        let (next, stage) = (self.next, self.stage.take());
        *self = Self { next, stage, first: first_cube(project), ..Self::default() };
        let record = session.views.get(NAME).cloned().map(serde_json::from_value::<Record>);
        let record = record.unwrap_or_else(|| Ok(Record::default())).unwrap_or_else(|error| {
            notices.warn(format!("The cubes of the last session could not be read and stay closed: {error}"));
            Record::default()
        });
        for cube in record.cubes {
            let look = serde_json::from_value::<Option<Look>>(cube.look).unwrap_or_else(|error| {
                let path = cube.path.display();
                notices
                    .warn(format!("How {path} was looked at could not be read; it is shown anew: {error}"));
                None
            });
            self.add(project.folder.join(cube.path), cube.hdu, look.map(Look::mended));
        }
        self.front = record.front.and_then(|index| self.open.get(index)).map(|open| open.id);
        (self.column, self.strip) = (!record.column_hidden, !record.strip_hidden);
        self.compare = Compare::reopened(record.compare, &self.open);
        self.folded = record.folded;
    }

    /// Writes into the session what is open and how.
    pub fn record(&self, session: &mut Session, project: Option<&Path>) {
        let cubes = self.open.iter().map(|open| {
            let inside = project.and_then(|folder| open.path.strip_prefix(folder).ok());
            OpenRecord {
                path: inside.unwrap_or(&open.path).to_owned(),
                hdu: open.hdu,
                look: open.look().map_or_else(Default::default, |look| json!(look)),
            }
        });
        let record = Record {
            cubes: cubes.collect(),
            front: self.front_index(),
            column_hidden: !self.column,
            strip_hidden: !self.strip,
            folded: self.folded.clone(),
            compare: self.compare.kept(&self.open),
        };
        if !record.cubes.is_empty()
            && let Ok(record) = serde_json::to_value(record)
        {
            session.views.insert(NAME.to_owned(), record);
        }
    }
}

/// The density of a project's first cloud, by name.
fn first_cube(project: &Project) -> Option<PathBuf> {
    let mut cubes: Vec<PathBuf> = std::fs::read_dir(project.clouds())
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("datacube.fits")))
        .filter(|path| path.is_file())
        .collect();
    cubes.sort();
    cubes.into_iter().next()
}
