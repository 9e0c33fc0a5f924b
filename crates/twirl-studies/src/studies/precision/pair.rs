//! An exactly equivariant arm with rounded products beside one that has learned its symmetry.

use twirl_compare::Estimate;
use twirl_core::Precision;
use twirl_record::{EXACT, Training};

use super::trial::Trial;
use crate::estimates::{arithmetic, crossed, exponential, geometric, in_words, over_seeds};
use crate::holm::Bound;
use crate::learned::{LabLoss, LabYardstick};
use crate::outcome::Finding;

/// The trials of an arm.
pub(super) struct Arm {
    pub(super) task: String,
    pub(super) name: String,
    pub(super) training: Training,
    /// Seeds with their trials.
    pub(super) seeds: Vec<(u64, Vec<Trial>)>,
    /// What its losses are held against.
    pub(super) yardstick: LabYardstick,
}

impl Arm {
    /// The trials of all seeds at a step.
    pub(super) fn at(&self, step: u64, products: Precision) -> Vec<(u64, &Trial)> {
        let own = |trial: &&Trial| trial.step == step && trial.products == products;
        let seeds = self.seeds.iter();
        seeds
            .filter_map(|(seed, trials)| Some((*seed, trials.iter().find(own)?)))
            .collect()
    }

    /// Mean over seeds of a figure at a step.
    pub(super) fn mean(
        &self,
        step: u64,
        products: Precision,
        figure: impl Fn(&Trial) -> f64,
    ) -> Option<Estimate> {
        let at = self.at(step, products);
        arithmetic(
            &at.iter()
                .map(|(_, trial)| figure(trial))
                .collect::<Vec<_>>(),
        )
    }

    /// Geometric mean over seeds of the relative symmetry error.
    pub(super) fn relative(&self, step: u64, products: Precision) -> Option<Estimate> {
        let at = self.at(step, products);
        let errors: Option<Vec<f64>> = at.iter().map(|(_, trial)| trial.relative).collect();
        geometric(&errors?)
    }

    /// What rounding changes a figure by, seed by seed: what `change` makes of the rounded and the full one.
    pub(super) fn change(
        &self,
        step: u64,
        products: Precision,
        change: impl Fn(&Trial, &Trial) -> Option<f64>,
    ) -> Option<Estimate> {
        let full = self.at(step, Precision::F32);
        let rounded = self.at(step, products);
        let pairs = rounded.iter().filter_map(|(seed, own)| {
            let (_, full) = full.iter().find(|(other, _)| other == seed)?;
            Some((own, full))
        });
        let changes: Option<Vec<f64>> = pairs.map(|(own, full)| change(own, full)).collect();
        arithmetic(&changes?)
    }

    /// Change of the loss in percent.
    pub(super) fn loss_change(&self, step: u64, products: Precision) -> Option<Estimate> {
        let change = |own: &Trial, full: &Trial| Some(100.0 * (own.loss / full.loss - 1.0));
        self.change(step, products, change)
    }

    /// Why it has not learned, if it has not or no seed has got so far.
    fn not_learned(&self, step: u64) -> Option<String> {
        let at = self.at(step, Precision::F32).into_iter();
        let losses: Vec<LabLoss> = at.map(|(_, trial)| trial.learned()).collect();
        let why = match &losses[..] {
            [] => Some("no seed finished".into()),
            losses => self.yardstick.not_learned(LabLoss::mean(losses)),
        };
        Some(format!("{}: {}", self.name, why?))
    }
}

/// `L_equiv` of the equivariant arm with rounded products over that of the plain arm with full ones, on the
/// same molecules and rotations, over the seeds of both; the number of these.
fn ratio(
    [exact, plain]: [&Arm; 2],
    step: u64,
    products: Precision,
) -> Result<(Estimate, usize), String> {
    let (above, below) = (exact.at(step, products), plain.at(step, Precision::F32));
    let (mut logarithms, mut errors) = (Vec::new(), Vec::new());
    for (seed, above) in above {
        let Some((_, below)) = below.iter().find(|(other, _)| *other == seed) else {
            continue;
        };
        let (Some(one), Some(other)) = (above.error, below.error) else {
            return Err(format!(
                "seed {seed}: L_equiv is not above zero, or has too few molecules for an interval"
            ));
        };
        logarithms.push((above.equiv / below.equiv).ln());
        errors.push(one.hypot(other));
    }
    let seeds = logarithms.len();
    let common = errors.iter().sum::<f64>() / seeds as f64;
    let found = crossed(&logarithms, common).ok_or("no seed of both finished")?;
    Ok((found, seeds))
}

