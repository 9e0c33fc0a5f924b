//! The one table of numerical tolerances, by the type in which a model computes.

/// Tolerances for one floating-point type. All are relative and without unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// Distance from 1 to the next number.
    pub epsilon: f64,
    /// Relative difference allowed between two ways of computing one number.
    pub agreement: f64,
    /// Relative difference, in the Euclidean norm, allowed between a prediction or a gradient on
    /// one device and on another, which sum in other orders.
    pub devices: f64,
    /// Largest `L_equiv / E|f|^2` of an exactly equivariant model: rounding alone.
    pub floor: f64,
}

/// Single precision: agreement is about 100 roundings, the floor about 10 roundings, squared.
pub const F32: Tolerance = Tolerance {
    epsilon: f32::EPSILON as f64,
    agreement: 1e-5,
    devices: 1e-4,
    floor: 1e-12,
};

/// Single precision whose products round their operands to TF32, 11 bits: agreement is about 10 of those
/// roundings, the floor 10 roundings, squared.
pub const TF32: Tolerance = Tolerance {
    epsilon: 1.0 / 2048.0,
    agreement: 5e-3,
    devices: 5e-3,
    floor: 2.4e-5,
};

/// Double precision: agreement allows sums of some 10^4 terms, the floor 100 roundings, squared.
pub const F64: Tolerance = Tolerance {
    epsilon: f64::EPSILON,
    agreement: 1e-11,
    devices: 1e-10,
    floor: 1e-27,
};

/// Standard errors that a seeded Monte Carlo mean may lie from its expectation: a right estimator
/// passes all but once in about two million trials.
pub const STANDARD_ERRORS: f64 = 5.0;
