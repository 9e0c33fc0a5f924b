//! Tables and the chart of what predictions cost.

use twirl_compare::AtEqualCost;
use twirl_report::{Chart, Columns, Curves, Table};

use super::ways::{Predicted, Sizes};

const NOT_TIMED: &str = "its prediction is not timed: the cell has not finished";

/// A pair of arms at the seconds of a size of the equivariant one.
pub(super) struct Row<'a> {
    pub(super) pair: [&'a Sizes<'a>; 2],
    pub(super) at_once: usize,
    pub(super) seconds: f64,
    pub(super) as_it_is: Result<AtEqualCost, String>,
    pub(super) averaged: Result<AtEqualCost, String>,
}

pub(super) fn chart(sizes: &Table) -> Chart {
    Chart {
        title: "Held-out loss against seconds of a prediction".into(),
        description: "One line per arm, one point per size, trained for the whole budget.".into(),
        x_label: "seconds of a prediction, by molecule".into(),
        panels: sizes.panels(&Curves {
            panel: &["task", "batch"],
            label: "loss",
            line: &["arm"],
            apart: &[],
            x: "seconds",
            y: &["loss"],
        }),
        ..Chart::default()
    }
}

pub(super) fn pair_table(rows: &[Row<'_>]) -> Table {
    let title = "Losses at equal seconds of a prediction";
    let mut columns = Columns::new("predicting", title, rows);
    columns.label("task", |row| row.pair[0].task);
    columns.label("augmented", |row| row.pair[0].arm);
    columns.label("equivariant", |row| row.pair[1].arm);
    columns.label(("molecules at once", "at_once"), |row| {
        row.at_once.to_string()
    });
    let at = columns.real(("at ms", "seconds"), |row| row.seconds);
    at.shown_per(1e-3).unit("s");
    columns.estimate(("loss ratio", "ratio"), |row| {
        row.as_it_is.as_ref().map(|at| at.ratio)
    });
    let heading = ("break-even", "break_even");
    columns.reach(heading, "break_even_factor", |row| {
        row.as_it_is.as_ref().map(|at| at.break_even)
    });
    columns.text("augmented size", |row| {
        row.as_it_is.as_ref().map(|at| &at.sizes[0])
    });
    columns.text("equivariant size", |row| {
        row.as_it_is.as_ref().map(|at| &at.sizes[1])
    });
    columns.estimate(("loss ratio, averaged", "averaged_ratio"), |row| {
        row.averaged.as_ref().map(|at| at.ratio)
    });
    columns.text(("averaged", "averaged_size"), |row| {
        row.averaged.as_ref().map(|at| &at.sizes[0])
    });
    columns.note(
        "At the seconds that each size of the equivariant arm takes for a molecule: the lowest loss of any size of \
         either arm that is as fast, all trained for the largest device time that both arms have in common. \
         `averaged`: also means of an augmented arm's predictions over M rotations, M passes, with the loss L_mean + \
         L_equiv / M of the squared loss; how the share of L_equiv varies is not in that interval. Break-even: how \
         many times faster the equivariant arm would have to predict for equal losses.",
    );
    columns.table()
}

pub(super) fn size_table(predicted: &[Predicted<'_>]) -> Table {
    const BATCHES: [&str; 2] = ["alone", "in a batch"];
    let rows: Vec<(&Predicted<'_>, usize)> = [0, 1]
        .into_iter()
        .flat_map(|batched| predicted.iter().map(move |one| (one, batched)))
        .collect();
    let mut columns = Columns::new(
        "inference",
        "Seconds of a prediction beside the loss",
        &rows,
    );
    columns.label("task", |row| &row.0.runs.task);
    columns.label("arm", |row| &row.0.runs.arm);
    columns.label("size", |row| row.0.name());
    columns.label(("molecule", "batch"), |row| BATCHES[row.1]);
    let each = |row: &(&Predicted<'_>, usize)| {
        let cost = row.0.cost.ok_or(NOT_TIMED)?;
        Ok::<_, &str>(cost.each()[row.1])
    };
    columns.integer(("molecules at once", "at_once"), move |row| {
        Ok::<_, &str>(each(row)?.0)
    });
    let seconds = columns.real(("ms / molecule", "seconds"), move |row| {
        Ok::<_, &str>(each(row)?.1)
    });
    seconds.shown_per(1e-3).unit("s");
    columns.real("loss", |row| row.0.loss());
    columns.note(
        "A prediction is one evaluation of the network, from a batch on the device to numbers on the host, with the \
         shortest of a few looks; a sampler takes as many of them as it has steps. Losses are geometric means over \
         seeds at the end of the training.",
    );
    columns.table()
}
