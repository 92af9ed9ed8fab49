//! The wastebasket of the desktop: what is thrown away can be taken out again, by Aquila or by the file manager.
//! On Linux the trash of the FreeDesktop specification (version 1.0), on a Mac the user's `.Trash`.

use crate::io::{Error, Result};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file or folder in the wastebasket.
#[derive(Clone, Debug, PartialEq)]
pub struct Discarded {
    /// Where it was.
    pub from: PathBuf,
    kept: PathBuf,
    /// The note beside it that says where it was, where the system has such notes.
    note: Option<PathBuf>,
}

/// Moves a file or a folder with all that is in it into the wastebasket.
///
/// # Errors
/// A path that is not there; a disk without a wastebasket that can be written: nothing is deleted then.
pub fn discard(path: &Path) -> Result<Discarded> {
    let path = fs::canonicalize(path).map_err(|source| Error::system(path, "find the folder", source))?;
    let mut fault = None;
    for basket in baskets(&path) {
        match discard_into(&path, &basket) {
            Ok(discarded) => return Ok(discarded),
            Err(source) => fault = Some(source),
        }
    }
    let source = fault.unwrap_or_else(|| std::io::Error::other("this system has none that Aquila knows"));
    Err(Error::system(&path, "move it to the wastebasket", source))
}

impl Discarded {
    /// Puts it back where it was.
    ///
    /// # Errors
    /// Something new lies there; the wastebasket was emptied.
    pub fn restore(&self) -> Result<()> {
        if self.from.exists() {
            let source = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
            return Err(Error::system(&self.from, "put it back", source));
        }
        fs::rename(&self.kept, &self.from)
            .map_err(|source| Error::system(&self.from, "put it back", source))?;
        if let Some(note) = &self.note {
            fs::remove_file(note).map_err(|source| Error::system(note, "remove the note", source))?;
        }
        Ok(())
    }
}

/// The wastebaskets that may take the path, the user's own first: a folder moves only within one disk.
fn baskets(path: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    if cfg!(target_os = "macos") {
        return home.map(|home| home.join(".Trash")).into_iter().collect();
    }
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let own = data.or(home.map(|home| home.join(".local/share"))).map(|data| data.join("Trash"));
    own.into_iter().chain(top_of_disk(path)).collect()
}

/// `$topdir/.Trash-$uid` on the disk of the path.
#[cfg(unix)]
fn top_of_disk(path: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).ok()?;
    let is_same = |folder: &&Path| fs::metadata(folder).is_ok_and(|other| other.dev() == metadata.dev());
    let top = path.ancestors().take_while(is_same).last()?;
    // The owner of the path stands for the user, who may move it only then.
    Some(top.join(format!(".Trash-{}", metadata.uid())))
}

#[cfg(not(unix))]
fn top_of_disk(_path: &Path) -> Option<PathBuf> {
    None
}

fn discard_into(path: &Path, basket: &Path) -> std::io::Result<Discarded> {
    let name = path.file_name().ok_or_else(|| std::io::Error::other("the path has no name"))?;
    let name = name.to_string_lossy();
    if cfg!(target_os = "macos") {
        let names = std::iter::once(name.to_string()).chain((2..1000).map(|n| format!("{name} {n}")));
        let kept = names.map(|name| basket.join(name)).find(|kept| !kept.exists());
        let kept = kept.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::AlreadyExists))?;
        fs::rename(path, &kept)?;
        return Ok(Discarded { from: path.to_owned(), kept, note: None });
    }
    let (files, info) = (basket.join("files"), basket.join("info"));
    fs::create_dir_all(&files)?;
    fs::create_dir_all(&info)?;
    for number in 1..1000 {
        let name = if number == 1 { name.to_string() } else { format!("{name}.{number}") };
        let (kept, note) = (files.join(&name), info.join(format!("{name}.trashinfo")));
        // The note first: making it without overwriting reserves the name.
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&note) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
            other => other?,
        };
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let date = crate::training::utc(now_s);
        let written = write!(
            file,
            "[Trash Info]\nPath={}\nDeletionDate={}\n",
            quoted(path),
            date.trim_end_matches('Z')
        );
        if let Err(error) = written.and_then(|()| file.sync_all()).and_then(|()| fs::rename(path, &kept)) {
            // Nothing was moved: the note would lie.
            fs::remove_file(&note)?;
            return Err(error);
        }
        return Ok(Discarded { from: path.to_owned(), kept, note: Some(note) });
    }
    Err(std::io::Error::from(std::io::ErrorKind::AlreadyExists))
}

/// The path as the note wants it: all but plain letters as `%XX` of the bytes.
#[cfg(unix)]
fn quoted(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut text = String::new();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _infallible = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(not(unix))]
fn quoted(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_was_thrown_away_lies_in_the_basket_with_its_note_and_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (run, basket) = (folder.path().join("brave cirrus µ"), folder.path().join("Trash"));
        for content in ["one", "two"] {
            fs::create_dir(&run).expect("made");
            fs::write(run.join("run.json"), content).expect("written");
            let discarded = discard_into(&run, &basket).expect("discarded");
            assert!(!run.exists());
            let note = fs::read_to_string(discarded.note.as_ref().expect("a note")).expect("read");
            assert!(note.starts_with("[Trash Info]\nPath=/"), "{note}");
            assert!(note.contains("brave%20cirrus%20%C2%B5"), "{note}");
            assert_eq!(fs::read_to_string(discarded.kept.join("run.json")).expect("kept"), content);
            if content == "two" {
                discarded.restore().expect("restored");
                assert!(!discarded.note.as_ref().expect("a note").exists());
                assert!(discarded.restore().is_err(), "it is there already");
            }
        }
        assert_eq!(fs::read_to_string(run.join("run.json")).expect("back"), "two");
        assert!(discard(&folder.path().join("nothing")).is_err());
    }
}
