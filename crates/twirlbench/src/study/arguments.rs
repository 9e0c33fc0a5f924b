//! The arguments of `twirlbench study`, and the words that give them again.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args as ClapArgs, Command, FromArgMatches as _};

use crate::data_cache::CacheArgs;
use crate::options::DataArgs;
use crate::plan::whole_path;

#[derive(Debug, Clone, PartialEq, ClapArgs)]
pub(crate) struct StudyArgs {
    /// all, dynamics, model-size, data-size, optimizer, scaling, per-hour, landscape, gradients,
    /// parameters, twirl-at-test-time, precision, controls
    pub(crate) name: String,
    /// Suite whose tasks, arms and settings are studied: quick, ci, paper, paper-flow-qm9, paper-flow-drugs, paper-voxel-qm9, paper-voxel-drugs, or a
    /// suite file
    #[arg(long, default_value = "quick")]
    pub(crate) suite: String,
    /// Only this task (repeatable)
    #[arg(long)]
    pub(crate) task: Vec<String>,
    /// Data set for all tasks: embedded, or a path
    #[arg(long)]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) reading: DataArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// auto, cpu, wgpu[:i], vulkan[:i], cuda[:i], metal[:i], rocm[:i]
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    /// Seed (repeatable), instead of those of the budget
    #[arg(long)]
    pub(crate) seed: Vec<u64>,
    /// How much is done: quick, desk, paper, or a file of budgets [default: paper for the suite
    /// paper, else quick]
    #[arg(long)]
    pub(crate) budgets: Option<String>,
    /// Wall seconds after which no new cell is begun, instead of the study's budget
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
    /// Run only cells whose name contains this (repeatable), also finished ones
    #[arg(long)]
    pub(crate) cell: Vec<String>,
    /// Folder of the studies; finished cells in it are kept [default: runs/studies-SUITE]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cells: CellArgs,
}

/// What is done with its cells, instead of making them one after the other.
#[derive(Debug, Clone, Default, PartialEq, ClapArgs)]
#[command(next_help_heading = "Its cells as jobs")]
#[group(multiple = false, conflicts_with_all = ["cell", "seconds"])]
pub(crate) struct CellArgs {
    /// List the cells with their numbers and how each stands; none is made
    #[arg(long)]
    pub(crate) list: bool,
    /// Write the list into the study's folder, DIR/NAME/plan.json: `run --plan`, `submit slurm`, `status`
    /// and `collect` take that folder as they take that of a suite
    #[arg(long)]
    pub(crate) plan: bool,
    /// Make one cell, in a process of its own: its number, from 0, or its name. Writes the plan if there
    /// is none
    #[arg(long, value_name = "N")]
    pub(crate) job: Option<String>,
}

impl StudyArgs {
    /// The arguments that give these again. A field that is added must be named here.
    pub(super) fn to_arguments(&self) -> Result<Vec<String>> {
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
            cells: CellArgs { list, plan, job },
        } = self;
        let out = out.as_ref().map(|out: &PathBuf| out.display().to_string());
        let seeds: Vec<String> = seed.iter().map(u64::to_string).collect();
        let seconds = seconds.map(|seconds| seconds.to_string());
        let flags: [(&str, Vec<&String>); 10] = [
            ("--suite", vec![suite]),
            ("--task", task.iter().collect()),
            ("--data", data.iter().collect()),
            ("--device", vec![device]),
            ("--seed", seeds.iter().collect()),
            ("--budgets", budgets.iter().collect()),
            ("--seconds", seconds.iter().collect()),
            ("--cell", cell.iter().collect()),
            ("--out", out.iter().collect()),
            ("--job", job.iter().collect()),
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
        let switches = [
            ("--verify-data", cache.verify_data),
            ("--list", *list),
            ("--plan", *plan),
        ];
        let on = switches.into_iter().filter(|(_, on)| *on);
        arguments.extend(on.map(|(switch, _)| switch.to_owned()));
        Ok(arguments)
    }

