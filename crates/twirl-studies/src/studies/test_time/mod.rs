//! Twirling at test time: loss and cost against rotations, and the price of a standard error.

mod trial;

use twirl_report::{Chart, Columns, Curves, Missing, Table, range, significant};

use crate::budgets::RequiredSection;
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::judgement::Judgement;
use crate::lab::LabBudget;
use crate::learned::{LabYardstick, learned_rule};
use crate::outcome::{Finding, Outcome};
use crate::studies::test_time::trial::{TestTimeBudget, Trial, TwirledLoss, test};
use crate::study::{Card, Study};

/// Twirling at test time.
pub(crate) struct TestTime;

/// The design whose rows the identity is judged by.
const IID: &str = "iid";

fn identity(trial: &Trial) -> Judgement {
    let iid = trial.losses.iter().filter(|loss| loss.design == IID);
    let excludes = |[low, high]: [f64; 2]| low > 1.0 || high < 1.0;
    let excluded: Vec<bool> = iid.filter_map(|loss| loss.interval).map(excludes).collect();
    let outside = excluded.iter().filter(|outside| **outside).count();
    if excluded.is_empty() {
        Judgement::Undecided
    } else if outside <= 1 {
        Judgement::Supported
    } else if 2 * outside > excluded.len() {
        Judgement::NotSupported
    } else {
        Judgement::Undecided
    }
}

const CARD: Card = Card {
    name: "twirl-at-test-time",
    about: "loss and cost against the number of rotations averaged over",
    claim: "averaging predictions over M rotations has loss L_mean + L_equiv / M, and randomised orbits \
         measure L_equiv with fewer passes than iid rotations",
    rule: concat!(
        "identity, per arm: supported if the 95 % interval over molecules of L(M) / (L_mean + \
         L_equiv / M), with independent rotations on either side, excludes 1 at no more than one M; \
         not supported if at more than half; undecided otherwise. Orbits, per arm: factor = variance \
         of the estimate of L_equiv with iid rotations over that with two randomised orbits, at \
         equal passes: how many times fewer passes the orbits need for one standard error. \
         Supported if its interval lies above 1, not supported if below, undecided otherwise. ",
        learned_rule!()
    ),
    needs_f64: false,
    sections: &[
        RequiredSection::of::<LabBudget>(),
        RequiredSection::of::<TestTimeBudget>(),
    ],
};

impl Study for TestTime {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let arms = context.over_seeds(
            cells,
            context.lab_arms(|task| context.lab_plain(task))?,
            |task| Ok(vec![context.first_seed(&context.lab_seeds(task)?)]),
            |task| context.budgets.section(Some(task)),
            |setup, budget| test(context, setup, budget),
        )?;
        let losses = |trials: &Vec<Trial>| trials.iter().map(|trial| trial.learned).collect();
        let yardsticks = context.lab_yardsticks(&arms, losses)?;
        let mut outcome = Outcome::default();
        let mut trials = Vec::new();
        for ((setup, seeds), yardstick) in arms.into_iter().zip(&yardsticks) {
            if seeds.is_empty() {
                outcome.gap(setup.place(), "the cell has not finished");
            }
            for trial in seeds.into_iter().flat_map(|(_, trials)| trials) {
                let place = format!("{} step {}", setup.place(), trial.step);
                outcome.findings.extend(findings(&place, &trial, yardstick));
                trials.push((place, trial));
            }
        }
        let losses = loss_table(&trials, |_| true);
        outcome.chart = Chart {
            title: "Loss of the twirled prediction against forward passes".into(),
            description: "Beside it, `expected`: L_mean + L_equiv / M from independent rotations."
                .into(),
            x_label: "forward passes per molecule".into(),
            panels: losses.panels(&LINES),
            ..Chart::default()
        };
        let expected = loss_table(&trials, |loss| loss.design == IID);
        let expected = expected.panels(&Curves {
            line: &[],
            y: &["expected"],
            ..LINES
        });
        for (panel, expected) in outcome.chart.panels.iter_mut().zip(expected) {
            panel.lines.extend(expected.lines);
        }
        outcome.tables = vec![losses, error_table(&trials)];
        outcome.notes.push(
            "One seed; intervals over molecules. `expected` for a finite group enumerated in full, \
             or for one randomised orbit, is L_mean: a ratio above 1 is symmetry error beyond the \
             group's degree. Where all symmetry error lies within the group's degree (a head that \
             is bilinear in unit vectors and channels) an orbit is exact, and the factor is over \
             1,000,000. ms is wall time of one molecule, host work included."
                .into(),
        );
        Ok(outcome)
    }
}

