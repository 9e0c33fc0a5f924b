//! What could falsify the headline.

use serde::{Deserialize, Serialize};
use serde_json::json;
use twirl_core::Law;
use twirl_record::Training;
use twirl_report::count;

use crate::budgets::{RequiredSection, Section};
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::holm::{Test, kept};
use crate::judgement::Judgement;
use crate::learned::learned_rule;
use crate::outcome::{Finding, Outcome};
use crate::runs::RunBudget;
use crate::setup::ArmSetup;
use crate::studies::percent::{Trained, Variant, train_variants};
use crate::studies::percent_tables::present;
use crate::study::{Card, Study};

const BASE: &str = "augmented";
const NONE: &str = "no augmentation";

/// What could falsify the headline.
pub(crate) struct Controls;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlBudget {
    /// Training items of the control with tiny data.
    tiny: usize,
}

impl Section for ControlBudget {
    const NAME: &'static str = "controls";
}

const CARD: Card = Card {
    name: "controls",
    about: "what could falsify the headline",
    claim: "a percentage of 2 or less does not hang on the law of augmentation, the amount of data or \
            the loss",
    rule: concat!(
        "at the one step that the budget names (`judged_step`), over the controls other than `no \
         augmentation`: supported if all 95 % intervals of the percentage lie below 2; not supported if \
         one lies above, Holm's procedure over all; undecided otherwise, where that step was not \
         measured, and with a learning rate at an edge of its grid. `No augmentation` is judged apart: \
         higher if its interval lies above that of the augmented arm. ",
        learned_rule!()
    ),
    needs_f64: false,
    sections: &[
        RequiredSection::of::<RunBudget>(),
        RequiredSection::of::<ControlBudget>(),
    ],
};

/// The arm, and controls that differ from it in one setting.
fn controls(base: &ArmSetup, tiny: usize) -> Vec<Variant> {
    let law = |law: Law| {
        let mut setup = base.clone();
        setup.job.train.augmentation = law;
        Ok(setup)
    };
    let mut small = base.clone();
    small.job.train.train_items = tiny;
    let all = [
        (BASE, Ok(base.clone())),
        (NONE, law(Law::Identity)),
        ("Euler angles, not Haar", law(Law::VoxmolEuler)),
        ("tiny data", Ok(small)),
        ("other loss", other_loss(base)),
    ];
    all.map(|(name, setup)| (name.to_owned(), setup)).into()
}

fn other_loss(base: &ArmSetup) -> Result<ArmSetup, StudyError> {
    let mut config = base.job.task_config.clone();
    let Some(loss) = config.get_mut("loss") else {
        return Err(StudyError::NoSetting {
            place: format!("task {}", base.job.task),
            setting: "loss",
            remedy: "this control is left out",
        });
    };
    *loss = json!(if *loss == json!("norm") {
        "squared"
    } else {
        "norm"
    });
    base.with_config(&config, &base.job.arm_config)
}

/// What is judged of a control.
struct Found<'a> {
    name: &'a str,
    test: Option<Test>,
}

impl Study for Controls {
    fn card(&self) -> &Card {
        &CARD
    }

    fn run(
        &self,
        context: &StudyContext<'_>,
        cells: &mut Cells<'_>,
    ) -> Result<Outcome, StudyError> {
        let mut outcome = Outcome::default();
        let mut all: Vec<Trained> = Vec::new();
        for base in context.run_arms(Training::Augmented, 1)? {
            let seeds = context.seeds_of_variants(&base.job.task, &[])?;
            let budget: ControlBudget = context.budgets.section(Some(&base.job.task))?;
            let controls = controls(&base, budget.tiny);
            let mut trained =
                train_variants(context, cells, (&base, controls), &seeds, &mut outcome);
            let step = context.run_budget(&base.job.task)?.judged_step;
            outcome.findings.push(finding(&base, &mut trained, step));
            all.extend(trained);
        }
        present(&mut outcome, &all, "One line per control.");
        outcome.notes.push(
            "With one seed intervals are over molecules. The curves show whether the percentage rises \
             again later. A coordinate-input network beside an invariant-feature one: compare the arms \
             of the study dynamics."
                .into(),
        );
        Ok(outcome)
    }
}

