//! The last measurement of each arm.

use std::collections::BTreeSet;

use twirl_compare::{ArmSummary, Figures, SplitSummary, THRESHOLDS};
use twirl_record::BayesError;

use crate::table::{Bounded, Columns, Missing, Table};
use crate::words;

/// What a figure of an arm says, where it has a record.
pub(super) fn of<T>(
    pick: impl Fn(&Figures) -> T,
) -> impl Fn(&ArmSummary) -> Result<T, &'static str> {
    move |arm| arm.figures.as_ref().map(&pick).ok_or("no record")
}

/// Adds a loss and its parts, with the molecules behind their interval.
#[rustfmt::skip] // A column is a line.
pub(super) fn add_split<'a, R, E: Into<Missing>>(
    columns: &mut Columns<'a, R>,
    of: impl Fn(&'a R) -> Result<(SplitSummary, usize), E> + Copy,
) {
    let percent = |(split, few): (SplitSummary, usize)| Bounded::new(split.percent, words::few_molecules(few));
    columns.estimate("loss", |row| of(row).map(|found| found.0.loss)).digits(4).value_only();
    columns.estimate(("L_mean", "loss_mean"), |row| of(row).map(|found| found.0.loss_mean)).digits(4).value_only();
    columns.real(("L_equiv", "loss_equiv"), |row| of(row).map(|found| found.0.loss_equiv.value));
    columns.estimate(("percent", "percent_equiv"), |row| of(row).map(percent)).percentage().ends_as("percent");
}

/// Loss, parts, percentage and cost of each arm; then numerical floor, steps to each threshold, seeds
/// and status.
#[rustfmt::skip] // A column is a line.
pub(crate) fn summary(arms: &[ArmSummary]) -> Table {
    let split = of(|figures| (figures.total, figures.molecules));
    let zero = of(|figures| figures.of_zero.ok_or("records without the loss of zero"));
    let flops = of(|figures| figures.model_flops.ok_or("operations not counted"));
    let bayes = of(|figures| stated(figures).and_then(|stated| stated.loss().map_err(|_| "unknown")));
    let seeds = |arm: &ArmSummary| arm.figures.as_ref().map_or(0, |figures| figures.seeds.len());
    let mut columns = Columns::new("summary", "Loss at the last measurement", arms);
    columns.label("arm", |arm| &arm.arm);
    columns.integer(("params", "parameters"), |arm| arm.parameters);
    columns.integer("steps", of(|figures| figures.steps));
    columns.real(("device s", "device_seconds"), of(|figures| figures.device_seconds)).unit("s");
    add_split(&mut columns, &split);
    columns.real(("of zero", "loss_of_zero"), zero);
    columns.part("Numerical floor, and steps until the percentage stays at or below a threshold");
    columns.real(("floor %", "floor"), of(|figures| figures.total.floor)).digits(1).unit("%");
    for (place, threshold) in THRESHOLDS.iter().enumerate() {
        columns.integer((format!("to {threshold} %"), format!("steps_to_{threshold}")), |arm| steps_to(arm, place));
    }
    columns.integer("seeds", seeds);
    columns.text("status", status);
    columns.part("How far the loss can fall, and the share of imperfect symmetry in what is above it");
    columns.real(("Bayes error", "bayes_error"), bayes).digits(4);
    columns.text(("kind", "bayes_kind"), of(|figures| stated(figures).map(BayesError::kind)));
    columns.estimate(("% of excess", "percent_of_excess"), of(|figures| figures.percent_of_excess)).percentage();
    columns.text("bayes_note", of(|figures| stated(figures).map(BayesError::note))).machines_only();
    columns.leave_out_empty();
    let notes = arms.iter().filter_map(|arm| Some(arm.figures.as_ref()?.bayes_error.as_ref()?.note()));
    for note in notes.collect::<BTreeSet<String>>() {
        columns.note(format!("Bayes error: {note}."));
    }
    columns.unseen();
    columns.flag("finished", |arm| arm.finished);
    columns.flag("exact", |arm| arm.exact);
    columns.real("model_flops", flops).unit("FLOP");
    columns.flag("loss_over_molecules", of(|figures| figures.loss_over_molecules));
    columns.table()
}

/// What matters of the last measurement, narrow enough for a terminal.
#[rustfmt::skip] // A column is a line.
pub(crate) fn last(task: &str, arms: &[ArmSummary]) -> Table {
    let percent = of(|figures| Bounded::new(figures.total.percent, words::few_molecules(figures.molecules)));
    let zero = of(|figures| figures.of_zero.ok_or("records without the loss of zero"));
    let mut columns = Columns::new("last", format!("{task}: the last measurement"), arms);
    columns.label("arm", |arm| &arm.arm);
    columns.integer("seeds", |arm| arm.figures.as_ref().map_or(0, |figures| figures.seeds.len()));
    columns.integer("steps", of(|figures| figures.steps));
    columns.real("device s", of(|figures| figures.device_seconds));
    columns.real("loss", of(|figures| figures.total.loss.value)).digits(4);
    columns.real("of zero", zero);
    columns.estimate("percent", percent).percentage();
    columns.text("status", status);
    columns.table()
}

fn stated(figures: &Figures) -> Result<&BayesError, &'static str> {
    figures.bayes_error.as_ref().ok_or("none in the manifests")
}

fn steps_to(arm: &ArmSummary, threshold: usize) -> Result<u64, Missing> {
    let figures = arm.figures.as_ref().ok_or("no record")?;
    if arm.exact {
        return Err(Missing::said("exact"));
    }
    Ok(figures.steps_to[threshold].ok_or("above it at the last measurement")?)
}

fn status(arm: &ArmSummary) -> &'static str {
    match (&arm.figures, arm.finished, arm.unfinished.is_empty()) {
        (None, ..) => "no figures",
        (_, false, _) => "unfinished",
        (_, true, true) => "ok",
        (_, true, false) => "ok, in part",
    }
}
