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
mod config;
mod device;
mod entry;
mod error;
mod folder;
mod gradients;
mod job;
mod lab;
mod measure;
mod optimizer;
mod passes;
mod record;
mod rotations;
mod run;
mod search;
mod steps;
mod task;
mod train;

pub use agreement::Agreement;
pub use arm::{Arm, ExactSymmetry, Training};
pub use checkpoint::{load_weights, save_weights};
pub use clock::Clock;
pub use closing::{Closing, Figure, Generate, GenerateRequest, Generated, Panel, Picture};
pub use config::{
    Companion, Evaluation, Optimizer, OptimizerKind, Schedule, ScheduleKind, Search, TrainConfig,
    Weights,
};
pub use device::{DeviceChoice, DeviceIdentity};
pub use entry::{Entry, Overview};
pub use error::{RunError, TaskError};
pub use folder::{Folder, write_whole};
pub use gradients::{Average, Gradients, parameter_count};
pub use job::{DataIdentity, Job, Restored};
pub use lab::{
    Jacobian, Lab, LinearSplit, MoleculeSamples, ParameterInfo, Part, Parts, Probe, Projection,
    TermSamples,
};
pub use measure::{
    Floor, Measured, Measurement, Plan, Prepared, ScoreValue, TermMeasured, measure,
};
pub use optimizer::build as build_optimizer;
pub use record::{
    CompanionRecord, Manifest, Record, Split, Status, Stop, TRAINING_PASSES, TermRecord,
    read_records,
};
pub use rotations::Rotations;
pub use run::{Observer, Progress, Silent};
pub use search::{Candidate, SearchReport};
pub use steps::log_spaced;
pub use task::{Draw, Role, Score, Task, Term, training_loss};
