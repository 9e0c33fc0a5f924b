//! Writes the figures of `twirl-compare`: for a terminal, as Markdown, CSV, JSON and as one HTML page.
//!
//! Each figure is stated once, as a typed column of a [`Table`]; every form is written from there. To add
//! a column to a table is one line in `tables/`. A [`Chart`] is drawn alike in a file and on the page.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod chart;
mod headline;
mod html;
mod number;
mod readme;
mod report;
mod table;
mod tables;
mod text;
mod words;

pub use chart::{Chart, ChartPanel, Line, Look, Scale};
pub use html::{html, html_from};
pub use number::{count, range, significant};
pub use readme::{ReadmePart, readme};
pub use report::{all_tables, brief, left_out, markdown, terminal};
pub use table::{Bounded, Column, Columns, Curves, Heading, Known, Missing, Table};
pub use tables::comparisons;
pub use text::{Medium, escape};
pub use words::{finding, in_brackets};
