//! Arms in training, and the percentage of their loss that is imperfect symmetry: figures that several
//! studies share.

use twirl_compare::{
    ArmRuns, Estimate, FEWEST_SEEDS, PercentPoint, Run, percent_curve, percent_of,
};
use twirl_record::{Record, Split};
use twirl_report::{count, range, significant};

use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::estimates::{logarithm, skewed};
use crate::holm::{Bound, Test};
use crate::learned::Yardstick;
use crate::outcome::Outcome;
use crate::published::Published;
use crate::setup::ArmSetup;

/// Level of the published claim.
pub(super) const LEVEL: f64 = 2.0;

/// Figures of an arm at a step, or of its seeds at their last steps.
pub(super) struct Point {
    /// Step and percentage of the trained loss.
    pub(super) of_loss: PercentPoint,
    /// Percentage of the squared loss.
    pub(super) squared: Estimate,
    /// Means over seeds: `L`, `L_mean`, `L_equiv`, and the loss of predicting zero.
    pub(super) loss: f64,
    pub(super) mean: f64,
    pub(super) equiv: f64,
    zero: Option<f64>,
    /// Mean over seeds of the loss of the batches before it.
    pub(super) training: Option<f64>,
    /// Fewest molecules of a seed.
    pub(super) molecules: usize,
    pub(super) device_seconds: f64,
    /// Why the point does not count; nothing if it does.
    pub(super) not_learned: Option<String>,
}

impl Point {
    fn of(of_loss: PercentPoint, records: &[&Record], yardstick: &Yardstick) -> Self {
        let mean = |pick: fn(&Record) -> f64| {
            records.iter().map(|record| pick(record)).sum::<f64>() / records.len() as f64
        };
        // A task whose trained loss is not squared reports the squared one beside it.
        let squared = |record: &&Record| {
            let mut terms = record.terms.iter();
            let term = terms.find(|(name, _)| name.ends_with("squared"));
            term.map_or(record.split, |(_, term)| term.split)
        };
        let squared: Vec<Split> = records.iter().map(squared).collect();
        let zero = mean(|record| record.loss_zero.unwrap_or(f64::NAN));
        let zero = Some(zero).filter(|zero| zero.is_finite());
        let loss = mean(|record| record.split.loss);
        Self {
            of_loss: PercentPoint {
                percent: skewed(of_loss.percent),
                ..of_loss
            },
            squared: skewed(percent_of(&squared.iter().collect::<Vec<_>>())),
            loss,
            mean: mean(|record| record.split.loss_mean),
            equiv: mean(|record| record.split.loss_equiv),
            zero,
            training: Some(mean(|record| record.training_loss.unwrap_or(f64::NAN)))
                .filter(|loss| loss.is_finite()),
            molecules: records
                .iter()
                .map(|record| record.molecules)
                .min()
                .unwrap_or(0),
            device_seconds: mean(|record| record.device_seconds),
            not_learned: yardstick.not_learned(loss, zero),
        }
    }

    pub(super) fn of_zero(&self, value: f64) -> Result<f64, &'static str> {
        Ok(value
            / self
                .zero
                .ok_or("the loss of predicting zero is not known")?)
    }
}

/// The runs of an arm, or of a variant of it.
pub(super) struct Trained {
    /// What is changed; empty if nothing is.
    pub(super) variant: String,
    pub(super) arm: ArmRuns,
    /// At least one.
    pub(super) points: Vec<Point>,
    /// The point that is judged: the last, unless another is chosen.
    judged: usize,
    published: Option<Published>,
    /// The least loss that can be expected of it.
    pub(super) yardstick: Yardstick,
    /// That the search for the learning rate compared models that had not learned.
    pub(super) search: Option<String>,
}

