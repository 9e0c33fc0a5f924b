//! Whether an arm has learned: only then does a percentage say something of its symmetry.

/// Share of the gap between predicting zero and the best that must be closed.
const SHARE: f64 = 0.5;

/// Most that the least loss of all may be of that of zero. Above it no arm has learned, and the best of
/// them is no yardstick.
const MOST: f64 = 0.9;

/// The least loss that can be expected of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Yardstick {
    /// The loss.
    pub best: f64,
    /// Whose it is.
    pub whose: String,
}

impl Yardstick {
    /// Why a loss is not that of an arm that has learned; nothing if it is. `zero` is that of predicting
    /// zero for the same molecules.
    ///
    /// An arm has learned if it has closed at least half of the gap between predicting zero and the
    /// least loss, which itself must be at most 0.9 of that of zero.
    pub fn not_learned(&self, loss: f64, zero: Option<f64>) -> Option<String> {
        let Some(zero) = zero.filter(|zero| *zero > 0.0) else {
            return Some("the loss of predicting zero is not known".into());
        };
        let share = |loss: f64| format!("{:.3} of the loss of zero", loss / zero);
        if self.best > MOST * zero {
            let (best, whose) = (share(self.best), &self.whose);
            return Some(format!(
                "has not learned: the best of all, {whose}, has {best}"
            ));
        }
        let closed = (zero - loss) / (zero - self.best);
        // A loss that is not a number has closed nothing.
        (closed < SHARE || closed.is_nan()).then(|| {
            let (own, best, whose) = (share(loss), share(self.best), &self.whose);
            format!("has not learned: {own}, {whose} has {best}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_gap_is_learned() {
        let of = |best: f64| Yardstick {
            best,
            whose: "painn".into(),
        };
        let learned = |best: f64, loss: f64| of(best).not_learned(loss, Some(2.0)).is_none();
        // The Bayes error is zero: half of the loss of zero.
        assert!(learned(0.0, 0.99) && !learned(0.0, 1.01));
        // A loss whose best is 0.59 of zero: a fixed half would refuse every arm.
        assert!(learned(1.18, 1.3) && !learned(1.18, 1.6));
        // Small outputs, all of them wrong; worse than zero; no arm that has learned anything.
        assert!(!learned(0.0, 2.0 * 1.011) && !learned(0.2, 3.0));
        assert!(!learned(1.98, 1.98) && !learned(f64::INFINITY, 0.1));
        assert!(!learned(0.0, f64::NAN));
        let unknown = of(0.0).not_learned(0.1, None).expect("a reason");
        assert!(unknown.contains("not known"), "{unknown}");
        let why = of(0.2).not_learned(1.9, Some(2.0)).expect("a reason");
        assert_eq!(
            why,
            "has not learned: 0.950 of the loss of zero, painn has 0.100 of the loss of zero"
        );
    }
}
