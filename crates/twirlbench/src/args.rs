//! The arguments.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// Build rotation symmetry into the network, or train a plain network on rotated data?
#[derive(Debug, Parser)]
#[command(name = "twirlbench", version, about)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train and measure the arms of a suite (default: `run --suite quick`)
    Run(RunArgs),
    /// Go on with a run that was interrupted
    Resume {
        /// The folder that `run` wrote
        dir: PathBuf,
        /// Device, if another than before: auto, cpu, wgpu[:i], vulkan[:i], cuda[:i]
        #[arg(long)]
        device: Option<String>,
    },
    /// Print the tables of a finished run, or write them as files
    Report(ReportArgs),
    /// Test a claim about learned symmetry; `study all` tests every one
    Study(StudyArgs),
    /// List tasks and arms
    Tasks,
    /// Look at data sets
    Data {
        #[command(subcommand)]
        command: DataCommand,
    },
}

impl Default for Command {
    fn default() -> Self {
        Self::Run(RunArgs::default())
    }
}

#[derive(Debug, Default, ClapArgs)]
pub(crate) struct RunArgs {
    /// quick, ci, paper, or a suite file
    #[arg(long, default_value = "quick")]
    pub(crate) suite: Option<String>,
    /// Only this task (repeatable)
    #[arg(long)]
    pub(crate) task: Vec<String>,
    /// Only this arm (repeatable)
    #[arg(long)]
    pub(crate) arm: Vec<String>,
    /// Data set for all tasks of the run: embedded, or a path
    #[arg(long)]
    pub(crate) data: Option<String>,
    /// auto, cpu, wgpu[:i], vulkan[:i], cuda[:i], metal[:i], rocm[:i]
    #[arg(long, default_value = "auto")]
    pub(crate) device: Option<String>,
    /// Seed (repeatable)
    #[arg(long)]
    pub(crate) seed: Vec<u64>,
    /// Device seconds of training for each arm and seed
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) budget: Option<f64>,
    /// Folder for the results; a new one below runs/ if not given
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StudyArgs {
    /// all, dynamics, model-size, data-size, optimizer, per-hour, landscape, gradients,
    /// parameters, twirl-at-test-time, controls
    pub(crate) name: String,
    /// Suite whose tasks, arms and settings are studied: quick, ci, paper, or a suite file
    #[arg(long, default_value = "quick")]
    pub(crate) suite: String,
    /// Only this task (repeatable)
    #[arg(long)]
    pub(crate) task: Vec<String>,
    /// Data set for all tasks: embedded, or a path
    #[arg(long)]
    pub(crate) data: Option<String>,
    /// auto, cpu, wgpu[:i], vulkan[:i], cuda[:i], metal[:i], rocm[:i]
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    /// Seed (repeatable), instead of those of the budget
    #[arg(long)]
    pub(crate) seed: Vec<u64>,
    /// Wall seconds after which no new cell is begun, instead of the study's budget
    #[arg(long)]
    pub(crate) seconds: Option<f64>,
    /// Run only cells whose name contains this (repeatable), also finished ones
    #[arg(long)]
    pub(crate) cell: Vec<String>,
    /// Folder of the studies; finished cells in it are kept [default: runs/studies-SUITE]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// A folder with runs
    pub(crate) dir: PathBuf,
    /// Write one self-contained page
    #[arg(long)]
    pub(crate) html: Option<PathBuf>,
    /// Write the tables as Markdown
    #[arg(long)]
    pub(crate) markdown: Option<PathBuf>,
    /// Write the figures' data as CSV files into a folder
    #[arg(long)]
    pub(crate) csv: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// The embedded data sets
    List,
    /// Counts, elements, units and ranges of a data set
    Inspect {
        /// A file, or `forces` or `conformers` for the embedded sets
        path: String,
    },
}
