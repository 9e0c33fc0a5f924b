//! The clock of the device.

use std::time::Instant;

use burn::tensor::Device;
use cpu_time::ProcessTime;

use crate::error::RunError;
use crate::panic::failure;

/// Seconds the device spends on training: forward, backward and optimiser, synchronised at both
/// ends. Measuring, checkpoints and waiting for data are off this clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    seconds: f64,
    cpu_seconds: f64,
}

impl Clock {
    /// A clock that shows `seconds` of the device and `cpu_seconds` of the process.
    pub fn at(seconds: f64, cpu_seconds: f64) -> Self {
        Self {
            seconds,
            cpu_seconds,
        }
    }

    /// Device seconds so far.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Processor seconds that the whole process took in that time, all threads together.
    pub fn cpu_seconds(&self) -> f64 {
        self.cpu_seconds
    }

    /// Runs `work` on the clock.
    ///
    /// # Errors
    /// Those of `work`, and a device that fails to synchronise.
    pub fn time<R>(
        &mut self,
        device: &Device,
        work: impl FnOnce() -> Result<R, RunError>,
    ) -> Result<R, RunError> {
        let settle = || {
            device
                .sync()
                .map_err(|error| failure(&format!("device: {error}")))
        };
        settle()?;
        let (start, cpu) = (Instant::now(), ProcessTime::now());
        let result = work()?;
        settle()?;
        self.seconds += start.elapsed().as_secs_f64();
        self.cpu_seconds += cpu.elapsed().as_secs_f64();
        Ok(result)
    }
}
