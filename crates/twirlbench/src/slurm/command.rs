//! Slurm's own commands.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::allocator::other_program;

/// What Slurm allows where nothing else is set.
const LARGEST: usize = 1001;

/// What a command prints.
fn printed(program: &str, arguments: &[&str]) -> Result<String> {
    let output = other_program(program).args(arguments).output();
    let output = output.with_context(|| format!("{program}: is Slurm on this machine?"))?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{program}: {}", error.trim().replace('\n', "; "));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Hands a script to Slurm; the number of the array.
pub(super) fn sbatch(script: &Path, tasks: &str) -> Result<u64> {
    let (tasks, script) = (format!("--array={tasks}"), script.to_string_lossy());
    let answer = printed("sbatch", &["--parsable", &tasks, &script])?;
    // With the name of the cluster behind a semicolon, where there are several.
    let id = answer.trim().split(';').next().unwrap_or_default();
    id.parse()
        .with_context(|| format!("sbatch said {answer:?}"))
}

/// Tasks of arrays of this user in the queue: number of the array and of the task.
pub(super) fn waiting() -> Result<Vec<(u64, usize)>> {
    let lines = printed(
        "squeue",
        &["--me", "--array", "--noheader", "--format=%F %K"],
    )?;
    let task = |line: &str| {
        let (id, task) = line.trim().split_once(' ')?;
        Some((id.parse().ok()?, task.trim().parse().ok()?))
    };
    Ok(lines.lines().filter_map(task).collect())
}

/// The most tasks of an array here.
pub(super) fn largest_array() -> usize {
    let config = printed("scontrol", &["show", "config"]).unwrap_or_default();
    let value = config
        .lines()
        .find_map(|line| line.trim().strip_prefix("MaxArraySize"));
    let value = value.and_then(|rest| rest.trim_start_matches([' ', '=']).trim().parse().ok());
    value.filter(|&largest| largest > 0).unwrap_or(LARGEST)
}
