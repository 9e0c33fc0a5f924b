//! The functions and their derivatives in single precision, written without branches so that they
//! become vector instructions.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]

use std::f32::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

use super::Activation;

/// Adding it to a small number leaves the nearest integer in the low bits.
const ROUND: f32 = 12_582_912.0;
/// `ln 2` in two parts, of which the first has few enough digits for an exact product.
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = (LN_2 as f64 - 0.693_359_375) as f32 - 1.904_654_3e-9;

/// `exp(x)` to two units in the last place, for `x` cut off at -87 and 88, beyond which the result
/// would leave the range of normal numbers. Not a number gives not a number.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = if x < -87.0 { -87.0 } else { x };
    let x = if x > 88.0 { 88.0 } else { x };
    let shifted = x * LOG2_E + ROUND;
    let power = shifted - ROUND;
    let rest = x - power * LN_2_HIGH - power * LN_2_LOW;
    // The series of degree 7: its remainder is below 5e-9 for |rest| <= ln(2) / 2.
    let mut series = 1.0 / 5040.0;
    for term in [
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    ] {
        series = series * rest + term;
    }
    let exponent = shifted.to_bits().wrapping_sub(ROUND.to_bits());
    series * f32::from_bits(exponent.wrapping_add(127).wrapping_shl(23))
}

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

impl Activation {
    #[inline(always)]
    pub(super) fn value(self, x: f32) -> f32 {
        match self {
            Self::Silu => x * sigmoid(x),
            Self::Gelu => x * normal(x),
        }
    }

    #[inline(always)]
    pub(super) fn slope(self, x: f32) -> f32 {
        match self {
            Self::Silu => {
                let s = sigmoid(x);
                s * (1.0 + x * (1.0 - s))
            }
            Self::Gelu => {
                const DENSITY: f32 = 0.398_942_28;
                normal(x) + x * DENSITY * exp(-0.5 * x * x)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_exact_to_rounding() {
        let mut worst = 0.0_f64;
        for place in -86_000..=87_000 {
            let x = place as f32 / 1000.0;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) / exact - 1.0).abs());
        }
        println!("exp: largest relative error {worst:e}");
        assert!(worst <= 2.0 * f64::from(f32::EPSILON), "{worst:e}");
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(-1e9) < 2e-38 && exp(1e9) > 1e38);
    }
}
