//! The clock of the device.

use std::time::Instant;

use burn::tensor::Device;

use crate::error::RunError;
use crate::panic::failure;

/// Seconds the device spends on training: forward, backward and optimiser, synchronised at both
/// ends. Measuring, checkpoints and waiting for data are off this clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    seconds: f64,
}

impl Clock {
    /// A clock that shows `seconds`.
    pub fn at(seconds: f64) -> Self {
        Self { seconds }
    }

    /// Device seconds so far.
    pub fn seconds(&self) -> f64 {
        self.seconds
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
        let start = Instant::now();
        let result = work()?;
        settle()?;
        self.seconds += start.elapsed().as_secs_f64();
        Ok(result)
    }
}
