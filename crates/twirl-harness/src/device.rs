//! The device of a run, with the names that records give it.

use std::fmt;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

/// A device and what it is called.
#[derive(Debug, Clone)]
pub struct DeviceChoice {
    /// The device.
    pub device: Device,
    /// Name on the command line, for example `cpu` or `vulkan:0`.
    pub name: String,
    /// Hardware as it names itself.
    pub hardware: String,
}

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

impl DeviceChoice {
    /// The CPU device.
    pub fn cpu() -> Self {
        Self {
            device: Device::flex(),
            name: "cpu".into(),
            hardware: processor(),
        }
    }

    /// What the device is.
    pub fn identity(&self) -> DeviceIdentity {
        DeviceIdentity {
            name: self.name.clone(),
            hardware: self.hardware.clone(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            float: format!("{:?}", self.device.settings().float_dtype).to_lowercase(),
        }
    }
}

fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or_else(
            || std::env::consts::ARCH.into(),
            |(_, name)| name.trim().into(),
        )
}
