//! All integration tests but the architecture walls, in one binary: each further binary costs a link with libtorch and the window.

mod apply;
mod blueprints;
mod clouds;
mod commands;
mod conformance;
mod cube_geometry;
mod damage;
mod exchange;
mod formats;
mod hostile;
mod inspection;
mod support;
mod training;
mod volume_compare;
mod volume_files;
mod volume_pictures;
mod window;
