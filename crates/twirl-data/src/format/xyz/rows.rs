//! Atom lines: held until there are many, then read on several threads, in the order of the file.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::columns::{Columns, MOST};
use super::comment::Comment;
use super::number::number;
use crate::elements;
use crate::error::Result;
use crate::site::Site;

/// Bytes that are held before they are read.
const HELD: usize = 4 << 20;
/// Bytes of lines after which one of the threads may take over.
const PIECE: usize = 1 << 16;
/// Bytes that a frame is taken to hold beside its text.
const FRAME: usize = 512;

/// A frame without its atoms.
pub(super) struct Head<'a> {
    pub(super) frame: usize,
    pub(super) site: Site<'a>,
    pub(super) comment: Comment,
    pub(super) columns: Columns,
    /// Column in which forces start.
    pub(super) force: Option<usize>,
}

/// Lines of one frame.
struct Piece<'a> {
    of: Arc<Head<'a>>,
    text: Range<usize>,
    /// Number of the first line.
    line: usize,
    last: bool,
}

/// What the lines of a piece say.
pub(super) struct Rows<'a> {
    pub(super) of: Arc<Head<'a>>,
    pub(super) numbers: Vec<u8>,
    pub(super) positions: Vec<[f64; 3]>,
    pub(super) forces: Vec<[f64; 3]>,
    /// Whether the frame ends with them.
    pub(super) last: bool,
}

/// Lines that wait to be read.
#[derive(Default)]
pub(super) struct Waiting<'a> {
    text: String,
    pieces: Vec<Piece<'a>>,
    held: usize,
}

impl<'a> Waiting<'a> {
    /// Whether it is time to read.
    pub(super) fn full(&self) -> bool {
        self.held >= HELD
    }

    /// Begins a frame whose comment has `length` bytes; its first atom is in line `line`.
    pub(super) fn begin(&mut self, head: &Arc<Head<'a>>, length: usize, line: usize) {
        self.held += length + FRAME;
        self.piece(head, line);
    }

    fn piece(&mut self, head: &Arc<Head<'a>>, line: usize) {
        let start = self.text.len();
        self.pieces.push(Piece {
            of: head.clone(),
            text: start..start,
            line,
            last: false,
        });
    }

    /// Adds line `line` of the file to the frame that was begun last.
    pub(super) fn push(&mut self, head: &Arc<Head<'a>>, line: usize, text: &str) {
        let full = |piece: &Piece| piece.text.len() >= PIECE;
        if self.pieces.last().is_none_or(full) {
            self.piece(head, line);
        }
        self.held += text.len() + 1;
        self.text.push_str(text);
        self.text.push('\n');
        if let Some(piece) = self.pieces.last_mut() {
            piece.text.end = self.text.len();
        }
    }

    /// Ends the frame that was begun last; `line` is the next.
    pub(super) fn end(&mut self, head: &Arc<Head<'a>>, line: usize) {
        if self.pieces.is_empty() {
            self.piece(head, line);
        }
        if let Some(piece) = self.pieces.last_mut() {
            piece.last = true;
        }
    }

    /// Reads everything, in order.
    pub(super) fn read(&mut self) -> Vec<Result<Rows<'a>>> {
        let pieces = std::mem::take(&mut self.pieces);
        let text = &self.text;
        let read = pieces.into_par_iter().map(|piece| piece.read(text));
        let rows = read.collect();
        self.text.clear();
        self.held = 0;
        rows
    }
}

impl<'a> Piece<'a> {
    fn read(self, text: &str) -> Result<Rows<'a>> {
        let mut rows = Rows {
            of: self.of,
            numbers: Vec::new(),
            positions: Vec::new(),
            forces: Vec::new(),
            last: self.last,
        };
        let lines = text[self.text].split_terminator('\n');
        for (at, line) in (self.line..).zip(lines) {
            let head = &rows.of;
            let site = || {
                let record = format!("frame {}, line {at}", head.frame);
                Site::new(head.site.path, record)
            };
            let (number, position, force) = row(line, &head.columns, head.force, site)?;
            rows.numbers.push(number);
            rows.positions.push(position);
            rows.forces.extend(force);
        }
        Ok(rows)
    }
}

/// Atomic number, position and, where they start in a column, force of a line.
fn row<'a>(
    line: &str,
    columns: &Columns,
    force: Option<usize>,
    site: impl Fn() -> Site<'a>,
) -> Result<(u8, [f64; 3], Option<[f64; 3]>)> {
    let mut fields = [""; MOST];
    let mut count = 0;
    for field in line.split_ascii_whitespace() {
        if count < columns.count {
            fields[count] = field;
        }
        count += 1;
    }
    if count != columns.count {
        if count > columns.count && !columns.named {
            let what = format!("{count} columns, which the comment line does not name");
            let remedy = "add to it, for example, Properties=species:S:1:pos:R:3:forces:R:3";
            return Err(site().unsupported(what, remedy));
        }
        let more = if count > columns.count {
            "more"
        } else {
            "fewer"
        };
        return Err(site().corrupt(format!("{more} than {} columns", columns.count)));
    }
    let vector = |start: usize| -> Result<[f64; 3]> {
        let mut out = [0.0; 3];
        for (value, text) in out.iter_mut().zip(&fields[start..start + 3]) {
            *value = number(text)
                .ok_or_else(|| site().corrupt(format!("\"{text}\" is not a number")))?;
        }
        Ok(out)
    };
    let position = vector(columns.position)?;
    let force = force.map(vector).transpose()?;
    let species = fields[columns.species];
    let number = match species.parse::<i64>() {
        Ok(number) => elements::checked(number),
        Err(_) => elements::atomic_number(species),
    };
    let number = number.ok_or_else(|| site().element(species))?;
    Ok((number, position, force))
}
