//! The data behind the figures: a row for each record, term or degree of the counted runs.

use twirl_compare::{Run, TaskRuns, split_curve};
use twirl_record::{Record, Split, TermRecord};

use crate::table::{Bounded, Columns, Table};

/// Rotations over which a prediction may be averaged at test time.
pub(crate) const TWIRLS: [u32; 6] = [1, 2, 4, 8, 16, 32];

/// A loss that a run measured: the whole, or that of a term.
#[derive(Clone, Copy)]
struct Row<'a> {
    run: &'a Run,
    record: &'a Record,
    /// Name of the companion, and rotations of each molecule.
    under: (&'a str, usize),
    name: &'a str,
    split: &'a Split,
    term: Option<&'a TermRecord>,
}

impl<'a> Row<'a> {
    fn whole(run: &'a Run, record: &'a Record) -> Self {
        Self {
            run,
            record,
            under: ("", record.rotations),
            name: "total",
            split: &record.split,
            term: None,
        }
    }

    fn of_term(self, (name, term): (&'a String, &'a TermRecord)) -> Self {
        Self {
            name,
            split: &term.split,
            term: Some(term),
            ..self
        }
    }
}

/// The whole losses of all records.
fn whole(task: &TaskRuns) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for run in task.counted() {
        rows.extend(run.records.iter().map(|record| Row::whole(run, record)));
    }
    rows
}

/// The last record of each run.
fn last(task: &TaskRuns) -> impl Iterator<Item = (&Run, &Record)> {
    task.counted().filter_map(|run| Some((run, run.last()?)))
}

fn begin<'a>(name: &str, rows: &'a [Row<'a>]) -> Columns<'a, Row<'a>> {
    let mut columns = Columns::data(name, rows);
    add_run(&mut columns, |row| row.run);
    columns
}

fn add_run<'a, R>(columns: &mut Columns<'a, R>, run: impl Fn(&'a R) -> &'a Run) {
    columns.label("arm", |row| &run(row).manifest.job.arm);
    columns.integer("seed", |row| run(row).manifest.job.seed);
}

fn add_loss<'a>(columns: &mut Columns<'a, Row<'a>>) {
    columns.real("loss", |row| row.split.loss);
    columns.real("loss_mean", |row| row.split.loss_mean);
    columns.real("loss_equiv", |row| row.split.loss_equiv);
}

fn add_percent<'a>(columns: &mut Columns<'a, Row<'a>>) {
    let few = "too few molecules for an interval";
    columns
        .real("percent_equiv", |row| row.split.percent_equiv)
        .unit("%");
    columns
        .real("percent_low", |row| row.split.percent_low.ok_or(few))
        .unit("%");
    columns
        .real("percent_high", |row| row.split.percent_high.ok_or(few))
        .unit("%");
    columns.real("floor", |row| row.split.floor).unit("%");
}

fn add_errors<'a>(columns: &mut Columns<'a, Row<'a>>) {
    let whole = "of terms only";
    let relative = |term: &TermRecord| term.relative_equiv.ok_or("every prediction is zero");
    columns.real("relative_equiv", |row| row.term.map(relative).ok_or(whole));
    let parity = |term: &TermRecord| term.parity.ok_or("rotations without their negatives");
    columns.real("parity", |row| row.term.map(parity).ok_or(whole));
}

/// Behind the figure of percentages: every record.
pub(crate) fn percent_steps(task: &TaskRuns) -> Table {
    let rows = whole(task);
    let mut columns = begin("percent-steps", &rows);
    columns.integer("step", |row| row.record.step);
    add_percent(&mut columns);
    columns.table()
}

