//! The arguments.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::data_cache::CacheArgs;
use crate::options::DataArgs;

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
    Run(crate::run::RunArgs),
    /// Write the list of jobs of a suite, for other programs to start one by one
    Plan(crate::run::PlanArgs),
    /// Go on with a run that was interrupted
    Resume(crate::run::ResumeArgs),
    /// Say how the jobs of a plan stand
    Status(crate::status::StatusArgs),
    /// Hand the jobs of a plan to a queue
    Submit(crate::submit::SubmitArgs),
    /// Do again what is missing or failed, up to a bound, then make the report
    Collect(crate::collect::CollectArgs),
    /// Print the tables of a finished run, or write them as files
    Report(crate::report::ReportArgs),
    /// Compare two folders or two arms, or hold runs against a reference band
    Compare(crate::compare::CompareArgs),
    /// Split the loss of any model's predictions, read from an HDF5 or npz file
    Measure(crate::measure::MeasureArgs),
    /// Test a claim about learned symmetry; `study all` tests every one
    Study(crate::study::StudyArgs),
    /// List tasks and arms
    Tasks,
    /// Write the crate of a new task, which compiles and passes its laws
    NewTask(crate::new_task::NewTaskArgs),
    /// Make molecules with a trained model
    Sample(SampleArgs),
    /// List the devices of this build, or compare one with the CPU
    Devices {
        /// Compare predictions and gradients of every arm of the quick suite with the CPU's
        #[arg(long)]
        check: Option<String>,
        /// Only this task (repeatable)
        #[arg(long)]
        task: Vec<String>,
        /// Only this arm (repeatable)
        #[arg(long)]
        arm: Vec<String>,
    },
    /// Look at data sets
    Data {
        #[command(subcommand)]
        command: DataCommand,
    },
    /// Do the job that standard input names
    #[command(hide = true)]
    Worker(crate::jobs::WorkerArgs),
    /// Write manual pages and shell completions into a folder
    #[command(hide = true)]
    ShellFiles {
        /// Gets the folders man and completions
        dir: PathBuf,
    },
}

impl Default for Command {
    fn default() -> Self {
        Self::Run(crate::run::RunArgs::default())
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SampleArgs {
    /// Folder of one run: DIR/<task>/<arm>/seed-<n>
    pub(crate) run: PathBuf,
    /// The molecule, for tasks that take one
    #[arg(long)]
    pub(crate) smiles: Option<String>,
    /// How many geometries
    #[arg(long, default_value_t = 10)]
    pub(crate) count: usize,
    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Sampler, for example euler or heun; the task's default if not given
    #[arg(long)]
    pub(crate) method: Option<String>,
    /// Steps of the sampler; the task's default if not given
    #[arg(long)]
    pub(crate) steps: Option<usize>,
    /// auto, cpu, wgpu[:i], vulkan[:i], cuda[:i], metal[:i], rocm[:i]
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    /// File to write: extended XYZ (.xyz, .extxyz) or SDF (.sdf)
    #[arg(long)]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// The embedded data sets
    List,
    /// Counts, elements, units and ranges of a data set
    Inspect {
        /// A file, or `forces` or `conformers` for the embedded sets
        path: String,
        #[command(flatten)]
        reading: DataArgs,
        #[command(flatten)]
        cache: CacheArgs,
    },
    /// Write a data set, its labels and its split as the project's HDF5
    Convert {
        /// A file, or `forces` or `conformers` for the embedded sets
        path: String,
        /// File to write (.h5)
        out: PathBuf,
        #[command(flatten)]
        reading: DataArgs,
        #[command(flatten)]
        cache: CacheArgs,
    },
    /// Write frames of a data set for other programs
    Export {
        /// A file, or `forces` or `conformers` for the embedded sets
        path: String,
        /// File to write: extended XYZ (.xyz, .extxyz) or SDF (.sdf)
        #[arg(long)]
        out: PathBuf,
        /// Frames, spread evenly over the set; all if not given
        #[arg(long)]
        count: Option<usize>,
        #[command(flatten)]
        reading: DataArgs,
        #[command(flatten)]
        cache: CacheArgs,
    },
}
