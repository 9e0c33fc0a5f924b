//! Arms in training, and the percentage of their loss that is imperfect symmetry: figures that several
//! studies share.

use twirl_compare::{
    ArmRuns, Estimate, FEWEST_SEEDS, PercentPoint, Run, THRESHOLDS, percent_curve, percent_of,
};
use twirl_record::{Record, SearchReport, Split, Training};
use twirl_report::{Chart, Columns, Curves, Missing, Table, count, range, significant};

use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
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
    squared: Estimate,
    /// Means over seeds: `L`, `L_mean`, `L_equiv`, and the loss of predicting zero.
    loss: f64,
    mean: f64,
    equiv: f64,
    zero: Option<f64>,
    /// Fewest molecules of a seed.
    molecules: usize,
    device_seconds: f64,
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
            of_loss,
            squared: percent_of(&squared.iter().collect::<Vec<_>>()),
            loss,
            mean: mean(|record| record.split.loss_mean),
            equiv: mean(|record| record.split.loss_equiv),
            zero,
            molecules: records
                .iter()
                .map(|record| record.molecules)
                .min()
                .unwrap_or(0),
            device_seconds: mean(|record| record.device_seconds),
            not_learned: yardstick.not_learned(loss, zero),
        }
    }

    fn of_zero(&self, value: f64) -> Result<f64, &'static str> {
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
        let points: Vec<Point> = percent_curve(&arm).into_iter().map(point).collect();
        Ok(Self {
            variant: variant.into(),
            judged: points.len().checked_sub(1).ok_or("no measurement")?,
            arm,
            points,
            published,
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

    fn first(&self) -> &Run {
        self.arm.counted()[0]
    }

    fn extreme(&self, pick: fn(f64, f64) -> f64) -> f64 {
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

    /// The percentage at the judged step, held against the level of the claim. Over few molecules a
    /// percentage is skewed to the right, and its upper end lies too low: the half-widths are taken as
    /// those of its logarithm, where it is positive.
    pub(super) fn test(&self) -> Option<Test> {
        let (seeds, molecules) = (self.arm.counted().len(), self.at().molecules);
        let Estimate { value, interval } = self.at().of_loss.percent;
        let freedom = if seeds < FEWEST_SEEDS {
            molecules
        } else {
            seeds
        };
        let linear = Test {
            value,
            interval: interval?,
            bound: Bound::Below(LEVEL),
            freedom: freedom.checked_sub(1)?.max(1),
        };
        if value <= 0.0 {
            return Some(linear);
        }
        let end = |end: f64| value.ln() + (end - value) / value;
        Some(Test {
            value: value.ln(),
            interval: linear.interval.map(end),
            bound: Bound::Below(LEVEL.ln()),
            ..linear
        })
    }

    /// What forbids to judge the arm at the judged step.
    pub(super) fn forbidden(&self) -> Vec<String> {
        let mut reasons: Vec<String> = self.at().not_learned.clone().into_iter().collect();
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
    fn relative(&self) -> Option<f64> {
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
    let at_edge = |run: &&&Run| {
        let search = run.manifest.search.as_ref();
        search.is_some_and(SearchReport::at_edge)
    };
    let runs = arm.counted();
    let run = runs.iter().find(at_edge)?;
    let rate = run.manifest.learning_rate;
    Some(format!("learning rate {rate:e} at an edge of its grid"))
}

/// A variant of an arm, or why it cannot be made.
pub(super) type Variant = (String, Result<ArmSetup, StudyError>);

/// The first augmented arm of each task, with the one seed of studies of variants.
pub(super) fn bases(context: &StudyContext<'_>) -> Result<Vec<ArmSetup>, StudyError> {
    let mut bases = context.run_arms(Training::Augmented, 1)?;
    for base in &mut bases {
        base.job.seed = context.first_seed(&context.run_seeds(&base.job.task)?);
    }
    Ok(bases)
}

/// Trains variants of an arm. What cannot be made or read is a note.
pub(super) fn train_variants(
    context: &StudyContext<'_>,
    cells: &mut Cells<'_>,
    (base, variants): (&ArmSetup, Vec<Variant>),
    outcome: &mut Outcome,
) -> Vec<Trained> {
    let mut all = Vec::new();
    for (name, setup) in variants {
        // The unchanged arm's run is that of other studies.
        let unchanged = setup.as_ref().is_ok_and(|setup| setup.job == base.job);
        let cell = if unchanged { "run" } else { &name };
        let cell = cell.replace(", ", "-").replace(' ', "-");
        let arm = match setup {
            Ok(setup) => context.train_one(cells, &cell, &setup),
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

/// Adds the tables and the chart: a panel for each arm if there are variants, one for all if not.
pub(super) fn present(outcome: &mut Outcome, trained: &[Trained], description: &str) {
    let curve = curve_table(trained);
    let variants = trained.iter().any(|trained| !trained.variant.is_empty());
    let arm: &[&str] = &["task", "arm"];
    let (panel, line) = if variants {
        (arm, &["variant"][..])
    } else {
        (&[][..], arm)
    };
    outcome.chart = Chart {
        title: "Share of the loss that is imperfect symmetry, against steps".into(),
        description: description.into(),
        x_label: "optimiser steps".into(),
        panels: curve.panels(&Curves {
            panel,
            label: "100 L_equiv / L (%)",
            line,
            apart: &[],
            x: "step",
            y: &["percent"],
        }),
        ..Chart::default()
    };
    outcome.tables = vec![arm_table(trained, variants), curve];
    outcome.notes.push(
        "`of |f|^2`: squared equivariance error over the mean squared size of the predictions, the \
         largest of the trained terms at the last step. The percentage also falls when predictions \
         are small beside the targets; this figure does not."
            .into(),
    );
}

fn curve_table(trained: &[Trained]) -> Table {
    let mut rows: Vec<(&Trained, &Point)> = Vec::new();
    for trained in trained {
        rows.extend(trained.points.iter().map(|point| (trained, point)));
    }
    let mut columns = Columns::data("data", &rows);
    columns.label("task", |row| &row.0.arm.task);
    columns.label("arm", |row| &row.0.arm.arm);
    columns.label("variant", |row| &row.0.variant);
    columns.integer("step", |row| row.1.of_loss.step);
    columns.estimate("percent", |row| row.1.of_loss.percent);
    columns.estimate("percent of squared", |row| row.1.squared);
    columns.real("floor", |row| row.1.of_loss.floor).unit("%");
    point_columns(&mut columns, |row| row.1);
    columns.table()
}

/// Columns of the losses at a point.
fn point_columns<'a, R>(columns: &mut Columns<'a, R>, point: impl Fn(&'a R) -> &'a Point + Copy) {
    columns.flag("learned", move |row| point(row).not_learned.is_none());
    columns
        .real(("L", "loss"), move |row| point(row).loss)
        .digits(4);
    columns.real(("L_mean", "loss_mean"), move |row| point(row).mean);
    columns.real(("L_equiv", "loss_equiv"), move |row| point(row).equiv);
    let heading = ("L / L0", "loss_of_zero");
    columns.real(heading, move |row| point(row).of_zero(point(row).loss));
    let heading = ("L_equiv / L0", "loss_equiv_of_zero");
    columns.real(heading, move |row| point(row).of_zero(point(row).equiv));
    columns.integer("molecules", move |row| point(row).molecules);
    let seconds = columns.real(("device s", "device_seconds"), move |row| {
        point(row).device_seconds
    });
    seconds.unit("s");
}

fn arm_table(trained: &[Trained], variants: bool) -> Table {
    let title = "Percentage at the judged step, and steps until it stays at or below a level";
    let mut columns = Columns::new("arms", title, trained);
    columns.label("task", |row| &row.arm.task);
    columns.label("arm", |row| &row.arm.arm);
    if variants {
        columns.label("variant", |row| &row.variant);
    }
    columns.integer("seeds", |row| row.arm.counted().len());
    columns.integer("step", |row| row.at().of_loss.step);
    columns
        .estimate("percent", |row| row.at().of_loss.percent)
        .percentage();
    columns
        .estimate(("of squared", "percent_of_squared"), |row| row.at().squared)
        .percentage();
    for level in THRESHOLDS {
        let heading = (format!("to {level} %"), format!("steps_to_{level}_percent"));
        columns.integer(heading, move |row| {
            row.settled_below(level)
                .ok_or("not learned and below it to the end")
        });
    }
    columns.part("Losses there, L0 that of predicting zero");
    point_columns(&mut columns, Trained::at);
    columns.part("The whole run, and what was trained");
    columns
        .real(("lowest %", "lowest_percent"), |row| row.extreme(f64::min))
        .percentage();
    columns
        .real(("highest %", "highest_percent"), |row| {
            row.extreme(f64::max)
        })
        .percentage();
    let relative = columns.real(("of |f|^2 (%)", "relative_percent"), |row| {
        row.relative()
            .map(|share| 100.0 * share)
            .ok_or("a term has no figure")
    });
    relative.digits(2).unit("%");
    columns.integer("steps", |row| row.first().manifest.steps);
    columns.integer(("params", "parameters"), |row| {
        row.first().manifest.parameters
    });
    columns.integer("items", |row| {
        match row.first().manifest.job.train.train_items {
            0 => Err(Missing::said("all")),
            items => Ok(items),
        }
    });
    columns
        .real(("rate", "learning_rate"), |row| {
            row.first().manifest.learning_rate
        })
        .digits(1);
    columns.flag(("at edge", "search_at_edge"), |row| {
        search_at_edge(&row.arm).is_some()
    });
    columns.table()
}
