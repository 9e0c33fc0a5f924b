//! `twirlbench compare`: two folders, two arms, or one folder against a reference band.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use twirl_compare::{
    ArmRuns, BAND_WIDTH, Band, CompareError, Comparison, RunSet, TaskRuns, check_band, compare,
    compare_sets, make_band,
};
use twirl_report::{comparisons, finding, left_out};

use crate::print::{out, say, tell};

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Two folders with runs, or one with --arm, --against or --make-band
    #[arg(required = true, num_args = 1..=2)]
    dirs: Vec<PathBuf>,
    /// An arm of the one folder (give two)
    #[arg(long)]
    arm: Vec<String>,
    /// The task of --arm, if several tasks have it
    #[arg(long)]
    task: Option<String>,
    /// Hold the runs against a file of reference bands; exit code 1 if they leave it either way
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Write a file of reference bands: at least three finished seeds of every arm
    #[arg(long, value_name = "FILE")]
    make_band: Option<PathBuf>,
}

/// Runs the command. Exit code 1 if a reference band is left.
pub(crate) fn run(args: &CompareArgs) -> Result<ExitCode> {
    let first = read(&args.dirs[0])?;
    let modes = [
        args.dirs.len() == 2,
        !args.arm.is_empty(),
        args.against.is_some(),
        args.make_band.is_some(),
    ];
    if modes.iter().filter(|mode| **mode).count() != 1 {
        bail!(
            "give a second folder, --arm twice, --against FILE or --make-band FILE, and only one of them"
        );
    }
    if let Some(file) = &args.make_band {
        if let Some(broken) = left_out(&first).first() {
            bail!("{broken}");
        }
        let band = make_band(&first, BAND_WIDTH)?;
        band.write(file)?;
        say!("{}: bands of {} arms", file.display(), band.arms.len());
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &args.against {
        return against(&first, file);
    }
    let all = match args.dirs.get(1) {
        Some(second) => compare_sets(&first, &read(second)?),
        None => arms(&first, args)?,
    };
    if all.iter().all(Result::is_err) {
        let reasons: Vec<String> = all
            .iter()
            .filter_map(|comparison| Some(comparison.as_ref().err()?.to_string()))
            .collect();
        bail!("nothing can be compared: {}", reasons.join("; "));
    }
    let (table, refused) = comparisons(&all);
    out(format_args!("{}", table.text()));
    for line in refused {
        say!("{line}");
    }
    Ok(ExitCode::SUCCESS)
}

fn read(dir: &Path) -> Result<RunSet> {
    let set = RunSet::read(dir)?;
    for line in left_out(&set) {
        tell!("left out: {line}");
    }
    Ok(set)
}

/// Two arms of one folder, in every task that has both.
fn arms(set: &RunSet, args: &CompareArgs) -> Result<Vec<Result<Comparison, CompareError>>> {
    let [a, b] = &args.arm[..] else {
        bail!("--arm is given {} times; give it twice", args.arm.len());
    };
    let in_task = |task: &&TaskRuns| args.task.as_ref().is_none_or(|wanted| task.task == *wanted);
    let mut all = Vec::new();
    for task in set.tasks.iter().filter(in_task) {
        let find = |name: &str| task.arms.iter().find(|arm| arm.arm == name);
        if let (Some(a), Some(b)) = (find(a), find(b)) {
            all.push(compare(a, b));
        }
    }
    if all.is_empty() {
        let known: Vec<String> = set.arms().map(ArmRuns::place).collect();
        bail!(
            "no task has both {a} and {b}; the folder holds {}",
            known.join(", ")
        );
    }
    Ok(all)
}

fn against(set: &RunSet, file: &Path) -> Result<ExitCode> {
    let band = Band::read(file)?;
    let findings = check_band(set, &band).with_context(|| {
        format!(
            "{}: make the band again with --make-band if the change is meant",
            file.display()
        )
    })?;
    for found in &findings {
        say!("{}", finding(found));
    }
    if findings.is_empty() && set.broken.is_empty() {
        say!(
            "within the reference bands: {} arms, {}",
            band.arms.len(),
            file.display()
        );
        return Ok(ExitCode::SUCCESS);
    }
    say!(
        "left the reference bands: {} findings, {} folders left out; {}",
        findings.len(),
        set.broken.len(),
        file.display()
    );
    Ok(ExitCode::from(1))
}