impl Trained {
    pub(super) fn of(
        context: &StudyContext<'_>,
        variant: &str,
        arm: ArmRuns,
    ) -> Result<Self, String> {
        let yardstick = context.yardstick(&arm).map_err(|error| error.to_string())?;
        let mark = (arm.task.clone(), arm.arm.clone());
        let published = context.published.get(&mark).cloned();
        Self::measured(variant, arm, &yardstick, published)
    }

    pub(super) fn measured(
        variant: &str,
        arm: ArmRuns,
        yardstick: &Yardstick,
        published: Option<Published>,
    ) -> Result<Self, String> {
        let runs = arm.counted();
        let point = |of_loss: PercentPoint| {
            let at = |run: &&Run| {
                let here = run
                    .records
                    .iter()
                    .find(|record| record.step == of_loss.step);
                here.or(run.records.last()).cloned()
            };
            let records: Vec<Record> = runs.iter().filter_map(at).collect();
            Point::of(of_loss, &records.iter().collect::<Vec<_>>(), yardstick)
        };
        let early = |run: &&Run| {
            let search = run.manifest.search.as_ref()?;
            let zero = Some(search.loss_zero?);
            let reason = yardstick.not_learned(search.best_loss()?, zero);
            reason.map(|reason| format!("after the {} steps of its search, {reason}", search.steps))
        };
        let search = runs.iter().find_map(early);
        let points: Vec<Point> = percent_curve(&arm).into_iter().map(point).collect();
        Ok(Self {
            variant: variant.into(),
            judged: points.len().checked_sub(1).ok_or("no measurement")?,
            arm,
            points,
            published,
            yardstick: yardstick.clone(),
            search,
        })
    }

    pub(super) fn at(&self) -> &Point {
        &self.points[self.judged]
    }

    /// Chooses the step that is judged; false if it was not measured.
    pub(super) fn judge_at(&mut self, step: u64) -> bool {
        let place = self
            .points
            .iter()
            .position(|point| point.of_loss.step == step);
        self.judged = place.unwrap_or(self.judged);
        place.is_some()
    }

    /// How often the training items were seen, of `all` if none are left out.
    pub(super) fn epochs(&self, all: usize) -> f64 {
        let run = self.first();
        let samples = run.records.last().map_or(0, |record| record.samples) as f64;
        let items = match run.manifest.job.train.train_items {
            0 => all,
            items => items,
        };
        samples / items as f64
    }

    pub(super) fn first(&self) -> &Run {
        self.arm.counted()[0]
    }

    pub(super) fn extreme(&self, pick: fn(f64, f64) -> f64) -> f64 {
        let values = self.points.iter().map(|point| point.of_loss.percent.value);
        values.reduce(pick).unwrap_or(f64::NAN)
    }

    /// First step from which on every point has learned and is at or below a level.
    pub(super) fn settled_below(&self, level: f64) -> Option<u64> {
        let above =
            |point: &Point| point.not_learned.is_some() || point.of_loss.percent.value > level;
        let first = self
            .points
            .iter()
            .rposition(above)
            .map_or(0, |last| last + 1);
        self.points.get(first).map(|point| point.of_loss.step)
    }

    /// The percentage at the judged step, held against the level of the claim; its logarithm, where it is
    /// positive.
    pub(super) fn test(&self) -> Option<Test> {
        let (seeds, molecules) = (self.arm.counted().len(), self.at().molecules);
        let percent = self.at().of_loss.percent;
        let freedom = if seeds < FEWEST_SEEDS {
            molecules
        } else {
            seeds
        };
        let (of, level) = if percent.value > 0.0 {
            (logarithm(percent), LEVEL.ln())
        } else {
            (percent, LEVEL)
        };
        Some(Test {
            value: of.value,
            interval: of.interval?,
            bound: Bound::Below(level),
            freedom: freedom.checked_sub(1)?.max(1),
        })
    }

    /// What forbids to judge the arm at the judged step.
    pub(super) fn forbidden(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(why) = self.at().not_learned.clone() {
            reasons.push(why);
            reasons.extend(short_search(&self.arm));
        }
        reasons.extend(search_at_edge(&self.arm));
        match self.arm.failed() {
            0 => {}
            failed => reasons.push(format!("{failed} seeds failed")),
        }
        reasons
    }