/// What a pair says of the claim at a step. `rounds`: the device has no full products.
pub(super) fn finding(pair: [&Arm; 2], step: u64, rounds: bool) -> Finding {
    let [exact, plain] = pair;
    let place = format!("{}: {} against {}", exact.task, exact.name, plain.name);
    let judged = Precision::Bf16;
    let found = ratio(pair, step, judged);
    let said = match &found {
        Ok((found, _)) => in_words(Some(exponential(*found))),
        Err(why) => format!("no ratio: {why}"),
    };
    let test = found
        .ok()
        .and_then(|(found, seeds)| over_seeds(Some(found), seeds, Bound::Below(0.0)));
    let errors = Precision::ALL.map(|products| {
        let error = in_words(exact.relative(step, products));
        format!("{error} in {}", products.name())
    });
    let figures = format!(
        "L_equiv in {} over {said}; relative symmetry error {}, {} of {}; loss changes by {} %",
        judged.name(),
        errors.join(", "),
        in_words(plain.relative(step, Precision::F32)),
        plain.name,
        in_words(exact.loss_change(step, judged)),
    );
    let mut reasons: Vec<String> = pair
        .iter()
        .filter_map(|arm| arm.not_learned(step))
        .collect();
    let error = exact.relative(step, Precision::F32);
    let inexact = error.is_none_or(|error| error.value.powi(2) > EXACT);
    if inexact && !rounds {
        reasons.push(format!("{} is not exact at these rotations", exact.name));
    }
    Finding::tested(place, test, figures).forbid(reasons)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::judgement::Judgement;

    /// An arm of three seeds with this loss, and these relative errors with products of each precision.
    fn arm(name: &str, training: Training, loss: f64, errors: [f64; 3]) -> Arm {
        let trial = |(products, relative): (Precision, f64), seed: u64| Trial {
            step: 100,
            products,
            loss: loss * (1.0 + 0.01 * seed as f64),
            equiv: loss * relative.powi(2) * (1.0 + 0.05 * seed as f64),
            zero: 1.0,
            error: Some(0.1),
            relative: Some(relative),
            scores: BTreeMap::from([("force-mae (meV/A)".to_owned(), 10.0 * (1.0 + relative))]),
        };
        let trials = |seed| {
            let each = Precision::ALL.into_iter().zip(errors);
            (seed, each.map(|one| trial(one, seed)).collect())
        };
        Arm {
            task: "force-field".into(),
            name: name.into(),
            training,
            seeds: (0..3).map(trials).collect(),
            yardstick: LabYardstick::Share {
                share: 0.1,
                whose: "painn".into(),
            },
        }
    }

    fn judged(exact: &Arm, plain: &Arm) -> Finding {
        finding([exact, plain], 100, false)
    }

    #[test]
    fn the_rule_can_come_out_either_way() {
        let exact = |bf16: f64| {
            arm(
                "painn",
                Training::Equivariant,
                0.1,
                [1e-7, bf16 / 8.0, bf16],
            )
        };
        let plain = arm("plain", Training::Augmented, 0.15, [0.1, 0.1, 0.1]);
        let of = |bf16| judged(&exact(bf16), &plain);
        assert_eq!(of(0.004).judgement, Judgement::Supported);
        assert_eq!(of(0.4).judgement, Judgement::NotSupported);
        // Equal L_equiv.
        assert_eq!(of(0.1 * 1.5_f64.sqrt()).judgement, Judgement::Undecided);
        let figures = of(0.004).figures;
        assert!(
            figures.contains("5.00e-4 (") && figures.contains("in tf32"),
            "{figures}"
        );
    }

    #[test]
    fn what_has_not_learned_or_is_not_exact_decides_nothing() {
        let plain = arm("plain", Training::Augmented, 0.15, [0.1, 0.1, 0.1]);
        let exact = |loss, full| arm("painn", Training::Equivariant, loss, [full, 4e-3, 4e-3]);
        let why = |exact: &Arm, plain: &Arm| {
            let finding = judged(exact, plain);
            assert_eq!(finding.judgement, Judgement::Undecided);
            finding.forbidden.join(", ")
        };
        assert!(why(&exact(0.1, 1e-3), &plain).contains("painn is not exact"));
        assert!(why(&exact(0.9, 1e-7), &plain).contains("painn: has not learned"));
        // What has just learned beside this best has not beside another that is far better.
        let mut outdone = exact(0.52, 1e-7);
        assert_eq!(judged(&outdone, &plain).forbidden, Vec::<String>::new());
        outdone.yardstick = LabYardstick::Share {
            share: 0.01,
            whose: "mace".into(),
        };
        assert!(why(&outdone, &plain).contains("painn: has not learned"));
        let nothing = arm("plain", Training::Augmented, 1.2, [0.1, 0.1, 0.1]);
        assert!(why(&exact(0.1, 1e-7), &nothing).contains("plain: has not learned"));
        // Two seeds, and an error that is not known.
        let mut two = exact(0.1, 1e-7);
        two.seeds.truncate(2);
        assert_eq!(judged(&two, &plain).judgement, Judgement::Undecided);
        let mut unknown = exact(0.1, 1e-7);
        unknown.seeds[1].1[2].error = None;
        let finding = judged(&unknown, &plain);
        assert_eq!(finding.judgement, Judgement::Undecided);
        assert!(
            finding.figures.contains("no ratio: seed 1"),
            "{}",
            finding.figures
        );
    }

    #[test]
    fn changes_are_of_the_same_seed() {
        let mut arm = arm("painn", Training::Equivariant, 0.1, [1e-7, 1e-3, 1e-2]);
        for (seed, trials) in &mut arm.seeds {
            trials[2].loss = trials[0].loss * (1.02 + 0.001 * *seed as f64);
        }
        let change = arm.loss_change(100, Precision::Bf16).expect("seeds");
        assert!((change.value - 2.1).abs() < 1e-9);
        let [low, high] = change.interval.expect("three seeds");
        assert!(high - low < 1.0);
        assert_eq!(arm.loss_change(7, Precision::Bf16), None);
    }
}
