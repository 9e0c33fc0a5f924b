//! Tables: each figure is stated once, as a typed column, and written in every form from there.

mod build;
mod cell;
mod column;
mod csv;
mod curves;
mod fields;
mod html;
mod json;
mod markdown;
mod shown;
mod terminal;

pub use build::{Columns, Heading, Table};
pub use cell::{Bounded, Known, Missing};
pub use column::Column;
pub use curves::Curves;
