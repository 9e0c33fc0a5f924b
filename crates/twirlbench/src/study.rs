//! `twirlbench study`: conducts the studies of `twirl-studies` on the arms of a suite.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use twirl_harness::{Entry, Observer, write_whole};
use twirl_studies::{
    Budgets, Card, CellStatus, Progress, Request, STUDIES, Study, StudyContext, conduct,
    find_study, prepare_device, read_budgets,
};

use crate::args::StudyArgs;
use crate::options::Selection;
use crate::plan::{open_data, plan};
use crate::print::{say, tell};
use crate::progress::Bar;
use crate::suite::Suite;
use crate::{devices, program};

/// Runs one study, or all of them one after the other.
pub(crate) fn run(args: &StudyArgs, entries: &[Entry]) -> Result<ExitCode> {
    let stem = Path::new(&args.suite).file_stem().unwrap_or_default();
    let folder = || Path::new("runs").join(format!("studies-{}", stem.to_string_lossy()));
    let out = args.out.clone().unwrap_or_else(folder);
    if args.name == "all" {
        return all(args, &out);
    }
    one(find_study(&args.name)?, args, &out, entries)
}

/// Every study in a process of its own, because the float type of a device is set once per
/// process.
fn all(args: &StudyArgs, out: &Path) -> Result<ExitCode> {
    let program = std::env::current_exe().context("the running program")?;
    let mut failed = 0;
    let mut index = String::from("| study | verdict |\n| --- | --- |\n");
    for study in STUDIES {
        let own = StudyArgs {
            name: study.card().name.into(),
            out: Some(out.to_owned()),
            ..args.clone()
        };
        let status = Command::new(&program)
            .arg("study")
            .args(own.to_arguments()?)
            .status()
            .with_context(|| program.display().to_string())?;
        failed += usize::from(!status.success());
        let verdict = std::fs::read_to_string(out.join(study.card().name).join("verdict.txt"));
        let verdict = verdict.unwrap_or_else(|error| format!("no verdict: {error}"));
        let line = verdict.trim().replace('|', "\\|");
        let _ = writeln!(index, "| [{0}]({0}/table.md) | {line} |", study.card().name);
    }
    write_whole(&out.join("README.md"), index.as_bytes())?;
    say!("studies: {}", out.display());
    Ok(ExitCode::from(u8::from(failed > 0)))
}

fn one(study: &dyn Study, args: &StudyArgs, out: &Path, entries: &[Entry]) -> Result<ExitCode> {
    let suite = Suite::read(&args.suite)?;
    let budgets = args.budgets.as_deref();
    let budgets = read_budgets(budgets.unwrap_or(Budgets::name_for(&suite.name)))?;
    let mut device = devices::resolve(&args.device)?;
    prepare_device(study, &mut device)?;
    let wanted = Selection {
        task: args.task.clone(),
        data: args.data.clone(),
        reading: args.reading.clone(),
        seed: vec![0],
        ..Selection::default()
    };
    let jobs = plan(&suite, &wanted, entries, &device.name)?.jobs;
    let prepare = |task: &str| {
        let known = suite.task.iter().find(|known| known.name == task)?;
        args.data.is_none().then(|| known.prepare.clone()).flatten()
    };
    let data = open_data(&jobs, entries, args.cache.cache()?.as_ref(), prepare)?;
    let mut published = BTreeMap::new();
    for task in &suite.task {
        for arm in &task.arm {
            if let Some(mark) = &arm.published {
                published.insert((task.name.clone(), arm.name.clone()), mark.clone());
            }
        }
    }
    let context = StudyContext {
        entries,
        jobs,
        data: &data,
        budgets,
        seeds: args.seed.clone(),
        published,
        device,
        out: out.to_owned(),
        program: program::identity(),
    };
    let request = Request {
        suite: suite.name.clone(),
        tasks: args.task.clone(),
        seconds: args.seconds,
        cells: args.cell.clone(),
    };
    let Card {
        name,
        about,
        claim,
        rule,
        ..
    } = *study.card();
    tell!("study {name}: {about}");
    let conducted = conduct(study, &context, &request, &OnTerminal)?;
    let text = conducted.outcome.text(claim, rule, false);
    say!("{name}\n{}\n{text}", "=".repeat(name.len()));
    let folder = conducted.folder.display();
    say!("{:.0} s; files in {folder}\n", conducted.seconds);
    Ok(ExitCode::from(u8::from(conducted.failed())))
}

