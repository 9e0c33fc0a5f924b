//! Manual pages and shell completions, made from the arguments.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::args::Args;

/// Writes `man/*.1`, one page for each command, and `completions/*`, one file for each shell.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let [pages, completions] = ["man", "completions"].map(|name| folder.join(name));
    for folder in [&pages, &completions] {
        fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    }
    let place = || format!("{}", folder.display());
    clap_mangen::generate_to(Args::command(), &pages).with_context(place)?;
    for shell in Shell::value_variants() {
        let mut command = Args::command();
        let name = command.get_name().to_owned();
        clap_complete::generate_to(*shell, &mut command, name, &completions).with_context(place)?;
    }
    Ok(())
}
