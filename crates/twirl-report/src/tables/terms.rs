//! Terms of the loss, and scores beside it.

use std::collections::BTreeSet;

use twirl_compare::{ArmSummary, Figures};

use crate::table::{Columns, Table};
use crate::tables::summary::{add_split, of};

/// The arms that have a record, with their figures.
fn measured(arms: &[ArmSummary]) -> impl Iterator<Item = (&ArmSummary, &Figures)> {
    arms.iter()
        .filter_map(|arm| Some((arm, arm.figures.as_ref()?)))
}

/// The loss of each term.
pub(crate) fn terms(arms: &[ArmSummary]) -> Table {
    let mut rows = Vec::new();
    for (arm, figures) in measured(arms) {
        rows.extend(
            figures
                .terms
                .iter()
                .map(|(name, term)| (arm, figures, name, term)),
        );
    }
    let mut columns = Columns::new("terms", "Terms of the loss at the last measurement", &rows);
    columns.label("arm", |row| &row.0.arm);
    columns.label("term", |row| row.2);
    columns.flag("trained", |row| row.3.trained).label();
    add_split(&mut columns, |row| {
        Ok::<_, &str>((row.3.split, row.1.molecules))
    });
    columns
        .real(("floor %", "floor"), |row| row.3.split.floor)
        .digits(1)
        .unit("%");
    let relative = ("relative error", "relative_equiv");
    columns
        .real(relative, |row| row.3.relative_equiv.value)
        .digits(2);
    columns.table()
}

/// Scores beside the loss, one a row.
pub(crate) fn scores(arms: &[ArmSummary]) -> Table {
    let mut rows = Vec::new();
    for (arm, figures) in measured(arms) {
        rows.extend(
            figures
                .scores
                .iter()
                .map(|(name, score)| (arm, name, score)),
        );
    }
    let mut columns = Columns::data("scores", &rows);
    columns.label("arm", |row| &row.0.arm);
    columns.label("score", |row| row.1);
    columns.estimate("value", |row| *row.2).ends_as("");
    columns.table()
}

/// The same with a column for each score.
pub(crate) fn scores_by_arm(arms: &[ArmSummary]) -> Table {
    let scores = measured(arms).flat_map(|(_, figures)| figures.scores.keys());
    let names: BTreeSet<&String> = scores.collect();
    let title = if names.is_empty() {
        ""
    } else {
        "Scores at the last measurement"
    };
    let mut columns = Columns::new("scores-by-arm", title, arms);
    columns.leave_out_empty();
    columns.label("arm", |arm| &arm.arm);
    for name in names {
        let score = of(|figures| figures.scores.get(name).copied().ok_or("not measured"));
        columns.estimate(name.as_str(), score).digits(4).inline();
    }
    columns.table()
}
