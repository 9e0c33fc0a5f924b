//! The report as one HTML page that needs nothing else.

mod after;
mod figures;
mod overview;
mod page;
mod picture;
mod section;
mod split;

pub use page::{html, html_from};
