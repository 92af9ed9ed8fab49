//! File dialogs, on a thread of their own: the window never waits for the desktop's file chooser.

use super::volume::Product;
use crate::network::export::Format;
use egui::Context;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// What the chosen path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    OpenFile,
    OpenProject,
    SaveBlueprint,
    SavePicture,
    /// The folder into which the network is written.
    Export(Format),
    ImportWeights,
    /// A picture or a film of the cube in front, or its keyframes.
    Volume(Product),
}

/// What came of a dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Chosen(Purpose, PathBuf),
    /// The desktop has no file chooser: it came back at once, empty.
    NoChooser,
}

/// The one dialog that may be open.
#[derive(Default)]
pub struct Dialogs {
    open: Option<(Purpose, Instant, Receiver<Option<PathBuf>>)>,
}

/// A dialog that answers "nothing" faster than a hand can was never shown.
const NEVER_SHOWN: Duration = Duration::from_millis(150);

impl Dialogs {
    /// Shows the desktop's chooser, unless one is open already.
    pub fn show(&mut self, context: &Context, purpose: Purpose, folder: &Path, name: &str) {
        if self.open.is_some() {
            return;
        }
        let (sender, receiver) = channel();
        let (context, folder, name) = (context.clone(), folder.to_owned(), name.to_owned());
        let thread = std::thread::Builder::new().name("file dialog".to_owned()).spawn(move || {
            let dialog = rfd::FileDialog::new().set_directory(folder);
            let chosen = match purpose {
                Purpose::OpenFile => dialog
                    .set_title("Open a file")
                    .add_filter(
                        "Maps, cubes, tables and blueprints",
                        &[
                            "fits", "fit", "fts", "gz", "fz", "npy", "npz", "h5", "hdf5", "csv", "ecsv",
                            "json",
                        ],
                    )
                    .add_filter("All files", &["*"])
                    .pick_file(),
                Purpose::OpenProject => dialog.set_title("Open a project folder").pick_folder(),
                Purpose::SaveBlueprint => dialog
                    .set_title("Save the blueprint")
                    .set_file_name(name)
                    .add_filter("Blueprint", &["blueprint.json"])
                    .save_file(),
                Purpose::SavePicture => dialog
                    .set_title("Save a picture of the window")
                    .set_file_name(name)
                    .add_filter("PNG", &["png"])
                    .save_file(),
                Purpose::Volume(product) => volume(product, dialog.set_file_name(name)),
                Purpose::Export(_) => dialog.set_title("Export the network into a folder").pick_folder(),
                Purpose::ImportWeights => dialog
                    .set_title("Import weights")
                    .add_filter("Weights", &["safetensors", "pt", "pth", "ckpt", "bin"])
                    .add_filter("All files", &["*"])
                    .pick_file(),
            };
            // The window may be gone by now; then nobody wants the answer.
            sender.send(chosen).ok();
            context.request_repaint();
        });
        if thread.is_ok() {
            self.open = Some((purpose, Instant::now(), receiver));
        }
    }

    /// The answer once, when there is one.
    pub fn take(&mut self) -> Option<Answer> {
        let (purpose, shown, receiver) = self.open.as_ref()?;
        let (purpose, shown) = (*purpose, *shown);
        match receiver.try_recv() {
            Err(TryRecvError::Empty) => None,
            Ok(Some(path)) => {
                self.open = None;
                Some(Answer::Chosen(purpose, path))
            }
            Ok(None) | Err(TryRecvError::Disconnected) => {
                self.open = None;
                (shown.elapsed() < NEVER_SHOWN).then_some(Answer::NoChooser)
            }
        }
    }
}

/// The chooser for a picture or a film of a cube.
fn volume(product: Product, dialog: rfd::FileDialog) -> Option<PathBuf> {
    let keyframes = ("Keyframes", &["json"]);
    match product {
        Product::Picture => {
            dialog.set_title("Save a picture of the volume").add_filter("PNG", &["png"]).save_file()
        }
        Product::Animation => dialog.set_title("Make a movie").add_filter("GIF", &["gif"]).save_file(),
        Product::Frames => dialog.set_title("Make a movie: name a new folder for its pictures").save_file(),
        Product::Keyframes => {
            dialog.set_title("Save the keyframes").add_filter(keyframes.0, keyframes.1).save_file()
        }
        Product::OpenKeyframes => {
            dialog.set_title("Open keyframes").add_filter(keyframes.0, keyframes.1).pick_file()
        }
    }
}
