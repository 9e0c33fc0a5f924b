//! The report as one HTML page that needs nothing else.

mod after;
mod figures;
mod page;
mod picture;
mod section;

pub use page::html;
