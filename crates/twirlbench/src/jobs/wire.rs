//! What the process of a job and the one that started it say to each other: lines of JSON.

use serde::{Deserialize, Serialize};
use twirl_data::DataCache;
use twirl_harness::{Job, Progress, StepCost};
use twirl_record::Status;

use crate::log::LogKind;
use crate::study::CellRequest;

/// What is asked of the process of a job; the first line that it reads.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) job: Job,
    /// The cell of a study that it makes, if it makes one.
    pub(super) cell: Option<CellRequest>,
    pub(super) device: String,
    /// Other runs on the same processors.
    pub(super) beside: usize,
    /// Device seconds of a turn, where it takes turns with others: it waits for the first one too.
    pub(super) slice_seconds: Option<f64>,
    pub(super) log: Option<LogKind>,
    /// Where decoded data sets are kept.
    pub(super) cache: Option<DataCache>,
    /// Not to be done: a few steps are to be measured.
    pub(super) estimate: bool,
}

/// A later line. The end of the input means that nobody waits for the run any more.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "tell", rename_all = "kebab-case")]
pub(super) enum Told {
    /// The number of a signal, at which the run is to be saved and ended.
    Stop { signal: usize },
    /// The turn that it asked for has come.
    Turn,
}

/// What the process of a job says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
pub(super) enum Said {
    /// The run hands its turn back, if it has it, and asks for the next.
    Waits,
    /// How far training is.
    Progress {
        step: u64,
        steps: u64,
        device_seconds: f64,
        budget_seconds: Option<f64>,
    },
    /// A record was written.
    Measured {
        step: u64,
        loss: f64,
        percent_equiv: f64,
    },
    /// The search for a learning rate tries one.
    Searching {
        index: usize,
        count: usize,
        rate: f64,
    },
    /// The run was saved, because a signal asked for it.
    Stopped { step: u64 },
    /// Another process took it first.
    Taken,
    /// The run ended with an error, which is in its folder as far as there is one.
    Failed { status: Status, error: String },
    /// The run is at its end.
    Done,
    /// Steps were measured.
    Cost(StepCost),
}

impl Said {
    pub(super) fn progress(progress: &Progress) -> Self {
        let Progress {
            step,
            steps,
            device_seconds,
            budget_seconds,
        } = *progress;
        Self::Progress {
            step,
            steps,
            device_seconds,
            budget_seconds,
        }
    }
}
