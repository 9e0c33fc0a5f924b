//! Sums over short rows, in a fixed number of lanes that any instruction set fills.

#![expect(
    clippy::inline_always,
    reason = "vector instructions are only used in what is inlined into a function compiled for them"
)]

use super::real::Real;

/// Partial sums: enough for one vector of the widest set.
const LANES: usize = 16;

/// `sum a`.
#[inline(always)]
#[must_use]
pub fn sum<T: Real>(values: &[T]) -> T {
    sum_in::<LANES, T>(values)
}

/// `sum a b`.
#[inline(always)]
#[must_use]
pub fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    dot_in::<LANES, T>(a, b)
}

/// `sum a` in a number of lanes, a power of two.
#[inline(always)]
pub(crate) fn sum_in<const LANES: usize, T: Real>(values: &[T]) -> T {
    let mut lanes = [T::default(); LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    for (lane, &value) in lanes.iter_mut().zip(rest) {
        *lane += value;
    }
    total(lanes)
}

/// `sum a b` in a number of lanes, a power of two.
#[inline(always)]
pub(crate) fn dot_in<const LANES: usize, T: Real>(a: &[T], b: &[T]) -> T {
    let mut lanes = [T::default(); LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for (lane, (&a, &b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    for (lane, (&a, &b)) in lanes.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *lane += a * b;
    }
    total(lanes)
}

#[inline(always)]
fn total<const LANES: usize, T: Real>(mut lanes: [T; LANES]) -> T {
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        let (low, high) = lanes.split_at_mut(width);
        for (low, &high) in low.iter_mut().zip(&*high) {
            *low += high;
        }
    }
    lanes[0]
}