/// Names cells on standard error, and shows a bar for each run.
struct OnTerminal;

impl Progress for OnTerminal {
    fn begun(&self, cell: &str) {
        tell!("  {cell}");
    }

    fn failed(&self, cell: &str, status: &CellStatus) {
        tell!("  {cell}: {}", status.text());
    }

    fn observer(&self, cell: &str) -> Box<dyn Observer + '_> {
        Box::new(Bar::new(cell.to_owned()))
    }
}

impl StudyArgs {
    /// The arguments that give these again. A field that is added must be named here.
    fn to_arguments(&self) -> Result<Vec<String>> {
        let Self {
            name,
            suite,
            task,
            data,
            reading,
            cache,
            device,
            seed,
            budgets,
            seconds,
            cell,
            out,
        } = self;
        let out = out.as_ref().map(|out: &PathBuf| out.display().to_string());
        let seeds: Vec<String> = seed.iter().map(u64::to_string).collect();
        let seconds = seconds.map(|seconds| seconds.to_string());
        let flags: [(&str, Vec<&String>); 9] = [
            ("--suite", vec![suite]),
            ("--task", task.iter().collect()),
            ("--data", data.iter().collect()),
            ("--device", vec![device]),
            ("--seed", seeds.iter().collect()),
            ("--budgets", budgets.iter().collect()),
            ("--seconds", seconds.iter().collect()),
            ("--cell", cell.iter().collect()),
            ("--out", out.iter().collect()),
        ];
        let mut arguments = vec![name.clone()];
        for (flag, values) in flags {
            // In one word, so that a value may begin with a dash.
            arguments.extend(values.iter().map(|value| format!("{flag}={value}")));
        }
        arguments.extend(reading.to_arguments()?);
        if let Some(folder) = &cache.data_cache {
            arguments.push(format!("--data-cache={}", folder.display()));
        }
        arguments.extend(cache.verify_data.then(|| "--verify-data".to_owned()));
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    /// Every flag that the command knows is given a value, and comes back from the arguments.
    #[test]
    fn all_passes_every_flag_on() {
        let command = StudyArgs::augment_args(clap::Command::new("study"));
        let mut given = vec!["study".to_owned(), "all".to_owned()];
        let mut flags = 0;
        for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
            flags += 1;
            let value = match flag {
                "seed" => "7",
                "seconds" => "0.25",
                "length-unit" => "bohr",
                "energy-unit" => "hartree",
                "force-unit" => "hartree/bohr",
                "forces-are" => "gradient",
                "max-atoms" | "max-bytes" => "9",
                "leave-out" => "implausible",
                _ => "-a value",
            };
            given.push(match flag {
                "verify-data" => format!("--{flag}"),
                _ => format!("--{flag}={value}"),
            });
        }
        assert!(flags >= 9, "{flags} flags");
        let parse = |words: &[String]| {
            let matches = command.clone().try_get_matches_from(words);
            StudyArgs::from_arg_matches(&matches.expect("flags of the command")).expect("arguments")
        };
        let first = parse(&given);
        let again = [
            vec!["study".to_owned()],
            first.to_arguments().expect("arguments"),
        ]
        .concat();
        assert_eq!(parse(&again), first);
        let default = parse(&["study".to_owned(), "all".to_owned()]);
        let (first, default) = (format!("{first:#?}"), format!("{default:#?}"));
        let shared = first
            .lines()
            .filter(|line| default.lines().any(|other| other == *line) && line.contains(": "));
        let expected = [
            "    name: \"all\",",
            "    reading: DataArgs {",
            "    cache: CacheArgs {",
        ];
        assert_eq!(shared.collect::<Vec<_>>(), expected);
    }
}
