//! The device of a run, with the names that records give it.

use burn::tensor::Device;
use twirl_record::DeviceIdentity;

/// A device and what it is called.
#[derive(Debug, Clone)]
pub struct DeviceChoice {
    /// The device.
    pub device: Device,
    /// Name on the command line, for example `cpu` or `vulkan:0`.
    pub name: String,
    /// Hardware as it names itself.
    pub hardware: String,
    /// Other runs that are to work at the same time on the same processors.
    pub beside: usize,
}

impl DeviceChoice {
    /// The CPU device.
    pub fn cpu() -> Self {
        Self {
            device: Device::flex(),
            name: "cpu".into(),
            hardware: processor(),
            beside: 0,
        }
    }

    /// What the device is.
    pub fn identity(&self) -> DeviceIdentity {
        DeviceIdentity {
            name: self.name.clone(),
            hardware: self.hardware.clone(),
            threads: threads(),
            float: format!("{:?}", self.device.settings().float_dtype).to_lowercase(),
            beside: self.beside,
        }
    }
}

/// Host threads that compute: those of the machine, or fewer where `RAYON_NUM_THREADS` says so.
fn threads() -> usize {
    let there = std::thread::available_parallelism().map_or(1, usize::from);
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked.and_then(|text| text.parse().ok());
    asked
        .filter(|asked| (1..there).contains(asked))
        .unwrap_or(there)
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
