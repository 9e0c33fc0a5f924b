//! `twirlbench study`: claims about learned symmetry, each with a rule fixed in advance.
//!
//! A study is cut into cells that run independently. A finished cell is kept and reused, a failed
//! one is a status in the table, and a study that was stopped goes on with the same command.

mod budget;
mod cell;
mod controls;
mod dynamics;
mod gradients;
mod landscape;
mod outcome;
mod parameters;
mod per_hour;
mod scope;
mod spread;
mod test_time;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use burn::tensor::{FloatDType, IntDType};
use serde_json::{Value, json};
use twirl_harness::{DataIdentity, Entry, data_identity, write_whole};

use crate::args::{RunArgs, StudyArgs};
use crate::plan::{open_data, plan};
use crate::study::budget::Budgets;
use crate::study::cell::{Cells, Standing};
use crate::study::outcome::Outcome;
use crate::study::scope::Scope;
use crate::suite::Suite;
use crate::{devices, program};

/// A study.
struct Study {
    name: &'static str,
    about: &'static str,
    /// Whether it needs f64, which the CPU has.
    double: bool,
    run: fn(&Scope<'_>, &mut Cells) -> Outcome,
}

const STUDIES: &[Study] = &[
    Study {
        name: "dynamics",
        about: "share of the loss that is imperfect symmetry, against steps",
        double: false,
        run: dynamics::run,
    },
    Study {
        name: "model-size",
        about: "steps to 2 % for models of several sizes",
        double: false,
        run: spread::model_size,
    },
    Study {
        name: "data-size",
        about: "steps to 2 % for several amounts of data",
        double: false,
        run: spread::data_size,
    },
    Study {
        name: "optimizer",
        about: "steps to 2 % for several optimisers",
        double: false,
        run: spread::optimizer,
    },
    Study {
        name: "per-hour",
        about: "augmented against equivariant arms at equal device time",
        double: false,
        run: per_hour::run,
    },
    Study {
        name: "landscape",
        about: "curvature of L_mean and of L_equiv",
        double: true,
        run: landscape::run,
    },
    Study {
        name: "gradients",
        about: "gradients of L_mean and of L_equiv over training",
        double: false,
        run: gradients::run,
    },
    Study {
        name: "parameters",
        about: "L_equiv against the part of linear layers that is not equivariant",
        double: true,
        run: parameters::run,
    },
    Study {
        name: "twirl-at-test-time",
        about: "loss and cost against the number of rotations averaged over",
        double: false,
        run: test_time::run,
    },
    Study {
        name: "controls",
        about: "what could falsify the headline",
        double: false,
        run: controls::run,
    },
];

/// Runs one study, or all of them one after the other.
pub(crate) fn run(args: &StudyArgs, entries: &[Entry]) -> Result<ExitCode> {
    let suite = args.suite.as_str();
    let stem = Path::new(suite)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let out = args.out.clone();
    let out = out.unwrap_or_else(|| Path::new("runs").join(format!("studies-{stem}")));
    if args.name == "all" {
        return all(args, &out);
    }
    let Some(study) = STUDIES.iter().find(|study| study.name == args.name) else {
        let list: Vec<String> = STUDIES
            .iter()
            .map(|study| format!("\n  {:20} {}", study.name, study.about))
            .collect();
        bail!(
            "no study {}; give all or one of{}",
            args.name,
            list.concat()
        );
    };
    one(study, args, &out, entries)
}

/// Every study in a process of its own, because the float type of a device is set once per
/// process.
fn all(args: &StudyArgs, out: &Path) -> Result<ExitCode> {
    let program = std::env::current_exe().context("the running program")?;
    let mut failed = 0;
    let mut index = String::from("| study | verdict |\n| --- | --- |\n");
    for study in STUDIES {
        let mut command = Command::new(&program);
        command.args(["study", study.name]).arg("--out").arg(out);
        command.args(["--suite", &args.suite, "--device", &args.device]);
        for (flag, values) in [("--task", &args.task), ("--cell", &args.cell)] {
            for value in values {
                command.args([flag, value]);
            }
        }
        for seed in &args.seed {
            command.args(["--seed", &seed.to_string()]);
        }
        for (flag, value) in [("--data", &args.data), ("--budgets", &args.budgets)] {
            if let Some(value) = value {
                command.args([flag, value]);
            }
        }
        let status = command
            .status()
            .with_context(|| program.display().to_string())?;
        failed += usize::from(!status.success());
        let file = out.join(study.name).join("verdict.txt");
        let verdict = std::fs::read_to_string(&file);
        let verdict = verdict.unwrap_or_else(|_| "no verdict: the study failed".into());
        let line = verdict.trim().replace('|', "\\|");
        let _ = writeln!(index, "| [{0}]({0}/table.md) | {line} |", study.name);
    }
    write_whole(&out.join("README.md"), index.as_bytes())?;
    println!("studies: {}", out.display());
    Ok(ExitCode::from(u8::from(failed > 0)))
}

fn one(study: &Study, args: &StudyArgs, out: &Path, entries: &[Entry]) -> Result<ExitCode> {
    let begun = Instant::now();
    let suite = Suite::read(&args.suite)?;
    let wanted = args.budgets.as_deref();
    let budget_name = wanted.unwrap_or(Budgets::name_for(&suite.name));
    let budgets = Budgets::read(budget_name)?;
    let mut device = devices::resolve(&args.device)?;
    if study.double {
        if device.name != "cpu" {
            bail!(
                "study {} needs f64, which device {} lacks; give --device cpu",
                study.name,
                device.name
            );
        }
        let double = (FloatDType::F64, IntDType::I64);
        device.device.configure(double).context("f64 on the CPU")?;
    }
    let wanted = RunArgs {
        task: args.task.clone(),
        data: args.data.clone(),
        seed: vec![0],
        ..RunArgs::default()
    };
    let jobs = plan(&suite, &wanted, entries, &device.name)?.jobs;
    let prepare = |task: &str| {
        let known = suite.task.iter().find(|known| known.name == task)?;
        args.data.is_none().then(|| known.prepare.clone()).flatten()
    };
    let sets = open_data(&jobs, entries, prepare)?;
    let seconds = args
        .seconds
        .or_else(|| budgets.seconds.get(study.name).copied());
    let Some(seconds) = seconds.filter(|seconds| *seconds > 0.0) else {
        bail!("budgets {budget_name}: no seconds for {}", study.name);
    };
    let data: Vec<DataIdentity> = sets.values().map(data_identity).collect();
    let settings = scope::settings(entries, &jobs, &budgets)?;
    let lab_sizes = scope::lab_sizes(entries, &jobs, &budgets)?;
    let scope = Scope {
        entries,
        settings,
        lab_sizes,
        jobs,
        sets,
        budgets,
        seeds: args.seed.clone(),
        device,
        out: out.to_owned(),
        program: program::identity(),
    };
    let folder: PathBuf = out.join(study.name);
    eprintln!("study {}: {}", study.name, study.about);
    let mut cells = Cells::new(folder.clone(), seconds, args.cell.clone());
    let mut outcome = (study.run)(&scope, &mut cells);
    for (label, standing) in cells.statuses() {
        if matches!(standing, Standing::Failed(_) | Standing::NotRun(_)) {
            outcome.notes.push(format!("{label}: {}", standing.text()));
        }
    }
    let spent = begun.elapsed().as_secs_f64();
    let statuses: Vec<Value> = cells
        .statuses()
        .iter()
        .map(|(label, standing)| json!({"cell": label, "status": standing.text()}))
        .collect();
    let manifest = json!({
        "study": study.name,
        "suite": suite.name,
        "budgets": budget_name,
        "claim": outcome.claim,
        "rule": outcome.rule,
        "verdict": outcome.verdict(),
        "settings": scope.budgets,
        "seeds": scope.seeds,
        "tasks": args.task,
        "data": data,
        "device": scope.device.identity(),
        "program": scope.program,
        "cells": statuses,
        "seconds": spent,
        "allowed_seconds": seconds,
    });
    outcome.write(&folder, &manifest)?;
    println!("{}\n{}", study.name, "=".repeat(study.name.len()));
    println!(
        "{}\n{spent:.0} s; files in {}\n",
        outcome.text(false),
        folder.display()
    );
    let failed = |(_, standing): &(String, Standing)| matches!(standing, Standing::Failed(_));
    Ok(ExitCode::from(u8::from(
        cells.statuses().iter().any(failed),
    )))
}