/// Behind the figures of the split: means over seeds, of each arm.
pub(crate) fn split_steps(task: &TaskRuns) -> Table {
    let mut rows = Vec::new();
    for arm in &task.arms {
        rows.extend(
            split_curve(arm)
                .into_iter()
                .map(|(step, split)| (arm, step, split)),
        );
    }
    let few = "too few molecules for an interval";
    let mut columns = Columns::data("split-steps", &rows);
    columns.label("arm", |row| &row.0.arm);
    columns.integer("seeds", |row| row.0.counted().len());
    columns.integer("step", |row| row.1);
    columns.real("loss", |row| row.2.loss.value);
    columns.real("loss_mean", |row| row.2.loss_mean.value);
    columns.real("loss_equiv", |row| row.2.loss_equiv.value);
    columns
        .estimate("percent_equiv", |row| Bounded::new(row.2.percent, few))
        .percentage()
        .ends_as("percent");
    columns.table()
}

/// Behind the figures of losses: every record.
pub(crate) fn loss_cost(task: &TaskRuns) -> Table {
    let rows = whole(task);
    let mut columns = begin("loss-cost", &rows);
    columns.integer("step", |row| row.record.step);
    columns.integer("samples", |row| row.record.samples);
    columns
        .real("device_seconds", |row| row.record.device_seconds)
        .unit("s");
    let flops = |row: &Row| row.record.model_flops.ok_or("operations not counted");
    columns.real("model_flops", flops).unit("FLOP");
    add_loss(&mut columns);
    columns.table()
}

/// Every term of every record.
pub(crate) fn term_steps(task: &TaskRuns) -> Table {
    let mut rows = Vec::new();
    for row in whole(task) {
        rows.extend(row.record.terms.iter().map(|term| row.of_term(term)));
    }
    let mut columns = begin("term-steps", &rows);
    columns.integer("step", |row| row.record.step);
    columns.text("term", |row| row.name);
    columns.flag("trained", |row| {
        row.term.map(|term| term.trained).ok_or("of terms only")
    });
    add_loss(&mut columns);
    add_percent(&mut columns);
    add_errors(&mut columns);
    columns.table()
}

/// The last weights under other rotations, whole and by term.
pub(crate) fn companions_by_seed(task: &TaskRuns) -> Table {
    let mut rows = Vec::new();
    for (run, record) in last(task) {
        for (name, companion) in &record.companions {
            let row = Row {
                under: (name, companion.rotations),
                split: &companion.split,
                ..Row::whole(run, record)
            };
            rows.push(row);
            rows.extend(companion.terms.iter().map(|term| row.of_term(term)));
        }
    }
    let mut columns = begin("companions", &rows);
    columns.text("companion", |row| row.under.0);
    columns.integer("rotations", |row| row.under.1);
    columns.text("term", |row| row.name);
    add_loss(&mut columns);
    add_percent(&mut columns);
    add_errors(&mut columns);
    columns.table()
}

/// Power by rotation degree at the last measurement, over the mean squared prediction.
pub(crate) fn spectrum(task: &TaskRuns) -> Table {
    let mut rows = Vec::new();
    for (run, record) in last(task) {
        for (name, term) in &record.terms {
            let powers = term.spectrum.iter().enumerate();
            rows.extend(powers.map(|(degree, power)| (run, record.step, name, degree, *power)));
        }
    }
    let mut columns = Columns::data("spectrum", &rows);
    add_run(&mut columns, |row| row.0);
    columns.integer("step", |row| row.1);
    columns.text("term", |row| row.2);
    columns.integer("degree", |row| row.3);
    columns.real("relative_power", |row| row.4);
    columns.table()
}

/// Loss of the prediction averaged over M rotations: derived, `L_mean + L_equiv / M`.
pub(crate) fn twirl(task: &TaskRuns) -> Table {
    let rows: Vec<_> = last(task)
        .flat_map(|(run, record)| TWIRLS.map(|count| (run, record, count)))
        .collect();
    let mut columns = Columns::data("twirl", &rows);
    add_run(&mut columns, |row| row.0);
    columns.integer("step", |row| row.1.step);
    columns.integer("rotations_averaged", |row| row.2);
    columns.real("derived_loss", |row| averaged(row.1, row.2));
    columns.table()
}

/// Loss of the prediction averaged over rotations.
pub(crate) fn averaged(record: &Record, rotations: u32) -> f64 {
    record.split.loss_mean + record.split.loss_equiv / f64::from(rotations)
}
