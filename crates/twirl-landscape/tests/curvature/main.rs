//! Curvature against spectra that are known.

mod kernels;
mod network;
mod quadratics;
