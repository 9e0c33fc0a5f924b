//! The cost of a step of a job, measured in a process of its own.

use anyhow::Result;
use twirl_data::DataCache;
use twirl_harness::{Job, StepCost};

use super::child::{Ended, Inputs, conduct};
use super::lanes::Lane;
use super::round::Round;
use super::wire::Request;
use crate::progress::Bar;

/// What came of a measurement.
pub(crate) enum Measured {
    /// The cost of a step.
    Cost(StepCost),
    /// Why there is none.
    Failed(String),
}

/// Measures steps of a job on the device of a lane. Nothing is written.
pub(crate) fn measure(job: &Job, lane: &Lane, cache: Option<&DataCache>) -> Result<Measured> {
    let bar = Bar::new(format!("{}/{}", job.task, job.arm));
    let request = Request {
        job: job.clone(),
        cell: None,
        device: lane.device.clone(),
        beside: 0,
        slice_seconds: None,
        log: None,
        cache: cache.cloned(),
        estimate: true,
    };
    let place = std::env::temp_dir();
    let (inputs, round) = (Inputs::default(), Round::default());
    let ended = conduct(&request, &place, None, &bar, &inputs, &round)?;
    Ok(match ended {
        Ended::Cost(cost) => Measured::Cost(cost),
        Ended::Failed(_, error) | Ended::Died(_, error) => Measured::Failed(error),
        Ended::Done | Ended::Stopped(_) | Ended::Taken => {
            Measured::Failed("nothing was measured".into())
        }
    })
}
