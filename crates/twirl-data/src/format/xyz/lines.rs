//! Text line by line, held one line at a time.

use std::io::{BufRead, Read};

use crate::error::Result;
use crate::site::Site;

/// Longest line, bytes.
const LONGEST: u64 = 16 << 20;

/// The lines of a text, counted from 1.
pub(in crate::format) struct Lines<'a> {
    path: &'a str,
    reader: Box<dyn BufRead>,
    bytes: Vec<u8>,
    /// Number of the line read last.
    pub(in crate::format) count: usize,
}

impl<'a> Lines<'a> {
    pub(in crate::format) fn new(path: &'a str, reader: Box<dyn BufRead>) -> Self {
        Self {
            path,
            reader,
            bytes: Vec::new(),
            count: 0,
        }
    }

    /// The next line without its end; a byte order mark before the first is skipped.
    pub(in crate::format) fn next(&mut self) -> Result<Option<&str>> {
        self.bytes.clear();
        let site = Site::new(self.path, format!("line {}", self.count + 1));
        let read = (&mut self.reader)
            .take(LONGEST)
            .read_until(b'\n', &mut self.bytes)
            .map_err(|error| site.corrupt(error))?;
        if read == 0 {
            return Ok(None);
        }
        if read as u64 == LONGEST {
            return Err(site.corrupt("a line of more than 16 MiB"));
        }
        if self.count == 0 {
            if self.bytes.starts_with(b"\xFF\xFE") || self.bytes.starts_with(b"\xFE\xFF") {
                return Err(site.unsupported("is UTF-16", "save the file as UTF-8"));
            }
            if self.bytes.starts_with(b"\xEF\xBB\xBF") {
                self.bytes.drain(..3);
            }
        }
        self.count += 1;
        let mut end = self.bytes.len();
        while end > 0 && matches!(self.bytes[end - 1], b'\n' | b'\r') {
            end -= 1;
        }
        match std::str::from_utf8(&self.bytes[..end]) {
            Ok(line) => Ok(Some(line)),
            Err(_) => Err(site.corrupt("not text")),
        }
    }
}
