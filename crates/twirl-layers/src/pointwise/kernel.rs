//! The functions and their derivatives in single precision, written without branches so that they
//! become vector instructions.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]
#![expect(clippy::excessive_precision, reason = "figures as they were published")]

use std::f32::consts::FRAC_1_SQRT_2;

use crate::circular::{LARGEST, cosine, sine};
use crate::exponential::exp;
use crate::own::{END, Real, vectorised};

/// Square of the argument at which the Gaussian ends, `2 ln(1e12)`.
const GAUSSIAN_END: f32 = 55.26;

/// What the own operation computes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Function {
    Silu,
    Gelu,
    Gaussian,
    Sine,
    Cosine,
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    let value = 1.0 / (1.0 + exp(-x));
    if x < END { 0.0 } else { value }
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
    let half = 0.5 * t * (series - z * z).decay();
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
    let square = x * x;
    let value = exp(-0.5 * square);
    if square > GAUSSIAN_END { 0.0 } else { value }
}

#[inline(always)]
fn gaussian_slope(x: f32) -> f32 {
    -x * gaussian(x)
}

/// Whether some angle is too large for the fast functions.
fn far(values: &[f32]) -> bool {
    values.iter().any(|value| value.abs() > LARGEST)
}

impl Function {
    /// Sine and cosine of any angle.
    fn exactly(self) -> fn(f32) -> f32 {
        if matches!(self, Self::Cosine) {
            f32::cos
        } else {
            f32::sin
        }
    }

    /// Replaces every number by the function's value. The choice is made outside of the loops, which
    /// would not become vector instructions with it inside.
    pub(crate) fn map(self, values: &mut [f32]) {
        #[inline(always)]
        fn run(values: &mut [f32], function: impl Fn(f32) -> f32) {
            for value in values {
                *value = function(*value);
            }
        }
        vectorised(
            #[inline(always)]
            || match self {
                Self::Silu => run(values, silu),
                Self::Gelu => run(values, gelu),
                Self::Gaussian => run(values, gaussian),
                Self::Sine | Self::Cosine if far(values) => run(values, self.exactly()),
                Self::Sine => run(values, sine),
                Self::Cosine => run(values, cosine),
            },
        );
    }

    /// Multiplies every gradient by the slope at its input.
    pub(crate) fn chain(self, gradients: &mut [f32], inputs: &[f32]) {
        #[inline(always)]
        fn run(gradients: &mut [f32], inputs: &[f32], slope: impl Fn(f32) -> f32) {
            for (gradient, &x) in gradients.iter_mut().zip(inputs) {
                *gradient *= slope(x);
            }
        }
        vectorised(
            #[inline(always)]
            || match self {
                Self::Silu => run(gradients, inputs, silu_slope),
                Self::Gelu => run(gradients, inputs, gelu_slope),
                Self::Gaussian => run(gradients, inputs, gaussian_slope),
                Self::Sine if far(inputs) => run(gradients, inputs, f32::cos),
                Self::Cosine if far(inputs) => run(gradients, inputs, |x| -x.sin()),
                Self::Sine => run(gradients, inputs, cosine),
                Self::Cosine => run(gradients, inputs, |x| -sine(x)),
            },
        );
    }
}
