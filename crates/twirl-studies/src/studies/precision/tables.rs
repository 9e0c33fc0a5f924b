//! Tables and chart of precisions.

use std::collections::BTreeSet;

use twirl_compare::Estimate;
use twirl_core::Precision;
use twirl_report::{Chart, Columns, Curves, Table};

use super::pair::Arm;
use super::trial::Trial;
use crate::outcome::Outcome;

/// An arm at a step, with products of a precision.
struct Row<'a> {
    arm: &'a Arm,
    step: u64,
    products: Precision,
}

/// A score of an arm at a step.
struct ScoreRow<'a> {
    arm: &'a Arm,
    step: u64,
    score: String,
}

const NO_SEED: &str = "no seed has a figure";

/// Adds the tables and the chart.
pub(super) fn present(outcome: &mut Outcome, arms: &[Arm]) {
    let (mut rows, mut scores) = (Vec::new(), Vec::new());
    for arm in arms {
        let trials = || arm.seeds.iter().flat_map(|(_, trials)| trials);
        for step in trials().map(|trial| trial.step).collect::<BTreeSet<u64>>() {
            rows.extend(Precision::ALL.map(|products| Row {
                arm,
                step,
                products,
            }));
            let names = trials().flat_map(|trial| trial.scores.keys());
            let names: BTreeSet<&String> = names.collect();
            scores.extend(names.into_iter().map(|score| ScoreRow {
                arm,
                step,
                score: score.clone(),
            }));
        }
    }
    let table = error_table(&rows);
    outcome.chart = Chart {
        title: "Relative symmetry error against the rounding of operands".into(),
        description:
            "From left to right: f32, tf32, bf16. An equivariant arm follows the rounding; an arm \
                      that has learned its symmetry does not see it."
                .into(),
        x_label: "unit roundoff of the operands of products".into(),
        panels: table.panels(&Curves {
            panel: &["task", "step"],
            label: "symmetry error / size of predictions",
            line: &["arm"],
            apart: &[],
            x: "unit_roundoff",
            y: &["relative"],
        }),
        ..Chart::default()
    };
    outcome.tables = vec![table, score_table(&scores), seed_table(arms)];
}

fn error_table(rows: &[Row<'_>]) -> Table {
    let title = "The same weights with products of each precision";
    let mut columns = Columns::new("precision", title, rows);
    columns.label("task", |row| &row.arm.task);
    columns.label("arm", |row| &row.arm.name);
    columns.label("step", |row| row.step.to_string());
    columns.label("products", |row| row.products.name());
    columns.estimate(("relative error", "relative"), |row| {
        row.arm.relative(row.step, row.products).ok_or(NO_SEED)
    });
    let mean = |row: &Row<'_>, figure: fn(&Trial) -> f64| -> Result<Estimate, &'static str> {
        row.arm.mean(row.step, row.products, figure).ok_or(NO_SEED)
    };
    columns
        .estimate("percent", move |row| mean(row, Trial::percent))
        .percentage();
    columns.estimate(("L_equiv / L0", "loss_equiv_of_zero"), move |row| {
        mean(row, |trial| trial.equiv / trial.zero)
    });
    columns.estimate(("L / L0", "loss_of_zero"), move |row| {
        mean(row, |trial| trial.loss / trial.zero)
    });
    let change = columns.estimate(("change of L (%)", "loss_change_percent"), |row| {
        let change = row.arm.loss_change(row.step, row.products);
        change.ok_or(NO_SEED)
    });
    change.digits(2).unit("%");
    columns.integer("seeds", |row| row.arm.at(row.step, row.products).len());
    columns.real("unit_roundoff", |row| row.products.unit_roundoff());
    columns.note(
        "`relative error`: root mean square of the symmetry error over that of the predictions, the largest of the \
         trained terms; geometric mean over seeds.",
    );
    columns.table()
}

fn score_table(rows: &[ScoreRow<'_>]) -> Table {
    let mut columns = Columns::new(
        "scores",
        "Figures beside the loss, in f32, and what rounding adds",
        rows,
    );
    columns.label("task", |row| &row.arm.task);
    columns.label("arm", |row| &row.arm.name);
    columns.label("step", |row| row.step.to_string());
    columns.label("figure", |row| &row.score);
    columns.estimate("f32", |row| {
        let of = |trial: &Trial| trial.scores.get(&row.score).copied().unwrap_or(f64::NAN);
        row.arm.mean(row.step, Precision::F32, of).ok_or(NO_SEED)
    });
    for products in [Precision::Tf32, Precision::Bf16] {
        let name = products.name();
        let heading = (format!("{name} adds"), format!("{name}_adds"));
        let added = columns.estimate(heading, move |row| {
            let of = |own: &Trial, full: &Trial| {
                Some(own.scores.get(&row.score)? - full.scores.get(&row.score)?)
            };
            row.arm.change(row.step, products, of).ok_or(NO_SEED)
        });
        added.digits(2);
    }
    columns.table()
}

/// Every measurement, for machines.
fn seed_table(arms: &[Arm]) -> Table {
    let mut rows: Vec<(&Arm, u64, &Trial)> = Vec::new();
    for arm in arms {
        for (seed, trials) in &arm.seeds {
            rows.extend(trials.iter().map(|trial| (arm, *seed, trial)));
        }
    }
    let mut columns = Columns::data("data", &rows);
    columns.label("task", |row| &row.0.task);
    columns.label("arm", |row| &row.0.name);
    columns.label("seed", |row| row.1.to_string());
    columns.integer("step", |row| row.2.step);
    columns.label("products", |row| row.2.products.name());
    columns.real("loss", |row| row.2.loss);
    columns.real("loss_equiv", |row| row.2.equiv);
    columns.real("loss_zero", |row| row.2.zero);
    columns.real("percent", |row| row.2.percent()).unit("%");
    columns.real("relative", |row| {
        row.2.relative.ok_or("predictions are zero")
    });
    columns.table()
}