    /// The arguments that others give.
    ///
    /// # Errors
    /// If the command does not know them.
    pub(super) fn from_arguments(arguments: &[String]) -> Result<Self> {
        let command = Self::augment_args(Command::new("study").no_binary_name(true));
        let matches = command.try_get_matches_from(arguments);
        Ok(Self::from_arg_matches(&matches?)?)
    }

    /// What a plan keeps of them: words that mean the same in every folder. Its jobs know where their data
    /// lie; where results and decoded data are kept, and what is done with the cells, is said anew.
    pub(super) fn for_plan(&self) -> Result<Vec<String>> {
        let placed = |what: &str, name: &String| {
            let is_file = name.to_lowercase().ends_with(".toml");
            let whole = is_file.then(|| whole_path(what, name));
            whole.unwrap_or_else(|| Ok(name.clone()))
        };
        let budgets = self.budgets.as_ref();
        let budgets = budgets.map(|budgets| placed("budgets", budgets));
        let kept = Self {
            suite: placed("suite", &self.suite)?,
            budgets: budgets.transpose()?,
            data: None,
            cache: CacheArgs::default(),
            seconds: None,
            cell: Vec::new(),
            out: None,
            cells: CellArgs::default(),
            ..self.clone()
        };
        kept.to_arguments()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every flag that the command knows is given a value, and comes back from the arguments.
    #[test]
    fn all_passes_every_flag_on() {
        let command = StudyArgs::augment_args(Command::new("study"));
        let mut given = vec!["all".to_owned()];
        let mut flags = 0;
        for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
            flags += 1;
            // Only one of these, and without some others.
            if matches!(flag, "list" | "plan" | "job") {
                continue;
            }
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
        let parse = |words: &[String]| StudyArgs::from_arguments(words).expect("arguments");
        let first = parse(&given);
        let again = first.to_arguments().expect("arguments");
        assert_eq!(parse(&again), first);
        let default = parse(&["all".to_owned()]);
        let (all, plain) = (format!("{first:#?}"), format!("{default:#?}"));
        let shared = all
            .lines()
            .filter(|line| plain.lines().any(|other| other == *line) && line.contains(": "));
        let expected = [
            "    name: \"all\",",
            "    reading: DataArgs {",
            "    cache: CacheArgs {",
            "    cells: CellArgs {",
            "        list: false,",
            "        plan: false,",
            "        job: None,",
        ];
        assert_eq!(shared.collect::<Vec<_>>(), expected);
        for flag in ["--list", "--plan", "--job=3"] {
            let given = parse(&["dynamics".to_owned(), flag.to_owned()]);
            assert_ne!(given.cells, CellArgs::default(), "{flag}");
            assert_eq!(parse(&given.to_arguments().expect("arguments")), given);
            let both = ["dynamics", flag, "--cell=painn"].map(str::to_owned);
            assert!(StudyArgs::from_arguments(&both).is_err(), "{flag}");
        }
    }

    #[test]
    fn a_plan_keeps_files_by_their_whole_paths_and_names_as_they_are() {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let of = |given: &[&str]| -> Vec<String> {
            let given: Vec<String> = words(given);
            let args = StudyArgs::from_arguments(&given).expect("arguments");
            args.for_plan().expect("words")
        };
        let here = std::env::current_dir().expect("a folder");
        let whole = |name: &str| here.join(name).display().to_string();
        let found = of(&[
            "dynamics",
            "--suite=a.toml",
            "--budgets=b.TOML",
            "--task=force-field",
            "--seed=3",
            "--out=o",
            "--data=x.h5",
            "--data-cache=c",
            "--max-atoms=9",
            "--plan",
        ]);
        let expected: Vec<String> = words(&[
            "dynamics",
            &format!("--suite={}", whole("a.toml")),
            "--task=force-field",
            "--device=auto",
            "--seed=3",
            &format!("--budgets={}", whole("b.TOML")),
            "--max-atoms=9",
        ]);
        assert_eq!(found, expected);
        assert_eq!(
            of(&["dynamics"]),
            ["dynamics", "--suite=quick", "--device=auto"]
        );
    }
}
