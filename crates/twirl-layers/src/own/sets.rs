//! The best instruction set of this machine.

use pulp::{Scalar, Simd, WithSimd};

/// Runs work compiled for the best instruction set that this machine has. Bits do not depend on the
/// choice where work neither fuses nor reorders what it adds.
///
/// `pulp::Arch` knows only the sets of the features that a build turns on; here they are asked for by
/// name.
pub fn vectorised<W: WithSimd>(work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(simd) = pulp::x86::V4::try_new() {
            return Simd::vectorize(simd, work);
        }
        if let Some(simd) = pulp::x86::V3::try_new() {
            return Simd::vectorize(simd, work);
        }
    }
    #[cfg(target_arch = "aarch64")]
    if let Some(simd) = pulp::aarch64::Neon::try_new() {
        return Simd::vectorize(simd, work);
    }
    work.with_simd(Scalar::new())
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    struct Lanes;

    impl WithSimd for Lanes {
        type Output = usize;

        fn with_simd<S: Simd>(self, _simd: S) -> usize {
            S::F32_LANES
        }
    }

    /// A build that knows only the widest set must not fall back to one number at a time.
    #[test]
    fn the_next_best_set_is_taken_where_the_widest_is_missing() {
        let lanes = vectorised(Lanes);
        if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl") {
            assert_eq!(lanes, 16);
        } else if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            assert_eq!(lanes, 8);
        } else {
            assert_eq!(lanes, 1);
        }
    }
}
