//! What is only measured once a run has ended.

use twirl_compare::TaskRuns;
use twirl_compare::{
    ArmRuns, CompanionSummary, Comparison, Control, Verdict, baseline_figure, baselines,
    closing_figure, closing_figures,
};

use crate::table::{Bounded, Columns, Table};
use crate::words;

/// Figures of each finished model, and of what it is compared with.
pub(crate) fn closing(task: &TaskRuns) -> Table {
    let mut rows = Vec::new();
    for run in task.counted() {
        let (job, closing) = (&run.manifest.job, &run.manifest.closing);
        let own = std::iter::once((&job.arm, &closing.figures));
        for (of, figures) in own.chain(&closing.baselines) {
            rows.extend(figures.iter().map(|(name, figure)| (job, of, name, figure)));
        }
    }
    let mut columns = Columns::data("closing", &rows);
    columns.label("arm", |row| &row.0.arm);
    columns.integer("seed", |row| row.0.seed);
    columns.text("of", |row| row.1);
    columns.text("figure", |row| row.2);
    columns.text("unit", |row| &row.3.unit);
    columns.real("value", |row| row.3.value);
    columns.real("low", |row| row.3.low.ok_or("no interval"));
    columns.real("high", |row| row.3.high.ok_or("no interval"));
    columns.table()
}

/// The same, means over seeds: arms and then baselines in columns.
pub(crate) fn closing_by_arm(task: &TaskRuns) -> Table {
    let rows: Vec<(&str, &str)> = closing_figures(task).into_iter().collect();
    let title = "Figures of the finished models, and baselines";
    let mut columns = Columns::new("closing-by-arm", title, &rows);
    columns.label("figure", |(name, unit)| match *unit {
        "" => (*name).to_owned(),
        unit => format!("{name} ({unit})"),
    });
    let measured = |arm: &&ArmRuns| {
        let mut runs = arm.counted().into_iter();
        runs.any(|run| !run.manifest.closing.figures.is_empty())
    };
    let absent = "not measured";
    for arm in task.arms.iter().filter(measured) {
        let figure = |row: &(&str, &str)| closing_figure(arm, row.0).ok_or(absent);
        columns
            .estimate(arm.arm.as_str(), figure)
            .digits(4)
            .inline();
    }
    for baseline in baselines(task) {
        let figure = |row: &(&str, &str)| baseline_figure(task, baseline, row.0).ok_or(absent);
        columns.estimate(baseline, figure).digits(4).inline();
    }
    columns.table()
}

/// The last weights under other rotations: means over seeds, the largest error of the terms.
#[rustfmt::skip] // A column is a line.
pub(crate) fn companions(companions: &[CompanionSummary]) -> Table {
    let few = |row: &CompanionSummary| words::few_molecules(row.molecules);
    let mut columns = Columns::new("companions-by-arm", "The last weights under other rotations", companions);
    columns.label("arm", |row| &row.arm);
    columns.label("companion", |row| &row.name);
    columns.label("rotations", |row| format!("{} {}", row.rotations, row.companion.design.words(row.companion.symmetry)));
    columns.estimate("percent", |row| Bounded::new(row.split.percent, few(row))).percentage();
    columns.real(("floor %", "floor"), |row| row.split.floor).digits(1).unit("%");
    columns.real("relative error", |row| row.relative_equiv.ok_or("not measured")).digits(2);
    columns.real("parity error", |row| row.parity.ok_or("no negatives")).digits(2);
    columns.table()
}

/// Controls of an arm against the arm itself.
#[rustfmt::skip] // A column is a line.
pub(crate) fn controls(controls: &[Control]) -> Table {
    let title = "Controls: variants of an arm against the arm itself";
    let mut columns = Columns::new("controls", title, controls);
    columns.label("arm", |row| &row.comparison.b);
    columns.label("control", |row| variant(&row.comparison));
    columns.estimate(("loss of control / arm", "loss_ratio"), |row| row.comparison.loss_ratio);
    columns.real("percent of arm", |row| row.percents[1]).percentage();
    columns.real(("of control", "percent_of_control"), |row| row.percents[0]).percentage();
    columns.estimate(("difference", "percent_difference"), |row| row.comparison.percent_difference).percentage();
    columns.text("lower percent", lower);
    columns.text("notes", |row| words::control(row).ok_or(words::NOTHING));
    columns.table()
}

/// What the name of a control adds to the arm's, after which most are named.
fn variant(found: &Comparison) -> &str {
    let rest = found.a.strip_prefix(&found.b);
    rest.map_or(&found.a, |rest| rest.trim_start_matches('-'))
}

fn lower(row: &Control) -> String {
    match row.comparison.percent_verdict() {
        Verdict::Lower => "control".into(),
        Verdict::Higher => "arm".into(),
        Verdict::Undecided => "undecided".into(),
        Verdict::NoInterval => words::no_interval(row.comparison.seeds),
    }
}
