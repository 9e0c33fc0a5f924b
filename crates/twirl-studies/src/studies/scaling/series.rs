//! The points of an arm against one thing, their fit, and what it says of the claim.

use std::collections::BTreeMap;

use twirl_report::{count, significant};

use super::fit::{Dot, PowerLaw};
use super::points::{AT_FLOOR, Against, Figure, Point};
use crate::estimates::{in_words, over_seeds};
use crate::holm::Bound;
use crate::outcome::Finding;
use crate::published::Published;
use crate::studies::percent::Trained;

/// Growth of the percentage over [`FACTOR`] that the claim excludes.
const GROWTH: f64 = 2.0;

/// Factor in parameters or training items over which it is said.
const FACTOR: f64 = 100.0;

/// The points of an arm against one thing.
pub(super) struct Series {
    pub(super) task: String,
    pub(super) arm: String,
    pub(super) against: Against,
    pub(super) points: Vec<Point>,
    /// Variants that every seed must have; 0: its points are those of one run.
    pub(super) variants: usize,
    /// What forbids a judgement.
    pub(super) reasons: Vec<String>,
    pub(super) published: Option<Published>,
    /// Training items of the whole set.
    all: usize,
}

impl Series {
    /// Without a point.
    pub(super) fn new(task: &str, arm: &str, against: Against, all: usize) -> Self {
        Self {
            task: task.to_owned(),
            arm: arm.to_owned(),
            against,
            points: Vec::new(),
            variants: 0,
            reasons: Vec::new(),
            published: None,
            all,
        }
    }

    /// `task/arm against what`.
    pub(super) fn place(&self) -> String {
        let Self { task, arm, .. } = self;
        format!("{task}/{arm} against {}", self.against.name())
    }

    /// Adds every measurement of the runs of an arm.
    pub(super) fn add_runs(&mut self, trained: &Trained) {
        for run in trained.arm.counted() {
            let records = run.records.iter();
            let points = records.map(|record| Point::of(trained, run, record, self.all));
            self.points.extend(points);
        }
        self.reasons.extend(trained.forbidden());
    }

    /// Adds the last measurement of a variant of one seed, which must be at its last step.
    pub(super) fn add_variant(&mut self, trained: &Trained) {
        let run = trained.first();
        let Some(record) = run.last() else { return };
        let point = Point::of(trained, run, record, self.all);
        let steps = run.manifest.job.train.steps;
        let late = (point.step < steps)
            .then(|| format!("ended at step {} of {}", count(point.step), count(steps)));
        let own = late.into_iter().chain(trained.forbidden());
        let named = own.map(|why| format!("{} seed {}: {why}", point.variant, point.seed));
        self.reasons.extend(named);
        self.points.push(point);
    }

