//! Means with standard errors, and the one z-test that every random test uses.

use twirl_core::{Purpose, Stream, tolerance};

/// The stream of a test: `seed` names the test, `counter` the repeat.
pub(crate) fn stream(seed: u64, counter: u64) -> Stream {
    Stream::new(seed, Purpose::Other(1), [counter, 0])
}

/// Running mean and variance (Welford).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    count: f64,
    centre: f64,
    squares: f64,
}

impl Mean {
    pub(crate) fn add(&mut self, value: f64) {
        self.count += 1.0;
        let off = value - self.centre;
        self.centre += off / self.count;
        self.squares += off * (value - self.centre);
    }

    pub(crate) fn value(&self) -> f64 {
        self.centre
    }

    pub(crate) fn variance(&self) -> f64 {
        self.squares / (self.count - 1.0)
    }

    pub(crate) fn standard_error(&self) -> f64 {
        (self.variance() / self.count).sqrt()
    }

    /// Standard errors between the mean and `expected`; rounding counts as agreement.
    pub(crate) fn z(&self, expected: f64) -> f64 {
        let off = (self.centre - expected).abs();
        if off <= tolerance::F64.agreement * expected.abs() {
            return 0.0;
        }
        off / self.standard_error()
    }

    #[track_caller]
    pub(crate) fn assert_mean(&self, expected: f64, seed: u64, what: &str) {
        let z = self.z(expected);
        assert!(
            z < tolerance::STANDARD_ERRORS,
            "seed {seed}: {what}: mean {} +- {} is {z:.1} standard errors from {expected}",
            self.centre,
            self.standard_error()
        );
    }
}

/// Asserts that two numbers agree to f64 rounding relative to `scale`.
#[track_caller]
pub(crate) fn assert_close(found: f64, expected: f64, scale: f64, what: &str) {
    let off = (found - expected).abs();
    assert!(
        off <= tolerance::F64.agreement * scale,
        "{what}: {found} differs from {expected} by {off:e}, scale {scale}"
    );
}
