//! The batch script of an array.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::settings::Settings;
use crate::shell::quoted;

/// The script of an array whose task N does the job `first + N`.
pub(super) struct Script<'a> {
    pub(super) title: &'a str,
    pub(super) settings: &'a Settings,
    /// The results folder, absolute.
    pub(super) dir: String,
    /// This program, absolute.
    pub(super) program: String,
    pub(super) first: usize,
    /// Last task.
    pub(super) last: usize,
}

impl Script<'_> {
    /// Its path inside of the results folder.
    pub(super) fn place(&self) -> PathBuf {
        Path::new("slurm").join(format!("array-{}.sh", self.first))
    }

    /// Its text.
    ///
    /// # Errors
    /// If a line cannot hold the path of the results folder.
    pub(super) fn text(&self) -> Result<String> {
        let Self {
            title,
            settings,
            dir,
            program,
            first,
            last,
        } = self;
        if dir.contains(|letter: char| letter == '\'' || letter.is_control()) {
            bail!("{dir:?}: a line of a Slurm script cannot hold this path; give another folder");
        }
        // Modules are known to login shells.
        let login = if settings.modules().is_empty() {
            ""
        } else {
            " -l"
        };
        let mut text = format!("#!/bin/bash{login}\n");
        let _ = writeln!(
            text,
            "# Task N of this array does job {first} + N of the plan."
        );
        let name: String = title
            .chars()
            .map(|letter| {
                if letter.is_alphanumeric() {
                    letter
                } else {
                    '-'
                }
            })
            .collect();
        let own = [
            ("job-name", format!("twirl-{name}")),
            ("array", settings.tasks(&format!("0-{last}"))),
            ("chdir", dir.clone()),
            ("output", "slurm/%A_%a.log".to_owned()),
            ("open-mode", "append".to_owned()),
            ("requeue", String::new()),
        ];
        for (option, value) in own.into_iter().chain(settings.options()) {
            let _ = match value.as_str() {
                "" => writeln!(text, "#SBATCH --{option}"),
                value => writeln!(text, "#SBATCH --{option}={}", quoted(value)),
            };
        }
        text.push_str("set -eu\n");
        for module in settings.modules() {
            let _ = writeln!(text, "module load {}", quoted(module));
        }
        for (name, value) in settings.variables() {
            let _ = writeln!(text, "export {name}={}", quoted(value));
        }
        let (program, dir) = (quoted(program), quoted(dir));
        let job = format!("\"$((SLURM_ARRAY_TASK_ID + {first}))\"");
        let _ = writeln!(
            text,
            "exec {program} run --plan {dir} --job {job} --saved-code 75"
        );
        Ok(text)
    }
}

/// A path as text.
pub(super) fn path_text(path: &Path) -> Result<String> {
    let text = path.to_str().map(Into::into);
    text.with_context(|| {
        format!(
            "{}: a Slurm script cannot hold a path that is not UTF-8",
            path.display()
        )
    })
}
