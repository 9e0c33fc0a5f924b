//! `run`, `plan` and `resume`: from arguments to jobs that are done.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use twirl_harness::Entry;
use twirl_record::Plan;

use crate::data_cache::CacheArgs;
use crate::estimate::{Wanted, estimate};
use crate::execute::{Execution, single};
use crate::jobs::{Lane, Sharing, find_job, lanes};
use crate::options::{After, Selection};
use crate::plan::{plan, read_files};
use crate::print::say;
use crate::suite::Suite;

/// Arguments that have no meaning where a plan is done.
const OF_SUITES: [&str; 17] = [
    "named",
    "suite",
    "task",
    "arm",
    "data",
    "seed",
    "budget",
    "out",
    "length_unit",
    "energy_unit",
    "force_unit",
    "energy_key",
    "forces_key",
    "forces_are",
    "max_atoms",
    "max_bytes",
    "leave_out",
];

#[derive(Debug, Default, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// auto, cpu, wgpu[:i], vulkan[:i], cuda[:i], metal[:i], rocm[:i]; several with commas between
    /// them work at once [default: auto]
    #[arg(long)]
    pub(crate) device: Option<String>,
    /// Runs at once on the CPU, which share out its threads
    #[arg(long, value_name = "K")]
    pub(crate) jobs: Option<usize>,
    /// Arms of a task with one data set and seed take turns of so many device seconds, so that what else
    /// the machine does meets all of them; all of them are in memory at once
    #[arg(long, value_name = "SECONDS")]
    pub(crate) interleave: Option<f64>,
    /// Folder for the results; a new one below runs/ if not given
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// Do the jobs of a plan that `twirlbench plan` or `study --plan` wrote, into its folder
    #[arg(long, value_name = "DIR", conflicts_with_all = OF_SUITES)]
    pub(crate) plan: Option<PathBuf>,
    /// Of a plan do one job: its number, from 0, or its name, TASK/ARM/seed-N or that of a cell
    #[arg(long, value_name = "N", requires = "plan", conflicts_with_all = ["jobs", "interleave", "open"])]
    pub(crate) job: Option<String>,
    /// Exit code of a job that a signal ended and that was saved, or that another process works on
    /// [default: 128 and the signal, 1]
    #[arg(long, value_name = "CODE", requires = "job")]
    pub(crate) saved_code: Option<u8>,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    #[command(flatten)]
    pub(crate) after: After,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    selection: Selection,
    /// auto, cpu, wgpu[:i], vulkan[:i], cuda[:i], metal[:i], rocm[:i]
    #[arg(long, default_value = "auto")]
    device: String,
    /// Folder for plan and results, which has no plan yet
    #[arg(long, required_unless_present = "estimate")]
    out: Option<PathBuf>,
    /// Take a few steps of every arm on the device, and print the hours and the memory that the plan
    /// would need there, with the arithmetic
    #[arg(long, conflicts_with = "out")]
    estimate: bool,
    /// With --estimate: a named size of the arms, instead of that of the suite (repeatable); arms
    /// without it are left out
    #[arg(long, value_name = "SIZE", requires = "estimate")]
    size: Vec<String>,
    /// With --estimate: write every arm's figures there too, one line of JSON each
    #[arg(long, value_name = "FILE", requires = "estimate")]
    lines: Option<PathBuf>,
    #[command(flatten)]
    cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The folder that `run` or `plan` wrote
    dir: PathBuf,
    /// Device, if another than before: auto, cpu, wgpu[:i], vulkan[:i], cuda[:i]
    #[arg(long)]
    device: Option<String>,
    /// Runs at once on the CPU, if another number than before
    #[arg(long, value_name = "K")]
    jobs: Option<usize>,
    /// Device seconds of a turn, if others than before: arms of a task take turns, all in memory at once
    #[arg(long, value_name = "SECONDS")]
    interleave: Option<f64>,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    after: After,
}

impl RunArgs {
    fn sharing(&self) -> Sharing {
        Sharing {
            at_once: self.jobs,
            slice_seconds: self.interleave,
        }
    }
}

/// `twirlbench run`.
pub(crate) fn run(args: &RunArgs, entries: &[Entry]) -> Result<ExitCode> {
    if let Some(dir) = &args.plan {
        return of_plan(dir, args, entries);
    }
    let device = args.device.as_deref().unwrap_or("auto");
    let lanes = lanes(device, args.sharing())?;
    let suite = Suite::read(args.selection.suite())?;
    let mut plan = plan(&suite, &args.selection, entries, &devices(&lanes))?;
    plan.at_once = args.jobs.filter(|&jobs| jobs > 1);
    plan.slice_seconds = args.interleave;
    let given = args.selection.data.is_some();
    let cache = args.cache.cache()?;
    let prepare = |task: &str| preparation(&suite, task, given);
    let sets = read_files(&plan.jobs, entries, cache.as_ref(), prepare)?;
    let out = match &args.out {
        Some(out) => made(out)?,
        None => next_folder(&suite.name)?,
    };
    plan.write(&out)?;
    let wanted = (0..plan.jobs.len()).collect();
    // Hashed just now.
    let cache = cache.map(|cache| cache.verifying(false));
    let execution = Execution::new(&plan, &out, entries, &lanes, cache);
    execution.keep(sets)?;
    execution.run(wanted, args.after)
}

