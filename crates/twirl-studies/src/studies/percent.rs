//! Arms in training, and the percentage of their loss that is imperfect symmetry: figures that several
//! studies share.

use twirl_record::{Record, Training};
use twirl_report::{ArmRuns, Chart, PercentPoint, Run, THRESHOLDS, percent_curve, settled_below};

use crate::cells::Cells;
use crate::context::StudyContext;
use crate::error::StudyError;
use crate::outcome::Outcome;
use crate::setup::ArmSetup;
use twirl_report::Curves;
use twirl_report::{Columns, Missing, Table};

/// Level and steps of the published claim.
pub(super) const LEVEL: f64 = 2.0;
pub(super) const WINDOW: [u64; 2] = [1_000, 10_000];

/// The runs of an arm, or of a variant of it.
pub(super) struct Trained {
    /// What is changed; empty if nothing is.
    pub(super) variant: String,
    pub(super) arm: ArmRuns,
    pub(super) points: Vec<PercentPoint>,
    /// The point that is tabled: the last, unless another is chosen.
    pub(super) at: PercentPoint,
}

impl Trained {
    pub(super) fn of(variant: &str, arm: ArmRuns) -> Result<Self, String> {
        let points = percent_curve(&arm);
        Ok(Self {
            variant: variant.into(),
            at: *points.last().ok_or("no measurement")?,
            arm,
            points,
        })
    }

    fn lowest(&self) -> &PercentPoint {
        let points = self.points.iter();
        let by_percent =
            |a: &&PercentPoint, b: &&PercentPoint| a.percent.value.total_cmp(&b.percent.value);
        points.min_by(by_percent).unwrap_or(&self.at)
    }

    fn last(&self) -> &PercentPoint {
        self.points.last().unwrap_or(&self.at)
    }

    fn first(&self) -> &Run {
        self.arm.counted()[0]
    }

    /// Mean over seeds at the tabled point; of seeds that have no record there, their last.
    fn mean(&self, pick: fn(&Record) -> f64) -> f64 {
        let runs = self.arm.counted();
        let at = |run: &&Run| {
            let records = &run.records;
            let here = records.iter().find(|record| record.step == self.at.step);
            here.or(records.last()).map_or(f64::NAN, pick)
        };
        runs.iter().map(at).sum::<f64>() / runs.len() as f64
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
        match arm.map(|arm| Trained::of(&name, arm?)) {
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
    let mut rows: Vec<(&Trained, &PercentPoint)> = Vec::new();
    for trained in trained {
        rows.extend(trained.points.iter().map(|point| (trained, point)));
    }
    let mut columns = Columns::data("data", &rows);
    columns.label("task", |row| &row.0.arm.task);
    columns.label("arm", |row| &row.0.arm.arm);
    columns.label("variant", |row| &row.0.variant);
    columns.integer("step", |row| row.1.step);
    columns.estimate("percent", |row| row.1.percent);
    columns.real("floor", |row| row.1.floor).unit("%");
    columns.table()
}

fn arm_table(trained: &[Trained], variants: bool) -> Table {
    let title = "Percentage, and steps until it stays at or below a level";
    let mut columns = Columns::new("arms", title, trained);
    columns.label("task", |row| &row.arm.task);
    columns.label("arm", |row| &row.arm.arm);
    if variants {
        columns.label("variant", |row| &row.variant);
    }
    columns.integer("seeds", |row| row.arm.counted().len());
    columns.integer("step", |row| row.at.step);
    columns
        .estimate("percent", |row| row.at.percent)
        .percentage();
    columns
        .real(("lowest", "lowest_percent"), |row| {
            row.lowest().percent.value
        })
        .percentage();
    columns.integer(("at step", "lowest_step"), |row| row.lowest().step);
    columns
        .real(("last", "last_percent"), |row| row.last().percent.value)
        .percentage();
    columns.integer(("at step", "last_step"), |row| row.last().step);
    let relative = columns.real(("of |f|^2 (%)", "relative_percent"), |row| {
        row.relative()
            .map(|share| 100.0 * share)
            .ok_or("a term has no figure")
    });
    relative.digits(2).unit("%");
    for level in THRESHOLDS {
        let heading = (format!("to {level} %"), format!("steps_to_{level}_percent"));
        columns.integer(heading, |row| {
            settled_below(&row.points, level).ok_or("not below it to the end")
        });
    }
    columns.part("Loss and its parts, and what was trained");
    columns
        .real("loss", |row| row.mean(|record| record.split.loss))
        .digits(4);
    columns.real(("L_mean", "loss_mean"), |row| {
        row.mean(|record| record.split.loss_mean)
    });
    columns.real(("L_equiv", "loss_equiv"), |row| {
        row.mean(|record| record.split.loss_equiv)
    });
    columns
        .real(("device s", "device_seconds"), |row| {
            row.mean(|record| record.device_seconds)
        })
        .unit("s");
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
    columns.table()
}
