//! Any two arms.

use twirl_compare::{CompareError, Comparison, Verdict};

use crate::table::{Columns, Table};
use crate::words;

/// A table of comparisons, and one line for each refusal.
#[rustfmt::skip] // A column is a line.
pub fn comparisons(all: &[Result<Comparison, CompareError>]) -> (Table, Vec<String>) {
    let rows: Vec<&Comparison> = all.iter().flatten().collect();
    let seconds = |row: &&Comparison| row.seconds_ratio.clone().map_err(|why| why.to_string());
    let then = |row: &&Comparison| row.at_equal_time.clone().map_err(|why| why.to_string());
    let title = "A against B: final losses, percentages and device seconds";
    let mut columns = Columns::new("comparison", title, &rows);
    columns.label("A", |row| &row.a);
    columns.label("B", |row| &row.b);
    columns.estimate(("loss A/B", "loss_ratio"), |row| row.loss_ratio);
    columns.estimate(("percent A-B", "percent_difference"), |row| row.percent_difference).unit("%");
    columns.estimate(("seconds A/B", "seconds_ratio"), seconds).value_only();
    columns.real(("at device s", "at_device_seconds"), |row| then(row).map(|found| found.0)).unit("s");
    columns.estimate(("loss A/B then", "loss_ratio_then"), |row| then(row).map(|found| found.1));
    columns.text("lower loss", |row| lower(row, row.loss_verdict()));
    columns.text("lower percent", |row| lower(row, row.percent_verdict()));
    columns.text("notes", |row| words::comparison(row, ["A", "B"]).ok_or(words::NOTHING));
    columns.part("Percentage of imperfect symmetry in the loss above the Bayes error");
    columns.estimate("excess % A", |row| row.percent_of_excess[0]).percentage();
    columns.estimate("excess % B", |row| row.percent_of_excess[1]).percentage();
    columns.leave_out_empty();

    let mut refused = Vec::new();
    for comparison in all {
        match comparison {
            Err(error) => refused.push(error.to_string()),
            Ok(row) => {
                let (seconds, then) = (row.seconds_ratio.as_ref(), row.at_equal_time.as_ref());
                let reasons = seconds.err().into_iter().chain(then.err());
                let line = |why| format!("{} against {}: device seconds: {why}", row.a, row.b);
                refused.extend(reasons.map(line));
            }
        }
    }
    refused.dedup();
    (columns.table(), refused)
}

fn lower(row: &Comparison, verdict: Verdict) -> String {
    match verdict {
        Verdict::Lower => "A".into(),
        Verdict::Higher => "B".into(),
        Verdict::Undecided => "undecided".into(),
        Verdict::NoInterval => words::no_interval(row.seeds),
    }
}
