//! Figures as SVG, drawn by hand: logarithmic axes, lines, bands, marks with hover text.

mod axis;
mod draw;
mod file;
mod lines;
mod mark;

pub use axis::Scale;
pub use lines::{Chart, ChartPanel, Line};
pub(crate) use mark::swatch;
