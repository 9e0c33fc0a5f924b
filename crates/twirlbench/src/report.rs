//! `twirlbench report`: the tables of a folder with runs, printed or written as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use twirl_compare::RunSet;
use twirl_record::write_whole;
use twirl_report::{Table, all_tables, html, markdown, terminal};

use crate::print::say;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// A folder with runs
    dir: PathBuf,
    /// Write one self-contained page
    #[arg(long)]
    html: Option<PathBuf>,
    /// Write the tables as Markdown
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// Write the tables, and the data of the figures, as CSV files into a folder
    #[arg(long)]
    csv: Option<PathBuf>,
    /// Write the same as JSON files, with types, units and why a value is missing, into a folder
    #[arg(long)]
    json: Option<PathBuf>,
    /// Rewrite the results of a README, between its marks, and the figures beside it
    #[arg(long, value_name = "FILE")]
    readme: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &ReportArgs) -> Result<ExitCode> {
    let files = [&args.html, &args.markdown, &args.csv, &args.json];
    let prints = files.iter().all(|file| file.is_none());
    if let Some(file) = &args.readme {
        crate::readme::write(&args.dir, file)?;
        if prints {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let runs = RunSet::read(&args.dir)?;
    if let Some(path) = &args.html {
        write_whole(path, html(&runs).as_bytes())?;
    }
    if let Some(path) = &args.markdown {
        write_whole(path, markdown(&runs).as_bytes())?;
    }
    if let Some(folder) = &args.csv {
        write_tables(&runs, folder, "csv", Table::csv)?;
    }
    if let Some(folder) = &args.json {
        write_tables(&runs, folder, "json", Table::json)?;
    }
    if prints {
        say!("{}", terminal(&runs));
    }
    Ok(ExitCode::SUCCESS)
}

fn write_tables(
    runs: &RunSet,
    folder: &Path,
    ending: &str,
    form: fn(&Table) -> String,
) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    for table in all_tables(runs) {
        let path = folder.join(format!("{}.{ending}", table.name));
        write_whole(&path, form(&table).as_bytes())?;
    }
    Ok(())
}
