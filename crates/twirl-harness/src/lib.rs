//! Trains any arm of any task and measures how much of its loss is imperfect symmetry.
//!
//! A [`Task`] says what a batch is, how it turns, and which residuals its loss is made of. An
//! [`Arm`] is one model for it. An [`Entry`] pairs the two behind function pointers, so that the
//! command line handles a plain list. The harness owns everything else: the order of the samples,
//! the augmentation, the loop, the clock, the measurement, the files. A task never sees the loop,
//! and the loop never sees a task's fields.

mod agreement;
mod arm;
mod batches;
mod checkpoint;
mod clock;
mod closing;
mod device;
mod entry;
mod error;
mod gradients;
mod job;
mod lab;
mod measure;
mod optimizer;
mod rotations;
mod run;
mod search;
mod steps;
mod task;
mod train;

pub use agreement::Agreement;
pub use arm::Arm;
pub use checkpoint::{load_weights, save_weights};
pub use clock::Clock;
pub use closing::{Generate, GenerateRequest, Generated};
pub use device::DeviceChoice;
pub use entry::{Entry, Overview};
pub use error::{RunError, TaskError};
pub use gradients::{Average, Gradients, parameter_count};
pub use job::{Restored, data_identity};
pub use lab::{
    Jacobian, Lab, LinearSplit, MoleculeSamples, ParameterInfo, Part, Parts, Probe, Projection,
    TermSamples,
};
pub use measure::{
    Floor, Measured, Measurement, Plan, Prepared, ScoreValue, TermMeasured, measure,
};
pub use optimizer::build as build_optimizer;
pub use rotations::Rotations;
pub use run::{Observer, Progress, Silent};
pub use steps::log_spaced;
pub use task::{Draw, Role, Score, Task, Term, training_loss};
pub use twirl_record::{
    Candidate, Closing, Companion, CompanionRecord, DataIdentity, DeviceIdentity, Evaluation,
    ExactSymmetry, Figure, Folder, Job, Manifest, Optimizer, OptimizerKind, Panel, Picture, Record,
    RecordError, Schedule, ScheduleKind, Search, SearchReport, Split, Status, Stop,
    TRAINING_PASSES, TermRecord, TrainConfig, Training, Weights, read_records, write_whole,
};