    /// The figures at the judged step, in words.
    pub(super) fn words(&self) -> String {
        let at = self.at();
        let percent =
            |of: Estimate| format!("{} % ({})", significant(of.value, 3), range(of.interval, 3));
        let share = |value: f64| at.of_zero(value).map_or("-".into(), |x| significant(x, 3));
        let seeds = self.arm.counted().len();
        format!(
            "{} of the trained loss and {} of the squared loss at step {}, L/L0 {}, L_equiv/L0 {}, \
             {seeds} seed{}, {} molecules",
            percent(at.of_loss.percent),
            percent(at.squared),
            count(at.of_loss.step),
            share(at.loss),
            share(at.equiv),
            if seeds == 1 { "" } else { "s" },
            at.molecules,
        )
    }

    /// The mark of a set-up that a paper ran, if it makes the claim of a study; variants are extensions.
    pub(super) fn published(&self, study: &str) -> Option<Published> {
        let mark = self.published.as_ref()?;
        let claims = mark.claims.iter().any(|claim| claim == study);
        (claims && self.variant.is_empty()).then(|| mark.clone())
    }

    /// Largest relative equivariance error of a trained term at the end, mean over seeds.
    pub(super) fn relative(&self) -> Option<f64> {
        let of_run = |run: &Run| {
            let terms = run.last()?.terms.values().filter(|term| term.trained);
            terms
                .map(|term| term.relative_equiv)
                .reduce(|a, b| Some(a?.max(b?)))?
        };
        let shares: Option<Vec<f64>> = self.arm.counted().into_iter().map(of_run).collect();
        let shares = shares.filter(|shares| !shares.is_empty())?;
        Some(shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

/// That a search for the learning rate ended at an edge of its grid, where a wider grid could be better.
pub(super) fn search_at_edge(arm: &ArmRuns) -> Option<String> {
    let rate = arm.rate_at_edge()?;
    Some(format!("learning rate {rate:e} at an edge of its grid"))
}

/// That a learning rate comes from a search too short for the run.
fn short_search(arm: &ArmRuns) -> Option<String> {
    let [searched, trained] = arm.short_search()?;
    let rate = arm.counted().first()?.manifest.learning_rate;
    Some(format!(
        "learning rate {rate:e} is carried over from {} to {} steps",
        count(searched),
        count(trained)
    ))
}

/// A variant of an arm, or why it cannot be made.
pub(super) type Variant = (String, Result<ArmSetup, StudyError>);

/// Trains variants of an arm with these seeds. What cannot be made or read is a note.
pub(super) fn train_variants(
    context: &StudyContext<'_>,
    cells: &mut Cells<'_>,
    (base, variants): (&ArmSetup, Vec<Variant>),
    seeds: &[u64],
    outcome: &mut Outcome,
) -> Vec<Trained> {
    let mut all = Vec::new();
    for (name, setup) in variants {
        // The unchanged arm's run is that of other studies, if it takes as many steps.
        let unchanged = setup.as_ref().is_ok_and(|setup| {
            let budget = context.run_budget(&setup.job.task);
            setup.job == base.job
                && budget.is_ok_and(|budget| budget.steps == setup.job.train.steps)
        });
        let cell = if unchanged { "run" } else { &name };
        let cell = cell.replace(", ", "-").replace(' ', "-");
        let arm = match setup {
            Ok(setup) => context.train_only(cells, &cell, &setup, seeds),
            Err(error) => Some(Err(error.to_string())),
        };
        match arm.map(|arm| Trained::of(context, &name, arm?)) {
            None => {}
            Some(Ok(trained)) => all.push(trained),
            Some(Err(why)) => outcome
                .notes
                .push(format!("{}, {name}: {why}", base.place())),
        }
    }
    all
}
