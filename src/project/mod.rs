//! The project: a folder with `aquila.toml`, what was open in it and how, recent files, the demo project of the first start.
//! Plain values in versioned files; no window here.

mod demo;
mod error;
mod folder;
mod home;
mod session;

pub use demo::make_demo;
pub use error::{Error, Result};
pub use folder::{Entry, EntryKind, Project};
pub use home::{Recent, home};
pub use session::{OpenFile, PanelLayout, Session};
