//! Laws and closed forms that the estimators must meet.

mod angles;
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
mod quadrature;
mod refusals;
mod resultants;
mod roots;
mod rotations;
mod spectra;
mod statistics;
mod table;
mod unbiased;
mod wigner;
