//! `twirlbench new-task`: a crate that compiles and passes its laws, to be changed from there.

mod files;
mod inside;
mod outside;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use twirl_harness::Entry;

use files::{Name, files};

use crate::allocator::other_program;
use crate::print::say;

#[derive(Debug, Args)]
pub(crate) struct NewTaskArgs {
    /// Name of the task, for example dipole-moment
    name: String,
    /// Folder of the new package. Below `crates/` of a checkout of twirlbench the task joins its
    /// workspace; anywhere else it is a package with a program of its own. Default:
    /// crates/task-NAME in a checkout, else task-NAME
    #[arg(long)]
    path: Option<PathBuf>,
    /// The checkout of twirlbench to depend on, for a package outside it. Default: the one around
    /// the working folder or around this program
    #[arg(long, value_name = "PATH")]
    twirlbench: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &NewTaskArgs, entries: &[Entry]) -> Result<ExitCode> {
    let name = name(&args.name, entries)?;
    let here = std::env::current_dir().context("working folder")?;
    let around = checkout_around(&here);
    let path = match (&args.path, &around) {
        (Some(path), _) => here.join(path),
        (None, Some(root)) => root.join("crates").join(name.package()),
        (None, None) => here.join(name.package()),
    };
    ensure!(
        !path.exists(),
        "{} exists; give another --path",
        path.display()
    );
    let parent = path.parent().unwrap_or(&here);
    fs::create_dir_all(parent).with_context(|| format!("{}", parent.display()))?;
    let parent = parent
        .canonicalize()
        .with_context(|| format!("{}", parent.display()))?;
    let path = parent.join(path.file_name().context("--path needs a folder name")?);
    let joined = parent
        .parent()
        .filter(|root| parent.ends_with("crates") && is_checkout(root));
    let manifest = if let Some(root) = joined {
        ensure!(
            path.ends_with(name.package()),
            "a task of the workspace lives in crates/{}; give that --path or none",
            name.package()
        );
        inside::manifest(root, &name)?
    } else {
        let program = std::env::current_exe().ok();
        let found = args
            .twirlbench
            .clone()
            .or(around)
            .or_else(|| checkout_around(program.as_deref()?))
            .context(
                "no checkout of twirlbench here: its crates are not on crates.io; clone it and \
                 give --twirlbench PATH",
            )?;
        let root = found
            .canonicalize()
            .with_context(|| format!("{}", found.display()))?;
        ensure!(
            is_checkout(&root),
            "{} is no checkout of twirlbench (crates/twirl-harness is missing)",
            root.display()
        );
        outside::manifest(&root, &name)?
    };
    write(&path, &name, &manifest)?;
    if let Some(root) = joined {
        inside::register(root, &name)?;
        say!("{}: a member of the workspace", path.display());
        say!(
            "next: cargo test --release -p {} -p twirlbench --test laws",
            name.package()
        );
    } else {
        say!("{}: a package of its own", path.display());
        say!("next: cd {} && cargo test --release", path.display());
    }
    say!("then: say in src/label.rs what is predicted");
    Ok(ExitCode::SUCCESS)
}

/// What a package is written from besides the templates.
struct Manifest {
    /// `Cargo.toml`
    toml: String,
    /// `Cargo.lock`, for a package outside the workspace.
    lock: Option<String>,
}

fn write(path: &Path, name: &Name, manifest: &Manifest) -> Result<()> {
    let outside = manifest.lock.is_some();
    let mut all = files(name, outside);
    all.push(("Cargo.toml", manifest.toml.clone()));
    all.extend(manifest.lock.clone().map(|lock| ("Cargo.lock", lock)));
    if outside {
        all.push((".gitignore", "/target\n/runs\n".to_owned()));
    }
    for (inner, text) in &all {
        let file = path.join(inner);
        let folder = file.parent().unwrap_or(path);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&file, text))
            .with_context(|| format!("{}", file.display()))?;
    }
    // Names of another length break lines elsewhere. Without rustfmt the code is the same, less neat.
    let sources = all.iter().filter(|(inner, _)| {
        let ending = Path::new(inner).extension();
        ending.is_some_and(|ending| ending == "rs")
    });
    let formatted = other_program("rustfmt")
        .args(["--edition", "2024"])
        .args(sources.map(|(inner, _)| path.join(inner)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !formatted.is_ok_and(|status| status.success()) {
        say!("not formatted: rustfmt is missing; run cargo fmt later");
    }
    Ok(())
}

fn name(text: &str, entries: &[Entry]) -> Result<Name> {
    let kebab = text.strip_prefix("task-").unwrap_or(text);
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let words = || kebab.split('-');
    let starts = |word: &str| word.starts_with(|c: char| c.is_ascii_lowercase());
    ensure!(
        words().all(|word| starts(word) && word.chars().all(letters)),
        "a task is named like dipole-moment: lower-case words that begin with a letter, with \
         hyphens between; {text} is not"
    );
    if entries.iter().any(|entry| entry.task == kebab) {
        bail!("there is a task {kebab} already; see `twirlbench tasks`");
    }
    Ok(Name {
        kebab: kebab.to_owned(),
    })
}

fn is_checkout(root: &Path) -> bool {
    root.join("crates/twirl-harness/Cargo.toml").exists()
        && root.join("crates/twirlbench/Cargo.toml").exists()
}

/// The nearest folder around a path that is a checkout of twirlbench.
fn checkout_around(path: &Path) -> Option<PathBuf> {
    let found = path.ancestors().find(|folder| is_checkout(folder))?;
    Some(found.to_owned())
}
