//! One trained model under every design.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use twirl_compare::Estimate;
use twirl_core::{CoreError, Design, FiniteGroup, Loss, Tally, split, twirled_loss};
use twirl_harness::{Lab, MoleculeSamples, Probe, Role};

use crate::budgets::Section;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::learned::LabLoss;
use crate::setup::ArmSetup;

/// How much the study does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestTimeBudget {
    checkpoints: Vec<u64>,
    items: usize,
    /// Rotations that predictions are averaged over.
    rotations: Vec<usize>,
    /// Rotations of the measurement that gives the expected losses.
    reference: usize,
    repeats: usize,
    group: FiniteGroup,
}

impl Section for TestTimeBudget {
    const NAME: &'static str = "test-time";
}

/// Loss of the prediction averaged over one design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TwirledLoss {
    pub(super) design: String,
    pub(super) passes: usize,
    pub(super) loss: f64,
    pub(super) expected: f64,
    /// Of loss over expected.
    pub(super) interval: Option<[f64; 2]>,
    /// Wall time of one molecule.
    pub(super) milliseconds: f64,
}

impl TwirledLoss {
    pub(super) fn ratio(&self) -> Estimate {
        Estimate {
            value: self.loss / self.expected,
            interval: self.interval,
        }
    }
}

/// What the study measures on a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) step: u64,
    /// By which it is told whether the model has learned.
    pub(super) learned: LabLoss,
    pub(super) losses: Vec<TwirledLoss>,
    pub(super) equiv: f64,
    /// Passes per molecule of the two estimators that are compared.
    pub(super) passes: usize,
    /// Standard errors from rotations of the mean over molecules: iid, orbits.
    pub(super) errors: [f64; 2],
    /// Absent where neither varies.
    pub(super) factor: Option<f64>,
    pub(super) factor_interval: Option<[f64; 2]>,
}

impl Trial {
    /// How many times fewer passes the orbits need; nothing where neither varies.
    pub(super) fn factor(&self) -> Option<Estimate> {
        Some(Estimate {
            value: self.factor?,
            interval: self.factor_interval,
        })
    }
}

/// Seeds of rotations that no other measurement uses.
const OWN: u64 = 0x7477_6972;

// `Model::parts` and `Model::twirled` measure molecules by hand: a place for the one measurement of
// the core.

/// Trains a model and tests it at every checkpoint.
pub(super) fn test(
    context: &StudyContext<'_>,
    setup: &ArmSetup,
    budget: &TestTimeBudget,
) -> Result<Vec<Trial>, StudyError> {
    let mut lab = context.lab(setup)?;
    let mut trials = Vec::new();
    for &step in &budget.checkpoints {
        lab.advance(step)?;
        let model = Model {
            weights: lab.weights(),
            probe: context.probe(&*lab, setup, budget.items, Design::Iid { rotations: 2 })?,
            lab: &*lab,
        };
        trials.push(at_step(budget, &model)?);
    }
    Ok(trials)
}

fn at_step(budget: &TestTimeBudget, model: &Model<'_>) -> Result<Trial, StudyError> {
    let reference = model.parts(
        Design::Iid {
            rotations: budget.reference,
        },
        OWN,
    )?;
    let mut rows = Vec::new();
    for (index, &rotations) in budget.rotations.iter().enumerate() {
        let total = (rotations * budget.repeats).max(2);
        let seed = OWN + 1 + index as u64;
        let (losses, seconds) = model.twirled(Design::Iid { rotations: total }, rotations, seed)?;
        let expected = reference
            .iter()
            .map(|[mean, equiv]| mean + equiv / rotations as f64);
        let seconds = seconds / (total / rotations) as f64;
        rows.push(model.row(
            "iid",
            rotations,
            &losses,
            &expected.collect::<Vec<_>>(),
            seconds,
        )?);
    }
    let means: Vec<f64> = reference.iter().map(|[mean, _]| *mean).collect();
    for (name, group) in [
        ("tetrahedral group", FiniteGroup::Tetrahedral),
        ("octahedral group", FiniteGroup::Octahedral),
    ] {
        let order = group.order();
        let (losses, seconds) = model.twirled(Design::Group { group }, order, OWN)?;
        rows.push(model.row(name, order, &losses, &means, seconds)?);
    }
    let (group, orbits) = (budget.group, 2);
    let order = group.order();
    let design = Design::Orbits { group, orbits };
    let (losses, seconds) = model.twirled(design, order, OWN + 100)?;
    rows.push(model.row(
        "one randomised orbit",
        order,
        &losses,
        &means,
        seconds / 2.0,
    )?);

    let iid = Design::Iid {
        rotations: order * orbits,
    };
    let mut variances = Vec::new();
    for design in [iid, design] {
        let repeats: Vec<Vec<[f64; 2]>> = (0..budget.repeats.max(2) as u64)
            .map(|repeat| model.parts(design, OWN + 200 + repeat))
            .collect::<Result<_, StudyError>>()?;
        variances.push(variance(&repeats));
    }
    let count = variances[0].len() as f64;
    let [of_iid, of_orbits] = [0, 1].map(|which| variances[which].iter().sum::<f64>());
    Ok(Trial {
        step: model.lab.step(),
        learned: LabLoss::of(&model.lab.parts(&model.weights, &model.probe)?),
        losses: rows,
        equiv: reference.iter().map(|[_, equiv]| equiv).sum::<f64>() / count,
        passes: order * orbits,
        errors: [of_iid, of_orbits].map(|sum| sum.sqrt() / count),
        factor: Some(of_iid / of_orbits).filter(|factor| factor.is_finite()),
        factor_interval: model.interval(&variances[0], &variances[1])?,
    })
}

