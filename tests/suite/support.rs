//! Where the real test files are, and how a test that needs an absent one says so.

use std::io::Write;
use std::path::{Path, PathBuf};

/// The folder of real files: `AQUILA_TEST_DATA`, else `../shared/data` beside the project; `None` where neither exists.
pub fn data_folder() -> Option<PathBuf> {
    let named = std::env::var_os("AQUILA_TEST_DATA").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    named.or(Some(beside)).filter(|folder| folder.is_dir())
}

/// A real file, or `None` with a line `SKIPPED test: …`, written past the test runner's capture so that it is always seen.
pub fn data_file(test: &str, name: &str) -> Option<PathBuf> {
    let file = data_folder().map(|folder| folder.join(name)).filter(|path| path.exists());
    if file.is_none() {
        let line = format!("SKIPPED {test}: needs {name} in the folder AQUILA_TEST_DATA names\n");
        std::io::stderr().write_all(line.as_bytes()).expect("standard error is open");
    }
    file
}