/// `twirlbench plan`. Data sets need not be readable where the plan is made, but those that are files
/// must be there.
pub(crate) fn write_plan(args: &PlanArgs, entries: &[Entry]) -> Result<ExitCode> {
    let PlanArgs {
        selection,
        device,
        out,
        estimate: _,
        size,
        lines,
        cache,
    } = args;
    let suite = Suite::read(selection.suite())?;
    let lanes = lanes(device, Sharing::default())?;
    let plan = plan(&suite, selection, entries, &devices(&lanes))?;
    let Some(out) = out else {
        let cache = cache.cache()?;
        let wanted = Wanted {
            sizes: size,
            lines: lines.as_deref(),
        };
        return estimate(&plan, &lanes[0], entries, cache.as_ref(), &wanted);
    };
    for job in &plan.jobs {
        if job.data != "embedded" && !Path::new(&job.data).exists() {
            let prepare = preparation(&suite, &job.task, selection.data.is_some());
            let remedy = prepare.map_or("give another with --data".into(), |command| {
                format!("prepare it with: {command}")
            });
            bail!("data set {} is missing; {remedy}", job.data);
        }
    }
    plan.write(&made(out)?)?;
    say!("{}: {} jobs", out.display(), plan.jobs.len());
    Ok(ExitCode::SUCCESS)
}

/// `twirlbench resume`.
pub(crate) fn resume(args: &ResumeArgs, entries: &[Entry]) -> Result<ExitCode> {
    let ResumeArgs {
        dir,
        device,
        jobs,
        interleave,
        cache,
        after,
    } = args;
    let plan = Plan::read(dir)?;
    let sharing = Sharing {
        at_once: *jobs,
        slice_seconds: *interleave,
    };
    let lanes = lanes_of(&plan, device.as_deref(), sharing, *after)?;
    let execution = Execution::new(&plan, dir, entries, &lanes, cache.cache()?);
    execution.run(execution.in_order(), *after)
}

fn of_plan(dir: &Path, args: &RunArgs, entries: &[Entry]) -> Result<ExitCode> {
    let plan = Plan::read(dir)?;
    let cache = args.cache.cache()?;
    let device = args.device.as_deref();
    if let Some(job) = &args.job {
        let number = find_job(&plan, job)?;
        let alone = Sharing {
            at_once: Some(1),
            ..Sharing::default()
        };
        let lanes = lanes_of(&plan, device, alone, args.after)?;
        let execution = Execution::new(&plan, dir, entries, &lanes, cache);
        return single(&execution, number, args.after.log, args.saved_code);
    }
    let lanes = lanes_of(&plan, device, args.sharing(), args.after)?;
    let execution = Execution::new(&plan, dir, entries, &lanes, cache);
    execution.run(execution.in_order(), args.after)
}

/// Where the jobs of a plan are done: on its device, unless another is given.
///
/// # Errors
/// If there is no such device, or what is asked for is not to be had of a study.
fn lanes_of(
    plan: &Plan,
    device: Option<&str>,
    sharing: Sharing,
    after: After,
) -> Result<Vec<Lane>> {
    let device = device.unwrap_or(&plan.device);
    let lanes = lanes(device, sharing.or_of(plan))?;
    if plan.study.is_some() {
        if sharing.slice_seconds.is_some() {
            bail!("--interleave is of suites; the cells of a study are made one by one");
        }
        if devices(&lanes) != plan.device {
            let planned = &plan.device;
            bail!(
                "the study was planned for {planned}; on {device} it has other cells, in another plan"
            );
        }
        if after.log.is_some() || after.open {
            bail!("--log and --open are of suites; a study ends in a verdict");
        }
    }
    Ok(lanes)
}

/// The devices of some lanes, as a plan has them.
fn devices(lanes: &[Lane]) -> String {
    let mut names: Vec<&str> = lanes.iter().map(|lane| lane.device.as_str()).collect();
    names.dedup();
    names.join(",")
}

/// The command that prepares the data set of a task, unless another one was given.
fn preparation(suite: &Suite, task: &str, given: bool) -> Option<String> {
    let known = suite.task.iter().find(|known| known.name == task)?;
    (!given).then(|| known.prepare.clone()).flatten()
}

fn made(out: &Path) -> Result<PathBuf> {
    fs::create_dir_all(out).with_context(|| format!("{}", out.display()))?;
    Ok(out.to_owned())
}

/// Makes `runs/<suite>-<number>`, the first that is free: of several processes that look at once,
/// each gets its own.
fn next_folder(suite: &str) -> Result<PathBuf> {
    let stem = Path::new(suite)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let runs = Path::new("runs");
    fs::create_dir_all(runs).with_context(|| format!("{}", runs.display()))?;
    for number in 1..u32::MAX {
        let path = runs.join(format!("{stem}-{number:03}"));
        match fs::create_dir(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => {
                return made
                    .map(|()| path.clone())
                    .with_context(|| format!("{}", path.display()));
            }
        }
    }
    bail!("{}: no number is free; give --out", runs.display())
}
