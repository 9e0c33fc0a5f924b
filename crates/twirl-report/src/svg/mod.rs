//! Figures as inline SVG, drawn by hand: logarithmic axes, lines, bands, marks with hover text.

mod axis;
mod figure;
pub(crate) mod mark;

pub(crate) use axis::Scale;
pub(crate) use figure::{Figure, Panel, Point, Series};
pub(crate) use mark::{STYLES, swatch};
