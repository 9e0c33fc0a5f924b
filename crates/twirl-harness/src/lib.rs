//! Trains any arm of any task and measures how much of its loss is imperfect symmetry.
//!
//! A [`Task`] says what a batch is, how it turns, and which residuals its loss is made of. An
//! [`Arm`] is one model for it. An [`Entry`] pairs the two behind function pointers, so that the
//! command line handles a plain list. The harness owns everything else: the order of the samples,
//! the augmentation, the loop, the clock, the measurement, the files. A task never sees the loop,
//! and the loop never sees a task's fields.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod agreement;
mod batches;
mod build;
mod checkpoint;
mod clock;
mod cost;
mod device;
mod draw;
mod entry;
mod error;
mod generate;
mod gradients;
mod job;
mod lab;
mod linear;
mod look;
mod measure;
mod observer;
mod optimizer;
mod panic;
mod parameters;
mod part;
mod passes;
mod restore;
mod roles;
mod rotations;
mod run;
mod search;
mod setting;
mod settings;
mod steps;
mod task;
mod term;
mod train;
mod trainer;
mod weights;

pub use agreement::Agreement;
pub use clock::Clock;
pub use cost::StepCost;
pub use device::{DeviceChoice, adds_all, product_error, product_rate};
pub use draw::Draw;
pub use entry::{Entry, Overview, data_options};
pub use error::{RunError, TaskError};
pub use generate::{Generate, GenerateRequest, Generated};
pub use gradients::{Average, Gradients, parameter_count};
pub use job::{Restored, data_identity};
pub use lab::{Jacobian, Lab, MoleculeSamples, Part, Parts, Probe, TermSamples};
pub use linear::{LinearSplit, Projection};
pub use measure::{
    Floor, Measured, Measurement, Plan, Prepared, ScoreValue, TermMeasured, measure,
};
pub use observer::{Observer, Progress, Silent};
pub use optimizer::build as build_optimizer;
pub use panic::{cause, panic_text};
pub use parameters::ParameterInfo;
pub use part::BatchPart;
pub use roles::{ParameterRole, ParameterRoles};
pub use rotations::Rotations;
pub use steps::log_spaced;
pub use task::{Arm, Task};
pub use term::{Role, Score, Term, training_loss};
pub use twirl_record::{
    BayesError, Candidate, DataIdentity, DeviceIdentity, Evaluation, ExactSymmetry,
    ExtraMeasurement, ExtraRecord, Figure, FinalFigures, Folder, Job, Manifest, Optimizer,
    OptimizerKind, Panel, Picture, Record, RecordError, Schedule, ScheduleKind, Search,
    SearchReport, Split, Status, Stop, TRAINING_PASSES, TermRecord, TrainConfig, Training, Weights,
    read_records, write_whole,
};
pub use weights::{load_weights, save_weights};
