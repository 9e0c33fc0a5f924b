//! Curvature against spectra that are known.

mod dense;
mod densities;
mod errors;
mod kernels;
mod network;
mod quadratics;
mod subspaces;
