//! The bytes of a FITS file: read in place from a plain file, or inflated into memory from gzip or Unix compress.

use super::super::{Error, Result};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes at positions. A plain file is read where needed, never as a whole and never mapped: a file that shrinks while
/// it is read gives an error, not a crash.
pub(in crate::io) struct Source {
    pub path: PathBuf,
    pub length: u64,
    bytes: Bytes,
}

enum Bytes {
    File(File),
    Memory(Vec<u8>),
}

impl Source {
    pub fn open(path: &Path) -> Result<Self> {
        let system = |doing| move |source| Error::system(path, doing, source);
        let mut file = File::open(path).map_err(system("open the file"))?;
        let metadata = file.metadata().map_err(system("open the file"))?;
        if !metadata.is_file() {
            let advice = "name a FITS file";
            return Err(Error::unsupported(path, "", "this is a folder or a device, not a file", advice));
        }
        let mut magic = [0u8; 2];
        let count = read_up_to(&mut file, &mut magic).map_err(system("read the file"))?;
        let packed = match &magic[..count] {
            [0x1f, 0x8b] => true,
            [0x1f, 0x9d] => false,
            _ => {
                return Ok(Self { path: path.to_owned(), length: metadata.len(), bytes: Bytes::File(file) });
            }
        };
        let file = File::open(path).map_err(system("open the file"))?;
        let bytes = if packed { gunzip(path, file)? } else { super::unix_compress::expand(path, file)? };
        Ok(Self { path: path.to_owned(), length: bytes.len() as u64, bytes: Bytes::Memory(bytes) })
    }

    /// The bytes of a file as they are.
    pub fn plain(path: &Path) -> Result<Self> {
        let system = |source| Error::system(path, "open the file", source);
        let file = File::open(path).map_err(system)?;
        let length = file.metadata().map_err(system)?.len();
        Ok(Self { path: path.to_owned(), length, bytes: Bytes::File(file) })
    }

    /// Fills `buffer` from `position`; a file that ends before is an error that says so.
    pub fn read_at(&self, position: u64, buffer: &mut [u8]) -> Result<()> {
        let got = self.read_some(position, buffer)?;
        if got < buffer.len() {
            let what = format!("the file ends {} bytes early", buffer.len() - got);
            return Err(Error::damaged(
                &self.path,
                format!("byte {}", position + got as u64),
                what,
                "fetch the file again",
            ));
        }
        Ok(())
    }

    /// Fills as much of `buffer` as the file holds from `position`.
    pub fn read_some(&self, position: u64, buffer: &mut [u8]) -> Result<usize> {
        match &self.bytes {
            Bytes::Memory(bytes) => {
                let from = usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
                let count = buffer.len().min(bytes.len() - from);
                buffer[..count].copy_from_slice(&bytes[from..from + count]);
                Ok(count)
            }
            Bytes::File(file) => {
                let mut count = 0;
                while count < buffer.len() {
                    let got = read_file_at(file, &mut buffer[count..], position + count as u64)
                        .map_err(|source| Error::system(&self.path, "read the file", source))?;
                    if got == 0 {
                        break;
                    }
                    count += got;
                }
                Ok(count)
            }
        }
    }

    /// The bytes of a range that is known to lie inside the file.
    pub fn read_range(&self, position: u64, count: u64) -> Result<Vec<u8>> {
        let held = self.length.saturating_sub(position).min(count);
        let mut buffer = vec![0; usize::try_from(held).unwrap_or(usize::MAX)];
        self.read_at(position, &mut buffer)?;
        Ok(buffer)
    }
}

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match file.read(&mut buffer[count..])? {
            0 => break,
            got => count += got,
        }
    }
    Ok(count)
}

#[cfg(unix)]
fn read_file_at(file: &File, buffer: &mut [u8], position: u64) -> std::io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

#[cfg(windows)]
fn read_file_at(file: &File, buffer: &mut [u8], position: u64) -> std::io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

/// Inflates a gzip file of one or more members.
fn gunzip(path: &Path, file: File) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(std::io::BufReader::with_capacity(1 << 16, file));
    match decoder.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => {
            let what = format!("the gzip data are damaged after {} bytes of contents: {error}", bytes.len());
            Err(Error::damaged(path, "", what, "fetch the file again"))
        }
    }
}
