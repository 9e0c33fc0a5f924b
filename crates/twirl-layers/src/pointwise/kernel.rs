//! The functions and their derivatives in single precision, written without branches so that they
//! become vector instructions.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]
#![expect(clippy::excessive_precision, reason = "figures as they were published")]

use std::f32::consts::FRAC_1_SQRT_2;

use pulp::Arch;

use super::Function;
use crate::exponential::exp;

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// The normal distribution function, by the rational Chebyshev fit of `erfc` in Press et al.,
/// Numerical Recipes, section 6.2, whose relative error is below 1.2e-7.
#[inline(always)]
fn normal(x: f32) -> f32 {
    const FIT: [f32; 9] = [
        -0.822_152_23,
        1.488_515_87,
        -1.135_203_98,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_68,
        -1.265_512_23,
    ];
    let z = x.abs() * FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    let mut series = 0.170_872_77;
    for term in FIT {
        series = series * t + term;
    }
    let half = 0.5 * t * exp(series - z * z);
    if x < 0.0 { half } else { 1.0 - half }
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    x * sigmoid(x)
}

#[inline(always)]
fn silu_slope(x: f32) -> f32 {
    let s = sigmoid(x);
    s * (1.0 + x * (1.0 - s))
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    x * normal(x)
}

#[inline(always)]
fn gelu_slope(x: f32) -> f32 {
    const DENSITY: f32 = 0.398_942_28;
    normal(x) + x * DENSITY * gaussian(x)
}

#[inline(always)]
fn gaussian(x: f32) -> f32 {
    exp(-0.5 * x * x)
}

#[inline(always)]
fn gaussian_slope(x: f32) -> f32 {
    -x * gaussian(x)
}

impl Function {
    /// Replaces every number by the function's value. The choice is made outside of the loops, which
    /// would not become vector instructions with it inside.
    pub(super) fn map(self, values: &mut [f32]) {
        #[inline(always)]
        fn run(values: &mut [f32], function: impl Fn(f32) -> f32) {
            for value in values {
                *value = function(*value);
            }
        }
        Arch::new().dispatch(|| match self {
            Self::Silu => run(values, silu),
            Self::Gelu => run(values, gelu),
            Self::Gaussian => run(values, gaussian),
        });
    }

    /// Multiplies every gradient by the slope at its input.
    pub(super) fn chain(self, gradients: &mut [f32], inputs: &[f32]) {
        #[inline(always)]
        fn run(gradients: &mut [f32], inputs: &[f32], slope: impl Fn(f32) -> f32) {
            for (gradient, &x) in gradients.iter_mut().zip(inputs) {
                *gradient *= slope(x);
            }
        }
        Arch::new().dispatch(|| match self {
            Self::Silu => run(gradients, inputs, silu_slope),
            Self::Gelu => run(gradients, inputs, gelu_slope),
            Self::Gaussian => run(gradients, inputs, gaussian_slope),
        });
    }
}
