//! Figures as SVG, drawn by hand: axes, lines, bands, areas, marks with hover text.

mod axis;
mod draw;
mod file;
mod lines;
mod mark;

pub use axis::Scale;
pub(crate) use draw::Use;
pub use lines::{Chart, ChartPanel, Line, Look};
pub(crate) use mark::{area_swatch, broad_swatch, swatch};
