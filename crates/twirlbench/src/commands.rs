//! The commands.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use twirl_data::{DataSet, Embedded};
use twirl_harness::{Entry, Training};
use twirl_record::Plan;

use crate::args::{After, Command, DataCommand, RunArgs};
use crate::plan::{open_data, plan};
use crate::print::say;
use crate::{agreement, devices, execute, sample, suite::Suite};

/// Runs a command.
pub(crate) fn run(command: Command, entries: &[Entry]) -> Result<ExitCode> {
    match command {
        Command::Run(args) => run_suite(&args, entries),
        Command::Resume { dir, device, after } => resume(&dir, device.as_deref(), after, entries),
        Command::Report(args) => crate::report::run(&args),
        Command::Compare(args) => crate::compare::run(&args),
        Command::Measure(args) => crate::measure::run(&args),
        Command::NewTask(args) => crate::new_task::run(&args, entries),
        Command::Study(args) => crate::study::run(&args, entries),
        Command::Tasks => {
            tasks(entries);
            Ok(ExitCode::SUCCESS)
        }
        Command::Sample(args) => {
            sample::sample(&args, entries)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Devices { check: None, .. } => {
            say!("{}", devices::BUILT.join("\n"));
            Ok(ExitCode::SUCCESS)
        }
        Command::Devices {
            check: Some(name),
            task,
            arm,
        } => agreement::check(&name, task, arm, entries),
        Command::Data { command } => data(&command),
        Command::ShellFiles { dir } => {
            crate::shell_files::write(&dir)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn run_suite(args: &RunArgs, entries: &[Entry]) -> Result<ExitCode> {
    let suite = Suite::read(args.suite.as_deref().unwrap_or("quick"))?;
    let device = devices::resolve(args.device.as_deref().unwrap_or("auto"))?;
    let plan = plan(&suite, args, entries, &device.name)?;
    let prepare = |task: &str| {
        let known = suite.task.iter().find(|known| known.name == task)?;
        args.data.is_none().then(|| known.prepare.clone()).flatten()
    };
    let sets = open_data(&plan.jobs, entries, prepare)?;
    let out = match &args.out {
        Some(out) => {
            fs::create_dir_all(out).with_context(|| format!("{}", out.display()))?;
            out.clone()
        }
        None => next_folder(&suite.name)?,
    };
    plan.write(&out)?;
    execute::execute(&plan, &out, entries, &sets, &device, args.after)
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

fn resume(dir: &Path, device: Option<&str>, after: After, entries: &[Entry]) -> Result<ExitCode> {
    let plan = Plan::read(dir)?;
    let device = devices::resolve(device.unwrap_or(&plan.device))?;
    let sets = open_data(&plan.jobs, entries, |_| None)?;
    execute::execute(&plan, dir, entries, &sets, &device, after)
}

fn tasks(entries: &[Entry]) {
    let mut last = "";
    for entry in entries {
        if entry.task != last {
            say!(
                "{}{}: {}",
                if last.is_empty() { "" } else { "\n" },
                entry.task,
                entry.task_about
            );
            last = entry.task;
        }
        let training = match entry.training {
            Training::Augmented => "augmented",
            Training::Unaugmented => "unaugmented",
            Training::Equivariant => "equivariant",
        };
        say!("  {:36} {:12} {}", entry.arm, training, entry.about);
    }
}

fn data(command: &DataCommand) -> Result<ExitCode> {
    match command {
        DataCommand::List => {
            for set in [Embedded::Forces, Embedded::Conformers] {
                let data = DataSet::embedded(set)?;
                say!(
                    "{:12} {} frames of {} molecules, {}, {}",
                    data.name(),
                    data.len(),
                    data.molecules().len(),
                    data.level().unwrap_or("level of theory not stated"),
                    data.licence().unwrap_or("licence not stated"),
                );
            }
            say!(
                "Any file of HDF5 (the project's, SPICE, ANI, QM7-X), npz (MD17, sGDML), extended \
                 XYZ or SDF: --data PATH"
            );
        }
        DataCommand::Inspect { path, reading } => {
            crate::export::inspect(path, &reading.options())?;
        }
        DataCommand::Export {
            path,
            out,
            count,
            reading,
        } => crate::export::export(path, out, *count, &reading.options())?,
        DataCommand::Convert { path, out, reading } => {
            crate::export::convert(path, out, &reading.options())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
