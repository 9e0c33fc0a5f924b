//! Device and cost.

use twirl_compare::{Run, TaskRuns};
use twirl_record::Record;

use crate::table::{Columns, Table};

const GIGA: f64 = 1e9;

/// Device and what every run cost beside its training.
#[rustfmt::skip] // A column is a line.
pub(crate) fn cost(task: &TaskRuns) -> Table {
    let runs: Vec<&Run> = task.arms.iter().flat_map(|arm| &arm.runs).collect();
    let mut columns = Columns::new("cost", "Device and cost", &runs);
    columns.label("arm", |run| &run.manifest.job.arm).machines_only();
    columns.integer("seed", |run| run.manifest.job.seed).machines_only();
    columns.label("run", |run| run.label()).people_only();
    columns.label("status", |run| run.manifest.status.name());
    columns.label("device", |run| &run.manifest.device.name);
    columns.real(("ms per step", "seconds_per_step"), |run| seconds_per_step(run)).shown_per(1e-3).unit("s");
    columns.real(("device s", "device_seconds"), |run| run.spent().1).unit("s");
    columns.real("device hours", |run| run.spent().1).shown_per(3600.0).digits(2).people_only();
    columns.real(("GFLOP per step", "model_flops_per_step"), |run| rate(run, |last| last.step as f64)).shown_per(GIGA).unit("FLOP");
    columns.real(("GFLOP/s", "model_flops_per_second"), |run| rate(run, |last| last.device_seconds)).shown_per(GIGA).unit("FLOP/s");
    columns.real(("cold start s", "cold_start_seconds"), |run| run.manifest.cold_start_seconds).digits(2).unit("s");
    columns.real(("measuring s", "measuring_seconds"), |run| run.manifest.measuring_seconds).unit("s");
    columns.real(("search s", "search_seconds"), |run| searching(run)).unit("s");
    columns.real("learning rate", |run| run.manifest.learning_rate).digits(2);
    columns.unseen();
    columns.text("hardware", |run| &run.manifest.device.hardware);
    columns.integer("threads", |run| run.manifest.device.threads);
    columns.real("slice_seconds", |run| run.manifest.slice_seconds.ok_or("no turns taken")).unit("s");
    columns.text("float", |run| &run.manifest.device.float);
    columns.integer("steps", |run| run.spent().0);
    columns.real("model_flops", |run| last(run)?.model_flops.ok_or(NOT_COUNTED)).unit("FLOP");
    columns.real("wall_seconds", |run| last(run).map(|last| last.wall_seconds)).unit("s");
    columns.integer("parameters", |run| run.manifest.parameters);
    columns.table()
}

const NOT_COUNTED: &str = "operations not counted";

fn last(run: &Run) -> Result<&Record, &'static str> {
    run.last().ok_or("no record")
}

fn seconds_per_step(run: &Run) -> Result<f64, &'static str> {
    match run.spent() {
        (0, _) => Err("no step"),
        (steps, seconds) => Ok(seconds / steps as f64),
    }
}

/// Operations of the model over what the last record says.
fn rate(run: &Run, over: fn(&Record) -> f64) -> Result<f64, &'static str> {
    let last = last(run)?;
    match last.model_flops {
        _ if last.step == 0 => Err("no step"),
        Some(flops) => Ok(flops / over(last)),
        None => Err(NOT_COUNTED),
    }
}

fn searching(run: &Run) -> Result<f64, &'static str> {
    let search = run.manifest.search.as_ref();
    search
        .map(|search| search.device_seconds)
        .ok_or("no search")
}
