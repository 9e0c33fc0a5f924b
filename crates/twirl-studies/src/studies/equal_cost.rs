//! What is judged of two arms at equal device seconds.

use twirl_compare::{ArmRuns, Estimate, Verdict};

use crate::context::StudyContext;
use crate::estimates::{logarithm, over_seeds};
use crate::holm::Bound;
use crate::judgement::Judgement;
use crate::outcome::Finding;

/// The loss of an augmented arm over that of an equivariant one.
pub(super) struct Compared {
    pub(super) ratio: Estimate,
    /// Seeds of the arm that has fewer.
    pub(super) seeds: usize,
    /// What the comparison says, with its caveats.
    pub(super) verdict: Verdict,
}

impl Compared {
    /// Whether the ratio lies below 1, unless one of the reasons, a caveat or the device forbids it.
    pub(super) fn finding(
        &self,
        place: &str,
        figures: String,
        reasons: Vec<String>,
        context: &StudyContext<'_>,
    ) -> Finding {
        let test = over_seeds(Some(logarithm(self.ratio)), self.seeds, Bound::Below(0.0));
        let undecided = self.verdict == Verdict::Undecided
            && test.is_some_and(|test| test.judgement() != Judgement::Undecided);
        let caveat = undecided.then(|| "a caveat forbids it".to_owned());
        let cpu = context.device.name == "cpu";
        let cpu = cpu.then(|| "no statement per GPU-hour from a CPU".to_owned());
        let forbidden = cpu.into_iter().chain(reasons).chain(caveat);
        Finding::tested(place, test, figures).forbid(forbidden)
    }
}

/// The loss of predicting zero for the molecules of the last measurement.
pub(super) fn zero(arm: &ArmRuns) -> Option<f64> {
    arm.counted().first()?.last()?.loss_zero
}
