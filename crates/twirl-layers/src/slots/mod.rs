//! Edges in slots: a fixed number for every atom, of which the first are held.

mod edges;
mod spread;

pub use edges::{Piece, Slots};
