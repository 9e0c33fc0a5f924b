//! Curvature against spectra that are known.

mod dense;
mod densities;
mod kernels;
mod network;
mod quadratics;
