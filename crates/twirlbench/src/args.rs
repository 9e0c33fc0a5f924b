//! The arguments.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args as ClapArgs, Parser, Subcommand};
use serde_json::{Map, Value};
use twirl_data::{EnergyUnit, ForceUnit, ForcesAre, LeaveOut, LengthUnit, OpenOptions};

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
        #[command(flatten)]
        after: After,
    },
    /// Print what a folder of runs or studies says, or write its tables and its page as files
    Report(crate::report::ReportArgs),
    /// Compare two folders or two arms, or hold runs against a reference band
    Compare(crate::compare::CompareArgs),
    /// Split the loss of any model's predictions, read from an HDF5 or npz file
    Measure(crate::measure::MeasureArgs),
    /// Test a claim about learned symmetry; `study all` tests every one
    Study(StudyArgs),
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
    /// Write manual pages and shell completions into a folder
    #[command(hide = true)]
    ShellFiles {
        /// Gets the folders man and completions
        dir: PathBuf,
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
    #[command(flatten)]
    pub(crate) reading: DataArgs,
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
    #[command(flatten)]
    pub(crate) after: After,
}

/// How a data set is read; in a suite the table `[data]` with the same keys.
#[derive(Debug, Default, Clone, PartialEq, ClapArgs)]
#[command(next_help_heading = "How the data set is read")]
pub(crate) struct DataArgs {
    /// Unit of positions, if not as the file or its format says: angstrom, bohr, nm
    #[arg(long, value_name = "UNIT")]
    pub(crate) length_unit: Option<LengthUnit>,
    /// Unit of energies, likewise: eV, hartree, kcal/mol, kJ/mol
    #[arg(long, value_name = "UNIT")]
    pub(crate) energy_unit: Option<EnergyUnit>,
    /// Unit of forces, likewise: eV/angstrom, hartree/bohr and so on
    #[arg(long, value_name = "UNIT")]
    pub(crate) force_unit: Option<ForceUnit>,
    /// Key or array of the energies, where there are several
    #[arg(long, value_name = "NAME")]
    pub(crate) energy_key: Option<String>,
    /// Column or array of the forces, likewise
    #[arg(long, value_name = "NAME")]
    pub(crate) forces_key: Option<String>,
    /// What the array of forces holds: forces or gradient
    #[arg(long, value_name = "WHAT")]
    pub(crate) forces_are: Option<ForcesAre>,
    /// Leave out frames of more atoms
    #[arg(long, value_name = "N")]
    pub(crate) max_atoms: Option<usize>,
    /// Refuse to hold more bytes of arrays than this [default: 8 GiB]
    #[arg(long, value_name = "N")]
    pub(crate) max_bytes: Option<u64>,
    /// Leave out what is refused otherwise: implausible, unlabelled, duplicates (repeatable)
    #[arg(long, value_name = "KIND")]
    pub(crate) leave_out: Vec<LeaveOut>,
}

impl DataArgs {
    /// These on top of a suite's.
    pub(crate) fn over(&self, suite: &OpenOptions) -> OpenOptions {
        let mut leave_out = suite.leave_out.clone();
        leave_out.extend(&self.leave_out);
        OpenOptions {
            length_unit: self.length_unit.or(suite.length_unit),
            energy_unit: self.energy_unit.or(suite.energy_unit),
            force_unit: self.force_unit.or(suite.force_unit),
            energy_key: self.energy_key.clone().or(suite.energy_key.clone()),
            forces_key: self.forces_key.clone().or(suite.forces_key.clone()),
            forces_are: self.forces_are.or(suite.forces_are),
            max_atoms: self.max_atoms.or(suite.max_atoms),
            max_bytes: self.max_bytes.or(suite.max_bytes),
            leave_out,
        }
    }

    /// The arguments that give these again.
    pub(crate) fn to_arguments(&self) -> Result<Vec<String>> {
        let options = settings(&self.options())?;
        let mut arguments = Vec::new();
        for (key, value) in options {
            let flag = key.replace('_', "-");
            let values = match value {
                Value::Array(values) => values,
                Value::Null => Vec::new(),
                one => vec![one],
            };
            arguments.extend(values.iter().map(|value| match value.as_str() {
                Some(word) => format!("--{flag}={word}"),
                None => format!("--{flag}={value}"),
            }));
        }
        Ok(arguments)
    }

    /// These alone.
    pub(crate) fn options(&self) -> OpenOptions {
        self.over(&OpenOptions::default())
    }
}

/// Options as a job keeps them.
pub(crate) fn settings(options: &OpenOptions) -> Result<Map<String, Value>> {
    match serde_json::to_value(options)? {
        Value::Object(map) => Ok(map),
        other => bail!("options of a data set became {other}"),
    }
}

/// What a run does besides its records.
#[derive(Debug, Default, Clone, Copy, ClapArgs)]
pub(crate) struct After {
    /// Write the figures for another program while the run goes on
    #[arg(long, value_enum)]
    pub(crate) log: Option<crate::log::LogKind>,
    /// Open the page of the report in a browser at the end
    #[arg(long)]
    pub(crate) open: bool,
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

#[derive(Debug, Clone, PartialEq, ClapArgs)]
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
    #[command(flatten)]
    pub(crate) reading: DataArgs,
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
    },
    /// Write a data set, its labels and its split as the project's HDF5
    Convert {
        /// A file, or `forces` or `conformers` for the embedded sets
        path: String,
        /// File to write (.h5)
        out: PathBuf,
        #[command(flatten)]
        reading: DataArgs,
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
    },
}
