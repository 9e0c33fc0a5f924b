//! The one list of studies.

use crate::budgets::{Budgets, RequiredSection};
use crate::error::StudyError;
use crate::studies::controls::Controls;
use crate::studies::dynamics::Dynamics;
use crate::studies::gradients::Gradients;
use crate::studies::landscape::Landscape;
use crate::studies::parameters::Parameters;
use crate::studies::per_hour::PerHour;
use crate::studies::precision::ReducedPrecision;
use crate::studies::scaling::Scaling;
use crate::studies::test_time::TestTime;
use crate::studies::variants::{DATA_SIZE, MODEL_SIZE, OPTIMIZER};
use crate::study::Study;

/// All studies, in the order of `study all`.
pub const STUDIES: &[&dyn Study] = &[
    &Dynamics,
    &MODEL_SIZE,
    &DATA_SIZE,
    &OPTIMIZER,
    &Scaling,
    &PerHour,
    &Landscape,
    &Gradients,
    &Parameters,
    &TestTime,
    &ReducedPrecision,
    &Controls,
];

/// Finds a study.
///
/// # Errors
/// [`StudyError::NoStudy`], with the list of all.
pub fn find_study(name: &str) -> Result<&'static dyn Study, StudyError> {
    let found = STUDIES.iter().find(|study| study.card().name == name);
    found.copied().ok_or_else(|| {
        let line =
            |study: &&dyn Study| format!("\n  {:20} {}", study.card().name, study.card().about);
        StudyError::NoStudy {
            name: name.into(),
            known: STUDIES.iter().map(line).collect(),
        }
    })
}

/// Built-in budgets by name, or those of a file, checked for every study.
///
/// # Errors
/// One line: the file, the line or the key, what is wrong.
pub fn read_budgets(name: &str) -> Result<Budgets, StudyError> {
    let names: Vec<&str> = STUDIES.iter().map(|study| study.card().name).collect();
    let sections: Vec<RequiredSection> = STUDIES
        .iter()
        .flat_map(|study| study.card().sections)
        .copied()
        .collect();
    Budgets::read(name, &sections, &names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Desk and paper reach what a verdict on the landscape needs, for every task.
    #[test]
    fn landscapes_of_desk_and_paper_are_no_sketches() {
        for name in ["desk", "paper"] {
            let text = serde_json::to_value(read_budgets(name).expect("budgets")).expect("JSON");
            for task in ["force-field", "conformer-flow", "voxel-denoise"] {
                let (whole, own) = (&text["landscape"], &text["task"][task]["landscape"]);
                let of = |key: &str| own.get(key).unwrap_or(&whole[key]).clone();
                let numbers = ["lanczos", "vectors", "kernel_items"];
                let found = numbers.map(|key| of(key).as_u64().expect("a number"));
                let enough = found
                    .iter()
                    .zip([30, 4, 64])
                    .all(|(own, least)| *own >= least);
                let last = of("checkpoints")[0].as_u64().expect("a step");
                assert!(
                    enough && last >= 1000,
                    "{name} {task}: {found:?}, step {last}"
                );
            }
        }
    }

    #[test]
    fn budgets_are_whole_and_quick_ends_in_fifteen_minutes() {
        for name in ["quick", "desk", "paper"] {
            let budgets = read_budgets(name).expect("budgets");
            assert_eq!(budgets.seconds.len(), STUDIES.len(), "{name}");
        }
        let quick = read_budgets(Budgets::name_for("a suite file")).expect("budgets");
        let seconds: f64 = quick.seconds.values().sum();
        assert!(seconds <= 900.0, "{seconds} s");
    }
}
