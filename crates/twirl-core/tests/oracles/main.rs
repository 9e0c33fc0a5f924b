//! Laws and closed forms that the estimators must meet.

mod cotangents;
mod designs;
mod floor;
mod grid;
mod head;
mod intervals;
mod linear;
mod logits;
mod mixed;
mod models;
mod montecarlo;
mod refusals;
mod quadrature;
mod rotations;
mod spectra;
mod table;
mod unbiased;
mod wigner;