    /// The points that count.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|point| point.left_out.is_none())
    }

    /// The fit over seeds that have all their variants.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn law(&self, figure: Figure) -> Result<PowerLaw, String> {
        let mut seeds: BTreeMap<u64, Vec<Dot>> = BTreeMap::new();
        for point in self.counted() {
            let dot = point.dot(figure, self.against);
            seeds.entry(point.seed).or_default().push(dot);
        }
        let whole = seeds
            .into_values()
            .filter(|dots| dots.len() >= self.variants);
        let whole: Vec<Vec<Dot>> = whole.collect();
        if whole.is_empty() && !self.points.is_empty() {
            let [counted, all] = [self.counted().count(), self.points.len()];
            return Err(format!("{counted} of {all} points count, of no seed all"));
        }
        PowerLaw::fit(&whole)
    }

    /// What forbids a judgement, with the points that a fit is without.
    fn forbidden(&self) -> Vec<String> {
        let mut reasons = self.reasons.clone();
        let at_floor = |point: &&Point| point.left_out == Some(AT_FLOOR);
        let left = self.points.iter().filter(at_floor).count();
        if left > 0 {
            reasons.push(format!("{left} points left out: {AT_FLOOR}"));
        }
        let mut seeds: BTreeMap<u64, usize> = BTreeMap::new();
        for point in &self.points {
            *seeds.entry(point.seed).or_default() += usize::from(point.left_out.is_none());
        }
        let lacking = seeds.iter().filter(|(_, count)| **count < self.variants);
        reasons.extend(
            lacking.map(|(seed, count)| {
                format!("seed {seed} has {count} of {} variants", self.variants)
            }),
        );
        reasons
    }

    /// What the fit says of the claim.
    pub(super) fn finding(&self) -> Finding {
        let finding = match self.law(Figure::Percent) {
            Err(why) => Finding::tested(self.place(), None, format!("no fit: {why}")),
            Ok(law) => {
                let bound = match self.against {
                    Against::Training | Against::Loss => Bound::Above(0.0),
                    Against::Parameters | Against::Items => Bound::Below(GROWTH.ln() / FACTOR.ln()),
                };
                let test = over_seeds(Some(law.exponent), law.seeds(), bound);
                Finding::tested(self.place(), test, self.words(&law))
            }
        };
        Finding {
            published: self.published.clone(),
            ..finding.forbid(self.forbidden())
        }
    }

    fn words(&self, law: &PowerLaw) -> String {
        let seeds = law.seeds();
        let mut words = format!(
            "exponent {}, {} to {}, {seeds} seed{} with {} points or more",
            in_words(Some(law.exponent)),
            significant(law.range[0], 3),
            significant(law.range[1], 3),
            if seeds == 1 { "" } else { "s" },
            law.points(),
        );
        if let Some(&end) = self.against.published().last() {
            let beyond = law.beyond(end);
            let extrapolated = if beyond > 1.0 {
                let factor = significant(beyond, 2);
                format!("extrapolated by a factor of {factor}")
            } else {
                "within the points".into()
            };
            words = format!(
                "{words}; at {} {}, {extrapolated}, {} %",
                significant(end, 2),
                self.against.name(),
                in_words(law.at(end)),
            );
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use twirl_core::{Purpose, Stream};

    use super::*;
    use crate::judgement::Judgement;
    use crate::studies::synthetic::{Synthetic, trained};

    fn point(step: u64, loss: f64, percent: f64) -> Synthetic {
        Synthetic {
            step,
            percent: [0.99 * percent, percent, 1.01 * percent],
            loss,
            ..Synthetic::ONE
        }
    }

    /// Three seeds whose percentage is `2 L^exponent` times the factor of the seed.
    fn in_training(exponent: f64, factors: [f64; 3]) -> Series {
        let seed = |factor: f64| -> Vec<Synthetic> {
            let learned = [(10, 0.5), (30, 0.3), (100, 0.2), (300, 0.15)];
            let law = |(step, loss): (u64, f64)| {
                point(step, loss, 2.0 * loss.powf(exponent + (factor - 1.0)))
            };
            // Small outputs before it has learned: no point of a fit.
            let mut points = vec![point(0, 1.0, 60.0), point(5, 0.99, 0.4)];
            points.extend(learned.map(law));
            points
        };
        let mut series = Series::new("force-field", "painn", Against::Training, 400);
        series.add_runs(&trained(&factors.map(seed)));
        series
    }

    /// Variants of three seeds with these parameters and percentages.
    fn variants(percents: &[(usize, [f64; 3])], change: impl Fn(&mut Synthetic)) -> Series {
        let mut series = Series::new("force-field", "painn", Against::Parameters, 400);
        series.variants = percents.len();
        for seed in 0..3_usize {
            for (parameters, percent) in percents {
                let mut at = point(1_000, 0.2, percent[seed]);
                change(&mut at);
                let mut one = trained(&[vec![at]]);
                one.variant = format!("p{parameters}");
                let manifest = &mut one.arm.runs[0].manifest;
                manifest.parameters = *parameters;
                manifest.job.seed = seed as u64;
                manifest.job.train.steps = 1_000;
                series.add_variant(&one);
            }
        }
        series
    }

    fn growing(exponent: f64) -> Series {
        let at = |parameters: usize| {
            let percent = (parameters as f64 / 1e4).powf(exponent);
            (parameters, [0.98 * percent, percent, 1.02 * percent])
        };
        variants(&[at(10_000), at(100_000), at(1_000_000)], |_| {})
    }

    #[test]
    fn known_exponents_are_recovered() {
        for exponent in [-0.8, 0.0, 0.6] {
            let law = in_training(exponent, [1.0, 1.0, 1.0]).law(Figure::Percent);
            let law = law.expect("a law");
            assert!((law.exponent.value - exponent).abs() < 1e-9, "{exponent}");
            assert_eq!((law.seeds(), law.points()), (3, 4));
            assert!((law.range[0] - 0.15).abs() < 1e-9 && (law.range[1] - 0.5).abs() < 1e-9);
            let series = growing(exponent);
            for (figure, scale) in [(Figure::Percent, 1.0), (Figure::EquivOfZero, 0.002)] {
                let law = series.law(figure).expect("a law");
                assert!((law.exponent.value - exponent).abs() < 1e-9);
                let at = law.at(1e4).expect("a value").value;
                assert!((at / scale - 1.0).abs() < 1e-3, "{exponent}: {at}");
            }
        }
    }

    #[test]
    fn the_rule_can_come_out_either_way() {
        let along = |exponent| in_training(exponent, [0.98, 1.0, 1.02]).finding().judgement;
        assert_eq!(along(0.5), Judgement::Supported);
        assert_eq!(along(-0.5), Judgement::NotSupported);
        assert_eq!(along(0.0), Judgement::Undecided);
        let over = |exponent| growing(exponent).finding();
        assert_eq!(over(0.0).judgement, Judgement::Supported);
        assert_eq!(over(-0.5).judgement, Judgement::Supported);
        assert_eq!(over(0.3).judgement, Judgement::NotSupported);
        // A factor of 2 over a factor of 100.
        assert_eq!(
            over(2.0_f64.ln() / 100.0_f64.ln()).judgement,
            Judgement::Undecided
        );
        let figures = over(0.0).figures;
        assert!(
            figures.contains("extrapolated by a factor of 400"),
            "{figures}"
        );
    }

    #[test]
    fn what_does_not_count_forbids_a_verdict_and_is_never_clamped() {
        let percents = [
            (10_000, [1.0; 3]),
            (100_000, [1.0; 3]),
            (1_000_000, [1.0; 3]),
        ];
        let why = |change: &dyn Fn(&mut Synthetic)| {
            let finding = variants(&percents, change).finding();
            assert_eq!(finding.judgement, Judgement::Undecided);
            format!("{} {}", finding.figures, finding.forbidden.join(", "))
        };
        let unlearned = why(&|at| at.loss = 0.9);
        assert!(unlearned.contains("0 of 9 points count") && unlearned.contains("has not learned"));
        assert!(why(&|at| at.edge = true).contains("edge of its grid"));
        assert!(why(&|at| at.step = 812).contains("ended at step 812 of 1,000"));
        // One size is below zero by chance: no seed is whole, and nothing is put in its place.
        let mut below = percents;
        below[2].1 = [-0.1; 3];
        let finding = variants(&below, |_| {}).finding();
        assert!(finding.figures.starts_with("no fit"), "{}", finding.figures);
        assert!(
            finding
                .forbidden
                .join(", ")
                .contains("3 points left out: below ten times its floor")
        );
        // One seed lacks it: the others are fitted, and nothing is decided.
        below[2].1 = [1.0, 1.0, -0.1];
        let finding = variants(&below, |_| {}).finding();
        assert!(
            finding.figures.contains("2 seeds with 3 points"),
            "{}",
            finding.figures
        );
        assert!(
            finding
                .forbidden
                .join(", ")
                .contains("seed 2 has 2 of 3 variants")
        );
        assert_eq!(finding.judgement, Judgement::Undecided);
    }

    /// The truth is at the level of the claim: how often either side is said.
    #[test]
    fn at_the_boundary_a_verdict_is_seldom_wrong() {
        let (trials, level) = (1_500, GROWTH.ln() / FACTOR.ln());
        let mut said = [0; 2];
        for trial in 0..trials {
            let mut stream = Stream::new(29, Purpose::Other(6), [trial, 0]);
            let mut normal = || (0..12).map(|_| stream.random::<f64>()).sum::<f64>() - 6.0;
            let mut at = |parameters: usize| {
                let percent = (parameters as f64 / 1e4).powf(level);
                (
                    parameters,
                    [(); 3].map(|()| percent * (0.1 * normal()).exp()),
                )
            };
            let percents = [at(10_000), at(40_000), at(300_000)];
            match variants(&percents, |_| {}).finding().judgement {
                Judgement::Supported => said[0] += 1,
                Judgement::NotSupported => said[1] += 1,
                Judgement::Undecided => {}
            }
        }
        // 2.5 % on either side, and three standard errors of 1,500 draws.
        let most = 0.025 + 3.0 * (0.025_f64 * 0.975 / 1_500.0).sqrt();
        for said in said.map(|said| f64::from(said) / 1_500.0) {
            assert!(said > 0.005 && said < most, "{said}; random seed 29");
        }
    }
}
