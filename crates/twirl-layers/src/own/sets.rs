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
