//! Arguments that several commands share.

use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use serde_json::{Map, Value};
use twirl_data::{EnergyUnit, ForceUnit, ForcesAre, LeaveOut, LengthUnit, OpenOptions};

/// Which jobs of a suite.
#[derive(Debug, Default, Clone, ClapArgs)]
pub(crate) struct Selection {
    /// quick, ci, paper (forces), paper-flow-qm9, paper-flow-drugs, paper-voxel-qm9, paper-voxel-drugs,
    /// or a suite file [default: quick]
    #[arg(value_name = "SUITE", conflicts_with = "suite")]
    pub(crate) named: Option<String>,
    /// The suite, as an option
    #[arg(long)]
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
    /// Seed (repeatable)
    #[arg(long)]
    pub(crate) seed: Vec<u64>,
    /// Device seconds of training for each arm and seed
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) budget: Option<f64>,
}

impl Selection {
    /// The suite that is asked for.
    pub(crate) fn suite(&self) -> &str {
        let asked = self.named.as_deref().or(self.suite.as_deref());
        asked.unwrap_or("quick")
    }
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

/// Options as a job keeps them.
pub(crate) fn settings(options: &OpenOptions) -> Result<Map<String, Value>> {
    match serde_json::to_value(options)? {
        Value::Object(map) => Ok(map),
        other => bail!("options of a data set became {other}"),
    }
}
