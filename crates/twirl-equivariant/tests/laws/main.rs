//! Laws of the backbones in single precision, and of the algebra behind them.

#[path = "../fixture/mod.rs"]
mod fixture;

mod angular;
mod environments;
mod equivariance;
mod invariances;
mod neighbours;