/// Per molecule, the variance of `L_equiv` over repeats.
fn variance(repeats: &[Vec<[f64; 2]>]) -> Vec<f64> {
    let count = repeats.len() as f64;
    let of = |molecule: usize| {
        let own = repeats.iter().map(|repeat| repeat[molecule][1]);
        let mean = own.clone().sum::<f64>() / count;
        own.map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)
    };
    (0..repeats[0].len()).map(of).collect()
}

struct Model<'a> {
    lab: &'a dyn Lab,
    weights: Vec<f64>,
    probe: Probe,
}

impl Model<'_> {
    fn samples(&self, design: Design, seed: u64) -> Result<Vec<MoleculeSamples>, StudyError> {
        let probe = Probe {
            design,
            seed,
            ..self.probe.clone()
        };
        Ok(self.lab.samples(&self.weights, &probe)?)
    }

    /// `L_mean` and `L_equiv` of every molecule.
    fn parts(&self, design: Design, seed: u64) -> Result<Vec<[f64; 2]>, StudyError> {
        let of_molecule = |molecule: &MoleculeSamples| {
            let mut sum = [0.0; 2];
            for term in molecule
                .terms
                .iter()
                .filter(|term| term.role == Role::Train)
            {
                if term.loss != Loss::Squared {
                    return Err(StudyError::NotSquared(term.name));
                }
                let parts = split(&design, self.probe.symmetry, term.loss, &term.samples()?)?;
                sum[0] += parts.mean;
                sum[1] += parts.equiv;
            }
            Ok(sum)
        };
        self.samples(design, seed)?
            .iter()
            .map(of_molecule)
            .collect()
    }

    /// Loss of predictions averaged over consecutive `size` rotations, mean over such sets, of
    /// every molecule; and the wall seconds.
    fn twirled(
        &self,
        design: Design,
        size: usize,
        seed: u64,
    ) -> Result<(Vec<f64>, f64), StudyError> {
        let begun = Instant::now();
        let molecules = self.samples(design, seed)?;
        let seconds = begun.elapsed().as_secs_f64();
        let mut losses = Vec::with_capacity(molecules.len());
        for molecule in &molecules {
            let mut sum = 0.0;
            for term in molecule
                .terms
                .iter()
                .filter(|term| term.role == Role::Train)
            {
                let samples = term.samples()?;
                let sets = samples.sets(size);
                let count = sets.len() as f64;
                for set in sets {
                    sum += twirled_loss(term.loss, &set)? / count;
                }
            }
            losses.push(sum);
        }
        Ok((losses, seconds))
    }

    fn row(
        &self,
        design: &str,
        passes: usize,
        losses: &[f64],
        expected: &[f64],
        seconds: f64,
    ) -> Result<TwirledLoss, StudyError> {
        let count = losses.len() as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
        Ok(TwirledLoss {
            design: design.into(),
            passes,
            loss: mean(losses),
            expected: mean(expected),
            interval: self.interval(losses, expected)?,
            milliseconds: 1e3 * seconds / count,
        })
    }

    /// Interval over items of `sum above / sum below`; none with too few of them.
    fn interval(&self, above: &[f64], below: &[f64]) -> Result<Option<[f64; 2]>, StudyError> {
        let mut tally = Tally::new(Tally::REPLICATES, OWN, 2)?;
        for (&item, pair) in self.probe.items.iter().zip(above.iter().zip(below)) {
            tally.add(item as u64, 1.0, &[*pair.0, *pair.1])?;
        }
        match tally.ratio(0, 1) {
            Ok(ratio) => Ok(Some([ratio.low, ratio.high])),
            Err(CoreError::TooFewMolecules { .. } | CoreError::ZeroDenominator { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