fn finding(base: &ArmSetup, all: &mut [Trained], step: u64) -> Finding {
    let mut reasons = Vec::new();
    for control in all.iter_mut() {
        let mut own = Vec::new();
        if !control.judge_at(step) {
            own.push(format!("step {} was not measured", count(step)));
        }
        own.extend(control.forbidden());
        // What is judged apart forbids nothing.
        if control.variant != NONE {
            let named = own
                .into_iter()
                .map(|why| format!("{}: {why}", control.variant));
            reasons.extend(named);
        }
    }
    let found = all.iter().map(|control| Found {
        name: &control.variant,
        test: control.test(),
    });
    let found: Vec<Found<'_>> = found.collect();
    let words = |control: &Trained| format!("{}: {}", control.variant, control.words());
    let each: Vec<String> = all.iter().map(words).collect();
    let figures = format!("{}; {}", each.join("; "), apart(&found));
    Finding::said(base.place(), judge(&found), figures).forbid(reasons)
}

fn judge(all: &[Found<'_>]) -> Judgement {
    let held = all.iter().filter(|found| found.name != NONE);
    let tests: Option<Vec<Test>> = held.map(|found| found.test).collect();
    let Some(tests) = tests.filter(|tests| tests.len() >= 2) else {
        return Judgement::Undecided;
    };
    let judged: Vec<Judgement> = tests.iter().map(Test::judgement).collect();
    // One above breaks the claim: it is looked for among all. That all are below needs no such care.
    let above = kept(&tests).into_iter().zip(&judged);
    if above
        .filter(|(kept, _)| *kept)
        .any(|(_, judged)| *judged == Judgement::NotSupported)
    {
        Judgement::NotSupported
    } else if judged.iter().all(|judged| *judged == Judgement::Supported) {
        Judgement::Supported
    } else {
        Judgement::Undecided
    }
}

/// What the control without augmentation says beside the arm with it.
fn apart(all: &[Found<'_>]) -> &'static str {
    let interval = |name: &str| {
        let found = all.iter().find(|found| found.name == name)?;
        Some(found.test?.interval)
    };
    match (interval(BASE), interval(NONE)) {
        (Some([_, high]), Some([low, _])) if low > high => "without augmentation it is higher",
        (Some([low, _]), Some([_, high])) if high < low => "without augmentation it is lower",
        (Some(_), Some(_)) => "without augmentation undecided",
        _ => "without augmentation not measured",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::holm::Bound;
    use crate::studies::percent::LEVEL;

    #[test]
    fn one_control_above_the_level_breaks_the_claim() {
        let found = |name, low: f64, high: f64| Found {
            name,
            test: Some(Test {
                value: f64::midpoint(low, high),
                interval: [low, high],
                bound: Bound::Below(LEVEL),
                freedom: 47,
            }),
        };
        let base = || found(BASE, 0.2, 0.4);
        let none = found(NONE, 3.0, 4.0);
        let tiny = |low, high| found("tiny data", low, high);
        assert_eq!(judge(&[base(), tiny(0.5, 0.9)]), Judgement::Supported);
        assert_eq!(judge(&[base(), tiny(2.9, 3.1)]), Judgement::NotSupported);
        assert_eq!(judge(&[base(), tiny(1.5, 3.0)]), Judgement::Undecided);
        assert_eq!(judge(&[base()]), Judgement::Undecided);
        let unmeasured = Found {
            name: "tiny data",
            test: None,
        };
        assert_eq!(judge(&[base(), unmeasured]), Judgement::Undecided);
        // Just above at 95 %, among three that were looked at.
        let just = || tiny(2.01, 3.0);
        let among = [just(), found("a", 1.5, 2.5), found("b", 1.5, 2.5)];
        assert_eq!(judge(&among), Judgement::Undecided);
        let with = [base(), none, tiny(0.5, 0.9)];
        assert_eq!(judge(&with), Judgement::Supported);
        assert_eq!(apart(&with), "without augmentation it is higher");
    }
}
