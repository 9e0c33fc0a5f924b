//! `twirlbench report`: the tables of a folder with runs, printed or written as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use twirl_compare::RunSet;
use twirl_record::write_whole;
use twirl_report::{Table, all_tables, brief, html_from, markdown, terminal};

use crate::print::say;

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// A folder with runs, studies or both
    dir: PathBuf,
    /// Print every table, not only what matters
    #[arg(long)]
    full: bool,
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
    let prints = args.full || files.iter().all(|file| file.is_none());
    if let Some(file) = &args.readme {
        crate::readme::write(&args.dir, file)?;
        if prints && !args.full {
            return Ok(ExitCode::SUCCESS);
        }
    }
    let runs = RunSet::read(&args.dir)?;
    if let Some(path) = &args.html {
        let page = html_from(&runs, &way(path, &args.dir));
        write_whole(path, page.as_bytes())?;
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
    if args.full {
        say!("{}", terminal(&runs));
    } else if prints {
        say!("{}", brief(&runs));
        say!("every table: --full; for other programs: --csv, --json; as a page: --html FILE");
    }
    Ok(ExitCode::SUCCESS)
}

/// The way from the folder of a page to another folder, as an address; empty if the page lies in it.
fn way(page: &Path, dir: &Path) -> String {
    let home = page.parent().filter(|home| !home.as_os_str().is_empty());
    let home = home.unwrap_or(Path::new("."));
    let (Ok(home), Ok(dir)) = (home.canonicalize(), dir.canonicalize()) else {
        return dir.to_string_lossy().into_owned();
    };
    let shared = home.components().zip(dir.components());
    let shared = shared.take_while(|(a, b)| a == b).count();
    let up = home.components().skip(shared).map(|_| "..".to_owned());
    let down = dir.components().skip(shared);
    let down = down.map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<String>>().join("/")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_finds_its_folder() {
        let home = tempfile::tempdir().expect("a folder");
        let at = |path: &str| home.path().join(path);
        fs::create_dir_all(at("runs/one")).expect("writable");
        fs::create_dir_all(at("pages")).expect("writable");
        for (page, way_there) in [
            ("runs/one/report.html", ""),
            ("runs/report.html", "one"),
            ("pages/report.html", "../runs/one"),
        ] {
            assert_eq!(way(&at(page), &at("runs/one")), way_there, "{page}");
        }
    }
}
