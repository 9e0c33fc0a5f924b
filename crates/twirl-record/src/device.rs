//! The device of a run, as records name it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a device is, for the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceIdentity {
    /// Name on the command line.
    pub name: String,
    /// Hardware as it names itself.
    pub hardware: String,
    /// Host threads available to the process.
    pub threads: usize,
    /// Float type of the tensors.
    pub float: String,
}

impl fmt::Display for DeviceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            hardware,
            threads,
            float,
        } = self;
        write!(f, "{name} ({hardware}, {threads} threads, {float})")
    }
}
