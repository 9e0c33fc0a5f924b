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
    /// Runs that were to work beside it on the same processors, which makes device seconds longer
    /// than those of a run alone; absent where there were none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub beside: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_none(beside: &usize) -> bool {
    *beside == 0
}

impl fmt::Display for DeviceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            hardware,
            threads,
            float,
            beside,
        } = self;
        write!(f, "{name} ({hardware}, {threads} threads, {float}")?;
        match beside {
            0 => write!(f, ")"),
            1 => write!(f, ", beside 1 other run)"),
            many => write!(f, ", beside {many} other runs)"),
        }
    }
}
