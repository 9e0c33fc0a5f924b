//! `twirlbench plan --estimate`: device hours and memory of every arm from measured steps, with the
//! arithmetic.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use twirl_core::Symmetry;
use twirl_data::DataCache;
use twirl_harness::{Entry, Job, OptimizerKind, StepCost, TrainConfig, log_spaced};
use twirl_record::Plan;

use crate::jobs::{Lane, Measured, measure};
use crate::plan::find;
use crate::print::say;

const HOUR: f64 = 3600.0;
const GIB: f64 = (1_u64 << 30) as f64;
/// Bytes of a number in single precision.
const BYTES: f64 = 4.0;

/// What is measured, and where it is written down beside being printed.
#[derive(Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// Named sizes of every arm, instead of that of the suite; an arm that has none of them is left out.
    pub(crate) sizes: &'a [String],
    /// A file of one line of JSON for every arm and size.
    pub(crate) lines: Option<&'a Path>,
}

/// A measured step, as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    task: &'a str,
    arm: &'a str,
    size: Option<&'a str>,
    data: &'a str,
    batch: usize,
    #[serde(flatten)]
    cost: Option<&'a StepCost>,
    error: Option<&'a str>,
}

/// Prints an estimate for each arm of a plan, and the sum. Exit code 1 if an arm could not be measured.
pub(crate) fn estimate(
    plan: &Plan,
    lane: &Lane,
    entries: &[Entry],
    cache: Option<&DataCache>,
    wanted: &Wanted<'_>,
) -> Result<ExitCode> {
    let same = |a: &Job, b: &Job| (&a.task, &a.arm) == (&b.task, &b.arm);
    let (mut seconds, mut failed, mut device) = (0.0, 0, None);
    let mut lines = Vec::new();
    for jobs in plan.jobs.chunk_by(same) {
        for (size, job) in sized(&jobs[0], entries, wanted.sizes)? {
            let (job, stand_in) = at_hand(&job);
            let of_size = size.map_or_else(String::new, |size| format!(" {size}"));
            say!("{}/{}{of_size}", job.task, job.arm);
            if let Some(data) = stand_in {
                say!(
                    "  steps on the embedded set, since {data} is not here: other molecules, and more of them, cost otherwise"
                );
            }
            let measured = measure(&job, lane, cache)?;
            let (cost, error) = match &measured {
                Measured::Cost(cost) => (Some(cost), None),
                Measured::Failed(error) => (None, Some(error.as_str())),
            };
            lines.push(serde_json::to_string(&Line {
                task: &job.task,
                arm: &job.arm,
                size,
                data: &job.data,
                batch: job.train.batch,
                cost,
                error,
            })?);
            // What was measured stays, whatever becomes of the rest.
            if let Some(path) = wanted.lines {
                let text = lines.join("\n") + "\n";
                std::fs::write(path, text).with_context(|| path.display().to_string())?;
            }
            match measured {
                Measured::Failed(error) => {
                    failed += 1;
                    say!("  not measured: {error}\n");
                }
                Measured::Cost(cost) => {
                    seconds += print(&job.train, &cost, jobs.len());
                    say!("");
                    device.get_or_insert(cost.device);
                }
            }
        }
    }
    if lines.is_empty() {
        bail!(
            "no arm of the plan has a size {}; `twirlbench tasks` names them",
            wanted.sizes.join(" or ")
        );
    }
    if let Some(place) = device {
        let total = span(seconds);
        say!("in all {total} of {place}; another device, or other work beside, takes other times");
    }
    if failed > 0 {
        say!(
            "not counted, since they could not be measured: {failed} of {}",
            lines.len()
        );
    }
    Ok(ExitCode::from(u8::from(failed > 0)))
}

/// A job as it is, or with each of the wanted sizes that its arm has.
fn sized<'a>(
    job: &Job,
    entries: &[Entry],
    wanted: &'a [String],
) -> Result<Vec<(Option<&'a str>, Job)>> {
    if wanted.is_empty() {
        return Ok(vec![(None, job.clone())]);
    }
    let sizes = find(entries, &job.task, &job.arm)?.sizes()?;
    let of_size = |name: &'a String| {
        let (_, config) = sizes.iter().find(|(size, _)| size == name)?;
        let arm_config = config.clone();
        let job = Job {
            arm_config,
            ..job.clone()
        };
        Some((Some(name.as_str()), job))
    };
    Ok(wanted.iter().filter_map(of_size).collect())
}

