//! Percentage against steps.

use twirl_record::Training;
use twirl_report::{PercentPoint, count, range, settled_below, significant};

use crate::budgets::RequiredSection;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::judgement::Judgement;
use crate::outcome::{Finding, Outcome};
use crate::runs::RunBudget;
use crate::studies::percent::{LEVEL, Trained, WINDOW, present};
use crate::study::{Card, Study};

/// Percentage against steps.
pub(crate) struct Dynamics;

const CARD: Card = Card {
    name: "dynamics",
    about: "share of the loss that is imperfect symmetry, against steps",
    claim: "the symmetry part of the loss falls to 2 % or less within 1,000 to 10,000 steps",
    rule: "per arm: supported if the 95 % interval of the percentage lies below 2 at a measured step \
           from 1,000 to 10,000; not supported if it lies above 2 at step 10,000; undecided \
           otherwise, and always when fewer than 1,000 steps were taken",
    needs_f64: false,
    sections: &[RequiredSection::of::<RunBudget>()],
};

/// What the rule says about a curve.
fn judge(points: &[PercentPoint]) -> Judgement {
    let within = |point: &&PercentPoint| (WINDOW[0]..=WINDOW[1]).contains(&point.step);
    let inside: Vec<&PercentPoint> = points.iter().filter(within).collect();
    let judged = |point: &PercentPoint| Judgement::below(point.percent.interval, LEVEL);
    let any_below = inside
        .iter()
        .any(|point| judged(point) == Judgement::Supported);
    match inside.last() {
        _ if any_below => Judgement::Supported,
        Some(last) if last.step == WINDOW[1] => judged(last),
        _ => Judgement::Undecided,
    }
}

/// The figures of a curve in words.
fn words(trained: &Trained) -> String {
    let settled = settled_below(&trained.points, LEVEL).map_or_else(
        || "not yet below 2 %".into(),
        |step| format!("below 2 % from step {} on", count(step)),
    );
    let PercentPoint { step, percent, .. } = trained.at;
    format!(
        "{} % ({}) at step {}, {settled}",
        significant(percent.value, 3),
        range(percent.interval, 3),
        count(step)
    )
}

impl Study for Dynamics {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let setups = context.run_arms(Training::Augmented, usize::MAX)?;
        let arms = context.train(cells, setups, |task| context.run_seeds(task))?;
        let mut outcome = Outcome::default();
        let mut all = Vec::new();
        for (setup, arm) in arms {
            match arm.and_then(|arm| Trained::of("", arm)) {
                Err(why) => outcome.gap(setup.place(), why),
                Ok(trained) => {
                    outcome.findings.push(Finding {
                        place: setup.place(),
                        judgement: judge(&trained.points),
                        figures: words(&trained),
                    });
                    all.push(trained);
                }
            }
        }
        present(
            &mut outcome,
            &all,
            "Bands: 95 % interval over seeds and molecules.",
        );
        outcome.notes.push(
            "Seeds that a time budget ends at different steps: the last row of a curve is the mean \
             over seeds of their last measurements, at the mean of their last steps."
                .into(),
        );
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use twirl_report::Estimate;

    use super::*;

    fn curve(points: &[(u64, f64, f64)]) -> Vec<PercentPoint> {
        let point = |&(step, low, high): &(u64, f64, f64)| PercentPoint {
            step,
            percent: Estimate {
                value: f64::midpoint(low, high),
                interval: Some([low, high]),
            },
            floor: 1e-9,
        };
        points.iter().map(point).collect()
    }

    #[test]
    fn the_rule_can_come_out_either_way() {
        let judged = |points: &[(u64, f64, f64)]| judge(&curve(points));
        assert_eq!(
            judged(&[(0, 60.0, 70.0), (1000, 1.0, 1.9)]),
            Judgement::Supported
        );
        assert_eq!(judged(&[(999, 1.0, 1.9)]), Judgement::Undecided);
        assert_eq!(judged(&[(1000, 1.0, 2.1)]), Judgement::Undecided);
        assert_eq!(judged(&[(1000, 3.0, 4.0)]), Judgement::Undecided);
        assert_eq!(
            judged(&[(1000, 3.0, 4.0), (10_000, 2.1, 3.0)]),
            Judgement::NotSupported
        );
        assert_eq!(judged(&[(20_000, 0.1, 0.2)]), Judgement::Undecided);
    }
}
