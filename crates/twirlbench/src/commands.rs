//! The commands.

use std::process::ExitCode;

use anyhow::Result;
use twirl_data::{DataSet, Embedded};
use twirl_harness::{Entry, Training};

use crate::args::{Command, DataCommand};
use crate::print::say;
use crate::{agreement, devices, sample};

/// Runs a command.
pub(crate) fn run(command: Command, entries: &[Entry]) -> Result<ExitCode> {
    match command {
        Command::Run(args) => crate::run::run(&args, entries),
        Command::Plan(args) => crate::run::write_plan(&args, entries),
        Command::Resume(args) => crate::run::resume(&args, entries),
        Command::Status(args) => crate::status::run(&args),
        Command::Submit(args) => crate::submit::run(&args),
        Command::Collect(args) => crate::collect::run(&args, entries),
        Command::Worker(args) => crate::jobs::work(&args, entries),
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
            say!("{}", devices::list().join("\n"));
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
        DataCommand::Inspect {
            path,
            reading,
            cache,
        } => crate::export::inspect(path, &reading.options(), cache)?,
        DataCommand::Export {
            path,
            out,
            count,
            reading,
            cache,
        } => crate::export::export(path, out, *count, &reading.options(), cache)?,
        DataCommand::Convert {
            path,
            out,
            reading,
            cache,
        } => crate::export::convert(path, out, &reading.options(), cache)?,
    }
    Ok(ExitCode::SUCCESS)
}
