//! One job, one folder, one process: what ends a process ends one job.

mod child;
mod death;
mod estimate;
mod lanes;
mod name;
mod queue;
mod round;
mod turns;
mod wire;
mod worker;

pub(crate) use estimate::{Measured, measure};
pub(crate) use lanes::{Lane, Sharing, lanes};
pub(crate) use name::find_job;
pub(crate) use queue::{Outcome, Queue};
pub(crate) use worker::{WorkerArgs, work};