/// The job on data that can be read here, and the file that the embedded set stands in for.
fn at_hand(job: &Job) -> (Job, Option<String>) {
    if job.data == "embedded" || Path::new(&job.data).exists() {
        return (job.clone(), None);
    }
    let job_here = Job {
        data: "embedded".into(),
        data_options: serde_json::Map::new(),
        ..job.clone()
    };
    (job_here, Some(job.data.clone()))
}

/// Prints the arithmetic of an arm; its device seconds and those beside, over all seeds.
fn print(train: &TrainConfig, cost: &StepCost, seeds: usize) -> f64 {
    let StepCost {
        parameters,
        samples,
        flops,
        seconds,
        first_seconds,
        peak_bytes,
        ..
    } = cost;
    let rate = flops / seconds;
    say!("  step      {seconds:.4} s (the first {first_seconds:.2} s) for {samples} samples");
    say!("            {flops:.3e} FLOP / {seconds:.4} s = {rate:.3e} FLOP/s");
    let share = 100.0 * rate / cost.product_rate;
    say!(
        "            {share:.1} % of the {:.3e} FLOP/s of a large product here",
        cost.product_rate
    );
    let trained = train.steps as f64 * seconds;
    let bound = train.budget_seconds.filter(|&budget| budget < trained);
    match bound {
        None => say!(
            "  training  {} steps x {seconds:.4} s = {}",
            train.steps,
            span(trained)
        ),
        Some(budget) => say!("  training  its budget, {}", span(budget)),
    }
    let searched = train.search.as_ref().map_or(0.0, |search| {
        let (rates, steps, further) = (search.rates.len(), search.steps, search.further);
        let searched = (rates as u64 * steps) as f64 * seconds;
        say!(
            "  search    {rates} rates x {steps} steps x {seconds:.4} s = {}, and as much again for up to {further} \
             rates beyond an edge of the grid",
            span(searched)
        );
        searched
    });
    say!(
        "  predicting {:.2e} s for one sample alone, {:.2e} s for each of {samples}",
        cost.single_seconds,
        cost.sample_seconds
    );
    let measured = measuring(train, cost);
    let all = seeds as f64 * (bound.unwrap_or(trained) + searched + measured);
    say!("  in all    x {seeds} seeds = {}", span(all));
    let (copies, names) = copies(train);
    let state = *parameters as f64 * BYTES * copies;
    say!(
        "  state     {parameters} parameters x 4 bytes x {copies} ({names}) = {:.3} GiB",
        state / GIB
    );
    if let Some(held) = cost.device_bytes {
        let held = held as f64 / GIB;
        say!("  memory    {held:.3} GiB of the device are held after the steps");
        return all;
    }
    match peak_bytes {
        Some(peak) => {
            let peak = *peak as f64;
            let rest = (peak - state).max(0.0) / GIB;
            say!(
                "  memory    {:.3} GiB of the host at the peak of a step, beside the data set",
                peak / GIB
            );
            say!(
                "            of it {rest:.3} GiB beside the state: activations of {samples} samples, buffers"
            );
        }
        None => say!("  memory    this system does not tell"),
    }
    all
}

/// Prints how long the measurements take, from the seconds of a prediction; seconds.
fn measuring(train: &TrainConfig, cost: &StepCost) -> f64 {
    let (evaluation, pass) = (&train.evaluation, cost.sample_seconds);
    let (items, rotations) = (cost.held_out, evaluation.design.rotations(Symmetry::So3));
    let records = log_spaced(train.steps, evaluation.per_decade).len();
    let draws = evaluation.draws;
    let seconds = (records * items * draws * rotations) as f64 * pass;
    say!(
        "  measuring {records} records x {items} items x {draws} draws x {rotations} rotations x {pass:.2e} s = {}",
        span(seconds)
    );
    say!("            off the device clock");
    seconds
}

/// Seconds as they are said.
fn span(seconds: f64) -> String {
    if seconds < 600.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{:.2} h", seconds / HOUR)
    }
}

/// Numbers that are kept for each parameter, and which.
fn copies(train: &TrainConfig) -> (f64, String) {
    let (of_rule, rule) = match train.optimizer.kind {
        OptimizerKind::Adamw => (2.0, "2 of adamw"),
        OptimizerKind::Sgd => (1.0, "1 of sgd"),
        OptimizerKind::Muon => (2.0, "up to 2 of muon"),
        OptimizerKind::Lion => (1.0, "1 of lion"),
    };
    let average = if train.ema > 0.0 { 1.0 } else { 0.0 };
    let names = if train.ema > 0.0 { ", average" } else { "" };
    (
        2.0 + of_rule + average,
        format!("weight, gradient, {rule}{names}"),
    )
}
