//! Curvature against spectra that are known.

mod dense;
mod kernels;
mod network;
mod quadratics;
