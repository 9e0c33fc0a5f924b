//! What a run is asked for and what it writes, as plain data: the contract between the program that
//! trains, the report that reads, and whoever reads the files otherwise.
//!
//! A [`Job`] is everything that decides a run's figures; a [`Manifest`] says what the run was and how
//! it stands; a [`Record`] is one measurement; a [`Folder`] is where they lie.

mod closing;
mod device;
mod error;
mod folder;
mod job;
mod manifest;
mod record;
mod search;
mod settings;
mod training;
mod whole;

pub use closing::{Closing, Figure, Panel, Picture};
pub use device::DeviceIdentity;
pub use error::RecordError;
pub use folder::{Folder, Lock};
pub use job::{DataIdentity, Job};
pub use manifest::{Manifest, Status, Stop};
pub use record::{
    CompanionRecord, EXACT, Record, Split, TRAINING_PASSES, TermRecord, read_records,
};
pub use search::{Candidate, SearchReport};
pub use settings::{
    Companion, Evaluation, Optimizer, OptimizerKind, Schedule, ScheduleKind, Search, TrainConfig,
    Weights,
};
pub use training::{ExactSymmetry, Training};
pub use whole::{sync_folder, write_whole};
