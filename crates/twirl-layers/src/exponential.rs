//! The exponential in single precision, without branches, for loops that become vector instructions.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]

/// Below it the result would no longer be a normal number.
const LOWEST: f32 = -87.3;
/// Above it the result would leave the range of the type.
const HIGHEST: f32 = 88.0;
/// `1.5 * 2^23`: added, it rounds to an integer, and leaves that in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// `ln(2)` in two parts; the first has 9 bits, so its product with `n` is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// `exp(x)` for `x` from [`LOWEST`] to 88, and the value at the nearer end beyond; not a number gives
/// not a number.
///
/// `2^n exp(r)` with `|r| <= ln(2) / 2` and a polynomial of degree 6 (Moshier's Cephes): the relative
/// error is below one unit in the last place.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Not `clamp`, which would hide a NaN.
    let x = if x < LOWEST { LOWEST } else { x };
    let x = if x > HIGHEST { HIGHEST } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let power = (rounded.to_bits() << 23).wrapping_add(1.0_f32.to_bits());
    (p * (r * r) + r + 1.0) * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_exact_to_rounding() {
        let mut worst = 0.0_f64;
        for place in -87_000..=88_000 {
            let x = place as f32 / 1000.0;
            let exact = f64::from(x).exp();
            worst = worst.max((f64::from(exp(x)) / exact - 1.0).abs());
        }
        println!("exp: largest relative error {worst:e}");
        assert!(worst <= f64::from(f32::EPSILON), "{worst:e}");
        assert!(exp(f32::NAN).is_nan());
        assert!(exp(-1e9) < 2e-38 && exp(1e9) > 1e38);
    }
}
