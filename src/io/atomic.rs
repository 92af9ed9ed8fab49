//! Files appear whole or not at all: a temporary file in the same folder, flushed to the disk, then renamed.

use super::{Error, Result};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Writes a file through `fill`; a failure, or a killed process, leaves the old file untouched.
pub fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    let mut temporary = temporary(path)?;
    let mut buffer = BufWriter::with_capacity(1 << 20, temporary.as_file_mut());
    let filled = fill(&mut buffer).and_then(|()| buffer.flush());
    drop(buffer);
    filled.map_err(|source| Error::system(path, "write the file", source))?;
    persist(path, temporary)
}

/// As `write`, for a library that must create the file itself: `fill` gets the path of an empty temporary file
/// (same folder, same extension) and replaces its contents.
pub fn write_at<E: From<Error>>(
    path: &Path,
    fill: impl FnOnce(&Path) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let temporary = temporary(path)?;
    fill(temporary.path())?;
    // The library may have replaced the file: flush what lies at the path now.
    let (_, temporary_path) = temporary.into_parts();
    let file = File::options()
        .write(true)
        .open(&temporary_path)
        .map_err(|source| Error::system(path, "write the file", source))?;
    Ok(persist(path, tempfile::NamedTempFile::from_parts(file, temporary_path))?)
}

/// Writes bytes that are at hand.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    write(path, |out| out.write_all(bytes))
}

/// Fills a new folder: `fill` gets the path of an empty one beside it, which takes its place when all is written. A failure leaves nothing.
///
/// # Errors
/// A folder in which something lies already; those of `fill`; a place where nothing can be written.
pub fn write_folder<E: From<Error>>(
    path: &Path,
    fill: impl FnOnce(&Path) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    let system = |what| move |source| Error::system(path, what, source);
    let parent = folder(path);
    fs::create_dir_all(&parent).map_err(system("create the folder"))?;
    if path.exists() {
        let mut entries = fs::read_dir(path).map_err(system("look into the folder"))?;
        if entries.next().is_some() {
            let fix = "choose a folder that is new or empty";
            return Err(Error::unsupported(path, "", "the folder holds files already", fix).into());
        }
    }
    let temporary = tempfile::Builder::new().prefix(".aquila-").tempdir_in(&parent);
    let temporary = temporary.map_err(system("create a temporary folder beside the folder"))?;
    fill(temporary.path())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let rights = fs::Permissions::from_mode(0o755);
        fs::set_permissions(temporary.path(), rights).map_err(system("create the folder"))?;
    }
    if path.exists() {
        fs::remove_dir(path).map_err(system("replace the empty folder"))?;
    }
    fs::rename(temporary.path(), path).map_err(system("create the folder"))?;
    // What was the temporary folder is the finished one now.
    drop(temporary.keep());
    Ok(())
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn temporary(path: &Path) -> Result<tempfile::NamedTempFile> {
    let folder = folder(path);
    fs::create_dir_all(&folder).map_err(|source| Error::system(&folder, "create the folder", source))?;
    let suffix = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    tempfile::Builder::new()
        .prefix(".aquila-")
        .suffix(&suffix)
        .tempfile_in(&folder)
        .map_err(|source| Error::system(&folder, "create a temporary file in the folder", source))
}

fn persist(path: &Path, temporary: tempfile::NamedTempFile) -> Result<()> {
    let system = |source| Error::system(path, "write the file", source);
    // Temporary files are private by default; the finished file gets the usual rights, or those of the file it replaces.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map(|old| old.permissions().mode() & 0o777).unwrap_or(0o644);
        let rights = fs::Permissions::from_mode(mode);
        temporary.as_file().set_permissions(rights).map_err(system)?;
    }
    temporary.as_file().sync_all().map_err(system)?;
    temporary.persist(path).map_err(|error| system(error.error))?;
    // The rename itself is durable once the folder is.
    #[cfg(unix)]
    if let Ok(folder) = File::open(folder(path)) {
        folder.sync_all().ok();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("map.npy");
        write_bytes(&path, b"old").expect("written");
        let failed = write(&path, |out| {
            out.write_all(b"half of the new")?;
            Err(std::io::Error::other("no space"))
        });
        let message = failed.expect_err("refused").to_string();
        assert!(message.contains("map.npy") && message.contains("no space"), "{message}");
        assert_eq!(fs::read(&path).expect("readable"), b"old");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        write_at::<Error>(&path, |temporary| {
            assert_eq!(temporary.extension(), path.extension());
            fs::remove_file(temporary).expect("removable");
            fs::write(temporary, b"new").expect("written");
            Ok(())
        })
        .expect("written");
        assert_eq!(fs::read(&path).expect("readable"), b"new");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}