fn findings(place: &str, trial: &Trial, yardstick: &LabYardstick) -> [Finding; 2] {
    let iid = trial.losses.iter().filter(|loss| loss.design == IID);
    let list: Vec<String> = iid
        .map(|loss| format!("M={} {}", loss.passes, range(loss.interval, 4)))
        .collect();
    let factor = trial.factor.map_or("-".into(), times);
    let ends = |[low, high]: [f64; 2]| format!("{} to {}", times(low), times(high));
    let ends = trial.factor_interval.map_or("no interval".into(), ends);
    [
        Finding::said(
            format!("{place} identity"),
            identity(trial),
            format!("ratios {}", list.join(", ")),
        ),
        Finding::said(
            format!("{place} orbits"),
            Judgement::above(trial.factor_interval, 1.0),
            format!("{factor} times fewer passes ({ends})"),
        ),
    ]
    .map(|finding| finding.forbid(yardstick.not_learned(trial.learned)))
}

/// A factor; beyond a million it says no more than that one variance is rounding.
fn times(factor: f64) -> String {
    if factor > 1e6 {
        "over 1,000,000".into()
    } else {
        significant(factor, 3)
    }
}

const LINES: Curves<'_> = Curves {
    panel: &["arm"],
    label: "loss",
    line: &["design"],
    apart: &[],
    x: "passes",
    y: &["loss"],
};

fn loss_table(trials: &[(String, Trial)], kept: impl Fn(&TwirledLoss) -> bool) -> Table {
    let mut rows: Vec<(&String, &TwirledLoss)> = Vec::new();
    for (place, trial) in trials {
        let losses = trial.losses.iter().filter(|loss| kept(loss));
        rows.extend(losses.map(|loss| (place, loss)));
    }
    let title = "Loss of the prediction averaged over rotations";
    let mut columns = Columns::new("data", title, &rows);
    columns.label(("task/arm", "arm"), |row| row.0);
    columns.label("design", |row| &row.1.design);
    columns.integer("passes", |row| row.1.passes);
    columns.real("loss", |row| row.1.loss).digits(4);
    columns.real("expected", |row| row.1.expected).digits(4);
    columns.estimate("ratio", |row| row.1.ratio()).digits(4);
    let wall = columns.real(("ms / molecule", "milliseconds"), |row| row.1.milliseconds);
    wall.digits(2).unit("ms");
    columns.table()
}

fn error_table(trials: &[(String, Trial)]) -> Table {
    let title = "Standard error of L_equiv at equal forward passes";
    let mut columns = Columns::new("errors", title, trials);
    columns.label(("task/arm", "arm"), |row| &row.0);
    columns.real(("L_equiv", "equiv"), |row| row.1.equiv);
    columns.integer("passes", |row| row.1.passes);
    columns
        .real(("se iid", "error_iid"), |row| row.1.errors[0])
        .digits(2);
    columns
        .real(("se orbits", "error_orbits"), |row| row.1.errors[1])
        .digits(2);
    columns.estimate(("fewer passes by", "factor"), |row| match row.1.factor() {
        Some(factor) if factor.value > 1e6 => Err(Missing::said(times(factor.value))),
        factor => factor.ok_or_else(|| "neither varies".into()),
    });
    columns.table()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learned::LabLoss;

    #[test]
    fn a_model_that_has_not_learned_decides_nothing() {
        let trial = |loss| Trial {
            step: 100,
            learned: LabLoss { loss, zero: 1.0 },
            losses: vec![TwirledLoss {
                design: IID.into(),
                passes: 4,
                loss,
                expected: loss,
                interval: Some([0.9, 1.1]),
                milliseconds: 1.0,
            }],
            equiv: 0.1,
            passes: 24,
            errors: [2.0, 1.0],
            factor: Some(4.0),
            factor_interval: Some([2.0, 8.0]),
        };
        let judged = |loss| {
            let findings = findings("a/b", &trial(loss), &LabYardstick::Bayes(0.0));
            findings.map(|finding| finding.judgement)
        };
        assert_eq!(judged(0.3), [Judgement::Supported; 2]);
        assert_eq!(judged(0.7), [Judgement::Undecided; 2]);
    }
}
