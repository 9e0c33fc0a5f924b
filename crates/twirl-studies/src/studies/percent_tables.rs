//! The tables and the chart of arms in training.

use twirl_compare::THRESHOLDS;
use twirl_report::{Chart, Columns, Curves, Missing, Table};

use crate::outcome::Outcome;
use crate::studies::percent::{Point, Trained};

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
    outcome.notes.extend(trained.iter().filter_map(|trained| {
        let reason = trained.search.as_ref()?;
        let place = format!("{}/{}", trained.arm.task, trained.arm.arm);
        Some(format!("{place} {}: {reason}", trained.variant))
    }));
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
    columns.real(("training", "training_loss"), move |row| {
        point(row).training.ok_or("not recorded")
    });
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
        row.arm.rate_at_edge().is_some()
    });
    columns.table()
}
