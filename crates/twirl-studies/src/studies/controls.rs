//! What could falsify the headline.

use serde::{Deserialize, Serialize};
use serde_json::json;
use twirl_core::Law;
use twirl_report::{count, range};

use crate::budgets::{RequiredSection, Section};
use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::judgement::Judgement;
use crate::outcome::{Finding, Outcome};
use crate::runs::RunBudget;
use crate::setup::ArmSetup;
use crate::studies::percent::{LEVEL, Trained, Variant, WINDOW, bases, present, train_variants};
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
    rule: "at the largest common step, over the controls other than `no augmentation`: supported if \
         all intervals of the percentage lie below 2; not supported if one lies above; undecided \
         otherwise, and where that step is below 1,000. `No augmentation` is judged apart: \
         supported if its interval lies above that of the augmented arm",
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
    interval: Option<[f64; 2]>,
    step: u64,
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
        for base in bases(context)? {
            let budget: ControlBudget = context.budgets.section(Some(&base.job.task))?;
            let controls = controls(&base, budget.tiny);
            let mut trained = train_variants(context, cells, (&base, controls), &mut outcome);
            let Some(step) = choose_common(&mut trained) else {
                outcome.gap(base.place(), "the controls have no common step");
                continue;
            };
            let found = trained.iter().map(|control| Found {
                name: &control.variant,
                interval: control.at.percent.interval,
                step,
            });
            let found: Vec<Found<'_>> = found.collect();
            outcome.findings.push(Finding {
                place: base.place(),
                judgement: judge(&found),
                figures: format!("at step {}: {}", count(step), words(&found)),
            });
            all.extend(trained);
        }
        present(&mut outcome, &all, "One line per control.");
        outcome.notes.push(
            "One seed: intervals are over molecules. The table is at the largest measured step that \
             all controls have; the curves show whether the percentage rises again later. A \
             coordinate-input network beside an invariant-feature one: compare the arms of the study \
             dynamics."
                .into(),
        );
        Ok(outcome)
    }
}

/// The largest step at which every control was measured, chosen for the table.
fn choose_common(all: &mut [Trained]) -> Option<u64> {
    let (first, others) = all.split_first()?;
    let has = |control: &Trained, step: u64| control.points.iter().any(|p| p.step == step);
    let steps = first.points.iter().map(|point| point.step);
    let common = steps.filter(|&step| others.iter().all(|other| has(other, step)));
    let step = common.max()?;
    for control in all {
        control.at = *control.points.iter().find(|point| point.step == step)?;
    }
    Some(step)
}

fn judge(all: &[Found<'_>]) -> Judgement {
    let held = || all.iter().filter(|found| found.name != NONE);
    let judged: Vec<Judgement> = held()
        .map(|found| Judgement::below(found.interval, LEVEL))
        .collect();
    let early = held().any(|found| found.step < WINDOW[0]);
    if judged.len() < 2 || early {
        Judgement::Undecided
    } else if judged.contains(&Judgement::NotSupported) {
        Judgement::NotSupported
    } else {
        Judgement::over(&judged)
    }
}

fn words(all: &[Found<'_>]) -> String {
    let interval = |name: &str| all.iter().find(|found| found.name == name)?.interval;
    let figure = |found: &Found<'_>| format!("{} {} %", found.name, range(found.interval, 3));
    let list: Vec<String> = all.iter().map(figure).collect();
    let apart = match (interval(BASE), interval(NONE)) {
        (Some([_, high]), Some([low, _])) if low > high => "without augmentation it is higher",
        (Some([low, _]), Some([_, high])) if high < low => "without augmentation it is lower",
        (Some(_), Some(_)) => "without augmentation undecided",
        _ => "without augmentation not measured",
    };
    format!("{}; {apart}", list.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_control_above_the_level_breaks_the_claim() {
        let found = |name, low, high, step| Found {
            name,
            interval: Some([low, high]),
            step,
        };
        let base = || found(BASE, 0.2, 0.4, 1000);
        let none = found(NONE, 3.0, 4.0, 1000);
        let tiny = |low, high, step| found("tiny data", low, high, step);
        assert_eq!(judge(&[base(), tiny(0.5, 0.9, 1000)]), Judgement::Supported);
        assert_eq!(
            judge(&[base(), tiny(2.5, 3.0, 1000)]),
            Judgement::NotSupported
        );
        assert_eq!(judge(&[base(), tiny(1.5, 3.0, 1000)]), Judgement::Undecided);
        assert_eq!(judge(&[base(), tiny(0.5, 0.9, 700)]), Judgement::Undecided);
        assert_eq!(judge(&[base()]), Judgement::Undecided);
        let with = [base(), none, tiny(0.5, 0.9, 1000)];
        assert_eq!(judge(&with), Judgement::Supported);
        assert!(words(&with).ends_with("without augmentation it is higher"));
    }
}
