//! Float types of the own operations.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only inlined into a function compiled for their set"
)]

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

use burn::tensor::Element;
use pulp::Simd;

use crate::exponential::exp;

/// Where decaying exponentials of single precision end, as an exponent: 1e-30, far below rounding
/// beside the 1 they decay from, and far enough above the smallest normal number that products with
/// weights and gradients stay normal. The processor takes a hundred times longer over subnormals.
pub const END: f32 = -69.0;

/// A float type, with its vectors.
pub trait Real:
    Element
    + pulp::bytemuck::Pod
    + Default
    + PartialOrd
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// 1.
    const ONE: Self;
    /// Rounds.
    fn of(value: f64) -> Self;
    /// Exact.
    fn wide(self) -> f64;
    /// Absolute value.
    #[must_use]
    fn size(self) -> Self;
    /// Square root.
    #[must_use]
    fn root(self) -> Self;
    /// `exp(self)` for `self <= 0`; in single precision 0 below [`END`].
    #[must_use]
    fn decay(self) -> Self;

    /// Vectors of an instruction set.
    type Lanes<S: Simd>: Copy;
    /// Numbers in a vector.
    fn lanes<S: Simd>() -> usize;
    /// One number in all lanes.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Lanes<S>;
    /// The slice as whole vectors, without the rest.
    fn vectors<S: Simd>(values: &[Self]) -> &[Self::Lanes<S>];
    /// As [`Real::vectors`].
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Lanes<S>];
    /// The vector that begins at `start`.
    fn load<S: Simd>(values: &[Self], start: usize) -> Self::Lanes<S>;
    /// Writes the vector that begins at `start`.
    fn store<S: Simd>(values: &mut [Self], start: usize, lanes: Self::Lanes<S>);
    /// Fewer numbers than a vector has, then zeros.
    fn load_part<S: Simd>(simd: S, values: &[Self]) -> Self::Lanes<S>;
    /// The first lanes, as many as the slice holds.
    fn store_part<S: Simd>(simd: S, values: &mut [Self], lanes: Self::Lanes<S>);
    /// `a b + c`.
    fn multiply_add<S: Simd>(
        simd: S,
        a: Self::Lanes<S>,
        b: Self::Lanes<S>,
        c: Self::Lanes<S>,
    ) -> Self::Lanes<S>;
    /// Sum of all lanes.
    fn sum<S: Simd>(simd: S, lanes: Self::Lanes<S>) -> Self;
}

macro_rules! real {
    ($float:ty, $lanes:ident, $count:ident, $view:ident, $view_mut:ident, $splat:ident,
     $load:ident, $store:ident, $multiply_add:ident, $sum:ident, $decay:expr) => {
        impl Real for $float {
            const ONE: Self = 1.0;

            #[inline(always)]
            #[allow(clippy::unnecessary_cast, reason = "the other type needs it")]
            fn of(value: f64) -> Self {
                value as Self
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn size(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn decay(self) -> Self {
                $decay(self)
            }

            type Lanes<S: Simd> = S::$lanes;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$count
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$lanes {
                simd.$splat(value)
            }
            #[inline(always)]
            fn vectors<S: Simd>(values: &[Self]) -> &[S::$lanes] {
                S::$view(values).0
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [S::$lanes] {
                S::$view_mut(values).0
            }
            #[inline(always)]
            fn load<S: Simd>(values: &[Self], start: usize) -> S::$lanes {
                S::$view(&values[start..]).0[0]
            }
            #[inline(always)]
            fn store<S: Simd>(values: &mut [Self], start: usize, lanes: S::$lanes) {
                S::$view_mut(&mut values[start..]).0[0] = lanes;
            }
            #[inline(always)]
            fn load_part<S: Simd>(simd: S, values: &[Self]) -> S::$lanes {
                simd.$load(values)
            }
            #[inline(always)]
            fn store_part<S: Simd>(simd: S, values: &mut [Self], lanes: S::$lanes) {
                simd.$store(values, lanes);
            }
            #[inline(always)]
            fn multiply_add<S: Simd>(
                simd: S,
                a: S::$lanes,
                b: S::$lanes,
                c: S::$lanes,
            ) -> S::$lanes {
                simd.$multiply_add(a, b, c)
            }
            #[inline(always)]
            fn sum<S: Simd>(simd: S, lanes: S::$lanes) -> Self {
                simd.$sum(lanes)
            }
        }
    };
}

#[inline(always)]
fn decay(x: f32) -> f32 {
    let value = exp(x);
    if x < END { 0.0 } else { value }
}

real!(
    f32,
    f32s,
    F32_LANES,
    as_simd_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    partial_load_f32s,
    partial_store_f32s,
    mul_add_f32s,
    reduce_sum_f32s,
    decay
);
real!(
    f64,
    f64s,
    F64_LANES,
    as_simd_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    partial_load_f64s,
    partial_store_f64s,
    mul_add_f64s,
    reduce_sum_f64s,
    f64::exp
);
