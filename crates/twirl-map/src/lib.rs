//! A whole file as bytes, mapped read-only. See the README of this crate for what may be mapped.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The bytes of a file, read when they are looked at. They start at the start of a page, so values of
/// any type may lie at multiples of their alignment.
#[derive(Debug)]
pub struct Map(Mmap);

impl Map {
    /// Maps a file. Nobody may change or shorten it in place as long as it is mapped; that it is
    /// replaced by a rename, or deleted, is no harm.
    ///
    /// # Errors
    /// If the file cannot be opened, is no regular file, or cannot be mapped.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Self::of(&file)
    }

    #[expect(unsafe_code, reason = "a file cannot be mapped without")]
    fn of(file: &File) -> io::Result<Self> {
        // SAFETY: the mapping is read-only. What remains is that no one changes the file
        // in place, which the caller answers for: those files are renamed into place when whole, and
        // never written again.
        let map = unsafe { Mmap::map(file) };
        map.map(Self)
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
