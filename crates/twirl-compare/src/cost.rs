//! What training costs.

use twirl_record::Record;

/// What training costs: the axis of a curve of losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Device seconds.
    DeviceSeconds,
    /// Processor seconds of the whole process: on a processor, what device seconds are where no other work
    /// shares it.
    ProcessorSeconds,
    /// Operations of the model, whatever the device makes of them.
    ModelFlops,
    /// Training steps.
    Steps,
}

impl Cost {
    /// What a record has cost, if that is known.
    pub fn known(self, record: &Record) -> Option<f64> {
        match self {
            Self::DeviceSeconds => Some(record.device_seconds),
            Self::ProcessorSeconds => record.cpu_seconds,
            Self::ModelFlops => record.model_flops,
            Self::Steps => Some(record.step as f64),
        }
    }

    /// The same where it has a place on a logarithmic axis: after the first step.
    pub(crate) fn spent(self, record: &Record) -> Option<f64> {
        self.known(record).filter(|&cost| cost > 0.0)
    }

    /// Whether it depends on the hardware.
    pub(crate) fn is_time(self) -> bool {
        matches!(self, Self::DeviceSeconds | Self::ProcessorSeconds)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::DeviceSeconds => "device time",
            Self::ProcessorSeconds => "processor time",
            Self::ModelFlops => "number of operations",
            Self::Steps => "number of steps",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::DeviceSeconds | Self::ProcessorSeconds => "s",
            Self::ModelFlops => "FLOP",
            Self::Steps => "steps",
        }
    }
}
